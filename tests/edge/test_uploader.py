"""When the uploader tries again, and what answers mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samouk.edge.receipts import Deletion
from samouk.edge.routes import Fate, deletion_request, judge_deletion, judge_upload, upload_request
from samouk.edge.transport import Response
from samouk.edge.uploader import LAST_DELAY_S, pause

PROBLEM = {"content-type": "application/problem+json"}
JSON = {"content-type": "application/json"}
FOREIGN = [
    ({"content-type": "text/html"}, b"<html>welcome, log in</html>"),
    (JSON, b"{}"),
    (JSON, b'{"status":404}'),
    ({"content-type": "text/html"}, b'{"status":404}'),
    (PROBLEM, b"[1]"),
    (PROBLEM, b"\xff"),
    (PROBLEM, b"[" * 100_000),
    ({}, b""),
]


def test_pauses_double_up_to_an_hour() -> None:
    """Each failure in a row doubles the pause, never beyond the cap, with jitter of up to a half."""
    assert [pause(failures, None, 1.0) for failures in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert pause(1, None, 0.0) == 2.5
    assert pause(10_000, None, 1.0) == LAST_DELAY_S


def test_a_server_that_asks_for_a_pause_gets_it() -> None:
    """Retry-After lengthens a pause and never shortens it."""
    assert pause(1, 300.0, 1.0) == 300
    assert pause(5, 1.0, 1.0) == 80


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("99999999999", 86_400.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, seconds: float | None) -> None:
    """Seconds and dates are read; nonsense is passed over; a day is the most."""
    assert judge_upload(Response(429, b"", {"retry-after": text}), now=60.0, batch_id="id").retry_after_s == seconds


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"status":422,"field":"columns.n[3]","detail":"must be a whole number"}',
            "columns.n[3]: must be a whole number",
        ),
        (b'{"status":422}', "no reason given"),
        (b'{"status":422,"detail":"\\u001b[2J"}', "no reason given"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(body: bytes, words: str) -> None:
    """The problem's field and detail are shown, unless they could play tricks on a terminal."""
    outcome = judge_upload(Response(422, body, PROBLEM), now=0.0, batch_id="id")
    assert outcome.fate is Fate.REFUSED
    assert outcome.reason.endswith(f": {words}")


@pytest.mark.parametrize(
    ("status", "fate"),
    [(404, Fate.DONE), (410, Fate.DONE), (403, Fate.LATER), (500, Fate.LATER)],
)
def test_a_deletion_is_done_when_the_batch_is_not_there(status: int, fate: Fate) -> None:
    """A batch that the server does not have is as good as erased; anything else is tried again."""
    problem = Response(status, json.dumps({"status": status}).encode(), PROBLEM)
    assert judge_deletion(problem, now=0.0, batch_id="id").fate is fate


@pytest.mark.parametrize("status", [200, 201])
def test_only_an_answer_about_the_batch_is_success(status: int) -> None:
    """A samouk server names the batch that it took or erased."""
    answer = Response(status, b'{"batch_id":"id","samples":3,"status":"stored"}', JSON)
    assert judge_upload(answer, 0.0, "id").fate is judge_deletion(answer, 0.0, "id").fate is Fate.DONE
    assert judge_upload(answer, 0.0, "other").fate is judge_deletion(answer, 0.0, "other").fate is Fate.LATER


@pytest.mark.parametrize(("headers", "body"), FOREIGN)
@pytest.mark.parametrize("status", [200, 201, 202, 204, 400, 404, 410, 413, 422])
def test_what_is_no_samouk_server_takes_nothing(status: int, headers: dict[str, str], body: bytes) -> None:
    """Another program on the port, or a page that wants a login, neither takes nor erases nor refuses a batch."""
    answer = Response(status, body, headers)
    for outcome in (judge_upload(answer, 0.0, "id"), judge_deletion(answer, 0.0, "id")):
        assert outcome.fate is Fate.LATER
        assert str(status) in outcome.reason
        assert "ml.upload_endpoint" in outcome.reason or status in (400, 404, 413, 422)


def test_nothing_in_a_request_names_the_sender() -> None:
    """Path and headers hold the learner, the batch and the secret, and nothing of the machine."""
    upload = upload_request("http://s/", "a.b/c", b"{}", "key")
    assert upload.url == "http://s/v1/learners/a.b%2Fc/samples"
    assert upload.headers == {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "Authorization": "Bearer key",
    }
    assert "Authorization" not in upload_request("http://s", "a.b", b"{}", "").headers
    deletion = Deletion("id", "a.b", "secret", "http://s", path=Path("id.json"))
    assert deletion_request(deletion).headers == {"Samouk-Receipt": "secret"}
    assert deletion_request(deletion).url == "http://s/v1/learners/a.b/samples/id"


def test_a_refusal_without_words_says_so() -> None:
    """A problem that names neither field nor detail reads as one without a reason, not as an empty sentence."""
    refused = judge_upload(Response(422, b'{"status":422}', PROBLEM), now=0.0, batch_id="id")
    assert (refused.fate, refused.reason) == (Fate.REFUSED, "the server refused what was sent (422): no reason given")
