"""Quiet windows as samples: what novelty is measured from. A random share, without names and without a verdict."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from samouk.domains.traffic.anomaly.schema import SCHEMA
from samouk.domains.traffic.anomaly.weighing import row_of
from samouk.domains.traffic.census import Gatherer
from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.ears.extractor import Observed
from samouk.domains.traffic.features import SERVER
from samouk.edge.wire import Row, group_of

EVERY_S = 3_600.0
"""Seconds between two draws."""

MOST = 12
"""Windows of one draw, at most: the 200 that novelty needs come in a day, and no more than 288 in any day, so that
windows without a verdict call for no more than a turn or two."""


class Drawn(NamedTuple):
    """A quiet window: the split group of its user, and its row."""

    group: int
    row: Row


def drawn(detector: AnomalyDetector, seen: Iterable[Observed]) -> list[Drawn]:
    """The windows of users among these that raise no alarm, as they stand against what is normal now."""
    found = []
    for one in seen:
        if one.user_id == SERVER or not one.features.messages_per_minute:
            continue
        judged = detector.judge(one.user_id, one.features, one.at)
        if not judged.alarming:
            found.append(Drawn(group_of(one.user_id), row_of(judged.evidence)))
    return found


def take(detector: AnomalyDetector, seen: list[Observed], store: Gatherer, at: float) -> int:
    """Keep a share of the windows that were seen since the last draw, ``MOST`` at most; how many they are.

    They are drawn by chance, and one of each user, so that nobody can steer which, and nobody is most of them.
    """
    fresh = [one for one in seen if at - EVERY_S < one.at <= at]
    of_each = {one.user_id: one for one in random.sample(fresh, len(fresh))}
    windows = drawn(detector, of_each.values())
    return gather(random.sample(windows, min(MOST, len(windows))), store, at)


def gather(windows: list[Drawn], store: Gatherer, at: float) -> int:
    """Keep windows without a verdict, those of each group as one batch in no order; how many they are."""
    rows: dict[int, list[Row]] = defaultdict(list)
    for window in random.sample(windows, len(windows)):
        rows[window.group].append(window.row)
    for group, mine in rows.items():
        store.gather(SCHEMA, f"quiet {at:.3f}", group, mine)
    return len(windows)
