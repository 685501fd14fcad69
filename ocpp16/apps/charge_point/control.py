"""Steering of simulated charge points over HTTP, for test suites. Uses Starlette and uvicorn.

    GET  /charge-points                          how all of them stand
    GET  /charge-points/{identity}               how one stands
    POST /charge-points/{identity}/{move}        make something happen; the body has its values

Moves and their values are those of `steering`. Answers are JSON: 404 no such charge point or move,
422 a value makes no sense, 415 the body is not JSON, 507 it could not be stored. There is no
authentication, so it listens on this machine only, and takes no request that a web page could make.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.apps.charge_point.steering import MOVES, SteeringError, perform, status
from ocpp16.errors import InvalidMessage
from ocpp16.storage import StorageFailed

HOSTS = ["127.0.0.1", "localhost", "[::1]"]
BODY_LIMIT = 64 * 1024


def application(simulators: Mapping[str, Simulator]) -> Starlette:
    """Return the API as an ASGI application.

    Args:
        simulators: The charge points, by identity.
    """

    async def index(request: Request) -> JSONResponse:
        return JSONResponse({"charge_points": [status(each) for each in simulators.values()]})

    async def show(request: Request) -> JSONResponse:
        simulator = simulators.get(request.path_params["identity"])
        return _no_such("charge point") if simulator is None else JSONResponse(status(simulator))

    async def move(request: Request) -> JSONResponse:
        simulator = simulators.get(request.path_params["identity"])
        name = request.path_params["move"]
        if simulator is None:
            return _no_such("charge point")
        if name not in MOVES:
            return _no_such(f"move; there is {', '.join(MOVES)}")
        try:
            given = await _values(request)
            return JSONResponse(await perform(simulator, name, given))
        except _Refused as error:
            return JSONResponse({"error": str(error)}, error.status)
        except (SteeringError, InvalidMessage) as error:
            return JSONResponse({"error": str(error)}, 422)
        except StorageFailed as error:
            return JSONResponse({"error": str(error)}, 507)

    return Starlette(
        routes=[
            Route("/charge-points", index),
            Route("/charge-points/{identity}", show),
            Route("/charge-points/{identity}/{move}", move, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
    )


class _Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def _values(request: Request) -> dict[str, Any]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise _Refused(413, "the body is too large")
    if not body:
        # A form of a web page can make such a request, too; it has no header of its own.
        if request.headers.get("content-type", "application/json") != "application/json":
            raise _Refused(415, "the body has to be application/json")
        if "origin" in request.headers:
            raise _Refused(403, "no web page may steer")
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise _Refused(415, "the body has to be application/json")
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(422, "the body is no JSON") from None
    if not isinstance(values, dict):
        raise _Refused(422, "the body has to be an object")
    return values


def _no_such(what: str) -> JSONResponse:
    return JSONResponse({"error": f"there is no such {what}"}, 404)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the command."""
        yield


@asynccontextmanager
async def serving(simulators: Mapping[str, Simulator], host: str, port: int) -> AsyncIterator[str]:
    """Serve the API for as long as the body runs; gives its URL.

    Args:
        simulators: The charge points, by identity.
        host: An address of this machine that only it can reach.
        port: 0 is any free one.

    Raises:
        ValueError: Others could reach the address.
        OSError: It is taken.
    """
    address = ip_address("127.0.0.1" if host == "localhost" else host)
    if not address.is_loopback:
        raise ValueError(f"{host}: anyone could steer; it has to be an address like 127.0.0.1")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.create_server((str(address), port), family=family)
    bound = listener.getsockname()[1]
    config = uvicorn.Config(
        application(simulators), log_config=None, access_log=False, lifespan="off", ws="none"
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    shown = f"[{address}]" if address.version == 6 else str(address)
    try:
        # The socket listens already: who connects before the server looks is not lost.
        yield f"http://{shown}:{bound}"
    finally:
        server.should_exit = True
        await task
        listener.close()
