"""A relay that fails by our own fault: the charge point goes on with what is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.bridge import SCHEMA, Bridge
from ocpp16.bridge.relay import Relay
from ocpp16.bridge.renewal import wait_before
from ocpp16.store.database import Database
from ocpp16.store.error import StoreUnavailable
from tests.bridge.relay_bench import boot, meter, start
from tests.bridge.scene import (
    JsonBackend,
    Scene,
    bridging,
    post,
    run,
    settings_for,
    until,
)


def has_failed(scene: Scene, times: int) -> bool:
    return len(scene.told(event.RelayFailed)) == times


HEARTBEAT = m.HeartbeatRequest()


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let an input of the relays of CP1 fail, so many times."""

    def spoil(name: str, times: int = 1, of: Callable[..., bool] = lambda *_: True) -> None:
        real = getattr(Relay, name)
        left = [times]

        def take(self: Relay, *what: Any, **options: Any) -> Any:
            if self.identity == "CP1" and left[0] and of(*what):
                left[0] -= 1
                raise ZeroDivisionError("a fault of ours")
            return real(self, *what, **options)

        monkeypatch.setattr(Relay, name, take)

    return spoil


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (5, 16), (10, 300), (9999, 300)])
def test_each_wait_is_longer(failures: int, seconds: float) -> None:
    assert wait_before(failures) == seconds


def test_what_was_stored_is_delivered_by_the_next_relay(
    fail: Callable[..., None], tmp_path: Path
) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url, bridging(url, tmp_path) as scene:
            for identity in ("CP1", "CP2"):
                await post(scene.bridge.url, boot(), identity)
            fail("answered")
            assert (await post(scene.bridge.url, meter(1))).status_code == 200
            await until(lambda: scene.told(event.RelayFailed))
            # It gets no answer, the others do, and what it has it keeps.
            assert (await post(scene.bridge.url, HEARTBEAT)).status_code == 503
            assert (await post(scene.bridge.url, start())).status_code == 503
            assert (await post(scene.bridge.url, HEARTBEAT, "CP2")).status_code == 200
            assert scene.state().upstream.value == "idle"
            await until(lambda: scene.told(event.Delivered))
            # By its message id the backend knew the second one for a repeat.
            assert len(backend.of("CP1", m.MeterValuesRequest)) == 1
            await scene.idle()
            assert scene.state().last_error == "the relay failed: ZeroDivisionError"
            assert scene.told(event.RelayFailed) == [
                event.RelayFailed("CP1", "the relay failed: ZeroDivisionError")
            ]
            [delivered] = [each for each in scene.told(event.Delivered) if each.identity == "CP1"]
            [stored] = [each for each in scene.told(event.Stored) if each.identity == "CP1"]
            assert delivered.correlation == stored.correlation
            assert (await post(scene.bridge.url, start())).status_code == 200
            assert len(backend.of("CP1", m.BootNotificationRequest)) == 1

    run(main())


def test_a_write_on_its_way_when_the_relay_fails_is_not_lost(
    fail: Callable[..., None], tmp_path: Path
) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url, bridging(url, tmp_path) as scene:
            await post(scene.bridge.url, boot())
            fail("written")
            # It is committed, and not acknowledged.
            assert (await post(scene.bridge.url, meter(1))).status_code == 503
            assert (await post(scene.bridge.url, meter(1))).status_code == 503
            await until(lambda: len(backend.of("CP1", m.MeterValuesRequest)) == 1)
            await scene.idle()
            assert (await post(scene.bridge.url, meter(1))).status_code == 200
            assert [type(each) for each in scene.told(event.Repeated)] == [event.Repeated]
            assert len(backend.of("CP1", m.MeterValuesRequest)) == 1

    run(main())


def test_a_message_that_makes_it_fail_gets_no_answer(
    fail: Callable[..., None], tmp_path: Path
) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url, bridging(url, tmp_path) as scene:
            await post(scene.bridge.url, boot())
            fail("receive", 2, lambda ticket, request, now: request == start())
            for failures in (1, 2):
                assert (await post(scene.bridge.url, start())).status_code == 503
                await until(partial(has_failed, scene, failures))
                await until(lambda: scene.state() and scene.state().upstream.value == "open")
            assert (await post(scene.bridge.url, start())).status_code == 200

    run(main())


def test_a_start_that_fails_is_tried_again(fail: Callable[..., None], tmp_path: Path) -> None:
    class Failing(Database):
        reads_to_fail = 0

        async def read(self, work: Any) -> Any:
            if self.reads_to_fail:
                self.reads_to_fail -= 1
                raise StoreUnavailable("away")
            return await super().read(work)

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
                await post(bridge.url, boot())
                fail("answered")
                database.reads_to_fail = 1
                assert (await post(bridge.url, meter(1))).status_code == 200
                await until(lambda: any(isinstance(each, event.Delivered) for each in told))

    run(main())


def test_a_stop_does_not_wait_for_one_that_starts_anew(
    fail: Callable[..., None], tmp_path: Path
) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with backend.serving() as url:
            async with bridging(url, tmp_path, drain_timeout=timedelta(seconds=600)) as scene:
                await post(scene.bridge.url, boot())
                fail("answered", 1000)
                assert (await post(scene.bridge.url, meter(1))).status_code == 200
                await until(lambda: scene.told(event.RelayFailed))
            async with bridging(url, tmp_path) as again:
                assert again.state().queued == 1

    run(main())
