"""A central system in a process of its own, so that what attacks cost it can be measured.

Run as a module; the arguments say which kind. Writes a line with its ports, and then answers each
line with its state, until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ocpp16 import CentralSystem, MemoryCredentials
from ocpp16.apps.back_office import BackOffice
from ocpp16.security.configuration import KeyPair, ServerSecurity
from ocpp16.settings import Settings

KEYS = {
    "CP1": bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"),
    "CP2": bytes(range(100, 120)),
}


def make(settings: Settings, security: ServerSecurity | None = None) -> CentralSystem:
    """Return a central system that answers everything, and keeps books."""
    central = CentralSystem(settings=settings, security=security)
    BackOffice(now=lambda: datetime.now(UTC), tell=lambda remark: None).register(central)
    return central


def secure(folder: Path, profile: int) -> ServerSecurity:
    """Return the security of a profile, with the certificates of a folder."""
    pairs = [
        KeyPair(folder / f"{name}.pem", folder / f"{name}.key") for name in ("cs-rsa", "cs-ec")
    ]
    options: dict[str, Any] = {}
    if profile in {1, 2}:
        options["credentials"] = MemoryCredentials(KEYS)
    if profile in {2, 3}:
        options["certificates"] = pairs
    if profile == 3:
        options |= {
            "client_roots": folder / "root.pem",
            "owners": "Example Operator",
            "serial_numbers": {"SN-1": "CP1", "SN-2": "CP2"},
        }
    return ServerSecurity(profiles=profile, **options)


async def main() -> None:
    """Serve what the arguments say."""
    kind, seconds, *folder = sys.argv[1:]
    limit = timedelta(seconds=float(seconds))
    settings = Settings(
        callback_networks=["127.0.0.0/8"],
        handshake_timeout=limit,
        soap_body_timeout=limit,
        failed_logins_address=10_000,
    )
    places: dict[str, CentralSystem] = {}
    if kind == "plain":
        places["0"] = make(settings)
    else:
        for profile in (1, 2, 3):
            places[str(profile)] = make(settings, secure(Path(folder[0]), profile))
    async with AsyncExitStack() as stack:
        ports: dict[str, int | None] = {}
        for name, central in places.items():
            tls = "s" if name in "23" else ""
            server = await stack.enter_async_context(
                central.serve(
                    json=f"ws{tls}://127.0.0.1:0/ocpp", soap=f"http{tls}://127.0.0.1:0/ocpp"
                )
            )
            ports[f"json{name}"] = urlsplit(server.urls.json or "").port
            ports[f"soap{name}"] = urlsplit(server.urls.soap or "").port
        print(json.dumps(ports), flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            state = {
                "peers": sorted(name for each in places.values() for name in each.peers),
                "tasks": len(asyncio.all_tasks()),
            }
            print(json.dumps(state), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
