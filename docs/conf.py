"""How Sphinx builds the documentation: `sphinx-build -n -W --keep-going -b html docs OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.ext.napoleon.docstring import GoogleDocstring

from ocpp16._version import __version__

sys.path[:0] = [str(Path(__file__).parent / "_ext"), str(Path(__file__).parent.parent)]

# A docstring of an attribute is a sentence here, whose colon ends no type.
GoogleDocstring._parse_attribute_docstring = (  # noqa: SLF001
    lambda self: self._consume_to_end()
)

project = "ocpp16"
author = "the ocpp16 authors"
release = version = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "docsite",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_ext"]

# Diagrams are written as any reader of Markdown shows them; `docsite` draws them into the page.
myst_fence_as_directive = ["mermaid"]
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"ocpp16 {version}"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["site.css"]
# What the pages show is text and pictures; where they came from is of no use to a reader.
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
# Bytes of a wire are copied whole.
copybutton_only_copy_prompt_lines = False

# Two hyphens begin an option of a command; they are no dash.
smartquotes_action = "qe"
# Docstrings name code in single quotes of its kind.
default_role = "code"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True}
PRIVATE = (
    "Admission", "BridgeSettings", "Dial", "Fate", "Host", "Known", "Medium", "RecordDamaged",
    "Reply", "Reverted", "SecurityFor", "StationLink", "StationRole", "Value", "Wire", "Writer",
)  # fmt: skip
"""Aliases and protocols that signatures name by their last word."""
# What the annotations name beside this library: nothing is fetched to link to it.
nitpick_ignore_regex = [
    (r"py:.*", rf"({'|'.join(sorted(sys.stdlib_module_names))})(\..*)?"),
    (r"py:.*", r"(opentelemetry|sqlalchemy)\..*|datetime|Path"),
    # What `explanation/stability.md` calls private is not documented, though signatures name it.
    (
        r"py:.*",
        r"ocpp16\.(dispatch|session|transports|roles\.(driver|role|server)|store\.schema)\..*",
    ),
    (
        r"py:.*",
        r"ocpp16\.(bridge\.(charger|state)|station\.(smart_charging\.timeline|status_board))\..*",
    ),
    (r"py:.*", "|".join(PRIVATE)),
    # What certificates are managed with, behind `Station(keys=...)`.
    (r"py:.*", r"ocpp16\.(station\.wallet|roles\.station_link)\.Wallet"),
    (r"py:.*", "Outcome|Duration|timedelta"),
    # Type variables stand for any type.
    (r"py:.*", r"(.*\.)?([A-Z]|[A-Za-z]+T)(_co|_contra)?"),
]
# Fields of several messages are called `type`.
suppress_warnings = ["ref.python"]
