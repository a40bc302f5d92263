"""Training data out of the house, read back by what others would read it with."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from examples.side_of_a_line import TOY, ToyWorld

from samouk.export import FORMATS, encoded, form_of, write
from samouk.loop.ports import Services
from samouk.store.memory import memory_services


@pytest.fixture
def services() -> Services:
    made = memory_services()
    made.log.append(list(ToyWorld(3).batches(0, 4)))
    return made


def read(form: str, data: bytes) -> list[dict[str, object]]:
    if form == "json":
        return list(json.loads(data))
    if form == "jsonl":
        return [json.loads(line) for line in data.splitlines()]
    parquet = pytest.importorskip("pyarrow.parquet")
    return list(parquet.read_table(io.BytesIO(data)).to_pylist())


@pytest.mark.parametrize("form", FORMATS)
def test_every_row_comes_out_as_it_went_in(services: Services, form: str) -> None:
    """Rows of all batches stand in order, with the day and the group of their batch."""
    rows = read(form, b"".join(encoded(TOY, services.log, form)))
    batches = list(ToyWorld(3).batches(0, 4))
    assert len(rows) == sum(batch.rows for batch in batches)
    assert rows[0]["x"] == pytest.approx(float(batches[0].columns["x"][0]))
    assert {row["side"] for row in rows} == {"left", "right"}
    assert rows[-1]["group"] == batches[-1].group
    assert str(rows[0]["arrived"]) == services.clock.now().date().isoformat()


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_log_is_an_empty_file_that_can_be_read(form: str) -> None:
    """Nothing stored gives a well-formed file without rows."""
    assert read(form, b"".join(encoded(TOY, memory_services().log, form))) == []


@pytest.mark.parametrize("form", FORMATS)
def test_it_streams_a_piece_a_batch(services: Services, form: str) -> None:
    """The first piece comes before the last batch was read."""
    assert len([piece for piece in encoded(TOY, services.log, form) if piece]) >= 4


def test_quarantined_batches_stay_in(services: Services) -> None:
    """What no model may learn from is not handed out as training data."""
    entry = services.log.entries(TOY.name)[0]
    services.log.quarantine([entry.batch_id], "suspect")
    rows = read("jsonl", b"".join(encoded(TOY, services.log, "jsonl")))
    assert len(rows) == sum(item.rows for item in services.log.entries(TOY.name)[1:])


def test_of_two_that_write_one_file_each_writes_it_whole(tmp_path: Path) -> None:
    """Threads of one process stand in nobody's way, and nothing unfinished stays, not even of one that failed."""
    target = tmp_path / "rows.jsonl"
    both = threading.Barrier(2)

    def pieces(letter: bytes) -> Iterator[bytes]:
        for _ in range(50):
            both.wait(30)
            yield letter * 1_000

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda letter: write(pieces(letter), target), (b"a", b"b"))) == [50_000, 50_000]
    assert target.read_bytes() in (b"a" * 50_000, b"b" * 50_000)
    with pytest.raises(RuntimeError, match="planted"):
        write(_failing(), target)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert target.stat().st_size == 50_000


def _failing() -> Iterator[bytes]:
    yield b"half"
    raise RuntimeError("planted")


@pytest.mark.parametrize("name", ["rows.json", "ROWS.JSON", "rows.Jsonl", "rows.PARQUET"])
def test_a_suffix_names_the_format_in_any_case(name: str) -> None:
    """What a file is called on a system that shouts is no other format."""
    assert form_of(Path(name)) in FORMATS


def test_an_unknown_format_is_refused_by_name(services: Services) -> None:
    """The error names the field and what would be right."""
    with pytest.raises(ValueError, match="format: 'csv' is not one of json, jsonl, parquet"):
        encoded(TOY, services.log, "csv")
