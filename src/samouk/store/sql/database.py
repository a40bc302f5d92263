"""What the tables' classes ask of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import sqlalchemy as sa

Ask = Callable[[str, str], Any]
"""A statement and its one parameter → the first row, or None."""

Question = Callable[[str, Any], Any]
"""A statement in the shared words of ``Writer`` and its parameters, also by name as ``:name`` → its rows."""


class Writer(Protocol):
    """One transaction on the bare driver, for what is written many times a second.

    Statements are in words that SQLite and PostgreSQL share: ``?`` stands for a parameter, ``json_each(?) j`` for
    the texts of a JSON list (``j.value``, in the order of ``j.key``), ``p95(x)`` for the smallest value that at
    least 95 % do not exceed.
    """

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a question."""

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement changed."""

    def repeat(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement once a row of parameters; how many rows changed in all."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str) -> int:
        """Insert rows in bulk, in order; those whose ``key`` is there already change nothing. How many were new."""


class Database(Protocol):
    """Many readers, and one writer at a time in each lane.

    A lane is a family of tables whose order matters: who writes in it sees all that was written before, holds the
    lane until its commit, and gets higher sequences than whoever came before. Readers never see a higher sequence
    before a lower one, and wait for nobody.

    Attributes:
        place: what a person may be told about where it lies; no secrets.
        traces: whether bytes of what was deleted may still lie in the database's own files.
    """

    place: str
    traces: bool

    def lane(self, name: str) -> Database:
        """The same database, whose writers wait only for those of this lane; for nobody when the name is empty."""

    def question(self, connection: sa.Connection) -> Question:
        """Asks by ``connection`` in the shared words; for what SQLAlchemy would only make longer or slower."""

    def read(self) -> AbstractContextManager[sa.Connection]:
        """A connection that sees one unchanging state. Raises StoreUnavailable."""

    def follow(self) -> AbstractContextManager[Ask]:
        """Single questions, each answered by the newest commit; a tenth of the cost of ``read`` each."""

    def write(self) -> AbstractContextManager[sa.Connection]:
        """A transaction: committed and durable when the block ends, undone when it raises.

        Raises:
            CommitUnknown: the connection broke during the commit.
            StoreUnavailable: nothing was written.
        """

    def alter(self) -> AbstractContextManager[sa.Connection]:
        """``write`` for what changes tables: it waits for another's as long as that takes, and may itself take long."""

    def transact(self) -> AbstractContextManager[Writer]:
        """``write`` on the bare driver; a fifth of the cost."""

    def scrub(self) -> bool:
        """Leave no byte of what was deleted in the database's own files; False, and ``traces``, when it must wait."""

    def tidy(self) -> None:
        """Give free pages back and look anew at what plans are made by; writers go on meanwhile."""

    def rewrite(self, tables: Sequence[str], largest: int | None) -> dict[str, str]:
        """``scrub``, and write tables anew where deleted rows would else stay in their files.

        That holds up whoever needs a table while it is written: none of more than ``largest`` bytes is, and None, for
        any, may take minutes. Each that could not be done, with what is in the way.
        """

    def rows(self, table: str) -> Iterator[bytes]:
        """Every row of a table as text."""

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """(what it is, its bytes) of each file of the database that lies out of reach; nothing without the right."""

    def beyond(self) -> list[str]:
        """Where else bytes of what was deleted may lie for a time, in words."""

    def close(self) -> None:
        """Let go of every connection."""


def chunks(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The rows in pieces of so many."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


def listed(names: Iterable[str]) -> str:
    """Names as a list of columns."""
    return ", ".join(f'"{name}"' for name in names)
