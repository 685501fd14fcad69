"""What went wrong in other implementations, one test for each published CVE, by its number."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from ocpp16 import CentralSystem, Settings
from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.console import Screen
from ocpp16.apps.exchange import Remark
from ocpp16.clock import Clock
from ocpp16.security.activity import UnusualActivity
from ocpp16.testing import HandClock
from ocpp16.transports.system_clock import SystemClock
from tests.parties import HEARTBEAT, PULSE, make_station, run
from tests.security.attacks.wire import envelope, fault_in, post, soap_head
from tests.security.authority import Authority
from tests.security.serving import ask, guarded, keys, login, open_socket
from tests.transports.raw_socket import TEXT, RawSocket, frame
from tests.transports.serving import BEAT

ROOT = Path(__file__).parents[3]
START = '{"connectorId":1,"idTag":"A","meterStart":7,"timestamp":"2024-01-01T00:00:00Z"}'


class Books:
    """A central system with books, and its remarks."""

    def __init__(self, clock: Clock) -> None:
        self.remarks: list[str] = []
        self.central = CentralSystem(settings=Settings(callback_networks=["127.0.0.0/8"]))
        self.office = BackOffice(
            now=clock.now, tell=lambda told: self.remarks.append(getattr(told, "text", ""))
        )
        self.office.register(self.central)
        self.json = self.soap = ""

    async def call(
        self, socket: RawSocket, action: str, payload: str, id: str = "1"
    ) -> list[object]:
        """Send a call and return what is answered."""
        socket.send(TEXT, f'[2,"{id}","{action}",{payload}]'.encode())
        answer: list[object] = json.loads(await socket.text())
        return answer

    async def start(self, socket: RawSocket, payload: str = START, id: str = "1") -> int:
        """Start a transaction and return its id."""
        answer = await self.call(socket, "StartTransaction", payload, id)
        content = answer[2]
        assert isinstance(content, dict)
        return int(content["transactionId"])


@asynccontextmanager
async def books() -> AsyncIterator[Books]:
    kept = Books(SystemClock())
    async with kept.central.serve(
        json="ws://127.0.0.1:0/ocpp", soap="http://127.0.0.1:0/ocpp"
    ) as server:
        kept.json, kept.soap = server.urls.json or "", server.urls.soap or ""
        yield kept


def stop(transaction_id: int, meter: int = 9) -> str:
    return (
        f'{{"transactionId":{transaction_id},"meterStop":{meter},'
        '"timestamp":"2024-01-01T01:00:00Z"}'
    )


async def send_soap(url: str, body: bytes) -> tuple[int, bytes]:
    async with await open_socket(url) as socket:
        socket.writer.write(post(body))
        answer = await socket.answer()
        return answer.status, answer.body.encode()


def test_cve_2026_28230_a_charge_point_cannot_stop_the_transaction_of_another() -> None:
    async def main() -> None:
        async with (
            books() as kept,
            await RawSocket.upgraded(f"{kept.json}/VICTIM") as victim,
            await RawSocket.upgraded(f"{kept.json}/EVIL") as evil,
        ):
            number = await kept.start(victim)
            # It is answered as any other (a charge point must be able to empty its queue).
            assert (await kept.call(evil, "StopTransaction", stop(number)))[0] == 3
            assert kept.office.transactions[number].stop is None
            assert kept.central.activity.of("EVIL") == {UnusualActivity.FOREIGN_TRANSACTION: 1}
            assert kept.remarks == [
                f"EVIL: StopTransaction for another one's transaction, {number}"
            ]
            await kept.call(victim, "StopTransaction", stop(number))
            transaction = kept.office.transactions[number]
            assert transaction.energy == 2

    run(main)


def test_cve_2024_25407_transaction_ids_cannot_be_guessed() -> None:
    async def main() -> None:
        async with books() as kept, await RawSocket.upgraded(f"{kept.json}/CP1") as socket:
            numbers = [
                await kept.start(socket, START.replace("7", str(each), 1)) for each in range(100)
            ]
        steps = {later - earlier for earlier, later in pairwise(numbers)}
        assert len(set(numbers)) == 100 and len(steps) > 90
        assert min(numbers) > 0 and max(numbers) > 2**28
        assert sum(number % 2 for number in numbers) in range(20, 81)

    run(main)


def test_cve_2023_49956_whoever_guesses_ids_stops_and_changes_nothing() -> None:
    async def main() -> None:
        async with (
            books() as kept,
            await RawSocket.upgraded(f"{kept.json}/VICTIM") as victim,
            await RawSocket.upgraded(f"{kept.json}/EVIL") as evil,
        ):
            number = await kept.start(victim)
            value = '[{"timestamp":"2024-01-01T00:00:00Z","sampledValue":[{"value":"99"}]}]'
            for guess in (number - 1, number, number + 1, 0, 1, -1):
                assert (await kept.call(evil, "StopTransaction", stop(guess)))[0] == 3
                meter = f'{{"connectorId":1,"transactionId":{guess},"meterValue":{value}}}'
                assert (await kept.call(evil, "MeterValues", meter))[0] == 3
            transaction = kept.office.transactions[number]
            assert transaction.stop is None and transaction.reading is None
            assert list(kept.office.transactions) == [number]

    run(main)


def test_cve_2023_49955_a_field_of_442_mb_is_refused_before_it_is_read() -> None:
    async def main() -> None:
        async with books() as kept:
            async with await RawSocket.upgraded(f"{kept.json}/EVIL") as socket:
                socket.writer.write(b"\x81\xff" + (442_000_000).to_bytes(8) + bytes(4))
                assert await socket.close_code() == 1009
            async with await open_socket(kept.soap) as socket:
                socket.writer.write(
                    b"POST /ocpp HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    b"Content-Length: 442000000\r\n\r\n"
                )
                assert (await socket.answer()).status == 413
            async with await RawSocket.upgraded(f"{kept.json}/EVIL") as socket:
                large = f'{{"chargePointVendor":"{"V" * 130_000}","chargePointModel":"M"}}'
                answer = await kept.call(socket, "BootNotification", large)
                assert answer[2] == "PropertyConstraintViolation"
                assert "EVIL" not in kept.office.charge_points

    run(main)


def test_cve_2023_49958_a_key_that_stands_there_twice_is_refused() -> None:
    async def main() -> None:
        async with books() as kept, await RawSocket.upgraded(f"{kept.json}/EVIL") as socket:
            for more in ('"meterStart":0', '"meter\\u0053tart" : 0'):
                answer = await kept.call(socket, "StartTransaction", f"{START[:-1]},{more}}}")
                assert answer[:3] == [4, "1", "FormationViolation"]
            twice = (
                "<o:authorizeRequest><o:idTag>A</o:idTag><o:idTag>B</o:idTag></o:authorizeRequest>"
            )
            status, body = await send_soap(
                kept.soap, envelope(twice, soap_head(action="Authorize"))
            )
            assert (status, *fault_in(body)) == (400, "Sender", "ProtocolError")
            assert not kept.office.transactions

    run(main)


def test_cve_2023_49957_the_same_start_twice_is_one_transaction() -> None:
    async def main() -> None:
        async with books() as kept:
            numbers = []
            for id in ("1", "1", "2"):
                async with await RawSocket.upgraded(f"{kept.json}/CP1") as socket:
                    numbers.append(await kept.start(socket, id=id))
            assert len(set(numbers)) == 1
            assert len(kept.office.transactions) == 1

    run(main)


HARD_TO_QUOTE = [
    "k" * 60_000,
    "\u8eca" * 300,
    "\U0001f697" * 300,
    "a\\u0000b\\u001b[2J\\r\\n",
    '\\"' * 300,
    "%s%n{0}{",
    "\\ud83d\\ude97" * 200,
    "\u202e\u2066",
]


@pytest.mark.parametrize("text", HARD_TO_QUOTE, ids=range(len(HARD_TO_QUOTE)))
def test_cve_2025_59398_an_error_can_be_told_whatever_it_is_about(text: str) -> None:
    async def main() -> None:
        async with books() as kept, await RawSocket.upgraded(f"{kept.json}/EVIL") as socket:
            for action, payload in (
                (text, "{}"),
                ("Heartbeat", f'{{"{text}":1}}'),
                ("Authorize", f'{{"idTag":"{text * 21}"}}' if len(text) < 400 else "[]"),
                (
                    "StatusNotification",
                    f'{{"connectorId":1,"errorCode":"NoError","status":"{text}"}}',
                ),
                ("StopTransaction", f'{{"transactionId":1,"meterStop":1,"timestamp":"{text}"}}'),
            ):
                answer = await kept.call(socket, action, payload)
                assert answer[:2] == [4, "1"] and answer[4] == {}
                assert isinstance(answer[3], str) and len(answer[3]) <= 255
            assert (await kept.call(socket, "Heartbeat", "{}"))[0] == 3

    run(main)


XML_TO_QUOTE = ["k" * 60_000, "\u8eca" * 300, "a&amp;lt;b", "&#x1F697;" * 300, "]]&gt;", "\u202e"]


@pytest.mark.parametrize("text", XML_TO_QUOTE, ids=range(len(XML_TO_QUOTE)))
def test_cve_2025_59399_a_fault_can_be_told_whatever_it_is_about(text: str) -> None:
    async def main() -> None:
        async with books() as kept:
            name = "".join(each for each in text if each.isalpha()) or "x"
            for action, body in (
                (name, f"<o:{name}Request/>"),
                ("Heartbeat", f"<o:heartbeatRequest><o:{name}/></o:heartbeatRequest>"),
                ("Heartbeat", f"<o:heartbeatRequest a='{text}'/>"),
                ("Authorize", f"<o:authorizeRequest>{text}</o:authorizeRequest>"),
            ):
                sent = envelope(body, soap_head(action=action))
                status, told = await send_soap(kept.soap, sent)
                assert fault_in(told) in {("Sender", "ProtocolError"), ("Receiver", "NotSupported")}
                assert status == (400 if b"Sender" in told else 500)
                assert len(told) < 4096
            assert (await send_soap(kept.soap, envelope()))[0] == 200

    run(main)


def test_cve_2023_52096_seconds_are_no_timestamp() -> None:
    async def main() -> None:
        async with books() as kept, await RawSocket.upgraded(f"{kept.json}/EVIL") as socket:
            for text in ("1000000", '"1000000"', '"1000000Z"', "1e6"):
                payload = START.replace('"2024-01-01T00:00:00Z"', text)
                answer = await kept.call(socket, "StartTransaction", payload)
                assert answer[:3] == [4, "1", "TypeConstraintViolation"]
            assert not kept.office.transactions

    run(main)


SCRIPT = "<script>alert(1)</script>"


def test_cve_2024_21550_what_a_charge_point_says_is_text_wherever_it_is_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        caplog.set_level(logging.DEBUG)
        async with books() as kept, await RawSocket.upgraded(f"{kept.json}/%3Cscript%3E") as socket:
            hostile = "\\u001b[2J[red]\\r\\nok"
            answer = await kept.call(
                socket,
                "BootNotification",
                f'{{"chargePointVendor":"{hostile}","chargePointModel":"<b>"}}',
            )
            assert answer[0] == 3
            await kept.call(socket, f"{SCRIPT}{hostile}", "{}")
            assert all(line.isprintable() for line in caplog.messages)
            # What is served to browsers, and what a browser could take for a page.
            for target, host in ((f"/ocpp?wsdl&{SCRIPT}", f'"{SCRIPT}'), (f"/{SCRIPT}", "a")):
                async with await open_socket(kept.soap) as page:
                    page.writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                    shown = await page.answer()
                    assert "<script" not in shown.body
                    assert "html" not in shown.headers.get("content-type", "")
            assert "script" not in kept.central.activity.exposition()
        # Markup of the terminal is text, too.
        stream = io.StringIO()
        console = Screen(stream)
        remark = Remark(
            at=SystemClock().now(), text="CP1: \x1b[2J[red]x[/red] [link=http://a]", is_warning=True
        )
        console.event(remark)
        assert "[red]x[/red] [link=http://a]" in stream.getvalue()
        assert "\x1b" not in stream.getvalue()

    run(main)


def test_cve_2024_44843_nothing_is_done_before_somebody_is_let_in(authority: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys())) as (central, url):
            for headers in (None, login(key=bytes(20)), login("CP2")):
                async with await open_socket(url) as socket:
                    answer = await socket.ask("/ocpp/CP1", headers, more=frame(TEXT, BEAT))
                    assert answer.status == 401
                    assert "sec-websocket-accept" not in answer.headers
                    assert await socket.is_at_end()
            assert not central.peers

    run(main)


def test_cve_2026_26288_without_a_password_nobody_is_let_in(authority: Authority) -> None:
    async def main() -> None:
        for wire in ("json", "soap"):
            security = authority.server(1, credentials=keys())
            async with guarded(security, wire=wire) as (central, url):
                for headers in (None, {"Authorization": "Basic"}, login(key=b"")):
                    assert (await ask(url, headers=headers, wire=wire)).status == 401
                assert not central.peers

    run(main)


def test_cve_2026_22552_a_name_alone_lets_nobody_in(authority: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys())) as (central, url):
            station = make_station()
            async with station.connect(
                url, security=authority.station(1), reconnect=False
            ) as backend:
                peer = await central.wait_for("CP1", timeout=5)
                # The name of one who is connected: neither in his place nor beside him.
                assert (await ask(url)).status == 401
                assert (await ask(url, headers=login("CP2", bytes(range(100, 120))))).status == 401
                assert central.peers == {"CP1": peer}
                assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_cve_2026_24731_trying_passwords_gets_slow(authority: Authority) -> None:
    async def main() -> None:
        clock = HandClock()
        for wire in ("json", "soap"):
            security = authority.server(1, credentials=keys())
            async with guarded(security, clock, wire=wire) as (_, url):
                statuses = [
                    (
                        await ask(
                            url, headers=login(key=bytes([n]) * 20), wire=wire, host="127.0.0.66"
                        )
                    ).status
                    for n in range(15)
                ]
                assert statuses == [401] * 10 + [429] * 5
                # Whom it is about comes from elsewhere, and does not notice.
                assert (await ask(url, headers=login(), wire=wire)).status in {101, 200}

    run(main)


COMMANDS = [
    "$(touch {})",
    "`touch {}`",
    "; touch {}",
    "| touch {}",
    "\\n touch {}",
    "&& touch {} #",
]
RUNS_CODE = {"subprocess", "pickle", "marshal", "shelve", "pty", "popen2", "commands"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}


def test_cve_2024_23971_no_text_is_ever_run(tmp_path: Path) -> None:
    async def main() -> None:
        mark = tmp_path / "x"
        async with books() as kept, await RawSocket.upgraded(f"{kept.json}/EVIL") as socket:
            for command in COMMANDS:
                text = command.format(mark)
                data = json.dumps({"vendorId": text, "messageId": "x", "data": text})
                await kept.call(socket, "DataTransfer", data)
                await kept.call(socket, "FirmwareStatusNotification", '{"status":"Installed"}')
                boot = json.dumps({"chargePointVendor": "$(id)", "chargePointModel": "`id`"})
                await kept.call(socket, "BootNotification", boot)
        assert not mark.exists()

    run(main)
    # And the library has nothing to run it with.
    for path in (ROOT / "ocpp16").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {(node.module or "").partition(".")[0]}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in RUNS_TEXT, path
                continue
            elif isinstance(node, ast.Attribute):
                assert node.attr not in {"system", "popen", "spawnl", "execv"}, path
                continue
            else:
                continue
            assert not names & RUNS_CODE, path
