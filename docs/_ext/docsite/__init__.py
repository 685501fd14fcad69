"""What the documentation takes from the code when it is built: pages, tables, pictures.

A Sphinx extension. Knows where the results go; what they say is known by the modules beside it.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from docsite import generated, public_names, schedules
from docsite.mermaid import Mermaid


def _write(app: Sphinx) -> None:
    source = Path(app.srcdir)
    schedules.write(source)
    generated.write_pages(source)


def _fill(_app: Sphinx, _name: str, content: list[str]) -> None:
    content[0] = generated.fill(content[0])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect the parts to the build."""
    app.connect("builder-inited", _write)
    app.connect("source-read", _fill)
    app.connect("missing-reference", public_names.resolve)
    app.connect("autodoc-process-signature", public_names.show_defaults)
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
