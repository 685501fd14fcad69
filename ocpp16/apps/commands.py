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
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import urlsplit

import typer

from ocpp16._version import __version__
from ocpp16.apps import security_commands
from ocpp16.apps.bridge_commands import bridge
from ocpp16.apps.central_system import run_central_system
from ocpp16.apps.charge_point_command import charge_point
from ocpp16.apps.demo import installed_wires, run_demo
from ocpp16.apps.inspection import Inspector, inspect_stream
from ocpp16.apps.json_lines import JsonLines
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import Watch, guarded
from ocpp16.apps.printer import Printer
from ocpp16.apps.schedule_commands import schedule
from ocpp16.apps.security_commands import (
    PkiOption,
    ProfileOption,
    server_security,
)
from ocpp16.apps.stopping import stopped_by_signals
from ocpp16.catalog import ACTIONS
from ocpp16.roles.server import Urls
from ocpp16.settings import Leniency
from ocpp16.transports.identity import check_identity

INTERRUPTED = 130
DEFAULT_PATH = "/ocpp"
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(bridge, name="bridge")


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
    printer = _printer(output, timed=False)
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


@app.command("central-system")
def central_system(  # noqa: PLR0917 - typer passes them by name
    json: Annotated[
        str | None,
        typer.Option("--json", metavar="HOST:PORT[/PATH]", help="Where to take OCPP-J."),
    ] = None,
    soap: Annotated[
        str | None,
        typer.Option("--soap", metavar="HOST:PORT[/PATH]", help="Where to take OCPP-S."),
    ] = None,
    callback_allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CIDR",
            help="Private networks where SOAP charge points may be called; repeatable.",
        ),
    ] = None,
    anyone: Annotated[
        bool, typer.Option("--open", help="Let any charge point in, without authentication.")
    ] = False,
    charge_point: Annotated[
        list[str] | None,
        typer.Option("--charge-point", metavar="IDENTITY", help="Who may connect; repeatable."),
    ] = None,
    security_profile: ProfileOption = 0,
    pki: PkiOption = None,
    authorization_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IDENTITY=KEY", help="Key of a charge point, 32 to 40 hex digits; repeatable."
        ),
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Hashes of keys, as `FileCredentials` keeps them."),
    ] = None,
    interval: Annotated[
        int,
        typer.Option(
            min=1, max=2**31 - 1, metavar="SECONDS", help="Between heartbeats of a charge point."
        ),
    ] = 300,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run a central system, and log what happens.

    The first lines on standard output are the URLs for charge points; on JSON each adds /IDENTITY.
    Port 0 is any free one, and the path is /ocpp unless given. A SOAP charge point is called where
    it says that it listens: on this machine only if --soap is, and in private networks only if
    --callback-allow names them. Every tag is accepted. Nothing outlives
    the process: it is for trying things. SIGINT or SIGTERM stop it gracefully. With a security
    profile, whoever has credentials may connect, and --charge-point says who of them.

    \b
    Examples:
      ocpp16 central-system --json 127.0.0.1:9000 --open
      ocpp16 central-system --json 127.0.0.1:0 --charge-point A --charge-point B
      ocpp16 central-system --json 127.0.0.1:9000 --soap 127.0.0.1:9001 --open
      ocpp16 central-system --soap 0.0.0.0:9001 --callback-allow 10.0.0.0/8 --open
      ocpp16 central-system --json 127.0.0.1:9000 --open --output json
      ocpp16 central-system --json localhost:9000 --security-profile 3 --pki DIR

    \b
    Exit codes: 0 stopped, 1 cannot listen there, 2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    security = server_security(security_profile, pki, authorization_key or (), credentials)
    if security is not None and anyone:
        raise typer.BadParameter("--open is without authentication, so without a security profile")
    if security is None and anyone == bool(charge_point):
        raise typer.BadParameter("say who may connect: either --open, or --charge-point IDENTITY")
    if json is None and soap is None:
        raise typer.BadParameter("say where to listen: --json HOST:PORT, --soap HOST:PORT, or both")
    tls = "s" if security_profile > 1 else ""
    urls = {
        "json": None if json is None else listening_url(json, f"ws{tls}"),
        "soap": None if soap is None else listening_url(soap, f"http{tls}"),
    }
    networks = _networks(callback_allow or (), soap_url=urls["soap"])
    _check_identities(charge_point or ())
    printer = _printer(output, dated=True, named=True)

    def announce(served: Urls) -> None:
        for url in served.values():
            printer.listening(url)

    async def serve() -> None:
        with stopped_by_signals() as stop:
            watch = Watch(printer.event, stop.set)
            await run_central_system(
                json=urls["json"],
                soap=urls["soap"],
                callback_networks=networks,
                known=frozenset(charge_point) if charge_point else None,
                security=security,
                interval=interval,
                tell=watch,
                listening=announce,
                stop=stop,
            )
            watch.check()

    try:
        asyncio.run(serve())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        reason = error.strerror or str(error)
        places = " and ".join(place for place in (json, soap) if place is not None)
        fail(f"cannot listen at {places}: {reason}", "another port may be free; 0 takes any")
    except ImportError as error:
        fail(f"SOAP needs {error.name}", "pip install 'ocpp16[soap]'", code=2)


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
    printer = _printer(output)
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


app.command()(schedule)
app.command("pki")(security_commands.pki)


def listening_url(address: str, scheme: str = "ws") -> str:
    """Return the URL of HOST:PORT[/PATH]."""
    parts = urlsplit(address if "://" in address else f"{scheme}://{address}")
    is_plain = address.isprintable() and " " not in address
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != scheme or not parts.hostname or port is None or parts.query or not is_plain:
        raise typer.BadParameter(f"{address!r} is not HOST:PORT or HOST:PORT/PATH")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{scheme}://{host}:{port}{parts.path.rstrip('/') or DEFAULT_PATH}"


def _networks(allowed: Iterable[str], *, soap_url: str | None) -> list[IPv4Network | IPv6Network]:
    """Return where charge points may be called; this machine too, if only it can reach us."""
    networks: list[IPv4Network | IPv6Network] = []
    for text in allowed:
        try:
            networks.append(ip_network(text))
        except ValueError as error:
            raise typer.BadParameter(f"--callback-allow {text!r}: {error}") from None
    host = urlsplit(soap_url or "").hostname
    if host in {"127.0.0.1", "localhost"}:
        networks.append(ip_network("127.0.0.0/8"))
    elif host == "::1":
        networks.append(ip_network("::1/128"))
    return networks


def _check_identities(identities: Iterable[str]) -> None:
    for identity in identities:
        try:
            check_identity(identity)
        except ValueError as error:
            raise typer.BadParameter(f"--charge-point {identity!r}: {error}") from None


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


def _printer(
    output: Output, *, timed: bool = True, dated: bool = False, named: bool = False
) -> Printer:
    file = guarded(sys.stdout)
    if output is Output.JSON:
        return JsonLines(file)
    from ocpp16.apps.console import Screen  # noqa: PLC0415 - no rich for who wants JSON

    return Screen(file, timed=timed, dated=dated, named=named)
