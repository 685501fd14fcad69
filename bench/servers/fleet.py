"""A fleet of simulated charge points that each charge one car; what became of it as JSON.

`python -m bench.servers.fleet PORT COUNT SPREAD [STORE-FILE]`: with a file, it is compared with
what the charge points were answered.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path

from ocpp16.apps.charge_point.fleet import Orders, run_fleet
from ocpp16.apps.charge_point.session import Plan
from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.spec import Side
from tests.apps.site_books import differences

PLAN = Plan(speed=300, duration=timedelta(minutes=10))
"""A session of two seconds."""


async def main(port: int, count: int, spread: float, file: str | None) -> None:
    """Let a fleet charge, and print what became of it."""
    calls: list[Exchange] = []
    accepted: dict[str, float] = {}
    started = time.perf_counter()

    def take(event: Exchange | Remark) -> None:
        if isinstance(event, Exchange) and event.sender is Side.CHARGE_POINT:
            calls.append(event)
            if event.action == "BootNotification" and event.ok:
                accepted.setdefault(event.identity, time.perf_counter() - started)

    went_well = await run_fleet(
        Hardware(identity="CP{n}"),
        f"ws://127.0.0.1:{port}/ocpp",
        Orders(plan=PLAN, count=count, spread=spread),
        tell=take,
        stop=asyncio.Event(),
    )
    took, cpu = time.perf_counter() - started, time.process_time()
    waits = sorted(each.seconds for each in calls)
    found = {
        "went_well": went_well,
        "accepted": max(accepted.values()) if len(accepted) == count else None,
        "took": took,
        "calls": len(calls),
        "refused": sum(not each.ok for each in calls),
        "median": waits[len(waits) // 2],
        "p99": waits[int(len(waits) * 0.99)],
        "cpu": cpu,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "differences": [] if file is None else differences(calls, Path(file)),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    _, _port, _count, _spread, *_rest = sys.argv
    asyncio.run(main(int(_port), int(_count), float(_spread), _rest[0] if _rest else None))
