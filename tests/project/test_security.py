"""The threat model tells of tests that exist, and the limits that it names are those of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from samouk import settings
from samouk.server import access, body, oidc, protocol

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def defined(path: Path) -> set[str]:
    """Names of functions anywhere in a file."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)), ids="::".join)
def test_the_named_test_exists(path: str, name: str) -> None:
    """A threat beside which a test is named that nobody wrote is not answered."""
    assert name.startswith("test_") and name in defined(ROOT / path)


def test_every_threat_names_a_test() -> None:
    """Each row of the table of threats, by every letter of STRIDE, and each row of the limits."""
    threats = re.findall(r"^\| ([STRIDE]) \|.*$", PAGE, re.MULTILINE)
    assert set(threats) == set("STRIDE")
    rows = [row for row in PAGE.splitlines() if re.match(r"\| [STRIDE] \|", row)]
    assert rows and all("::test_" in row for row in rows)


def test_the_limits_are_those_of_the_code() -> None:
    """What the page says in numbers."""
    values = {one.variable: one.default for one in settings.SETTINGS}
    rates = (values["SAMOUK_RATE_KEY"], values["SAMOUK_RATE_ANONYMOUS"])
    for number in (protocol.MAX_URL, protocol.MAX_HEADER_BYTES, *rates):
        assert f"{number:,}" in PAGE
    assert f"| {protocol.MAX_HEADERS} of" in PAGE and f"{protocol.HEAD_S:g} s" in PAGE
    assert f"{access.MAX_PARSED // 1_000} kB" in PAGE and f"{body.READ_S:g} s; models" in PAGE
    assert f"at most every {oidc.PAUSE_S:g} seconds" in PAGE and f"{values['SAMOUK_RATE_FAILURES']} a minute" in PAGE


def test_every_setting_of_the_page_exists() -> None:
    """No name of an environment variable is left over from another day."""
    known = {one.variable for one in settings.SETTINGS}
    assert set(re.findall(r"SAMOUK_[A-Z_]*[A-Z]", PAGE)) <= known
