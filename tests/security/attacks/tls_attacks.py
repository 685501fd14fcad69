"""Attacks on who one is: passwords, certificates, and the TLS below them."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import attrs

from ocpp16.security.configuration import KeyPair
from tests.security.attacks.attack import Attack, Cut, Expected, Http, SoapFault
from tests.security.attacks.wire import envelope, handshake, post, soap_head
from tests.security.authority import CLIENT, KEY, SERVER, Authority, new_rsa
from tests.security.link import raw_client

OTHER_KEY: Final = bytes(range(100, 120))
DENIED: Final = Http(401)
FORBIDDEN: Final = Http(403)
NO_LINK: Final = Cut()
SECURITY: Final = SoapFault(400, "Sender", "SecurityError")

Context = Callable[[Authority, Authority], ssl.SSLContext | None]


@attrs.frozen
class LinkAttack:
    """An attack with the link that it comes by."""

    attack: Attack
    port: str
    """Wire and profile of the server."""
    context: Context | None = None
    """What TLS is made with; None is none."""


def basic(user: bytes | str, password: bytes, scheme: str = "Basic") -> str:
    """Return an Authorization field."""
    name = user if isinstance(user, bytes) else user.encode()
    return f"Authorization: {scheme} {b64encode(name + b':' + password).decode()}\r\n"


def _login(
    id: str, tries: str, field: str, expected: Expected = DENIED, *, target: str = "/ocpp/CP1"
) -> LinkAttack:
    """A handshake with an Authorization, on profile 1."""
    return LinkAttack(Attack(f"login-{id}", tries, handshake(target, field), expected), "json1")


def _soap_login(
    id: str, tries: str, field: str, expected: Expected = DENIED, *, identity: str = "CP1"
) -> LinkAttack:
    sent = post(envelope(head=soap_head(identity)), field)
    return LinkAttack(Attack(f"login-soap-{id}", tries, sent, expected), "soap1")


_RIGHT: Final = basic("CP1", KEY)

LOGINS: Final = [
    _login("none", "no password", ""),
    _login("empty", "an empty field", "Authorization: \r\n"),
    _login("scheme-alone", "a scheme and nothing else", "Authorization: Basic\r\n"),
    _login("bearer", "another scheme", basic("CP1", KEY, "Bearer")),
    _login("digest", "another scheme", 'Authorization: Digest username="CP1"\r\n'),
    _login("not-base64", "no base64", "Authorization: Basic !!!!\r\n"),
    _login("base64-cut", "base64 cut off", _RIGHT[:-4] + "\r\n"),
    _login("base64-space", "base64 with a space", _RIGHT.replace("ABAg", "AB Ag")),
    _login("base64-url", "base64 of URLs", _RIGHT.replace("/", "_")),
    _login("no-colon", "no colon", f"Authorization: Basic {b64encode(b'CP1').decode()}\r\n"),
    _login("no-user", "no user", basic("", KEY)),
    _login("empty-key", "an empty key", basic("CP1", b"")),
    _login("wrong-key", "a wrong key", basic("CP1", bytes(20))),
    _login("short-key", "the key without its last byte", basic("CP1", KEY[:-1])),
    _login("long-key", "the key with a byte more", basic("CP1", KEY + b"\0")),
    _login("newline-key", "the key with a line break", basic("CP1", KEY + b"\n")),
    _login("huge-key", "a key of 5,000 bytes", basic("CP1", b"k" * 5000)),
    _login("sql-key", "a key for a database", basic("CP1", b"' OR '1'='1' --      ")),
    _login("hash-key", "the kind of text that is stored", basic("CP1", b"scrypt$12$8$1$00$00")),
    _login("wrong-hex", "wrong hex digits", basic("CP1", b"00" * 20)),
    _login("other-user", "the key of another charge point", basic("CP2", OTHER_KEY)),
    _login("other-key", "another's key with one's own name", basic("CP1", OTHER_KEY)),
    _login("case-user", "the name in small letters", basic("cp1", KEY)),
    _login("space-user", "the name with a space", basic("CP1 ", KEY)),
    _login("nul-user", "the name that ends early", basic("CP1\0", KEY)),
    _login("latin-user", "a name that is not UTF-8", basic(b"CP1\xff", KEY)),
    _login("twice", "two fields, the second right", basic("CP1", bytes(20)) + _RIGHT),
    _login("twice-first", "two fields, the first right", _RIGHT + basic("CP1", bytes(20))),
    _login("proxy", "the field that is for proxies", f"Proxy-{_RIGHT}"),
    _login("forwarded", "what a proxy would say of a user",
           "X-Forwarded-User: CP1\r\nX-Remote-User: CP1\r\nX-SSL-Client-S-DN: CN=SN-1\r\n"),
    _login("cookie", "a session that there is none of", "Cookie: session=CP1\r\n"),
    _login("query", "the password in the query", "",
           target="/ocpp/CP1?Authorization=Basic%20x&access_token=x"),
    _login("unknown", "a charge point that is not known", basic("CP9", KEY), Http(404),
           target="/ocpp/CP9"),
    _login("path-of-other", "one's own login, another's path", _RIGHT, target="/ocpp/CP2"),
    _login("encoded-path", "another's path, encoded", _RIGHT, target="/ocpp/%43P2"),
    _soap_login("none", "no password", ""),
    _soap_login("wrong-key", "a wrong key", basic("CP1", bytes(20))),
    _soap_login("bearer", "another scheme", basic("CP1", KEY, "Bearer")),
    _soap_login("other", "one's own login, another's identity in the envelope", _RIGHT,
                identity="CP2"),
    _soap_login("twice", "two fields, the second right", basic("CP1", bytes(20)) + _RIGHT),
]  # fmt: skip


def _tls(
    id: str,
    tries: str,
    context: Context | None,
    expected: Expected = NO_LINK,
    *,
    profile: int = 3,
    sent: bytes | None = None,
) -> LinkAttack:
    data = handshake("/ocpp/CP1", _RIGHT if profile == 2 else "") if sent is None else sent
    return LinkAttack(Attack(f"tls-{id}", tries, data, expected), f"json{profile}", context)


def _soap_tls(id: str, tries: str, context: Context, expected: Expected) -> LinkAttack:
    sent = post(envelope(head=soap_head("CP1")))
    return LinkAttack(Attack(f"tls-soap-{id}", tries, sent, expected), "soap3", context)


def _with(file: str) -> Context:
    """A client with a certificate of the operator's."""
    return lambda authority, stranger: raw_client(authority.root, authority.pair(file))


