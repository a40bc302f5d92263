"""Kotlin that the grammar does not know, in words that it does: all lines stay where they are."""

from __future__ import annotations

import re

MARK = "\u01c0"
"""A letter that marks words which may be names, and which the grammar would take for modifiers."""

_NAMES = re.compile(
    rb"(?<![\w.@])(open|sealed|inline|final|internal|external|infix|suspend|dynamic|abstract|public|private|protected)"
    rb"(?=\s*(?:[=,).:}\]?!&|;+\-<>\n]))|(?<![\w.@])(suspend)(?=[ \t]*\{)"
)
_BLANKED = re.compile(
    # ``data object``: behind an annotation the grammar reads three names in it; the word adds nothing to an object.
    rb"\bdata(?=\s+object\b)"
    # ``content: @Composable (() -> Unit)``, ``action: suspend (Scope.() -> Unit)``, ``val a @Composable get() = ..``:
    # a type is as good without.
    rb"|@(?:\w+\.)*Composable(?=[ \t]*\()|(?<=: )suspend(?=[ \t]*\(\(?\w*)|@\w+(?=\s+get\(\))"
    # ``@Visible const val A``, ``@Shown internal fun b() = ..``: read as assignments.
    rb"|@\w+(?:\([^)\n]*\))?(?=\s+(?:internal\s+|private\s+)?const\b)"
    rb"|\binternal(?=\s+(?:fun|val|var|const|class|object|data|sealed|enum|interface|suspend|inline|open|abstract)\b)"
    # ``$$"words"``: how many signs begin a part that is filled in.
    rb"|\$\$+(?=\")"
)
_GUARD = re.compile(rb"^([ \t]*(?:is[ \t]+)?[A-Z][\w.]*(?:<[\w*, ]+>)?[ \t]+)(if\b[^\n{}\"]*?)(?=->)", re.MULTILINE)
"""``is Ready if state.open ->``: the branch is taken under one condition more."""

_FIELD = re.compile(rb"(\bva[lr][ \t]+\w+[ \t]*:[^=\n{]+\n[ \t]*)field(?=[ \t]*=)")
"""``field = ..`` below a property gives its value."""


def known(content: bytes) -> bytes:
    """The source as the grammar can read it."""
    plain = _BLANKED.sub(lambda found: b" " * len(found.group(0)), content)
    plain = _GUARD.sub(lambda found: found.group(1) + b" " * len(found.group(2)), plain)
    plain = _FIELD.sub(rb"\1     ", plain)
    return _NAMES.sub(rb"\1\2" + MARK.encode(), plain)
