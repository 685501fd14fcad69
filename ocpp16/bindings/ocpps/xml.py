"""XML, read by the only parser there is: nothing is resolved, fetched, included or expanded.

Knows limits of XML and nothing of SOAP. What a document type, an entity or another encoding could
do is refused before anything is built. The size of a document is limited by whoever received it.

The parser is expat. libxml2 keeps each name, namespace and longer run of white space that it has
once seen, in a dictionary of the thread that nothing empties: a peer could let it grow for ever.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Final
from xml.etree.ElementTree import Element, ParseError, XMLParser

DEPTH_LIMIT: Final = 64
ATTRIBUTE_LIMIT: Final = 64
"""Attributes of one element, and as many namespaces again."""
SPACE: Final = " \t\r\n"
"""White space of XML, which is less than that of Unicode."""

_XINCLUDE: Final = "{http://www.w3.org/2001/XInclude}"
_MARK: Final = b"\xef\xbb\xbf"
_ENCODINGS: Final = frozenset({b"UTF-8", b"UTF8", b"US-ASCII", b"ASCII"})
_DECLARATION: Final = re.compile(rb"\s*+<\?xml\s[^>]*?encoding\s*+=\s*+[\"']([^\"'>]*+)[\"']")
# What may stand before a document type, and nothing else of it may stand anywhere.
_PROLOG: Final = re.compile(rb"(?:\s++|<\?.*?(?:\?>|\Z)|<!--.*?(?:-->|\Z))*+<![^-]", re.DOTALL)
# Each alternative ends at the end of the text if nothing else ends it: the search never starts over
# inside one. What stands in comments and CDATA is no tag, and `>` may stand in a value.
_TAGS: Final = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)"
    rb"|<(?P<tag>(?:[^<>\"']++|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))++)",
    re.DOTALL,
)
_VALUES: Final = re.compile(rb"\"[^\"]*+\"?|'[^']*+'?")
_NAMESPACE: Final = re.compile(rb"\sxmlns(?::[^\s=]*+)?\s*+=")


class XmlError(ValueError):
    """The bytes are no XML that we read; the text says why."""


def parse(data: bytes) -> Element:
    """Read a document.

    Raises:
        XmlError: It is not well-formed UTF-8 XML, or beyond a limit.
    """
    check(data)
    # Whatever a declaration says that `check` did not see, the bytes are read as UTF-8.
    # Entities are all that expat can be attacked with, and `check` lets none be declared.
    parser = XMLParser(encoding="utf-8")  # noqa: S314
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, ValueError) as error:
        raise XmlError(f"is not well-formed XML ({str(error)[:120]})") from None
    # Each level but the last needs an end tag.
    if data.count(b"</") >= DEPTH_LIMIT and _is_deep(root):
        raise XmlError(f"nests deeper than {DEPTH_LIMIT}")
    # The name of the namespace may be written with references to characters.
    if (b"XInclude" in data or b"&#" in data) and any(
        element.tag.startswith(_XINCLUDE) for element in root.iter()
    ):
        raise XmlError("XInclude is not allowed")
    return root


def check(data: bytes) -> None:
    """Check what no parser needs to see: encoding, document types, attributes without number.

    Raises:
        XmlError: It is not UTF-8, or beyond a limit.
    """
    _check_encoding(data)
    if _PROLOG.match(data.removeprefix(_MARK)):
        raise XmlError("a document type or entity declaration is not allowed")
    if data.count(b"=") > ATTRIBUTE_LIMIT:
        _check_attributes(data)


def _is_deep(root: Element) -> bool:
    level = [root]
    for _ in range(DEPTH_LIMIT):
        level = list(chain.from_iterable(level))
        if not level:
            return False
    return True


def split_tag(tag: str) -> tuple[str, str]:
    """Return the namespace, empty if there is none, and the local name of an element's tag."""
    namespace, _, local = tag.rpartition("}")
    return namespace.removeprefix("{"), local


def write_text(text: str) -> str:
    """Return a text as it stands between tags.

    Raises:
        ValueError: It holds a character that XML does not have.
    """
    if text.isascii() and text.isprintable() and not ("<" in text or "&" in text or ">" in text):
        return text
    if not can_be_written(text):
        raise ValueError("holds a character that XML does not have")
    # A carriage return that is not escaped would come back as a line feed.
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\r", "&#13;")


def can_be_written(text: str) -> bool:
    """Tell whether XML has every character of a text."""
    return all(map(_has, text))


def writable(text: str) -> str:
    """Return a text with `?` for every character that XML does not have."""
    return "".join(character if _has(character) else "?" for character in text)


def _has(character: str) -> bool:
    return (
        " " <= character <= "\ud7ff"
        or character in "\t\n\r"
        or "\ue000" <= character <= "\ufffd"
        or character >= "\U00010000"
    )


def _check_encoding(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise XmlError("is not UTF-8") from None
    # Every other Unicode encoding of a `<` has one.
    if b"\0" in data:
        raise XmlError("is not UTF-8")
    declared = _DECLARATION.match(data.removeprefix(_MARK))
    if declared is not None and declared[1].strip().upper() not in _ENCODINGS:
        raise XmlError("declares an encoding other than UTF-8")


def _check_attributes(data: bytes) -> None:
    # Counted before a tree is built: names and values of one element alone can fill the memory.
    for match in _TAGS.finditer(data):
        tag = match["tag"]
        if tag is None or tag.count(b"=") <= ATTRIBUTE_LIMIT:
            continue
        names = _VALUES.sub(b"", tag)
        namespaces = len(_NAMESPACE.findall(names))
        if max(namespaces, names.count(b"=") - namespaces) > ATTRIBUTE_LIMIT:
            raise XmlError(f"an element has more than {ATTRIBUTE_LIMIT} attributes or namespaces")
