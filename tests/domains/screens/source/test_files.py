"""Walking a source folder: loops, sizes, depth, what was built, and names in any alphabet."""

from __future__ import annotations

from pathlib import Path

import pytest

from samouk.domains.screens.source import files
from samouk.domains.screens.source.files import is_test, walk


def made(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")


def test_sources_are_found_in_order_whatever_their_names(tmp_path: Path) -> None:
    made(tmp_path, "app/src/Экран входа.kt", "app/src/a b.kt", "app/res/layout/main.xml", "README.md", "icon.png")
    assert walk(tmp_path).paths == ("app/res/layout/main.xml", "app/src/a b.kt", "app/src/Экран входа.kt")


@pytest.mark.parametrize("folder", ["build", "node_modules", "Pods", ".git", ".dart_tool", "a/b/intermediates"])
def test_what_was_built_or_fetched_is_not_entered(tmp_path: Path, folder: str) -> None:
    made(tmp_path, f"{folder}/x.kt", "kept.kt")
    assert walk(tmp_path).paths == ("kept.kt",)


def test_loops_of_links_end_and_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "app"
    made(tmp_path, "app/src/a.kt", "outside/secret.kt")
    (root / "src" / "again").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "gone").symlink_to(tmp_path / "nowhere")
    (root / "self").symlink_to(root / "self")
    told = walk(root)
    assert told.paths == ("src/a.kt",)
    assert {trouble.file for trouble in told.troubles} <= {"gone", "self"}


def test_a_file_above_the_bound_is_named_and_left_out(tmp_path: Path) -> None:
    made(tmp_path, "a.kt")
    with (tmp_path / "big.kt").open("wb") as big:
        big.truncate(50_000_000)
    told = walk(tmp_path)
    assert told.paths == ("a.kt",)
    assert [(one.file, one.line) for one in told.troubles] == [("big.kt", 0)]
    assert "50 MB" in told.troubles[0].reason


def test_more_files_than_the_bound_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 3)
    made(tmp_path, *(f"{number}.kt" for number in range(5)))
    told = walk(tmp_path)
    assert len(told.paths) == 3
    assert "smaller folder" in told.troubles[-1].reason


def test_folders_below_the_depth_are_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_DEPTH", 2)
    made(tmp_path, "a/b/c/d.kt", "a/b/e.kt")
    told = walk(tmp_path)
    assert told.paths == ("a/b/e.kt",)
    assert [(one.file, "2 folders" in one.reason) for one in told.troubles] == [("a/b/c", True)]


def test_one_file_is_a_tree_of_its_own(tmp_path: Path) -> None:
    made(tmp_path, "a.kt", "b.kt")
    assert walk(tmp_path / "a.kt").paths == ("a.kt",)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        walk(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "path",
    [
        "app/src/androidTest/kotlin/A.kt",
        "app/src/test/A.kt",
        "core/src/commonTest/kotlin/A.kt",
        "app/src/testDebug/kotlin/A.kt",
        "app/src/androidTestDemo/kotlin/A.kt",
        "__tests__/a.js",
        "src/a.test.tsx",
        "lib/a_test.dart",
        "AppUITests/A.swift",
        "AppTests/A.swift",
    ],
)
def test_an_apps_own_tests_are_told_apart(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "app/src/main/kotlin/Testimonials.kt",
        "core/testing/src/main/kotlin/A.kt",
        "src/latest/a.js",
        "lib/contest.dart",
        "Attestation/A.swift",
    ],
)
def test_what_only_sounds_like_a_test_is_read(path: str) -> None:
    assert not is_test(path)
