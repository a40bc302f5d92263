"""Where things lie on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from samouk.settings import Settings


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie under ``SAMOUK_HOME``, and the keys wherever ``SAMOUK_KEYS_DIR`` says."""

    home: Path
    keys: Path

    @classmethod
    def of(cls, settings: Settings) -> Places:
        return cls(settings.home, Path(settings.keys_dir).expanduser() if settings.keys_dir else settings.home / "keys")

    @property
    def exposures(self) -> Path:
        return self.home / "exposures"

    @property
    def published(self) -> Path:
        return self.home / "published"
