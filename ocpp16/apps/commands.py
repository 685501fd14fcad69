"""The commands of `ocpp16`: parse arguments, call an app, print, return an exit code.

With other `..._commands` the only one that knows `typer`; it is loaded when a command runs, never
by `import ocpp16`.
Exit codes: 0 all went well, 1 it did not, 2 the command was called wrongly, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ocpp16._version import __version__
from ocpp16.apps import security_commands
from ocpp16.apps.bridge_commands import bridge
from ocpp16.apps.central_system_commands import central_system, listening_url
from ocpp16.apps.charge_point_command import charge_point
from ocpp16.apps.control_commands import call
from ocpp16.apps.demo import installed_wires, run_demo
from ocpp16.apps.inspection import Inspector, inspect_stream
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import Watch
from ocpp16.apps.printer import printer_for
from ocpp16.apps.schedule_commands import schedule
from ocpp16.apps.security_commands import (
    ProfileOption,
)
from ocpp16.catalog import ACTIONS
from ocpp16.settings import Leniency

__all__ = ["app", "listening_url"]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(bridge, name="bridge")
app.add_typer(central_system, name="central-system")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Tell the version.")] = False,
) -> None:
    """OCPP 1.6, seen and tried.

    \b
    Start here:
      ocpp16 demo                  both sides at work, every action of OCPP 1.6
      ocpp16 inspect frames.txt    what is wrong with these frames?
      ocpp16 schedule site.toml    what do these charging profiles allow?
      ocpp16 pki certificates      certificates to try security profiles with

    \b
    Then, in two terminals:
      ocpp16 central-system --json 127.0.0.1:9000 --open
      ocpp16 charge-point CP1 --url ws://127.0.0.1:9000/ocpp

    \b
    And, with its control API:
      ocpp16 call CP1 Reset '{"type": "Soft"}' --token-file tokens

    \b
    Exit codes: 0 fine, 1 not fine, 2 called wrongly, 130 interrupted.
    """  # noqa: D301 - click needs \b as one character
    if version:
        typer.echo(f"ocpp16 {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def demo(
    security_profile: ProfileOption = 0,
    output: OutputOption = Output.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the table only.")] = False,
) -> None:
    """Run both sides against each other; start here.

    A central system and a charge point play a day of a charging station, over real sockets on this
    machine: every action of OCPP 1.6, in each direction that the standard gives it, with checks of
    what it brought about. First on JSON, then on SOAP, at last with a bridge between a SOAP charge
    point and a JSON central system.

    \b
    Examples:
      ocpp16 demo
      ocpp16 demo --quiet
      ocpp16 demo --security-profile 3
      ocpp16 demo --output json | jq -c 'select(.type == "summary").ok'

    \b
    Exit codes: 0 all of it worked, 1 something did not, 130 interrupted.
    """  # noqa: D301 - click needs \b as one character
    printer = printer_for(output, timed=False)
    if not quiet:
        printer.demo_begins()
    watch = Watch((lambda event: None) if quiet else printer.event, lambda: None)
    wires = installed_wires(security_profile)
    if "soap" not in wires:
        typer.echo("only JSON is shown; for SOAP: pip install 'ocpp16[soap]'", err=True)
    elif "bridge" not in wires and not security_profile:
        typer.echo("no bridge is shown; for that: pip install 'ocpp16[store]'", err=True)
    try:
        report = asyncio.run(run_demo(watch, wires=wires, profile=security_profile))
    except ModuleNotFoundError as error:
        fail(f"certificates need {error.name}", "pip install 'ocpp16[security]'", code=2)
    watch.check()
    printer.report(report)
    if report.ok and not quiet:
        printer.demo_worked()
    raise typer.Exit(0 if report.ok else 1)


app.command("charge-point")(charge_point)


@app.command()
def inspect(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A file of frames, or - for standard input.")
    ] = "-",
    action: Annotated[
        str | None, typer.Option(metavar="NAME", help="The action that answers belong to.")
    ] = None,
    leniency: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What our receiver is to tolerate; repeatable."),
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
      echo '[2,"1","Heartbeat",{"x":1}]' | ocpp16 inspect
      ocpp16 inspect --action BootNotification answers.txt --output json
      ocpp16 inspect --leniency unknown-fields frames.txt
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
    inspector = Inspector(action, leniency=frozenset(map(Leniency, leniency or ())))
    printer = printer_for(output)
    frames = valid = accepted = 0
    try:
        with _opened(file) as stream:
            for number, verdict in inspect_stream(stream, inspector):
                printer.verdict(number, verdict)
                frames, valid = frames + 1, valid + verdict.valid
                accepted += verdict.accepted
    except ModuleNotFoundError as error:
        fail(f"XML needs {error.name}", "pip install 'ocpp16[soap]'", code=2)
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}", "- is standard input", code=2)
    printer.summary(frames, valid, accepted)
    raise typer.Exit(0 if valid == frames else 1)


app.command()(call)
app.command()(schedule)
app.command("pki")(security_commands.pki)


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
