"""What commands print: JSON for programs; bars, shares and progress for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

T = TypeVar("T")
BAR = 20
"""Characters of a full bar."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def print_json(value: object) -> None:
    """Plain JSON, indented, on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def counted(count: int, noun: str) -> str:
    """``1 sample``, ``1,234 samples``, ``2 batches``."""
    plural = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


_PARTS: tuple[str, ...] = ("", *"▏▎▍▌▋▊▉")
"""Blocks of none to seven eighths."""


def percent(share: float) -> str:
    """A share in words that never round something to nothing."""
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


def bar(share: float) -> str:
    """A share as blocks; what is not nothing shows."""
    eighths = max(round(share * BAR * 8), 1) if share > 0 else 0
    return "█" * (eighths // 8) + _PARTS[eighths % 8]


def shares(counts: Mapping[str, int], most: int = 50) -> Iterator[str]:
    """One line a name, the ``most`` frequent first: name, count, share and bar, aligned."""
    total = sum(counts.values())
    width = max(map(len, counts), default=0)
    digits = max((len(f"{count:,}") for count in counts.values()), default=0)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for name, count in ranked[:most]:
        yield f"   {name:{width}}  {count:>{digits},}  {percent(count / total):>5}  {bar(count / total)}"
    if len(ranked) > most:
        yield f"   … and {len(ranked) - most} more"


def is_watched(as_json: bool) -> bool:
    """Whether somebody would see a bar: on a terminal, and not a program."""
    return not as_json and sys.stderr.isatty()


def progress(items: Iterable[T], label: str, watched: bool) -> AbstractContextManager[Iterable[T]]:
    """Go over ``items``, under a bar on standard error when somebody watches."""
    return click.progressbar(items, label=label, file=sys.stderr) if watched else nullcontext(items)


def meter(length: int, label: str) -> ProgressBar[int]:
    """A bar of so many steps on standard error, for work that reports by itself, with a word on each step."""
    return click.progressbar(length=length, label=label, file=sys.stderr, item_show_func=_said)


def _said(step: object) -> str | None:
    return None if step is None else str(step)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple | set | frozenset) else str(value)
