"""How Sphinx builds the documentation."""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.ext.napoleon.docstring import GoogleDocstring

from ocpp16.apps.schedule import find_out
from ocpp16.apps.schedule_file import Asked, read_study
from ocpp16.apps.schedule_picture import draw

# A docstring of an attribute is a sentence here, whose colon ends no type.
GoogleDocstring._parse_attribute_docstring = (  # noqa: SLF001
    lambda self: self._consume_to_end()
)

project = "ocpp16"
author = "the ocpp16 authors"
release = version = version_of("ocpp16")
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.mermaid",
]
# Diagrams are written as any reader of Markdown shows them.
myst_fence_as_directive = ["mermaid"]
html_theme = "furo"
html_title = f"ocpp16 {version}"
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "show-inheritance": True}
# Fields of several messages are called `type`.
suppress_warnings = ["ref.python"]
myst_heading_anchors = 3


def draw_schedules(_app):
    """Draw the examples of smart charging: the pages show what the library makes of them."""
    folder = Path(__file__).parent
    pictures = folder / "explanation/pictures"
    pictures.mkdir(exist_ok=True)
    for example in sorted((folder / "examples").glob("*.toml")):
        study = read_study(example.read_bytes(), toml=True, asked=Asked())
        draw(find_out(study), pictures / f"{example.stem}.svg")


def setup(app):
    app.connect("builder-inited", draw_schedules)
