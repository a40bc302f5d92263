"""Words as Kotlin and Java write them: a literal, a template, a string resource."""

from __future__ import annotations

import re

from samouk.domains.screens.source.android.resources import filled, plain
from samouk.domains.screens.source.widgets import NO_WORDS, Words

_RESOURCE = re.compile(r"(?:(\w[\w.]*)\.)?\bR\.(?:string|plurals)\.(\w+)")
_LITERAL = re.compile(r'\s*"((?:\\.|[^"\\])*)"\s*$')
_TEMPLATE = re.compile(r"\$(?:\{|\w)")
_CONSTANT = re.compile(r"\s*(true|false|null|View\.\w+|\d+)\s*$")

CONSTANT = "#constant"
"""Key of what is no words but a constant: ``true``, ``View.GONE``, a number."""


def words_of(expression: str) -> Words:
    """The words of an expression. A string resource is told by its ``key``, still to be resolved; the platform's own
    begins with ``android:``. ``dynamic`` where something is filled in or nothing is known."""
    resource = _RESOURCE.search(expression)
    if resource:
        key = f"android:{resource[2]}" if resource[1] == "android" else resource[2]
        alone = re.match(r"\s*\)*\s*(?:,\s*(?:null|TextView\.\w+)\s*)?\)*\s*$", expression[resource.end() :])
        return Words("", key, dynamic=alone is None)
    literal = _LITERAL.match(expression)
    if literal:
        hole = _TEMPLATE.search(literal[1])
        return filled(plain(literal[1])) if hole is None else Words(literal[1][: hole.start()], dynamic=True)
    constant = _CONSTANT.match(expression)
    if constant:
        return NO_WORDS if constant[1] == "null" else Words(constant[1], CONSTANT)
    return Words(dynamic=True)
