"""Where in the pages generated text goes.

A committed page has a block ```` ```{generated} name ```` for each; whole pages are written into
the source folder before Sphinx looks for sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from docsite import (
    command_page,
    disagreements,
    errors_page,
    examples_run,
    key_page,
    layers,
    message_pages,
    public_names,
    settings_page,
    states,
    wire,
)

_BLOCK = re.compile(r"^```\{generated\} ([\w-]+)\n```$", re.MULTILINE)
PARTS: Mapping[str, Callable[[], str]] = {
    **wire.exchange_parts("BootNotification", "boot"),
    "commands": command_page.commands,
    "connector-table": states.connector_table,
    "configuration-keys": key_page.keys,
    "disagreements": disagreements.disagreements,
    "error-codes": errors_page.codes,
    "error-example": errors_page.example,
    "error-situations": errors_page.situations,
    "events": public_names.events,
    "layers": layers.diagram,
    "leniency": settings_page.leniency,
    "registration-diagram": states.registration_diagram,
    "registration-table": states.registration_table,
    "sans-io-output": examples_run.sans_io,
    "settings": settings_page.settings,
}
"""What can be put into a page, by name."""


def fill(text: str) -> str:
    """Return the text of a page with every block replaced by what it names.

    Raises:
        KeyError: A block names nothing that is generated.
    """
    return _BLOCK.sub(lambda found: PARTS[found[1]]().rstrip(), text)


def write_pages(source: Path) -> None:
    """Write the pages that are generated as a whole; one that is as it was keeps its time."""
    folder = source / message_pages.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for name, text in message_pages.pages():
        path = source / name
        written.add(path)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for old in set(folder.glob("*.md")) - written:
        old.unlink()
