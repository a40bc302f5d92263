"""What is true of a folder that is written again: what a person did to it stands."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.screens.testgen import keeping
from samouk.domains.screens.testgen.cases import Block, Generated
from samouk.domains.screens.testgen.keeping import DELETED, EDITED, EDITED_AND_GONE, NO_TEXT, Note, write, write_kinds
from samouk.domains.screens.testgen.manifest import NAME, Clash, Unreadable, read_manifest
from samouk.domains.screens.testgen.parts import join, regions_of, split

PATH = "tests/test_login.py"


def test_of(name: str, body: str = "pass", line: int = 1) -> Block:
    return Block(name, f"def {name}() -> None:\n    {body}\n", f"app/Login.kt:{line}")


test_of.__test__ = False  # type: ignore[attr-defined]


def generated(*blocks: Block, head: str = "import pytest\n", path: str = PATH) -> Generated:
    return Generated(path, head, blocks)


ONE, TWO, THREE = test_of("test_one"), test_of("test_two"), test_of("test_three")


def edit(folder: Path, changed: Callable[[str], str], path: str = PATH) -> None:
    file = folder / path
    file.write_text(changed(file.read_text(encoding="utf-8")), encoding="utf-8")


def change(name: str) -> Callable[[str], str]:
    """What a person makes of a test that passes."""
    return lambda old: old.replace(f"def {name}() -> None:\n    pass", f"def {name}() -> None:\n    mine()")


def text(folder: Path, path: str = PATH) -> str:
    return (folder / path).read_bytes().decode()


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_marker_with_key_and_line_stands_above_each_block(tmp_path: Path) -> None:
    """In the comments of the file's language, indented as the block."""
    made = [
        generated(ONE),
        Generated("a.kt", "class A {\n", (Block("b", "    fun b() {}\n", "A.kt:3"), Block("end", "}\n"))),
        Generated("flow.yaml", "appId: x\n---\n", (Block("s", "- back\n"),)),
        Generated("note.md", "# Note\n", (Block("n", "Words.\n", "src/мой экран.kt:1"),)),
    ]
    write(tmp_path, made)
    assert text(tmp_path) == (
        "import pytest\n\n\n# observe: test_one from app/Login.kt:1\ndef test_one() -> None:\n    pass\n"
    )
    assert (
        text(tmp_path, "a.kt") == "class A {\n\n    // observe: b from A.kt:3\n    fun b() {}\n\n// observe: end\n}\n"
    )
    assert text(tmp_path, "flow.yaml") == "appId: x\n---\n\n# observe: s\n- back\n"
    assert text(tmp_path, "note.md") == "# Note\n\n<!-- observe: n from src/мой экран.kt:1 -->\nWords.\n"


