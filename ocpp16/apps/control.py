"""The control API of `ocpp16 central-system`: charge points, calls, books and events over HTTP.

A Starlette application, on a listener of its own. Every answer that is no success is a `Problem`.
What each operation takes and gives is in `control_document`; a test holds the two together.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

from sqlalchemy.exc import DatabaseError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ocpp16 import log
from ocpp16.apps import control_view as view
from ocpp16.apps.central_system_books import Books
from ocpp16.apps.control_approval import carry_out
from ocpp16.apps.control_body import approval_of, body_of, id_tag_of
from ocpp16.apps.control_call import call_charge_point
from ocpp16.apps.control_document import DOCUMENT
from ocpp16.apps.control_feed import Feed, Listener, TooManyListeners
from ocpp16.apps.control_files import FileRoutes, Offered
from ocpp16.apps.control_metric import Metrics
from ocpp16.apps.control_problem import MEDIA_TYPE, Problem
from ocpp16.apps.control_query import Query, check_escapes
from ocpp16.apps.control_security import SecurityDesk
from ocpp16.apps.control_token import Scope, Token, scope_of
from ocpp16.apps.summary import payload_of
from ocpp16.clock import Clock
from ocpp16.roles.central_system import CentralSystem
from ocpp16.settings import Settings
from ocpp16.storage import Registrations
from ocpp16.store.central_system import charge_point, id_tag, transaction
from ocpp16.store.central_system.event import KINDS, events
from ocpp16.store.error import StoreError
from ocpp16.transports.asgi_link import CUT
from ocpp16.transports.soap_app import Receive, Send
from ocpp16.transports.soap_app import Scope as AsgiScope
from ocpp16.transports.soap_server import HttpServer

LOGGER = logging.getLogger("ocpp16.control")
CONNECTIONS = 128
PAGE_LIMIT = 1000
IDLE_SECONDS = 15.0
"""Between signs of life of a stream of events."""
FAREWELL_SECONDS = 10.0
"""In which a listener that is cut off may take what waits for it."""
RETRY_AFTER = "10"
"""Seconds, told with each 503."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
EVENTS_TYPE = "text/event-stream"
NO_STORE = {"cache-control": "no-store"}

Endpoint = Callable[[Request], Awaitable[Response]]


class Wanted(Protocol):
    """How the API is to be served."""

    @property
    def address(self) -> str:
        """`host:port`; port 0 is any free one."""
        ...

    @property
    def tokens(self) -> Collection[Token]:
        """Who may use it."""
        ...


