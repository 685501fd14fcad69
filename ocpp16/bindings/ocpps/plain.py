"""Envelopes that are as plain as nearly all are, read without a parser.

What a peer sends looks the same every time, and a tree is built to be thrown away. So an envelope
is first held against what it is expected to be: elements in the order of the schema, texts without
references, no comments, no attributes but namespaces and `mustUnderstand`. Every byte is looked at,
and whatever is not exactly as expected is doubted and goes to the parser, which alone refuses. What
passes here is well-formed, in the right namespaces, and means what the parser would have read; a
property test holds the one against the other.

All of an envelope but the values of its headers and its message is the same in the next one of the
same peer. So that is remembered once it was understood (a `Style`), and later ones are compared
with it. Spec: XML 1.0, Namespaces in XML 1.0, S 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

from ocpp16.bindings.ocpps.fast import Unusual
from ocpp16.bindings.ocpps.xml import SPACE
from ocpp16.structure import Structure

_WS: Final = r"[ \t\n]*+"
_TEXT: Final = r"[^<&\x00-\x08\x0b-\x1f]"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.\-]{0,39}+"
_PREFIX: Final = rf"(?:{_NAME}:)?"
_VALUE: Final = r"(?:\"[^\"<&{}\x00-\x1f]{1,80}+\"|'[^'<&{}\x00-\x1f]{1,80}+')"
_NAMESPACES: Final = rf"((?:[ \t\n]++xmlns(?::{_NAME})?={_VALUE}){{0,12}}+)"
_ATTRIBUTES: Final = rf"((?:[ \t\n]++{_PREFIX}{_NAME}={_VALUE}){{0,4}}+)"
_QUOTED_VERSION: Final = r"(?:\"1\.0\"|'1\.0')"
_QUOTED_ENCODING: Final = r"(?:\"[Uu][Tt][Ff]-8\"|'[Uu][Tt][Ff]-8')"
_DECLARATION: Final = (
    rf"(?:<\?xml version={_QUOTED_VERSION}(?: encoding={_QUOTED_ENCODING})?{_WS}\?>)?"
)

_envelope: Final = re.compile(
    rf"{_DECLARATION}{_WS}<({_PREFIX})Envelope{_NAMESPACES}{_WS}>{_WS}"
    rf"(?:<(\1Header){_NAMESPACES}{_WS}>{_WS})?"
).match
_header: Final = re.compile(
    rf"<({_PREFIX}{_NAME}){_ATTRIBUTES}{_WS}>"
    rf"(?:({_TEXT}*+)</\1>|{_WS}<({_PREFIX}Address)>({_TEXT}*+)</\4>{_WS}</\1>){_WS}"
).match
_body: Final = re.compile(
    rf"(?:</({_PREFIX}Header)>{_WS})?<({_PREFIX})Body{_NAMESPACES}{_WS}>{_WS}"
    rf"<({_PREFIX})({_NAME}){_NAMESPACES}{_WS}(/?)>"
).match
_end: Final = re.compile(
    rf"(?:</({_PREFIX}{_NAME})>)?{_WS}</({_PREFIX})Body>{_WS}</\2Envelope>{_WS}"
).fullmatch
_attributes: Final = re.compile(
    rf"[ \t\n]++({_PREFIX})({_NAME})=(?:\"([^\"]*+)\"|'([^']*+)')"
).findall
# Namespaces that nothing of a plain envelope is in: of XML itself, and the one that is refused.
_RESERVED: Final = frozenset(
    {
        "http://www.w3.org/XML/1998/namespace",
        "http://www.w3.org/2000/xmlns/",
        "http://www.w3.org/2001/XInclude",
    }
)


# What generated shapes are made of


class Shape:
    """The pattern of some elements one after the other; compiled when it is first needed."""

    def __init__(self, *parts: str) -> None:
        self._parts = parts

    @cached_property
    def match(self) -> Callable[[str, int], re.Match[str] | None]:
        """Match at a place of a text; one group for each leaf."""
        return re.compile("".join(self._parts)).match


def leaf(name: str, content: str) -> str:
    """Return the pattern of an element that has to be there."""
    return rf"<{name}>({content})</{name}>{_WS}"


def maybe(name: str, content: str) -> str:
    """Return the pattern of an element that may be there."""
    return rf"(?:<{name}>({content})</{name}>{_WS})?+"


def opening(name: str) -> str:
    """Return the pattern of a start tag."""
    return f"<{name}>{_WS}"


def closing(name: str) -> str:
    """Return the pattern of an end tag."""
    return f"</{name}>{_WS}"


def short_text(limit: int) -> str:
    """Return the pattern of a text of at most so many characters."""
    return f"{_TEXT}{{0,{limit}}}+"


TEXT: Final = f"{_TEXT}*+"
WORD: Final = r"[A-Za-z0-9.\-]++"
INTEGER: Final = r"-?[0-9]{1,9}+"
TENTHS: Final = r"-?[0-9]{1,12}+(?:\.[0-9])?+"
BOOLEAN: Final = "true|false"
TIMESTAMP: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6}+)?Z"
)
BOOLEANS: Final[dict[str | None, Any]] = {"true": True, "false": False, None: None}


def scan_list(shape: Shape, text: str, at: int) -> tuple[list[str], int]:
    """Return the texts of elements of one name that follow each other, and where they end."""
    found: list[str] = []
    while (match := shape.match(text, at)) is not None:
        found.append(match[1])
        at = match.end()
    return found, at


# Envelopes


class PlainBody:
    """The element in the body of a plain envelope, and the message that it is."""

    __slots__ = ("content", "message", "name", "namespace")
    message: Structure

    def __init__(self, namespace: str, name: str, content: str) -> None:
        self.namespace = namespace
        self.name = name
        self.content = content
        """What stands in it, without any prefix."""


Purpose: TypeAlias = Callable[[str, str | None], str | None]
"""Returns what a header is for, by its tag and that of the element in it; None is not known."""


class Style:
    """How one peer writes an envelope: all of it but the values and the message.

    Args:
        pieces: What stands before the first value, between them, and before the message's name.
        purposes: What each value is.
        prefix: That of the message and of all in it, with its colon.
        namespace: The namespace of the message.
        declared: What stands in its start tag after the name.
        tail: What follows the message.
    """

    __slots__ = (
        "_declared",
        "_first",
        "_namespace",
        "_prefix",
        "_purposes",
        "_steps",
        "_tail",
        "length",
    )

    def __init__(
        self,
        pieces: Sequence[str],
        purposes: Iterable[str],
        *,
        prefix: str,
        namespace: str,
        declared: str,
        tail: str,
    ) -> None:
        self._first, *others = pieces
        self._steps = [(piece, len(piece)) for piece in others]
        self._purposes = tuple(purposes)
        self._prefix = prefix
        self._namespace = namespace
        self._declared = declared
        self._tail = tail
        self.length = sum(map(len, pieces)) + len(declared) + len(tail)

    def split(self, text: str) -> tuple[dict[str, Any], PlainBody] | None:
        """Take an envelope apart that is written in this way; None if it is not."""
        if not text.startswith(self._first):
            return None
        at = len(self._first)
        values: list[str] = []
        for piece, length in self._steps:
            end = text.find("<", at)
            if not text.startswith(piece, end):
                return None
            values.append(text[at:end])
            at = end + length
        joined = "".join(values)
        if not joined.isprintable() or "&" in joined:
            return None
        if " " in joined:
            values = [value.strip(SPACE) for value in values]
        end = text.find(">", at)
        is_empty = text[end - 1] == "/"
        name = text[at : end - is_empty]
        if self._declared:
            if not name.endswith(self._declared):
                return None
            name = name[: -len(self._declared)]
        tail = self._tail if is_empty else f"</{self._prefix}{name}>{self._tail}"
        close = len(text) - len(tail)
        if close <= end or not text.endswith(tail):
            return None
        content = text[end + 1 : close].lstrip(SPACE)
        if is_empty and content:
            return None  # It stands beside the message.
        if self._prefix:
            content = _without_prefix(content, self._prefix)
        headers = dict(zip(self._purposes, values, strict=True))
        if "" in values:
            headers = {purpose: value for purpose, value in headers.items() if value}
        return headers, PlainBody(self._namespace, name, content)


_STYLES: Final[dict[str, tuple[Style, ...]]] = {}
"""Those seen of late, by what stands before the headers."""
STYLE_LIMIT: Final = 64
"""So many beginnings, each with up to four styles; and neither is long."""
STYLE_LENGTH: Final = 2048


def split(data: bytes, soap: str, purpose: Purpose) -> tuple[dict[str, Any], PlainBody]:
    """Take an envelope apart.

    Args:
        data: The bytes of an envelope.
        soap: The namespace of the envelope.
        purpose: Says what headers are for.

    Returns:
        The headers that are not empty, by what they are for; and the body, whose content has
        still to be held against the shape of its message: nothing in it was looked at.

    Raises:
        Unusual: It is not plain.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Unusual from None
    # The end of a CDATA section may not stand in a text; nor do two characters that Unicode has.
    if "]]>" in text or (not text.isascii() and ("\ufffe" in text or "\uffff" in text)):
        raise Unusual
    beginning = text[: text.find("Header")]
    for style in _STYLES.get(beginning, ()):
        found = style.split(text)
        if found is not None:
            return found
    headers, body, style = _split_slowly(text, soap, purpose)
    # Without headers, the beginning would be the whole envelope.
    if headers and style.length < STYLE_LENGTH:
        known = _STYLES.pop(beginning, ())
        if len(_STYLES) >= STYLE_LIMIT:
            _STYLES.clear()
        _STYLES[beginning] = (style, *known)[:4]
    return headers, body


