"""Mutations of bytes: seeded, so that the same seed gives the same inputs again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

LENGTH_LIMIT: Final = 8192
"""Longer ones are cut: what is tried here is form, and length has tests of its own."""

JSON_TOKENS: Final = (
    *(bytes([each]) for each in b'[]{}",:\\0-+.eE \t\n\x00\x7f\xff'),
    *(b"null", b"true", b"false", b"NaN", b"-Infinity", b"1e999", b"-0", b"1.0", b"0.1", b"1e-1"),
    *(b"9223372036854775808", b"-9223372036854775809", b"9" * 400, b"0.30000000000000004"),
    *(b"\\u0000", b"\\ud800", b"\\udc00", b"\\ud83d\\ude00", b"\\x", b"\xc3\x28", b"\xed\xa0\x80"),
    *(b"[" * 70, b'{"a":' * 70, b"]" * 70, b'"a":1,', b'{},"a":', b'""', b"[]", b"{}"),
    *(
        b"2",
        b"3",
        b"4",
        b"5",
        b"2.0",
        b'"2"',
        b'[2,"1","Heartbeat",{}]',
        b"x" * 60,
        b"\xef\xbb\xbf",
    ),
    *(b"2024-02-30T00:00:00Z", b"2024-01-01T24:00:00Z", b"2024-01-01T00:00:60Z", b"1000000"),
    *(b"+14:00", b"-00:00", b"Celcius", b"Celsius", b"\xe8\xbb\x8a", b"\xf0\x9f\x9a\x97"),
)
XML_TOKENS: Final = (
    *(bytes([each]) for each in b"<>/&;='\"!?[]-: \n\x00\x0b\x7f\xff"),
    *(b"</", b"/>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x ?>", b"<?xml version='1.0'?>"),
    *(b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY e 'x'>]>", b"&e;", b"&#0;", b"&#x41;", b"&lt;"),
    *(b"&#55296;", b"<!ENTITY % p 'x'>", b"%p;", b" xmlns:a='u'", b" xmlns=''", b" xmlns='u'"),
    *(b"xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'", b"soap:", b"ocpp:", b"wsa:"),
    *(b" soap:mustUnderstand='1'", b" xsi:nil='true'", b" xmlns:xsi='", b" a='1' a='1'"),
    *(b"urn://Ocpp/Cs/2015/10/", b"urn://Ocpp/Cp/2015/10/", b"urn://Ocpp/Cs/2012/06/"),
    *(b"http://www.w3.org/2001/XInclude", b"<a>" * 70, b"</a>" * 70, b"Request", b"Response"),
    *(b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xbc", b"\xef\xbf\xbf", b"\xe8\xbb\x8a", b"x" * 300),
    *(b"encoding='utf-16'", b"2147483648", b"-0", b"1.", b".5", b"NaN", b"INF", b"TRUE", b"1"),
)
HTTP_TOKENS: Final = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b":", b"\0", b"\t", b"\xff", b",", b"%", b"%2f"),
    *(b"Content-Length: 0\r\n", b"Content-Length: -1\r\n", b"Content-Length: 1e3\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    *(b"Expect: 100-continue\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n"),
    *(b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n", b"Sec-WebSocket-Version: 8\r\n"),
    *(b"Sec-WebSocket-Protocol: ocpp2.0.1\r\n", b"Host: b\r\n", b" folded: x\r\n", b"X: y\r\n"),
    *(b"GET", b"POST", b"PUT", b"CONNECT", b"HTTP/1.0", b"HTTP/2.0", b"*", b"../", b"%2e%2e/"),
    *(b"Authorization: Basic =\r\n", b"ffffffffffffffff\r\n", b"A: " + b"x" * 9000 + b"\r\n"),
)

Step: TypeAlias = Callable[[random.Random, bytearray, Sequence[bytes], Sequence[bytes]], None]


class Mutator:
    """Makes inputs out of good ones.

    Args:
        seeds: The good ones.
        tokens: Pieces that mean something.
        seed: Where the numbers come from.
    """

    def __init__(self, seeds: Sequence[bytes], tokens: Sequence[bytes], seed: str) -> None:
        self._seeds = seeds
        self._tokens = tokens
        self._random = random.Random(seed)  # noqa: S311 - to be had again, not to be secret

    def next(self) -> bytes:
        """Return the next input."""
        draw = self._random
        data = bytearray(draw.choice(self._seeds))
        for _ in range(1 + int(draw.random() ** 3 * 6)):
            draw.choice(_STEPS)(draw, data, self._tokens, self._seeds)
        return bytes(data[:LENGTH_LIMIT])


def _span(draw: random.Random, data: bytearray, limit: int = 24) -> slice:
    at = int(draw.random() * (len(data) + 1))
    return slice(at, at + int(draw.random() * limit))


def _insert(draw: random.Random, data: bytearray, tokens: Sequence[bytes], _: object) -> None:
    at = _span(draw, data).start
    data[at:at] = draw.choice(tokens)


def _replace(draw: random.Random, data: bytearray, tokens: Sequence[bytes], _: object) -> None:
    data[_span(draw, data)] = draw.choice(tokens)


def _delete(draw: random.Random, data: bytearray, *_: object) -> None:
    del data[_span(draw, data)]


def _flip(draw: random.Random, data: bytearray, *_: object) -> None:
    if data:
        data[int(draw.random() * len(data))] ^= 1 << int(draw.random() * 8)


def _byte(draw: random.Random, data: bytearray, *_: object) -> None:
    if data:
        data[int(draw.random() * len(data))] = int(draw.random() * 256)


def _repeat(draw: random.Random, data: bytearray, *_: object) -> None:
    span = _span(draw, data, 60)
    piece = bytes(data[span])
    at = _span(draw, data).start
    data[at:at] = piece * (1 + int(draw.random() ** 4 * 20))


def _move(draw: random.Random, data: bytearray, *_: object) -> None:
    span = _span(draw, data, 60)
    piece = bytes(data[span])
    del data[span]
    at = _span(draw, data).start
    data[at:at] = piece


def _splice(
    draw: random.Random, data: bytearray, _: Sequence[bytes], seeds: Sequence[bytes]
) -> None:
    other = draw.choice(seeds)
    start = int(draw.random() * (len(other) + 1))
    data[_span(draw, data, 60)] = other[start : start + int(draw.random() * 80)]


def _cut(draw: random.Random, data: bytearray, *_: object) -> None:
    if draw.random() < 0.3:
        del data[_span(draw, data).start :]


_STEPS: Final[tuple[Step, ...]] = (
    _insert,
    _replace,
    _delete,
    _flip,
    _byte,
    _repeat,
    _move,
    _splice,
    _cut,
)
