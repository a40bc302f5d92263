"""How each framework's runtime shows each type of element: which class, which flags, where the words go.

The facts are those of the frameworks' accessibility bridges: Compose knows most roles as a plain View
and shows a button's role as an empty twin inside it, Flutter merges words into the description, React
Native is ViewGroup and TextView, iOS has no clickable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from samouk.domains.screens.simulator.apps import Framework

Words = Literal["text", "description", "child", "label", "merged", "none"]


@dataclass(frozen=True, slots=True)
class Form:
    """One way to build a type of element.

    Attributes:
        weight: how common it is among the ways.
        class_name: as the platform reports it.
        flags: letters of what is true of it: c clickable, f focusable, k checkable, l long-clickable,
            s scrollable, t has an empty twin inside that tells the role, i has a picture inside.
        words: where they stand: its text, its description, a text inside it, a label inside as long as
            nothing is written, or merged with those of all that is inside, which then does not show.
    """

    weight: float
    class_name: str
    flags: str
    words: Words


_SHORT = {
    "w": "android.widget.",
    "v": "android.view.",
    "m": "com.google.android.material.",
    "r": "androidx.recyclerview.widget.",
    "x": "XCUIElementType",
}
_WORDS: Mapping[str, Words] = {"T": "text", "D": "description", "C": "child", "L": "label", "M": "merged", "-": "none"}

_NATIVE = """
button: 6 w:Button cf T | 1.5 w:LinearLayout cf C | .7 w:FrameLayout cf C | .3 v:View cf D
icon_button: 5 w:ImageButton cf D | 1.5 w:ImageView cf D | 1 w:FrameLayout cfi D | .5 w:Button cf D
link: 3 w:TextView cf T
text_input: 8 w:EditText cfl T | 1 w:AutoCompleteTextView cfl T
password_input: 1 w:EditText cfl T
search_input: 4 w:EditText cfl T | 2 w:AutoCompleteTextView cfl T | 1 w:SearchView cf T | .6 w:LinearLayout cf C
checkbox: 6 w:CheckBox cfk T | 1 w:CheckedTextView cfk T
radio_button: 1 w:RadioButton cfk T
switch: 5 w:Switch cfk T | 1 w:ToggleButton cfk T
slider: 5 w:SeekBar f - | .5 w:RatingBar f -
stepper: 1 w:NumberPicker - - | 2 w:LinearLayout - -
dropdown: 1 w:Spinner cf C
date_picker: 2 w:DatePicker - C | .5 w:TimePicker - C | 1 w:LinearLayout - C
tab: 2 w:FrameLayout cf C | 2 w:LinearLayout cf C | 1 androidx.appcompat.app.ActionBar$Tab cf C
tab_bar: .7 w:HorizontalScrollView - - | 2 w:FrameLayout - - | 1 w:LinearLayout - - | 1 w:TabWidget - -
segmented: 1 w:LinearLayout - - | 1 w:RadioGroup - -
chip: 3 m:chip.Chip cfk T | 1 w:LinearLayout cf C
menu_item: 3 w:LinearLayout cf C | 1 w:FrameLayout cf C | 1 w:RelativeLayout cf C
list_item: 3 w:LinearLayout cf C | 2 w:FrameLayout cf C | 2 w:RelativeLayout cf C | 2 v:ViewGroup cf C
text: 1 w:TextView - T
image: 1 w:ImageView - D
icon: 1 w:ImageView - D
progress: 1 w:ProgressBar - -
page_indicator: 2 w:LinearLayout - - | 1 w:HorizontalScrollView - -
map: 2 w:FrameLayout - D | 1 v:View cf D | 1 com.google.android.gms.maps.MapView - D
web_view: 1 android.webkit.WebView f T
video: 2 w:VideoView - - | 1 v:SurfaceView - - | 1 w:FrameLayout cf - | 1 v:TextureView - -
ad: 2 w:FrameLayout - - | 1 android.webkit.WebView f - | 1 com.google.android.gms.ads.AdView - -
app_bar: 4 v:ViewGroup - - | 1 w:Toolbar - - | 2 w:LinearLayout - - | 1 w:RelativeLayout - -
list: 5 r:RecyclerView fs - | 2 w:ListView fs - | .7 w:GridView fs -
scroll: 4 w:ScrollView fs - | 1 w:HorizontalScrollView fs - | 1 androidx.viewpager.widget.ViewPager fs -
dialog: 2 w:FrameLayout - - | 1 w:LinearLayout - - | 1 androidx.appcompat.widget.LinearLayoutCompat - -
drawer: 2 w:FrameLayout - - | 1 m:navigation.NavigationView - - | 1 w:LinearLayout - -
card: 2 androidx.cardview.widget.CardView f - | 1 m:card.MaterialCardView f - | 2 w:FrameLayout f -
container: 4 w:LinearLayout - - | 4 w:FrameLayout - - | 2 w:RelativeLayout - - | 3 v:ViewGroup - - | 1 v:View - -
unknown: 2 v:View cf - | 1 v:SurfaceView - -
"""
_COMPOSE = """
button: 4 v:View cft C | 2 v:View cf C | .3 w:Button cf T
icon_button: 4 v:View cfti - | 2 v:View cfi - | .3 w:Button cf D
link: 1 w:TextView cf T
text_input: 3 w:EditText cf L
password_input: 1 w:EditText cf L
search_input: 1 w:EditText cf L
checkbox: 2 w:CheckBox cfk - | 2 v:View cfkt C
radio_button: 2 w:RadioButton cf - | 2 v:View cfkt C
switch: 1 v:View cfk -
slider: 1 w:SeekBar f -
stepper: 1 v:View - -
dropdown: 2 w:Spinner cf C | 1 v:View cf C
date_picker: 1 v:View - C
tab: 1 v:View cf C
tab_bar: 1 v:View - -
segmented: 1 v:View - -
chip: 2 v:View cfk C | 1 v:View cft C
menu_item: 1 v:View cf C
list_item: 1 v:View cf C
text: 1 w:TextView - T
image: 2 v:View - D | 2 w:ImageView - D
icon: 3 v:View - D
progress: 1 w:ProgressBar - -
page_indicator: 1 v:View - -
map: 1 v:View - D | 1 com.google.android.gms.maps.MapView - D
web_view: 1 android.webkit.WebView f T
video: 1 v:SurfaceView - - | 1 v:View - -
ad: 1 w:FrameLayout - - | 1 android.webkit.WebView f -
app_bar: 1 v:View - -
list: 3 v:View fs - | 1 w:ScrollView fs -
scroll: 3 w:ScrollView fs - | 1 w:HorizontalScrollView fs -
dialog: 1 v:View - -
drawer: 1 v:View - -
card: 1 v:View - -
container: 1 v:View - -
unknown: 1 v:View cf -
"""
_FLUTTER = """
button: 3 w:Button cf D | 1 v:View cf D
icon_button: 3 w:Button cf D | 1 v:View cf D
link: 1 v:View cf D
text_input: 1 w:EditText cf T
password_input: 1 w:EditText cf T
search_input: 1 w:EditText cf T
checkbox: 1 w:CheckBox cfk D
radio_button: 1 w:RadioButton cfk D
switch: 1 w:Switch cfk D
slider: 1 w:SeekBar f D
stepper: 1 v:View - -
dropdown: 2 w:Button cf M | 1 v:View cf M
date_picker: 1 v:View - D
tab: 3 v:View cf M | 1 w:Button cf M
tab_bar: 1 v:View - -
segmented: 1 v:View - -
chip: 1 w:Button cf D | 1 w:CheckBox cfk D
menu_item: 2 w:Button cf M | 1 v:View cf M
list_item: 3 v:View cf M | 2 w:Button cf M | 1 v:View - C
text: 1 v:View - D
image: 2 w:ImageView - D | 1 v:View - D
icon: 1 w:ImageView - D
progress: 2 v:View - D | 1 w:ProgressBar - -
page_indicator: 1 v:View - -
map: 1 v:View - D
web_view: 1 android.webkit.WebView f T
video: 1 v:View - -
ad: 1 v:View - - | 1 android.webkit.WebView f -
app_bar: 1 v:View - -
list: 2 w:ScrollView fs - | 2 v:View fs -
scroll: 2 w:ScrollView fs - | 1 v:View fs - | 1 w:HorizontalScrollView fs -
dialog: 1 v:View - D
drawer: 1 v:View - -
card: 1 v:View - -
container: 1 v:View - -
unknown: 1 v:View - -
"""
_RN = """
button: 4 v:ViewGroup cf C | 2 w:Button cf C | 1 v:View cf C
icon_button: 3 v:ViewGroup cfi - | 1 w:Button cfi D | 1 w:ImageButton cf D
link: 2 w:TextView cf T
text_input: 1 w:EditText cfl T
password_input: 1 w:EditText cfl T
search_input: 1 w:EditText cfl T
checkbox: 1 v:ViewGroup cfk C | 1 w:CheckBox cfk -
radio_button: 1 v:ViewGroup cf C | 1 w:RadioButton cfk C
switch: 1 w:Switch cfk -
slider: 1 w:SeekBar f -
stepper: 1 v:ViewGroup - -
dropdown: 2 v:ViewGroup cf C | 1 w:Spinner cf C
date_picker: 1 v:ViewGroup - C | 1 w:DatePicker - C
tab: 2 v:ViewGroup cf C | 1 v:View cf C | 1 w:Button cf C
tab_bar: 1 v:ViewGroup - - | 1 v:View - -
segmented: 1 v:ViewGroup - -
chip: 1 v:ViewGroup cf C
menu_item: 1 v:ViewGroup cf C
list_item: 1 v:ViewGroup cf C
text: 1 w:TextView - T
image: 1 w:ImageView - D
icon: 2 w:ImageView - - | .4 w:TextView - T | 1 com.horcrux.svg.SvgView - -
progress: 1 w:ProgressBar - -
page_indicator: 1 v:ViewGroup - -
map: 1 v:ViewGroup - D | 1 com.google.android.gms.maps.MapView - D
web_view: 1 android.webkit.WebView f T
video: 1 v:ViewGroup - - | 1 v:SurfaceView - -
ad: 1 v:ViewGroup - - | 1 android.webkit.WebView f -
app_bar: 1 v:ViewGroup - - | 1 v:View - -
list: 3 w:ScrollView fs -
scroll: 2 w:ScrollView fs - | 2 w:HorizontalScrollView fs - | 1 androidx.viewpager.widget.ViewPager fs -
dialog: 1 v:ViewGroup - -
drawer: 1 v:ViewGroup - -
card: 1 v:ViewGroup - -
container: 5 v:ViewGroup - - | 1 v:View - - | 1 w:FrameLayout - -
unknown: 1 v:View - - | 1 com.horcrux.svg.SvgView - -
"""
_IOS = """
button: 5 x:Button - D | 2 x:Button - C | .5 x:Other - C
icon_button: 5 x:Button - D | 1 x:Button i D
link: 2 x:Link - D | 1 x:StaticText - D | 1 x:Button - D
text_input: 3 x:TextField - T | 1 x:TextView - T
password_input: 1 x:SecureTextField - T
search_input: 1 x:SearchField - T
checkbox: 1 x:Button - D | .5 x:CheckBox - D
radio_button: 1 x:Button - D
switch: 1 x:Switch - D
slider: 1 x:Slider - T
stepper: 1 x:Stepper - -
dropdown: 2 x:Button - M | 1 x:PopUpButton - M | 1 x:Picker - C | 1 x:PickerWheel - T
date_picker: 2 x:DatePicker - C | 1 x:Other - C
tab: 3 x:Button - M | 1 x:Tab - M
tab_bar: 3 x:TabBar - - | 1 x:Other - -
segmented: 1 x:SegmentedControl - -
chip: 1 x:Button - D
menu_item: 1 x:MenuItem - M | 1 x:Button - M | 1 x:Cell - C
list_item: 5 x:Cell - C | 1 x:Other - C
text: 1 x:StaticText - D
image: 1 x:Image - D
icon: 1 x:Image - D
progress: 2 x:ActivityIndicator - D | 1 x:ProgressIndicator - T
page_indicator: 1 x:PageIndicator - T
map: 1 x:Map - D | .5 x:Other - -
web_view: 1 x:WebView - -
video: 1 x:Other - -
ad: 1 x:Other - - | 1 x:WebView - -
app_bar: 3 x:NavigationBar - - | 1 x:Toolbar - - | 1 x:Other - -
list: 2 x:Table - - | 2 x:CollectionView - -
scroll: 1 x:ScrollView - -
dialog: 2 x:Alert - D | 1 x:Sheet - - | 1 x:Other - -
drawer: 1 x:Other - -
card: 1 x:Other - - | 1 x:Cell - -
container: 1 x:Other - -
unknown: 1 x:Other - -
"""


def _form(line: str) -> Form:
    weight, name, flags, words = line.split()
    prefix, _, rest = name.rpartition(":")
    return Form(float(weight), _SHORT.get(prefix, "") + rest, flags.strip("-"), _WORDS[words])


def _forms(table: str) -> dict[str, tuple[Form, ...]]:
    lines = (line.partition(":") for line in table.strip().splitlines())
    return {kind: tuple(map(_form, ways.split("|"))) for kind, _, ways in lines}


FORMS: Mapping[Framework, Mapping[str, tuple[Form, ...]]] = {
    "native": _forms(_NATIVE),
    "compose": _forms(_COMPOSE),
    "flutter": _forms(_FLUTTER),
    "rn": _forms(_RN),
    "ios": _forms(_IOS),
}
"""Framework → type → the ways to build it."""