def _split_slowly(
    text: str, soap: str, purpose: Purpose
) -> tuple[dict[str, str], PlainBody, Style]:
    """Take an envelope apart that is written in a way not seen before."""
    start = _envelope(text)
    if start is None:
        raise Unusual
    prefix, outer, header, inner = start.groups("")
    _check_tag(soap, prefix, outer)
    at = start.end()
    headers: dict[str, str] = {}
    places: list[tuple[int, int]] = []
    if header:
        _check_tag(soap, prefix, outer, inner)
        while (found := _header(text, at)) is not None:
            name, attributes, value, address_name, address = found.groups()
            scopes = (outer, inner, attributes)
            _check_attributes(soap, scopes)
            key = purpose(
                _tag(*_split_name(name), *scopes),
                None if address_name is None else _tag(*_split_name(address_name), *scopes),
            )
            if key is None or key in headers:
                raise Unusual
            headers[key] = (address if value is None else value).strip(SPACE)
            places.append(found.span(3 if address_name is None else 5))
            at = found.end()
    body = _body(text, at)
    if body is None:
        raise Unusual
    ended, body_prefix, around, inside, name, own, is_empty = body.groups("")
    if ended != header or body_prefix != prefix:
        raise Unusual
    _check_tag(soap, prefix, outer, around)
    at = body.end()
    close = at if is_empty else text.rfind(f"</{inside}{name}>", at)
    end = None if close < 0 else _end(text, close)
    if end is None or end.groups("") != ("" if is_empty else inside + name, prefix):
        raise Unusual
    content = text[at:close].lstrip(SPACE)
    if inside:
        content = _without_prefix(content, inside)
    namespace = _tag(inside, "", outer, around, own)[1:-1]
    ends = [0, *(end for _, end in places)]
    starts = [*(start for start, _ in places), body.start(5)]
    style = Style(
        [text[one:other] for one, other in zip(ends, starts, strict=True)],
        headers,
        prefix=inside,
        namespace=namespace,
        declared=text[body.end(5) : body.end() - len(is_empty) - 1],
        tail=text[close:].removeprefix("" if is_empty else f"</{inside}{name}>"),
    )
    said = {key: value for key, value in headers.items() if value}
    return said, PlainBody(namespace, name, content), style


