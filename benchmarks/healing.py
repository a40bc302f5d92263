"""How often a proposal for a lost locator is right: elements of the example apps, each lost in several ways.

The screens are what the running apps show, written by hand. The node of each element that its locator finds is changed:
another identifier, other words, both, or it is taken away. A proposal is right when it names that node; where the node
is gone, any proposal is wrong. The changes are ours: the figure is of the method, not of real releases.

Run: ``python -m benchmarks.healing``
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import tostring

from tests.domains.screens.rehearsal.examples import Example, examples, modelled

from samouk.domains.screens import rules
from samouk.domains.screens.appmodel.model import AppElement, AppScreen
from samouk.domains.screens.element import Element, Screen
from samouk.domains.screens.readers import read
from samouk.domains.screens.testgen import healing
from samouk.domains.screens.testgen.rehearsal import drawn
from samouk.domains.screens.testgen.rehearsal.mutation import screens_of

RESULTS = Path(__file__).parent / "results" / "healing.json"
OTHER = "Something else"


def shown(example: Example) -> Iterator[tuple[AppScreen, Screen]]:
    """Screens of the model with the hierarchies that show them."""
    model, app = modelled(example), drawn.parse(drawn.read(example.running))
    names = screens_of(model, app)
    for screen in model.screens:
        if screen.key in names:
            nodes = app.screens[names[screen.key]]
            yield screen, read(tostring(nodes[0], encoding="unicode"), example.platform)


def changes(node: Element) -> Iterator[tuple[str, Element | None]]:
    """The node as the next release may show it; None: it is gone."""
    renamed = f"{node.resource_id}_v2" if node.resource_id else ""
    if renamed:
        yield "identifier extended", replace(node, resource_id=renamed)
        yield "identifier replaced", replace(node, resource_id="x17")
    if node.text or node.description:
        yield "words extended", _said(node, f"{node.text} now", f"{node.description} now")
        yield (
            "identifier and words extended",
            _said(replace(node, resource_id=renamed), f"{node.text} now", f"{node.description} now"),
        )
        yield "identifier and words replaced", _said(replace(node, resource_id="x17" if renamed else ""), OTHER, OTHER)
    yield "taken away", None


def _said(node: Element, text: str, description: str) -> Element:
    """Other words where it has some."""
    return replace(node, text=text if node.text else "", description=description if node.description else "")


def outcome(where: AppScreen, element: AppElement, now: Screen, right: int | None) -> str:
    """``kept`` when the locator still matches, else what the proposal was."""
    lost = list(healing.lost_in(where, now))
    if element not in lost:
        return "kept"
    firsts = [one.locators[0] for one in where.elements if one.locators and one not in lost]
    taken = [index for locator in firsts for index in healing.matches(locator, now)]
    told = healing.propose(element, now, rules.evidence_of(now), taken)
    if not told.accepted or told.best is None:
        return "none"
    return "right" if told.best.index == right else "wrong"


def main() -> None:
    """Print a line for each way to be lost, and write them."""
    counts: dict[str, Counter[str]] = {}
    for example in examples():
        for where, screen in shown(example):
            for element in where.interactive:
                first = element.locators[0] if element.locators else None
                if first is None or first.strategy == "kind" or element.repeated:
                    continue
                found = healing.matches(first, screen)
                if len(found) != 1:
                    continue
                for name, node in changes(screen.elements[found[0]]):
                    elements = list(screen.elements)
                    elements[found[0]] = node or replace(elements[found[0]], visible=False)
                    now = replace(screen, elements=tuple(elements))
                    right = None if node is None else found[0]
                    counts.setdefault(name, Counter())[outcome(where, element, now, right)] += 1
    for name, told in counts.items():
        lost = sum(told.values()) - told["kept"]
        print(
            f"{name:32} {lost:4} lost  {told['right']:4} right  {told['wrong']:4} wrong  {told['none']:4} no proposal"
        )
    RESULTS.write_text(json.dumps(counts, indent=2) + "\n")


if __name__ == "__main__":
    main()
