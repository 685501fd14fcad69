"""What can be made to happen to a simulated charge point, as one table.

A person at the prompt, a scenario and the HTTP API all go by it. Knows no text but the names; who
steers prints.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs

from ocpp16.apps.charge_point.car import BatteryCar, Car, FlatCar
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.enums import ChargePointErrorCode
from ocpp16.security_event import SecurityEvent
from ocpp16.station.connector import Fault

Values: TypeAlias = dict[str, Any]
Result: TypeAlias = dict[str, Any]
MOST = 10**9
"""Greatest number that a value may be."""


class SteeringError(ValueError):
    """What was asked for makes no sense; the text says why."""


@attrs.frozen
class Parameter:
    """One value of a move."""

    name: str
    type: type
    default: Any = None
    """Where it is not given; `...` is none: it has to be."""
    least: float = 0
    choices: frozenset[str] | None = None
    """Texts that it may be; None is any."""
    longest: int | None = None
    """Characters of a text at most."""

    def read(self, value: object) -> Any:
        """Return a value as its type.

        Raises:
            SteeringError: It is none.
        """
        if isinstance(value, str) and self.type is not str:
            value = _number(value)
        if self.type is float and type(value) is int:
            value = float(value)
        if type(value) is not self.type:
            raise SteeringError(f"{self.name} is {value!r}, not {_TYPES[self.type]}")
        if isinstance(value, int | float) and not self.least <= value <= MOST:
            raise SteeringError(f"{self.name} is {value}, not {self.least:g} to {MOST}")
        if isinstance(value, str):
            self._check_text(value)
        return value

    def _check_text(self, text: str) -> None:
        if self.choices is not None and text not in self.choices:
            raise SteeringError(f"{self.name} is {text!r}, not {', '.join(sorted(self.choices))}")
        if self.longest is not None and len(text) > self.longest:
            raise SteeringError(
                f"{self.name} has {len(text)} characters, at most {self.longest} are allowed"
            )


_TYPES = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _number(text: str) -> object:
    if text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


Perform: TypeAlias = Callable[[Simulator, Values], Awaitable[Result]]


@attrs.frozen
class Move:
    """One thing that can be made to happen."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    perform: Perform

    @property
    def usage(self) -> str:
        """How it is written at the prompt."""
        words = [
            each.name.upper() if each.default is ... else f"[{each.name.upper()}]"
            for each in self.parameters
        ]
        return " ".join((self.name, *words))

    def read(self, given: Mapping[str, object]) -> Values:
        """Return all values of the move.

        Raises:
            SteeringError: One is unknown, missing, or of another type.
        """
        known = {each.name for each in self.parameters}
        for name in given:
            if name not in known:
                raise SteeringError(f"{self.name} has no {name!r}; it has {', '.join(known)}")
        values = {}
        for each in self.parameters:
            if each.name in given:
                values[each.name] = each.read(given[each.name])
            elif each.default is ...:
                raise SteeringError(f"{self.name} needs {each.name}")
            else:
                values[each.name] = each.default
        return values


CONNECTOR = Parameter("connector", int, 1, least=1)


async def _plug(simulator: Simulator, values: Values) -> Result:
    simulator.plug(values["connector"], _car(simulator, values))
    await simulator.station.quiet()
    return status_of(simulator, values["connector"])


def _car(simulator: Simulator, values: Values) -> Car | None:
    wants, most = values["energy"], values["power"]
    if values["battery"] is not None:
        start = values["charge"] if values["charge"] is not None else 20.0
        return BatteryCar(
            capacity=values["battery"],
            start=min(100.0, start) / 100,
            most=most or simulator.hardware.power,
        )
    return None if wants is None and most is None else FlatCar(wants, most)


async def _unplug(simulator: Simulator, values: Values) -> Result:
    simulator.unplug(values["connector"])
    await simulator.station.quiet()
    return status_of(simulator, values["connector"])


