"""`ocpp16 central-system` on its store: what it answers, what it keeps, who it lets in."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16 import CentralSystem
from ocpp16.apps.central_system import run_central_system
from ocpp16.apps.central_system_policy import Policy, UnknownTags
from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.enums import (
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    RegistrationStatus,
    TriggerMessageStatus,
)
from ocpp16.errors import CallFailed, ConnectionRefused, ErrorCode
from ocpp16.messages import (
    AuthorizeRequest,
    DataTransferRequest,
    MeterValuesRequest,
    StartTransactionRequest,
    StatusNotificationRequest,
    StopTransactionRequest,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.store.error import StoreInUse
from tests.apps.central_app import WIRES, App, central_app
from tests.apps.doubles import Ears
from tests.parties import BOOT, ENDPOINT, HEARTBEAT, NOON, make_station, run, until

START = StartTransactionRequest(connector_id=1, id_tag="CARD", meter_start=100, timestamp=NOON)
QUICK = Settings(
    reconnect_wait=timedelta(milliseconds=5), reconnect_bound=timedelta(milliseconds=9)
)
wires = pytest.mark.parametrize("wire", WIRES)


def stop_of(number: int, meter_stop: int = 600) -> StopTransactionRequest:
    return StopTransactionRequest(
        transaction_id=number, meter_stop=meter_stop, timestamp=NOON, id_tag="CARD"
    )


def values_of(number: int, reading: str = "300") -> MeterValuesRequest:
    value = MeterValue(timestamp=NOON, sampled_value=(SampledValue(value=reading),))
    return MeterValuesRequest(connector_id=1, transaction_id=number, meter_value=(value,))


def rows(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "site.db")) as connection:
        return connection.execute(query).fetchall()


def flags(app: App) -> list[str]:
    return [text for text in app.ears.warnings if text.startswith("CP")]


@wires
def test_a_transaction_and_its_repeats_over_a_restart(wire: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station(), wire) as backend:
            await backend.call(BOOT)
            started = await backend.call(START)
            number = started.transaction_id
            await backend.call(values_of(number))
            stopped = await backend.call(stop_of(number))
            assert stopped.id_tag_info is not None
            assert stopped.id_tag_info.status is AuthorizationStatus.ACCEPTED
        async with central_app(tmp_path) as app:
            # What is answered now would be another answer, were it not a repeat.
            entered = await app.ask("PUT", "/id-tags/CARD", {"status": "Blocked"})
            assert entered.status_code == 200
            async with app.connected(make_station(), wire) as backend:
                # Accepted before the restart: the gate is open without another boot.
                await backend.call(HEARTBEAT)
                assert await backend.call(START) == started
                await backend.call(values_of(number))
                assert await backend.call(stop_of(number)) == stopped
                assert flags(app) == []
                await backend.call(stop_of(number, meter_stop=900))
                ended = f"CP1: StopTransaction for {number}, which has ended"
                assert flags(app) == [ended]
            (found,) = (await app.get("/transactions"))["transactions"]
            assert (found["transactionId"], found["meterStop"], found["energy"]) == (
                number,
                600,
                500,
            )
            assert found["lastReading"] == 300
        assert rows(tmp_path, "SELECT count(*) FROM central_meter_value") == [(1,)]

    run(main)


@wires
def test_one_that_was_never_accepted_is_refused(wire: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station(), wire) as backend:
            with pytest.raises(CallFailed) as caught:
                await backend.call(START)
            assert caught.value.code is ErrorCode.SECURITY_ERROR
        assert rows(tmp_path, "SELECT count(*) FROM central_transaction") == [(0,)]

    run(main)


def test_another_ones_transaction_is_answered_and_changes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            async with (
                app.connected(make_station()) as one,
                app.connected(make_station(identity="CP2")) as other,
            ):
                await one.call(BOOT)
                await other.call(BOOT)
                number = (await one.call(START)).transaction_id
                await other.call(stop_of(number))
                await other.call(values_of(number))
            flagged = flags(app)
            assert f"CP2: StopTransaction for {number}, which is another charge point's" in flagged
            assert f"CP2: MeterValues for {number}, which is another charge point's" in flagged
            (found,) = (await app.get("/transactions?running=true"))["transactions"]
            assert (found["stop"], found["lastReading"]) == (None, None)

    run(main)


def test_nothing_is_acknowledged_that_is_not_stored(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            number = (await backend.call(START)).transaction_id
            with closing(sqlite3.connect(tmp_path / "site.db")) as other:
                other.execute("BEGIN IMMEDIATE")
                for request in (stop_of(number), HEARTBEAT):
                    with pytest.raises(CallFailed) as caught:
                        await backend.call(request)
                    assert caught.value.code is ErrorCode.INTERNAL_ERROR
                    assert caught.value.description == "the store does not work now"
                (found,) = (await app.get("/transactions"))["transactions"]
                assert found["stop"] is None
                refused = await app.ask("PUT", "/id-tags/A", {})
                assert (refused.status_code, refused.json()["type"]) == (
                    503,
                    "urn:ocpp16:problem:store",
                )
            await backend.call(stop_of(number))
            (found,) = (await app.get("/transactions"))["transactions"]
            assert found["meterStop"] == 600

    run(main)


def test_only_those_that_were_entered_are_let_in(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path, policy=Policy.KNOWN, known={"CP1"}) as app:
            async with app.connected(make_station()) as backend:
                answer = await backend.call(BOOT)
                assert answer.status is RegistrationStatus.ACCEPTED
            with pytest.raises(ConnectionRefused) as caught:
                async with app.connected(make_station(identity="CP2")):
                    pass
            assert caught.value.status == 404
            approved = await app.ask("PUT", "/charge-points/CP2/approval", {"status": "Accepted"})
            assert approved.json() == {
                "identity": "CP2",
                "approval": "Accepted",
                "triggered": False,
            }
        # CP1 is named no more, and having booted once does not help it.
        async with central_app(tmp_path, policy=Policy.KNOWN) as app:
            async with app.connected(make_station(identity="CP2")) as backend:
                assert (await backend.call(BOOT)).status is RegistrationStatus.ACCEPTED
            with pytest.raises(ConnectionRefused):
                async with app.connected(make_station()):
                    pass

    run(main)


@wires
def test_one_that_waits_is_approved_and_boots_at_once(wire: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path, policy=Policy.PENDING, known={"CP9"}) as app:
            station = make_station()
            asked: list[str] = []

            @station.on(TriggerMessageRequest)
            async def trigger(peer: Peer, request: TriggerMessageRequest) -> TriggerMessageResponse:
                asked.append(str(request.requested_message))
                return TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)

            async with app.connected(station, wire) as backend:
                assert (await backend.call(BOOT)).status is RegistrationStatus.PENDING
                (shown,) = (await app.get("/charge-points"))["chargePoints"]
                assert (shown["registration"], shown["approval"]) == ("Pending", None)
                call = await app.ask(
                    "POST",
                    "/charge-points/CP1/calls/RemoteStartTransaction",
                    {"idTag": "CARD"},
                )
                assert (call.status_code, call.json()["type"]) == (
                    409,
                    "urn:ocpp16:problem:not-allowed",
                )
                approved = await app.ask(
                    "PUT", "/charge-points/CP1/approval", {"status": "Accepted"}
                )
                assert approved.json()["triggered"] is True
                assert asked == ["BootNotification"]
                assert (await backend.call(BOOT)).status is RegistrationStatus.ACCEPTED
                await backend.call(START)
            async with app.connected(make_station(identity="CP9"), wire) as backend:
                assert (await backend.call(BOOT)).status is RegistrationStatus.ACCEPTED

    run(main)


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        (UnknownTags.ACCEPT, "Accepted", "Accepted"),
        (UnknownTags.REFUSE, "Invalid", "Invalid"),
        (UnknownTags.UNTIL_LISTED, "Accepted", "Invalid"),
    ],
)
def test_what_is_said_of_tags_that_nobody_entered(
    policy: UnknownTags, before: str, after: str, tmp_path: Path
) -> None:
    async def main() -> None:
        async with (
            central_app(tmp_path, unknown_tags=policy) as app,
            app.connected(make_station()) as backend,
        ):
            await backend.call(BOOT)
            for expected in (before, after):
                told = await backend.call(AuthorizeRequest(id_tag="stranger"))
                assert told.id_tag_info.status == expected
                await app.ask("PUT", "/id-tags/Card", {"parentIdTag": "FAMILY"})
            told = await backend.call(AuthorizeRequest(id_tag="CARD"))
            assert told.id_tag_info.status is AuthorizationStatus.ACCEPTED
            assert told.id_tag_info.parent_id_tag == "FAMILY"

    run(main)


def test_connectors_are_shown_as_reported(tmp_path: Path) -> None:
    status = StatusNotificationRequest(
        connector_id=1,
        error_code=ChargePointErrorCode.GROUND_FAILURE,
        status=ChargePointStatus.FAULTED,
        timestamp=NOON,
    )

    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            await backend.call(status)
            (connector,) = (await app.get("/charge-points/CP1"))["connectors"]
            assert (connector["status"], connector["errorCode"], connector["since"]) == (
                "Faulted",
                "GroundFailure",
                "2026-01-01T12:00:00Z",
            )

    run(main)


def test_who_comes_and_goes_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()):
            pass
        async with central_app(tmp_path) as app, app.connected(make_station()):
            await until(lambda: len(rows(tmp_path, "SELECT * FROM central_event")) == 3)
        # The one that is connected when it stops has its end in the books, too.
        kinds = rows(tmp_path, "SELECT kind FROM central_event ORDER BY number")
        assert kinds == [("connected",), ("disconnected",)] * 2

    run(main)


def test_a_second_process_is_told_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path):
            with pytest.raises(StoreInUse):
                async with central_app(tmp_path):
                    pass

    run(main)


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with CentralSystem().serve(json=ENDPOINT) as server:
            with pytest.raises(OSError, match="address already in use"):
                await run_central_system(
                    json=server.urls.json,
                    tell=Ears(),
                    listening=lambda urls, control: None,
                    stop=asyncio.Event(),
                )

    run(main)


def test_a_stop_ends_its_connections(tmp_path: Path) -> None:
    async def main() -> None:
        station = make_station(settings=QUICK)
        async with central_app(tmp_path) as app:
            link = app.connected(station)
            backend = await link.__aenter__()
            await backend.call(BOOT)
        await until(lambda: not backend.is_connected)
        await link.__aexit__(None, None, None)

    run(main)


@pytest.mark.parametrize(
    "request_",
    [HEARTBEAT, START, AuthorizeRequest(id_tag="A"), DataTransferRequest(vendor_id="com.example")],
    ids=lambda each: type(each).__name__,
)
def test_any_message_is_a_sign_of_life(request_: Any, tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            with closing(sqlite3.connect(tmp_path / "site.db")) as database:
                database.execute("UPDATE central_charge_point SET last_seen = NULL")
                database.commit()
            assert (await app.get("/charge-points/CP1"))["lastSeen"] is None
            await backend.call(request_)
            # What is written stands in one line, and this behind it.
            await app.ask("PUT", "/id-tags/X", {})
            assert (await app.get("/charge-points/CP1"))["lastSeen"] is not None

    run(main)
