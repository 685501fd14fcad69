"""`ocpp16 pki`, and the options of other commands that say how links are secured. Knows `typer`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ocpp16.apps.options import Output, OutputOption, fail
from ocpp16.apps.pki import Pki
from ocpp16.security.certificate_authority import CertificateAuthority
from ocpp16.security.configuration import ServerSecurity, StationSecurity
from ocpp16.security.credentials import Credentials, FileCredentials, MemoryCredentials
from ocpp16.transports.identity import check_identity

KEY_VARIABLE = "OCPP16_AUTHORIZATION_KEY"

ProfileOption = Annotated[
    int,
    typer.Option(
        "--security-profile",
        min=0,
        max=3,
        metavar="0-3",
        help="1: password; 2: TLS and password; 3: TLS and certificates on both sides.",
    ),
]
PkiOption = Annotated[
    Path | None,
    typer.Option("--pki", metavar="DIR", help="Certificates for profiles 2 and 3: `ocpp16 pki`."),
]
AuthorityOption = Annotated[
    Path | None,
    typer.Option(
        "--authority",
        metavar="DIR",
        help="Sign certificates of charge points with the key there: `ocpp16 pki`.",
    ),
]


def pki(  # noqa: PLR0917 - typer passes them by name
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    charge_point: Annotated[
        list[str] | None,
        typer.Option(
            "--charge-point",
            metavar="IDENTITY[=SERIAL]",
            help="Who gets a certificate; repeatable. CP1 alone if none is named.",
        ),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Name or address of the central system; repeatable. localhost if none is named.",
        ),
    ] = None,
    owner: Annotated[
        str, typer.Option(metavar="TEXT", help="The operator, O in its certificates.")
    ] = "Example Operator",
    manufacturer: Annotated[
        str, typer.Option(metavar="TEXT", help="O in the certificates for firmware.")
    ] = "Example Manufacturer",
    output: OutputOption = Output.TEXT,
) -> None:
    """Make certificates and keys to try the security profiles with.

    An operator's root with certificates of the central system (RSA and ECDSA) and of charge points,
    and a manufacturer's root with one that signs firmware. Keys can be read by their owner alone.
    What is there already stays as it is, so that another charge point can be added later. For
    trying things: a real operator keeps its root key elsewhere.

    \b
    Examples:
      ocpp16 pki certificates
      ocpp16 pki certificates --charge-point CP1 --charge-point CP2=SN-4711
      ocpp16 pki certificates --host central.example.com

    \b
    Then, in two terminals:
      ocpp16 central-system --json localhost:9000 \\
        --security-profile 3 --pki certificates
      ocpp16 charge-point CP1 --url wss://localhost:9000/ocpp \\
        --security-profile 3 --pki certificates

    \b
    Exit codes: 0 all is there, 1 a file cannot be written, 2 called wrongly.
    """  # noqa: D301 - click needs \b as one character
    try:
        from ocpp16.apps.pki_maker import make_pki  # noqa: PLC0415 - heavy, an extra
    except ModuleNotFoundError as error:
        fail(f"certificates need {error.name}", "pip install 'ocpp16[security]'", code=2)
    try:
        outcome = make_pki(
            folder,
            now=datetime.now(UTC),
            owner=owner,
            manufacturer=manufacturer,
            hosts=tuple(host or ("localhost",)),
            charge_points=_serial_numbers(charge_point or ("CP1",)),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        where = error.filename or folder
        fail(f"cannot write {where}: {error.strerror}", "another folder may do")
    made, kept = [str(path) for path in outcome.made], [str(path) for path in outcome.kept]
    if output is Output.JSON:
        typer.echo(json.dumps({"type": "pki", "made": made, "kept": kept}))
        return
    for path in made:
        typer.echo(f"made  {path}")
    for path in kept:
        typer.echo(f"kept  {path}")


def server_security(
    profile: int, folder: Path | None, keys: Iterable[str], file: Path | None
) -> tuple[ServerSecurity | None, dict[str, str] | None]:
    """Return the security of `central-system`, None for profile 0, and keys for the store.

    The keys of charge points are kept in the store, which those that are given begin with; None is
    that they are kept elsewhere.

    Raises:
        BadParameter: The options do not fit each other.
    """
    _check_folder(profile, folder)
    given = list(keys)
    if profile not in {1, 2} and (given or file is not None):
        raise typer.BadParameter("keys are for security profiles 1 and 2")
    if not profile:
        return None, None
    try:
        credentials = _credentials(file, given) if profile in {1, 2} else None
        stored = _keys(given) if profile in {1, 2} and file is None else None
        if folder is None:
            return ServerSecurity(profiles=profile, credentials=credentials), stored
        return Pki(folder).server_security({profile}, credentials), stored
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from None


def certificate_authority(
    folder: Path | None, security: ServerSecurity | None
) -> CertificateAuthority | None:
    """Return who signs certificates for `central-system`; None if nobody does.

    Raises:
        BadParameter: The folder does not hold what it should.
    """
    if folder is None:
        return None
    try:
        from ocpp16.security.file_authority import FileAuthority  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        fail(f"certificates need {error.name}", "pip install 'ocpp16[security]'", code=2)
    is_told = security is not None and security.serial_numbers is not None
    try:
        return FileAuthority(
            folder,
            organizations=(security and security.owners) or Pki(folder).owner,
            serial_numbers=security.serial_numbers
            if security is not None and is_told
            else Pki(folder).serial_numbers,
            now=lambda: datetime.now(UTC),
        )
    except ValueError as error:
        raise typer.BadParameter(f"--authority: {error}") from None


def station_security(
    identity: str, profile: int, folder: Path | None, key: str | None
) -> StationSecurity | None:
    """Return the security of `charge-point`; None is profile 0.

    Raises:
        BadParameter: The options do not fit each other.
    """
    _check_folder(profile, folder)
    if profile in {1, 2} and key is None:
        raise typer.BadParameter(
            f"security profile {profile} needs --authorization-key, or {KEY_VARIABLE}"
        )
    if not profile:
        return None
    try:
        if folder is None:
            return StationSecurity(profile=profile, authorization_key=key)
        return Pki(folder).station_security(identity, profile, key)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _check_folder(profile: int, folder: Path | None) -> None:
    if profile > 1 and folder is None:
        raise typer.BadParameter(
            f"security profile {profile} needs --pki DIR, which `ocpp16 pki DIR` makes"
        )
    if profile < 2 and folder is not None:
        raise typer.BadParameter("--pki is for security profiles 2 and 3")


def _credentials(file: Path | None, keys: list[str]) -> Credentials:
    if file is None:
        # What the store has takes its place; here it says whether the keys given are any.
        return MemoryCredentials(_keys(keys))
    if keys:
        raise ValueError("say the keys once: either --authorization-key, or --credentials")
    if not file.exists():
        raise ValueError(f"{file} does not exist")
    return FileCredentials(file)


def _keys(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        identity, equals, key = text.rpartition("=")
        if not equals:
            raise ValueError("--authorization-key is IDENTITY=KEY")
        check_identity(identity)
        found[identity] = key
    return found


def _serial_numbers(charge_points: Iterable[str]) -> dict[str, str]:
    """Return the serial number of each IDENTITY[=SERIAL]."""
    found = {}
    for text in charge_points:
        identity, _, serial = text.partition("=")
        try:
            check_identity(identity)
        except ValueError as error:
            raise typer.BadParameter(f"--charge-point {identity!r}: {error}") from None
        found[identity] = serial or f"SN-{identity}"
    return found
