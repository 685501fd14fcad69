"""Pictures of the examples of smart charging: the pages show what the library makes of them."""

from __future__ import annotations

from pathlib import Path

from ocpp16.apps.schedule import find_out
from ocpp16.apps.schedule_file import Asked, read_study
from ocpp16.apps.schedule_picture import draw


def write(source: Path) -> None:
    """Draw every example into the folder of pictures of the explanation."""
    pictures = source / "explanation/pictures"
    pictures.mkdir(exist_ok=True)
    for example in sorted((source / "examples").glob("*.toml")):
        study = read_study(example.read_bytes(), toml=True, asked=Asked())
        draw(find_out(study), pictures / f"{example.stem}.svg")
