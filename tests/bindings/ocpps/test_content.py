"""Compressed bodies: what is inflated, what is refused, and how much memory a bomb gets."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.bindings.ocpps.content import ContentError, deflate, inflate
from ocpp16.settings import Settings

LIMIT: Final = Settings().message_limit
BODY = b"<a>" + b"x" * 1000 + b"</a>"


def raw(body: bytes) -> bytes:
    """Deflate without the frame of zlib, as some peers do."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(body) + deflater.flush()


def refused(body: bytes, encoding: str | None, limit: int = LIMIT) -> tuple[int, str]:
    with pytest.raises(ContentError) as raised:
        inflate(body, encoding, limit)
    return raised.value.status, str(raised.value)


@pytest.mark.parametrize("encoding", [None, "", "identity", "Identity", " identity , "])
def test_a_plain_body(encoding: str | None) -> None:
    assert inflate(BODY, encoding, LIMIT) is BODY


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", " gzip ", "identity, gzip"])
def test_gzip(encoding: str) -> None:
    for level in (0, 1, 9):
        assert inflate(gzip.compress(BODY, level), encoding, LIMIT) == BODY


@pytest.mark.parametrize("body", [BODY, b"", b"x", bytes(range(256)) * 50])
def test_deflate_with_the_frame_of_zlib_and_without(body: bytes) -> None:
    for level in (0, 1, 6, 9):
        assert inflate(zlib.compress(body, level), "deflate", LIMIT) == body
    assert inflate(raw(body), "Deflate", LIMIT) == body


@pytest.mark.parametrize(
    "encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, deflate", "deflate,br", "gzip;q=1"]
)
def test_an_unknown_encoding_is_415(encoding: str) -> None:
    assert refused(BODY, encoding) == (415, "Content-Encoding is neither gzip nor deflate")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_stream_that_is_cut_off_is_400(encoding: str) -> None:
    packed = deflate(BODY, encoding)
    for end in (0, 1, 2, 5, 11, len(packed) // 2, len(packed) - 1):
        status, reason = refused(packed[:end], encoding)
        assert (status, "compressed body" in reason) == (400, True)
    assert refused(raw(BODY)[:-1], "deflate")[0] == 400


@pytest.mark.parametrize("rest", [b"x", b"\0", b"<a/>", gzip.compress(b"more", mtime=0)])
def test_something_after_the_stream_is_400(rest: bytes) -> None:
    expected = (400, "something follows the compressed body")
    assert refused(gzip.compress(BODY) + rest, "gzip") == expected
    assert refused(zlib.compress(BODY) + rest, "deflate") == expected
    assert refused(raw(BODY) + rest, "deflate") == expected


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("body", [BODY, b"\x1f\x8b", b"\x1f\x8b\x08" + b"\xff" * 20, b"\x78\xbb",
                                  b"\xff" * 50])  # fmt: skip
def test_what_is_no_such_stream_is_400(body: bytes, encoding: str) -> None:
    assert refused(body, encoding)[0] == 400


def test_a_wrong_checksum_is_400() -> None:
    packed = bytearray(gzip.compress(BODY))
    packed[-8] ^= 1
    assert refused(bytes(packed), "gzip")[0] == 400
    packed = bytearray(zlib.compress(BODY))
    packed[-1] ^= 1
    assert refused(bytes(packed), "deflate")[0] == 400


def test_the_limit_holds_before_and_after_inflating() -> None:
    assert inflate(b"x" * 100, None, 100) == b"x" * 100
    assert refused(b"x" * 101, None, 100) == (413, "the body has more than 100 bytes")
    for encoding in ("gzip", "deflate"):
        assert inflate(deflate(b"x" * 100, encoding), encoding, 100) == b"x" * 100
        expected = (413, "the body has more than 100 bytes when inflated")
        assert refused(deflate(b"x" * 101, encoding), encoding, 100) == expected
    assert refused(gzip.compress(b"", 0) + b"x" * 100, "gzip", 100)[0] == 413


BOMB = bytes(100 * 1024 * 1024)


@pytest.mark.parametrize("kind", ["gzip", "zlib", "raw"])
def test_a_bomb_is_413_and_bounded_in_memory_and_time(kind: str) -> None:
    packed = {
        "gzip": lambda: deflate(BOMB, "gzip"),
        "zlib": lambda: deflate(BOMB, "deflate"),
        "raw": lambda: raw(BOMB),
    }[kind]()
    assert len(packed) < LIMIT
    tracemalloc.start()
    try:
        began = time.perf_counter()
        status, _ = refused(packed, "gzip" if kind == "gzip" else "deflate")
        assert time.perf_counter() - began < 1.0
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert status == 413
    assert most < 8 * LIMIT


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]), st.booleans())
def test_any_bytes(body: bytes, encoding: str, is_packed: bool) -> None:
    if is_packed:
        assert inflate(deflate(body, encoding), encoding, 1000) == body
        return
    try:
        inflated = inflate(body, encoding, 1000)
    except ContentError as error:
        assert error.status == 400  # noqa: PT017 - or it is inflated
    else:
        assert len(inflated) <= 1000
