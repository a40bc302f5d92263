"""What a value that is pushed on a navigation path shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from samouk.domains.screens.source.ios.expressions import Call, Choice, Closure, Expression, Name
from samouk.domains.screens.source.ios.scopes import Scope, last_expression, reduce

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.atlas import Atlas


class Route(NamedTuple):
    """What a pushed value of a type shows."""

    kind: str
    content: Closure
    scope: Scope


def destination(atlas: Atlas, value: Expression, scope: Scope) -> str:
    """Name of the screen that a pushed value opens; "" where none is known."""
    found, where = reduce(atlas.project, value, scope)
    kind, case = _kind_and_case(found)
    for route in atlas.routes:
        info = atlas.project.find(route.kind, route.scope.path)
        if info is not None and case in info.cases and kind in ("", route.kind, route.kind.rpartition(".")[2]):
            return _case_screen(atlas, route, case)
    kind = kind or (case if case[:1].isupper() else "") or _element_type(atlas, found, where or scope)
    fitting = [one for one in atlas.routes if one.kind == kind]
    if not fitting and not kind:
        plain = [one for one in atlas.routes if not _is_enum(atlas, one)]
        fitting = plain if len(plain) == 1 else []
    return _route_screen(atlas, fitting[0], fitting[0].content) if fitting else ""


def _is_enum(atlas: Atlas, route: Route) -> bool:
    info = atlas.project.find(route.kind, route.scope.path)
    return info is not None and bool(info.cases)


def _case_screen(atlas: Atlas, route: Route, case: str) -> str:
    only = last_expression(route.content.body)
    scope = route.scope
    inside = atlas.inside(only, scope) if only is not None and not isinstance(only, Choice) else None
    if inside is not None and isinstance(inside[0], Choice):
        only, scope = inside
    if isinstance(only, Choice):
        branch = next((one for one in only.branches if case in one.cases), None) or next(
            (one for one in only.branches if not one.cases), None
        )
        if branch is not None:
            content = Closure((), branch.body, route.content.line)
            return _route_screen(atlas, Route(f"{route.kind}.{case}", content, scope), content)
    return _route_screen(atlas, route, route.content)


def _route_screen(atlas: Atlas, route: Route, content: Closure) -> str:
    return atlas.screen(content, route.scope, f"{route.kind} destination", route.content.line)


def _element_type(atlas: Atlas, value: Expression, scope: Scope) -> str:
    """Type of what a loop hands out, from the declared type of its list."""
    while isinstance(value, Call) and value.name == "<element>" and value.receiver is not None:
        value = value.receiver
        if isinstance(value, Name):
            head, _, rest = value.path.partition(".")
            held = atlas.actor.held(head, scope) if rest else scope
            info = held.info if held is not None else None
            own = info.properties.get(rest or head) if info is not None else None
            kind = own.type.strip("[]?!") if own is not None else ""
            return kind.removeprefix("Array<").rstrip(">")
    return ""


def _kind_and_case(value: Expression) -> tuple[str, str]:
    """``Route`` and ``detail`` of `Route.detail(x)`, `.detail`, `Route.detail`; the type of `Item(...)` as case."""
    if isinstance(value, Call) and value.name != "<element>":
        base = value.receiver.path if isinstance(value.receiver, Name) else ""
        return base.strip("."), value.name
    if isinstance(value, Name) and "." in value.path:
        kind, _, case = value.path.rpartition(".")
        return kind, case
    return "", ""
