"""FastAPI: `uvicorn fastapi_app:app`."""

from contextlib import asynccontextmanager

from backend import central, connected, reset
from fastapi import FastAPI, HTTPException


@asynccontextmanager
async def lifespan(app):
    # A mounted application hears nothing of the server's start and stop: its host tells it.
    async with central:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/charge-points")
async def charge_points() -> dict[str, str]:
    return connected()


@app.post("/charge-points/{identity}/reset")
async def reset_one(identity: str) -> dict[str, str]:
    if identity not in central.peers:
        raise HTTPException(404, f"{identity} is not connected")
    return {"status": await reset(identity)}


# After the routes, since it takes every other path: ws://HOST/ocpp/IDENTITY and http://HOST/ocpp
app.mount("/", central.asgi(json="/ocpp", soap="/ocpp"))
