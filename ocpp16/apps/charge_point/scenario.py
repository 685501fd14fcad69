"""Scenarios: scripts of what happens to a simulated charge point, and what must come of it. TOML.

    name = "One session"

    [[steps]]
    do = "plug"
    connector = 1

    [[steps]]
    do = "tag"
    tag = "CARD-1"
    accepted = true

    [[steps]]
    do = "wait"
    minutes = 30

    [[steps]]
    do = "expect"
    sent = "MeterValues"
    where = { connectorId = 1 }
    within = 5

    [[steps]]
    do = "repeat"
    times = 3
    steps = [{ do = "tag", tag = "CARD-1" }, { do = "wait", seconds = 10 }]

A step is a move of `steering`, or `wait` (simulated time), `pause` (real seconds), `expect`, or
`repeat`. A file is read as a whole before anything happens.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.apps.charge_point.steering import MOVES, SteeringError, perform
from ocpp16.apps.exchange import Exchange
from ocpp16.apps.summary import payload_of
from ocpp16.catalog import ACTIONS
from ocpp16.clock import Clock
from ocpp16.enums import ChargePointStatus
from ocpp16.errors import InvalidMessage
from ocpp16.spec import Side

MOST_STEPS = 1_000_000
"""Steps that a scenario has at most, repetitions counted."""
DEPTH = 8
"""How deep repetitions may be nested."""
WITHIN = 10.0
"""Real seconds that something expected may take, where nothing else is said."""
GLANCE = 0.01
"""Real seconds between two looks whether it has happened."""


class ScenarioError(ValueError):
    """A file is no scenario; the text says where and why."""


@attrs.frozen
class Wait:
    """Simulated time passes."""

    seconds: float


@attrs.frozen
class Pause:
    """Real time passes."""

    seconds: float


@attrs.frozen
class Act:
    """A move of `steering`."""

    move: str
    values: Mapping[str, object]
    accepted: bool | None = None
    """What a tag has to be answered."""


@attrs.frozen
class Expect:
    """Something has to be so, or to become so."""

    within: float
    connector: int = 1
    status: str | None = None
    charging: bool | None = None
    waiting: int | None = None
    """Messages about transactions that wait to be sent."""
    sent: str | None = None
    """Action that the charge point has to send, after what was expected last."""
    asked: str | None = None
    """Action that the central system has to send."""
    where: Mapping[str, object] = attrs.field(factory=dict)
    """Fields that its request has to have."""


@attrs.frozen
class Repeat:
    """Steps happen several times."""

    times: int
    steps: Sequence[Step]


Step: TypeAlias = Wait | Pause | Act | Expect | Repeat


@attrs.frozen
class Scenario:
    """A script."""

    name: str
    steps: Sequence[Step]


def load(path: Path) -> Scenario:
    """Read a file.

    Raises:
        ScenarioError: It is no scenario.
        OSError: It cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no TOML, no UTF-8, or a number of thousands of digits
        raise ScenarioError(f"{path}: {error}") from None
    except RecursionError:
        raise ScenarioError(f"{path}: nested too deep") from None
    return read(document, path.stem)


def read(document: Mapping[str, Any], name: str = "scenario") -> Scenario:
    """Read what a TOML file holds.

    Raises:
        ScenarioError: It is no scenario.
    """
    for key in document:
        if key not in {"name", "steps"}:
            raise ScenarioError(f"{key}: a scenario has a name and steps")
    steps = _steps(document.get("steps"), "steps", DEPTH)
    if _count(steps) > MOST_STEPS:
        raise ScenarioError(f"steps: more than {MOST_STEPS}, repetitions counted")
    return Scenario(str(document.get("name", name)), steps)


def _steps(found: object, where: str, depth: int) -> list[Step]:
    if not isinstance(found, list) or not found:
        raise ScenarioError(f"{where}: a list of steps is due")
    if not depth:
        raise ScenarioError(f"{where}: nested too deep")
    return [_step(each, f"{where}[{place}]", depth) for place, each in enumerate(found)]


def _step(found: object, where: str, depth: int) -> Step:
    if not isinstance(found, dict) or not isinstance(found.get("do"), str):
        raise ScenarioError(f"{where}: a table with a do = ... is due")
    given = dict(found)
    kind = given.pop("do")
    try:
        match kind:
            case "wait":
                seconds = sum(
                    factor * _number(given.pop(unit, 0))
                    for unit, factor in (("seconds", 1), ("minutes", 60), ("hours", 3600))
                )
                step: Step = Wait(seconds)
            case "pause":
                step = Pause(_number(given.pop("seconds", 1)))
            case "repeat":
                times = _times(given.pop("times", 1))
                inner = _steps(given.pop("steps", None), f"{where}.steps", depth - 1)
                step = Repeat(times, inner)
            case "expect":
                step = _expect(given)
            case _:
                return _act(kind, given)
        _check_empty(kind, given)
    except SteeringError as error:
        raise ScenarioError(f"{where}: {error}") from None
    return step


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 10**9:
        raise SteeringError(f"{value!r} is no amount of time")
    return float(value)


def _times(value: object) -> int:
    if type(value) is not int or value < 0:
        raise SteeringError(f"times is {value!r}, not a whole number")
    return value


def _check_empty(kind: str, left: Mapping[str, object]) -> None:
    if left:
        raise SteeringError(f"{kind} has no {', '.join(left)}")


