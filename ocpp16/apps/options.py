"""What several commands have in common: the option `--output`, and how one fails in one line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, NoReturn

import typer


class Output(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[
    Output, typer.Option("--output", help="For people, or one JSON object a line.")
]


def fail(what: str, hint: str, code: int = 1) -> NoReturn:
    """Tell what went wrong and what to do, and end the command."""
    typer.echo(f"ocpp16: {what} ({hint})", err=True)
    raise typer.Exit(code)
