"""What can go wrong in the client, drawn by whose fault it is.

::

    EdgeError
    ├── ConfigError       yours: a setting that is not understood (also a ValueError)
    ├── CacheError        your disk's: the local cache cannot be used just now
    ├── TransportError    the network's: nothing is lost, it is tried again
    │   └── Unreachable   no answer at all: offline, refused, timed out
    ├── TrustError        theirs: what came from a server must not be believed
    └── ModelError        a model file's: it does not fit this client; the last good one stays
"""

from __future__ import annotations


class EdgeError(Exception):
    """Anything that the client raises on purpose."""


class ConfigError(EdgeError, ValueError):
    """A setting that is unknown or malformed; the message names it and what would be right."""


class CacheError(EdgeError):
    """The local cache cannot be used: another process holds its lock too long, or its folder cannot be written."""


class TransportError(EdgeError):
    """The network failed. Nothing is lost: what was to be sent stays on disk."""


class Unreachable(TransportError):
    """No answer came: offline, name unknown, connection refused or timed out."""


class TrustError(EdgeError):
    """A server offered something that its signatures or figures do not support."""


class ModelError(EdgeError):
    """A model file that cannot be used by this client; the message says which and why."""
