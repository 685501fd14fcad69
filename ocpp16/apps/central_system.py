"""`ocpp16 central-system`: a central system in memory, to connect charge points to.

Puts `BackOffice` behind a `CentralSystem` and tells what happens. Does not print, and keeps nothing
beyond the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from ipaddress import IPv4Network, IPv6Network

from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.exchange import LogRemarks, Tell
from ocpp16.apps.tracer import Tracer
from ocpp16.clock import Clock
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.server import Urls
from ocpp16.security.configuration import ServerSecurity
from ocpp16.settings import Settings
from ocpp16.transports.system_clock import SystemClock


async def run_central_system(
    *,
    json: str | None = None,
    soap: str | None = None,
    callback_networks: Sequence[IPv4Network | IPv6Network] = (),
    known: Collection[str] | None = None,
    security: ServerSecurity | None = None,
    interval: int = 300,
    tell: Tell,
    listening: Callable[[Urls], object],
    stop: asyncio.Event,
    clock: Clock | None = None,
) -> BackOffice:
    """Serve charge points until told to stop; then stop gracefully.

    Args:
        json: Where to take OCPP-J (`ws://127.0.0.1:9000/ocpp`, or `wss://...`).
        soap: Where to take OCPP-S (`http://127.0.0.1:9001/ocpp`).
        callback_networks: Private networks where charge points may be called on OCPP-S.
        known: Identities that may connect; None lets any in.
        security: Which links are taken, and how charge points authenticate; None is none.
        interval: Seconds between heartbeats.
        tell: Takes what happens.
        listening: Is told the URLs, with the ports really bound, once they can be used.
        stop: Ends it.
        clock: Where time comes from; None is the machine's.

    Returns:
        What was recorded.

    Raises:
        OSError: An address is not ours, or taken.
    """
    real_clock = SystemClock() if clock is None else clock
    settings = Settings(callback_networks=tuple(callback_networks))
    central = CentralSystem(known=known, clock=real_clock, settings=settings, security=security)
    office = BackOffice(now=real_clock.now, tell=tell, interval=interval)
    office.register(central)
    Tracer(central, tell)
    with LogRemarks(tell):
        async with central.serve(json=json, soap=soap) as server:
            listening(server.urls)
            await stop.wait()
    return office
