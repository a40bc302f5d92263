"""Android layouts, menus, preferences and values: what they show, counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from samouk.domains.screens.source.reading import read
from samouk.domains.screens.source.widgets import Entry, Sight, SourceScreen, Widget, Words

RES = "app/src/main/res"
NAMES = 'xmlns:android="http://schemas.android.com/apk/res/android" xmlns:app="http://schemas.android.com/apk/res-auto"'
TOOLS = 'xmlns:tools="http://schemas.android.com/tools"'


def seen(root: Path, files: Mapping[str, str]) -> Sight:
    """The sight of an app of these files, by path below ``res`` or, with a leading slash, below the root."""
    for path, content in files.items():
        at = root / path[1:] if path.startswith("/") else root / RES / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(content, encoding="utf-8")
    return read("android", root, workers=1)


def only(sight: Sight) -> SourceScreen:
    (screen,) = sight.screens
    return screen


def acted_on(screen: SourceScreen) -> list[Widget]:
    return [one for one in screen.widgets if one.interactive]


def by_id(screen: SourceScreen, identifier: str) -> Widget:
    (found,) = [one for one in screen.widgets if one.identifier == identifier]
    return found


def column(*inside: str) -> str:
    return f"<LinearLayout {NAMES} {TOOLS}>\n" + "\n".join(inside) + "\n</LinearLayout>"


def test_a_layout_gives_its_widgets_in_pre_order_with_the_lines_of_their_tags(tmp_path: Path) -> None:
    layout = column(
        '<TextView android:text="Hello"/>', "<FrameLayout>", '<Button android:id="@+id/go"/>', "</FrameLayout>"
    )
    screen = only(seen(tmp_path, {"layout/main.xml": layout}))
    assert [(one.index, one.parent, one.class_name.rpartition(".")[2], one.place.line) for one in screen.widgets] == [
        (0, -1, "LinearLayout", 1),
        (1, 0, "TextView", 2),
        (2, 0, "FrameLayout", 3),
        (3, 2, "Button", 4),
    ]
    assert screen.name == "main"
    assert by_id(screen, "go").place.file == f"{RES}/layout/main.xml"
    assert [one.identifier for one in acted_on(screen)] == ["go"]


def test_includes_and_merges_are_put_in_and_an_include_renames_its_root(tmp_path: Path) -> None:
    sight = seen(
        tmp_path,
        {
            "layout/main.xml": column(
                '<include layout="@layout/pair"/>',
                '<include android:id="@+id/mine" layout="@layout/single"/>',
                '<include layout="@layout/of_a_library"/>',
            ),
            "layout/pair.xml": f'<merge {NAMES}><Button android:id="@+id/a"/><Button android:id="@+id/b"/></merge>',
            "layout/single.xml": f'<Button {NAMES} android:id="@+id/theirs"/>',
        },
    )
    assert [one.identifier for one in acted_on(only(sight))] == ["a", "b", "mine"]
    assert by_id(only(sight), "a").place.file.endswith("pair.xml")


def test_layouts_that_include_each_other_are_named_once_and_the_rest_is_read(tmp_path: Path) -> None:
    sight = seen(
        tmp_path,
        {
            "layout/one.xml": column('<Button android:id="@+id/a"/>', '<include layout="@layout/two"/>'),
            "layout/two.xml": column('<Button android:id="@+id/b"/>', '<include layout="@layout/one"/>'),
            "layout/itself.xml": column('<Button android:id="@+id/c"/>', '<include layout="@layout/itself"/>'),
        },
    )
    assert {one.reason for one in sight.troubles} >= {"layouts include each other: one > two > one"}
    assert {one.identifier for screen in sight.screens for one in acted_on(screen)} <= {"a", "b", "c"}
    assert all(trouble.line == 3 for trouble in sight.troubles)


def test_layouts_that_include_twice_do_not_grow_without_end(tmp_path: Path) -> None:
    files = {f"layout/l{n}.xml": column(*[f'<include layout="@layout/l{n + 1}"/>'] * 2) for n in range(40)} | {
        "layout/l40.xml": column('<Button android:id="@+id/deep"/>')
    }
    assert all(len(screen.widgets) <= 5_000 for screen in seen(tmp_path, files).screens)


def test_data_binding_gives_the_view_and_expressions_are_dynamic_words(tmp_path: Path) -> None:
    layout = f"""<layout {NAMES}>
    <data><variable name="vm" type="a.B"/></data>
    <LinearLayout>
        <TextView android:id="@+id/a" android:text="@{{vm.name}}"/>
        <TextView android:id="@+id/b" android:text="@{{@string/hello}}"/>
        <TextView android:id="@+id/c" android:text="@{{@string/hello(vm.name)}}"/>
        <Button android:id="@+id/d" android:onClick="@{{() -> vm.save()}}" android:visibility="@{{vm.seen}}"/>
        <ImageView android:id="@+id/e" android:onClick="@{{vm::open}}"/>
    </LinearLayout>
