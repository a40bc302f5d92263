"""How a command ends: one exit code a kind of trouble, one plain line on standard error, never a stack trace."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from samouk import terminal
from samouk.edge.errors import CacheError, ConfigError, ModelError, TransportError, TrustError
from samouk.edge.observer import UnreadableSource
from samouk.edge.trust import UpdateUnavailable
from samouk.edge.wire import WireError

DONE, FAILED, MISUSE, BAD_INPUT, NETWORK, REFUSED, NO_CONSENT, NO_EXTRA = range(8)
INTERRUPTED = 130

CODES = """\b
Exit codes:
  0  done
  1  this machine could not do it (a full disk, for example)
  2  wrong use, or a setting that is not understood
  3  an input file is missing, broken or wrong
  4  the network or the server; nothing is lost
  5  a model or an update that must not be used
  6  no consent to collect
  7  an extra must be installed first
  130  interrupted with Ctrl-C, or asked and not answered; what was kept stays"""


meant = terminal.meant


class BadInput(ValueError):
    """A file of the user's that is missing, broken or of another kind; the message names it and the remedy."""


class NoConsent(Exception):
    """Nothing may be collected; the message says why and how to allow it."""


class MissingExtra(Exception):
    """A part of the distribution that is not installed."""


_KINDS: tuple[tuple[type[Exception], int], ...] = (
    (ConfigError, MISUSE),
    (UnreadableSource, BAD_INPUT),
    (WireError, BAD_INPUT),
    (BadInput, BAD_INPUT),
    (TransportError, NETWORK),
    (TrustError, REFUSED),
    (ModelError, REFUSED),
    (NoConsent, NO_CONSENT),
    (MissingExtra, NO_EXTRA),
    (CacheError, FAILED),
    (OSError, FAILED),
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_PLACE = (errno.EEXIST, errno.ENOENT, errno.ENOTDIR)
"""What making a folder fails with where none can be made: a file stands there, or above it."""


class Commands(terminal.Commands):
    """As every group of this house, and foreseen errors end in one line with their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Errors that nobody foresaw keep their trace: they are ours to mend."""
        try:
            return super().invoke(ctx)
        except (click.Abort, KeyboardInterrupt):
            hint("\n💤 Interrupted")
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            raise  # whoever read our output has seen enough; click ends quietly
        except tuple(kind for kind, _ in _KINDS) as error:
            fail(words_of(error), code_of(error))


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error, and out."""
    warn(message)
    sys.exit(code)


def warn(message: str) -> None:
    """One line of trouble on standard error."""
    click.secho(f"❌ {terminal.printable(' '.join(message.split()))}", fg="red", err=True)


def hint(message: str) -> None:
    """One line beside the result, on standard error, so that it never mixes with it."""
    click.echo(message, err=True)


@contextmanager
def at(place: Path) -> Iterator[None]:
    """Give trouble of the disk that names no file the place where it came up."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(place)) from error
        raise


def code_of(error: Exception) -> int:
    """The exit code of a foreseen error."""
    return next(code for kind, code in _KINDS if isinstance(error, kind))


def words_of(error: Exception) -> str:
    """What to tell the user."""
    if isinstance(error, UpdateUnavailable):
        other = "nother server: observe config set ml.upload_endpoint URL"
        return f"{error} A{other}" if str(error).endswith("?") else f"{error}; a{other}"
    if not isinstance(error, OSError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in _FULL:
        return f"{where}the disk is full; free some space and try again, nothing that was kept is lost"
    if error.errno in _NO_PLACE:
        return f"{where}the folder cannot be made here; choose another place"
    return f"{where}{error.strerror or error}; correct the rights or choose another place"
