"""`ocpp16 charge-point` and `ocpp16 central-system` against each other, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import CentralSystem, messages
from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.charge_point.fleet import Orders, run_fleet
from ocpp16.apps.charge_point.session import Plan
from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.enums import ChargePointStatus, Reason, ResetType
from ocpp16.settings import Settings
from tests.apps.doubles import ACCEPTED, BLOCKED, Ears
from tests.parties import ENDPOINT, run, until

FAST = 1_000_000.0
"""So fast that a tick is over a day: a plan is over after one."""
SLOW = 600.0
"""A tick is a minute: there is time to do something meanwhile."""
QUICK = Settings(
    reconnect_wait=timedelta(milliseconds=5), reconnect_bound=timedelta(milliseconds=9)
)


class Site:
    """A central system with its books, and one charge point at work."""

    def __init__(self, office: BackOffice, central: CentralSystem, url: str) -> None:
        self.office = office
        self.central = central
        self.url = url
        self.ears = Ears()
        self.stop = asyncio.Event()

    async def charge(self, plan: Plan, hardware: Hardware | None = None) -> bool:
        return await run_fleet(
            hardware or Hardware(identity="CP1"),
            self.url,
            Orders(plan=plan),
            tell=self.ears,
            stop=self.stop,
            settings=QUICK,
        )

    async def ask(self, request: Any) -> Any:
        peer = await self.central.wait_for("CP1", registered=True, timeout=5)
        return await peer.call(request)

    @property
    def actions(self) -> list[str]:
        return [exchange.action for exchange in self.ears.exchanges]

    @property
    def status(self) -> dict[int, ChargePointStatus]:
        return self.office.charge_points["CP1"].statuses

    async def transaction(self, count: int = 1) -> Any:
        await until(lambda: len(self.office.transactions) == count)
        return list(self.office.transactions.values())[-1]


def play(body: Callable[[Site], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        central = CentralSystem()
        office = BackOffice(now=central.clock.now, tell=Ears(), **options)
        office.register(central)
        async with central.serve(json=ENDPOINT) as server:
            await body(Site(office, central, server.urls.json))

    run(main)


def test_one_session_from_boot_to_unplugging() -> None:
    async def body(site: Site) -> None:
        assert await site.charge(Plan(speed=FAST, duration=timedelta(minutes=18)))
        transaction = await site.transaction()
        assert (transaction.energy, transaction.reason) == (3300, Reason.LOCAL)
        assert transaction.reading == 2750
        assert site.status == dict.fromkeys((0, 1, 2), ChargePointStatus.AVAILABLE)
        assert site.actions == [
            "BootNotification",
            *3 * ["StatusNotification"],
            "StatusNotification",
            "Authorize",
            "StartTransaction",
            "StatusNotification",
            *3 * ["MeterValues"],
            "StopTransaction",
            *2 * ["StatusNotification"],
        ]
        last = [remark.text for remark in site.ears.remarks if "Wh" in remark.text]
        assert last == [f"transaction {transaction.id}: 3300 Wh in 18 minutes"]

    play(body)


def test_a_session_ends_when_the_car_has_enough() -> None:
    async def body(site: Site) -> None:
        plan = Plan(speed=SLOW, duration=timedelta(hours=9), energy=500, connector=2)
        assert await site.charge(plan, Hardware(identity="CP1", power=30_000))
        assert (await site.transaction()).energy == 500

    play(body)


def test_a_remote_stop_ends_the_session() -> None:
    async def body(site: Site) -> None:
        session = asyncio.create_task(site.charge(Plan(speed=SLOW, duration=timedelta(days=9))))
        transaction = await site.transaction()
        await until(lambda: site.status.get(1) is ChargePointStatus.CHARGING)
        request = messages.RemoteStopTransactionRequest(transaction_id=transaction.id)
        assert (await site.ask(request)).status == "Accepted"
        assert await session
        assert transaction.reason is Reason.REMOTE
        assert site.status[1] is ChargePointStatus.AVAILABLE

    play(body)


def test_a_reset_ends_the_session_and_boots_again() -> None:
    async def body(site: Site) -> None:
        plan = Plan(speed=SLOW, duration=timedelta(days=9), stay=True)
        session = asyncio.create_task(site.charge(plan))
        transaction = await site.transaction()
        await until(lambda: site.status.get(1) is ChargePointStatus.CHARGING)
        await site.ask(messages.ResetRequest(type=ResetType.HARD))
        await until(lambda: site.office.charge_points["CP1"].boots == 2)
        await until(lambda: site.status[1] is ChargePointStatus.AVAILABLE)
        assert transaction.reason is Reason.HARD_RESET
        site.stop.set()
        assert await session

    play(body)


def test_an_interrupted_session_is_reported() -> None:
    async def body(site: Site) -> None:
        session = asyncio.create_task(site.charge(Plan(speed=SLOW, duration=timedelta(days=9))))
        transaction = await site.transaction()
        await until(lambda: site.status.get(1) is ChargePointStatus.CHARGING)
        site.stop.set()
        assert not await session
        assert transaction.reason is Reason.OTHER

    play(body)


def test_who_stays_serves_remote_starts() -> None:
    async def body(site: Site) -> None:
        plan = Plan(speed=FAST, duration=timedelta(minutes=1), stay=True)
        session = asyncio.create_task(site.charge(plan))
        first = await site.transaction()
        await until(lambda: first.stop)
        start = messages.RemoteStartTransactionRequest(connector_id=2, id_tag="B")
        assert (await site.ask(start)).status == "Accepted"
        second = await site.transaction(2)
        assert (second.connector, second.id_tag) == (2, "B")
        await until(lambda: second.reading)
        stop = messages.RemoteStopTransactionRequest(transaction_id=second.id)
        assert (await site.ask(stop)).status == "Accepted"
        await until(lambda: second.stop)
        assert second.reason is Reason.REMOTE
        await until(lambda: site.status[2] is ChargePointStatus.AVAILABLE)
        site.stop.set()
        assert await session

    play(body)


def test_a_tag_that_may_not_charge() -> None:
    async def body(site: Site) -> None:
        assert not await site.charge(Plan(speed=FAST, id_tag="LOST"))
        assert "LOST cannot charge here" in site.ears.warnings
        assert site.office.transactions == {}

    play(body, tags={"lost": BLOCKED})


def test_a_start_that_the_central_system_does_not_accept(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(site: Site) -> None:
        verdicts = iter([ACCEPTED])
        monkeypatch.setattr(site.office, "tag", lambda _: next(verdicts, BLOCKED))
        assert not await site.charge(Plan(speed=FAST))
        assert "the central system does not let CARD-1 go on" in site.ears.warnings
        transaction = await site.transaction()
        assert (transaction.energy, transaction.reason) == (0, Reason.DE_AUTHORIZED)

    play(body)


def test_it_can_be_stopped_while_it_waits_for_a_central_system() -> None:
    async def main() -> None:
        ears, stop = Ears(), asyncio.Event()
        waiting = asyncio.create_task(
            run_fleet(
                Hardware(identity="CP1"),
                "ws://127.0.0.1:1/ocpp",
                Orders(),
                tell=ears,
                stop=stop,
                settings=QUICK,
            )
        )
        await until(lambda: len(ears.warnings) > 2)
        stop.set()
        assert not await waiting

    run(main)


@pytest.mark.parametrize("url", ["foo", "ftp://127.0.0.1/"])
def test_a_url_that_is_none_ends_it_at_once(url: str) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="begins with none of ws"):
            await run_fleet(
                Hardware(identity="CP1"), url, Orders(), tell=Ears(), stop=asyncio.Event()
            )

    run(main)


def test_times_of_a_session_follow_the_real_clock_at_its_begin() -> None:
    async def body(site: Site) -> None:
        before = site.central.clock.now()
        await site.charge(Plan(speed=FAST))
        started = (await site.transaction()).started
        assert before - timedelta(seconds=1) < started < before + timedelta(seconds=5)

    play(body)
