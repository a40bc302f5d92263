"""The updater against an honest server: updates, resumes, switches, goes back, and stays cheap."""

from __future__ import annotations

import datetime as dt
import errno
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.edge.static_server import StaticServer, cut_off, failing, serving
from tests.publish.world import LEARNER, World, model

from samouk.edge import disk
from samouk.edge.errors import ConfigError
from samouk.edge.trust import UpdateNotStored, UpdateRefused, UpdateUnavailable
from samouk.edge.updater import ModelUpdater


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture
def server(world: World) -> Iterator[StaticServer]:
    with serving(world.folder) as running:
        yield running


def client(server: StaticServer, tmp_path: Path, **options: object) -> ModelUpdater:
    return ModelUpdater(server.url, LEARNER, data_dir=tmp_path / "data", environ={"HOME": str(tmp_path)}, **options)  # type: ignore[arg-type]


def update(updater: ModelUpdater) -> Path:
    found = updater.check_for_updates()
    assert found is not None
    return updater.download_update(found)


def test_release_arrives(world: World, server: StaticServer, tmp_path: Path) -> None:
    """What was published is what the client then has in service, with its figures and changelog."""
    old, new = world.release(1), model(2)
    updater = client(server, tmp_path)
    assert update(updater).read_bytes() == old
    world.release(2, new)
    found = updater.check_for_updates()
    assert found is not None
    assert (found.version, found.number, found.current, found.size) == ("v1.2", 2, "v1.1", len(new))
    assert found.changelog[0] == "✅ button: +2 points"
    assert (dict(found.before), dict(found.after)) == ({"accuracy": 0.901}, {"accuracy": 0.902})
    assert (found.samples, found.platforms) == (2000, ("android", "ios"))
    assert updater.download_update(found).read_bytes() == new
    assert updater.check_for_updates() is None


