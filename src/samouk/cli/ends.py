"""How every command begins and ends: settings, tables, JSON, and errors as one line with an exit code."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import click

from samouk.settings import BadSetting, load

if TYPE_CHECKING:
    from samouk.settings import Settings

P = ParamSpec("P")

FAILED, MISUSE, UNUSABLE, BUSY = 1, 2, 3, 4

home_option = click.option("--home", type=click.Path(path_type=Path), help="Where the store lies (SAMOUK_HOME).")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error, and out."""
    click.secho(f"❌ {message}", fg="red", err=True)
    sys.exit(code)


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the errors that an operator can mend into one line that says how."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            from samouk.assembly import REFUSALS
            from samouk.domains import UnknownLearner
            from samouk.loop.ports import LeaseLost, NotFound
            from samouk.server.serve import CannotListen
        except ModuleNotFoundError as error:
            fail(f"the platform needs {error.name}: pip install 'samouk[server]'", UNUSABLE)
        try:
            command(*args, **kwargs)
        except (UnknownLearner, NotFound, BadSetting) as error:
            fail(str(error), MISUSE)
        except LeaseLost as error:
            fail(str(error), BUSY)
        except (*REFUSALS, CannotListen) as error:
            fail(str(error), UNUSABLE)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read our words has gone; click ends quietly
            fail(f"{_words(error)}; choose another folder with --home (SAMOUK_HOME), or mend this one", UNUSABLE)

    return wrapper


def _words(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


def settings(home: Path | None, **options: object) -> Settings:
    """The settings of the environment with what the command line says on top."""
    return load(os.environ, home=home, **options)


def print_json(value: object) -> None:
    """Any record of the loop as indented JSON."""
    click.echo(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    from dataclasses import fields, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: getattr(value, spec.name) for spec in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns on a terminal."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*["" if cell is None else str(cell) for cell in row])
    Console().print(shown)
