"""Starlette: `uvicorn starlette_app:app`."""

from contextlib import asynccontextmanager

from backend import central, connected, reset
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route


async def charge_points(request):
    return JSONResponse(connected())


async def reset_one(request):
    identity = request.path_params["identity"]
    if identity not in central.peers:
        return JSONResponse({"detail": f"{identity} is not connected"}, status_code=404)
    return JSONResponse({"status": await reset(identity)})


@asynccontextmanager
async def lifespan(app):
    # A mounted application hears nothing of the server's start and stop: its host tells it.
    async with central:
        yield


app = Starlette(
    routes=[
        Route("/charge-points", charge_points),
        Route("/charge-points/{identity}/reset", reset_one, methods=["POST"]),
        # Both wires: ws://HOST/ocpp/IDENTITY and http://HOST/ocpp
        Mount("/", app=central.asgi(json="/ocpp", soap="/ocpp")),
    ],
    lifespan=lifespan,
)
