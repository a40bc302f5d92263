"""The commands that domains bring, under their names: looked for only when a name is unknown or help is asked for."""

from __future__ import annotations

import click

from samouk.cli.ends import MISUSE, UNUSABLE, fail
from samouk.terminal import Commands, printable

RETIRED = {"forget": "samouk erase --receipt"}
"""Names that commands had → what does it now."""


class Rooms(Commands):
    """A group of commands, and behind them every domain that has some of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The own ones first, in order; help is shown too when a domain is out of order, which is said beside it."""
        own = super().list_commands(ctx)
        try:
            found = _rooms()
        except (ImportError, ValueError, TypeError) as error:
            click.secho(f"⚠️ the domains' commands are not listed: {printable(str(error))}", fg="yellow", err=True)
            found = []
        return [*own, *(name for name in found if name not in own)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The own command of that name, else the domain's; None when there is neither."""
        own = super().get_command(ctx, cmd_name)
        if own is None and cmd_name in RETIRED:
            fail(f"samouk {cmd_name} is called `{RETIRED[cmd_name]}` now", MISUSE)
        return own if own is not None else _room(cmd_name)


def _rooms() -> list[str]:
    from samouk.domains import discover

    return sorted(name for name, domain in discover().items() if domain.commands is not None)


def _room(name: str) -> click.Command | None:
    try:
        from samouk.domains import discover

        domain = discover().get(name)
        command = domain.commands() if domain is not None and domain.commands is not None else None
    except ModuleNotFoundError as error:
        fail(f"the commands of domains need {error.name}: pip install 'samouk[server]'", UNUSABLE)
    except (ValueError, TypeError) as error:
        fail(str(error), MISUSE)
    if command is not None and not isinstance(command, click.Command):
        fail(f"domain {name}: commands must give a click command, not {command!r:.80}", UNUSABLE)
    return command
