"""The control API over real sockets: every operation, every status, tokens, events."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from starlette.routing import Route

from ocpp16 import ChargePoint, messages
from ocpp16.apps.control import ControlApi
from ocpp16.apps.control_document import DOCUMENT
from ocpp16.apps.control_security import SecurityDesk
from ocpp16.datatypes import KeyValue
from ocpp16.enums import (
    CancelReservationStatus,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    ConfigurationStatus,
    ReservationStatus,
    ResetStatus,
    UpdateStatus,
)
from ocpp16.errors import InternalError, PropertyConstraintViolation
from ocpp16.roles.peer import Peer
from ocpp16.security.configuration import ServerSecurity, StationSecurity
from ocpp16.security.credentials import MemoryCredentials
from tests.apps.central_app import (
    OPERATE,
    READ,
    WIRES,
    central_app,
    problem,
    site,
)
from tests.parties import BOOT, NOON, make_station, run

wires = pytest.mark.parametrize("wire", WIRES)
RESET = {"type": "Soft"}
CALLS = "/charge-points/CP1/calls"
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


# Calls


@wires
def test_a_call_and_its_answer(wire: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station(), wire) as backend:
            await backend.call(BOOT)
            answer = await app.ask("POST", f"{CALLS}/Reset", RESET)
            assert (answer.status_code, answer.json()) == (200, {"status": "Accepted"})
            (shown,) = (await app.get("/charge-points"))["chargePoints"]
            wire_name = {"json": "ocppj", "soap": "ocpps"}[wire]
            assert (shown["connected"], shown["wire"]) == (True, wire_name)

    run(main)


def test_what_can_be_wrong_with_a_call(tmp_path: Path) -> None:
    async def main() -> None:
        async with site(tmp_path) as app:
            for path, body, expected, pointer in (
                ("/charge-points/CP2/calls/Reset", RESET, (404, "unknown-charge-point"), None),
                (f"{CALLS}/Nothing", RESET, (404, "unknown-action"), None),
                (f"{CALLS}/BootNotification", {}, (404, "unknown-action"), None),
                (f"{CALLS}/Reset", {"type": "Sof"}, (422, "invalid-request"), "/type"),
                (f"{CALLS}/Reset", {}, (422, "invalid-request"), "/type"),
                (f"{CALLS}/Reset", b"{", (422, "invalid-request"), ""),
                (f"{CALLS}/Reset", b"x" * 131_073, (413, "too-large"), None),
                (f"{CALLS}/Reset?timeout=0", RESET, (400, "invalid-parameter"), None),
                (f"{CALLS}/Reset?timeout=nan", RESET, (400, "invalid-parameter"), None),
                (f"{CALLS}/Reset?x=1", RESET, (400, "invalid-parameter"), None),
                (
                    f"{CALLS}/TriggerMessage",
                    {"requestedMessage": "BootNotification"},
                    (409, "not-allowed"),
                    None,
                ),
                (f"{CALLS}/ClearCache", {}, (502, "refused-by-charge-point"), None),
            ):
                answer = await app.ask("POST", path, body)
                assert problem(answer) == expected, path
                assert answer.json().get("path") == pointer, path
            assert answer.json()["code"] == "NotSupported"
        async with central_app(tmp_path) as app:
            answer = await app.ask("POST", f"{CALLS}/Reset", RESET)
            assert problem(answer) == (404, "not-connected")

    run(main)


def test_an_answer_that_does_not_come_or_is_an_error(tmp_path: Path) -> None:
    station, unblocked = make_station(), asyncio.Event()

    @station.on(messages.ClearCacheRequest)
    async def never(peer: Peer, request: messages.ClearCacheRequest) -> Any:
        await unblocked.wait()
        raise PropertyConstraintViolation("no\nsuch")

    async def main() -> None:
        async with site(tmp_path, station) as app:
            answer = await app.ask("POST", f"{CALLS}/ClearCache?timeout=0.05", {})
            assert problem(answer) == (504, "timeout")
            unblocked.set()
            answer = await app.ask("POST", f"{CALLS}/ClearCache", {})
            assert problem(answer) == (502, "refused-by-charge-point")
            found = answer.json()
            assert found["code"] == "PropertyConstraintViolation"
            assert found["detail"] == "no\\nsuch"

    run(main)


def test_a_connection_that_ends_before_the_answer(tmp_path: Path) -> None:
    station, answered = make_station(), asyncio.Event()

    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(station) as backend:
            await backend.call(BOOT)

            @station.on(messages.ClearCacheRequest)
            async def leave(peer: Peer, request: messages.ClearCacheRequest) -> Any:
                backend.close()
                await answered.wait()

            answer = await app.ask("POST", f"{CALLS}/ClearCache", {})
            answered.set()
            assert problem(answer) == (504, "connection-lost")

    run(main)


def test_what_a_charge_point_accepts_is_in_the_books(tmp_path: Path) -> None:
    station = make_station()
    secret = "0123456789abcdef" * 2

    @station.on(messages.GetConfigurationRequest)
    async def get(peer: Peer, request: Any) -> messages.GetConfigurationResponse:
        key = KeyValue(key="HeartbeatInterval", readonly=False, value="300")
        given_away = KeyValue(key="AuthorizationKey", readonly=False, value=secret)
        return messages.GetConfigurationResponse(configuration_key=(key, given_away))

    @station.on(messages.ChangeConfigurationRequest)
    async def change(peer: Peer, request: Any) -> messages.ChangeConfigurationResponse:
        return messages.ChangeConfigurationResponse(status=ConfigurationStatus.ACCEPTED)

    @station.on(messages.ReserveNowRequest)
    async def reserve(peer: Peer, request: Any) -> messages.ReserveNowResponse:
        is_free = request.connector_id == 1
        status = ReservationStatus.ACCEPTED if is_free else ReservationStatus.OCCUPIED
        return messages.ReserveNowResponse(status=status)

    @station.on(messages.CancelReservationRequest)
    async def cancel(peer: Peer, request: Any) -> messages.CancelReservationResponse:
        return messages.CancelReservationResponse(status=CancelReservationStatus.ACCEPTED)

    @station.on(messages.SetChargingProfileRequest)
    async def put_profile(peer: Peer, request: Any) -> messages.SetChargingProfileResponse:
        return messages.SetChargingProfileResponse(status=ChargingProfileStatus.ACCEPTED)

    @station.on(messages.ClearChargingProfileRequest)
    async def clear(peer: Peer, request: Any) -> messages.ClearChargingProfileResponse:
        return messages.ClearChargingProfileResponse(status=ClearChargingProfileStatus.ACCEPTED)

    @station.on(messages.SendLocalListRequest)
    async def take(peer: Peer, request: Any) -> messages.SendLocalListResponse:
        return messages.SendLocalListResponse(status=UpdateStatus.ACCEPTED)

    profile = {
        "chargingProfileId": 5,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
        },
    }

    def reservation(number: int, connector: int) -> dict[str, Any]:
        expiry = SOON.isoformat()
        return {
            "connectorId": connector,
            "expiryDate": expiry,
            "idTag": "CARD",
            "reservationId": number,
        }

    async def main() -> None:
        async with site(tmp_path, station) as app:

            async def call(action: str, body: Any) -> Any:
                answer = await app.ask("POST", f"{CALLS}/{action}", body)
                assert answer.status_code == 200, answer.text
                return answer.json()

            got = await app.ask("POST", f"{CALLS}/GetConfiguration", {})
            assert secret not in got.text
            await call("ChangeConfiguration", {"key": "heartbeatinterval", "value": "60"})
            await call("ReserveNow", reservation(7, 1))
            assert await call("ReserveNow", reservation(8, 2)) == {"status": "Occupied"}
            await call("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile})
            await call("SendLocalList", {"listVersion": 3, "updateType": "Full"})
            shown = await app.get("/charge-points/CP1")
            assert secret not in json.dumps(shown)
            assert {one["key"]: one["value"] for one in shown["configuration"]} == {
                "AuthorizationKey": None,
                "heartbeatinterval": "60",
            }
            assert [(one["reservationId"], one["state"]) for one in shown["reservations"]] == [
                (7, "held")
            ]
            (kept,) = shown["chargingProfiles"]
            assert kept["chargingProfile"] == profile
            assert shown["localListVersion"] == 3
            await call("CancelReservation", {"reservationId": 7})
            await call("ClearChargingProfile", {"id": 5})
            shown = await app.get("/charge-points/CP1")
            assert (shown["reservations"], shown["chargingProfiles"]) == ([], [])

    run(main)


def test_a_reservation_is_lost_to_no_other(tmp_path: Path) -> None:
    answers: list[Any] = []

    async def reserve(peer: Peer, request: Any) -> messages.ReserveNowResponse:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return messages.ReserveNowResponse(status=answer)

    async def main() -> None:
        one, other = make_station(identity="A"), make_station(identity="B")
        for each in (one, other):
            each.on(messages.ReserveNowRequest)(reserve)
        async with (
            central_app(tmp_path) as app,
            app.connected(one) as first,
            app.connected(other) as second,
        ):
            await first.call(BOOT)
            await second.call(BOOT)

            async def ask(name: str, answer: Any, tag: str = "T") -> Any:
                answers[:] = [] if answer is None else [answer]
                body = {"connectorId": 1, "expiryDate": "2100-01-01T00:00:00Z", "idTag": tag,
                        "reservationId": 1}  # fmt: skip
                return await app.ask("POST", f"/charge-points/{name}/calls/ReserveNow", body)

            async def held(name: str) -> list[str]:
                found = (await app.get(f"/charge-points/{name}"))["reservations"]
                return [f"{each['idTag']} {each['state']}" for each in found]

            assert (await ask("A", InternalError("broken"))).status_code == 502
            assert await held("A") == []
            assert (await ask("A", ReservationStatus.ACCEPTED)).status_code == 200
            assert problem(await ask("B", None)) == (409, "not-allowed")
            assert [await held("A"), await held("B")] == [["T held"], []]
            # C 5.13: it takes the place of the first only if it is accepted.
            assert (await ask("A", ReservationStatus.OCCUPIED, "U")).status_code == 200
            assert await held("A") == ["T held"]
            assert (await ask("A", InternalError("broken"), "U")).status_code == 502
            assert await held("A") == ["T held"]
            assert (await ask("A", ReservationStatus.ACCEPTED, "U")).status_code == 200
            assert await held("A") == ["U held"]

    run(main)


def test_a_key_is_not_changed_behind_the_back_of_the_central_system(tmp_path: Path) -> None:
    async def main() -> None:
        async with site(tmp_path) as app:
            change = {"key": "AuthorizationKey", "value": "00" * 16}
            answer = await app.ask("POST", f"{CALLS}/ChangeConfiguration", change)
            assert problem(answer) == (409, "not-allowed")
            change["value"] = "secret that is no key"
            answer = await app.ask("POST", f"{CALLS}/ChangeConfiguration", change)
            assert problem(answer) == (422, "invalid-request")
            assert answer.json()["path"] == "/value"
            assert "secret that" not in answer.text

    run(main)


def test_a_key_is_waited_for_as_long_as_any_answer(tmp_path: Path) -> None:
    key = bytes(range(16))
    shown = StationSecurity(profile=1, authorization_key=key)
    station, unblocked = make_station(), asyncio.Event()

    @station.on(messages.ChangeConfigurationRequest)
    async def never(peer: Peer, request: messages.ChangeConfigurationRequest) -> Any:
        await unblocked.wait()
        raise InternalError("too late")

    security = ServerSecurity(profiles={1}, credentials=MemoryCredentials({"CP1": key}))

    async def main() -> None:
        async with (
            central_app(tmp_path, security=security) as app,
            station.connect(app.urls["json"], security=shown) as backend,
        ):
            await backend.call(BOOT)
            change = {"key": "AuthorizationKey", "value": "11" * 16}
            async with asyncio.timeout(10):
                answer = await app.ask("POST", f"{CALLS}/ChangeConfiguration?timeout=0.05", change)
            unblocked.set()
            assert problem(answer) == (504, "timeout")

    run(main)


# Tokens, and requests that are none


def operations() -> list[tuple[str, str, list[str]]]:
    """Return method, path and scopes of each operation of the document."""
    return [
        (method.upper(), path, operation.get("security", [{"bearer": []}])[0]["bearer"])
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    ]


def test_the_document_has_the_routes_that_there_are() -> None:
    api = ControlApi(
        *(None,) * 4,  # type: ignore[arg-type]
        registrations=None,  # type: ignore[arg-type]
        tokens=(),
        desk=SecurityDesk(None, None, None, None),  # type: ignore[arg-type]
        clock=None,  # type: ignore[arg-type]
    )
    routes = {
        (method, route.path.replace(":path", "").replace(":int", ""))
        for route in api.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routes == {(method, path) for method, path, _ in operations()}
    assert len(routes) == len(api.app.routes) == 30


def test_each_operation_wants_the_token_that_its_document_says(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            for method, path, scopes in operations():
                if path == "/events":
                    continue
                place = path.format(identity="CP1", action="Reset", id_tag="A", number=1, name="a")
                for token in (None, "x" * 20, READ[:-1]):
                    answer = await app.ask(method, place, token=token)
                    if scopes:
                        assert problem(answer) == (401, "no-token"), place
                        assert answer.headers["www-authenticate"] == "Bearer"
                    else:
                        assert answer.status_code == 200
                if scopes == ["operate"]:
                    answer = await app.ask(method, place, token=READ)
                    assert problem(answer) == (403, "scope")
            assert problem(await app.ask("GET", "/events", token=None)) == (401, "no-token")
            assert "x" * 20 not in str(app.ears.warnings)

    run(main)


def test_each_answer_is_one_that_the_document_has(tmp_path: Path) -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator

    def check(schema: str, value: Any) -> None:
        reference = {"$ref": f"#/components/schemas/{schema}"}
        validator({**reference, "components": DOCUMENT["components"]}).validate(value)

    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            started = messages.StartTransactionRequest(
                connector_id=1, id_tag="CARD", meter_start=0, timestamp=NOON
            )
            await backend.call(started)
            entered = await app.ask("PUT", "/id-tags/CARD", {"single": True, "note": "x"})
            check("IdTag", entered.json())
            check("IdTag", await app.get("/id-tags/card"))
            check("IdTags", await app.get("/id-tags"))
            check("ChargePoints", await app.get("/charge-points"))
            check("ChargePointDetails", await app.get("/charge-points/CP1"))
            check("Transactions", await app.get("/transactions"))
            check("Health", await app.get("/healthz"))
            refused = await app.ask("POST", f"{CALLS}/Reset", {})
            check("Problem", refused.json())
            approved = await app.ask("PUT", "/charge-points/CP1/approval", {"status": "Accepted"})
            check("Approved", approved.json())
            assert await app.get("/openapi.json") == DOCUMENT

    run(main)


def test_other_methods_and_paths(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            answer = await app.ask("DELETE", "/transactions")
            assert problem(answer) == (405, "method")
            assert "GET" in answer.headers["allow"]
            assert problem(await app.ask("GET", "/")) == (404, "not-found")
            # No redirect: it would go to where the Host header says.
            assert problem(await app.ask("GET", "/events/")) == (404, "not-found")
            answer = await app.ask("HEAD", "/events")
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-type"].startswith("text/event-stream")
            # The same connection goes on: the answer to HEAD is over.
            assert (await app.ask("GET", "/healthz")).status_code == 200

    run(main)


def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ocpp16.apps import control_body

    monkeypatch.setattr(control_body, "BODY_SECONDS", 0.05)

    async def main() -> None:
        async with central_app(tmp_path) as app:
            host, _, port = app.control.removeprefix("http://").partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                b"PUT /id-tags/A HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                + f"Authorization: Bearer {OPERATE}\r\n\r\n".encode()
            )
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
            writer.close()

    run(main)


def test_a_reset_that_is_rejected_is_an_answer(tmp_path: Path) -> None:
    station = ChargePoint("CP1")

    @station.on(messages.ResetRequest)
    async def reset(peer: Peer, request: Any) -> messages.ResetResponse:
        return messages.ResetResponse(status=ResetStatus.REJECTED)

    async def main() -> None:
        async with site(tmp_path, station) as app:
            answer = await app.ask("POST", f"{CALLS}/Reset", RESET)
            assert (answer.status_code, answer.json()) == (200, {"status": "Rejected"})

    run(main)
