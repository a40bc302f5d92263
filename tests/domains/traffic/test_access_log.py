"""Access logs: the formats, what is an error, broken lines, time zones, and files that are packed or broken off."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.traffic.ears.access_log import FIRST_BROKEN, LONGEST_LINE, LogEvent, lines_of, read_log
from samouk.domains.traffic.ears.extractor import FeatureExtractor

COMMON = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?x=1 HTTP/1.0" 200 2326'
COMBINED = (
    '203.0.113.9 - - [10/Oct/2000:20:55:36 +0000] "POST /api/v1/items HTTP/1.1" 503 17 '
    '"http://example.org/\\"a\\"" "Mozilla/5.0 (X11)"'
)
AT = 971_211_336.0


def one(line: str | dict[str, Any], **settings: str) -> LogEvent:
    """The single event of a line."""
    (event,) = read_log([line if isinstance(line, str) else json.dumps(line)], **settings)  # type: ignore[arg-type]
    return event


def test_the_common_format_is_read() -> None:
    """The example of Apache's own manual."""
    assert one(COMMON) == LogEvent("frank", AT, 2326.0, False, False, "apache_pb.gif", "127.0.0.1")


def test_the_combined_format_is_read() -> None:
    """With escaped quotes; without a user there is a pseudonym."""
    event = one(COMBINED)
    assert event[1:] == (AT, 17.0, True, False, "api", "203.0.113.9")
    assert event.user_id.startswith("ip-")
    assert "203" not in event.user_id or len(event.user_id) == 19


@pytest.mark.parametrize(
    "fields",
    [
        {"time": "2000-10-10T20:55:36Z", "remote_addr": "10.0.0.1", "remote_user": "ann", "bytes": 5, "path": "/a/b"},
        {"timestamp": AT, "ip": "10.0.0.1", "user": "ann", "body_bytes_sent": "5", "request": "GET /a/b HTTP/1.1"},
        {"@timestamp": "2000-10-10T13:55:36-07:00", "client": "10.0.0.1", "user": "ann", "size": 5.0, "uri": "/a?b=/c"},
        {"time_iso8601": "2000-10-10T22:55:36+02:00", "ip": "10.0.0.1", "user": "ann", "size": 5, "uri": "/a"},
        {"ts": AT * 1_000, "request": {"remote_ip": "10.0.0.1", "uri": "/a/"}, "user_id": "ann", "size": 5},
        {"msec": "971211336.000", "remote_addr": "10.0.0.1", "remote_user": "ann", "bytes": 5, "url": "http://x.y/a/b"},
        {"time_local": "10/Oct/2000:13:55:36 -0700", "ip": "10.0.0.1", "user": "ann", "size": 5, "path": "/a"},
        {"time": "2000-10-10 20:55:36", "ip": "10.0.0.1", "user": "ann", "size": 5, "path": "/a"},
    ],
)
def test_json_lines_are_read_under_their_usual_names(fields: dict[str, Any]) -> None:
    """Times in words with an offset or none, in seconds and in milliseconds."""
    assert one(fields | {"status": 200}) == LogEvent("ann", AT, 5.0, False, False, "a", "10.0.0.1")


def test_the_field_of_the_user_can_be_named() -> None:
    """It goes before the usual ones."""
    fields = {"time": AT, "user": "-", "account": 42, "ip": "10.0.0.1"}
    assert one(fields, user="account").user_id == "42"
    assert one(fields).user_id.startswith("ip-")


def test_formats_may_be_mixed() -> None:
    """Each line is judged by itself."""
    lines = [COMMON, COMBINED, "", json.dumps({"time": AT, "ip": "10.0.0.1", "status": 200})]
    log = read_log(lines)
    assert len(list(log)) == 3
    assert log.counts == {"lines": 4, "events": 3, "broken": 0}


@pytest.mark.parametrize(
    ("statuses", "error", "limited"),
    [
        ((200, 304, 404, "-", None, 999), False, False),
        ((400, 401, 403, 499, 500, 503, "502"), True, False),
        ((429, "429"), False, True),
    ],
)
def test_what_counts_as_an_error(statuses: tuple[Any, ...], error: bool, limited: bool) -> None:
    """400 to 599, but neither a stale link nor a limit."""
    events = [one({"time": AT, "ip": "10.0.0.1", "status": status}) for status in statuses]
    assert {(event.error, event.rate_limited) for event in events} == {(error, limited)}


