"""The tracer tells calls with their answers, whoever calls."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import pytest

from ocpp16 import CentralSystem
from ocpp16.apps import tracer
from ocpp16.apps.exchange import Exchange, LogRemarks
from ocpp16.apps.tracer import Tracer
from ocpp16.errors import CallFailed, ErrorCode, InvalidResponse
from ocpp16.roles.event import FrameIn, FrameOut
from ocpp16.roles.peer import Peer
from ocpp16.spec import Side
from ocpp16.testing import HandClock, loopback_pair
from tests.apps.doubles import NOON, Ears
from tests.parties import BOOT, HEARTBEAT, RESET, make_central, make_station, run


def test_calls_of_both_sides_are_told_with_their_time() -> None:
    async def main() -> None:
        clock = HandClock(NOON)
        central, station = make_central(clock=clock), make_station(clock)
        ears, own = Ears(), Ears()
        Tracer(station, ears)
        Tracer(central, own, own_only=True)
        pair = loopback_pair(central, station, to_central=lambda _: (0.25,))
        async with pair.connected() as (peer, backend):
            task = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.advance(1)
            await task
            reset_task = asyncio.create_task(peer.call(RESET))
            await clock.advance(1)
            await reset_task
        heartbeat, reset = ears.exchanges
        assert (heartbeat.action, heartbeat.sender) == ("Heartbeat", Side.CHARGE_POINT)
        assert (heartbeat.identity, heartbeat.wire) == ("CP1", "ocppj")
        assert (heartbeat.ok, heartbeat.seconds) == (True, 0.25)
        assert (reset.action, reset.sender) == ("Reset", Side.CENTRAL_SYSTEM)
        assert [exchange.action for exchange in own.exchanges] == ["Reset"]
        assert own.exchanges[0].seconds == 0.25

    run(main)


class Somebody:
    """As much of a peer as a tracer looks at."""

    identity = "CP1"
    binding = "ocppj"


def feed(*frames: str, own_only: bool = False) -> list[Exchange]:
    """Let a central system see frames; `<` came in, `>` went out."""
    central, ears, peer = CentralSystem(clock=HandClock(NOON)), Ears(), cast("Peer", Somebody())
    Tracer(central, ears, own_only=own_only)
    for frame in frames:
        event = FrameIn if frame[0] == "<" else FrameOut
        central.tell(event(peer, frame[1:].encode()))
    return ears.exchanges


def test_an_error_is_an_outcome() -> None:
    (exchange,) = feed('>[2,"1","Reset",{"type":"Hard"}]', '<[4,"1","NotSupported","no",{}]')
    assert (exchange.action, exchange.ok) == ("Reset", False)
    assert isinstance(exchange.outcome, CallFailed)
    assert exchange.outcome.code is ErrorCode.NOT_SUPPORTED


def test_an_invalid_answer_is_an_outcome() -> None:
    (exchange,) = feed('>[2,"1","Reset",{"type":"Hard"}]', '<[3,"1",{"status":"?"}]')
    assert isinstance(exchange.outcome, InvalidResponse)
    assert exchange.outcome.path == "/status"


def test_the_same_id_in_both_directions_is_two_calls() -> None:
    both = feed(
        '>[2,"1","Reset",{"type":"Hard"}]',
        '<[2,"1","Heartbeat",{}]',
        '<[3,"1",{"status":"Accepted"}]',
        '>[3,"1",{"currentTime":"2026-01-01T00:00:00Z"}]',
    )
    assert [(one.action, one.sender) for one in both] == [
        ("Reset", Side.CENTRAL_SYSTEM),
        ("Heartbeat", Side.CHARGE_POINT),
    ]


@pytest.mark.parametrize(
    "frames",
    [
        ("<hello",),
        ('<[3,"1",{}]',),
        ('<[2,"1","NoSuchAction",{}]', '>[4,"1","NotImplemented","",{}]'),
        ('<[2,"1","Authorize",{}]', '>[4,"1","OccurenceConstraintViolation","",{}]'),
        ('<[2,"1","Heartbeat",{},{}]', '>[4,"1","FormationViolation","",{}]'),
        ('>[2,"1","Reset",{"type":"Hard"}]', '<[3,"1"]'),
        ('>[2,"1","Reset",{"type":"Hard"}]', '<[3,"2",{"status":"Accepted"}]'),
    ],
)
def test_what_cannot_be_read_or_paired_is_not_told(frames: tuple[str, ...]) -> None:
    assert feed(*frames) == []


def test_only_so_many_open_calls_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracer, "OPEN_CALLS", 2)
    calls = [f'>[2,"{number}","Reset",{{"type":"Hard"}}]' for number in range(3)]
    answers = [f'<[3,"{number}",{{"status":"Accepted"}}]' for number in range(3)]
    assert len(feed(*calls, *answers)) == 2


def test_the_lines_of_the_log_become_remarks() -> None:
    ears = Ears()
    logger = logging.getLogger("ocpp16.anything")
    with LogRemarks(ears):
        logger.info("fine")
        logger.warning("not fine")
        logger.debug("too much")
    logger.warning("over")
    assert [(remark.text, remark.is_warning) for remark in ears.remarks] == [
        ("fine", False),
        ("not fine", True),
    ]
    assert logging.getLogger("ocpp16").level == logging.NOTSET


def test_a_boot_is_told() -> None:
    async def main() -> None:
        central, station = make_central(), make_station()
        ears = Ears()
        Tracer(station, ears)
        async with loopback_pair(central, station).connected(boot=BOOT):
            pass
        assert [exchange.action for exchange in ears.exchanges] == ["BootNotification"]

    run(main)
