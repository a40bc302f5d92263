"""What an install weighs: the wheel alone, which must do without a server library, and with [server]."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE_LIMIT_MB = 165
"""160 was the goal. 141 of it are onnxruntime and numpy; our own code with its bytecode has grown from 7 to 13."""

SERVER_LIMIT_MB = 600
SERVER_LIBRARIES = ("fastapi", "sqlalchemy", "msgspec", "lightgbm", "sklearn", "onnx", "rich", "alembic")
CLIENT = f"""
import sys, time
start = time.perf_counter()
import samouk.edge
took = time.perf_counter() - start
assert took < 0.3, f"import samouk.edge took {{took:.2f}} s"
from samouk.edge import FeedbackCollector, ModelUpdater, Predictor, SelfLearningCollector
present = [name for name in {SERVER_LIBRARIES!r} if name in sys.modules]
assert not present, present
button = {{"class": "android.widget.Button", "bounds": [0, 0, 200, 100], "clickable": True}}
found = Predictor().predict(button, "android")
assert found[0].element_type == "button", found
print(f"the client imports in {{took * 1000:.0f}} ms and predicts offline")
"""


def run(*command: str | Path, **options: str) -> str:
    done = subprocess.run([str(part) for part in command], check=True, text=True, capture_output=True, **options)  # type: ignore[call-overload]
    return str(done.stdout)


def size_mb(folder: Path) -> float:
    """Size of an environment's packages on disk, without pip and setuptools, which came with Python."""
    skipped = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
    tops = [entry for entry in folder.iterdir() if not entry.name.startswith(skipped)]
    files = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6


def base(folder: Path, wheel: Path) -> dict[str, float]:
    """The wheel alone: imports quickly, predicts offline, brings no server library."""
    python, site = fresh(folder / "base")
    run(python, "-m", "pip", "install", "--quiet", wheel)
    print(run(python, "-c", CLIENT).strip())
    print(run(python.parent / "observe", "--help").splitlines()[0])
    return weighed("base install", size_mb(site), BASE_LIMIT_MB)


def server(folder: Path, wheel: Path) -> dict[str, float]:
    """The wheel with the platform and its trainer."""
    python, site = fresh(folder / "server")
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[server]")
    print(run(python.parent / "samouk", "learners").strip())
    return weighed("[server] install", size_mb(site), SERVER_LIMIT_MB)


def fresh(folder: Path) -> tuple[Path, Path]:
    """A new environment: its Python and its folder of packages."""
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python", next((folder / "lib").glob("python*/site-packages"))


def weighed(name: str, size: float, limit: float) -> dict[str, float]:
    print(f"{name}: {size:.0f} MB (limit {limit:.0f})")
    if size > limit:
        raise SystemExit(f"{name} weighs {size:.0f} MB, more than {limit:.0f}")
    return {name: round(size, 1)}


def main() -> None:
    """Weigh what is named on the command line (``base``, ``server``), or both and keep the figures."""
    parts = {"base": base, "server": server}
    chosen = sys.argv[1:] or list(parts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
        wheel = next(folder.glob("samouk-*.whl"))
        figures = {"wheel": round(wheel.stat().st_size / 1e6, 2)}
        for part in chosen:
            figures |= parts[part](folder, wheel)
    if len(chosen) == len(parts):
        results = Path(__file__).parent / "results" / "install.json"
        results.write_text(json.dumps({"MB": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
