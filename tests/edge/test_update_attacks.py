"""Every attack of the TUF list, against a client that has a good model: each is refused and the model stays."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tests.edge.static_server import StaticServer, dripping, endless, failing, replacing, serving
from tests.publish.world import LEARNER, Thief, World, model
from tuf.api.metadata import Metadata, MetaFile

from samouk.edge import trust, tuf_fetcher
from samouk.edge.trust import UpdateError, UpdateRefused, UpdateUnavailable
from samouk.edge.updater import ModelUpdater
from samouk.publish.keys import COMPACT, init_keys, load_signer, newest_root, rotate_keys


@dataclasses.dataclass
class Scene:
    """A world, its server, and a client that has v1.1 in service."""

    world: World
    server: StaticServer
    updater: ModelUpdater
    data: bytes

    def is_safe(self) -> bool:
        path = self.updater.model_path()
        return path is not None and path.read_bytes() == self.data

    def refused(self, error: type[UpdateError], match: str) -> None:
        """The next update fails with this error, and what was in service stays."""
        with pytest.raises(error, match=match):
            self.update()
        assert self.is_safe()

    def update(self) -> Path | None:
        found = self.updater.check_for_updates()
        return None if found is None else self.updater.download_update(found)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    world = World(tmp_path / "home")
    data = world.release(1)
    with serving(world.folder) as server:
        updater = ModelUpdater(
            server.url, LEARNER, data_dir=tmp_path / "data", environ={"HOME": str(tmp_path)}, timeout_s=1.0
        )
        made = Scene(world, server, updater, data)
        made.update()
        assert made.is_safe()
        yield made


def change_model(world: World, change: Callable[[bytes], bytes], number: int) -> None:
    """Alter the bytes of a released model where they lie."""
    for path in (world.folder / "targets" / LEARNER).glob(f"*.v1.{number}.onnx"):
        path.write_bytes(change(path.read_bytes()))


def test_arbitrary_software(scene: Scene) -> None:
    """Another model of the very same length in place of the signed one is refused."""
    scene.world.release(2)
    change_model(scene.world, lambda data: data[:-1] + bytes([data[-1] ^ 1]), 2)
    scene.refused(UpdateRefused, "not what was signed")


@pytest.mark.parametrize("cut", [1, 100])
def test_truncated_model(scene: Scene, cut: int) -> None:
    """A shorter model is refused."""
    scene.world.release(2)
    change_model(scene.world, lambda data: data[:-cut], 2)
    scene.refused(UpdateRefused, "as long as was signed")


def test_longer_model(scene: Scene) -> None:
    """A model with something behind its signed end is refused."""
    scene.world.release(2)
    change_model(scene.world, lambda data: data + b"tail", 2)
    scene.refused(UpdateRefused, "as long as was signed")


def test_too_large_model(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signed model over the cap is refused before a byte of it is fetched."""
    scene.world.release(2)
    monkeypatch.setattr(trust, "MAX_MODEL_BYTES", 100)
    scene.refused(UpdateRefused, "at most 100")
    assert not any("v1.2.onnx" in path for path, *_ in scene.server.requests)


@pytest.mark.parametrize("roles", [("timestamp",), ("snapshot", "timestamp"), ("targets", "snapshot", "timestamp")])
def test_wrong_key(scene: Scene, roles: tuple[str, ...]) -> None:
    """Metadata signed by keys that the root does not name is refused, whichever role it is."""
    thief = Thief(scene.world, own_keys=True)
    thief.offer(2, model(66))
    thief.release(roles)
    scene.refused(UpdateRefused, "not signed by the keys")


@pytest.mark.parametrize(("role", "stolen"), [("targets", ("snapshot", "timestamp")), ("snapshot", ("timestamp",))])
def test_stolen_online_keys_make_no_model(scene: Scene, role: str, stolen: tuple[str, ...]) -> None:
    """Who has the timestamp and even the snapshot key, but not the targets key, cannot have a model installed."""
    thief = Thief(scene.world)
    foreign = CryptoSigner.generate_ed25519()
    for name in ("targets", "snapshot", "timestamp"):
        if name not in stolen:
            thief.signers[name] = foreign
    thief.offer(2, model(66))
    thief.release()
    scene.refused(UpdateRefused, "not signed by the keys")


def test_unsigned(scene: Scene) -> None:
    """Metadata without a signature is refused."""
    scene.world.release(2)
    path = scene.world.metadata / "timestamp.json"
    document = json.loads(path.read_bytes())
    document["signatures"] = []
    path.write_text(json.dumps(document))
    scene.refused(UpdateRefused, "not signed by the keys")


