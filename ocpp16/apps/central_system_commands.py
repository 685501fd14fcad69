"""`ocpp16 central-system` and its commands: parse arguments, call the app, print, return a code.

Knows `typer`. Whatever needs the store is imported when a command runs.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

import typer

from ocpp16.apps import event_loop
from ocpp16.apps.central_system_policy import Policy, UnknownTags
from ocpp16.apps.control_token import Token, TokenFileError, load_or_make_tokens
from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.output import Watch, guarded
from ocpp16.apps.printer import printer_for
from ocpp16.apps.security_commands import (
    AuthorityOption,
    PkiOption,
    ProfileOption,
    certificate_authority,
    server_security,
)
from ocpp16.apps.stopping import stopped_by_signals
from ocpp16.log import one_line
from ocpp16.primitives import parse_timestamp
from ocpp16.roles.server import Urls
from ocpp16.transports.identity import check_base, check_identity

central_system = typer.Typer(no_args_is_help=False, rich_markup_mode=None, add_completion=False)
DEFAULT_PATH = "/ocpp"
DEFAULT_STORE = "sqlite:///ocpp16-central-system.db"
EXTRAS = {"sqlalchemy": "store", "psycopg": "postgresql"}
EXTRAS |= dict.fromkeys(("starlette", "prometheus_client"), "control")
"""What to install for a package that is missing; else it is SOAP's."""


class Books(StrEnum):
    """What can be exported."""

    TRANSACTIONS = "transactions"
    METER_VALUES = "meter-values"