def test_one_address_has_one_name_under_one_key() -> None:
    """And another under another."""
    lines = [COMBINED, COMBINED.replace("203.0.113.9", "203.0.113.10")]
    first, second = (event.user_id for event in read_log(lines, key=b"k" * 32))
    again, _ = (event.user_id for event in read_log(lines, key=b"k" * 32))
    other, _ = (event.user_id for event in read_log(lines))
    assert first == again
    assert len({first, second, other}) == 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "neither"),
        (COMMON[:50], "neither"),
        (COMMON.replace("Oct", "Okt"), "time"),
        (COMMON.replace("10/Oct", "41/Oct"), "time"),
        ("{", "JSON"),
        ('{"time": ' + "[" * 60_000, "JSON"),
        ('{"ip": "10.0.0.1"}', "no time"),
        ('{"time": true, "ip": "10.0.0.1"}', "no time"),
        ('{"time": NaN, "ip": "10.0.0.1"}', "time nan"),
        ('{"time": -5, "ip": "10.0.0.1"}', "time -5"),
        ('{"time": "never", "ip": "10.0.0.1"}', "time 'never'"),
        ('{"time": 1e999, "ip": "10.0.0.1"}', "time inf"),
        ('{"time": 5}', "neither a user"),
        ('{"time": 5, "ip": "-", "user": ""}', "neither a user"),
        ("x" * (LONGEST_LINE + 1), "longer"),
    ],
)
def test_broken_lines_are_counted_with_their_number(line: str, reason: str) -> None:
    """And reading goes on after them."""
    log = read_log([COMMON, line, COMMON])
    assert len(list(log)) == 2
    assert log.counts == {"lines": 3, "events": 2, "broken": 1}
    assert log.broken[0][0] == 2
    assert reason in log.broken[0][1]


def test_only_the_first_broken_lines_are_kept() -> None:
    """However many there are."""
    log = read_log("broken" for _ in range(1_000))
    assert list(log) == []
    assert (log.counts["broken"], len(log.broken)) == (1_000, FIRST_BROKEN)


@pytest.mark.parametrize(
    ("size", "expected"), [(-5, 0.0), ("-", 0.0), (None, 0.0), ("NaN", 0.0), (10**400, 0.0), (1e9, 1e9)]
)
def test_a_size_that_is_none_is_zero(size: Any, expected: float) -> None:
    """The request was made all the same."""
    assert one({"time": AT, "ip": "10.0.0.1", "bytes": size}).size == expected


@pytest.mark.parametrize(
    ("request_line", "channel"),
    [
        ("GET /a HTTP/1.1", "a"),
        ("GET http://example.org/b/c?d HTTP/1.1", "b"),
        ("GET http://example.org HTTP/1.1", ""),
        ("GET / HTTP/1.1", ""),
        ("OPTIONS * HTTP/1.1", ""),
        ("GET", ""),
        ("-", ""),
        (r"\x16\x03\x01", ""),
    ],
)
def test_the_channel_is_the_first_part_of_the_path(request_line: str, channel: str) -> None:
    """And empty where there is no path."""
    assert one(COMMON.replace("GET /apache_pb.gif?x=1 HTTP/1.0", request_line)).channel == channel


def test_a_name_with_spaces_is_a_name() -> None:
    """As Apache writes what a client sent as its user."""
    assert one(COMMON.replace("frank", "frank the tank")).user_id == "frank the tank"


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=300), st.text('{}[]":,-/. 0123456789GETOct', max_size=300)))
def test_no_line_raises(line: str) -> None:
    """Whatever stands in it."""
    log = read_log([line])
    assert len(list(log)) + log.counts["broken"] <= 1


@pytest.mark.parametrize("packed", [False, True])
def test_files_are_read_packed_or_not(tmp_path: Path, packed: bool) -> None:
    """Told by their first bytes, whatever their name; a line without end is cut and counted."""
    text = "\n".join([COMMON, "x" * (3 * LONGEST_LINE), COMBINED, "\xff\xfe"]).encode("latin-1")
    path = tmp_path / "access.log"
    path.write_bytes(gzip.compress(text) if packed else text)
    log = read_log(lines_of(path))
    assert [event.at for event in log] == [AT, AT]
    assert [line for line, _ in log.broken] == [2, 4]
    assert max(len(line) for line in lines_of(path)) == LONGEST_LINE + 1


def test_an_archive_that_breaks_off_gives_what_is_in_it(tmp_path: Path) -> None:
    """And says so as its last broken line."""
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress("\n".join([COMMON] * 5_000).encode())[:-20])
    log = read_log(lines_of(path))
    events = list(log)
    assert len(events) > 100
    assert log.counts["broken"] >= 1


def test_a_log_is_read_no_faster_than_it_is_asked_for() -> None:
    """So that a stream without end is read in bounded memory."""
    asked = 0

    def lines() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield COMMON

    log = read_log(lines())
    assert [next(log).user_id for _ in range(3)] == ["frank"] * 3
    assert asked == 3


def test_a_log_feeds_the_ears() -> None:
    """The pseudonym is one user, and the address is counted."""
    extractor = FeatureExtractor()
    for event in read_log([COMBINED] * 12):
        extractor.track_user_activity(
            event.user_id, event.size, (event.channel,), event.ip_address, error=event.error, at=event.at
        )
    (user,) = extractor.users()
    features = extractor.features(user, AT)
    assert features is not None
    assert (features.messages_per_minute, features.error_rate, features.addresses) == (12, 1, 1)
