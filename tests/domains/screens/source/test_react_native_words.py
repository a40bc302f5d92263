"""What is true of the words of apps of React Native."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.react_native_project import seen

from samouk.domains.screens.source.react_native.words import is_foreign, is_strings
from samouk.domains.screens.source.widgets import Words

ENGLISH = '{"login": {"title": "Sign in", "hello": "Hello {{name}}", "items_other": "{{count}} items"}}'


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{t('login.title')}", Words("Sign in", "login.title")),
        ("{i18n.t('login.title')}", Words("Sign in", "login.title")),
        ("{translate('login.title', locale)}", Words("Sign in", "login.title")),
        ("{t('login:title')}", Words("Sign in", "login:title")),
        ("<Trans i18nKey='login.title' />", Words("Sign in", "login.title")),
        ("<FormattedMessage id='login.title' />", Words("Sign in", "login.title")),
        ("{intl.formatMessage({ id: 'other', defaultMessage: 'Other' })}", Words("Other", "other")),
        ("{t('login.hello', { name })}", Words("Hello", "login.hello", True)),
        ("{t('login.items', { count })}", Words("", "login.items_other", True)),
        ("{t('login.missing')}", Words("", "login.missing")),
        ("{t('Sign in here')}", Words("Sign in here", "Sign in here")),
        ("{t(key)}", Words("", "", True)),
        ("{t(first ? 'login.title' : 'login.title')}", Words("Sign in", "login.title")),
    ],
)
def test_words_are_looked_up_by_their_keys(tmp_path: Path, source: str, words: Words) -> None:
    """However the app's library spells it; what nobody defined is known by its key only."""
    app = f"""
    import {{ Text }} from 'react-native';
    import {{ Trans, useTranslation }} from 'react-i18next';
    import {{ FormattedMessage }} from 'react-intl';
    export default function App() {{ const {{ t }} = useTranslation(); return <Text>{source}</Text>; }}
    """
    sight = seen(
        tmp_path, {"App.js": app, "src/locales/en.json": ENGLISH, "src/locales/ru.json": '{"login": {"title": "Вход"}}'}
    )
    assert sight.screens[0].widgets[0].text == words
    assert sight.strings["login.title"] == "Sign in"


@pytest.mark.parametrize(
    "files",
    [
        {"src/i18n/en.js": "export default { title: 'Sign in' };"},
        {"src/i18n/en.ts": "const words = { title: 'Sign in' }; export default words;"},
        {
            "src/i18n/index.js": "i18n.init({ resources: {\n"
            "ru: { translation: { title: 'Вход' } }, en: { translation: { title: 'Sign in' } } } });"
        },
        {"src/i18n/index.js": "const i18n = new I18n({ en: { title: 'Sign in' }, ru: { title: 'Вход' } });"},
        {"src/i18n/index.js": "const en = { title: 'Sign in' }; export const all = { en, ru: {} };"},
    ],
)
def test_words_may_stand_in_code(tmp_path: Path, files: dict[str, str]) -> None:
    """Files of one language, or objects with a field for each."""
    app = "import { Text } from 'react-native'; export default () => <Text>{t('title')}</Text>;"
    assert seen(tmp_path, {"App.js": app, **files}).screens[0].widgets[0].text == Words("Sign in", "title")


def test_namespaces_and_prefixes_keep_words_apart(tmp_path: Path) -> None:
    """Two files with the same key."""
    app = """
    import { Text, View } from 'react-native';
    const One = () => { const { t } = useTranslation('cart'); return <Text>{t('title')}</Text>; };
    const Two = () => {
      const { t } = useTranslation('home', { keyPrefix: 'head' });
      return <Text>{t('title')}</Text>;
    };
    export default () => <View><One /><Two /></View>;
    """
    files = {
        "App.js": app,
        "locales/en/cart.json": '{"title": "Cart"}',
        "locales/en/home.json": '{"head": {"title": "Home"}}',
    }
    shown = seen(tmp_path, files).screens[0].widgets
    assert [one.text.value for one in shown if one.name != "View"] == ["Cart", "Home"]


def test_words_of_an_object_know_their_keys(tmp_path: Path) -> None:
    """``strings.login.title``."""
    app = """
    import LocalizedStrings from 'react-native-localization';
    import { Text } from 'react-native';
    const strings = new LocalizedStrings({ en: { login: { title: 'Sign in' } }, ru: { login: { title: 'Вход' } } });
    export default () => <Text>{strings.login.title}</Text>;
    """
    assert seen(tmp_path, {"App.js": app}).screens[0].widgets[0].text == Words("Sign in", "login.title")


@pytest.mark.parametrize(
    ("path", "english", "foreign"),
    [
        ("src/locales/en.json", True, False),
        ("src/i18n/en-US.json", True, False),
        ("locales/en/common.json", True, False),
        ("app/translations/english.js", True, False),
        ("src/locales/de.json", False, True),
        ("src/locale/languages/ptBr.js", False, True),
        ("src/i18n/index.js", False, False),
        ("src/open/en.js", False, False),
    ],
)
def test_files_of_words_are_told_by_their_paths(path: str, english: bool, foreign: bool) -> None:
    """English is read, others are not opened, code beside them is."""
    assert (is_strings(path), is_foreign(path)) == (english, foreign)
