"""What the components of React Native and of its best known libraries are to a person."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from samouk.domains.screens.source.react_native.values import Library

Kind = Literal[
    "box", "press", "text", "picture", "input", "toggle", "choice", "list", "dialog", "busy", "nothing", "option"
]
"""``press`` takes the words of what is in it, as what is accessible does; ``choice`` opens or holds choices;
``nothing`` shows nothing."""


class Host(NamedTuple):
    """A component that is shown as such.

    Attributes:
        class_name: a key of ``taxonomy.PUBLIC_CLASSES``.
        acts: a person can act on it whether or not the source hands it a function.
        words: props that hold the words on it, in the order in which they are read.
        capitals: Android shows its words in capitals, iOS as they are written.
    """

    class_name: str
    kind: Kind = "box"
    acts: bool = False
    words: tuple[str, ...] = ()
    capitals: bool = False


_CHECK = Host("Checkbox", "toggle", True, ("title", "label"))
_RADIO = Host("Radio", "toggle", True, ("title", "label"))
_CHOICE = Host("Picker", "choice", True)
_SEGMENTS = Host("RNCSegmentedControl", "choice", True)
_FLOATING = Host("FloatingActionButton", "press", True, ("label",))
_ROW = Host("ListTile", "press", False, ("title", "subtitle", "description", "label"))
_LIST = Host("FlatList", "list")
_SCROLL = Host("ScrollView")
_DIALOG = Host("Modal", "dialog", False, ("title", "message"))
_MENU_ITEM = Host("PopupMenuItem", "press", True, ("title", "label", "text"))
_TABLE: tuple[tuple[str, Host], ...] = (
    ("View Box Center VStack HStack Row Col Flex List.Section Drawer.Section Menu.Group Divider Spacer", Host("View")),
    ("RadioButton.Group RadioGroup Radio.Group Checkbox.Group ListItem.Content ListItem.Chevron", Host("View")),
    ("SafeAreaView", Host("SafeAreaView")),
    ("KeyboardAvoidingView", Host("KeyboardAvoidingView")),
    ("Card Surface", Host("Card", "press")),
    ("TouchableOpacity TouchableRipple TouchableScale Touchable Ripple", Host("TouchableOpacity", "press")),
    ("TouchableHighlight", Host("TouchableHighlight", "press")),
    ("TouchableWithoutFeedback", Host("TouchableWithoutFeedback", "press")),
    ("TouchableNativeFeedback", Host("TouchableNativeFeedback", "press")),
    ("Pressable PressableScale AnimatedPressable BaseButton RectButton BorderlessButton", Host("Pressable", "press")),
    ("Text Heading Title Subheading Paragraph Caption Headline Snackbar ListItem.Title", Host("Text", "text")),
    ("ListItem.Subtitle Dialog.Title Dialog.Description", Host("Text", "text")),
    ("HelperText Label Avatar.Text", Host("Text", "text", words=("label",))),
    ("Badge", Host("Text", "text", words=("value",))),
    ("Card.Title List.Subheader Appbar.Content", Host("Text", "text", words=("title", "subtitle"))),
    ("Image FastImage ImageBackground Card.Cover Thumbnail", Host("Image", "picture")),
    ("Avatar Avatar.Image Avatar.Icon", Host("CircleAvatar", "picture")),
    ("Icon SvgUri List.Icon SymbolView", Host("Icon", "picture")),
    (
        "TextInput Input TextField TextInputMask MaskedTextInput MaskInput Textarea TextArea",
        Host("TextInput", "input", True),
    ),
    ("FloatingLabelInput AutoGrowingTextInput PhoneInput OtpInput OTPInput", Host("TextInput", "input", True)),
    ("BottomSheetTextInput InputField", Host("TextInput", "input", True)),
    ("SecureField", Host("TextInput", "input", True)),
    ("SearchBar Searchbar SearchInput", Host("SearchBar", "input", True)),
    ("Switch ToggleSwitch", Host("Switch", "toggle", True)),
    ("Toggle", Host("Switch", "toggle", True, ("label",))),
    ("CheckBox Checkbox Checkbox.Item Checkbox.Android BouncyCheckbox ListItem.CheckBox", _CHECK),
    ("RadioButton Radio RadioButton.Item RadioButton.Android Radio.Item", _RADIO),
    ("Picker PickerIOS RNPickerSelect PickerSelect Dropdown DropDownPicker DropDown MultiSelect", _CHOICE),
    ("ModalDropdown SelectDropdown ModalSelector Select SelectList", _CHOICE),
    ("Picker.Item PickerItem Select.Item", Host("View", "nothing")),
    ("Slider MultiSlider Rating AirbnbRating StarRating", Host("Slider", "toggle", True)),
    ("Stepper InputSpinner NumericInput", Host("Stepper", "toggle", True)),
    ("DateTimePicker DatePicker DatePickerIOS Calendar", Host("DateTimePicker", "toggle", True)),
    ("DateTimePickerModal DatePickerModal", Host("DateTimePicker", "dialog")),
    ("SegmentedControl SegmentedControlIOS ButtonGroup SegmentedButtons SegmentedControlTab", _SEGMENTS),
    ("Button SocialIcon GoogleSigninButton AppleButton LinkButton", Host("Button", "press", True, ("title", "label"))),
    ("IconButton Appbar.Action ToggleButton Icon.Button HeaderBackButton", Host("IconButton", "press", True)),
    ("Appbar.BackAction", Host("BackButton", "press", True)),
    ("FAB FloatingAction ActionButton AnimatedFAB Fab FAB.Group SpeedDial", _FLOATING),
    ("ListItem List.Item Drawer.Item DrawerItem DataTable.Row", _ROW),
    ("List.Accordion ListItem.Accordion", Host("ListTile", "press", True, ("title", "description"))),
    ("Chip Tag", Host("Chip", "press", False, ("title", "label"))),
    ("Link", Host("Text", "press")),
    ("Appbar Appbar.Header Header Toolbar ToolbarAndroid", Host("AppBar")),
    ("FlatList SectionList VirtualizedList FlashList LegendList ListView SwipeListView DraggableFlatList", _LIST),
    ("BottomSheetFlatList MasonryList", _LIST),
    ("ScrollView KeyboardAwareScrollView ParallaxScrollView ViewPager PagerView Swiper Carousel Content", _SCROLL),
    ("BottomSheetScrollView", _SCROLL),
    ("Modal ReactNativeModal Dialog Overlay BottomSheet BottomSheetModal ActionSheet RBSheet Actionsheet", _DIALOG),
    ("Dialog.Container AlertDialog Modalize Menu Popover MenuOptions", _DIALOG),
    ("Dialog.Button Menu.Item MenuItem MenuOption Actionsheet.Item FAB.Action", _MENU_ITEM),
    ("DrawerLayoutAndroid DrawerLayout Drawer", Host("Drawer")),
    ("ActivityIndicator Spinner ProgressBar ProgressBarAndroid Progress.Bar", Host("ActivityIndicator", "busy")),
    ("WebView RNCWebView", Host("WebView")),
    ("MapView", Host("AIRMap")),
    ("Video", Host("Video")),
    ("StatusBar RefreshControl SplashScreen SystemBars Helmet", Host("View", "nothing")),
)
HOSTS: dict[str, Host] = {name: host for names, host in _TABLE for name in names.split()}

UNLISTED = Host("TouchableOpacity", "press", False, ("title", "label", "text"))
"""A library's component of an unknown kind that something happens on: its words stand in the usual props."""