def test_writing_the_same_again_changes_no_byte(tmp_path: Path) -> None:
    """And no time of a file either."""
    made = [generated(ONE, TWO), Generated("README.md", "# Words\n")]
    first = write(tmp_path, made)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = write(tmp_path, made)
    assert (first.written, again.unchanged, again.written, again.kept) == (4, 4, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_an_unedited_block_is_replaced(tmp_path: Path) -> None:
    """Its line of the source too."""
    write(tmp_path, [generated(ONE, TWO)])
    done = write(tmp_path, [generated(test_of("test_one", "assert True", 7), TWO)])
    assert (done.written, done.unchanged, done.kept) == (1, 2, 0)
    assert "# observe: test_one from app/Login.kt:7\ndef test_one() -> None:\n    assert True\n" in text(tmp_path)


def test_an_edited_block_is_kept_and_told_each_time(tmp_path: Path) -> None:
    """However often the generator changes its mind."""
    write(tmp_path, [generated(ONE, TWO)])
    edit(tmp_path, change("test_one"))
    for body in ("assert 1", "assert 2"):
        done = write(tmp_path, [generated(test_of("test_one", body), test_of("test_two", body))])
        assert done.notes == (Note(PATH, "test_one", EDITED),)
        assert "    mine()\n" in text(tmp_path)
        assert f"def test_two() -> None:\n    {body}\n" in text(tmp_path)


def test_an_edit_that_is_taken_back_is_none(tmp_path: Path) -> None:
    """The block is replaced again."""
    write(tmp_path, [generated(ONE)])
    edit(tmp_path, lambda old: old.replace("pass", "mine()"))
    write(tmp_path, [generated(test_of("test_one", "assert 1"))])
    edit(tmp_path, lambda old: old.replace("mine()", "pass"))
    done = write(tmp_path, [generated(test_of("test_one", "assert 2"))])
    assert (done.kept, done.written) == (0, 1)


def test_a_deleted_block_stays_away_and_is_told(tmp_path: Path) -> None:
    """With or without its marker."""
    write(tmp_path, [generated(ONE, TWO, THREE)])
    edit(tmp_path, lambda old: join([one for one in split(old) if one.key != "test_two"], PATH))
    for _ in range(2):
        done = write(tmp_path, [generated(ONE, TWO, test_of("test_three", "assert 1"))])
        assert done.notes == (Note(PATH, "test_two", DELETED),)
        assert "test_two" not in text(tmp_path)
        assert "assert 1" in text(tmp_path)


def test_a_block_without_its_marker_is_a_persons_own(tmp_path: Path) -> None:
    """It is not written a second time."""
    write(tmp_path, [generated(ONE, TWO)])
    edit(tmp_path, lambda old: old.replace("# observe: test_two from app/Login.kt:1\n", ""))
    write(tmp_path, [generated(test_of("test_one", "assert 1"), TWO)])
    assert text(tmp_path).count("def test_two") == 1
    assert "assert 1" in text(tmp_path)


def test_a_deleted_file_stays_away_and_is_told(tmp_path: Path) -> None:
    """Each time."""
    write(tmp_path, [generated(ONE), generated(ONE, path="tests/test_other.py")])
    (tmp_path / PATH).unlink()
    for _ in range(2):
        done = write(tmp_path, [generated(ONE), generated(ONE, path="tests/test_other.py")])
        assert done.notes == (Note(PATH, "", DELETED),)
        assert not (tmp_path / PATH).exists()


def test_a_new_block_stands_behind_the_one_before_it(tmp_path: Path) -> None:
    """Also where a person moved that one, or deleted it."""
    write(tmp_path, [generated(ONE, THREE)])
    write(tmp_path, [generated(ONE, TWO, THREE)])
    assert text(tmp_path) == join(regions_of(generated(ONE, TWO, THREE)), PATH)
    edit(tmp_path, lambda old: join([split(old)[at] for at in (0, 3, 1, 2)], PATH))
    write(tmp_path, [generated(ONE, test_of("test_new"), TWO, THREE)])
    assert [one.key for one in split(text(tmp_path))] == ["", "test_three", "test_one", "test_new", "test_two"]


def test_a_block_of_something_gone_is_removed_unless_it_was_edited(tmp_path: Path) -> None:
    """Then it is kept, and told."""
    write(tmp_path, [generated(ONE, TWO, THREE)])
    edit(tmp_path, change("test_two"))
    done = write(tmp_path, [generated(THREE)])
    assert (done.removed, done.notes) == (1, (Note(PATH, "test_two", EDITED_AND_GONE),))
    assert [one.key for one in split(text(tmp_path))] == ["", "test_two", "test_three"]


def test_a_file_of_something_gone_is_removed_with_its_folder(tmp_path: Path) -> None:
    """But not where a person has something in it."""
    other = "flows/login/a.yaml"
    write(tmp_path, [generated(ONE), generated(TWO, path=other), generated(TWO, path="tests/test_kept.py")])
    edit(tmp_path, lambda old: old + "\n\ndef test_mine() -> None:\n    mine()\n", "tests/test_kept.py")
    done = write(tmp_path, [generated(ONE)])
    assert not (tmp_path / "flows").exists()
    assert done.removed == 3
    assert "def test_mine() -> None:\n    mine()\n" in text(tmp_path, "tests/test_kept.py")
    assert "import pytest" in text(tmp_path, "tests/test_kept.py")
    assert "test_two" not in text(tmp_path, "tests/test_kept.py")


def test_own_code_behind_a_block_stays_while_the_block_is_replaced(tmp_path: Path) -> None:
    """At the end of the file, between blocks, in a class, and below the head."""
    mine = "\n\ndef test_mine() -> None:\n    mine()\n"
    write(tmp_path, [generated(ONE, TWO)])
    edit(
        tmp_path,
        lambda old: old.replace("import pytest\n", "import pytest\n\nMINE = 1\n").replace(
            "    pass\n", f"    pass\n{mine}"
        ),
    )
    done = write(
        tmp_path, [generated(test_of("test_one", "assert 1"), test_of("test_two", "assert 2"), head="import os\n")]
    )
    assert done.kept == 0
    assert text(tmp_path) == (
        "import os\n\nMINE = 1\n\n\n"
        f"# observe: test_one from app/Login.kt:1\ndef test_one() -> None:\n    assert 1\n{mine}\n\n"
        f"# observe: test_two from app/Login.kt:1\ndef test_two() -> None:\n    assert 2\n{mine}"
    )


def test_own_code_stays_where_its_block_goes(tmp_path: Path) -> None:
    """It is nobody else's."""
    write(tmp_path, [generated(ONE, TWO)])
    edit(tmp_path, lambda old: old + "\n\ndef test_mine() -> None:\n    mine()\n")
    write(tmp_path, [generated(ONE)])
    assert text(tmp_path).endswith("    pass\n\n\ndef test_mine() -> None:\n    mine()\n")
    assert "test_two" not in text(tmp_path)


def test_a_line_at_the_end_of_a_block_is_an_edit(tmp_path: Path) -> None:
    """With a blank line before it or not: it belongs to the function."""
    for more in ("    mine()\n", "\n    mine()\n"):
        folder = tmp_path / str(len(more))
        write(folder, [generated(ONE)])
        edit(folder, lambda old, more=more: old + more)  # type: ignore[misc]
        done = write(folder, [generated(test_of("test_one", "assert 1"))])
        assert done.notes == (Note(PATH, "test_one", EDITED),)
        assert text(folder).endswith(f"    pass\n{more}")


def test_an_edited_head_is_kept_and_told(tmp_path: Path) -> None:
    """The blocks below it are replaced all the same."""
    write(tmp_path, [generated(ONE)])
    edit(tmp_path, lambda old: old.replace("import pytest\n", "import pytest as p\n"))
    done = write(tmp_path, [generated(test_of("test_one", "assert 1"), head="import os\n")])
    assert done.notes == (Note(PATH, "", EDITED),)
    assert text(tmp_path).startswith("import pytest as p\n")
    assert "assert 1" in text(tmp_path)


def test_a_changed_head_gets_the_imports_that_later_tests_need(tmp_path: Path) -> None:
    """In its own order, with what the person added, and only what is used."""
    head = "from __future__ import annotations\n\nimport pytest\n\nfrom pages import navigation\n"
    write(tmp_path, [generated(test_of("test_one", "navigation.go()"), head=head)])
    edit(tmp_path, lambda old: old.replace("import pytest\n", "import time\n\nimport pytest\n"))
    mine = text(tmp_path).partition("# observe")[0].rstrip()
    more = head + "from pages.lists import ListsPage, Row\nfrom pages.menu import MenuPage\n\nmark = pytest.mark.a\n"
    blocks = (test_of("test_one", "navigation.go()"), test_of("test_two", "ListsPage(Row(pytest))"))
    for _ in range(2):
        done = write(tmp_path, [generated(*blocks, head=more)])
        assert done.notes == (Note(PATH, "", EDITED),)
        told = text(tmp_path).partition("# observe")[0].rstrip()
        assert told == mine + "\nfrom pages.lists import ListsPage, Row"


@pytest.mark.parametrize(
    "head",
    [
        "from mine import Page as Shown\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mine import Shown\n",
        "class Shown: ...\n",
        "<<<<<<< theirs\nimport os\n",
    ],
)
def test_what_a_person_calls_so_and_what_cannot_be_read_is_left(tmp_path: Path, head: str) -> None:
    write(tmp_path, [generated(ONE)])
    edit(tmp_path, lambda old: old.replace("import pytest\n", head))
    write(tmp_path, [generated(test_of("test_one", "Shown()"), head="from pages.login import Shown\n")])
    assert text(tmp_path).partition("\n\n\n#")[0] == head.rstrip()


def test_a_changed_head_that_ends_in_a_class_gets_imports_too(tmp_path: Path) -> None:
    old = Generated("a.py", "from base import Page\n\n\nclass A(Page):\n", (Block("one", "    x = 1\n"),))
    new = Generated("a.py", "from base import Input, Page\n\n\nclass A(Page):\n", (Block("one", "    x = Input()\n"),))
    write(tmp_path, [old])
    edit(tmp_path, lambda told: f"import os\n{told}", "a.py")
    write(tmp_path, [new])
    assert text(tmp_path, "a.py").startswith(
        "import os\nfrom base import Page\nfrom base import Input\n\n\nclass A(Page):"
    )


def test_a_changed_head_in_kotlin_gets_imports_too(tmp_path: Path) -> None:
    head = "package org.shop\n\nimport org.junit.Test\n\nclass LoginTest {\n"
    write(tmp_path, [Generated("A.kt", head, (Block("one", "    @Test\n    fun one() = go()\n"),))])
    edit(tmp_path, lambda old: old.replace("import org.junit.Test\n", "import mine.*\nimport org.junit.Test\n"), "A.kt")
    more = head.replace("import", "import espresso.click\nimport espresso.unused\nimport mine.own\nimport", 1)
    write(tmp_path, [Generated("A.kt", more, (Block("one", "    @Test\n    fun one() = own(click())\n"),))])
    assert text(tmp_path, "A.kt").startswith(
        "package org.shop\n\nimport mine.*\nimport org.junit.Test\nimport espresso.click\n\nclass LoginTest {\n"
    )


def test_files_and_folders_have_the_rights_of_any_new_file(tmp_path: Path) -> None:
    """Others of a team read them, too."""
    (tmp_path / "any").mkdir()
    (tmp_path / "any" / "file").write_text("")
    write(tmp_path / "t", [generated(ONE)])
    rights = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert {rights[tmp_path / "t" / name] for name in (PATH, NAME)} == {rights[tmp_path / "any" / "file"]}
    assert {rights[tmp_path / "t"], rights[tmp_path / "t" / "tests"]} == {rights[tmp_path / "any"]}


def test_blank_ends_of_lines_and_line_ends_of_windows_are_no_edit(tmp_path: Path) -> None:
    """Editors and version control change them; the file keeps its own."""
    write(tmp_path, [generated(ONE, TWO)])
    file = tmp_path / PATH
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b":\n", b":  \n").replace(b"\n", b"\r\n"))
    done = write(tmp_path, [generated(test_of("test_one", "assert 1"), TWO)])
    assert done.kept == 0
    assert text(tmp_path).count("\r\n") == text(tmp_path).count("\n") > 0
    assert "assert 1\r\n" in text(tmp_path)


