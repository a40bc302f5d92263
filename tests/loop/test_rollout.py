"""Assignment by hash, and the decision: every reason, its order, and how often it errs."""

import dataclasses
import datetime as dt
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.loop.assignment import Assignment, assign, point
from samouk.loop.live import FIRST, ArmStats, Rollout, RolloutState, Share, Variant
from samouk.loop.records import FloatArray
from samouk.loop.rollout import Action, Facts, Judgement, decide
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.shadows import Paired

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
POLICY = RolloutPolicy()
UNITS = [f"{unit:016x}" for unit in range(200_000)]
CONTROL, CHALLENGER = Variant.CONTROL, Variant.CHALLENGER


def rollout(**changes: Any) -> Rollout:
    """A ramp of one challenger in its second step, which began two days ago."""
    steps = (0.1, 0.5, 1.0)
    standard = Rollout(
        "r1", "toy", "v1.0", {"v1.1": 0.5}, "ab", steps, 1, RolloutState.RUNNING, "seed", NOW - 3 * DAY, NOW - 2 * DAY
    )
    return dataclasses.replace(standard, **changes)


def share(n: int, events: int) -> Share:
    """So many of ``n`` units that came once."""
    return Share(events / n, events * (n - events) / (n * (n - 1))) if n > 1 else Share(float(events))


def arm(step: int, variant: Variant, n: int, rate: float, **changes: Any) -> ArmStats:
    """An arm of so many units, of which as near to ``rate`` as can be turned out well, evenly spread."""
    good = round(n * rate)
    mean = good / n if n else 0.0
    first = tuple(float(math.floor((i + 1) * rate) > math.floor(i * rate)) for i in range(min(n, FIRST)))
    version = "v1.0" if variant is CONTROL else "v1.1"
    spread = mean * (1 - mean) * n / (n - 1) if n > 1 else 0.0
    soon = NOW - dt.timedelta(minutes=1)
    standard = ArmStats(step, variant, version, n, n, Share(), Share(), n, mean, spread, first, soon, due=n, heard=n)
    return dataclasses.replace(standard, **changes)


def arms(n: int, control: float, challenger: float, *, step: int = 1, **changes: Any) -> tuple[ArmStats, ArmStats]:
    """Both arms of a step; the changes are the challenger's."""
    return arm(step, CONTROL, n, control), arm(step, CHALLENGER, n, challenger, **changes)


def facts(*known: ArmStats, **changes: Any) -> Facts:
    return dataclasses.replace(Facts(rollout(), POLICY, NOW, known), **changes)


def judged(*known: ArmStats, **changes: Any) -> Judgement:
    return decide(facts(*known, **changes))


def test_points_are_uniform() -> None:
    """Chi-square over 100 bins of 200,000 units: within what chance allows at .0001."""
    counts = np.bincount([int(100 * point("seed", "toy", "r1", unit)) for unit in UNITS], minlength=100)
    assert len(counts) == 100
    assert ((counts - 2_000) ** 2 / 2_000).sum() < 160


@pytest.mark.parametrize("other", [("other", "toy", "r1"), ("seed", "toy", "r2"), ("seed", "tool", "r1")])
def test_points_of_two_rollouts_are_independent(other: tuple[str, str, str]) -> None:
    """Another seed, rollout or learner: no correlation, and a quarter of the units in both lower halves."""
    few = UNITS[:50_000]
    one = np.array([point("seed", "toy", "r1", unit) for unit in few])
    two = np.array([point(*other, unit) for unit in few])
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / math.sqrt(len(few))
    assert abs(((one < 0.5) & (two < 0.5)).mean() - 0.25) < 4 * math.sqrt(0.1875 / len(few))


def test_the_first_way_of_hashing_stays_as_it_is() -> None:
    """A rollout that began under it must find its arms again."""
    known = [round(point("seed", "toy", "r1", unit), 12) for unit in ("a", "b", "00ff")]
    assert known == [0.006612909723, 0.941819020257, 0.875684318329]


def test_units_that_a_newer_release_deals_are_compared_by_nobody_else() -> None:
    """Another way of hashing: all see the champion, outside of the comparison, whatever the mode."""
    for mode in ("ab", "shadow", "bandit"):
        found = {assign(rollout(hash_version=2, mode=mode), unit) for unit in UNITS[:100]}
        assert found == {Assignment("v1.0", Variant.CHAMPION, 1.0, -1)}


