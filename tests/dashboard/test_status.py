"""The status page is one file that fetches from its own server only."""

from __future__ import annotations

import base64
import hashlib
import re

from samouk.dashboard import status


def test_self_contained() -> None:
    """It names no other host and no file beside it."""
    page = status.html().decode()
    without_namespace = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//\w+\.\w|src=|@import|url\(", without_namespace)


def test_reads_the_public_api() -> None:
    """Whatever it fetches begins with /v1/learners."""
    page = status.html().decode()
    assert page.count("fetch(") == 1
    assert set(re.findall(r'read\("([^"]+)', page)) == {"/v1/learners"}
    assert re.findall(r'const at = "([^"]+)"', page) == ["/v1/learners/"]


def test_no_markup_from_data() -> None:
    """Nothing that the API says is ever parsed as markup."""
    page = status.html().decode()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|style=", page)


def test_policy_fits() -> None:
    """The policy holds the digest of exactly the script and the style of the page."""
    page = status.html()
    policy = status.policy(page)
    for tag in (b"script", b"style"):
        (block,) = re.findall(b"<%b>(.*?)</%b>" % (tag, tag), page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(block).digest()).decode()
        assert f"{tag.decode()}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self'" in policy
