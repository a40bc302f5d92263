"""Every learner of every domain, inside this tree or installed beside it, passes every check."""

import dataclasses
import json
from pathlib import Path

import pytest
from tests.contracts.conftest import embedded_services

import samouk.domains
from samouk.domains import UnknownLearner, discover, learner, learners
from samouk.loop.checks import CHECKS, run
from samouk.loop.records import Order, RunEnd, TriggerKind
from samouk.loop.rehearsal import week
from samouk.loop.turn import turn

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


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(learners()))
def test_without_anything_to_judge_by_a_turn_ends_in_plain_words(name: str, tmp_path: Path) -> None:
    """All that arrived is of one group, so nothing is held out: undecided, or empty when nothing is learnt from.

    What is kept of it is JSON as a database takes it, which knows no NaN.
    """
    known = learner(name)
    services = embedded_services(tmp_path)
    ends = []
    for group in (min(known.policy.holdout_groups), min(set(range(16)) - known.policy.holdout_groups)):
        services.log.append(
            [
                dataclasses.replace(batch, batch_id=f"{group}-{n}", group=group)
                for n, batch in enumerate(week(known)[:3])
            ]
        )
        ends.append(turn(known, services, Order(TriggerKind.MANUAL, "all of one group")))
        if group in known.policy.holdout_groups:
            services.log.quarantine([f"{group}-{n}" for n in range(3)], "so that none is held out")
    empty, undecided = ends
    services.close()
    assert (empty.end, empty.verdict) == (RunEnd.EMPTY, None)
    assert "nothing to learn from yet" in empty.notes
    assert undecided.end is RunEnd.UNDECIDED
    assert undecided.verdict is not None
    assert "0 held-out examples" in undecided.verdict.reasons[0]
    json.dumps(dataclasses.asdict(undecided.verdict), allow_nan=False)
