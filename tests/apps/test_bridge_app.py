"""The app of the bridge, in this process: its stages, and what operators can ask in each."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typer")
pytest.importorskip("lxml")
pytest.importorskip("sqlalchemy")
pytest.importorskip("prometheus_client")

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16 import cli
from ocpp16.apps import bridge as app
from ocpp16.apps.bridge import run_bridge
from ocpp16.bridge.settings import BridgeSettings
from ocpp16.store.bridge.change import AddMessage, Note
from ocpp16.store.bridge.tables import SCHEMA, State
from ocpp16.store.database import Database
from ocpp16.store.error import LeadershipLost, StoreInUse, StoreUnavailable
from ocpp16.store.schema import VERSIONS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def settings(folder: Path, **values: Any) -> BridgeSettings:
    return BridgeSettings(
        soap="127.0.0.1:0",
        upstream="ws://127.0.0.1:9/ocpp",
        store=f"sqlite:///{folder}/bridge.db",
        open=True,
        **{"metrics": "127.0.0.1:0", **values},
    )


async def get(url: str, path: str) -> tuple[int, str]:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split(" ")[1]), body


def running(
    made: BridgeSettings,
    work: Callable[[str | None, asyncio.Event], Awaitable[object]],
) -> None:
    """Do something while a bridge runs, and stop it."""

    async def main() -> None:
        stop, ready = asyncio.Event(), asyncio.Event()
        urls: list[str | None] = []

        def listening(soap_url: str, operations_url: str | None) -> None:
            assert soap_url.startswith("http://127.0.0.1:")
            urls.append(operations_url)
            ready.set()

        async def whole() -> None:
            await run_bridge(made, listening=listening, standing_by=lambda: None, stop=stop)
            ready.set()

        task = asyncio.ensure_future(whole())
        async with asyncio.timeout(30):
            await ready.wait()
            if not task.done():
                await work(urls[0], stop)
                stop.set()
            await task

    asyncio.run(main())


def test_it_is_ready_and_counts(tmp_path: Path) -> None:
    async def work(url: str | None, _: asyncio.Event) -> None:
        assert url is not None
        assert await get(url, "/readyz") == (200, "ready\n")
        status, text = await get(url, "/metrics")
        assert status == 200
        assert "ocpp16_bridge_leader 1.0" in text

    running(settings(tmp_path), work)


def test_it_needs_no_endpoint(tmp_path: Path) -> None:
    async def work(url: str | None, _: asyncio.Event) -> None:
        assert url is None

    running(settings(tmp_path, metrics=None), work)


def test_a_store_that_cannot_be_written_to_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "PROBE_KEPT", -1.0)
    monkeypatch.setattr(app, "PROBE_SECONDS", 0.05)

    async def work(url: str | None, _: asyncio.Event) -> None:
        assert url is not None
        write, read = Database.write, Database.read

        async def failing(*_: object) -> None:
            raise StoreUnavailable("the disk is gone")

        async def hanging(*_: object) -> None:
            await asyncio.sleep(60)

        for broken, reason in (
            (failing, "the store cannot be written to: StoreUnavailable"),
            (hanging, "the store does not answer"),
        ):
            monkeypatch.setattr(Database, "write", broken)
            monkeypatch.setattr(Database, "read", broken)
            assert await get(url, "/readyz") == (503, f"not ready: {reason}\n")
            assert "ocpp16_bridge_store_readable 0.0" in (await get(url, "/metrics"))[1]
        monkeypatch.setattr(Database, "write", write)
        monkeypatch.setattr(Database, "read", read)
        assert await get(url, "/readyz") == (200, "ready\n")

    running(settings(tmp_path), work)


def test_a_disk_that_has_room_for_small_writes_only_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    led: list[Database] = []
    lead = Database.lead

    async def leading(self: Database) -> None:
        led.append(self)
        await lead(self)

    monkeypatch.setattr(Database, "lead", leading)
    monkeypatch.setattr(app, "PROBE_KEPT", -1.0)

    def fill(connection: Connection) -> None:
        # No page more than there are.
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("CREATE TABLE filler AS SELECT zeroblob(1000000)")

    async def work(url: str | None, _: asyncio.Event) -> None:
        assert url is not None
        assert await get(url, "/readyz") == (200, "ready\n")
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            await led[0].write(fill)
        assert led[0].failures == 1
        assert await get(url, "/readyz") == (
            503, "not ready: the store could not be written to just now\n",
        )  # fmt: skip
        monkeypatch.setattr(app, "FAILURE_COUNTS", 0.0)
        assert await get(url, "/readyz") == (200, "ready\n")

    running(settings(tmp_path), work)


def test_the_probe_of_the_store_writes() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        VERSIONS.create(connection)
        connection.execute(VERSIONS.insert().values(name=SCHEMA.name, version=1))
        before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        app._touch(connection)
        assert connection.exec_driver_sql("SELECT total_changes()").scalar_one() == before + 2
        assert connection.execute(sa.select(VERSIONS.c.version)).scalars().all() == [1]
    engine.dispose()


def test_it_ends_when_the_store_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_: Database) -> None:
        return

    monkeypatch.setattr(Database, "lost", lost)

    async def main() -> None:
        async with asyncio.timeout(30):
            await run_bridge(
                settings(tmp_path),
                listening=lambda *_: None,
                standing_by=_never,
                stop=asyncio.Event(),
            )

    with pytest.raises(LeadershipLost, match="this one ends"):
        asyncio.run(main())


def test_a_stop_ends_the_wait_for_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lead(_: Database) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(Database, "lead", lead)
    monkeypatch.setattr(app, "STANDING_BY_AFTER", 0.0)
    stood_by: list[bool] = []

    async def main() -> None:
        stop = asyncio.Event()

        def standing_by() -> None:
            stood_by.append(True)
            stop.set()

        async with asyncio.timeout(30):
            await run_bridge(
                settings(tmp_path), listening=_never, standing_by=standing_by, stop=stop
            )

    asyncio.run(main())
    assert stood_by == [True]


def _never(*_: object) -> None:
    raise AssertionError("it does not listen")


def test_a_store_in_use_is_an_error(tmp_path: Path) -> None:
    made = settings(tmp_path)

    async def work(_: str | None, __: asyncio.Event) -> None:
        with pytest.raises(StoreInUse):
            await run_bridge(made, listening=_never, standing_by=lambda: None, stop=asyncio.Event())

    running(made, work)


# Commands that look into a store


def invoked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as caught:
            cli.main(["bridge", *arguments])
    finally:
        signal.signal(signal.SIGINT, before)
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with a charge point, a message that waits, a held and a dead one."""
    url = f"sqlite:///{tmp_path}/bridge.db"

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            await database.lead()
            note = Note(
                identity="CP1",
                is_online=True,
                upstream="open",
                last_seen=NOON,
                last_error="refused\n\x1b[31mred",
            )
            await database.write(note.apply)
            for number, state in enumerate((State.QUEUED, State.HELD, State.DEAD)):
                change = AddMessage(
                    identity="CP1",
                    action="MeterValues",
                    payload=b'{"connectorId":1}',
                    call_id=f"m{number}",
                    received=NOON,
                    state=state,
                    reason="InternalError [bold]" if state is State.DEAD else None,
                )
                await database.write(change.apply)

    asyncio.run(main())
    return url


