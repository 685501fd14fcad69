"""The control API's stream of events, and the queues behind it."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

import attrs
import httpx

from ocpp16.apps import control, control_feed
from ocpp16.apps.control_feed import Feed, TooManyListeners
from ocpp16.store.central_system.event import KINDS, Event
from tests.apps.central_app import READ, bearer, central_app, problem
from tests.parties import BOOT, NOON, make_station, run, until


async def read_events(lines: Any, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async for line in lines:
        if line.startswith("data: "):
            found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
    return found


def test_events_as_they_happen_and_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            central_app(tmp_path) as app,
            httpx.AsyncClient(base_url=app.control, headers=bearer(READ)) as client,
        ):
            async with client.stream("GET", "/events") as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                lines = stream.aiter_lines()
                assert await anext(lines) == ": events follow"
                async with app.connected(make_station()) as backend:
                    await backend.call(BOOT)
                    live = await read_events(lines, 2)
                assert [one["kind"] for one in live] == ["connected", "boot"]
                assert live[0]["chargePoint"] == "CP1"
            headers = {"Last-Event-ID": str(live[0]["number"])}
            async with client.stream("GET", "/events?kind=boot", headers=headers) as stream:
                assert await read_events(stream.aiter_lines(), 1) == live[1:]
            async with client.stream("GET", "/events?after=0") as stream:
                lines = stream.aiter_lines()
                assert await read_events(lines, 2) == live
                # What has come meanwhile follows, each once.
                await app.ask("GET", "/healthz")
                async with app.connected(make_station(identity="CP2")):
                    more = await read_events(lines, 2)
                assert [(one["chargePoint"], one["kind"]) for one in more] == [
                    ("CP1", "disconnected"),
                    ("CP2", "connected"),
                ]

    run(main)


def test_a_kind_that_is_none_is_refused_with_those_that_are(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            answer = await app.ask("GET", "/events?kind=bot", token=READ)
            assert problem(answer) == (422, "unknown-kind")
            assert answer.json()["detail"] == f"bot is none of {', '.join(KINDS)}"
            for kind in KINDS:
                assert (await app.ask("HEAD", f"/events?kind={kind}", token=READ)).is_success

    run(main)


def test_the_documentation_has_each_kind() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "control-api.md").read_text()
    sentence = page.partition("Kinds are ")[2].partition(".")[0]
    assert set(re.findall("`([a-z-]+)`", sentence)) == set(KINDS)


def test_a_stop_ends_the_streams(tmp_path: Path) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(headers=bearer(READ)) as client:
            async with central_app(tmp_path) as app:
                link = client.stream("GET", f"{app.control}/events")
                stream = await link.__aenter__()
                lines = stream.aiter_lines()
                assert await anext(lines) == ": events follow"
            assert [line async for line in lines if line] == []
            await link.__aexit__(None, None, None)

    run(main)


def event(number: int) -> Event:
    return Event(
        number=number,
        identity="CP1",
        at=NOON,
        kind="boot",
        text="",
        transaction_id=None,
        payload=None,
    )


def test_one_that_listens_too_slowly_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_feed, "QUEUE_LIMIT", 2)

    async def main() -> None:
        feed = Feed()
        with feed.listen() as slow, feed.listen() as quick:
            for number in (1, 2, 3):
                feed.publish(event(number))
                assert await quick.next(1) == event(number)
            assert [await slow.next(1), await slow.next(1)] == [event(1), event(2)]
            with pytest.raises(StopAsyncIteration):
                await slow.next(1)
            assert await quick.next(0) is None

    run(main)


def test_one_that_does_not_read_at_all_gives_its_place_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(control_feed, "LISTENER_LIMIT", 1)
    monkeypatch.setattr(control, "FAREWELL_SECONDS", 0.05)
    feeds: list[Feed] = []
    listen = Feed.listen

    def noted(feed: Feed) -> control_feed.Listener:
        feeds.append(feed)
        return listen(feed)

    monkeypatch.setattr(Feed, "listen", noted)

    async def main() -> None:
        async with (
            central_app(tmp_path) as app,
            httpx.AsyncClient(base_url=app.control, headers=bearer(READ)) as client,
        ):
            address = httpx.URL(app.control)
            with socket.socket() as deaf:
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf.connect((address.host, address.port))
                head = f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {READ}\r\n\r\n"
                deaf.sendall(head.encode())
                await until(lambda: feeds and feeds[0].listening)
                (feed,) = feeds
                long = attrs.evolve(event(1), text="x" * 1000)
                while feed.listening:
                    # Until its buffers are full, and so is its queue.
                    for _ in range(500):
                        feed.publish(long)
                    await asyncio.sleep(0.01)
            async with client.stream("GET", "/events") as stream:
                assert await anext(stream.aiter_lines()) == ": events follow"

    run(main)


def test_so_many_listen_and_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(control_feed, "LISTENER_LIMIT", 1)

    async def main() -> None:
        feed = Feed()
        with feed.listen(), pytest.raises(TooManyListeners):
            feed.listen()
        async with (
            central_app(tmp_path) as app,
            httpx.AsyncClient(base_url=app.control, headers=bearer(READ)) as client,
            client.stream("GET", "/events") as stream,
        ):
            assert await anext(stream.aiter_lines()) == ": events follow"
            answer = await client.get("/events")
            assert problem(answer) == (503, "too-many")
            assert answer.headers["retry-after"] == "10"

    run(main)


def test_no_more_listen_who_come_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(control_feed, "LISTENER_LIMIT", 2)

    async def main() -> None:
        async with central_app(tmp_path) as app:
            address = httpx.URL(app.control)
            links = [await asyncio.open_connection(address.host, address.port) for _ in range(40)]
            for _, writer in links:
                head = f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {READ}\r\n\r\n"
                writer.write(head.encode())
            answers = [(await reader.readline())[9:12] for reader, _ in links]
            for _, writer in links:
                writer.close()
                await writer.wait_closed()
            assert sorted(answers) == [b"200"] * 2 + [b"503"] * 38

    run(main)
