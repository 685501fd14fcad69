"""Handlers and hooks: who is called, with what, and what becomes of what they do."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar
from unittest import mock

import pytest

from ocpp16 import catalog
from ocpp16.dispatch import Dispatcher
from ocpp16.enums import RegistrationStatus, ResetStatus, ResetType
from ocpp16.errors import Fault, InternalError, NotSupported, SecurityError
from ocpp16.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    DataTransferRequest,
    DataTransferResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    ResetRequest,
    ResetResponse,
)
from ocpp16.spec import Side
from tests.exchange import HEARTBEAT, NOON, PULSE

T = TypeVar("T")

BOOT = BootNotificationRequest(charge_point_vendor="V", charge_point_model="M")
BOOTED = BootNotificationResponse(
    current_time=NOON, interval=300, status=RegistrationStatus.ACCEPTED
)


class Peer:
    """Whoever called."""


PEER = Peer()


class RunSync:
    """Runs a function at once, and counts."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, function: Callable[[], T], /) -> T:
        self.count += 1
        return function()


@pytest.fixture
def run_sync() -> RunSync:
    return RunSync()


@pytest.fixture
def dispatcher(run_sync: RunSync) -> Dispatcher[Peer]:
    return Dispatcher(Side.CENTRAL_SYSTEM, run_sync=run_sync)


def handle(dispatcher: Dispatcher[Peer], request: Any = HEARTBEAT) -> Any:
    return asyncio.run(dispatcher.handle(PEER, request))


def fault_of(dispatcher: Dispatcher[Peer], request: Any = HEARTBEAT) -> Fault:
    with pytest.raises(Fault) as raised:
        handle(dispatcher, request)
    return raised.value


def is_bare(fault: Fault) -> bool:
    """Tell whether a fault gives nothing away, to the peer or to a traceback printed later."""
    return (
        type(fault) is InternalError
        and (fault.description, dict(fault.details)) == ("", {})
        and fault.__cause__ is None
        and (fault.__context__ is None or fault.__suppress_context__)
    )


# Handlers


def test_a_coroutine_function_is_awaited(dispatcher: Dispatcher[Peer], run_sync: RunSync) -> None:
    given: list[object] = []

    @dispatcher.on(HeartbeatRequest)
    async def on_heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        await asyncio.sleep(0)
        given.extend((peer, request))
        return PULSE

    assert handle(dispatcher) is PULSE
    assert given == [PEER, HEARTBEAT]
    assert run_sync.count == 0


def test_a_plain_function_is_run_by_run_sync(
    dispatcher: Dispatcher[Peer], run_sync: RunSync
) -> None:
    @dispatcher.on(HeartbeatRequest)
    def on_heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        assert (peer, request) == (PEER, HEARTBEAT)
        return PULSE

    assert handle(dispatcher) is PULSE
    assert run_sync.count == 1


