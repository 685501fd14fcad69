"""Routes of the control API for firmware images, and for jobs that charge points are given.

An image comes in here, with its signature if it has one; a job gets its location here, and what
comes of it is shown and fetched here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

import attrs
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ocpp16.apps.central_system_books import Books
from ocpp16.apps.central_system_file_server import (
    FIRMWARE_TIME,
    FULL,
    UPLOAD_TIME,
    Grant,
    Locations,
)
from ocpp16.apps.central_system_files import (
    Image,
    Signature,
    SiteFiles,
    TooLarge,
    Written,
    is_image_name,
)
from ocpp16.apps.control_body import body_of, object_of
from ocpp16.apps.control_call import give_job, peer_of
from ocpp16.apps.control_job import begin_job, history_object, job_object
from ocpp16.apps.control_problem import Problem
from ocpp16.apps.control_query import Query
from ocpp16.apps.control_view import Json, instant
from ocpp16.bindings.ocppj import codec
from ocpp16.catalog import ACTIONS
from ocpp16.clock import Clock
from ocpp16.errors import ConstraintError
from ocpp16.messages import (
    GetLogRequest,
    SignedUpdateFirmwareRequest,
    UpdateFirmwareRequest,
)
from ocpp16.roles.central_system import CentralSystem
from ocpp16.store.central_system import job
from ocpp16.store.central_system.job import Job
from ocpp16.structure import Request as OcppRequest
from ocpp16.transports.task import run_in_thread, time_limit

PAGE_LIMIT = 1000
IMAGE_SECONDS = 600.0
AT_ONCE = timedelta(minutes=1)
"""How far back a retrieveDate is that means now: the clock of a charge point may be behind, if only
by the fraction of a second that BootNotification does not tell."""
NO_STORE = {"cache-control": "no-store"}
SANDBOX = {
    **NO_STORE,
    "x-content-type-options": "nosniff",
    # A charge point chose what is in it: a browser is not to run it as ours.
    "content-security-policy": "default-src 'none'; sandbox",
}
POINTERS = {
    "/firmware/retrieveDateTime": "/retrieveDate",
    "/firmware/installDateTime": "/installDate",
    "/log/oldestTimestamp": "/oldestTimestamp",
    "/log/latestTimestamp": "/latestTimestamp",
}
"""Where a field of a request stands in the body here."""

Endpoint = Callable[[Request], Any]
MakeRoute = Callable[[str, str, Endpoint], Route]
T = TypeVar("T")


class Offered(Protocol):
    """What is needed for files."""

    @property
    def files(self) -> SiteFiles:
        """The folder."""
        ...

    @property
    def locations(self) -> Locations:
        """Where charge points find it."""
        ...

    @property
    def firmware_limit(self) -> int:
        """Bytes of an image."""
        ...


@attrs.frozen(kw_only=True)
class OfferedFiles:
    """`Offered`, as the application has it."""

    files: SiteFiles
    locations: Locations
    firmware_limit: int


class FileRoutes:
    """The routes.

    Args:
        central: The central system.
        books: Its books.
        offered: Its files; None where it has none.
        clock: Times bodies.
    """

    def __init__(
        self, central: CentralSystem, books: Books, offered: Offered | None, clock: Clock
    ) -> None:
        self._central = central
        self._books = books
        self._offered = offered
        self._clock = clock

    def routes(self, read: MakeRoute, operate: MakeRoute) -> list[Route]:
        """Return them; those of a charge point have to stand before what shows one."""
        one = "/charge-points/{identity:path}"
        return [
            operate("POST", f"{one}/firmware", self._update_firmware),
            operate("POST", f"{one}/diagnostics", self._get_diagnostics),
            operate("POST", f"{one}/log", self._get_log),
            read("GET", "/jobs", self._list_jobs),
            read("GET", "/jobs/{number:int}", self._show_job),
            operate("DELETE", "/jobs/{number:int}", self._remove_job),
            read("GET", "/jobs/{number:int}/file", self._fetch),
            read("GET", "/firmware", self._list_images),
            operate("PUT", "/firmware/{name}", self._put_image),
            operate("DELETE", "/firmware/{name}", self._remove_image),
            operate("PUT", "/firmware/{name}/signature", self._sign_image),
        ]

    @property
    def _at_hand(self) -> Offered:
        if self._offered is None:
            raise Problem("no-files", "--files DIR gives it one")
        return self._offered

    # Jobs

    async def _update_firmware(self, request: Request) -> Response:
        seconds = Query(request, "timeout").seconds("timeout")
        names = ("image", "retrieveDate", "installDate", "retries", "retryInterval", "signed")
        fields = object_of(await body_of(request), *names)
        name, is_signed = fields.get("image"), fields.get("signed")
        if not isinstance(name, str) or not isinstance(is_signed, bool | None):
            path = "/signed" if isinstance(name, str) else "/image"
            raise Problem("invalid-request", "image is a name, signed true or false", path=path)
        image = await self._image(name)
        is_signed = image.signature is not None if is_signed is None else is_signed
        begin = fields.get("retrieveDate") or instant(self._books.now() - AT_ONCE)
        more = _present(fields, "retries", "retryInterval")
        if is_signed:
            if image.signature is None:
                raise Problem("invalid-request", "the image has no signature", path="/signed")
            firmware = {
                "retrieveDateTime": begin,
                "installDateTime": fields.get("installDate"),
                "signature": image.signature.signature,
                "signingCertificate": image.signature.certificate,
            }
            draft: Json = {"requestId": 0, "firmware": _present(firmware, *firmware), **more}
            place: tuple[str, ...] = ("firmware", "location")
        else:
            if fields.get("installDate") is not None:
                detail = "only an update of a signed image has one"
                raise Problem("invalid-request", detail, path="/installDate")
            draft, place = {"retrieveDate": begin, **more}, ("location",)
        grant = Grant()
        location = self._at_hand.locations.firmware(grant, name)
        action = "SignedUpdateFirmware" if is_signed else "UpdateFirmware"
        found = _request(action, draft, place, location)
        until = _until(found, self._books.now())
        return await self._give(request, found, grant, until=until, seconds=seconds, file=name)

    async def _get_diagnostics(self, request: Request) -> Response:
        names = ("startTime", "stopTime", "retries", "retryInterval")
        return await self._ask_for_file(request, "GetDiagnostics", names, ("location",))

    async def _get_log(self, request: Request) -> Response:
        names = ("logType", "oldestTimestamp", "latestTimestamp", "retries", "retryInterval")
        return await self._ask_for_file(request, "GetLog", names, ("log", "remoteLocation"))

    async def _ask_for_file(
        self, request: Request, action: str, names: tuple[str, ...], place: tuple[str, ...]
    ) -> Response:
        seconds = Query(request, "timeout").seconds("timeout")
        fields = object_of(await body_of(request), *names)
        draft = _present(fields, *names)
        if action == "GetLog":
            inner = ("oldestTimestamp", "latestTimestamp")
            log = {name: draft.pop(name) for name in inner if name in draft}
            draft |= {"requestId": 0, "log": log}
        grant = Grant()
        found = _request(action, draft, place, self._at_hand.locations.upload(grant))
        until = self._books.now() + UPLOAD_TIME
        return await self._give(request, found, grant, until=until, seconds=seconds)

    async def _give(
        self,
        request: Request,
        found: OcppRequest[Any],
        grant: Grant,
        *,
        until: datetime,
        seconds: float | None,
        file: str | None = None,
    ) -> Response:
        identity = request.path_params["identity"]
        peer = await peer_of(self._central, self._books, identity)
        begin = partial(
            begin_job,
            identity=identity,
            request=found,
            now=self._books.now(),
            digest=grant.digest,
            until=until,
            file=file,
        )
        number = await self._books.write(begin)
        numbered = _numbered(found, number)
        await give_job(self._central, self._books, peer, numbered, number=number, seconds=seconds)
        return await self._shown(number)

    async def _list_jobs(self, request: Request) -> Response:
        query = Query(request, "chargePoint", "kind", "before", "limit")
        limit = query.limit(PAGE_LIMIT)
        found = await self._books.read(
            partial(
                job.jobs,
                identity=query.text("chargePoint"),
                kind=query.text("kind"),
                before=query.integer("before"),
                limit=limit,
            )
        )
        following = found[-1].number if len(found) == limit else None
        return _json({"jobs": [job_object(each) for each in found], "next": following})

    async def _show_job(self, request: Request) -> Response:
        return await self._shown(_number(request))

    async def _shown(self, number: int) -> Response:
        def work(connection: Any) -> tuple[Job | None, list[job.Step]]:
            return job.find_job(connection, number), job.history(connection, number)

        found, steps = await self._books.read(work)
        if found is None:
            raise Problem("unknown-job", "there is no such job")
        return _json({**job_object(found), "history": history_object(steps)})

    async def _fetch(self, request: Request) -> Response:
        number = _number(request)
        found = await self._books.read(lambda connection: job.find_job(connection, number))
        if found is None or found.received is None:
            raise Problem("unknown-job", "there is no file of such a job")
        try:
            path = await run_in_thread(self._at_hand.files.upload_path, number)
        except FileNotFoundError:
            raise Problem("unknown-job", "its file is gone") from None
        return FileResponse(
            path,
            media_type="application/octet-stream",
            filename=found.file or f"job-{number}",
            headers=SANDBOX,
        )

    async def _remove_job(self, request: Request) -> Response:
        number = _number(request)
        # First the job: without it, nobody can send its file any more.
        if not await self._books.write(lambda connection: job.remove(connection, number)):
            raise Problem("unknown-job", "there is no such job")
        if self._offered is not None:
            with _disk():
                await run_in_thread(self._offered.files.remove_upload, number)
        return Response(status_code=204, headers=NO_STORE)

    # Images

    async def _list_images(self, request: Request) -> Response:
        with _disk():
            found = await run_in_thread(self._at_hand.files.images)
        return _json({"images": [_image_object(each) for each in found]})

    async def _put_image(self, request: Request) -> Response:
        name, offered = request.path_params["name"], self._at_hand
        if not is_image_name(name):
            detail = "an image is called by 1 to 100 letters, digits and ._-, no dot first"
            raise Problem("invalid-request", detail, path="")
        try:
            with _disk():
                written = await self._take_image(request, offered, name)
        except TooLarge as error:
            raise Problem("too-large", str(error)) from None
        except (ClientDisconnect, TimeoutError):
            detail = f"an image is there within {IMAGE_SECONDS:g} s"
            raise Problem("too-slow", detail) from None
        image = await self._image(name)
        return _json({**_image_object(image), "sha256": written.sha256})

    async def _take_image(self, request: Request, offered: Offered, name: str) -> Written:
        with await run_in_thread(offered.files.new_image, name, offered.firmware_limit) as file:
            async with time_limit(self._clock, IMAGE_SECONDS):
                async for chunk in request.stream():
                    await run_in_thread(file.write, chunk)
            return await run_in_thread(offered.files.keep_image, name, file)

    async def _remove_image(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            with _disk():
                await run_in_thread(self._at_hand.files.remove_image, name)
        except FileNotFoundError:
            raise Problem("unknown-firmware", "there is no such image") from None
        return Response(status_code=204, headers=NO_STORE)

    async def _sign_image(self, request: Request) -> Response:
        name = request.path_params["name"]
        fields = object_of(await body_of(request), "signature", "signingCertificate")
        for field, most in (("signature", 800), ("signingCertificate", 5500)):
            if not isinstance(fields.get(field), str) or len(fields[field]) > most:
                detail = f"{field} is a text of {most} characters at most"
                raise Problem("invalid-request", detail, path=f"/{field}")
        await self._image(name)
        files = self._at_hand.files
        path = await run_in_thread(files.image_path, name)
        signature = Signature(fields["signature"], fields["signingCertificate"])
        try:
            from ocpp16.security.firmware_signature import check_signature  # noqa: PLC0415
        except ModuleNotFoundError as error:
            detail = f"{error.name}, of the extra ocpp16[security]"
            raise Problem("not-installed", detail) from None
        try:
            # A00.FR.706: whoever hands out firmware has looked at its signature before.
            await run_in_thread(check_signature, path, signature.signature, signature.certificate)
        except ValueError as error:
            raise Problem("invalid-request", str(error), path="/signature") from None
        with _disk():
            await run_in_thread(files.sign_image, name, signature)
        return _json(_image_object(await self._image(name)))

    async def _image(self, name: str) -> Image:
        try:
            return await run_in_thread(self._at_hand.files.image, name)
        except FileNotFoundError:
            raise Problem("unknown-firmware", "there is no such image") from None


@contextmanager
def _disk() -> Any:
    try:
        yield
    except (FileNotFoundError, TimeoutError):
        raise
    except OSError as error:
        kind = "disk" if error.errno in FULL else "internal"
        raise Problem(kind, error.strerror or "the disk failed") from None


def _number(request: Request) -> int:
    number: int = request.path_params["number"]
    if number >= 2**63:
        raise Problem("unknown-job", "there is no such job")
    return number


def _request(action: str, draft: Json, place: tuple[str, ...], location: str) -> OcppRequest[Any]:
    """Return the request of a draft, with a location put into its place."""
    inside = draft
    for name in place[:-1]:
        inside = inside[name]
    inside[place[-1]] = location
    try:
        found: OcppRequest[Any] = codec.decode(ACTIONS[action].request, json.dumps(draft).encode())
    except ConstraintError as error:
        path = POINTERS.get(error.path, error.path)
        raise Problem("invalid-request", str(error), path=path) from None
    return found


def _numbered(request: OcppRequest[Any], number: int) -> OcppRequest[Any]:
    """Return a request with the number of its job, if requests of its kind have one."""
    if isinstance(request, (GetLogRequest, SignedUpdateFirmwareRequest)):
        return attrs.evolve(request, request_id=number)
    return request


def _until(request: OcppRequest[Any], now: datetime) -> datetime:
    """Return when the location of an image ends."""
    match request:
        case SignedUpdateFirmwareRequest():
            begin = request.firmware.retrieve_date_time
        case UpdateFirmwareRequest():
            begin = request.retrieve_date
        case _:
            begin = now
    try:
        return begin + FIRMWARE_TIME
    except OverflowError:
        raise Problem("invalid-request", "it is too late", path="/retrieveDate") from None


def _present(fields: Json, *names: str) -> Json:
    return {name: fields[name] for name in names if fields.get(name) is not None}


def _image_object(image: Image) -> Json:
    return {
        "image": image.name,
        "size": image.size,
        "modified": instant(image.modified),
        "signed": image.signature is not None,
    }


def _json(value: object) -> JSONResponse:
    return JSONResponse(value, headers=NO_STORE)
