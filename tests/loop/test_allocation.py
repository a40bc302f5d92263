"""How a bandit shares the traffic: to what is likely the best, fair to every period, until one is proven."""

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from samouk.loop.allocation import FLOOR, best, fair, reallocate, shares
from samouk.loop.live import FIRST, ArmStats, Rollout, RolloutState, Share, Variant
from samouk.loop.rollout import Action, Facts, Judgement, decide
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.sequential import Arm

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
EVEN = {"a": 1 / 3, "b": 1 / 3}


def bandit(**changes: Any) -> Rollout:
    standard = Rollout(
        "r1", "toy", "v1.0", EVEN, "bandit", (1.0,), 0, RolloutState.RUNNING, "seed", NOW - 3 * DAY, NOW - 2 * DAY
    )
    return dataclasses.replace(standard, **changes)


def arm(version: str, n: int, rate: float, step: int = 0, **changes: Any) -> ArmStats:
    variant = Variant.CONTROL if version == "v1.0" else Variant.CHALLENGER
    good = [float(int((i + 1) * rate) > int(i * rate)) for i in range(min(n, FIRST))]
    spread = rate * (1 - rate) * n / (n - 1)
    standard = ArmStats(
        step, variant, version, n, n, Share(), Share(), n, rate, spread, tuple(good), NOW - dt.timedelta(minutes=1)
    )
    return dataclasses.replace(standard, **changes)


def judged(*arms: ArmStats, rollout: Rollout | None = None, **changes: Any) -> Judgement:
    return decide(dataclasses.replace(Facts(rollout or bandit(), RolloutPolicy(mode="bandit"), NOW, arms), **changes))


def test_the_champion_has_what_the_challengers_leave() -> None:
    """Shares sum to 1, whatever the challengers have."""
    assert shares(bandit(challengers={"a": 0.25, "b": 0.5})) == {"v1.0": 0.25, "a": 0.25, "b": 0.5}
    assert shares(bandit(challengers={"a": 0.7, "b": 0.3}))["v1.0"] == pytest.approx(0.0)


def test_changing_splits_do_not_bias_the_means() -> None:
    """Planted failure: equal in each period, but a had most of the good one; pooled it looks better, by period not."""
    known = [arm("v1.0", 900, 0.1), arm("a", 100, 0.1), arm("v1.0", 100, 0.3, step=1), arm("a", 900, 0.3, step=1)]
    pooled = {v: sum(x.measured * x.mean for x in known if x.version == v) / 1_000 for v in ("v1.0", "a")}
    found = fair(known, ["v1.0", "a"])
    assert pooled["a"] - pooled["v1.0"] > 0.15
    assert found["a"].mean == pytest.approx(found["v1.0"].mean) == pytest.approx(0.2)


def test_without_a_common_period_nothing_is_known() -> None:
    """One version alone says nothing about the other."""
    found = fair([arm("v1.0", 900, 0.1)], ["v1.0", "a"])
    assert found["v1.0"] == found["a"]


def test_chances_are_those_of_the_posterior_and_the_same_for_the_same_seed() -> None:
    """Two normal means one standard error of the difference apart: the better one wins in 84 %."""
    means = {"a": Arm(1, 0.5, 0.0005), "b": Arm(1, 0.5 + 0.001**0.5, 0.0005)}
    found = best(means, "seed", 3)
    assert found["b"] == pytest.approx(0.841, abs=0.02)
    assert found == best(means, "seed", 3)
    assert found != best(means, "seed", 4)
    assert sum(found.values()) == pytest.approx(1.0)


def test_every_version_keeps_its_floor_and_what_is_worse_gets_nothing() -> None:
    """So that a version that fell behind by bad luck can still come back."""
    known = [arm("v1.0", 2_000, 0.1), arm("a", 2_000, 0.2), arm("b", 2_000, 0.1)]
    found = reallocate(known, bandit(), ())
    assert found["b"] == pytest.approx(FLOOR, abs=1e-6)
    assert found["a"] > 0.85
    assert sum(found.values()) <= 1 - FLOOR + 1e-9
    without = reallocate(known, bandit(), ("b",))
    assert without["b"] == 0.0
    assert without["a"] > 0.9


def level(n: int, step: int = 0) -> tuple[ArmStats, ...]:
    return tuple(arm(version, n, 0.1, step) for version in ("v1.0", "a", "b"))


