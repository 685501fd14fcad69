"""TLS as the whitepaper wants it: contexts, and an engine without sockets. The only user of `ssl`.

TLS 1.2 or later, no compression, no renegotiation, no session tickets (a session that is resumed
would not show its certificate again). A central system offers the four suites of the whitepaper,
two for each of its certificates, and those of TLS 1.3. OpenSSL verifies paths and names: a name is
looked for among the dNSName entries of a certificate, and in its CN where it has none of them; an
address among its iPAddress entries only; wildcards stand for a whole label. Spec: W A00.305-.324,
.409-.428.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, cached_property
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from ocpp16.security.client_certificate import ClientCertificate
from ocpp16.security.configuration import KeyPair, ServerSecurity, StationSecurity
from ocpp16.security_event import SecurityEvent

SUITES: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)
"""What a central system offers below TLS 1.3 (A00.317)."""
FORWARD_SUITES: Final = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384")
"""What a charge point offers beside them, for central systems that know the standard less well."""
LEGACY_SUITE: Final = "AES128-SHA"
"""Of TLS 1.0 and 1.1, and only there (A00.318, .324)."""
STRONG: Final = "@SECLEVEL=2"
"""112 bits of strength at least: RSA of 2048 bits, curves of 224 (A00.501-.503)."""
ANY_STRENGTH: Final = "@SECLEVEL=0"
"""OpenSSL 3 has no TLS 1.0 and 1.1 above this level."""
ClientContext: TypeAlias = ssl.SSLContext
"""What other libraries take for the client end of TLS links."""
READ_SIZE: Final = 64 * 1024


class TlsFailure(Exception):
    """A TLS link cannot be, or broke.

    Args:
        reason: What happened, for people.
        event: What kind of security event it is, if it is one.
    """

    def __init__(self, reason: str, event: SecurityEvent | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.event = event


class ServerTls:
    """The server end of TLS links.

    Args:
        security: What to show and whom to trust.

    Raises:
        ValueError: A file cannot be read, or does not hold what it should.
    """

    def __init__(self, security: ServerSecurity) -> None:
        self._security = security
        self._context = _server_context(security)
        self.calling = client_context(security.client_roots, security.certificates)
        """The context of calls to charge points, on SOAP: the same trust, the same certificates."""

    @classmethod
    def of_station(cls, security: StationSecurity) -> Self:
        """Return the server end of a charge point, where its central system calls it on SOAP.

        Raises:
            ValueError: A file cannot be read, does not hold what it should, or is missing.
        """
        if security.certificate is None or security.roots is None:
            raise ValueError("to be called over TLS, a charge point needs a certificate and roots")
        return cls(
            ServerSecurity(
                profiles=3,
                certificates=(security.certificate,),
                client_roots=security.roots,
                owners="its name is checked instead",
            )
        )

    def reload(self) -> None:
        """Read certificates, keys, roots and revocation lists again, for links from now on.

        Raises:
            ValueError: A file does not hold what it should; then nothing has changed.
        """
        self._context = _server_context(self._security)
        # Kept as an object: clients hold it, and take from it for each new connection.
        for pair in self._security.certificates:
            _load_pair(self.calling, pair)

    def engine(self) -> TlsEngine:
        """Return our end of a new link."""
        return TlsEngine(self._context, is_server=True)


class ClientTls:
    """The client end of TLS links.

    Args:
        security: What to show and whom to trust; None shows nothing and trusts what the machine
            does.

    Raises:
        ValueError: A file cannot be read, or does not hold what it should.
    """

    def __init__(self, security: StationSecurity | None = None) -> None:
        pair = None if security is None else security.certificate
        if security is None or (security.roots is None and pair is None):
            self.context = machine_context()
        else:
            self.context = client_context(security.roots, () if pair is None else (pair,))

    def engine(self, host: str) -> TlsEngine:
        """Return our end of a new link to a host."""
        # The dot of the DNS root is no part of the name in a certificate.
        return TlsEngine(self.context, is_server=False, host=host.removesuffix("."))


class TlsEngine:
    """One end of one link: bytes of the network in and out, and what they carry.

    Args:
        context: A context of this module.
        is_server: Which end.
        host: Who the server has to be.
    """

    def __init__(
        self, context: ssl.SSLContext, *, is_server: bool, host: str | None = None
    ) -> None:
        self._is_server = is_server
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        try:
            self._tls = context.wrap_bio(
                self._incoming, self._outgoing, server_side=is_server, server_hostname=host
            )
        except ValueError as error:
            raise TlsFailure(f"no TLS link to {host!r}: {error}") from None
        self.is_open = False
        """Whether the handshake is complete."""
        self.is_ended = False
        """Whether the peer has said that it sends no more."""

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the network; return what they carried.

        Raises:
            TlsFailure: The link cannot be, or broke; what `take` returns tells the peer.
        """
        self._incoming.write(data)
        if not self.is_open and not self.shake_hands():
            return b""
        return self._read()

    def shake_hands(self) -> bool:
        """Go on with the handshake; return whether it is complete.

        Raises:
            TlsFailure: The link cannot be.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise self._failure(error) from None
        self._check()
        self.is_open = True
        return True

    def send(self, data: bytes) -> None:
        """Take what is to be carried.

        Raises:
            TlsFailure: The link broke.
        """
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise self._failure(error) from None

    def take(self) -> bytes:
        """Return the bytes that are due on the network."""
        return self._outgoing.read()

    def end(self) -> None:
        """Say that we send no more."""
        if not self.is_open:
            return
        with suppress(ssl.SSLError):  # It wants the peer's word for it, which nobody waits for.
            self._tls.unwrap()

    @property
    def details(self) -> str:
        """Version and suite, for people."""
        suite = self._tls.cipher()
        return f"{self._tls.version()} {suite[0] if suite else '-'}"

    @cached_property
    def client_certificate(self) -> ClientCertificate | None:
        """What the client's verified certificate says; None if it showed none."""
        facts, data = self._tls.getpeercert(), self._tls.getpeercert(binary_form=True)
        return None if not facts or data is None else _read_certificate(facts, data)

    def _read(self) -> bytes:
        parts = []
        while True:
            try:
                part = self._tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                part = b""
            except ssl.SSLError as error:
                raise self._failure(error) from None
            if not part:
                self.is_ended = True
                break
            parts.append(part)
        return b"".join(parts)

    def _check(self) -> None:
        """Look at what was agreed; OpenSSL has not been told all that matters.

        Raises:
            TlsFailure: It is not secure.
        """
        event = SecurityEvent.INVALID_TLS_CIPHER_SUITE
        if self._tls.compression() is not None:  # A00.321, .322
            raise TlsFailure("TLS compression was agreed", event)
        suite = self._tls.cipher()
        if suite is not None and suite[0] == LEGACY_SUITE and self._tls.version() == "TLSv1.2":
            raise TlsFailure(f"{LEGACY_SUITE} is for TLS 1.0 and 1.1 only", event)

    def _failure(self, error: ssl.SSLError) -> TlsFailure:
        return _explain(error, _SERVER_EVENTS if self._is_server else _CLIENT_EVENTS)


