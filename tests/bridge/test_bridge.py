"""The bridge over real sockets: SOAP charge points on one side, a JSON backend on the other."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets.asyncio.server as websockets

from ocpp16 import messages as m
from ocpp16.bindings.ocppj import codec
from ocpp16.bridge import event
from ocpp16.bridge.bridge import SCHEMA, Bridge
from ocpp16.bridge.settings import ChargerSettings
from ocpp16.bridge.upstream import with_credentials
from ocpp16.enums import ClearCacheStatus, RemoteStartStopStatus
from ocpp16.errors import (
    CallFailed,
    ErrorCode,
    GenericError,
    IdentityMismatch,
    NotSupported,
    SecurityError,
)
from ocpp16.store.database import Database
from ocpp16.store.error import StoreInUse
from tests.bridge.relay_bench import authorize, boot, booted, meter, start, started, status, stop
from tests.bridge.rule import rule
from tests.bridge.scene import (
    JsonBackend,
    bridging,
    charger,
    post,
    run,
    settings_for,
    until,
)
from tests.strategies import full_payload
from tests.transports.soap_post import SOAP, envelope

ONE_PROCESS = (
    "One active process per store; with PostgreSQL a second waits as hot standby (advisory lock)."
)
NOWHERE = "ws://127.0.0.1:9/ocpp"
CLEARED = m.ClearCacheResponse(status=ClearCacheStatus.ACCEPTED)


@rule("Only identities it knows; `--open` admits all.")
def test_only_identities_that_are_known(tmp_path: Path) -> None:
    async def main() -> None:
        known = {"CP1": ChargerSettings()}
        async with JsonBackend().serving() as url:
            async with bridging(url, tmp_path, open=False, chargers=known) as scene:
                async with charger(scene, "CP1") as one:
                    await one.call(boot())
                async with charger(scene, "CP2") as two:
                    with pytest.raises(CallFailed) as caught:
                        await two.call(boot())
                    assert caught.value.code is ErrorCode.SECURITY_ERROR
            async with (
                bridging(url, tmp_path, open=True) as scene,
                charger(scene, "CP2") as two,
            ):
                assert await two.call(boot()) == booted()

    run(main())


@rule(
    "One active process per store; with PostgreSQL a second waits as hot standby (advisory lock)."
)
def test_one_process_for_a_store(tmp_path: Path) -> None:
    async def main() -> None:
        async with JsonBackend().serving() as url, bridging(url, tmp_path):
            settings = settings_for(url, tmp_path)
            async with await Database.open(settings.store, schemas=[SCHEMA]) as database:
                with pytest.raises(StoreInUse):
                    await Bridge(settings, database).start()

    run(main())


@rule(
    "One active process per store; with PostgreSQL a second waits as hot standby (advisory lock)."
)
def test_nothing_is_relayed_once_another_process_leads(tmp_path: Path) -> None:
    class Usurped(Database):
        is_lost: asyncio.Event

        async def lost(self) -> None:
            await self.is_lost.wait()

    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url:
            settings = settings_for(url, tmp_path)
            async with await Usurped.open(settings.store, schemas=[SCHEMA]) as database:
                database.is_lost = asyncio.Event()
                async with Bridge(settings, database) as bridge:
                    assert (await post(bridge.url, boot())).status_code == 200
                    assert "CP1" in backend.central.peers
                    database.is_lost.set()
                    await until(lambda: "CP1" not in backend.central.peers)
                    assert (await post(bridge.url, meter(1))).status_code == 503
                    assert (await post(bridge.url, boot(), "CP2")).status_code == 503
        assert [each for _, each in backend.seen] == [boot()]

    run(main())


def test_a_session_crosses(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        backend.answers[m.StartTransactionRequest] = started(2**40)
        async with (
            backend.serving() as url,
            bridging(url, tmp_path) as scene,
            charger(scene, ClearCache=CLEARED) as one,
        ):
            assert await one.call(boot()) == booted()
            answer = await one.call(start())
            assert await one.call(start()) == answer
            await one.call(meter(1, answer.transaction_id))
            stopped = await one.call(stop(answer.transaction_id))
            assert stopped.id_tag_info is not None
            assert backend.of("CP1") == [
                boot(),
                start(),
                meter(1, 2**40),
                stop(2**40),
            ]
            peer = await backend.central.wait_for("CP1")
            assert await peer.call(m.ClearCacheRequest()) == CLEARED
        crossed = scene.told(event.ExchangeCrossed)
        assert [(each.action, each.direction, each.outcome) for each in crossed] == [
            ("BootNotification", "up", "answered"),
            ("StartTransaction", "up", "answered"),
            ("StartTransaction", "up", "repeated"),
            ("MeterValues", "up", "stored"),
            ("StopTransaction", "up", "answered"),
            ("ClearCache", "down", "answered"),
        ]

    run(main())


@rule("One upstream connection and credentials per charger, faults isolated.")
def test_each_charge_point_has_its_own_connection_and_credentials(tmp_path: Path) -> None:
    async def main() -> None:
        key = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
        chargers = {
            "AL1000": ChargerSettings(authorization_key=key),
            "CP2": ChargerSettings(upstream=NOWHERE),
            "CP3": ChargerSettings(),
        }
        backend = JsonBackend()
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, chargers=chargers) as scene,
            charger(scene, "AL1000") as one,
            charger(scene, "CP2") as two,
            charger(scene, "CP3") as three,
        ):
            answers = await asyncio.gather(
                one.call(boot()), two.call(boot()), three.call(boot()), return_exceptions=True
            )
            assert answers[0] == answers[2] == booted()
            # The backend of one is away, and only that charge point is told so.
            assert isinstance(answers[1], CallFailed)
        headers = {each.identity: each.header("Authorization") for each in backend.handshakes}
        assert headers == {
            "AL1000": "Basic QUwxMDAwOgABAgMEBQYH////////////////",
            "CP3": None,
        }

    run(main())


def test_credentials_are_bytes_whatever_they_are() -> None:
    key = bytes(range(256))[:64] + b":@/%"
    url = with_credentials("wss://backend.example/ocpp", "CP 1/Ä", key)
    assert url.startswith("wss://CP%201%2F%C3%84:%00%01")
    assert url.endswith("%3A%40%2F%25@backend.example/ocpp")
    assert with_credentials("wss://backend.example/ocpp", "CP1", None) == (
        "wss://backend.example/ocpp"
    )
    assert base64.b64decode("QUwxMDAwOgABAgMEBQYH////////////////")[7:].startswith(b"\0\1\2")


@rule(
    "While anything is being refused Heartbeat is refused too (HTTP 503), since a charger that gets"
    " an answered Heartbeat discards what was refused."
)
def test_heartbeat_is_answered_503_while_a_start_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with bridging(NOWHERE, tmp_path) as scene:
            url = scene.bridge.url
            assert (await post(url, m.HeartbeatRequest())).status_code == 200
            refused = await post(url, start())
            assert refused.status_code == 500
            assert b"InternalError" in refused.content
            unanswered = await post(url, m.HeartbeatRequest())
            assert unanswered.status_code == 503
            assert b"Envelope" not in unanswered.content
            assert (await post(url, meter(1))).status_code == 200

    run(main())


@rule("An absent `meterValue` is an empty list on JSON.")
def test_an_absent_meter_value_is_an_empty_list(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        nothing = m.MeterValuesRequest(connector_id=1, meter_value=())
        assert b"meterValue>" not in envelope(nothing)
        async with backend.serving() as url, bridging(url, tmp_path) as scene:
            assert (await post(scene.bridge.url, nothing)).status_code == 200
            await until(lambda: backend.seen)
        assert backend.seen == [("CP1", nothing)]

    run(main())


@rule(
    "Backend CALL to an unreachable charger: CALLERROR within 30 s, never queued, never sent twice,"
    " never a false Accepted."
)
def test_a_charge_point_that_cannot_be_reached(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url, bridging(url, tmp_path) as scene:
            async with charger(scene, ClearCache=CLEARED) as one:
                await one.call(boot())
            # It does not listen any more.
            peer = await backend.central.wait_for("CP1")
            with pytest.raises(CallFailed) as caught:
                await peer.call(m.RemoteStartTransactionRequest(id_tag="TAG"))
            assert caught.value.code is ErrorCode.GENERIC_ERROR
            assert scene.told(event.OutcomeUnknown) == []

    run(main())


@rule("Outcome unknown is logged as such.")
@rule(
    "Backend CALL to an unreachable charger: CALLERROR within 30 s, never queued, never sent twice,"
    " never a false Accepted."
)
def test_a_charge_point_that_does_not_answer_is_asked_once(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        release = asyncio.Event()

        async def never() -> Any:
            await release.wait()
            return m.RemoteStartTransactionResponse(status=RemoteStartStopStatus.ACCEPTED)

        options = {"call_timeout": timedelta(seconds=0.5)}
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, **options) as scene,
            charger(scene, RemoteStartTransaction=never) as one,
        ):
            await one.call(boot())
            peer = await backend.central.wait_for("CP1")
            with pytest.raises(CallFailed) as caught:
                await peer.call(m.RemoteStartTransactionRequest(id_tag="TAG"))
            assert caught.value.code is ErrorCode.GENERIC_ERROR
            [told] = scene.told(event.OutcomeUnknown)
            assert (told.action, told.direction) == ("RemoteStartTransaction", "down")
            release.set()
            await one.call(authorize())
            assert len(one.seen) == 1

    run(main())


@rule("A Fault maps by the table, no answer is GenericError, another identity SecurityError.")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (IdentityMismatch("not me"), ErrorCode.SECURITY_ERROR),
        (SecurityError("no"), ErrorCode.SECURITY_ERROR),
        (NotSupported("no"), ErrorCode.NOT_SUPPORTED),
        (GenericError("no"), ErrorCode.GENERIC_ERROR),
        (RuntimeError("broken"), ErrorCode.INTERNAL_ERROR),
    ],
)
def test_the_faults_of_a_charge_point(fault: Exception, code: ErrorCode, tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with (
            backend.serving() as url,
            bridging(url, tmp_path) as scene,
            charger(scene, ClearCache=fault) as one,
        ):
            await one.call(boot())
            peer = await backend.central.wait_for("CP1")
            with pytest.raises(CallFailed) as caught:
                await peer.call(m.ClearCacheRequest())
            assert caught.value.code is code

    run(main())


def test_what_soap_does_not_have_is_not_supported(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with (
            backend.serving() as url,
            bridging(url, tmp_path) as scene,
            charger(scene) as one,
        ):
            await one.call(boot())
            peer = await backend.central.wait_for("CP1")
            for request in (
                m.DeleteCertificateRequest,
                m.GetInstalledCertificateIdsRequest,
            ):
                with pytest.raises(CallFailed) as caught:
                    await peer.call(_full(request))
                assert caught.value.code is ErrorCode.NOT_SUPPORTED

    run(main())


def _full(cls: type[Any]) -> Any:
    return codec.decode(cls, json.dumps(full_payload(cls.SPEC)).encode())


def test_what_soap_cannot_carry_is_an_error_by_the_table(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with (
            backend.serving() as url,
            bridging(url, tmp_path) as scene,
            charger(scene) as one,
        ):
            await one.call(boot())
            peer = await backend.central.wait_for("CP1")
            with pytest.raises(CallFailed) as caught:
                await peer.call(m.RemoteStopTransactionRequest(transaction_id=2**40))
            assert caught.value.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
            assert "/transactionId" in caught.value.description

    run(main())


REMOTE_START = ("RemoteStartTransaction", {"idTag": "TAG"})


@pytest.mark.parametrize(
    ("registration", "call", "expected"),
    [
        ("Pending", REMOTE_START, [3, "1", {"status": "Rejected"}]),
        (
            "Pending",
            ("RemoteStopTransaction", {"transactionId": 7}),
            [3, "1", {"status": "Rejected"}],
        ),
        ("Rejected", REMOTE_START, [4, "1", "SecurityError"]),
        ("Rejected", ("ClearCache", {}), [4, "1", "SecurityError"]),
        (
            "Accepted",
            ("TriggerMessage", {"requestedMessage": "BootNotification"}),
            [3, "1", {"status": "Rejected"}],
        ),
    ],
)
def test_calls_that_the_registration_does_not_allow_do_not_cross(
    registration: str, call: tuple[str, dict[str, Any]], expected: list[Any], tmp_path: Path
) -> None:
    async def main() -> None:
        answers: list[Any] = []

        async def backend(socket: Any) -> None:
            # One that does not keep to C 4.2 itself.
            _, call_id, _, _ = json.loads(await socket.recv())
            told = {"status": registration, "currentTime": "2026-01-01T12:00:00Z", "interval": 60}
            await socket.send(json.dumps([3, call_id, told]))
            await asked.wait()
            await socket.send(json.dumps([2, "1", *call]))
            answers.append(json.loads(await socket.recv()))

        asked = asyncio.Event()
        async with websockets.serve(backend, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
            port = server.sockets[0].getsockname()[1]
            async with (
                bridging(f"ws://127.0.0.1:{port}", tmp_path) as scene,
                charger(scene) as one,
            ):
                answer = await one.call(boot())
                assert answer.status == registration
                if registration != "Accepted":
                    with pytest.raises(CallFailed) as caught:
                        await one.call(authorize())
                    assert caught.value.code is ErrorCode.SECURITY_ERROR
                asked.set()
                await until(lambda: answers)
                assert [each[: len(expected)] for each in answers] == [expected]
                assert one.seen == []

    run(main())


async def post_text(url: str, text: bytes) -> Any:
    async with httpx.AsyncClient() as client:
        return await client.post(url, content=text, headers={"Content-Type": SOAP})


def test_an_envelope_of_ocpp_1_5_gets_a_clear_fault(tmp_path: Path) -> None:
    async def main() -> None:
        async with bridging(NOWHERE, tmp_path) as scene:
            old = envelope(boot()).replace(b"urn://Ocpp/Cs/2015/10/", b"urn://Ocpp/Cs/2012/06/")
            answer = await post_text(scene.bridge.url, old)
            assert answer.status_code == 400
            assert b"OCPP 1.5" in answer.content
            assert scene.bridge.chargers() == []

    run(main())


def test_what_leniency_let_in_is_mended_and_told(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, leniency=["unknown-enum", "over-length"]) as scene,
        ):
            odd = envelope(status("note")).replace(b"NoError", b"Smoke")
            assert (await post_text(scene.bridge.url, odd)).status_code == 200
            await until(lambda: backend.seen)
            [seen] = backend.of("CP1")
            assert (seen.error_code, seen.vendor_error_code) == ("OtherError", "Smoke")
            [told] = scene.told(event.Altered)
            assert len(told.changes) == 2
            # There is no rule for this one: it is acknowledged, and a person may look at it.
            odder = envelope(status("note")).replace(b"Available", b"Dozing")
            assert (await post_text(scene.bridge.url, odder)).status_code == 200
            assert scene.state().dead == 1

    run(main())
