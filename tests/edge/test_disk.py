"""Files whole or not there, locks, and folders that go with their process or with the next one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from samouk.edge import disk
from samouk.edge.disk import temporary_folder, try_lock

PREFIX = "samouk-test-"

KILLED = """
import os, signal
from samouk.edge.disk import temporary_folder
with temporary_folder("samouk-test-") as folder:
    (folder / "rows").write_text("somebody's")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of our own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_what_a_killed_process_left_goes_with_the_next(above: Path) -> None:
    """And what one that lives has, or nobody ever locked, stays."""
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    (left,) = above.iterdir()
    assert (left / "rows").exists()
    (above / f"{PREFIX}some_one").write_text("no folder")
    (above / f"{PREFIX}freshone").mkdir()
    with temporary_folder(PREFIX) as mine:
        assert not left.exists()
        assert mine.stat().st_mode & 0o077 == 0
        with temporary_folder(PREFIX):
            assert mine.exists()
    assert sorted(one.name for one in above.iterdir()) == [f"{PREFIX}freshone", f"{PREFIX}some_one"]


def test_a_folder_whose_owner_died_while_it_made_it_goes_after_a_day(above: Path) -> None:
    """Not before: it may be being made just now."""
    old, young, held = (above / f"{PREFIX}{name}" for name in ("old_one_", "youngone", "held_one"))
    for folder in (old, young, held):
        folder.mkdir()
        (folder / ".owner").touch()
    for folder in (old, held):
        os.utime(folder, (time.time() - 100_000,) * 2)
    descriptor = os.open(held / ".owner", os.O_RDWR)
    try:
        assert try_lock(descriptor)
        with temporary_folder(PREFIX):
            assert (old.exists(), young.exists(), held.exists()) == (False, True, True)
    finally:
        os.close(descriptor)


def test_a_short_prefix_takes_no_longer_ones_along(above: Path) -> None:
    """What begins alike is somebody else's."""
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    (left,) = above.iterdir()
    with temporary_folder("samouk-"):
        assert left.exists()


def test_where_nothing_can_be_locked_nothing_is_swept(above: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems know no locks: what is there may be in use, and is no reason to fail."""
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    (left,) = above.iterdir()

    def refuse(descriptor: int) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(disk, "try_lock", refuse)
    disk._sweep(left)
    assert left.exists()


class TestReplacing:
    """One content or the other, whatever happens."""

    def test_what_was_written_is_all_there_is(self, tmp_path: Path) -> None:
        """For its owner alone, and no draft beside it."""
        place = tmp_path / "made" / "file"
        for data in (b"old, and longer", b"new"):
            disk.replace(place, data)
            assert place.read_bytes() == data
        assert place.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in place.parent.iterdir()] == ["file"]

    def test_a_block_that_raises_leaves_what_was_there(self, tmp_path: Path) -> None:
        place = tmp_path / "file"
        place.write_bytes(b"old")
        with pytest.raises(KeyError), disk.replacing(place) as file:
            file.write(b"half of the")
            assert place.read_bytes() == b"old"
            raise KeyError
        assert place.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [place]

    def test_an_error_names_the_file_that_was_meant(self, tmp_path: Path) -> None:
        """Not the draft, whose name says nothing to anybody."""
        for place in (tmp_path / "absent" / "file", tmp_path / "folder"):
            (tmp_path / "folder" / "full").mkdir(parents=True, exist_ok=True)
            with pytest.raises(OSError) as told, disk.replacing(place) as file:
                file.write(b"x")
            assert told.value.filename == str(place)
        assert [path.name for path in tmp_path.iterdir()] == ["folder"]

    def test_drafts_of_the_killed_are_swept_alone(self, tmp_path: Path) -> None:
        """Hidden ones that end as drafts do, of this folder."""
        gone = [tmp_path / ".file.1a2b3c4d.tmp", tmp_path / ".file.unfinished"]
        stay = [tmp_path / "file.tmp", tmp_path / ".file", tmp_path / "file"]
        for path in (*gone, *stay):
            path.touch()
        disk.sweep_drafts(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted(stay)


def test_what_is_created_replaces_nothing(tmp_path: Path) -> None:
    """The second of two is refused, and the first one's bytes stay."""
    disk.create(tmp_path / "file", b"first")
    with pytest.raises(FileExistsError):
        disk.create(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_one_alone_is_told_so(tmp_path: Path) -> None:
    """Nobody waits; what was held is free when the block ends."""
    lock = tmp_path / "lock"
    with disk.alone(lock) as mine, disk.alone(lock) as theirs:
        assert (mine, theirs) == (True, False)
    with disk.alone(lock) as again:
        assert again


def test_who_excludes_others_has_them_wait(tmp_path: Path) -> None:
    """Until the block ends, or its process dies."""
    code = f"""
import sys
from pathlib import Path
from samouk.edge.disk import exclusive
with exclusive(Path({str(tmp_path / "lock")!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    with disk.alone(tmp_path / "lock") as mine:
        assert not mine
    child.kill()
    child.communicate()
    with disk.exclusive(tmp_path / "lock"), disk.alone(tmp_path / "lock") as mine:
        assert not mine


def test_a_private_folder_has_private_ones_above(tmp_path: Path) -> None:
    """Those that it made; what was there stays as it is."""
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "open").chmod(0o755)
    made = disk.private_dir(tmp_path / "open" / "a" / "b")
    assert [path.stat().st_mode & 0o777 for path in (made, made.parent, tmp_path / "open")] == [0o700, 0o700, 0o755]
    assert disk.private_dir(made) == made


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_process_keeps_the_folder(above: Path) -> None:
    """The crew's children go on when their parent was killed."""
    with temporary_folder(PREFIX) as mine:
        code = f"""
import os, signal, sys
from samouk.edge.disk import temporary_folder
with temporary_folder("{PREFIX}") as folder:
    if os.fork() == 0:
        print(folder, flush=True)
        sys.stdin.read()
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)
"""
        child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        theirs = Path(child.stdout.readline().strip())
        child.wait()
        with temporary_folder(PREFIX):
            assert theirs.is_dir()
        child.communicate()
        assert mine.is_dir()