def test_a_copied_block_is_a_persons_own(tmp_path: Path) -> None:
    """Its marker was copied with it."""
    write(tmp_path, [generated(ONE)])
    edit(
        tmp_path,
        lambda old: old + "\n\n# observe: test_one from app/Login.kt:1\ndef test_one_too() -> None:\n    pass\n",
    )
    write(tmp_path, [generated(test_of("test_one", "assert 1"))])
    assert "    assert 1\n" in text(tmp_path)
    assert "def test_one_too() -> None:\n    pass\n" in text(tmp_path)


def test_a_file_that_is_no_text_any_more_is_left_alone(tmp_path: Path) -> None:
    """And told."""
    write(tmp_path, [generated(ONE)])
    (tmp_path / PATH).write_bytes(b"\xff\xfe\x00")
    done = write(tmp_path, [generated(test_of("test_one", "assert 1"))])
    assert done.notes == (Note(PATH, "", NO_TEXT),)
    assert (tmp_path / PATH).read_bytes() == b"\xff\xfe\x00"


@pytest.mark.parametrize("theirs", ["conftest.py", PATH, "tests"])
def test_somebody_elses_files_are_never_overwritten(tmp_path: Path, theirs: str) -> None:
    """The clash is named before anything is written."""
    file = tmp_path / theirs
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("theirs\n")
    before = everything(tmp_path)
    with pytest.raises(Clash, match=r"conftest\.py|test_login\.py") as told:
        write(tmp_path, [Generated("conftest.py", "ours\n"), generated(ONE)])
    assert "Nothing was written" in str(told.value)
    assert everything(tmp_path) == before


