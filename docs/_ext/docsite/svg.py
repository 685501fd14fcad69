"""Elements of SVG as text, and how wide a text will be. Colours are left to the style sheet."""

from __future__ import annotations

from html import escape

LINE = 18
"""From one line of text to the next."""
_NARROW = frozenset("iljtfrI.,:;|'()[] ")
_WIDE = frozenset("mwMWQOG@%")


def element(tag: str, content: str = "", /, **attributes: object) -> str:
    """Return an element; `_` in the name of an attribute is `-`, and nothing at its end."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_shown(value))}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def text(x: float, y: float, content: str, *, kind: str = "label", anchor: str = "middle") -> str:
    """Return a line of text whose middle is at the height `y`."""
    return element(
        "text",
        escape(content),
        x=x,
        y=y,
        class_=kind,
        text_anchor=anchor,
        dominant_baseline="central",
    )


def picture(name: str, content: str, *, width: float, height: float, title: str) -> str:
    """Return a figure for an HTML page.

    Args:
        name: Tells the figures of a page apart.
        content: What is drawn.
        width: How wide the drawing is.
        height: How high it is.
        title: What it shows, for those who do not see it.
    """
    marker = element(
        "marker",
        element("path", d="M0,0 L10,5 L0,10 z", class_="tip"),
        id=f"{name}-tip", viewBox="0 0 10 10", refX=9, refY=5, markerWidth=7, markerHeight=7,
        orient="auto-start-reverse",
    )  # fmt: skip
    drawing = element(
        "svg",
        element("title", escape(title), id=f"{name}-title") + element("defs", marker) + content,
        xmlns="http://www.w3.org/2000/svg", role="img", aria_labelledby=f"{name}-title",
        viewBox=f"0 0 {_shown(width)} {_shown(height)}", width=width, height=height,
        # A phone scrolls within the figure before the text becomes too small to read.
        style=f"min-width: {_shown(min(width, 0.8 * width))}px",
    )  # fmt: skip
    return f'<figure class="diagram" tabindex="0">{drawing}</figure>'


def width_of(content: str) -> float:
    """Return about how wide a text is, rather too much than too little."""
    return sum(4.6 if c in _NARROW else 11.5 if c in _WIDE else 7.8 for c in content)


def _shown(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
