"""A station on a bench: its core, machinery that does as it is told, a central system in memory.

No event loop and no waiting: time goes from one thing that is due to the next.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from ocpp16 import messages
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import Measurand, Phase, RegistrationStatus
from ocpp16.errors import CallFailed, CallTimeout, ErrorCode, OcppError, SessionClosed
from ocpp16.station.ability import Ability
from ocpp16.station.action import Action, Refused
from ocpp16.station.core import Core
from ocpp16.station.meter import Reading
from ocpp16.station.model import Model
from ocpp16.storage import StationStorage, StorageFailed
from ocpp16.structure import Request, Response
from tests.station.parts import ACCEPTED, NOON, Disk

MEASURED = frozenset(
    {Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, Measurand.POWER_ACTIVE_IMPORT, Measurand.VOLTAGE}
)
Outcome: TypeAlias = Response | OcppError
REFUSED = CallFailed(ErrorCode.INTERNAL_ERROR)
TIMEOUT = CallTimeout("no answer")
CLOSED = SessionClosed("the link is gone")
MANY = 200_000
"""Steps after which something is taken to go round in circles."""


class Machinery:
    """Equipment whose meters show what a test says."""

    def __init__(self) -> None:
        self.registers: dict[int, int] = {}
        self.power: dict[int, int] = {}
        self.offers: dict[int, int | None] = {}
        self.unlocked: list[int] = []
        self.can_unlock = True
        self.has_main_meter = False

    def measurands(self) -> frozenset[Measurand]:
        return MEASURED

    def register(self, connector: int) -> int:
        return self.registers.get(connector, 0)

    def read(self, connector: int) -> Sequence[Reading]:
        if connector == 0 and not self.has_main_meter:
            return ()
        return [
            Reading(
                measurand=Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, value=self.register(connector)
            ),
            Reading(measurand=Measurand.POWER_ACTIVE_IMPORT, value=self.power.get(connector, 0)),
            Reading(measurand=Measurand.VOLTAGE, value=230, phase=Phase.L1),
            Reading(measurand=Measurand.VOLTAGE, value=231, phase=Phase.L2),
        ]

    def unlock(self, connector: int) -> bool:
        self.unlocked.append(connector)
        return self.can_unlock

    def lock(self, connector: int) -> None:
        pass

    def offer(self, connector: int, power: int | None) -> None:
        self.offers[connector] = power


class Central:
    """Answers a station, and keeps what it was sent."""

    def __init__(self) -> None:
        self.received: list[Request[Any]] = []
        self.tags: dict[str, IdTagInfo] = {}
        self.start_info: IdTagInfo | None = None
        self.ids = itertools.count(101)
        self.given: dict[tuple[Any, ...], int] = {}
        self.clock: Callable[[], datetime] = lambda: NOON
        self.fails: Callable[[Request[Any]], OcppError | None] = lambda request: None

    def answer(self, request: Request[Any]) -> Outcome:
        error = self.fails(request)
        if error is not None:
            if not isinstance(error, SessionClosed):
                self.received.append(request)
            return error
        self.received.append(request)
        match request:
            case messages.AuthorizeRequest(id_tag=tag):
                return messages.AuthorizeResponse(id_tag_info=self.tags.get(tag, ACCEPTED))
            case messages.StartTransactionRequest(id_tag=tag):
                key = (request.connector_id, tag, request.meter_start, request.timestamp)
                number = self.given.setdefault(key, next(self.ids))
                info = self.start_info or self.tags.get(tag, ACCEPTED)
                return messages.StartTransactionResponse(id_tag_info=info, transaction_id=number)
            case messages.HeartbeatRequest():
                return messages.HeartbeatResponse(current_time=self.clock())
            case _:
                response: Response = request.response_type()()
                return response


class Bench:
    """One station and its central system.

    Args:
        keys: Configuration keys.
    """

    def __init__(
        self,
        *,
        model: Model | None = None,
        storage: StationStorage | None = None,
        ability: Ability = Ability(),  # noqa: B008 - frozen
        soap: bool = False,
        estimate: datetime = NOON,
        accepted: bool = True,
        interval: int = 0,
        **keys: str | int | bool,
    ) -> None:
        values = {name: str(value).lower() if isinstance(value, bool) else str(value)
                  for name, value in keys.items()}  # fmt: skip
        base = model or Model(connectors=2)
        self.model = _with_keys(base, values)
        self.storage = Disk() if storage is None else storage
        self.machinery = Machinery()
        self.central = Central()
        self.central.clock = lambda: self.core.now
        self.time = 0.0
        self.actions: list[Action] = []
        self._ids = itertools.count(1)
        self._ability = ability
        self._soap = soap
        self.core = self._switched_on(estimate)
        if accepted:
            self.boot(interval=interval)
            self.central.received.clear()

    def _switched_on(self, estimate: datetime) -> Core:
        return Core(
            self.model,
            self.machinery,
            self.storage,
            time=self.time,
            estimate=estimate,
            ability=self._ability,
            new_id=lambda: f"m{next(self._ids)}",
        )

    # The station

    def boot(
        self,
        status: RegistrationStatus = RegistrationStatus.ACCEPTED,
        *,
        interval: int = 0,
        current_time: datetime | None = None,
    ) -> None:
        self.core.link_up(tells_faults_apart=not self._soap)
        self.core.registered(status, interval, current_time)
        self.pump()

    def power_cut(self, *, boots: bool = True, seconds: float = 0) -> None:
        """Switch it off and on again; nothing but the storage is left."""
        estimate = self.core.now
        self.time += seconds
        self.core = self._switched_on(estimate)
        if boots:
            self.boot()

    def pump(self) -> None:
        """Let leave what can, and answer it."""
        for _ in range(MANY):
            send = self.core.next_message()
            if send is None:
                break
            self.core.message_ended(send.token, self.central.answer(send.request))
        else:
            raise AssertionError("it never ends")
        self.actions += self.core.actions
        self.core.actions.clear()

    def wait(self, seconds: float) -> None:
        """Let time pass, from one thing that is due to the next."""
        until = self.time + seconds
        for _ in range(MANY):
            self.pump()
            due = self.core.next_due()
            if due is None or due > until:
                break
            self.time = max(self.time, due)
            self.core.pass_time(self.time)
        else:
            raise AssertionError("it never ends")
        self.time = until
        self.core.pass_time(until)
        self.pump()

    def plug_in(self, connector: int = 1) -> None:
        self.core.charging.plug_in(connector)
        self.pump()

    def unplug(self, connector: int = 1, *, ev_side_only: bool = False) -> None:
        self.core.charging.unplug(connector, ev_side_only=ev_side_only)
        self.pump()

    def show(self, tag: str = "A", connector: int = 1) -> bool | None:
        """Show a tag; return whether it was accepted, None while nobody knows."""
        told: list[bool | StorageFailed] = []
        self.core.reader.present(connector, tag, told.append)
        self.pump()
        return bool(told[0]) if told else None

    def charge(self, tag: str = "A", connector: int = 1) -> None:
        """Start a transaction, and forget what was sent for that."""
        self.plug_in(connector)
        assert self.show(tag, connector)
        self.central.received.clear()

    def ask(self, request: Request[Any]) -> Any:
        """Let the central system call."""
        response = self.core.answer(request)
        self.core.follow(request, response)
        self.pump()
        return response

    def offline(self) -> None:
        self.core.link_down()

    def online(self) -> None:
        self.core.link_up(tells_faults_apart=not self._soap)
        self.pump()

    # What was seen

    @property
    def told(self) -> list[str]:
        """What was sent since the last look, in short."""
        found = [short(request) for request in self.central.received]
        self.central.received.clear()
        return found

    def of(self, kind: type) -> list[Any]:
        return [request for request in self.central.received if isinstance(request, kind)]

    @property
    def refused(self) -> list[str]:
        return [str(action.error) for action in self.actions if isinstance(action, Refused)]


def _with_keys(model: Model, values: dict[str, str]) -> Model:
    import attrs

    return attrs.evolve(model, configuration={**model.configuration, **values})


def short(request: Request[Any]) -> str:
    name = type(request).__name__.removesuffix("Request")
    match request:
        case messages.StatusNotificationRequest():
            text = f"{request.connector_id} {request.status}"
            if request.error_code != "NoError":
                text += f" {request.error_code}"
            return f"{text} ({request.info})" if request.info else text
        case messages.StartTransactionRequest():
            return f"Start {request.connector_id} {request.id_tag}"
        case messages.StopTransactionRequest():
            return f"Stop {request.transaction_id} {request.reason}"
        case messages.AuthorizeRequest():
            return f"Authorize {request.id_tag}"
        case messages.MeterValuesRequest():
            values = request.meter_value[0].sampled_value
            at = request.meter_value[0].timestamp
            numbers = ",".join(value.value for value in values)
            return f"Meter {request.connector_id} {request.transaction_id} {at:%H:%M:%S} {numbers}"
        case messages.FirmwareStatusNotificationRequest():
            return f"Firmware {request.status}"
        case messages.SignedFirmwareStatusNotificationRequest():
            return f"Firmware {request.status} {request.request_id}"
        case messages.DiagnosticsStatusNotificationRequest():
            return f"Diagnostics {request.status}"
        case messages.LogStatusNotificationRequest():
            return f"Log {request.status} {request.request_id}"
        case messages.SecurityEventNotificationRequest():
            return f"Event {request.type}"
        case _:
            return name
