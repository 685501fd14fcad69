"""The conversation of a server program with the one that measures it."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

PAGE = os.sysconf("SC_PAGE_SIZE")


def memory() -> int:
    """Return the resident bytes of this process, after what is garbage was given back."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a server, on uvloop if `--uvloop` says so: all servers of a comparison alike."""
    factory = uvloop.new_event_loop if "--uvloop" in sys.argv else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


async def answer_questions(port: int) -> None:
    """Tell the port, then answer questions until the input ends or says `quit`."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(port, flush=True)
    while question := (await reader.readline()).decode().strip():
        if question == "quit":
            return
        figure = time.process_time() if question == "cpu" else memory()
        print(figure, flush=True)
