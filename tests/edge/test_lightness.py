"""The client stays light."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import samouk.edge

EDGE = Path(samouk.edge.__file__).parent
HEAVY = {"predictor", "runtime", "updater", "trial", "tuf_client", "tuf_fetcher"}
"""Files that may use numpy, onnxruntime and python-tuf, when they are used."""

LIGHT = sorted(path for path in EDGE.glob("*.py") if path.stem not in HEAVY)


def imported(tree: ast.AST) -> Iterator[str]:
    """Names of all modules that are imported anywhere but under TYPE_CHECKING."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        yield from imported(node)


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_recording_needs_the_standard_library_alone(path: Path) -> None:
    """No light file imports a third party, or another part of samouk, not even inside a function."""
    for name in imported(ast.parse(path.read_text())):
        assert name.startswith("samouk.edge") or name.partition(".")[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", sorted(EDGE.glob("*.py")), ids=lambda path: path.stem)
def test_the_client_knows_no_other_part_of_samouk(path: Path) -> None:
    """Nothing of the server, the loop or a domain is imported by the client."""
    names = [name for name in imported(ast.parse(path.read_text())) if name.partition(".")[0] == "samouk"]
    assert all(name.startswith("samouk.edge") for name in names)


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after running ``code``."""
    program = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.mark.parametrize("names", ["FeedbackCollector", "SelfLearningCollector", "__all__"])
def test_importing_loads_nothing_heavy(names: str) -> None:
    """Importing the client, and making its collectors known, loads no third party."""
    heavy = {"numpy", "onnxruntime", "tuf", "click", "securesystemslib", "urllib3", "requests"}
    assert not modules_after(f"from samouk.edge import {names}") & heavy


def test_no_signature_shows_the_environment() -> None:
    """No default is the process's environment: `help` would print the secrets in it."""
    for path in EDGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.arguments):
                defaults = [ast.unparse(default) for default in (*node.defaults, *node.kw_defaults) if default]
                assert "os.environ" not in defaults, path
    for name in samouk.edge.__all__:
        assert "environ(" not in str(inspect.signature(getattr(samouk.edge, name)))


def test_what_is_public_is_listed_in_order_and_exists() -> None:
    """``__all__`` is sorted, every name in it can be had, and an unknown name is an AttributeError."""
    assert samouk.edge.__all__ == sorted(samouk.edge.__all__) == dir(samouk.edge)
    assert all(getattr(samouk.edge, name).__name__ == name for name in samouk.edge.__all__)
    with pytest.raises(AttributeError, match="Nothing"):
        samouk.edge.Nothing  # noqa: B018