def test_somebody_elses_files_beside_ours_are_left_alone(tmp_path: Path) -> None:
    """Whatever they are."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_theirs.py").write_text("theirs\n")
    write(tmp_path, [generated(ONE)])
    write(tmp_path, [])
    assert set(everything(tmp_path)) == {"tests/test_theirs.py", NAME}


def test_a_file_with_just_our_content_is_ours(tmp_path: Path) -> None:
    """As after a manifest that was not put under version control."""
    write(tmp_path, [generated(ONE, TWO)])
    (tmp_path / NAME).unlink()
    assert write(tmp_path, [generated(ONE, TWO)]).unchanged == 3
    (tmp_path / NAME).unlink()
    with pytest.raises(Clash):
        write(tmp_path, [generated(ONE)])


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """In words."""
    (tmp_path / "out").write_text("x")
    with pytest.raises(Clash, match="is a file"):
        write(tmp_path / "out", [generated(ONE)])


@pytest.mark.parametrize("path", ["../out.py", "/out.py", "a/../../b.py"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, path: str) -> None:
    """A mistake of a writer, not of a person."""
    with pytest.raises(ValueError, match="inside a folder"):
        write(tmp_path, [generated(ONE, path=path)])


def test_a_folder_with_blanks_and_cyrillic_letters_is_one_like_any_other(tmp_path: Path) -> None:
    """And so is a file."""
    folder = tmp_path / "мои тесты" / "новые"
    path = "тесты экрана/test вход.py"
    write(folder, [generated(ONE, path=path)])
    edit(folder, lambda old: old.replace("pass", "mine()"), path)
    assert write(folder, [generated(ONE, path=path)]).kept == 1


def test_kinds_of_tests_do_not_remove_each_other(tmp_path: Path) -> None:
    """Nor overwrite."""
    write(tmp_path, [generated(ONE)], kind="pytest")
    write(tmp_path, [generated(ONE, path="flow.yaml")], kind="maestro")
    assert {PATH, "flow.yaml"} <= set(everything(tmp_path))
    with pytest.raises(Clash):
        write(tmp_path, [generated(TWO)], kind="maestro")
    write(tmp_path, [], kind="maestro")
    assert set(everything(tmp_path)) == {PATH, NAME}


def test_kinds_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text("mine")
    both = {"pytest": [generated(ONE)], "maestro": [generated(ONE, path="flow.yaml")]}
    with pytest.raises(Clash, match=r"flow\.yaml"):
        write_kinds(tmp_path, both)
    assert set(everything(tmp_path)) == {"flow.yaml"}
    (tmp_path / "flow.yaml").unlink()
    write_kinds(tmp_path, both)
    (tmp_path / "flow.yaml").unlink()
    assert write_kinds(tmp_path, {"pytest": [generated(ONE)]}).notes == ()
    assert write_kinds(tmp_path, both).notes == (Note("flow.yaml", "", DELETED),)


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", '{"version": 1}', '{"version": 9, "files": {}}', '{"version": 1, "files": {"a": 3}}']
)
def test_a_broken_manifest_stops_everything(tmp_path: Path, broken: str) -> None:
    """Nobody could tell what is whose."""
    write(tmp_path, [generated(ONE)])
    (tmp_path / NAME).write_text(broken)
    with pytest.raises(Unreadable, match="observe"):
        write(tmp_path, [generated(TWO)])
    assert "test_two" not in text(tmp_path)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("after", range(6))
def test_a_run_that_is_killed_is_mended_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Wherever it ended: what was written counts as written, what was edited as edited, what was deleted as deleted."""
    old = [generated(ONE, TWO), generated(ONE, path="a.py"), generated(ONE, path="gone.py")]
    new = [
        generated(test_of("test_one", "assert 1"), TWO, THREE),
        generated(test_of("test_one", "assert 1"), path="a.py"),
        generated(ONE, path="new.py"),
    ]
    write(tmp_path, old)
    edit(
        tmp_path, lambda told: told.replace("def test_two() -> None:\n    pass", "def test_two() -> None:\n    mine()")
    )
    _killed_after(monkeypatch, after)
    with pytest.raises(Killed):
        write(tmp_path, new)
        raise Killed
    monkeypatch.undo()
    done = write(tmp_path, new)
    assert done.notes == (Note(PATH, "test_two", EDITED),)
    assert {"gone.py"}.isdisjoint(everything(tmp_path))
    assert "assert 1" in text(tmp_path)
    assert text(tmp_path).count("def test_three") == 1
    assert text(tmp_path, "new.py") == join(regions_of(new[2]), "new.py")
    assert "assert 1" in text(tmp_path, "a.py")
    again = write(tmp_path, new)
    assert (again.written, again.removed) == (0, 0)


