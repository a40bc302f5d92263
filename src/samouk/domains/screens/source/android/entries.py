"""What an Android input takes, from its ``inputType`` and its bounds."""

from __future__ import annotations

from samouk.domains.screens.source.android.classes import kind_of, typed_into
from samouk.domains.screens.source.android.resources import Resources
from samouk.domains.screens.source.android.xml import Tag
from samouk.domains.screens.source.widgets import Entry, EntryKind

_KINDS: dict[str, EntryKind] = {
    "textEmailAddress": "email",
    "textWebEmailAddress": "email",
    "textUri": "url",
    "textPassword": "password",
    "textWebPassword": "password",
    "textVisiblePassword": "password",
    "numberPassword": "password",
    "number": "number",
    "numberDecimal": "number",
    "numberSigned": "number",
    "phone": "phone",
    "date": "date",
    "datetime": "date",
    "time": "date",
}
_FILTERED = frozenset({"number", "phone", "date"})
"""Kinds for which the platform puts a key listener before the input, so that other characters never show."""

_MASKED = frozenset({"textPassword", "textWebPassword", "numberPassword"})


def entry_of(class_name: str, tag: Tag, resources: Resources) -> Entry | None:
    """None for what takes no words."""
    if not typed_into(class_name):
        return None
    types = _types(tag)
    kind: EntryKind = next((_KINDS[one] for one in types if one in _KINDS), "text")
    digits = tag.get("android:digits")
    filtered = kind in _FILTERED or "numberPassword" in types
    if digits.isdigit():
        kind, filtered = "number" if kind == "text" else kind, True
    if kind_of(class_name) == "search_input":
        kind = "search"
    elif tag.get("android:password") == "true":
        kind = "password"
    bound = resources.scalar(tag.get("android:maxLength"))
    return Entry(kind, int(bound) if bound.isdigit() else None, filtered, _several_lines(class_name, types, tag))


def hides(tag: Tag) -> bool:
    """Whether it shows bullets for what is typed."""
    return bool(_MASKED.intersection(_types(tag))) or tag.get("android:password") == "true"


def takes_nothing(tag: Tag) -> bool:
    """``inputType="none"``: an input that only opens its choices."""
    return "none" in _types(tag)


def _types(tag: Tag) -> list[str]:
    return tag.get("android:inputType").replace(" ", "").split("|")


def _several_lines(class_name: str, types: list[str], tag: Tag) -> bool:
    """An EditText takes several lines unless something says otherwise."""
    if types != [""]:
        return "textMultiLine" in types
    single = tag.get("android:singleLine") == "true" or tag.get("android:maxLines", "android:lines") == "1"
    return class_name.endswith("EditText") and not single