def test_no_unit_crosses_arms_while_the_ramp_grows() -> None:
    """From 10 % to 50 %: both arms keep all their units and have the size that the share says."""
    early = rollout(step=0, challengers={"v1.1": 0.1})
    before, after = ([assign(state, unit) for unit in UNITS[:50_000]] for state in (early, rollout()))
    counts = Counter(one.variant for one in before)
    assert abs(counts[CHALLENGER] - 5_000) < 270
    assert abs(counts[CONTROL] - 5_000) < 270
    assert all(b.variant is a.variant for a, b in zip(before, after, strict=True) if a.variant is not Variant.CHAMPION)
    assert Counter(one.variant for one in after)[Variant.CHAMPION] == 0
    assert {(one.version, one.step) for one in before} == {("v1.1", 0), ("v1.0", 0), ("v1.0", -1)}


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.8, 1.0])
def test_propensities_are_the_shares_of_versions(weight: float) -> None:
    """What is logged as the chance of a version is how often it is shown."""
    shown = [assign(rollout(challengers={"v1.1": weight}), unit) for unit in UNITS[:20_000]]
    for version in ("v1.0", "v1.1"):
        told = {one.propensity for one in shown if one.version == version}
        share = sum(one.version == version for one in shown) / len(shown)
        assert all(abs(share - propensity) < 0.015 for propensity in told)


@pytest.mark.parametrize("state", [state for state in RolloutState if state not in ("running", "waiting")])
def test_who_is_not_watched_is_not_shown(state: RolloutState) -> None:
    """Paused or over: everybody gets the champion, outside of the comparison."""
    for unit in UNITS[:100]:
        found = assign(rollout(state=state), unit)
        assert (found.version, found.variant, found.step, found.propensity) == ("v1.0", Variant.CHAMPION, -1, 1.0)


def test_a_shadow_predicts_and_is_never_shown() -> None:
    """Every unit sees the champion, inside of the comparison, with all challengers beside it."""
    found = {assign(rollout(mode="shadow", challengers={"a": 0.0, "b": 0.0}), unit) for unit in UNITS[:100]}
    (only,) = found
    assert (only.version, only.variant, only.step, only.shadows) == ("v1.0", CONTROL, 1, ("a", "b"))


def test_a_bandit_moves_units_only_from_what_shrank_or_to_what_grew() -> None:
    """Shares are as told, and nobody changes between two versions for nothing."""
    one = rollout(mode="bandit", challengers={"a": 0.3, "b": 0.3})
    two = rollout(mode="bandit", challengers={"a": 0.5, "b": 0.1})
    before, after = ([assign(state, unit).version for unit in UNITS[:20_000]] for state in (one, two))
    assert abs(Counter(after)["a"] / 20_000 - 0.5) < 0.015
    assert abs(Counter(after)["v1.0"] / 20_000 - 0.4) < 0.015
    moved = {(a, b) for a, b in zip(before, after, strict=True) if a != b}
    assert moved == {("b", "a"), ("b", "v1.0"), ("v1.0", "a")}


def test_a_version_without_weight_is_shown_to_nobody() -> None:
    """In a bandit what is proven worse has weight 0."""
    state = rollout(mode="bandit", challengers={"a": 0.0, "b": 0.5})
    assert {assign(state, unit).version for unit in UNITS[:2_000]} == {"v1.0", "b"}


