"""The books of a central system for a test without an event loop, and messages to enter in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection

from ocpp16.datatypes import IdTagInfo, MeterValue, SampledValue
from ocpp16.enums import AuthorizationStatus
from ocpp16.messages import MeterValuesRequest, StartTransactionRequest, StopTransactionRequest
from ocpp16.store.central_system.id_tag import IdTag
from ocpp16.store.central_system.tables import SCHEMA
from ocpp16.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCEPTED = AuthorizationStatus.ACCEPTED


class Books:
    """A store that does each thing as a work of its own, and waits for it."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._url = url
        self._database = self._runner.run(Database.open(url, schemas=[SCHEMA]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._database.close())
        self._runner.close()

    def reopen(self) -> None:
        """Close the store, and open it again, as another process would."""
        self._runner.run(self._database.close())
        self._database = self._runner.run(Database.open(self._url, schemas=[SCHEMA]))

    def do(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Let a function write."""
        return self._runner.run(self._database.write(lambda each: work(each, *args, **kwargs)))

    def ask(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Let a function read."""
        return self._runner.run(self._database.read(lambda each: work(each, *args, **kwargs)))


def at(minutes: float) -> datetime:
    """Return an instant so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def tag(text: str, status: AuthorizationStatus = ACCEPTED, **fields: Any) -> IdTag:
    """Return an identifier to enter."""
    own = {name: fields.pop(name) for name in ("is_single", "note") if name in fields}
    return IdTag(id_tag=text, info=IdTagInfo(status=status, **fields), **own)


def start(
    tag: str = "A", *, connector: int = 1, meter: int = 100, minutes: float = 0, **fields: Any
) -> StartTransactionRequest:
    return StartTransactionRequest(
        connector_id=connector, id_tag=tag, meter_start=meter, timestamp=at(minutes), **fields
    )


def stop(
    transaction: int, *, meter: int = 500, minutes: float = 60, **fields: Any
) -> StopTransactionRequest:
    return StopTransactionRequest(
        transaction_id=transaction, meter_stop=meter, timestamp=at(minutes), **fields
    )


def value(text: str = "200", *, minutes: float = 15, **fields: Any) -> MeterValue:
    return MeterValue(timestamp=at(minutes), sampled_value=(SampledValue(value=text, **fields),))


def values(
    *found: MeterValue, connector: int = 1, transaction: int | None = None
) -> MeterValuesRequest:
    return MeterValuesRequest(connector_id=connector, transaction_id=transaction, meter_value=found)
