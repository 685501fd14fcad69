"""A charge point of The Mobility House's `ocpp` library against `ocpp16 central-system`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp import routing, v16
from websockets.asyncio.client import connect

from tests.apps.central_app import central_app
from tests.parties import run

pytestmark = pytest.mark.interop
AT = "2026-01-01T12:00:00Z"


class Theirs(v16.ChargePoint):  # type: ignore[misc]
    @routing.on("RemoteStartTransaction")  # type: ignore[untyped-decorator]
    async def on_remote_start(self, id_tag: str, **_: Any) -> Any:
        status = "Accepted" if id_tag == "CARD" else "Rejected"
        return v16.call_result.RemoteStartTransaction(status=status)

    @routing.on("GetConfiguration")  # type: ignore[untyped-decorator]
    async def on_get_configuration(self, **_: Any) -> Any:
        key = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
        return v16.call_result.GetConfiguration(configuration_key=[key])


def test_their_charge_point_has_a_day_at_our_site(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            await app.ask("PUT", "/id-tags/CARD", {"parentIdTag": "FAMILY"})
            url = f"{app.urls['json']}/THEIRS"
            async with connect(url, subprotocols=["ocpp1.6"]) as socket:  # type: ignore[list-item]
                point = Theirs("THEIRS", socket)
                running = asyncio.create_task(point.start())
                boot = v16.call.BootNotification(
                    charge_point_model="Model", charge_point_vendor="Vendor"
                )
                assert (await point.call(boot)).status == "Accepted"
                stranger = await point.call(v16.call.Authorize(id_tag="STRANGER"))
                assert stranger.id_tag_info == {"status": "Invalid"}
                info = {"status": "Accepted", "parent_id_tag": "FAMILY"}
                assert (await point.call(v16.call.Authorize(id_tag="card"))).id_tag_info == info
                asked = await app.ask(
                    "POST", "/charge-points/THEIRS/calls/RemoteStartTransaction", {"idTag": "CARD"}
                )
                assert asked.json() == {"status": "Accepted"}
                await app.ask("POST", "/charge-points/THEIRS/calls/GetConfiguration", {})
                start = v16.call.StartTransaction(
                    connector_id=1, id_tag="CARD", meter_start=0, timestamp=AT
                )
                number = (await point.call(start)).transaction_id
                assert (await point.call(start)).transaction_id == number
                value = {"timestamp": AT, "sampled_value": [{"value": "500"}]}
                await point.call(
                    v16.call.MeterValues(connector_id=1, transaction_id=number, meter_value=[value])
                )
                stop = v16.call.StopTransaction(
                    meter_stop=1000, timestamp=AT, transaction_id=number, id_tag="CARD"
                )
                stopped = await point.call(stop)
                assert stopped.id_tag_info == info
                assert await point.call(stop) == stopped
                running.cancel()
            (found,) = (await app.get("/transactions"))["transactions"]
            assert (found["chargePoint"], found["energy"], found["lastReading"]) == (
                "THEIRS",
                1000,
                500,
            )
            shown = await app.get("/charge-points/THEIRS")
            assert [one["value"] for one in shown["configuration"]] == ["300"]
            assert not any(text.startswith("THEIRS: tr") for text in app.ears.warnings)

    run(main)
