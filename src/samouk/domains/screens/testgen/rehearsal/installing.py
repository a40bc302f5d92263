"""Installs what a rehearsal needs, once: Appium from the npm registry, and our drivers beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from samouk.edge.disk import locked
from samouk.edge.errors import CacheError

FOLDER = "SAMOUK_REHEARSAL_HOME"
"""The variable that names another folder than ``samouk/rehearsal`` among the user's caches."""

DRIVERS = ("rehearsal-android", "rehearsal-ios")
INSTALL_S = 900.0
"""What a slow line takes for 75 MB in 300 packages; another process that wants the same waits as long."""

_ASK_S = 30.0
_PACKAGES = ("core", "android", "ios")
_WANTED = ("package.json", "package-lock.json")
"""What npm installs: every package of Appium's too by its version and digest, so that it is the same on any day."""

_WHOLE = "whole"
_NODE = ((20, 19), (22, 12), (24, 0))
"""Oldest usable minor of each major of Node; majors from the last one on are all fine."""

_UNREACHABLE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT"
    r"|ENOTCACHED|UNABLE_TO_|SELF_SIGNED|CERT_|E40[37]|E50[0-9]|EPROTO|network"
)


class CannotRehearse(Exception):
    """Nothing can be rehearsed here.

    ::

        CannotRehearse
        ├── NodeMissing          no node or no npm on the path, or one that is too old
        ├── RegistryUnreachable  the npm registry does not answer
        ├── PortTaken            another program listens on the port that was asked for
        └── ServerFailed         Appium did not start, or not in time
    """


class NodeMissing(CannotRehearse):
    """``node`` or ``npm`` is missing or too old."""


class RegistryUnreachable(CannotRehearse):
    """The npm registry does not answer."""


class PortTaken(CannotRehearse):
    """Another program listens on the port."""


class ServerFailed(CannotRehearse):
    """Appium did not start."""


class Installation(NamedTuple):
    """What is needed to start a server.

    Attributes:
        node: the program.
        appium: its script.
        home: the folder in which Appium finds our drivers, its ``APPIUM_HOME``.
    """

    node: Path
    appium: Path
    home: Path

    @property
    def lock(self) -> Path:
        """Held while something is written into the folder."""
        return self.home.parent.parent.parent / "lock"

    @property
    def leash(self) -> Path:
        """What ends a server whose starter is gone."""
        return self.home / "node_modules" / "samouk-rehearsal-core" / "leash.js"


def installed(environ: Mapping[str, str] | None = None) -> Installation:
    """Install what is missing and tell where it is; a second call, from any process, finds it.

    Raises:
        NodeMissing, RegistryUnreachable, CannotRehearse: as their names say; the message names the remedy.
    """
    environ = os.environ if environ is None else environ
    node, npm = programs(environ)
    folder = cache_folder(environ)
    wanted = _wanted()
    base = _base(folder, wanted)
    home = base / "homes" / _digest(_driver_files())
    found = Installation(node, base / "node_modules" / "appium" / "index.js", home)
    if (base / _WHOLE).exists() and (home / _WHOLE).exists():
        return found
    try:
        with locked(folder / "lock", INSTALL_S):
            if not (base / _WHOLE).exists():
                _install(npm, base, wanted, environ)
            if not (home / _WHOLE).exists():
                _lay_out(home)
    except CacheError as error:
        raise CannotRehearse(f"{folder}: another process has been installing for too long: {error}") from error
    except OSError as error:
        raise CannotRehearse(f"{folder} cannot be written: {error}; {FOLDER} names another folder") from error
    return found


def is_installed(environ: Mapping[str, str] | None = None) -> bool:
    """Whether nothing is to be loaded from the network any more."""
    folder = cache_folder(os.environ if environ is None else environ)
    return (_base(folder, _wanted()) / _WHOLE).exists()


def _wanted() -> list[tuple[str, bytes]]:
    return [(name, (_data() / name).read_bytes()) for name in _WANTED]


