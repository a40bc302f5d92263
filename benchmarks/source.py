"""How fast the source of apps is read: lines a second, memory, and what a second core brings.

The example app of each framework is written so often, each time as a module of its own whose classes, functions and
layouts have names of their own, that there are at least ``--lines`` lines; everything is read and linked. How many
screens came of it is printed beside the number of modules, and should grow with it. ``--app FRAMEWORK FOLDER`` reads
a real app instead, as it is. ``load`` is the machine's average before a reading: above the number of cores it is busy.

Run: ``python -m benchmarks.source``, ``python -m benchmarks.source --lines 500000``
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

from samouk.domains.screens.source import reading
from samouk.domains.screens.source.files import walk
from samouk.domains.screens.source.widgets import Framework

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "apps"
APPS: dict[Framework, str] = {
    "android": "android_views",
    "compose": "compose",
    "flutter": "flutter",
    "react_native": "react_native",
    "ios": "ios",
}
RESULTS = Path(__file__).parent / "results" / "source.json"

ONE = """
import json, resource, sys, time
from pathlib import Path
from samouk.domains.screens.source import reading
if __name__ == "__main__":
    framework, folder, workers = sys.argv[1:]
    reading.reader(framework)
    started = time.perf_counter()
    seen = reading.read(framework, Path(folder), workers=int(workers) or None)
    wall = time.perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({
        "lines": seen.lines, "files": seen.files, "screens": len(seen.screens),
        "interactive": sum(one.interactive for screen in seen.screens for one in screen.widgets),
        "wall_s": round(wall, 2), "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in used), 2),
        "lines_a_second": round(seen.lines / wall),
        "peak_mb": round(used[0].ru_maxrss / 1024), "peak_of_a_worker_mb": round(used[1].ru_maxrss / 1024),
    }))
"""


_DECLARED = re.compile(
    r"\b(?:class|object|interface|struct|enum|protocol|fun|func|function|extension type)\s+([A-Z]\w+)"
    r"|\bconst\s+([A-Z]\w*[a-z]\w*)\s*="
)
_NAMED_FILE = re.compile(r"(?:^|/)res/(?:layout|menu|navigation|xml)[^/]*/(\w+)\.xml$|/(\w+)\.(?:storyboard|xib)$")


def names_of(content: dict[str, bytes]) -> re.Pattern[str]:
    """The names that two modules would share: what is declared, and Android's layouts with their binding classes."""
    names: set[str] = set()
    for path, raw in content.items():
        names.update(one for pair in _DECLARED.findall(raw.decode("utf-8", "replace")) for one in pair if one)
        file = _NAMED_FILE.search(path)
        if file and file[2]:
            names.add(file[2])
        elif file:
            names |= {file[1], "".join(part.capitalize() for part in file[1].split("_")) + "Binding"}
    return re.compile(r"(?<!\w)(?:" + "|".join(sorted(names, key=len, reverse=True)) + r")(?!\w)")


def renamed(text: str, names: re.Pattern[str], module: int) -> str:
    """A path or a source with the names of this module; a binding keeps its end, since it is named after its layout."""

    def other(match: re.Match[str]) -> str:
        name = match[0]
        if name.endswith("Binding"):
            return f"{name.removesuffix('Binding')}M{module}Binding"
        return f"{name}_m{module}" if name.islower() else f"M{module}{name}"

    return names.sub(other, text)


def written(framework: Framework, lines: int, folder: Path) -> int:
    """The example's source in as many modules as the lines take, and their number."""
    example = EXAMPLES / APPS[framework]
    tree = walk(example)
    content = {path: (example / path).read_bytes() for path in tree.paths if not path.startswith("running.")}
    each = reading.read(framework, example, workers=1).lines  # of the files that are read
    names = names_of(content)
    modules = math.ceil(lines / each)
    for module in range(modules):
        for path, text in content.items():
            place = folder / f"module{module}" / renamed(path, names, module)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(renamed(text.decode("utf-8"), names, module), encoding="utf-8")
    # What tells the framework stands once more at the top.
    for name in ("pubspec.yaml", "package.json"):
        if (example / name).exists():
            shutil.copy(example / name, folder / name)
    return modules


def measured(framework: str, folder: Path, workers: int) -> dict[str, int | float]:
    """One reading, in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        # Workers are spawned, which imports the program anew: it must be a file.
        script.write(ONE)
        script.flush()
        command = [sys.executable, script.name, framework, str(folder), str(workers)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Print a line for each framework and number of workers, and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 0], help="0 lets the reader choose")
    parser.add_argument("--only", nargs="+", choices=list(APPS), default=list(APPS), help="frameworks")
    parser.add_argument("--app", nargs=2, action="append", metavar=("FRAMEWORK", "FOLDER"), help="a real app instead")
    given = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="source-") as name:
        apps = [(cast("Framework", framework), Path(folder)) for framework, folder in given.app or ()]
        modules = {} if apps else {one: written(one, given.lines, Path(name) / one) for one in given.only}
        for framework, folder in apps or [(framework, Path(name) / framework) for framework in modules]:
            for workers in given.workers:
                load = round(os.getloadavg()[0], 1)
                line: dict[str, str | int | float] = {"framework": framework, "workers": workers or "chosen"}
                line |= {"modules": modules.get(framework, 1), **measured(framework, folder, workers), "load": load}
                print("  ".join(f"{key} {value}" for key, value in line.items()), flush=True)
                found.append(line)
    if not given.app:
        kept = [] if not RESULTS.exists() else json.loads(RESULTS.read_text())
        kept = [one for one in kept if one["asked"] != given.lines or one["framework"] not in modules]
        asked = [{"asked": given.lines, **line} for line in found]
        RESULTS.write_text(json.dumps([*kept, *asked], indent=2) + "\n")


if __name__ == "__main__":
    main()
