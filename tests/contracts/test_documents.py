"""What every Documents backend promises."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from samouk.edge.wire import WireError
from samouk.loop.ports import Document, Documents, Outdated, Services

SHELF = "toy.rules"
HOSTILE = ["'; DROP TABLE documents; --", "%", "_", "a\nb", "  ", "é", "e\u0301", "Ω/../..", "🦊" * 256, "KEY", "key"]


@pytest.fixture
def documents(services: Services) -> Documents:
    """The documents of each backend in turn."""
    return services.documents


def document(key: str = "flood", /, **body: Any) -> Document:
    """A document on the shelf of the tests."""
    return Document(SHELF, key, body or {"over": 100, "severity": "high"})


class TestDocuments:
    """Small things by shelf and key."""

    def test_a_document_comes_back_as_it_was(self, documents: Documents) -> None:
        """Every kind of JSON is kept; the revision counts up with each save."""
        body = {"text": "ü🦊\u0000", "numbers": [1, -2.5, 1e300, 2**60], "none": None, "deep": {"yes": True, "": {}}}
        saved = documents.save(Document(SHELF, "flood", body))
        assert saved == Document(SHELF, "flood", body, revision=1)
        assert documents.get(SHELF, "flood") == saved
        assert documents.save(dataclasses.replace(saved, body={})).revision == 2
        assert documents.get(SHELF, "flood") == Document(SHELF, "flood", {}, revision=2)

    def test_the_blobs_that_it_names_come_back(self, documents: Documents) -> None:
        """In their order, on the shelf as well; another save names others, or none."""
        named = ("0" * 64, "f" * 64, "1" * 64)
        saved = documents.save(Document(SHELF, "flood", {}, blobs=named))
        assert saved.blobs == named
        assert documents.get(SHELF, "flood") == saved
        assert [one.blobs for one in documents.shelf(SHELF)] == [named]
        assert documents.save(dataclasses.replace(saved, blobs=())).blobs == ()
        assert documents.shelf(SHELF)[0].blobs == ()

    @pytest.mark.parametrize("name", ["", "f" * 63, "F" * 64, "../" + "0" * 61])
    def test_what_is_no_blob_cannot_be_named(self, documents: Documents, name: str) -> None:
        """It would keep nothing alive."""
        with pytest.raises(WireError, match="blobs"):
            documents.save(Document(SHELF, "flood", {}, blobs=("0" * 64, name)))

    def test_what_is_not_there_is_none(self, documents: Documents) -> None:
        """Neither an unknown key nor another shelf's is an error; nor a key that nothing can have."""
        documents.save(document())
        asked = [
            (SHELF, "other"),
            ("toy.other", "flood"),
            (SHELF, ""),
            (SHELF, "\ud800"),
            ("", "flood"),
            ("\ud800", "k"),
        ]
        assert [documents.get(shelf, key) for shelf, key in asked] == [None] * len(asked)
        assert [documents.remove(shelf, key) for shelf, key in asked] == [False] * len(asked)
        assert documents.shelf("\ud800") == []
        assert documents.trim("\ud800", 0) == 0
        assert documents.shelf("toy.other") == []

    def test_who_read_an_older_one_is_refused(self, documents: Documents) -> None:
        """Of two who read one revision the second must read again; a new one replaces nothing."""
        saved = documents.save(document())
        newer = documents.save(dataclasses.replace(saved, body={"over": 50}))
        for old in (saved, document(), dataclasses.replace(newer, revision=9)):
            with pytest.raises(Outdated, match="read it again"):
                documents.save(old)
        assert documents.get(SHELF, "flood") == newer

    def test_an_unknown_one_begins_at_revision_0(self, documents: Documents) -> None:
        """One that is not there, or was removed meanwhile, cannot have been read."""
        saved = documents.save(document())
        documents.remove(SHELF, "flood")
        with pytest.raises(Outdated):
            documents.save(saved)
        assert documents.save(document()).revision == 1

    def test_of_two_threads_one_wins_each_revision(self, documents: Documents) -> None:
        """No save is lost: two that count up together by reading and saving miss nothing."""
        documents.save(document("count", n=0))
        together = Barrier(2)

        def count(times: int) -> int:
            together.wait()
            refused = 0
            while times:
                kept = documents.get(SHELF, "count")
                assert kept is not None
                try:
                    documents.save(dataclasses.replace(kept, body={"n": kept.body["n"] + 1}))
                    times -= 1
                except Outdated:
                    refused += 1
            return refused

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(count, [25, 25]))
        assert documents.get(SHELF, "count") == Document(SHELF, "count", {"n": 50}, revision=51)

    def test_any_text_is_a_key_like_another(self, documents: Documents) -> None:
        """Keys are compared exactly, sign by sign, and mean nothing to the store."""
        for key in HOSTILE:
            documents.save(document(key, own=key))
        left = set(HOSTILE)
        for key in HOSTILE:
            assert documents.get(SHELF, key) == Document(SHELF, key, {"own": key}, 1)
            assert documents.remove(SHELF, key)
            left.remove(key)
            assert {one.key for one in documents.shelf(SHELF)} == left

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            (Document("rules", "a", {}), "shelf"),
            (Document("Toy.rules", "a", {}), "shelf"),
            (Document("toy." + "r" * 61, "a", {}), "shelf"),
            (document(""), "key"),
            (document("a" * 257), "key"),
            (document("a\0b"), "key"),
            (document("\ud800"), "key"),
            (document(x=float("nan")), "body"),
            (document(x=b"bytes"), "body"),
            (document(x="\udfff"), "body"),
        ],
    )
    def test_what_cannot_be_kept_is_refused(self, documents: Documents, wrong: Document, field: str) -> None:
        """The error names shelf, key or body, and nothing is kept."""
        with pytest.raises(WireError) as caught:
            documents.save(wrong)
        assert caught.value.field == field
        assert documents.shelf(wrong.shelf) == []

    @pytest.mark.parametrize("depth", [101, 100_000])
    def test_what_is_nested_without_end_is_refused(self, documents: Documents, depth: int) -> None:
        """It would be read by nobody."""
        nested: list[Any] = []
        for _ in range(depth):
            nested = [nested]
        with pytest.raises(WireError, match="body"):
            documents.save(document(x=nested))

    def test_what_the_caller_keeps_is_its_own(self, documents: Documents) -> None:
        """Changing a body after it was saved or read changes nothing that is kept."""
        body = {"list": [1]}
        saved = documents.save(Document(SHELF, "flood", body))
        read = documents.get(SHELF, "flood")
        assert read is not None
        for mine in (body, saved.body, read.body, documents.shelf(SHELF)[0].body):
            mine["list"].append(2)
        assert documents.get(SHELF, "flood") == Document(SHELF, "flood", {"list": [1]}, 1)


