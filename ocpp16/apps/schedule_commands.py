"""The command `ocpp16 schedule`: reads a file, computes a composite schedule, shows or draws it."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import guarded
from ocpp16.apps.schedule import Result, find_out
from ocpp16.apps.schedule_file import LONGEST, SIZE_LIMIT, Asked, BadFile, read_study
from ocpp16.enums import ChargingRateUnitType
from ocpp16.primitives import parse_timestamp

FORMATS = (".svg", ".png")


def schedule(  # noqa: PLR0917 - typer passes them by name
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="JSON, or TOML if its name ends so.")
    ],
    connector: Annotated[
        int | None,
        typer.Option(min=0, metavar="NUMBER", help="Whose limits; 0 is the whole charge point."),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="From when on: 2026-03-01T12:00:00Z.")
    ] = None,
    duration: Annotated[
        int | None, typer.Option(min=1, max=LONGEST, metavar="SECONDS", help="For how long.")
    ] = None,
    unit: Annotated[
        ChargingRateUnitType | None, typer.Option(help="Amperes per phase, or watts.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Draw it, too: .svg or .png.")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Compute and draw what charging profiles allow.

    That is the composite schedule of OCPP 1.6, with its errata, as a charge point computes it.

    \b
    FILE has profiles as SetChargingProfile sends them, and what is asked:
      profiles      [{"connectorId": 1, "csChargingProfiles": {...}}, ...]
      query         {"connectorId": 1, "start": "2026-03-01T12:00:00Z",
                     "duration": 86400, "chargingRateUnit": "A"}
      transactions  [{"connectorId": 1, "started": "...", "transactionId": 7}]
      connectors    [{"power": 22080, "phases": 3}, ...], power in W
      voltage       230
    All but the profiles may be left out; a list alone is taken as profiles.
    Options go before the query of the file.

    \b
    Examples:
      ocpp16 schedule site.toml
      ocpp16 schedule site.toml --connector 0 --unit W --plot site.svg
      ocpp16 schedule profiles.json --start 2026-03-01T00:00:00Z --output json

    \b
    Exit codes: 0 computed, 1 the file does not say what is due (its path is
    told), 2 called wrongly, or no such file.
    """  # noqa: D301 - click needs \b as one character
    if plot is not None and plot.suffix.lower() not in FORMATS:
        raise typer.BadParameter(f"--plot {plot}: its name has to end in .svg or .png")
    asked = Asked(connector=connector, start=_instant(start), duration=duration, unit=unit)
    content = _content(file)
    try:
        study = read_study(content, toml=file.lower().endswith(".toml"), asked=asked)
    except BadFile as error:
        fail(f"{file} {error}", "see: ocpp16 schedule --help")
    result = find_out(study)
    if plot is not None:
        _draw(result, plot)
    out = guarded(sys.stdout)
    if output is Output.JSON:
        out.write(json.dumps(result.to_json()) + "\n")
        out.flush()
    else:
        from ocpp16.apps.schedule_screen import show  # noqa: PLC0415 - no rich for who wants JSON

        show(result, out)


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_timestamp(text)
    except ValueError as error:
        raise typer.BadParameter(f"--start {text!r} {error}") from None


def _content(file: str) -> bytes:
    try:
        if file == "-":
            if sys.stdin is None:
                fail("there is no standard input", "it was closed", code=2)
            content = sys.stdin.buffer.read(SIZE_LIMIT + 1)
        else:
            with Path(file).open("rb") as stream:
                content = stream.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        fail(f"cannot read {file}: {reason}", "- is standard input", code=2)
    if len(content) > SIZE_LIMIT:
        fail(f"{file} has more than {SIZE_LIMIT} bytes", "and was not read")
    return content


def _draw(result: Result, path: Path) -> None:
    try:
        from ocpp16.apps.schedule_picture import draw  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        fail(f"a plot needs {error.name}", "pip install 'ocpp16[plot]'", code=2)
    try:
        draw(result, path)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}", "is there such a folder?", code=2)
