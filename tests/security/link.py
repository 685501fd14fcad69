"""Both ends of a TLS link in memory: an engine of ours, and an end made with `ssl` alone."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any

from ocpp16.security.configuration import KeyPair
from ocpp16.security.tls import TlsEngine, TlsFailure


class RawEnd:
    """An end that does what it is told, good or bad."""

    def __init__(
        self, context: ssl.SSLContext, *, is_server: bool, host: str | None = None
    ) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=is_server, server_hostname=host
        )
        self.is_open = False
        self.error: ssl.SSLError | None = None

    def receive(self, data: bytes) -> bytes:
        self._incoming.write(data)
        try:
            if not self.is_open:
                self.tls.do_handshake()
                self.is_open = True
            return self.tls.read(65536)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError as error:
            self.error = error
            return b""

    def take(self) -> bytes:
        return self._outgoing.read()


def raw_client(
    roots: Path | None = None, pair: KeyPair | None = None, **options: Any
) -> ssl.SSLContext:
    """Return a context without any of the library's; `suites`, `low` and `high`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _set(context, options)
    if roots is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(roots)
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def raw_server(*pairs: KeyPair, **options: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _set(context, options)
    for pair in pairs:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def _set(context: ssl.SSLContext, options: dict[str, Any]) -> None:
    if "suites" in options:
        context.set_ciphers(options["suites"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if "low" in options:
            context.minimum_version = options["low"]
        if "high" in options:
            context.maximum_version = options["high"]


def shake(ours: TlsEngine, theirs: RawEnd) -> TlsFailure | None:
    """Let both talk until neither has anything to say; return how ours failed, if it did."""
    failure = None
    outgoing = b""
    first = True
    for _ in range(20):
        theirs.receive(outgoing)
        answer = theirs.take()
        if not answer and not first and not outgoing:
            break
        first = False
        if failure is None:
            try:
                ours.receive(answer)
            except TlsFailure as error:
                failure = error
        outgoing = ours.take()
    return failure
