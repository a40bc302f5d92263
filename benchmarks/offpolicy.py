"""Off-policy estimates on the Open Bandit Dataset's small files (campaign men), beside the measured and published ones.

Needs ``bandit/obd_men`` in the folder that SAMOUK_SHARED names, or in ``../shared/data``.
"""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from samouk.domains.scoring.offpolicy import Estimate, Logged, Report, evaluate, out_of_fold
from samouk.loop.records import FloatArray, IntArray

ARMS, PLACES = 34, 3
BOOTSTRAPS = 20
TRUE = {"random": 0.0051, "bts": 0.0067}
"""Click rates in all 26 million rows of campaign men, as the data set's authors print them."""

MEASURED = {
    "bts -> random": {"dm": 0.094, "ips": 0.396, "snips": 0.360, "dr": 0.366, "sndr": 0.390},
    "random -> bts": {"dm": 0.274, "ips": 0.337, "snips": 0.325, "dr": 0.316, "sndr": 0.317},
}
"""Relative errors of the usual estimators on these files, the mean of 20 bootstraps with other seeds than ours."""

MEASURED_WHOLE = {"bts -> random": {"ips": 0.41, "snips": 0.37, "clipped": 0.25}, "random -> bts": {}}
"""The same without a bootstrap: nothing is drawn, so that these must come out alike."""

PUBLISHED = {"dm": 0.157, "dr-os": 0.160, "switch-dr": 0.258, "dr": 0.292, "sndr": 0.302, "ips": 0.311, "snips": 0.312}
"""README of zr-obp, campaign all, random -> bts: another campaign, for scale."""


@dataclass(frozen=True, slots=True)
class Clicks:
    """One of the files: what was shown where, to whom, and whether it was clicked."""

    arm: IntArray
    place: IntArray
    click: FloatArray
    propensity: FloatArray
    users: FloatArray

    def rows(self, index: IntArray) -> Clicks:
        return Clicks(self.arm[index], self.place[index], self.click[index], self.propensity[index], self.users[index])


def folder() -> Path | None:
    """Where the data lies, None where it does not."""
    shared = os.environ.get("SAMOUK_SHARED", str(Path(__file__).parents[2] / "shared"))
    for found in (Path(shared) / "data" / "bandit" / "obd_men", Path(shared) / "bandit" / "obd_men"):
        if found.is_dir():
            return found
    print(f"left out: bandit/obd_men is not in {shared}; set SAMOUK_SHARED to the folder that holds it")
    return None


def load(path: Path) -> Clicks:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> FloatArray:
        return np.array([float(row[name]) for row in rows])

    users = [one_hot(np.unique([row[f"user_feature_{i}"] for row in rows], return_inverse=True)[1]) for i in range(4)]
    place = column("position").astype(int) - 1
    return Clicks(column("item_id").astype(int), place, column("click"), column("propensity_score"), np.hstack(users))


def one_hot(codes: IntArray, size: int | None = None) -> FloatArray:
    return np.eye(size or int(codes.max()) + 1)[codes]


def click_model(clicks: Clicks) -> FloatArray:
    """Expected clicks (n, arms), out of fold: a logistic regression on arm, place and user, each with an L2 of 1."""
    context = np.hstack([one_hot(clicks.place, PLACES), clicks.users])
    design = np.hstack([np.ones((len(clicks.arm), 1)), one_hot(clicks.arm, ARMS), context])

    def fit(train: IntArray, held: IntArray) -> FloatArray:
        weights = logistic(design[train], clicks.click[train])
        base = weights[0] + context[held] @ weights[1 + ARMS :]
        return expit(base[:, None] + weights[1 : 1 + ARMS])

    return out_of_fold(len(clicks.arm), fit)


def logistic(design: FloatArray, target: FloatArray) -> FloatArray:
    """Newton's method; the first column's weight is free, the others are held by an L2 of 1."""
    held = np.ones(design.shape[1])
    held[0] = 1e-6
    weights = np.zeros(design.shape[1])
    weights[0] = np.log(max(target.mean(), 1e-6))
    for _ in range(20):
        chance = expit(design @ weights)
        slope = design.T @ (chance - target) + held * weights
        curve = (design.T * (chance * (1 - chance))) @ design + np.diag(held)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def expit(values: FloatArray) -> FloatArray:
    found: FloatArray = 1 / (1 + np.exp(-values))
    return found


def report(clicks: Clicks, policy: FloatArray) -> Report:
    """The estimates for a policy (places, arms)."""
    logged = Logged(clicks.arm, clicks.click, clicks.propensity)
    return evaluate(logged, policy[clicks.place], click_model(clicks))


def bootstraps(clicks: Clicks, policy: FloatArray, truth: float) -> dict[str, dict[str, float]]:
    """Relative errors over bootstraps, drawn as the data set's own examples draw them: seeds from 0 on."""
    size = len(clicks.arm)
    found: dict[str, list[Estimate]] = {}
    for seed in range(BOOTSTRAPS):
        drawn = np.random.RandomState(seed).choice(np.arange(size), size=size, replace=True)
        for name, estimate in report(clicks.rows(drawn), policy).estimates.items():
            found.setdefault(name, []).append(estimate)
    rows = {}
    for name, estimates in found.items():
        errors = np.array([abs(one.value - truth) / truth for one in estimates])
        rows[name] = {"error": float(errors.mean()), "sd": float(errors.std())}
        if estimates[0].interval != "none":
            rows[name]["covered"] = float(np.mean([one.low <= truth <= one.high for one in estimates]))
    return rows