class TestShelves:
    """Many documents at once."""

    def test_a_shelf_is_in_the_order_of_its_keys(self, documents: Documents) -> None:
        """Capitals before small letters, numbers as text; no more than asked, and of one shelf."""
        for key in ("b", "a", "Z", "10", "9", "é"):
            documents.save(document(key))
        documents.save(Document("toy.other", "a", {}))
        assert [one.key for one in documents.shelf(SHELF)] == ["10", "9", "Z", "a", "b", "é"]
        assert [one.key for one in documents.shelf(SHELF, 2)] == ["10", "9"]
        assert documents.shelf(SHELF, 0) == documents.shelf(SHELF, -1) == []

    def test_the_newest_was_saved_last(self, documents: Documents) -> None:
        """A save makes an old document the newest; removing the newest changes no order."""
        saved = [documents.save(document(key)) for key in "abc"]
        documents.save(saved[0])
        assert [one.key for one in documents.shelf(SHELF, newest=True)] == ["a", "c", "b"]
        documents.remove(SHELF, "a")
        documents.save(document("d"))
        assert [one.key for one in documents.shelf(SHELF, 2, newest=True)] == ["d", "c"]

    @pytest.mark.parametrize(("keep", "left"), [(9, "bcda"), (4, "bcda"), (2, "da"), (0, ""), (-1, "")])
    def test_trimming_leaves_those_saved_last(self, documents: Documents, keep: int, left: str) -> None:
        """The rest goes, and it is told how many went."""
        saved = [documents.save(document(key)) for key in "abcd"]
        documents.save(saved[0])
        assert documents.trim(SHELF, keep) == 4 - len(left)
        assert [one.key for one in documents.shelf(SHELF, newest=True)] == list(reversed(left))

    def test_trimming_spares_other_shelves(self, documents: Documents) -> None:
        """Each shelf has a length of its own."""
        for shelf in (SHELF, "toy.other"):
            documents.save(Document(shelf, "a", {}))
        assert documents.trim(SHELF, 0) == 1
        assert len(documents.shelf("toy.other")) == 1