def _act(kind: str, given: dict[str, Any]) -> Act:
    move = MOVES.get(kind)
    if move is None:
        names = ", ".join((*MOVES, "wait", "pause", "expect", "repeat"))
        raise SteeringError(f"there is no {kind!r}; there is {names}")
    accepted = given.pop("accepted", None) if kind == "tag" else None
    if accepted is not None and not isinstance(accepted, bool):
        raise SteeringError(f"accepted is {accepted!r}, not true or false")
    move.read(given)  # the whole file is checked before anything happens
    return Act(kind, given, accepted)


_EXPECTED: Mapping[str, type] = {
    "connector": int,
    "charging": bool,
    "waiting": int,
    "status": str,
    "sent": str,
    "asked": str,
    "where": dict,
}


def _expect(given: dict[str, Any]) -> Expect:
    values: dict[str, Any] = {"within": _number(given.pop("within", WITHIN))}
    for name, type_ in _EXPECTED.items():
        if name in given:
            value = given.pop(name)
            if type(value) is not type_:
                raise SteeringError(f"{name} is {value!r}")
            values[name] = value
    if not values.keys() & {"status", "charging", "waiting", "sent", "asked"}:
        raise SteeringError("expect needs status, charging, waiting, sent or asked")
    if values.get("status", "Available") not in set(ChargePointStatus):
        raise SteeringError(f"{values['status']!r} is no status")
    for name in ("sent", "asked"):
        if name in values and values[name] not in ACTIONS:
            raise SteeringError(f"{values[name]!r} is no action of OCPP 1.6")
    return Expect(**values)


def _count(steps: Sequence[Step]) -> int:
    return sum(
        1 + each.times * _count(each.steps) if isinstance(each, Repeat) else 1 for each in steps
    )


class Player:
    """Plays a scenario.

    Args:
        simulator: The charge point.
        exchanges: What was sent and asked so far; somebody else lets it grow.
        clock: Real time.
        remark: Takes a line for each expectation.
    """

    def __init__(
        self,
        simulator: Simulator,
        exchanges: Sequence[Exchange],
        *,
        clock: Clock,
        remark: Callable[[str, bool], object],
    ) -> None:
        self.failures: list[str] = []
        """What was not as it has to be."""
        self._simulator = simulator
        self._exchanges = exchanges
        self._clock = clock
        self._remark = remark
        self._seen = 0

    async def play(self, scenario: Scenario) -> bool:
        """Play it to its end; return whether all was as it has to be."""
        station = self._simulator.station
        await station.until(lambda: station.is_accepted)
        await station.quiet()
        await self._play(scenario.steps, "steps")
        return not self.failures

    async def _play(self, steps: Sequence[Step], where: str) -> None:
        for place, step in enumerate(steps):
            here = f"{where}[{place}]"
            match step:
                case Wait(seconds=seconds):
                    await self._simulator.pass_time(seconds)
                case Pause(seconds=seconds):
                    await self._clock.sleep(seconds)
                case Act():
                    await self._act(step, here)
                case Expect():
                    await self._expect(step, here)
                case Repeat(times=times):
                    for number in range(times):
                        await self._play(step.steps, f"{here}#{number + 1}")

    async def _act(self, act: Act, where: str) -> None:
        try:
            result = await perform(self._simulator, act.move, act.values)
        except (SteeringError, InvalidMessage) as error:
            self._note(f"{where}: {act.move}: {error}", ok=False)
            return
        if act.accepted is not None:
            is_so = result.get("accepted") is act.accepted
            verdict = "accepted" if result.get("accepted") else "refused"
            self._note(f"{where}: {act.values['tag']} is {verdict}", ok=is_so)

    async def _expect(self, expect: Expect, where: str) -> None:
        end = self._clock.time() + expect.within
        while (is_so := self._is_so(expect)) is False and self._clock.time() < end:
            await self._clock.sleep(GLANCE)
        self._note(f"{where}: {_words(expect)}", ok=is_so)

    def _is_so(self, expect: Expect) -> bool:
        simulator = self._simulator
        number = expect.connector
        if not 0 <= number <= simulator.hardware.connectors:
            return False
        if expect.status is not None and simulator.status(number) != expect.status:
            return False
        if expect.charging is not None and expect.charging is not simulator.station.is_charging(
            number
        ):
            return False
        waiting = len(simulator.station.core.waiting())
        if expect.waiting is not None and expect.waiting != waiting:
            return False
        wanted = expect.sent or expect.asked
        return wanted is None or self._has_seen(expect, wanted)

    def _has_seen(self, expect: Expect, wanted: str) -> bool:
        side = Side.CHARGE_POINT if expect.sent else Side.CENTRAL_SYSTEM
        for place in range(self._seen, len(self._exchanges)):
            exchange = self._exchanges[place]
            if exchange.sender is side and exchange.action == wanted:
                payload = payload_of(exchange.request)
                if all(payload.get(name) == value for name, value in expect.where.items()):
                    self._seen = place + 1
                    return True
        return False

    def _note(self, text: str, *, ok: bool) -> None:
        if not ok:
            self.failures.append(text)
        self._remark(f"{'ok' if ok else 'NOT OK'}  {text}", ok)


def _words(expect: Expect) -> str:
    words = []
    if expect.status is not None:
        words.append(f"connector {expect.connector} is {expect.status}")
    if expect.charging is not None:
        does = "charges" if expect.charging else "does not charge"
        words.append(f"connector {expect.connector} {does}")
    if expect.waiting is not None:
        words.append(f"{expect.waiting} messages wait")
    fields = "".join(f" {name}={value!r}" for name, value in expect.where.items())
    if expect.sent is not None:
        words.append(f"{expect.sent} is sent{fields}")
    if expect.asked is not None:
        words.append(f"{expect.asked} is asked{fields}")
    return " and ".join(words)
