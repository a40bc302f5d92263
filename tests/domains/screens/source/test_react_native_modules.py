"""What is true of the files of a React Native app: which one an import means, and what it gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.react_native_project import acting, only, seen

from samouk.domains.screens.source.react_native.modules import without_types

APP = "import { Save } from '%s'; export default () => <Save />;"
SAVE = "import { Button } from 'react-native'; export const Save = () => <Button testID='save' onPress={a} />;"


@pytest.mark.parametrize(
    ("settings", "content", "said", "path"),
    [
        (
            "tsconfig.json",
            """{
              // what stands for what
              "compilerOptions": {"baseUrl": "source", "paths": {"@Root/*": ["./*"], },},
            }""",
            "@Root/deep/down/below/save",
            "source/deep/down/below/save.tsx",
        ),
        (
            "jsconfig.json",
            """{"compilerOptions": {"baseUrl": "lib/shown"}}""",
            "parts/save",
            "lib/shown/parts/save.js",
        ),
        (
            "tsconfig.json",
            """{"compilerOptions": {"paths": {"parts": ["./lib/shown/parts/all.ts"]}}}""",
            "parts",
            "lib/shown/parts/all.ts",
        ),
        (
            "babel.config.js",
            """module.exports = { plugins: [['module-resolver', { alias: { '@parts': './lib/shown/parts' } }]] };""",
            "@parts/save",
            "lib/shown/parts/save.js",
        ),
        (
            "babel.config.js",
            """module.exports = { plugins: [['module-resolver', { root: ['./lib/shown'] }]] };""",
            "parts/save",
            "lib/shown/parts/save.js",
        ),
        (
            "packages/parts/package.json",
            """{"name": "@shelf/parts"}""",
            "@shelf/parts/deep/below/save",
            "packages/parts/deep/below/save.tsx",
        ),
    ],
    ids=["paths", "base", "file", "alias", "root", "package"],
)
def test_projects_give_names_to_folders(tmp_path: Path, settings: str, content: str, said: str, path: str) -> None:
    """What TypeScript, Babel and workspaces are told stands for a path is looked up there."""
    sight = seen(tmp_path, {settings: content, "App.js": APP % said, path: SAVE})
    assert [one.identifier for one in acting(sight.screens[0])] == ["save"]


def test_broken_settings_name_nothing(tmp_path: Path) -> None:
    """They are passed over, the app is read."""
    files = {"tsconfig.json": "{", "jsconfig.json": "[]", "babel.config.js": "}{", "packages/a/package.json": "7"}
    sight = seen(tmp_path, {**files, "App.js": APP % "./save", "save.js": SAVE})
    assert [one.identifier for one in acting(sight.screens[0])] == ["save"]


@pytest.mark.parametrize("types", ["<Props>", "<{ wide: boolean }>", "<{\n  wide?: boolean\n  on: () => void\n}>"])
def test_types_before_the_styles_of_a_component_are_passed_over(tmp_path: Path, types: str) -> None:
    """They say nothing of what is shown, and break the grammar."""
    source = f"""
    import styled from 'styled-components/native';
    const Row = styled.TouchableHighlight{types}`
      color: ${{({{ wide }}) => (wide ? 'red' : 'blue')}};
    `;
    const Framed = styled(Row).attrs(props => ({{ under: props.theme.line }})){types}`
      border: 1px;
    `;
    export default function App() {{
      return <Framed testID="row" onPress={{a}} />;
    }}
    """
    (row,) = acting(only(tmp_path, source))
    assert (row.class_name, row.identifier, row.place.line) == (
        "TouchableHighlight",
        "row",
        source[: source.index("<Framed ")].count("\n") + 1,
    )


@pytest.mark.parametrize(
    "code", [b"a < b && c > `d`;", b"const a: Set<string> = (b: Map<C>) => `x`;", b"x > `y`", b"<Text>`a`</Text>"]
)
def test_what_is_no_type_is_kept(code: bytes) -> None:
    """Comparisons, arrows and tags before a template; types as long as the code is wide are blanks."""
    found = without_types(code)
    assert len(found) == len(code)
    assert found == code or code.startswith(b"a < b")


@pytest.mark.parametrize(
    "wrapped",
    [
        "connect(state => ({}))(Home)",
        "enhance(Home)",
        "withDatabase(enhance(Home))",
        "memo(enhance(Home))",
    ],
)
def test_what_a_library_made_of_a_function_wraps_components(tmp_path: Path, wrapped: str) -> None:
    """The function says where data comes from; the component is what is shown."""
    source = f"""
    import {{ Button }} from 'react-native';
    import {{ withObservables, withDatabase, connect }} from 'some-store';
    const enhance = withObservables(['id'], ({{ database }}) => ({{ rows: database.rows }}));
    const Home = () => <Button title="Go" onPress={{a}} />;
    export default {wrapped};
    """
    assert [one.name for one in acting(only(tmp_path, source))] == ["Button"]


def test_an_own_way_to_give_styles_shows_what_it_is_given(tmp_path: Path) -> None:
    """An app that makes ``styled`` for itself means what the libraries do."""
    source = """
    import { Pressable, View } from 'react-native';
    import { styled } from './styled';
    const Frame = styled(View).attrs(({ wide }) => ({ wide }))({ margin: 2 });
    const Key = styled(Pressable).attrs({ testID: 'key' })(({ wide }) => ({ margin: wide ? 2 : 1 }));
    export default () => <Frame><Key onPress={a} /></Frame>;
    """
    own = (
        "export const styled = Base => Object.assign(style => wrap(Base, style), { attrs: more => wrap(Base, more) });"
    )
    assert [one.identifier for one in acting(only(tmp_path, source, styled=own))] == ["key"]
