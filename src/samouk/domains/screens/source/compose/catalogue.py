"""The widgets of Jetpack Compose (foundation, Material 2 and 3): what their parameters mean for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["plain", "control", "optional", "input", "holder", "list", "over"]
"""``plain`` shows something; ``control`` is always acted on; ``optional`` where a handler is given; ``input`` takes
text; ``holder`` only holds; ``list`` repeats; ``over`` lies above the screen while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a widget is.

    Attributes:
        class_name: of ``taxonomy.PUBLIC_CLASSES``, the one that tells most; "" for what shows nothing of its own.
        parameters: names of what is given by place.
        slots: parameters that hold further widgets, in the order in which they are read; "" for the lambda behind.
        action: parameter with what a tap does.
        checked: parameter with its state.
        role: what the framework itself declares, where that tells no less than the class.
        repeats: its slot is shown a number of times that is not known.
    """

    class_name: str
    kind: Kind = "plain"
    parameters: tuple[str, ...] = ()
    slots: tuple[str, ...] = ("",)
    action: str = ""
    checked: str = ""
    role: str = ""
    repeats: bool = False


def _words(written: str) -> tuple[str, ...]:
    return tuple(written.split())


_BUTTON = Spec(
    class_name="android.widget.Button",
    kind="control",
    parameters=("onClick", "modifier", "enabled"),
    action="onClick",
    role="Role.Button",
)
_ICON_BUTTON = Spec(
    class_name="IconButton",
    kind="control",
    parameters=("onClick", "modifier", "enabled"),
    action="onClick",
    role="Role.Button",
)
_ICON_TOGGLE = Spec(
    class_name="IconButton",
    kind="control",
    parameters=("checked", "onCheckedChange", "modifier", "enabled"),
    action="onCheckedChange",
    checked="checked",
)
_FAB = Spec(
    class_name="FloatingActionButton",
    kind="control",
    parameters=("onClick", "modifier"),
    action="onClick",
    role="Role.Button",
)
_INPUT = Spec(
    class_name="android.widget.EditText",
    kind="input",
    parameters=_words(
        """value onValueChange modifier enabled readOnly textStyle label placeholder leadingIcon trailingIcon prefix
        suffix supportingText isError visualTransformation keyboardOptions keyboardActions singleLine maxLines"""
    ),
    slots=("label", "placeholder", "leadingIcon", "trailingIcon", "prefix", "suffix", "supportingText"),
)
_BASIC_INPUT = Spec(
    class_name="android.widget.EditText",
    kind="input",
    parameters=_words(
        "value onValueChange modifier enabled readOnly textStyle keyboardOptions keyboardActions singleLine maxLines"
    ),
    slots=("decorationBox", "decorator", ""),
)
_SECURE_INPUT = Spec(
    class_name="android.widget.EditText",
    kind="input",
    parameters=("state", "modifier", "enabled"),
    slots=_INPUT.slots,
)
_SEARCH = Spec(
    class_name="SearchBar",
    kind="input",
    parameters=_words(
        "query onQueryChange onSearch expanded onExpandedChange modifier enabled placeholder leadingIcon"
    ),
    slots=("placeholder", "leadingIcon", "trailingIcon"),
)
_SURFACE = Spec(
    class_name="Card",
    kind="optional",
    parameters=("onClick", "modifier", "enabled"),
    slots=("", "content"),
    action="onClick",
)
_TAB = Spec(
    class_name="Tab",
    kind="control",
    parameters=("selected", "onClick", "modifier", "enabled", "text", "icon"),
    slots=("icon", "text", "", "content"),
    action="onClick",
    checked="selected",
    role="Role.Tab",
)
_NAVIGATION_ITEM = Spec(
    class_name="Tab",
    kind="control",
    parameters=("selected", "onClick", "icon", "modifier", "enabled", "label"),
    slots=("icon", "label"),
    action="onClick",
    checked="selected",
    role="Role.Tab",
)
_CHIP_SLOTS = ("leadingIcon", "icon", "avatar", "label", "trailingIcon", "")
_CHIP = Spec(
    class_name="ActionChip",
    kind="control",
    parameters=("onClick", "label", "modifier", "enabled", "leadingIcon"),
    slots=_CHIP_SLOTS,
    action="onClick",
)
_FILTER_CHIP = Spec(
    class_name="FilterChip",
    kind="control",
    parameters=("selected", "onClick", "label", "modifier", "enabled", "leadingIcon", "trailingIcon"),
    slots=_CHIP_SLOTS,
    action="onClick",
    checked="selected",
)
_LIST = Spec(class_name="ListView", kind="list", parameters=("modifier", "state"), slots=("", "content"))
_GRID = Spec(class_name="GridView", kind="list", parameters=("cells", "modifier", "state"), slots=("", "content"))
_PAGER = Spec(class_name="PageView", kind="list", parameters=("state", "modifier"), repeats=True)
_HOLDER = Spec(class_name="", kind="holder", parameters=("modifier",), slots=("", "content"))
_TOP_BAR = Spec(
    class_name="AppBar",
    kind="holder",
    parameters=("title", "modifier", "navigationIcon", "actions"),
    slots=("navigationIcon", "title", "actions", "", "content"),
)
_TAB_BAR = Spec(class_name="TabBar", kind="holder", parameters=("selectedTabIndex", "modifier"), slots=("", "tabs"))
_MENU = Spec(class_name="", kind="over", parameters=("expanded", "onDismissRequest", "modifier"), slots=("", "content"))
_DIALOG = Spec(
    class_name="AlertDialog",
    kind="over",
    parameters=("onDismissRequest", "confirmButton", "modifier", "dismissButton", "icon", "title", "text"),
    slots=("icon", "title", "text", "", "content", "buttons", "dismissButton", "confirmButton"),
)
_DRAWER = Spec(
    class_name="",
    kind="holder",
    parameters=("drawerContent", "modifier", "drawerState"),
    slots=("drawerContent", "", "content"),
)
_PROGRESS = Spec(class_name="CircularProgressIndicator", parameters=("progress", "modifier"), slots=())
_IMAGE = Spec(class_name="android.widget.ImageView", parameters=("painter", "contentDescription", "modifier"), slots=())

_NAMES: dict[str, Spec] = {
    "Button TextButton OutlinedButton FilledTonalButton ElevatedButton": _BUTTON,
    "IconButton FilledIconButton FilledTonalIconButton OutlinedIconButton": _ICON_BUTTON,
    "IconToggleButton FilledIconToggleButton FilledTonalIconToggleButton OutlinedIconToggleButton": _ICON_TOGGLE,
    "FloatingActionButton SmallFloatingActionButton LargeFloatingActionButton": _FAB,
    "ExtendedFloatingActionButton": Spec(
        class_name="FloatingActionButton",
        kind="control",
        parameters=("text", "icon", "onClick", "modifier"),
        slots=("icon", "text", "", "content"),
        action="onClick",
        role="Role.Button",
    ),
    "TextField OutlinedTextField": _INPUT,
    "BasicTextField BasicTextField2": _BASIC_INPUT,
    "SecureTextField OutlinedSecureTextField BasicSecureTextField": _SECURE_INPUT,
    "SearchBar DockedSearchBar": Spec(
        class_name="SearchBar",
        kind="input",
        parameters=_SEARCH.parameters,
        slots=("inputField", "placeholder", "leadingIcon", "trailingIcon", "", "content"),
    ),
    "InputField": _SEARCH,
    "ClickableText": Spec(
        class_name="android.widget.TextView",
        kind="optional",
        parameters=("text", "modifier"),
        slots=(),
        action="onClick",
    ),
    "Text BasicText SelectableText": Spec(
        class_name="android.widget.TextView", parameters=("text", "modifier"), slots=()
    ),
    "Icon": Spec(class_name="Icon", parameters=("image", "contentDescription", "modifier"), slots=()),
    "Image": _IMAGE,
    "AsyncImage SubcomposeAsyncImage GlideImage CoilImage NetworkImage": _IMAGE,
    "Checkbox": Spec(
        class_name="android.widget.CheckBox",
        kind="optional",
        parameters=("checked", "onCheckedChange", "modifier", "enabled"),
        slots=(),
        action="onCheckedChange",
        checked="checked",
        role="Role.Checkbox",
    ),
    "TriStateCheckbox": Spec(
        class_name="android.widget.CheckBox",
        kind="optional",
        parameters=("state", "onClick", "modifier", "enabled"),
        slots=(),
        action="onClick",
        checked="state",
        role="Role.Checkbox",
    ),
    "Switch": Spec(
        class_name="Switch",
        kind="optional",
        parameters=("checked", "onCheckedChange", "modifier", "thumbContent", "enabled"),
        slots=(),
        action="onCheckedChange",
        checked="checked",
        role="Role.Switch",
    ),
    "RadioButton": Spec(
        class_name="android.widget.RadioButton",
        kind="optional",
        parameters=("selected", "onClick", "modifier", "enabled"),
        slots=(),
        action="onClick",
        checked="selected",
        role="Role.RadioButton",
    ),
    "Slider RangeSlider": Spec(
        class_name="android.widget.SeekBar",
        kind="control",
        parameters=("value", "onValueChange", "modifier", "enabled"),
        slots=(),
    ),
    "Tab": _TAB,
    "LeadingIconTab": Spec(
        class_name="Tab",
        kind="control",
        parameters=("selected", "onClick", "text", "icon", "modifier", "enabled"),
        slots=("icon", "text"),
        action="onClick",
        checked="selected",
        role="Role.Tab",
    ),
    "NavigationBarItem NavigationRailItem BottomNavigationItem ShortNavigationBarItem": _NAVIGATION_ITEM,
    "NavigationDrawerItem": Spec(
        class_name="Tab",
        kind="control",
        parameters=("label", "selected", "onClick", "modifier", "icon", "badge"),
        slots=("icon", "label", "badge"),
        action="onClick",
        checked="selected",
        role="Role.Tab",
    ),
    "SegmentedButton": Spec(
        class_name="SegmentedButton",
        kind="control",
        parameters=("selected", "onClick", "shape", "modifier", "enabled"),
        slots=("icon", "label", "", "content"),
        action="onClick",
        checked="selected",
    ),
    "AssistChip ElevatedAssistChip SuggestionChip ElevatedSuggestionChip": _CHIP,
    "Chip": Spec(
        class_name="Chip",
        kind="control",
        parameters=("onClick", "modifier", "enabled"),
        slots=_CHIP_SLOTS,
        action="onClick",
    ),
    "FilterChip ElevatedFilterChip": _FILTER_CHIP,
    "InputChip": Spec(
        class_name="InputChip",
        kind="control",
        parameters=_FILTER_CHIP.parameters,
        slots=_CHIP_SLOTS,
        action="onClick",
        checked="selected",
    ),
    "DropdownMenuItem": Spec(
        class_name="PopupMenuItem",
        kind="control",
        parameters=("text", "onClick", "modifier", "leadingIcon", "trailingIcon", "enabled"),
        slots=("leadingIcon", "text", "trailingIcon", "", "content"),
        action="onClick",
    ),
    "DropdownMenu ExposedDropdownMenu CascadeDropdownMenu": _MENU,
    "AlertDialog": _DIALOG,
    "BasicAlertDialog Dialog": Spec(
        class_name="Dialog", kind="over", parameters=("onDismissRequest", "modifier"), slots=("", "content")
    ),
    "Popup": _MENU,
    "DatePickerDialog TimePickerDialog": Spec(
        class_name="AlertDialog",
        kind="over",
        parameters=("onDismissRequest", "confirmButton", "modifier", "dismissButton"),
        slots=("title", "", "content", "dismissButton", "confirmButton"),
    ),
    "ModalBottomSheet": Spec(
        class_name="BottomSheet",
        kind="over",
        parameters=("onDismissRequest", "modifier", "sheetState"),
        slots=("dragHandle", "", "content"),
    ),
    "DatePicker DateRangePicker": Spec(
        class_name="CalendarDatePicker", kind="control", parameters=("state", "modifier"), slots=()
    ),
    "TimePicker TimeInput": Spec(
        class_name="android.widget.TimePicker", kind="control", parameters=("state", "modifier"), slots=()
    ),
    "Card ElevatedCard OutlinedCard": _SURFACE,
    "Surface": Spec(
        class_name="",
        kind="optional",
        parameters=_SURFACE.parameters,
        slots=("", "content"),
        action="onClick",
    ),
    "ListItem": Spec(
        class_name="ListTile",
        kind="optional",
        action="onClick",
        parameters=_words("headlineContent modifier overlineContent supportingContent leadingContent trailingContent"),
        slots=(
            *_words("leadingContent icon overlineContent overlineText headlineContent headlineText text"),
            *_words("supportingContent supportingText secondaryText trailingContent trailing"),
            "",
        ),
    ),
    "TopAppBar CenterAlignedTopAppBar MediumTopAppBar LargeTopAppBar SmallTopAppBar": _TOP_BAR,
    "BottomAppBar": Spec(
        class_name="BottomAppBar",
        kind="holder",
        parameters=("actions", "modifier", "floatingActionButton"),
        slots=("actions", "", "content", "floatingActionButton"),
    ),
    "NavigationBar BottomNavigation ShortNavigationBar": Spec(
        class_name="NavigationBar", kind="holder", parameters=("modifier",), slots=("", "content")
    ),
    "NavigationRail": Spec(
        class_name="NavigationRail", kind="holder", parameters=("modifier",), slots=("header", "", "content")
    ),
    "TabRow ScrollableTabRow PrimaryTabRow SecondaryTabRow PrimaryScrollableTabRow SecondaryScrollableTabRow": _TAB_BAR,
    "ModalDrawerSheet DismissibleDrawerSheet PermanentDrawerSheet": Spec(
        class_name="Drawer", kind="holder", parameters=("modifier",), slots=("", "content")
    ),
    "PermanentNavigationDrawer": _DRAWER,
    "Scaffold BottomSheetScaffold": Spec(
        class_name="",
        kind="holder",
        parameters=("modifier",),
        slots=(
            *_words("topBar drawerContent"),
            *("", "content"),
            *_words("sheetContent floatingActionButton bottomBar snackbarHost"),
        ),
    ),
    "LazyColumn LazyRow": _LIST,
    "LazyVerticalGrid LazyHorizontalGrid LazyVerticalStaggeredGrid LazyHorizontalStaggeredGrid": _GRID,
    "HorizontalPager VerticalPager": _PAGER,
    "Column Row Box BoxWithConstraints FlowRow FlowColumn ConstraintLayout SelectionContainer": _HOLDER,
    "NavigationSuiteScaffold": Spec(
        class_name="",
        kind="holder",
        parameters=("navigationSuiteItems", "modifier"),
        slots=("navigationSuiteItems", "", "content"),
    ),
    "AnimatedContent Crossfade": Spec(class_name="", kind="holder", parameters=("targetState", "modifier")),
    "Canvas Spacer": Spec(class_name="", kind="holder", parameters=("modifier",), slots=()),
    "BadgedBox": Spec(class_name="", kind="holder", parameters=("badge", "modifier"), slots=("badge", "", "content")),
    "CircularProgressIndicator": _PROGRESS,
    "LinearProgressIndicator": Spec(
        class_name="LinearProgressIndicator", parameters=("progress", "modifier"), slots=()
    ),
    "AndroidView": Spec(class_name="android.view.View", parameters=("factory", "modifier"), slots=()),
    "WebView": Spec(class_name="android.webkit.WebView", parameters=("state", "modifier"), slots=()),
    "GoogleMap": Spec(class_name="GoogleMap", parameters=("modifier",), slots=()),
    "PlayerView VideoPlayer": Spec(class_name="VideoPlayer", parameters=("player", "modifier"), slots=()),
}

WIDGETS: dict[str, Spec] = {name: spec for names, spec in _NAMES.items() for name in names.split()}
"""Widgets by the name that a call uses."""

SILENT = frozenset(
    [
        "Divider",
        "HorizontalDivider",
        "VerticalDivider",
        "LaunchedEffect",
        "SideEffect",
        "DisposableEffect",
        "BackHandler",
        "PullToRefreshContainer",
        "ReportDrawn",
        "ReportDrawnWhen",
        "TrackScreenViewEvent",
        "LifecycleEventEffect",
        "LifecycleResumeEffect",
        "LifecycleStartEffect",
        "PredictiveBackHandler",
    ]
)
"""Calls that show a person nothing to act on, or nothing before something has happened."""

BESIDE: dict[str, tuple[Spec, str, str]] = {
    "ModalNavigationDrawer": (_DRAWER, "drawerContent", "drawerState"),
    "DismissibleNavigationDrawer": (_DRAWER, "drawerContent", "drawerState"),
    "ModalDrawer": (_DRAWER, "drawerContent", "drawerState"),
    "ModalBottomSheetLayout": (
        Spec(class_name="", kind="holder", parameters=("sheetContent", "modifier", "sheetState")),
        "sheetContent",
        "sheetState",
    ),
}
"""What keeps a part of itself out of sight: its slot, and the parameter with the state that brings it in."""

ITEMS = frozenset(["items", "itemsIndexed"])
SCOPES = ITEMS | {"item", "stickyHeader"}
"""What lists and bars declare their parts with, also on a scope that is named."""

LOOPS = frozenset(
    ["forEach", "forEachIndexed", "fastForEach", "fastForEachIndexed", "map", "mapIndexed", "onEach", "onEachIndexed"]
)
SCOPED = frozenset(["let", "run", "also", "apply", "with"])