def _base(folder: Path, wanted: Sequence[tuple[str, bytes]]) -> Path:
    return folder / f"appium-{_digest(wanted)}"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Outside any project, so that nobody commits it, and the same for all projects of a user."""
    if environ.get(FOLDER):
        return Path(environ[FOLDER]).expanduser().absolute()
    user = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    caches = Path(environ["XDG_CACHE_HOME"]).expanduser() if environ.get("XDG_CACHE_HOME") else user / ".cache"
    return caches.absolute() / "samouk" / "rehearsal"


def programs(environ: Mapping[str, str]) -> tuple[Path, Path]:
    """``node`` and ``npm``, of versions that Appium runs on. Raises NodeMissing."""
    found = [shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm")]
    if found[0] is None or found[1] is None:
        name = "node" if found[0] is None else "npm"
        raise NodeMissing(
            f"{name} is not on the path: rehearsing needs Node.js 20.19, 22.12, 24 or later with npm, from https://nodejs.org"
        )
    try:
        told = subprocess.run(
            [found[0], "--version"], capture_output=True, text=True, timeout=_ASK_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeMissing(f"{found[0]} does not run: {error}") from error
    if not new_enough(told):
        raise NodeMissing(
            f"{found[0]} is {told.strip() or 'of an unknown version'}; Appium runs on "
            "Node.js 20.19, 22.12, 24 or later, from https://nodejs.org"
        )
    return Path(found[0]), Path(found[1])


def new_enough(version: str) -> bool:
    """Whether Appium runs on what ``node --version`` told."""
    parts = re.match(r"v?(\d+)\.(\d+)", version.strip())
    if parts is None:
        return False
    major, minor = int(parts[1]), int(parts[2])
    return major > _NODE[-1][0] or any(major == one and minor >= least for one, least in _NODE)


def _install(npm: Path, base: Path, wanted: Sequence[tuple[str, bytes]], environ: Mapping[str, str]) -> None:
    """Anew: what an interrupted install left is worth nothing."""
    if base.exists():
        shutil.rmtree(base)
    base.mkdir(parents=True, mode=0o700)
    for name, content in wanted:
        (base / name).write_bytes(content)
    # No scripts of packages run: none of ours needs any, and each is a stranger's code.
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error", "--no-progress")
    command = [str(npm), "ci", *options]
    try:
        done = subprocess.run(
            command,
            cwd=base,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=INSTALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RegistryUnreachable(f"npm did not finish within {INSTALL_S:g} s; is the npm registry slow?") from error
    if done.returncode:
        raise _refused(done.stderr or done.stdout)
    (base / _WHOLE).touch()


def _refused(told: str) -> CannotRehearse:
    lines = [line.removeprefix("npm error ").strip() for line in told.splitlines() if line.startswith("npm error ")]
    said = "; ".join(lines[:3]) or told.strip()[:300] or "it told nothing"
    if _UNREACHABLE.search(told):
        return RegistryUnreachable(
            f"the npm registry cannot be reached ({said}); once Appium is installed no network is needed"
        )
    return CannotRehearse(f"npm could not install Appium: {said}")


def _lay_out(home: Path) -> None:
    """Our drivers, as packages in a home of Appium; they find the fake driver in the folder above."""
    if home.exists():
        shutil.rmtree(home)
    manifest = {"name": "samouk-rehearsal-home", "version": "1.0.0", "private": True}
    modules = home / "node_modules"
    modules.mkdir(parents=True, mode=0o700)
    (home / "package.json").write_text(json.dumps(manifest), "utf-8")
    for path, content in _driver_files():
        package, name = path.split("/")
        target = modules / f"samouk-rehearsal-{package}" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
    (home / _WHOLE).touch()


def _driver_files() -> Iterator[tuple[str, bytes]]:
    for package in _PACKAGES:
        for file in sorted((_data() / package).iterdir(), key=lambda one: one.name):
            if file.name.endswith((".js", ".json")):
                yield f"{package}/{file.name}", file.read_bytes()


def _data() -> Traversable:
    return files(__package__) / "driver"


def _digest(contents: Iterable[tuple[str, bytes]]) -> str:
    summed = hashlib.sha256()
    for name, content in contents:
        summed.update(f"{name}:{len(content)}:".encode())
        summed.update(content)
    return summed.hexdigest()[:12]
