"""Keys: made once, private on disk, needed in the right number, and named when they are missing."""

from __future__ import annotations

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.publish.world import World, model, version
from tuf.api.metadata import Metadata, Root

from samouk.publish.keys import (
    KeysExist,
    KeysMissing,
    KeysUnreadable,
    init_keys,
    newest_root,
    rotate_keys,
)


def test_init_makes_keys_and_a_signed_root(tmp_path: Path) -> None:
    """Three root keys, three online keys, and a root that two root keys sign."""
    made = init_keys(tmp_path / "keys")
    assert len(made.root_files) == 3 and len(made.online_files) == 3
    root = Metadata[Root].from_bytes(made.root.read_bytes())
    root.verify_delegate("root", root)
    assert root.signed.roles["root"].threshold == 2 and root.signed.consistent_snapshot
    assert made.fingerprint == hashlib.sha256(made.root.read_bytes()).hexdigest()


def test_private_keys_are_private(tmp_path: Path) -> None:
    """Only their owner may read the keys."""
    made = init_keys(tmp_path / "keys")
    for path in (*made.root_files, *made.online_files):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_message_says_to_move_the_root_keys(tmp_path: Path) -> None:
    """The operator is told what to move away, what to back up, and the fingerprint."""
    made = init_keys(tmp_path / "keys")
    assert "Move the 3 files" in made.message and made.fingerprint in made.message and "any 2" in made.message


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    """A folder that holds anything is refused and left as it is."""
    init_keys(tmp_path / "keys")
    before = sorted(path.name for path in (tmp_path / "keys").rglob("*"))
    with pytest.raises(KeysExist, match="samouk keys rotate"):
        init_keys(tmp_path / "keys")
    assert sorted(path.name for path in (tmp_path / "keys").rglob("*")) == before


def test_half_made_keys_of_a_crash_do_not_count(tmp_path: Path) -> None:
    """What a crashed init left is replaced by the next one."""
    (tmp_path / ".keys.draft" / "root").mkdir(parents=True)
    assert init_keys(tmp_path / "keys").root.exists()
    assert not (tmp_path / ".keys.draft").exists()


@pytest.mark.parametrize(("count", "threshold"), [(3, 4), (3, 0), (0, 0)])
def test_impossible_thresholds(tmp_path: Path, count: int, threshold: int) -> None:
    """A threshold that the keys cannot reach is refused."""
    with pytest.raises(ValueError, match="threshold"):
        init_keys(tmp_path / "keys", count, threshold)


def test_publishing_without_keys_names_the_command(tmp_path: Path) -> None:
    """No keys: the message names `samouk keys init`."""
    from samouk.publish.publisher import TufPublisher

    data = model(1)
    with pytest.raises(KeysMissing, match="samouk keys init"):
        TufPublisher(tmp_path / "published", tmp_path / "keys").publish(version(1, data), data)


def test_publishing_needs_no_root_key(tmp_path: Path) -> None:
    """With the root keys moved away the daily work goes on."""
    world = World(tmp_path)
    for path in world.made.root_files:
        path.unlink()
    world.release(1)
    world.publisher().refresh()


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_missing_online_key_is_named(tmp_path: Path, role: str) -> None:
    """A lost online key is named with the remedy."""
    world = World(tmp_path)
    for path in world.made.online_files:
        if path.name.startswith(role):
            path.unlink()
    with pytest.raises(KeysMissing, match=f"the {role} key.*samouk keys"):
        world.release(1)


@pytest.mark.parametrize("content", [b"", b"rot", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_unreadable_key_is_named(tmp_path: Path, content: bytes) -> None:
    """A damaged key file is named with the remedy."""
    world = World(tmp_path)
    world.made.online_files[0].write_bytes(content)
    with pytest.raises(KeysUnreadable, match=r"targets.*pem.*samouk keys init"):
        world.release(1)


def test_unreadable_root_is_named(tmp_path: Path) -> None:
    """A damaged root is named with the remedy."""
    world = World(tmp_path)
    world.made.root.write_bytes(b"{}")
    with pytest.raises(KeysUnreadable, match=r"1\.root\.json.*backup"):
        world.release(1)


def test_rotation(tmp_path: Path) -> None:
    """Rotation makes a next root that the old root keys sign, with new online keys, and removes the old ones."""
    world = World(tmp_path)
    old = Metadata[Root].from_bytes(world.made.root.read_bytes())
    assert rotate_keys(world.keys, ["timestamp"]) == 2
    new = newest_root(world.keys)
    old.verify_delegate("root", new)
    assert new.signed.roles["timestamp"].keyids != old.signed.roles["timestamp"].keyids
    assert new.signed.roles["targets"].keyids == old.signed.roles["targets"].keyids
    assert len(list((world.keys / "online").glob("*.pem"))) == 3
    world.release(1)


def test_rotation_needs_enough_root_keys(tmp_path: Path) -> None:
    """With one root key of the two needed nothing is rotated."""
    world = World(tmp_path)
    for path in world.made.root_files[1:]:
        path.unlink()
    with pytest.raises(KeysMissing, match="2 root keys are needed and 1 are there"):
        rotate_keys(world.keys)
    assert newest_root(world.keys).signed.version == 1


def test_foreign_root_keys_do_not_count(tmp_path: Path) -> None:
    """Root keys of another installation are not mistaken for ours."""
    world, other = World(tmp_path / "a"), World(tmp_path / "b")
    for mine, theirs in zip(world.made.root_files, other.made.root_files, strict=True):
        mine.write_bytes(theirs.read_bytes())
    with pytest.raises(KeysMissing, match="0 are there"):
        rotate_keys(world.keys)


def test_a_foreign_root_key_among_ours_is_passed_over(tmp_path: Path) -> None:
    """With one foreign key among them, the two that count still sign a root that old clients accept."""
    world, other = World(tmp_path / "a"), World(tmp_path / "b")
    world.made.root_files[0].write_bytes(other.made.root_files[0].read_bytes())
    rotate_keys(world.keys)
    Metadata[Root].from_bytes(world.made.root.read_bytes()).verify_delegate("root", newest_root(world.keys))


def test_unknown_role(tmp_path: Path) -> None:
    """A role that is not online is refused by name."""
    world = World(tmp_path)
    with pytest.raises(ValueError, match="root"):
        rotate_keys(world.keys, ["root"])


def test_two_that_begin_together_end_with_one_set_of_keys(tmp_path: Path) -> None:
    """However many begin at once, one makes the keys, whole, and the others find them."""

    def make(_: int) -> str:
        try:
            return init_keys(tmp_path / "keys").fingerprint
        except KeysExist:
            return ""

    with ThreadPoolExecutor(4) as pool:
        made = [fingerprint for fingerprint in pool.map(make, range(8)) if fingerprint]
    root = (tmp_path / "keys" / "roots" / "1.root.json").read_bytes()
    assert made == [hashlib.sha256(root).hexdigest()]
    assert len(list((tmp_path / "keys").rglob("*.pem"))) == 6


def test_half_written_keys_of_a_killed_rotation_go(tmp_path: Path) -> None:
    """They may be whole private keys, which nobody would ever look for; those under older names too."""
    keys = tmp_path / "keys"
    init_keys(keys)
    left = [keys / "online" / ".targets.0.pem.1a2b3c4d.tmp", keys / "online" / ".targets.0.pem.unfinished"]
    left.append(keys / "roots" / ".2.root.json.1a2b3c4d.tmp")
    for path in left:
        path.write_text("half")
    rotate_keys(keys)
    assert not any(path.exists() for path in left)
    assert newest_root(keys).signed.version == 2
