"""From layouts to drafts of widgets: includes, merges, data binding, styles, and the variants of one layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from samouk.domains.screens.source.android.casing import told_caps
from samouk.domains.screens.source.android.classes import (
    acted_on,
    checkable,
    kind_of,
    public_class_of,
    scrolls,
    typed_into,
)
from samouk.domains.screens.source.android.drafts import MAX_WIDGETS, Draft, everything, spelled
from samouk.domains.screens.source.android.entries import entry_of, hides, takes_nothing
from samouk.domains.screens.source.android.resources import Resources
from samouk.domains.screens.source.android.xml import Tag, children_of
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Trouble, Words

_NO_VIEWS = frozenset({"data", "requestFocus", "tag", "variable", "import", "aapt:attr", "attr"})
_TAB = "com.google.android.material.tabs.TabLayout$TabView"
_ROW = "android:id/text1"
_ICONS = {"password_toggle": "Show password", "clear_text": "Clear text", "dropdown_menu": "Show dropdown menu"}
"""What Material says of the icons in its inputs."""


def layout_name(path: str) -> str:
    """Name of the resource that a file holds."""
    return PurePosixPath(path).stem


def rank(path: str) -> tuple[bool, bool, str]:
    """Variants in order: the plain folder first, ``main`` before flavours."""
    folder = PurePosixPath(path).parent.name
    return "-" in folder, "src/" in path and "src/main/" not in path, path


class Layouts:
    """All layouts of an app."""

    def __init__(self, files: Mapping[str, tuple[Tag, ...]], resources: Resources, supers: Mapping[str, str]) -> None:
        """Tags by path; ``supers`` as of ``public_class_of``."""
        self._files = files
        self._resources = resources
        self._supers = supers
        self.paths: dict[str, list[str]] = {}
        for path in sorted(files, key=rank):
            self.paths.setdefault(layout_name(path), []).append(path)
        self._spelled = {spelled(name): name for name in self.paths}
        self.troubles: list[Trouble] = []
        self.included: set[str] = set()

    def named(self, use: str) -> str:
        """The layout that code names, by resource or, with a leading colon, by its binding class; "" for none here."""
        return self._spelled.get(spelled(use[1:]), "") if use.startswith(":") else use if use in self.paths else ""

    def place(self, name: str) -> Place:
        """Where a layout begins."""
        path = self.paths[name][0]
        return Place(path, self._files[path][0].line if self._files[path] else 1)

    def drafts(self, name: str) -> list[Draft]:
        """The widgets of a layout: its plain variant, and what only the others have, as conditional."""
        roots: list[Draft] = []
        for number, path in enumerate(self.paths.get(name, ())):
            found = _Building(self, path, (name,)).roots()
            if number == 0:
                roots = found
            elif roots:
                _add_missing(roots, found)
        return roots

    def tags(self, path: str) -> tuple[Tag, ...]:
        """Tags of one file."""
        return self._files[path]

    @property
    def resources(self) -> Resources:
        """What references mean."""
        return self._resources

    def class_of(self, tag: str) -> str:
        """The public class of a tag."""
        return public_class_of(tag, self._supers)


def _add_missing(roots: list[Draft], variant: list[Draft]) -> None:
    """Ids tell what is the same in two variants; without one, class and words do."""
    have = {_same(one) for one in everything(roots)}
    for one in everything(variant):
        if _same(one) not in have and (one.interactive or one.identifier):
            have.add(_same(one))
            one.children = []
            one.conditional = True
            roots[0].children.append(one)


def _same(one: Draft) -> tuple[str, ...]:
    return (one.identifier,) if one.identifier else (one.class_name, one.text.value, one.label.value)


_PLATFORM = ("android.", "androidx.", "com.google.")
_SAYS = ("text", "label", "title", "headline", "summary", "caption")
"""How attributes end that hold what a person reads."""


class _Building:
    """One file of a layout, with the layouts that include it in ``stack``."""

    def __init__(self, layouts: Layouts, path: str, stack: tuple[str, ...], spent: list[int] | None = None) -> None:
        self._layouts = layouts
        self._resources = layouts.resources
        self._path = path
        self._tags = layouts.tags(path)
        self._below = children_of(self._tags)
        self._stack = stack
        self._spent = spent if spent is not None else [0]

    def roots(self) -> list[Draft]:
        """The roots: one, or several of a ``<merge>``."""
        if not self._tags:
            return []
        at = 0
        if self._tags[0].name == "layout":
            views = [index for index in self._below[0] if self._tags[index].name not in _NO_VIEWS]
            if not views:
                return []
            at = views[0]
        if self._tags[at].name == "merge":
            return self._children(at)
        return self._one(at)

    def _children(self, index: int) -> list[Draft]:
        return [draft for child in self._below[index] for draft in self._one(child)]

    def _one(self, index: int) -> list[Draft]:
        tag = self._tags[index]
        if tag.name in _NO_VIEWS or self._spent[0] >= MAX_WIDGETS:
            return []
        self._spent[0] += 1
        if tag.name == "include":
            return self._included(tag, tag.get("layout", "android:layout"))
        if tag.name == "ViewStub":
            drafts = self._included(tag, tag.get("android:layout"), tag.get("android:inflatedId", "android:id"))
            for one in drafts:
                one.conditional = True
            return drafts
        draft = self._draft(tag)
        draft.children += self._children(index)
        _finish(draft, tag, self._resources)
        return [draft]

    def _included(self, tag: Tag, reference: str, identifier: str | None = None) -> list[Draft]:
        name = reference.rpartition("/")[2]
        paths = self._layouts.paths.get(name, ())
        if not reference.startswith("@layout/") or not paths:
            return []
        if name in self._stack:
            around = " > ".join((*self._stack, name))
            trouble = Trouble(self._path, tag.line, f"layouts include each other: {around}")
            if trouble not in self._layouts.troubles:
                self._layouts.troubles.append(trouble)
            return []
        self._layouts.included.add(name)
        drafts = _Building(self._layouts, paths[0], (*self._stack, name), self._spent).roots()
        if len(drafts) == 1:
            one = drafts[0]
            one.identifier = bare_id(tag.get("android:id") if identifier is None else identifier) or one.identifier
            one.conditional = one.conditional or _hidden(tag.get("android:visibility"))
        return drafts

    def _draft(self, tag: Tag) -> Draft:
        told = {**self._resources.style(tag.get("style")), **tag.attributes}
        attributes = tag._replace(attributes=told)
        name = tag.get("class") if tag.name in ("view", "fragment") and tag.get("class") else tag.name
        class_name = _TAB if name.endswith(".TabItem") else self._layouts.class_of(name)
        words = self._resources.words
        draft = Draft(
            name=name,
            class_name=class_name,
            place=Place(self._path, tag.line),
            identifier=bare_id(tag.get("android:id")),
            text=words(attributes.get("android:text")),
            label=words(attributes.get("android:contentDescription")),
            hint=words(attributes.get("android:hint", "app:hint", "android:queryHint", "app:queryHint")),
            long_clickable=self._flag(attributes, "android:longClickable"),
            clickable=self._flag(attributes, "android:clickable"),
            enabled=self._flag(attributes, "android:enabled"),
            scrollable=True if scrolls(class_name) else None,
            conditional=_hidden(self._resources.scalar(attributes.get("android:visibility"))),
            menu=attributes.get("app:menu").rpartition("/")[2],
            graph=attributes.get("app:navGraph").rpartition("/")[2],
            fragment=attributes.get("android:name").rpartition(".")[2] if _shows_fragment(tag) else "",
            caps=told_caps(tag, tag.get("style"), self._resources),
        )
        self._act(draft, attributes)
        if _is_own(name):
            draft.children += self._said(attributes, draft.place)
        return draft

    def _said(self, tag: Tag, place: Place) -> list[Draft]:
        """Words that an own view is given by attributes of its own: `app:primaryText`."""
        found: list[Draft] = []
        for name, value in tag.attributes.items():
            if name.startswith("app:") and value.startswith("@string/") and name.lower().endswith(_SAYS):
                told = Draft(name=name, class_name="android.widget.TextView", place=place)
                told.text = self._resources.words(value)
                found.append(told)
        return found

    def _act(self, draft: Draft, tag: Tag) -> None:
        """What a person can do with it, as far as the layout says."""
        pressed = tag.get("android:onClick", "app:onClick", "app:onClickListener", "bind:onClick")
        if pressed:
            draft.clickable = True
            draft.on_click = pressed
        if draft.long_clickable is None and tag.get("android:onLongClick"):
            draft.long_clickable = True
        acted = acted_on(draft.class_name)
        if acted and not draft.clickable:
            still = self._flag(tag, "android:focusable") is False or self._flag(tag, "android:isIndicator")
            acted = draft.clickable is not False and not (
                still and kind_of(draft.class_name) in ("text_input", "slider")
            )
        draft.interactive = bool(acted or draft.clickable or draft.long_clickable)
        if acted and draft.clickable is None and kind_of(draft.class_name) != "slider":
            draft.clickable = True
        if checkable(draft.class_name) or self._flag(tag, "android:checkable"):
            draft.checkable = True
            state = tag.get("android:checked")
            draft.checked = None if state.startswith(("@{", "@=")) else self._flag(tag, "android:checked")
            if not state:
                draft.checked = False
        draft.entry = None if takes_nothing(tag) else entry_of(draft.class_name, tag, self._resources)
        if draft.entry is not None:
            draft.password = hides(tag)
        if draft.class_name == _TAB:
            draft.interactive, draft.clickable, draft.label, draft.text = True, True, draft.text, NO_WORDS

    def _flag(self, tag: Tag, name: str) -> bool | None:
        return {"true": True, "false": False}.get(self._resources.scalar(tag.get(name)))


def _is_own(name: str) -> bool:
    return "." in name and not name.startswith(_PLATFORM)


def bare_id(value: str) -> str:
    """``@+id/name`` is ``name``; an id of the platform keeps its package, since it is not the app's own."""
    if not value.startswith("@"):
        return ""
    name = value.rpartition("/")[2]
    return f"android:id/{name}" if "android:" in value else name


