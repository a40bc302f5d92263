"""From source to tests that ran: for each example app and platform how many tests pass, and notice a broken element."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.domains.screens.rehearsal.examples import Example, examples, written

from samouk.domains.screens.testgen.rehearsal.proving import Proof, prove
from samouk.domains.screens.testgen.rehearsal.server import serving

RESULTS = Path(__file__).parent / "results" / "fullcycle.json"


def measured(example: Example, url: str, suite: Path) -> dict[str, Any]:
    """One app on one platform: reading and writing, one run of all tests, and the runs with a broken element."""
    begun = time.perf_counter()
    model, plan = written(example, suite)
    wrote = time.perf_counter()
    proof = prove(model, plan, suite, example.running, url)
    ended = time.perf_counter()
    return {
        "screens": len(model.screens),
        "interactive": sum(len(screen.interactive) for screen in model.screens),
        **counted(proof),
        "write_s": round(wrote - begun, 2),
        "prove_s": round(ended - wrote, 1),
    }


def counted(proof: Proof) -> dict[str, Any]:
    """Tests by outcome; mutants by what was done, as killed of tried tests that touch them."""
    fates = proof.fates.fates
    changes = sorted({one.mutant.change for one in fates})
    pairs = {
        change: [
            sum(len(one.killed) for one in fates if one.mutant.change == change),
            sum(len(one.killed) + len(one.survived) for one in fates if one.mutant.change == change),
        ]
        for change in changes
    }
    return {
        "tests": len(proof.rehearsal.outcomes),
        "passed": proof.rehearsal.count("passed"),
        "failed": [one.test for one in proof.rehearsal.of("failed")],
        "skipped": proof.rehearsal.count("skipped"),
        "tests_s": round(proof.rehearsal.seconds, 1),
        "mutants": len(fates),
        "killed_of_tried": pairs,
        "kill_rate": round(proof.fates.kill_rate, 3),
    }


def main() -> None:
    """Print a row an app and platform, and keep all."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, serving() as server:
        print(f"{'app':24}{'tests':>7}{'passed':>8}{'failed':>8}{'skipped':>9}{'mutants':>9}{'killed':>8}")
        for example in examples():
            suite = Path(folder) / str(example)
            suite.mkdir()
            told = figures[str(example)] = measured(example, server.url, suite)
            print(
                f"{example!s:24}{told['tests']:7}{told['passed']:8}{len(told['failed']):8}"
                f"{told['skipped']:9}{told['mutants']:9}{told['kill_rate']:8.1%}",
                flush=True,
            )
    RESULTS.write_text(json.dumps({"simulated": True, "apps": figures}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
