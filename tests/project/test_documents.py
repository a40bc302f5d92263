"""What the documents show works: their commands and programs are run, their links lead somewhere."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.e2e.platform import Platform

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/README.md")])
BLOCK = re.compile(r"<!-- run -->\n```(console|python)\n(.*?)```", re.DOTALL)
REQUESTS = re.compile(r"<!-- run against a server -->\n```bash\n(.*?)```", re.DOTALL)
"""With ``URL`` and the ``KEY`` of an operator set; all of one page run one after the other in one shell."""

FILE = re.compile(r"<!-- run with this as (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
EXPORT = re.compile(r"^export (SAMOUK_\w+)=(\S+)$", re.MULTILINE)
"""What a page tells to set for its server: the name of one of its files."""

SHELL = """set -euo pipefail
curl() { command curl --fail-with-body --silent --show-error --max-time 20 "$@"; }
"""
PLACEHOLDER = re.compile(r"^[ \t]*[A-Z][A-Z_]{3,}[ \t]*$", re.MULTILINE)
"""A word in capitals alone on a line: where a figure or an output was to be put in."""

LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def blocks() -> Sequence[object]:
    found = []
    for page in PAGES:
        for number, (kind, text) in enumerate(BLOCK.findall(page.read_text())):
            name = f"{page.relative_to(ROOT)}-{number}"
            found.append(pytest.param(page, kind, text, id=name))
    return found


def place_files(page: Path, folder: Path) -> dict[str, str]:
    """Write the files that the page shows, and give the variables that it sets to one of them."""
    text = page.read_text()
    for name, content in FILE.findall(text):
        (folder / name).write_text(content)
    return {name: str(folder / file) for name, file in EXPORT.findall(text)}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user of their own, with the commands of this environment at hand and nobody to talk to."""
    kept = {name: os.environ[name] for name in ("LANG", "OMP_NUM_THREADS", "OMP_WAIT_POLICY") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    homes = {f"SAMOUK_{name}": str(tmp_path / name.lower()) for name in ("HOME", "CACHE", "CONFIG_HOME", "DATA_HOME")}
    # Appium is installed once for all tests.
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samouk" / "rehearsal"
    return {**kept, **homes, "PATH": path, "HOME": str(tmp_path), "SAMOUK_REHEARSAL_HOME": str(cache)}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "kind", "text"), blocks())
def test_what_is_shown_runs(page: Path, kind: str, text: str, tmp_path: Path, environment: dict[str, str]) -> None:
    """Every block marked to be run ends well, in the order of its lines."""
    place_files(page, tmp_path)
    if kind == "python":
        programs = [[sys.executable, "-W", "error", "-c", text]]
    else:
        lines = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
        # What is installed here is what is tested; installing anew is the business of the install benchmark.
        programs = [["bash", "-c", line] for line in lines if not line.startswith(("pip install", "python3 -m venv"))]
        (tmp_path / "examples").symlink_to(ROOT / "examples")
    for program in programs:
        done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program[-1]}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if REQUESTS.search(page.read_text())],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_requests_are_answered(page: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """Every request that a page shows is answered well by a server that was started as the page says."""
    told = {**environment, **place_files(page, tmp_path)}
    platform = Platform(tmp_path / "home", tmp_path / "log", told)
    key = platform.json("keys", "create", "--label", "documents", "--role", "admin")["secret"]
    script = SHELL + "".join(REQUESTS.findall(page.read_text()))
    with platform.serving() as url:
        shell = {**told, "URL": url, "KEY": key}
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=shell, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_no_request_is_sent_as_a_form() -> None:
    """No page shows a body without its media type, which every route refuses."""
    shown = [line for page in PAGES for line in page.read_text().splitlines() if "curl" in line]
    assert len(shown) > 5
    assert [line for line in shown if re.search(r"(?<!\S)(-d|--data)\b", line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is there."""
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_placeholder_is_left(page: Path) -> None:
    """No page waits for a figure or an output that was never put in."""
    assert PLACEHOLDER.findall(page.read_text()) == []


def test_placeholders_are_seen() -> None:
    """The check finds what it is for, and leaves words within a line alone."""
    assert PLACEHOLDER.findall("a\nFIGURES\nSAMOUK is\n  DEMO_OUTPUT\n") == ["FIGURES", "  DEMO_OUTPUT"]


def test_ci_calls_the_command_of_the_readme() -> None:
    """What a reader is told to type is what CI runs."""
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
    assert "make test" in (ROOT / ".ci" / "run").read_text()
