"""Modifiers that an app defines, and what else of its code stands for views."""

from __future__ import annotations

from samouk.domains.screens.source.ios.expressions import Call, Choice, Let, Loop, Name, Statement
from samouk.domains.screens.source.ios.scopes import VIEWS, Project, Scope, bind, instance


def is_modifier(base: Call, scope: Scope) -> bool:
    """``padding()`` alone, inside of an own modifier, stands behind ``project``."""
    return (
        base.receiver is None
        and base.name[:1].islower()
        and scope.local("self") is not None
        and not (scope.info is not None and base.name in scope.info.functions and scope.info.name != "View")
    )


def own_modifier(project: Project, call: Call, scope: Scope) -> tuple[tuple[Statement, ...], Scope] | None:
    """Body and scope of a modifier that the app defines: in an extension of View, or as a ViewModifier."""
    if call.name == "modifier" and call.arguments:
        made = call.arguments[0].value
        name = made.name if isinstance(made, Call) else ""
        info = project.find(name, scope.path)
        body = info.functions.get("body") if info is not None else None
        if info is None or not body or not isinstance(made, Call):
            return None
        return body[0].body, instance(info, made.arguments, scope, scope.key).inner()
    for kind in ("View", "Text", "Image", "Button", "TextField"):
        info = project.find(kind, scope.path)
        functions = info.functions.get(call.name) if info is not None and info.kind == "extension" else None
        if info is not None and functions and functions[0].result in VIEWS:
            home = info.homes.get(call.name, info.path)
            values = bind(functions[0].parameters, call.arguments, scope)
            return functions[0].body, Scope(scope.key, home, info, values)
    return None


def appended(body: tuple[Statement, ...], name: str) -> tuple[Statement, ...]:
    """What code puts into a list that begins empty, branches and loops kept."""
    kept: list[Statement] = []
    for one in body:
        if isinstance(one, Call) and one.name == "append" and one.receiver == Name(name) and one.arguments:
            kept.append(one.arguments[0].value)
        elif isinstance(one, Choice):
            branches = tuple(each._replace(body=appended(each.body, name)) for each in one.branches)
            kept.append(one._replace(branches=branches))
        elif isinstance(one, Loop):
            kept.append(Loop(one.name, appended(one.body, name)))
        elif isinstance(one, Let) and one.name != name:
            kept.append(one)
    return tuple(kept)


def has_function(scope: Scope, call: Call) -> bool:
    """Whether the instance has a function that is called so; a property may have the same name."""
    if scope.info is None:
        return False
    labels = {one.label for one in call.arguments}
    functions = scope.info.functions.get(call.name, [])
    return any(labels <= {"{}", *(each.label for each in one.parameters)} for one in functions if labels)
