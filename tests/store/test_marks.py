"""Marks are found in any bytes, wherever and however often they stand, and say nothing themselves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zstandard

from samouk.loop.marks import Marks, OtherKey
from samouk.store.searching import Search

KEY = bytes(range(32))
NEEDLES = [bytes(range(100, 116)), b"0123456789abcdef0123456789abcdef", b"twelve bytes"]


@pytest.mark.parametrize("shift", range(9))
@pytest.mark.parametrize("needle", NEEDLES)
def test_a_needle_is_found_at_every_place(needle: bytes, shift: int) -> None:
    """Whatever stands before it, at both ends too, and once for each time that it stands there."""
    marks = Marks.of(NEEDLES, KEY)
    before = np.random.default_rng(shift).bytes(1_000 + shift)
    assert marks.count(before + needle + before + needle) == 2
    assert marks.count(needle) == 1
    assert marks.count(before + needle[1:] + before) == 0
    assert marks.count(b"") == marks.count(b"short") == 0


def test_marks_survive_json_and_hold_no_needle() -> None:
    """A proof can be checked later, and whoever reads it cannot read out what was erased."""
    marks = Marks.of(NEEDLES, KEY)
    again = Marks.from_plain(marks.plain(), KEY)
    assert (len(again), again.count(b"".join(NEEDLES))) == (3, 3)
    text = json.dumps(marks.plain()) + repr(marks)
    for needle in NEEDLES:
        pieces = {needle[at : at + 4] for at in range(len(needle) - 3)}
        assert not any(piece.hex() in text for piece in pieces)
    assert not any(word in text for word in ("twel", "elve", "byte", "ytes", NEEDLES[1].decode()))
    assert Marks.of(NEEDLES, KEY).plain() != marks.plain()  # each salted anew: two proofs are not to be compared


def test_a_name_cannot_be_tried_without_the_key_of_the_store() -> None:
    """Who guesses a name makes marks of it with any other key, and nothing fits; nor does a changed line."""
    plain = Marks.of(NEEDLES, KEY).plain()
    with pytest.raises(OtherKey, match="another store"):
        Marks.from_plain(plain, bytes(32))
    with pytest.raises(OtherKey, match="changed"):
        Marks.from_plain({**plain, "marks": plain["marks"][1:]}, KEY)
    salt = bytes.fromhex(plain["salt"])
    tried = [hashlib.blake2b(one, digest_size=16, salt=salt).hexdigest() for one in NEEDLES]
    assert not any(digest in json.dumps(plain) for digest in tried)


def test_what_would_be_found_by_chance_is_refused() -> None:
    """A name of five letters stands in many places."""
    with pytest.raises(ValueError, match="by chance"):
        Marks.of([b"alice"], KEY)


@pytest.mark.parametrize("size", [1, 7, 31, 32, 33, 1_000])
def test_what_stands_across_two_parts_is_found_once(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream is looked at in pieces of any size."""
    monkeypatch.setattr("samouk.store.searching.CHUNK", size)
    data = b"x" * 500 + NEEDLES[1] + b"y" * 31 + NEEDLES[0] + b"z" * 3
    search = Search(Marks.of(NEEDLES, KEY))
    search.stream("river", (data[at : at + size] for at in range(0, len(data), size)))
    (looked,) = search.looked()
    assert (looked.found, looked.size) == (2, len(data))


def test_a_folder_is_looked_at_through_its_compression(tmp_path: Path) -> None:
    """zstd frames one behind the other, members of an archive, gzip, and plain files in folders."""
    frames = b"salt" + b"".join(zstandard.compress(b"-" * 999 + needle) for needle in NEEDLES[:2])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("one", b"-" * 999 + NEEDLES[0])
    files = {"packs": frames, "state": archive.getvalue(), "log": gzip.compress(NEEDLES[1]), "plain": NEEDLES[2]}
    for place, data in files.items():
        (tmp_path / place / "deep").mkdir(parents=True)
        (tmp_path / place / "deep" / "file").write_bytes(data)
    search = Search(Marks.of(NEEDLES, KEY))
    search.folder(tmp_path)
    found = {one.place: one.found for one in search.looked()}
    assert found.keys() == {"packs", "state", "log", "plain"}
    assert found["packs"] >= 2  # what did not become smaller stands in clear too
    assert min(found.values()) >= 1
