"""The ``observe`` command as a user meets it: help, settings, consent, errors in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.domains.screens.observing import OBSERVE, User

from samouk.domains.screens import cli
from samouk.domains.screens.commands import ends
from samouk.domains.screens.taxonomy import TYPES
from samouk.edge import wire

Screens = Callable[[int], list[Path]]


def commands(group: click.Group = cli.main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_helps_and_takes_json(path: tuple[str, ...], user: User) -> None:
    """Every command explains itself and has ``--json``."""
    shown = user.done(*path, "--help")
    assert "--json" in shown and len(shown) > 100


def test_exit_codes_are_documented(user: User) -> None:
    """Each exit code stands in the help and in the module's docstring."""
    shown, told = user.done("ml", "--help"), cli.__doc__ or ""
    for code in (*range(ends.NO_EXTRA + 1), ends.INTERRUPTED):
        assert f"\n    {code}  " in shown and f" {code} " in told


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["ml", "stat"], 2, "did you mean stats"),
        (["ml", "collect"], 2, "Missing argument"),
        (["ml", "stats", "--jsn"], 2, "--json"),
        (["config", "set", "ml.contibute", "true"], 2, "did you mean ml.contribute"),
        (["config", "get", "nonsense"], 2, "there are ml.contribute"),
        (["config", "set", "ml.upload_endpoint", "ftp://x"], 2, "must be the address of a server"),
        (["config", "set", "ml.contribute", "perhaps"], 2, "must be true or false"),
        (["ml", "correct", "--class-name", "a.B", "--actual", "buton"], 2, "did you mean button"),
        (["ml", "correct", "--element", "{", "--actual", "icon"], 3, "broken at line 1"),
        (["ml", "correct", "--element", "[1]", "--actual", "icon"], 3, "must be an object"),
        (["ml", "correct", "--element", "{}", "--class-name", "x", "--actual", "icon"], 2, "contradict"),
        (["ml", "correct", "--actual", "icon"], 2, "missing --class-name"),
        (["ml", "correct", "--index", "3", "--actual", "icon"], 2, "belong together"),
        (["ml", "correct", "--undo", "--clear"], 2, "stand alone"),
        (["ml", "correct", "--undo", "--class-name", "x"], 2, "stand alone"),
        (["ml", "predict", "nowhere.xml"], 3, "no such file"),
        (["ml", "predict", "."], 3, "is a folder"),
        (["ml", "predict", "x.xml", "--model", "m.pkl"], 3, "no such file"),
        (["ml", "collect", "x.xml"], 6, "observe config set ml.contribute true"),
        (["ml", "forget", "--batch", "x", "--all"], 2, "contradict"),
        (["ml", "forget", "--batch", "x"], 2, "no batch 'x'"),
        (["ml", "rollback"], 1, "no model to go back to"),
        (["ml", "train", "--data", "d.json", "--output", "m.txt"], 2, "must end in .onnx"),
        (["ml", "generate-test-samples", "--count", "0", "--output", "f.json"], 2, "--count"),
    ],
)
def test_mistakes_end_on_one_line(words: list[str], code: int, says: str, user: User) -> None:
    """A user's mistake is one line on standard error that says what would be right, and nothing else."""
    result = user(*words)
    assert result.exit_code == code, result.output
    assert says in result.stderr and result.stderr.count("\n") == 1 and result.stdout == ""


@pytest.mark.parametrize("group", [[], ["ml"], ["config"]])
def test_a_group_alone_shows_its_help(group: list[str], user: User) -> None:
    """Without a command the help comes as it is with --help: many lines, none of them an error."""
    result = user(*group)
    assert result.output.strip() == user.done(*group, "--help").strip() and "❌" not in result.output


