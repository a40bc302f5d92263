"""What is found in the source of real apps, beside a count by hand and what the apps' own UI tests name.

The counts by hand were made by us, from the source, file by file; partly after a first look at what the reader gave,
and the readers were mended on these same apps. They are **not** held-out figures: they say that nothing is lost on
apps that were studied, not how a reader does on an app that nobody has looked at.

``--app FRAMEWORK FOLDER`` reads an app; any number of them. ``--by-hand FILE`` holds one line for each interactive
element, ``path:line``, with ``|`` between lines that may stand for it: a call of several lines may be told by another
of them, which counts as missing and extra. ``--total COUNT`` gives what was counted in all, also where no list of
lines was kept: of a Compose or Flutter app by screen (``elements_by_screen``, ``lines_by_screen``), of others by line
(``distinct_lines``). ``--tests FOLDER`` is the folder of an app's own UI tests; their words include what the tests
type themselves, which no model can know. The n-th of each goes with the n-th app; ``-`` leaves one out. ``--commit
NAME`` is kept with the figures.

Only counts are written, the folder's name and the commit: no words and no code of those apps.

Run: ``python -m benchmarks.real_apps --app flutter some/app --by-hand counted.txt --keep``
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

RESULTS = Path(__file__).parent / "results" / "real_apps.json"
_TESTS = (".kt", ".java", ".dart", ".js", ".jsx", ".ts", ".tsx", ".swift", ".yaml", ".yml")

ONE = """
import json, resource, sys, time
from pathlib import Path
from samouk.domains.screens.appmodel.building import ModelBuilder
from samouk.domains.screens.source import reading
if __name__ == "__main__":
    started = time.perf_counter()
    seen = reading.read(sys.argv[1], Path(sys.argv[2]), workers=1)
    model = ModelBuilder().build([seen])
    seconds = time.perf_counter() - started
    acted = [one for screen in model.screens for one in screen.interactive]
    widgets = [one for screen in seen.screens for one in screen.widgets]
    words = [said for one in widgets for said in (one.text, one.label, one.hint)]
    words += [screen.title for screen in seen.screens]
    ids = {name for one in widgets for name in (one.identifier, one.hidden_identifier)}
    print(json.dumps({
        "figures": {
            "files": seen.files, "lines": seen.lines, "left_out": len(seen.troubles), "screens": len(model.screens),
            "elements_by_screen": len(acted),
            "lines_by_screen": sum(len({one.place for one in screen.interactive}) for screen in model.screens),
            "distinct_lines": len({one.place for one in acted}),
            "stable": sum(one.stable for one in acted),
            "seconds": round(seconds, 2),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        },
        "places": [f"{one.place.file}:{one.place.line}" for one in acted],
        "keys": sorted({one.key for one in words if one.key}),
        "named": sorted({one.value for one in words if one.value} | {name for name in ids if name}),
    }))
