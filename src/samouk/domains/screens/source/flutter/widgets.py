"""What is known of Flutter's own widgets: which a person can act on, by which argument, and what a driver sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Spec(NamedTuple):
    """One widget of Flutter.

    Attributes:
        public: its name in ``taxonomy.PUBLIC_CLASSES``.
        kind: how it is read: ``button`` (its texts are merged), ``tap`` (interactive where it has a handler), ``row``
            (the same, and its texts are merged in any case), ``toggle``, ``input``, ``slider``, ``choice`` (opens a
            menu), ``item`` (of a bar or a menu), ``text``, ``picture``, ``holder``, ``list``, ``scroll``.
        handlers: arguments that say what it does; the first that is given counts.
    """

    public: str
    kind: str
    handlers: tuple[str, ...] = ()


_PRESSED = ("onPressed",)
_CHANGED = ("onChanged",)
_TAPPED = ("onTap", "onDoubleTap", "onLongPress", "onTapUp", "onTapDown")


def _each(names: str, spec: Spec) -> dict[str, Spec]:
    """The same reading for several; those that are public keep their own name."""
    return {name: spec if spec.public else spec._replace(public=name) for name in names.split()}


SPECS: Mapping[str, Spec] = {
    **_each("ElevatedButton TextButton OutlinedButton FilledButton CupertinoButton", Spec("", "button", _PRESSED)),
    **_each("MaterialButton FlatButton RawMaterialButton SimpleDialogOption", Spec("TextButton", "button", _PRESSED)),
    **_each("RaisedButton", Spec("ElevatedButton", "button", _PRESSED)),
    **_each("OutlineButton", Spec("OutlinedButton", "button", _PRESSED)),
    **_each("CupertinoDialogAction CupertinoActionSheetAction", Spec("CupertinoButton", "button", _PRESSED)),
    **_each("SnackBarAction", Spec("TextButton", "button", _PRESSED)),
    **_each("IconButton FloatingActionButton", Spec("", "button", _PRESSED)),
    **_each("BackButton CloseButton", Spec("", "button", _PRESSED)),
    **_each("CupertinoNavigationBarBackButton", Spec("BackButton", "button", _PRESSED)),
    **_each("DrawerButton EndDrawerButton", Spec("IconButton", "button", _PRESSED)),
    **_each("InkWell GestureDetector", Spec("", "tap", _TAPPED)),
    **_each("InkResponse TapRegion", Spec("InkWell", "tap", _TAPPED)),
    **_each("ListTile CupertinoListTile", Spec("", "row", ("onTap", "onLongPress"))),
    **_each("AboutListTile", Spec("ListTile", "button", ("onTap",))),
    **_each("ExpansionTile", Spec("ListTile", "button", ("onExpansionChanged",))),
    **_each("GridTile", Spec("Card", "holder")),
    **_each("Checkbox CheckboxListTile CupertinoCheckbox", Spec("", "toggle", _CHANGED)),
    **_each("Switch SwitchListTile CupertinoSwitch", Spec("", "toggle", _CHANGED)),
    **_each("Radio RadioListTile CupertinoRadio", Spec("", "toggle", _CHANGED)),
    **_each("CheckboxMenuButton", Spec("MenuItemButton", "toggle", _CHANGED)),
    **_each("FilterChip ChoiceChip", Spec("", "toggle", ("onSelected",))),
    **_each("ActionChip", Spec("", "button", _PRESSED)),
    **_each("InputChip", Spec("", "row", ("onSelected", "onPressed", "onDeleted"))),
    **_each("Chip", Spec("", "row", ("onDeleted",))),
    **_each("TextField TextFormField CupertinoTextField SearchBar CupertinoSearchTextField", Spec("", "input")),
    **_each("SearchAnchor", Spec("", "input")),
    **_each("CupertinoTextFormFieldRow", Spec("CupertinoTextField", "input")),
    **_each("EditableText PinCodeTextField Pinput FormBuilderTextField", Spec("TextField", "input")),
    **_each("Slider RangeSlider CupertinoSlider", Spec("", "slider", _CHANGED)),
    **_each("DropdownButton DropdownButtonFormField", Spec("", "choice", _CHANGED)),
    **_each("DropdownMenu PopupMenuButton", Spec("", "choice", ("onSelected",))),
    **_each("SubmenuButton", Spec("PopupMenuButton", "button", ("onOpen",))),
    **_each("PopupMenuItem", Spec("", "button", ("onTap",))),
    **_each("CheckedPopupMenuItem DropdownMenuItem", Spec("PopupMenuItem", "button", ("onTap",))),
    **_each("DropdownMenuEntry", Spec("PopupMenuItem", "item")),
    **_each("MenuItemButton CupertinoContextMenuAction", Spec("", "button", _PRESSED)),
    **_each("Tab NavigationDestination", Spec("", "item")),
    **_each("BottomNavigationBarItem NavigationRailDestination", Spec("NavigationDestination", "item")),
    **_each("NavigationDrawerDestination", Spec("ListTile", "item")),
    **_each("ButtonSegment", Spec("Radio", "item")),
    **_each("CupertinoDatePicker CalendarDatePicker Stepper", Spec("", "slider")),
    **_each("Text RichText SelectableText", Spec("", "text")),
    **_each("AutoSizeText", Spec("Text", "text")),
    **_each("Image CircleAvatar", Spec("", "picture")),
    **_each("FadeInImage CachedNetworkImage SvgPicture", Spec("Image", "picture")),
    **_each("Icon ImageIcon", Spec("", "picture")),
    **_each("FaIcon", Spec("Icon", "picture")),
    **_each("LinearProgressIndicator CircularProgressIndicator CupertinoActivityIndicator", Spec("", "holder")),
    **_each("AppBar SliverAppBar CupertinoNavigationBar BottomAppBar Card Drawer NavigationDrawer", Spec("", "holder")),
    **_each("CupertinoSliverNavigationBar", Spec("SliverAppBar", "holder")),
    **_each("AlertDialog SimpleDialog Dialog BottomSheet CupertinoAlertDialog", Spec("", "holder")),
    **_each("CupertinoActionSheet GoogleMap WebViewWidget VideoPlayer AdWidget", Spec("", "holder")),
    **_each("YoutubePlayer Chewie", Spec("VideoPlayer", "holder")),
    **_each("TabBar NavigationBar BottomNavigationBar NavigationRail CupertinoTabBar", Spec("", "holder")),
    **_each("SegmentedButton", Spec("", "holder")),
    **_each("ToggleButtons CupertinoSegmentedControl CupertinoSlidingSegmentedControl", Spec("", "slider")),
    **_each("ListView GridView SliverList SliverGrid ReorderableListView", Spec("", "list")),
    **_each("SliverReorderableList AnimatedList SliverAnimatedList", Spec("SliverList", "list")),
    **_each("SingleChildScrollView PageView CustomScrollView TabBarView NestedScrollView", Spec("", "scroll")),
    **_each("ListWheelScrollView", Spec("ListView", "list")),
}
"""Widgets that a person or a screen reader meets; every other one only lays out what is in it."""

CHOSEN = ("onTap", "onDestinationSelected", "onValueChanged", "onSelectionChanged")
"""What a bar calls with the number of the item that was tapped."""

DRAGGED = ("onHorizontalDragUpdate", "onPanUpdate")
"""A hand-made slider has one of these; around other controls it only scrolls."""

REPEATING = frozenset({"itemBuilder", "separatorBuilder", "indicatorBuilder"})
"""Builders that are called for each item of a list."""

UNSHOWN = frozenset(
    {
        "flightShuttleBuilder",
        "transitionBuilder",
        "transitionsBuilder",
        "feedback",
        "childWhenDragging",
        "onGenerateRoute",
    }
    | {"style", "theme", "selectedIcon", "activeIcon", "prototypeItem", "openBuilder", "itemExtentBuilder"}
)
"""Arguments that hold widgets which a resting screen does not show."""

MAYBE = frozenset(
    {"drawer", "endDrawer", "errorBuilder", "loadingBuilder", "placeholder", "placeholderBuilder", "errorWidget"}
    | {"optionsViewBuilder", "background", "secondaryBackground", "suggestionsBuilder", "menuChildren", "loading"}
)
"""Arguments that a screen shows at times only."""

SPOKEN = {
    "BackButton": "Back",
    "CloseButton": "Close",
    "CupertinoNavigationBarBackButton": "Back",
    "DrawerButton": "Open navigation menu",
    "EndDrawerButton": "Open navigation menu",
    "PopupMenuButton": "Show menu",
}
"""What Flutter itself says of a widget that is given no words (English, MaterialLocalizations)."""