async def _tag(simulator: Simulator, values: Values) -> Result:
    is_accepted = await simulator.present(values["connector"], values["tag"])
    return {"accepted": is_accepted, **status_of(simulator, values["connector"])}


async def _fault(simulator: Simulator, values: Values) -> Result:
    fault = Fault(code=ChargePointErrorCode(values["code"]), info=values["info"])
    simulator.station.fault(values["connector"], fault)
    await simulator.station.quiet()
    return status_of(simulator, values["connector"])


async def _clear(simulator: Simulator, values: Values) -> Result:
    simulator.station.clear(values["connector"])
    await simulator.station.quiet()
    return status_of(simulator, values["connector"])


async def _energy(simulator: Simulator, values: Values) -> Result:
    simulator.add_energy(values["connector"], values["wh"])
    await simulator.station.quiet()
    return status_of(simulator, values["connector"])


async def _power(simulator: Simulator, values: Values) -> Result:
    simulator.machinery.fix_power(values["connector"], values["w"])
    return status_of(simulator, values["connector"])


async def _suspend(simulator: Simulator, values: Values) -> Result:
    simulator.station.draw(values["connector"], wants=False)
    await simulator.station.quiet()
    return status_of(simulator, values["connector"])


async def _resume(simulator: Simulator, values: Values) -> Result:
    simulator.station.draw(values["connector"], wants=True)
    await simulator.station.quiet()
    return status_of(simulator, values["connector"])


async def _jam(simulator: Simulator, values: Values) -> Result:
    simulator.machinery.sockets[values["connector"]].is_stuck = values["jammed"]
    return status_of(simulator, values["connector"])


async def _tamper(simulator: Simulator, values: Values) -> Result:
    simulator.station.security_event(SecurityEvent.TAMPER_DETECTION_ACTIVATED, values["info"])
    await simulator.station.quiet()
    return _security_log(simulator)


async def _clear_log(simulator: Simulator, values: Values) -> Result:
    simulator.station.clear_security_log()
    await simulator.station.quiet()
    return _security_log(simulator)


def _security_log(simulator: Simulator) -> Result:
    log = list(simulator.station.core.parts.security.log)
    return {"event": log[-1].type, "info": log[-1].tech_info, "log_lines": len(log)}


async def _pass(simulator: Simulator, values: Values) -> Result:
    await simulator.pass_time(values["minutes"] * 60)
    return status(simulator)


async def _status(simulator: Simulator, values: Values) -> Result:
    return status(simulator)


_ZERO = attrs.evolve(CONNECTOR, least=0)
_TAG = 20
"""Characters of an IdToken."""
_INFO = 50
"""Characters of StatusNotification's info."""
_FAULTS = frozenset(ChargePointErrorCode) - {
    ChargePointErrorCode.NO_ERROR,
    # C 7.6: it keeps nobody from charging.
    ChargePointErrorCode.EV_COMMUNICATION_ERROR,
}
_ALL = (
    Move(
        "plug",
        "a car is plugged in; with a battery (Wh, and % of charge) it takes less as that fills",
        (
            CONNECTOR,
            Parameter("energy", int),
            Parameter("power", int),
            Parameter("battery", int, least=1),
            Parameter("charge", float),
        ),
        _plug,
    ),
    Move("unplug", "the car is unplugged", (CONNECTOR,), _unplug),
    Move("tag", "a tag is shown", (Parameter("tag", str, ..., longest=_TAG), CONNECTOR), _tag),
    Move(
        "fault",
        "something breaks; connector 0 is the whole charge point",
        (
            _ZERO,
            Parameter("code", str, "OtherError", choices=frozenset(map(str, _FAULTS))),
            Parameter("info", str, longest=_INFO),
        ),
        _fault,
    ),
    Move("clear", "the fault is solved", (_ZERO,), _clear),
    Move(
        "energy",
        "so many Wh have flown at once",
        (Parameter("wh", int, ...), CONNECTOR),
        _energy,
    ),
    Move(
        "power",
        "so many W are drawn, whatever the car says; without W, the car decides again",
        (Parameter("w", int), CONNECTOR),
        _power,
    ),
    Move("suspend", "the car draws nothing", (CONNECTOR,), _suspend),
    Move("resume", "the car draws again", (CONNECTOR,), _resume),
    Move(
        "jam",
        "the lock does not open any more, or does again",
        (CONNECTOR, Parameter("jammed", bool, default=True)),
        _jam,
    ),
    Move(
        "tamper",
        "somebody opens the housing: a critical security event",
        (Parameter("info", str),),
        _tamper,
    ),
    Move("clear-log", "the security log is cleared, which is an event itself", (), _clear_log),
    Move(
        "pass",
        "so many minutes pass at once; all that is due meanwhile happens",
        (Parameter("minutes", float, ...),),
        _pass,
    ),
    Move("status", "tell how it stands", (), _status),
)
MOVES: Mapping[str, Move] = MappingProxyType({move.name: move for move in _ALL})


