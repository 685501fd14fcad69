"""The command `ocpp16 charge-point`: parse arguments, run, print, return an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from ocpp16.apps import event_loop
from ocpp16.apps.charge_point.fleet import NUMBER, Orders, run_fleet
from ocpp16.apps.charge_point.scenario import Scenario, ScenarioError, load
from ocpp16.apps.charge_point.session import Plan
from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import Watch
from ocpp16.apps.printer import printer_for
from ocpp16.apps.security_commands import (
    KEY_VARIABLE,
    PkiOption,
    ProfileOption,
    station_security,
)
from ocpp16.apps.stopping import stopped_by_signals
from ocpp16.errors import InvalidMessage
from ocpp16.storage import StorageFailed
from ocpp16.transports.file_transfer import TransferRules

INTERRUPTED = 130
A_YEAR = 366 * 24 * 60
"""Minutes."""
TRACED = 10
"""A fleet of more does not show every call."""
OPTIONS = {
    "/chargePointVendor": "--vendor",
    "/chargePointModel": "--model",
    "/idTag": "--id-tag",
}
"""Which option a field of a message comes from."""


class Cars(StrEnum):
    """How cars charge."""

    FLAT = "flat"
    REAL = "real"


def charge_point(  # noqa: PLR0917 - typer passes them by name
    identity: Annotated[
        str, typer.Argument(metavar="IDENTITY", help="Its name: CP1. In a fleet: CP{n}.")
    ],
    url: Annotated[
        str,
        typer.Option(
            "--url", metavar="URL", help="The central system's URL, without the identity."
        ),
    ],
    listen: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where it takes calls itself, on SOAP."),
    ] = None,
    id_tag: Annotated[
        str, typer.Option(metavar="TAG", help="The driver's card, at most 20 characters.")
    ] = "CARD-1",
    duration: Annotated[
        float,
        typer.Option(min=0.1, max=A_YEAR, metavar="MINUTES", help="How long the car charges."),
    ] = 20,
    energy: Annotated[
        int | None,
        typer.Option(min=1, max=10**9, metavar="WH", help="Stop when it has got so much."),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            min=1,
            max=10**6,
            metavar="FACTOR",
            help="How much faster time runs while a car charges.",
        ),
    ] = 120,
    connectors: Annotated[
        int, typer.Option(min=1, max=99, metavar="COUNT", help="How many it has.")
    ] = 2,
    connector: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Where the car charges.")
    ] = 1,
    power: Annotated[
        int, typer.Option(min=1, max=10**7, metavar="W", help="What a connector can give.")
    ] = 11_000,
    cars: Annotated[
        Cars | None,
        typer.Option(help="Whether cars have batteries and curves; flat for a single session."),
    ] = None,
    vendor: Annotated[str, typer.Option(metavar="TEXT", help="chargePointVendor.")] = "ocpp16",
    model: Annotated[str, typer.Option(metavar="TEXT", help="chargePointModel.")] = "Simulator",
    security_profile: ProfileOption = 0,
    pki: PkiOption = None,
    authorization_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", envvar=KEY_VARIABLE, help="For profiles 1 and 2: 32 to 40 hex digits."
        ),
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Stay afterwards, and serve the central system.")
    ] = False,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="Steer it from here, line by line; help lists how.")
    ] = False,
    scenario: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play a script (TOML) instead.")
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Steer it over HTTP, on this machine only."),
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, max=10_000, metavar="COUNT", help="So many at once.")
    ] = 1,
    spread: Annotated[
        float,
        typer.Option(min=0, max=3600, metavar="SECONDS", help="Over which a fleet starts."),
    ] = 10,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep there what outlives it, even if it is killed."),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="Really fetch firmware from there, and send files there; repeatable.",
        ),
    ] = None,
    files_allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CIDR", help="Private networks in which such a host may be; repeatable."
        ),
    ] = None,
    firmware_root: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificate that signs those of signed firmware."),
    ] = None,
    firmware_revoked: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Lists of such certificates that are revoked (PEM)."),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run a simulated charge point, and charge one car.

    It boots (waiting for the central system as long as it takes), sends heartbeats, and plays one
    session: plug, tag, StartTransaction, MeterValues, StopTransaction, unplug. It answers whatever
    a central system may ask. With --stay it then goes on until it is interrupted, and drivers plug
    in where a remote start wants them to.

    With --prompt or --control nothing happens by itself: you plug cars in, show tags, break things.
    With --scenario a script does, and checks what comes of it. With --count all of it happens to
    many charge points at once.

    \b
    Examples:
      ocpp16 charge-point CP1 --url ws://127.0.0.1:9000/ocpp
      ocpp16 charge-point CP1 --url ws://127.0.0.1:9000/ocpp --energy 5000
      ocpp16 charge-point CP1 --url ws://127.0.0.1:9000/ocpp --stay
      ocpp16 charge-point CP1 --url ws://127.0.0.1:9000/ocpp --prompt \\
        --state ./state
      ocpp16 charge-point CP1 --url ws://127.0.0.1:9000/ocpp \\
        --scenario session.toml --output json
      ocpp16 charge-point 'CP{n}' --url ws://127.0.0.1:9000/ocpp --count 1000
      ocpp16 charge-point CP1 --url http://127.0.0.1:9001/ocpp \\
        --listen http://127.0.0.1:9010/
      ocpp16 charge-point CP1 --url wss://localhost:9000/ocpp \\
        --security-profile 3 --pki DIR

    \b
    Exit codes: 0 it charged, or the script held; 1 it was not let, or the
    script did not hold; 2 called wrongly; 130 interrupted before the end.
    """  # noqa: D301 - click needs \b as one character
    if connector > connectors:
        raise typer.BadParameter(f"there is no connector {connector} of {connectors}")
    if count > 1 and prompt:
        raise typer.BadParameter("--prompt steers one charge point; --control steers many")
    if NUMBER not in identity:
        # What is missing is found before anything happens.
        station_security(identity, security_profile, pki, authorization_key)
    is_single = count == 1 and not prompt and control is None and scenario is None
    hardware = Hardware(
        identity=identity,
        vendor=vendor,
        model=model,
        connectors=connectors,
        power=power,
        has_real_cars=not is_single if cars is None else cars is Cars.REAL,
    )
    plan = Plan(
        connector=connector,
        id_tag=id_tag,
        duration=timedelta(minutes=duration),
        energy=energy,
        speed=speed,
        stay=stay,
    )
    orders = Orders(
        plan=plan,
        scenario=None if scenario is None else _loaded(scenario),
        prompt=sys.stdin if prompt else None,
        control=None if control is None else _address(control),
        count=count,
        spread=spread,
        state=state,
        files=_rules(files or (), files_allow or ()),
        pki=pki,
        signer=firmware_root,
        revoked=firmware_revoked,
        is_traced=count <= TRACED or output is Output.JSON,
    )
    printer = printer_for(output, named=count > 1)

    async def run() -> int:
        with stopped_by_signals() as stop:
            watch = Watch(printer.event, stop.set)
            went_well = await run_fleet(
                hardware,
                url,
                orders,
                tell=watch,
                stop=stop,
                listen=listen,
                security=lambda each: station_security(
                    each, security_profile, pki, authorization_key
                ),
            )
            watch.check()
            if stop.is_set():
                return 0 if went_well and (stay or orders.is_steered) else INTERRUPTED
            return 0 if went_well else 1

    try:
        code = event_loop.run(run())
    except InvalidMessage as error:
        option = OPTIONS.get(error.path)
        raise typer.BadParameter(f"{option} {error.reason}" if option else str(error)) from None
    except (ValueError, NotImplementedError) as error:
        raise typer.BadParameter(str(error)) from None
    except StorageFailed as error:
        fail(str(error), "does another process use it?")
    except ImportError as error:
        fail(f"this needs {error.name}", "pip install 'ocpp16[all]'", code=2)
    except OSError as error:
        fail(error.strerror or str(error), "another port may be free; 0 takes any")
    raise typer.Exit(code)


def _loaded(path: Path) -> Scenario:
    try:
        return load(path)
    except ScenarioError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        raise typer.BadParameter(f"cannot read {path}: {error.strerror}") from None


def _rules(hosts: Sequence[str], networks: Sequence[str]) -> TransferRules | None:
    if not hosts:
        return None
    try:
        allowed = tuple(ip_network(network) for network in networks)
    except ValueError as error:
        raise typer.BadParameter(f"--files-allow: {error}") from None
    return TransferRules(hosts=frozenset(hosts), networks=allowed)


def _address(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None or parts.path or parts.query:
        raise typer.BadParameter(f"{text!r} is not HOST:PORT")
    return parts.hostname, port
