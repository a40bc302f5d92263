"""How every command of this house speaks: wrong use in one line with where help is, lists in their order and whole."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import IO, Any

import click

_HelpAsked: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""A group without a command: click 8.1 prints its help itself and knows no such error."""

_WHOLE = 10_000
"""Characters of a short help: more than one has, so that none is cut."""


class WrongUse(click.UsageError):
    """A usage error that is told in one line."""

    def show(self, file: IO[Any] | None = None) -> None:
        """The line, on standard error unless told otherwise."""
        click.secho(f"❌ {printable(self.message)}", fg="red", file=file, err=file is None)


class Commands(click.Group):
    """A group whose commands stand in the order in which they came, with their first sentences uncut."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they were added: that of the journey."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What click does, with short helps that wrap where they were cut."""
        named = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(_WHOLE)) for name, one in named if one is not None and not one.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """What click does; wrong use becomes one line."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise _in_one_line(error, error.ctx or parent) from None

    def invoke(self, ctx: click.Context) -> Any:
        """What click does; wrong use becomes one line."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _in_one_line(error, error.ctx or ctx) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of that name, or a usage error that names those close to it."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"no such command {args[0]!r}{meant(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def _in_one_line(error: click.UsageError, context: click.Context | None) -> click.UsageError:
    if isinstance(error, (WrongUse, _HelpAsked)):
        return error
    words = " ".join(error.format_message().split()).removesuffix(".")
    help_at = f" (see {context.command_path} --help)" if context is not None else ""
    return WrongUse(f"{words}{help_at}", context)


def meant(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?`` with the names close to ``name``, else all of them."""
    names = list(known)
    close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if not close:
        return f"; there are {', '.join(names)}"
    return f"; did you mean {' or '.join(filter(None, (', '.join(close[:-1]), close[-1])))}?"


def printable(text: str) -> str:
    """The text with what would steer a terminal, or break its line, escaped: some of it was written by others."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
