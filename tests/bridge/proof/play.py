"""One run of the proof: charge points, a bridge as a process, a backend, and a ledger."""

from __future__ import annotations

import asyncio
import contextlib
import random as random_source
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import attrs

from tests.bridge.proof import http_text
from tests.bridge.proof.backend import Backend, Mood, well
from tests.bridge.proof.bridge_process import ZYGOTE, BridgeProcess
from tests.bridge.proof.charger import Callbacks, Charger, Pace
from tests.bridge.proof.checker import Rules, Violation, violations
from tests.bridge.proof.ledger import Answered, Ledger, Received, Told, marker_of
from tests.bridge.proof.proxy import FAIR, Proxy, Weather

DRAIN_SECONDS = 90.0
"""How long the next message may take to arrive once nothing is in the way any more."""


@attrs.frozen(kw_only=True)
class Play:
    """What a run is made of."""

    seed: int
    store: str
    folder: Path
    chargers: int = 4
    has_local_ids: bool = False
    wide_ids: bool = False
    calls: float = 0.1
    mood: Mood = well
    weather: Weather = FAIR
    """Between charge points and bridge, and between bridge and backend."""
    pace: Pace = attrs.field(factory=Pace)
    seconds: float = 20.0
    """After these the way is cleared for whoever has not finished."""
    program: tuple[str, ...] = ZYGOTE
    environment: dict[str, str] = attrs.field(factory=dict)


class Stage:
    """A run, set up."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.random = random_source.Random(play.seed)
        self.ledger = Ledger()
        self.backend = Backend(
            self.ledger,
            random=random_source.Random(play.seed + 1),
            mood=play.mood,
            wide_ids=play.wide_ids,
            calls=play.calls,
        )
        self.is_over = False
        self.dead_letters: set[int] = set()
        self.chargers: list[Charger] = []
        self.bridge: BridgeProcess
        self.down: Proxy
        self.up: Proxy

    @contextlib.asynccontextmanager
    async def set_up(self) -> AsyncIterator[Stage]:
        """Set everything up but the bridge, which is ready to be started."""
        play = self.play
        callbacks = Callbacks()
        async with contextlib.AsyncExitStack() as stack:
            await self.backend.start()
            stack.push_async_callback(self.backend.stop)
            self.up = Proxy(
                ("127.0.0.1", self.backend.port),
                random=random_source.Random(play.seed + 2),
                weather=play.weather,
            )
            port = await stack.enter_async_context(self.up.served())
            listen = await stack.enter_async_context(http_text.served(callbacks.answer))
            self.bridge = BridgeProcess(
                play.store,
                f"ws://127.0.0.1:{port}/ocpp",
                play.folder,
                options=("--offline-start", "local-id") if play.has_local_ids else (),
                program=play.program,
                environment=play.environment,
            )
            stack.push_async_callback(self.bridge.close)
            self.down = Proxy(
                ("127.0.0.1", self.bridge.port),
                random=random_source.Random(play.seed + 3),
                weather=play.weather,
            )
            door = await stack.enter_async_context(self.down.served())
            for number in range(play.chargers):
                charger = Charger(
                    number,
                    f"http://127.0.0.1:{door}/ocpp",
                    self.ledger,
                    random=random_source.Random(play.seed * 1000 + number),
                    pace=play.pace,
                    listen=f"http://127.0.0.1:{listen}",
                )
                callbacks.chargers[charger.identity] = charger
                self.chargers.append(charger)
            yield self

    async def begin(self) -> None:
        """Start the bridge, and let every charge point boot."""
        await self.bridge.start()
        await asyncio.gather(*(charger.boot() for charger in self.chargers))

    def sessions(self) -> Iterator[None]:
        """Go on until the run is over."""
        while not self.is_over:
            yield

    async def toggle_backend(self) -> None:
        """Let the backend go and come, until the run is over."""
        while not self.is_over:
            await asyncio.sleep(self.random.random() * 1.5)
            if self.is_over:
                break
            await (self.backend.stop() if self.backend.is_up else self.backend.start())

    async def clear(self) -> None:
        """Take away whatever is in the way, so that everything can arrive."""
        self.is_over = True
        self.up.weather = self.down.weather = FAIR
        self.backend.mood = well
        if not self.backend.is_up:
            await self.backend.start()

    async def drained(self) -> None:
        """Wait until everything acknowledged has been answered by the backend, or is given up."""
        loop = asyncio.get_running_loop()
        left, since = waiting(self.ledger) - self.dead(), loop.time()
        while left:
            await asyncio.sleep(0.1)
            # Looking through a long ledger takes a while: a tenth of the time at most.
            before, start = left, loop.time()
            left = waiting(self.ledger) - self.dead()
            await asyncio.sleep(10 * (loop.time() - start))
            if left != before:
                since = loop.time()
            late = loop.time() - since
            assert late < DRAIN_SECONDS, f"nothing came for {late:.0f} s; not there: {sorted(left)}"

    def dead(self) -> set[int]:
        """Return the markers of what the bridge has given up or holds."""
        found = (marker_of(action, payload) for action, payload in self.bridge.given_up())
        return {marker for marker in found if marker is not None}

    def judge(self, rules: Rules) -> list[Violation]:
        """Return the violations, and keep the ledger if there are any."""
        found = violations(self.ledger, rules)
        if found:
            self.ledger.save(self.play.folder / "ledger.jsonl")
        return found


def waiting(ledger: Ledger) -> set[int]:
    """Return the markers of what was acknowledged and has no answer of the backend yet."""
    answered = {
        (entry.charger, entry.message_id)
        for entry in ledger.of(Answered)
        if entry.answer is not None
    }
    arrived = {
        entry.marker
        for entry in ledger.of(Received)
        if (entry.charger, entry.message_id) in answered
    }
    return {entry.marker for entry in ledger.of(Told) if entry.marker not in arrived}
