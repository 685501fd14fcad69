"""`ocpp16 central-system`: runs a central system on its store until it is told to stop.

Puts `Books` behind a `CentralSystem`, serves the control API if that is wanted, and tells what
happens. Does not print.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ocpp16.apps.central_system_audit import Audit
from ocpp16.apps.central_system_books import Books
from ocpp16.apps.central_system_certificates import note_signing
from ocpp16.apps.central_system_policy import Policy, UnknownTags
from ocpp16.apps.control_feed import Feed
from ocpp16.apps.control_token import Token
from ocpp16.apps.exchange import Exchange, LogRemarks, Remark, Tell
from ocpp16.apps.stopping import is_first
from ocpp16.apps.tracer import Tracer
from ocpp16.clock import Clock
from ocpp16.enums import RegistrationStatus
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.certificate_signing import CertificateSigning
from ocpp16.roles.server import Urls
from ocpp16.security.certificate_authority import CertificateAuthority
from ocpp16.security.configuration import ServerSecurity
from ocpp16.settings import Settings
from ocpp16.store import answers, registrations
from ocpp16.store.answers import StoredAnswers
from ocpp16.store.central_system import charge_point, tables
from ocpp16.store.database import Database
from ocpp16.store.error import LeadershipLost
from ocpp16.store.registrations import StoredRegistrations
from ocpp16.store.security import tables as security_tables
from ocpp16.store.security.keys import StoredCredentials
from ocpp16.store.security.reached import StoredReachedProfiles
from ocpp16.transports.system_clock import SystemClock

if TYPE_CHECKING:
    from ocpp16.apps.control_files import OfferedFiles

TEMPORARY = "temporary"
"""In place of a store's URL: an SQLite file that goes when the process does."""
SCHEMAS = (registrations.SCHEMA, answers.SCHEMA, tables.SCHEMA, security_tables.SCHEMA)


@attrs.frozen(kw_only=True)
class Control:
    """How the control API is served."""

    address: str
    """`host:port`; port 0 is any free one."""
    tokens: Collection[Token]


@attrs.frozen(kw_only=True)
class Files:
    """Where files are, and how charge points reach them."""

    folder: Path
    """Kept there; made if it is not there."""
    address: str
    """`host:port` to listen at; port 0 is any free one."""
    url: str | None = None
    """What stands before the path in locations; None is where it listens."""
    upload_limit: int = 64 * 1024 * 1024
    """Bytes that a charge point may send for one job."""
    firmware_limit: int = 256 * 1024 * 1024
    """Bytes of an image."""