def client_failure(error: BaseException, *, of_station: bool) -> TlsFailure | None:
    """Return what an error of another library says of TLS, at our client's end; None if nothing.

    Args:
        error: The error.
        of_station: Whether the client is a charge point; else it calls one.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return _explain(cause, _CLIENT_EVENTS if of_station else _SERVER_EVENTS)
        cause = cause.__cause__ or cause.__context__
    return None


def _explain(error: ssl.SSLError, events: dict[str, SecurityEvent]) -> TlsFailure:
    reason = error.reason or type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"certificate not accepted: {error.verify_message}"
    else:
        text = f"TLS failed: {reason.replace('_', ' ').lower()}"
    return TlsFailure(text, events.get(reason))


_OURS_REFUSED: Final = (
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_REVOKED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "TLSV1_ALERT_UNKNOWN_CA",
    "TLSV1_ALERT_ACCESS_DENIED",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
)
_VERSION: Final = (
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "VERSION_TOO_LOW",
    "WRONG_SSL_VERSION",
    "UNKNOWN_PROTOCOL",
    "INAPPROPRIATE_FALLBACK",
    "TLSV1_ALERT_INAPPROPRIATE_FALLBACK",
)
_SUITE: Final = (
    "NO_SHARED_CIPHER",
    "NO_CIPHERS_AVAILABLE",
    "WRONG_CIPHER_RETURNED",
    "UNKNOWN_CIPHER_RETURNED",
    "NO_CIPHERS_PASSED",
    "NO_CIPHERS_SPECIFIED",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
)
_THEIRS_REFUSED: Final = (
    "CERTIFICATE_VERIFY_FAILED",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE",
    "EE_KEY_TOO_SMALL",
    "CA_KEY_TOO_SMALL",
    "CA_MD_TOO_WEAK",
    "BAD_SIGNATURE",
    "WRONG_CERTIFICATE_TYPE",
)


def _events(theirs: SecurityEvent, ours: SecurityEvent) -> dict[str, SecurityEvent]:
    kinds: tuple[tuple[tuple[str, ...], SecurityEvent], ...] = (
        (_THEIRS_REFUSED, theirs),
        (_OURS_REFUSED, ours),
        (_VERSION, SecurityEvent.INVALID_TLS_VERSION),
        (_SUITE, SecurityEvent.INVALID_TLS_CIPHER_SUITE),
    )
    return {reason: event for reasons, event in kinds for reason in reasons}


_SERVER_EVENTS: Final = _events(
    theirs=SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE,
    ours=SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
)
_CLIENT_EVENTS: Final = _events(
    theirs=SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
    ours=SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE,
)


def _server_context(security: ServerSecurity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    suites: tuple[str, ...] = SUITES
    level = STRONG
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if security.legacy_tls:
        suites, level = (*SUITES, LEGACY_SUITE), ANY_STRENGTH
        # Named, 1.0 would be warned of. OpenSSL 3 without its SSL 3.0 has nothing below.
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.options |= ssl.OP_NO_SSLv3
    _harden(context, ":".join((*suites, level)))
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_TICKET
    context.num_tickets = 0
    for pair in security.certificates:
        _load_pair(context, pair)
    if 3 in security.profiles and security.client_roots is not None:
        # With other profiles beside it, whoever shows no certificate authenticates otherwise.
        is_only = security.profiles == {3}
        context.verify_mode = ssl.CERT_REQUIRED if is_only else ssl.CERT_OPTIONAL
        _load_roots(context, security.client_roots)
        if security.revoked is not None:
            _load_roots(context, security.revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


@cache
def machine_context() -> ssl.SSLContext:
    """Return the one context of clients that show nothing and trust whom the machine trusts."""
    return client_context(None, ())


def client_context(
    roots: Path | None, pairs: tuple[KeyPair, ...], *, checks_host: bool = True
) -> ssl.SSLContext:
    """Return the context of a client.

    Args:
        roots: Whom to trust; None is whom the machine trusts.
        pairs: What to show.
        checks_host: Whether the name of the server has to be that of the host.

    Raises:
        ValueError: A file cannot be read, or does not hold what it should.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _harden(context, ":".join((*SUITES, *FORWARD_SUITES, STRONG)))
    context.check_hostname = checks_host
    context.verify_mode = ssl.CERT_REQUIRED
    # The whitepaper has the name in CN (A00.510), and OpenSSL looks there if it is told to.
    context.hostname_checks_common_name = True
    if roots is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        _load_roots(context, roots)
        kinds = context.cert_store_stats()
        if kinds["x509"] == kinds["x509_ca"]:
            # Each is trusted, whoever has signed it: M05.09 has a new root signed by the old one,
            # which may be trusted no more.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for pair in pairs:
        _load_pair(context, pair)
    return context


