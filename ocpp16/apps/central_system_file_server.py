"""Where charge points fetch firmware from and send files to: a listener of its own.

    GET      /firmware/SECRET/NAME    the image of a job, as often as it takes until it ends
    PUT/POST /uploads/SECRET[/NAME]   the file of a job, once

The secret is the right to do that one thing: 256 random bits, made for one job of one charge point,
of which only a hash is kept. Nothing else is there; no path of a request is ever one of the disk.
Listed nowhere, and all that is wrong with a secret is told alike.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import quote

import attrs
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from ocpp16 import log
from ocpp16.apps.central_system_books import Books
from ocpp16.apps.central_system_files import NewFile, SiteFiles, TooLarge, Written
from ocpp16.clock import Clock
from ocpp16.security.configuration import ServerSecurity
from ocpp16.security.credentials import MemoryCredentials
from ocpp16.security.tls import ServerTls
from ocpp16.settings import Settings
from ocpp16.store.central_system import job
from ocpp16.store.central_system.job import UPLOADS, Job
from ocpp16.store.error import StoreError
from ocpp16.transports.identity import unescape
from ocpp16.transports.soap_app import Receive, Scope, Send
from ocpp16.transports.soap_server import HttpServer
from ocpp16.transports.task import run_in_thread, time_limit

LOGGER = logging.getLogger("ocpp16.files")
UPLOAD_TIME: Final = timedelta(days=1)
"""How long a location for a file is good, from the request on."""
FIRMWARE_TIME: Final = timedelta(days=7)
"""How long an image can be fetched, from its retrieveDate on."""
CONNECTIONS: Final = 1000
BODY_SECONDS: Final = 600.0
SILENCE_SECONDS: Final = 30.0
NAME_LENGTH: Final = 255
_BLOCK: Final = 256 * 1024
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@attrs.frozen
class Grant:
    """The right to one thing: the secret that stands in a location."""

    secret: str = attrs.field(factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def digest(self) -> bytes:
        """What the store knows it by."""
        return _digest(self.secret)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Wanted(Protocol):
    """How files are to be served."""

    @property
    def address(self) -> str:
        """`host:port`; port 0 is any free one."""
        ...

    @property
    def url(self) -> str | None:
        """What stands before the path in locations; None is where it listens."""
        ...

    @property
    def upload_limit(self) -> int:
        """Bytes that a charge point may send for one job."""
        ...


class Refused(Exception):
    """A request is not taken.

    Args:
        status: What it is answered.
    """

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class FileServer:
    """What is served to charge points.

    Args:
        files: The folder.
        books: The books with the jobs.
        upload_limit: Bytes that a file may have.
        clock: Times what charge points send.
    """

    def __init__(self, files: SiteFiles, books: Books, *, upload_limit: int, clock: Clock) -> None:
        self.is_stopping = False
        self._files = files
        self._books = books
        self._limit = upload_limit
        self._clock = clock
        self._busy: set[int] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Refused as refused:
            # What is left of a body is not waited for.
            headers = {**_HEADERS, "connection": "close"}
            response = Response(status_code=refused.status, headers=headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if self.is_stopping:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            match request.scope["raw_path"].decode("ascii").split("/"):
                case ["", "firmware", secret, name]:
                    _check_method(request, "GET", "HEAD")
                    return await self._give(await self._granted(secret), unescape(name))
                case ["", "uploads", secret] | ["", "uploads", secret, ""]:
                    _check_method(request, "PUT", "POST")
                    return await self._take(request, secret, None)
                case ["", "uploads", secret, name]:
                    _check_method(request, "PUT", "POST")
                    return await self._take(request, secret, unescape(name))
        except ValueError:  # It is not UTF-8, or no escape.
            raise Refused(HTTPStatus.BAD_REQUEST) from None
        except StoreError as error:
            log.failure(LOGGER, "the store failed", error)
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE) from None
        raise Refused(HTTPStatus.NOT_FOUND)

    async def _granted(self, secret: str) -> Job:
        if not _SECRET.fullmatch(secret):
            raise Refused(HTTPStatus.NOT_FOUND)
        digest = _digest(secret)
        found = await self._books.read(lambda connection: job.find_granted(connection, digest))
        is_over = found is None or found.until is None or found.until <= self._books.now()
        if found is None or is_over or found.received is not None:
            raise Refused(HTTPStatus.NOT_FOUND)
        return found

    async def _give(self, found: Job, name: str) -> Response:
        if found.kind in UPLOADS or found.file != name:
            raise Refused(HTTPStatus.NOT_FOUND)
        try:
            path = await run_in_thread(self._files.image_path, name)
        except FileNotFoundError:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        return FileResponse(path, media_type="application/octet-stream", headers=_HEADERS)

    async def _take(self, request: Request, secret: str, name: str | None) -> Response:
        found = await self._granted(secret)
        if found.kind not in UPLOADS:
            raise Refused(HTTPStatus.NOT_FOUND)
        if found.number in self._busy:
            raise Refused(HTTPStatus.CONFLICT)
        _check_head(request, name, self._limit)
        self._busy.add(found.number)
        try:
            # Another request may have used it up since it was looked for.
            found = await self._granted(secret)
            written = await self._write(request, found.number)
            now = self._books.now()
            is_first = await self._books.write(
                lambda connection: job.note_received(
                    connection,
                    found.number,
                    name=name or _announced(found),
                    size=written.size,
                    sha256=written.sha256,
                    now=now,
                )
            )
            if not is_first:
                # The job was removed meanwhile, and what it had with it.
                await run_in_thread(self._files.remove_upload, found.number)
                raise Refused(HTTPStatus.NOT_FOUND)
        finally:
            self._busy.discard(found.number)
        text = f"job {found.number}: a file of {written.size} bytes is there"
        self._books.record(found.identity, "file", text)
        return Response(status_code=HTTPStatus.CREATED, headers=_HEADERS)

    async def _write(self, request: Request, number: int) -> Written:
        try:
            new = await run_in_thread(self._files.new_upload, number, self._limit)
            with new as file:
                async with time_limit(self._clock, BODY_SECONDS):
                    await self._copy(request, file)
                return await run_in_thread(file.keep)
        except TooLarge:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
        except (ClientDisconnect, TimeoutError):
            raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
        except OSError as error:
            log.failure(LOGGER, "a file cannot be kept", error)
            is_full = error.errno in FULL
            status = HTTPStatus.INSUFFICIENT_STORAGE if is_full else HTTPStatus.SERVICE_UNAVAILABLE
            raise Refused(status) from None

    async def _copy(self, request: Request, file: NewFile) -> None:
        block = bytearray()
        chunks = aiter(request.stream())
        while True:
            async with time_limit(self._clock, SILENCE_SECONDS):
                chunk = await anext(chunks, None)
            if chunk is None:
                break
            block += chunk
            if len(block) >= _BLOCK:
                await run_in_thread(file.write, bytes(block))
                block.clear()
        await run_in_thread(file.write, bytes(block))


def _announced(found: Job) -> str | None:
    """Return the name that a charge point announced, if a file can be called so."""
    name = found.announced
    return name if name is not None and is_file_name(name) else None


def is_file_name(name: str) -> bool:
    """Tell whether a text can be the name of a file: a base name, and nothing that hides."""
    return (
        len(name) <= NAME_LENGTH
        and name.isprintable()
        and name.strip() not in {"", ".", ".."}
        and not set(name) & set("/\\:")
    )


def _check_method(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED)


def _check_head(request: Request, name: str | None, limit: int) -> None:
    headers = request.headers
    if name is not None and not is_file_name(name):
        raise Refused(HTTPStatus.BAD_REQUEST)
    # RFC 9110, 14.5: to keep a part as if it were the whole would be wrong.
    if "content-range" in headers:
        raise Refused(HTTPStatus.BAD_REQUEST)
    is_form = headers.get("content-type", "").casefold().startswith("multipart/")
    if is_form or headers.get("content-encoding", "identity").casefold() != "identity":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    # The server has seen to it that it is a number.
    if int(headers.get("content-length", "0")) > limit:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


@attrs.frozen(kw_only=True)
class Locations:
    """Makes locations that charge points are given."""

    base: str

    def firmware(self, grant: Grant, name: str) -> str:
        """Return where an image is to be fetched."""
        return f"{self.base}/firmware/{grant.secret}/{quote(name, safe='')}"

    def upload(self, grant: Grant) -> str:
        """Return the folder where a file is to be sent."""
        return f"{self.base}/uploads/{grant.secret}/"


@asynccontextmanager
async def serve_files(
    wanted: Wanted,
    files: SiteFiles,
    books: Books,
    *,
    security: ServerSecurity | None,
    clock: Clock,
) -> AsyncIterator[Locations]:
    """Serve charge points while it is entered.

    Raises:
        OSError: The address is not ours, or taken.
        ValueError: The address is none.
    """
    app = FileServer(files, books, upload_limit=wanted.upload_limit, clock=clock)
    tls = _tls(security)
    scheme = "http" if tls is None else "https"
    server = HttpServer(
        f"{scheme}://{wanted.address}/",
        settings=Settings(connections=CONNECTIONS),
        clock=clock,
        tls=tls,
    )
    await server.start(app)
    try:
        yield Locations(base=(wanted.url or server.url).rstrip("/"))
    finally:
        await server.wait_closed()


def _tls(security: ServerSecurity | None) -> ServerTls | None:
    """Return TLS with the certificates of the central system, for clients that show none.

    Firmware and files are often moved by a part of a charge point that has no certificate; what
    lets it in is the secret.
    """
    if security is None or not security.is_tls:
        return None
    return ServerTls(
        ServerSecurity(
            profiles=2,
            credentials=MemoryCredentials({}),
            certificates=security.certificates,
            legacy_tls=security.legacy_tls,
        )
    )
