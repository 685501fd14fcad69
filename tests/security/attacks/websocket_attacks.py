"""Attacks on the WebSocket below the messages: frames, fragments, closes, and the handshake."""

from __future__ import annotations

from typing import Final

from tests.security.attacks.attack import (
    Attack,
    Closed,
    Cut,
    Expected,
    Http,
    Silence,
    Upgraded,
)
from tests.security.attacks.wire import handshake
from tests.transports.raw_socket import BINARY, CLOSE, CONT, PING, PONG, TEXT, frame

QUIET: Final = Silence()
BROKEN, NOT_TEXT, NOT_UTF8, TOO_BIG = Closed(1002), Closed(1003), Closed(1007), Closed(1009)
BEAT: Final = b'[2,"1","Heartbeat",{}]'
MASK: Final = bytes(4)


def _frames(id: str, tries: str, sent: bytes, expected: Expected) -> Attack:
    return Attack(f"ws-{id}", tries, sent, expected)


def _claim(first: int, length: bytes) -> bytes:
    """Return the head of a frame that claims a length, in so many bytes."""
    code = {2: 126, 8: 127}[len(length)]
    return bytes([first, 0x80 | code]) + length + MASK


def _with_bits(bits: int) -> bytes:
    data = bytearray(frame(TEXT, BEAT))
    data[0] |= bits
    return bytes(data)


FRAMES: Final = [
    _frames("unmasked", "a frame without mask", frame(TEXT, BEAT, masked=False), BROKEN),
    _frames("unmasked-ping", "a ping without mask", frame(PING, masked=False), BROKEN),
    _frames("rsv1", "a compressed frame where nothing is compressed", _with_bits(0x40), BROKEN),
    _frames("rsv2", "the second reserved bit", _with_bits(0x20), BROKEN),
    _frames("rsv3", "the third reserved bit", _with_bits(0x10), BROKEN),
    *(
        _frames(f"opcode-{code:x}", f"the reserved opcode {code:#x}", frame(code, BEAT), BROKEN)
        for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ),
    _frames("ping-126", "a ping larger than pings are", frame(PING, bytes(126)), BROKEN),
    _frames("pong-126", "a pong larger than pongs are", frame(PONG, bytes(126)), BROKEN),
    _frames("close-126", "a close larger than closes are", frame(CLOSE, b"\x03\xe8" + bytes(124)),
            BROKEN),
    _frames("ping-cut", "a ping in fragments", frame(PING, b"a", fin=False), BROKEN),
    _frames("close-cut", "a close in fragments", frame(CLOSE, b"\x03\xe8", fin=False), BROKEN),
    _frames("close-1-byte", "a close with half a code", frame(CLOSE, b"\x03"), BROKEN),
    *(
        _frames(f"close-{code}", f"a close with the code {code}, which nobody may send",
                frame(CLOSE, code.to_bytes(2)), BROKEN)
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)
    ),
    _frames("close-reason", "a close whose reason is not UTF-8", frame(CLOSE, b"\x03\xe8\xff\xfe"),
            NOT_UTF8),
    _frames("no-beginning", "the end of a message that did not begin", frame(CONT, BEAT), BROKEN),
    _frames("no-beginning-cut", "its middle", frame(CONT, BEAT, fin=False), BROKEN),
    _frames("text-in-text", "a message within a message",
            frame(TEXT, b"[2,", fin=False) + frame(TEXT, BEAT), BROKEN),
    _frames("binary", "a binary message", frame(BINARY, BEAT), NOT_TEXT),
    _frames("binary-empty", "an empty binary message", frame(BINARY), NOT_TEXT),
    _frames("binary-cut", "a binary message in fragments",
            frame(BINARY, BEAT[:5], fin=False) + frame(CONT, BEAT[5:]), NOT_TEXT),
    *(
        _frames(f"utf8-{name}", f"text that is not UTF-8: {what}",
                frame(TEXT, b'[2,"' + text + b'","Heartbeat",{}]'), NOT_UTF8)
        for name, what, text in (
            ("byte", "a byte that it does not have", b"\xff"),
            ("lone", "a byte that continues nothing", b"\x80"),
            ("cut", "a character cut off", b"\xe8\xbb"),
            ("overlong", "a slash in two bytes", b"\xc0\xaf"),
            ("overlong-3", "a slash in three bytes", b"\xe0\x80\xaf"),
            ("overlong-nul", "a NUL in two bytes", b"\xc0\x80"),
            ("surrogate", "half a surrogate pair", b"\xed\xa0\x80"),
            ("pair", "a surrogate pair as two characters", b"\xed\xa0\xbd\xed\xb8\x80"),
            ("beyond", "a character beyond Unicode", b"\xf4\x90\x80\x80"),
            ("five", "a character of five bytes", b"\xf8\x88\x80\x80\x80"),
        )
    ),
    _frames("utf8-fragments", "a character whose second half is wrong, in another fragment",
            frame(TEXT, b'[2,"\xc3', fin=False) + frame(CONT, b'"]'), NOT_UTF8),
    _frames("claim-442-mb", "a message said to have 442 MB", _claim(0x81, (442_000_000).to_bytes(8)),
            TOO_BIG),
    _frames("claim-2-62", "a message said to have 4 EiB", _claim(0x81, (2**62).to_bytes(8)),
            TOO_BIG),
    _frames("claim-2-64", "a length that may be taken for negative",
            _claim(0x81, b"\xff" * 8), TOO_BIG),
    _frames("claim-fragment", "a fragment said to have 1 GB",
            frame(TEXT, b"[", fin=False) + _claim(0x80, (10**9).to_bytes(8)), TOO_BIG),
    _frames("one-too-many", "a message one byte over the limit",
            frame(TEXT, BEAT.ljust(128 * 1024 + 1)), TOO_BIG),
    _frames("fragments-too-large", "fragments that are too large together",
            frame(TEXT, b"[" * 65_536, fin=False) + frame(CONT, b"[" * 65_536, fin=False)
            + frame(CONT, b"["), TOO_BIG),
    _frames("fragments-empty", "20,000 empty fragments",
            frame(TEXT, fin=False) + frame(CONT, fin=False) * 20_000 + frame(CONT), QUIET),
    _frames("fragments-of-1", "a message of 20,000 fragments of one byte",
            frame(TEXT, b"[", fin=False) + frame(CONT, b"[", fin=False) * 20_000 + frame(CONT),
            QUIET),
    _frames("pings", "20,000 pings", frame(PING, b"x") * 20_000, QUIET),
    _frames("pings-large", "2,000 pings as large as they may be", frame(PING, bytes(125)) * 2000,
            QUIET),
    _frames("pongs", "20,000 pongs that nobody asked for", frame(PONG, b"x") * 20_000, QUIET),
    _frames("texts-empty", "5,000 empty messages", frame(TEXT) * 5000, QUIET),
    _frames("errors", "5,000 errors that answer nothing",
            frame(TEXT, b'[4,"x","GenericError","",{}]') * 5000, QUIET),
    _frames("http", "an HTTP request instead of frames", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            BROKEN),
    _frames("zeroes", "nothing but zeroes", bytes(1000), BROKEN),
    _frames("ones", "nothing but ones", b"\xff" * 1000, BROKEN),
]  # fmt: skip


