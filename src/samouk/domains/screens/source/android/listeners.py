"""From a Kotlin or Java file to what it says of screens."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from samouk.domains.screens.source.android.code import Class, Code
from samouk.domains.screens.source.android.errors import errors_of
from samouk.domains.screens.source.android.facts import (
    Act,
    Acts,
    Alert,
    Button,
    Change,
    ClassFacts,
    CodeFacts,
    Filled,
    Handler,
    HandlerKind,
    LayoutUse,
)
from samouk.domains.screens.source.android.targets import Targets
from samouk.domains.screens.source.android.words import CONSTANT, words_of
from samouk.domains.screens.source.reading import Unparsable
from samouk.domains.screens.source.widgets import NO_WORDS, Words

LONGEST_LINE = 20_000
"""Bytes. People write shorter ones, and what looks along a line would take its time with longer ones."""

_RELEVANT = re.compile(rb"\bR\.|Binding\b|Listener|Activity|Fragment|Adapter|Dialog|\bIntent\b|View\b|AttributeSet")
_ACT = re.compile(
    r"""
    \bIntent\s*\((?:[^()]|\([^()]*\))*?(?P<intent>\w+)(?:::class\.java|\.class)\b |
    \bstartActivity\s*<\s*(?P<start>\w+) |
    \b(?P<directions>\w+Directions)\.(?P<direction>\w+) |
    \b(?P<back>finish|finishAfterTransition|onBackPressed|popBackStack|navigateUp|dismiss|dismissAllowingStateLoss)\s*\(
    \s*\) |
    \bR\.menu\.(?P<menu>\w+) |
    (?P<alert>\b(?:\w+AlertDialogBuilder|AlertDialog\.Builder|getAlertDialogBuilder)\s*\() |
    (?P<toggle>\.(?:toggle|performClick|setChecked)\s*\(|\.isChecked\s*=(?!=)) |
    (?<![\w.])(?P<class>[A-Z]\w*)(?:<[^<>()]*>)?\s*(?:\.\s*\w+\s*)?(?=[({]) |
    (?<![\w.@])(?:this\s*\.\s*|super\s*\.\s*)?(?P<call>[a-z]\w*)\s*(?=[({]) |
    ::(?P<reference>[a-z]\w*)\b
    """,
    re.VERBOSE,
)
_NAVIGATE = re.compile(r"\bnavigate\s*\(\s*(?:resId\s*=\s*)?R\.id\.(\w+)")
_KEYWORDS = """
if for while when switch catch return apply run also let with fun try do else super this init get set lazy
"""
_NOT_CALLS = frozenset(_KEYWORDS.split())
_LISTENER = re.compile(
    r"\b(?P<name>set\w*Clicke?d?\w*Listener|setOnTouchListener|setOnItemClickListener|onClick|doOnClick|onSingleClick)\s*"
    r"(?=[({])"
)
_BRANCH = re.compile(r"\bR\.id\.(\w+)\s*(?:,\s*(?:[\w.]*\bR\.id\.\w+\s*,?\s*)*)?->")
_CASE = re.compile(r"\bcase\s+(?:[\w.]*\bR\.id\.)(\w+)\s*:")
_EQUAL = re.compile(r"(?:itemId|getItemId\(\)|\bid|getId\(\))\s*==\s*(?:[\w.]*\b)?R\.id\.(\w+)")
_BLOCK = re.compile(r"\s*\{")
_OPENING = re.compile(r"[({]")
_INTO = re.compile(r"[^;\n]*?,\s*([\w.!?]+)\s*,\s*true\s*\)")
_CASE_ENDS = re.compile(r"\b(?:case|default|break)\b")
_LAYOUT = re.compile(r"(?<!android\.)\bR\.layout\.(\w+)|\b([A-Z]\w*?)Binding\b\s*(?:::|\.)\s*(?:inflate|bind)\b")
_BINDING_OF = re.compile(r"<[^<>]*?\b([A-Z]\w*?)Binding\b")
_ALIAS = re.compile(
    r"(?:\b(\w+)\s*(?::[^=\n;]*)?(?:=|by\s+lazy[^{\n]*\{)\s*(?:\([\w.<>]+\)\s*)?[\w.!?()]*?"
    r"(?:findViewById|requireViewById|bindView)\w*(?:<[^>\n]*>)?\(\s*[\w.]*?\bR\.id\.(\w+)"
    r"|\bby\s+bindView[^(\n]*\(\s*R\.id\.(?P<held>\w+)|@BindView\(\s*R\.id\.(\w+)\s*\)\s*[\w<>.]+(?:\s+[\w<>.]+)*?\s+(\w+)\s*;)"
)
_ON_CLICK = re.compile(r"@OnClick\(\s*\{?((?:\s*R\.id\.\w+\s*,?)+)\}?\s*\)[^(]*?(\w+)\s*(?=\()")
_VARIABLE = re.compile(
    r"\b(?:val|var)\s+(\w+)\s*(?::\s*(\w+)\b[^=\n]*)?(?:(?:=|by\s+lazy[^{\n]*\{)\s*([A-Z]\w*))?"
    r"|\b([A-Z]\w*)(?:<[^<>]*>)?\s+(\w+)\s*[=;]|\b(\w+)\s*=\s*(?:new\s+)?([A-Z]\w*)\s*\("
)
_HELD = ("Adapter", "Fragment", "Dialog", "Sheet", "Popup")
_FILLS = re.compile(r"\b(?:adapter\s*=(?!=)|setAdapter\s*\()\s*(?:new\s+)?(\w+)")
_CHANGE = re.compile(
    r"\b(?:(?P<property>text|hint|contentDescription|title|isVisible|isGone|isInvisible|visibility|isEnabled|isChecked)"
    r"\s*=(?!=)\s*|(?P<call>setText|setHint|setContentDescription|setVisibility|setEnabled|setChecked|setTitle|"
    r"be(?:Visible|Gone|Invisible)\w*|hide|show|gone|visible|invisible)\s*\()|\bLengthFilter\s*\(\s*(?P<length>\d+)"
)
_WHAT = {
    "text": "text",
    "hint": "hint",
    "contentdescription": "label",
    "title": "title",
    "isenabled": "enabled",
    "enabled": "enabled",
    "ischecked": "checked",
    "checked": "checked",
}
_TITLED = re.compile(r"(?:supportActionBar\s*[?!]*\.\s*title|(?<![\w.])title)\s*=(?!=)\s*|(?<![\w.])setTitle\s*\(")
_OWN_MENU = re.compile(
    r"(?:\b[iI]nflater(?:\(\))?|getMenuInflater\(\)|inflateMenu)\s*(?:\.\s*inflate\s*)?\(\s*R\.menu\.(\w+)"
)
_ENTRY = re.compile(r"\b[A-Z][A-Z0-9_]*\s*\(([^()]*)\)")
_ENTRY_ID = re.compile(r"\bR\.id\.(\w+)")
_ENTRY_WORDS = re.compile(r"\bR\.string\.(\w+)")
_SPREADS = re.compile(r"\b([A-Z]\w+)\.(?:entries\b|values\s*\(|find\s*\(|of\s*\()")
_DRESSES = re.compile(r"\.id\s*=(?!=)\s*\w+\.\w+|\.setId\s*\(\s*\w+\.\w+|\bmenu\.add\s*\(")
"""An element made in code is given an id that something holds."""

_POPUP = re.compile(r"\bPopupMenu\s*\(|\bpopup\w*\s*\.\s*(?:menuInflater|inflate|menu)")
_PREFERENCES = re.compile(r"\bR\.xml\.(\w+)")
_UP = re.compile(r"setDisplayHomeAsUpEnabled\s*\(\s*true|setHomeButtonEnabled\s*\(\s*true")
_HANDS_ON = re.compile(r"[cC]lick(?:ed|Listener)?\b")
_ALERT_PART = re.compile(
    r"\bset(?P<part>Title|PositiveButton|NegativeButton|NeutralButton|Items|SingleChoiceItems|MultiChoiceItems|View)\s*\("
)
_WHICH = {"PositiveButton": 1, "NegativeButton": 2, "NeutralButton": 3}
_ARRAY = re.compile(r"R\.array\.(\w+)")
# Blanks of one line alone: of a blanked comment, a long run of white space, ``\s*`` would try each line anew.
_PACKAGE = re.compile(r"^[ \t]*package\s+([\w.]+)", re.MULTILINE)
_R_IMPORT = re.compile(r"^[ \t]*import\s+([\w.]+)\.(?:R|databinding\.\w+)[ \t]*;?[ \t]*$", re.MULTILINE)
_GUARD = re.compile(r"(?:\belse|->)\s*$")
_CONDITION = re.compile(r"\b(?:if|while|for|when|switch|catch)\s*$")
_ONE_LINE_IF = re.compile(r"\bif\s*\([^\n]*\)\s*[^{\n]*$|\belse\s+[^{\n]*$|\?:\s*[^{\n]*$")
_RETURN = re.compile(r"\breturn\b")


def code_facts(path: str, content: bytes) -> CodeFacts:
    """What one file says; a file that names nothing of a screen gives no classes. Raises Unparsable."""
    if not _RELEVANT.search(content):
        return CodeFacts("", ())
    for number, line in enumerate(content.split(b"\n"), 1):
        if len(line) > LONGEST_LINE:
            raise Unparsable(f"a line of {len(line):,} characters: written by a machine", number)
    reading = _Reading(path, content.decode("utf-8", "replace"))
    return replace(reading.facts(), troubles=errors_of(path, reading.code, content))


class _Reading:
    """One file, its acts and calls found once and handed out by span."""

    def __init__(self, path: str, source: str) -> None:
        self.code = Code(path, source)
        self.text = self.code.text
        self.aliases = {}
        for match in _ALIAS.finditer(self.text):
            name, one = (match[1], match[2]) if match[1] else (match[5], match[4])
            if name and one:
                self.aliases[name] = one
        self.targets = Targets(self.code, self.aliases)
        self.alert_at: dict[int, int] = {}
        self.acts = list(self._acts())
        self._act_at = [at for at, _, _ in self.acts]
        self._returns = [match.start() for match in _RETURN.finditer(self.text)]

    def facts(self) -> CodeFacts:
        package = _PACKAGE.search(self.text)
        resources = _R_IMPORT.search(self.text)
        classes = tuple(self._class(index, one) for index, one in enumerate(self.code.classes))
        return CodeFacts(package[1] if package else "", classes, resources[1] if resources else "")

    def within(self, start: int, end: int) -> Acts:
        """What the code of a span does, in order."""
        first, last = bisect_left(self._act_at, start), bisect_left(self._act_at, end)
        return tuple(Act(kind, value, self._guarded(at, start)) for at, kind, value in self.acts[first:last])  # type: ignore[arg-type]

    def _acts(self) -> Iterator[tuple[int, str, str]]:
        navigates = {match.start(1): match[1] for match in _NAVIGATE.finditer(self.text)}
        found = [(at - 1, "navigate", one) for at, one in navigates.items()]
        for match in _ACT.finditer(self.text):
            kind, value = match.lastgroup or "", match[match.lastgroup] if match.lastgroup else ""
            at = match.start()
            if kind in ("intent", "start", "class"):
                found.append((at, "class", value))
            elif kind == "direction":
                found.append((at, "navigate", f"#{value}"))
            elif kind == "back":
                found.append((at, "back", value))
            elif kind == "menu":
                found.append((at, "menu", value))
            elif kind == "alert":
                self.alert_at[at] = len(self.alert_at)
                found.append((at, "alert", str(self.alert_at[at])))
            elif kind == "toggle":
                target = self.targets.of(at + 1)
                found.append((at, "toggle", target))
            elif kind in ("call", "reference") and value not in _NOT_CALLS:
                found.append((at, "call", value))
        found += [(match.start(), "layout", match[1] or f":{match[2]}") for match in _LAYOUT.finditer(self.text)]
        return iter(sorted(found))

    def _guarded(self, at: int, start: int) -> bool:
        before = bisect_left(self._returns, start)
        if before < len(self._returns) and self._returns[before] < at - 8:
            return True
        line = max(self.text.rfind("\n", start, at) + 1, start, at - 300)
        if _ONE_LINE_IF.search(self.text, line, at) or self._follows_condition(line, start):
            return True
        for block in self.code.blocks_around(at, start + 1):
            if self.text[block] != "{":
                continue
            head = self.text[max(0, block - 200) : block].rstrip()
            if _GUARD.search(head):
                return True
            if head.endswith(")") and _CONDITION.search(self._before_bracket(block)):
                return True
        return False

    def _follows_condition(self, line: int, start: int) -> bool:
        """Whether the line above is a condition without a block."""
        above = self.text[max(start, line - 300) : line].rstrip()
        if above.endswith(")"):
            opened = self.code.opened.get(max(start, line - 300) + len(above) - 1, -1)
            return opened > start and _CONDITION.search(self.text, max(start, opened - 20), opened) is not None
        return above.endswith(" else")

    def _before_bracket(self, block: int) -> str:
        close = len(self.text[:block].rstrip()) - 1
        opened = next((one for one in self.code.blocks_around(close, max(0, close - 2000))), -1)
        return self.text[max(0, opened - 20) : opened] if opened >= 0 else ""

    def _mine(self, pattern: re.Pattern[str], index: int) -> Iterator[re.Match[str]]:
        one = self.code.classes[index]
        for match in pattern.finditer(self.text, one.start, one.end):
            if self.code.owner(match.start()) == index:
                yield match

    def _class(self, index: int, one: Class) -> ClassFacts:
        functions = {f.name: self.within(f.start, f.end) for f in self.code.functions if f.owner == index}
        made: dict[str, Acts] = {}
        for at, kind, value in self._acts_of(index):
            if kind == "class":
                made[value] = made.get(value, ()) + self.within(*self._call_span(at))
        menus = {match[1] for match in self._mine(_OWN_MENU, index) if not self._later(match.start())}
        others = {act[2] for act in self._acts_of(index) if act[1] == "menu"} - menus
        outer = self.code.classes[one.outer].name if one.outer >= 0 else ""
        return ClassFacts(
            name=one.name,
            outer=outer,
            line=one.line,
            supers=one.supers,
            layouts=tuple(self._layouts(index, one)),
            handlers=tuple(self._handlers(index)),
            functions=functions,
            made=made,
            aliases=self.aliases,
            variables=self._variables(index),
            changes=tuple(self._changes(index)),
            filled=tuple(
                Filled(self.targets.of(match.start()), match[1])
                for match in self._mine(_FILLS, index)
                if not re.search(r"(?:\bval|\bvar|\w)\s+$", self.text[max(0, match.start() - 40) : match.start()])
                or self.text[max(0, match.start() - 400) : match.start()].rstrip()[-1:] in "{;"
            ),
            alerts=tuple(self._alerts(index)),
            menus=tuple(sorted(menus)),
            other_menus=tuple(sorted(others)),
            pops=next(self._mine(_POPUP, index), None) is not None,
            preferences=tuple(match[1] for match in self._mine(_PREFERENCES, index)),
            title=self._title(index),
            up=next(self._mine(_UP, index), None) is not None,
            hands_on=bool(_HANDS_ON.search(_handed_up(one.head))),
            entries=tuple(self._entries(one)),
            spreads=self._spreads(index),
        )

    def _entries(self, one: Class) -> Iterator[tuple[str, str]]:
        """`HOME(R.string.home, R.id.tab_home),` of an enumeration."""
        if not self.text[: one.start].rstrip().endswith(one.head.rstrip()) or "enum" not in self._before(one):
            return
        for match in _ENTRY.finditer(self.text, one.start, one.end):
            named, said = _ENTRY_ID.search(match[1]), _ENTRY_WORDS.search(match[1])
            if named:
                yield named[1], said[1] if said else ""

    def _before(self, one: Class) -> str:
        """The line that begins a class, up to its name."""
        start = self.code.source.rfind("\n", 0, one.start - len(one.head)) + 1
        return self.text[start : one.start - len(one.head)]

    def _spreads(self, index: int) -> tuple[str, ...]:
        if next(self._mine(_DRESSES, index), None) is None:
            return ()
        return tuple(dict.fromkeys(match[1] for match in self._mine(_SPREADS, index)))

    def _later(self, at: int) -> bool:
        """Whether a menu is inflated for a selection or a pop-up, not for the bar."""
        function = self._function_at(at)
        around = self.text[max(0, at - 200) : at]
        return "ActionMode" in function or "Context" in function or _POPUP.search(around) is not None

    def _title(self, index: int) -> Words | None:
        told = (self._words_at(match.end()) for match in self._mine(_TITLED, index))
        return next((words for words in told if (words.key or words.value) and words.key != CONSTANT), None)

    def _acts_of(self, index: int) -> Iterator[tuple[int, str, str]]:
        one = self.code.classes[index]
        first, last = bisect_left(self._act_at, one.start), bisect_left(self._act_at, one.end)
        return (act for act in self.acts[first:last] if self.code.owner(act[0]) == index)

    def _call_span(self, at: int) -> tuple[int, int]:
        """The brackets of a call and the lambda behind them."""
        bracket = _OPENING.search(self.text, at)
        start = bracket.start() if bracket else at
        end = self.code.end_of(start)
        if self.text[start] == "(" and (behind := _BLOCK.match(self.text, end)):
            end = self.code.end_of(behind.end() - 1)
        return start, end

    def _variables(self, index: int) -> dict[str, str]:
        found: dict[str, str] = {}
        for match in self._mine(_VARIABLE, index):
            name = match[1] or match[5] or match[6]
            for kind in (match[3], match[2], match[4], match[7]):
                if name and kind and kind.endswith(_HELD):
                    found.setdefault(name, kind)
        return found

    def _layouts(self, index: int, one: Class) -> Iterator[LayoutUse]:
        for pattern in (_LAYOUT, _BINDING_OF):
            for match in pattern.finditer(one.head):
                name = match[1] if pattern is _LAYOUT and match[1] else f":{match[match.lastindex or 1]}"
                yield LayoutUse(name, one.line, "", "content")
        for match in self._mine(_LAYOUT, index):
            at = match.start()
            near = self.text[max(0, at - 120) : at]
            how, into = "", ""
            if re.search(r"setContentView\s*\(\s*(?:this\s*,\s*)?$", near):
                how = "content"
            elif re.search(r"RemoteViews\s*\([^()]*(?:\([^()]*\))?[^()]*$", near):
                how = "remote"
            elif re.search(r"ArrayAdapter[^;{}]*$", near):
                how = "item"
            tail = _INTO.match(self.text, match.end())
            if tail and "::" not in match[0]:
                into = tail[1].replace("!", "").replace("?", "").rpartition(".")[2]
                into = "" if into in ("parent", "container", "this", "root") else into
            function = self._function_at(at)
            yield LayoutUse(match[1] or f":{match[2]}", self.code.line(at), function, how, into)  # type: ignore[arg-type]

    def _function_at(self, at: int) -> str:
        inside = [f for f in self.code.functions if f.start <= at < f.end]
        return inside[-1].name if inside else ""

    def _handlers(self, index: int) -> Iterator[Handler]:
        for match in self._mine(_LISTENER, index):
            at = match.start()
            if re.search(r"\b(?:fun|void)\s+(?:\w+\.)?$", self.text[max(0, at - 60) : at]):
                continue
            if re.match(r"\(\s*null\s*\)", self.text[match.end() : match.end() + 12]):
                continue
            start, end = self._call_span(match.end())
            kind = _kind(match["name"])
            yield Handler(self.targets.of(at), kind, self.within(start, end), self.code.line(at))
        for match in self._mine(_BRANCH, index):
            for one in re.findall(r"R\.id\.(\w+)", match[0]):
                yield self._branch(one, *self._body_at(match.end()))
        for match in self._mine(_CASE, index):
            ends = _CASE_ENDS.search(self.text, match.end())
            yield self._branch(match[1], match.end(), ends.start() if ends else len(self.text))
        for match in self._mine(_EQUAL, index):
            around = self.code.blocks_around(match.start())
            close = self.code.end_of(around[0]) if around else match.end()
            yield self._branch(match[1], *self._body_at(close))
        for match in self._mine(_ON_CLICK, index):
            for one in re.findall(r"R\.id\.(\w+)", match[1]):
                yield Handler(one, "click", (Act("call", match[2]),), self.code.line(match.start()))

    def _body_at(self, at: int) -> tuple[int, int]:
        """The block or the expression that follows a condition."""
        body = _BLOCK.match(self.text, at)
        if body is None:
            return at, self.code.end_of_expression(at)
        return body.end() - 1, self.code.end_of(body.end() - 1)

    def _branch(self, target: str, start: int, end: int) -> Handler:
        kind: HandlerKind = "click" if self._function_at(start) == "onClick" else "branch"
        return Handler(target, kind, self.within(start, end), self.code.line(start))

    def _changes(self, index: int) -> Iterator[Change]:
        for match in self._mine(_CHANGE, index):
            if match["length"]:
                around = self.targets.of(self.text.rfind("filters", 0, match.start()))
                yield Change(around, "length", Words(match["length"]))
                continue
            name = (match["property"] or match["call"].removeprefix("set")).lower()
            target = self.targets.of(match.start())
            if target:
                what = _WHAT.get(name, "visible")
                yield Change(target, what, self._words_at(match.end()))  # type: ignore[arg-type]

    def _words_at(self, at: int) -> Words:
        end = self.code.end_of_expression(at)
        return words_of(self.code.source[at:end])

    def _alerts(self, index: int) -> Iterator[Alert]:
        starts = sorted(at for at in self.alert_at if self.code.owner(at) == index)
        for number, at in enumerate(starts):
            around = [f for f in self.code.functions if f.start <= at < f.end]
            end = around[-1].end if around else self.code.classes[index].end
            if number + 1 < len(starts):
                end = min(end, starts[number + 1])
            yield self._alert(at, end, around[-1].name if around else "")

    def _alert(self, at: int, end: int, function: str) -> Alert:
        title, buttons, choices, mark, layout = NO_WORDS, [], "", "", ""
        for match in _ALERT_PART.finditer(self.text, at, end):
            part = match["part"]
            start, stop = self._call_span(match.end() - 1)
            words = self._words_at(match.end())
            if part == "Title":
                title = words
            elif part in _WHICH:
                line = self.code.line(match.start())
                buttons.append(Button(_WHICH[part], words, line, self.within(start, stop)))
            elif part == "View":
                layout = next((f"{one[1] or ':' + one[2]}" for one in _LAYOUT.finditer(self.text, start, stop)), "")
            else:
                array = _ARRAY.search(self.text, start, stop)
                choices = array[1] if array else "?"
                mark = {"SingleChoiceItems": "single", "MultiChoiceItems": "multiple"}.get(part, "")
        layout = layout or next(
            (one[1] or f":{one[2]}" for one in _LAYOUT.finditer(self.text, self._function_start(at), end)), ""
        )
        return Alert(self.alert_at[at], function, self.code.line(at), title, tuple(buttons), choices, mark, layout)  # type: ignore[arg-type]

    def _function_start(self, at: int) -> int:
        return max((f.start for f in self.code.functions if f.start <= at < f.end), default=at)


def _handed_up(head: str) -> str:
    """What a class gives to the one that it extends, behind its own parameters."""
    depth = 0
    for at, sign in enumerate(head):
        depth += (sign == "(") - (sign == ")")
        if sign == ":" and depth == 0:
            return head[at:].partition("(")[2]
    return ""


def _kind(name: str) -> HandlerKind:
    if "EndIcon" in name:
        return "end_icon"
    if "StartIcon" in name:
        return "start_icon"
    if "Navigation" in name and "Item" not in name:
        return "navigation"
    if "MenuItem" in name or "NavigationItem" in name:
        return "branch"
    if "Item" in name:
        return "item"
    if "Touch" in name:
        return "touch"
    return "long" if "Long" in name else "click"
