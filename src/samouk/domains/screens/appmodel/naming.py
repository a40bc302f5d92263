"""Keys of screens and elements: short, readable, the same from run to run, and names that Python takes."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST = 40
_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
        strict=True,
    )
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^a-z0-9]+")


def snake(words: str) -> str:
    """``words`` in lower case with underscores and nothing but a-z and 0-9; "" where nothing is left of them."""
    apart = _HUMP.sub("_", words).lower()
    latin = unicodedata.normalize("NFKD", "".join(_CYRILLIC.get(letter, letter) for letter in apart))
    plain = _OTHER.sub("_", latin.encode("ascii", "ignore").decode()).strip("_")
    if len(plain) > LONGEST:
        plain = plain[:LONGEST].rpartition("_")[0] or plain[:LONGEST]
    if plain[:1].isdigit():
        plain = f"n{plain}"
    return f"{plain}_" if keyword.iskeyword(plain) or keyword.issoftkeyword(plain) else plain


def unique(wanted: Iterable[str]) -> Iterator[str]:
    """Each name once: a second ``save`` becomes ``save_2``."""
    taken: set[str] = set()
    for name in wanted:
        free, number = name, 1
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        taken.add(free)
        yield free
