"""``samouk erase`` and ``samouk export-subject``: what is held of a person or a batch, its end, and the proof of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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
    writable,
)

if TYPE_CHECKING:
    from samouk.loop.erasure import House, Proof
    from samouk.loop.learner import Learner
    from samouk.loop.ports import Services

learner_option = click.option("--learner", "names", multiple=True, help="Only this learner; may be given again.")


@click.command()
@click.option("--receipt", "told", multiple=True, help="RECEIPT, or BATCH_ID:RECEIPT; may be given again.")
@click.option("--receipts", type=click.File(), help="File with one of these a line; - reads standard input.")
@click.option("--subject", help="Who it is, as predictions named the unit: nothing of it is kept.")
@learner_option
@click.option(
    "--verify", "proof", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A proof to check."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=writable,
    help="Keep the proof in this file.",
)
@home_option
@json_option
@explained
def erase(
    told: tuple[str, ...],
    receipts: Any,
    subject: str | None,
    names: tuple[str, ...],
    proof: Path | None,
    output: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Erase batches by their receipts, or a subject from everywhere, and prove it by searching the whole store.

    Exits with 1 when something was found, or must wait; asking again goes on from there.
    """
    wanted = [*told, *(line.strip() for line in receipts or () if line.strip())]
    if sum((bool(wanted), subject is not None, proof is not None)) != 1:
        raise click.UsageError(
            "say what to erase with --receipt, --receipts or --subject, or what to check with --verify"
        )
    with _house(home, names) as (house, learners):
        if proof is not None:
            found = _again(house.services, proof)
        elif subject is not None:
            found = _of_subject(house, learners, subject)
        else:
            found = _of_receipts(house, wanted)
    if output is not None:
        _keep(found, output)
    if as_json:
        print_json(found.plain())
    else:
        show_proof(found, again=proof is not None)
    sys.exit(0 if found.complete else FAILED)


def _keep(proof: Proof, output: Path) -> None:
    """Write the proof; where that fails it goes to standard output, for what it proves is gone already."""
    try:
        output.write_text(json.dumps(proof.plain(), indent=1) + "\n")
    except OSError as error:
        print_json(proof.plain())
        fail(f"{output}: {error.strerror}; the erasure was done, and its proof stands above: keep it", UNUSABLE)


@contextmanager
def _house(home: Path | None, names: Sequence[str]) -> Iterator[tuple[House, list[Learner]]]:
    from samouk import assembly, domains
    from samouk.loop.erasure import House
    from samouk.loop.ports import REWRITE_BYTES
    from samouk.server.exposures import Exposures

    chosen, known = settings(home), domains.discover()
    learners = [domains.learner(name) for name in names]
    everything = learners or [one for domain in known.values() for one in domain.learners if one.outcomes]
    concerned = [domain for domain in known.values() if not names or any(one in learners for one in domain.learners)]
    with assembly.opened(chosen) as services:
        # What a dead server left in its files would come back with the next start.
        spool = Exposures(services.journal, assembly.Places.of(chosen).exposures)
        yield House(services, concerned, spool.recover, rewrite=REWRITE_BYTES), everything


def _of_subject(house: House, learners: Sequence[Learner], subject: str) -> Proof:
    from samouk.loop.erasure import erase_subject

    return erase_subject(house, learners, subject, "operator")


def _of_receipts(house: House, wanted: Sequence[str]) -> Proof:
    from samouk.edge.wire import receipt_hash
    from samouk.loop.erasure import erase_receipts

    named = [tuple(one.split(":", 1)) for one in wanted if ":" in one]
    bare = {receipt_hash(one): one for one in wanted if ":" not in one}
    found = house.services.log.of_receipts(list(bare))
    missing = bare.keys() - {kept for _, kept in found}
    if missing:
        raise click.UsageError(f"no batch ever came with {len(missing)} of these receipts; nothing was erased")
    pairs = [*((one[0], one[1]) for one in named), *((one.batch_id, bare[kept]) for one, kept in found)]
    return erase_receipts(house, list(dict(pairs).items()), "operator")


def _again(services: Services, path: Path) -> Proof:
    from samouk.loop.erasure import FORMAT, BadProof, proof_of, verify

    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        fail(f"{path} is not the JSON of a proof, as `samouk erase --output` writes it", UNUSABLE)
    try:
        proof = proof_of(document, services)
    except BadProof as error:
        fail(f"{path}: {error}", UNUSABLE)
    return verify(services, proof)


def show_proof(proof: Proof, *, again: bool) -> None:
    """What was removed, what was searched and found; ``again`` when an older proof was checked."""
    removed = ", ".join(f"{number:,} {what}" for what, number in proof.removed.items() if number) or "nothing"
    click.echo(f"🔎 the proof says that this was removed: {removed}" if again else f"🧽 removed: {removed}")
    size, items = sum(place.size for place in proof.looked), sum(place.items for place in proof.looked)
    click.echo(
        f"🔎 searched {items:,} items of {size:,} bytes for {len(proof.marks):,} marks "
        f"and {len(proof.packs):,} packs: {proof.left:,} found"
    )
    if not proof.sought:
        click.echo("   There was nothing to look for: all of it had gone before. Keep the proof of that time.")
    for place in proof.looked:
        if place.found:
            click.echo(f"   {place.place}: {place.found:,} found" + (", goes by itself" if place.passing else ""))
    for reason in proof.pending:
        click.echo(f"⏳ {reason}")
    if proof.tainted:
        click.echo(f"   Fitted on it, replaced by the next turn: {', '.join(proof.tainted)}")
    click.echo(f"{'✅ proven' if proof.complete else '❌ not proven'}: sha256 {proof.digest}")


@click.command("export-subject")
@click.argument("subject", required=False)
@learner_option
@click.option("--receipt", help="BATCH_ID:RECEIPT: what is held of this batch of --learner, in place of a subject.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=writable,
    help="File to write; else standard output.",
)
@home_option
@explained
def export_subject(
    subject: str | None, names: tuple[str, ...], receipt: str | None, output: Path | None, home: Path | None
) -> None:
    """Write all that is held of SUBJECT, as predictions named the unit: a JSON object a line."""
    from samouk.export import write
    from samouk.loop.held import of_batch, of_subject
    from samouk.server.lines import encoded

    if (subject is None) == (receipt is None):
        raise click.UsageError("name a SUBJECT, or a batch with --receipt")
    if receipt is not None and (len(names) != 1 or ":" not in receipt):
        raise click.UsageError("--receipt takes BATCH_ID:RECEIPT, and one --learner")
    with _house(home, names) as (house, learners):
        house.settle()
        if receipt is not None:
            batch_id, _, secret = receipt.partition(":")
            found = of_batch(house.services, learners[0], batch_id, secret)
        else:
            found = of_subject(house.services, learners, house.domains, subject or "")
        lines: Iterable[bytes] = map(encoded, found)
        if output is not None:
            write(lines, output)
            return
        for line in lines:
            sys.stdout.buffer.write(line)