async def run_central_system(
    *,
    json: str | None = None,
    soap: str | None = None,
    store: str = TEMPORARY,
    callback_networks: Sequence[IPv4Network | IPv6Network] = (),
    policy: Policy = Policy.OPEN,
    known: Collection[str] = (),
    unknown_tags: UnknownTags = UnknownTags.UNTIL_LISTED,
    security: ServerSecurity | None = None,
    keys: Mapping[str, str | bytes] | None = None,
    authority: CertificateAuthority | None = None,
    interval: int = 300,
    control: Control | None = None,
    files: Files | None = None,
    tell: Tell,
    listening: Callable[[Urls, str | None], object],
    stop: asyncio.Event,
    clock: Clock | None = None,
) -> None:
    """Serve charge points until told to stop; then stop gracefully.

    Args:
        json: Where to take OCPP-J (`ws://127.0.0.1:9000/ocpp`, or `wss://...`).
        soap: Where to take OCPP-S (`http://127.0.0.1:9001/ocpp`).
        store: URL of the store, or `TEMPORARY`.
        callback_networks: Private networks where charge points may be called on OCPP-S.
        policy: Which charge points are let in.
        known: Identities that are entered, beside those in the store.
        unknown_tags: What charge points are told of identifiers that are not entered.
        security: Which links are taken, and how charge points authenticate; None is none.
        keys: Keeps the keys of charge points in the store, in place of the credentials of
            `security`, and enters these for whoever has none there yet; None does neither.
        authority: Who signs the certificates that charge points ask for; None signs none.
        interval: Seconds between heartbeats.
        control: How the control API is served; None is not at all.
        files: Where charge points fetch firmware and send files; None is nowhere.
        tell: Takes what happens.
        listening: Is told the URLs, with the ports really bound, and that of the control API, once
            they can be used.
        stop: Ends it.
        clock: Where time comes from; None is the machine's.

    Raises:
        OSError: An address is not ours, or taken.
        StoreError: The store cannot be used, or another process has taken it over.
        ModuleNotFoundError: The control API is wanted, and a package of it is missing.
    """
    clock = SystemClock() if clock is None else clock
    settings = Settings(callback_networks=tuple(callback_networks))
    entered = frozenset(known)
    feed = Feed()
    async with AsyncExitStack() as stack:
        stack.enter_context(LogRemarks(tell))
        database = await stack.enter_async_context(_opened(store))

        async def is_entered(identity: str) -> bool:
            if identity in entered:
                return True
            find = charge_point.find_charge_point
            found = await database.read(lambda connection: find(connection, identity))
            return found is not None and found.approval is not None

        def unlisted(identity: str) -> RegistrationStatus:
            is_to_wait = policy is Policy.PENDING and identity not in entered
            return RegistrationStatus.PENDING if is_to_wait else RegistrationStatus.ACCEPTED

        registered = await StoredRegistrations.load(database)
        reached = await StoredReachedProfiles.load(database, clock.now)
        stored = None
        if security is not None and keys is not None:
            stored = await StoredCredentials.load(database, clock.now)
            await _enter(stored, keys, lambda text: tell(_warning(clock, text)))
            security = attrs.evolve(security, credentials=stored)
        central = CentralSystem(
            known=is_entered if policy is Policy.KNOWN else None,
            registrations=registered,
            answers=(await StoredAnswers.load(database, settings)).of,
            clock=clock,
            settings=settings,
            security=security,
            reached=reached,
        )
        books = Books(
            database,
            now=clock.now,
            tell=tell,
            publish=feed.publish,
            interval=interval,
            unlisted=unlisted,
            unknown_tags=unknown_tags,
        )
        books.register(central, signs=authority is not None)
        central.on_event(Audit(books.record, clock).take)
        if authority is not None:
            CertificateSigning(central, authority, told=partial(note_signing, books))
        events = central.events()
        watching = asyncio.create_task(books.watch(events))

        async def watch_to_the_end() -> None:
            events.close()
            await watching

        stack.push_async_callback(watch_to_the_end)
        listeners: list[Callable[[Exchange | Remark], object]] = [tell]
        Tracer(central, lambda event: [each(event) for each in listeners])
        offered = None
        if files is not None:
            offered = await stack.enter_async_context(
                _offered(files, books, security=security, clock=clock)
            )
        control_url = None
        if control is not None:
            from ocpp16.apps.control import serve_control  # noqa: PLC0415 - an extra
            from ocpp16.apps.control_metric import Metrics  # noqa: PLC0415
            from ocpp16.apps.control_security import SecurityDesk  # noqa: PLC0415

            metrics = Metrics(
                central,
                database,
                is_known=lambda identity: registered.find(identity) is not None,
            )
            listeners.append(metrics.tell)
            control_url = await stack.enter_async_context(
                serve_control(
                    control,
                    central,
                    books,
                    feed,
                    metrics,
                    registrations=registered,
                    desk=SecurityDesk(central, books, stored, reached),
                    clock=clock,
                    files=offered,
                )
            )
        server = await stack.enter_async_context(central.serve(json=json, soap=soap))
        listening(server.urls, control_url)
        if not await is_first(stop.wait(), database.lost()):
            raise LeadershipLost("another process leads the store by now: this one ends")


async def _enter(
    stored: StoredCredentials, keys: Mapping[str, str | bytes], warn: Callable[[str], object]
) -> None:
    for identity, key in keys.items():
        if not await stored.enter(identity, key):
            # It may have been changed since by ChangeConfiguration, and must not come back.
            warn(f"{identity}: the key given is not that of the store, which holds")


def _warning(clock: Clock, text: str) -> Remark:
    return Remark(at=clock.now(), text=text, is_warning=True)


@asynccontextmanager
async def _offered(
    files: Files, books: Books, *, security: ServerSecurity | None, clock: Clock
) -> AsyncIterator[OfferedFiles]:
    """Serve files to charge points."""
    from ocpp16.apps.central_system_file_server import serve_files  # noqa: PLC0415 - an extra
    from ocpp16.apps.central_system_files import SiteFiles  # noqa: PLC0415
    from ocpp16.apps.control_files import OfferedFiles  # noqa: PLC0415

    folder = SiteFiles(files.folder)
    async with serve_files(files, folder, books, security=security, clock=clock) as locations:
        yield OfferedFiles(files=folder, locations=locations, firmware_limit=files.firmware_limit)


@asynccontextmanager
async def _opened(store: str) -> AsyncIterator[Database]:
    """Open a store and lead it."""
    with contextlib.ExitStack() as stack:
        url = store
        if store == TEMPORARY:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ocpp16-"))
            url = f"sqlite:///{Path(folder) / 'central-system.db'}"
        async with await Database.open(url, schemas=SCHEMAS) as database:
            await database.lead(wait=False)
            yield database
