"""Whatever a peer sends, a line of a log or of the terminal is one line, and shows what it is."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")
pytest.importorskip("rich")

from ocpp16 import ChargePoint, messages
from ocpp16.apps.console import Screen
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.apps.json_lines import JsonLines
from ocpp16.errors import OcppError
from ocpp16.log import LINE_LIMIT
from ocpp16.roles.peer import Peer
from ocpp16.transports.task import run_in_thread
from tests.apps.central_app import App, central_app
from tests.apps.doubles import Ears
from tests.parties import BOOT, run, until
from tests.security.attacks import log_attacks
from tests.security.attacks.log_attacks import FORGED, WHEN, Injection
from tests.security.attacks.wire import Wire, dial, envelope, post, soap_head
from tests.transports.raw_socket import CLOSE, frame

BOOTS = {"chargePointVendor": "V", "chargePointModel": "M"}
SHOWN = "\\r\\n\\x1b[1m\\u2028\\u202e\\x00\\x85forged"
"""How a log has it."""


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ocpp16")


def lines(caplog: pytest.LogCaptureFixture, ears: Ears) -> list[str]:
    """Return what was logged and what is printed, each of which has to be one line, all of it."""
    # With the trace of an exception, if there were one.
    found = [
        logging.Formatter("%(message)s").format(record)
        for record in caplog.records
        if record.name.startswith("ocpp16")
    ]
    for line in found:
        assert len(line) <= LINE_LIMIT
    events: list[Exchange | Remark] = [*ears.exchanges, *ears.remarks]
    printers: list[type[Screen | JsonLines]] = [Screen, JsonLines]
    for printer in printers:
        for event in events:
            file = io.StringIO()
            printer(file).event(event)
            text = file.getvalue()
            assert text.endswith("\n")
            found.append(text[:-1])
    for line in found:
        assert line.isprintable(), ascii(line)
    return found


def attack(
    folder: Path, caplog: pytest.LogCaptureFixture, work: Callable[[App], Any], **options: Any
) -> list[str]:
    """Let somebody attack a central system, and return what it has told."""
    told: list[str] = []

    async def main() -> None:
        async with central_app(folder, **options) as app:
            await work(app)
        told.extend(lines(caplog, app.ears))

    run(main)
    return told


def ids(attacks: list[Injection]) -> list[str]:
    return [each.id for each in attacks]


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def booted(wire: Wire) -> None:
    assert wire.upgrade("/ocpp/CP1") == 101
    wire.say(json.dumps([2, "boot", "BootNotification", BOOTS]))
    assert wire.hear_call()[0] == 3


def still_serves(wire: Wire) -> None:
    """See to it that the connection goes on."""
    wire.say(json.dumps([2, "last", "Heartbeat", {}]))
    while wire.hear_call()[1] != "last":
        pass


@pytest.mark.parametrize("each", log_attacks.FIELDS, ids=ids(log_attacks.FIELDS))
def test_a_text_of_a_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, each: Injection
) -> None:
    def speak(port: int) -> None:
        with dial(port) as wire:
            booted(wire)
            wire.say(each.sent)
            kind, number, *_ = wire.hear_call()
            assert (kind, number) == (3, "1")
            still_serves(wire)

    async def work(app: App) -> None:
        await run_in_thread(speak, port_of(app.urls["json"]))
        # The charge point tells what it likes; whoever reads the API gets it as data.
        assert app.ears.exchanges

    found = attack(tmp_path, caplog, work)
    if json.dumps(FORGED) in each.sent:
        # As data, whole: in JSON lines and, escaped, for a person.
        assert any(json.dumps(FORGED) in line for line in found)


@pytest.mark.parametrize("each", log_attacks.FRAMES, ids=ids(log_attacks.FRAMES))
def test_a_frame(tmp_path: Path, caplog: pytest.LogCaptureFixture, each: Injection) -> None:
    def speak(port: int) -> None:
        with dial(port) as wire:
            booted(wire)
            wire.say(each.sent)
            still_serves(wire)

    async def work(app: App) -> None:
        await run_in_thread(speak, port_of(app.urls["json"]))

    attack(tmp_path, caplog, work)


@pytest.mark.parametrize("each", log_attacks.ANSWERS, ids=ids(log_attacks.ANSWERS))
def test_an_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture, each: Injection) -> None:
    def speak(port: int) -> None:
        with dial(port) as wire:
            booted(wire)
            call = wire.hear_call()
            kind, *rest = each.sent
            wire.say(json.dumps([kind, call[1], *rest]))
            still_serves(wire)

    async def work(app: App) -> None:
        speaking = asyncio.ensure_future(run_in_thread(speak, port_of(app.urls["json"])))
        await until(lambda: app.ears.exchanges, 10)
        answer = await app.ask("POST", "/charge-points/CP1/calls/Reset", {"type": "Soft"})
        assert answer.status_code == 502
        problem = answer.json()
        # `path` is a JSON pointer, and data: its names are what they are.
        problem.pop("path", None)
        assert all(str(value).isprintable() for value in problem.values())
        await speaking

    attack(tmp_path, caplog, work)


@pytest.mark.parametrize("each", log_attacks.CLOSES, ids=ids(log_attacks.CLOSES))
def test_a_close(tmp_path: Path, caplog: pytest.LogCaptureFixture, each: Injection) -> None:
    code, reason = each.sent

    def speak(port: int) -> None:
        with dial(port) as wire:
            booted(wire)
            wire.send(frame(CLOSE, code.to_bytes(2) + reason.encode()))
            wire.rest()

    async def work(app: App) -> None:
        await run_in_thread(speak, port_of(app.urls["json"]))
        await until(lambda: "disconnected" in caplog.text, 10)

    found = attack(tmp_path, caplog, work)
    (line,) = (line for line in found if line.startswith("CP1: disconnected"))
    assert f": {code} (" in line and line.endswith(f") {SHOWN}")


@pytest.mark.parametrize("each", log_attacks.HEADS, ids=ids(log_attacks.HEADS))
def test_a_header(tmp_path: Path, caplog: pytest.LogCaptureFixture, each: Injection) -> None:
    def speak(json_port: int, soap_port: int) -> None:
        for port, method in ((json_port, b"GET"), (soap_port, b"POST")):
            with dial(port) as wire:
                wire.send(
                    method + b" /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nContent-Length: 0\r\n"
                    + each.sent
                    + b"\r\n\r\n"
                )
                wire.finish()
                wire.rest()

    async def work(app: App) -> None:
        await run_in_thread(speak, port_of(app.urls["json"]), port_of(app.urls["soap"]))

    attack(tmp_path, caplog, work)


@pytest.mark.parametrize("each", log_attacks.PATHS, ids=ids(log_attacks.PATHS))
def test_a_path(tmp_path: Path, caplog: pytest.LogCaptureFixture, each: Injection) -> None:
    method = b"GET" if each.sent else FORGED.encode()

    def speak(*ports: int) -> None:
        for port in ports:
            with dial(port) as wire:
                wire.send(
                    method + b" " + (each.sent or b"/") + b" HTTP/1.1\r\nHost: x\r\n"
                    b"Upgrade: websocket\r\nConnection: Upgrade, close\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                )
                wire.finish()
                wire.rest()

    async def work(app: App) -> None:
        places = (app.urls["json"], app.urls["soap"], app.control)
        await run_in_thread(speak, *map(port_of, places))

    attack(tmp_path, caplog, work)


@pytest.mark.parametrize("each", log_attacks.SOAP, ids=ids(log_attacks.SOAP))
def test_an_envelope(tmp_path: Path, caplog: pytest.LogCaptureFixture, each: Injection) -> None:
    values = {
        "identity": "CP1",
        "message_id": "1",
        "action": "/Authorize",
        "from": "http://127.0.0.1:1/",
        "tag": "A",
        "attribute": "",
        **each.sent,
    }
    boot = envelope(
        "<o:bootNotificationRequest><o:chargePointVendor>V</o:chargePointVendor>"
        "<o:chargePointModel>M</o:chargePointModel></o:bootNotificationRequest>",
        soap_head("CP1", "BootNotification"),
    )
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://www.w3.org/2005/08/addressing"'
        ' xmlns:c="urn://Ocpp/Cs/2015/10/"><s:Header>'
        f"<c:chargeBoxIdentity>{values['identity']}</c:chargeBoxIdentity>"
        f"<a:Action>{values['action']}</a:Action>"
        f"<a:MessageID>{values['message_id']}</a:MessageID>"
        f"<a:From><a:Address>{values['from']}</a:Address></a:From>"
        "<a:To>http://127.0.0.1/</a:To></s:Header><s:Body>"
        f"<c:authorizeRequest {values['attribute']}>"
        f"<c:idTag>{values['tag']}</c:idTag></c:authorizeRequest></s:Body></s:Envelope>"
    ).encode()

    def speak(port: int) -> int:
        with dial(port) as wire:
            wire.send(post(boot))
            assert wire.response()[0] == 200
            wire.send(post(body))
            return wire.response()[0]

    async def work(app: App) -> None:
        # A tag may hold anything, the id of a message is the peer's own affair, and an address that
        # is not believed is not taken.
        status = await run_in_thread(speak, port_of(app.urls["soap"]))
        assert status == (200 if each.id in {"soap-id", "soap-text", "soap-from"} else 400)

    attack(tmp_path, caplog, work)


# The charge point's side


SAYINGS: dict[str, list[Any]] = {
    "id": [2, FORGED, "Reset", {"type": "Soft"}],
    "action": [2, "1", FORGED, {}],
    "key": [2, "1", "Reset", {FORGED: 1}],
    "enum": [2, "1", "Reset", {"type": FORGED}],
    "text": [2, "1", "ChangeConfiguration", {"key": FORGED, "value": FORGED}],
    "location": [2, "1", "GetDiagnostics", {"location": FORGED}],
    "kind": [FORGED, "1"],
    "error": [4, "CALL", FORGED, FORGED, {FORGED: FORGED}],
    "answer": [3, "CALL", {"currentTime": FORGED}],
    "answer-key": [3, "CALL", {"currentTime": WHEN, FORGED: 1}],
}
"""What a hostile central system says; CALL is the id of the call that waits."""


@pytest.mark.parametrize("name", SAYINGS)
def test_what_a_central_system_says(name: str, caplog: pytest.LogCaptureFixture) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    async def be_hostile(link: ServerConnection) -> None:
        boot = json.loads(await link.recv())
        accepted = {"status": "Accepted", "currentTime": WHEN, "interval": 300}
        await link.send(json.dumps([3, boot[1], accepted]))
        call = json.loads(await link.recv())
        said = [call[1] if part == "CALL" else part for part in SAYINGS[name]]
        await link.send(json.dumps(said))
        await link.close(1000, FORGED)

    async def main() -> None:
        async with serve(be_hostile, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
            port = server.sockets[0].getsockname()[1]
            station = ChargePoint("CP1", random=lambda: 0.0)

            @station.on(messages.ChangeConfigurationRequest)
            async def fail(peer: Peer, request: Any) -> Any:
                raise RuntimeError(request.key)

            async with station.connect(f"ws://127.0.0.1:{port}/ocpp") as backend:
                await backend.call(BOOT)
                with pytest.raises(OcppError):
                    await backend.call(messages.HeartbeatRequest())

    run(main)
    found = lines(caplog, Ears())
    assert any("disconnected" in line for line in found)
