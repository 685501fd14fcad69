"""Keys and profiles reached in a store: they outlive the process, as salted hashes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from ocpp16 import CentralSystem, Credentials, ServerSecurity
from ocpp16.enums import ConfigurationStatus
from ocpp16.errors import CallFailed, InternalError
from ocpp16.messages import ChangeConfigurationRequest, ChangeConfigurationResponse
from ocpp16.roles.backend import Backend
from ocpp16.security.auth import hash_key, matches
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.profiles import ReachedProfiles
from ocpp16.store.database import Database
from ocpp16.store.error import StoreBusy
from ocpp16.store.security import keys as module
from ocpp16.store.security.keys import StoredCredentials
from ocpp16.store.security.reached import StoredReachedProfiles
from ocpp16.store.security.tables import KEYS, REACHED, SCHEMA
from tests.parties import ENDPOINT, HEARTBEAT, PULSE, make_central, make_station, run

KEY, NEW = bytes(range(20)), bytes(range(200, 220))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def valid(credentials: Credentials) -> list[bytes]:
    stored = await credentials.find("CP1") or ()
    return [key for key in (KEY, NEW) if any(matches(each, key) for each in stored)]


def test_keys_outlive_the_process_as_salted_hashes(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            stored = await StoredCredentials.load(store, lambda: NOON)
            credentials: Credentials = stored
            assert await credentials.find("CP1") is None
            await stored.add("CP1", KEY)
            await stored.add("CP2", KEY.hex())
            await stored.add("CP3", KEY)
            await stored.keep("CP3", (hash_key(KEY), hash_key(NEW)))
            assert await stored.remove("CP2")
            assert not await stored.remove("CP2")
            rows = await store.read(lambda each: each.execute(sa.select(KEYS)).fetchall())
            assert len({row.hash for row in rows}) == len(rows) == 3
            assert all(KEY.hex() not in row.hash.lower() for row in rows)
            before = dict(stored.known)
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            again = await StoredCredentials.load(store)
            assert again.known == before
            assert sorted(again.known) == ["CP1", "CP3"]
            assert again.known["CP1"].since == NOON
            assert await valid(again) == [KEY]
            third = await again.find("CP3") or ()
            assert [matches(third[0], KEY), matches(third[1], NEW)] == [True, True]
            assert third[0] not in repr(again.known)

    run(main)


def test_a_key_given_at_the_start_does_not_bring_an_old_one_back(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            stored = await StoredCredentials.load(store)
            assert await stored.enter("CP1", KEY)
            assert await stored.enter("CP1", KEY)
            assert not await stored.enter("CP1", NEW)
            assert await valid(stored) == [KEY]
            with pytest.raises(ValueError, match="32 to 40 hex digits"):
                await stored.add("CP1", "12")

    run(main)


def test_what_cannot_be_stored_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            stored = await StoredCredentials.load(store)
            await stored.add("CP1", KEY)
            with monkeypatch.context() as patch:
                patch.setattr(module, "_put", _no_room)
                with pytest.raises(StoreBusy):
                    await stored.add("CP1", NEW)
            assert await valid(stored) == [KEY]
            assert await valid(await StoredCredentials.load(store)) == [KEY]

    run(main)


def _no_room(*_: object) -> None:
    raise StoreBusy("no room")


def test_a_profile_reached_outlives_the_process_and_never_goes_down(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            stored = await StoredReachedProfiles.load(store, lambda: NOON)
            reached: ReachedProfiles = stored
            assert await reached.find("CP1") == 0
            await reached.keep("CP1", 2)
            await reached.keep("CP1", 1)
            assert await reached.find("CP1") == 2
            # Another one that has not heard of it does not lower it either.
            stale = StoredReachedProfiles(store, {}, lambda: NOON)
            await stale.keep("CP1", 1)
            await reached.keep("CP1", 3)
            await reached.keep("CP2", 1)
            assert stored.known == {"CP1": 3, "CP2": 1}
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            again = await StoredReachedProfiles.load(store)
            assert again.known == {"CP1": 3, "CP2": 1}
            (row,) = await store.read(
                lambda each: each.execute(sa.select(REACHED).where(REACHED.c.profile == 3)).all()
            )
            assert row.since == NOON
            await again.forget("CP1")
            assert (await StoredReachedProfiles.load(store)).known == {"CP2": 1}

    run(main)


async def central_of(store: Database) -> tuple[CentralSystem, StoredCredentials]:
    credentials = await StoredCredentials.load(store)
    central = make_central(
        security=ServerSecurity(profiles=1, credentials=credentials),
        reached=await StoredReachedProfiles.load(store),
    )
    return central, credentials


def test_a_lower_profile_is_refused_after_a_restart_too(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            central, credentials = await central_of(store)
            await credentials.add("CP1", KEY)
            security = StationSecurity(profile=1, authorization_key=KEY)
            async with (
                central.serve(json=ENDPOINT) as server,
                make_station().connect(server.urls.json, security=security) as backend,
            ):
                assert await backend.call(HEARTBEAT) == PULSE
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            central, _ = await central_of(store)
            nothing = ServerSecurity(profiles=0)
            async with central.serve(json=ENDPOINT, security=nothing) as server:
                with pytest.raises(OSError, match="403"):
                    async with make_station().connect(server.urls.json):
                        pass

    run(main)


@pytest.mark.parametrize("used", [KEY, NEW])
@pytest.mark.parametrize("how", ["before the answer", "after the answer"])
def test_a_rotation_survives_a_crash_whichever_key_the_charge_point_has(
    url: str, how: str, used: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both keys are valid in the store from before the request until one is used."""

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            central, credentials = await central_of(store)
            await credentials.add("CP1", KEY)
            station = make_station()

            @station.on(ChangeConfigurationRequest)
            async def change(peer: Backend, request: object) -> ChangeConfigurationResponse:
                # Stored before the charge point hears of it.
                assert await valid(await StoredCredentials.load(store)) == [KEY, NEW]
                monkeypatch.setattr(module, "_put", _no_room)
                if how == "before the answer":
                    raise InternalError
                return ChangeConfigurationResponse(status=ConfigurationStatus.ACCEPTED)

            security = StationSecurity(profile=1, authorization_key=KEY)
            async with (
                central.serve(json=ENDPOINT) as server,
                station.connect(server.urls.json, security=security, reconnect=False),
            ):
                await central.wait_for("CP1", timeout=5)
                # From here on nothing reaches the store any more: the process is as good as dead.
                with pytest.raises(CallFailed if how == "before the answer" else StoreBusy):
                    await central.rotate_key("CP1", NEW)
        monkeypatch.undo()
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            central, credentials = await central_of(store)
            assert await valid(credentials) == [KEY, NEW]
            async with central.serve(json=ENDPOINT) as server:
                security = StationSecurity(profile=1, authorization_key=used)
                async with make_station().connect(server.urls.json, security=security) as backend:
                    assert await backend.call(HEARTBEAT) == PULSE
            # The charge point has shown which it has: the other one is valid no more.
            assert await valid(await StoredCredentials.load(store)) == [used]

    run(main)
