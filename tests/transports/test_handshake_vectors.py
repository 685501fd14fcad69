"""Opening requests seen in the field and in the standard (`OCPP16_VECTORS`)."""

from __future__ import annotations

import json
from pathlib import Path

from ocpp16.envelope import PeerInfo
from ocpp16.security.admission import Handshake, Refusal
from tests.parties import make_central, run
from tests.transports.raw_socket import RawSocket

MADE_UP = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "x3JJHMcDL1EzLkh9GBhXDw==",
    "Sec-WebSocket-Version": "13",
}
EXPECTED = {
    # By request line: the endpoint that it was made for, the status, and the subprotocol.
    "GET /webServices/ocpp/CP3211 HTTP/1.1": ("/webServices/ocpp", 101, "ocpp1.6"),
    "GET / HTTP/1.1": ("/", 400, None),
    "GET /OCPP16/611e/612f HTTP/1.1": ("/OCPP16/611e", 101, None),
    "GET /Charger01 HTTP/1.1": ("", 101, "ocpp1.6"),
    "GET /ocpp/AL1000 HTTP/1.1": ("/ocpp", 101, "ocpp1.6"),
    "GET /ocpp/CP001 HTTP/1.1": ("/ocpp", 101, None),
}


def test_every_opening_request_gets_what_is_due(vectors: Path) -> None:
    lines = (vectors / "handshakes.jsonl").read_text().splitlines()
    requests = [json.loads(line) for line in lines]
    assert {request["request_line"] for request in requests} == set(EXPECTED)

    async def check(request: dict[str, object]) -> None:
        endpoint, status, subprotocol = EXPECTED[str(request["request_line"])]
        seen: list[Handshake] = []

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            seen.append(handshake)
            return handshake.admit()

        given = request["headers"]
        assert isinstance(given, dict)
        # Shortened ones lack what every client sends; a whole one is sent as it stands.
        headers = given if "Upgrade" in given else {**MADE_UP, **given}
        target = str(request["request_line"]).split(" ")[1]
        central = make_central(admission=admission)
        async with (
            central.serve(json=f"ws://127.0.0.1:0{endpoint}") as server,
            await RawSocket.open(server.urls.json) as socket,
        ):
            blank = dict.fromkeys(MADE_UP, "")
            answer = await socket.ask(target, {**blank, **headers}, subprotocol=None)
            assert answer.status == status, request
            assert answer.headers.get("sec-websocket-protocol") == subprotocol, request
            if status == 101:
                (handshake,) = seen
                assert handshake.identity == request["identity"]
                assert handshake.header("Authorization") == given.get("Authorization")
                if subprotocol is None:
                    assert await socket.close_code() == 1002

    async def main() -> None:
        for request in requests:
            await check(request)

    run(main)
