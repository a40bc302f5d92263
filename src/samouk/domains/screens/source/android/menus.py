"""Menus and preferences: resources that become rows, buttons of a bar and tabs, though no layout names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from samouk.domains.screens.source.android.drafts import Draft
from samouk.domains.screens.source.android.layouts import bare_id, heading, layout_name, rank
from samouk.domains.screens.source.android.resources import Resources
from samouk.domains.screens.source.android.xml import Tag, children_of
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Place, Words

_ROOM = 3
"""Buttons that a bar of a phone between 360 and 500 dp holds beside those that are always shown, the three dots too."""

_BUTTON = "android.widget.Button"
_ROW = "androidx.appcompat.view.menu.ListMenuItemView"
_TAB = "com.google.android.material.bottomnavigation.BottomNavigationItemView"
_DRAWER_ROW = "androidx.appcompat.widget.LinearLayoutCompat"
_SEARCH = "androidx.appcompat.widget.SearchView"
MORE = "More options"
"""What the platform says of the three dots."""


class Item(NamedTuple):
    """An entry of a menu."""

    identifier: str
    title: Words
    label: Words
    place: Place
    shown: str
    icon: bool
    search: bool
    hidden: bool
    enabled: bool | None
    checkable: bool
    checked: bool | None
    nested: bool


class Bar(NamedTuple):
    """A menu as a bar shows it: its buttons, and the rows behind the three dots."""

    buttons: list[Draft]
    rows: list[Draft]


class Menus:
    """All menus of an app."""

    def __init__(self, files: Mapping[str, tuple[Tag, ...]], resources: Resources) -> None:
        self._resources = resources
        self._items: dict[str, list[Item]] = {}
        self._places: dict[str, Place] = {}
        for path in sorted(files, key=rank):
            name = layout_name(path)
            if name not in self._items and files[path] and files[path][0].name == "menu":
                self._items[name] = self._read(path, files[path])
                self._places[name] = Place(path, files[path][0].line)

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def place(self, name: str) -> Place:
        """Where a menu begins."""
        return self._places[name]

    def bar(self, name: str) -> Bar:
        """How a bar shows a menu: as the platform shares out the room, on a phone held upright."""
        items = self._items.get(name, [])
        always = [one for one in items if "always" in one.shown and not one.nested]
        wanting = [one for one in items if "ifRoom" in one.shown and one not in always and not one.nested]
        counted = [one for one in wanting if not one.hidden]
        never = len(items) - len(always) - len(wanting)
        room = _ROOM - sum(not one.hidden for one in always)
        if never or len(counted) > room:
            room -= 1
        lucky = wanting[: max(room, 0)]
        shown = [one for one in items if one in always or one in lucky]
        return Bar([_button(one) for one in shown], [_row(one) for one in items if one not in shown])

    def tabs(self, name: str) -> list[Draft]:
        """A menu as a bar of tabs shows it."""
        return [_entry(one, _TAB, label=one.title) for one in self._items.get(name, [])]

    def drawer(self, name: str) -> list[Draft]:
        """A menu as a drawer shows it: closed at first."""
        found = [_entry(one, _DRAWER_ROW, text=one.title) for one in self._items.get(name, [])]
        for one in found:
            one.conditional = True
        return found

    def rows(self, name: str) -> list[Draft]:
        """A menu as a pop-up shows it."""
        return [_row(one) for one in self._items.get(name, [])]

    def _read(self, path: str, tags: tuple[Tag, ...]) -> list[Item]:
        found = []
        for tag in tags:
            if tag.name != "item":
                continue
            group = tags[tag.parent] if tag.parent >= 0 else tag
            found.append(
                self._item(path, tag, group, nested=tags[group.parent].name == "item" if group.parent >= 0 else False)
            )
        return found

    def _item(self, path: str, tag: Tag, group: Tag, *, nested: bool) -> Item:
        scalar = self._resources.scalar
        behaviour = group.get("android:checkableBehavior") if group.name == "group" else ""
        return Item(
            identifier=bare_id(tag.get("android:id")),
            title=self._resources.words(tag.get("android:title")),
            label=self._resources.words(tag.get("app:contentDescription", "android:contentDescription")),
            place=Place(path, tag.line),
            shown=tag.get("app:showAsAction", "android:showAsAction"),
            icon=bool(tag.get("android:icon", "app:icon")),
            search=tag.get("app:actionViewClass", "android:actionViewClass").endswith("SearchView"),
            hidden=scalar(tag.get("android:visible")) == "false",
            enabled=False if scalar(tag.get("android:enabled")) == "false" else None,
            checkable=behaviour in ("single", "all") or scalar(tag.get("android:checkable")) == "true",
            checked=scalar(tag.get("android:checked")) == "true",
            nested=nested,
        )


def _entry(
    one: Item, class_name: str, *, text: Words = NO_WORDS, label: Words = NO_WORDS, identifier: str | None = None
) -> Draft:
    return Draft(
        name="item",
        class_name=class_name,
        place=one.place,
        identifier=one.identifier if identifier is None else identifier,
        key=one.identifier,
        text=text,
        label=one.label if one.label != NO_WORDS else label,
        role="menuitem",
        interactive=True,
        clickable=True,
        enabled=one.enabled,
        conditional=one.hidden or one.nested,
    )


def _button(one: Item) -> Draft:
    """An icon hides the words, which a screen reader then says; a search field hides behind its icon."""
    draft = _entry(one, _BUTTON, text=NO_WORDS if one.icon else one.title, label=one.title if one.icon else NO_WORDS)
    draft.role = ""
    if one.search and "collapseActionView" not in one.shown:
        draft.class_name, draft.text, draft.label = _SEARCH, NO_WORDS, NO_WORDS
        draft.hint, draft.entry = NO_WORDS, Entry("search")
    return draft


def _row(one: Item) -> Draft:
    """Behind the three dots ids are lost: only the words tell rows apart."""
    draft = _entry(one, _ROW, text=one.title, identifier="")
    if one.checkable:
        draft.checkable, draft.checked = True, one.checked
    return draft


def more(place: Place, leads_to: str) -> Draft:
    """The three dots."""
    return Draft(
        name="overflow",
        class_name="android.widget.ImageView",
        place=place,
        label=Words(MORE),
        interactive=True,
        clickable=True,
        leads_to=leads_to,
    )


_SWITCHES = {
    "SwitchPreferenceCompat": ("androidx.appcompat.widget.SwitchCompat", "switchWidget"),
    "SwitchPreference": ("android.widget.Switch", "android:id/switch_widget"),
    "CheckBoxPreference": ("android.widget.CheckBox", "android:id/checkbox"),
}
_HOLD = ("PreferenceScreen", "PreferenceCategory")
_NOTHING = frozenset({"intent", "extra"})


def preferences(path: str, tags: tuple[Tag, ...], resources: Resources) -> list[Draft]:
    """The list of a preference screen: a row for each, found by its title."""
    around = Draft(
        name="RecyclerView",
        class_name="androidx.recyclerview.widget.RecyclerView",
        place=Place(path, tags[0].line if tags else 1),
        identifier="recycler_view",
        scrollable=True,
    )
    below = children_of(tags)
    for index, tag in enumerate(tags):
        kind = tag.name.rpartition(".")[2]
        if index == 0 or tag.name in _NOTHING:
            continue
        if kind == "PreferenceCategory":
            title = resources.words(tag.get("app:title", "android:title"))
            if title != NO_WORDS:
                around.children.append(heading(title, Place(path, tag.line), "android:id/title"))
        else:
            intents = [tags[child] for child in below[index] if tags[child].name == "intent"]
            around.children.append(_preference(path, tag, kind, intents, resources))
    return [around]


def _preference(path: str, tag: Tag, kind: str, intents: list[Tag], resources: Resources) -> Draft:
    def flag(name: str) -> str:
        return resources.scalar(tag.get(f"app:{name}", f"android:{name}"))

    place = Place(path, tag.line)
    row = Draft(
        name=tag.name.rpartition(".")[2],
        class_name="android.widget.LinearLayout",
        place=place,
        text=resources.words(tag.get("app:title", "android:title")),
        key=tag.get("app:key", "android:key"),
        interactive=flag("selectable") != "false",
        clickable=flag("selectable") != "false",
        enabled=False if flag("enabled") == "false" else None,
        conditional=flag("isPreferenceVisible") == "false",
        fragment=tag.get("app:fragment", "android:fragment").rpartition(".")[2],
    )
    if intents:
        row.fragment = intents[0].get("android:targetClass").rpartition(".")[2]
    if kind in _SWITCHES:
        class_name, identifier = _SWITCHES[kind]
        row.children.append(_mark(class_name, identifier, place, flag("defaultValue") == "true"))
    if kind == "SeekBarPreference":
        row.interactive = row.clickable = False
        row.children.append(
            Draft(
                name="SeekBar", class_name="android.widget.SeekBar", place=place, identifier="seekbar", interactive=True
            )
        )
    return row


def _mark(class_name: str, identifier: str, place: Place, checked: bool) -> Draft:
    """The mark at the end of a row: it shows the state, and the row takes the tap."""
    return Draft(
        name=class_name.rpartition(".")[2],
        class_name=class_name,
        place=place,
        identifier=identifier,
        interactive=False,
        clickable=False,
        checkable=True,
        checked=checked,
    )
