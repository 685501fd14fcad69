"""`ocpp16 inspect`: arguments and help."""

from __future__ import annotations

import contextlib
import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ocpp16.apps.explanation import explain
from ocpp16.apps.inspection import Inspector, inspect_stream
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.printer import printer_for
from ocpp16.apps.sequence import Sequence
from ocpp16.catalog import ACTIONS
from ocpp16.settings import Leniency


def action_names(incomplete: str) -> list[str]:
    """Return the actions that begin like that, for the shell to complete."""
    return [name for name in ACTIONS if name.startswith(incomplete)]


def _leniencies(incomplete: str) -> list[str]:
    return [each for each in Leniency if each.startswith(incomplete)]


def inspect(  # noqa: PLR0917 - options, given by name
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A file of frames, or - for standard input.")
    ] = "-",
    action: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The action that answers belong to.", autocompletion=action_names
        ),
    ] = None,
    leniency: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="What our receiver is to tolerate; repeatable.",
            autocompletion=_leniencies,
        ),
    ] = None,
    explains: Annotated[
        bool, typer.Option("--explain", help="Go through each frame, field by field.")
    ] = False,
    diagram: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.svg|-",
            help="Draw who said what, into a picture or, for -, on the screen at the end.",
        ),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Tell what is wrong with OCPP-J frames, one a line, or with a SOAP envelope.

    Each frame gets two judgements. VALID is the contract's: the frame rules of OCPP-J 1.6 and the
    published schemas. ACCEPTED is our receiver's; otherwise it refuses the frame, with the error
    it answers, or ignores it. An answer belongs to the earlier call with its id, or to --action.
    A frame that was printed over several lines is put together.

    A file that begins with < is one envelope. For it, VALID is the XSD in the WSDL (its order
    included), the headers that OCPP-S 3 wants, and SOAP 1.2.

    \b
    Examples:
      ocpp16 inspect frames.txt
      echo '[2,"1","Heartbeat",{"x":1}]' | ocpp16 inspect --explain
      ocpp16 inspect --action BootNotification answers.txt --output json
      ocpp16 inspect --leniency unknown-fields frames.txt
      ocpp16 inspect --diagram - frames.txt
      ocpp16 inspect --diagram session.svg frames.txt
      ocpp16 inspect envelope.xml

    \b
    Exit codes: 0 every frame is valid, 1 one is not, 2 called wrongly, or no
    such file.
    """  # noqa: D301 - click needs \b as one character
    if action is not None and action not in ACTIONS:
        raise typer.BadParameter(f"{action!r} is no action of OCPP 1.6{_meant(action, ACTIONS)}")
    for name in leniency or ():
        if name not in set(Leniency):
            raise typer.BadParameter(f"{name!r} is none of {', '.join(Leniency)}")
    picture = _picture(diagram)
    inspector = Inspector(action, leniency=frozenset(map(Leniency, leniency or ())))
    printer = printer_for(output)
    sequence = None if diagram is None else Sequence()
    frames = valid = accepted = 0
    try:
        with _opened(file) as stream:
            for each in inspect_stream(stream, inspector):
                verdict = each.verdict
                parts = explain(each.frame, verdict) if explains else None
                printer.verdict(each.number, verdict, parts)
                if sequence is not None:
                    sequence.add(each.frame, verdict)
                frames, valid = frames + 1, valid + verdict.valid
                accepted += verdict.accepted
    except ModuleNotFoundError as error:
        fail(f"XML needs {error.name}", "pip install 'ocpp16[soap]'", code=2)
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}", "- is standard input", code=2)
    if sequence is not None and picture is None:
        printer.diagram(sequence.steps)
    elif sequence is not None and picture is not None:
        _write(picture, sequence)
    printer.summary(frames, valid, accepted)
    raise typer.Exit(0 if valid == frames else 1)


def _picture(diagram: str | None) -> Path | None:
    """Return where a picture goes; None for none, and for the screen."""
    if diagram is None or diagram == "-":
        return None
    if not diagram.lower().endswith(".svg"):
        raise typer.BadParameter(f"{diagram!r} is neither - nor a file that ends with .svg")
    return Path(diagram)


def _write(path: Path, sequence: Sequence) -> None:
    from ocpp16.apps.sequence_picture import picture  # noqa: PLC0415 - only what is used

    try:
        path.write_text(picture(sequence.steps), encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}", "name another file", code=2)


def _meant(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f" (did you mean {close[0]}?)" if close else ""


def _opened(file: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if file == "-":
        if sys.stdin is None:
            fail("there is no standard input", "it was closed", code=2)
        if sys.stdin.isatty():
            typer.echo("reading frames from standard input, one a line; Ctrl-D ends", err=True)
        return contextlib.nullcontext(sys.stdin.buffer)
    return Path(file).open("rb")
