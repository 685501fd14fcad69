"""The control API's view of the books: identifiers, transactions, charge points, metrics."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16 import messages
from tests.apps.central_app import READ, central_app, problem, site
from tests.parties import BOOT, NOON, make_station, run


def test_identifiers(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            answer = await app.ask(
                "PUT", "/id-tags/Card%2F1", {"expiryDate": "2030-01-01T00:00:00Z"}
            )
            entered = {
                "idTag": "Card/1",
                "status": "Accepted",
                "expiryDate": "2030-01-01T00:00:00Z",
                "parentIdTag": None,
                "single": False,
                "note": "",
            }
            assert (answer.status_code, answer.json()) == (200, entered)
            assert await app.get("/id-tags/CARD%2F1") == entered
            await app.ask("PUT", "/id-tags/B", {"status": "Blocked"})
            page = await app.get("/id-tags?limit=1")
            assert [page["idTags"][0]["idTag"], page["next"]] == ["B", "B"]
            page = await app.get("/id-tags?limit=2&after=B")
            assert [page["idTags"], page["next"]] == [[entered], None]
            answer = await app.ask("DELETE", "/id-tags/card%2F1")
            assert (answer.status_code, answer.content) == (204, b"")
            assert problem(await app.ask("DELETE", "/id-tags/Card%2F1")) == (404, "unknown-id-tag")
            assert problem(await app.ask("GET", "/id-tags/Card%2F1")) == (404, "unknown-id-tag")
            for tag, body, path in (
                ("x" * 21, {}, "/idTag"),
                ("", {}, "/idTag"),
                ("A", {"status": "Good"}, "/status"),
                ("A", {"status": ""}, "/status"),
                ("A", {"expiryDate": ""}, "/expiryDate"),
                ("A", {"status": "ConcurrentTx"}, "/status"),
                ("A", {"expiryDate": "tomorrow"}, "/expiryDate"),
                ("A", {"expiryDate": 5}, "/expiryDate"),
                ("A", {"parentIdTag": "x" * 21}, "/parentIdTag"),
                ("A", {"single": 1}, "/single"),
                ("A", {"note": "a\nb"}, "/note"),
                ("A", {"other": 1}, "/other"),
                ("A", b'{"note": "a", "note": "b"}', "/note"),
                ("A", [], ""),
                ("A", b"", ""),
            ):
                answer = await app.ask("PUT", f"/id-tags/{tag}", body)
                assert problem(answer) == (422, "invalid-request"), body
                assert answer.json()["path"] == path, body
            answer = await app.ask("PUT", "/charge-points/A/approval", {"status": "Maybe"})
            assert problem(answer) == (422, "invalid-request")
            assert answer.json()["path"] == "/status"

    run(main)


def test_transactions_page_by_page(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            for hour in range(3):
                await backend.call(
                    messages.StartTransactionRequest(
                        connector_id=1 + hour,
                        id_tag="CARD",
                        meter_start=hour,
                        timestamp=NOON + timedelta(hours=hour),
                    )
                )

            async def meters(query: str) -> tuple[list[int], Any]:
                page = await app.get(f"/transactions?{query}")
                return [each["meterStart"] for each in page["transactions"]], page["next"]

            found, following = await meters("limit=2")
            assert found == [2, 1]
            assert await meters(f"limit=2&before={following}") == ([0], None)
            assert (await meters("from=2026-01-01T13:00:00Z&to=2026-01-01T14:00:00Z"))[0] == [1]
            assert (await meters("running=false"))[0] == []
            assert (await meters("chargePoint=CP2"))[0] == []
            for query in (
                "limit=0",
                "limit=1001",
                "before=-1",
                "running=yes",
                "from=2026-01-01",
                "limit=1&limit=2",
            ):
                answer = await app.ask("GET", f"/transactions?{query}")
                assert problem(answer) == (400, "invalid-parameter"), query

    run(main)


def test_charge_points_page_by_page(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            for name in ("A", "C", "E"):
                await app.ask("PUT", f"/charge-points/{name}/approval", {"status": "Accepted"})
            # One that is connected and has not booted is in no table.
            async with app.connected(make_station(identity="B")):
                await app.ask("GET", "/healthz")
                page = await app.get("/charge-points?limit=2")
                assert [one["identity"] for one in page["chargePoints"]] == ["A", "B"]
                page = await app.get(f"/charge-points?limit=2&after={page['next']}")
                assert [one["identity"] for one in page["chargePoints"]] == ["C", "E"]
                page = await app.get(f"/charge-points?limit=2&after={page['next']}")
                assert page == {"chargePoints": [], "next": None}
                assert (await app.get("/charge-points/B"))["boots"] == 0

    run(main)


def test_a_page_of_those_that_only_connected_has_no_more_than_its_limit(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            central_app(tmp_path) as app,
            app.connected(make_station(identity="A")),
            app.connected(make_station(identity="B")),
        ):
            page = await app.get("/charge-points?limit=1")
            assert [one["identity"] for one in page["chargePoints"]] == ["A"]
            page = await app.get(f"/charge-points?limit=1&after={page['next']}")
            assert [[one["identity"] for one in page["chargePoints"]], page["next"]] == [
                ["B"],
                None,
            ]

    run(main)


def test_a_name_in_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            answer = await app.ask("PUT", "/id-tags/A%0AB%0A", {})
            assert (answer.status_code, answer.json()["idTag"]) == (200, "A\nB\n")
            await app.ask("PUT", "/id-tags/A", {})
            assert problem(await app.ask("DELETE", "/id-tags/A%0A")) == (404, "unknown-id-tag")
            assert (await app.get("/id-tags/A"))["idTag"] == "A"
            for path in ("/id-tags/%FF", "/id-tags?after=%C3"):
                answer = await app.ask("GET", path)
                assert problem(answer) == (400, "invalid-parameter"), path
            answer = await app.ask("PUT", "/charge-points/A%0A/approval", {"status": "Accepted"})
            assert problem(answer) == (422, "invalid-request")

    run(main)


def test_metrics_have_no_label_of_a_peer(tmp_path: Path) -> None:
    async def main() -> None:
        async with site(tmp_path) as app:
            answer = await app.ask("GET", "/metrics", token=READ)
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
            assert 'ocpp16_central_connected{wire="ocppj"} 1.0' in answer.text
            boots = 'action="BootNotification",outcome="answered",sender="charge_point"'
            assert f'ocpp16_central_exchanges_total{{{boots},wire="ocppj"}} 1.0' in answer.text
            assert "CP1" not in answer.text

    run(main)
