"""A central system of this library on SOAP."""

from __future__ import annotations

from urllib.parse import urlsplit

from bench.servers.control import answer_questions, run
from bench.servers.ours import make


async def main() -> None:
    """Serve."""
    central = make(callback_networks=["127.0.0.0/8"])
    async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
        port = urlsplit(server.urls.soap).port
        if port is None:
            raise RuntimeError("it has a port")
        await answer_questions(port)


if __name__ == "__main__":
    run(main())