def test_no_release_is_no_update(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A server whose repository holds no release of this learner has no update, and that is no error."""
    world.publisher().refresh()
    assert client(server, tmp_path).check_for_updates() is None


def test_no_change_costs_one_request(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A second check asks for timestamp.json alone and is answered 304; a pending update is still told."""
    world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    server.requests.clear()
    assert updater.check_for_updates() is None
    assert [(path, status) for path, _, status in server.requests] == [("/v1/tuf/metadata/timestamp.json", 304)]
    world.release(2)
    assert updater.check_for_updates() is not None
    server.requests.clear()
    pending = client(server, tmp_path).check_for_updates()
    assert pending is not None and pending.version == "v1.2"
    assert [status for *_, status in server.requests] == [304]


def test_progress_is_told(world: World, server: StaticServer, tmp_path: Path) -> None:
    """The progress callback ends with all bytes done."""
    data = world.release(1, model(1, padding=200_000))
    told: list[tuple[int, int]] = []
    update(client(server, tmp_path, progress=lambda done, total: told.append((done, total))))
    assert told[-1] == (len(data), len(data))
    assert told == sorted(told) and len(told) > 1


def test_broken_download_goes_on(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A download that breaks three times goes on from where it was and fetches no byte twice."""
    data = world.release(1, model(1, padding=100_000))
    server.spoil = cut_off(".onnx", at=50_000, times=3)
    assert update(client(server, tmp_path)).read_bytes() == data
    ranges = [wanted for path, wanted, _ in server.requests if ".onnx" in path]
    assert ranges == ["", "bytes=50000-", "bytes=100000-", "bytes=150000-"]


def test_given_up_download_goes_on_later(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A download that was given up is UpdateUnavailable, and the next call goes on from the kept part."""
    data = world.release(1, model(1, padding=100_000))
    server.spoil = cut_off(".onnx", at=10_000, times=4)
    with pytest.raises(UpdateUnavailable):
        update(client(server, tmp_path))
    server.requests.clear()
    assert update(client(server, tmp_path)).read_bytes() == data
    assert ("bytes=40000-", 206) in [(wanted, status) for _, wanted, status in server.requests]


def test_damaged_part_is_thrown_away(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A part file with wrong bytes is refused once and does not stand in the way of the next try."""
    data = world.release(1)
    updater = client(server, tmp_path)
    found = updater.check_for_updates()
    assert found is not None
    part = tmp_path / "data" / "models" / LEARNER / f"{found.sha256}.part"
    part.write_bytes(b"x" * 100)
    with pytest.raises(UpdateRefused):
        updater.download_update(found)
    assert updater.download_update(found).read_bytes() == data


def test_part_as_long_as_a_truncated_file(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A part that ends where a truncated file on the server ends is refused and thrown away, not kept for ever."""
    data = world.release(1)
    updater = client(server, tmp_path)
    found = updater.check_for_updates()
    assert found is not None
    (place,) = (world.folder / "targets" / LEARNER).glob("*.v1.1.onnx")
    place.write_bytes(data[:100])
    part = tmp_path / "data" / "models" / LEARNER / f"{found.sha256}.part"
    part.write_bytes(data[:100])
    with pytest.raises(UpdateRefused, match="as long as was signed"):
        updater.download_update(found)
    place.write_bytes(data)
    assert updater.download_update(found).read_bytes() == data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no model at all", "does not load"),
        (model(3)[:-40], "does not load"),
        (model(3, learner="someone.else"), "someone.else"),
        (model(3, weight=float("nan")), "finite"),
    ],
)
def test_signed_but_unfit_model_is_refused(
    world: World, server: StaticServer, tmp_path: Path, data: bytes, reason: str
) -> None:
    """A correctly signed file that is no working model of this learner is not switched to."""
    old = world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    world.release(2, data)
    with pytest.raises(UpdateRefused, match=reason):
        update(updater)
    path = updater.model_path()
    assert path is not None and path.read_bytes() == old


def test_rollback_to_last_good(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Taking a model back brings the one before, and the one taken back does not return by itself."""
    old = world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    world.release(2)
    update(updater)
    back = updater.rollback_to_last_good()
    path = updater.model_path()
    assert back is not None and back.version == "v1.1"
    assert path is not None and path.read_bytes() == old
    assert updater.check_for_updates() is None
    assert updater.rollback_to_last_good() is None
    newest = world.release(3)
    assert update(updater).read_bytes() == newest


def test_damaged_model_falls_back(world: World, server: StaticServer, tmp_path: Path) -> None:
    """When the current model's file is damaged on disk, the last good one serves and the update is offered again."""
    old = world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    world.release(2)
    update(updater).write_bytes(b"rot")
    path = updater.model_path()
    assert path is not None and path.read_bytes() == old
    assert updater.check_for_updates() is not None


def test_rollback_by_new_release(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Old bytes under a new, higher version are an ordinary update, and are not fetched while they are still here."""
    old = world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    world.release(2)
    update(updater)
    world.release(3, old)
    server.requests.clear()
    assert update(updater).read_bytes() == old
    assert not [path for path, *_ in server.requests if ".onnx" in path]
    current = updater.current()
    assert current is not None and current.version == "v1.3"


def test_auto_update_once_a_day(world: World, server: StaticServer, tmp_path: Path) -> None:
    """auto_update installs, then leaves the server alone for a day unless forced."""
    world.release(1)
    updater = client(server, tmp_path)
    done = updater.auto_update()
    assert done is not None and done.version == "v1.1" and updater.last_error is None
    world.release(2)
    server.requests.clear()
    assert updater.auto_update() is None
    assert server.requests == []
    done = updater.auto_update(force=True)
    assert done is not None and done.version == "v1.2"


def test_auto_update_never_raises(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A server in trouble leaves auto_update silent, with the reason in last_error and the old model in service."""
    world.release(1)
    updater = client(server, tmp_path)
    updater.auto_update()
    server.spoil = failing("timestamp", 500)
    assert updater.auto_update(force=True) is None
    assert isinstance(updater.last_error, UpdateUnavailable)
    assert updater.model_path() is not None


def test_switched_off_auto_update(world: World, server: StaticServer, tmp_path: Path) -> None:
    """With ml.auto_update false nothing is asked of the server."""
    world.release(1)
    config = tmp_path / ".config" / "samouk" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"ml.auto_update": False}))
    assert client(server, tmp_path).auto_update() is None
    assert server.requests == []


@pytest.mark.parametrize(("status", "text"), [(500, "try again later"), (404, "publishes no models"), (302, "final")])
def test_error_answers_are_plain(world: World, server: StaticServer, tmp_path: Path, status: int, text: str) -> None:
    """Each error answer becomes UpdateUnavailable with what to do."""
    world.release(1)
    server.spoil = failing("timestamp", status)
    with pytest.raises(UpdateUnavailable, match=text):
        client(server, tmp_path).check_for_updates()


def test_nobody_there(tmp_path: Path) -> None:
    """No server at all is UpdateUnavailable; the address is told once, and no number of an error."""
    address = "http://127.0.0.1:9"
    updater = ModelUpdater(address, LEARNER, data_dir=tmp_path, environ={"HOME": str(tmp_path)})
    with pytest.raises(UpdateUnavailable) as caught:
        updater.check_for_updates()
    assert str(caught.value) == f"nothing answers at {address}; is the server running (samouk serve)?"


def test_a_name_that_nobody_has(tmp_path: Path) -> None:
    """An unknown name is told with the address once."""
    address = "https://no.such.host.invalid"
    updater = ModelUpdater(address, LEARNER, data_dir=tmp_path, environ={"HOME": str(tmp_path)})
    with pytest.raises(UpdateUnavailable, match="can be found") as caught:
        updater.check_for_updates()
    assert str(caught.value).count("no.such.host") == 1
    assert "Errno" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["ftp://127.0.0.1", "file:///etc", "nonsense", "http://u:p@127.0.0.1"])
