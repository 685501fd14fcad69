"""`ocpp16 key`: keys of charge points, by way of a running central system. Knows `typer`.

A key is never an argument, which others on the machine could read: it comes from standard input, or
is made by the central system and shown once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocpp16.apps.control_commands import (
    CODES,
    CONTROL_VARIABLE,
    DEFAULT_CONTROL,
    NO_SERVICE,
    TOKEN_VARIABLE,
    Unusable,
    ask_central,
    escaped,
    tell_problem,
)
from ocpp16.apps.options import Output, OutputOption
from ocpp16.log import one_line

key = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)
INPUT_LIMIT = 1000

IdentityArgument = Annotated[str, typer.Argument(metavar="IDENTITY", help="The charge point.")]
ControlOption = Annotated[
    str,
    typer.Option(metavar="URL", envvar=CONTROL_VARIABLE, help="Control API of the central system."),
]
TokenOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", envvar=TOKEN_VARIABLE, help="Tokens of the control API."),
]
StdinOption = Annotated[
    bool,
    typer.Option("--stdin", help="Read the key, as hex digits, from standard input."),
]


@key.callback()
def root() -> None:
    """Keys (passwords) of charge points, of a central system that runs with its control API.

    \b
    Examples:
      ocpp16 key set CP1 --token-file tokens
      ocpp16 key set CP1 --stdin --token-file tokens < key.hex
      ocpp16 key rotate CP1 --token-file tokens
      ocpp16 key list --token-file tokens
      ocpp16 key remove CP1 --token-file tokens

    \b
    Exit codes: 0 done, 1 the charge point answered with an error or not Accepted,
    2 called wrongly, 3 not connected or not known, 4 not allowed now, 5 no answer in time,
    6 the central system cannot be asked.
    """  # noqa: D301 - click needs \b as one character


@key.command("set")
def set_key(
    identity: IdentityArgument,
    stdin: StdinOption = False,
    control: ControlOption = DEFAULT_CONTROL,
    token_file: TokenOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Give a charge point a key that nobody has sent to it: a new one, which is shown once.

    What it had is valid no more. To change the key of one that is connected: `ocpp16 key rotate`.
    """
    place = f"/charge-points/{escaped(identity)}/key"
    answer = _ask(output, control, token_file, "PUT", place, body=_body(stdin))
    if output is Output.JSON:
        typer.echo(json.dumps(answer))
    else:
        typer.echo(answer["key"] or f"{one_line(identity, 100)} has the key that was given")


@key.command("rotate")
def rotate_key(  # noqa: PLR0917 - typer passes them by name
    identity: IdentityArgument,
    stdin: StdinOption = False,
    timeout: Annotated[
        float,
        typer.Option(min=0.001, max=600, metavar="SECONDS", help="How long its answer may take."),
    ] = 30,
    control: ControlOption = DEFAULT_CONTROL,
    token_file: TokenOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Have a connected charge point take another key: a random one, which nobody is shown."""
    place = f"/charge-points/{escaped(identity)}/key/rotation?{urlencode({'timeout': timeout})}"
    answer = _ask(output, control, token_file, "POST", place, body=_body(stdin), timeout=timeout)
    status = answer["status"]
    typer.echo(json.dumps(answer) if output is Output.JSON else status)
    if status not in {"Accepted", "RebootRequired"}:
        raise typer.Exit(1)


@key.command("list")
def list_keys(
    control: ControlOption = DEFAULT_CONTROL,
    token_file: TokenOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List who has a key, since when, and the highest security profile of each."""
    after: str | None = ""
    while after is not None:
        place = f"/keys?{urlencode({'after': after, 'limit': 1000})}"
        answer = _ask(output, control, token_file, "GET", place)
        for each in answer["keys"]:
            if output is Output.JSON:
                typer.echo(json.dumps(each))
                continue
            more = ", changing" if each["changing"] else ""
            name = one_line(each["identity"], 100)
            typer.echo(f"{name}  since {each['since']}, profile {each['securityProfile']}{more}")
        after = answer["next"]


@key.command("remove")
def remove_key(
    identity: IdentityArgument,
    control: ControlOption = DEFAULT_CONTROL,
    token_file: TokenOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Forget the key of a charge point: it cannot connect by a password any more."""
    _ask(output, control, token_file, "DELETE", f"/charge-points/{escaped(identity)}/key")


def _body(is_given: bool) -> bytes:
    if not is_given:
        return b"{}"
    text = sys.stdin.read(INPUT_LIMIT).strip()
    return json.dumps({"key": text}).encode()


def _ask(
    output: Output,
    control: str,
    token_file: Path | None,
    method: str,
    target: str,
    *,
    body: bytes = b"",
    timeout: float = 30,
) -> dict[str, Any]:
    try:
        status, answer = ask_central(
            control, token_file, method, target, body=body, timeout=timeout
        )
    except Unusable as error:
        tell_problem(output, error.problem, NO_SERVICE, "key")
    if status >= 300:
        tell_problem(output, answer, CODES.get(status, NO_SERVICE), "key")
    return answer
