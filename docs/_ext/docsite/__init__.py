"""What the documentation takes from the code when it is built: pages, tables, pictures.

A Sphinx extension. Knows where the results go; what they say is known by the modules beside it.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from docsite import schedules
from docsite.mermaid import Mermaid


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect the parts to the build."""
    app.connect("builder-inited", lambda app: schedules.write(Path(app.srcdir)))
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