def _hidden(visibility: str) -> bool:
    return visibility in ("gone", "invisible", "1", "2") or visibility.startswith("@{")


def _shows_fragment(tag: Tag) -> bool:
    return tag.name == "fragment" or tag.name.endswith(".FragmentContainerView")


def _finish(draft: Draft, tag: Tag, resources: Resources) -> None:
    """What follows from children: hints of their frame, icons in it, choices and rows that the layout names."""
    kind = draft.class_name.rpartition(".")[2]
    if kind == "TextInputLayout":
        _frame(draft, tag, resources)
    elif kind == "RadioGroup" and tag.get("android:checkedButton"):
        chosen = bare_id(tag.get("android:checkedButton"))
        for one in draft.children:
            if one.checkable:
                one.checked = one.identifier == chosen
    elif kind in ("ListView", "GridView") and tag.get("android:entries"):
        draft.children += rows(resources.array(tag.get("android:entries")), draft.place)
    elif kind.endswith(("Toolbar", "BottomAppBar")):
        title = resources.words(tag.get("app:title", "android:title"))
        if title != NO_WORDS:
            draft.children.insert(0, heading(title, draft.place))
        if tag.get("app:navigationIcon"):
            label = resources.words(tag.get("app:navigationContentDescription"))
            draft.children.insert(0, arrow(draft.place, label))


