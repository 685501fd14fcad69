"""A simulated charge point that charges without end, until it is killed; run as a program.

    python -m tests.station.crashing URL FOLDER [drain]

With `drain` it only delivers what is left, and ends.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from ocpp16.apps.charge_point.fleet import Orders, run_fleet
from ocpp16.apps.charge_point.scenario import read
from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.settings import Settings

SETTINGS = Settings(
    call_timeout=timedelta(seconds=5),
    reconnect_wait=timedelta(milliseconds=10),
    reconnect_bound=timedelta(milliseconds=20),
    drain_timeout=timedelta(seconds=1),
)
SESSION = [
    {"do": "plug", "connector": 1},
    {"do": "tag", "tag": "CARD-1", "connector": 1},
    {"do": "wait", "minutes": 7},
    {"do": "plug", "connector": 2},
    {"do": "tag", "tag": "CARD-2", "connector": 2},
    {"do": "wait", "minutes": 8},
    {"do": "tag", "tag": "CARD-1", "connector": 1},
    {"do": "unplug", "connector": 1},
    {"do": "wait", "minutes": 3},
    {"do": "pause", "seconds": 0.01},
    {"do": "unplug", "connector": 2},
]
ENDLESS = {"steps": [{"do": "repeat", "times": 10_000, "steps": SESSION}]}
DRAIN = {"steps": [{"do": "expect", "waiting": 0, "within": 60}]}


def main() -> None:
    url, folder, *rest = sys.argv[1:]
    said = False

    def tell(event: object) -> None:
        nonlocal said
        if not said:
            said = True
            print("at work", flush=True)

    orders = Orders(scenario=read(DRAIN if rest else ENDLESS), state=Path(folder))
    hardware = Hardware(identity="CP1")
    is_good = asyncio.run(
        run_fleet(hardware, url, orders, tell=tell, stop=asyncio.Event(), settings=SETTINGS)
    )
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
