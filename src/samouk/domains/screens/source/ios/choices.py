"""Views that only choose among other views: those are the screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.expressions import Branch, Call, Choice, Closure, Expression, Name
from samouk.domains.screens.source.ios.marks import flatten
from samouk.domains.screens.source.ios.scopes import Scope, TypeInfo, last_expression

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.atlas import Atlas


def split(atlas: Atlas, name: str, info: TypeInfo, scope: Scope) -> bool:
    """A view that only chooses between own views is not a screen: they are."""
    own = info.properties.get("body")
    only = last_expression(own.body) if own is not None and own.body is not None else None
    if only is None:
        return False
    inside, where = _through(atlas, only, scope)
    if not isinstance(inside, Choice) or len(inside.branches) < 2:
        return False
    views = [(branch, _only_view(atlas, branch, where)) for branch in inside.branches]
    if any(view is None for _, view in views):
        return False
    atlas.aliases[name] = ""
    chosen = ""
    for branch, view in views:
        if view is None:
            continue
        screen = atlas.of_view(view, made=_made(atlas, branch, where))
        only = last_expression(branch.body)
        worn: list[tuple[list[Call], Scope]] = []
        if only is not None:
            atlas.unwrapped(only, where, worn)
            atlas.wear(screen, worn)
        verdict = atlas.speaker.branch(inside, branch, where)
        chosen = screen if verdict.holds or not chosen or (verdict.holds is None and branch.test is None) else chosen
        _shown_by(atlas, inside, branch, screen, where)
        if verdict.holds:
            break
    for branch, view in views:
        if view is not None:
            _shown_by(atlas, inside, branch, atlas.of_view(view, made=_made(atlas, branch, where)), where)
    atlas.aliases[name] = chosen
    return True


def _through(atlas: Atlas, value: Expression, scope: Scope) -> tuple[Expression, Scope]:
    for _ in range(10):
        base, _chain = flatten(value)
        if not isinstance(base, (Call, Closure)) or (isinstance(base, Call) and not only_holds(base)):
            return base, scope
        inner = atlas.inside(base, scope)
        if inner is None:
            return base, scope
        value, scope = inner
    return value, scope


def _only_view(atlas: Atlas, branch: Branch, scope: Scope) -> TypeInfo | None:
    only = last_expression(branch.body)
    if only is None:
        return None
    found, where = atlas.unwrapped(only, scope)
    if isinstance(found, Call) and found.receiver is None:
        return atlas.project.view(found.name, where.path)
    return None


def _made(atlas: Atlas, branch: Branch, scope: Scope) -> tuple[Call, Scope] | None:
    only = last_expression(branch.body)
    found, where = atlas.unwrapped(only, scope) if only is not None else (None, scope)
    return (found, where) if isinstance(found, Call) else None


def _shown_by(atlas: Atlas, choice: Choice, branch: Branch, screen: str, scope: Scope) -> None:
    first = choice.branches[0].test
    turned = isinstance(first, Call) and first.name == "!"
    flag = first.arguments[0].value if isinstance(first, Call) and turned else first
    if not isinstance(flag, Name) or not flag.path or len(choice.branches) != 2:
        return
    key, name = atlas.actor.state(flag.path, scope)
    wanted = (branch is choice.branches[0]) != turned
    atlas.shown.setdefault((key, name if wanted else f"!{name}"), screen)


def only_holds(call: Call) -> bool:
    """Navigation, groups, providers of libraries: not lists, stacks and what else says how things lie."""
    return call.name not in (
        "List", "Form", "ScrollView", "VStack", "HStack", "ZStack", "LazyVStack", "TabView", "ForEach", "Button",
        "NavigationLink", "Section", "Menu", "Picker", "Toggle", "Label", "LazyVGrid", "Grid", "GeometryReader",
    )  # fmt: skip
