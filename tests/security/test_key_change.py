"""AuthorizationKey changed by ChangeConfiguration, at both ends and on both wires (W A01)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import (
    Backend,
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    CentralSystem,
    MemoryCredentials,
    SessionClosed,
    Settings,
)
from ocpp16.enums import ConfigurationStatus
from ocpp16.errors import InternalError
from ocpp16.messages import ChangeConfigurationRequest, ChangeConfigurationResponse
from ocpp16.roles.event import FrameIn, FrameOut, SecurityChanged
from ocpp16.security.auth import matches
from ocpp16.security.profile_change import is_authorization_key
from tests.parties import (
    HEARTBEAT,
    PULSE,
    REJECTED,
    RESET,
    RESET_DONE,
    booted,
    drained,
    kinds,
    make_station,
    run,
    until,
)
from tests.security.authority import KEY, Authority
from tests.security.serving import ask, guarded, login, open_socket
from tests.transports.raw_socket import TEXT

NEW = bytes(range(200, 220))
OTHER = bytes(range(50, 70))
STATUS = {"json": 101, "soap": 200}


@pytest.fixture(params=["json", "soap"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def both(
    authority: Authority, wire: str, handler: Any = None, **options: Any
) -> AsyncIterator[tuple[CentralSystem, str, Backend, MemoryCredentials, list[bytes]]]:
    """Connect CP1, which keeps its key in a list."""
    kept: list[bytes] = []
    credentials = MemoryCredentials({"CP1": KEY})
    station = make_station(settings=_quick())

    @station.on(ChangeConfigurationRequest)
    async def change(
        peer: Backend, request: ChangeConfigurationRequest
    ) -> ChangeConfigurationResponse:
        assert is_authorization_key(request.key)
        if handler is not None:
            return await handler(peer, request)  # type: ignore[no-any-return]
        status = await peer.change_key(request.value, kept.append)
        return ChangeConfigurationResponse(status=status)

    security = authority.server(1, credentials=credentials)
    async with (
        guarded(security, wire=wire, **options) as (central, url),
        station.connect(
            url,
            security=authority.station(1),
            listen=None if wire == "json" else "http://127.0.0.1:0/",
        ) as backend,
    ):
        assert await backend.call(HEARTBEAT) == PULSE
        await central.wait_for("CP1", timeout=5)
        yield central, url, backend, credentials, kept


def _quick() -> Settings:
    return Settings(
        reconnect_wait=timedelta(0),
        drain_timeout=timedelta(0),
        callback_networks=["127.0.0.0/8"],
    )


async def valid(credentials: MemoryCredentials) -> list[bytes]:
    """Return which of the keys are valid."""
    stored = await credentials.find("CP1") or ()
    return [key for key in (KEY, NEW, OTHER) if any(matches(each, key) for each in stored)]


def test_after_accepted_only_the_new_key_is_valid_and_the_charge_point_comes_back_with_it(
    authority: Authority, wire: str
) -> None:
    async def main() -> None:
        async with both(authority, wire) as (central, url, backend, credentials, kept):
            before = backend.info
            events = central.events()
            assert await central.rotate_key("CP1", NEW) is ConfigurationStatus.ACCEPTED
            assert kept == [NEW]
            assert await valid(credentials) == [NEW]
            assert (await ask(url, headers=login(), wire=wire)).status == 401
            await until(lambda: backend.is_connected and backend.info is not before)
            assert backend.security is not None
            assert backend.security.authorization_key == NEW
            assert await backend.call(HEARTBEAT) == PULSE
            peer = await central.wait_for("CP1", timeout=5)
            await until(lambda: central.peers["CP1"].is_connected)
            peer = central.peers["CP1"]
            assert await peer.call(RESET) == RESET_DONE
            assert (await ask(url, headers=login(), wire=wire)).status == 401
            await drained(events)

    run(main)


def test_the_answer_leaves_before_the_connection_ends(authority: Authority) -> None:
    async def main() -> None:
        async with both(authority, "json") as (central, _, backend, _, _):
            events = backend._station.events()  # type: ignore[attr-defined]
            # Two calls that stand in line meanwhile are made over whichever connection there is.
            calls = [asyncio.create_task(backend.call(HEARTBEAT)) for _ in range(2)]
            assert await central.rotate_key("CP1", NEW) is ConfigurationStatus.ACCEPTED
            assert await backend.call(HEARTBEAT) == PULSE
            for call in calls:
                assert await call == PULSE
            told = await drained(events)
            (changed,) = [each for each in told if isinstance(each, SecurityChanged)]
            assert (changed.name, changed.is_reverted) == ("AuthorizationKey", False)
            names = kinds(told)
            assert names.index("SecurityChanged") < names.index("Disconnected")
            others = [each for each in told if not isinstance(each, FrameIn | FrameOut)]
            assert NEW.hex() not in repr(others).lower()

    run(main)


@pytest.mark.parametrize("value", ["", "00" * 15, "00" * 21, "0" * 33, "zz" * 16, "secret"])
def test_what_is_no_key_is_rejected_and_changes_nothing(authority: Authority, value: str) -> None:
    async def main() -> None:
        async with both(authority, "json") as (central, _, backend, credentials, kept):
            before = backend.info
            answer = await central.peers["CP1"].call(
                ChangeConfigurationRequest(key="authorizationkey", value=value)
            )
            assert answer.status is ConfigurationStatus.REJECTED
            assert await backend.call(HEARTBEAT) == PULSE
            assert backend.info is before
            assert kept == []
            assert await valid(credentials) == [KEY]

    run(main)


@pytest.mark.parametrize(
    "status", [ConfigurationStatus.REJECTED, ConfigurationStatus.NOT_SUPPORTED]
)
def test_otherwise_the_old_key_stays(
    authority: Authority, wire: str, status: ConfigurationStatus
) -> None:
    async def main() -> None:
        async def refuse(peer: Backend, request: Any) -> ChangeConfigurationResponse:
            return ChangeConfigurationResponse(status=status)

        async with both(authority, wire, refuse) as (central, url, _, credentials, _):
            assert await central.rotate_key("CP1", NEW) is status
            assert await valid(credentials) == [KEY]
            assert (await ask(url, headers=login(key=NEW), wire=wire)).status == 401

    run(main)


@pytest.mark.parametrize("used", [KEY, NEW])
def test_where_the_outcome_is_unknown_a_connection_shows_which(
    authority: Authority, used: bytes
) -> None:
    async def main() -> None:
        async def fail(peer: Backend, request: Any) -> ChangeConfigurationResponse:
            raise InternalError

        async with both(authority, "json", fail) as (central, url, _, credentials, _):
            with pytest.raises(CallFailed):
                await central.rotate_key("CP1", NEW)
            assert await valid(credentials) == [KEY, NEW]
            assert (await ask(url, headers=login(key=OTHER))).status == 401
            assert await valid(credentials) == [KEY, NEW]
            assert (await ask(url, headers=login(key=used))).status == 101
            assert await valid(credentials) == [used]

    run(main)


def test_no_answer_and_a_lost_connection_are_unknown_outcomes(authority: Authority) -> None:
    async def main() -> None:
        asked = asyncio.Event()

        async def hang(peer: Backend, request: Any) -> ChangeConfigurationResponse:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

        limits = {"call_timeout": timedelta(seconds=0.2)}
        async with both(authority, "json", hang, **limits) as (central, _, _, credentials, _):
            with pytest.raises(CallTimeout):
                await central.rotate_key("CP1", NEW)
            assert await valid(credentials) == [KEY, NEW]
            asked.clear()
            rotating = asyncio.create_task(central.rotate_key("CP1", OTHER))
            await asked.wait()
            central.peers["CP1"].close()
            with pytest.raises(SessionClosed):
                await rotating
            # It is back with the old one by now, or will be.
            await central.wait_for("CP1", timeout=5)

            async with asyncio.timeout(5):
                while await valid(credentials) != [KEY]:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.01)

    run(main)


def test_while_a_key_is_changed_the_old_one_proves_nothing(authority: Authority) -> None:
    async def main() -> None:
        asked, go = asyncio.Event(), asyncio.Event()

        async def wait(peer: Backend, request: Any) -> ChangeConfigurationResponse:
            asked.set()
            await go.wait()
            return ChangeConfigurationResponse(status=ConfigurationStatus.ACCEPTED)

        async with both(authority, "soap", wait) as (central, url, _, credentials, _):
            rotating = asyncio.create_task(central.rotate_key("CP1", NEW))
            await asked.wait()
            assert await valid(credentials) == [KEY, NEW]
            assert (await ask(url, headers=login(), host="127.0.0.1", wire="soap")).status == 200
            assert await valid(credentials) == [KEY, NEW]
            with pytest.raises(CallNotAllowed, match="is being changed already"):
                await central.rotate_key("CP1", OTHER)
            go.set()
            assert await rotating is ConfigurationStatus.ACCEPTED
            assert await valid(credentials) == [NEW]

    run(main)


def test_on_soap_the_old_key_is_not_remembered_from_before(authority: Authority) -> None:
    async def main() -> None:
        async with both(authority, "soap") as (central, url, backend, _, _):
            origin = backend.info.callback
            assert origin is not None
            again: dict[str, Any] = {"headers": login(), "wire": "soap", "origin": origin}
            # The very request that lets it in, twice.
            assert (await ask(url, **again)).status == 200
            assert await central.rotate_key("CP1", NEW) is ConfigurationStatus.ACCEPTED
            assert (await ask(url, **again)).status == 401

    run(main)


def test_where_nothing_is_sent_the_new_key_is_forgotten(authority: Authority) -> None:
    async def main() -> None:
        credentials = MemoryCredentials({"CP1": KEY})
        security = authority.server(1, credentials=credentials)
        boot = b'[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
        async with (
            guarded(security, boots=[booted(REJECTED)]) as (central, url),
            await open_socket(url) as socket,
        ):
            assert (await socket.ask("/ocpp/CP1", login())).status == 101
            socket.send(TEXT, boot)
            assert "Rejected" in await socket.text()
            with pytest.raises(CallNotAllowed):
                await central.rotate_key("CP1", NEW)
            assert await valid(credentials) == [KEY]

    run(main)


def test_what_cannot_be_changed_is_told_and_nothing_is_sent(authority: Authority) -> None:
    async def main() -> None:
        async with both(authority, "json") as (central, _, _, credentials, kept):
            with pytest.raises(CallNotAllowed, match="'CP9' is not connected"):
                await central.rotate_key("CP9")
            with pytest.raises(ValueError, match="16 to 20 bytes"):
                await central.rotate_key("CP1", b"short")
            assert kept == []
            assert await valid(credentials) == [KEY]

    run(main)


def test_a_key_that_cannot_be_kept_is_not_accepted(authority: Authority) -> None:
    async def main() -> None:
        def full(key: bytes) -> None:
            raise OSError("no space left")

        async def change(peer: Backend, request: Any) -> ChangeConfigurationResponse:
            status = await peer.change_key(request.value, full)
            return ChangeConfigurationResponse(status=status)

        async with both(authority, "json", change) as (central, _, backend, credentials, _):
            with pytest.raises(CallFailed, match="InternalError"):
                await central.rotate_key("CP1", NEW)
            assert backend.security is not None
            assert backend.security.authorization_key == KEY
            assert await backend.call(HEARTBEAT) == PULSE
            assert await valid(credentials) == [KEY, NEW]

    run(main)


def test_a_new_key_that_is_refused_again_and_again_gives_way_to_the_old_one(
    authority: Authority,
) -> None:
    async def main() -> None:
        async with both(authority, "json") as (central, _, backend, credentials, kept):
            events = backend._station.events()  # type: ignore[attr-defined]
            stored = await credentials.find("CP1") or ()
            # A central system that does not learn of Accepted, and keeps the old key.
            answer = await central.peers["CP1"].call(
                ChangeConfigurationRequest(key="AuthorizationKey", value=NEW.hex())
            )
            assert answer.status is ConfigurationStatus.ACCEPTED
            await until(lambda: kept == [NEW, KEY])
            assert await backend.call(HEARTBEAT) == PULSE
            assert backend.security is not None
            assert backend.security.authorization_key == KEY
            assert await credentials.find("CP1") == stored
            told = [each for each in await drained(events) if isinstance(each, SecurityChanged)]
            assert [each.is_reverted for each in told] == [False, True]

    run(main)


def test_a_random_key_is_made_and_never_logged(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        caplog.set_level("DEBUG")
        async with both(authority, "json") as (central, _, _, _, kept):
            assert await central.rotate_key("CP1") is ConfigurationStatus.ACCEPTED
            (key,) = kept
            assert len(key) == 20
            assert key.hex() not in caplog.text.lower()
            assert repr(key) not in caplog.text

    run(main)