def test_status_shows_what_is_in_the_store(capsys: pytest.CaptureFixture[str], store: str) -> None:
    code, text, errors = invoked(capsys, "status", "--store", store)
    assert (code, errors) == (0, "")
    (line,) = [line for line in text.splitlines() if "CP1" in line]
    # What peers wrote neither colours nor breaks the line.
    assert line.split() == [
        "CP1", "yes", "open", "-", "1", "2026-01-01T12:00:00Z", "1", "1",
        "2026-01-01T12:00:00Z", "refused\\n\\x1b[31mred",
    ]  # fmt: skip
    code, text, _ = invoked(capsys, "--store", store, "status", "--output", "json")
    assert json.loads(text) == {
        "type": "charger", "identity": "CP1", "online": True, "upstream": "open",
        "registration": None, "interval": None, "queued": 1, "oldest": "2026-01-01T12:00:00Z",
        "held": 1, "dead": 1, "lastSeen": "2026-01-01T12:00:00Z",
        "lastError": "refused\n\x1b[31mred", "callback": None,
    }  # fmt: skip


def test_queue_shows_what_waits(capsys: pytest.CaptureFixture[str], store: str) -> None:
    def states(*options: str) -> list[str]:
        _, text, _ = invoked(capsys, "queue", "CP1", *options, "--store", store, "--output", "json")
        return [json.loads(line)["state"] for line in text.splitlines()]

    assert states() == ["queued", "held"]
    assert states("--dead") == ["held", "dead"]
    _, text, _ = invoked(capsys, "queue", "CP1", "--dead", "--store", store)
    assert "InternalError [bold]" in text


def test_retry_puts_a_message_back_once(capsys: pytest.CaptureFixture[str], store: str) -> None:
    code, text, _ = invoked(capsys, "queue", "CP1", "retry", "3", "--store", store)
    assert code == 0
    assert "MeterValues" in text
    _, text, _ = invoked(capsys, "queue", "CP1", "--store", store, "--output", "json")
    assert [json.loads(line)["state"] for line in text.splitlines()] == [
        "queued", "held", "released",
    ]  # fmt: skip
    for identity, key in (("CP2", "2"), ("CP1", "1"), ("CP1", "77")):
        code, _, errors = invoked(capsys, "queue", identity, "retry", key, "--store", store)
        assert code == 1
        assert errors == (
            f"ocpp16: {identity} has no dead or held message {key}"
            f" (see: ocpp16 bridge queue {identity} --dead)\n"
        )