def test_odd_endpoints_are_refused(tmp_path: Path, endpoint: str) -> None:
    """Only http and https addresses are asked."""
    with pytest.raises(ConfigError, match="upload_endpoint"):
        ModelUpdater(endpoint, LEARNER, data_dir=tmp_path, environ={"HOME": str(tmp_path)}).check_for_updates()


def test_first_use_only_over_a_private_way(tmp_path: Path) -> None:
    """A server that is neither https nor this machine is not trusted on first use."""
    from samouk.edge.tuf_client import TrustedRepository

    with pytest.raises(UpdateRefused, match="SAMOUK_ROOT"):
        TrustedRepository(tmp_path / "trust", "http://192.0.2.1", None).refresh()


def test_first_use_is_logged_once(
    world: World, server: StaticServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Trust on first use tells the fingerprint that `keys init` printed, and happens once."""
    world.release(1)
    with caplog.at_level(logging.WARNING):
        update(client(server, tmp_path))
        world.release(2)
        update(client(server, tmp_path))
    told = [record.getMessage() for record in caplog.records if "first use" in record.getMessage()]
    assert len(told) == 1 and f"fingerprint {world.made.fingerprint[:16]};" in told[0]
    assert "SAMOUK_ROOT" in told[0] and len(told[0]) < 150


def test_pinned_root(world: World, server: StaticServer, tmp_path: Path) -> None:
    """With the root pinned the first contact is verified too."""
    data = world.release(1)
    assert update(client(server, tmp_path, root=world.made.root)).read_bytes() == data


def test_missing_pinned_root(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A pinned root that is not there is named."""
    world.release(1)
    with pytest.raises(ConfigError, match="SAMOUK_ROOT"):
        client(server, tmp_path, root=tmp_path / "absent.json").check_for_updates()


def test_full_disk(world: World, server: StaticServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told as such, and the old model stays in service."""
    old = world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    world.release(2)
    found = updater.check_for_updates()
    assert found is not None

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(disk, "replace", full)
    with pytest.raises(UpdateNotStored, match="No space left"):
        updater.download_update(found)
    path = updater.model_path()
    assert path is not None and path.read_bytes() == old


def test_two_clients_at_once(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Clients that share a folder take turns; both end with the new model and it is downloaded once."""
    data = world.release(1, model(1, padding=300_000))
    got: list[object] = []
    clients = [client(server, tmp_path) for _ in range(4)]
    threads = [threading.Thread(target=lambda one=one: got.append(one.auto_update(force=True))) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.last_error for one in clients] == [None] * 4
    path = clients[0].model_path()
    assert path is not None and path.read_bytes() == data
    assert len([path for path, *_ in server.requests if ".onnx" in path]) == 1


def test_old_models_are_removed(world: World, server: StaticServer, tmp_path: Path) -> None:
    """The folder keeps the current and the last good model and no more."""
    updater = client(server, tmp_path)
    for number in (1, 2, 3, 4):
        world.release(number)
        update(updater)
    assert len(list((tmp_path / "data" / "models" / LEARNER).glob("*.onnx"))) == 2


def test_works_without_cryptography(world: World, server: StaticServer, tmp_path: Path) -> None:
    """The base install has no cryptography: signatures are then verified in pure Python."""
    world.release(1)
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from pathlib import Path\n"
        "from samouk.edge.updater import ModelUpdater\n"
        f"updater = ModelUpdater({server.url!r}, {LEARNER!r}, data_dir=Path({str(tmp_path / 'data')!r}))\n"
        "update = updater.check_for_updates()\n"
        "print(update.version, updater.download_update(update).name == f'{update.sha256}.onnx')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["v1.1", "True"], done.stderr


def test_check_state_of_another_day_is_not_believed(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Once the shortest signature of the last check has run out, a 304 is not asked for."""
    world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    state = tmp_path / "data" / "models" / LEARNER / "check.json"
    document = json.loads(state.read_text())
    document["expires"] = (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)).isoformat()
    state.write_text(json.dumps(document))
    server.requests.clear()
    assert updater.check_for_updates() is None
    assert 304 not in [status for *_, status in server.requests] and len(server.requests) > 1


def test_unwritable_folder(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A place for models that cannot be written is told as such."""
    world.release(1)
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(UpdateNotStored, match="correct the rights"):
        client(server, tmp_path).check_for_updates()


def test_damaged_state_is_a_fresh_start(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Noise in current.json, check.json, next_check or the trusted metadata costs a full check and no more."""
    data = world.release(1)
    updater = client(server, tmp_path)
    update(updater)
    folder = tmp_path / "data" / "models" / LEARNER
    trusted = next((tmp_path / "data" / "trust").iterdir())
    for path in (folder / "current.json", folder / "check.json", folder / "next_check", trusted / "snapshot.json"):
        path.write_bytes(b"\xff[")
    assert updater.current() is None
    assert updater.auto_update() is not None and updater.last_error is None
    path_now = updater.model_path()
    assert path_now is not None and path_now.read_bytes() == data
