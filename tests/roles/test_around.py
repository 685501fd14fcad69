"""What surrounds each call: entered before, left with the outcome, and never in the way."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.errors import CallFailed, NotSupported
from ocpp16.messages import (
    AuthorizeRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    ResetRequest,
    ResetResponse,
)
from ocpp16.roles.around import Around, CallContext
from ocpp16.roles.peer import Peer
from ocpp16.testing import connected
from tests.parties import HEARTBEAT, PULSE, RESET, make_central, make_station, run

Notes = list[tuple[str, str, bool, object]]


def noting(notes: Notes) -> Around:
    @contextmanager
    def note(context: CallContext) -> Iterator[None]:
        name = type(context.request).__name__
        notes.append(("in", name, context.is_ours, context.id))
        try:
            yield
        except Exception as error:
            notes.append(("out", name, context.is_ours, type(error).__name__))
            raise
        notes.append(("out", name, context.is_ours, context.response))

    return note


def test_both_ends_of_a_call_are_surrounded() -> None:
    async def main() -> None:
        here: Notes = []
        there: Notes = []
        central, station = make_central(), make_station()
        central.around(noting(there))
        station.around(noting(here))
        async with connected(central, station) as (_, backend):
            await backend.call(HEARTBEAT, call_id="beat")
        assert here == [
            ("in", "HeartbeatRequest", True, "beat"),
            ("out", "HeartbeatRequest", True, PULSE),
        ]
        assert there == [
            ("in", "HeartbeatRequest", False, "beat"),
            ("out", "HeartbeatRequest", False, PULSE),
        ]

    run(main)


def test_an_error_comes_through_it() -> None:
    async def main() -> None:
        here: Notes = []
        there: Notes = []
        central, station = make_central(), ChargePoint("CP1")
        central.around(noting(there))
        station.around(noting(here))

        @station.on(ResetRequest)
        async def reset(peer: Peer, request: ResetRequest) -> ResetResponse:
            raise NotSupported("no")

        async with connected(central, station) as (peer, _):
            with pytest.raises(CallFailed):
                await peer.call(RESET, call_id="r")
        assert [note[0] for note in here] == ["in", "out"]
        assert here[1][3] == "NotSupported"
        assert there[1][3] == "CallFailed"

    run(main)


def test_context_variables_reach_the_handler() -> None:
    async def main() -> None:
        who = contextvars.ContextVar("who", default="nobody")
        heard: list[str] = []
        central, station = CentralSystem(), make_station()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            heard.append(who.get())
            return PULSE

        @central.around
        @contextmanager
        def name(context: CallContext) -> Iterator[None]:
            token = who.set(context.peer.identity)
            yield
            who.reset(token)

        async with connected(central, station) as (_, backend):
            await backend.call(HEARTBEAT)
        assert (heard, who.get()) == (["CP1"], "nobody")

    run(main)


def test_several_are_nested_in_the_order_of_their_registration() -> None:
    async def main() -> None:
        order: list[str] = []
        central, station = make_central(), make_station()

        def add(name: str) -> None:
            @central.around
            @contextmanager
            def note(context: CallContext) -> Iterator[None]:
                order.append(f"{name} in")
                yield
                order.append(f"{name} out")

        add("a")
        add("b")
        async with connected(central, station) as (_, backend):
            await backend.call(HEARTBEAT)
        assert order == ["a in", "b in", "b out", "a out"]

    run(main)


def test_one_that_fails_or_swallows_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        central, station = make_central(), make_station()

        @central.around
        def never(context: CallContext) -> suppress:
            raise RuntimeError("not entered")

        @central.around
        @contextmanager
        def badly(context: CallContext) -> Iterator[None]:
            yield
            raise RuntimeError("not left")

        @central.around
        def swallowing(context: CallContext) -> suppress:
            return suppress(Exception)

        async with connected(central, station) as (_, backend):
            assert await backend.call(HEARTBEAT) == PULSE
            with pytest.raises(CallFailed):
                await backend.call(AuthorizeRequest(id_tag="TAG1"))

    run(main)
    assert "could not be entered: " in caplog.text
    assert "could not be left: " in caplog.text