def test_interruption_has_its_own_code(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C, or no answer where one is needed, ends with the documented code 130 and no trace."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("samouk.domains.screens.commands.looking.contribution", interrupted)
    result = user("ml", "stats")
    assert result.exit_code == ends.INTERRUPTED == 130 and "Interrupted" in result.stderr


def test_a_cache_that_is_no_folder_is_told(user: User, screens: Screens, tmp_path: Path) -> None:
    """Where the cache cannot be a folder the line says that, not what the system called it."""
    user.agree()
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", Path("/proc/nowhere")):
        environ = {**user.environ, "SAMOUK_CACHE": str(place)}
        result = CliRunner().invoke(cli.main, ["ml", "collect", str(screens(1)[0])], env=environ)
        assert result.exit_code == 1 and f"{place}: the folder cannot be made here" in result.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("<hierarchy><node", "XML"),
        ("", "empty"),
        ('{"views": [', "JSON is broken"),
        ("<hierarchy/>", "no element"),
        ("[]", "no element"),
        ("plain words", ""),
        ('<!DOCTYPE x [<!ENTITY a "b">]><hierarchy>&a;</hierarchy>', ""),
    ],
)
def test_broken_hierarchies(content: str, says: str, user: User, tmp_path: Path) -> None:
    """A file that holds no screen is refused with its name, by ``predict`` and by ``collect``."""
    file = tmp_path / "broken.xml"
    file.write_text(content)
    user.agree()
    for command in ("predict", "collect"):
        result = user("ml", command, file)
        assert result.exit_code == 3 and "broken.xml: " in result.stderr and says in result.stderr


def test_endless_input_is_bounded(user: User) -> None:
    """A source that never ends is refused for its size."""
    result = user("ml", "predict", "/dev/zero")
    assert result.exit_code == 3 and "larger than" in result.stderr


def test_screen_without_anything_to_see(user: User, tmp_path: Path) -> None:
    """A screen on which nothing has an area is no error, and is told."""
    file = tmp_path / "flat.json"
    file.write_text('[{"class": "android.widget.Button", "bounds": [9, 9, 2, 3]}]')
    result = user("ml", "predict", file)
    assert (result.exit_code, result.stdout) == (0, "") and "Nothing on this screen can be seen" in result.stderr


def test_unwritable_places_are_named(user: User, screens: Screens) -> None:
    """A cache, settings or memory that cannot be used end on one line with the path."""
    user.agree()
    for name, words in (
        ("SAMOUK_CACHE", ["ml", "collect", *screens(1)]),
        ("SAMOUK_CONFIG_HOME", ["config", "set", "ml.auto_update", "false"]),
        ("SAMOUK_DATA_HOME", ["ml", "correct", "--element", '{"id": "x"}', "--actual", "icon"]),
    ):
        environ = {**user.environ, name: "/dev/null/no"}
        result = CliRunner().invoke(cli.main, [str(word) for word in words], env=environ)
        assert result.exit_code == 1 and "/dev/null" in result.stderr and result.stderr.count("\n") == 1


def test_settings_round_trip(user: User) -> None:
    """What is set is got and listed, in words and as JSON."""
    assert user.done("config", "get", "ml.contribute") == "unanswered\n"
    user.done("config", "set", "ml.contribute_platforms", "ios")
    assert user.json("config", "get", "ml.contribute_platforms") == {"ml.contribute_platforms": ["ios"]}
    listed = user.json("config", "list")
    assert listed["ml.contribute_platforms"] == ["ios"] and listed["ml.contribute"] is None
    assert "ml.upload_endpoint" in user.done("config", "list")


def test_key_is_masked(user: User) -> None:
    """An API key shows its last four characters alone, unless it is asked to be revealed."""
    user.done("config", "set", "ml.api_key", "secret-key-1234")
    for words in (["config", "list"], ["config", "get", "ml.api_key"], ["config", "list", "--json"]):
        shown = user.done(*words)
        assert "…1234" in shown and "secret" not in shown
    assert user.done("config", "get", "ml.api_key", "--reveal") == "secret-key-1234\n"


