"""How every command begins and ends: settings, tables, JSON, and errors as one line with an exit code."""

from __future__ import annotations

import _thread
import errno
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import click

from samouk.settings import BadSetting, load
from samouk.terminal import printable

if TYPE_CHECKING:
    from samouk.loop.learner import Learner
    from samouk.loop.ports import Services
    from samouk.settings import Settings

P = ParamSpec("P")

FAILED, MISUSE, UNUSABLE, BUSY = 1, 2, 3, 4

TEXT = 24
"""Cells with words and longer than this may wrap, and get at least so much room."""

home_option = click.option("--home", type=click.Path(path_type=Path), help="Where the store lies (SAMOUK_HOME).")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def told_to_stop() -> threading.Event:
    """An event that SIGINT and SIGTERM set from now on."""
    stop = threading.Event()
    # Not by the handler itself: it interrupts whoever waits for the event, at times amid the lock that setting takes.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))
    return stop


def retired(name: str, now: str, *, is_flag: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """An option that went, hidden, which tells what does it now."""

    def tell(_: click.Context, __: click.Parameter, given: object) -> None:
        if given:
            fail(f"{name} is {now} now", MISUSE)

    return click.option(name, is_flag=is_flag, hidden=True, expose_value=False, callback=tell)


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error, and out."""
    click.secho(f"❌ {printable(message)}", fg="red", err=True)
    sys.exit(code)


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the errors that an operator can mend into one line that says how."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        with _Border():
            command(*args, **kwargs)

    return wrapper


class _Border:
    """Looks at what comes through only when something does: what the errors are called need not be loaded before."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BadSetting):
            fail(str(error), MISUSE)
        if isinstance(error, ModuleNotFoundError):
            fail(f"the platform needs {error.name}: pip install 'samouk[server]'", UNUSABLE)
        if not isinstance(error, Exception) or isinstance(error, click.ClickException | click.exceptions.Exit):
            return
        code = _code(error)
        if code is not None:
            fail(str(error), code)
        if isinstance(error, OSError) and error.errno != errno.EPIPE:  # with EPIPE who read our words has gone
            fail(f"{_words(error)}; choose another folder with --home (SAMOUK_HOME), or mend this one", UNUSABLE)
        if not isinstance(error, click.Abort | OSError):
            traceback.print_exception(error)
            words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            fail(f"{words}: nobody foresaw this; please report the lines above, and what you did", FAILED)


def _code(error: Exception) -> int | None:
    """The exit code of an error whose words are for the operator; None for all others."""
    from samouk.edge.wire import WireError
    from samouk.loop.ports import LeaseLost, NotFound, WrongReceipt

    if isinstance(error, NotFound | WrongReceipt | WireError):
        return MISUSE
    if isinstance(error, LeaseLost):
        return BUSY
    try:
        from samouk.assembly import REFUSALS
        from samouk.domains import UnknownLearner, UnusableDomain
        from samouk.server.serve import CannotListen
    except ModuleNotFoundError:
        return None
    if isinstance(error, UnknownLearner | UnusableDomain):
        return MISUSE
    return UNUSABLE if isinstance(error, (*REFUSALS, CannotListen)) else None


def _words(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


def writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that cannot be written before anything is done; what stands there stays until then."""
    if path is not None:
        was = path.exists()
        try:
            path.open("ab").close()
        except OSError as error:
            raise click.BadParameter(f"{_words(error)}; nothing was done") from None
        if not was:
            path.unlink()
    return path


def settings(home: Path | None, **options: object) -> Settings:
    """The settings of the environment with what the command line says on top."""
    return load(os.environ, home=home, **options)


def print_json(value: object, *, exact: bool = False) -> None:
    """Any record of the loop as indented JSON.

    Args:
        exact: moments to the microsecond, for what is digested; else to the second, as the API tells them.
    """
    click.echo(json.dumps(value, default=_exact if exact else _plain, indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    import datetime as dt

    return str(value.replace(microsecond=0)) if isinstance(value, dt.datetime) else _exact(value)


def _exact(value: Any) -> Any:
    from dataclasses import fields, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: getattr(value, spec.name) for spec in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value)


def warn_of_other_rules(learner: Learner, services: Services) -> None:
    """One line on standard error where the server of this store goes by other rules than this command."""
    from samouk.loop.rules import differences

    found = differences(learner, services)
    if found:
        more = f", and {len(found) - 3} more" if len(found) > 3 else ""
        click.secho(
            f"⚠️ the server goes by other rules for {learner.name}: {'; '.join(found[:3])}{more}; "
            "set SAMOUK_POLICY and what its domain reads as the server has them",
            fg="yellow",
            err=True,
        )


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns, or one record under another where a terminal is too narrow for them.

    Nothing is cut: words wrap on a terminal, all else keeps its line, and a pipe gets a line a row.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    shown = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    lengths = [[cell_len(cell) for cell in column] for column in zip(columns, *shown, strict=True)]
    wraps = [_is_text(column) for column in zip(columns, *shown, strict=True)]
    gaps, console = 2 * (len(columns) - 1), Console()
    least = sum(min(max(one), TEXT) if wrap else max(one) for one, wrap in zip(lengths, wraps, strict=True)) + gaps
    if console.is_terminal and least > console.width:
        _records(columns, shown)
        return
    if not console.is_terminal:
        console = Console(width=sum(map(max, lengths)) + gaps)
    heads = [Column(name, no_wrap=not wrap, overflow="fold") for name, wrap in zip(columns, wraps, strict=True)]
    aligned = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in shown:
        aligned.add_row(*map(Text, row))
    console.print(aligned)


def _is_text(cells: Sequence[str]) -> bool:
    return any(" " in cell and len(cell) > TEXT for cell in cells)


def _records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    width = max(map(len, columns))
    click.echo("\n\n".join("\n".join(f"{n:{width}}  {c}" for n, c in zip(columns, row, strict=True)) for row in rows))
