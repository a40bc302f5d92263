"""What is missing for a rehearsal is told in words that name the remedy; nothing here needs a network."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from samouk.domains.screens.testgen.rehearsal.installing import (
    FOLDER,
    CannotRehearse,
    Installation,
    NodeMissing,
    PortTaken,
    RegistryUnreachable,
    ServerFailed,
    cache_folder,
    installed,
    is_installed,
    new_enough,
)
from samouk.domains.screens.testgen.rehearsal.server import serving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs that stand in for node are shell scripts")


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def environ(tmp_path: Path, node: str = "echo v22.12.0", npm: str = "true") -> dict[str, str]:
    """An environment in which these are all the programs of Node."""
    program(tmp_path / "bin", "node", node)
    program(tmp_path / "bin", "npm", npm)
    return {"PATH": f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin", FOLDER: str(tmp_path / "cache")}


@pytest.mark.parametrize(
    ("version", "usable"),
    [
        ("v20.19.0", True),
        ("v20.18.3", False),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v23.9.0", False),
        ("v24.0.0", True),
        ("v31.1.0", True),
        ("", False),
        ("command not found", False),
    ],
)
def test_appium_tells_which_versions_of_node_it_runs_on(version: str, usable: bool) -> None:
    """Long-term versions from a minor on, and all from 24."""
    assert new_enough(version) is usable


def test_a_missing_node_is_named_with_where_to_get_it(tmp_path: Path) -> None:
    """No traceback of a program that is not there."""
    with pytest.raises(NodeMissing, match=r"node is not on the path.*nodejs\.org"):
        installed({"PATH": str(tmp_path), FOLDER: str(tmp_path)})


def test_a_missing_npm_is_named(tmp_path: Path) -> None:
    """Some systems package it apart from Node."""
    program(tmp_path / "bin", "node", "echo v22.12.0")
    with pytest.raises(NodeMissing, match="npm is not on the path"):
        installed({"PATH": str(tmp_path / "bin"), FOLDER: str(tmp_path)})


def test_an_old_node_is_named_with_its_version(tmp_path: Path) -> None:
    """And with what would do."""
    with pytest.raises(NodeMissing, match=r"v18\.1\.0.*20\.19"):
        installed(environ(tmp_path, node="echo v18.1.0"))


@pytest.mark.parametrize("code", ["ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN"])
def test_a_registry_that_does_not_answer_is_named(tmp_path: Path, code: str) -> None:
    """It is the network's fault, and the sentence says so."""
    failing = f"echo 'npm error code {code}' >&2; echo 'npm error request to registry failed' >&2; exit 1"
    with pytest.raises(RegistryUnreachable, match=f"cannot be reached .code {code}"):
        installed(environ(tmp_path, npm=failing))


def test_what_else_npm_says_is_passed_on(tmp_path: Path) -> None:
    """Its first lines, without its own prefix."""
    with pytest.raises(CannotRehearse, match="could not install Appium: code EUSAGE") as caught:
        installed(environ(tmp_path, npm="echo 'npm error code EUSAGE' >&2; exit 1"))
    assert not isinstance(caught.value, RegistryUnreachable)


def test_an_install_is_made_once_and_an_interrupted_one_again(tmp_path: Path) -> None:
    """The second call starts no npm; what was half done is thrown away."""
    given = environ(tmp_path, npm=f"echo again >> {tmp_path}/installs; mkdir -p node_modules/appium")
    assert not is_installed(given)
    first = installed(given)
    assert is_installed(given)
    assert installed(given) == first
    assert (tmp_path / "installs").read_text("utf-8") == "again\n"
    assert (first.home / "node_modules" / "samouk-rehearsal-android" / "index.js").is_file()
    base = first.home.parent.parent
    (base / "whole").unlink()
    (base / "half").touch()
    assert not is_installed(given)
    installed(given)
    assert (tmp_path / "installs").read_text("utf-8") == "again\nagain\n"
    assert not (base / "half").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With the variable that names another."""
    (tmp_path / "cache").write_text("a file", "utf-8")
    with pytest.raises(CannotRehearse, match=FOLDER):
        installed(environ(tmp_path))


def test_the_cache_lies_outside_the_project(tmp_path: Path) -> None:
    """Where the user's other caches are, or where a variable says."""
    assert cache_folder({"HOME": str(tmp_path)}) == tmp_path / ".cache" / "samouk" / "rehearsal"
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "samouk" / "rehearsal"
    assert cache_folder({FOLDER: str(tmp_path)}) == tmp_path


def test_a_port_that_another_program_has_is_named(tmp_path: Path) -> None:
    """Before anything is started."""
    nothing = Installation(tmp_path / "node", tmp_path / "appium.js", tmp_path / "base" / "homes" / "one")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=f"listens on 127.0.0.1:{port}"), serving(nothing, port):
            raise AssertionError("unreachable")


def test_a_server_that_does_not_start_shows_its_last_words(tmp_path: Path) -> None:
    """The end of what it wrote is in the message."""
    given = environ(tmp_path, node="echo v22.12.0; echo no such driver; exit 3")
    with pytest.raises(ServerFailed, match=r"(?s)ended with code 3.*no such driver"), serving(environ=given):
        raise AssertionError("unreachable")
