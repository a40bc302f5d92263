"""What calls come to: own functions, loops over data, hooks, translations, wrappers of components, navigators."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from samouk.domains.screens.source.react_native.code import Call, Code, Dot, Import, Name, Spread
from samouk.domains.screens.source.react_native.hearing import last_name
from samouk.domains.screens.source.react_native.modules import required
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Branch,
    ClassOf,
    Closure,
    Element,
    Factory,
    Library,
    Loop,
    Scope,
    Start,
    Styled,
    Thing,
    Translator,
    Unknown,
    Value,
    each,
    known,
    plain,
    words_of,
)
from samouk.domains.screens.source.react_native.words import ASKING, keyed, of_tongues
from samouk.domains.screens.source.widgets import Place, Words

if TYPE_CHECKING:
    from samouk.domains.screens.source.react_native.evaluation import Evaluation

MAX_ITEMS = 12
"""Rows of data in the source that are shown one by one; more of them are a list like any other."""

NAVIGATOR = re.compile(
    r"^(?:create)?\w*?(Stack|Tab|Drawer|Switch)\w*Navigator$|^(Tab|Drawer|Stack)Navigator$|^create\w+Navigator$"
)
_KINDS = {"Stack": "stack", "Tab": "tab", "Drawer": "drawer", "Switch": "switch"}
_SAME_LIST = frozenset(
    ["filter", "slice", "sort", "reverse", "concat", "values", "toArray", "toJS", "valueSeq", "toList", "asMutable"]
)
_STYLED = re.compile(r"styled|emotion|restyle")
_ASKED = re.compile(
    r"use[A-Z]|(?:find|some|every|reduce|sort|forEach|then|catch|finally|get|is|has|select)\w*$|set[A-Z]"
)
"""Functions of libraries that call what they are handed, and give back something else."""

_STYLED_ROOTS = frozenset({"styled", "styledNative", "styledComponents"})
_STYLED_METHODS = frozenset({"attrs", "withConfig", "withComponent", "extend"})
_TRANSLATORS = frozenset({"useTranslation", "useTranslations", "useI18n", "useLocalization", "useLocale"})
NAVIGATION = Library("navigation", "navigation")
"""The object that moves between screens, whoever gives it."""


def call(to: Evaluation, code: Call, scope: Scope) -> Value:
    """What a call comes to."""
    name = last_name(code.of)
    if name == "require" or (isinstance(code.of, Name) and code.of.name == "import"):
        return _required(to, code, scope)
    if isinstance(code.of, Dot):
        found = _of_data(to, code, code.of, scope)
        if found is not None:
            return found[0]
    styled = _styled(to, code, scope)
    if styled is not None:
        return styled
    callee = to.value(code.of, scope)
    if name in ASKING or isinstance(callee, Translator):
        words = _translated(to, code, callee, scope)
        if words is not None:
            return words
    match plain(callee):
        case Closure() as own:
            args = _args(to, code.args, scope)
            # ``connect(mapState)(X)``, ``const enhance = connect(mapState); enhance(X)``: what a library made of a
            # function is no longer that function.
            made = isinstance(code.of, Call) and not isinstance(to.value(code.of.of, scope), Closure)
            if args and (made or own.opened):
                wrapped = _wrapped(args)
                if wrapped is not None:
                    return wrapped
            made_here = to.apply(own, args)
            # An app's own kind of navigator, made with the parts of the library.
            is_navigator = name.startswith("create") and NAVIGATOR.match(name) and not isinstance(made_here, Factory)
            return _navigator(to, code, name, scope) if is_navigator else made_here
        case Branch(values, _, _):
            owns = [one for one in values if isinstance(one, Closure)]
            if owns:
                args = _args(to, code.args, scope)
                return Branch(tuple(to.apply(one, args) for one in owns)) if len(owns) > 1 else to.apply(owns[0], args)
    how = _KNOWN.get(name)
    if how is not None:
        return how(to, code, scope)
    if NAVIGATOR.match(name):
        return _navigator(to, code, name, scope)
    args = _args(to, code.args, scope)
    wrapped = None if _ASKED.match(name) else _wrapped(args)
    return UNKNOWN if wrapped is None else wrapped


def _args(to: Evaluation, codes: Sequence[Code], scope: Scope) -> list[Value]:
    args: list[Value] = []
    for one in codes:
        value = to.value(one, scope)
        if isinstance(one, Spread):
            args += value if isinstance(value, list) else [UNKNOWN]
        else:
            args.append(value)
    return args


def _wrapped(args: Sequence[Value]) -> Value | None:
    """A component that goes into what a library makes (``connect()(X)``, ``memo(X)``), given more props there."""
    for arg in args:
        match arg:
            case Closure() | ClassOf():
                return replace(arg, opened=True)
            case Styled() | Element():
                return arg
            case Library(module, _) if module and (len(args) == 1 or module == "native"):
                return arg
            case Branch(values, _, _):
                found = _wrapped([one for one in values if isinstance(one, Closure | Element)])
                if found is not None:
                    return found
    return None


def _required(to: Evaluation, code: Call, scope: Scope) -> Value:
    source = required(code)
    if not source:
        return UNKNOWN
    return to.imported(scope.path, Import(source, "*"), source)


def _of_data(to: Evaluation, code: Call, callee: Dot, scope: Scope) -> tuple[Value] | None:
    """Methods of lists, strings and functions; None for no such."""
    name = callee.name
    if name in ("map", "flatMap"):
        if code.args and last_name(callee.of) in ("_", "lodash", "Children") and len(code.args) > 1:
            return (_mapped(to, to.value(code.args[0], scope), to.value(code.args[1], scope)),)
        if code.args:
            return (_mapped(to, to.value(callee.of, scope), to.value(code.args[0], scope)),)
    if name in ("bind", "cancel", "flat", "trim", "toString"):
        return (to.value(callee.of, scope),)
    if name in ("keys", "values", "entries") and callee.of == Name("Object") and code.args:
        return (_of_object(name, plain(to.value(code.args[0], scope))),)
    if name in _SAME_LIST and callee.of not in (Name("Object"), Name("StyleSheet")):
        of = to.value(callee.of, scope)
        if isinstance(plain(of), list):
            return (_kept(to, name, of, code, scope),)
    if name in ("toUpperCase", "toLowerCase"):
        words = words_of(to.value(callee.of, scope))
        if words is not None:
            changed = words.value.upper() if name == "toUpperCase" else words.value.lower()
            return (words._replace(value=changed),)
    if name in ("call", "apply") and code.args:
        own = plain(to.value(callee.of, scope))
        if isinstance(own, Closure):
            return (to.apply(own, _args(to, code.args[1:] if name == "call" else (), scope), UNKNOWN),)
    return None


def _kept(to: Evaluation, name: str, of: Value, code: Call, scope: Scope) -> Value:
    inner = plain(of)
    items = list(inner) if isinstance(inner, list) else []
    if name == "concat":
        for arg in _args(to, code.args, scope):
            more = plain(arg)
            items += more if isinstance(more, list) else [more]
        return items
    if name in ("filter", "slice") and not isinstance(plain(of), Unknown):
        is_boolean = code.args and code.args[0] == Name("Boolean")
        return items if is_boolean else [Branch((item, None)) for item in items]
    return items


def _of_object(name: str, of: Value) -> Value:
    if not isinstance(of, Thing) or of.open:
        return UNKNOWN
    pairs: list[Value] = [
        key if name == "keys" else value if name == "values" else [key, value] for key, value in of.fields.items()
    ]
    return pairs


def _mapped(to: Evaluation, data: Value, how: Value) -> Value:
    """What a loop over data shows: its rows where the source writes them, else a row for all."""
    how = plain(how)
    if not isinstance(how, Closure):
        return UNKNOWN
    items = plain(data)
    if isinstance(items, list) and len(items) <= MAX_ITEMS and not any(isinstance(one, Loop) for one in items):
        return [_each_mapped(to, item, float(at), how) for at, item in enumerate(items)]
    if isinstance(items, list) and items:
        item = items[0].value if isinstance(items[0], Loop) else UNKNOWN
        return Loop(to.apply(how, [item, UNKNOWN, UNKNOWN], UNKNOWN))
    return Loop(to.apply(how, [UNKNOWN, UNKNOWN, UNKNOWN], UNKNOWN))


def _each_mapped(to: Evaluation, item: Value, at: float, how: Closure) -> Value:
    if isinstance(item, Branch) and len(item.values) == 2 and item.values[1] is None:
        return Branch((to.apply(how, [item.values[0], at, UNKNOWN], UNKNOWN), None))
    return to.apply(how, [item, at, UNKNOWN], UNKNOWN)


def _styled(to: Evaluation, code: Call, scope: Scope) -> Value | None:
    """``styled.View`...```, ``styled(Button).attrs({...})`...```."""
    of = code.of
    if isinstance(of, Name) and of.name not in _STYLED_ROOTS:
        return None
    if isinstance(of, Dot) and of.name not in _STYLED_METHODS and not isinstance(of.of, Name):
        return None
    attrs = Thing({})
    at: Code = code
    while True:
        match at:
            case Call(Name(root), args, _) if _is_styled(to, root, scope):
                return Styled(to.value(args[0], scope), attrs) if args else None
            case Call(Dot(inner, "attrs"), args, _):
                given = to.value(args[0], scope) if args else None
                if isinstance(given, Closure):
                    given = to.apply(given, [UNKNOWN])
                attrs = attrs.with_all(given if isinstance(given, Thing) else Thing({}))
                at = inner
            case Call(Dot(inner, "withConfig"), _, _):
                at = inner
            case Call(Dot(inner, "withComponent"), args, _) if args:
                return Styled(to.value(args[0], scope), attrs)
            case Dot(inner, "extend"):
                base = to.value(inner, scope)
                return Styled(base, attrs) if isinstance(base, Styled) else None
            case Dot(Name(root), host) if _is_styled(to, root, scope):
                return Styled(Library("react-native", host), attrs)
            case Call(inner, _, _):
                at = inner
            case _:
                return None


def _is_styled(to: Evaluation, root: str, scope: Scope) -> bool:
    if root not in _STYLED_ROOTS:
        return False
    found = to.lookup(root, scope)
    # What an app makes for itself under that name does the same.
    return not isinstance(found, Library) or bool(_STYLED.search(found.module or root))


def _translated(to: Evaluation, code: Call, callee: Value, scope: Scope) -> Value | None:
    """Words by their key; None where the call is none of that kind."""
    if not code.args:
        return None
    args = _args(to, code.args, scope)
    by = callee if isinstance(callee, Translator) else Translator()
    key = args[0]
    default = known(args[1]) if len(args) > 1 and isinstance(args[1], str) and " " in args[1] else ""
    inner = plain(key)
    if isinstance(inner, Thing):
        default = known(inner.get("defaultMessage"))
        key = inner.get("id")
    found = _found(to, key, by, default)
    if found is None:
        return None
    shown = [one for arg in args[1:] for one in _elements(arg)]
    return [found, *shown] if shown else found


def _found(to: Evaluation, key: Value, by: Translator, default: str) -> Value | None:
    if isinstance(key, Branch):
        both = tuple(one for part in key.values if (one := _found(to, part, by, default)) is not None)
        return Branch(both, start=key.start) if len(both) == len(key.values) else None
    if isinstance(key, Start):
        return _found(to, key.value, by, default)
    words = words_of(key)
    if words is None:
        return None
    if words.dynamic:
        return Words(dynamic=True)
    return to.strings.find(words.value, by, default)


def _elements(value: Value) -> list[Value]:
    """Elements that are put into words (``t('{user} wrote', {user: <Link/>})``)."""
    found: list[Value] = []
    for one in each(value):
        if isinstance(one, Element):
            found.append(one)
        elif isinstance(one, Thing):
            found += [inner for part in one.fields.values() for inner in _elements(part)]
    return found


def _navigator(to: Evaluation, code: Call, name: str, scope: Scope) -> Value:
    found = NAVIGATOR.match(name)
    kind = _KINDS[(found[1] or found[2] or "Stack") if found else "Stack"]
    args = _args(to, code.args, scope)
    routes = args[0] if args else None
    options = args[1] if len(args) > 1 else None
    if isinstance(routes, Thing) and ("screens" in routes.fields or "groups" in routes.fields):
        options, routes = routes, _grouped(routes)
    elif found and not (found[1] or found[2]):
        options, routes = routes, None  # an app's own kind: what it is handed is not known
    return Factory(kind, routes, options, Place(scope.path, code.line))


def _grouped(config: Thing) -> Thing:
    """Routes of a navigator that is written as one object, those of its groups too."""
    screens = config.get("screens")
    routes = screens if isinstance(screens, Thing) else Thing({})
    groups = config.get("groups")
    for group in groups.fields.values() if isinstance(groups, Thing) else ():
        inner = group.get("screens") if isinstance(group, Thing) else None
        routes = routes.with_all(inner if isinstance(inner, Thing) else Thing({}))
    return routes


def _state(to: Evaluation, code: Call, scope: Scope) -> Value:
    value = to.value(code.args[0], scope) if code.args else None
    if isinstance(value, Closure):
        value = to.apply(value, [])
    return [Start(value), UNKNOWN]


def _reducer(to: Evaluation, code: Call, scope: Scope) -> Value:
    return [Start(to.value(code.args[1], scope)) if len(code.args) > 1 else UNKNOWN, UNKNOWN]


def _memo(to: Evaluation, code: Call, scope: Scope) -> Value:
    value = to.value(code.args[0], scope) if code.args else UNKNOWN
    return to.apply(value, []) if isinstance(value, Closure) else UNKNOWN


def _ref(to: Evaluation, code: Call, scope: Scope) -> Value:
    return Thing({}, True)


def _first(to: Evaluation, code: Call, scope: Scope) -> Value:
    """A function or a component as it is: ``useCallback(f)``, ``memo(X)``, ``forwardRef((props, ref) => ...)``."""
    return to.value(code.args[0], scope) if code.args else UNKNOWN


def _lazy(to: Evaluation, code: Call, scope: Scope) -> Value:
    loaded = _memo(to, code, scope)
    return to.get(loaded, "default") if isinstance(loaded, Thing) else loaded


def _element(to: Evaluation, code: Call, scope: Scope) -> Value:
    args = _args(to, code.args, scope)
    if not args:
        return UNKNOWN
    props = Thing({}).with_all(plain(args[1])) if len(args) > 1 else Thing({})
    if len(args) > 2:
        props.fields["children"] = args[2] if len(args) == 3 else args[2:]
    return Element(args[0], props, Place(scope.path, code.line), last_name(code.args[0]), to.within)


def _cloned(to: Evaluation, code: Call, scope: Scope) -> Value:
    args = _args(to, code.args, scope)
    of = plain(args[0]) if args else UNKNOWN
    if isinstance(of, Element) and len(args) > 1:
        return of._replace(props=of.props.with_all(plain(args[1])))
    return of


def _select(to: Evaluation, code: Call, scope: Scope) -> Value:
    """``Platform.select({...})``: one platform stands for both."""
    given = to.value(code.args[0], scope) if code.args else UNKNOWN
    if isinstance(given, Thing):
        for name in ("android", "native", "ios", "default"):
            if name in given.fields:
                return given.fields[name]
    return UNKNOWN


def _assigned(to: Evaluation, code: Call, scope: Scope) -> Value:
    made = Thing({})
    for arg in _args(to, code.args, scope):
        made = made.with_all(plain(arg))
    return made


def _translator(to: Evaluation, code: Call, scope: Scope) -> Value:
    args = [plain(arg) for arg in _args(to, code.args, scope)]
    space = args[0][0] if args and isinstance(args[0], list) and args[0] else args[0] if args else ""
    prefix = known(args[1].get("keyPrefix")) if len(args) > 1 and isinstance(args[1], Thing) else ""
    made = Translator(known(space), prefix)
    return Thing({"t": made, "translate": made, "i18n": Thing({"t": made}, True)}, True)


def _localized(to: Evaluation, code: Call, scope: Scope) -> Value:
    given = to.value(code.args[0], scope) if code.args else None
    english = of_tongues(given)
    return keyed(english) if isinstance(english, Thing) else UNKNOWN


def _native(to: Evaluation, code: Call, scope: Scope) -> Value:
    """A component of the app's own native code: only its name tells what it is."""
    return Library("native", known(to.value(code.args[0], scope)) if code.args else "")


def _children(to: Evaluation, code: Call, scope: Scope) -> Value:
    return to.value(code.args[0], scope) if code.args else UNKNOWN


_KNOWN: dict[str, Callable[[Evaluation, Call, Scope], Value]] = {
    "useState": _state,
    "useReducer": _reducer,
    "useMemo": _memo,
    "useRef": _ref,
    "createRef": _ref,
    **dict.fromkeys(("useCallback", "memo", "forwardRef", "observer", "useEvent", "registerRootComponent"), _first),
    "lazy": _lazy,
    "createElement": _element,
    "cloneElement": _cloned,
    "select": _select,
    "assign": _assigned,
    **dict.fromkeys(_TRANSLATORS, _translator),
    "LocalizedStrings": _localized,
    "only": _children,
    **dict.fromkeys(("requireNativeComponent", "codegenNativeComponent"), _native),
    **dict.fromkeys(("useNavigation", "useRouter", "useNavigationContainerRef"), lambda to, code, scope: NAVIGATION),
}