def _request(id: str, tries: str, sent: bytes | str, expected: Expected) -> Attack:
    data = sent if isinstance(sent, bytes) else sent.encode("latin-1")
    return Attack(f"handshake-{id}", tries, data, expected)


def _changed(id: str, tries: str, old: str, new: str, expected: Expected) -> Attack:
    """The request of a charge point with one thing in it changed."""
    good = handshake().decode()
    assert old in good
    return _request(id, tries, good.replace(old, new), expected)


def _target(id: str, tries: str, target: str, status: int = 404) -> Attack:
    return _request(f"target-{id}", tries, handshake(target), Http(status))


HANDSHAKES: Final = [
    _changed("post", "another method", "GET", "POST", Http(405)),
    _changed("connect", "a method for proxies", "GET", "CONNECT", Http(405)),
    _changed("lower-method", "a method in small letters", "GET", "get", Http(405)),
    _changed("http-1.0", "an older HTTP", "HTTP/1.1", "HTTP/1.0", Http(505)),
    _changed("http-2", "a newer HTTP", "HTTP/1.1", "HTTP/2.0", Cut()),
    _changed("no-upgrade", "no upgrade", "Upgrade: websocket\r\n", "", Http(426)),
    _changed("other-upgrade", "an upgrade to something else", "websocket", "h2c", Http(426)),
    _changed("no-connection", "no Connection field", "Connection: Upgrade\r\n", "", Http(426)),
    _changed("old-version", "an old version of WebSocket", "Version: 13", "Version: 8", Http(400)),
    _changed("version-text", "a version that is no number", "Version: 13", "Version: x", Http(400)),
    _changed("no-version", "no version", "Sec-WebSocket-Version: 13\r\n", "", Http(400)),
    _changed("no-key", "no key", "Sec-WebSocket-Key: x3JJHMcDL1EzLkh9GBhXDw==\r\n", "", Http(400)),
    _changed("short-key", "a key too short", "x3JJHMcDL1EzLkh9GBhXDw==", "eDM=", Http(400)),
    _changed("bad-key", "a key that is not base64", "x3JJHMcDL1EzLkh9GBhXDw==", "!!!!", Http(400)),
    _changed("two-keys", "two keys", "Sec-WebSocket-Version",
             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version", Http(400)),
    _changed("no-subprotocol", "no subprotocol", "Sec-WebSocket-Protocol: ocpp1.6\r\n", "",
             Upgraded(1002)),
    _changed("other-subprotocol", "the subprotocol of another OCPP", "ocpp1.6", "ocpp2.0.1",
             Upgraded(1002)),
    _changed("case-subprotocol", "the subprotocol in capitals", "ocpp1.6", "OCPP1.6",
             Upgraded(1002)),
    _changed("many-subprotocols", "1,000 subprotocols, ours the last", "ocpp1.6",
             "a, " * 1000 + "ocpp1.6", Upgraded()),
    _changed("deflate", "compression", "\r\n\r\n",
             "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
             Upgraded()),
    _target("root", "no identity", "/"),
    _target("endpoint", "no identity, the endpoint alone", "/ocpp"),
    _target("empty", "an empty identity", "/ocpp/"),
    _target("other", "another endpoint", "/admin/CP1"),
    _target("twice", "an identity of two segments", "/ocpp/CP1/x"),
    _target("double-slash", "an empty segment", "/ocpp//CP1"),
    _target("dots", "the way up", "/ocpp/.."),
    _target("dot", "the way nowhere", "/ocpp/."),
    _target("encoded-dots", "the way up, encoded", "/ocpp/%2e%2e"),
    _target("traversal", "a file of the machine", "/ocpp/../../etc/passwd"),
    _target("49", "an identity of 49 characters", "/ocpp/" + "C" * 49),
    _target("4000", "an identity of 4,000 characters", "/ocpp/" + "C" * 4000),
    _target("nul", "a NUL in the identity", "/ocpp/CP1%00.png"),
    _target("newline", "a line break in the identity", "/ocpp/CP1%0d%0aX:%20y"),
    _target("escape", "an escape sequence in the identity", "/ocpp/%1b%5b2J"),
    _target("delete", "a control character", "/ocpp/%7f"),
    _target("c1", "a control character of the second kind", "/ocpp/%c2%85"),
    _target("percent", "a percent sign alone", "/ocpp/CP1%"),
    _target("percent-zz", "a percent sign without digits", "/ocpp/CP1%zz"),
    _target("latin-1", "an identity that is not UTF-8", "/ocpp/%ff%fe"),
    _target("overlong", "a slash written in two bytes", "/ocpp/%c0%af"),
    _target("surrogate", "half a surrogate pair", "/ocpp/%ed%a0%80"),
    _target("asterisk", "no path at all", "*"),
    _request("garbage", "bytes without meaning", bytes(range(256)) + b"\r\n\r\n", Cut()),
    _request("tls", "a TLS handshake on a port without TLS",
             b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n", Cut()),
    _request("http2-preface", "the opening of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
             Cut()),
    _request("ssh", "another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n", Cut()),
    _request("line-long", "a request line of 20,000 characters",
             f"GET /{'a' * 20_000} HTTP/1.1\r\n\r\n", Http(414)),
    _request("fields-many", "10,000 fields", handshake(more="X: y\r\n" * 10_000), Http(431)),
    _request("field-long", "a field of 20,000 characters",
             handshake(more=f"X: {'y' * 20_000}\r\n"), Http(431)),
    _request("field-no-colon", "a field without colon", handshake(more="nothing\r\n"), Cut()),
    _request("field-space", "a space before the colon", handshake(more="X : y\r\n"), Cut()),
    _request("field-folded", "a field in two lines", handshake(more="X: y\r\n z\r\n"), Cut()),
    _request("field-nul", "a NUL in a field", handshake(more="X: a\0b\r\n"), Cut()),
    _request("bare-newlines", "lines that end in a line feed",
             handshake().replace(b"\r\n", b"\n"), Cut()),
    _request("body", "a body that hides a second request",
             handshake(more="Content-Length: 4\r\n") + b"GET ", Cut()),
    _request("chunked", "the same in chunks",
             handshake(more="Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n", Cut()),
    _request("early-frame", "a message before the upgrade", handshake() + frame(TEXT, BEAT), Cut()),
    _request("early-ping", "a ping before the upgrade", handshake() + frame(PING, b"HTTP/1.1 200"),
             Cut()),
    _request("early-request", "a second request before the answer to the first",
             handshake() + handshake("/ocpp/OTHER"), Cut()),
]  # fmt: skip