def _harden(context: ssl.SSLContext, suites: str) -> None:
    context.set_ciphers(suites)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _load_pair(context: ssl.SSLContext, pair: KeyPair) -> None:
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(pair.certificate, pair.key, password=pair.password or "")
    except (OSError, ValueError) as error:
        reason = _file_reason(error)
        raise ValueError(f"certificate {pair.certificate} with key {pair.key}: {reason}") from None


def _load_roots(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except OSError as error:
        raise ValueError(f"{path}: {_file_reason(error)}") from None


def _file_reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not PEM").replace("_", " ").lower()
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _read_certificate(facts: Any, data: bytes) -> ClientCertificate:
    others = facts.get("subjectAltName", ())
    return ClientCertificate(
        common_names=_values(facts["subject"], "commonName"),
        organizations=_values(facts["subject"], "organizationName"),
        serial_number=facts["serialNumber"],
        issuer=", ".join(f"{key}={value}" for part in facts["issuer"] for key, value in part),
        host_names=_of_kind(others, "DNS"),
        addresses=tuple(filter(_is_address, _of_kind(others, "IP Address"))),
        not_after=datetime.fromtimestamp(ssl.cert_time_to_seconds(facts["notAfter"]), UTC),
        fingerprint=sha256(data).hexdigest(),
    )


def _values(name: Any, kind: str) -> tuple[str, ...]:
    return tuple(value for part in name for key, value in part if key == kind)


def _of_kind(names: Any, kind: str) -> tuple[str, ...]:
    # Some versions end the text of an IPv6 address with a line end.
    return tuple(text.strip() for its_kind, text in names if its_kind == kind)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
