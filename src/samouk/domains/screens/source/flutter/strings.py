"""The app's strings from its arb files, or from the JSON files of packages that translate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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


TRANSLATES = frozenset({"tr", "plural", "i18n", "translate", "translated", "localized", "trParams", "trArgs"})
"""What packages that translate call the way from a key to its words."""

_FOLDER = re.compile(r"(?i)(^|/)(i18n|l10n|intl|translations?|locales?|lang|langs|languages?|locali[sz]ations?)/")
_LOCALE = re.compile(r"^[a-z]{2,3}([-_][A-Za-z]{2,4}){0,2}$")
_FILLED = re.compile(r"\$\{?(\w+)\}?|\{\{\s*(\w+)\s*\}\}|\{\}")
_COUNTED = frozenset({"zero", "one", "two", "few", "many", "other"})


def is_translation(path: str) -> bool:
    """Whether a JSON file holds strings of one language, by its path alone."""
    stem = path.rpartition("/")[2].removesuffix(".json")
    return path.endswith(".i18n.json") or (_FOLDER.search(path) is not None and _LOCALE.match(stem) is not None)


def translation(path: str, content: bytes) -> Arb:
    """Read such a file; its keys are joined by dots. Raises ValueError (broken JSON, or no object)."""
    whole = json.loads(content.decode("utf-8-sig"))
    if not isinstance(whole, dict):
        raise ValueError("holds no object")  # noqa: TRY004 - as of arb files
    stem, is_named, _ = path.rpartition("/")[2].partition(".i18n.json")
    # A named file without a language is that of the default one, which the others translate.
    locale = (stem.partition("_")[2] or "en") if is_named else stem.removesuffix(".json")
    return Arb(locale, dict(_leaves(whole, "")), {})


def _leaves(of: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(of, str):
        yield key, _FILLED.sub(lambda hole: f"{{{hole[1] or hole[2] or 'x'}}}", of)
    elif isinstance(of, dict):
        if of and of.keys() <= _COUNTED:
            yield from _leaves(of.get("other", next(iter(of.values()))), key)
            return
        for name, value in of.items():
            if isinstance(name, str):
                bare = name.partition("(")[0]
                yield from _leaves(value, f"{key}.{bare}" if key else bare)


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
        self._plain = {key.replace(".", "_"): key for key in self.texts if "." in key}
        self._groups = {key[: cut.start() + 1] for key in self.texts for cut in re.finditer(r"\.", key)}

    def group(self, path: str) -> str:
        """``path`` with a dot where strings stand below it, else ""."""
        return f"{path}." if f"{path}." in self._groups else ""

    def spoken(self, key: str, args: Sequence[Value], named: Mapping[str, Value]) -> Txt | None:
        """The string of a key as code writes it; a constant of that name has lines in place of dots."""
        return self.said(key if key in self.texts else self._plain.get(key, key), args, named)

    def said(self, key: str, args: Sequence[Value], named: Mapping[str, Value] = {}) -> Txt | None:
        """A string with its placeholders filled by what is known of the arguments; None where there is none."""
        text = self.texts.get(key)
        if text is None:
            return None
        names = self._order.get(key) or tuple(dict.fromkeys(one[1] for one in _PLACEHOLDER.finditer(text) if one[1]))
        given = {**dict(zip(names, args, strict=False)), **named}
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
