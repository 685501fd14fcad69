"""Reads a file of charging profiles, and what is asked of them: JSON or TOML.

Profiles are payloads of SetChargingProfile.req as they stand on the wire, so they can be pasted;
the question has the fields of GetCompositeSchedule.req and a start. They are installed as a charge
point would do it, one after the other, and one that it would reject is an error with its path.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, NoReturn, TypeVar

import attrs

from ocpp16.bindings.ocppj.codec import decode
from ocpp16.enums import ChargingRateUnitType
from ocpp16.errors import ConstraintError
from ocpp16.messages import GetCompositeScheduleRequest, SetChargingProfileRequest
from ocpp16.primitives import parse_timestamp
from ocpp16.station.smart_charging.charging import Charging
from ocpp16.station.smart_charging.profiles import Installed, Profiles
from ocpp16.station.smart_charging.refusal import Limits, refusal
from ocpp16.station.smart_charging.second import to_instant, to_seconds
from ocpp16.station.smart_charging.wiring import Outlet, Wiring
from ocpp16.structure import shorten

SIZE_LIMIT = 16 * 2**20
"""Bytes of a file at most."""
MOST_CONNECTORS = 1000
WHOLE_DAY = 86_400
LONGEST = 366 * WHOLE_DAY
"""Seconds that can be asked for."""
LIMITS = Limits(stack_level=2**31, periods=100_000, profiles=10_000)
"""Generous: what a charge point would take is for its own configuration to say."""

MessageT = TypeVar("MessageT", SetChargingProfileRequest, GetCompositeScheduleRequest)


class BadFile(Exception):
    """A file does not say what is due.

    Args:
        path: JSON pointer to the value; "" is the whole file.
        reason: What is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


@attrs.frozen(kw_only=True)
class Asked:
    """What is asked; None leaves it to the file, and else to what is usual."""

    connector: int | None = None
    start: datetime | None = None
    duration: int | None = None
    unit: ChargingRateUnitType | None = None


@attrs.frozen(kw_only=True)
class Study:
    """Charging profiles, and a question about them."""

    profiles: Profiles
    wiring: Wiring
    charging: Mapping[int, Charging]
    connector: int
    start: int
    """The first second."""
    duration: int
    """Seconds."""
    unit: ChargingRateUnitType


def read_study(content: bytes, *, toml: bool, asked: Asked) -> Study:
    """Return what a file says, with a question that goes before its own.

    Raises:
        BadFile: It does not say what is due.
    """
    document = _parse(content, toml=toml)
    if isinstance(document, list):
        document = {"profiles": document}
    table = _Table(document, "", ("profiles", "connectors", "voltage", "transactions", "query"))
    query = _Table(
        table.get("query", {}), "/query", ("connectorId", "start", "duration", "chargingRateUnit")
    )
    start = asked.start or query.instant("start")
    asked = attrs.evolve(_asked_of(query), **_given(asked))
    charging = dict(_transactions(table))
    requests = [
        (path, _message(SetChargingProfileRequest, payload, path))
        for path, payload in table.items("profiles")
    ]
    connector = 1 if asked.connector is None else asked.connector
    named = (connector, *charging, *(request.connector_id for _, request in requests))
    wiring = _wiring(table, least=max(1, *named))
    if start is None:
        start = _earliest(charging, [request for _, request in requests])
    study = Study(
        profiles=_installed(requests, charging, wiring, start),
        wiring=wiring,
        charging=charging,
        connector=connector,
        start=to_seconds(start),
        duration=WHOLE_DAY if asked.duration is None else asked.duration,
        unit=asked.unit or ChargingRateUnitType.W,
    )
    _check(study)
    return study


def _check(study: Study) -> None:
    outlets = study.wiring.outlets
    for number in (study.connector, *study.charging):
        if number not in {0, *outlets}:
            raise BadFile("/connectors", f"has no connector {number}")
    if not 0 < study.duration <= LONGEST:
        raise BadFile("/query/duration", f"is not within 1 to {LONGEST} s")
    try:
        to_instant(study.start + study.duration)
    except OverflowError:
        raise BadFile("/query/start", "is too close to the end of time") from None


def _given(asked: Asked) -> dict[str, Any]:
    return {name: value for name, value in attrs.asdict(asked).items() if value is not None}


def _asked_of(query: _Table) -> Asked:
    fields = {name: query.get(name) for name in ("connectorId", "duration", "chargingRateUnit")}
    payload = {"connectorId": 1, "duration": WHOLE_DAY}
    payload |= {name: value for name, value in fields.items() if value is not None}
    request = _message(GetCompositeScheduleRequest, payload, "/query")
    return Asked(
        connector=request.connector_id, duration=request.duration, unit=request.charging_rate_unit
    )


def _transactions(table: _Table) -> Iterator[tuple[int, Charging]]:
    for path, value in table.items("transactions"):
        entry = _Table(value, path, ("connectorId", "started", "transactionId"))
        connector, started = entry.integer("connectorId"), entry.instant("started")
        if connector is None or connector < 1:
            raise BadFile(f"{path}/connectorId", "is required, from 1 on")
        if started is None:
            raise BadFile(f"{path}/started", "is required")
        yield connector, Charging(started, entry.integer("transactionId"))