def show(title: str, clicks: Clicks, policy: FloatArray, truth: float) -> dict[str, object]:
    """One table: the log as it is, and its bootstraps."""
    whole = report(clicks, policy)
    rows = bootstraps(clicks, policy, truth)
    print(f"\n{title}: truth {truth}, on-policy mean {whole.logging.value:.4f}, {whole.rewarded} clicks in")
    print(f"{whole.decisions} rows, ESS {whole.ess:.0f}, largest weight {whole.largest_weight:.0f}: {whole.verdict}")
    print(f"{'':9}{'':9} {'':17} {'':>11} {'':6} {'whole log':>13}   {BOOTSTRAPS} bootstraps each")
    print(
        f"{'':9}{'estimate':>9} {'95 % interval':>17} {'by':>11} {'ESS':>6} {'error':>6} {'target':>6}"
        f"   {'error':14} {'target':>6} {'chance':>7}  cover"
    )
    log = {}
    for name, one in whole.estimates.items():
        row, error, known = rows[name], abs(one.value - truth) / truth, one.interval != "none"
        log[name] = {"value": one.value, "low": one.low if known else None, "high": one.high if known else None}
        print(
            f"{name:9}{one.value:9.5f} {f'[{one.low:.4f}, {one.high:.4f}]' if known else '':>17} {one.interval:>11}"
            f" {one.ess:6.0f} {error:6.3f} {_figure(MEASURED_WHOLE[title].get(name))}"
            f"   {row['error']:.3f} +-{row['sd']:.3f} {_figure(MEASURED[title].get(name))}"
            f" +-{_chance(row['sd']):5.3f}  {_figure(row.get('covered'))}"
        )
    return {"truth": truth, "ess": whole.ess, "log": log, "bootstraps": rows, "measured_before": MEASURED[title]}


def _figure(value: float | None) -> str:
    return f"{'':6}" if value is None else f"{value:6.3f}"


def _chance(deviation: float) -> float:
    """How far the means of two sets of bootstraps of one log lie apart by their seeds alone, 19 times in 20."""
    return float(1.96 * deviation * (2 / BOOTSTRAPS) ** 0.5)


def fixed_arm(clicks: Clicks) -> dict[str, float]:
    """The best fixed arm, chosen on one half of the random log and valued on the other, beside uniform."""
    half = np.random.RandomState(0).permutation(len(clicks.arm))
    first, second = clicks.rows(half[: len(half) // 2]), clicks.rows(half[len(half) // 2 :])
    rate = np.bincount(first.arm, first.click, ARMS) / np.bincount(first.arm, minlength=ARMS)
    best = int(rate.argmax())
    value = report(second, np.tile(np.eye(ARMS)[best], (PLACES, 1))).estimates["snips"]
    uniform = report(second, np.full((PLACES, ARMS), 1 / ARMS)).estimates["snips"]
    print(f"\nbest fixed arm ({best}, chosen on the other half): {value.value:.4f} [{value.low:.4f}, {value.high:.4f}]")
    print(f"uniform: {uniform.value:.4f} [{uniform.low:.4f}, {uniform.high:.4f}]: the arms cannot be told apart")
    return {"arm": best, "value": value.value, "low": value.low, "high": value.high, "uniform": uniform.value}


def main() -> None:
    """Print the tables and keep the figures."""
    began = time.process_time()
    home = folder()
    if home is None:
        return
    random, bts = load(home / "random.csv"), load(home / "bts.csv")
    uniform = np.full((PLACES, ARMS), 1 / ARMS)
    # The logged Thompson sampling drifts over the week; how often it showed each arm where is the nearest to a policy.
    shown = np.array([np.bincount(bts.arm[bts.place == place], minlength=ARMS) for place in range(PLACES)])
    figures = {
        "bts -> random": show("bts -> random", bts, uniform, TRUE["random"]),
        "random -> bts": show("random -> bts", random, shown / shown.sum(axis=1, keepdims=True), TRUE["bts"]),
        "best fixed arm": fixed_arm(random),
        "published, campaign all": PUBLISHED,
    }
    print("\ntarget: measured before on the same files. Both see the same whole log, so that its errors agree.")
    print(f"The bootstraps have the seeds 0 to {BOOTSTRAPS - 1} here, {BOOTSTRAPS} others there: two sets differ")
    print("by +-chance, and all estimators of a set together, for they see the same clicks. In random -> bts")
    print("the target's policy was rebuilt from its prior, not from its frequencies: its errors are of another policy.")
    print(f"\npublished for campaign all, random -> bts: {PUBLISHED}")
    print(
        "random -> bts is no clean test: the logged policy changes over the week, and is replaced by its frequencies."
    )
    figures["cpu_s"] = {"all": time.process_time() - began}
    results = Path(__file__).parent / "results" / "offpolicy.json"
    results.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
