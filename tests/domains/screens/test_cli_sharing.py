"""Commands about what is shared, against the real server on loopback: collect, look, send, take back."""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.canary import CANARIES, leaks
from tests.domains.screens.observing import NOBODY, OBSERVE, User, platform
from tests.server.house import House

from samouk.domains.screens.schema import SCHEMA
from samouk.edge.receipts import Receipts
from samouk.edge.wire import plain

Screens = Callable[[int], list[Path]]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with platform() as running:
        yield running


def of(house: House, user: User) -> User:
    """The user, sharing with this server."""
    return user.agree(f"http://127.0.0.1:{house.port}", house.key)


def stored(house: House) -> int:
    return house.services.log.stats(SCHEMA.name).total_samples


def test_collected_samples_are_told(user: User, screens: Screens) -> None:
    """After a collection the counts of stats and analyze-cache are those of the screens."""
    user.agree()
    files = screens(4)
    seen = [user.json("ml", "predict", file) for file in files]
    expected = Counter[str]()
    for screen in seen:
        expected[screen["platform"]] += len(screen["elements"])
    assert user.json("ml", "collect", *files)["platforms"] == expected
    stats, cache = user.json("ml", "stats"), user.json("ml", "analyze-cache")
    assert stats["collected"] == stats["pending"] == cache["samples"] == expected.total()
    assert stats["platforms"] == cache["platforms"] == expected
    assert sum(cache["types"].values()) == sum(batch["samples"] for batch in cache["batches"]) == expected.total()


def test_output_reads_well(user: User, screens: Screens) -> None:
    """People see counts, shares with bars, and how to stop sharing."""
    user.agree()
    shown = user.done("ml", "collect", *screens(2))
    assert "✅" in shown and "samples kept (" in shown and "observe config set ml.contribute false" in shown
    stats = user.done("ml", "stats")
    assert "📊" in stats and " / " in stats and "100 %" in stats and "█" in stats
    cache = user.done("ml", "analyze-cache")
    assert all(word in cache for word in ("batch", "Platforms", "Types", "container", "Labelled by"))


def test_shown_bytes_are_the_stored_ones(house: House, user: User, screens: Screens) -> None:
    """What show-upload printed is, to the last value, what the server stored afterwards."""
    of(house, user).done("ml", "collect", *screens(1))
    (line,) = user.done("ml", "show-upload").splitlines()
    assert user.done("ml", "show-upload", "--json").splitlines() == [line]
    shown = json.loads(line)
    assert user.json("ml", "upload")["sent"] == 1
    (batch,) = [b for b in house.services.log.entries(SCHEMA.name) if b.batch_id == shown["batch_id"]]
    assert batch.group == shown["group"] and batch.rows == len(shown["columns"]["sample_id"])


def test_pretty_upload_is_the_same_written_out(user: User, screens: Screens) -> None:
    """The pretty form holds the same values, one column a line."""
    from samouk.edge.wire import envelope_of

    user.agree().done("ml", "collect", *screens(1))
    body, pretty = json.loads(user.done("ml", "show-upload")), user.done("ml", "show-upload", "--pretty")
    assert json.loads(pretty)["columns"] == {
        name: list(values) for name, values in plain(envelope_of(body).columns).items()
    }
    assert pretty.count("\n") == len(SCHEMA.fields) + 10


def test_nothing_to_show_is_no_output(user: User) -> None:
    """With nothing waiting, show-upload leaves standard output empty."""
    result = user("ml", "show-upload")
    assert (result.exit_code, result.stdout) == (0, "") and "Nothing is waiting" in result.stderr


def test_uploads_and_forgets(house: House, user: User, screens: Screens) -> None:
    """What was uploaded is counted with thanks, and forget erases it on the server."""
    before = stored(house)
    kept = of(house, user).json("ml", "collect", *screens(3))["samples"]
    assert "sent" in user.done("ml", "upload") and stored(house) == before + kept
    stats = user.done("ml", "stats")
    assert f"{kept:,} / {kept:,} uploaded" in stats and "🙏 Thank you" in stats
    listed = user.json("ml", "forget", "--list")
    assert sum(row["samples"] for row in listed) == kept
    told = user.json("ml", "forget", "--batch", listed[0]["batch_id"])
    assert (told["requests"], told["erased"], told["queued"]) == (1, 1, 0)
    assert stored(house) == before + kept - listed[0]["samples"]
    assert user.json("ml", "forget")["erased"] == len(listed) - 1
    assert stored(house) == before and user.json("ml", "stats")["erased"] == kept