"""

_STRING_ID = re.compile(r"\bR\.(?:string|plurals|id)\.(\w+)")
_LITERAL = r"""["'`]([^"'`\\\n]{1,80})["'`]"""
_NAMED = tuple(
    re.compile(pattern + _LITERAL)
    for pattern in (
        r"\b(?:onNode|onAllNodes)With(?:Text|ContentDescription|Tag)\(\s*(?:text\s*=\s*|label\s*=\s*)?",
        r"\bhas(?:Text|ContentDescription|TestTag)\(\s*",
        r"\bwith(?:Text|ContentDescription|Hint)\(\s*",
        r"\bBy\.(?:text|desc|res)\(\s*",
        r"\bfind\.(?:text|byTooltip|bySemanticsLabel)\(\s*",
        r"\b(?:Value)?Key\(\s*",
        r"\bby\.(?:id|text|label)\(\s*",
        r"\b(?:get|query|find)(?:All)?By(?:TestId|Text|LabelText|PlaceholderText)\(\s*",
        r"\btestID[=:]\s*\{?\s*",
        r"\b(?:buttons|staticTexts|textFields|secureTextFields|switches|cells|tabBars|images)\[\s*",
    )
)
_MAESTRO = re.compile(r"""^\s*-?\s*(?:id|text|tapOn|assertVisible|longPressOn):\s*["']?([^"'\n{}$]+?)["']?\s*$""", re.M)


class Asked(NamedTuple):
    """One app to read, and what there is to compare it with."""

    framework: str
    folder: Path
    by_hand: Path | None
    total: int | None
    tests: Path | None
    commit: str


def read(framework: str, folder: Path) -> dict[str, Any]:
    """What one app gives, in a process of its own, so that the peak of memory is its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(ONE)
        script.flush()
        command = [sys.executable, script.name, framework, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def counted(content: str) -> list[frozenset[str]]:
    """The elements of a count by hand, each as the lines that may stand for it, once for each set of lines."""
    lines = [line.strip() for line in content.splitlines() if line.strip() and not line.startswith("#")]
    return list(dict.fromkeys(frozenset(line.split("|")) for line in lines))


def compared(by_hand: Iterable[frozenset[str]], found: Iterable[str]) -> dict[str, int]:
    """Found, missing and extra lines; extra only in files of which the list names a line."""
    wanted, places = list(by_hand), set(found)
    hit = [one for one in wanted if one & places]
    listed = {place for one in wanted for place in one}
    files = {place.rpartition(":")[0] for place in listed}
    extra = [place for place in places - listed if place.rpartition(":")[0] in files]
    return {"counted": len(wanted), "found": len(hit), "missing": len(wanted) - len(hit), "extra": len(extra)}


def named_in(content: str, suffix: str) -> tuple[set[str], set[str]]:
    """String ids and words that one file of UI tests names."""
    if suffix in (".yaml", ".yml"):
        return set(), {one.strip() for one in _MAESTRO.findall(content)}
    return set(_STRING_ID.findall(content)), {one for pattern in _NAMED for one in pattern.findall(content)}


def shares(folder: Path, keys: set[str], named: set[str]) -> dict[str, int]:
    """How many ids and words of the tests below a folder stand in what was found."""
    ids: set[str] = set()
    words: set[str] = set()
    for path in _tests(folder):
        more_ids, more_words = named_in(path.read_text(errors="replace"), path.suffix)
        ids |= more_ids
        words |= more_words
    in_model = sum(one in named or any(one in other for other in named) for one in words)
    return {
        "ids": len(ids),
        "ids_in_model": len(ids & (keys | named)),
        "words": len(words),
        "words_in_model": in_model,
    }


def _tests(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in _TESTS and path.is_file())


def measured(asked: Asked) -> dict[str, Any]:
    """All figures of one app."""
    seen = read(asked.framework, asked.folder)
    figures = {"app": asked.folder.name, "framework": asked.framework, "commit": asked.commit, **seen["figures"]}
    figures["stable_share"] = round(figures["stable"] / max(figures["elements_by_screen"], 1), 3)
    if asked.total is not None:
        figures["by_hand"] = asked.total
    if asked.by_hand is not None:
        figures["compared"] = compared(counted(asked.by_hand.read_text()), seen["places"])
    if asked.tests is not None:
        figures["own_tests"] = shares(asked.tests, set(seen["keys"]), set(seen["named"]))
    return figures


def _asked(given: argparse.Namespace) -> Iterator[Asked]:
    columns = zip_longest(given.app, given.by_hand, given.total, given.tests, given.commit, fillvalue="-")
    for app, by_hand, total, tests, commit in columns:
        yield Asked(
            app[0],
            Path(app[1]),
            None if by_hand == "-" else Path(by_hand),
            None if total == "-" else int(total),
            None if tests == "-" else Path(tests),
            "" if commit == "-" else commit,
        )


def main() -> None:
    """Print a line for each app; write them all with ``--keep``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app", nargs=2, action="append", required=True, metavar=("FRAMEWORK", "FOLDER"))
    for name in ("by-hand", "total", "tests", "commit"):
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--keep", action="store_true", help=f"write {RESULTS.name}")
    found = []
    given = parser.parse_args()
    for asked in _asked(given):
        figures = measured(asked)
        print("  ".join(f"{key} {value}" for key, value in figures.items()), flush=True)
        found.append(figures)
    if given.keep:
        RESULTS.write_text(json.dumps({"held_out": False, "apps": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
