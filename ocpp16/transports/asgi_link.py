"""What an ASGI scope tells of the TLS link below it.

Our own HTTP server leaves its TLS engine in the state of the scope. Another server may have the TLS
extension of ASGI, whose certificates are PEM; reading those needs the extra `security`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from ocpp16.security.client_certificate import ClientCertificate
from ocpp16.security.tls import TlsEngine

ENGINE: Final = "ocpp16.tls"
CUT: Final = "ocpp16.cut"
"""In the state of a scope of our server: drops the connection, whatever waits to be sent."""


def is_secure(scope: MutableMapping[str, Any]) -> bool:
    """Tell whether a request came over TLS."""
    return scope.get("scheme") in {"https", "wss"}


def certificate_in(scope: MutableMapping[str, Any]) -> ClientCertificate | None:
    """Return the client certificate of the link, verified by the server; None if it has none.

    Raises:
        ModuleNotFoundError: The extra `security` is needed, and not installed.
    """
    engine = (scope.get("state") or {}).get(ENGINE)
    if isinstance(engine, TlsEngine):
        return engine.client_certificate
    told = (scope.get("extensions") or {}).get("tls") or {}
    chain = tuple(told.get("client_cert_chain") or ())
    # The server says there what it could not verify.
    if not chain or told.get("client_cert_error") is not None:
        return None
    from ocpp16.security.pem import read_client_certificate  # noqa: PLC0415 - heavy

    return read_client_certificate(chain[0])