@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "targets.json"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="truncated"),
        pytest.param(lambda data: data.replace(b'"version":2', b'"version":9'), id="edited"),
        pytest.param(lambda data: b"{}", id="empty"),
        pytest.param(lambda data: b"\xff\xfe" * 40, id="noise"),
        pytest.param(lambda data: b"[" * 10_000, id="nested"),
    ],
)
def test_corrupted_metadata(scene: Scene, name: str, change: Callable[[bytes], bytes]) -> None:
    """Metadata that was cut, edited or replaced by noise is refused."""
    scene.world.release(2)
    scene.server.spoil = replacing(name, change)
    scene.refused(UpdateRefused, "refused|as long")


def test_replayed_timestamp(scene: Scene) -> None:
    """The whole repository of yesterday, with signatures that still hold, is refused."""
    old = scene.world.home / "old"
    shutil.copytree(scene.world.folder, old)
    scene.data = scene.world.release(2)
    scene.update()
    scene.server.folder = old
    scene.refused(UpdateRefused, "older than was seen")


def test_rolled_back_snapshot(scene: Scene) -> None:
    """A new timestamp that points to an old snapshot is refused."""
    before = Thief(scene.world)
    scene.data = scene.world.release(2)
    scene.update()
    now = Thief(scene.world)
    now.timestamp.snapshot_meta = before.timestamp.snapshot_meta
    now.release(("timestamp",))
    scene.refused(UpdateRefused, "older than was seen")


def test_rolled_back_targets(scene: Scene) -> None:
    """A new snapshot that points to an old list of targets is refused."""
    before = Thief(scene.world)
    scene.data = scene.world.release(2)
    scene.update()
    now = Thief(scene.world)
    now.snapshot.meta["targets.json"] = before.snapshot.meta["targets.json"]
    now.release(("snapshot", "timestamp"))
    scene.refused(UpdateRefused, "older than was seen")


def test_rolled_back_number(scene: Scene) -> None:
    """A correctly signed release with a lower number than the installed one is refused."""
    scene.data = scene.world.release(5)
    scene.update()
    thief = Thief(scene.world)
    thief.offer(3, model(3), "v1.3")
    thief.release()
    scene.refused(UpdateRefused, "older than the installed")


def test_same_number_other_bytes(scene: Scene) -> None:
    """One number has one model: other bytes under the installed number are refused."""
    thief = Thief(scene.world)
    thief.offer(1, model(66))
    thief.release()
    scene.refused(UpdateRefused, "older than the installed")


def test_targets_removed_from_snapshot(scene: Scene) -> None:
    """A snapshot that no longer names the targets metadata is refused."""
    thief = Thief(scene.world)
    thief.snapshot.meta = {"other.json": MetaFile(1)}
    thief.release(("snapshot", "timestamp"))
    scene.refused(UpdateRefused, "refused")


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "root"])
def test_freeze(tmp_path: Path, role: str) -> None:
    """Metadata whose signature has run out is refused, whichever role it is."""
    ago = {"timestamp": 2, "snapshot": 8, "targets": 91, "root": 366}[role]
    past = World(tmp_path / "home", now=lambda: dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=ago))
    if role == "root":
        shutil.rmtree(past.keys)
        init_keys(past.keys, now=past.now)
    past.release(1)
    with serving(past.folder) as server:
        updater = ModelUpdater(server.url, LEARNER, data_dir=tmp_path / "data", environ={"HOME": str(tmp_path)})
        with pytest.raises(UpdateRefused, match="run out"):
            updater.check_for_updates()


def test_freeze_by_not_modified(scene: Scene, tmp_path: Path) -> None:
    """A server that says 304 for ever is believed only while the signatures seen last hold."""
    state = tmp_path / "data" / "models" / LEARNER / "check.json"
    document = json.loads(state.read_text())
    document["expires"] = (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)).isoformat()
    state.write_text(json.dumps(document))
    scene.server.spoil = failing("", 304)
    scene.refused(UpdateRefused, "refused")


def test_mix_and_match(scene: Scene) -> None:
    """Parts of two genuine states of the repository do not pass as one."""
    scene.world.release(2)
    second = {path.name: path.read_bytes() for path in scene.world.metadata.iterdir() if path.is_file()}
    scene.world.release(3)
    newest = Thief(scene.world)
    version = newest.snapshot.meta["targets.json"].version
    shown = scene.world.metadata / f"{version}.targets.json"
    shown.write_bytes(second[f"{version - 1}.targets.json"])
    scene.refused(UpdateRefused, "refused|as long")


def test_foreign_repository(scene: Scene, tmp_path: Path) -> None:
    """Another operator's genuine repository at the same address is refused; the message says what to do."""
    other = World(tmp_path / "other")
    for number in range(1, 5):
        other.release(number)
    scene.server.folder = other.folder
    scene.refused(UpdateRefused, "set up anew, remove")


def test_wrong_pinned_root(scene: Scene, tmp_path: Path) -> None:
    """A client that pins another root than the server's refuses everything from it."""
    other = World(tmp_path / "other")
    updater = ModelUpdater(
        scene.server.url, LEARNER, root=other.made.root, data_dir=tmp_path / "d2", environ={"HOME": str(tmp_path)}
    )
    with pytest.raises(UpdateRefused, match="not signed by the keys"):
        updater.check_for_updates()


