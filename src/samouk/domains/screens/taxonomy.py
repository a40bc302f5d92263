"""The 36 types of elements, and what the public class names of each framework say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from samouk.domains.screens.element import Platform

TAXONOMY_VERSION = 1
TYPES = (
    "button",
    "icon_button",
    "link",
    "text_input",
    "password_input",
    "search_input",
    "checkbox",
    "radio_button",
    "switch",
    "slider",
    "stepper",
    "dropdown",
    "date_picker",
    "tab",
    "segmented",
    "chip",
    "menu_item",
    "list_item",
    "text",
    "image",
    "icon",
    "progress",
    "page_indicator",
    "map",
    "web_view",
    "video",
    "ad",
    "app_bar",
    "tab_bar",
    "list",
    "scroll",
    "dialog",
    "drawer",
    "card",
    "container",
    "unknown",
)
"""In the order of their stored codes; a type is never removed or moved, only appended before a new version."""

CUSTOM = "custom"
"""What leaves the machine in place of any class name that is not public."""

ICON_DP = 48
"""A picture no larger than this on its longer side is an icon, if nothing happens on a tap."""


class Flags(NamedTuple):
    """What beside the class decides its type; None where it is not told.

    ``small`` says that the longer side is at most ``ICON_DP``.
    """

    password: bool | None = None
    clickable: bool | None = None
    checkable: bool | None = None
    small: bool | None = None


NO_FLAGS = Flags()

_GENERIC = """
android.view.View android.view.ViewGroup android.widget.FrameLayout android.widget.LinearLayout
android.widget.RelativeLayout android.widget.TableLayout android.widget.TableRow android.widget.GridLayout
android.widget.AbsoluteLayout android.widget.ViewAnimator android.widget.ViewFlipper android.widget.ViewSwitcher
android.view.ViewStub android.view.SurfaceView android.view.TextureView android.widget.Space
androidx.appcompat.widget.LinearLayoutCompat android.support.v7.widget.LinearLayoutCompat
androidx.constraintlayout.widget.ConstraintLayout android.support.constraint.ConstraintLayout
androidx.coordinatorlayout.widget.CoordinatorLayout android.support.design.widget.CoordinatorLayout
androidx.constraintlayout.motion.widget.MotionLayout androidx.appcompat.widget.FitWindowsLinearLayout
androidx.appcompat.widget.FitWindowsFrameLayout androidx.appcompat.widget.ContentFrameLayout
androidx.appcompat.widget.ActionBarOverlayLayout androidx.fragment.app.FragmentContainerView
androidx.slidingpanelayout.widget.SlidingPaneLayout androidx.swiperefreshlayout.widget.SwipeRefreshLayout
androidx.gridlayout.widget.GridLayout com.google.android.flexbox.FlexboxLayout
androidx.compose.ui.platform.ComposeView androidx.compose.ui.platform.AndroidComposeView
androidx.compose.ui.viewinterop.ViewFactoryHolder
XCUIElementTypeOther XCUIElementTypeAny XCUIElementTypeGroup XCUIElementTypeLayoutArea XCUIElementTypeLayoutItem
UIAElement View RCTView RCTViewManager ReactViewGroup RCTSafeAreaView SafeAreaView KeyboardAvoidingView Container Row
Column Stack Padding Center Align SizedBox Expanded Flexible DecoratedBox ConstrainedBox Positioned Wrap SafeArea
GestureDetector InkWell Semantics Material Scaffold Opacity AnimatedContainer Pressable TouchableOpacity
TouchableHighlight TouchableWithoutFeedback TouchableNativeFeedback
"""
"""Classes that only hold or only draw: they say nothing of what the element is."""

_SAYS: Mapping[str, str] = {
    "button": """
        android.widget.Button androidx.appcompat.widget.AppCompatButton android.support.v7.widget.AppCompatButton
        com.google.android.material.button.MaterialButton XCUIElementTypeButton XCUIElementTypeToolbarButton UIAButton
        ElevatedButton TextButton OutlinedButton FilledButton CupertinoButton Button RCTButton""",
    "icon_button": """
        android.widget.ImageButton androidx.appcompat.widget.AppCompatImageButton android.widget.ZoomButton
        android.support.v7.widget.AppCompatImageButton IconButton FloatingActionButton BackButton CloseButton
        com.google.android.material.floatingactionbutton.FloatingActionButton
        com.google.android.material.floatingactionbutton.ExtendedFloatingActionButton
        android.support.design.widget.FloatingActionButton""",
    "link": "XCUIElementTypeLink UIALink",
    "text_input": """
        android.widget.EditText android.widget.AutoCompleteTextView android.widget.MultiAutoCompleteTextView
        androidx.appcompat.widget.AppCompatEditText androidx.appcompat.widget.AppCompatAutoCompleteTextView
        android.support.v7.widget.AppCompatEditText com.google.android.material.textfield.TextInputEditText
        android.inputmethodservice.ExtractEditText XCUIElementTypeTextField XCUIElementTypeTextView UIATextField
        UIATextView TextField TextFormField CupertinoTextField TextInput RCTTextInput RCTSinglelineTextInputView
        RCTMultilineTextInputView""",
    "password_input": "XCUIElementTypeSecureTextField UIASecureTextField",
    "search_input": """
        android.widget.SearchView androidx.appcompat.widget.SearchView XCUIElementTypeSearchField UIASearchBar
        SearchBar SearchAnchor CupertinoSearchTextField com.google.android.material.search.SearchBar""",
    "checkbox": """
        android.widget.CheckBox androidx.appcompat.widget.AppCompatCheckBox android.widget.CheckedTextView
        androidx.appcompat.widget.AppCompatCheckedTextView com.google.android.material.checkbox.MaterialCheckBox
        XCUIElementTypeCheckBox Checkbox CheckboxListTile CupertinoCheckbox""",
    "radio_button": """
        android.widget.RadioButton androidx.appcompat.widget.AppCompatRadioButton XCUIElementTypeRadioButton
        com.google.android.material.radiobutton.MaterialRadioButton Radio RadioListTile CupertinoRadio""",
    "switch": """
        android.widget.Switch androidx.appcompat.widget.SwitchCompat android.support.v7.widget.SwitchCompat
        com.google.android.material.switchmaterial.SwitchMaterial android.widget.ToggleButton
        com.google.android.material.materialswitch.MaterialSwitch androidx.appcompat.widget.AppCompatToggleButton
        XCUIElementTypeSwitch XCUIElementTypeToggle UIASwitch Switch SwitchListTile CupertinoSwitch RCTSwitch""",
    "slider": """
        android.widget.SeekBar androidx.appcompat.widget.AppCompatSeekBar android.widget.RatingBar
        androidx.appcompat.widget.AppCompatRatingBar com.google.android.material.slider.Slider
        com.google.android.material.slider.RangeSlider XCUIElementTypeSlider UIASlider Slider CupertinoSlider
        RangeSlider RCTSlider""",
    "stepper": """
        android.widget.NumberPicker XCUIElementTypeStepper XCUIElementTypeIncrementArrow
        XCUIElementTypeDecrementArrow Stepper android.widget.SpinButton""",
    "dropdown": """
        android.widget.Spinner androidx.appcompat.widget.AppCompatSpinner XCUIElementTypePopUpButton
        XCUIElementTypeMenuButton XCUIElementTypeComboBox XCUIElementTypePicker XCUIElementTypePickerWheel UIAPicker
        UIAPickerWheel DropdownButton DropdownMenu DropdownButtonFormField PopupMenuButton Picker RCTPicker""",
    "date_picker": """
        android.widget.DatePicker android.widget.TimePicker android.widget.CalendarView XCUIElementTypeDatePicker
        CupertinoDatePicker CalendarDatePicker DateTimePicker RNDateTimePicker""",
    "tab": """
        com.google.android.material.tabs.TabLayout$TabView android.support.design.widget.TabLayout$TabView
        com.google.android.material.bottomnavigation.BottomNavigationItemView XCUIElementTypeTab Tab
        androidx.appcompat.app.ActionBar$Tab android.support.v7.app.ActionBar$Tab android.app.ActionBar$Tab
        NavigationDestination""",
    "segmented": """
        com.google.android.material.button.MaterialButtonToggleGroup XCUIElementTypeSegmentedControl
        UIASegmentedControl SegmentedButton CupertinoSegmentedControl CupertinoSlidingSegmentedControl ToggleButtons
        RNCSegmentedControl""",
    "chip": """
        com.google.android.material.chip.Chip Chip FilterChip ActionChip ChoiceChip InputChip""",
    "menu_item": """
        XCUIElementTypeMenuItem XCUIElementTypeMenuBarItem PopupMenuItem MenuItemButton CupertinoContextMenuAction
        androidx.appcompat.view.menu.ListMenuItemView com.android.internal.view.menu.ListMenuItemView""",
    "list_item": """
        XCUIElementTypeCell XCUIElementTypeTableRow XCUIElementTypeOutlineRow UIATableCell UIACollectionCell ListTile
        CupertinoListTile android.widget.TwoLineListItem""",
    "text": """
        android.widget.TextView androidx.appcompat.widget.AppCompatTextView android.support.v7.widget.AppCompatTextView
        com.google.android.material.textview.MaterialTextView android.widget.Chronometer android.widget.TextClock
        android.widget.TextSwitcher android.widget.DigitalClock XCUIElementTypeStaticText UIAStaticText Text RichText
        SelectableText RCTText RCTTextView""",
    "image": """
        android.widget.ImageView android.widget.Image androidx.appcompat.widget.AppCompatImageView
        android.support.v7.widget.AppCompatImageView com.google.android.material.imageview.ShapeableImageView
        android.widget.QuickContactBadge android.widget.ImageSwitcher XCUIElementTypeImage UIAImage Image RCTImageView
        RCTImage ImageBackground CircleAvatar""",
    "icon": "XCUIElementTypeIcon Icon ImageIcon",
    "progress": """
        android.widget.ProgressBar XCUIElementTypeProgressIndicator XCUIElementTypeActivityIndicator
        UIAProgressIndicator UIAActivityIndicator com.google.android.material.progressindicator.LinearProgressIndicator
        com.google.android.material.progressindicator.CircularProgressIndicator LinearProgressIndicator
        androidx.core.widget.ContentLoadingProgressBar CircularProgressIndicator CupertinoActivityIndicator
        ActivityIndicator RCTActivityIndicatorView""",
    "page_indicator": "XCUIElementTypePageIndicator UIAPageIndicator TabPageSelector",
    "map": "com.google.android.gms.maps.MapView XCUIElementTypeMap UIAMapView GoogleMap AIRMap",
    "web_view": """
        android.webkit.WebView XCUIElementTypeWebView UIAWebView WebViewWidget WebView RNCWebView RCTWebView""",
    "video": """
        android.widget.VideoView androidx.media3.ui.PlayerView com.google.android.exoplayer2.ui.PlayerView
        androidx.leanback.widget.VideoSurfaceView VideoPlayer Video RCTVideo""",
    "ad": "com.google.android.gms.ads.AdView com.google.android.gms.ads.nativead.NativeAdView AdWidget BannerAd",
    "app_bar": """
        android.widget.Toolbar androidx.appcompat.widget.Toolbar android.support.v7.widget.Toolbar
        com.google.android.material.appbar.MaterialToolbar com.google.android.material.appbar.AppBarLayout
        android.support.design.widget.AppBarLayout androidx.appcompat.widget.ActionBarContainer
        com.google.android.material.appbar.CollapsingToolbarLayout XCUIElementTypeNavigationBar XCUIElementTypeToolbar
        UIANavigationBar UIAToolbar AppBar SliverAppBar CupertinoNavigationBar BottomAppBar""",
    "tab_bar": """
        android.widget.TabWidget android.widget.TabHost com.google.android.material.tabs.TabLayout
        android.support.design.widget.TabLayout com.google.android.material.bottomnavigation.BottomNavigationView
        com.google.android.material.navigationrail.NavigationRailView XCUIElementTypeTabBar XCUIElementTypeTabGroup
        UIATabBar TabBar NavigationBar BottomNavigationBar NavigationRail CupertinoTabBar RCTTabBar""",
    "list": """
        android.widget.ListView android.widget.GridView android.widget.ExpandableListView android.widget.AbsListView
        androidx.recyclerview.widget.RecyclerView android.support.v7.widget.RecyclerView android.widget.Gallery
        android.widget.StackView androidx.leanback.widget.VerticalGridView androidx.leanback.widget.HorizontalGridView
        XCUIElementTypeTable XCUIElementTypeCollectionView XCUIElementTypeOutline UIATableView UIACollectionView
        ListView GridView SliverList SliverGrid ReorderableListView FlatList SectionList VirtualizedList""",
    "scroll": """
        android.widget.ScrollView android.widget.HorizontalScrollView androidx.core.widget.NestedScrollView
        android.support.v4.widget.NestedScrollView androidx.viewpager.widget.ViewPager android.support.v4.view.ViewPager
        androidx.viewpager2.widget.ViewPager2 XCUIElementTypeScrollView UIAScrollView SingleChildScrollView PageView
        CustomScrollView TabBarView NestedScrollView ScrollView RCTScrollView RCTScrollContentView""",
    "dialog": """
        android.app.Dialog android.app.AlertDialog androidx.appcompat.app.AlertDialog XCUIElementTypeAlert
        XCUIElementTypeSheet XCUIElementTypeDialog XCUIElementTypePopover UIAAlert UIAActionSheet UIAPopover AlertDialog
        SimpleDialog Dialog BottomSheet CupertinoAlertDialog CupertinoActionSheet Modal RCTModalHostView""",
    "drawer": """
        androidx.drawerlayout.widget.DrawerLayout android.support.v4.widget.DrawerLayout XCUIElementTypeDrawer
        com.google.android.material.navigation.NavigationView Drawer NavigationDrawer DrawerLayoutAndroid
        AndroidDrawerLayout""",
    "card": """
        androidx.cardview.widget.CardView com.google.android.material.card.MaterialCardView Card
        android.support.v7.widget.CardView""",
    "container": """
        XCUIElementTypeApplication XCUIElementTypeWindow XCUIElementTypeStatusBar UIAApplication UIAWindow UIAStatusBar
        UIATableGroup XCUIElementTypeKeyboard XCUIElementTypeTouchBar android.widget.RadioGroup
        com.google.android.material.chip.ChipGroup com.google.android.material.textfield.TextInputLayout""",
}

PUBLIC_CLASSES: Mapping[str, str | None] = {
    **dict.fromkeys(_GENERIC.split()),
    **{name: kind for kind, names in _SAYS.items() for name in names.split()},
    # Public, but too vague to tell which of two types it is.
    "android.widget.CompoundButton": None,
    "XCUIElementTypeKey": None,
    "XCUIElementTypeMenu": None,
    "XCUIElementTypeHandle": None,
}
"""Class names that may leave the machine, and the type that each means; None when the class says nothing."""

_CHECKED_TEXTS = frozenset({"android.widget.CheckedTextView", "androidx.appcompat.widget.AppCompatCheckedTextView"})
"""Rows of choice lists: lists that choose nothing use them too, as plain text."""

_GENERIC_NAMES = frozenset(_GENERIC.split())
_STAND_INS: Mapping[Platform, tuple[str, ...]] = {
    # Compose, Flutter and the web report View; React Native reports ViewGroup; View is counted twice as often.
    "android": ("android.view.View", "android.view.View", "android.view.ViewGroup"),
    "ios": ("XCUIElementTypeOther",),
}


def public_class(name: str) -> str:
    """The name itself where it is public, else ``custom``: vendor names never pass."""
    return name if name in PUBLIC_CLASSES else CUSTOM


def class_type(name: str, flags: Flags = NO_FLAGS) -> str | None:
    """The type that a public class means, or None when it says nothing (generic, custom, too vague)."""
    kind = PUBLIC_CLASSES.get(name)
    if kind == "text_input" and flags.password:
        return "password_input"
    if kind == "checkbox" and flags.checkable is False and name in _CHECKED_TEXTS:
        return "text"
    if kind == "image" and flags.small:
        return "icon_button" if flags.clickable else "icon"
    return kind


def is_generic(name: str) -> bool:
    """Whether the class only holds or draws, or is not public: the type must come from elsewhere."""
    return name in _GENERIC_NAMES or name not in PUBLIC_CLASSES


def generic_of(platform: Platform, seed: int = 0) -> str:
    """A class that says nothing, as the platform's own frameworks report it; ``seed`` chooses among them."""
    choices = _STAND_INS[platform]
    return choices[seed % len(choices)]
