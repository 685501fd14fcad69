"""The layers of the library, drawn from the table by which a test judges every import."""

from __future__ import annotations

import ast
from pathlib import Path

from docsite import svg

TEST = Path(__file__).parents[3] / "tests/test_imports.py"
WIDTH = 640.0
HEIGHT = 30.0
GAP = 10.0
LEFT = 44.0


def rows() -> list[set[str]]:
    """Return the names of the modules of each row, lowest first."""
    for node in ast.parse(TEST.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="ROWS")], value=value):
                return list(ast.literal_eval(value))
    raise LookupError(f"{TEST} has no table ROWS")


def diagram() -> str:
    """Draw the rows, highest at the top: each stands on those below it."""
    drawn = []
    y = 10.0
    for number, names in reversed(list(enumerate(rows()))):
        lines = _lines(sorted(names))
        height = len(lines) * (HEIGHT + GAP) + GAP
        drawn.append(
            svg.element("rect", x=1, y=y, width=WIDTH - 2, height=height, rx=8, class_="band")
            + svg.text(LEFT / 2, y + height / 2, str(number))
        )
        for place, line in enumerate(lines):
            x = LEFT
            top = y + GAP + place * (HEIGHT + GAP)
            for name in line:
                width = svg.width_of(name) + 20
                drawn.append(
                    svg.element("rect", x=x, y=top, width=width, height=HEIGHT, rx=6, class_="box")
                    + svg.text(x + width / 2, top + HEIGHT / 2, name, kind="name")
                )
                x += width + GAP
        y += height + 6
    picture = svg.picture(
        "layers", "".join(drawn), width=WIDTH, height=y + 4, title="Layers, highest at the top"
    )
    return f"```{{raw}} html\n{picture}\n```\n"


def _lines(names: list[str]) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    x = LEFT
    for name in names:
        width = svg.width_of(name) + 20 + GAP
        if x + width > WIDTH and lines[-1]:
            lines.append([])
            x = LEFT
        lines[-1].append(name)
        x += width
    return lines
