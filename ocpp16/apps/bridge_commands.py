"""`ocpp16 bridge` and its commands: parse arguments, call the app, print, return an exit code.

The flags come from the table of the settings. Whatever needs the store or SOAP is imported when a
command runs, so that the other commands of `ocpp16` need neither.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ocpp16.apps import event_loop
from ocpp16.apps.bridge_configuration import Configuration, Misconfigured, load, load_store
from ocpp16.apps.bridge_report import ConfigurationReport, JsonReport, Report, TextReport
from ocpp16.apps.bridge_table import CONFIG_VARIABLE, FLAGS, Entry
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import guarded
from ocpp16.apps.stopping import stopped_by_signals
from ocpp16.log import one_line
from ocpp16.transports.identity import check_identity

bridge = typer.Typer(no_args_is_help=False, rich_markup_mode=None, add_completion=False)
INSTALL = "pip install 'ocpp16[soap,store,metrics]'"

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help=f"TOML file of settings, or {CONFIG_VARIABLE}."),
]
StoreOption = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="The store, in place of the file's.")
]


def _parameter(entry: Entry) -> inspect.Parameter:
    """Return the parameter of a command for a setting."""
    hint = f"{entry.about} Default: {entry.default}." if entry.default else entry.about
    kind: Any
    if entry.default in {"true", "false"}:
        kind, names = bool | None, f"{entry.flag}/--no-{str(entry.flag).removeprefix('--')}"
    else:
        kind, names = (list[str] if entry.kind.is_list else str) | None, str(entry.flag)
    option = typer.Option(names, metavar=entry.metavar, help=hint, show_default=False)
    return inspect.Parameter(
        entry.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind, option],
    )


def with_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose last parameter is `**flags`, an option for each setting."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[:-1]
    parameters = [*own, *map(_parameter, FLAGS)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


@bridge.callback(invoke_without_command=True)
@with_flags
def run(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    charge_point: Annotated[
        list[str] | None,
        typer.Option("--charge-point", metavar="IDENTITY", help="Who may come; repeatable."),
    ] = None,
    **flags: Any,
) -> None:
    """Put SOAP charge points on a JSON backend, and lose nothing.

    Charge points send OCPP-S to --soap; the backend at --upstream sees each as an OCPP-J charge
    point of its own. What is acknowledged is in the store before, and is delivered when the backend
    can take it. Any setting may stand in the file, in an environment variable, or here, the last
    going first. The first lines on standard output are the URLs; log lines go to standard error.
    SIGINT or SIGTERM stop it gracefully, a second one at once.

    \b
    Examples:
      ocpp16 bridge --soap 127.0.0.1:9001 --upstream wss://backend.example/ocpp --open
      ocpp16 bridge --soap 0.0.0.0:9001/ocpp --upstream wss://backend.example/ocpp \\
        --store sqlite:///bridge.db --callback-allow 10.0.0.0/8 --charge-point CP1
      ocpp16 bridge --config /etc/ocpp16/bridge.toml --metrics 9464
      ocpp16 bridge check-config /etc/ocpp16/bridge.toml
      ocpp16 bridge status --config /etc/ocpp16/bridge.toml
      ocpp16 bridge queue CP1 --dead

    \b
    Exit codes: 0 stopped, 1 it cannot run or had to end, 2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    if context.invoked_subcommand is not None:
        # `ocpp16 bridge --config FILE status` works like `ocpp16 bridge status --config FILE`.
        context.obj = {"config": config, "store": flags["store"]}
        return
    configuration = _configuration(config, flags, charge_point or [])
    _run(configuration)


def _configuration(
    config: Path | None, flags: dict[str, Any], charge_points: list[str]
) -> Configuration:
    for identity in charge_points:
        try:
            check_identity(identity)
        except ValueError as error:
            raise typer.BadParameter(f"--charge-point {identity!r}: {error}") from None
    try:
        return load(config, environment=os.environ, flags=flags, charge_points=charge_points)
    except Misconfigured as error:
        first, more = error.faults[0], len(error.faults) - 1
        rest = f"; and {more} more, see: ocpp16 bridge check-config" if more else ""
        fail(f"{first.place}: {first.problem}{rest}", first.advice, code=2)


def _run(configuration: Configuration) -> None:
    settings = configuration.settings
    try:
        from ocpp16.apps.bridge import run_bridge  # noqa: PLC0415 - extras
        from ocpp16.apps.bridge_log import logging_to  # noqa: PLC0415
        from ocpp16.store.error import StoreError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        fail(f"the bridge needs {error.name}", INSTALL, code=2)
    out = guarded(sys.stdout)

    def announce(soap_url: str, operations_url: str | None) -> None:
        urls = [soap_url] if operations_url is None else [soap_url, f"{operations_url}/metrics"]
        out.write("".join(f"{url}\n" for url in urls))
        out.flush()

    def stand_by() -> None:
        typer.echo("another process leads the store: standing by", err=True)

    async def serve() -> None:
        with stopped_by_signals() as stop:
            await run_bridge(settings, listening=announce, standing_by=stand_by, stop=stop)

    try:
        with logging_to(sys.stderr, settings.log_format, settings.log_level):
            event_loop.run(serve())
    except StoreError as error:
        fail(one_line(str(error), 500), "see docs/howto/bridge")
    except ValueError as error:
        fail(one_line(str(error), 500), "see: ocpp16 bridge check-config", code=2)
    except OSError as error:
        places = " or ".join(filter(None, (settings.soap, settings.metrics)))
        reason = error.strerror or str(error)
        fail(f"cannot listen at {places}: {reason}", "another port may be free; 0 takes any")
    except ModuleNotFoundError as error:
        fail(f"the bridge needs {error.name}", INSTALL, code=2)


