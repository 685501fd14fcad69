"""Runs the targets: so many inputs for each wire, from one seed."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fuzz.mutator import HTTP_TOKENS, JSON_TOKENS, XML_TOKENS, Mutator
from fuzz.targets import JSON, SOAP, Finding, Target
from fuzz.wire import FRAMES, UPGRADE, Site

CORPUS: Final = Path(__file__).parent / "corpus"
FOUND: Final = Path("fuzz-found")
"""Where inputs are kept that found something."""
SECONDS_BETWEEN: Final = 10.0

Say = Callable[[str], None]


def seeds(*names: str) -> list[bytes]:
    """Return the good inputs of files of the corpus, one a line."""
    return [line for name in names for line in (CORPUS / name).read_bytes().splitlines() if line]


def requests() -> list[bytes]:
    """Return good HTTP requests; in the file, what cannot be seen is escaped."""
    return [line.decode("unicode_escape").encode("latin-1") for line in seeds("http.txt")]


def run_target(name: str, target: Target, inputs: Mutator, count: int, say: Say) -> None:
    """Give a target so many inputs.

    Args:
        name: Of the target.
        target: It.
        inputs: Where inputs come from.
        count: How many.
        say: Takes a line on how far it is.

    Raises:
        Finding: Something happened that must not; the input is in a file.
    """
    began = shown = time.monotonic()
    for number in range(count):
        data = inputs.next()
        try:
            target(data)
        except Exception as error:
            path = keep(name, data)
            raise Finding(f"{name}, input {number + 1}, kept as {path}: {error!r}") from error
        if time.monotonic() - shown > SECONDS_BETWEEN:
            shown = time.monotonic()
            say(f"{name}: {number + 1} of {count}")
    say(f"{name}: {count} inputs in {time.monotonic() - began:.0f} s, nothing found")


def keep(name: str, data: bytes) -> Path:
    """Write an input that found something to a file."""
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def run_json(count: int, seed: str, say: Say) -> None:
    """Run the targets of OCPP-J.

    Args:
        count: How many inputs in all, those over sockets not counted.
        seed: Where they come from.
        say: Takes lines on how far it is.
    """
    good = seeds("json.txt", "json-security.txt")
    for name, (target, share) in JSON.items():
        inputs = Mutator(good, JSON_TOKENS, f"{seed} {name}")
        run_target(name, target, inputs, round(count * share), say)


def run_soap(count: int, seed: str, say: Say) -> None:
    """Run the targets of OCPP-S; see `run_json`."""
    good = seeds("soap.txt")
    for name, (target, share) in SOAP.items():
        inputs = Mutator(good, XML_TOKENS, f"{seed} {name}")
        run_target(name, target, inputs, round(count * share), say)


def run_wires(count: int, seed: str, say: Say) -> None:
    """Send inputs over real sockets: requests to both servers, frames, envelopes in requests."""
    began = time.monotonic()
    heads = Mutator(requests(), HTTP_TOKENS, f"{seed} heads")
    frames = Mutator(FRAMES, (*HTTP_TOKENS[:8], *JSON_TOKENS[:20]), f"{seed} frames")
    bodies = Mutator(seeds("soap.txt"), XML_TOKENS, f"{seed} bodies")
    kinds = iter(range(4 * count))

    def draw() -> tuple[str, bytes]:
        match next(kinds) % 4:
            case 0:
                return "json", heads.next()
            case 1:
                return "soap", heads.next()
            case 2:
                return "json", UPGRADE + frames.next()
            case _:
                body = bodies.next()
                return "soap", b"POST /ocpp HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(
                    body
                ) + body

    asyncio.run(Site().run(draw, count))
    say(f"wires: {count} inputs in {time.monotonic() - began:.0f} s, nothing found")


def again(path: Path) -> None:
    """Give a kept input to its target once more."""
    name = path.name.rpartition("-")[0]
    target, _ = (JSON | SOAP)[name]
    target(path.read_bytes())


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