WRONG = share(3_000, 200)
FINE = arms(3_000, 0.10, 0.10)
BETTER = arms(6_000, 0.10, 0.14)
WORSE = arms(3_000, 0.14, 0.10)
OLD = (dataclasses.replace(FINE[0], newest=NOW - 3 * DAY), dataclasses.replace(FINE[1], newest=NOW - 3 * DAY))
GONE = [dataclasses.replace(one, newest=NOW - 3 * DAY) for one in WORSE]
LOST = (arm(1, CONTROL, 9_000, 0.30, due=10_000), arm(1, CHALLENGER, 5_500, 0.36, units=9_000, due=10_000))
AHEAD = rollout(since=NOW + 30 * DAY, started=NOW + 29 * DAY)
SOON = rollout(since=NOW - dt.timedelta(hours=1))
LATE = rollout(started=NOW - 40 * DAY)
HASTY = dataclasses.replace(POLICY, quiet=30 * DAY)
LENIENT = dataclasses.replace(POLICY, goal="no_worse", tolerance=0.03)
REASONS: dict[str, tuple[Facts, Action, str]] = {
    "paused": (facts(*FINE, rollout=rollout(state=RolloutState.PAUSED)), Action.HOLD, "the rollout is paused"),
    "no exposures": (facts(), Action.HOLD, "no exposures yet"),
    "no traffic": (facts(*OLD), Action.HOLD, "no traffic"),
    "nobody came": (facts(rollout=LATE), Action.END, "nothing was proven in 28 days, the champion stays: no exposures"),
    "nobody comes any more": (facts(*OLD, rollout=LATE), Action.END, "the champion stays: no traffic"),
    "harm, then no traffic": (facts(*GONE), Action.ROLL_BACK, "proven worse"),
    "harm, then the clock was set back": (facts(*WORSE, rollout=AHEAD), Action.ROLL_BACK, "proven worse"),
    "the clock was set back": (facts(*FINE, rollout=AHEAD), Action.HOLD, "stale data"),
    "lost": (facts(*LOST), Action.PAUSE, "90.0% of the control's units have one, 55.0% of v1.1's (p = 0)"),
    "stale": (facts(*OLD, policy=HASTY), Action.HOLD, "stale data"),
    "sample ratio": (facts(*arms(3_000, 0.1, 0.1, units=2_500)), Action.PAUSE, "sample-ratio mismatch"),
    "an arm is missing": (facts(FINE[0]), Action.PAUSE, "sample-ratio mismatch"),
    "failures": (
        facts(*arms(3_000, 0.1, 0.1, failed=share(3_000, 200))),
        Action.ROLL_BACK,
        "answered fell 1.0000 → 0.9333",
    ),
    "slow": (facts(*arms(3_000, 0.1, 0.1, slow=share(3_000, 200))), Action.ROLL_BACK, "answered in time fell"),
    "guarded": (facts(*FINE, guards={"refunds": arms(3_000, 0.5, 0.4)}), Action.ROLL_BACK, "refunds fell 0.5000"),
    "harm": (facts(*WORSE), Action.ROLL_BACK, "proven worse: 0.1400 → 0.1000 (-0.0400, 95% in ["),
    "harm in time": (facts(*WORSE, rollout=SOON), Action.ROLL_BACK, "proven worse"),
    "harm to few": (facts(*arms(120, 0.9, 0.5)), Action.ROLL_BACK, "proven worse"),
    "harm in waiting": (facts(*WORSE, rollout=rollout(state=RolloutState.WAITING)), Action.ROLL_BACK, "proven worse"),
    "waits": (facts(*BETTER, rollout=rollout(state=RolloutState.WAITING)), Action.HOLD, "waits for a person's"),
    "dwell": (facts(*BETTER, rollout=SOON), Action.HOLD, "the step lasts until 2026-03-11 11:00 UTC"),
    "minimum": (facts(*arms(150, 0.1, 0.12)), Action.HOLD, "only 150 units with an outcome"),
    "nothing after all": (facts(*arms(150, 0.1, 0.12), rollout=LATE), Action.END, "nothing was proven in 28 days"),
    "advance": (
        facts(*arms(500, 0.1, 0.1, step=0), rollout=rollout(step=0, challengers={"v1.1": 0.1})),
        Action.ADVANCE,
        "no harm is shown at 10%",
    ),
    "proven": (facts(*BETTER), Action.PROMOTE, "proven better: 0.1000 → 0.1400"),
    "approval": (facts(*BETTER, approval="human"), Action.WAIT, "a person must approve"),
    "few but proven": (
        facts(*arms(150, 0.2, 0.8), policy=dataclasses.replace(POLICY, minimum=100)),
        Action.PROMOTE,
        "proven better",
    ),
    "no worse": (facts(*arms(6_000, 0.1, 0.1), policy=LENIENT), Action.PROMOTE, "proven no worse than by 0.03"),
    "undecided": (facts(*FINE), Action.HOLD, "undecided: 0.1000 → 0.1000"),
    "patience": (facts(*FINE, rollout=LATE), Action.END, "the champion stays"),
    "released": (
        facts(*FINE, rollout=rollout(step=2, challengers={"v1.1": 1.0})),
        Action.PROMOTE,
        "nothing is left to compare with",
    ),
}


@pytest.mark.parametrize("name", REASONS)
def test_every_reason_is_reached(name: str) -> None:
    """The action and the words of each."""
    known, action, reason = REASONS[name]
    found = decide(known)
    assert (found.action, reason in found.reason) == (action, True), found.reason


