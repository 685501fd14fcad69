"""Our simulated charge point at a central system of The Mobility House, through whole sessions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from ocpp import routing, v16
from ocpp.v16 import call, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus
from websockets.asyncio.server import serve

from ocpp16.apps.charge_point.fleet import Orders, run_fleet
from ocpp16.apps.charge_point.scenario import read
from ocpp16.apps.charge_point.simulator import Hardware
from tests.apps.doubles import Ears
from tests.parties import run, until

pytestmark = pytest.mark.interop
GOOD = IdTagInfo(status=AuthorizationStatus.accepted)
Handler = TypeVar("Handler", bound=Callable[..., Any])


def _on(action: str) -> Callable[[Handler], Handler]:
    decorate: Callable[[Handler], Handler] = routing.on(action)
    return decorate


class TheirCentral(v16.ChargePoint):  # type: ignore[misc]
    """What their library calls a charge point is the central system's view of one."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.ids = itertools.count(1)

    def note(self, action: str, payload: dict[str, Any]) -> None:
        self.seen.append((action, payload))

    @_on("BootNotification")
    async def on_boot(self, **payload: Any) -> Any:
        self.note("BootNotification", payload)
        now = datetime.now(UTC).isoformat()
        return call_result.BootNotification(
            current_time=now, interval=300, status=RegistrationStatus.accepted
        )

    @_on("StatusNotification")
    async def on_status(self, **payload: Any) -> Any:
        self.note("StatusNotification", payload)
        return call_result.StatusNotification()

    @_on("Heartbeat")
    async def on_heartbeat(self) -> Any:
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @_on("Authorize")
    async def on_authorize(self, **payload: Any) -> Any:
        self.note("Authorize", payload)
        return call_result.Authorize(id_tag_info=GOOD)

    @_on("StartTransaction")
    async def on_start(self, **payload: Any) -> Any:
        self.note("StartTransaction", payload)
        return call_result.StartTransaction(transaction_id=next(self.ids), id_tag_info=GOOD)

    @_on("MeterValues")
    async def on_values(self, **payload: Any) -> Any:
        self.note("MeterValues", payload)
        return call_result.MeterValues()

    @_on("StopTransaction")
    async def on_stop(self, **payload: Any) -> Any:
        self.note("StopTransaction", payload)
        return call_result.StopTransaction()


class CuttingCentral(TheirCentral):
    """Hangs up once it has answered a StartTransaction."""

    @routing.after("StartTransaction")  # type: ignore[untyped-decorator]
    async def cut(self, **payload: Any) -> None:
        await self._connection.close()


def played(
    steps: list[dict[str, Any]], calls: list[Any], kind: type[TheirCentral] = TheirCentral
) -> tuple[list[TheirCentral], list[Any], bool]:
    """Play a scenario; once a StartTransaction has come, their side makes its calls."""
    found: list[TheirCentral] = []
    answers: list[Any] = []
    results: list[bool] = []

    async def main() -> None:
        async def accept(connection: Any) -> None:
            central = kind("CP1", connection)
            found.append(central)
            try:
                await central.start()
            except Exception:  # noqa: BLE001 - the end of a connection is one
                return

        async with serve(accept, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
            port = next(iter(server.sockets)).getsockname()[1]

            async def ask() -> None:
                await until(lambda: found and "StartTransaction" in dict(found[0].seen))
                answers.extend([await found[0].call(each) for each in calls])

            asking = asyncio.create_task(ask())
            results.append(
                await run_fleet(
                    Hardware(identity="CP1"),
                    f"ws://127.0.0.1:{port}",
                    Orders(scenario=read({"steps": steps})),
                    tell=Ears(),
                    stop=asyncio.Event(),
                )
            )
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    run(main)
    return found, answers, results[0]


SESSION: list[dict[str, Any]] = [
    {"do": "plug"},
    {"do": "tag", "tag": "A", "accepted": True},
    {"do": "expect", "status": "Charging"},
    {"do": "wait", "minutes": 11},
]


def test_a_session_that_a_driver_ends() -> None:
    (central,), _, is_good = played(
        [*SESSION, {"do": "tag", "tag": "A", "accepted": True}, {"do": "unplug"},
         {"do": "expect", "sent": "StopTransaction", "where": {"reason": "Local"}},
         {"do": "expect", "status": "Available", "waiting": 0}],
        [],
    )  # fmt: skip
    assert is_good
    assert [name for name, _ in central.seen if name != "StatusNotification"] == [
        "BootNotification", "Authorize", "StartTransaction", "MeterValues", "MeterValues",
        "StopTransaction",
    ]  # fmt: skip
    stop = dict(central.seen)["StopTransaction"]
    assert stop["transaction_id"] == 1
    assert len(stop["transaction_data"]) == 4


def test_an_outage_amid_a_session() -> None:
    centrals, _, is_good = played(
        [*SESSION, {"do": "tag", "tag": "A", "accepted": True}, {"do": "unplug"},
         {"do": "expect", "sent": "StopTransaction", "where": {"reason": "Local"}}],
        [],
        CuttingCentral,
    )  # fmt: skip
    assert is_good
    before, after = centrals
    assert [name for name, _ in before.seen if name != "StatusNotification"] == [
        "BootNotification", "Authorize", "StartTransaction",
    ]  # fmt: skip
    # What happened meanwhile arrives in order, with its transaction, and without another boot.
    late = [(name, payload) for name, payload in after.seen if name != "StatusNotification"]
    assert [name for name, _ in late] == ["MeterValues", "MeterValues", "StopTransaction"]
    assert [payload["transaction_id"] for _, payload in late] == [1, 1, 1]


def test_a_session_that_the_central_system_ends() -> None:
    calls = [
        call.ChangeConfiguration(key="MeterValueSampleInterval", value="60"),
        call.GetConfiguration(key=["MeterValueSampleInterval", "Nothing"]),
        call.ReserveNow(
            connector_id=2,
            expiry_date="2100-01-01T00:00:00Z",
            id_tag="B",
            reservation_id=4,
        ),
        call.TriggerMessage(requested_message="MeterValues", connector_id=1),
        call.RemoteStopTransaction(transaction_id=1),
    ]
    (central,), answers, is_good = played(
        [*SESSION, {"do": "expect", "asked": "RemoteStopTransaction"},
         {"do": "expect", "sent": "StopTransaction", "where": {"reason": "Remote"}},
         {"do": "expect", "status": "Reserved", "connector": 2}],
        calls,
    )  # fmt: skip
    assert is_good
    assert [answer.status for answer in (answers[0], *answers[2:])] == ["Accepted"] * 4
    assert answers[1].unknown_key == ["Nothing"]
    assert any(
        value.get("context") == "Trigger"
        for name, payload in central.seen
        if name == "MeterValues"
        for value in payload["meter_value"][0]["sampled_value"]
    )
