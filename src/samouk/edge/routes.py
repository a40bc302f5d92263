"""The requests that a client makes, and what their answers mean for what is queued."""

from __future__ import annotations

import email.utils
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

from samouk.edge import wire
from samouk.edge.receipts import Deletion
from samouk.edge.transport import Request, Response

RECEIPT_HEADER = "Samouk-Receipt"
PROBLEM_TYPE = "application/problem+json"
MAX_RETRY_AFTER_S = 24 * 3600.0
"""A server may ask for a longer pause; no client waits longer than a day."""


class Fate(Enum):
    """What an answer means for a batch or a deletion."""

    DONE = "done"
    REFUSED = "refused"
    ERASED = "erased"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The meaning of an answer, in words for the user; ``retry_after_s`` where the server asked for a pause."""

    fate: Fate
    reason: str = ""
    retry_after_s: float | None = None


def samples_url(endpoint: str, learner: str) -> str:
    """Where a learner's batches go."""
    return f"{endpoint.rstrip('/')}/v1/learners/{quote(learner, safe='')}/samples"


def upload_request(endpoint: str, learner: str, body: bytes, api_key: str) -> Request:
    """Send a batch; ``body`` as `packing.pack` gave it."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", **_authorization(api_key)}
    return Request("POST", samples_url(endpoint, learner), headers, wire.compress(body))


def tally_request(endpoint: str, learner: str, body: bytes, api_key: str) -> Request:
    """Send what was counted of a trial; ``body`` as `tallies.Tally.body` gave it."""
    url = f"{endpoint.rstrip('/')}/v1/learners/{quote(learner, safe='')}/tallies"
    return Request("POST", url, {"Content-Type": "application/json", **_authorization(api_key)}, body)


def _authorization(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


def deletion_request(deletion: Deletion) -> Request:
    """Have a batch erased. The receipt is all that is needed: no key, so that erasing needs no account."""
    url = f"{samples_url(deletion.endpoint, deletion.learner)}/{quote(deletion.batch_id, safe='')}"
    return Request("DELETE", url, {RECEIPT_HEADER: deletion.receipt})


def judge_upload(response: Response, now: float, batch_id: str) -> Outcome:
    """What the answer to the upload of a batch means.

    Kept and tried again: everything that may pass or that the user can mend, so also a wrong key
    (401, 403) and an address that is no such server (3xx, 404, 405, and whatever a samouk server would
    not say: another program on the port, or a page that wants a login). Refused for good: the other 4xx.
    """
    return _judge_post(response, now, _names(response, batch_id))


def judge_tally(response: Response, now: float, tally_id: str) -> Outcome:
    """What the answer to a tally means: the same as for a batch, but one too many (429) is refused for good.

    ERASED: its trial is over, or paused. What waited a day for its turn would hold up the samples behind it.
    """
    if response.status == 429 and _is_problem(response):
        return Outcome(Fate.REFUSED, f"the server has enough counts for today: {_detail(response)}")
    return _judge_post(response, now, _object(response).get("tally_id") == tally_id)


def _judge_post(response: Response, now: float, named: bool) -> Outcome:
    status = response.status
    if response.ok:
        return Outcome(Fate.DONE) if named else _no_server(status)
    if status == 410 and _is_problem(response):
        return Outcome(Fate.ERASED)
    if status in (401, 403):
        return Outcome(Fate.LATER, f"the server wants a valid key ({status}): observe config set ml.api_key KEY")
    if 300 <= status < 400 or status in (404, 405):
        return Outcome(Fate.LATER, f"nothing takes samples there ({status}): check ml.upload_endpoint")
    if 400 <= status < 500 and status not in (408, 425, 429):
        if not _is_problem(response):
            return _no_server(status)
        return Outcome(Fate.REFUSED, f"the server refused what was sent ({status}): {_detail(response)}")
    return Outcome(Fate.LATER, f"the server cannot take samples just now ({status})", _retry_after(response, now))


def judge_deletion(response: Response, now: float, batch_id: str) -> Outcome:
    """What the answer to a deletion means; a batch that a samouk server does not have is as good as erased."""
    if response.ok or response.status in (404, 410):
        ours = _names(response, batch_id) if response.ok else _is_problem(response)
        return Outcome(Fate.DONE) if ours else _no_server(response.status)
    return Outcome(Fate.LATER, f"the server did not erase yet ({response.status})", _retry_after(response, now))


def _no_server(status: int) -> Outcome:
    return Outcome(Fate.LATER, f"no samouk server answers there ({status}): check ml.upload_endpoint")


def _names(response: Response, batch_id: str) -> bool:
    """Whether the answer is JSON about that batch, as only a samouk server gives it."""
    return _object(response).get("batch_id") == batch_id


def _is_problem(response: Response) -> bool:
    """Whether a refusal is a problem document (RFC 9457), as a samouk server gives them all."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == PROBLEM_TYPE and _object(response).get("status") == response.status


def _object(response: Response) -> dict[str, Any]:
    """The JSON object of an answer; empty when it holds none."""
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _retry_after(response: Response, now: float) -> float | None:
    """Seconds to wait by ``Retry-After``, given as seconds or as a date; None when absent or senseless."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_S)
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None
    return min(max(moment - now, 0.0), MAX_RETRY_AFTER_S)


def _detail(response: Response) -> str:
    """The words of a problem document, without what could be long or strange."""
    problem = _object(response)
    text = ": ".join(str(problem[name]) for name in ("field", "detail") if problem.get(name))
    return text[:300] if text and text.isprintable() else "no reason given"