def test_weights_follow_the_action() -> None:
    """Onward to the next share, all of it, none of it, or as it is."""
    early = rollout(step=0, challengers={"v1.1": 0.1})
    assert judged(*arms(500, 0.1, 0.1, step=0), rollout=early).weights == {"v1.1": 0.5}
    assert judged(*BETTER).weights == {"v1.1": 1.0}
    assert judged(*WORSE).weights == {"v1.1": 0.0}
    assert judged(*FINE, rollout=LATE).weights == {"v1.1": 0.0}
    assert judged(*BETTER, approval="human").weights == {"v1.1": 0.5}
    assert judged(*BETTER).version == judged(*WORSE).version == "v1.1"


def test_figures_show_what_people_want_to_see_and_only_after_the_checks() -> None:
    """Difference, interval, units and guards when the split is sound; counts and p before."""
    found = judged(*FINE, guards={"refunds": FINE}, crossed=7).figures
    assert found["units"] == found["exposures"] == {"v1.0": 3_000, "v1.1": 3_000}
    assert found["interval"][0] < found["difference"] < found["interval"][1]
    assert found["crossed"] == 7
    assert set(found["guards"]) == {"answered", "answered in time", "refunds"}
    assert found["steps"] == [{"step": 1, "control": 0.1, "challenger": 0.1, "measured": [3_000, 3_000]}]
    blind = judged(*arms(3_000, 0.1, 0.1, units=2_500)).figures
    assert set(blind) == {"units", "exposures", "crossed", "srm_p", "srm_p_sequential"}


def test_steps_are_never_pooled() -> None:
    """The challenger is level with its control at both steps; pooled with all of the champion it would look better."""
    known = (*arms(1_000, 0.10, 0.10, step=0), *arms(5_000, 0.14, 0.14))
    found = judged(*known)
    assert found.action is Action.HOLD
    assert abs(found.figures["difference"]) < 1e-12


BACK: dict[str, Any] = {"units": 0, "measured": 0, "mean": 0.0, "variance": 0.0, "first": ()}
"""Of an arm to which the units of an earlier step came back, and no new ones."""


def test_a_step_that_brings_no_new_units_is_left() -> None:
    """A small application whose units all came in the first step goes on by what they said there."""
    known = [*arms(500, 0.1, 0.1, step=0), *(dataclasses.replace(one, **BACK) for one in arms(500, 0.1, 0.1))]
    ramp = rollout(steps=(0.1, 0.2, 0.5, 1.0), challengers={"v1.1": 0.2})
    assert judged(*known, rollout=ramp).action is Action.ADVANCE
    few = [dataclasses.replace(one, measured=150) for one in known[:2]]
    assert "only 150 units" in judged(*few, *known[2:], rollout=ramp).reason


@st.composite
def looks(draw: st.DrawFn) -> Facts:
    """Any two steps, guards and times."""
    known = []
    for step in range(draw(st.integers(1, 2))):
        for variant in (CONTROL, CHALLENGER):
            n = draw(st.integers(0, 8_000))
            known.append(
                arm(
                    step,
                    variant,
                    n,
                    draw(st.floats(0, 1)),
                    failed=share(n, draw(st.integers(0, n))),
                    slow=share(n, draw(st.integers(0, n))),
                )
            )
    age = dt.timedelta(hours=draw(st.integers(-5, 100)))
    known = [dataclasses.replace(one, newest=NOW - age if one.exposures else None) for one in known]
    since = NOW - dt.timedelta(hours=draw(st.integers(-5, 100)))
    state = draw(st.sampled_from(list(RolloutState)))
    step = len(known) // 2 - 1
    ramp = rollout(since=since, state=state, step=step, challengers={"v1.1": (0.1, 0.5)[step]})
    policy = dataclasses.replace(
        POLICY, goal=draw(st.sampled_from(["better", "no_worse"])), minimum=draw(st.integers(1, 500))
    )
    return facts(*known, rollout=ramp, policy=policy, approval=draw(st.sampled_from(["auto", "human"])))


