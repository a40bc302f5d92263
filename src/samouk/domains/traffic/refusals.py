"""How a host is told no: 429 or 503 with a problem of RFC 9457, or a close code of RFC 6455."""

from __future__ import annotations

import json
import math
from typing import Any

from samouk.domains.traffic.limiter import Decision

POLICY = 1008
NOT_NOW = 1013
LONGEST_WAIT_S = 3_600.0


def http_refusal(refused: Decision) -> list[dict[str, Any]]:
    """The messages of an answer. A limit of 0 says that no limit could be told: 503 then."""
    wait = str(math.ceil(min(max(refused.retry_after_s, 1.0), LONGEST_WAIT_S)))
    limit = refused.limit_per_minute
    status, title = (429, "Too Many Requests") if limit else (503, "Service Unavailable")
    why = f"more than {limit:.0f} messages a minute" if limit else "the guard of this server cannot tell who is over"
    problem = {"type": "about:blank", "title": title, "status": status, "detail": f"{why}; try again in {wait} s"}
    body = json.dumps(problem).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", wait.encode()),
    ]
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": False},
    ]


def shut(code: int) -> dict[str, Any]:
    return {"type": "websocket.close", "code": code, "reason": "over the limit" if code == POLICY else "try again"}
