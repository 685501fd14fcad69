"""The bridge over real sockets: restarts, and where charge points are called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ocpp16 import ChargePoint
from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.bridge import SCHEMA
from ocpp16.bridge.settings import ChargerSettings, OfflineStart
from ocpp16.enums import ClearCacheStatus
from ocpp16.errors import (
    CallFailed,
    ErrorCode,
    GenericError,
)
from ocpp16.store.bridge import query
from ocpp16.store.bridge.tables import State
from ocpp16.store.database import Database
from tests.bridge.relay_bench import boot, booted, meter, start, stop
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

ONE_PROCESS = (
    "One active process per store; with PostgreSQL a second waits as hot standby (advisory lock)."
)
NOWHERE = "ws://127.0.0.1:9/ocpp"
CLEARED = m.ClearCacheResponse(status=ClearCacheStatus.ACCEPTED)


# Restarts


@rule("What was acknowledged is never dropped.")
def test_a_restart_brings_everything_back(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        station = "http://127.0.0.1:0/"
        options = {"offline_start": OfflineStart.LOCAL_ID}
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, **options) as scene,
            charger(scene, ClearCache=CLEARED, listen=station) as one,
        ):
            await one.call(boot())
            port = one.info.callback
        # The backend is away: a whole session is taken.
        async with (
            bridging(url, tmp_path, **options) as scene,
            charger(scene, ClearCache=CLEARED) as one,
        ):
            answer = await one.call(start())
            await one.call(meter(1, answer.transaction_id))
            await one.call(stop(answer.transaction_id))
            await one.call(boot())
            # The bridge goes, and comes back with its backend; the charge point says nothing.
            listen = one.info.callback
            assert listen != port
            backend.seen.clear()
        async with (
            _silent_charger(listen),
            backend.serving(url),
            bridging(url, tmp_path, **options) as scene,
        ):
            await until(lambda: len(backend.seen) == 4)
            assert backend.of("CP1") == [start(), meter(1, 7), stop(7), boot()]
            peer = await backend.central.wait_for("CP1")
            assert await peer.call(m.ClearCacheRequest()) == CLEARED
            await scene.idle()

    run(main())


@asynccontextmanager
async def _silent_charger(listen: str) -> AsyncIterator[Any]:
    """Let a charge point listen at an address, and say nothing by itself."""
    station = ChargePoint("CP1")

    @station.on(m.ClearCacheRequest)
    async def clear(_: Any, request: m.ClearCacheRequest) -> m.ClearCacheResponse:
        return CLEARED

    async with station.connect("http://127.0.0.1:9/", listen=listen) as silent:
        yield silent


def test_a_stop_delivers_what_waits(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url:
            async with bridging(url, tmp_path) as scene, charger(scene) as one:
                await one.call(boot())
                await asyncio.gather(*(one.call(meter(second)) for second in range(30)))
            assert len(backend.of("CP1", m.MeterValuesRequest)) == 30
        settings = settings_for(url, tmp_path)
        async with await Database.open(settings.store, schemas=[SCHEMA]) as database:
            [row] = await database.read(query.chargers)
            assert (row.queued, row.status, row.interval) == (0, "Accepted", 300)
            assert row.last_seen is not None
            assert row.upstream == "idle"

    run(main())


def test_a_message_that_a_person_puts_back_is_noticed(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        backend.answers[m.MeterValuesRequest] = GenericError("no")
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, attempts=1) as scene,
            charger(scene) as one,
        ):
            await one.call(boot())
            await one.call(meter(1))
            await until(lambda: scene.state().dead == 1)
            del backend.answers[m.MeterValuesRequest]
            other = await Database.open(scene.bridge.settings.store, schemas=[SCHEMA])
            async with other:
                [dead] = await other.read(
                    lambda connection: query.messages(connection, "CP1", [State.DEAD])
                )
                assert dead.action == "MeterValues"
                await other.write(lambda connection: query.release(connection, dead.key))
                await until(lambda: len(backend.of("CP1", m.MeterValuesRequest)) == 2)
            await until(lambda: scene.state().dead == 0)

    run(main())


def test_a_message_that_a_person_does_away_with_is_noticed(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        backend.answers[m.MeterValuesRequest] = GenericError("no")
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, attempts=1) as scene,
            charger(scene) as one,
            await Database.open(scene.bridge.settings.store, schemas=[SCHEMA]) as other,
        ):
            await one.call(boot())
            await one.call(meter(1))
            await until(lambda: scene.state().dead == 1)
            [dead] = await other.read(
                lambda connection: query.messages(connection, "CP1", [State.DEAD])
            )
            await other.write(lambda connection: query.drop(connection, dead.key))
            await until(lambda: scene.state().dead == 0)
            assert [each.correlation for each in scene.told(event.Discarded)] == [dead.call_id]
            assert len(backend.of("CP1", m.MeterValuesRequest)) == 1

    run(main())


def test_nobody_is_online_once_the_bridge_has_stopped(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url:
            async with bridging(url, tmp_path) as scene, charger(scene) as one:
                await one.call(boot())
                settings = scene.bridge.settings
            async with await Database.open(settings.store, schemas=[SCHEMA]) as database:
                [row] = await database.read(query.chargers)
                assert (row.is_online, row.upstream) == (False, "idle")
                assert row.last_seen is not None

    run(main())


def test_a_message_of_no_known_state_keeps_no_other_from_being_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        failed = False
        decided = query.decided

        def fail_once(*arguments: Any) -> Any:
            nonlocal failed
            if not failed:
                failed = True
                raise ValueError("no state")
            return decided(*arguments)

        backend = JsonBackend()
        backend.answers[m.MeterValuesRequest] = GenericError("no")
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, attempts=1) as scene,
            charger(scene) as one,
            await Database.open(scene.bridge.settings.store, schemas=[SCHEMA]) as other,
        ):
            await one.call(boot())
            await one.call(meter(1))
            await until(lambda: scene.state().dead == 1)
            [dead] = await other.read(
                lambda connection: query.messages(connection, "CP1", [State.DEAD])
            )
            monkeypatch.setattr(query, "decided", fail_once)
            await other.write(lambda connection: query.drop(connection, dead.key))
            await until(lambda: scene.state().dead == 0)
            assert failed

    run(main())
    assert "what a person has decided could not be read" in caplog.text


# Where charge points are called


def test_a_fixed_address_goes_before_what_a_charge_point_names(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with _silent_charger("http://127.0.0.1:0/") as silent, backend.serving() as url:
            chargers = {"CP1": ChargerSettings(callback_address=silent.info.callback)}
            options: dict[str, Any] = {"chargers": chargers, "callback_networks": []}
            async with bridging(url, tmp_path, **options) as scene:
                await post(scene.bridge.url, boot(), from_address="http://10.0.0.1:80/")
                peer = await backend.central.wait_for("CP1", registered=True)
                assert await peer.call(m.ClearCacheRequest()) == CLEARED

    run(main())


def test_a_relay_prefix_stands_before_every_identity(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        # The gateway that takes them is a charge point at its path here.
        async with _silent_charger("http://127.0.0.1:0/gate/CP1") as silent:
            prefix = silent.info.callback.rpartition("/")[0]
            async with (
                backend.serving() as url,
                bridging(url, tmp_path, relay_prefix=prefix, callback_networks=[]) as scene,
            ):
                await post(scene.bridge.url, boot(), from_address="http://10.0.0.1:80/")
                peer = await backend.central.wait_for("CP1", registered=True)
                assert await peer.call(m.ClearCacheRequest()) == CLEARED

    run(main())


def test_an_address_that_is_not_allowed_is_not_called(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, callback_networks=[]) as scene,
            charger(scene, ClearCache=CLEARED) as one,
        ):
            await one.call(boot())
            peer = await backend.central.wait_for("CP1")
            with pytest.raises(CallFailed) as caught:
                await peer.call(m.ClearCacheRequest())
            assert caught.value.code is ErrorCode.GENERIC_ERROR
            assert one.seen == []

    run(main())


@pytest.mark.parametrize("interval", [-5, 2**62])
def test_no_interval_keeps_a_bridge_from_starting_again(tmp_path: Path, interval: int) -> None:
    async def main() -> None:
        backend = JsonBackend()
        backend.answers[m.BootNotificationRequest] = booted(interval=interval)
        async with backend.serving() as url:
            async with bridging(url, tmp_path) as scene:
                answer = await post(scene.bridge.url, boot())
                assert answer.status_code == 200
            async with bridging(url, tmp_path) as scene:
                assert scene.state().registration == "Accepted"
                assert scene.state().is_online

    run(main())
