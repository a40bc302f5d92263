"""Rows of a snapshot in nameless files: the same rows, and nothing left behind, however a process ends."""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from samouk.domains.screens.judge import LEARNER
from samouk.loop import snapshot
from samouk.loop.columns import Column
from samouk.loop.ports import Room, StoreUnavailable
from samouk.loop.records import Examples
from samouk.loop.scratch import MemoryRoom
from samouk.store.memory import memory_services
from samouk.store.scratch import FileRoom, FileScratch

DTYPES = {"wide": np.dtype("V16"), "flag": np.dtype(np.int8), "number": np.dtype(np.float32)}


def part(rows: int, seed: int) -> dict[str, Column]:
    rng = np.random.default_rng(seed)
    return {
        "wide": np.frombuffer(rng.bytes(16 * rows), "V16"),
        "flag": rng.integers(-1, 2, rows).astype(np.int8),
        "number": rng.random(rows).astype(np.float32),
    }


@pytest.mark.parametrize("sizes", [(), (0,), (1,), (3, 0, 5), (70_000, 70_000, 1)])
def test_files_give_back_what_memory_gives_back(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    """Every column, in order, over the edges of buffers and pages, also when fewer rows came than there is room for."""
    rooms: list[Room] = [FileRoom(tmp_path, DTYPES, sum(sizes) + 7), MemoryRoom(DTYPES, sum(sizes) + 7)]
    for seed, rows in enumerate(sizes):
        for room in rooms:
            room.add(part(rows, seed))
    in_file, in_memory = (room.arrays() for room in rooms)
    for name, column in in_memory.items():
        assert in_file[name].dtype == column.dtype
        assert in_file[name].tobytes() == column.tobytes()


def test_a_folder_of_scratch_is_empty_while_it_is_used(tmp_path: Path) -> None:
    """The file has no name from the beginning, and its place is free again with the last array."""
    room = FileRoom(tmp_path, DTYPES, 100_000)
    room.add(part(100_000, 1))
    arrays = room.arrays()
    assert list(tmp_path.iterdir()) == []
    column = arrays.pop("flag")
    del arrays
    assert column.sum() == part(100_000, 1)["flag"].sum()
    assert mapped() == 1
    del column, room
    gc.collect()
    assert mapped() == 0


def mapped() -> int:
    """Deleted files of this test's kind that this process still holds."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return sum("pytest" in line and "(deleted)" in line for line in lines)


def test_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    """kill -9 in the middle of writing and while mapped."""
    code = (
        "import sys, numpy as np; from pathlib import Path; from samouk.store.scratch import FileRoom\n"
        "room = FileRoom(Path(sys.argv[1]), {'a': np.dtype(np.int8)}, 10_000_000)\n"
        "room.add({'a': np.ones(5_000_000, np.int8)})\n"
        "if sys.argv[2] == 'mapped': arrays = room.arrays()\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    for moment in ("writing", "mapped"):
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), moment], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdin and child.stdout
        with child:
            assert child.stdout.readline() == b"ready\n"
            os.kill(child.pid, signal.SIGKILL)
        assert list(tmp_path.iterdir()) == []


def test_only_what_is_large_goes_to_files(tmp_path: Path) -> None:
    """The bound is of one side of a snapshot, in bytes."""
    scratch = FileScratch(tmp_path / "scratch", 21 * 1_000)
    assert isinstance(scratch.room(DTYPES, 1_000), MemoryRoom)
    assert not (tmp_path / "scratch").exists()
    assert isinstance(scratch.room(DTYPES, 1_001), FileRoom)


def test_a_full_disk_is_told_with_its_remedy() -> None:
    """A file that may not grow stands for a disk without room."""
    code = (
        "import resource, signal, sys, numpy as np\nfrom pathlib import Path\n"
        "from samouk.store.scratch import FileRoom\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "FileRoom(Path(sys.argv[1]), {'a': np.dtype(np.int8)}, 10_000_000)"
    )
    done = subprocess.run([sys.executable, "-c", code, "/tmp"], capture_output=True, text=True, check=False)
    assert StoreUnavailable.__name__ in done.stderr
    assert "free some space" in done.stderr


def examples(scratch: FileScratch | None) -> Examples:
    services = memory_services()
    services.log.append(list(LEARNER.world(3, False).batches(0, 6)))
    entries = services.log.entries(LEARNER.name)
    if scratch is None:
        return snapshot.load(LEARNER, services.log, entries, judged=True)
    return snapshot.load(LEARNER, services.log, entries, judged=True, scratch=scratch)


def test_a_snapshot_in_files_is_the_snapshot_in_memory(tmp_path: Path) -> None:
    """Rows, labels and groups; and what is chosen of them to learn from."""
    from samouk.domains.screens.lessons import lessons_of

    kept, mapped = examples(None), examples(FileScratch(tmp_path, 1))
    assert not mapped.groups.flags.writeable
    assert kept.rows == mapped.rows > 100
    assert kept.labels.trusted.all()
    for name, column in kept.columns.items():
        assert mapped.columns[name].tobytes() == column.tobytes()
    for one, other in zip(lessons_of(kept, 3), lessons_of(mapped, 3), strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(other))


BOUNDED = """
import gc, hashlib, json, resource, sys, time
from pathlib import Path
import numpy as np
from samouk import assembly, domains, settings
from samouk.loop import snapshot
from samouk.loop.columns import Column
from samouk.loop.learner import Context
from samouk.loop.records import Artifact
np.eye(64) @ np.eye(64)  # what libraries take for themselves is no memory of the rows

home, memory, bound = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
learner = domains.learner("traffic.behavior")
with assembly.opened(settings.load({}, home=home, train_memory_mb=memory)) as services:
    entries = services.log.entries(learner.name)
    if bound:
        now = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (now + bound, now + bound))
    examples = snapshot.load(learner, services.log, entries, scratch=services.scratch)
    artifact = learner.fit(examples, None, Context(seed=3, time_budget_s=1e6))
    scores = learner.score(artifact, examples.only(slice(-200_000, None)))
    size = sum(column.nbytes for column in examples.columns.values())
    print(json.dumps([hashlib.sha256(artifact.data).hexdigest(), examples.rows, size,
                      float(np.nanmean(scores["explained"]))]))
