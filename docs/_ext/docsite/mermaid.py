"""The directive `mermaid`: diagrams in Mermaid's notation, drawn when the pages are built.

Any reader of Markdown shows such a block; here it becomes a picture within the page, so that no
script is needed. Reads the part of the notation that the pages use (sequences, states, flow
charts), and says so where a line is none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from docsite import graph, sequence

_PARTY = re.compile(r"(?:participant|actor) (\w+)(?: as (.+))?")
_MESSAGE = re.compile(r"(\w+?)\s*(--?)(?:>>|>|\)|x)\s*(\w+)\s*:\s*(.+)")
_NOTE = re.compile(r"[Nn]ote (?:over|left of|right of) (\w+)(?:\s*,\s*(\w+))?\s*:\s*(.+)")
_TRANSITION = re.compile(r"(\[\*\]|\w+) --> (\[\*\]|\w+)(?:\s*:\s*(.+))?")
_NODE = r"(\w+)(?:[\[({]+\"?([^\"\])}]+)\"?[\])}]+)?"
_FLOW = re.compile(rf"{_NODE}\s*--+>(?:\|([^|]+)\|)?\s*{_NODE}")


class NotDrawn(ValueError):
    """A line of a diagram is none that can be drawn."""


def draw(name: str, text: str, title: str) -> str:
    """Draw a diagram.

    Args:
        name: Tells the figures of a page apart.
        text: The diagram in Mermaid's notation.
        title: What it shows.

    Raises:
        NotDrawn: A line cannot be drawn.
    """
    head, *rest = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in rest if not line.startswith("%%")]
    match head.split():
        case ["sequenceDiagram"]:
            return _sequence(name, lines, title)
        case ["stateDiagram-v2"]:
            return _states(name, lines, title)
        case ["flowchart" | "graph", _]:
            return _flow(name, lines, title)
    raise NotDrawn(f"a diagram that begins with {head!r} is not drawn")


def _sequence(name: str, lines: Iterable[str], title: str) -> str:
    parties: dict[str, str] = {}
    steps: list[sequence.Step] = []
    for line in lines:
        if found := _PARTY.fullmatch(line):
            parties[found[1]] = found[2] or found[1]
        elif found := _NOTE.fullmatch(line):
            over = tuple(party for party in (found[1], found[2]) if party)
            steps.append(sequence.Note(over, found[3]))
        elif found := _MESSAGE.fullmatch(line):
            for party in (found[1], found[3]):
                parties.setdefault(party, party)
            steps.append(sequence.Message(found[1], found[3], found[4], found[2] == "--"))
        else:
            raise NotDrawn(f"this line of a sequence is not drawn: {line}")
    return sequence.draw(name, parties, steps, title)


def _states(name: str, lines: Iterable[str], title: str) -> str:
    labels: dict[str, str] = {}
    arrows = []
    for line in lines:
        found = _TRANSITION.fullmatch(line)
        if not found:
            raise NotDrawn(f"this line of a state diagram is not drawn: {line}")
        # Where it ends is another dot than where it begins.
        start, end = found[1], "[*] end" if found[2] == graph.START else found[2]
        for box in (start, end):
            labels.setdefault(box, graph.START if box.startswith(graph.START) else box)
        arrows.append(graph.Arrow(start, end, found[3] or ""))
    return graph.draw(name, labels, arrows, title)


def _flow(name: str, lines: Iterable[str], title: str) -> str:
    labels: dict[str, str] = {}
    arrows = []
    for line in lines:
        found = _FLOW.fullmatch(line)
        if not found:
            raise NotDrawn(f"this line of a flow chart is not drawn: {line}")
        for box, label in ((found[1], found[2]), (found[4], found[5])):
            labels[box] = label or labels.get(box, box)
        arrows.append(graph.Arrow(found[1], found[4], found[3] or ""))
    return graph.draw(name, labels, arrows, title)


class Mermaid(SphinxDirective):
    """A diagram; the option `alt` says what it shows, else the heading above it does."""

    has_content = True
    option_spec = {"alt": directives.unchanged}  # noqa: RUF012 - as docutils declares it

    def run(self) -> list[nodes.Node]:
        """Return the picture as a part of the page."""
        name = f"diagram{self.env.new_serialno('diagram')}"
        try:
            drawn = draw(name, "\n".join(self.content), self.options.get("alt") or self._heading())
        except NotDrawn as error:
            raise self.error(str(error)) from error
        return [nodes.raw("", drawn, format="html")]

    def _heading(self) -> str:
        section: nodes.Node | None = self.state_machine.node
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        title = section.next_node(nodes.title) if section is not None else None
        return f"Diagram: {title.astext()}" if title is not None else "Diagram"