def _killed_after(monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    """The process ends in place of its next write to the disk."""
    left = [writes]
    for module, name in ((keeping, "replace"), (keeping, "write_manifest"), (keeping, "_remove")):
        real = getattr(module, name)

        def counted(*arguments: object, real: Callable[..., None] = real) -> None:
            if not left[0]:
                raise Killed
            left[0] -= 1
            real(*arguments)

        monkeypatch.setattr(module, name, counted)


def test_drafts_of_a_killed_run_are_swept_away(tmp_path: Path) -> None:
    """A person's own files are not."""
    write(tmp_path, [generated(ONE)])
    for name in (".test_login.py.0a1b2c3d.tmp", ".test_login.py.mine.tmp", ".test_own.py.0a1b2c3d.tmp"):
        (tmp_path / "tests" / name).write_text("half")
    (tmp_path / f".{NAME}.0a1b2c3d.tmp").write_text("half")
    write(tmp_path, [generated(TWO)])
    left = {path.name for path in tmp_path.rglob("*.tmp")}
    assert left == {".test_login.py.mine.tmp", ".test_own.py.0a1b2c3d.tmp"}


def test_the_manifest_can_be_read_by_people_and_does_not_change_by_itself(tmp_path: Path) -> None:
    """It stands under version control."""
    write(tmp_path, [generated(ONE)])
    told = json.loads((tmp_path / NAME).read_text(encoding="utf-8"))
    assert set(told["files"][PATH]["parts"]) == {"", "test_one"}
    assert all(part.settled for parts in read_manifest(tmp_path).files.values() for part in parts.values())


_BODIES = st.sampled_from(["pass", "assert 1", "assert 2"])
_RUNS = st.lists(st.dictionaries(st.sampled_from(["test_a", "test_b", "test_c", "test_d"]), _BODIES), max_size=6)


@settings(max_examples=30, deadline=None)
@given(_RUNS)
def test_a_folder_nobody_touched_is_always_as_generated(
    tmp_path_factory: pytest.TempPathFactory, runs: Sequence[dict[str, str]]
) -> None:
    """Whatever was generated before."""
    folder = tmp_path_factory.mktemp("out")
    for run in runs:
        made = generated(*(test_of(name, body) for name, body in sorted(run.items())))
        assert write(folder, [made]).kept == 0
        assert text(folder) == join(regions_of(made), PATH)
