"""The floor of SOAP servers: uvicorn answering one constant body."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn

from bench.servers.control import answer_questions, run

BODY = b"<s:Envelope>" + b"x" * 700 + b"</s:Envelope>"
HEADERS = [(b"content-type", b"application/soap+xml"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read the request and answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def main() -> None:
    """Serve."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http="h11", lifespan="off", access_log=False, log_level="error", loop="none"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await answer_questions(listening.getsockname()[1])
    server.should_exit = True
    await serving


if __name__ == "__main__":
    run(main())
