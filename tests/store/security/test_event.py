"""Security events that were told: kept, so many of each charge point, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ocpp16.messages import SecurityEventNotificationRequest
from ocpp16.store.database import Database
from ocpp16.store.security.event import take, told_events
from ocpp16.store.security.tables import SCHEMA
from tests.parties import run

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def event(type: str, seconds: int = 0, info: str | None = None) -> SecurityEventNotificationRequest:
    at = NOON + timedelta(seconds=seconds)
    return SecurityEventNotificationRequest(type=type, timestamp=at, tech_info=info)


def test_events_are_kept_once_and_so_many_of_each(url: str) -> None:
    async def main() -> None:
        async def tell(identity: str, request: SecurityEventNotificationRequest) -> bool:
            return await store.write(lambda each: take(each, identity, request, now=NOON, limit=3))

        async with await Database.open(url, schemas=[SCHEMA]) as store:
            startup = event("StartupOfTheDevice", info="a\0b")
            assert await tell("CP1", startup)
            assert not await tell("CP1", startup)
            assert await tell("CP2", startup)
            assert await tell("CP1", event("StartupOfTheDevice"))
            assert not await tell("CP1", event("StartupOfTheDevice"))
            for second in range(1, 4):
                assert await tell("CP1", event("InvalidMessages", second))
        async with await Database.open(url, schemas=[SCHEMA]) as store:
            found = await store.read(told_events)
            assert [(each.identity, each.type, each.is_critical) for each in found] == [
                ("CP1", "InvalidMessages", False),
                ("CP1", "InvalidMessages", False),
                ("CP1", "InvalidMessages", False),
                ("CP2", "StartupOfTheDevice", True),
            ]
            assert found[0].at == NOON + timedelta(seconds=3)
            assert (found[-1].tech_info, found[-1].received) == ("a\u2400b", NOON)
            of = await store.read(lambda each: told_events(each, identity="CP2"))
            assert of == found[3:]
            of = await store.read(lambda each: told_events(each, type="InvalidMessages", limit=2))
            assert of == found[:2]
            of = await store.read(lambda each: told_events(each, before=found[1].number))
            assert of == found[2:]

    run(main)