</layout>"""
    values = "<resources><string name='hello'>Hello</string></resources>"
    screen = only(seen(tmp_path, {"layout/main.xml": layout, "values/strings.xml": values}))
    assert [(by_id(screen, one).text.value, by_id(screen, one).text.dynamic) for one in "abc"] == [
        ("", True),
        ("Hello", False),
        ("Hello", True),
    ]
    assert [one.identifier for one in acted_on(screen)] == ["d", "e"]
    assert by_id(screen, "d").conditional
    assert screen.widgets[0].name == "LinearLayout"


def test_a_stub_is_conditional_and_has_the_id_that_it_inflates_to(tmp_path: Path) -> None:
    sight = seen(
        tmp_path,
        {
            "layout/main.xml": column(
                '<ViewStub android:id="@+id/stub" android:inflatedId="@+id/panel" android:layout="@layout/panel"/>'
            ),
            "layout/panel.xml": column('<Button android:id="@+id/retry"/>'),
        },
    )
    assert by_id(only(sight), "panel").conditional
    assert by_id(only(sight), "retry").conditional


def test_what_only_the_editor_shows_is_left_out(tmp_path: Path) -> None:
    layout = column('<TextView android:id="@+id/a" tools:text="Preview" tools:visibility="gone"/>', "<Button/>")
    widget = by_id(only(seen(tmp_path, {"layout/main.xml": layout})), "a")
    assert (widget.text.value, widget.conditional) == ("", False)


def test_variants_of_a_layout_are_one_screen(tmp_path: Path) -> None:
    sight = seen(
        tmp_path,
        {
            "layout/main.xml": column('<Button android:id="@+id/a"/>', '<Button android:text="Bare"/>'),
            "layout-land/main.xml": column('<Button android:text="Bare"/>', '<Button android:id="@+id/a"/>'),
            "layout-sw600dp-v21/main.xml": column('<Button android:id="@+id/a"/>', '<Button android:id="@+id/wide"/>'),
        },
    )
    found = acted_on(only(sight))
    assert [(one.identifier, one.conditional) for one in found] == [("a", False), ("", False), ("wide", True)]


def test_words_come_from_the_default_language(tmp_path: Path) -> None:
    layout = column(
        '<TextView android:id="@+id/a" android:text="@string/hello"/>',
        '<TextView android:id="@+id/b" android:text="@string/hi"/>',
        '<TextView android:id="@+id/c" android:text="@string/things"/>',
        '<TextView android:id="@+id/d" android:text="@string/greet"/>',
        '<TextView android:id="@+id/e" android:text="It\\\'s \\u00e9\\n@ home"/>',
        '<Button android:id="@+id/f" android:text="@android:string/ok"/>',
        '<TextView android:id="@+id/g" android:text="@string/of_a_library"/>',
        '<TextView android:id="@+id/h" android:text="@string/styled"/>',
    )
    values = """<resources xmlns:xliff="urn:oasis:names:tc:xliff:document:1.2">
        <string name="hello">Hello</string> <string name="hi">@string/hello</string>
        <plurals name="things"><item quantity="one">%d thing</item><item quantity="other">%d things</item></plurals>
        <string name="greet">Dear <xliff:g id="who">%1$s</xliff:g>, welcome</string>
        <string name="styled">
            Two <b>bold</b>
            words</string>
    </resources>"""
    other = "<resources><string name='hello'>Bonjour</string><string name='things'>choses</string></resources>"
    sight = seen(tmp_path, {"layout/main.xml": layout, "values/s.xml": values, "values-fr/s.xml": other})
    told = {one: by_id(only(sight), one).text for one in "abcdefgh"}
    assert [told[one].value for one in "abcdefgh"] == [
        "Hello",
        "Hello",
        "",
        "Dear ",
        "It's é\n@ home",
        "OK",
        "",
        "Two bold words",
    ]
    assert [one for one in "abcdefgh" if told[one].dynamic] == ["d", "g"] or told["c"].dynamic
    assert (told["a"].key, told["e"].key, told["g"].key) == ("hello", "", "of_a_library")
    assert sight.strings["things"] == "%d things"
    assert "choses" not in sight.strings.values()


@pytest.mark.parametrize(
    ("attributes", "entry"),
    [
        ('android:inputType="textEmailAddress"', Entry("email")),
        ('android:inputType="textPassword" android:maxLength="12"', Entry("password", 12)),
        ('android:inputType="numberPassword"', Entry("password", filtered=True)),
        (
            'android:inputType="number|numberDecimal" android:maxLength="@integer/most"',
            Entry("number", 9, filtered=True),
        ),
        ('android:inputType="phone"', Entry("phone", filtered=True)),
        ('android:inputType="textUri"', Entry("url")),
        ('android:inputType="date"', Entry("date", filtered=True)),
        ('android:inputType="textCapSentences|textMultiLine"', Entry("text", multiline=True)),
        ('android:digits="0123456789"', Entry("number", filtered=True, multiline=True)),
        ('android:maxLines="1"', Entry("text")),
        ("", Entry("text", multiline=True)),
        ('style="@style/Mail"', Entry("email", 40)),
    ],
)
def test_an_input_says_what_it_takes(tmp_path: Path, attributes: str, entry: Entry) -> None:
    values = """<resources><integer name="most">9</integer>
    <style name="Base"><item name="android:maxLength">40</item></style>
    <style name="Mail" parent="@style/Base">
    <item name="android:inputType">textEmailAddress</item></style></resources>"""
    files = {"layout/main.xml": column(f'<EditText android:id="@+id/a" {attributes}/>'), "values/v.xml": values}
    widget = by_id(only(seen(tmp_path, files)), "a")
    assert widget.entry == entry
    assert widget.password is (entry.kind == "password")


def test_the_frame_of_an_input_gives_it_its_hint_and_draws_icons(tmp_path: Path) -> None:
    frame = "com.google.android.material.textfield.TextInputLayout"
    layout = column(
        f'<{frame} android:hint="Password" app:endIconMode="password_toggle"><FrameLayout>',
        '<EditText android:id="@+id/a" android:inputType="textPassword"/>',
        f"</FrameLayout></{frame}>",
        f'<{frame} android:hint="Unit" app:endIconMode="dropdown_menu">',
        '<AutoCompleteTextView android:id="@+id/b" android:inputType="none"/>',
        f"</{frame}>",
        f'<{frame} app:endIconMode="custom"><EditText android:id="@+id/c" android:hint="Own"/></{frame}>',
    )
    screen = only(seen(tmp_path, {"layout/main.xml": layout}))
    assert [by_id(screen, one).hint.value for one in "abc"] == ["Password", "Unit", "Own"]
    assert (by_id(screen, "b").class_name, by_id(screen, "b").entry) == ("android.widget.Spinner", None)
    icons = [one for one in screen.widgets if one.identifier == "text_input_end_icon"]
    assert [(one.label.value, one.interactive) for one in icons] == [
        ("Show password", True),
        ("Show dropdown menu", True),
        ("", False),
    ]
    assert len(acted_on(screen)) == 5


def test_what_can_be_acted_on_is_told_by_class_flags_and_styles(tmp_path: Path) -> None:
    layout = column(
        '<TextView android:id="@+id/plain"/>',
        '<TextView android:id="@+id/flagged" android:clickable="true"/>',
        '<TextView android:id="@+id/styled" style="@style/Link.Small"/>',
        '<ImageView android:id="@+id/pressed" android:onClick="press"/>',
        '<ImageView android:id="@+id/held" android:longClickable="true"/>',
        '<CheckBox android:id="@+id/off" android:clickable="false"/>',
        '<CheckBox android:id="@+id/on" android:checked="true"/>',
        '<RatingBar android:id="@+id/shown" android:isIndicator="true"/>',
        '<RatingBar android:id="@+id/rated"/>',
        '<EditText android:id="@+id/fixed" android:focusable="false"/>',
        '<CheckedTextView android:id="@+id/row"/>',
        '<Button android:id="@+id/later" android:enabled="@bool/no" android:visibility="invisible"/>',
        '<ProgressBar android:id="@+id/busy"/>',
        '<view class="com.google.android.material.chip.Chip" android:id="@+id/chip"/>',
    )
    values = """<resources><bool name="no">false</bool>
    <style name="Link" parent=""><item name="android:clickable">true</item></style>
    <style name="Link.Small"><item name="android:textSize">9sp</item></style></resources>"""
    screen = only(seen(tmp_path, {"layout/main.xml": layout, "values/v.xml": values}))
    assert [one.identifier for one in acted_on(screen)] == [
        "flagged",
        "styled",
        "pressed",
        "held",
        "on",
        "rated",
        "later",
        "chip",
    ]
    assert (by_id(screen, "on").checked, by_id(screen, "off").checked, by_id(screen, "off").clickable) == (
        True,
        False,
        False,
    )
    assert (by_id(screen, "later").enabled, by_id(screen, "later").conditional) == (False, True)
    assert by_id(screen, "held").long_clickable


def test_what_is_in_something_hidden_is_conditional_too(tmp_path: Path) -> None:
    layout = column('<FrameLayout android:visibility="gone">', '<Button android:id="@+id/a"/>', "</FrameLayout>")
    assert by_id(only(seen(tmp_path, {"layout/main.xml": layout})), "a").conditional


@pytest.mark.parametrize(
    ("tag", "public"),
    [
        ("Button", "android.widget.Button"),
        ("WebView", "android.webkit.WebView"),
        ("com.google.android.material.button.MaterialButton", "com.google.android.material.button.MaterialButton"),
        ("org.vendor.views.MyTextInputLayout", "com.google.android.material.textfield.TextInputLayout"),
        ("org.vendor.views.MyAppCompatCheckbox", "androidx.appcompat.widget.AppCompatCheckBox"),
        ("org.vendor.LoadView", "android.view.View"),
        ("org.vendor.Mystery", "org.vendor.Mystery"),
        ("org.example.Pill", "com.google.android.material.button.MaterialButton"),
        ("org.example.Oval", "com.google.android.material.button.MaterialButton"),
    ],
)
def test_own_views_are_followed_to_the_class_that_they_extend(tmp_path: Path, tag: str, public: str) -> None:
    own = """package org.example
