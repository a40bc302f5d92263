"""What may leave this machine: nothing, until somebody who may say so has said yes.

In the order in which they hold:

1. The application said no (``opt_in=False``): no.
2. ``DO_NOT_TRACK`` or ``CI`` is set: no, whatever anybody said.
3. The user said no (``ml.contribute false``): no, even when the application says yes.
4. The application says that it obtained consent (``opt_in=True``), or the user said yes: yes.
5. Nobody was asked: no. A terminal may be asked (`ask`); where there is none, it stays no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from samouk.edge import config as settings
from samouk.edge import places
from samouk.edge.config import Config
from samouk.edge.spool import Spool

QUESTION = """\
May observe share what it learns about screens?

  What is sent   for each element: its type, its public class name, a few flags, rounded sizes,
                 its place in the tree, the week. In shuffled batches that nobody can link.
                 While a new model is tried on a few: how many guesses were shown, and how many corrected.
  Never sent     texts, ids, names of apps, screens, files or people, screenshots, your address.
  To look        observe ml show-upload            prints the exact bytes before they leave
  To switch off  observe config set ml.contribute false     also empties the queue
  To take back   observe ml forget                 erases on the server what was sent
"""

REMEDY = "to share: observe config set ml.contribute true"


@dataclass(frozen=True, slots=True)
class Consent:
    """The decision.

    Attributes:
        granted: whether samples may be collected and sent.
        reason: why, in words for the user.
        platforms: which platforms' samples may be shared.
        may_ask: nobody has answered yet and there is a terminal to ask on.
        refused_by_user: the user said no, so what is queued must go.
    """

    granted: bool
    reason: str
    platforms: tuple[str, ...]
    may_ask: bool = False
    refused_by_user: bool = False


def decide(config: Config, environ: Mapping[str, str], is_tty: bool, opt_in: bool | None = None) -> Consent:
    """Whether samples may be collected and sent; pure.

    ``DO_NOT_TRACK`` counts with any value but empty and 0; ``CI`` with any but empty, 0 and false.
    """
    platforms = config.contribute_platforms
    if opt_in is False:
        return Consent(False, "the application has it switched off", platforms)
    if name := forbidden_by(environ):
        return Consent(False, f"{name} is set", platforms)
    if config.contribute is False:
        return Consent(
            False, f"you switched it off (ml.contribute is false); {REMEDY}", platforms, refused_by_user=True
        )
    if opt_in:
        return Consent(True, "the application obtained your consent", platforms)
    if config.contribute:
        return Consent(True, "you agreed (ml.contribute is true)", platforms)
    where = "you have not answered yet" if is_tty else "nobody was asked: there is no terminal"
    return Consent(False, f"{where}; {REMEDY}", platforms, may_ask=is_tty)


def forbidden_by(environ: Mapping[str, str]) -> str:
    """The variable that forbids to contact anybody unasked, "" when none does."""
    for name, off in (("DO_NOT_TRACK", ("", "0")), ("CI", ("", "0", "false"))):
        if environ.get(name, "").strip().lower() not in off:
            return name
    return ""


def ask(reader: TextIO, writer: TextIO, environ: Mapping[str, str], path: Path | None = None) -> bool:
    """Ask once, in plain words, and keep the answer; the answer that was kept before is not asked for again.

    Whoever presses Enter says no, and that is kept. Where nobody can answer (no terminal, end of
    input, ``CI``, ``DO_NOT_TRACK``) it is no and nothing is kept. Raises ConfigError when the
    settings cannot be read.
    """
    config = settings.load(environ, path)
    consent = decide(config, environ, reader.isatty() and writer.isatty())
    if not consent.may_ask:
        return consent.granted
    writer.write(f"{QUESTION}\nShare? [y/N] ")
    writer.flush()
    answer = reader.readline()
    if not answer:
        return False
    agreed = answer.strip().lower() in ("y", "yes")
    settings.change("ml.contribute", "true" if agreed else "false", environ, path)
    return agreed


def withdraw(environ: Mapping[str, str], path: Path | None = None, cache: Path | None = None) -> int:
    """Switch sharing off and delete all that was collected and not yet sent; the number of samples deleted.

    What was sent before can be erased with its receipts (`SelfLearningCollector.forget_all`).
    """
    from samouk.edge import tallies

    settings.change("ml.contribute", "false", environ, path)
    tallies.purge(environ)
    return Spool(cache or places.cache_dir(environ)).purge()
