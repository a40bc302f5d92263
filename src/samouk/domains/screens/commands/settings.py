"""``observe config``: look at the client's settings and change them."""

from __future__ import annotations

import os
from typing import Any

import click

from samouk.domains.screens.commands.ends import Commands, hint, meant
from samouk.domains.screens.commands.printing import counted, json_option, print_json
from samouk.edge import config as settings
from samouk.edge import consent, places
from samouk.edge.config import Config, Setting


class Name(click.ParamType[Setting]):
    """The name of a setting."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Setting:
        """The setting of that name, or a usage error that names those close to it."""
        if isinstance(value, Setting):
            return value
        if value not in settings.SETTINGS:
            self.fail(f"no such setting {value!r}{meant(value, settings.SETTINGS)}", param, ctx)
        return settings.SETTINGS[value]


@click.group(cls=Commands)
def config() -> None:
    """Look at the settings and change them: what is shared, where to, and whether models update by themselves."""


@config.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every setting with its value; keys are masked."""
    values = settings.load(os.environ)
    if as_json:
        print_json({name: _plain(spec, values) for name, spec in settings.SETTINGS.items()})
        return
    width = max(map(len, settings.SETTINGS))
    for name, spec in settings.SETTINGS.items():
        click.echo(f"{name:{width}}  {spec.show(values.get(name)) or '-':24}  {spec.help}")
    hint(f"\nKept in {places.config_file(os.environ)}")


@config.command()
@click.argument("key", type=Name())
@click.option("--reveal", is_flag=True, help="Print a secret whole instead of its last four characters.")
@json_option
def get(key: Setting, reveal: bool, as_json: bool) -> None:
    """Print the value of KEY."""
    values = settings.load(os.environ)
    value = values.get(key.name) if reveal else _plain(key, values)
    if as_json:
        print_json({key.name: value})
    else:
        click.echo(value if reveal and key.secret else key.show(values.get(key.name)))


@config.command("set")
@click.argument("key", type=Name())
@click.argument("value")
@json_option
def set_(key: Setting, value: str, as_json: bool) -> None:
    """Set KEY to VALUE, for example: observe config set ml.contribute false."""
    refused = key.attribute == "contribute" and key.read(value) is False
    deleted = consent.withdraw(os.environ) if refused else 0
    values = settings.load(os.environ) if refused else settings.change(key.name, value, os.environ)
    if as_json:
        print_json({key.name: _plain(key, values)} | ({"deleted": deleted} if refused else {}))
        return
    click.echo(f"✅ {key.name} = {key.show(values.get(key.name))}")
    if refused:
        click.echo(f"   Nothing leaves this machine any more; {counted(deleted, 'sample')} that waited deleted.")
        click.echo("💡 To erase on the server what was sent before: observe ml forget")
    elif key.attribute == "contribute":
        _say_what_outweighs(values)


def _say_what_outweighs(values: Config) -> None:
    decision = consent.decide(values, os.environ, is_tty=False)
    click.echo(
        "🙏 Thank you. To see what would leave: observe ml show-upload"
        if decision.granted
        else f"💡 Still nothing is collected here: {decision.reason}."
    )


def _plain(spec: Setting, values: Config) -> Any:
    value = values.get(spec.name)
    return spec.show(value) if spec.secret else value