async def perform(simulator: Simulator, name: str, given: Mapping[str, object]) -> Result:
    """Make something happen; return how things stand then.

    Args:
        simulator: To whom.
        name: What.
        given: Its values.

    Raises:
        SteeringError: There is no such thing, or a value makes no sense.
        StorageFailed: It could not be stored, and has not happened.
        InvalidMessage: A tag is none.
    """
    move = MOVES.get(name)
    if move is None:
        raise SteeringError(f"there is no {name!r}; there is {', '.join(MOVES)}")
    values = move.read(given)
    connector = values.get("connector", 1)
    if connector > simulator.hardware.connectors:
        raise SteeringError(f"there is no connector {connector}")
    return await move.perform(simulator, values)


def parse(line: str) -> tuple[str, dict[str, object]]:
    """Read a line of the prompt: `tag CARD-1 2`, or `tag CARD-1 connector=2`.

    Raises:
        SteeringError: It makes no sense.
    """
    try:
        name, *words = shlex.split(line)
    except ValueError as error:
        raise SteeringError(str(error)) from None
    move = MOVES.get(name)
    if move is None:
        raise SteeringError(f"there is no {name!r}; try help")
    names = [each.name for each in move.parameters]
    given: dict[str, object] = {}
    for word in words:
        key, is_named, value = word.partition("=")
        if is_named and key in names:
            given[key] = value
        elif names_left := [each for each in names if each not in given]:
            given[names_left[0]] = word
        else:
            raise SteeringError(f"{word!r} is too much: {move.usage}")
    return name, given


def status(simulator: Simulator) -> Result:
    """Return how a charge point stands."""
    station = simulator.station
    return {
        "identity": simulator.hardware.identity,
        "time": simulator.now.isoformat(),
        "connected": station.is_connected,
        "accepted": station.is_accepted,
        "status": str(station.status(0)),
        "messages_waiting": len(station.core.waiting()),
        "connectors": [status_of(simulator, number) for number in simulator.connectors],
    }


def status_of(simulator: Simulator, connector: int) -> Result:
    """Return how a connector stands."""
    station, machinery = simulator.station, simulator.machinery
    if connector == 0:
        return {"connector": 0, "status": str(station.status(0))}
    socket = machinery.sockets[connector]
    return {
        "connector": connector,
        "status": str(station.status(connector)),
        "plugged": socket.car is not None,
        "charging": station.is_charging(connector),
        "transaction": station.transaction_id(connector),
        "wh": machinery.register(connector),
        "w": machinery.power(connector),
    }


def help_lines() -> Iterable[str]:
    """Return what can be typed at the prompt."""
    width = max(len(move.usage) for move in MOVES.values())
    for move in MOVES.values():
        yield f"  {move.usage:<{width}}  {move.summary}"