_CORE_BUTTON = HOSTS["Button"]._replace(capitals=True)
_ENDINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(ending), name)
    for ending, name in (
        (r"IconButton$", "IconButton"),
        (r"(Fab|FAB)$", "FAB"),
        (r"Button$|Btn$", "Button"),
        (r"(Text|Password|Number|Masked?)Input$|TextField$", "TextInput"),
        (r"SearchBar$", "SearchBar"),
        (r"Switch$", "Switch"),
        (r"Check[bB]ox$", "CheckBox"),
        (r"ScrollView$", "ScrollView"),
        (r"FlatList$|SectionList$|ListView$", "FlatList"),
        (r"Modal$|ActionSheet$|BottomSheet$", "Modal"),
        (r"^Touchable|Pressable$", "TouchableOpacity"),
        (r"ActivityIndicator$|Spinner$", "ActivityIndicator"),
    )
)
"""Libraries beyond those that are listed name their components alike."""

_ICONS = re.compile(
    r"vector-icons|/icons?(?:/|$)|fontawesome|lucide|feather|heroicons|octicons|ionicons|material-icons", re.I
)


def host_of(library: Library) -> Host | None:
    """What a library's component is; None where it only holds others, or is not known."""
    if _ICONS.search(library.module) and not library.name.endswith("Button"):
        return HOSTS["Icon"]
    if library == ("react-native", "Button"):
        return _CORE_BUTTON
    parts = library.name.split(".")
    for name in (".".join(parts[-2:]), parts[-1]):
        if name in HOSTS:
            return HOSTS[name]
    if library.module == "react-native":
        return None
    return next((HOSTS[name] for ending, name in _ENDINGS if ending.search(parts[-1])), None)
