"""The calling end of SOAP: one envelope posted, one envelope back. Uses httpx.

Connections are kept and reused. Nothing is sent twice, no redirect is followed, no proxy of the
environment is used: a callback address was judged, and what it leads on to was not. Spec: S 3.
"""

from __future__ import annotations

from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Protocol

import httpx

from ocpp16._version import __version__
from ocpp16.bindings.ocpps.content import CONTENT_TYPE, ContentError, inflate
from ocpp16.bindings.ocpps.envelope import read_frame
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.clock import Clock
from ocpp16.errors import (
    CallFailed,
    CallTimeout,
    ConnectionRefused,
    ErrorCode,
    InvalidResponse,
    SessionClosed,
    Unreachable,
)
from ocpp16.security.tls import ClientContext, client_failure, machine_context
from ocpp16.settings import Settings
from ocpp16.transports.task import time_limit

KEPT_SECONDS: Final = 4.0
"""How long an unused connection is kept: less than common servers do (5 s and more), since a call
that meets a closing connection fails and is not repeated."""
HEADERS: Final = {
    "Content-Type": CONTENT_TYPE,
    "Accept": "application/soap+xml",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"ocpp16/{__version__}",
}


class PostTo(Protocol):
    """Sends an envelope as `SoapClient.post` does."""

    async def __call__(
        self, address: str, body: bytes, /, *, server_name: str | None = None
    ) -> bytes:
        """Send it and return the one that answers it."""
        ...


class SoapClient:
    """Makes HTTP exchanges, with a pool of connections.

    Args:
        settings: Limits and timers.
        clock: Where the limit of a whole call runs.
        tls: The context of TLS links; None trusts whom the machine trusts.
        authorization: Value of the Authorization header; None has none.
        is_station: Whether we are a charge point.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        tls: ClientContext | None = None,
        authorization: str | None = None,
        is_station: bool = False,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tls = machine_context() if tls is None else tls
        self._headers = (
            HEADERS if authorization is None else {**HEADERS, "Authorization": authorization}
        )
        self._http: httpx.AsyncClient | None = None
        self._is_closed = False
        self._is_station = is_station

    async def post(self, address: str, body: bytes, server_name: str | None = None) -> bytes:
        """Send an envelope and return the one that answers it; `Post`.

        Args:
            address: Where to.
            body: The envelope.
            server_name: Whose certificate the server has to show on TLS; None is the host's.

        Raises:
            ConnectionRefused: A TLS link to it cannot be.
            Unreachable: The address could not be reached: nothing was sent.
            SessionClosed: The connection broke; whether the call arrived is unknown.
            CallTimeout: It took too long; whether the call arrived is unknown.
            CallFailed: The answer is an HTTP error without a fault.
            InvalidResponse: The answer has a body that is not read.
        """
        seconds = self._settings.soap_call_timeout.total_seconds()
        try:
            async with time_limit(self._clock, seconds):
                return await self._exchange(address, body, server_name)
        except httpx.ConnectTimeout:
            raise Unreachable(f"{address} cannot be reached: no connection in time") from None
        except (TimeoutError, httpx.TimeoutException):
            raise CallTimeout(f"no answer came from {address} in time") from None
        except httpx.ConnectError as error:
            failure = client_failure(error, of_station=self._is_station)
            if failure is not None:
                reason = f"{address}: {failure.reason}"
                raise ConnectionRefused(reason, security_event=failure.event) from None
            raise Unreachable(f"{address} cannot be reached: {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise SessionClosed(f"the HTTP exchange with {address} broke: {reason}") from error

    async def close(self) -> None:
        """Close all connections."""
        self._is_closed = True
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    async def _exchange(self, address: str, body: bytes, server_name: str | None) -> bytes:
        # The certificate of a charge point has its serial number, whatever its address is.
        extensions = {} if server_name is None else {"sni_hostname": server_name}
        async with self._client.stream(
            "POST", address, content=body, headers=self._headers, extensions=extensions
        ) as response:
            raw = await self._read(response)
        try:
            data = inflate(
                raw, response.headers.get("Content-Encoding"), self._settings.message_limit
            )
        except ContentError as error:
            raise InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", str(error)) from None
        return _judge(response.status_code, data)

    async def _read(self, response: httpx.Response) -> bytes:
        # Not inflated by httpx, which has no limit for that.
        limit = self._settings.message_limit
        data = bytearray()
        async for part in response.aiter_raw():
            data += part
            if len(data) > limit:
                reason = f"it has more than {limit} bytes"
                raise InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", reason)
        return bytes(data)

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._is_closed:
            raise SessionClosed("the connection is closed")
        if self._http is None:
            total = self._settings.soap_call_timeout.total_seconds()
            connect = self._settings.soap_connect_timeout.total_seconds()
            self._http = httpx.AsyncClient(
                verify=self._tls,
                timeout=httpx.Timeout(total, connect=connect),
                limits=httpx.Limits(
                    max_connections=self._settings.connections,
                    max_keepalive_connections=100,
                    keepalive_expiry=KEPT_SECONDS,
                ),
                follow_redirects=False,
                trust_env=False,
                # A cookie of one peer is no business of another one at the same host.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return self._http


def _judge(status: int, data: bytes) -> bytes:
    if status == HTTPStatus.OK:
        return data
    if status >= HTTPStatus.BAD_REQUEST:
        try:
            frame = read_frame(data)
        except EnvelopeFault:
            pass
        else:
            if frame.envelope.fault is not None:
                return frame
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    raise CallFailed(ErrorCode.GENERIC_ERROR, f"HTTP {phrase}, without a fault")
