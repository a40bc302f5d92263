"""Commands about models of one's own: make test samples, train on samples."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np

from samouk.domains.screens.commands.ends import BadInput, MissingExtra
from samouk.domains.screens.commands.inputs import STANDARD_INPUT, Samples, file_type, read_samples
from samouk.domains.screens.commands.outputs import require_place, write
from samouk.domains.screens.commands.pickled import SUFFIX, pickled
from samouk.domains.screens.commands.printing import (
    counted,
    is_watched,
    json_option,
    meter,
    print_json,
    progress,
    shares,
)
from samouk.edge.wire import GROUPS

if TYPE_CHECKING:
    from samouk.edge.wire import Row
    from samouk.loop.learner import Learner
    from samouk.loop.records import Artifact, Examples

PART = 2_000
"""Test samples that are simulated at a time; each part comes of apps of its own."""

HELD_OUT = 0.2
MINIMUM = 100
"""Labelled samples to train on, at least: fewer would teach nothing and measure nothing."""

_NEEDED = ("lightgbm", "onnx")
_MANY = 1_000_003
WORLDS = 1_000_000_000
"""Added to every seed, so that no test sample comes of a world that the shipped model has learnt from."""


@click.command("generate-test-samples")
@click.option("--count", type=click.IntRange(1, 10_000_000), default=1_000, show_default=True, help="Samples to make.")
@click.option("--output", type=file_type, required=True, help="File to write; - is standard output.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Equal seeds give equal samples.")
@json_option
def generate_test_samples(count: int, output: Path, seed: int, as_json: bool) -> None:
    """Write samples of simulated screens.

    They come of many apps, are labelled with the truth, and written as a JSON list.
    """
    if output != STANDARD_INPUT:
        require_place(output)
    with progress(range(0, count, PART), "Simulating", is_watched(as_json)) as starts:
        rows = [row for start in starts for row in _simulated(min(PART, count - start), seed + start // PART * _MANY)]
    body = b"[\n" + b",\n".join(json.dumps(row).encode() for row in rows) + b"\n]\n"
    if output == STANDARD_INPUT:
        click.echo(body, nl=False)
        return
    write(output, body)
    if as_json:
        print_json({"samples": len(rows), "output": str(output), "seed": seed, "types": _types(rows)})
        return
    click.echo(f"✅ {counted(len(rows), 'sample')} written to {output} (seed {seed})")
    for line in shares(_types(rows), most=10):
        click.echo(line)
    click.echo("   They are simulated: good for trying things out, no measure of real apps.")
    click.echo(f"💡 To train on them: observe ml train --data {output} --output model.onnx")


@click.command()
@click.option(
    "--data",
    required=True,
    multiple=True,
    type=file_type,
    help="A file of samples or a folder of batches; may be repeated.",
)
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), help="model.onnx, or model.pkl for your own disk."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the split and of the fit.")
@json_option
def train(data: tuple[Path, ...], output: Path, seed: int, as_json: bool) -> None:
    """Train a model of your own.

    It is measured on samples that it did not see. Simulated ones of each type that ship with the
    package are learnt from, too, so that rare types are not forgotten. DATA is what
    generate-test-samples wrote, or batches of the cache. Needs pip install 'samouk[server]'.
    """
    if output.suffix not in (".onnx", SUFFIX):
        raise click.UsageError(f"--output {output}: must end in .onnx, or in .pkl for your own disk")
    require_place(output)
    learner = _learner()
    examples = _examples(learner, read_samples(data))
    parts = split(examples, seed)
    artifact = _fit(learner, parts.taught, seed, is_watched(as_json))
    body = artifact.data if output.suffix == ".onnx" else pickled(artifact.data, artifact.metadata)
    write(output, body)
    figures = _figures(learner, artifact, parts.held)
    if as_json:
        counts = {"trained_on": parts.taught.rows, "simulated": _reminders(), "held_out": parts.held.rows}
        print_json({"output": str(output), "bytes": len(body), **counts, "split": parts.how, "figures": figures})
    else:
        _say(output, len(body), parts, figures, {metric.name: metric.help for metric in learner.metrics})


class Parts(NamedTuple):
    """Examples to learn from and examples to judge by, and in words how they were parted."""

    taught: Examples
    held: Examples
    how: str


def split(examples: Examples, seed: int) -> Parts:
    """Keep about a fifth to judge by: whole groups where some make that up, else rows at random."""
    rng = np.random.default_rng(seed)
    groups, sizes = np.unique(examples.groups, return_counts=True)
    held: list[int] = []
    rows = 0
    for place in rng.permutation(len(groups)) if len(groups) < examples.rows else ():
        if rows < HELD_OUT * examples.rows and rows + sizes[place] <= examples.rows / 2:
            held.append(int(groups[place]))
            rows += int(sizes[place])
    if rows >= HELD_OUT * examples.rows / 2:
        mask = np.isin(examples.groups, held)
        how = f"{counted(len(held), 'group')} of {len(groups)} kept out whole, so nothing was learnt from their apps"
    else:
        mask = rng.random(examples.rows) < HELD_OUT
        how = "split at random, for nothing tells their apps apart; on apps it has not seen it will do worse"
    return Parts(_chosen(examples, ~mask), _chosen(examples, mask), how)


def _chosen(examples: Examples, mask: Any) -> Examples:
    from samouk.loop.columns import take
    from samouk.loop.records import Examples as Chosen
    from samouk.loop.records import Labels

    labels = examples.labels
    return Chosen(
        take(examples.columns, mask),
        Labels(labels.values[mask], labels.confidence[mask], labels.trusted[mask]),
        examples.groups[mask],
    )


def _learner() -> Learner:
    """The learner of this domain. Raises MissingExtra when what trains it is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"training needs {' and '.join(missing)}: pip install 'samouk[server]'")
    from samouk.domains.screens import DOMAIN

    return DOMAIN.learners[0]


