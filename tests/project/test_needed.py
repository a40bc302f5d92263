"""A proof that CI promises is never passed over in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.needed import NEED, lack

ROOT = Path(__file__).parents[2]


def test_what_is_promised_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere the test is skipped, with its reason."""
    monkeypatch.delenv(NEED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Java"):
        lack("java", "no Java")
    monkeypatch.setenv(NEED, "node,java")
    with pytest.raises(pytest.fail.Exception, match="no Java"):
        lack("java", "no Java")
    with pytest.raises(pytest.skip.Exception):
        lack("registry", "no registry")


def test_ci_promises_all_that_tests_ask_for() -> None:
    """Each word of a fixture stands in its script."""
    (promised,) = re.findall(rf"{NEED}=([\w,]+)", (ROOT / ".ci" / "run").read_text("utf-8"))
    files = (path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    asked = {word for path in files for word in re.findall(r'\black\(\s*"(\w+)"', path.read_text("utf-8"))}
    assert asked == set(promised.split(","))
