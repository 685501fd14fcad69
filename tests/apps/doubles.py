"""What tests of the apps need: a central system that notes what it is sent, and short names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ocpp16 import messages
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus
from ocpp16.structure import Request

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCEPTED = IdTagInfo(status=AuthorizationStatus.ACCEPTED)
BLOCKED = IdTagInfo(status=AuthorizationStatus.BLOCKED)
FAMILY = IdTagInfo(status=AuthorizationStatus.ACCEPTED, parent_id_tag="FAMILY")


class Central:
    """Takes requests in place of a central system, and answers them."""

    def __init__(self) -> None:
        self.requests: list[Request[Any]] = []
        self.tags: dict[str, IdTagInfo] = {}
        self.errors: list[Exception] = []
        """Raised by the next calls, one each."""
        self.start_info: IdTagInfo | None = None
        """What StartTransaction is answered with, where it is not what Authorize says."""
        self.before: Callable[[], None] = lambda: None

    async def call(self, request: Any, **_: object) -> Any:
        self.requests.append(request)
        self.before()
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        match request:
            case messages.AuthorizeRequest(id_tag=tag):
                return messages.AuthorizeResponse(id_tag_info=self.tags.get(tag, ACCEPTED))
            case messages.StartTransactionRequest(id_tag=tag):
                info = self.start_info or self.tags.get(tag, ACCEPTED)
                return messages.StartTransactionResponse(id_tag_info=info, transaction_id=7)
            case messages.HeartbeatRequest():
                return messages.HeartbeatResponse(current_time=NOON)
            case _:
                return request.response_type()()

    def of(self, kind: type) -> list[Any]:
        """Return the requests of one class."""
        return [request for request in self.requests if isinstance(request, kind)]

    @property
    def story(self) -> list[str]:
        """The requests so far in short, and forget them."""
        told = [_short(request) for request in self.requests]
        self.requests.clear()
        return told


def _short(request: Any) -> str:
    name = type(request).__name__.removesuffix("Request")
    match request:
        case messages.StatusNotificationRequest():
            return f"{request.connector_id} {request.status}"
        case messages.StopTransactionRequest():
            return f"{name} {request.reason}"
        case messages.AuthorizeRequest() | messages.StartTransactionRequest():
            return f"{name} {request.id_tag}"
        case _:
            return name


async def at_once(seconds: float) -> None:
    """Wait no time at all."""


def make_simulator(connectors: int = 2) -> tuple[Simulator, Central]:
    simulator = Simulator(Hardware(identity="CP1", connectors=connectors), now=NOON, sleep=at_once)
    central = Central()
    simulator.outbox.caller = central
    return simulator, central


class Ears:
    """Listens to an app."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.remarks: list[Remark] = []

    def __call__(self, event: object) -> None:
        if isinstance(event, Exchange):
            self.exchanges.append(event)
        elif isinstance(event, Remark):
            self.remarks.append(event)

    @property
    def warnings(self) -> list[str]:
        return [remark.text for remark in self.remarks if remark.is_warning]
