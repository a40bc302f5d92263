"""Build the wheel, install it alone in a fresh environment, and check that the client needs no server library."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE_LIMIT_MB = 160
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


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
        wheel = next(folder.glob("samouk-*.whl"))
        venv.create(folder / "fresh", with_pip=True)
        python = folder / "fresh" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", wheel)
        print(run(python, "-c", CLIENT).strip())
        print(run(folder / "fresh" / "bin" / "observe", "--help").splitlines()[0])
        size = size_mb(next((folder / "fresh" / "lib").glob("python*/site-packages")))
        print(f"wheel {wheel.stat().st_size / 1e6:.1f} MB, base install {size:.0f} MB (limit {BASE_LIMIT_MB})")
        if size > BASE_LIMIT_MB:
            raise SystemExit(f"the base install weighs {size:.0f} MB, more than {BASE_LIMIT_MB}")


if __name__ == "__main__":
    main()
