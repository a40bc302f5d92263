"""A look at what is in service: each learner has its own, and never two at a time."""

from __future__ import annotations

import threading

import pytest

from samouk.server.scheduler import Looks


def test_one_bad_look_keeps_no_other_from_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """A learner whose look fails is one line in the log, by its name, and is counted; the next one has its look."""
    seen: list[str] = []

    def fail() -> None:
        raise RuntimeError("planted")

    looks = Looks({"bad": fail, "good": lambda: seen.append("good")})
    looks()
    looks()
    assert seen == ["good", "good"]
    assert looks.failures == 2
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    # Its kind and place, and no word of it: a row of the journal may stand in them.
    assert all(line.startswith("the look at bad failed: RuntimeError at ") for line in told)
    assert not any("planted" in line for line in told)


def test_never_two_at_a_time() -> None:
    """A look that is asked for while another runs is at once over."""
    running, go = threading.Event(), threading.Event()
    count: list[int] = []

    def wait() -> None:
        count.append(1)
        running.set()
        go.wait(10)

    looks = Looks({"slow": wait})
    first = threading.Thread(target=looks)
    first.start()
    assert running.wait(10)
    looks()
    go.set()
    first.join()
    assert len(count) == 1
    looks()
    assert len(count) == 2
