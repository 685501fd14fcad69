"""What TLS agrees on and refuses: versions, suites, certificates, names (W A00.3xx, .4xx)."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ocpp16.security.tls import SUITES, ClientTls, ServerTls, TlsEngine, TlsFailure
from ocpp16.security_event import SecurityEvent
from tests.security.authority import CLIENT, SERVER, Authority, dns, ip, new_ec, new_rsa
from tests.security.link import RawEnd, raw_client, raw_server, shake

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]
ANY = "ALL:@SECLEVEL=0"


def to_server(
    authority: Authority, *, security: Any = None, **options: Any
) -> tuple[TlsFailure | None, RawEnd]:
    """Shake hands with a server of ours."""
    pair = options.pop("pair", None)
    server = ServerTls(security or authority.server(2, credentials=_NoKeys())).engine()
    client = RawEnd(raw_client(authority.root, pair, **options), is_server=False, host="localhost")
    return shake(server, client), client


class _NoKeys:
    async def find(self, identity: str) -> tuple[str, ...] | None: ...
    async def keep(self, identity: str, hashes: tuple[str, ...]) -> None: ...


# A00.317: the four suites, with two certificates, and those of TLS 1.3


@pytest.mark.parametrize("suite", SUITES)
def test_each_suite_of_the_whitepaper_is_taken(authority: Authority, suite: str) -> None:
    failure, client = to_server(authority, suites=suite, high=TLS_1_2)
    assert failure is None
    cipher = client.tls.cipher()
    assert cipher is not None and (cipher[0], client.tls.version()) == (suite, "TLSv1.2")
    certificate = client.tls.getpeercert()
    assert certificate is not None
    key = authority.pair("cs-ec" if "ECDSA" in suite else "cs-rsa").certificate.read_bytes()
    serial = x509.load_pem_x509_certificate(key).serial_number
    assert int(certificate["serialNumber"], 16) == serial  # type: ignore[arg-type]


def test_these_are_the_suites_of_the_whitepaper() -> None:
    assert SUITES == (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    )


@pytest.mark.parametrize(
    "suite",
    ["AES128-SHA", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-GCM-SHA256",
     "ECDHE-ECDSA-CHACHA20-POLY1305", "DHE-RSA-AES128-GCM-SHA256", "AES128-SHA256",
     "ECDHE-ECDSA-AES128-SHA256", "NULL-SHA256", "ADH-AES128-GCM-SHA256"],
)  # fmt: skip
def test_no_other_suite_is_taken(authority: Authority, suite: str) -> None:
    failure, client = to_server(authority, suites=f"{suite}:@SECLEVEL=0", high=TLS_1_2)
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_TLS_CIPHER_SUITE
    assert client.error is not None


def test_tls_1_3_is_taken(authority: Authority) -> None:
    failure, client = to_server(authority, low=TLS_1_3)
    assert failure is None
    assert client.tls.version() == "TLSv1.3"


# A00.312-.315: the version


@pytest.mark.parametrize("version", OLD)
def test_a_server_ends_what_is_older(authority: Authority, version: ssl.TLSVersion) -> None:
    failure, client = to_server(authority, low=version, high=version, suites=ANY)
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_TLS_VERSION
    assert not client.is_open


@pytest.mark.parametrize("version", OLD)
def test_a_charge_point_ends_what_is_older(authority: Authority, version: ssl.TLSVersion) -> None:
    server = raw_server(authority.pair("cs-rsa"), low=version, high=version, suites=ANY)
    failure = shake(
        ClientTls(authority.station(2)).engine("localhost"), RawEnd(server, is_server=True)
    )
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_TLS_VERSION


@pytest.mark.parametrize("version", OLD)
def test_legacy_tls_has_to_be_wanted_and_then_has_its_suite(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    security = authority.server(2, credentials=_NoKeys(), legacy_tls=True)
    failure, client = to_server(
        authority, security=security, low=version, high=version, suites="AES128-SHA:@SECLEVEL=0"
    )
    assert failure is None
    cipher = client.tls.cipher()
    assert cipher is not None and cipher[0] == "AES128-SHA"
    # A00.324: this suite is for the old versions only.
    failure, client = to_server(
        authority, security=security, suites="AES128-SHA", low=TLS_1_2, high=TLS_1_2
    )
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_TLS_CIPHER_SUITE
    # Everybody else has what they would have otherwise.
    failure, client = to_server(authority, security=security)
    assert (failure, client.tls.version()) == (None, "TLSv1.3")


# A00.320-.322, and what else a link must not have


def test_there_is_no_compression_renegotiation_or_ticket(authority: Authority) -> None:
    server = ServerTls(authority.server(3))
    for context in (server._context, server.calling, ClientTls(authority.station(3)).context):
        assert context.options & ssl.OP_NO_COMPRESSION
        assert context.options & ssl.OP_NO_RENEGOTIATION
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert server._context.options & ssl.OP_NO_TICKET
    assert server._context.num_tickets == 0
    _, client = to_server(authority, high=TLS_1_2)
    assert client.tls.session is None or not client.tls.session.has_ticket


@pytest.mark.parametrize("is_server", [True, False])
def test_compression_ends_a_link_at_either_end(authority: Authority, is_server: bool) -> None:
    """OpenSSL has none by now, so a link that has it is made up."""

    class Compressed:
        def do_handshake(self) -> None: ...
        def compression(self) -> str:
            return "ZLIB"

    engine = (
        ServerTls(authority.server(3)).engine()
        if is_server
        else ClientTls(authority.station(3)).engine("localhost")
    )
    engine._tls = Compressed()  # type: ignore[assignment]
    with pytest.raises(TlsFailure, match="compression") as caught:
        engine.shake_hands()
    assert caught.value.event is SecurityEvent.INVALID_TLS_CIPHER_SUITE
    assert not engine.is_open


def test_a_session_of_tls_1_3_cannot_be_resumed(authority: Authority) -> None:
    _, client = to_server(authority, low=TLS_1_3)
    assert client.tls.session is None or not client.tls.session.has_ticket


# A00.307-.310: the central system's certificate, as a charge point sees it


def refused(
    authority: Authority, pair: Any, host: str = "localhost", **options: Any
) -> TlsFailure | None:
    """Shake hands with a server that shows a certificate."""
    engine = ClientTls(authority.station(2, **options)).engine(host)
    return shake(engine, RawEnd(raw_server(pair, suites=ANY), is_server=True))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost."])
def test_the_name_may_be_in_cn_alone(authority: Authority, host: str) -> None:
    assert refused(authority, authority.pair("cs-ec"), host) is None
    assert refused(authority, authority.pair("cs-rsa"), host) is None


NAMES = [
    # CN, further names, host, whether it is that host's
    ("cs.example.com", (), "cs.example.com", True),
    ("cs.example.com", (), "example.com", False),
    ("cs.example.com", (), "cs.example.com.evil.com", False),
    ("cs.example.com", (), "xcs.example.com", False),
    ("cs.example.com", (), "other.example.com", False),
    ("cs.example.com\x00.evil.com", (), "cs.example.com", False),
    ("*.example.com", (), "cs.example.com", True),
    ("*.example.com", (), "a.b.example.com", False),
    ("c*.example.com", (), "cs.example.com", False),
    ("*", (), "localhost", False),
    ("cs.example.com", ("dns:other.example.com",), "cs.example.com", False),
    ("cs.example.com", ("dns:other.example.com",), "other.example.com", True),
    ("cs.example.com", ("dns:a.example.com", "dns:b.example.com"), "b.example.com", True),
    ("cs.example.com", ("ip:127.0.0.1",), "cs.example.com", True),
    ("cs.example.com", ("ip:127.0.0.1",), "127.0.0.1", True),
    ("cs.example.com", ("ip:::1",), "::1", True),
    ("cs.example.com", ("ip:127.0.0.1",), "127.0.0.2", False),
    ("127.0.0.1", (), "127.0.0.1", False),
    ("127.0.0.1", ("dns:127.0.0.1",), "127.0.0.1", False),
]


@pytest.mark.parametrize(("cn", "more", "host", "is_its"), NAMES)
def test_whose_certificate_it_is(
    authority: Authority, cn: str, more: tuple[str, ...], host: str, is_its: bool
) -> None:
    names = [dns(each[4:]) if each.startswith("dns:") else ip(each[3:]) for each in more]
    failure = refused(authority, authority.issue("named", cn, names=names), host)
    if is_its:
        assert failure is None
    else:
        assert failure is not None
        assert failure.event is SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE
        assert "mismatch" in failure.reason


def test_a_certificate_that_cannot_be_traced_to_a_root_is_refused(
    authority: Authority, stranger: Authority
) -> None:
    failure = refused(authority, stranger.pair("cs-ec"))
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE
    # Nor by the roots of the machine, which none of ours is among.
    assert refused(authority, authority.pair("cs-ec"), roots=None) is not None


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("expired", {"begins": timedelta(-9), "ends": timedelta(-1)}),
    ("not yet valid", {"begins": timedelta(1), "ends": timedelta(9)}),
    ("for clients", {"usages": [CLIENT]}),
]


@pytest.mark.parametrize(("what", "options"), WRONG, ids=[what for what, _ in WRONG])
def test_a_wrong_certificate_is_refused(
    authority: Authority, what: str, options: dict[str, Any]
) -> None:
    failure = refused(authority, authority.issue("wrong", **options))
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE


@pytest.mark.parametrize(
    ("key", "event"),
    [
        (lambda: new_rsa(1024), SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE),
        # There is no way to sign with it that we offer, so the server gives up.
        (lambda: new_ec(ec.SECP192R1()), SecurityEvent.INVALID_TLS_CIPHER_SUITE),
    ],
)
def test_a_key_of_less_than_112_bits_is_refused(
    authority: Authority, key: Any, event: SecurityEvent
) -> None:
    failure = refused(authority, authority.issue("weak", key=key()))
    assert failure is not None
    assert failure.event is event


def test_a_leaf_is_no_authority(authority: Authority) -> None:
    leaf = authority.pair("cp2")
    name = x509.load_pem_x509_certificate(leaf.certificate.read_bytes()).subject
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(leaf.key.read_bytes(), None)
    forged = authority.issue("forged", issuer=(name, key))
    forged.certificate.write_bytes(forged.certificate.read_bytes() + leaf.certificate.read_bytes())
    failure = refused(authority, forged)
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE


def test_an_intermediate_authority_is_followed(authority: Authority) -> None:
    key = new_ec()
    middle = authority.issue("middle", "Example Sub-CA", key=key, ca=True, usages=())
    name = x509.load_pem_x509_certificate(middle.certificate.read_bytes()).subject
    pair = authority.issue("below", issuer=(name, key))
    assert refused(authority, pair) is not None
    pair.certificate.write_bytes(pair.certificate.read_bytes() + middle.certificate.read_bytes())
    assert refused(authority, pair) is None


# A00.402-.407: a charge point's certificate, as a central system sees it


def test_a_client_certificate_is_verified_and_read(authority: Authority) -> None:
    server = ServerTls(authority.server(3)).engine()
    context = raw_client(authority.root, authority.pair("cp1"))
    assert shake(server, RawEnd(context, is_server=False, host="localhost")) is None
    found = server.client_certificate
    assert found is not None
    assert found.charge_point_serial == "SN-1"
    assert found.organizations == (authority.owner,)
    assert found.issuer.endswith(f"commonName={authority.owner} Root")
    assert len(found.fingerprint) == 64


@pytest.mark.parametrize("high", [TLS_1_2, TLS_1_3])
def test_profile_3_needs_a_client_certificate(authority: Authority, high: ssl.TLSVersion) -> None:
    failure, client = to_server(authority, security=authority.server(3), high=high)
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE
    assert client.error is not None


CLIENTS: list[tuple[str, dict[str, Any]]] = [
    ("expired", {"begins": timedelta(-9), "ends": timedelta(-1)}),
    ("not yet valid", {"begins": timedelta(1), "ends": timedelta(9)}),
    ("for servers", {"usages": [SERVER]}),
]


@pytest.mark.parametrize(("what", "options"), CLIENTS, ids=[what for what, _ in CLIENTS])
@pytest.mark.parametrize("profiles", [{3}, {2, 3}])
def test_a_wrong_client_certificate_ends_the_link(
    authority: Authority, what: str, options: dict[str, Any], profiles: set[int]
) -> None:
    security = authority.server(profiles, credentials=_NoKeys())
    pair = authority.issue("client", "SN-1", **options)
    failure, _ = to_server(authority, security=security, pair=pair)
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE


def test_a_strangers_client_certificate_ends_the_link(
    authority: Authority, stranger: Authority
) -> None:
    failure, _ = to_server(authority, security=authority.server(3), pair=stranger.pair("cp1"))
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE


def test_a_revoked_client_certificate_ends_the_link(authority: Authority) -> None:
    revoked = authority.issue("revoked", "SN-1")
    security = authority.server(3, revoked=authority.revocations(revoked))
    failure, _ = to_server(authority, security=security, pair=revoked)
    assert failure is not None
    assert "revoked" in failure.reason
    assert failure.event is SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE
    assert to_server(authority, security=security, pair=authority.pair("cp1"))[0] is None


@pytest.mark.parametrize("high", [TLS_1_2, TLS_1_3])
def test_each_end_hears_that_the_other_does_not_trust_it(
    authority: Authority, stranger: Authority, high: ssl.TLSVersion
) -> None:
    server = ServerTls(authority.server(2, credentials=_NoKeys())).engine()
    client = RawEnd(raw_client(stranger.root, high=high), is_server=False, host="localhost")
    failure = shake(server, client)
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE
    context = raw_server(authority.pair("cs-ec"), high=high)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(stranger.root)
    engine = ClientTls(authority.station(3)).engine("localhost")
    failure = shake(engine, RawEnd(context, is_server=True))
    assert failure is not None
    assert failure.event is SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE


# Files, and links that break


def test_a_renewed_certificate_counts_from_the_next_link_on(
    authority: Authority, tmp_path: Path
) -> None:
    renewed = [tmp_path / "cs.pem", tmp_path / "cs.key"]

    def put(pair: Any) -> None:
        renewed[0].write_bytes(pair.certificate.read_bytes())
        renewed[1].write_bytes(pair.key.read_bytes())

    def shown(tls: ServerTls) -> object:
        client = RawEnd(raw_client(authority.root), is_server=False, host="localhost")
        assert shake(tls.engine(), client) is None
        certificate = client.tls.getpeercert()
        assert certificate is not None
        return certificate["serialNumber"]

    put(authority.pair("cs-ec"))
    security = authority.server(2, credentials=_NoKeys(), certificates=[(renewed[0], renewed[1])])
    tls = ServerTls(security)
    before = shown(tls)
    put(authority.issue("cs-new"))
    assert shown(tls) == before
    tls.reload()
    after = shown(tls)
    assert after != before
    renewed[0].write_text("nonsense")
    with pytest.raises(ValueError, match=r"cs\.pem"):
        tls.reload()
    assert shown(tls) == after


@pytest.mark.parametrize("content", [None, "", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_that_cannot_be_read_is_named(
    authority: Authority, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "bad.pem"
    if content is not None:
        path.write_text(content)
    key = authority.pair("cs-ec").key
    with pytest.raises(ValueError, match=r"bad\.pem"):
        ServerTls(authority.server(2, credentials=_NoKeys(), certificates=[(path, key)]))
    with pytest.raises(ValueError, match=r"bad\.pem"):
        ServerTls(authority.server(3, client_roots=path))
    with pytest.raises(ValueError, match=r"bad\.pem"):
        ClientTls(authority.station(2, roots=path))


def test_an_encrypted_key_without_its_password_is_an_error_and_no_question(
    authority: Authority, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    pair = authority.pair("cs-ec")
    key = load_pem_private_key(pair.key.read_bytes(), None)
    path = tmp_path / "secret.key"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    )
    from ocpp16 import KeyPair

    for password in (None, "wrong"):
        locked = KeyPair(pair.certificate, path, password)
        with pytest.raises(ValueError, match=r"secret\.key"):
            ServerTls(authority.server(2, credentials=_NoKeys(), certificates=[locked]))
        assert "wrong" not in repr(locked)
    opened = KeyPair(pair.certificate, path, "password")
    ServerTls(authority.server(2, credentials=_NoKeys(), certificates=[opened]))


@pytest.mark.parametrize(
    "data",
    [b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 100,
     b"\xff" * 20_000, b"\x80\x2e\x01\x03\x01" + b"\x00" * 43],
)  # fmt: skip
def test_what_is_no_tls_is_a_failure(authority: Authority, data: bytes) -> None:
    engine = ServerTls(authority.server(2, credentials=_NoKeys())).engine()
    with pytest.raises(TlsFailure, match=r"^TLS failed: "):
        engine.receive(data)


def test_a_record_that_was_changed_on_its_way_breaks_the_link(authority: Authority) -> None:
    engine = ServerTls(authority.server(2, credentials=_NoKeys())).engine()
    client = RawEnd(raw_client(authority.root), is_server=False, host="localhost")
    assert shake(engine, client) is None
    client.tls.write(b"hello")
    record = bytearray(client.take())
    record[-1] ^= 1
    with pytest.raises(TlsFailure, match=r"bad record mac|decryption failed"):
        engine.receive(bytes(record))


def test_bytes_go_both_ways_and_the_end_is_told(authority: Authority) -> None:
    engine: TlsEngine = ServerTls(authority.server(2, credentials=_NoKeys())).engine()
    client = RawEnd(raw_client(authority.root), is_server=False, host="localhost")
    assert shake(engine, client) is None
    client.tls.write(b"x" * 300_000)
    assert engine.receive(client.take()) == b"x" * 300_000
    engine.send(b"y" * 10)
    assert client.receive(engine.take()) == b"y" * 10
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert not engine.is_ended
    assert engine.receive(client.take()) == b""
    assert engine.is_ended