import android.util.AttributeSet
open class Pill @JvmOverloads constructor(c: Context, a: AttributeSet? = null) : MaterialButton(c, a)

class Oval(c: Context, a: AttributeSet) :
    Pill(c, a) {
}
"""
    files = {"layout/main.xml": column(f'<{tag} android:id="@+id/a"/>', "<Button/>"), "/app/src/main/kotlin/V.kt": own}
    assert by_id(only(seen(tmp_path, files)), "a").class_name == public


def test_an_own_view_that_fills_itself_shows_what_is_in_it(tmp_path: Path) -> None:
    own = """class Stepper(c: Context, a: AttributeSet) : LinearLayout(c, a) {
    private val binding = ViewStepperBinding.inflate(LayoutInflater.from(c), this)
    init { binding.more.setOnClickListener { grow() } }
}"""
    sight = seen(
        tmp_path,
        {
            "layout/main.xml": column('<org.example.Stepper android:id="@+id/a"/>'),
            "layout/view_stepper.xml": f"<merge {NAMES}>"
            '<TextView android:id="@+id/more"/><Button android:id="@+id/less"/></merge>',
            "/app/src/main/kotlin/Stepper.kt": own,
        },
    )
    assert [one.identifier for one in acted_on(only(sight))] == ["more", "less"]


def test_tabs_of_a_layout_speak_their_words_and_a_group_knows_its_choice(tmp_path: Path) -> None:
    layout = column(
        "<com.google.android.material.tabs.TabLayout>",
        '<com.google.android.material.tabs.TabItem android:text="First"/>',
        "</com.google.android.material.tabs.TabLayout>",
        '<RadioGroup android:checkedButton="@id/b"><RadioButton android:id="@+id/a"/>',
        '<RadioButton android:id="@+id/b"/></RadioGroup>',
    )
    tab, first, second = acted_on(only(seen(tmp_path, {"layout/main.xml": layout})))
    assert (tab.class_name, tab.label.value) == ("com.google.android.material.tabs.TabLayout$TabView", "First")
    assert (first.checked, second.checked) == (False, True)


MENU = f"""<menu {NAMES}>
    <item android:id="@+id/save" android:title="Save" android:icon="@drawable/s" app:showAsAction="always"/>
    <item android:id="@+id/find" android:title="Find" app:showAsAction="ifRoom"/>
    <item android:id="@+id/share" android:title="Share" app:showAsAction="ifRoom"/>
    <item android:id="@+id/help" android:title="Help">
        <menu><item android:id="@+id/faq" android:title="Questions"/></menu>
    </item>
    <group android:checkableBehavior="single"><item android:id="@+id/by_name" android:title="By name"/></group>
    <item android:id="@+id/gone" android:title="Gone" android:visible="false"/>
