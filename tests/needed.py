"""What a test cannot do without and a machine may lack: a reason to skip here, and a failure where it was promised."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

NEED = "SAMOUK_TESTS_NEED"
"""Variable with what must be there, by commas: ``node``, ``java``, ``registry``, ``seaweed``. CI sets it."""


def lack(what: str, words: str) -> NoReturn:
    """Skip the test for what is missing; fail it where this machine is one that must have it."""
    if what in os.environ.get(NEED, "").split(","):
        pytest.fail(f"{words}; {NEED} says that {what} is there", pytrace=False)
    pytest.skip(words)
