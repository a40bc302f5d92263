"""Draws docs/images/flood.png: one user of the simulated server floods; what the guard lets through, says and does.

``python docs/flood.py``; the same picture every time, from the simulated world alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.limiter import Limits
from samouk.domains.traffic.records import Alert
from samouk.domains.traffic.world import FIRST, MINUTE, Abuse, Attack, TrafficWorld

FILE = Path(__file__).parent / "images" / "flood.png"
SEED, USERS = 4, 12
BEGINS, MINUTES = 480, 240
ATTACK = 150
"""Minutes after the begin at which the flood starts."""

LASTING = 8
OPERATOR = 5
"""Minutes after the alert at which it is confirmed."""


class Seen(NamedTuple):
    """Of the abuser, minute by minute; and the first alert."""

    sent: list[int]
    passed: list[int]
    limit: list[float]
    alert: Alert


def play() -> Seen:
    """The guard hears everybody, and holds everybody to their limits."""
    world = TrafficWorld(SEED, users=USERS)
    abuser = world.names[next(n for n, name in enumerate(world.names) if name.startswith("chatter"))]
    attack = Attack(Abuse.FLOOD, world.names.index(abuser), BEGINS + ATTACK, LASTING)
    now = FIRST + MINUTE * BEGINS
    guard = Guard(limits=Limits(low=60, high=600, burst=30), clock=lambda: now)
    sent, passed, limit = np.zeros(MINUTES, int), np.zeros(MINUTES, int), np.zeros(MINUTES)
    alerts: list[Alert] = []
    for minute, part in enumerate(world.minutes(MINUTES, start=BEGINS, attacks=[attack])):
        for user, at, size, channels in zip(part.user, part.at, part.size, part.channels, strict=True):
            now = float(at)
            name = world.names[user]
            allowed = guard.limiter.allow(name).allowed
            raised = guard.track(name, float(size), int(channels), rate_limited=not allowed)
            if name == abuser:
                alerts += [alert for alert in raised if minute >= ATTACK]
                sent[minute] += 1
                passed[minute] += allowed
        for name in world.names:
            guard.detector.analyze_active(name, now)
        if alerts and minute == ATTACK + OPERATOR:
            guard.confirm(alerts[0].alert_id)
        limit[minute] = guard.limiter.limit(abuser)
    return Seen(sent.tolist(), passed.tolist(), limit.tolist(), alerts[0])


def draw(seen: Seen, file: Path) -> None:
    """Counts on a logarithmic scale, the limit, the alert."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3.6), dpi=140)
    minutes = np.arange(len(seen.sent))
    axes.step(minutes, np.maximum(seen.sent, 0.7), where="mid", color="#c9ada7", label="sent")
    axes.step(minutes, np.maximum(seen.passed, 0.7), where="mid", color="#2a6f97", label="let through")
    axes.plot(minutes, seen.limit, color="#bc4749", linewidth=1.5, label="limit")
    moment = (seen.alert.at - FIRST) / MINUTE - BEGINS
    axes.axvline(moment, color="#333333", linewidth=0.8, linestyle=":")
    axes.annotate(
        "\n".join([f"{seen.alert.severity} alert after {60 * (moment - ATTACK):.1f} s:", *seen.alert.reasons[:3]]),
        (moment, 2 * max(seen.sent)),
        xytext=(-8, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=7,
    )
    axes.annotate(
        "confirmed",
        (ATTACK + OPERATOR, seen.limit[ATTACK + OPERATOR]),
        xytext=(30, 14),
        textcoords="offset points",
        fontsize=8,
        arrowprops={"arrowstyle": "-", "linewidth": 0.6},
    )
    axes.set(yscale="log", xlabel="minutes", ylabel="messages a minute", ylim=(0.7, 6 * max(seen.sent)))
    axes.set_title("A flood by one user of the simulated server", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="lower left", ncols=3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Software": None})


def main() -> None:
    draw(play(), FILE)


if __name__ == "__main__":
    main()