def test_full_batch_leaves_by_itself(house: House, user: User, screens: Screens) -> None:
    """A batch of a thousand is sent by the collection that fills it; the rest waits."""
    before = stored(house)
    (file,) = screens(1)
    rows = len(of(house, user).json("ml", "predict", file)["elements"])
    for _ in range(2):
        shown = user("ml", "collect", *[file] * (600 // rows + 1))
    assert "1 batch sent (1,000 samples)" in shown.stdout and stored(house) == before + 1_000
    user.done("ml", "forget")


def test_server_away(user: User, screens: Screens) -> None:
    """Without a server samples and requests wait, and the exit code says network."""
    kept = user.agree().json("ml", "collect", *screens(1))["samples"]
    result = user("ml", "upload")
    assert result.exit_code == 4 and "nothing is lost" in result.stderr and NOBODY in result.stderr
    assert user.json("ml", "stats")["pending"] == kept


def test_requests_to_erase_wait_for_the_server(user: User, screens: Screens) -> None:
    """A request that no server answers is queued, told with exit code 4, and delivered by the next try."""
    with platform() as house:
        of(house, user).done("ml", "collect", *screens(1))
        user.done("ml", "upload")
    result = user("ml", "forget", "--json")
    assert result.exit_code == 4 and json.loads(result.stdout) == {
        "requests": 1,
        "erased": 0,
        "queued": 1,
        "deleted_here": 0,
    }
    assert "1 request queued" in result.stderr and "observe ml forget" in result.stderr


def test_key_of_the_environment(house: House, user: User, screens: Screens, monkeypatch: pytest.MonkeyPatch) -> None:
    """SAMOUK_API_KEY outweighs the setting, for full batches that leave by themselves and for the upload."""
    (file,) = screens(1)
    rows = len(of(house, user).json("ml", "predict", file)["elements"])
    user.done("config", "set", "ml.api_key", "sk_wrong")
    monkeypatch.setenv("SAMOUK_API_KEY", house.key)
    assert "1 batch sent" in user.done("ml", "collect", *[file] * (1_000 // rows + 1))
    user.done("ml", "collect", file)
    assert user.json("ml", "upload")["sent"] == 1
    user.done("ml", "forget")


def test_platform_taken_back_is_told(house: House, user: User, screens: Screens) -> None:
    """An upload says how many samples it deleted because their platform is no longer shared."""
    counts = of(house, user).json("ml", "collect", *screens(4))["platforms"]
    assert set(counts) == {"android", "ios"}
    user.done("config", "set", "ml.contribute_platforms", "android")
    told = user.done("ml", "upload")
    assert f"{counts['ios']:,} samples deleted unsent" in told and "ml.contribute_platforms" in told
    stats = user.json("ml", "stats")
    assert (stats["uploaded"], stats["purged"]) == (counts["android"], counts["ios"])
    user.done("ml", "forget")


def test_refused_batches_are_forgotten_too(house: House, user: User, screens: Screens) -> None:
    """Forgetting counts and deletes what a server refused and what lies on this machine since."""
    kept = of(house, user).json("ml", "collect", *screens(1))["samples"]
    (path,) = (user.home / "cache" / "training_samples").glob("batch_*.json")
    path.write_bytes(path.read_bytes().replace(b'"schema":%d' % SCHEMA.version, b'"schema":999', 1))
    assert user("ml", "upload").exit_code == 4
    assert user.json("ml", "stats")["rejected"] == kept
    assert user.json("ml", "forget")["deleted_here"] == kept
    assert list((user.home / "cache" / "rejected").iterdir()) == []


def test_an_erasure_that_waited_is_counted(house: House, user: User, screens: Screens) -> None:
    """A request that was made offline is delivered by the next upload, which says so."""
    for words in (["ml", "upload"], ["ml", "upload", "--json"]):
        of(house, user).done("ml", "collect", *screens(1))
        user.done("ml", "upload")
        ledger = Receipts(user.home / "cache")
        (sent,) = [entry for entry in ledger.entries().values() if entry.event == "sent"]
        ledger.request_deletion(sent)
        shown = user.done(*words)
        assert json.loads(shown)["erased"] == 1 if "--json" in words else "1 batch erased on the server" in shown
        assert "0 batches sent" not in shown


def test_refused_batch_is_a_failure(user: User, screens: Screens) -> None:
    """A server of another schema refuses the batch: the exit code says server, the line where the reason lies."""
    with platform(dataclasses.replace(SCHEMA, version=SCHEMA.version + 1)) as house:
        of(house, user).done("ml", "collect", *screens(1))
        result = user("ml", "upload")
    assert result.exit_code == 4 and "1 batch refused by the server" in result.stderr
    assert "Traceback" not in result.output and "0 batches sent" not in result.output


def test_wrong_key(house: House, user: User, screens: Screens) -> None:
    """A key that the server does not know keeps everything and names the setting."""
    of(house, user).done("config", "set", "ml.api_key", "sk_wrong")
    user.done("ml", "collect", *screens(1))
    result = user("ml", "upload")
    assert result.exit_code == 4 and "observe config set ml.api_key" in result.stderr
    assert user.json("ml", "stats")["uploaded"] == 0


def test_switching_off_empties_the_queue(user: User, screens: Screens) -> None:
    """Setting ml.contribute to false deletes what waited and says how to erase the rest."""
    kept = user.agree().json("ml", "collect", *screens(1))["samples"]
    shown = user.done("config", "set", "ml.contribute", "false")
    assert f"{kept} samples" in shown and "observe ml forget" in shown
    assert user.json("ml", "analyze-cache")["samples"] == 0
    assert user("ml", "collect", *screens(1)).exit_code == 6


def test_local_cache_only_sends_nothing(house: House, user: User, screens: Screens) -> None:
    """With ml.local_cache_only samples are kept and nothing leaves, not even on request."""
    before = stored(house)
    of(house, user).done("config", "set", "ml.local_cache_only", "true")
    shown = user.done("ml", "collect", *screens(1))
    assert "stay on this machine" in shown and "You share" not in shown
    assert user("ml", "upload").exit_code == 0 and stored(house) == before
    assert "ml.local_cache_only is true" in user("ml", "show-upload").stderr


def test_platform_that_is_not_shared(user: User, tmp_path: Path) -> None:
    """A screen of a platform that is not shared is passed over with the setting's name."""
    user.agree().done("config", "set", "ml.contribute_platforms", "android")
    file = tmp_path / "ios.xml"
    button = '<XCUIElementTypeButton type="XCUIElementTypeButton" x="0" y="0" width="9" height="9"/>'
    file.write_text(f"<AppiumAUT>{button}</AppiumAUT>")
    result = user("ml", "collect", file)
    assert result.exit_code == 6 and "ml.contribute_platforms" in result.stderr


def test_one_broken_file_among_good_ones(user: User, screens: Screens, tmp_path: Path) -> None:
    """The good files are collected, the broken one is named, and the exit code says input."""
    broken = tmp_path / "broken.xml"
    broken.write_text("<a")
    result = user.agree()("ml", "collect", broken, *screens(1), "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 3 and "broken.xml" in result.stderr
    assert told["unreadable"] == 1 and told["samples"] > 0


def test_standard_input(user: User, screens: Screens) -> None:
    """A dash reads the hierarchy from standard input."""
    (file,) = screens(1)
    result = user.agree()("ml", "collect", "-", standard_input=file.read_text("utf-8"))
    assert result.exit_code == 0 and "kept (android " in result.stdout


def test_batch_that_never_left_is_forgotten_here(user: User, screens: Screens) -> None:
    """Forgetting a batch that still waits deletes it and asks no server."""
    user.agree().done("ml", "collect", *screens(1))
    (batch,) = user.json("ml", "analyze-cache")["batches"]
    told = user.json("ml", "forget", "--batch", batch["batch_id"])
    assert told == {"requests": 0, "erased": 0, "queued": 0, "deleted_here": batch["samples"]}


def test_nothing_private_is_kept_or_shown(user: User, tmp_path: Path) -> None:
    """Whatever a screen and a correction hold, no secret of theirs comes into the cache, the memory or the upload."""
    node = {"class": CANARIES["vendor class"], "package": CANARIES["package"], "bounds": [0, 0, 90, 90]}
    node |= {"resource_id": CANARIES["resource id"], "text": CANARIES["text"], "description": CANARIES["description"]}
    file = tmp_path / "screen.json"
    file.write_text(
        json.dumps([{**node, "children": [node, {**node, "text": CANARIES["password"], "password": True}]}])
    )
    user.agree().done("ml", "collect", file)
    user.done("ml", "correct", "--screen", file, "--index", 1, "--actual", "chip")
    user.done("ml", "correct", "--element", json.dumps(node), "--actual", "icon")
    assert leaks(user.done("ml", "show-upload") + user.done("ml", "analyze-cache", "--json")) == []
    kept = [path for path in user.home.rglob("*") if path.is_file()]
    assert len(kept) > 4 and [(path, leaks(path.read_bytes())) for path in kept if leaks(path.read_bytes())] == []


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs limits on the size of files")
def test_full_disk_is_one_line(user: User, screens: Screens) -> None:
    """When nothing more can be written the command says so on one line, without a trace."""
    user.agree()
    limit = "import resource,signal,runpy,sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); sys.argv[0]='observe';"
    limit += "runpy.run_module('samouk.domains.screens.cli', run_name='__main__')"
    environ = {**os.environ, **user.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-c", limit, "ml", "collect", *map(str, screens(2))]
    done = subprocess.run(words, env=environ, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert str(user.home / "cache") in done.stderr and "the disk is full" in done.stderr


def test_the_command_is_installed(user: User) -> None:
    """``observe`` runs as a program of its own."""
    done = subprocess.run([*OBSERVE, "--version"], env=user.environ, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("observe, samouk ")
