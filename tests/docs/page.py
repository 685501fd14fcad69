"""What a page of the documentation tells its reader to do, read from its Markdown.

A page shows files (`literalinclude` with the name to save it by as caption) and terminals
(`code-block console` with the name of the terminal as caption). In a terminal, `$ ` begins a
command, which may go on over a backslash, and `> ` a line that is typed into the program that runs;
`^C` interrupts it and `^\\` kills it. The rest is what the program says: `<name>` stands for a word
that differs from run to run, and `...` for any lines, or within a line for any text.
"""

from __future__ import annotations

import re
import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs

DOCS = Path(__file__).parent.parent.parent / "docs"
FENCE = re.compile(r"^ *(`{3,})(.*?)\n(.*?)^ *\1 *$", re.DOTALL | re.MULTILINE)
OPTION = re.compile(r"^:(\w[\w-]*):(.*)$")
DRAWN = frozenset({"mermaid", "{mermaid}", "{note}", "{tip}", "{warning}"})
"""Fences that show nothing to be typed."""
ELSEWHERE = {
    "certificates": frozenset({"python"}),
    "bridge": frozenset({"nginx"}),
}
"""Fences of pages that another test runs (`tests/security/test_howto.py`), or that belong to
somebody else's program."""
KEYS = {"^C": signal.SIGINT, "^\\": signal.SIGQUIT}
"""Keys that end a program, and the signal that the terminal sends."""


@attrs.frozen
class File:
    """A file that the reader saves."""

    name: str
    source: Path
    marked: tuple[int, ...] = ()
    """Numbers of the lines that the page marks."""


@attrs.frozen
class Excerpt:
    """A part of a file that the page explains; the reader saves nothing."""

    source: Path


@attrs.frozen
class Step:
    """One thing that happens in a terminal: something typed, then what is shown."""

    typed: str | None
    """None: nothing is typed, and more is shown."""
    is_command: bool
    shown: tuple[str, ...]


@attrs.frozen
class Terminal:
    """What happens in one terminal."""

    name: str
    steps: tuple[Step, ...]


Block = File | Excerpt | Terminal


class StrayBlock(ValueError):
    """A block that is neither a file nor a terminal, so that nothing would run it."""


def blocks(page: Path) -> Iterator[Block]:
    """Return what a page tells its reader to do, in order."""
    for match in FENCE.finditer(page.read_text()):
        head, body = match[2].strip(), match[3]
        kind, _, argument = head.partition(" ")
        if kind in DRAWN or kind in ELSEWHERE.get(page.stem, ()):
            continue
        options, lines = _split(body)
        if kind == "{literalinclude}":
            source = (page.parent / argument.strip()).resolve()
            name = options.get("caption")
            if name is None:
                yield Excerpt(source)
            else:
                yield File(name, source, _numbers(options.get("emphasize-lines", "")))
        elif kind == "{code-block}" and argument.strip() == "console":
            yield Terminal(options.get("caption", "Terminal"), tuple(_steps(lines)))
        else:
            raise StrayBlock(f"{page.name}: nothing runs this block: {head}\n{body}")


def _split(body: str) -> tuple[dict[str, str], list[str]]:
    options = {}
    lines = textwrap.dedent(body).splitlines()
    while lines and (option := OPTION.match(lines[0].strip())):
        options[option[1]] = option[2].strip()
        del lines[0]
    while lines and not lines[0].strip():
        del lines[0]
    return options, lines


def _numbers(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in filter(None, text.replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(numbers)


def _steps(lines: list[str]) -> Iterator[Step]:
    typed: str | None = None
    is_command = False
    shown: list[str] = []
    pending = iter(lines)
    for line in pending:
        if line.startswith(("$ ", "> ")) or line in KEYS:
            if typed is not None or shown:
                yield Step(typed, is_command, tuple(shown))
            typed, shown, is_command = line.removeprefix("> "), [], line.startswith("$ ")
            if is_command:
                typed = typed.removeprefix("$ ")
                while typed.endswith("\\"):
                    typed += "\n" + next(pending)
        else:
            shown.append(line)
    yield Step(typed, is_command, tuple(shown))
