"""Registrations in a store: they outlive the process, and are there before the answer leaves."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ocpp16 import CentralSystem
from ocpp16.errors import CallFailed, ErrorCode
from ocpp16.storage import Registration, Registrations
from ocpp16.store import registrations as module
from ocpp16.store.database import Database
from ocpp16.store.error import StoreBusy
from ocpp16.store.registrations import SCHEMA, StoredRegistrations
from tests.parties import (
    ACCEPTED,
    BOOT,
    ENDPOINT,
    HEARTBEAT,
    booted,
    make_central,
    make_station,
    run,
)

ACCEPTANCE = Registration(status="Accepted", interval=300)


def test_registrations_outlive_the_process(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            stored = await StoredRegistrations.load(database)
            kept: Registrations = stored
            assert kept.find("CP1") is None
            await stored.keep("CP1", Registration(status="Pending", interval=60))
            await stored.keep("CP1", ACCEPTANCE)
            await stored.keep("CP2", ACCEPTANCE)
            await stored.keep("a\0\udc80b", ACCEPTANCE)
            await stored.forget("CP2")
            assert stored.find("CP1") == ACCEPTANCE
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            again = await StoredRegistrations.load(database)
            assert again.find("CP1") == ACCEPTANCE
            assert again.find("CP2") is None

    run(main)


def test_what_was_decided_elsewhere_is_kept_too(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            stored = await StoredRegistrations.load(database)
            kept = CentralSystem(registrations=stored).register("CP1", ACCEPTANCE)
            assert kept is not None
            await kept
            assert (await StoredRegistrations.load(database)).find("CP1") == ACCEPTANCE

    run(main)


def test_what_is_known_already_is_not_written_again(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            stored = await StoredRegistrations.load(database)
            await stored.keep("CP1", ACCEPTANCE)
            await database.write(lambda each: each.execute(sa.delete(module.TABLE)).close())
            await stored.keep("CP1", ACCEPTANCE)
            assert (await StoredRegistrations.load(database)).find("CP1") is None

    run(main)


def test_what_cannot_be_stored_is_not_answered(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            stored = await StoredRegistrations.load(database)
            central = make_central([booted(ACCEPTED)] * 2, registrations=stored)
            async with (
                central.serve(json=ENDPOINT) as server,
                make_station().connect(server.urls["json"]) as backend,
            ):
                with monkeypatch.context() as patch:
                    patch.setattr(module, "_put", _no_room)
                    with pytest.raises(CallFailed) as caught:
                        await backend.call(BOOT)
                assert caught.value.code is ErrorCode.INTERNAL_ERROR
                assert stored.find("CP1") is None
                # It is as unknown as before.
                with pytest.raises(CallFailed) as caught:
                    await backend.call(HEARTBEAT)
                assert caught.value.code is ErrorCode.SECURITY_ERROR
                assert (await backend.call(BOOT)).status is ACCEPTED
                await backend.call(HEARTBEAT)
            assert (await StoredRegistrations.load(database)).find("CP1") == ACCEPTANCE

    run(main)


def _no_room(*_: object) -> None:
    raise StoreBusy("no room")


def test_after_a_restart_an_accepted_charge_point_goes_on_without_a_boot(url: str) -> None:
    async def once(*, boots: bool) -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            central: CentralSystem = make_central(
                registrations=await StoredRegistrations.load(database)
            )
            async with (
                central.serve(json=ENDPOINT) as server,
                make_station().connect(server.urls["json"]) as backend,
            ):
                if boots:
                    await backend.call(BOOT)
                await backend.call(HEARTBEAT)

    async def main() -> None:
        await once(boots=True)
        await once(boots=False)

    run(main)