GOOD = (arm("v1.0", 4_000, 0.10), arm("a", 4_000, 0.16), arm("b", 4_000, 0.10))
TWINS = (arm("v1.0", 4_000, 0.10), arm("a", 4_000, 0.16), arm("b", 4_000, 0.16))
HALF = (arm("v1.0", 4_000, 0.16), arm("a", 4_000, 0.16), arm("b", 4_000, 0.10))
BAD = (arm("v1.0", 4_000, 0.16), arm("a", 4_000, 0.10), arm("b", 4_000, 0.10))
OUT = bandit(challengers={"a": 0.5, "b": 0.0}, step=1, since=NOW - dt.timedelta(hours=1))
LATE = bandit(started=NOW - 40 * DAY)
CASES: dict[str, tuple[Judgement, Action, str]] = {
    "next period": (judged(*level(300)), Action.REALLOCATE, "the next period begins; shares are now a"),
    "too soon": (judged(*level(300), rollout=bandit(since=NOW - dt.timedelta(hours=1))), Action.HOLD, "lasts until"),
    "best": (judged(*GOOD), Action.PROMOTE, "proven better"),
    "approval": (judged(*GOOD, approval="human"), Action.WAIT, "a person must approve"),
    "which is best": (judged(*TWINS), Action.REALLOCATE, "the next period begins"),
    "either will do": (judged(*TWINS, rollout=LATE), Action.PROMOTE, "proven better"),
    "nothing proven": (judged(*level(4_000), rollout=LATE), Action.END, "nothing was proven"),
    "one is worse": (judged(*HALF), Action.REALLOCATE, "taken out: b: proven worse"),
    "it stays out": (judged(*HALF, rollout=OUT), Action.HOLD, "lasts until"),
    "all are worse": (judged(*BAD), Action.ROLL_BACK, "a: proven worse"),
    "waits": (judged(*GOOD, rollout=bandit(state=RolloutState.WAITING)), Action.HOLD, "waits for a person"),
    "ratio": (judged(*level(3_000)[:2], arm("b", 2_000, 0.1)), Action.PAUSE, "sample-ratio mismatch"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_reason_of_a_bandit_is_reached(name: str) -> None:
    """The action and the words of each."""
    found, action, reason = CASES[name]
    assert (found.action, reason in found.reason) == (action, True), found.reason


def test_what_fails_is_taken_out_whatever_its_outcomes() -> None:
    """A guard that breaks counts as harm for the version alone."""
    known = (arm("v1.0", 3_000, 0.1), arm("a", 3_000, 0.2, failed=Share(0.1, 0.09)), arm("b", 3_000, 0.1))
    found = judged(*known)
    assert found.action is Action.REALLOCATE
    assert "a: answered fell" in found.reason
    assert found.weights["a"] == 0.0


def test_after_a_reallocation_the_ratio_is_not_judged() -> None:
    """Units that moved count nowhere, so that nothing is to be expected of the rest."""
    found = judged(*level(300), *(arm(v, n, 0.1, 1) for v, n in (("v1.0", 900), ("a", 50), ("b", 50))), rollout=OUT)
    assert found.action is not Action.PAUSE
    assert "srm_p" not in found.figures


def simulated(seed: int, rates: dict[str, float], periods: int = 25) -> tuple[Action, str | None, float]:
    """A bandit of 1,000 units a day: how it ends, for whom, and the share that the best version had."""
    rng, rollout, known, had = np.random.default_rng(seed), bandit(started=NOW, since=NOW), [], []
    for step in range(periods):
        now = NOW + (step + 1) * DAY
        for version, share in shares(rollout).items():
            if n := int(rng.binomial(1_000, min(1.0, share))):
                x = (rng.random(n) < rates[version] + 0.05 * (step % 2)).astype(float)
                variance = float(x.var(ddof=1)) if n > 1 else 0.0
                first = tuple(x[:FIRST].tolist())
                one = arm(version, max(n, 2), 0.1, step, mean=float(x.mean()), variance=variance, first=first)
                known.append(dataclasses.replace(one, measured=n, units=n, exposures=n, newest=now))
        had.append(shares(rollout)[max(rates, key=rates.__getitem__)])
        found = decide(Facts(rollout, RolloutPolicy(mode="bandit"), now, tuple(known)))
        if found.action is not Action.REALLOCATE:
            return found.action, found.version, float(np.mean(had))
        rollout = dataclasses.replace(rollout, challengers=found.weights, step=step + 1, since=now)
    return Action.HOLD, None, float(np.mean(had))


def test_the_best_gets_the_traffic_and_the_crown_though_days_differ() -> None:
    """Rates swing from day to day; the better challenger wins in nine of ten, and had most of the traffic before."""
    ends = [simulated(seed, {"v1.0": 0.10, "a": 0.10, "b": 0.16}) for seed in range(20)]
    assert sum((action, version) == (Action.PROMOTE, "b") for action, version, _ in ends) >= 18
    assert np.mean([share for _, _, share in ends]) > 0.5


def test_equal_versions_seldom_win_or_lose() -> None:
    """Of 40 bandits among equals at most one in twenty crowns anybody or takes all back."""
    ends = [simulated(seed, {"v1.0": 0.10, "a": 0.10, "b": 0.10})[0] for seed in range(40)]
    assert sum(action in (Action.PROMOTE, Action.ROLL_BACK) for action in ends) <= 2
