"""A sequence diagram as a picture of its own: SVG that any browser shows, light or dark.

Knows two sides and their arrows; what they say is put together by `sequence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ocpp16.apps.sequence import LABEL_LIMIT, Step
from ocpp16.spec import Side

LEFT, RIGHT = 70, 70 + 8 * LABEL_LIMIT
"""Where the lines of the two sides are."""
WIDTH = RIGHT + LEFT
TOP, STEP, FOOT = 60, 40, 20

_STYLE = """
text{font:13px system-ui,sans-serif;fill:#1f2328}
.side{font-weight:600;text-anchor:middle}.label,.remark{text-anchor:middle}
.remark{font-style:italic;fill:#6a737d}.bad{fill:#b3261e}
line{stroke:#57606a;stroke-width:1.3}.life{stroke-dasharray:3 4}.answer{stroke-dasharray:6 4}
line.bad{stroke:#b3261e}path{fill:#57606a}
@media (prefers-color-scheme:dark){
svg{background:#1b1e23}text{fill:#e6e6e6}.remark{fill:#9aa4af}
line{stroke:#aab4be}path{fill:#aab4be}.bad,text.bad{fill:#ff8a80}line.bad{stroke:#ff8a80}}
"""


def picture(steps: Sequence[Step]) -> str:
    """Draw a diagram as one SVG document."""
    height = TOP + STEP * len(steps) + FOOT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}"><title>Messages between a charge point and a central'
        f" system</title><style>{_STYLE}</style>"
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0,0 L10,5 L0,10 z"/></marker></defs>'
    )
    parts = [head]
    for side, x in ((Side.CHARGE_POINT, LEFT), (Side.CENTRAL_SYSTEM, RIGHT)):
        parts.append(f'<text class="side" x="{x}" y="24">{side.value}</text>')
        parts.append(f'<line class="life" x1="{x}" x2="{x}" y1="36" y2="{height - 8}"/>')
    parts += [_drawn(step, TOP + STEP * number) for number, step in enumerate(steps)]
    return "\n".join([*parts, "</svg>\n"])


def _drawn(step: Step, y: int) -> str:
    bad = "" if step.is_good else " bad"
    kind = "remark" if step.sender is None else "label"
    middle = (LEFT + RIGHT) // 2
    text = f'<text class="{kind}{bad}" x="{middle}" y="{y + 8}">{escape(step.text)}</text>'
    if step.sender is None:
        return text
    start, end = (LEFT, RIGHT) if step.sender is Side.CHARGE_POINT else (RIGHT, LEFT)
    line = "answer" if step.is_answer else "call"
    return (
        f'{text}<line class="{line}{bad}" x1="{start}" x2="{end}" y1="{y + 16}" y2="{y + 16}"'
        ' marker-end="url(#tip)"/>'
    )
