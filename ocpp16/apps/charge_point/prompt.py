"""A person who steers a simulated charge point, line by line."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TextIO

from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.apps.charge_point.steering import SteeringError, help_lines, parse, perform
from ocpp16.errors import InvalidMessage
from ocpp16.storage import StorageFailed

HELP = frozenset({"help", "?"})
QUIT = frozenset({"quit", "exit", "q"})


class Prompt:
    """Reads lines and does what they say.

    Args:
        simulator: Who is steered.
        file: Where lines come from.
        answer: Takes lines for the person; True is a complaint.
    """

    def __init__(
        self, simulator: Simulator, file: TextIO, answer: Callable[[str, bool], object]
    ) -> None:
        self._simulator = simulator
        self._file = file
        self._answer = answer

    async def run(self) -> None:
        """Serve until the person quits, or there are no more lines."""
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            # A thread of its own that nobody waits for: reading a terminal cannot be cancelled.
            for line in self._file:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

        def read_until_closed() -> None:
            # The loop, or the file, may be closed by now: nobody listens any more.
            with contextlib.suppress(RuntimeError, ValueError):
                read()

        threading.Thread(target=read_until_closed, daemon=True).start()
        self._answer("help lists what can be done; quit ends", False)
        while (line := await lines.get()) is not None:
            word = line.strip()
            if word in QUIT:
                return
            if word in HELP:
                for text in help_lines():
                    self._answer(text, False)
            elif word:
                await self._do(word)

    async def _do(self, line: str) -> None:
        try:
            name, given = parse(line)
            result = await perform(self._simulator, name, given)
        except (SteeringError, InvalidMessage, StorageFailed) as error:
            self._answer(str(error), True)
            return
        for text in shown(result):
            self._answer(text, False)


def shown(result: dict[str, object]) -> list[str]:
    """Return a result as lines for a person."""
    inner = result.get("connectors")
    head = ", ".join(
        f"{key} {_word(value)}" for key, value in result.items() if key != "connectors"
    )
    lines = [head]
    if isinstance(inner, list):
        lines += [f"  {line}" for each in inner for line in shown(each)]
    return lines


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