class ControlApi:
    """The operations, and the application that offers them.

    Args:
        central: The central system.
        books: Its books.
        feed: What happens.
        metrics: What is counted.
        registrations: What charge points were told when they booted.
        tokens: Who may use it, and for what.
        desk: Keys, security events and activity.
        clock: Times bodies.
        files: Its files; None where it has none.
    """

    def __init__(
        self,
        central: CentralSystem,
        books: Books,
        feed: Feed,
        metrics: Metrics,
        *,
        registrations: Registrations,
        tokens: Collection[Token],
        desk: SecurityDesk,
        clock: Clock,
        files: Offered | None = None,
    ) -> None:
        self.is_stopping = False
        self._files = FileRoutes(central, books, files, clock)
        self._central = central
        self._books = books
        self._feed = feed
        self._metrics = metrics
        self._registrations = registrations
        self._tokens = tokens
        self._desk = desk
        self.app = Starlette(routes=self._routes(), exception_handlers=HANDLERS)
        # Its redirects go to where the client's Host header says.
        self.app.router.redirect_slashes = False

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await self.app(scope, receive, send)

    def _routes(self) -> list[Route]:
        read, operate = partial(self._route, Scope.READ), partial(self._route, Scope.OPERATE)
        one = "/charge-points/{identity:path}"
        return [
            self._route(None, "GET", "/healthz", self._healthz),
            self._route(None, "GET", "/openapi.json", self._document),
            read("GET", "/metrics", self._render_metrics),
            read("GET", "/charge-points", self._list_charge_points),
            operate("POST", f"{one}/calls/{{action}}", self._call),
            operate("PUT", f"{one}/approval", self._approve),
            operate("PUT", f"{one}/key", self._desk.set_key),
            operate("DELETE", f"{one}/key", self._desk.remove_key),
            operate("POST", f"{one}/key/rotation", self._desk.rotate_key),
            read("GET", "/keys", self._desk.list_keys),
            read("GET", "/security-events", self._desk.list_events),
            read("GET", "/activity", self._desk.show_activity),
            *self._files.routes(read, operate),
            read("GET", one, self._show_charge_point),
            read("GET", "/transactions", self._list_transactions),
            read("GET", "/events", self._stream_events),
            read("GET", "/id-tags", self._list_id_tags),
            read("GET", "/id-tags/{id_tag:path}", self._show_id_tag),
            operate("PUT", "/id-tags/{id_tag:path}", self._put_id_tag),
            operate("DELETE", "/id-tags/{id_tag:path}", self._remove_id_tag),
        ]

    def _route(self, scope: Scope | None, method: str, path: str, endpoint: Endpoint) -> Route:
        async def checked(request: Request) -> Response:
            if scope is not None:
                self._check(request, scope)
            check_escapes(request)
            return await endpoint(request)

        route = Route(path, checked, methods=[method], name=f"{method} {path}")
        # A name may be any text; as Starlette has it, a line feed at its end is lost.
        route.path_regex = re.compile(route.path_regex.pattern, re.DOTALL)
        return route

    def _check(self, request: Request, needed: Scope) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        found = scope_of(self._tokens, token.strip()) if kind.casefold() == "bearer" else None
        if found is None:
            raise Problem("no-token", "Authorization: Bearer TOKEN, with one of the token file")
        if needed is Scope.OPERATE and found is not Scope.OPERATE:
            raise Problem("scope", f"this needs a token of the scope {needed}")

    # The service itself

    async def _healthz(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    async def _document(self, request: Request) -> Response:
        return JSONResponse(DOCUMENT)

    async def _render_metrics(self, request: Request) -> Response:
        return Response(self._metrics.render(), headers={**NO_STORE, "content-type": METRICS_TYPE})

    # Charge points

    async def _list_charge_points(self, request: Request) -> Response:
        query = Query(request, "after", "limit")
        after, limit = query.text("after") or "", query.limit(PAGE_LIMIT)
        found = await self._books.read(
            lambda connection: charge_point.charge_points(connection, after=after, limit=limit)
        )
        known = {each.identity: each for each in found}
        # Those that are connected and have not booted are in no table yet. Beyond a full page of
        # the table they are for the next one.
        last = found[-1].identity if len(found) == limit else None
        more = {each for each in self._central.peers if each > after}
        names = sorted(known.keys() | {each for each in more if last is None or each < last})
        shown = names[:limit]
        is_last = last is None and len(names) <= limit
        return _json(
            {
                "chargePoints": [self._view(name, known.get(name)) for name in shown],
                "next": None if is_last else shown[-1],
            }
        )

    async def _show_charge_point(self, request: Request) -> Response:
        identity, now = request.path_params["identity"], self._books.now()

        def work(connection: Any) -> tuple[charge_point.ChargePoint | None, view.Json]:
            found = charge_point.find_charge_point(connection, identity)
            return found, view.details(connection, identity, now)

        known, details = await self._books.read(work)
        if known is None and identity not in self._central.peers:
            raise Problem("unknown-charge-point", "there is no such charge point")
        return _json({**self._view(identity, known), **details})

    def _view(self, identity: str, known: charge_point.ChargePoint | None) -> view.Json:
        peer = self._central.peers.get(identity)
        return view.charge_point_object(identity, known, peer, self._registrations.find(identity))

    async def _call(self, request: Request) -> Response:
        seconds = Query(request, "timeout").seconds("timeout")
        response = await call_charge_point(
            self._central,
            self._books,
            request.path_params["identity"],
            request.path_params["action"],
            payload=await body_of(request),
            seconds=seconds,
        )
        return _json(payload_of(response))

    async def _approve(self, request: Request) -> Response:
        identity = request.path_params["identity"]
        status = approval_of(identity, await body_of(request))
        await self._books.write(
            lambda connection: charge_point.approve(connection, identity, status)
        )
        triggered = await carry_out(
            self._central, self._books, self._registrations, identity, status
        )
        return _json({"identity": identity, "approval": str(status), "triggered": triggered})

    # Books

    async def _list_transactions(self, request: Request) -> Response:
        query = Query(request, "chargePoint", "running", "from", "to", "limit", "before")
        limit = query.limit(PAGE_LIMIT)
        found = await self._books.read(
            partial(
                transaction.transactions,
                identity=query.text("chargePoint"),
                is_running=query.boolean("running"),
                since=query.instant("from"),
                until=query.instant("to"),
                before=query.integer("before"),
                limit=limit,
            )
        )
        return _json(
            {
                "transactions": [view.transaction_object(each) for each in found],
                "next": found[-1].id if len(found) == limit else None,
            }
        )

    async def _list_id_tags(self, request: Request) -> Response:
        query = Query(request, "after", "limit")
        after, limit = query.text("after") or "", query.limit(PAGE_LIMIT)
        found = await self._books.read(
            lambda connection: id_tag.id_tags(connection, after=after, limit=limit)
        )
        return _json(
            {
                "idTags": [view.id_tag_object(each) for each in found],
                "next": found[-1].id_tag if len(found) == limit else None,
            }
        )

    async def _show_id_tag(self, request: Request) -> Response:
        text = request.path_params["id_tag"]
        found = await self._books.read(lambda connection: id_tag.find_id_tag(connection, text))
        if found is None:
            raise Problem("unknown-id-tag", "there is no such identifier")
        return _json(view.id_tag_object(found))

    async def _put_id_tag(self, request: Request) -> Response:
        tag = id_tag_of(request.path_params["id_tag"], await body_of(request))
        await self._books.write(lambda connection: id_tag.put_id_tag(connection, tag))
        return _json(view.id_tag_object(tag))

    async def _remove_id_tag(self, request: Request) -> Response:
        text = request.path_params["id_tag"]
        if not await self._books.write(lambda connection: id_tag.remove_id_tag(connection, text)):
            raise Problem("unknown-id-tag", "there is no such identifier")
        return Response(status_code=204, headers=NO_STORE)

    # Events

    async def _stream_events(self, request: Request) -> Response:
        query = Query(request, "chargePoint", "kind", "after")
        identity, kind = query.text("chargePoint"), query.text("kind")
        if kind is not None and kind not in KINDS:
            raise Problem("unknown-kind", f"{kind[:50]} is none of {', '.join(KINDS)}")
        after = query.integer("after")
        resumed = request.headers.get("last-event-id", "")
        if resumed.isascii() and resumed.isdecimal() and len(resumed) < 19:
            after = int(resumed)
        try:
            listener = self._feed.listen()
        except TooManyListeners:
            raise Problem("too-many", "too many listen to events already") from None
        if request.method == "HEAD":
            return Response(media_type=EVENTS_TYPE, headers=NO_STORE)
        return _Stream(listener, self._events(listener, identity, kind, after))

    async def _events(
        self, listener: Listener, identity: str | None, kind: str | None, after: int | None
    ) -> AsyncIterator[str]:
        yield ": events follow\n\n"
        last = after
        while last is not None:
            try:
                page = await self._books.read(
                    partial(events, identity=identity, kind=kind, after=last, limit=PAGE_LIMIT)
                )
            except (StoreError, DatabaseError) as error:
                # The status has left: all that can be told is that there is no more now.
                log.failure(LOGGER, "the store failed", error)
                return
            for event in page:
                yield _sse(view.event_object(event))
            after = last = page[-1].number if page else last
            if len(page) < PAGE_LIMIT:
                break
        while True:
            try:
                event_or_none = await listener.next(IDLE_SECONDS)
            except StopAsyncIteration:
                return
            if event_or_none is None:
                yield ": nothing new\n\n"
            elif (
                event_or_none.number > (after or 0)
                and identity in {None, event_or_none.identity}
                and kind in {None, event_or_none.kind}
            ):
                yield _sse(view.event_object(event_or_none))


class _Stream(StreamingResponse):
    """Events for one who is counted from here on: before anything has been awaited."""

    def __init__(self, listener: Listener, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type=EVENTS_TYPE, headers=NO_STORE)
        self._listener = listener

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        now = asyncio.get_running_loop().time
        try:
            with self._listener:
                async with asyncio.timeout(None) as limit:
                    self._listener.when_over = lambda: limit.reschedule(now() + FAREWELL_SECONDS)
                    await super().__call__(scope, receive, send)
        except TimeoutError:
            # It does not read, and would hold its place for ever.
            cut = (scope.get("state") or {}).get(CUT)
            if cut is not None:
                cut()


def _json(value: object) -> JSONResponse:
    return JSONResponse(value, headers=NO_STORE)


def _sse(event: view.Json) -> str:
    return f"id: {event['number']}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n"


async def _problem(request: Request, error: Exception) -> Response:
    match error:
        case Problem():
            problem = error
        # A statement that is refused: a table is gone, or is not what it was.
        case StoreError() | DatabaseError():
            log.failure(LOGGER, "the store failed", error)
            problem = Problem("store", "the store does not work now; nothing was changed")
        case HTTPException(status_code=HTTPStatus.METHOD_NOT_ALLOWED):
            problem = Problem("method", f"{request.method} is not offered here")
        case HTTPException(status_code=HTTPStatus.NOT_FOUND):
            problem = Problem("not-found", "see /openapi.json")
        case _:
            log.failure(LOGGER, "a request failed", error)
            problem = Problem("internal", "the log tells more")
    headers = dict(NO_STORE)
    if isinstance(error, HTTPException):
        headers.update(error.headers or {})
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = RETRY_AFTER
    if problem.kind == "no-token":
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(problem.to_json(), problem.status, headers=headers, media_type=MEDIA_TYPE)


HANDLERS: Any = dict.fromkeys(
    (Problem, StoreError, DatabaseError, HTTPException, Exception), _problem
)


@asynccontextmanager
async def serve_control(
    wanted: Wanted,
    central: CentralSystem,
    books: Books,
    feed: Feed,
    metrics: Metrics,
    *,
    registrations: Registrations,
    desk: SecurityDesk,
    clock: Clock,
    files: Offered | None = None,
) -> AsyncIterator[str]:
    """Serve the API while it is entered; gives its URL.

    Raises:
        OSError: The address is not ours, or taken.
        ValueError: The address is none.
    """
    api = ControlApi(
        central,
        books,
        feed,
        metrics,
        registrations=registrations,
        tokens=wanted.tokens,
        desk=desk,
        clock=clock,
        files=files,
    )
    settings = Settings(connections=CONNECTIONS)
    server = HttpServer(f"http://{wanted.address}/", settings=settings, clock=clock)
    await server.start(api)
    try:
        yield server.url.rstrip("/")
    finally:
        feed.close()
        await server.wait_closed()
