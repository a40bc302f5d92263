"""The house: what imports what, what a bare import loads, what is public."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import samouk.edge
import samouk.loop

SOURCE = Path(samouk.edge.__file__).parent.parent
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.stat().st_size)
CATCH_ALL = {"utils", "util", "helpers", "common", "misc", "manager", "base"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_opens_with_one_sentence(path: Path) -> None:
    """Every module says what it is for, before anything else."""
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring is not None
    first = docstring.split("\n\n")[0]
    assert len(first) > 15
    assert first.rstrip().endswith((".", "?")) or "\n" in docstring


def test_no_file_is_a_catch_all() -> None:
    """A name says what is inside."""
    assert {path.stem for path in MODULES} & CATCH_ALL == set()
    assert {path.parent.name for path in MODULES} & CATCH_ALL == set()


def test_importing_samouk_loads_nothing() -> None:
    """The package's own file imports no part of it, because importing the client executes it."""
    code = "import sys, samouk; print([name for name in sys.modules if name.startswith('samouk.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_importing_the_client_is_light() -> None:
    """`import samouk.edge` brings no numpy, no ONNX runtime, no TUF, and no other part of samouk."""
    code = (
        "import sys; import samouk.edge; "
        "print([n for n in sys.modules if n.split('.')[0] in "
        "{'numpy', 'onnxruntime', 'tuf', 'click', 'urllib3', 'sqlalchemy', 'fastapi'} "
        "or (n.startswith('samouk.') and not n.startswith('samouk.edge'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_broad_excepts_stand_only_at_the_named_borders() -> None:
    """ADR 8 lists the files in which everything may be caught."""
    adr = (SOURCE.parent.parent / "docs" / "adr" / "0008-broad-except-borders.md").read_text()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and _catches_everything(node) and not _raises(node):
                assert f"`{path.relative_to(SOURCE)}`" in adr, f"{path}:{node.lineno}"


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    kind = handler.type
    return kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException"))


def _raises(handler: ast.ExceptHandler) -> bool:
    """A handler that raises again hides nothing."""
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


@pytest.mark.slow
def test_the_architecture_is_kept() -> None:
    """Every sentence of .importlinter holds."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=SOURCE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
