"""`ocpp16 demo`: a central system and a charge point live through a day, over real sockets.

Knows who plays, on which wires, and what has to be shown: every action of OCPP 1.6 in each
direction that the standard gives it. What happens is in `demo_story`, which knows no wire. Does not
print.
"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import ip_network
from types import MappingProxyType
from typing import TypeAlias

import attrs

from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.apps.demo_security import DemoSecurity, demo_security
from ocpp16.apps.demo_stage import Chapter, Check, Settle, Stage, StageEvent, StoryBroken
from ocpp16.apps.demo_story import CHAPTERS, TAGS, ChapterPlay
from ocpp16.apps.exchange import Exchange
from ocpp16.apps.tracer import Tracer
from ocpp16.catalog import ACTIONS
from ocpp16.clock import Clock
from ocpp16.errors import OcppError
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.security.profiles import PROFILES
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.transports.system_clock import SystemClock

DemoEvent: TypeAlias = StageEvent
Watch: TypeAlias = Callable[[DemoEvent], object]

WIRES: Mapping[str, str] = MappingProxyType(
    {
        "json": "ws://127.0.0.1:0/ocpp",
        "soap": "http://127.0.0.1:0/ocpp",
        "bridge": "ws://127.0.0.1:0/ocpp",
    }
)
"""Where the central system listens, by the name of the wire; each wire has a charge point."""
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "json": "On OCPP-J: JSON over WebSocket",
        "soap": "On OCPP-S: SOAP over HTTP",
        "bridge": "Over the bridge: a SOAP charge point, a JSON central system",
    }
)
CALLBACKS: Mapping[str, str] = MappingProxyType(
    {"soap": "http://127.0.0.1:0/", "bridge": "http://127.0.0.1:0/"}
)
"""Where a charge point listens, on the wires where it has to."""

PACE = 0.02
"""Time of the charge point nearly stands still, but for what the story skips: numbers are exact."""
SETTINGS = Settings(
    call_timeout=timedelta(seconds=5),
    drain_timeout=timedelta(seconds=2),
    # All of the demo is on this machine, which nobody else may name as a place to call.
    callback_networks=(ip_network("127.0.0.0/8"),),
)


def installed_wires(profile: int = 0) -> Mapping[str, str]:
    """Return the wires that can be played on with the extras that are installed.

    Args:
        profile: The security profile; a bridge's charge points have none.
    """
    has_soap = all(find_spec(name) for name in ("lxml", "httpx", "uvicorn"))
    has_bridge = has_soap and find_spec("sqlalchemy") is not None and profile == 0
    missing = {"soap": not has_soap, "bridge": not has_bridge}
    return {wire: url for wire, url in WIRES.items() if not missing.get(wire)}


@attrs.frozen(order=True)
class Step:
    """One action in one direction."""

    sender: str
    action: str


DUE: tuple[Step, ...] = tuple(
    Step(side.value, action.name)
    for side in Side
    for action in ACTIONS.values()
    if side in action.senders and action.profile != "security"
)
"""What the standard has: 28 actions, one of them in both directions."""


@attrs.frozen
class Tally:
    """How one step went on one wire."""

    calls: int
    failures: int
    milliseconds: float | None
    """Median round trip; None without a call."""

    @property
    def ok(self) -> bool:
        """Tell whether it was called, and answered each time."""
        return self.calls > 0 and not self.failures


@attrs.define
class Report:
    """What was shown, and what was not."""

    wires: Sequence[str]
    seconds: float = 0.0
    exchanges: dict[str, list[Exchange]] = attrs.Factory(dict)
    checks: list[Check] = attrs.Factory(list)
    troubles: list[str] = attrs.Factory(list)
    """What broke the story off."""

    def tally(self, step: Step, wire: str) -> Tally:
        """Return how a step went on a wire."""
        calls = [
            exchange
            for exchange in self.exchanges.get(wire, ())
            if (exchange.sender.value, exchange.action) == (step.sender, step.action)
        ]
        times = [exchange.seconds * 1000 for exchange in calls]
        failures = sum(not exchange.ok for exchange in calls)
        return Tally(len(calls), failures, statistics.median(times) if times else None)

    @property
    def failures(self) -> list[str]:
        """What was not as it should be; empty if all of it was."""
        found = list(self.troubles)
        found += [
            f"{check.chapter}: {check.text}: {check.found}" for check in self.checks if not check.ok
        ]
        for wire in self.wires:
            for step in DUE:
                tally = self.tally(step, wire)
                if not tally.ok:
                    what = "an error was answered" if tally.calls else "was never called"
                    found.append(f"{step.action} from the {step.sender} on {wire}: {what}")
        return found

    @property
    def ok(self) -> bool:
        """Tell whether everything was shown and as it should be."""
        return not self.failures


async def run_demo(
    watch: Watch,
    *,
    wires: Mapping[str, str] | None = None,
    chapters: Sequence[tuple[str, ChapterPlay]] = CHAPTERS,
    clock: Clock | None = None,
    profile: int = 0,
) -> Report:
    """Play the story on each wire, one after the other, and report.

    Args:
        watch: Is told everything as it happens.
        wires: Where the central system listens, by the name of the wire; None is wherever it can.
        chapters: The story.
        clock: Where time comes from; None is the machine's.
        profile: The security profile of the links.

    Raises:
        ModuleNotFoundError: Certificates, for profiles 2 and 3, need the extra `security`.
    """
    real_clock = SystemClock() if clock is None else clock
    wires = installed_wires(profile) if wires is None else wires
    report = Report(tuple(wires))
    began = real_clock.time()
    identities = {wire: f"DEMO-{wire.upper()}" for wire in wires}
    with demo_security(profile, list(identities.values()), real_clock.now()) as security:
        for wire, url in wires.items():
            performance = _Performance(wire, report, watch, real_clock, security)
            await performance.play(security.url(url), identities[wire], chapters)
    report.seconds = real_clock.time() - began
    return report


class _Performance:
    """The story on one wire."""

    def __init__(
        self, wire: str, report: Report, watch: Watch, clock: Clock, security: DemoSecurity
    ) -> None:
        self._wire = wire
        self._report = report
        self._watch = watch
        self._clock = clock
        self._security = security

    async def play(
        self, url: str, identity: str, chapters: Sequence[tuple[str, ChapterPlay]]
    ) -> None:
        profile = self._security.profile
        kind = f", security profile {profile}: {PROFILES[profile].title}" if profile else ""
        title = f"{TITLES[self._wire]}{kind}"
        self._tell(Chapter(title, "The same story, by the same handlers, on any wire."))
        central = CentralSystem(
            settings=SETTINGS, clock=self._clock, security=self._security.server
        )
        station = ChargePoint(identity, settings=SETTINGS, clock=self._clock)
        office = BackOffice(now=self._clock.now, tell=self._tell, tags=TAGS)
        office.register(central)
        simulator = Simulator(Hardware(identity=identity), station, clock=self._clock, pace=PACE)
        for role in (central, station):
            Tracer(role, self._tell, own_only=True)
        try:
            async with self._serve(central, url) as (place, settle):
                stage = Stage(
                    central,
                    office,
                    simulator,
                    clock=self._clock,
                    exchanges=self._report.exchanges.setdefault(self._wire, []),
                    watch=self._tell,
                    settle=settle,
                )
                listen = self._security.callback(CALLBACKS.get(self._wire))
                security = self._security.stations.get(identity)
                async with simulator.connect_to(place, listen=listen, security=security):
                    await self._tell_story(stage, chapters)
        except OSError as error:
            self._report.troubles.append(f"{self._wire}: cannot listen at {url}: {error}")

    @asynccontextmanager
    async def _serve(
        self, central: CentralSystem, url: str
    ) -> AsyncIterator[tuple[str, Settle | None]]:
        """Open the way to the central system; give where a charge point begins it."""
        soap = url if self._wire == "soap" else None
        async with central.serve(json=None if soap else url, soap=soap) as server:
            if self._wire != "bridge":
                yield server.urls[self._wire], None
                return
            from ocpp16.apps.demo_bridge import bridged  # noqa: PLC0415 - heavy, an extra

            async with bridged(server.urls.json, self._clock) as (place, settle):
                yield place, settle

    async def _tell_story(self, stage: Stage, chapters: Sequence[tuple[str, ChapterPlay]]) -> None:
        for title, play in chapters:
            stage.open_chapter(title, (play.__doc__ or "").strip())
            try:
                await play(stage)
            except (OcppError, StoryBroken, TimeoutError) as error:
                self._report.troubles.append(f"{title}: the story broke off: {error}")
                return

    def _tell(self, event: DemoEvent) -> None:
        if isinstance(event, Exchange):
            self._report.exchanges.setdefault(self._wire, []).append(event)
        elif isinstance(event, Check):
            self._report.checks.append(event)
        self._watch(event)
