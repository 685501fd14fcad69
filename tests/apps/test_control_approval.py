"""What an approval of the control API changes at once, and what at the next boot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16 import messages
from ocpp16.apps.central_system_policy import Policy
from ocpp16.enums import RegistrationStatus
from ocpp16.errors import CallFailed
from ocpp16.roles.backend import Backend
from tests.apps.central_app import WIRES, App, central_app, problem
from tests.parties import BOOT, HEARTBEAT, NOON, make_station, run

wires = pytest.mark.parametrize("wire", WIRES)
RESET = {"type": "Soft"}


async def approve(app: App, status: str) -> bool:
    answer = await app.ask("PUT", "/charge-points/CP1/approval", {"status": status})
    assert answer.status_code == 200
    assert answer.json()["approval"] == status
    triggered = answer.json()["triggered"]
    assert isinstance(triggered, bool)
    return triggered


async def reset(app: App) -> Any:
    return await app.ask("POST", "/charge-points/CP1/calls/Reset", RESET)


async def check_shut_out(app: App, backend: Backend) -> None:
    with pytest.raises(CallFailed) as caught:
        await backend.call(HEARTBEAT)
    assert caught.value.code == "SecurityError"
    assert problem(await reset(app)) == (409, "not-allowed")


async def check_let_in(app: App, backend: Backend) -> None:
    await backend.call(HEARTBEAT)
    assert (await reset(app)).json() == {"status": "Accepted"}


@wires
def test_a_rejection_holds_at_once_and_can_be_taken_back(wire: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station(), wire) as backend:
            await backend.call(BOOT)
            await check_let_in(app, backend)
            assert await approve(app, "Rejected") is False
            await check_shut_out(app, backend)
            # Once more is the same, and Pending waits for the boot.
            for status in ("Rejected", "Pending"):
                assert await approve(app, status) is False
                await check_shut_out(app, backend)
            # It was never told, so it will not boot by itself to be told otherwise.
            assert await approve(app, "Accepted") is False
            await check_let_in(app, backend)

    run(main)


def test_a_rejection_that_was_told_ends_with_the_next_boot(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            await approve(app, "Rejected")
            assert (await backend.call(BOOT)).status is RegistrationStatus.REJECTED
            assert await approve(app, "Accepted") is False
            await check_shut_out(app, backend)
            assert (await backend.call(BOOT)).status is RegistrationStatus.ACCEPTED
            await check_let_in(app, backend)

    run(main)


def test_a_rejection_outlives_a_restart_and_can_still_be_taken_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            await approve(app, "Rejected")
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await check_shut_out(app, backend)
            await approve(app, "Accepted")
            await check_let_in(app, backend)

    run(main)


@pytest.mark.parametrize("boots", [False, True])
def test_one_that_waits_or_has_not_booted_is_rejected_at_once_too(
    boots: bool, tmp_path: Path
) -> None:
    async def main() -> None:
        async with (
            central_app(tmp_path, policy=Policy.PENDING) as app,
            app.connected(make_station()) as backend,
        ):
            if boots:
                assert (await backend.call(BOOT)).status is RegistrationStatus.PENDING
            assert (await reset(app)).json() == {"status": "Accepted"}
            assert await approve(app, "Rejected") is False
            await check_shut_out(app, backend)
            # It has not been accepted, so it boots by itself.
            assert await approve(app, "Accepted") is False
            await check_shut_out(app, backend)
            assert (await backend.call(BOOT)).status is RegistrationStatus.ACCEPTED
            await check_let_in(app, backend)

    run(main)


def test_a_transaction_of_one_that_is_shut_out_is_not_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            await approve(app, "Rejected")
            stop = messages.StopTransactionRequest(transaction_id=1, meter_stop=0, timestamp=NOON)
            with pytest.raises(CallFailed) as caught:
                await backend.call(stop)
            assert caught.value.code == "SecurityError"
            assert (await app.get("/transactions"))["transactions"] == []

    run(main)
