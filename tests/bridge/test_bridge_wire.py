"""The bridge over real sockets: the text that leaves it, as a peer without a library sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from websockets import Subprotocol
from websockets.asyncio.server import ServerConnection, serve

from ocpp16 import messages as m
from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.enums import ClearCacheStatus, UnitOfMeasure
from ocpp16.settings import Settings
from tests.bridge.relay_bench import NOON, meter, status
from tests.bridge.rule import rule
from tests.bridge.scene import PATIENCE, bridging, charger, post, run, until
from tests.transports.soap_post import SOAP, envelope


@asynccontextmanager
async def plain_backend(frames: list[Any], *, silent: int = 0) -> AsyncIterator[str]:
    """A backend that answers calls with an empty payload, but hangs up at the first ones."""

    async def talk(connection: ServerConnection) -> None:
        async for text in connection:
            frame = json.loads(text)
            frames.append(frame)
            if len(frames) <= silent:
                return
            await connection.send(json.dumps([3, frame[1], {}]))

    async with serve(talk, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"


def temperature(unit: UnitOfMeasure) -> m.MeterValuesRequest:
    sampled = SampledValue(value="21", unit=unit)
    return m.MeterValuesRequest(
        connector_id=1, meter_value=(MeterValue(timestamp=NOON, sampled_value=(sampled,)),)
    )


def test_celsius_of_soap_is_celcius_on_json(tmp_path: Path) -> None:
    async def main() -> None:
        frames: list[Any] = []
        async with plain_backend(frames) as url, bridging(url, tmp_path) as scene:
            answer = await post(scene.bridge.url, temperature(UnitOfMeasure.CELSIUS))
            assert answer.status_code == 200
            await until(lambda: frames)
            [value] = frames[0][3]["meterValue"]
            assert value["sampledValue"][0]["unit"] == "Celcius"

    run(main())


def test_an_envelope_of_ocpp_1_5_is_told_so(tmp_path: Path) -> None:
    async def main() -> None:
        frames: list[Any] = []
        async with plain_backend(frames) as url, bridging(url, tmp_path) as scene:
            old = envelope(m.HeartbeatRequest()).replace(b"/Cs/2015/10/", b"/Cs/2012/06/")
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                answer = await client.post(
                    scene.bridge.url, content=old, headers={"Content-Type": SOAP}
                )
            assert answer.status_code == 400
            assert "the namespace urn://Ocpp/Cs/2012/06/ is that of OCPP 1.5" in answer.text
            assert frames == []

    run(main())


@rule("Upstream delivery is at least once: a resend after an unknown outcome keeps its message id.")
def test_a_resend_keeps_its_message_id_also_over_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        frames: list[Any] = []
        async with plain_backend(frames, silent=2) as url:
            async with bridging(url, tmp_path, drain_timeout=timedelta(seconds=0.1)) as scene:
                answer = await post(scene.bridge.url, meter(1))
                assert answer.status_code == 200
                await until(lambda: len(frames) >= 1)
            async with bridging(url, tmp_path) as scene:
                await scene.idle()
                await until(lambda: len(frames) >= 3)
                assert (await post(scene.bridge.url, meter(2))).status_code == 200
                await until(lambda: len(frames) >= 4)
        assert frames[0] == frames[1] == frames[2]
        assert frames[3][1] != frames[0][1]

    run(main())


@rule(
    "Backend CALL to an unreachable charger: CALLERROR within 30 s, never queued, never sent twice,"
    " never a false Accepted."
)
def test_the_time_of_a_call_runs_however_many_there_are(tmp_path: Path) -> None:
    # One call at a time is in work at the charge point. Those behind it must not begin to count
    # their time when it is their turn; what is one too many to wait hears so at once.
    fit = Settings().call_queue + 1
    answers: list[Any] = []

    async def talk(connection: ServerConnection) -> None:
        async for text in connection:
            frame = json.loads(text)
            if frame[0] == 2:
                await connection.send(json.dumps([3, frame[1], {}]))
                for number in range(fit + 2):
                    await connection.send(json.dumps([2, f"c{number}", "ClearCache", {}]))
            else:
                answers.append(frame)

    async def main() -> None:
        release = asyncio.Event()

        async def clear() -> m.ClearCacheResponse:
            await release.wait()
            return m.ClearCacheResponse(status=ClearCacheStatus.ACCEPTED)

        async with (
            serve(talk, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server,
            bridging(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", tmp_path) as scene,
            charger(scene, ClearCache=clear) as one,
        ):
            await one.call(status())
            await until(lambda: len(answers) >= 2)
            assert [answer[:3] for answer in answers] == [
                [4, f"c{number}", "GenericError"] for number in (fit, fit + 1)
            ]
            release.set()
            await until(lambda: len(answers) == fit + 2)
            assert all(answer[0] == 3 for answer in answers[2:])

    run(main())
