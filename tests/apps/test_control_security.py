"""Keys, security events and activity in the control API and `ocpp16 key`, on a real store."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typer")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16 import ConnectionRefused, Settings, messages
from ocpp16.apps.control_document import DOCUMENT
from ocpp16.enums import ConfigurationStatus
from ocpp16.roles.backend import Backend
from ocpp16.security.configuration import ServerSecurity, StationSecurity
from ocpp16.security.credentials import MemoryCredentials
from tests.apps.central_app import OPERATE, READ, central_app, problem
from tests.apps.processes import COMMAND
from tests.parties import BOOT, NOON, make_station, run, until

KEY, NEW = bytes(range(20)), bytes(range(200, 220))
BASIC = ServerSecurity(profiles=1, credentials=MemoryCredentials())
CHANGE = messages.ChangeConfigurationRequest
PLACE = "/charge-points/CP1/key"


def shown(key: bytes = KEY) -> StationSecurity:
    return StationSecurity(profile=1, authorization_key=key)


def secured(folder: Path, **options: Any) -> Any:
    return central_app(folder, security=BASIC, keys={}, **options)


def dump(folder: Path) -> str:
    connection = sqlite3.connect(folder / "site.db")
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


def test_a_key_is_made_shown_once_and_holds_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        async with secured(tmp_path) as app:
            answer = await app.ask("PUT", PLACE, {})
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            key = bytes.fromhex(answer.json()["key"])
            assert len(key) == 20
            (listed,) = (await app.get("/keys"))["keys"]
            assert listed["identity"] == "CP1"
            assert (listed["changing"], listed["securityProfile"]) == (False, 0)
            assert sorted(listed) == ["changing", "identity", "securityProfile", "since"]
        async with secured(tmp_path) as app:
            url = app.urls["json"]
            async with make_station().connect(url, security=shown(key)) as backend:
                await backend.call(BOOT)
            with pytest.raises(ConnectionRefused, match="401"):
                async with make_station().connect(url, security=shown()):
                    pass
            assert (await app.get("/keys"))["keys"][0]["securityProfile"] == 1
        # A05.09: what it reached is kept, too.
        async with central_app(tmp_path) as app:
            with pytest.raises(OSError, match="403"):
                async with make_station().connect(app.urls["json"]):
                    pass
            text = dump(tmp_path)
            assert "scrypt$" in text
            assert key.hex() not in text.lower()

    run(main)


def test_a_key_that_is_given_is_not_shown_and_ends_the_connection_of_the_old_one(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with secured(tmp_path) as app:
            await app.ask("PUT", PLACE, {"key": KEY.hex()})
            station = make_station()
            async with station.connect(
                app.urls["json"], security=shown(), reconnect=False
            ) as backend:
                await backend.call(BOOT)
                answer = await app.ask("PUT", PLACE, {"key": NEW.hex()})
                assert answer.json() == {"identity": "CP1", "key": None}
                await until(lambda: not backend.is_connected)
            async with make_station().connect(app.urls["json"], security=shown(NEW)) as backend:
                await backend.call(BOOT)
                assert (await app.ask("DELETE", PLACE)).status_code == 204
                await until(lambda: not backend.is_connected)
            assert problem(await app.ask("DELETE", PLACE)) == (404, "unknown-key")
            assert (await app.get("/keys"))["keys"] == []
            with pytest.raises(ConnectionRefused, match="404"):
                async with make_station().connect(app.urls["json"], security=shown(NEW)):
                    pass

    run(main)


def test_a_connected_charge_point_gets_another_key(tmp_path: Path) -> None:
    async def main() -> None:
        kept: list[bytes] = []
        station = make_station(
            settings=Settings(reconnect_wait=timedelta(0), drain_timeout=timedelta(0))
        )

        @station.on(CHANGE)
        async def change(peer: Backend, request: Any) -> Any:
            if len(kept) > 1:
                status = ConfigurationStatus.REJECTED
            else:
                status = await peer.change_key(request.value, kept.append)
            return messages.ChangeConfigurationResponse(status=status)

        async with secured(tmp_path) as app:
            await app.ask("PUT", PLACE, {"key": KEY.hex()})
            async with station.connect(app.urls["json"], security=shown()) as backend:
                await backend.call(BOOT)
                for body in ({}, {"key": NEW.hex()}):
                    before = backend.info
                    answer = await app.ask("POST", f"{PLACE}/rotation", body)
                    assert answer.json() == {"identity": "CP1", "status": "Accepted"}
                    await until(lambda: backend.is_connected and backend.info is not before)  # noqa: B023
                    await backend.call(messages.HeartbeatRequest())
                assert len(kept[0]) == 20
                assert kept[1] == NEW
                answer = await app.ask("POST", f"{PLACE}/rotation?timeout=5", {})
                assert answer.json()["status"] == "Rejected"
                await backend.call(messages.HeartbeatRequest())
            answer = await app.ask("POST", f"{PLACE}/rotation", {})
            assert problem(answer) == (404, "not-connected")
            async with make_station().connect(app.urls["json"], security=shown(NEW)) as backend:
                await backend.call(BOOT)
            text = str([each.text for each in app.ears.remarks])
            assert kept[0].hex() not in text.lower()
            assert NEW.hex() not in text.lower()

    run(main)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"key": "12"}, "/key"),
        ({"key": "zz" * 20}, "/key"),
        ({"key": 12}, "/key"),
        ({"hash": "scrypt$"}, "/hash"),
        ([], ""),
    ],
)
def test_what_is_no_key_is_refused_and_not_quoted(tmp_path: Path, body: Any, path: str) -> None:
    async def main() -> None:
        async with secured(tmp_path) as app:
            answer = await app.ask("PUT", PLACE, body)
            assert problem(answer) == (422, "invalid-request")
            assert answer.json()["path"] == path
            assert "zz" not in answer.text
            answer = await app.ask("PUT", "/charge-points/a%3Ab/key", {})
            assert problem(answer) == (422, "invalid-request")
            assert (await app.get("/keys"))["keys"] == []

    run(main)


def test_without_keys_in_the_store_none_can_be_set(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            assert problem(await app.ask("PUT", PLACE, {})) == (409, "not-allowed")
            assert problem(await app.ask("DELETE", PLACE)) == (409, "not-allowed")
            assert await app.get("/keys") == {"keys": [], "next": None}

    run(main)


def test_keys_given_at_the_start_are_for_those_that_have_none(tmp_path: Path) -> None:
    async def main() -> None:
        for key, warnings in ((KEY, 0), (NEW, 1)):
            keys = {"CP1": key.hex(), "CP2": key.hex()} if warnings else {"CP1": key.hex()}
            async with central_app(tmp_path, security=BASIC, keys=keys) as app:
                url = app.urls["json"]
                async with make_station().connect(url, security=shown()) as backend:
                    await backend.call(BOOT)
                found = [each for each in app.ears.warnings if "not that of the store" in each]
                assert len(found) == warnings
                names = [each["identity"] for each in (await app.get("/keys"))["keys"]]
                assert names == sorted(keys)

    run(main)


def test_the_list_has_pages(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(
            tmp_path, security=BASIC, keys={f"CP{n}": KEY for n in range(3)}
        ) as app:
            page = await app.get("/keys?limit=2")
            assert [each["identity"] for each in page["keys"]] == ["CP0", "CP1"]
            page = await app.get(f"/keys?limit=2&after={page['next']}")
            assert [each["identity"] for each in page["keys"]] == ["CP2"]
            assert page["next"] is None

    run(main)


def test_security_events_are_listed_once_each(tmp_path: Path) -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator

    def check(schema: str, value: Any) -> None:
        reference = {"$ref": f"#/components/schemas/{schema}"}
        validator({**reference, "components": DOCUMENT["components"]}).validate(value)

    async def main() -> None:
        tamper = messages.SecurityEventNotificationRequest(
            type="TamperDetectionActivated", timestamp=NOON, tech_info="door"
        )
        other = messages.SecurityEventNotificationRequest(type="Vendor's own", timestamp=NOON)
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            await backend.call(tamper)
            await backend.call(tamper)
            await backend.call(other)
            found = await app.get("/security-events")
            check("SecurityEvents", found)
            assert [
                (each["chargePoint"], each["type"], each["critical"], each["techInfo"])
                for each in found["securityEvents"]
            ] == [("CP1", "Vendor's own", False, None), ("CP1", tamper.type, True, "door")]
            assert found["securityEvents"][1]["time"] == "2026-01-01T12:00:00Z"
            page = await app.get("/security-events?limit=1")
            number = page["next"]
            rest = await app.get(f"/security-events?limit=1&before={number}")
            assert [each["type"] for each in rest["securityEvents"]] == [tamper.type]
            one = await app.get(f"/security-events?chargePoint=CP1&type={tamper.type}")
            assert len(one["securityEvents"]) == 1
            assert (await app.get("/security-events?chargePoint=CP2"))["securityEvents"] == []
            check("Keys", await app.get("/keys"))
            check("Activity", await app.get("/activity"))
        # They are there after a restart.
        async with central_app(tmp_path) as app:
            assert (await app.get("/security-events"))["securityEvents"] == found["securityEvents"]

    run(main)


async def command(control: str, *arguments: str, folder: Path, text: str = "") -> tuple[int, str]:
    tokens = folder / "tokens"
    if not tokens.exists():
        tokens.touch(0o600)
        tokens.write_text(f"operate {OPERATE}\nread {READ}\n")
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "key", *arguments, "--control", control, "--token-file", str(tokens),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(text.encode())
    assert process.returncode is not None
    return process.returncode, (out or err).decode().strip()


def test_the_command_sets_lists_changes_and_removes_keys(tmp_path: Path) -> None:
    async def main() -> None:
        async with secured(tmp_path) as app:

            async def key(*arguments: str, text: str = "") -> tuple[int, str]:
                return await command(app.control, *arguments, folder=tmp_path, text=text)

            code, made = await key("set", "CP1")
            assert code == 0
            assert len(bytes.fromhex(made)) == 20
            code, told = await key("set", "CP2", "--stdin", text=KEY.hex() + "\n")
            assert (code, told) == (0, "CP2 has the key that was given")
            code, told = await key("set", "CP2", "--stdin", text="secret")
            assert code == 2
            assert "secret" not in told
            code, told = await key("list")
            assert code == 0
            assert [line.split()[0] for line in told.splitlines()] == ["CP1", "CP2"]
            code, told = await key("list", "--output", "json")
            assert [json.loads(line)["identity"] for line in told.splitlines()] == ["CP1", "CP2"]
            code, told = await key("rotate", "CP1")
            assert (code, "not connected" in told or "no such" in told) == (3, True)
            assert await key("remove", "CP1") == (0, "")
            assert (await key("remove", "CP1"))[0] == 3
        code, told = await command("http://127.0.0.1:1", "list", folder=tmp_path)
        assert code == 6

    run(main)
