"""The bridge over real sockets: how many at once, and who is forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ocpp16 import messages as m
from ocpp16.bridge.bridge import SCHEMA, Bridge
from ocpp16.bridge.settings import ChargerSettings
from ocpp16.bridge.upstream import Turns
from ocpp16.enums import ClearCacheStatus
from ocpp16.settings import Settings
from ocpp16.store.database import Database
from ocpp16.testing import HandClock
from tests.bridge.relay_bench import boot, booted, meter
from tests.bridge.rule import rule
from tests.bridge.scene import (
    JsonBackend,
    Scene,
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


@rule("At most 50 reconnects a second (setting).")
def test_attempts_to_connect_take_turns() -> None:
    async def main() -> None:
        clock = HandClock()
        turns = Turns(50.0, clock)
        times: list[float] = []

        async def attempt() -> None:
            await turns.wait()
            times.append(clock.time())

        tasks = [asyncio.create_task(attempt()) for _ in range(200)]
        await clock.advance(10)
        await asyncio.gather(*tasks)
        assert times == sorted(times)
        for first, last in zip(times, times[50:], strict=False):
            assert last - first >= 1.0 - 1e-9
        assert times[-1] < 4.0
        # Whoever comes later does not wait for turns that nobody took.
        await attempt()
        assert times[-1] == 10.0

    run(main())


@rule("At most 50 reconnects a second (setting).")
def test_charge_points_take_turns_at_the_backend(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, reconnects_per_second=2.0) as scene,
        ):
            loop = asyncio.get_running_loop()
            begin = loop.time()
            names = [f"CP{number}" for number in range(5)]
            await asyncio.gather(*(post(scene.bridge.url, boot(), name) for name in names))
            # Without turns a fraction of a second is enough.
            assert loop.time() - begin >= 2.0
            assert len(backend.handshakes) == 5

    run(main())


def test_only_so_many_charge_points(tmp_path: Path) -> None:
    async def main() -> None:
        async with JsonBackend().serving() as url:
            protocol = Settings(connections=2)
            async with bridging(url, tmp_path, protocol=protocol) as scene:
                for name, expected in (("CP1", 200), ("CP2", 200), ("CP3", 503), ("CP1", 200)):
                    answer = await post(scene.bridge.url, boot(), name)
                    assert answer.status_code == expected, name

    run(main())


def test_a_silent_charge_point_is_forgotten_and_found_again(tmp_path: Path) -> None:
    async def main() -> None:
        backend = JsonBackend()
        backend.answers[m.BootNotificationRequest] = booted(interval=1)
        async with (
            backend.serving() as url,
            bridging(url, tmp_path, silent_after=1.0) as scene,
            charger(scene) as one,
        ):
            await one.call(boot())
            await until(lambda: not scene.bridge.chargers())
            await until(lambda: "CP1" not in backend.central.peers)
            assert await one.call(meter(1)) == m.MeterValuesResponse()
            await until(lambda: backend.of("CP1", m.MeterValuesRequest))

    run(main())


def test_a_scene_has_nothing_to_show_at_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with bridging(NOWHERE, tmp_path) as scene:
            assert isinstance(scene, Scene)
            assert scene.bridge.chargers() == []
            assert scene.bridge.url.startswith("http://127.0.0.1:")

    run(main())


@pytest.mark.parametrize(
    ("url", "why"), [(NOWHERE, "to a wss:// backend only"), ("wss://127.0.0.1:9/", "key.pem")]
)
def test_a_certificate_that_could_not_be_shown_is_not_passed_over(
    tmp_path: Path, url: str, why: str
) -> None:
    async def main() -> None:
        key = tmp_path / "key.pem"
        chargers = {"CP1": ChargerSettings(client_certificate=key, client_key=key)}
        settings = settings_for(url, tmp_path, chargers=chargers)
        async with await Database.open(settings.store, schemas=[SCHEMA]) as database:
            with pytest.raises(ValueError, match=rf"'CP1': .*{why}"):
                Bridge(settings, database)

    run(main())