def test_damaged_settings_are_told(user: User) -> None:
    """A settings file that cannot be read names itself, with exit code 2."""
    folder = user.home / "config"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{")
    result = user("config", "list")
    assert result.exit_code == 2 and "config.json" in result.stderr and "mend it or delete it" in result.stderr


@pytest.mark.parametrize("variable", ["CI", "DO_NOT_TRACK"])
def test_variables_outweigh_a_yes(variable: str, user: User, screens: Screens, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI or DO_NOT_TRACK nothing is collected, whatever was agreed, and one line says so."""
    user.agree()
    monkeypatch.setenv(variable, "1")
    result = user("ml", "collect", *screens(1))
    assert result.exit_code == 6 and f"{variable} is set" in result.stderr and result.stderr.count("\n") == 1
    assert user.json("ml", "stats")["collected"] == 0


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", 6)])
def test_consent_is_asked_once(answer: str, code: int, user: User, screens: Screens) -> None:
    """On a terminal the first collection asks, Enter is no, and the second does not ask again."""
    files = screens(1)
    ended, shown = user.on_terminal(["ml", "collect", *files], [("[y/N]", answer)])
    assert ended == code and "Never sent" in shown and "observe ml show-upload" in shown
    again, shown = user.on_terminal(["ml", "collect", *files])
    assert again == code and "Never sent" not in shown


def test_no_answer_is_no_refusal(user: User, screens: Screens) -> None:
    """End of input at the question is told as such and nothing is kept; after a no the way back is named."""
    files = screens(1)
    code, shown = user.on_terminal(["ml", "collect", *files], [("[y/N]", "\x04")])
    assert code == 6 and "you have not answered yet" in shown and "no terminal" not in shown
    code, shown = user.on_terminal(["ml", "collect", *files], [("[y/N]", "n")])
    assert code == 6 and "you switched it off" in shown and "observe config set ml.contribute true" in shown


def test_correction_is_asked_for_on_a_terminal(user: User) -> None:
    """Without options ``correct`` asks, and asks again for a type that does not exist."""
    user.agree()
    typed = [("Class name", "android.view.View"), ("Actual", "iconbutton"), ("did you mean icon_button", "icon_button")]
    code, shown = user.on_terminal(["ml", "correct"], typed)
    assert code == 0 and "Not remembered as icon_button" in shown and "Kept to be shared" in shown


def test_terminal_without_signs(user: User) -> None:
    """A terminal that knows few signs gets question marks, no crash."""
    environ = {**user.environ, "PYTHONIOENCODING": "latin-1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([*OBSERVE, "ml", "stats"], env=environ, capture_output=True, text=True, check=True)
    assert "? 0 samples collected" in done.stdout and done.stderr == ""


def test_closed_pipe_is_quiet(user: User, screens: Screens) -> None:
    """A reader that has seen enough ends the command without a trace."""
    user.agree()
    user.done("ml", "collect", *screens(3))
    piped = f"{sys.executable} -m samouk.domains.screens.cli ml show-upload | head -c 10"
    done = subprocess.run(piped, shell=True, env={**user.environ}, capture_output=True, text=True, check=True)
    assert done.stdout == '{"format":' and done.stderr == ""


def test_starts_without_heavy_libraries() -> None:
    """Asking for help loads no runtime, no trainer and no server."""
    code = "import sys; from samouk.domains.screens.cli import main; main(['ml', '-h'], standalone_mode=False);"
    code += "print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("onnxruntime", "tuf", "lightgbm", "sklearn", "fastapi", "sqlalchemy", "rich"):
        assert f"'{name}'" not in shown


def test_remembered_correction_is_predicted(user: User, screens: Screens) -> None:
    """A corrected element is predicted as corrected at once, and without consent nothing is kept to be shared."""
    (file,) = screens(1)
    index = user.json("ml", "predict", file)["elements"][5]["index"]
    told = user.json("ml", "correct", "--screen", file, "--index", index, "--actual", "chip")
    assert (told["shared"], told["actual"]) == (False, "chip")
    found = {element["index"]: element for element in user.json("ml", "predict", file)["elements"]}[index]
    assert (found["element_type"], found["source"]) == ("chip", "memory")
    assert user.json("ml", "stats")["collected"] == 0


@pytest.mark.parametrize("with_app", [True, False])
def test_correction_changes_no_other_app(with_app: bool, user: User, tmp_path: Path) -> None:
    """A wordless element that is corrected on one screen stays what it was on the screens of other apps."""
    files = [tmp_path / f"{name}.json" for name in ("one", "other")]
    for file in files:
        view = {"class": "android.view.View", "bounds": [0, 0, 90, 90]}
        title = {"class": "android.widget.TextView", "text": file.stem, "bounds": [0, 90, 500, 180]}
        root = {"class": "android.widget.FrameLayout", "bounds": [0, 0, 1080, 1920], "children": [view, title]}
        file.write_text(json.dumps(root | {"package": f"org.{file.stem}"} if with_app else root))
    assert user.json("ml", "correct", "--screen", files[0], "--index", 1, "--actual", "slider")["remembered"]
    changed = [[e["source"] == "memory" for e in user.json("ml", "predict", file)["elements"]] for file in files]
    assert changed == [[False, True, False], [False, False, False]]


def test_class_alone_is_not_remembered(user: User, screens: Screens) -> None:
    """A correction of no more than a class is not remembered, with the reason and what to do instead."""
    shown = user.done("ml", "correct", "--class-name", "android.view.View", "--actual", "slider")
    assert "too little is known of it; correct it with --screen FILE --index N" in shown
    for file in screens(3):
        assert "memory" not in {element["source"] for element in user.json("ml", "predict", file)["elements"]}


def test_corrections_are_taken_back(user: User) -> None:
    """--undo forgets the last correction, --clear the rest, and both say what they did."""
    for name in ("one", "two", "three"):
        user.done("ml", "correct", "--element", json.dumps({"class": "a.B", "id": name}), "--actual", "chip")
    assert user.json("ml", "correct", "--undo") == {"forgotten": 1, "actual": "chip", "remembered": 2}
    assert "2 corrections forgotten" in user.done("ml", "correct", "--clear")
    assert "Nothing to forget" in user.done("ml", "correct", "--undo")


def test_passwords_are_not_shown(user: User, tmp_path: Path) -> None:
    """What was typed into a password field, by flag, class, role or name, is dots on the terminal."""
    fields: list[dict[str, object]] = [
        {"class": "android.widget.EditText", "password": True},
        {"class": "android.view.View", "role": "SecureTextField"},
        {"class": "android.view.View", "resource-id": "a:id/password_field", "focusable": True},
    ]
    file = tmp_path / "login.json"
    bounds = [0, 0, 1080, 1920]
    nodes = [{**field, "text": "hunter2", "bounds": [0, 90 * n, 900, 90 * n + 90]} for n, field in enumerate(fields)]
    file.write_text(json.dumps({"class": "android.widget.FrameLayout", "bounds": bounds, "children": nodes}))
    result = user("ml", "predict", file)
    assert result.stdout.count("•••") == 3 and "hunter2" not in result.output


def test_standard_input_cannot_be_corrected_from(user: User, screens: Screens) -> None:
    """After a prediction from standard input the hint names a file, for nobody can read the input again."""
    result = user("ml", "predict", "-", standard_input=screens(1)[0].read_text("utf-8"))
    assert "--screen -" not in result.stderr and "--screen FILE" in result.stderr


def test_agreed_correction_is_kept_to_be_shared(user: User, screens: Screens) -> None:
    """With consent a correction waits as a sample of its own kind, with the element's surroundings in it."""
    user.agree()
    (file,) = screens(1)
    assert user.json("ml", "correct", "--screen", file, "--index", 3, "--actual", "chip")["shared"]
    user.done("ml", "correct", "--element", json.dumps({"class_name": "a.b.C"}), "--actual", "icon button")
    # An element without a screen goes under a group that each cache draws: at times that is the app's own.
    sent = [wire.envelope_of(json.loads(line)) for line in user.done("ml", "show-upload").splitlines()]
    columns = [wire.plain(upload.columns) for upload in sent]
    assert {label for one in columns for label in one["element_type"]} == {"chip", "icon_button"}
    assert {source for one in columns for source in one["label_source"]} == {"correction"}
    cache = user.json("ml", "analyze-cache")
    assert {batch["kind"] for batch in cache["batches"]} == {"correction"} and cache["samples"] == 2
    assert set(cache["types"]) == {"chip", "icon_button"} <= set(TYPES)


def test_help_cuts_no_sentence_and_wrong_use_is_one_line() -> None:
    """As of every group of this house, in the order of the journey; the exit codes are those of ``observe``."""
    told = CliRunner().invoke(cli.main, ["--help"]).output
    assert "whether models update by themselves." in " ".join(told.split())
    assert told.index("  ml ") < told.index("  project ") < told.index("  config ")
    for words in (["--nosuch"], ["config", "set"], ["project", "--nosuch"], ["proj"]):
        result = CliRunner().invoke(cli.main, words)
        (line,) = result.stderr.strip().splitlines()
        assert (result.exit_code, line.startswith("❌ ")) == (2, True), words
