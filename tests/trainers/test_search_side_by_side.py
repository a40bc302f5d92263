"""Families that are searched side by side: one seed finds one winner, wherever it is searched."""

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from tests.trainers.test_cluster import QUIET

from samouk import assembly
from samouk.automl.search import BadSearch, Catch, Found, Hunt, Spread, hunt, search
from samouk.automl.table import Table, table_of
from samouk.domains import learner
from samouk.loop.ports import FitFailed
from samouk.loop.rehearsal import examples

FAMILIES = ("lgbm", "extra_tree")


@lru_cache
def table() -> Table:
    known = learner("scoring.outcome")
    return table_of(known, examples(known, 3, False))


def found(spread: Spread | None = None) -> Found:
    return search(table(), 60, families=FAMILIES, seed=3, trials=4, spread=spread)


@lru_cache
def alone() -> list[tuple[str, float, str]]:
    """What is found in this process."""
    return described(found())


def described(found: Found) -> list[tuple[str, float, str]]:
    return [(one.family, one.loss, str(one.settings)) for one in found.candidates]


@pytest.mark.slow
def test_trials_make_a_search_repeatable() -> None:
    """In this process twice; a spread gets one hunt a family, each with all trials."""
    asked: list[Hunt] = []

    def here(function: object, hunts: object) -> list[Catch]:
        assert function is hunt
        assert isinstance(hunts, list)
        asked.extend(hunts)
        return [hunt(one) for one in hunts]

    assert alone() == described(found(here))
    assert [(one.families, one.trials) for one in asked] == [(("lgbm",), 4), (("extra_tree",), 4)]


def test_a_search_of_one_setting_is_refused() -> None:
    with pytest.raises(BadSearch, match="trials: must be two or more"):
        search(table(), 60, trials=1)


@pytest.mark.slow
def test_dask_finds_the_same_winner() -> None:
    engine = assembly.engine("dask://local?workers=2")
    try:
        assert described(found(engine.side_by_side)) == alone()
    finally:
        engine.close()


def main() -> None:
    """On Ray, for the test below."""
    engine = assembly.engine("ray://local?workers=2")
    try:
        print(described(found(engine.side_by_side)) == alone())
        try:
            engine.side_by_side(int, ["seven"])
        except ValueError as error:
            print("told:", error)
    finally:
        engine.close()


@pytest.mark.slow
def test_ray_finds_the_same_winner() -> None:
    """In a process of its own; what a task raises is raised here."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.trainers.test_search_side_by_side"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        env=QUIET,
    )
    if f"{FitFailed.__name__}: no Ray cluster begins here" in done.stderr:
        pytest.skip("this machine is too busy for Ray, which gives itself half a minute to begin")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "True"
    assert "told: invalid literal" in done.stdout


if __name__ == "__main__":
    main()
