"""Writes the reference pages that are computed from the code, or with ``--check`` says which are out of date."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `make docs`; do not edit. -->\n"


def settings() -> str:
    """Every setting of the server and of the client."""
    from samouk.domains import SETTINGS, discover
    from samouk.edge import config
    from samouk.settings import table

    told = [*table(), *SETTINGS, *(row for domain in discover().values() for row in domain.settings)]
    lines = [(f"`{name}`", f"`{value}`" if value else "", text) for name, value, text in told]
    server = _table(("variable", "default", "meaning"), lines)
    rows = [(f"`{item.name}`", f"`{_shown(item.default)}`", item.help) for item in config.SETTINGS.values()]
    client = _table(("key", "default", "meaning"), rows)
    return f"# Settings\n\n## Server\n\n{server}\n## Client: `observe config set KEY VALUE`\n\n{client}"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def commands() -> str:
    """Every command with its options."""
    from samouk.cli import main as samouk
    from samouk.domains.screens.cli import main as observe

    pages = [*_help(samouk, "samouk"), *_help(observe, "observe")]
    return "# Commands\n\n" + "\n".join(pages)


def _help(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100)
    yield f"## `{name}`\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for child in sorted(command.list_commands(context)):
            found = command.get_command(context, child)
            if found is not None:
                yield from _help(found, f"{name} {child}")


def routes() -> str:
    """Every route of the HTTP API."""
    from samouk.domains import discover
    from samouk.server.app import create_app
    from samouk.store.memory import memory_services

    document: dict[str, Any] = create_app(memory_services(), discover()).openapi()
    rows = [
        (f"`{method.upper()}`", f"`{path}`", operation.get("summary", ""))
        for path, operations in sorted(document["paths"].items())
        for method, operation in operations.items()
    ]
    return "# HTTP API\n\n`/openapi.json` of a running server says it whole.\n\n" + _table(("method", "path", ""), rows)


def schema() -> str:
    """Every field that may leave a client, for every learner."""
    from samouk.domains import learners

    pages = []
    for learner in learners().values():
        rows = [
            (f"`{spec.name}`", spec.kind, "yes" if spec.optional else "", spec.help) for spec in learner.schema.fields
        ]
        pages.append(
            f"## `{learner.name}`, version {learner.schema.version}\n\n"
            + _table(("field", "kind", "may be null", ""), rows)
        )
    return "# What may leave a client\n\n" + "\n".join(pages)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "commands.md": commands,
    "http-api.md": routes,
    "schema.md": schema,
}


def main() -> None:
    """Write every page, or check them all."""
    stale = []
    FOLDER.mkdir(exist_ok=True)
    for name, write in PAGES.items():
        text = NOTE + write()
        path = FOLDER / name
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        raise SystemExit(f"out of date: {', '.join(stale)}; run `make docs`")


if __name__ == "__main__":
    main()
