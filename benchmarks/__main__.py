"""Every benchmark in turn, each in a process of its own; figures land in ``benchmarks/results``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_ALONE = {"__main__", "__init__", "elements", "open_screens", "returning"}


def main() -> None:
    """Run the named benchmarks, or all of them."""
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_ALONE)
    for name in names:
        print(f"\n== {name} ==", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True, cwd=HERE.parent)


if __name__ == "__main__":
    main()