@bridge.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A TOML file of settings.")],
    environment: Annotated[
        bool,
        typer.Option(help="Take the environment variables into account."),
    ] = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Tell everything that is wrong with a configuration, and what to do about it.

    Reads what `ocpp16 bridge --config FILE` would read, the files of secrets and certificates
    included, and shows no secret. Of a configuration that is right it shows each value that is not
    the default, and where that comes from.

    \b
    Examples:
      ocpp16 bridge check-config bridge.toml
      ocpp16 bridge check-config bridge.toml --output json

    \b
    Exit codes: 0 it is right, 1 it is not, 2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    # Not before: other commands need no TLS.
    from ocpp16.apps.bridge_files import faults_of_files  # noqa: PLC0415

    report = ConfigurationReport(file)
    try:
        report.settings = load(file, environment=os.environ if environment else {})
        report.faults = faults_of_files(report.settings.settings)
    except Misconfigured as error:
        report.faults = error.faults
    _report(output).configuration(report)
    raise typer.Exit(1 if report.faults else 0)


@bridge.command()
def status(
    context: typer.Context,
    config: ConfigOption = None,
    store: StoreOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show each charge point: is it online, registered, and what waits of it.

    Reads the store, beside a bridge that runs or without one.

    \b
    Examples:
      ocpp16 bridge status --config bridge.toml
      ocpp16 bridge status --store sqlite:///bridge.db --output json

    \b
    Exit codes: 0 shown, 1 the store cannot be read, 2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    rows = _with_store(context, config, store, lambda inventory: inventory.chargers())
    _report(output).chargers(rows)


@bridge.command()
def queue(  # noqa: PLR0917 - typer passes them by name
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="IDENTITY", help="The charge point.")],
    verb: Annotated[
        str | None,
        typer.Argument(
            metavar="retry|discard", help="Put a message back into the queue, or do away with it."
        ),
    ] = None,
    key: Annotated[
        int | None, typer.Argument(metavar="ID", help="Which one, as the list has it.")
    ] = None,
    dead: Annotated[
        bool, typer.Option("--dead", help="Only what waits for a person: dead letters and held.")
    ] = False,
    config: ConfigOption = None,
    store: StoreOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the messages of a charge point that wait, or decide about a dead one.

    A dead letter was refused by the backend too often, or cannot be sent; a held message may or may
    not have arrived (--delivery hold). A running bridge sends one that is put back within seconds,
    before what came after it and still waits. One that is discarded is gone for good: it is
    printed a last time.

    \b
    Examples:
      ocpp16 bridge queue CP1
      ocpp16 bridge queue CP1 --dead
      ocpp16 bridge queue CP1 retry 42
      ocpp16 bridge queue CP1 discard 43 --output json

    \b
    Exit codes: 0 done, 1 there is no such message or the store cannot be used,
    2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    if verb is not None and verb not in {"retry", "discard"}:
        raise typer.BadParameter(f"{verb!r} is no verb; known are: retry ID, discard ID")
    if verb is not None and key is None:
        raise typer.BadParameter(f"{verb} needs the ID of a message")
    if verb is None or key is None:
        rows = _with_store(
            context, config, store, lambda inventory: inventory.messages(identity, dead=dead)
        )
        _report(output).messages(rows)
        return

    def decide(inventory: Any) -> Any:
        act = inventory.retry if verb == "retry" else inventory.discard
        return act(identity, key)

    found = _with_store(context, config, store, decide)
    if found is None:
        name = one_line(identity, 48)
        fail(f"{name} has no dead or held message {key}", f"see: ocpp16 bridge queue {name} --dead")
    _report(output).messages([found])


def _with_store(
    context: typer.Context,
    config: Path | None,
    store: str | None,
    work: Callable[[Any], Any],
) -> Any:
    """Return what a coroutine function makes of an opened store."""
    given: dict[str, Any] = context.obj or {}
    try:
        url = load_store(
            config or given.get("config"),
            environment=os.environ,
            flags={"store": store or given.get("store")},
        )
    except Misconfigured as error:
        fault = error.faults[0]
        fail(f"{fault.place}: {fault.problem}", fault.advice, code=2)
    try:
        from ocpp16.apps.bridge_inventory import opened  # noqa: PLC0415 - an extra
        from ocpp16.store.error import StoreError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        fail(f"the store needs {error.name}", INSTALL, code=2)

    async def main() -> Any:
        async with opened(url) as inventory:
            return await work(inventory)

    try:
        return asyncio.run(main())
    except (StoreError, FileNotFoundError) as error:
        fail(one_line(str(error), 500), "--store or --config tells where it is")


def _report(output: Output) -> Report:
    file = guarded(sys.stdout)
    return JsonReport(file) if output is Output.JSON else TextReport(file)
