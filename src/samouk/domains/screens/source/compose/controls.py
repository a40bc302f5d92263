"""What the arguments of a widget say of it, and what it takes over from the widgets inside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.catalogue import Spec
from samouk.domains.screens.source.compose.code import TRAILING
from samouk.domains.screens.source.compose.drafts import Draft, entry_of
from samouk.domains.screens.source.compose.effects import Effects
from samouk.domains.screens.source.compose.meaning import Meaning
from samouk.domains.screens.source.compose.values import MISSING, Chain, Scope, Value, each, now, start, truth, words_of
from samouk.domains.screens.source.widgets import Words


def given_to(meaning: Meaning, spec: Spec, node: code.Call, scope: Scope) -> dict[str, Value]:
    """Arguments by the library's names; the lambda behind the parentheses is ""."""
    found: dict[str, Value] = {}
    place = 0
    for argument in node.arguments:
        value = meaning.of(argument.value, scope)
        if argument.name:
            found["" if argument.name == TRAILING else argument.name] = value
        elif isinstance(now(value), Chain):
            found["modifier"] = value
            place = max(place, spec.parameters.index("modifier") + 1 if "modifier" in spec.parameters else place)
        else:
            if place < len(spec.parameters):
                found[spec.parameters[place]] = value
            place += 1
    return found


def act(effects: Effects, draft: Draft, spec: Spec, given: dict[str, Value]) -> None:
    """Whether a person can act on it, and what that does."""
    handler = given.get(spec.action, given.get("onCheckedChange", MISSING) if spec.action else MISSING)
    always = spec.kind == "control"
    if spec.kind == "optional":
        always = handler is not MISSING and any(one is not None for one in each(handler))
    if not always:
        return
    draft.interactive = draft.clickable = draft.merges = True
    draft.going = None if handler is MISSING else effects.of(handler)
    if spec.checked and spec.role != "Role.Tab":
        draft.checkable = True
        draft.checked = start(given.get(spec.checked, given.get("checked", MISSING)))


def fill_input(meaning: Meaning, draft: Draft, given: dict[str, Value], dropdown: bool) -> None:
    if dropdown and truth(given.get("readOnly", MISSING)) is True:
        draft.class_name, draft.role = "android.widget.Spinner", "Role.DropdownList"
        draft.interactive = draft.clickable = True
        draft.text = words_of(given.get("value", MISSING))
        return
    if "inputField" in given:  # the bar itself only holds it
        draft.class_name = "android.view.View"
        return
    entry, hidden = entry_of(given, meaning)
    if draft.class_name == "SearchBar":
        entry = entry._replace(kind="search", multiline=False)
    secure = "Secure" in draft.name
    draft.entry = entry._replace(kind="password", multiline=False) if secure else entry
    draft.password = True if hidden or secure else None
    value = words_of(given.get("value", given.get("query", MISSING)))
    draft.text = value if value.value else Words(dynamic=value.dynamic)
    if truth(given.get("readOnly", MISSING)) is True:
        draft.entry = None
    else:
        draft.interactive = draft.clickable = True


def hint(drafts: Sequence[Draft], draft: Draft, ranges: dict[str, tuple[int, int]]) -> None:
    """The label of an input, else what stands in it while it is empty."""
    for slot in ("label", "placeholder", "decorationBox", "decorator", ""):
        if slot in ranges:
            words = next(_texts(drafts, *ranges[slot]), Words())
            if draft.entry is None and draft.interactive:
                draft.label = draft.label if draft.label != Words() else words
            else:
                draft.hint = words
            return


def _texts(drafts: Sequence[Draft], first: int, last: int) -> Iterator[Words]:
    for one in drafts[first:last]:
        if one.text != Words():
            yield one.text


def merge(drafts: Sequence[Draft], place: int) -> None:
    """Give what is acted on the words in it, but for those of what is acted on by itself."""
    holder = drafts[place]
    apart: set[int] = set()
    for index in range(place + 1, len(drafts)):
        one = drafts[index]
        if one.parent in apart or one.interactive:
            apart.add(index)
            continue
        if one.over != holder.over:
            continue
        holder.text = one.text if holder.text == Words() else holder.text
        holder.label = one.label if holder.label == Words() else holder.label
