"""How a simulated charge point comes to its central system: with patience, and complaints."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

from ocpp16.errors import ConnectionRefused, OcppError
from ocpp16.messages import BootNotificationRequest
from ocpp16.roles.backend import Backend
from ocpp16.roles.backoff import Backoff
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.security.configuration import StationSecurity
from ocpp16.station.station import Connect, Station


def patiently(
    station: Station,
    url: str,
    *,
    listen: str | None,
    security: StationSecurity | None,
    complain: Callable[[str], object],
) -> Connect:
    """Return what connects and boots a role, however long that takes.

    Args:
        station: The charge point.
        url: Where the central system is.
        listen: Where the charge point takes calls itself, on SOAP.
        security: The security profile, and what it shows.
        complain: Is told of each attempt that fails.
    """
    role = station.role

    @asynccontextmanager
    async def connect(boot: BootNotificationRequest) -> AsyncIterator[Backend]:
        backoff = Backoff(role.settings, random.random)
        async with AsyncExitStack() as stack:
            while True:
                try:
                    backend = await stack.enter_async_context(
                        role.connect(
                            url,
                            boot=boot,
                            listen=listen,
                            security=station.with_key(security),
                            wallet=station.wallet,
                        )
                    )
                    break
                except OcppError as error:
                    wait = backoff.next_wait()
                    complain(f"{_reason(error, role)}; next attempt in {wait:.0f} s")
                    await role.clock.sleep(wait)
            yield backend

    return connect


def _reason(error: OcppError, role: ChargePoint) -> str:
    text = f"cannot boot: {error}"
    if isinstance(error, ConnectionRefused) and error.status == HTTPStatus.NOT_FOUND:
        text += f" (it may not know {role.identity}, or the path is another one)"
    return text
