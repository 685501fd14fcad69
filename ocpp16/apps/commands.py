"""The commands of `ocpp16`: parse arguments, call an app, print, return an exit code.

With other `..._commands` the only one that knows `typer`; it is loaded when a command runs, never
by `import ocpp16`.
Exit codes: 0 all went well, 1 it did not, 2 the command was called wrongly, 130 interrupted.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from ocpp16._version import __version__
from ocpp16.apps import security_commands
from ocpp16.apps.bridge_commands import bridge
from ocpp16.apps.central_system_commands import central_system, listening_url
from ocpp16.apps.charge_point_command import charge_point
from ocpp16.apps.control_commands import call
from ocpp16.apps.demo import installed_wires, run_demo
from ocpp16.apps.inspect_command import inspect
from ocpp16.apps.key_commands import key
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import Watch
from ocpp16.apps.printer import printer_for
from ocpp16.apps.schedule_commands import schedule
from ocpp16.apps.security_commands import (
    ProfileOption,
)

__all__ = ["app", "listening_url"]

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(bridge, name="bridge")
app.add_typer(central_system, name="central-system")
app.add_typer(key, name="key")


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
    NO_COLOR=1 turns colours off; --install-completion lets the shell complete.
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


app.command()(inspect)
app.command()(call)
app.command()(schedule)
app.command("pki")(security_commands.pki)
