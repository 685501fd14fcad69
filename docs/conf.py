"""How Sphinx builds the documentation."""

from __future__ import annotations

from importlib.metadata import version as version_of

from sphinx.ext.napoleon.docstring import GoogleDocstring

# A docstring of an attribute is a sentence here, whose colon ends no type.
GoogleDocstring._parse_attribute_docstring = (  # noqa: SLF001
    lambda self: self._consume_to_end()
)

project = "ocpp16"
author = "the ocpp16 authors"
release = version = version_of("ocpp16")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
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
