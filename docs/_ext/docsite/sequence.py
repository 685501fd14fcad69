"""Sequence diagrams: who tells whom what, in order of time from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from docsite import svg

MARGIN = 8.0
HEAD = 34.0
STEP = 44.0
TIP = 26.0
"""How far a message of a party to itself reaches out."""


@attrs.frozen
class Message:
    """An arrow."""

    sender: str
    receiver: str
    text: str
    is_answer: bool = False


@attrs.frozen
class Note:
    """A remark over one or several parties."""

    over: tuple[str, ...]
    text: str


Step = Message | Note


def draw(name: str, parties: Mapping[str, str], steps: Sequence[Step], title: str) -> str:
    """Draw a sequence.

    Args:
        name: Tells the figures of a page apart.
        parties: Label by name, from left to right.
        steps: What happens, in order.
        title: What the diagram shows.
    """
    places = _places(parties, steps)
    drawn = []
    y = MARGIN + HEAD
    for step in steps:
        y += STEP
        if isinstance(step, Message):
            drawn.append(_message(name, step, places, y))
        else:
            drawn.append(_note(step, places, y - 12))
    bottom = y + STEP / 2
    widths = {party: _head_width(label) for party, label in parties.items()}
    heads = "".join(
        svg.element("line", x1=places[party], x2=places[party], y1=MARGIN + HEAD, y2=bottom,
                    class_="life")
        + svg.element("rect", x=places[party] - widths[party] / 2, y=MARGIN, rx=6,
                      width=widths[party], height=HEAD, class_="box")
        + svg.text(places[party], MARGIN + HEAD / 2, label, kind="name")
        for party, label in parties.items()
    )  # fmt: skip
    last = list(parties)[-1]
    right = max(
        places[last] + widths[last] / 2,
        *(_right(step, places) for step in steps),
    )
    return svg.picture(
        name, heads + "".join(drawn), width=right + MARGIN, height=bottom + MARGIN, title=title
    )


def _head_width(label: str) -> float:
    return max(svg.width_of(label) + 24, 84.0)


def _places(parties: Mapping[str, str], steps: Sequence[Step]) -> dict[str, float]:
    """Return where the line of each party is: as close together as what is written allows."""
    names = list(parties)
    places: dict[str, float] = {}
    for number, party in enumerate(names):
        half = _head_width(parties[party]) / 2
        if not number:
            # A note over the first party alone reaches out to its left, too.
            alone = (_note_width(step, {}) / 2 for step in steps
                     if isinstance(step, Note) and step.over == (party,))  # fmt: skip
            places[party] = MARGIN + max(half, *alone, 0.0)
            continue
        before = names[number - 1]
        least = places[before] + _head_width(parties[before]) / 2 + half + 20
        for step in steps:
            ends = _ends(step)
            others = [names.index(end) for end in ends if end != party]
            if party in ends and others and max(others) < number:
                start = places[names[min(others)]]
                least = max(least, start + svg.width_of(step.text) + 34)
        places[party] = least
    return places


def _ends(step: Step) -> tuple[str, ...]:
    return step.over if isinstance(step, Note) else (step.sender, step.receiver)


def _right(step: Step, places: Mapping[str, float]) -> float:
    if isinstance(step, Note):
        middle = sum(places[party] for party in step.over) / len(step.over)
        return middle + _note_width(step, places) / 2
    if step.sender == step.receiver:
        return places[step.sender] + TIP + 8 + svg.width_of(step.text)
    return 0.0


def _message(name: str, step: Message, places: Mapping[str, float], y: float) -> str:
    start, end = places[step.sender], places[step.receiver]
    kind = "edge answer" if step.is_answer else "edge"
    tip = f"url(#{name}-tip)"
    if step.sender == step.receiver:
        path = f"M{start:.1f},{y - 14:.1f} h{TIP} v16 h{2 - TIP}"
        return svg.element("path", d=path, class_=kind, marker_end=tip) + svg.text(
            start + TIP + 6, y - 6, step.text, anchor="start"
        )
    arrow = svg.element("line", x1=start, x2=end, y1=y, y2=y, class_=kind, marker_end=tip)
    return arrow + svg.text((start + end) / 2, y - 11, step.text)


def _note_width(step: Note, places: Mapping[str, float]) -> float:
    span = [places[party] for party in step.over if party in places]
    return max(svg.width_of(step.text) + 20, max(span, default=0.0) - min(span, default=0.0) + 40)


def _note(step: Note, places: Mapping[str, float], y: float) -> str:
    middle = sum(places[party] for party in step.over) / len(step.over)
    width = _note_width(step, places)
    return svg.element(
        "rect", x=middle - width / 2, y=y - 14, width=width, height=28, rx=4, class_="note"
    ) + svg.text(middle, y, step.text)
