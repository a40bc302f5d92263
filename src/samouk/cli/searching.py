"""``samouk automl``: search a model over families within a time budget, write it as ONNX, enter it, hand it on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samouk.cli.ends import (
    FAILED,
    UNUSABLE,
    explained,
    fail,
    home_option,
    json_option,
    print_json,
    settings,
    table,
)
from samouk.terminal import printable

if TYPE_CHECKING:
    from samouk.automl.choice import Exported
    from samouk.automl.kenning import Scenario
    from samouk.automl.search import Spread
    from samouk.automl.study import Study
    from samouk.automl.table import Table
    from samouk.loop.learner import Learner
    from samouk.loop.ports import Services
    from samouk.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with the model that a search finds."""

    output: Path | None
    enter: bool
    kenning: Path | None
    run_kenning: bool


@dataclass(frozen=True, slots=True)
class Effort:
    """How far, and where, is searched."""

    budget: float
    families: tuple[str, ...]
    seed: int
    trials: int | None
    cluster: str | None


@click.command()
@click.argument("learner")
@click.option("--budget", default=60.0, show_default=True, help="Seconds of search, on one thread.")
@click.option("--families", help="Some of lgbm,rf,extra_tree, with commas; all without it.")
@click.option("--seed", default=0, show_default=True, help="Of the search's order.")
@click.option("--trials", type=click.IntRange(2), help="Settings to try of each family, in place of a time.")
@click.option("--cluster", help="Search families side by side: ray://local?workers=2, ray:// or dask+tls://host:port.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the model there, as ONNX.")
@click.option("--enter", is_flag=True, help="Judge it on the holdout and stage it, like any model made elsewhere.")
@click.option("--kenning", type=click.Path(path_type=Path, file_okay=False), help="Write a Kenning scenario there.")
@click.option("--run-kenning", is_flag=True, help="Let Kenning test the scenario; it must be installed.")
@home_option
@json_option
@explained
def automl(
    learner: str,
    budget: float,
    families: str | None,
    seed: int,
    trials: int | None,
    cluster: str | None,
    output: Path | None,
    enter: bool,
    kenning: Path | None,
    run_kenning: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Search a model for LEARNER on what the log holds: families and settings, judged on groups of their own."""
    from samouk import assembly, domains
    from samouk.automl.search import FAMILIES
    from samouk.loop.outcome import harvest

    known, where = domains.learner(learner), settings(home)
    wanted = Wanted(output, enter, kenning, run_kenning)
    tried = tuple(part.strip() for part in families.split(",")) if families else FAMILIES
    _check(known, budget, tried, wanted)
    effort = Effort(budget, tried, seed, trials, cluster)
    with assembly.opened(where) as services:
        harvest(known, services)
        found, best = _searched(known, services, wanted, effort)
        report = _report(found, best)
        problems = _hand_on(report, found, best, wanted, known, where, services)
    if as_json:
        print_json(report)
    else:
        _show(found, report)
    for problem in problems:
        click.secho(f"❌ {printable(problem)}", fg="red", err=True)
    if problems or (enter and report["entered"]["version"] is None):
        sys.exit(FAILED)


def _check(known: Learner, budget: float, tried: tuple[str, ...], wanted: Wanted) -> None:
    """End with what can be known to fail before the time of a search is spent."""
    from samouk.automl.kenning import KenningMissing, installed
    from samouk.automl.search import BadSearch, check

    if wanted.run_kenning and wanted.kenning is None:
        raise click.UsageError("--run-kenning needs --kenning FOLDER")
    if wanted.enter and known.adopt is None:
        raise click.UsageError(f"--enter: {known.name} takes no models that were made elsewhere; use --output")
    try:
        check(budget, tried)
    except BadSearch as error:
        raise click.UsageError(f"--{error}") from None
    for option, path in (("--output", wanted.output), ("--kenning", wanted.kenning)):
        if path is not None and not _writable(path, with_parents=option == "--kenning"):
            fail(f"{option}: {path} cannot be written; choose another", UNUSABLE)
    if wanted.run_kenning and wanted.kenning is not None:
        try:
            installed(wanted.kenning)
        except KenningMissing as error:
            fail(str(error), UNUSABLE)


def _writable(path: Path, *, with_parents: bool) -> bool:
    """Whether something may be written there, or made anew, with the folders around it where they are made too."""
    place = path.absolute()
    while with_parents and not place.parent.exists():
        place = place.parent
    if place.exists():
        return os.access(place, os.W_OK)
    return place.parent.is_dir() and os.access(place.parent, os.W_OK)


def _searched(known: Learner, services: Services, wanted: Wanted, effort: Effort) -> tuple[Study, Exported]:
    """The search and its best, or the end with what kept it."""
    from samouk.automl.choice import NothingFit, chosen
    from samouk.automl.kenning import NoScenario, check_scenario
    from samouk.automl.search import SearchMissing
    from samouk.automl.study import study, tables
    from samouk.automl.table import NothingToSearch
    from samouk.loop.ports import FitFailed
    from samouk.settings import BadSetting

    try:
        train, held_out = tables(known, services)
        if wanted.kenning is not None:
            check_scenario(wanted.kenning, held_out)
        with _spread(effort.cluster) as spread:
            found = study(
                train,
                held_out,
                effort.budget,
                families=effort.families,
                seed=effort.seed,
                trials=effort.trials,
                spread=spread,
            )
        return found, chosen(list(found.candidates))
    except SearchMissing as error:
        fail(str(error), UNUSABLE)
    except FitFailed as error:
        fail(f"--cluster: {error}", FAILED)
    except BadSetting as error:
        raise click.UsageError(f"--cluster: {error}") from None
    except (NothingToSearch, NoScenario, NothingFit) as error:
        fail(str(error), FAILED)


@contextmanager
def _spread(cluster: str | None) -> Iterator[Spread | None]:
    """What does families side by side on the cluster, let go at the end. Raises BadSetting and FitFailed."""
    if not cluster:
        yield None
        return
    from samouk import assembly

    engine = assembly.engine(cluster)
    try:
        yield engine.side_by_side
    finally:
        engine.close()


def _hand_on(
    report: dict[str, Any],
    found: Study,
    best: Exported,
    wanted: Wanted,
    known: Learner,
    where: Settings,
    services: Services,
) -> list[str]:
    """Do what is wanted, what is quick first, and write it into the report; gives what went wrong."""
    problems, scenario = [], None
    if wanted.output is not None:
        try:
            wanted.output.write_bytes(best.data)
            report["output"] = str(wanted.output)
        except OSError as error:
            problems.append(f"{wanted.output} cannot be written ({error.strerror}); choose another with --output")
    if wanted.kenning is not None and found.held_out is not None:
        scenario, problem = _scenario(report, wanted.kenning, best, found.held_out)
        problems += problem
    if wanted.enter:
        report["entered"] = _enter(known, where, services, best)
    if wanted.run_kenning and scenario is not None:
        problems += _measure(report, scenario)
    return problems


def _scenario(
    report: dict[str, Any], folder: Path, best: Exported, held_out: Table
) -> tuple[Scenario | None, list[str]]:
    from samouk.automl.kenning import NoScenario, write_scenario

    try:
        scenario = write_scenario(folder, best.data, held_out)
    except NoScenario as error:
        return None, [str(error)]
    except OSError as error:
        return None, [f"{folder} cannot be written ({error.strerror}); choose another with --kenning"]
    report["kenning"] = {"scenario": str(scenario.file), "rows": scenario.rows, "left_out": scenario.left_out}
    return scenario, []


def _measure(report: dict[str, Any], scenario: Scenario) -> list[str]:
    from samouk.automl.kenning import MEASUREMENTS, KenningFailed, KenningMissing, run_scenario, summary

    try:
        measured = run_scenario(scenario)
    except (KenningMissing, KenningFailed) as error:
        return [str(error)]
    report["kenning"] |= {"measured": summary(measured), "measurements": str(scenario.folder / MEASUREMENTS)}
    return []


def _report(found: Study, best: Exported) -> dict[str, Any]:
    return {
        "rows": len(found.train.y),
        "held_out": len(found.held_out.y) if found.held_out else 0,
        "compared_on": "held out" if found.held_out else "learnt from",
        "trials": found.trials,
        "constant_loss": found.constant,
        "chosen": best.candidate.family,
        "settings": best.candidate.settings,
        "candidates": [
            {
                "family": one.candidate.family,
                "loss": one.candidate.loss,
                "bytes": len(one.data),
                "largest_difference": one.parity.largest,
                "decides_alike": one.parity.decisions,
                "refusal": one.refusal,
            }
            for one in found.candidates
        ],
    }


def _enter(known: Learner, where: Settings, services: Services, best: Exported) -> dict[str, Any]:
    from samouk import assembly
    from samouk.cli.adopting import take

    assembly.ensure_signing_keys(where)
    reason = f"found by a search: {best.candidate.family}"
    adopted = take(known, services, best.data, {"search_loss": best.candidate.loss}, reason)
    return {"version": adopted.version, "end": str(adopted.end), "why": adopted.why}


def _show(found: Study, report: dict[str, Any]) -> None:
    rows = [
        (
            one["family"],
            f"{one['loss']:.4f}",
            f"{one['bytes']:,}",
            f"{one['largest_difference']:.1e}",
            one["refusal"] or "✅",
        )
        for one in report["candidates"]
    ]
    table(("family", "loss", "bytes", "apart as ONNX", ""), rows)
    kept = f"{report['rows']:,} rows, {report['held_out']:,} held out"
    click.echo(f"{found.trials} settings tried on {kept}; one answer to every row loses {found.constant:.4f}")
    if found.held_out is None:
        click.echo("⚠️ nothing is held out yet: exports were compared with their sources on rows that were learnt from")
    if "output" in report:
        click.echo(f"📦 {report['output']}")
    if "kenning" in report:
        told = report["kenning"]
        click.echo(f"🧪 {told['scenario']}: {told['rows']:,} rows, {told['left_out']:,} incomplete ones left out")
        _show_measured(told)
    if "entered" in report:
        told = report["entered"]
        sign = "✅ " + told["version"] if told["version"] else "❌ not entered"
        click.echo(f"{sign} ({told['end']}): {told['why']}")


def _show_measured(told: dict[str, Any]) -> None:
    if "measured" not in told:
        return
    scalars = [(name, value) for name, value in told["measured"].items() if not isinstance(value, list | dict)]
    table(("Kenning measured", ""), [(name, f"{v:.4g}" if isinstance(v, float) else v) for name, v in scalars])
    click.echo(f"📏 {told['measurements']}")
