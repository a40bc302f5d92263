"""Blobs in a local folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samouk.loop.ports import CorruptBlob, StoreUnavailable
from samouk.store.blobs.local import UNFINISHED, LocalBlobs


def only_file(folder: Path) -> Path:
    """The one file below the folder."""
    (path,) = (path for path in folder.rglob("*") if path.is_file())
    return path


@pytest.mark.parametrize("damage", [b"", b"modem", b"model and more"])
def test_damaged_bytes_are_refused(tmp_path: Path, damage: bytes) -> None:
    """A blob that was cut, changed or lengthened raises CorruptBlob, never other bytes."""
    blobs = LocalBlobs(tmp_path)
    key = blobs.put(b"model")
    only_file(tmp_path).write_bytes(damage)
    with pytest.raises(CorruptBlob, match="backup"):
        blobs.get(key)


def test_putting_again_repairs(tmp_path: Path) -> None:
    """A damaged blob is whole once its bytes were put again."""
    blobs = LocalBlobs(tmp_path)
    key = blobs.put(b"model")
    only_file(tmp_path).write_bytes(b"mod")
    assert blobs.get(blobs.put(b"model")) == b"model"
    assert list(blobs.keys()) == [key]


def test_an_unfinished_file_is_no_blob(tmp_path: Path) -> None:
    """What a dead writer left is never listed, and goes when it is old enough."""
    blobs = LocalBlobs(tmp_path)
    key = blobs.put(b"model")
    left = only_file(tmp_path).with_name(f"{key}.0{UNFINISHED}")
    left.write_bytes(b"mod")
    assert list(blobs.keys()) == [key]
    blobs.clean(60)
    assert left.exists()
    os.utime(left, (0, 0))
    blobs.clean(60)
    assert not left.exists()
    assert blobs.get(key) == b"model"


def test_only_old_blobs_are_stale(tmp_path: Path) -> None:
    """``stale`` names what was written long enough ago."""
    blobs = LocalBlobs(tmp_path)
    key = blobs.put(b"old")
    os.utime(only_file(tmp_path), (0, 0))
    blobs.put(b"new")
    assert blobs.stale(60) == [key]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    """A folder that cannot be made is a clear error with a remedy."""
    (tmp_path / "home").write_text("in the way")
    for place in (tmp_path / "home", tmp_path / "home" / "below"):
        with pytest.raises(StoreUnavailable, match="SAMOUK_HOME"):
            LocalBlobs(place)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_another_user_is_named(tmp_path: Path) -> None:
    """Without permission, the error says whose business it is."""
    blobs = LocalBlobs(tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailable, match="not writable"):
        blobs.put(b"model")


def test_a_folder_that_went_away_is_made_again(tmp_path: Path) -> None:
    """A put does not fail because someone cleaned up."""
    blobs = LocalBlobs(tmp_path / "home")
    (tmp_path / "home").rmdir()
    assert blobs.get(blobs.put(b"model")) == b"model"
