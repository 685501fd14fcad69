"""Killed at random instants on a flaky link, a charge point loses no message that was stored.

30 times by default; OCPP16_CRASHES says how often (1000 takes half an hour).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs

from ocpp16 import CentralSystem, messages
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, RegistrationStatus
from ocpp16.roles.event import FrameIn, FrameOut
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.storage import Value
from ocpp16.store.station import StationFile
from tests.parties import ENDPOINT

ROOT = Path(__file__).parent.parent.parent
CRASHES = int(os.environ.get("OCPP16_CRASHES", "30"))
KEPT = {"StartTransaction", "MeterValues", "StopTransaction"}
GOOD = IdTagInfo(status=AuthorizationStatus.ACCEPTED)
CUT = 0.08
"""Share of the messages on whose arrival the link breaks."""


class FlakyCentral:
    """A central system that notes what arrives, and sometimes hangs up instead of answering."""

    def __init__(self, chance: random.Random) -> None:
        self.role = CentralSystem(settings=Settings(ping_interval=None))
        self.chance = chance
        self.is_flaky = True
        self.arrived: dict[str, tuple[str, dict[str, Any]]] = {}
        """By message id, in the order of first arrival: action and payload."""
        self.answered: dict[str, int] = {}
        """Transaction ids answered, by message id of the StartTransaction."""
        self.ids: dict[tuple[Any, ...], int] = {}
        self.role.on_frame(self._note)
        for request in (
            messages.AuthorizeRequest, messages.BootNotificationRequest,
            messages.HeartbeatRequest, messages.MeterValuesRequest,
            messages.StartTransactionRequest, messages.StatusNotificationRequest,
            messages.StopTransactionRequest,
        ):  # fmt: skip
            self.role.on(request)(self._answer)

    def _note(self, event: FrameIn | FrameOut) -> None:
        frame = json.loads(event.frame)
        if isinstance(event, FrameIn) and frame[0] == 2 and frame[2] in KEPT:
            self.arrived.setdefault(frame[1], (frame[2], frame[3]))
        elif isinstance(event, FrameOut) and frame[0] == 3 and "transactionId" in frame[2]:
            self.answered[frame[1]] = frame[2]["transactionId"]

    async def _answer(self, peer: Peer, request: Any) -> Any:
        is_cut = self.is_flaky and self.chance.random() < CUT
        if is_cut and self.chance.random() < 0.5:
            peer.close()
        response = self._response(request)
        if is_cut:
            # Half of the time the work is done, and only the answer gets lost.
            peer.close()
        return response

    def _response(self, request: Any) -> Any:
        match request:
            case messages.BootNotificationRequest():
                return messages.BootNotificationResponse(
                    status=RegistrationStatus.ACCEPTED,
                    current_time=self.role.clock.now(),
                    interval=300,
                )
            case messages.AuthorizeRequest():
                return messages.AuthorizeResponse(id_tag_info=GOOD)
            case messages.HeartbeatRequest():
                return messages.HeartbeatResponse(current_time=self.role.clock.now())
            case messages.StartTransactionRequest():
                key = (
                    request.connector_id, request.id_tag, request.meter_start, request.timestamp,
                )  # fmt: skip
                number = self.ids.setdefault(key, 1000 + len(self.ids))
                return messages.StartTransactionResponse(id_tag_info=GOOD, transaction_id=number)
            case _:
                return request.response_type()()


@attrs.frozen
class Snapshot:
    """What a killed charge point had stored."""

    entries: list[dict[str, Any]]
    ids: dict[int, Value]
    """Transaction ids that it knew, by its own number."""


def snapshot(folder: Path) -> Snapshot:
    file = folder / "CP1.sqlite"
    if not file.exists():
        return Snapshot([], {})
    storage = StationFile(file)
    try:
        entries: list[Any] = list(storage.read("outbox").values())
        ids = {int(key): value for key, value in storage.read("transaction-id").items()}
        return Snapshot(entries, ids)
    finally:
        storage.close()


async def killed(url: str, folder: Path, chance: random.Random) -> None:
    """Run the charge point, and kill it at some instant."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.station.crashing", url, str(folder),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        if chance.random() < 0.9:
            await asyncio.wait_for(process.stdout.readline(), 60)
        await asyncio.sleep(chance.uniform(0, 0.6))
        # It must not have ended by itself.
        assert process.returncode is None, (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.communicate()


async def drained(url: str, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.station.crashing", url, str(folder), "drain",
        stdout=subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, errors.decode()


def check(central: FlakyCentral, snapshots: list[Snapshot]) -> None:
    places = {message_id: place for place, message_id in enumerate(central.arrived)}
    stored = 0
    for each in snapshots:
        numbers = dict(each.ids)
        # Whatever was stored has arrived ...
        assert all(entry["id"] in places for entry in each.entries)
        stored += len(each.entries)
        # ... in its order ...
        order = [places[entry["id"]] for entry in each.entries]
        assert order == sorted(order)
        # ... and with the right id.
        for entry in each.entries:
            action, payload = central.arrived[entry["id"]]
            own = entry["transaction"]
            if action == "StartTransaction":
                numbers[own] = central.answered[entry["id"]]
            elif own is not None:
                assert payload["transactionId"] == numbers[own]
    assert stored, "nothing was ever waiting when it was killed"


def check_story(central: FlakyCentral) -> None:
    """Whatever arrived tells of transactions that begin once, go on, and end once."""
    running: set[int] = set()
    ended: set[int] = set()
    for message_id, (action, payload) in central.arrived.items():
        match action:
            case "StartTransaction":
                running.add(central.answered[message_id])
            case "StopTransaction":
                assert payload["transactionId"] in running
                running.discard(payload["transactionId"])
                ended.add(payload["transactionId"])
            case _:
                assert payload["transactionId"] in running
    assert not running
    assert len(ended) == len(central.ids) > 5


def test_no_message_is_lost(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)

    async def main() -> None:
        central = FlakyCentral(chance)
        snapshots = []
        async with central.role.serve(json=ENDPOINT) as server:
            url = server.urls.json
            for _ in range(CRASHES):
                await killed(url, tmp_path, chance)
                snapshots.append(snapshot(tmp_path))
            central.is_flaky = False
            await drained(url, tmp_path)
        assert snapshot(tmp_path).entries == []
        check(central, snapshots)
        check_story(central)

    asyncio.run(main())