class Handlers:
    """Handlers in other shapes than a function."""

    async def method(self, peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        return PULSE

    async def __call__(self, peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        return PULSE

    async def partial(self, extra: int, peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        return PULSE


@pytest.mark.parametrize(
    "handler",
    [
        Handlers().method,
        Handlers(),
        functools.partial(Handlers().partial, 7),
        lambda peer, request: Handlers().method(peer, request),
        mock.AsyncMock(return_value=PULSE),
        mock.Mock(return_value=PULSE),
    ],
    ids=["method", "object", "partial", "lambda", "async mock", "mock"],
)
def test_whatever_can_be_called_can_be_a_handler(
    dispatcher: Dispatcher[Peer], handler: Any
) -> None:
    assert dispatcher.on(HeartbeatRequest)(handler) is handler
    assert handle(dispatcher) is PULSE


def test_decorators_return_the_function_unchanged_and_keep_its_type(
    dispatcher: Dispatcher[Peer],
) -> None:
    def sync(peer: Peer, request: BootNotificationRequest) -> BootNotificationResponse:
        return BOOTED

    async def coroutine(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        return PULSE

    async def hook(peer: Peer, request: HeartbeatRequest) -> None: ...

    kept = dispatcher.on(BootNotificationRequest)(sync)
    assert kept is sync
    assert kept(PEER, BOOT).interval == 300
    kept_coroutine = dispatcher.on(HeartbeatRequest)(coroutine)
    assert kept_coroutine is coroutine

    async def run() -> HeartbeatResponse:
        return await kept_coroutine(PEER, HEARTBEAT)

    assert asyncio.run(run()).current_time == NOON
    assert dispatcher.after(HeartbeatRequest)(hook) is hook


def test_handlers_of_another_message_do_not_pass_the_type_checker(
    dispatcher: Dispatcher[Peer],
) -> None:
    # The comments are the test: mypy, which warns of one that is not needed, reads this file, too.
    def wrong_request(peer: Peer, request: BootNotificationRequest) -> HeartbeatResponse:
        return PULSE

    async def wrong_response(peer: Peer, request: HeartbeatRequest) -> BootNotificationResponse:
        return BOOTED

    def nothing(peer: Peer, request: HeartbeatRequest) -> None: ...

    def wrong_peer(peer: int, request: HeartbeatRequest) -> HeartbeatResponse:
        return PULSE

    def hook(peer: Peer, request: HeartbeatRequest, response: BootNotificationResponse) -> None: ...

    for number in range(4):
        fresh: Dispatcher[Peer] = Dispatcher(Side.CENTRAL_SYSTEM, run_sync=RunSync())
        match number:
            case 0:
                fresh.on(HeartbeatRequest)(wrong_request)  # type: ignore[arg-type]
            case 1:
                fresh.on(HeartbeatRequest)(wrong_response)  # type: ignore[arg-type]
            case 2:
                fresh.on(HeartbeatRequest)(nothing)  # type: ignore[arg-type]
            case 3:
                fresh.on(HeartbeatRequest)(wrong_peer)  # type: ignore[arg-type]
        assert fresh.handlers
    dispatcher.after(HeartbeatRequest)(hook)  # type: ignore[arg-type]


def test_what_is_offered_is_what_has_a_handler(dispatcher: Dispatcher[Peer]) -> None:
    heartbeat, boot = catalog.ACTIONS["Heartbeat"], catalog.ACTIONS["BootNotification"]
    dispatcher.on(HeartbeatRequest)  # not applied to a handler yet
    dispatcher.after(BootNotificationRequest)(lambda peer, request: None)
    assert not dispatcher.offers(heartbeat)
    handler = mock.Mock()
    dispatcher.on(HeartbeatRequest)(handler)
    assert dispatcher.offers(heartbeat)
    assert not dispatcher.offers(boot)
    assert dispatcher.handlers == {"Heartbeat": handler}


def test_a_second_handler_of_a_request_is_refused(dispatcher: Dispatcher[Peer]) -> None:
    @dispatcher.on(HeartbeatRequest)
    def first(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        return PULSE

    with pytest.raises(ValueError, match=r"Heartbeat has a handler already: .*\.first"):
        dispatcher.on(HeartbeatRequest)(mock.Mock())
    assert handle(dispatcher) is PULSE


@pytest.mark.parametrize("name", ["on", "after"])
def test_a_request_that_never_comes_here_is_refused_and_its_sender_named(name: str) -> None:
    central: Dispatcher[Peer] = Dispatcher(Side.CENTRAL_SYSTEM, run_sync=RunSync())
    with pytest.raises(ValueError, match="ResetRequest is sent by the central system"):
        getattr(central, name)(ResetRequest)
    station: Dispatcher[Peer] = Dispatcher(Side.CHARGE_POINT, run_sync=RunSync())
    with pytest.raises(ValueError, match="HeartbeatRequest is sent by the charge point"):
        getattr(station, name)(HeartbeatRequest)


@pytest.mark.parametrize("side", Side)
def test_a_request_of_both_sides_may_have_a_handler_on_either(side: Side) -> None:
    dispatcher: Dispatcher[Peer] = Dispatcher(side, run_sync=RunSync())

    @dispatcher.on(DataTransferRequest)
    def on_data(peer: Peer, request: DataTransferRequest) -> DataTransferResponse:
        raise SecurityError

    assert dispatcher.handlers == {"DataTransfer": on_data}


@pytest.mark.parametrize("cls", [HeartbeatResponse, int, object()])
def test_what_is_no_request_is_refused(dispatcher: Dispatcher[Peer], cls: Any) -> None:
    for register in (dispatcher.on, dispatcher.after):
        with pytest.raises(TypeError, match=r"is no request of OCPP 1\.6"):
            register(cls)


def test_a_charge_point_is_dispatched_to_like_a_central_system() -> None:
    dispatcher: Dispatcher[Peer] = Dispatcher(Side.CHARGE_POINT, run_sync=RunSync())

    @dispatcher.on(ResetRequest)
    def on_reset(peer: Peer, request: ResetRequest) -> ResetResponse:
        return ResetResponse(status=ResetStatus.REJECTED)

    answer = handle(dispatcher, ResetRequest(type=ResetType.HARD))
    assert answer == ResetResponse(status=ResetStatus.REJECTED)


def test_without_a_handler_a_request_is_not_supported(dispatcher: Dispatcher[Peer]) -> None:
    fault = fault_of(dispatcher)
    assert type(fault) is NotSupported


# What goes wrong


@pytest.mark.parametrize("mock_class", [mock.Mock, mock.AsyncMock])
def test_a_fault_of_the_handler_passes_through(
    dispatcher: Dispatcher[Peer], mock_class: Any, caplog: pytest.LogCaptureFixture
) -> None:
    fault = SecurityError("not you", {"why": 1})
    dispatcher.on(HeartbeatRequest)(mock_class(side_effect=fault))
    assert fault_of(dispatcher) is fault
    assert not caplog.records


@pytest.mark.parametrize("mock_class", [mock.Mock, mock.AsyncMock])
def test_any_other_exception_becomes_internal_error_and_the_trace_goes_to_the_log(
    dispatcher: Dispatcher[Peer], mock_class: Any, caplog: pytest.LogCaptureFixture
) -> None:
    dispatcher.on(HeartbeatRequest)(mock_class(side_effect=ZeroDivisionError("secret")))
    assert is_bare(fault_of(dispatcher))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("ocpp16.dispatch", logging.ERROR)
    line = record.getMessage()
    assert line.startswith(f"the handler {mock_class.__name__} of Heartbeat failed: ")
    assert line.endswith("ZeroDivisionError: secret")
    assert "\n" not in line
    assert not record.exc_info


@pytest.mark.parametrize("answer", [None, BOOTED, HEARTBEAT, {}, HeartbeatResponse])
def test_a_handler_that_returns_the_wrong_type_is_named_with_what_is_due(
    dispatcher: Dispatcher[Peer], answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @dispatcher.on(HeartbeatRequest)
    async def on_heartbeat(peer: Peer, request: HeartbeatRequest) -> Any:
        return answer

    assert is_bare(fault_of(dispatcher))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert ".on_heartbeat of Heartbeat returned " in record.getMessage()
    assert record.getMessage().endswith(f"{type(answer).__name__}, due is HeartbeatResponse")


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit()])
def test_cancellation_and_the_like_propagate(
    dispatcher: Dispatcher[Peer], error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    dispatcher.on(HeartbeatRequest)(mock.AsyncMock(side_effect=error))
    dispatcher.after(HeartbeatRequest)(mock.AsyncMock(side_effect=error))
    for coroutine in (
        dispatcher.handle(PEER, HEARTBEAT),
        dispatcher.run_after(PEER, HEARTBEAT, PULSE),
    ):
        with pytest.raises(type(error)):
            coroutine.send(None)
    assert not caplog.records


# Hooks


def test_hooks_get_as_much_as_they_take_and_run_in_order(
    dispatcher: Dispatcher[Peer], run_sync: RunSync
) -> None:
    calls: list[tuple[object, ...]] = []

    @dispatcher.after(HeartbeatRequest)
    async def two(peer: Peer, request: HeartbeatRequest) -> None:
        await asyncio.sleep(0)
        calls.append((peer, request))

    @dispatcher.after(HeartbeatRequest)
    def three(peer: Peer, request: HeartbeatRequest, response: HeartbeatResponse) -> None:
        calls.append((peer, request, response))

    @dispatcher.after(HeartbeatRequest)
    def keyword(peer: Peer, request: HeartbeatRequest, *, more: int = 1) -> None:
        calls.append((peer, request))

    @dispatcher.after(HeartbeatRequest)
    def default(
        peer: Peer, request: HeartbeatRequest, response: HeartbeatResponse | None = None
    ) -> None:
        calls.append((peer, request, response))

    @dispatcher.after(HeartbeatRequest)
    def variable(*arguments: object) -> None:
        calls.append(arguments)

    asyncio.run(dispatcher.run_after(PEER, HEARTBEAT, PULSE))
    with_response, without = (PEER, HEARTBEAT, PULSE), (PEER, HEARTBEAT)
    assert calls == [without, with_response, without, with_response, with_response]
    assert run_sync.count == 4


class Hooks:
    def two(self, peer: Peer, request: HeartbeatRequest) -> None: ...
    def three(self, peer: Peer, request: HeartbeatRequest, response: HeartbeatResponse) -> None: ...


def test_the_self_of_a_method_does_not_count(dispatcher: Dispatcher[Peer]) -> None:
    hooks = mock.create_autospec(Hooks, instance=True)
    dispatcher.after(HeartbeatRequest)(hooks.two)
    dispatcher.after(HeartbeatRequest)(hooks.three)
    asyncio.run(dispatcher.run_after(PEER, HEARTBEAT, PULSE))
    hooks.two.assert_called_once_with(PEER, HEARTBEAT)
    hooks.three.assert_called_once_with(PEER, HEARTBEAT, PULSE)


@pytest.mark.parametrize(
    ("hook", "count"), [(lambda: None, 0), (lambda peer: None, 1), (lambda a, b, c, d: None, 4)]
)
def test_a_hook_that_takes_neither_two_nor_three_is_refused(
    dispatcher: Dispatcher[Peer], hook: Any, count: int
) -> None:
    with pytest.raises(TypeError, match=f"takes {count} arguments, not 2 or 3"):
        dispatcher.after(HeartbeatRequest)(hook)


def test_a_hook_that_fails_leaves_a_log_line_and_the_others_run(
    dispatcher: Dispatcher[Peer], caplog: pytest.LogCaptureFixture
) -> None:
    @dispatcher.after(HeartbeatRequest)
    def broken(peer: Peer, request: HeartbeatRequest) -> None:
        raise SecurityError("a fault is of no use here")

    ran = []
    dispatcher.after(HeartbeatRequest)(lambda peer, request: ran.append(peer))
    asyncio.run(dispatcher.run_after(PEER, HEARTBEAT, PULSE))
    assert ran == [PEER]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("ocpp16.dispatch", logging.ERROR)
    assert ".broken after Heartbeat failed: Traceback" in record.getMessage()


def test_hooks_of_other_requests_do_not_run(dispatcher: Dispatcher[Peer]) -> None:
    hook = mock.Mock()
    dispatcher.after(BootNotificationRequest)(hook)
    asyncio.run(dispatcher.run_after(PEER, HEARTBEAT, PULSE))
    assert not hook.called
