"""Kills the server with -9 while clients ask and tell, and counts which promises it broke.

Each client asks for a prediction, and for every third one tells how it turned out. An answer is a
promise: after the restart its exposure must be in the journal, an outcome that was answered must be
joined to it, and nothing may be there twice.

Run: ``python -m benchmarks.serving_kill --kills 50``
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from examples.will_it_rain import DOMAIN, RAIN, model

from benchmarks.kills import killed_under, served, told
from samouk.assembly import application, opened
from samouk.loop.records import Stage
from samouk.loop.registry import enter
from samouk.settings import Settings, load

CLIENTS = 4
ROW = {"pressure": 990.0, "humidity": 0.9}
RESULTS = Path(__file__).parent / "results" / "serving_kill.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found after all kills.

    Attributes:
        predicted, told: answers that arrived.
        stored: exposures in the journal; more than ``predicted``, since some answers died with the server.
    """

    kills: int
    predicted: int
    told: int
    stored: int
    lost_exposures: int
    lost_outcomes: int
    doubled: int


@dataclass(slots=True)
class Ledger:
    """Ids whose answer arrived."""

    predicted: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def serve(home: Path) -> None:
    """The product over the embedded store, with one version in service."""
    from samouk.server.serve import listen
    from samouk.server.serve import serve as run_server

    with opened(_settings(home)) as services, listen("127.0.0.1", 0) as listener:
        app = application(_settings(home), services, {"weather": DOMAIN})
        run_server(app, listener, str(home), lambda text: print(text, flush=True))


def _settings(home: Path) -> Settings:
    return load({}, home=home, rate_key=0)


def client(port: int, key: str, number: int, ledger: Ledger) -> None:
    """Ask, and tell of every third, until the server is gone."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        asked = 0
        while True:
            asked += 1
            answer = _post(connection, key, "predict", {"unit": f"u{number}-{asked}", "features": ROW})
            ledger.predicted.append(answer["event_id"])
            if asked % 3 == 0:
                _post(connection, key, "outcomes", {"event_id": answer["event_id"], "value": 1})
                ledger.told.append(answer["event_id"])
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def _post(connection: http.client.HTTPConnection, key: str, what: str, document: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", f"/v1/learners/{RAIN.name}/{what}", json.dumps(document), headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise SystemExit(f"the server answered {response.status}: {body[:500]!r}")
    return json.loads(body)


def one_kill(home: Path, key: str, ledger: Ledger, delay: float) -> None:
    """Serve, let the clients ask for ``delay`` seconds, kill."""
    with served("serving_kill", home) as (process, port):
        killed_under(process, delay, [partial(client, port, key, number, ledger) for number in range(CLIENTS)])


def run(kills: int, seed: int, home: Path) -> Report:
    """Kill so many times over one home, start once more, then look what is there."""
    rng = random.Random(seed)
    ledger = Ledger()
    with opened(_settings(home)) as services:
        key = services.keys.create("benchmark")[1]
        artifact = model([1.0, 0.5, 0.0])
        version = enter(RAIN, [], artifact, services.blobs.put(artifact.data), services.clock.now())
        services.registry.add(version)
        services.registry.move(RAIN.name, version.name, Stage.PRODUCTION)
    for _ in range(kills):
        one_kill(home, key, ledger, rng.uniform(0.4, 1.2))
    with served("serving_kill", home) as (_, port):
        # It answers once what the killed one left is in the journal.
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        connection.close()
    return _look(home, kills, ledger)


def _look(home: Path, kills: int, ledger: Ledger) -> Report:
    with opened(_settings(home)) as services:
        journal, spec = services.journal, RAIN.outcomes[0]
        lost = [event_id for event_id in ledger.predicted if journal.exposure(event_id) is None]
        joined, after = Counter[str](), 0
        while page := journal.joined(RAIN.name, after):
            joined.update(one.exposure.event_id for one in page)
            after = page[-1].sequence
        days = journal.days(RAIN.name, spec.name, services.clock.now().date().replace(day=1), spec.window)
    return Report(
        kills=kills,
        predicted=len(ledger.predicted),
        told=len(ledger.told),
        stored=sum(day.exposures for day in days),
        lost_exposures=len(lost),
        lost_outcomes=len(set(ledger.told) - set(joined)),
        doubled=sum(count > 1 for count in joined.values()),
    )


def main() -> None:
    """Print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", type=Path)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    with tempfile.TemporaryDirectory(prefix="serving-kill-") as home:
        report = run(given.kills, given.seed, Path(home))
    told(report, RESULTS, ("lost_exposures", "lost_outcomes", "doubled"))


if __name__ == "__main__":
    main()
