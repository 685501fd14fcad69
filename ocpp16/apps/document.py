"""Tells an XML document from frames that stand one a line, without losing what was read for it.

Knows first characters only; nothing is parsed here.
"""

from __future__ import annotations

from string import whitespace
from typing import BinaryIO, Protocol

_MARK = b"\xef\xbb\xbf"
_MARKS = b"\xef\xbb\xbf\xff\xfe\x00"
"""What byte order marks are made of, those of UTF-16 and UTF-32 included."""


class Lines(Protocol):
    """What frames are read from."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line, or as much of it as `size` allows; empty at the end."""
        raise NotImplementedError


class Unread:
    """A stream that gives out again what was read of it."""

    def __init__(self, parts: list[bytes], stream: BinaryIO) -> None:
        self._parts = parts[::-1]
        self._stream = stream

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line."""
        return self._parts.pop() if self._parts else self._stream.readline(size)


def is_xml(start: bytes | str) -> bool:
    """Tell whether a text, or the start of one, is XML: nothing of OCPP-J begins like that."""
    data = start[:1000].encode("utf-8", "replace") if isinstance(start, str) else start
    # In another encoding it is none that is read, but no line of JSON either.
    return data.lstrip(_MARKS + whitespace.encode())[:1] == b"<"


def split(stream: BinaryIO, limit: int) -> tuple[bytes | None, Lines]:
    """Return the XML document that a stream is, or the lines that it has.

    Args:
        stream: A file; a document is read to its end, lines are not.
        limit: Most bytes of a document; of a larger one just the first byte over it is read.
    """
    read: list[bytes] = []
    while part := stream.readline(limit + 2):
        read.append(part)
        if part.removeprefix(_MARK).strip():
            break
    start = b"".join(read)
    if is_xml(start):
        rest = stream.read(max(0, limit + 1 - len(start)))
        return start + rest, Unread([], stream)
    return None, Unread(read, stream)
