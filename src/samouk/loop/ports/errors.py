"""What a port may raise: words for an operator, and a kind for who called."""

from __future__ import annotations


class LeaseLost(Exception):
    """Another process holds the learner, or took it over after ours fell silent."""


class WrongReceipt(Exception):
    """The receipt does not belong to the batch."""


class NotFound(Exception):
    """No such batch, version, snapshot, run or key."""


class CorruptBlob(Exception):
    """The bytes under a key are not the bytes that were put there."""


class Outdated(Exception):
    """Somebody else changed it since it was read: read it again."""


class TooLarge(ValueError):
    """Clients take no model of this size: the version serves on the platform alone."""


class StoreUnavailable(Exception):
    """The store cannot be opened or written: no space, no permission, too new; the message names the remedy."""


class FitFailed(Exception):
    """No challenger came back from where it was to be fitted; the champion stays, and the turn can be taken again."""


class CommitUnknown(StoreUnavailable):
    """The database went away while it committed: whether it did nobody knows; trying again settles it."""