class Format(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSON = "json"


@central_system.callback(invoke_without_command=True)
def run(  # noqa: PLR0917 - typer passes them by name
    context: typer.Context,
    json: Annotated[
        str | None,
        typer.Option("--json", metavar="HOST:PORT[/PATH]", help="Where to take OCPP-J."),
    ] = None,
    soap: Annotated[
        str | None,
        typer.Option("--soap", metavar="HOST:PORT[/PATH]", help="Where to take OCPP-S."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="URL",
            help="sqlite:///FILE, postgresql+psycopg://..., or temporary.",
        ),
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
    registration: Annotated[
        Policy | None,
        typer.Option(help="Let in those entered, any to be approved, or any."),
    ] = None,
    unknown_tags: Annotated[
        UnknownTags, typer.Option("--unknown-tags", help="What is said of tags nobody entered.")
    ] = UnknownTags.UNTIL_LISTED,
    security_profile: ProfileOption = 0,
    pki: PkiOption = None,
    authorization_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IDENTITY=KEY",
            help="Key of a charge point that has none yet, 32 to 40 hex digits; repeatable.",
        ),
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Hashes of keys, in place of the store."),
    ] = None,
    authority: AuthorityOption = None,
    interval: Annotated[
        int,
        typer.Option(
            min=1, max=2**31 - 1, metavar="SECONDS", help="Between heartbeats of a charge point."
        ),
    ] = 300,
    control: Annotated[
        str | None,
        typer.Option("--control", metavar="[HOST:]PORT", help="Serve the control API there."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Tokens of the control API; made if not there."),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep firmware, diagnostics and logs there."),
    ] = None,
    files_listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where charge points fetch and send files."),
    ] = None,
    files_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The same as charge points reach it, if other."),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run a central system on a store, and log what happens.

    The first lines on standard output are the URLs for charge points; on JSON each adds /IDENTITY.
    Port 0 is any free one, and the path is /ocpp unless given. A SOAP charge point is called where
    it says that it listens: on this machine only if --soap is, and in private networks only if
    --callback-allow names them. SIGINT or SIGTERM stop it gracefully.

    The store keeps charge points, tags, transactions, meter values and events; nothing is
    acknowledged before it is stored. It is ocpp16-central-system.db in this folder, or, with
    --open, one that goes with the process. Any tag is accepted until one is entered, by the
    control API. Who may connect: those named by --charge-point or approved by the control API;
    with --registration pending, anybody, who then waits for approval. With a security profile,
    whoever has credentials may connect, and --charge-point says who of them. Keys are kept in the
    store, as salted hashes; `ocpp16 key` sets, lists, removes and changes them.

    With --files, a charge point can be asked by the control API for its diagnostics or its log, and
    given a firmware image; it fetches and sends files over HTTP, or HTTPS with security profiles
    2 and 3, at --files-listen, by locations that nobody can guess.

    \b
    Examples:
      ocpp16 central-system --json 127.0.0.1:9000 --open
      ocpp16 central-system --json 127.0.0.1:0 --charge-point A --charge-point B
      ocpp16 central-system --json 127.0.0.1:9000 --soap 127.0.0.1:9001 --open
      ocpp16 central-system --soap 0.0.0.0:9001 --callback-allow 10.0.0.0/8 --open
      ocpp16 central-system --json 127.0.0.1:9000 --open --output json
      ocpp16 central-system --json localhost:9000 --security-profile 3 --pki DIR
      ocpp16 central-system --json localhost:9000 --security-profile 3 \\
        --pki DIR --authority DIR
      ocpp16 central-system --json 0.0.0.0:9000 --registration pending \\
        --store sqlite:///site.db --control 127.0.0.1:9002 --token-file tokens
      ocpp16 central-system export transactions --store sqlite:///site.db

    \b
    Exit codes: 0 stopped, 1 cannot listen there or the store fails,
    2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    if context.invoked_subcommand is not None:
        return
    security, keys = server_security(security_profile, pki, authorization_key or (), credentials)
    if security is not None and anyone:
        raise typer.BadParameter("--open is without authentication, so without a security profile")
    signer = certificate_authority(authority, security)
    policy = _policy(anyone, charge_point or [], registration, is_secure=security is not None)
    if json is None and soap is None:
        raise typer.BadParameter("say where to listen: --json HOST:PORT, --soap HOST:PORT, or both")
    tls = "s" if security_profile > 1 else ""
    urls = {
        "json": None if json is None else listening_url(json, f"ws{tls}"),
        "soap": None if soap is None else listening_url(soap, f"http{tls}"),
    }
    networks = _networks(callback_allow or (), soap_url=urls["soap"])
    _check_identities(charge_point or ())
    address = None if control is None else _control_address(control)
    wanted = _files(files, files_listen, files_url, has_control=control is not None)
    tokens = () if address is None else _tokens(token_file)
    try:
        from ocpp16.apps.central_system import (  # noqa: PLC0415 - extras
            TEMPORARY,
            Control,
            Files,
            run_central_system,
        )
        from ocpp16.store.error import StoreError, StoreNotSupported  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _fail_without(error)
    printer = printer_for(output, dated=True, named=True)

    def announce(served: Urls, control_url: str | None) -> None:
        for url in served.values():
            printer.listening(url)
        if control_url is not None:
            printer.control(control_url)

    async def serve() -> None:
        with stopped_by_signals() as stop:
            watch = Watch(printer.event, stop.set)
            await run_central_system(
                json=urls["json"],
                soap=urls["soap"],
                store=store or (TEMPORARY if anyone else DEFAULT_STORE),
                callback_networks=networks,
                policy=policy,
                known=frozenset(charge_point or ()),
                unknown_tags=unknown_tags,
                security=security,
                keys=keys,
                authority=signer,
                interval=interval,
                control=None if address is None else Control(address=address, tokens=tokens),
                files=None if wanted is None else Files(**wanted),
                tell=watch,
                listening=announce,
                stop=stop,
            )
            watch.check()

    try:
        event_loop.run(serve())
    except StoreNotSupported as error:
        fail(f"--store: {one_line(str(error), 500)}", "see: ocpp16 central-system --help", code=2)
    except StoreError as error:
        fail(one_line(str(error), 500), "--store tells where it is")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        reason = error.strerror or str(error)
        asked = (json, soap, control, files_listen)
        places = " and ".join(place for place in asked if place is not None)
        fail(f"cannot listen at {places}: {reason}", "another port may be free; 0 takes any")
    except ImportError as error:
        _fail_without(error)


