"""``samouk performance`` and ``samouk triggers``: how versions do day by day, and how near it is to time to learn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import explained, home_option, json_option, print_json, settings, table, warn_of_other_rules

if TYPE_CHECKING:
    from samouk.loop.performance import Performance

COLUMNS = (
    *("version", "metric", "outcome by day", "shown", "outcomes", "coverage"),
    *("positive", "score", "outcome", "gap", "p95 ms"),
)
BARS = "▁▂▃▄▅▆▇█"


@click.command()
@click.argument("learner")
@click.option("--days", type=click.IntRange(1, 3_660), default=30, show_default=True, help="So many days back.")
@click.option("--history", is_flag=True, help="Show every deployment, promotion and rollback instead.")
@home_option
@json_option
@explained
def performance(learner: str, days: int, history: bool, home: Path | None, as_json: bool) -> None:
    """Show how the versions of LEARNER do, day by day."""
    from samouk import assembly, domains
    from samouk.loop.performance import deployments
    from samouk.loop.performance import performance as measure

    known = domains.learner(learner)
    with assembly.opened(settings(home)) as services:
        if history:
            done = deployments(known, services)
            shown = [(f"{one.at:%Y-%m-%d %H:%M}", one.actor, one.action, one.subject, one.reason) for one in done]
            print_json(done) if as_json else table(("when", "who", "what", "version", "why"), shown)
            return
        since = services.clock.now().date() - dt.timedelta(days=days - 1)
        found = measure(known, services, since)
    if as_json:
        print_json(found)
    elif not found:
        click.echo(f"{learner} has predicted nothing in the last {days} days")
    else:
        table(COLUMNS, [_row(list(group)) for _, group in groupby(sorted(found, key=_key), key=_key)])


def _key(one: Performance) -> tuple[str, str]:
    return one.figures.metric, one.figures.version


def _row(days: Sequence[Performance]) -> tuple[object, ...]:
    """All days of a version, with its mean outcome as a line of bars."""
    figures = [one.figures for one in days]
    shown, outcomes = sum(one.exposures for one in figures), sum(one.outcomes for one in figures)
    due = shown - sum(one.open for one in figures)
    score = _mean([(one.mean_score, one.exposures) for one in figures])
    outcome = _mean([(one.mean_outcome, one.outcomes) for one in figures])
    gap = _mean([(one.calibration_gap, one.figures.outcomes) for one in days])
    line = sparkline([one.mean_outcome for one in figures])
    positive = sum(one.positives for one in figures) / outcomes if outcomes else None
    slowest = max((one.latency_p95_ms for one in figures if one.latency_p95_ms is not None), default=None)
    return (
        figures[0].version,
        figures[0].metric,
        line,
        f"{shown:,}",
        f"{outcomes:,}",
        _share(outcomes / due if due else None),
        _share(positive),
        _number(score),
        _number(outcome),
        _number(gap),
        _number(slowest),
    )


def sparkline(values: Sequence[float | None]) -> str:
    """Numbers in [0, 1] as bars, a dot where there is none."""
    return "".join("·" if value is None else BARS[min(int(value * len(BARS)), len(BARS) - 1)] for value in values)


def _mean(parts: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in parts if value is not None and weight]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


@click.command()
@click.argument("learner")
@home_option
@json_option
@explained
def triggers(learner: str, home: Path | None, as_json: bool) -> None:
    """Show how near each trigger of LEARNER is."""
    from samouk import assembly, domains
    from samouk.loop.watch import view

    known = domains.learner(learner)
    with assembly.opened(settings(home)) as services:
        warn_of_other_rules(known, services)
        found = view(known, services)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.kind,
            one.name,
            "" if one.value is None else f"{one.value:g}",
            f"{one.threshold:g}",
            f"{sparkline([min(one.share, 1.0)])} {one.share:.0%}",
            f"{one.fired:%Y-%m-%d %H:%M}" if one.fired else "never",
            one.note,
        )
        for one in found
    ]
    table(("trigger", "of", "now", "fires at", "near", "last fired", "note"), rows)