def _frame(draft: Draft, tag: Tag, resources: Resources) -> None:
    """Material's frame gives its hint to the input in it, and draws icons of its own."""
    inside = next((one for one in everything(draft.children) if typed_into(one.class_name)), None)
    mode = tag.get("app:endIconMode") or ("password_toggle" if tag.get("app:passwordToggleEnabled") == "true" else "")
    style = tag.get("style")
    if inside is not None:
        if not inside.hint.value:
            inside.hint = draft.hint if draft.hint != NO_WORDS else inside.hint
        if "ExposedDropdownMenu" in style or mode == "dropdown_menu":
            if inside.entry is None:
                # Material tells accessibility so, once nothing can be typed.
                inside.class_name = "android.widget.Spinner"
            mode = mode or "dropdown_menu"
    draft.hint = NO_WORDS
    if mode and mode not in ("none", "-1"):
        label = resources.words(tag.get("app:endIconContentDescription"))
        draft.children.append(_icon(draft, "text_input_end_icon", mode, label))
    if tag.get("app:startIconDrawable"):
        label = resources.words(tag.get("app:startIconContentDescription"))
        draft.children.append(_icon(draft, "text_input_start_icon", "custom", label))


def _icon(frame: Draft, identifier: str, mode: str, label: Words) -> Draft:
    """A custom icon does something only once a listener is set."""
    return Draft(
        name="icon",
        class_name="android.widget.ImageButton",
        place=frame.place,
        identifier=identifier,
        label=label if label != NO_WORDS else Words(_ICONS.get(mode, "")),
        interactive=mode != "custom",
        clickable=mode != "custom" or None,
        conditional=mode == "clear_text",
    )


def rows(words: Sequence[str], place: Place, class_name: str = "android.widget.TextView") -> list[Draft]:
    """Rows of a list whose words the source names."""
    return [
        Draft(
            name="row",
            class_name=class_name,
            place=place,
            identifier=_ROW,
            text=Words(one),
            interactive=True,
            clickable=True,
            checkable=True if "Checked" in class_name else None,
        )
        for one in words
    ]


def heading(words: Words, place: Place, identifier: str = "") -> Draft:
    """The words of a bar, a dialog or a group, which are a text of their own at run time."""
    return Draft(name="title", class_name="android.widget.TextView", place=place, identifier=identifier, text=words)


def arrow(place: Place, label: Words) -> Draft:
    """The button at the start of a bar."""
    return Draft(
        name="navigationIcon",
        class_name="android.widget.ImageButton",
        place=place,
        label=label,
        interactive=True,
        clickable=True,
    )
