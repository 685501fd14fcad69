"""Bodies of HTTP messages: content types, and compression that cannot grow without bound.

Spec: S 3 (gzip and deflate have to be understood, both ways).
"""

from __future__ import annotations

import zlib
from typing import Final

CONTENT_TYPE: Final = "application/soap+xml; charset=utf-8"
ACCEPTED_TYPES: Final = frozenset({"application/soap+xml", "application/xml", "text/xml"})


class ContentError(ValueError):
    """A body that we do not read; `status` is the HTTP status to answer with."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def inflate(body: bytes, encoding: str | None, limit: int) -> bytes:
    """Undo the Content-Encoding of a body.

    Args:
        body: What came, at most `limit` bytes of it.
        encoding: The header's value; None and `identity` change nothing.
        limit: Most bytes, before and after.

    Raises:
        ContentError: Unknown encoding (415), broken (400), or too large (413).
    """
    if len(body) > limit:
        raise ContentError(413, f"the body has more than {limit} bytes")
    names = [name.strip().lower() for name in (encoding or "").split(",")]
    codings = [name for name in names if name not in {"", "identity"}]
    if not codings:
        return body
    if len(codings) > 1 or codings[0] not in {"gzip", "x-gzip", "deflate"}:
        raise ContentError(415, "Content-Encoding is neither gzip nor deflate")
    return _inflate(body, codings[0], limit)


def _inflate(body: bytes, coding: str, limit: int) -> bytes:
    if coding == "deflate":
        # RFC 9110 means zlib; some peers send the bare stream.
        is_zlib = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
        bits = zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
    else:
        bits = zlib.MAX_WBITS | 16
    inflater = zlib.decompressobj(bits)
    try:
        data = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise ContentError(400, f"the compressed body is broken ({error})") from None
    if len(data) > limit:
        raise ContentError(413, f"the body has more than {limit} bytes when inflated")
    if not inflater.eof:
        raise ContentError(400, "the compressed body is cut off")
    if inflater.unused_data:
        raise ContentError(400, "something follows the compressed body")
    return data


def deflate(body: bytes, coding: str) -> bytes:
    """Compress a body with gzip or deflate."""
    bits = zlib.MAX_WBITS | 16 if coding == "gzip" else zlib.MAX_WBITS
    deflater = zlib.compressobj(wbits=bits)
    return deflater.compress(body) + deflater.flush()
