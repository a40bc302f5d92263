"""The app's strings from its arb files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from samouk.domains.screens.source.flutter.values import Txt, Value

SPEAKING_NAME = re.compile(
    r"(?i)^\$?_?(app)?_?(l10n|i18n|strings?|locali[sz]ations?|translations?|lang|loc|tr|s|t|messages)$"
)
SPEAKING_TYPE = re.compile(r"(Localizations?|Strings|Translations)$|^(S|L10n|I18n)$")
"""How apps call what holds their strings: a variable or a getter, and a class."""

_PLACEHOLDER = re.compile(r"\{\s*(\w+)\s*\}|\{\s*\w+\s*,.*\}", re.DOTALL)


class Arb(NamedTuple):
    """One arb file: its language as it says or its name tells, texts, and the order of their placeholders."""

    locale: str
    texts: dict[str, str]
    order: dict[str, tuple[str, ...]]


def arb(path: str, content: bytes) -> Arb:
    """Read an arb file. Raises ValueError (broken JSON, or no object)."""
    whole = json.loads(content.decode("utf-8-sig"))
    if not isinstance(whole, dict):
        raise ValueError("holds no object")  # noqa: TRY004 - the file is at fault, as where it breaks off
    texts = {key: value for key, value in whole.items() if isinstance(value, str) and not key.startswith("@")}
    order: dict[str, tuple[str, ...]] = {}
    for key in texts:
        told = whole.get(f"@{key}")
        if isinstance(told, dict) and isinstance(told.get("placeholders"), dict):
            order[key] = tuple(told["placeholders"])
    stem = path.rpartition("/")[2].removesuffix(".arb")
    locale = whole.get("@@locale")
    return Arb(locale if isinstance(locale, str) else stem.partition("_")[2], texts, order)


class Strings:
    """Strings of the default language.

    The default is the template that l10n.yaml names, else English, else the first file by name.
    """

    def __init__(self, files: Mapping[str, Arb], template: str = "") -> None:
        chosen = [path for path in files if template and path.endswith(f"/{template}")]
        chosen = chosen or [path for path in files if files[path].locale.startswith("en")] or list(files)[:1]
        self.texts: dict[str, str] = {}
        self._order: dict[str, tuple[str, ...]] = {}
        for path in chosen:
            for key, value in files[path].texts.items():
                self.texts.setdefault(key, value)
            self._order = {**files[path].order, **self._order}

    def said(self, key: str, args: Sequence[Value]) -> Txt | None:
        """A string with its placeholders filled by what is known of the arguments; None where there is none."""
        text = self.texts.get(key)
        if text is None:
            return None
        names = self._order.get(key) or tuple(dict.fromkeys(one[1] for one in _PLACEHOLDER.finditer(text) if one[1]))
        given = dict(zip(names, args, strict=False))
        parts: list[str | None] = []
        end = 0
        for hole in _PLACEHOLDER.finditer(text):
            parts.append(text[end : hole.start()])
            value = given.get(hole[1]) if hole[1] else None
            parts += value.parts if isinstance(value, Txt) else (None,)
            end = hole.end()
        parts.append(text[end:])
        return Txt(_merged(parts), key)


def _merged(parts: Sequence[str | None]) -> tuple[str | None, ...]:
    out: list[str | None] = []
    for part in parts:
        if part and out and out[-1] is not None:
            out[-1] += part
        elif part != "":
            out.append(part)
    return tuple(out)