def _made(make: Callable[[Authority, Authority], KeyPair]) -> Context:
    """A client with a certificate that is made for it."""
    return lambda authority, stranger: raw_client(authority.root, make(authority, stranger))


def _link(**options: object) -> Context:
    """A client with the right certificate, and a weak link."""
    return lambda authority, stranger: raw_client(authority.root, authority.pair("cp1"), **options)


def _nobody(authority: Authority, stranger: Authority) -> ssl.SSLContext:
    return raw_client(authority.root)


_DAY: Final = timedelta(days=1)
_OLD: Final = ssl.TLSVersion.TLSv1_2

LINKS: Final = [
    _tls("plain", "no TLS at all", None, sent=handshake("/ocpp/CP1")),
    _tls("plain-2", "likewise, with the right password", None, profile=2),
    _tls("zeroes", "nothing but zeroes", None, sent=bytes(500)),
    _tls("ssl-2", "SSL 2", None, sent=b"\x80\x2e\x01\x00\x02" + bytes(43)),
    _tls("ssl-3", "SSL 3", None,
         sent=b"\x16\x03\x00\x00\x2d\x01\x00\x00\x29\x03\x00" + bytes(33) + b"\0\2\0\x0a\1\0"),
    _tls("record-huge", "a record of a wrong length", None, sent=b"\x16\x03\x01\xff\xff" + bytes(99)),
    _tls("data-first", "data before the handshake", None, sent=b"\x17\x03\x03\x00\x10" + bytes(16)),
    _tls("heartbeat", "a Heartbeat of TLS that asks for more than it sent (Heartbleed)", None,
         sent=b"\x18\x03\x02\x00\x03\x01\x40\x00"),
    _tls("empty-records", "1,000 empty records", None, sent=b"\x16\x03\x01\x00\x00" * 1000),
    _tls("tls-1.0", "TLS 1.0", _link(high=ssl.TLSVersion.TLSv1, low=ssl.TLSVersion.TLSv1,
                                     suites="ALL:@SECLEVEL=0")),
    _tls("tls-1.1", "TLS 1.1", _link(high=ssl.TLSVersion.TLSv1_1, low=ssl.TLSVersion.TLSv1_1,
                                     suites="ALL:@SECLEVEL=0")),
    _tls("cbc", "a suite with CBC", _link(high=_OLD, suites="ECDHE-ECDSA-AES128-SHA256")),
    _tls("sha1", "a suite with SHA-1", _link(high=_OLD, suites="AES128-SHA")),
    _tls("null", "a suite that encrypts nothing", _link(high=_OLD, suites="NULL-SHA256:@SECLEVEL=0")),
    _tls("anonymous", "a suite without certificates", _link(high=_OLD, suites="ADH:@SECLEVEL=0")),
    _tls("no-certificate", "no certificate", _nobody),
    _tls("no-certificate-but-password", "a password instead of a certificate", _nobody,
         sent=handshake("/ocpp/CP1", _RIGHT)),
    _tls("stranger", "a certificate of another operator", _made(
        lambda authority, stranger: stranger.pair("cp1"))),
    _tls("self-signed", "a certificate that vouches for itself", _made(
        lambda authority, stranger: stranger.pair("root"))),
    _tls("expired", "a certificate that has expired", _made(
        lambda authority, _: authority.issue("old", "SN-1", begins=-9 * _DAY, ends=-_DAY))),
    _tls("not-yet", "a certificate that is not valid yet", _made(
        lambda authority, _: authority.issue("new", "SN-1", begins=_DAY, ends=9 * _DAY))),
    _tls("server-usage", "a certificate that is for servers only", _made(
        lambda authority, _: authority.issue("wrong", "SN-1", usages=[SERVER]))),
    _tls("issued-by-client", "a certificate that a charge point signed", _made(
        lambda authority, _: _issued_by_a_charge_point(authority))),
    _tls("other-owner", "another owner in O", _made(
        lambda authority, _: authority.issue("own", "SN-1", organization="Example Operato")),
        FORBIDDEN),
    _tls("no-owner", "no owner in O", _made(
        lambda authority, _: authority.issue("none", "SN-1", organization=None)), FORBIDDEN),
    _tls("two-names", "two serial numbers", _made(
        lambda authority, _: authority.issue("two", ["SN-2", "SN-1"])), FORBIDDEN),
    _tls("unknown-serial", "a serial number that is not known", _made(
        lambda authority, _: authority.issue("unknown", "SN-9")), FORBIDDEN),
    _tls("identity-as-name", "the identity where the serial number is due", _made(
        lambda authority, _: authority.issue("identity", "CP1")), FORBIDDEN),
    _tls("case-name", "the serial number in small letters", _made(
        lambda authority, _: authority.issue("case", "sn-1")), FORBIDDEN),
    _tls("central-system", "the central system's own certificate", _with("cs-ec"), FORBIDDEN),
    _tls("other-charge-point", "one's own certificate, another's path", _with("cp2"), FORBIDDEN),
    _tls("certificate-no-password", "a certificate instead of a password",
         _with("cp1"), DENIED, profile=2, sent=handshake("/ocpp/CP1")),
    _tls("wrong-password", "a wrong password within TLS", _nobody, DENIED, profile=2,
         sent=handshake("/ocpp/CP1", basic("CP1", bytes(20)))),
    _tls("early", "a message before the upgrade, within TLS", _with("cp1"), NO_LINK,
         sent=handshake("/ocpp/CP1") + b"\x81\x80\0\0\0\0"),
    _soap_tls("no-certificate", "no certificate", _nobody, NO_LINK),
    _soap_tls("stranger", "a certificate of another operator",
              _made(lambda authority, stranger: stranger.pair("cp1")), NO_LINK),
    _soap_tls("other-charge-point", "one's own certificate, another's identity in the envelope",
              _with("cp2"), SECURITY),
    _soap_tls("other-owner", "another owner in O", _made(
        lambda authority, _: authority.issue("soap-own", "SN-1", organization="Other")), SECURITY),
]  # fmt: skip


def _issued_by_a_charge_point(authority: Authority) -> KeyPair:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    parent = authority.pair("cp1")
    name = x509.load_pem_x509_certificate(parent.certificate.read_bytes()).subject
    key = load_pem_private_key(parent.key.read_bytes(), None)
    pair = authority.issue("child", "SN-1", key=new_rsa(), usages=[CLIENT], issuer=(name, key))
    with pair.certificate.open("ab") as chain:
        chain.write(parent.certificate.read_bytes())
    return pair


ALL: Final = [*LOGINS, *LINKS]
