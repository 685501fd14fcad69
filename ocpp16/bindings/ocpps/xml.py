"""XML, read by the only parser there is: nothing is resolved, fetched, included or expanded.

Knows limits of XML and nothing of SOAP. What a document type, an entity or another encoding could
do is refused before anything is built.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

DEPTH_LIMIT: Final = 64
ATTRIBUTE_LIMIT: Final = 64

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
    strip_cdata=True,
)
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]*)[\"']")
_FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_NAMESPACES = re.compile(rb"<[^<>]*>")


class XmlError(ValueError):
    """The bytes are no XML that we read; the text says why."""


def parse(data: bytes) -> etree._Element:
    """Read a document.

    Raises:
        XmlError: It is not well-formed UTF-8 XML, or beyond a limit.
    """
    _check_encoding(data)
    if _FORBIDDEN.search(data):
        raise XmlError("a document type or entity declaration is not allowed")
    opened = data.count(b"<")
    if data.count(b"=") > ATTRIBUTE_LIMIT:
        _check_attributes(data)
    try:
        root = etree.fromstring(data, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlError(f"is not well-formed XML ({str(error)[:120]})") from None
    if opened > 2 * DEPTH_LIMIT and _is_deep(root):
        raise XmlError(f"nests deeper than {DEPTH_LIMIT}")
    return root


def _check_encoding(data: bytes) -> None:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in data:
        raise XmlError("is not UTF-8")
    declared = _DECLARATION.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared is not None and declared[1].strip().upper() not in {b"UTF-8", b"UTF8", b"US-ASCII"}:
        raise XmlError("declares an encoding other than UTF-8")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise XmlError("is not UTF-8") from None


def _check_attributes(data: bytes) -> None:
    # Counted before a tree is built: names and values of one element alone can fill the memory.
    for tag in _NAMESPACES.finditer(data):
        if data.count(b"=", tag.start(), tag.end()) > ATTRIBUTE_LIMIT and _attributes(tag[0]):
            raise XmlError(f"an element has more than {ATTRIBUTE_LIMIT} attributes or namespaces")


def _attributes(tag: bytes) -> bool:
    unquoted = re.sub(rb"\"[^\"]*\"|'[^']*'", b"", tag)
    return unquoted.count(b"=") > ATTRIBUTE_LIMIT


def _is_deep(root: etree._Element) -> bool:
    level = [root]
    for _ in range(DEPTH_LIMIT):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True
