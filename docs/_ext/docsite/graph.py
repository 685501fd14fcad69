"""Diagrams of states and of what depends on what: boxes, and arrows from one to another.

A graph of few arrows is laid out in rows, so that arrows lead downwards where they can; one with
many is laid out on an ellipse. Both are drawn the same way, each box together with the arrows that
leave it, so that the style sheet can point them out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import attrs

from docsite import svg

START = "[*]"
"""Where it begins and ends: drawn as a dot."""
HEIGHT = 32.0
ROW = 78.0
GAP = 26.0
DENSE = 2.5
"""Arrows per box from which on rows would be a tangle."""
Point = tuple[float, float]


@attrs.frozen
class Arrow:
    """From one box to another."""

    start: str
    end: str
    text: str = ""


def draw(name: str, labels: Mapping[str, str], arrows: Sequence[Arrow], title: str) -> str:
    """Draw a graph.

    Args:
        name: Tells the figures of a page apart.
        labels: What is written in a box, by its name.
        arrows: The arrows.
        title: What the diagram shows.
    """
    is_dense = len(arrows) > DENSE * len(labels)
    places, routes = _on_an_ellipse(labels, arrows) if is_dense else _in_rows(labels, arrows)
    drawn = []
    for box, label in labels.items():
        leaving = "".join(
            _arrow(name, arrow, routes[arrow], labels, is_dense=is_dense)
            for arrow in arrows
            if arrow.start == box
        )
        drawn.append(svg.element("g", leaving + _box(label, places[box]), class_="state"))
    xs = [
        places[box][0] + sign * _width(label) / 2
        for box, label in labels.items()
        for sign in (-1, 1)
    ]
    xs += [x for route in routes.values() for x, _ in route]
    ys = [y for _, y in places.values()]
    left, top = min(xs) - 10, min(ys) - HEIGHT / 2 - 10
    moved = svg.element("g", "".join(drawn), transform=f"translate({-left:.1f},{-top:.1f})")
    return svg.picture(
        name, moved, width=max(xs) + 10 - left, height=max(ys) + HEIGHT / 2 + 10 - top, title=title
    )


def _width(label: str) -> float:
    return 16.0 if label == START else svg.width_of(label) + 22


def _box(label: str, place: Point) -> str:
    x, y = place
    if label == START:
        return svg.element("circle", cx=x, cy=y, r=8, class_="dot")
    width = _width(label)
    return svg.element(
        "rect", x=x - width / 2, y=y - HEIGHT / 2, width=width, height=HEIGHT, rx=8, class_="box"
    ) + svg.text(x, y, label, kind="name")


def _arrow(
    name: str, arrow: Arrow, route: Sequence[Point], labels: Mapping[str, str], *, is_dense: bool
) -> str:
    """Draw a line through the points of a route, from the rim of one box to that of the other."""
    first = _rim(labels[arrow.start], route[0], route[1])
    last = _rim(labels[arrow.end], route[-1], route[-2])
    if is_dense:
        (x, y), middle = first, route[1]
        path = f"M{x:.1f},{y:.1f} Q{middle[0]:.1f},{middle[1]:.1f} {last[0]:.1f},{last[1]:.1f}"
        label = _on_curve(first, middle, last, 0.2)
    else:
        points = [first, *route[1:-1], last]
        path = f"M{first[0]:.1f},{first[1]:.1f}" + "".join(
            f" C{a[0]:.1f},{(a[1] + b[1]) / 2:.1f} {b[0]:.1f},{(a[1] + b[1]) / 2:.1f}"
            f" {b[0]:.1f},{b[1]:.1f}"
            for a, b in pairwise(points)
        )
        half = len(points) // 2
        a, b = points[half - 1], points[half]
        label = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    line = svg.element("path", d=path, class_="edge", marker_end=f"url(#{name}-tip)")
    return line + (svg.text(*label, arrow.text, kind="label halo") if arrow.text else "")


def _rim(label: str, middle: Point, towards: Point) -> Point:
    """Return where a line from the middle of a box crosses its border."""
    dx, dy = towards[0] - middle[0], towards[1] - middle[1]
    if label == START:
        length = math.hypot(dx, dy) or 1.0
        return middle[0] + dx / length * 8, middle[1] + dy / length * 8
    factors = [_width(label) / 2 / abs(dx)] if dx else []
    factors += [HEIGHT / 2 / abs(dy)] if dy else []
    factor = min(factors, default=0.0)
    return middle[0] + dx * factor, middle[1] + dy * factor


def _on_curve(a: Point, b: Point, c: Point, t: float) -> Point:
    def along(one: float, two: float, three: float) -> float:
        return (1 - t) ** 2 * one + 2 * t * (1 - t) * two + t**2 * three

    return along(a[0], b[0], c[0]), along(a[1], b[1], c[1])


def _on_an_ellipse(
    labels: Mapping[str, str], arrows: Sequence[Arrow]
) -> tuple[dict[str, Point], dict[Arrow, list[Point]]]:
    boxes = [box for box in labels if box != START]
    wide, high = 42.0 * len(boxes), 33.0 * len(boxes)
    places = {}
    for number, box in enumerate(boxes):
        angle = 2 * math.pi * number / len(boxes) - math.pi / 2
        places[box] = (wide * math.cos(angle), high * math.sin(angle))
    if START in labels:
        x, y = places[boxes[0]]
        places[START] = (x - _width(labels[boxes[0]]) / 2 - 60, y)
    routes = {}
    for arrow in arrows:
        (x1, y1), (x2, y2) = places[arrow.start], places[arrow.end]
        # Bent to the right of its own direction, so that there and back are two lines.
        bend = 0.0 if START in {arrow.start, arrow.end} else 0.13
        middle = ((x1 + x2) / 2 - bend * (y2 - y1), (y1 + y2) / 2 + bend * (x2 - x1))
        routes[arrow] = [(x1, y1), middle, (x2, y2)]
    return places, routes


def _in_rows(
    labels: Mapping[str, str], arrows: Sequence[Arrow]
) -> tuple[dict[str, Point], dict[Arrow, list[Point]]]:
    down = _without_cycles(list(labels), arrows)
    rank = _ranks(list(labels), down)
    rows: list[list[str]] = [[] for _ in range(max(rank.values()) + 1)]
    for box in labels:
        rows[rank[box]].append(box)
    # A line that passes a row takes a place of its own in it, so that it crosses no box.
    chains: dict[Arrow, list[str]] = {}
    links: list[tuple[str, str]] = []
    for number, (arrow, (upper, lower)) in enumerate(zip(arrows, down, strict=True)):
        chain = [upper, *(f"{number} {row}" for row in range(rank[upper] + 1, rank[lower])), lower]
        for row, passing in enumerate(chain[1:-1], rank[upper] + 1):
            rows[row].append(passing)
        chains[arrow] = chain if arrow.start == upper else chain[::-1]
        links += list(pairwise(chain))
    _untangle(rows, links)
    places = _spread(rows, links, lambda box: _width(labels[box]) if box in labels else 12.0)
    return places, {arrow: [places[box] for box in chain] for arrow, chain in chains.items()}


def _without_cycles(boxes: Sequence[str], arrows: Sequence[Arrow]) -> list[tuple[str, str]]:
    """Return the ends of every arrow, upper one first: those that lead back are turned round."""
    following: dict[str, list[str]] = {box: [] for box in boxes}
    for arrow in arrows:
        following[arrow.start].append(arrow.end)
    back: set[tuple[str, str]] = set()
    open_boxes: set[str] = set()
    done: set[str] = set()

    def visit(box: str) -> None:
        open_boxes.add(box)
        for other in following[box]:
            if other in open_boxes:
                back.add((box, other))
            elif other not in done:
                visit(other)
        open_boxes.discard(box)
        done.add(box)

    for box in boxes:
        if box not in done:
            visit(box)
    return [
        (a.end, a.start) if (a.start, a.end) in back else (a.start, a.end) for a in arrows
    ]  # fmt: skip


def _ranks(boxes: Sequence[str], down: Sequence[tuple[str, str]]) -> dict[str, int]:
    rank = dict.fromkeys(boxes, 0)
    for _ in boxes:
        for upper, lower in down:
            rank[lower] = max(rank[lower], rank[upper] + 1)
    return rank


def _untangle(rows: list[list[str]], links: Sequence[tuple[str, str]]) -> None:
    """Order every row by the middle of what it is linked with, above and below by turns."""
    neighbours: dict[str, list[str]] = {}
    for upper, lower in links:
        neighbours.setdefault(upper, []).append(lower)
        neighbours.setdefault(lower, []).append(upper)
    for sweep in range(8):
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for number in order:
            fixed = rows[number - 1 if sweep % 2 == 0 else number + 1]
            at = {box: place for place, box in enumerate(fixed)}

            def middle(box: str, at: Mapping[str, int] = at, own: int = number) -> float:
                near = [at[other] for other in neighbours.get(box, []) if other in at]
                return sum(near) / len(near) if near else float(rows[own].index(box))

            rows[number] = sorted(rows[number], key=middle)


def _spread(
    rows: Sequence[Sequence[str]],
    links: Sequence[tuple[str, str]],
    width: Callable[[str], float],
) -> dict[str, Point]:
    """Give every box a place: near what it is linked with, without touching its neighbours."""
    x: dict[str, float] = {}
    for row in rows:
        total = sum(width(box) + GAP for box in row)
        at = -total / 2
        for box in row:
            x[box] = at + (width(box) + GAP) / 2
            at += width(box) + GAP
    linked: dict[str, list[str]] = {box: [] for row in rows for box in row}
    for upper, lower in links:
        linked[upper].append(lower)
        linked[lower].append(upper)
    for _ in range(12):
        for row in rows:
            wanted = [
                sum(x[o] for o in linked[b]) / len(linked[b]) if linked[b] else x[b] for b in row
            ]
            _settle(row, wanted, x, width)
    return {box: (x[box], number * ROW) for number, row in enumerate(rows) for box in row}


def _settle(
    row: Sequence[str], wanted: Sequence[float], x: dict[str, float], width: Callable[[str], float]
) -> None:
    placed: list[float] = []
    for number, box in enumerate(row):
        least = -math.inf
        if number:
            least = placed[-1] + (width(row[number - 1]) + width(box)) / 2 + GAP
        placed.append(max(wanted[number], least))
    # Pushing to the right alone would let a row drift away.
    drift = sum(p - w for p, w in zip(placed, wanted, strict=True)) / len(row) if row else 0.0
    for box, place in zip(row, placed, strict=True):
        x[box] = place - drift
