"""XML of source files, each tag with its line: entities are refused, and nothing is read from elsewhere."""

from __future__ import annotations

from typing import Protocol
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ErrorString

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from samouk.domains.screens.source.reading import Unparsable

_CHUNK = 1 << 16


class Target(Protocol):
    """What hears of a file; it may raise Unparsable."""

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        """A tag begins."""

    def data(self, words: str) -> None:
        """A part of the words in the open tag."""

    def end(self, name: str) -> None:
        """The open tag ends."""


class _Deaf:
    """What the parser would build a tree with."""

    def close(self) -> None:
        """Nothing was built."""


def feed(content: bytes, target: Target, *, doctype: bool) -> None:
    """Let ``target`` hear the file from its beginning to its end.

    Args:
        doctype: a document type without entities may stand in it.

    Raises:
        Unparsable: the XML is broken or declares entities; with the line.
    """
    parser = DefusedXMLParser(target=_Deaf(), forbid_dtd=not doctype, forbid_entities=True, forbid_external=True)
    expat = parser.parser
    expat.ordered_attributes = False
    expat.StartElementHandler = lambda name, attributes: target.start(name, attributes, expat.CurrentLineNumber)
    expat.CharacterDataHandler, expat.EndElementHandler = target.data, target.end
    try:
        for at in range(0, len(content), _CHUNK):
            parser.feed(content[at : at + _CHUNK])
        parser.close()
    except ParseError as error:
        raise Unparsable(f"broken XML: {ErrorString(error.code) or 'broken'}", error.position[0]) from None
    except DefusedXmlException:
        raise Unparsable(
            "declares a document type or entities of its own, which are not read", expat.CurrentLineNumber
        ) from None
    except Unparsable:
        raise
    except (ValueError, LookupError):
        raise Unparsable("is not encoded as it declares") from None
