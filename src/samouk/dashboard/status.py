"""The status page: one self-contained file, and the policy that lets it run its own script and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files


def html() -> bytes:
    """The page as it is sent."""
    return files(__package__).joinpath("status.html").read_bytes()


def policy(page: bytes) -> str:
    """Content-Security-Policy under which only the page's own style and script run, and only its own server is read."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hashes(page, b'style')}",
            f"script-src {_hashes(page, b'script')}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _hashes(page: bytes, tag: bytes) -> str:
    blocks = re.findall(b"<%b>(.*?)</%b>" % (tag, tag), page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(block).digest()).decode() for block in blocks)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