@central_system.command()
def export(  # noqa: PLR0917 - typer passes them by name
    books: Annotated[Books, typer.Argument(metavar="transactions|meter-values", help="What.")],
    store: Annotated[
        str, typer.Option("--store", metavar="URL", help="The store.")
    ] = DEFAULT_STORE,
    form: Annotated[
        Format, typer.Option("--format", help="For spreadsheets, or for programs.")
    ] = Format.CSV,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="2026-01-31, or 2026-01-31T12:00:00Z."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="What is earlier than this.")
    ] = None,
    charge_point: Annotated[
        str | None,
        typer.Option("--charge-point", metavar="IDENTITY", help="Of this one only."),
    ] = None,
) -> None:
    """Write transactions or meter values for billing, on standard output.

    Reads the store, beside a central system that runs or without one. Transactions are those that
    began, meter values those that were measured, from --from on and before --to; a date is its
    midnight in UTC. What a charge point has reported stands there as it is.

    \b
    Examples:
      ocpp16 central-system export transactions --store sqlite:///site.db
      ocpp16 central-system export transactions --store sqlite:///site.db \\
        --from 2026-01-01 --to 2026-02-01 > january.csv
      ocpp16 central-system export meter-values --format json --charge-point CP1

    \b
    Exit codes: 0 written, 1 the store cannot be read, 2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    begin, end = _instant("--from", since), _instant("--to", until)
    try:
        from ocpp16.apps.central_system_export import export_books  # noqa: PLC0415 - an extra
        from ocpp16.store.error import StoreError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _fail_without(error)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The rows of CSV have ends of their own.
        sys.stdout.reconfigure(newline="")
    out = guarded(sys.stdout)
    try:
        asyncio.run(
            export_books(
                store,
                is_meter_values=books is Books.METER_VALUES,
                is_csv=form is Format.CSV,
                identity=charge_point,
                since=begin,
                until=end,
                out=out,
            )
        )
    except (StoreError, FileNotFoundError) as error:
        fail(one_line(str(error), 500), "--store tells where it is")
    out.flush()


def _policy(
    anyone: bool,
    charge_points: list[str],
    registration: Policy | None,
    *,
    is_secure: bool,
) -> Policy:
    wanted = registration or (Policy.OPEN if anyone else None)
    if anyone and (wanted is not Policy.OPEN or charge_points):
        raise typer.BadParameter(SAY_WHO)
    if wanted is None and charge_points:
        return Policy.KNOWN
    if wanted is None and is_secure:
        return Policy.OPEN
    if wanted is None or (wanted is Policy.OPEN and (charge_points or not (anyone or is_secure))):
        raise typer.BadParameter(SAY_WHO)
    return wanted


SAY_WHO = "say who may connect: either --open, or --charge-point IDENTITY"


def _control_address(text: str) -> str:
    """Return HOST:PORT; a port alone is on this machine only."""
    address = text if ":" in text else f"127.0.0.1:{text}"
    if "/" in text:
        raise typer.BadParameter(f"--control {text!r} is not HOST:PORT: it has no path")
    return urlsplit(listening_url(address, "http")).netloc


def _files(
    folder: Path | None, listen: str | None, url: str | None, *, has_control: bool
) -> dict[str, Any] | None:
    """Return what `Files` is made of."""
    if folder is None or listen is None:
        if folder is not None or listen is not None or url is not None:
            raise typer.BadParameter("--files DIR and --files-listen HOST:PORT go together")
        return None
    if not has_control:
        raise typer.BadParameter("--files needs --control: what is done with files is said there")
    address = urlsplit(listening_url(listen, "http")).netloc
    if url is None and urlsplit(f"//{address}").hostname in {"0.0.0.0", "::"}:  # noqa: S104
        raise typer.BadParameter("--files-listen on every address needs --files-url")
    try:
        base = None if url is None else check_base(url)
    except ValueError as error:
        raise typer.BadParameter(f"--files-url: {error}") from None
    return {"folder": folder, "address": address, "url": base}


def _tokens(path: Path | None) -> tuple[Token, ...]:
    if path is None:
        raise typer.BadParameter("--control needs --token-file FILE, which is made if not there")
    try:
        return load_or_make_tokens(path)
    except TokenFileError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        raise typer.BadParameter(f"--token-file {path}: {error.strerror}") from None


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if "T" in text.upper():
            return parse_timestamp(text)
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        hint = "is neither 2026-01-31 nor 2026-01-31T12:00:00Z"
        raise typer.BadParameter(f"{option} {text!r} {hint}") from None


def _fail_without(error: ImportError) -> NoReturn:
    extra = EXTRAS.get(error.name or "", "soap")
    what = {"soap": "SOAP", "control": "the control API"}.get(extra, "the store")
    fail(f"{what} needs {error.name}", f"pip install 'ocpp16[{extra}]'", code=2)


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
