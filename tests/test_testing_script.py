"""Scripted peers, against our own roles."""

from __future__ import annotations

import asyncio
import json

import pytest

from ocpp16.errors import CallFailed, ConnectionRefused, SessionClosed
from ocpp16.messages import HeartbeatRequest
from ocpp16.testing import ScriptedCentralSystem, scripted_charge_point
from tests.parties import BOOT, RESET, RESET_DONE, make_central, make_station, run

BOOTED = {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 300}
TIME = {"currentTime": "2026-01-01T00:00:00Z"}


def test_a_charge_point_calls_and_is_called() -> None:
    async def main() -> None:
        central = make_central()
        async with central, scripted_charge_point(central) as script:
            answer = await script.call("Heartbeat")
            assert list(answer) == ["currentTime"]
            peer = await central.wait_for("CP1")
            script.replies["Reset"] = {"status": "Accepted"}
            assert await peer.call(RESET) == RESET_DONE
            script.replies["Reset"] = lambda asked: {
                "status": "Accepted" if asked["type"] == "Hard" else "Rejected"
            }
            assert (await peer.call(RESET)).status == "Rejected"
            # Nothing but what came: our answer and three calls.
            assert [json.loads(each)[0] for each in script.received] == [3, 2, 2]

    run(main)


def test_what_is_not_replied_to_at_once_waits_for_the_script() -> None:
    async def main() -> None:
        central = make_central()
        async with central, scripted_charge_point(central) as script:
            peer = await central.wait_for("CP1")
            asked = asyncio.create_task(peer.call(RESET))
            call = await script.expect("Reset")
            assert (call.action, call.payload) == ("Reset", {"type": "Soft"})
            script.answer(call, {"status": "Accepted"})
            assert await asked == RESET_DONE
            asked = asyncio.create_task(peer.call(RESET))
            script.refuse(await script.expect(), "NotSupported", "no reset", {"why": "tired"})
            with pytest.raises(CallFailed) as caught:
                await asked
            failed = caught.value
            assert (failed.code, failed.description) == ("NotSupported", "no reset")
            assert failed.details == {"why": "tired"}

    run(main)


def test_errors_and_nonsense() -> None:
    async def main() -> None:
        central = make_central()
        async with central, scripted_charge_point(central) as script:
            with pytest.raises(CallFailed) as caught:
                await script.call("Heartbeat", {"extra": 1}, call_id="mine")
            assert caught.value.code == "FormationViolation"
            assert json.loads(script.received[-1])[:2] == [4, "mine"]
            script.send("no JSON at all")
            script.send([2, "7", "Heartbeat", {}])
            assert "currentTime" in await script.call("Heartbeat")
            assert json.loads(script.received[-2])[:2] == [3, "7"]

    run(main)


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ('[4,"mine"]', ("", "", {})),
        ('[4,"mine","GenericError"]', ("GenericError", "", {})),
        ('[4,"mine","GenericError","no"]', ("GenericError", "no", {})),
        ('[4,"mine","GenericError","no",{"a":1},7]', ("GenericError", "no", {"a": 1})),
    ],
)
def test_an_error_of_another_length_is_an_error(
    answer: str, failed: tuple[str, str, dict[str, int]]
) -> None:
    async def main() -> None:
        central = make_central()
        async with central, scripted_charge_point(central) as script:
            script.frame_received(answer.encode())
            with pytest.raises(CallFailed) as caught:
                await script.call("Heartbeat", call_id="mine")
            error = caught.value
            assert (error.code, error.description, error.details) == failed

    run(main)


def test_it_complains_of_what_does_not_come() -> None:
    async def main() -> None:
        central = make_central()
        async with central, scripted_charge_point(central, patience=0.01) as script:
            peer = await central.wait_for("CP1")
            with pytest.raises(AssertionError, match=r"Reset did not come within 0\.01 s; last f"):
                await script.expect("Reset")
            with pytest.raises(AssertionError, match="the connection goes on"):
                await script.wait_closed()
            script.replies["Reset"] = {"status": "Accepted"}
            await peer.call(RESET)
            del script.replies["Reset"]
            asked = asyncio.create_task(peer.call(RESET))
            with pytest.raises(AssertionError, match="ClearCache was due, Reset came"):
                await script.expect("ClearCache")
            asked.cancel()

    run(main)


def test_the_end_of_a_connection_is_told() -> None:
    async def main() -> None:
        central = make_central(known={"CP1"})
        async with central:
            with pytest.raises(ConnectionRefused):
                async with scripted_charge_point(central, "CP2"):
                    pass
            async with scripted_charge_point(central) as script:
                (await central.wait_for("CP1")).close(1001, "maintenance")
                assert await script.wait_closed() == "closed by the peer: 1001 maintenance"
                with pytest.raises(SessionClosed, match="maintenance"):
                    await script.call("Heartbeat")

    run(main)


def test_a_central_system_for_a_charge_point() -> None:
    async def main() -> None:
        station = make_station()
        script = ScriptedCentralSystem(station, replies={"BootNotification": BOOTED})
        with pytest.raises(SessionClosed, match="nobody is connected"):
            script.send("[]")
        async with station.connect_by(script.dial, boot=BOOT) as backend:
            await backend.accepted()
            assert await script.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
            script.replies["Heartbeat"] = TIME
            assert (await backend.call(HeartbeatRequest())).current_time.year == 2026
        assert await script.wait_closed()

    run(main)


def test_a_charge_point_that_loses_the_script_comes_back() -> None:
    async def main() -> None:
        station = make_station()
        script = ScriptedCentralSystem(station, replies={"BootNotification": BOOTED})
        async with station.connect_by(script.dial, boot=BOOT):
            script.close(1001, "again")
            assert script.close_reason == "closed by the script: 1001 again"

    run(main)