def _without_prefix(content: str, prefix: str) -> str:
    """Return elements without the one prefix that all of them have."""
    start, end = f"<{prefix}", f"</{prefix}"
    if content.count(start) + content.count(end) != content.count("<"):
        raise Unusual
    # It would become an end tag.
    if f"{start}/" in content:
        raise Unusual
    return content.replace(start, "<").replace(end, "</")


def _check_attributes(soap: str, scopes: tuple[str, ...]) -> None:
    """Doubt a header with other attributes than namespaces and one mustUnderstand."""
    others = [
        (prefix, local)
        for prefix, local, _, _ in _attributes(scopes[-1])
        if prefix != "xmlns:" and (prefix, local) != ("", "xmlns")
    ]
    # Two prefixes can stand for one namespace. An attribute without any is in none.
    if len(others) > 1 or any(
        not prefix or _tag(prefix, local, *scopes) != f"{{{soap}}}mustUnderstand"
        for prefix, local in others
    ):
        raise Unusual


def _check_tag(soap: str, prefix: str, *scopes: str) -> None:
    """Doubt an envelope of another kind."""
    if _tag(prefix, "", *scopes) != f"{{{soap}}}":
        raise Unusual


def _tag(prefix: str, local: str, *scopes: str) -> str:
    """Return the tag of an element, as the parser writes it."""
    namespaces = {"": ""}
    for scope in scopes:
        names = set()
        for start, name, one, other in _attributes(scope):
            if (start, name) in names:
                raise Unusual
            names.add((start, name))
            namespace = one or other
            if start == "xmlns:":
                if name.lower().startswith("xml") or namespace in _RESERVED:
                    raise Unusual
                namespaces[f"{name}:"] = namespace
            elif (start, name) == ("", "xmlns"):
                if namespace in _RESERVED:
                    raise Unusual
                namespaces[""] = namespace
    if prefix not in namespaces:
        raise Unusual
    return f"{{{namespaces[prefix]}}}{local}" if namespaces[prefix] else local


def _split_name(name: str) -> tuple[str, str]:
    prefix, colon, local = name.rpartition(":")
    return prefix + colon, local