def _wiring(table: _Table, least: int) -> Wiring:
    outlets: dict[int, Outlet] = {}
    for number, (path, value) in enumerate(table.items("connectors"), 1):
        entry = _Table(value, path, ("power", "phases"))
        phases = entry.integer("phases")
        try:
            outlets[number] = Outlet(
                power=entry.integer("power"), phases=3 if phases is None else phases
            )
        except ValueError as error:
            raise BadFile(path, str(error)) from None
    if least > MOST_CONNECTORS:
        raise BadFile("", f"has a connector {least}, and more than {MOST_CONNECTORS} are too many")
    voltage = table.integer("voltage")
    try:
        return Wiring(
            outlets=outlets or {number: Outlet() for number in range(1, least + 1)},
            voltage=230 if voltage is None else voltage,
        )
    except ValueError as error:
        raise BadFile("/voltage", str(error)) from None


def _earliest(
    charging: Mapping[int, Charging], requests: list[SetChargingProfileRequest]
) -> datetime:
    """Return when the first thing happens that the file tells a time of."""
    profiles = [request.cs_charging_profiles for request in requests]
    times = [one.started for one in charging.values()]
    times += [one.valid_from for one in profiles if one.valid_from is not None]
    starts = [one.charging_schedule.start_schedule for one in profiles]
    times += [start for start in starts if start is not None]
    if not times:
        raise BadFile("/query/start", "is required, since no profile and no transaction has a time")
    return min(times)


def _installed(
    requests: list[tuple[str, SetChargingProfileRequest]],
    charging: Mapping[int, Charging],
    wiring: Wiring,
    start: datetime,
) -> Profiles:
    profiles = Profiles()
    for path, request in requests:
        connector, profile = request.connector_id, request.cs_charging_profiles
        if connector not in {0, *wiring.outlets}:
            raise BadFile(f"{path}/connectorId", f"there is no connector {connector}")
        refused = refusal(connector, profile, charging.get(connector), LIMITS)
        if refused is not None:
            where = f"{path}/csChargingProfiles{refused.path}"
            raise BadFile(where, f"{refused.reason}; a charge point answers Rejected")
        profiles = profiles.with_profile(Installed(connector, profile, start))
    if len(profiles) > LIMITS.profiles:
        raise BadFile("/profiles", f"has {len(profiles)} of them, at most {LIMITS.profiles}")
    return profiles


class _Table:
    """An object of the file, whose members are known by name."""

    def __init__(self, value: Any, path: str, names: tuple[str, ...]) -> None:
        if not isinstance(value, dict):
            raise BadFile(path, f"is {shorten(value)}, not an object")
        for name in value:
            if name not in names:
                raise BadFile(path, f"{shorten(name)} is none of {', '.join(names)}")
        self._value: dict[str, Any] = value
        self._path = path

    def get(self, name: str, default: Any = None) -> Any:
        return self._value.get(name, default)

    def items(self, name: str) -> list[tuple[str, Any]]:
        value = self._value.get(name, [])
        if not isinstance(value, list):
            raise BadFile(f"{self._path}/{name}", f"is {shorten(value)}, not a list")
        return [(f"{self._path}/{name}/{number}", item) for number, item in enumerate(value)]

    def integer(self, name: str) -> int | None:
        value = self._value.get(name)
        if value is not None and (type(value) is not int or not -(2**63) <= value < 2**63):
            raise BadFile(f"{self._path}/{name}", f"is {shorten(value)}, not an integer")
        return value

    def instant(self, name: str) -> datetime | None:
        value = self._value.get(name)
        if value is None:
            return None
        try:
            return parse_timestamp(value if isinstance(value, str) else "")
        except ValueError as error:
            raise BadFile(f"{self._path}/{name}", str(error)) from None


def _message(cls: type[MessageT], payload: Any, path: str) -> MessageT:
    try:
        return decode(cls, json.dumps(payload).encode())
    except ConstraintError as error:
        raise BadFile(f"{path}{error.path}", error.reason) from None


def _parse(content: bytes, *, toml: bool) -> Any:
    try:
        text = content.decode("utf-8-sig")
        if toml:
            document = tomllib.loads(text)
        else:
            document = json.loads(
                text, object_pairs_hook=_without_repeats, parse_constant=_no_number
            )
        return _plain(document, "")
    except UnicodeDecodeError:
        reason = "is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        reason = f"is not TOML: {error}"
    except json.JSONDecodeError as error:
        reason = f"is not JSON: {error}"
    except RecursionError:
        reason = "nests too deep"
    except ValueError as error:
        reason = f"cannot be read: {error}"
    raise BadFile("", reason)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadFile("", f"{shorten(twice)} stands there twice in one object")
    return members


def _no_number(text: str) -> NoReturn:
    raise BadFile("", f"{text} is no number of JSON")


def _plain(value: Any, path: str) -> Any:
    """Return what JSON can say; TOML has instants and infinities of its own."""
    match value:
        case dict():
            return {name: _plain(item, f"{path}/{name}") for name, item in value.items()}
        case list():
            return [_plain(item, f"{path}/{number}") for number, item in enumerate(value)]
        case datetime() | date() | time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            raise BadFile(path, "is no finite number")
        case _:
            return value
