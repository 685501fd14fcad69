"""The calling end of SOAP: one envelope posted, one envelope back. Uses httpx.

Connections are kept and reused. Nothing is sent twice, no redirect is followed, no proxy of the
environment is used: a callback address was judged, and what it leads on to was not. Spec: S 3.
"""

from __future__ import annotations

from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from ocpp16._version import __version__
from ocpp16.bindings.ocpps.content import CONTENT_TYPE, ContentError, inflate
from ocpp16.bindings.ocpps.envelope import read_frame
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.clock import Clock
from ocpp16.errors import (
    CallFailed,
    CallTimeout,
    ErrorCode,
    InvalidResponse,
    SessionClosed,
    Unreachable,
)
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


class SoapClient:
    """Makes HTTP exchanges, with a pool of connections.

    Args:
        settings: Limits and timers.
        clock: Where the limit of a whole call runs.
    """

    def __init__(self, *, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._http: httpx.AsyncClient | None = None
        self._is_closed = False

    async def post(self, address: str, body: bytes) -> bytes:
        """Send an envelope and return the one that answers it; `Post`.

        Raises:
            Unreachable: The address could not be reached: nothing was sent.
            SessionClosed: The connection broke; whether the call arrived is unknown.
            CallTimeout: It took too long; whether the call arrived is unknown.
            CallFailed: The answer is an HTTP error without a fault.
            InvalidResponse: The answer has a body that is not read.
        """
        seconds = self._settings.soap_call_timeout.total_seconds()
        try:
            async with time_limit(self._clock, seconds):
                return await self._exchange(address, body)
        except httpx.ConnectTimeout:
            raise Unreachable(f"{address} cannot be reached: no connection in time") from None
        except (TimeoutError, httpx.TimeoutException):
            raise CallTimeout(f"no answer came from {address} in time") from None
        except httpx.ConnectError as error:
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

    async def _exchange(self, address: str, body: bytes) -> bytes:
        async with self._client.stream("POST", address, content=body, headers=HEADERS) as response:
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
