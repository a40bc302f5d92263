"""What every test stands on: one thread per process for the arithmetic, so that tests may run side by side."""

from __future__ import annotations

import os

# Read once, when the first numerical library loads; processes the tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
