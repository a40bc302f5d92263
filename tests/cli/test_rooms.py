"""Commands that domains bring: found by name, listed in help, and never looked for when nobody asks."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from tests.server import toy

from samouk import domains
from samouk.cli import main
from samouk.loop.learner import Domain


@click.group()
def room() -> None:
    """What the toy's room can do."""


@room.command()
def hello() -> None:
    """Say hello."""
    click.echo("hello from the toy")


def point(domain: object, name: str = "toy") -> type:
    """An entry point as the installed distributions would give it."""
    return type("Point", (), {"name": name, "load": staticmethod(lambda: domain)})


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What other distributions offer, to be filled by the test."""
    points: list[object] = []
    monkeypatch.setattr(domains, "entry_points", lambda group: points)
    yield points


def with_commands(commands: object) -> Domain:
    return dataclasses.replace(toy.DOMAIN, commands=commands)  # type: ignore[arg-type]


def test_a_domain_has_its_commands(offered: list[object]) -> None:
    """Under its name, listed with the others."""
    offered.append(point(with_commands(lambda: room)))
    told = CliRunner().invoke(main, ["toy", "hello"])
    assert (told.exit_code, told.stdout) == (0, "hello from the toy\n")
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert "What the toy's room can do." in shown
    assert "Take samples, learn when it is time" in shown


@pytest.mark.parametrize("name", ["toy", "nobody"])
def test_an_unknown_name_is_wrong_use(offered: list[object], name: str) -> None:
    """Of nothing, and of a domain without commands of its own."""
    offered.append(point(toy.DOMAIN))
    told = CliRunner().invoke(main, [name])
    assert (told.exit_code, f"no such command '{name}'" in told.stderr) == (2, True)
    assert "toy" not in CliRunner().invoke(main, ["--help"]).stdout.split()


def test_a_domain_takes_no_command_away(offered: list[object]) -> None:
    """What samouk itself is told to do does not depend on what is installed beside it."""
    offered.append(point(dataclasses.replace(with_commands(lambda: room), name="serve"), "serve"))
    assert "Take samples" in CliRunner().invoke(main, ["serve", "--help"]).stdout


def test_a_domain_that_is_out_of_order_takes_no_help_away(offered: list[object]) -> None:
    """Help is shown and says what is wrong; the domain's own name is an error in one line."""
    offered.append(point("no domain"))
    shown = CliRunner().invoke(main, ["--help"])
    assert (shown.exit_code, "domain toy: must offer a Domain" in shown.stderr) == (0, True)
    told = CliRunner().invoke(main, ["toy"])
    assert (told.exit_code, told.stderr.count("\n")) == (2, 1)


def test_what_is_no_command_is_refused(offered: list[object]) -> None:
    """The line names the domain."""
    offered.append(point(with_commands(lambda: "room")))
    told = CliRunner().invoke(main, ["toy"])
    assert (told.exit_code, "domain toy: commands must give a click command" in told.stderr) == (3, True)


def test_own_commands_look_for_no_domain() -> None:
    """Neither the import of the commands nor the help of one of them costs a look at every domain."""
    code = (
        "import sys; from samouk.cli import main; main(['keys', '--help'], standalone_mode=False); "
        "print([name for name in sys.modules if name.startswith(('samouk.domains', 'samouk.loop', 'numpy'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