def _examples(learner: Learner, batches: Sequence[Samples]) -> Examples:
    """The samples that carry a label, each with its group.

    Batches of one application group are one group, and so is each of several plain lists. A single list
    tells nothing of what came together: each of its samples is a group of its own.
    """
    from samouk.loop.columns import from_rows
    from samouk.loop.snapshot import join, label

    filled = [batch for batch in batches if batch.rows]
    numbers = [GROUPS + place if batch.group is None else batch.group for place, batch in enumerate(filled)]
    parts = [label(learner, from_rows(learner.schema, b.rows), n) for b, n in zip(filled, numbers, strict=True)]
    found = join(learner, parts)
    if found.rows < MINIMUM:
        raise BadInput(f"{counted(found.rows, 'labelled sample')} found; at least {MINIMUM} are needed to learn from")
    if numbers == [GROUPS]:
        found = replace(found, groups=GROUPS + np.arange(found.rows, dtype=np.int32))
    return found


def _fit(learner: Learner, examples: Examples, seed: int, watched: bool) -> Artifact:
    from samouk.loop.learner import Context

    context = Context(seed=seed, threads=max(1, (os.cpu_count() or 1) - 1))
    if not watched:
        return learner.fit(examples, None, context)
    with meter(100, "🧠 Training") as bar:

        def show(text: str, share: float) -> None:
            bar.update(round(100 * share) - bar.pos, text)  # type: ignore[arg-type]  # any word will do

        artifact = learner.fit(examples, None, replace(context, progress=show))
        show("done", 1.0)
    return artifact


def _figures(learner: Learner, artifact: Artifact, held: Examples) -> dict[str, dict[str, float]]:
    """Metric → mean and number of held-out elements that it applies to; only labels that may judge count."""
    from samouk.loop.learner import mean
    from samouk.loop.snapshot import trusted

    judged = trusted(held)
    scores = learner.score(artifact, judged) if judged.rows else {}
    counts = {name: int(np.count_nonzero(~np.isnan(values))) for name, values in scores.items()}
    return {name: {"mean": mean(values), "n": counts[name]} for name, values in scores.items() if counts[name]}


def _say(
    output: Path, size: int, parts: Parts, figures: Mapping[str, Mapping[str, float]], helps: Mapping[str, str]
) -> None:
    click.echo(f"✅ {output} ({size:,} bytes), trained on {counted(parts.taught.rows, 'element')} of yours")
    click.echo(f"   and on {counted(_reminders(), 'simulated one')} that ship with it, so that no type is forgotten")
    click.echo(f"   Measured on {counted(parts.held.rows, 'element')} that it did not see")
    click.echo(f"   ({parts.how})")
    for name, figure in figures.items():
        click.echo(f"   {figure['mean']:6.1%}  {name} of {figure['n']:,}")
        click.echo(f"           {helps[name]}")
    if not figures:
        click.echo("   None of their labels is sure enough to judge a model on.")
    trust = " --trust-pickle" if output.suffix == SUFFIX else ""
    click.echo(f"💡 To use it: observe ml predict screen.xml --model {output}{trust}")


def _reminders() -> int:
    """Simulated rows that every model learns from beside what it is given."""
    from samouk.domains.screens.model import simulated_lessons

    return len(simulated_lessons().types)


def _simulated(count: int, seed: int) -> list[Row]:
    from samouk.domains.screens.world import test_samples

    return test_samples(count, WORLDS + seed)


def _types(rows: Sequence[Row]) -> dict[str, int]:
    return dict(Counter(str(row["element_type"]) for row in rows).most_common())