</menu>"""
BAR = """<com.google.android.material.appbar.MaterialToolbar
    app:title="Home" app:navigationIcon="@drawable/x" app:menu="@menu/main"/>"""


def test_a_bar_has_room_for_some_of_its_menu_and_the_rest_lies_behind_three_dots(tmp_path: Path) -> None:
    sight = seen(tmp_path, {"layout/main.xml": column(BAR), "menu/main.xml": MENU})
    screen, menu = sight.screens
    assert [(one.identifier, one.text.value, one.label.value) for one in acted_on(screen)] == [
        ("", "", ""),
        ("save", "", "Save"),
        ("find", "Find", ""),
        ("", "", "More options"),
    ]
    assert acted_on(screen)[-1].leads_to == menu.name == "main.menu"
    assert menu.dialog
    rows = [(one.text.value, one.identifier, one.conditional, one.checkable) for one in acted_on(menu)]
    assert rows == [
        ("Share", "", False, None),
        ("Help", "", False, None),
        ("Questions", "", True, None),
        ("By name", "", False, True),
        ("Gone", "", True, None),
    ]


def test_a_menu_of_tabs_shows_every_entry_and_a_drawer_is_closed(tmp_path: Path) -> None:
    layout = column(
        '<com.google.android.material.bottomnavigation.BottomNavigationView app:menu="@menu/tabs"/>',
        '<com.google.android.material.navigation.NavigationView app:menu="@menu/tabs"/>',
    )
    menu = f'<menu {NAMES}><item android:id="@+id/home" android:title="Home"/><item android:title="You"/></menu>'
    found = acted_on(only(seen(tmp_path, {"layout/main.xml": layout, "menu/tabs.xml": menu})))
    assert [(one.label.value or one.text.value, one.conditional) for one in found] == [
        ("Home", False),
        ("You", False),
        ("Home", True),
        ("You", True),
    ]


def test_preferences_are_rows_found_by_their_titles(tmp_path: Path) -> None:
    settings = f"""<androidx.preference.PreferenceScreen {NAMES}>
    <PreferenceCategory app:title="Looks">
        <SwitchPreferenceCompat app:key="dark" app:title="Dark" app:defaultValue="true"/>
        <ListPreference app:title="Language" app:entries="@array/l"/>
    </PreferenceCategory>
    <SeekBarPreference app:title="Size"/>
    <Preference app:title="Version" app:selectable="false"/>
    <Preference app:title="About"><intent android:targetClass="org.example.AboutActivity"/></Preference>
