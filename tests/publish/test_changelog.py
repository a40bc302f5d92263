"""The changelog: the learner's lines, then the figures beside those of the release before."""

from __future__ import annotations

from tests.publish.world import model, version

from samouk.publish.changelog import MAX_LINE, MAX_LINES, changelog


def test_lines_and_figures() -> None:
    """The learner's lines come first; a figure is shown before → after."""
    made = version(5, model(5))
    assert changelog(made, {"accuracy": 0.9}) == (
        "✅ button: +5 points",
        "accuracy: 90.0% → 90.5% (+0.5 points)",
    )


def test_first_release_has_no_before() -> None:
    """Without an earlier release the figure stands alone."""
    assert changelog(version(5, model(5)), {})[1] == "accuracy: 90.5%"


def test_bounds() -> None:
    """Long or many lines are cut, empty ones and figures that are no numbers left out."""
    made = version(5, model(5), changelog=("x" * 999, " ", *map(str, range(99))), figures={"f1": float("nan")})
    lines = changelog(made, {})
    assert len(lines) == MAX_LINES and len(lines[0]) == MAX_LINE and lines[1] == "0"