def test_discard_does_away_with_a_message(capsys: pytest.CaptureFixture[str], store: str) -> None:
    words = ("queue", "CP1", "discard", "3", "--store", store)
    code, text, _ = invoked(capsys, *words, "--output", "json")
    assert code == 0
    # What goes is printed a last time.
    assert json.loads(text)["payload"] == {"connectorId": 1}
    _, text, _ = invoked(capsys, "queue", "CP1", "--dead", "--store", store, "--output", "json")
    assert [json.loads(line)["state"] for line in text.splitlines()] == ["held"]
    for key in ("1", "77"):
        code, _, errors = invoked(capsys, "queue", "CP1", "discard", key, "--store", store)
        assert (code, "CP1 has no dead or held message" in errors) == (1, True)


def test_an_empty_store_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            await database.lead()

    asyncio.run(main())
    assert invoked(capsys, "status", "--store", url)[1] == "no charge point has come yet\n"
    assert invoked(capsys, "queue", "CP1", "--store", url)[1] == "nothing waits\n"


def test_configurations_are_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text('soap = "h:1"\n')
    code, text, _ = invoked(capsys, "check-config", str(path))
    assert (code, text.splitlines()[-1]) == (1, "1 fault")
    path.write_text('soap = "h:1"\nupstream = "ws://h/"\nopen = true\n')
    code, text, _ = invoked(capsys, "check-config", str(path))
    assert (code, text.splitlines()[0]) == (0, f"{path} is right; charge points: 0")
    code, text, _ = invoked(capsys, "check-config", str(path), "--output", "json")
    assert (code, json.loads(text)["ok"]) == (0, True)


def test_files_that_are_of_no_use_are_faults_of_a_configuration(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no PEM")
    path = tmp_path / "bridge.toml"
    pair = f'client_certificate = "{rubbish}"\nclient_key = "{rubbish}"\n'
    path.write_text(
        'soap = "h:1"\nupstream = "wss://h/"\nupstream_roots = "/nowhere/roots.pem"\n'
        f'[chargers.CP1]\n{pair}[chargers.CP2]\nupstream = "ws://h/"\n{pair}[chargers.CP3]\n'
    )
    code, text, _ = invoked(capsys, "check-config", str(path), "--output", "json")
    assert code == 1
    *faults, summary = map(json.loads, text.splitlines())
    assert (summary["ok"], summary["faults"]) == (False, 3)
    assert [fault["place"] for fault in faults] == [
        "upstream_roots",
        "chargers.CP1",
        "chargers.CP2",
    ]
    for fault, problem in zip(
        faults,
        ("/nowhere/roots.pem: No such file", f"certificate {rubbish}", "wss:// backend only"),
        strict=True,
    ):
        assert problem in fault["problem"]


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["--open"], 2, "soap: is not set"),
        (["--charge-point", ""], 2, "an identity has 1 to 48 characters"),
        (["status", "--store", "sqlite:////nowhere.db"], 1, "there is no store /nowhere.db"),
        (["status", "--store", "x"], 2, "its value is no sqlite:///PATH"),
        (["queue", "CP1", "burn", "7"], 2, "'burn' is no verb"),
        (["queue", "CP1", "retry"], 2, "retry needs the ID"),
        (["--soap", "192.0.2.1:1", "--upstream", "ws://h/", "--open", "--store",
          "sqlite:///{}/b.db"], 1, "cannot listen at http://192.0.2.1:1/ocpp"),
        (["--soap", "127.0.0.1:1", "--upstream", "ws://h/", "--open", "--store",
          "sqlite:////nowhere/b.db"], 1, "/nowhere/b.db"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    code: int,
    problem: str,
) -> None:
    words = [word.replace("{}", str(tmp_path)) for word in arguments]
    found, output, errors = invoked(capsys, *words)
    assert (found, output) == (code, "")
    assert problem in errors
    assert errors.count("\n") == 1


def test_what_the_bridge_cannot_do_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(
        'soap = "127.0.0.1:0"\nupstream = "wss://h/"\n'
        f'store = "sqlite:///{tmp_path}/bridge.db"\n'
        '[chargers.CP1]\nclient_certificate = "c.pem"\nclient_key = "k.pem"\n'
    )
    code, output, errors = invoked(capsys, "--config", str(path))
    assert (code, output) == (2, "")
    assert errors == (
        f"ocpp16: 'CP1': certificate {tmp_path}/c.pem with key {tmp_path}/k.pem: "
        "No such file or directory (see: ocpp16 bridge check-config)\n"
    )
