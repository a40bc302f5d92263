"""XML hierarchies: uiautomator dumps and Appium page sources of Android and iOS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ErrorString

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from samouk.domains.screens.readers.limits import check_place
from samouk.edge.observer import UnreadableSource

Node = tuple[int, Mapping[Any, Any]]
"""Index of the parent, -1 for a root, and the node's attributes. Nodes come in pre-order."""

_ENVELOPES = frozenset({"hierarchy", "AppiumAUT", "appiumaut"})
_CHUNK = 1 << 16


class _Hierarchy:
    """Target of the parser: keeps a flat list, so that no depth of nesting costs a stack."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._open: list[int] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if "}" in tag:
            tag = f"{{{tag}"  # as ElementTree writes names of a namespace
        parent = self._open[-1] if self._open else -1
        if parent == -1 and tag in _ENVELOPES:
            self._open.append(-1)
            return
        index = len(self.nodes)
        check_place(index, len(self._open))
        # A uiautomator dump names the class in an attribute, a page source in the tag.
        if tag != "node" and "class" not in attributes:
            attributes = {"class": tag, **attributes}
        self.nodes.append((parent, attributes))
        self._open.append(index)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def close(self) -> list[Node]:
        return self.nodes


def nodes_of_xml(text: str | bytes) -> list[Node]:
    """Nodes of an XML hierarchy in pre-order.

    Raises:
        UnreadableSource: the XML is broken, declares entities or a document type with them, is nested
            too deep or holds too many elements. The message tells the line and never what stands there.
    """
    parser = _parser()
    try:
        for start in range(0, len(text), _CHUNK):
            parser.feed(text[start : start + _CHUNK])
        nodes: list[Node] = parser.close()
    except ParseError as error:
        raise _broken(error) from None
    except DefusedXmlException:
        raise UnreadableSource(
            "the XML declares a document type or entities, which no hierarchy needs; remove the <!DOCTYPE ...> part"
        ) from None
    except UnreadableSource:
        raise
    except (ValueError, LookupError):
        raise UnreadableSource("the XML is not encoded as it declares; save it as UTF-8") from None
    return nodes


def _parser() -> DefusedXMLParser:
    """A parser that calls the hierarchy directly: its own handlers would rename every attribute on the way."""
    hierarchy = _Hierarchy()
    parser = DefusedXMLParser(target=hierarchy, forbid_dtd=True)
    expat = parser.parser
    expat.ordered_attributes = False
    expat.StartElementHandler, expat.EndElementHandler = hierarchy.start, hierarchy.end
    return parser


def _broken(error: ParseError) -> UnreadableSource:
    line, column = error.position
    reason = ErrorString(error.code) or "broken"
    return UnreadableSource(
        f"the XML is broken at line {line}, column {column} ({reason}); dump the screen again and pass the whole file"
    )
