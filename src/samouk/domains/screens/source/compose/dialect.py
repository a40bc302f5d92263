"""Kotlin that the grammar does not know, in words that it does: all lines stay where they are."""

from __future__ import annotations

import re

MARK = "\u01c0"
"""A letter that marks words which may be names, and which the grammar would take for modifiers."""

PRIVATE = "\u01c1"
"""A letter that marks a private function: behind annotations the grammar reads ``private fun`` as names."""

_NAMES = re.compile(
    rb"(?<![\w.@])(open|sealed|inline|final|internal|external|infix|suspend|dynamic|abstract|public|private|protected)"
    rb"(?=\s*(?:[=,).:}\]?!&|;+\-<>\n]))|(?<![\w.@])(suspend)(?=[ \t]*\{)"
)
_BLANKED = re.compile(
    # ``data object``: behind an annotation the grammar reads three names in it; the word adds nothing to an object.
    rb"\bdata(?=\s+object\b)"
    # ``content: @Composable (() -> Unit)``, ``action: suspend (Scope.() -> Unit)``, ``val a @Composable get() = ..``:
    # a type is as good without.
    rb"|@(?:\w+\.)*Composable(?:\(\))?(?=[ \t]*\()|(?<=: )suspend(?=[ \t]*\(\(?\w*)|@\w+(?=\s+get\(\))"
    # ``@Visible const val A``, ``@Shown internal fun b() = ..``: read as assignments.
    rb"|@\w+(?:\([^)\n]*\))?(?=\s+(?:internal\s+|private\s+)?const\b)"
    rb"|\b(?:internal|public)(?=\s+(?:fun|val|var|const|class|object|data|sealed|enum|interface|suspend|inline|open|abstract)\b)"
    # ``$$"words"``: how many signs begin a part that is filled in.
    rb"|\$\$+(?=\")"
)
_GUARD = re.compile(rb"^([ \t]*(?:is[ \t]+)?[A-Z][\w.]*(?:<[\w*, ]+>)?[ \t]+)(if\b[^\n{}\"]*?)(?=->)", re.MULTILINE)
"""``is Ready if state.open ->``: the branch is taken under one condition more."""

_FIELD = re.compile(rb"(\bva[lr][ \t]+\w+[ \t]*:[^=\n{]+\n[ \t]*)field(?=[ \t]*=)")
"""``field = ..`` below a property gives its value."""

_PRIVATE = re.compile(
    rb"\bprivate(\s+(?:(?:inline|suspend|infix|operator|tailrec)\s+)*fun\s+(?:<[^()]*?>\s*)?)(?=[\w`])"
)
_NOTED_CLASS = re.compile(
    rb"^[ \t]*(?:@\w[\w.]*(?:\((?:[^()]|\([^()]*\))*\))?\s+)+"
    rb"(?=(?:(?:data|sealed|abstract|open|enum|value|inner|private|annotation|fun)\s+)*(?:class|interface|object)\b)",
    re.MULTILINE,
)
"""Annotations of a class, which the grammar may take for the beginning of an expression; nothing is read off them."""

_SIGN = re.compile(rb"[^\n]")


def known(content: bytes) -> bytes:
    """The source as the grammar can read it."""
    plain = _BLANKED.sub(lambda found: b" " * len(found.group(0)), content)
    plain = _GUARD.sub(lambda found: found.group(1) + b" " * len(found.group(2)), plain)
    plain = _FIELD.sub(rb"\1     ", plain)
    plain = _NOTED_CLASS.sub(lambda found: _SIGN.sub(b" ", found.group(0)), plain)
    plain = _PRIVATE.sub(lambda found: b" " * 7 + found.group(1) + PRIVATE.encode(), plain)
    return _NAMES.sub(rb"\1\2" + MARK.encode(), plain)
