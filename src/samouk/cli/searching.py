"""``samouk automl``: search a model over families within a time budget, write it as ONNX, enter it, hand it on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samouk.cli.ends import FAILED, UNUSABLE, explained, fail, home_option, json_option, print_json, settings, table

if TYPE_CHECKING:
    from samouk.automl.choice import Exported
    from samouk.automl.study import Study


@click.command()
@click.argument("learner")
@click.option("--budget", default=60.0, show_default=True, help="Seconds of search, on one thread.")
@click.option("--families", help="Some of lgbm,rf,extra_tree, with commas; all without it.")
@click.option("--seed", default=0, show_default=True, help="Of the search's order.")
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
    output: Path | None,
    enter: bool,
    kenning: Path | None,
    run_kenning: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Search a model for LEARNER on what the log holds: families and settings, judged on groups of their own."""
    from samouk import assembly, domains
    from samouk.automl.choice import NothingFit, chosen
    from samouk.automl.search import FAMILIES, SearchMissing
    from samouk.automl.study import study
    from samouk.automl.table import NothingToSearch
    from samouk.loop.outcome import harvest

    known, where = domains.learner(learner), settings(home)
    if run_kenning and kenning is None:
        raise click.UsageError("--run-kenning needs --kenning FOLDER")
    if enter and known.adopt is None:
        raise click.UsageError(f"--enter: {learner} takes no models that were made elsewhere; use --output")
    wanted = tuple(part.strip() for part in families.split(",")) if families else FAMILIES
    with assembly.opened(where) as services:
        harvest(known, services)
        try:
            found = study(known, services, budget, families=wanted, seed=seed)
            best = chosen(list(found.candidates))
        except (NothingToSearch, SearchMissing, NothingFit) as error:
            fail(str(error), UNUSABLE if isinstance(error, SearchMissing) else FAILED)
        except ValueError as error:
            raise click.UsageError(f"--{error}") from None
        report = _report(found, best)
        if output is not None:
            _write(output, best.data)
            report["output"] = str(output)
        if kenning is not None:
            report["kenning"] = _kenning(found, best, kenning, run_kenning)
        if enter:
            report["entered"] = _enter(known, where, services, best)
    if as_json:
        print_json(report)
    else:
        _show(found, report)
    if enter and report["entered"]["version"] is None:
        sys.exit(FAILED)


def _report(found: Study, best: Exported) -> dict[str, Any]:
    return {
        "rows": len(found.train.y),
        "held_out": len(found.held_out.y) if found.held_out else 0,
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


def _write(output: Path, data: bytes) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        fail(f"{output} cannot be written ({error.strerror}); choose another file with --output", UNUSABLE)


def _kenning(found: Study, best: Exported, folder: Path, run: bool) -> dict[str, Any]:
    from samouk.automl.kenning import KenningFailed, KenningMissing, run_scenario, write_scenario

    if found.held_out is None:
        fail("nothing is held out yet, and a scenario on rows that were learnt from would flatter; send more", FAILED)
    try:
        scenario = write_scenario(folder, best.data, found.held_out)
        measured = run_scenario(scenario) if run else {}
    except ValueError as error:
        fail(str(error), FAILED)
    except (KenningMissing, KenningFailed) as error:
        fail(str(error), UNUSABLE if isinstance(error, KenningMissing) else FAILED)
    told = {name: value for name, value in measured.items() if isinstance(value, int | float | str)}
    return {"scenario": str(scenario.file), "rows": scenario.rows, "left_out": scenario.left_out, "measured": told}


def _enter(known: Any, where: Any, services: Any, best: Exported) -> dict[str, Any]:
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
    if "output" in report:
        click.echo(f"📦 {report['output']}")
    if "kenning" in report:
        told = report["kenning"]
        click.echo(f"🧪 {told['scenario']}: {told['rows']:,} rows, {told['left_out']:,} incomplete ones left out")
    if "entered" in report:
        told = report["entered"]
        sign = "✅ " + told["version"] if told["version"] else "❌ not entered"
        click.echo(f"{sign} ({told['end']}): {told['why']}")
