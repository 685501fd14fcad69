"""Steering over HTTP, on a real socket."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ocpp16.apps.charge_point.control import BODY_LIMIT, serving
from ocpp16.apps.charge_point.simulator import Simulator
from tests.apps.charge_point.stand import Stand, play


def steered(body: Any) -> None:
    async def main(stand: Stand) -> None:
        simulators: dict[str, Simulator] = {"CP1": stand.simulator}
        async with (
            serving(simulators, "127.0.0.1", 0) as url,
            httpx.AsyncClient(base_url=url) as client,
        ):
            await body(stand, client)

    play(main)


def test_a_session() -> None:
    async def body(stand: Stand, client: httpx.AsyncClient) -> None:
        answer = await client.post("/charge-points/CP1/plug", json={"connector": 2})
        assert (answer.status_code, answer.json()["status"]) == (200, "Preparing")
        answer = await client.post("/charge-points/CP1/tag", json={"tag": "A", "connector": 2})
        assert answer.json()["accepted"] is True
        answer = await client.get("/charge-points/CP1")
        assert answer.json()["connectors"][1]["status"] == "Charging"
        answer = await client.get("/charge-points")
        assert [each["identity"] for each in answer.json()["charge_points"]] == ["CP1"]
        assert (await client.post("/charge-points/CP1/unplug", json={"connector": 2})).is_success
        assert stand.simulator.status(2) == "Available"

    steered(body)


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/charge-points/CP2/plug", b"{}", {}, 404),
        ("/charge-points/CP1/dance", b"{}", {}, 404),
        ("/charge-points/CP1/plug", b'{"connector": 9}', {}, 422),
        ("/charge-points/CP1/plug", b'{"socket": 1}', {}, 422),
        ("/charge-points/CP1/tag", b'{"tag": "' + b"x" * 21 + b'"}', {}, 422),
        ("/charge-points/CP1/plug", b"[]", {}, 422),
        ("/charge-points/CP1/plug", b"{", {}, 422),
        ("/charge-points/CP1/plug", b"[" * 50_000, {}, 422),
        ("/charge-points/CP1/plug", b"x" * (BODY_LIMIT + 1), {}, 413),
        ("/charge-points/CP1/plug", b"{}", {"content-type": "text/plain"}, 415),
        ("/charge-points/CP1/plug", b"", {"origin": "http://example.com"}, 403),
        ("/charge-points/CP1/plug", b"{}", {"host": "example.com"}, 400),
        ("/charge-points/CP1/plug", b"", {}, 200),
    ],
)
def test_what_is_refused(path: str, body: bytes, headers: dict[str, str], status: int) -> None:
    async def ask(stand: Stand, client: httpx.AsyncClient) -> None:
        sent = {"content-type": "application/json", **headers}
        answer = await client.post(path, content=body, headers=sent)
        assert answer.status_code == status
        if status not in {200, 400}:
            assert answer.json()["error"]
        assert stand.simulator.status(1) == ("Preparing" if status == 200 else "Available")

    steered(ask)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_nobody_else_can_reach_it(host: str) -> None:
    async def body(stand: Stand) -> None:
        with pytest.raises(ValueError, match="anyone could steer"):
            async with serving({}, host, 0):
                pass

    play(body)