def test_root_rotation_without_threshold(scene: Scene) -> None:
    """A new root that names a thief's keys but carries one root signature of two is refused."""
    metadata = newest_root(scene.world.keys)
    thief = Thief(scene.world, own_keys=True)
    for role, signer in thief.signers.items():
        metadata.signed.add_key(signer.public_key, role)
    metadata.signed.version = 2
    metadata.signatures.clear()
    metadata.sign(load_signer(scene.world.made.root_files[0]))
    (scene.world.metadata / "2.root.json").write_bytes(metadata.to_bytes(COMPACT))
    thief.offer(2, model(66))
    thief.release()
    scene.refused(UpdateRefused, "not signed by the keys")


def test_root_signed_by_its_own_new_keys_only(scene: Scene) -> None:
    """A root that only its own new root keys sign is refused: the old ones must agree."""
    metadata = newest_root(scene.world.keys)
    root = metadata.signed
    for keyid in list(root.roles["root"].keyids):
        root.revoke_key(keyid, "root")
    signers = [CryptoSigner.generate_ed25519() for _ in range(2)]
    for signer in signers:
        root.add_key(signer.public_key, "root")
    root.version = 2
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    scene.world.release(2)
    (scene.world.metadata / "2.root.json").write_bytes(Metadata(root, metadata.signatures).to_bytes(COMPACT))
    scene.refused(UpdateRefused, "not signed by the keys")


def test_fast_forward_and_recovery(scene: Scene) -> None:
    """Stolen keys can push all version numbers up; after a rotation by the root keys clients follow again."""
    honest = {path: path.read_bytes() for path in scene.world.metadata.iterdir() if path.is_file()}
    thief = Thief(scene.world)
    thief.offer(10**9, scene.data, "v999")
    thief.release(step=2**31)
    scene.update()
    for path in scene.world.metadata.iterdir():
        if path.is_file():
            path.unlink()
    for path, data in honest.items():
        path.write_bytes(data)
    scene.refused(UpdateRefused, "older than was seen")
    assert rotate_keys(scene.world.keys) == 2
    fresh = scene.world.release(2)
    installed = scene.update()
    assert installed is not None and installed.read_bytes() == fresh


def test_endless_metadata(scene: Scene) -> None:
    """A file of metadata without end is cut off at its limit."""
    scene.server.spoil = endless("timestamp")
    scene.refused(UpdateRefused, "more than the 16384 bytes")


@pytest.mark.parametrize("name", ["root.json", "snapshot", "targets.json", ".onnx"])
def test_endless_files(scene: Scene, name: str) -> None:
    """A file without end is cut off at its signed length or the limit of its role."""
    scene.world.release(2)
    scene.server.spoil = endless(name)
    scene.refused(UpdateRefused, "as long as was signed")


def test_slow_retrieval_of_metadata(scene: Scene) -> None:
    """A server that drips metadata byte by byte is given up at the deadline, though each byte is in time."""
    scene.updater._timeout_s = 0.1
    scene.world.release(2)
    scene.server.spoil = dripping("timestamp", 0.02)
    scene.refused(UpdateUnavailable, "deadline|too long")


def test_silent_server(scene: Scene) -> None:
    """A server that accepts and then says nothing is given up after the timeout."""
    scene.updater._timeout_s = 0.2
    scene.world.release(2)
    scene.server.spoil = dripping(".onnx", 0.6)
    scene.refused(UpdateUnavailable, "too long")


def test_slow_retrieval_of_a_model(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that drips is given up when the slowest bearable rate is not reached."""
    monkeypatch.setattr(tuf_fetcher, "GRACE_S", 0.2)
    scene.world.release(2)
    scene.server.spoil = dripping(".onnx", 0.02)
    scene.refused(UpdateUnavailable, "deadline|too long")


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "", "a/b", "x" * 65])
def test_hostile_version_names(scene: Scene, name: str) -> None:
    """Even correctly signed, a version's name never becomes a path outside the folder of models."""
    thief = Thief(scene.world)
    thief.offer(2, model(2), "fine")
    thief.targets.targets[f"{LEARNER}/current.json"].unrecognized_fields["custom"] = {"version": name, "number": 2}
    thief.release()
    scene.refused(UpdateRefused, "cannot be understood")


@pytest.mark.parametrize("custom", [None, [], {"version": "v1.2"}, {"version": "v1.2", "number": True}])
def test_malformed_release(scene: Scene, custom: object) -> None:
    """A signed release that cannot be understood is refused, not guessed at."""
    thief = Thief(scene.world)
    thief.offer(2, model(2), "v1.2")
    thief.targets.targets[f"{LEARNER}/current.json"].unrecognized_fields["custom"] = custom
    thief.release()
    scene.refused(UpdateRefused, "cannot be understood")
