"""``samouk traffic``: play an access log through the guard, and look at its rules and alerts.

Exit codes are those of ``samouk``: 0 done; 2 wrong use; 3 a file, a folder or the server cannot be used.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec
from urllib.parse import quote

import click

from samouk.domains.traffic.detect.alerts import document_of as alert_document
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, document_of, rules_of
from samouk.domains.traffic.ears.access_log import lines_of, read_log
from samouk.domains.traffic.features import SERVER
from samouk.domains.traffic.keeping import FolderKeeping, Unreadable
from samouk.domains.traffic.link import HttpServer, Refused, Unlinked
from samouk.domains.traffic.records import Rule, Severity
from samouk.domains.traffic.replay import Replayed, replay
from samouk.edge.wire import WireError
from samouk.terminal import Commands

P = ParamSpec("P")

MISUSE, UNUSABLE = 2, 3
KEY = "SAMOUK_API_KEY"
"""Variable with the API key, so that it stands in no history of commands."""

SIGNS = {"low": "🔵", "medium": "🟡", "high": "🟠", "critical": "🔴"}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
folder_option = click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Folder of a guard that stands alone."
)
url_option = click.option("--url", help=f"Address of a running server; its operator's key is read from {KEY}.")


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the errors that an operator can mend into one line that says how."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (WireError, Refused) as error:
            _fail(str(error), MISUSE)
        except (Unreadable, Unlinked) as error:
            _fail(str(error), UNUSABLE)
        except BrokenPipeError:
            raise  # whoever read our words has gone; click ends quietly
        except OSError as error:
            _fail(f"{error.filename or 'the file'}: {error.strerror or error}", UNUSABLE)

    return wrapper


@click.group(cls=Commands)
def traffic() -> None:
    """Look at traffic as the guard does, and at its rules and alerts."""


@traffic.command("replay")
@click.argument("log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--user", default="", help="JSON field that holds the user, before the usual ones.")
@click.option("--budget", type=click.FloatRange(0, 10_000), default=10.0, show_default=True, help="Alarms an hour.")
@click.option("--rules", "table", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Other rules.")
@json_option
@explained
def replay_log(log: Path, user: str, budget: float, table: Path | None, as_json: bool) -> None:
    """Play the access log LOG (common, combined or JSON lines, also gzip) through the guard: which alerts it raises."""
    rules = DEFAULT_RULES if table is None else _rules_in(table)
    read = read_log(lines_of(log), user=user)
    found = replay(read, rules, budget)
    if read.counts["events"] == 0:
        place, why = read.broken[0] if read.broken else (0, "the file is empty")
        raise WireError("LOG", f"holds no line that can be read (line {place}: {why}); give an access log")
    if as_json:
        _print_json(_as_json(found, read.counts))
        return
    _show(found, read.counts, budget)


@traffic.group(cls=Commands)
def rules() -> None:
    """The table of detection rules: in a guard's folder, or of a running server."""


@rules.command("list")
@folder_option
@url_option
@json_option
@explained
def list_rules(folder: Path | None, url: str | None, as_json: bool) -> None:
    """List the rules in force."""
    found = _Table(folder, url).read()
    if as_json:
        _print_json([document_of(rule) for rule in found])
        return
    rows = [
        (rule.name, rule.feature, f"{rule.threshold:g}", rule.severity, "" if rule.enabled else "off", rule.help)
        for rule in found
    ]
    _table(("rule", "feature", "above", "severity", "", "why"), rows)


@rules.command("set")
@click.argument("name")
@click.option("--feature", help="What is measured; needed for a new rule.")
@click.option("--threshold", type=float, help="Above it the rule is broken; needed for a new rule.")
@click.option("--severity", type=click.Choice([str(one) for one in Severity]), help="Needed for a new rule.")
@click.option("--minimum", type=float, help="Messages in the window below which the rule says nothing.")
@click.option("--enabled/--disabled", default=None, help="Whether the rule speaks.")
@click.option("--help-text", "help_", help="Why the rule is as it is.")
@folder_option
@url_option
@explained
def set_rule(name: str, folder: Path | None, url: str | None, help_: str | None, **told: object) -> None:
    """Change the rule NAME, or add it."""
    place = _Table(folder, url)
    kept = {rule.name: document_of(rule) for rule in place.read()}
    changes = {field: value for field, value in {**told, "help": help_}.items() if value is not None}
    kept[name] = {"name": name, **kept.get(name, {}), **changes}
    place.write(rules_of(list(kept.values())))
    click.echo(f"✅ {_printable(name)} is set")


@rules.command("reset")
@folder_option
@url_option
@explained
def reset_rules(folder: Path | None, url: str | None) -> None:
    """Put the default rules in force again."""
    _Table(folder, url).write(DEFAULT_RULES)
    click.echo(f"✅ {len(DEFAULT_RULES)} default rules are in force")


@traffic.group(cls=Commands)
def alerts() -> None:
    """Alerts of a running server, and what an operator says of them."""


