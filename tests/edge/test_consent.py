"""What may leave this machine."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from samouk.edge import config
from samouk.edge.config import Config
from samouk.edge.consent import ask, decide

YES, NO, UNANSWERED = Config(contribute=True), Config(contribute=False), Config()


class Terminal(io.StringIO):
    """Text in memory that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("settings", "environ", "is_tty", "opt_in", "granted"),
    [
        (YES, {}, True, None, True),
        (YES, {}, False, None, True),
        (YES, {}, True, False, False),
        (YES, {"CI": "true"}, True, None, False),
        (YES, {"CI": "true"}, True, True, False),
        (YES, {"CI": "false"}, True, None, True),
        (YES, {"DO_NOT_TRACK": "1"}, True, True, False),
        (YES, {"DO_NOT_TRACK": "false"}, True, True, False),
        (YES, {"DO_NOT_TRACK": "0"}, True, None, True),
        (YES, {"DO_NOT_TRACK": ""}, True, None, True),
        (NO, {}, True, None, False),
        (NO, {}, True, True, False),
        (UNANSWERED, {}, True, None, False),
        (UNANSWERED, {}, False, None, False),
        (UNANSWERED, {}, False, True, True),
    ],
)
def test_the_order_in_which_answers_hold(
    settings: Config, environ: Mapping[str, str], is_tty: bool, opt_in: bool | None, granted: bool
) -> None:
    """Nothing is granted before somebody who may say so has said yes, and every no outweighs every yes."""
    consent = decide(settings, environ, is_tty, opt_in)
    assert consent.granted is granted
    assert consent.reason


def test_only_the_users_own_no_empties_the_queue() -> None:
    """A variable of the environment pauses; only the user's no makes what is queued go."""
    assert decide(NO, {}, True).refused_by_user
    assert not decide(YES, {"CI": "1"}, True).refused_by_user
    assert not decide(UNANSWERED, {}, True).refused_by_user


def test_platforms_come_with_the_consent() -> None:
    """The consent says which platforms it covers."""
    assert decide(Config(contribute=True, contribute_platforms=("ios",)), {}, True).platforms == ("ios",)


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("Yes\n", True), ("\n", False), ("what\n", False)])
def test_the_answer_is_kept_and_not_asked_for_again(tmp_path: Path, typed: str, agreed: bool) -> None:
    """One question, one answer, kept for good; Enter means no."""
    path, screen = tmp_path / "config.json", Terminal()
    assert ask(Terminal(typed), screen, {}, path) is agreed
    assert config.load({}, path).contribute is agreed
    for words in ("show-upload", "ml.contribute false", "Never sent", "forget"):
        assert words in screen.getvalue()
    again = Terminal()
    assert ask(Terminal("y\n"), again, {}, path) is agreed
    assert again.getvalue() == ""


@pytest.mark.parametrize(
    ("reader", "environ"),
    [
        (io.StringIO("y\n"), {}),
        (Terminal("y\n"), {"CI": "1"}),
        (Terminal("y\n"), {"DO_NOT_TRACK": "1"}),
        (Terminal(""), {}),
    ],
)
def test_where_nobody_can_answer_it_is_no_and_not_kept(
    tmp_path: Path, reader: io.StringIO, environ: dict[str, str]
) -> None:
    """No terminal, no end of input and no CI is taken for an answer."""
    path = tmp_path / "config.json"
    assert ask(reader, Terminal(), environ, path) is False
    assert not path.exists()
