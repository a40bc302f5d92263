"""Makes the shipped model anew: ``python -m samouk.domains.screens.universal``."""

from __future__ import annotations

import sys

from samouk.domains.screens import universal

file = universal.write()
sys.stdout.write(f"{file.name}: {file.stat().st_size:,} bytes, with its card beside it\n")