</androidx.preference.PreferenceScreen>"""
    code = """class SettingsFragment : PreferenceFragmentCompat() {
    override fun onCreatePreferences(b: Bundle?, key: String?) { setPreferencesFromResource(R.xml.settings, key) }
}
class AboutActivity : AppCompatActivity(R.layout.about)
"""
    files = {"xml/settings.xml": settings, "layout/about.xml": column("<Button/>"), "/app/src/main/kotlin/S.kt": code}
    screens = {one.name: one for one in seen(tmp_path, files).screens}
    found = acted_on(screens["SettingsFragment"])
    assert [(one.name, one.text.value, one.leads_to) for one in found] == [
        ("SwitchPreferenceCompat", "Dark", ""),
        ("ListPreference", "Language", ""),
        ("SeekBar", "", ""),
        ("Preference", "About", "AboutActivity"),
    ]
    assert by_id(screens["SettingsFragment"], "switchWidget").checked is True


def test_of_several_preference_screens_each_may_be_absent_and_one_that_no_class_names_stands_alone(
    tmp_path: Path,
) -> None:
    rows = {
        f"xml/{name}.xml": f'<PreferenceScreen {NAMES}><Preference app:title="{name}"/></PreferenceScreen>'
        for name in ("looks", "sound", "alone")
    }
    code = """class SettingsFragment : PreferenceFragmentCompat() {
    override fun onCreatePreferences(b: Bundle?, key: String?) {
        setPreferencesFromResource(if (key == "sound") R.xml.sound else R.xml.looks, key)
    }
}
"""
    files = {**rows, "layout/main.xml": column("<Button/>"), "/app/src/main/kotlin/S.kt": code}
    screens = {one.name: one for one in seen(tmp_path, files).screens}
    assert sorted(screens) == ["SettingsFragment", "alone", "main"]
    assert [(one.text.value, one.conditional) for one in acted_on(screens["SettingsFragment"])] == [
        ("sound", True),
        ("looks", True),
    ]
    assert [one.text.value for one in acted_on(screens["alone"])] == ["alone"]


def test_a_broken_file_is_named_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    sight = seen(
        tmp_path,
        {
            "layout/good.xml": column('<Button android:id="@+id/a"/>'),
            "layout/broken.xml": f"<LinearLayout {NAMES}>\n<Button>\n</LinearLayout>",
            "layout/empty.xml": "",
            "layout/bomb.xml": '<!DOCTYPE x [\n<!ENTITY a "b">\n]><x>&a;</x>',
            "layout/outside.xml": '<!DOCTYPE x SYSTEM "file:///etc/hosts"><x/>',
            "layout/unbound.xml": '<Button android:id="@+id/b"/>',
            "layout/deep.xml": "<a>" * 300 + "</a>" * 300,
            "layout/coded.xml": '<?xml version="1.0" encoding="no-such"?><a/>',
        },
    )
    assert [screen.name for screen in sight.screens] == ["good"]
    told = {one.file.rpartition("/")[2]: one for one in sight.troubles}
    assert sorted(told) == [
        "bomb.xml",
        "broken.xml",
        "coded.xml",
        "deep.xml",
        "empty.xml",
        "unbound.xml",
    ]
    assert told["broken.xml"].line == 3
    assert "broken XML" in told["broken.xml"].reason
    assert "entities" in told["bomb.xml"].reason


def test_what_another_process_shows_is_no_screen(tmp_path: Path) -> None:
    files = {
        "layout/on_home.xml": column('<Button android:id="@+id/a"/>'),
        "layout/notice.xml": column('<Button android:id="@+id/b"/>'),
        "xml/info.xml": f'<appwidget-provider {NAMES} android:initialLayout="@layout/on_home"/>',
        "/app/src/main/kotlin/P.kt": "class P : AppWidgetProvider() { fun f() = RemoteViews(name(), R.layout.notice) }",
    }
    assert seen(tmp_path, files).screens == ()


def themed(parent: str, items: str = "") -> dict[str, str]:
    """An application of one theme, with a styled and a bare button."""
    style = f'<style name="Mine" parent="{parent}">{items}</style>'
    small = '<style name="Small" parent="Widget.AppCompat.Button"><item name="android:textAllCaps">false</item></style>'
    inside = (
        '<Button android:id="@+id/bare" android:text="@string/save"/>',
        '<Button android:id="@+id/styled" style="@style/Small" android:text="@string/save"/>',
        '<TextView android:id="@+id/loud" android:textAllCaps="true" android:text="@string/save"/>',
        '<TextView android:id="@+id/plain" android:text="@string/save"/>',
    )
    return {
        "/app/src/main/AndroidManifest.xml": f'<manifest {NAMES}><application android:theme="@style/Mine"/></manifest>',
        "values/themes.xml": f"<resources>{style}{small}</resources>",
        "values/strings.xml": '<resources><string name="save">Save it</string></resources>',
        "layout/main.xml": column(*inside),
    }


@pytest.mark.parametrize(
    ("parent", "items", "shown"),
    [
        ("Theme.AppCompat.Light", "", "SAVE IT"),
        ("Theme.MaterialComponents.DayNight", "", "SAVE IT"),
        ("Theme.Material3.DayNight", "", "Save it"),
        ("Theme.Material3.DayNight", '<item name="android:textAllCaps">true</item>', "SAVE IT"),
        ("Theme.AppCompat.Light", '<item name="android:textAllCaps">false</item>', "Save it"),
        ("Theme.AppCompat.Light", '<item name="buttonStyle">@style/Small</item>', "Save it"),
        ("Theme.OfALibrary", "", "Save it"),
    ],
)
def test_buttons_show_upper_case_where_their_theme_says_so(tmp_path: Path, parent: str, items: str, shown: str) -> None:
    screen = only(seen(tmp_path, themed(parent, items)))
    assert by_id(screen, "bare").text == Words(shown, "save")
    assert by_id(screen, "styled").text == Words("Save it", "save")
    assert by_id(screen, "loud").text == Words("SAVE IT", "save")
    assert by_id(screen, "plain").text == Words("Save it", "save")
