"""Widgets while a screen is put together: a tree that grows, and that becomes the flat record at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Place, Widget, Words

MAX_WIDGETS = 5_000
"""Of one screen; includes that include each other twice would grow without end."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A widget to be; the fields of ``Widget``, its children, and what is resolved later.

    Attributes:
        interactive: None until listeners are known.
        on_click: function that the layout itself names.
        menu, graph, fragment: menu, navigation graph and fragment class that it shows.
        key: of a preference.
        caps: whether its words show in upper case; None leaves it to the theme.
        tag: the class as the layout names it, for the app's own views.
    """

    name: str
    class_name: str
    place: Place
    identifier: str = ""
    text: Words = NO_WORDS
    label: Words = NO_WORDS
    hint: Words = NO_WORDS
    role: str = ""
    interactive: bool | None = None
    clickable: bool | None = None
    long_clickable: bool | None = None
    checkable: bool | None = None
    checked: bool | None = None
    scrollable: bool | None = None
    password: bool | None = None
    enabled: bool | None = None
    repeated: bool = False
    conditional: bool = False
    entry: Entry | None = None
    leads_to: str = ""
    on_click: str = ""
    menu: str = ""
    graph: str = ""
    fragment: str = ""
    key: str = ""
    caps: bool | None = None
    children: list[Draft] = field(default_factory=list)

    @property
    def bare(self) -> str:
        """The identifier as code names it: camel case and underscores set aside."""
        return spelled(self.identifier or self.key)


def spelled(name: str) -> str:
    """``save_button``, ``saveButton`` and ``SaveButton`` alike."""
    return name.replace("_", "").replace(".", "").lower()


def everything(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """All drafts in pre-order."""
    waiting = list(reversed(list(drafts)))
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))


def flattened(roots: Iterable[Draft]) -> tuple[Widget, ...]:
    """The widgets of a screen; what stands in something repeated or conditional is so too."""
    out: list[Widget] = []
    waiting = [(one, -1, False, False) for one in reversed(list(roots))]
    while waiting and len(out) < MAX_WIDGETS:
        one, parent, repeated, conditional = waiting.pop()
        repeated, conditional = repeated or one.repeated, conditional or one.conditional
        index = len(out)
        out.append(
            Widget(
                index=index,
                parent=parent,
                name=one.name,
                class_name=one.class_name,
                place=one.place,
                identifier=one.identifier,
                text=one.text,
                label=one.label,
                hint=one.hint,
                role=one.role,
                interactive=bool(one.interactive),
                clickable=one.clickable,
                long_clickable=one.long_clickable,
                checkable=one.checkable,
                checked=one.checked,
                scrollable=one.scrollable,
                password=one.password,
                enabled=one.enabled,
                repeated=repeated,
                conditional=conditional,
                entry=one.entry,
                leads_to=one.leads_to,
            )
        )
        waiting.extend((child, index, repeated, conditional) for child in reversed(one.children))
    return tuple(out)
