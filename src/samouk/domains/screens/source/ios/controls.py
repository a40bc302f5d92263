"""SwiftUI's own views, as the running app reports them to a test driver."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import At, Target
from samouk.domains.screens.source.ios.drafts import Control, draft_of, first_words, name_it
from samouk.domains.screens.source.ios.expressions import (
    UNKNOWN,
    Call,
    Closure,
    Expression,
    Literal,
    Name,
)
from samouk.domains.screens.source.ios.inputs import adjusted, color, field, picker, toggle
from samouk.domains.screens.source.ios.marks import Marks, argument, flatten
from samouk.domains.screens.source.ios.scopes import Scope
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Words

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.swiftui import Painter

_CONTENT = frozenset({"{}", "content", "header", "footer", "label", "rowContent", "detail", "sidebar", "placeholder"})
_DIALOG_BUTTONS = frozenset({"default", "destructive", "cancel"})


def container(painter: Painter, call: Call, scope: Scope, at: At) -> None:
    """What only holds: stacks, sections, groups, and views of libraries that hold something."""
    inside = replace(at, place=None)
    title = first_words(call)
    if call.name in ("Section", "GroupBox", "LabeledContent") and title is not None:
        said = painter.speaker.words(title, scope)
        painter.canvas.add(replace(draft_of(painter, call, "StaticText", scope, at), text=said))
    for label in ("header", "{}", "content", "label", "footer"):
        for one in call.arguments:
            if one.label == label and (isinstance(one.value, Closure) or label in ("header", "footer", "content")):
                painter.paint(one.value, scope, inside)
    first = argument(call, "")
    if call.name == "AnyView" and first is not None:
        painter.paint(first, scope, at)


def _holds(kind: str, scrolls: bool = True) -> Control:
    def paint(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
        draft = draft_of(painter, call, kind, scope, at)
        draft.scrollable = scrolls
        own = painter.canvas.add(draft)
        if own < 0:
            return
        inside = replace(at, parent=own, place=None)
        data = first_words(call) is not None and kind == "CollectionView"
        for one in call.arguments:
            if one.label in _CONTENT and isinstance(one.value, Closure):
                _rows(painter, call, one.value, scope, replace(inside, loops=inside.loops + data))
            elif one.label == "content":
                painter.paint(one.value, scope, inside)

    return paint


def _rows(painter: Painter, call: Call, code: Closure, scope: Scope, at: At) -> None:
    data = first_words(call) or UNKNOWN
    values: dict[str, tuple[Expression, Scope | None]] = {
        name: (Call("<element>", None, (), 0) if index else _element(data), scope)
        for index, name in enumerate(code.parameters)
    }
    painter.block(code.body, scope.inner(values), at)


def _element(data: Expression) -> Expression:
    return Call("<element>", data, (), 0)


def _for_each(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    inside = replace(at, loops=at.loops + 1, place=None)
    for one in call.arguments:
        if one.label in ("{}", "content") and isinstance(one.value, Closure):
            _rows(painter, call, one.value, scope, inside)


def _text(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    said = painter.speaker.words(call, scope)
    if said != NO_WORDS:
        painter.canvas.add(replace(draft_of(painter, call, "StaticText", scope, at), text=said))


def _label(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    title = first_words(call)
    if title is not None:
        said = painter.speaker.words(title, scope)
        painter.canvas.add(replace(draft_of(painter, call, "StaticText", scope, at), text=said))
    else:
        container(painter, call, scope, at)
        icon = argument(call, "icon")
        if icon is not None:
            painter.paint(icon, scope, at)


def _image(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    """A symbol is named by its name; a picture from the bundle too, unless it only decorates."""
    named = argument(call, "systemName", "", "_internalSystemName")
    label = painter.speaker.words(named, scope, localized=False) if named is not None else NO_WORDS
    described = argument(call, "label")
    if isinstance(described, Call):
        label = painter.speaker.words(described, scope)
    draft = replace(draft_of(painter, call, "Image", scope, at), label=label)
    if marks.tap is not None and argument(call, "systemName") is not None:
        draft.name = "Image"
    painter.canvas.add(draft)


def _button(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    title, label, action = _parts(call)
    draft = draft_of(painter, call, "Button", scope, at)
    draft.interactive = draft.clickable = True
    own = painter.canvas.add(draft)
    if own < 0:
        return
    name_it(painter, draft, own, title, label, scope, at)
    draft.lead = painter.actor.target(action, scope)
    role = argument(call, "role")
    if at.menu or role is None or draft.text.value:
        return
    if title is None and label is None and isinstance(role, Name) and role.path.endswith("cancel"):
        draft.text = Words("Cancel")


def _parts(call: Call) -> tuple[Expression | None, Expression | None, Expression | None]:
    """Title, label and action of a button, in any of its forms."""
    title = first_words(call)
    label = argument(call, "label")
    trailing = argument(call, "{}")
    action = argument(call, "action")
    if action is None:
        return title, label, trailing
    return title, label if label is not None else trailing if title is None else None, action


def _edit_button(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    draft = draft_of(painter, call, "Button", scope, at)
    draft.interactive = draft.clickable = True
    draft.text = Words({"EditButton": "Edit", "PasteButton": "Paste", "RenameButton": "Rename"}.get(call.name, ""))
    own = painter.canvas.add(draft)
    if own >= 0 and call.name in ("ShareLink", "PhotosPicker"):
        name_it(painter, draft, own, _spoken_first(call), argument(call, "label", "{}"), scope, at)
        if not draft.text.value and not draft.label.value and call.name == "ShareLink":
            draft.text = Words("Share…")


def _spoken_first(call: Call) -> Expression | None:
    first = first_words(call)
    return first if isinstance(first, (Literal, Call)) else None


def _link(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    """A link to the web: it leaves the app."""
    draft = draft_of(painter, call, "Link", scope, at)
    draft.interactive = draft.clickable = True
    own = painter.canvas.add(draft)
    if own >= 0:
        name_it(painter, draft, own, first_words(call), argument(call, "label", "{}"), scope, at)


def _navigation_link(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    title = first_words(call)
    label, target = argument(call, "label"), argument(call, "destination")
    trailing = argument(call, "{}")
    value = argument(call, "value")
    if target is None and value is None:
        target = trailing
    elif label is None and title is None:
        label = trailing
    lead = Target(value=(value, scope)) if value is not None else None
    if target is not None:
        name = f"{painter.canvas.name}.link"
        screen = painter.atlas.screen(target, scope, name, call.line)
        lead = Target(screen)
        painter.presented_by(argument(call, "isActive"), scope, screen)
        if label is not None and _is_empty(label):
            return  # it is pushed by its state alone
    draft = draft_of(painter, call, "Button", scope, at)
    draft.interactive = draft.clickable = True
    draft.lead = lead
    own = painter.canvas.add(draft)
    if own >= 0:
        name_it(painter, draft, own, title, label, scope, at)


def _is_empty(label: Expression) -> bool:
    if isinstance(label, Closure) and len(label.body) == 1:
        only = label.body[0]
        label = only if isinstance(only, Call) else label
    return isinstance(label, Call) and label.name == "EmptyView"


def _menu(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    draft = draft_of(painter, call, "Button", scope, at)
    draft.interactive = draft.clickable = True
    draft.role = "combobox"
    own = painter.canvas.add(draft)
    if own < 0:
        return
    title = first_words(call)
    label = argument(call, "label")
    name_it(painter, draft, own, title, label, scope, at)
    content = argument(call, "content", "{}")
    if content is not None:
        name = painter.atlas.menu(painter, content, scope, call.line)
        draft.lead = Target(name) if name else None


def _disclosure(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    draft = draft_of(painter, call, "Button", scope, at)
    draft.interactive = draft.clickable = True
    own = painter.canvas.add(draft)
    if own < 0:
        return
    name_it(painter, draft, own, first_words(call), argument(call, "label"), scope, at)
    content = argument(call, "content", "{}")
    if content is not None:
        painter.paint(content, scope, replace(at, conditional=True, place=None))


def _simple(kind: str) -> Control:
    def paint(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
        draft = draft_of(painter, call, kind, scope, at)
        if kind == "ActivityIndicator" and argument(call, "value") is not None:
            draft.class_name = "XCUIElementTypeProgressIndicator"
        title = first_words(call)
        if isinstance(title, (Literal, Call)):
            draft.label = painter.speaker.words(title, scope)
        painter.canvas.add(draft)

    return paint


def _tabs(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    content = argument(call, "content", "{}")
    if content is None:
        return
    if not painter.atlas.tabs(painter, call, content, scope):
        # Pages that are swiped, or tabs that are not known: all but the first are out of sight.
        own = painter.canvas.add(draft_of(painter, call, "CollectionView", scope, at))
        painter.canvas.drafts[own].scrollable = True
        painter.paint(content, scope, replace(at, parent=own, place=None))
        painter.canvas.add(draft_of(painter, call, "PageIndicator", scope, at))


def _toolbar_item(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    placement = argument(call, "placement")
    where = placement.path.rpartition(".")[2] if isinstance(placement, Name) else ""
    inside = at
    if where == "keyboard":
        inside = replace(at, parent=-1, conditional=True)
    elif where == "bottomBar":
        inside = replace(
            at, parent=painter.canvas.add(draft_of(painter, call, "Toolbar", scope, replace(at, parent=-1)))
        )
    content = argument(call, "content", "{}")
    if content is None:
        return
    if where == "principal":
        inside = at
    painter.paint(content, scope, inside)


def _nothing(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    return


def _modified(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    content = argument(call, "content")
    if content is not None:
        painter.paint(content, scope, at)


def _asked(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    """`Alert(...)` and `ActionSheet(...)`: its title, then its buttons."""
    title = argument(call, "title", "")
    if title is not None:
        painter.canvas.title = painter.speaker.words(title, scope)
    for label in ("title", "message"):
        said = argument(call, label)
        if isinstance(said, Call):
            painter.paint(said, scope, at)
    for label in ("buttons", "primaryButton", "secondaryButton", "dismissButton"):
        given = argument(call, label)
        if given is not None:
            painter.paint(given, scope, at)
    if call.name == "Alert" and not any("utton" in one.label for one in call.arguments):
        draft = draft_of(painter, call, "Button", scope, at)
        draft.interactive, draft.text, draft.lead = True, Words("OK"), Target(BACK)
        painter.canvas.add(draft)


def dialog_button(painter: Painter, call: Call, scope: Scope, at: At) -> None:
    """`.default(Text("Save")) { ... }`, `.cancel()` of an old alert or action sheet."""
    receiver = call.receiver.path if isinstance(call.receiver, Name) else ""
    if call.name not in _DIALOG_BUTTONS or not (receiver == "." or receiver.endswith(("Button", "Alert"))):
        return
    title = first_words(call)
    draft = draft_of(painter, replace_name(call, "Button"), "Button", scope, at)
    draft.interactive = draft.clickable = True
    draft.text = painter.speaker.words(title, scope) if title is not None else Words("Cancel")
    draft.lead = painter.actor.target(argument(call, "action", "{}"), scope)
    painter.canvas.add(draft)


def replace_name(call: Call, name: str) -> Call:
    """The same call by another name."""
    return Call(name, call.receiver, call.arguments, call.line)


CONTROLS: dict[str, Control] = {
    "Text": _text,
    "Label": _label,
    "Image": _image,
    "AsyncImage": _simple("Image"),
    "Button": _button,
    "EditButton": _edit_button,
    "PasteButton": _edit_button,
    "RenameButton": _edit_button,
    "ShareLink": _edit_button,
    "PhotosPicker": _edit_button,
    "SignInWithAppleButton": _edit_button,
    "Link": _link,
    "NavigationLink": _navigation_link,
    "TextField": field("TextField"),
    "SecureField": field("SecureTextField"),
    "TextEditor": field("TextView"),
    "Toggle": toggle,
    "Slider": adjusted("Slider"),
    "Stepper": adjusted("Stepper"),
    "DatePicker": adjusted("DatePicker"),
    "ColorPicker": color,
    "Picker": picker,
    "Menu": _menu,
    "DisclosureGroup": _disclosure,
    "List": _holds("CollectionView"),
    "Form": _holds("CollectionView"),
    "Table": _holds("CollectionView"),
    "ScrollView": _holds("ScrollView"),
    "ForEach": _for_each,
    "TabView": _tabs,
    "ToolbarItem": _toolbar_item,
    "ToolbarItemGroup": _toolbar_item,
    "ProgressView": _simple("ActivityIndicator"),
    "Gauge": _simple("ProgressIndicator"),
    "Map": _simple("Map"),
    "VideoPlayer": _simple("Other"),
    "ModifiedContent": _modified,
    "Alert": _asked,
    "ActionSheet": _asked,
    "Spacer": _nothing,
    "Divider": _nothing,
    "EmptyView": _nothing,
    "Color": _nothing,
    "Circle": _nothing,
    "Rectangle": _nothing,
    "RoundedRectangle": _nothing,
    "Capsule": _nothing,
    "LinearGradient": _nothing,
}
"""Views that say or do something by themselves; all others only hold."""


def is_tab(value: Expression) -> bool:
    """Whether an expression is a tab: `Tab(...) { }`, or a view with `.tabItem`."""
    base, chain = flatten(value)
    return any(one.name == "tabItem" for one in chain) or (isinstance(base, Call) and base.name == "Tab")
