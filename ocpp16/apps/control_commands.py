"""`ocpp16 call`: calls a charge point by way of a running central system. Knows `typer`.

Needs nothing beyond the extra of the command line: the request is one, and the standard library
makes it.
"""

from __future__ import annotations

import http
import http.client
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

import attrs
import typer

from ocpp16.apps.control_token import TOKEN, TokenFileError, load_tokens, strongest
from ocpp16.apps.inspect_command import action_names
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import guarded
from ocpp16.log import one_line
from ocpp16.transports.identity import without_secrets

DEFAULT_CONTROL = "http://127.0.0.1:9002"
CONTROL_VARIABLE = "OCPP16_CONTROL"
TOKEN_VARIABLE = "OCPP16_TOKEN_FILE"  # noqa: S105 - a name
REFUSED, CALLED_WRONGLY, NOT_CONNECTED, NOT_ALLOWED, TIMED_OUT, NO_SERVICE = 1, 2, 3, 4, 5, 6
CODES = {
    400: CALLED_WRONGLY,
    404: NOT_CONNECTED,
    409: NOT_ALLOWED,
    413: CALLED_WRONGLY,
    422: CALLED_WRONGLY,
    502: REFUSED,
    504: TIMED_OUT,
}
"""Exit codes by HTTP status; any other is `NO_SERVICE`."""
UNKNOWN_ACTION = "urn:ocpp16:problem:unknown-action"
"""A 404 that says nothing of the charge point."""
ANSWER_LIMIT = 16 * 1024 * 1024
MARGIN = 10.0
"""Seconds that the central system gets beyond those of the charge point."""


def call(  # noqa: PLR0917 - typer passes them by name
    identity: Annotated[str, typer.Argument(metavar="IDENTITY", help="The charge point.")],
    action: Annotated[
        str,
        typer.Argument(
            metavar="ACTION", help="What to ask for: Reset.", autocompletion=action_names
        ),
    ],
    payload: Annotated[
        str, typer.Argument(metavar="PAYLOAD", help="The request as JSON, or - for standard input.")
    ] = "{}",
    control: Annotated[
        str,
        typer.Option(
            metavar="URL", envvar=CONTROL_VARIABLE, help="Control API of the central system."
        ),
    ] = DEFAULT_CONTROL,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar=TOKEN_VARIABLE, help="Tokens of the control API."),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(min=0.001, max=600, metavar="SECONDS", help="How long its answer may take."),
    ] = 30,
    output: OutputOption = Output.TEXT,
) -> None:
    """Call a charge point, by way of a central system that runs, and print its answer.

    The payload is as OCPP-J 1.6 has it, whatever the charge point speaks. Exit code 0 says that an
    answer came; what it says (Accepted or Rejected) is in its text.

    \b
    Examples:
      ocpp16 call CP1 Reset '{"type": "Soft"}' --token-file tokens
      ocpp16 call CP1 GetConfiguration --token-file tokens --output json
      ocpp16 call CP1 TriggerMessage '{"requestedMessage": "Heartbeat"}' \\
        --control http://127.0.0.1:9002 --token-file tokens --timeout 5

    \b
    Exit codes: 0 it answered, 1 it answered with an error, 2 called wrongly,
    3 not connected or not known, 4 not allowed now, 5 no answer in time,
    6 the central system cannot be asked.
    """  # noqa: D301 - click needs \b as one character
    # What the shell passes on need not be UTF-8; as bytes it is for the central system to refuse.
    body = sys.stdin.buffer.read() if payload == "-" else os.fsencode(payload)
    target = (
        f"/charge-points/{escaped(identity)}/calls/{escaped(action)}"
        f"?{urlencode({'timeout': timeout})}"
    )
    try:
        status, answer = ask_central(
            control, token_file, "POST", target, body=body, timeout=timeout
        )
    except Unusable as error:
        tell_problem(output, error.problem, NO_SERVICE)
    if status == 200:
        file = guarded(sys.stdout)
        indent = None if output is Output.JSON else 2
        file.write(f"{json.dumps(answer, indent=indent)}\n")
        file.flush()
        return
    is_unknown_action = answer.get("type") == UNKNOWN_ACTION
    code = CALLED_WRONGLY if is_unknown_action else CODES.get(status, NO_SERVICE)
    tell_problem(output, answer, code)


class Unusable(Exception):
    """A central system cannot be asked, or its answer is none of a control API."""

    def __init__(self, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.problem = {"title": title, "detail": detail}


def ask_central(
    control: str,
    token_file: Path | None,
    method: str,
    target: str,
    *,
    body: bytes = b"",
    timeout: float = 30,
) -> tuple[int, dict[str, Any]]:
    """Ask a control API; return the status and the answer, without one for 204.

    Raises:
        Unusable: It cannot be asked.
        BadParameter: An option is not right.
    """
    place, token = _Place.of(control), _token(token_file)
    kind = http.client.HTTPSConnection if place.is_secure else http.client.HTTPConnection
    link = kind(place.host, place.port, timeout=timeout + MARGIN)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    title = f"cannot ask {without_secrets(control)}"
    try:
        link.request(method, f"{place.path}{target}", body, headers)
        response = link.getresponse()
        text = response.read(ANSWER_LIMIT)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unusable(title, reason) from None
    finally:
        link.close()
    if response.status == http.HTTPStatus.NO_CONTENT:
        return response.status, {}
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Unusable(title, f"HTTP {response.status} from what is no control API")
    return response.status, answer


def escaped(text: str) -> str:
    """Return a name as it stands in a path."""
    return quote(os.fsencode(text), safe="")


@attrs.frozen
class _Place:
    host: str
    port: int
    path: str
    is_secure: bool

    @classmethod
    def of(cls, url: str) -> _Place:
        try:
            parts = urlsplit(url)
            port = parts.port
            (parts.hostname or "").encode("idna")
        except ValueError:
            raise typer.BadParameter("--control is not http://HOST:PORT") from None
        is_plain = parts.path.isascii() and parts.path.isprintable() and " " not in parts.path
        if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
            shown = one_line(without_secrets(url), 100)
            raise typer.BadParameter(f"--control {shown!r} is not http://HOST:PORT")
        is_secure = parts.scheme == "https"
        default = 443 if is_secure else 80
        return cls(parts.hostname, port or default, parts.path.rstrip("/"), is_secure)


def _token(path: Path | None) -> str:
    if path is None:
        raise typer.BadParameter("say where the tokens are: --token-file FILE")
    try:
        text = path.read_text("ascii").strip()
        if TOKEN.fullmatch(text):
            return text
        return strongest(load_tokens(path)).text
    except (TokenFileError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"--token-file: {error}") from None
    except OSError as error:
        raise typer.BadParameter(f"--token-file {path}: {error.strerror}") from None


def tell_problem(
    output: Output, problem: dict[str, Any], code: int, command: str = "call"
) -> NoReturn:
    """Print what a control API says is wrong, and end with an exit code."""
    if output is Output.JSON:
        typer.echo(json.dumps({**problem, "exitCode": code}))
        raise typer.Exit(code)
    words = [str(problem.get("title", "it failed"))]
    words += [str(problem[name]) for name in ("code", "detail") if problem.get(name)]
    # A charge point may have chosen the names in it.
    path = one_line(str(problem.get("path") or ""), 200)
    hint = f"at {path}" if path else f"see: ocpp16 {command} --help"
    fail(one_line(": ".join(words), 500), hint, code)
