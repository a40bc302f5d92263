"""``samouk adopt``: take in a model that was made elsewhere, within limits: it is a program of a stranger."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from samouk.cli.ends import FAILED, explained, home_option, json_option, print_json, settings

if TYPE_CHECKING:
    from samouk.loop.learner import Learner
    from samouk.loop.ports import Services
    from samouk.server.turns import Adopted

TRY_S = 60
"""Seconds in which a model must be tried and judged."""

ROOM, ROOM_PER_BYTE = 3_000_000_000, 8
"""Bytes of addresses: for the runtime and the samples, and for each byte of the largest model, which is held as
bytes, as a parsed graph and as two sessions."""


@click.command()
@click.argument("learner")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--metrics", default="{}", help="What its maker measured, as a JSON object; kept, and believed by nobody."
)
@click.option("--reason", envvar="SAMOUK_REASON", help="Why; it stands in the run and in the audit.")
@home_option
@json_option
@explained
def adopt(learner: str, file: BinaryIO, metrics: str, reason: str | None, home: Path | None, as_json: bool) -> None:
    """Take in the ONNX model FILE (- is standard input) for LEARNER: tried, judged on the holdout, staged."""
    from samouk import assembly, domains
    from samouk.edge.wire import WireError
    from samouk.loop.reason import reason_of
    from samouk.server.routes.versions import measured

    known, chosen = domains.learner(learner), settings(home)
    try:
        claimed, why = measured(metrics), reason_of(reason or f"registered from {Path(file.name).name}")
    except WireError as error:
        raise click.UsageError(f"--{error.field} {error.reason}") from None
    largest = chosen.max_model_mb * 1_000_000
    data = file.read(largest + 1)
    if len(data) > largest:
        raise click.UsageError(f"{file.name} has more than {chosen.max_model_mb} MB; SAMOUK_MAX_MODEL_MB allows more")
    _confine(largest, lambda: tell(learner, _too_long(), as_json))
    assembly.ensure_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        adopted = take(known, services, data, claimed, why)
    tell(learner, adopted, as_json)
    if adopted.version is None:
        sys.exit(FAILED)


def _confine(largest: int, too_late: Callable[[], None]) -> None:
    """Let this process end before a model, which may loop or grow without end, takes the machine.

    A timer says so where it gets to run; the kernel ends a process whose model does not let it.
    """
    import resource

    def end() -> None:
        too_late()
        sys.stdout.flush()
        os._exit(FAILED)

    timer = threading.Timer(TRY_S, end)
    timer.daemon = True
    timer.start()
    for limit, most in ((resource.RLIMIT_CPU, TRY_S + 5), (resource.RLIMIT_AS, ROOM + ROOM_PER_BYTE * largest)):
        _, highest = resource.getrlimit(limit)
        resource.setrlimit(limit, (most if highest == resource.RLIM_INFINITY else min(most, highest), highest))


def take(learner: Learner, services: Services, data: bytes, metrics: dict[str, float], reason: str) -> Adopted:
    """The end of the turn, also of one that failed and is on record; what kept it from starting is raised."""
    from samouk.assembly import REFUSALS
    from samouk.loop.learner import UnfitArtifact
    from samouk.loop.outcome import harvest
    from samouk.loop.ports import LeaseLost
    from samouk.loop.records import RunEnd
    from samouk.loop.turn import NOTHING_TO_JUDGE_BY, Unjudged
    from samouk.loop.turn import adopt as enter
    from samouk.server.turns import Adopted

    harvest(learner, services)
    try:
        run = enter(learner, services, data, metrics, reason)
    except Unjudged as error:
        return Adopted(None, RunEnd.EMPTY, str(error))
    except UnfitArtifact as error:
        return Adopted(None, "unfit", str(error))
    except (LeaseLost, *REFUSALS):
        raise
    except Exception as error:  # noqa: BLE001 - the border of models, which may be anybody's; on record as a failed run
        return Adopted(
            None, "failed", f"it failed while it was judged ({type(error).__name__}): samouk runs {learner.name}"
        )
    reasons = "; ".join(run.verdict.reasons) if run.verdict else NOTHING_TO_JUDGE_BY
    return Adopted(run.version, str(run.end), reasons)


def _too_long() -> Adopted:
    from samouk.server.turns import Adopted

    return Adopted(None, "unfit", f"it was tried for {TRY_S} seconds in vain; every row must be scored at once")


def tell(learner: str, adopted: Adopted, as_json: bool) -> None:
    if as_json:
        print_json(adopted)
    elif adopted.version is None:
        click.secho(f"❌ the model was not entered: {adopted.why}", fg="red", err=True)
    else:
        click.echo(f"✅ {learner}: {adopted.version} is entered ({adopted.end}): {adopted.why}")