@given(looks())
def test_no_decision_comes_before_its_checks(known: Facts) -> None:
    """Whatever the facts: nothing moves when it must not, and nothing worse is ever crowned."""
    found = decide(known)
    newest = max((one.newest for one in known.arms if one.newest), default=None)
    if known.rollout.state not in (RolloutState.RUNNING, RolloutState.WAITING):
        assert found.action is Action.HOLD
        assert "difference" not in found.figures
    elif newest is None or NOW - newest > POLICY.quiet or newest < known.rollout.since:
        assert found.action in (Action.HOLD, Action.PAUSE, Action.ROLL_BACK)
    if found.action in (Action.ADVANCE, Action.PROMOTE, Action.WAIT):
        assert known.rollout.state is RolloutState.RUNNING
        assert NOW - known.rollout.since >= POLICY.dwell
        for variant in (CONTROL, CHALLENGER):
            assert sum(one.measured for one in known.arms if one.variant is variant) >= known.policy.minimum
        assert found.figures["srm_p_sequential"] >= POLICY.srm_alpha
        assert not any(guard["broken"] for guard in found.figures["guards"].values())
    if found.action in (Action.PROMOTE, Action.WAIT):
        assert found.figures["difference"] > (0 if known.policy.goal == "better" else -known.policy.tolerance)
        assert (found.action is Action.WAIT) == (known.approval == "human")
    if found.action is Action.PAUSE:
        assert found.figures["srm_p_sequential"] < POLICY.srm_alpha


def arm_of(variant: Variant, values: FloatArray) -> ArmStats:
    first, mean, variance = tuple(values[:FIRST].tolist()), float(values.mean()), float(values.var(ddof=1))
    return arm(1, variant, len(values), 0.0, mean=mean, variance=variance, first=first)


def watched(seed: int, control: float, challenger: float) -> tuple[Action, int]:
    """One rollout at 50 %, a look every 200 units an arm: the first action other than to hold, and units an arm."""
    rng, policy = np.random.default_rng(seed), dataclasses.replace(POLICY, patience=30 * DAY)
    values = (rng.random((2, 5_000)) < [[control], [challenger]]).astype(float)
    for n in range(200, 5_001, 200):
        known = [arm_of(variant, x[:n]) for variant, x in zip((CONTROL, CHALLENGER), values, strict=True)]
        found = judged(*known, policy=policy)
        if found.action is not Action.HOLD:
            return found.action, n
    return Action.HOLD, n


def test_equal_versions_are_seldom_judged_and_worse_ones_come_back() -> None:
    """Of 150 equal ones at most 5 % are taken back or promoted; of 40 worse ones all come back, half of them by 800."""
    equal = Counter(watched(seed, 0.10, 0.10)[0] for seed in range(150))
    assert equal[Action.HOLD] >= 0.95 * 150
    worse = [watched(seed, 0.10, 0.05) for seed in range(40)]
    assert {action for action, _ in worse} == {Action.ROLL_BACK}
    assert sorted(n for _, n in worse)[20] <= 800


def shadows(**known: Paired) -> dict[str, Any]:
    state = rollout(mode="shadow", challengers=dict.fromkeys(known, 0.0))
    return {"rollout": state, "shadows": known}


SEEN = arm(1, CONTROL, 3_000, 0.1)


@pytest.mark.parametrize(
    ("means", "changes", "action", "reason"),
    [
        ((0.01,), {}, Action.PROMOTE, "proven: a is closer to the outcome by +0.0100"),
        ((0.01, 0.02), {}, Action.PROMOTE, "proven: b is closer"),
        ((0.01,), {"approval": "human"}, Action.WAIT, "a person must approve"),
        ((0.0001,), {}, Action.HOLD, "undecided"),
        ((-0.01,), {}, Action.END, "every shadow is proven further off"),
    ],
)
def test_shadows_are_judged_by_how_close_they_are(
    means: tuple[float, ...], changes: dict[str, Any], action: Action, reason: str
) -> None:
    """Paired on the same exposures; a proof promotes what nobody has seen."""
    known = {name: Paired(3_000, mean, 0.01) for name, mean in zip("ab", means, strict=False)}
    found = judged(SEEN, **shadows(**known), **changes)
    assert (found.action, reason in found.reason) == (action, True), found.reason


def test_a_shadow_needs_time_and_outcomes() -> None:
    """Before, nothing is said; after the patience the champion stays."""
    few = shadows(a=Paired(150, 0.5, 0.01))
    assert "only 150 units" in judged(SEEN, **few).reason
    late = dataclasses.replace(few["rollout"], started=NOW - 40 * DAY)
    assert judged(SEEN, **{**few, "rollout": late}).action is Action.END
    soon = dataclasses.replace(few["rollout"], since=NOW - dt.timedelta(hours=1))
    assert "lasts until" in judged(SEEN, **{**few, "rollout": soon}).reason
    waiting = dataclasses.replace(few["rollout"], state=RolloutState.WAITING)
    assert judged(SEEN, **{**few, "rollout": waiting}).action is Action.HOLD
