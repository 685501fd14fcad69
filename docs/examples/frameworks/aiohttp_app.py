"""aiohttp: `python aiohttp_app.py --port 8080`. It is no ASGI server: ours runs beside it."""

import argparse

from aiohttp import web
from backend import central, connected, reset


async def charge_points(request):
    return web.json_response(connected())


async def reset_one(request):
    identity = request.match_info["identity"]
    if identity not in central.peers:
        raise web.HTTPNotFound(text=f"{identity} is not connected")
    return web.json_response({"status": await reset(identity)})


async def serve_ocpp(app):
    """Serve charge points for as long as the application runs, in its event loop."""
    async with central.serve(json=app["json"], soap=app["soap"]):
        yield


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--json", default="ws://127.0.0.1:9000/ocpp")
    parser.add_argument("--soap", default="http://127.0.0.1:9001/ocpp")
    arguments = parser.parse_args()
    app = web.Application()
    app["json"], app["soap"] = arguments.json, arguments.soap
    app.router.add_get("/charge-points", charge_points)
    app.router.add_post("/charge-points/{identity}/reset", reset_one)
    app.cleanup_ctx.append(serve_ocpp)
    web.run_app(app, host="127.0.0.1", port=arguments.port, print=None)


if __name__ == "__main__":
    main()