"""
"""Private memory is bounded; mapped files are the system's to keep in memory or not."""


@pytest.mark.slow
def test_a_snapshot_larger_than_memory_teaches_the_same_model(tmp_path: Path) -> None:
    """In a process that gets a third of what the rows take: without files it fails, with them it is equal by bytes."""
    import json
    import uuid
    from dataclasses import replace

    from samouk import assembly, domains, settings

    learner = domains.learner("traffic.behavior")
    made = list(learner.world(3, False).batches(0, 40))
    one = {name: np.concatenate([batch.columns[name] for batch in made]) for name in made[0].columns}
    wide = {name: np.tile(column, 120_000 // len(column) + 1)[:120_000] for name, column in one.items()}
    with assembly.opened(settings.load({}, home=tmp_path)) as services:
        for number in range(120):
            batch_id = str(uuid.UUID(int=number, version=4))
            services.log.append([replace(made[0], batch_id=batch_id, columns=wide, group=number % 16)])

    def child(memory: int, bound: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", BOUNDED, str(tmp_path), str(memory), str(bound)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    free = child(100_000, 0)
    assert free.returncode == 0, free.stderr
    whole = json.loads(free.stdout)
    bound = whole[2] // 3  # some 180 MiB, twice what the turn takes for itself however many rows there are
    bounded = child(1, bound)
    assert bounded.returncode == 0, bounded.stderr
    assert json.loads(bounded.stdout) == whole
    refused = child(100_000, bound)
    assert "MemoryError" in refused.stderr