@alerts.command("list")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True)
@click.option("--min-severity", type=click.Choice([str(one) for one in Severity]), default="low", show_default=True)
@url_option
@json_option
@explained
def list_alerts(limit: int, min_severity: str, url: str | None, as_json: bool) -> None:
    """List alerts, the newest first."""
    found = _server(url).json("GET", f"/ml/anomalies/recent?limit={limit}&min_severity={min_severity}")
    if as_json:
        _print_json(found)
        return
    _table(
        ("alert", "last seen", "severity", "kind", "user", "standing", "why"),
        [
            (one["alert_id"], _moment(one["last_at"]), *_words(one), one["standing"], _why(one))
            for one in found["items"]
        ],
    )


def _verdict(word: str, help_text: str) -> click.Command:
    @click.argument("alert_id")
    @url_option
    @explained
    def command(alert_id: str, url: str | None) -> None:
        found = _server(url).json("POST", f"/ml/anomalies/{quote(alert_id, safe='')}/{word}")
        click.echo(f"✅ {found['alert_id']} is {found['standing']}")

    return click.command(word, help=help_text)(command)


alerts.add_command(_verdict("confirm", "Say that the alert ALERT_ID was harm."))
alerts.add_command(_verdict("dismiss", "Say that the alert ALERT_ID was none."))


class _Table:
    """Where a table of rules lies: in a folder, or with a server."""

    def __init__(self, folder: Path | None, url: str | None) -> None:
        if (folder is None) == (url is None):
            raise WireError("--folder", "say where the rules are: --folder of a guard, or --url of a server")
        self._folder = None if folder is None else FolderKeeping(folder)
        self._server = None if url is None else _server(url)

    def read(self) -> tuple[Rule, ...]:
        if self._folder is not None:
            return self._folder.rules() or DEFAULT_RULES
        return rules_of(_given(self._server).json("GET", "/ml/rules").get("rules"))

    def write(self, wanted: Sequence[Rule]) -> None:
        if self._folder is not None:
            self._folder.keep_rules(wanted)
        else:
            _given(self._server).json("PUT", "/ml/rules", {"rules": [document_of(rule) for rule in wanted]})


def _given(server: HttpServer | None) -> HttpServer:
    if server is None:
        raise WireError("--url", "is missing: the address of a running server")
    return server


def _server(url: str | None) -> HttpServer:
    key = os.environ.get(KEY, "")
    if url is None:
        raise WireError("--url", "is missing: the address of a running server")
    if not key:
        raise WireError(KEY, "is not set: put an operator's API key there (samouk keys create --role operator)")
    try:
        return HttpServer(url, key)
    except ValueError as error:
        raise WireError("--url", str(error).partition(": ")[2]) from None


def _rules_in(path: Path) -> tuple[Rule, ...]:
    try:
        return rules_of(json.loads(path.read_bytes()))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError("--rules", f"{path} is no JSON ({error}); give an array of rules") from None


def _as_json(found: Replayed, log: Any) -> dict[str, Any]:
    held = [{**one._asdict(), "severity": str(one.severity)} for one in found.held_back]
    return {
        "log": dict(log),
        "users": found.users,
        "alerts": [alert_document(alert) for alert in found.alerts],
        "held_back": found.all_held_back,
        "recently_held_back": held,
        "heard": dict(found.heard),
        "analysis": dict(found.analysis),
    }


def _show(found: Replayed, log: Any, budget: float) -> None:
    click.echo(f"{log['events']:,} requests of {found.users:,} users, {log['broken']:,} lines that could not be read")
    rows = []
    for alert in found.alerts:
        document = alert_document(alert)
        rows.append((_moment(alert.at), *_words(document), f"{alert.score:.2f}", f"{alert.windows:,}", _why(document)))
    if rows:
        _table(("when", "severity", "kind", "user", "score", "windows", "why"), rows)
    click.echo(f"{len(rows):,} alerts; {found.all_held_back:,} more were held back by the budget of {budget:g} an hour")


def _words(document: dict[str, Any]) -> tuple[str, str, str]:
    severity = document["severity"]
    user = "(the whole server)" if document["user_id"] == SERVER else document["user_id"]
    return f"{SIGNS.get(severity, '')} {severity}", document["kind"], user


def _why(document: dict[str, Any]) -> str:
    return "; ".join(document["reasons"])


def _moment(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M:%S}"


def _fail(message: str, code: int) -> NoReturn:
    click.secho(f"❌ {_printable(message)}", fg="red", err=True)
    sys.exit(code)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _printable(text: str) -> str:
    """What would steer a terminal is escaped: names of users are written by strangers."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns, the last one as long as it is."""
    shown = [tuple(_printable(str(cell)) for cell in row) for row in (columns, *rows)]
    widths = [max(len(row[place]) for row in shown) for place in range(len(columns) - 1)]
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join((*cells, row[-1])).rstrip())
