"""Units that come back, step after step: counted once they leave the chances of error as they were promised."""

from collections import Counter

from benchmarks.returning import bandit, ramp

from samouk.loop.rollout import Action


def test_people_who_are_always_the_same_decide_nothing_by_coming_back() -> None:
    """Planted failure: counted in each of 20 periods, more than 5 % of equal bandits are judged; counted once, none."""
    seeds = range(20)
    assert sum(bandit(seed, "each") is not Action.HOLD for seed in seeds) > 0.05 * len(seeds)
    assert {bandit(seed) for seed in seeds} == {Action.HOLD}


def test_a_ramp_whose_people_come_back_errs_seldom_and_takes_harm_back() -> None:
    """Equal versions stay undecided; one that is worse by a fifth is taken back, also when nobody new comes."""
    assert Counter(ramp(seed, 1.0) for seed in range(10))[Action.END] == 10
    assert Counter(ramp(seed, 0.8) for seed in range(15))[Action.ROLL_BACK] >= 14
