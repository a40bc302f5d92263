"""Proves a generated suite on a drawn app: its tests pass, and those that touch an element fail when it is broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.testgen.cases import Case, Plan
from samouk.domains.screens.testgen.pytest_names import names
from samouk.domains.screens.testgen.rehearsal.drawn import read
from samouk.domains.screens.testgen.rehearsal.mutation import Fate, Fates, mutants
from samouk.domains.screens.testgen.rehearsal.rehearse import Build, Rehearsal, rehearse, rehearse_builds


@dataclass(frozen=True, slots=True)
class Proof:
    """What a suite did on an app, and on the app broken in many ways.

    Attributes:
        unseen: screen and element, by key, that a test touched and passed though the drawn app shows no such element
            where the locator was looked for; empty unless two screens are alike.
    """

    rehearsal: Rehearsal
    fates: Fates
    unseen: tuple[tuple[str, str], ...]


def prove(model: AppModel, plan: Plan, suite: Path, app: Path, url: str) -> Proof:
    """Run the suite of a model and plan, as written into ``suite``, and then the tests of each broken element.

    Raises:
        SuiteFailed, BadDrawing: as ``rehearse`` does.
    """
    done = rehearse(suite, app, url)
    passed = {one.test for one in done.of("passed")}
    ids = tests_of(model, plan)
    found = mutants(model, plan, read(app), lambda case: ids[case.screen, case.key] in passed)
    builds = [Build(one.text, tuple(ids[case.screen, case.key] for case in one.cases)) for one in found.made]
    runs = rehearse_builds(suite, app, url, builds)
    fates = tuple(
        Fate(mutant, *_parted(mutant.cases, _noticed(run), ids)) for mutant, run in zip(found.made, runs, strict=True)
    )
    return Proof(done, Fates(fates), found.unseen)


def tests_of(model: AppModel, plan: Plan) -> dict[tuple[str, str], str]:
    """The ids in pytest of all cases, by keys of screen and case."""
    modules = names(model).modules
    return {(case.screen, case.key): f"tests/test_{modules[case.screen]}.py::test_{case.key}" for case in plan.cases}


def _noticed(run: Rehearsal) -> frozenset[str]:
    """Tests that failed themselves: where the app did not start, or the session ended, nothing was noticed."""
    return frozenset(one.test for one in run.of("failed") if one.phase == "call")


def _parted(
    cases: tuple[Case, ...], noticed: frozenset[str], ids: Mapping[tuple[str, str], str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys of the cases that noticed, and of the others."""
    killed = tuple(case.key for case in cases if ids[case.screen, case.key] in noticed)
    return killed, tuple(case.key for case in cases if case.key not in killed)
