"""Every learner of every domain, inside this tree or installed beside it, passes every check."""

from pathlib import Path

import pytest

import samouk.domains
from samouk.domains import UnknownLearner, discover, learner, learners
from samouk.loop.checks import CHECKS, run

FOLDERS = {path.parent.name for path in Path(samouk.domains.__file__).parent.glob("*/__init__.py")}


def test_every_folder_is_a_domain() -> None:
    """A folder is its own registration: none is forgotten, none is listed anywhere else."""
    assert set(discover()) >= FOLDERS
    assert FOLDERS


def test_names_are_told_when_one_is_wrong() -> None:
    """The error lists what there is."""
    with pytest.raises(UnknownLearner, match=r"screens\.element"):
        learner("screens.elephant")


def test_two_unlike_rooms_are_held_to_one_contract() -> None:
    """The contract is proven on names of things and on scores that people answer to."""
    kinds = {bool(item.classes): item.name for item in learners().values()}
    assert set(kinds) == {True, False}
    assert all(item.outcomes for item in learners().values() if not item.classes)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(learners()))
def test_every_learner_keeps_every_promise(name: str) -> None:
    """Each check ran, and none found a problem."""
    results = list(run(learner(name)))
    assert len(results) == len(CHECKS)
    assert {result.check: result.problem for result in results if result.problem} == {}
