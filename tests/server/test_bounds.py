"""What a sender may have the server hold: few bytes on the way, many objects in memory, and texts that are none."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator

import pytest
from examples.will_it_rain import RAIN
from tests.server import toy
from tests.server.house import House
from tests.server.weather import weather_house

from samouk.edge.wire import encode
from samouk.server import body
from samouk.server.ingest import most_of
from samouk.server.problems import Problem


@pytest.fixture(scope="module")
def rainy() -> Iterator[House]:
    with weather_house(None) as house:
        yield house


NESTED = b'{"items":[' + b",".join([b'{"a":[[[[]]]]}'] * 2_000_000) + b"]}"
"""Small objects without end: as gzip some 60 kB, decoded more than a gigabyte."""

NUMBERS = b'{"items":[' + b",".join([b"1.5"] * 7_000_000) + b"]}"
TOYS = most_of(toy.LEARNER)


@pytest.mark.parametrize("data", [NESTED, NUMBERS], ids=["objects", "numbers"])
@pytest.mark.parametrize("most", [TOYS, body.items_of(1_000, 20)[1], body.USUAL], ids=["batch", "items", "usual"])
def test_decoding_is_bounded(data: bytes, most: body.Most) -> None:
    """What would fill the memory is refused before anything of it is made."""
    tracemalloc.start()
    try:
        with pytest.raises(Problem) as refusal:
            body.decode(data, most)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refusal.value.status == 400
    assert "holds more than" in str(refusal.value)
    assert peak < 4_000_000


@pytest.mark.parametrize("word", ["samples", "outcomes", "predict"])
def test_routes_are_bounded(rainy: House, word: str) -> None:
    """Each route that takes gzip refuses it, and says why."""
    path = f"/v1/learners/{RAIN.name}/{word}"
    answer = rainy.send(gzip.compress(NESTED), path)
    assert answer.status in (400, 413), answer.body
    assert "at most" in answer.json["detail"] or "more than" in answer.json["detail"]


def test_largest_batch() -> None:
    """The bound is beyond the largest good batch, also where nothing of it is packed."""
    whole = encode(toy.upload(5_000))
    assert body.decode(whole + b" " * 1_000_000, TOYS)["group"] == 1


@pytest.mark.parametrize(("text", "good"), [("a\\u0000b", False), ("a\\\\u0000b", True), ("a\\\\\\u0000b", False)])
def test_nul_in_a_text(text: str, good: bool) -> None:
    """The character itself is refused; its name in letters is not."""
    document = f'{{"event_id": "{text}"}}'.encode()
    if good:
        assert body.decode(document)["event_id"] == "a\\u0000b"
    else:
        with pytest.raises(Problem, match="NUL"):
            body.decode(document)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/learners/toy.half/versions/%00"),
        ("GET", "/v1/learners/toy.half/runs/a%00b"),
        ("DELETE", "/v1/learners/weather.rain/units/a%00b"),
        ("GET", "/v1/learners/toy.half/versions?x=%00"),
        ("POST", "/v1/learners/weather.rain%00/predict"),
    ],
)
def test_nul_in_an_address(rainy: House, method: str, path: str) -> None:
    """No name has the character NUL, and no store is asked for it."""
    answer = rainy.call(method, path)
    assert (answer.status, "NUL" in answer.json["detail"]) == (400, True), answer.body


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b"])
def test_no_text_in_a_parsed_body(rainy: House, text: str) -> None:
    """Bodies that the framework parses are read as strictly as others."""
    headers = {"Authorization": f"Bearer {rainy.key}", "Content-Type": "application/json"}
    body = f'{{"label": "{text}", "role": "contributor"}}'.encode()
    answer = rainy.request("POST", "/v1/keys", body, headers)
    assert answer.status == 422, answer.body
