"""Strings of iOS apps: formats, the default language, and how views look them up."""

from __future__ import annotations

import json

import pytest
from tests.domains.screens.source.ios_looking import look, screen

from samouk.domains.screens.source.ios.conditions import holds, visible
from samouk.domains.screens.source.ios.reader import READER
from samouk.domains.screens.source.ios.strings import default_words, read_strings, until_filled
from samouk.domains.screens.source.reading import Unparsable
from samouk.domains.screens.source.widgets import Words


def test_strings_with_comments_escapes_and_utf16() -> None:
    text = '/* a "quoted" = "no"; */ "a.b" = "Say \\"hi\\"\\n"; // "x" = "y";\nplain = "P";\n"url" = "http://e.org";'
    for content in (text.encode(), text.encode("utf-16")):
        table = read_strings("App/en.lproj/Localizable.strings", content)
        assert table.words == {"en": {"a.b": 'Say "hi"\n', "plain": "P", "url": "http://e.org"}}


def test_catalogues_and_plurals() -> None:
    catalogue = {
        "sourceLanguage": "en",
        "strings": {
            "Bare": {},
            "greet": {
                "localizations": {"en": {"stringUnit": {"value": "Hello"}}, "ru": {"stringUnit": {"value": "П"}}}
            },
            "n": {"localizations": {"en": {"variations": {"plural": {"other": {"stringUnit": {"value": "%lld x"}}}}}}},
        },
    }
    table = read_strings("Localizable.xcstrings", json.dumps(catalogue).encode())
    assert table.words["en"] == {"Bare": "Bare", "greet": "Hello", "n": "%lld x"}
    plist = (
        '<plist version="1.0"><dict><key>days</key><dict><key>NSStringLocalizedFormatKey</key><string>%#@d@</string>'
        "<key>d</key><dict><key>one</key><string>%d day</string><key>other</key><string>%d days</string></dict>"
        "</dict></dict></plist>"
    )
    assert read_strings("en.lproj/L.stringsdict", plist.encode()).words == {"en": {"days": "%d days"}}


@pytest.mark.parametrize(("path", "content"), [("a.xcstrings", b"{"), ("a.xcstrings", b"[]"), ("a.stringsdict", b"x")])
def test_broken_tables_are_named(path: str, content: bytes) -> None:
    with pytest.raises(Unparsable):
        READER.extract(path, content)


def test_english_is_the_default_and_then_what_the_project_says() -> None:
    russian = read_strings("ru.lproj/Localizable.strings", '"a" = "А"; "only" = "Т";'.encode())
    english = read_strings("en.lproj/Localizable.strings", b'"a" = "A";')
    assert default_words([russian, english]) == {"a": "A"}
    assert default_words([russian], "ru") == {"a": "А", "only": "Т"}
    assert default_words([russian]) == {"a": "А", "only": "Т"}


def test_formats_end_where_they_are_filled() -> None:
    assert until_filled("%d left") == ("", True)
    assert until_filled("Left: %1$@") == ("Left:", True)
    assert until_filled("100 %") == ("100 %", False)


def test_views_find_their_words() -> None:
    code = """
        import SwiftUI
        enum L10n { enum Login { static let enter = NSLocalizedString("enter", comment: "") } }
        struct Page: View {
            let plain: String = "enter"
            let looked: LocalizedStringKey = "enter"
            var body: some View {
                VStack {
                    Text("enter")
                    Text(verbatim: "enter")
                    Text(plain)
                    Text(looked)
                    Text(L10n.Login.enter)
                    Text(String(localized: "enter"))
                    Text(String(localized: "new", defaultValue: "New one"))
                    Text("enter".localized)
                    Text("left \\(count)")
                    Text(String(format: NSLocalizedString("fmt", comment: ""), name))
                    Text("Unknown")
                    Text(name)
                }
            }
        }
    """
    strings = '"enter" = "Enter"; "left %lld" = "Left: %lld"; "fmt" = "Dear %@";'
    page = screen(look({"Page.swift": code, "en.lproj/Localizable.strings": strings}), "Page")
    assert [one.text for one in page.widgets] == [
        Words("Enter", "enter"),
        Words("enter"),
        Words("enter"),
        Words("Enter", "enter"),
        Words("Enter", "enter"),
        Words("Enter", "enter"),
        Words("New one", "new"),
        Words("Enter", "enter"),
        Words("Left:", "left %lld", True),
        Words("Dear", "fmt", True),
        Words("Unknown"),
        Words("", "", True),
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("os(iOS)", True),
        ("os(macOS) || os(iOS)", True),
        ("!os(tvOS) && DEBUG", True),
        ("targetEnvironment(macCatalyst)", False),
        ("TESTFLIGHT", False),
        ("canImport(UIKit)", True),
        ("canImport(AppKit)", False),
        ("swift(>=5.9)", True),
        ("(os(watchOS) || os(iOS)) && !os(iOS)", False),
        ("", False),
    ],
)
def test_conditions_are_those_of_a_phone(condition: str, expected: bool) -> None:
    assert holds(condition) is expected


def test_lines_stay_where_they_were() -> None:
    code = b"a\n#if os(macOS)\nb\n#if DEBUG\nc\n#endif\n#else\nd\n#endif\ne\n#endif\n"
    assert visible(code) == b"a\n\n\n\n\n\n\nd\n\ne\n\n"
