"""The bridge over real sockets: a store that fails, and answers of charge points that are odd."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ocpp16 import messages as m
from ocpp16.bindings.ocpps import OcppS
from ocpp16.bridge import event
from ocpp16.bridge.bridge import SCHEMA, Bridge
from ocpp16.bridge.settings import ChargerSettings
from ocpp16.enums import ClearCacheStatus
from ocpp16.envelope import CallResult
from ocpp16.errors import CallFailed, ErrorCode, OcppError
from ocpp16.spec import Side
from ocpp16.store.bridge import query
from ocpp16.store.database import Database
from ocpp16.store.error import StoreUnavailable
from ocpp16.structure import Response
from tests.bridge.relay_bench import boot, booted, meter, status
from tests.bridge.rule import rule
from tests.bridge.scene import JsonBackend, bridging, charger, post, run, settings_for, until
from tests.transports.soap_post import Responder, http

T = TypeVar("T")


class Failing(Database):
    """A store that fails when it is told to."""

    is_broken = False

    async def write(self, work: Any) -> Any:
        if self.is_broken:
            raise StoreUnavailable("the disk is full")
        return await super().write(work)

    async def read(self, work: Any) -> Any:
        if self.is_broken:
            raise StoreUnavailable("the disk is full")
        return await super().read(work)


def test_nothing_is_acknowledged_while_the_store_fails(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url:
            settings = settings_for(url, tmp_path)
            async with (
                await Failing.open(settings.store, schemas=[SCHEMA]) as database,
                Bridge(settings, database) as bridge,
            ):
                told: list[event.Event] = []
                bridge.observe(told.append)
                assert (await post(bridge.url, boot())).status_code == 200
                database.is_broken = True
                assert (await post(bridge.url, meter(1))).status_code == 500
                assert (await post(bridge.url, m.HeartbeatRequest())).status_code == 503
                # What is known of this one cannot be read.
                assert (await post(bridge.url, boot(), "CP2")).status_code == 503
                assert any(isinstance(each, event.StoreFailed) for each in told)
                database.is_broken = False

                async def is_stored() -> bool:
                    return bool((await post(bridge.url, meter(1))).status_code == 200)

                async with asyncio.timeout(20):
                    while not await is_stored():  # noqa: ASYNC110 - it is tried again each second
                        await asyncio.sleep(0.1)
                await until(lambda: backend.of("CP1", m.MeterValuesRequest))
                assert (await post(bridge.url, boot(), "CP2")).status_code == 200

    run(main())


def test_where_a_charge_point_listens_is_learnt_though_the_store_failed_once(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url:
            settings = settings_for(url, tmp_path)
            async with (
                await Failing.open(settings.store, schemas=[SCHEMA]) as database,
                Bridge(settings, database) as bridge,
            ):
                assert (await post(bridge.url, status())).status_code == 200
                moved = "http://127.0.0.1:8123/"
                database.is_broken = True
                await post(bridge.url, m.HeartbeatRequest(), from_address=moved)
                database.is_broken = False
                await post(bridge.url, m.HeartbeatRequest(), from_address=moved)
                async with asyncio.timeout(20):
                    while (await database.read(query.chargers))[0].callback != moved:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)

    run(main())


def test_an_observer_that_fails_keeps_nothing_from_crossing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url, bridging(url, tmp_path) as scene:

            def fail(_: event.Event) -> None:
                raise RuntimeError("observing")

            forget = scene.bridge.observe(fail)
            assert (await post(scene.bridge.url, status())).status_code == 200
            forget()
            await until(lambda: backend.seen)

    run(main())
    assert "an observer failed" in caplog.text


def answer_of(response: Response, old: bytes, new: bytes) -> bytes:
    """Return what a charge point answers, with something else in it."""
    binding = OcppS(side=Side.CHARGE_POINT, identity="CP1")
    action = type(response).SPEC.name.removesuffix("Response")
    frame = binding.frame(CallResult("", binding.encode(response), action))
    assert old in frame
    # The exchange alone says which call it answers.
    head, _, rest = frame.partition(b"<wsa:RelatesTo")
    tail = rest.partition(b"RelatesTo>")[2] if rest else b""
    return http((head + tail).replace(old, new))


@pytest.mark.parametrize(
    ("request_", "raw", "expected"),
    [
        (
            m.GetDiagnosticsRequest(location="ftp://files.example/"),
            answer_of(m.GetDiagnosticsResponse(file_name="FILE"), b"FILE", b"f" * 300),
            m.GetDiagnosticsResponse(file_name="f" * 255),
        ),
        (
            m.ClearCacheRequest(),
            answer_of(
                m.ClearCacheResponse(status=ClearCacheStatus.ACCEPTED), b"Accepted", b"Perhaps"
            ),
            ErrorCode.INTERNAL_ERROR,
        ),
        (m.ClearCacheRequest(), http(b"<odd/>"), ErrorCode.GENERIC_ERROR),
        (m.ClearCacheRequest(), http(b"", "404 Not Found"), ErrorCode.GENERIC_ERROR),
    ],
)
def test_odd_answers_of_a_charge_point(
    request_: Any, raw: bytes, expected: object, tmp_path: Path
) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with Responder(raw).serve() as callback, backend.serving() as url:
            options: dict[str, Any] = {
                "chargers": {"CP1": ChargerSettings(callback_address=callback)},
                "leniency": ["over-length", "unknown-enum"],
            }
            async with bridging(url, tmp_path, **options) as scene:
                await post(scene.bridge.url, boot())
                peer = await backend.central.wait_for("CP1", registered=True)
                if isinstance(expected, Response):
                    assert await peer.call(request_) == expected
                    assert len(scene.told(event.Altered)) == 1
                else:
                    with pytest.raises(CallFailed) as caught:
                        await peer.call(request_)
                    assert caught.value.code is expected

    run(main())


@rule("Outcome unknown is logged as such.")
def test_a_call_that_the_bridge_does_not_see_the_end_of_is_told_as_unknown(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        is_there, release = asyncio.Event(), asyncio.Event()

        async def clear() -> m.ClearCacheResponse:
            is_there.set()
            await release.wait()
            return m.ClearCacheResponse(status=ClearCacheStatus.ACCEPTED)

        options = {"drain_timeout": timedelta(seconds=0.1), "silent_after": 1.0}
        backend.answers[m.BootNotificationRequest] = booted(interval=1)
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, **options) as scene,
            charger(scene, ClearCache=clear) as one,
        ):
            await one.call(boot())
            peer = await backend.central.wait_for("CP1", registered=True)
            call = asyncio.ensure_future(peer.call(m.ClearCacheRequest()))
            await is_there.wait()
            # It is silent, so its connection to the backend is closed; that waits for so long.
            await until(lambda: scene.told(event.OutcomeUnknown))
            [unknown] = scene.told(event.OutcomeUnknown)
            assert (unknown.action, unknown.direction) == ("ClearCache", event.Direction.DOWN)
            [crossed] = [
                each
                for each in scene.told(event.ExchangeCrossed)
                if each.direction is event.Direction.DOWN
            ]
            assert (crossed.outcome, crossed.correlation) == ("unanswered", unknown.correlation)
            with pytest.raises(OcppError):
                await call
            release.set()

    run(main())
