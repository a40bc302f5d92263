"""Elements to samples: the only way out, and nothing private passes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from samouk.domains.screens import structure
from samouk.domains.screens.element import Element, Evidence, Screen
from samouk.domains.screens.schema import (
    DP_CAP,
    DP_STEP,
    FLAGS,
    GENERIC,
    NONE,
    SIXTEENTHS,
    count_bucket,
    depth_bucket,
    text_bucket,
)
from samouk.domains.screens.structure import Extent, Node
from samouk.domains.screens.taxonomy import CUSTOM, ICON_DP, Flags, class_type, public_class
from samouk.edge.wire import Row, Value, week_of


def samples_of(screen: Screen, evidence: Sequence[Evidence | None], now: dt.datetime) -> list[tuple[int, Row]]:
    """Samples of the visible elements, each with the index of its element, in pre-order.

    ``evidence`` holds one entry for each of the screen's elements.

    Raises:
        ValueError: there is not one entry of evidence for each element.
    """
    if len(evidence) != len(screen.elements):
        raise ValueError(
            f"evidence holds {len(evidence)} entries for {len(screen.elements)} elements; give one for each"
        )
    week = week_of(now)
    nodes, extent = structure.nodes_of(screen)
    return [(node.element.index, _row(node, evidence[node.element.index], screen, extent, week)) for node in nodes]


def flags_of(element: Element, width_dp: float, height_dp: float) -> Flags:
    """What decides the type beside a public class."""
    return Flags(element.password, element.clickable, element.checkable, 0 < max(width_dp, height_dp) <= ICON_DP)


def _row(node: Node, evidence: Evidence | None, screen: Screen, extent: Extent, week: str) -> Row:
    told = evidence or Evidence("unknown", 0.0, "none")
    secret = told.element_type == "password_input"
    element = node.element
    row: dict[str, Value] = {
        "sample_id": str(uuid.uuid4()),
        "class_name": public_class(element.class_name),
        "has_text": node.words > 0 and not secret,
        "text_length": 0 if secret else text_bucket(node.words),
        "bounds_width": _dp(node.width),
        "bounds_height": _dp(node.height),
        "platform": screen.platform,
        "element_type": told.element_type,
        "confidence": round(told.confidence, 1),
        "timestamp": week,
        "label_source": told.source,
    }
    for name in FLAGS:
        row[name] = getattr(element, name)
    row.update(_counts(node))
    row.update(_beside(node))
    row.update(_neighbours(node))
    row.update(_place(node, extent))
    return row


def _counts(node: Node) -> Row:
    return {
        "depth": depth_bucket(node.depth),
        "levels_below": count_bucket(node.levels_below),
        "children": count_bucket(len(node.children)),
        "descendants": count_bucket(node.descendants),
        "alike_children": count_bucket(node.alike_children),
        "text_inside": count_bucket(node.text_inside),
        "picture_inside": count_bucket(node.picture_inside),
        "clickable_inside": count_bucket(node.clickable_inside),
        "scrollable_inside": count_bucket(node.scrollable_inside),
        "checkable_inside": count_bucket(node.checkable_inside),
        "child_cover": _sixteenths(node.child_cover, 1),
        "words_inside": text_bucket(node.words_inside),
        "arrangement": node.arrangement,
        "inside_clickable": node.under_clickable,
        "inside_scrollable": node.under_scrollable,
        **{f"inside_{region}": region in node.inside for region in structure.REGIONS},
    }


def _beside(node: Node) -> Row:
    parent, own = node.parent, node.element
    siblings = parent.children if parent else [node]
    return {
        "siblings": count_bucket(len(siblings) - 1),
        "sibling_index": count_bucket(node.place),
        "twins": count_bucket(node.twins),
        "text_beside": count_bucket(parent.text_children - (node.words > 0) if parent else 0),
        "checkable_beside": count_bucket(parent.checkable_children - (own.checkable is True) if parent else 0),
        "selected_beside": count_bucket(parent.selected_children - (own.selected is True) if parent else 0),
    }


def _neighbours(node: Node) -> Row:
    parent = node.parent
    beside = parent.children if parent else []
    place = node.place
    return {
        "parent_class": public_class(parent.element.class_name) if parent else NONE,
        "grandparent_kind": _kind(parent.parent) if parent else NONE,
        "child_kind": _kind(node.children[0]) if node.children else NONE,
        "previous_kind": _kind(beside[place - 1]) if place else NONE,
        "next_kind": _kind(beside[place + 1]) if place + 1 < len(beside) else NONE,
        "parent_arrangement": parent.arrangement if parent else NONE,
        "parent_clickable": parent.element.clickable if parent else None,
        "parent_scrollable": parent.element.scrollable if parent else None,
    }


def _kind(node: Node | None) -> str:
    """What the public class of a neighbour says it is."""
    if node is None:
        return NONE
    name = node.element.class_name
    kind = class_type(name, flags_of(node.element, node.width, node.height))
    if kind is not None:
        return kind
    return CUSTOM if public_class(name) == CUSTOM else GENERIC


def _place(node: Node, extent: Extent) -> Row:
    bounds = node.bounds
    outer = node.parent.bounds if node.parent else bounds
    x, y = (bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2
    return {
        "x": _sixteenths(x, extent.width),
        "y": _sixteenths(y, extent.height),
        "width_share": _sixteenths(bounds.width, extent.width),
        "height_share": _sixteenths(bounds.height, extent.height),
        "parent_width_share": _sixteenths(bounds.width, outer.width),
        "parent_height_share": _sixteenths(bounds.height, outer.height),
        "parent_x": _sixteenths(x - outer.left, outer.width),
        "parent_y": _sixteenths(y - outer.top, outer.height),
    }


def _sixteenths(part: float, whole: float) -> int:
    return round(SIXTEENTHS * min(max(part / whole, 0), 1)) if whole > 0 else 0


def _dp(length: float) -> int:
    return min(max(round(length / DP_STEP) * DP_STEP, 0), DP_CAP)
