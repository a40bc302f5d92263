"""/v1/tuf: the signed files that clients verify, as the publisher left them on disk."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request

from samouk.loop.ports import NotFound
from samouk.server.desk import Desk
from samouk.server.transfer import IMMUTABLE, Content, of_bytes, of_file

LATEST = "timestamp.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")


def routes(desk: Desk) -> APIRouter:
    folder = desk.options.publish_dir

    look = desk.options.look or (lambda at_once: None)

    def fresh(side: str, path: str) -> Path:
        """The file; what is not there may have been published a moment ago, on another machine."""
        try:
            return find(folder, side, path)
        except NotFound:
            look(True)
            return find(folder, side, path)

    def metadata(request: Request) -> Content:
        if request.path_params["file"] == LATEST:  # every other file keeps its bytes for ever
            look(False)
        # Read whole: the file may be replaced while it is sent. Its tag is of its bytes.
        data = fresh("metadata", request.path_params["file"]).read_bytes()
        return of_bytes(data, hashlib.sha256(data).hexdigest()[:16], "application/json")

    def target(request: Request) -> Content:
        # The file's name begins with the digest of its bytes, and so is its tag.
        path = fresh("targets", request.path_params["path"])
        return of_file(path, path.name.partition(".")[0], "application/octet-stream", IMMUTABLE)

    desk.download_at("/v1/tuf/metadata/{file}", "A signed metadata file", "application/json", metadata)
    desk.download_at("/v1/tuf/targets/{path}", "A signed target", "application/octet-stream", target)
    return APIRouter()


def find(folder: Path | None, side: str, path: str) -> Path:
    """The file under ``folder/side``. Raises NotFound for what is not there, and for every way to lead out of it."""
    names = path.split("/")
    if folder is not None and all(_NAME.fullmatch(name) for name in names):
        root = (folder / side).resolve()
        found = root.joinpath(*names).resolve()
        if found.is_relative_to(root) and found.is_file():
            return found
    raise NotFound("no such file")
