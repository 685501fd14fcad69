"""What is unusual is kept as events, so many of them, and counted as metrics; real sockets."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16 import messages
from ocpp16.apps.central_system_audit import BURST, QUIET, RECORDS, Audit
from ocpp16.roles import event as told
from ocpp16.security.admission import RefusalCause
from ocpp16.security.configuration import ServerSecurity
from ocpp16.security.credentials import MemoryCredentials
from ocpp16.testing import HandClock
from tests.apps.central_app import READ, App, central_app, site
from tests.parties import BOOT, NOON, make_station, run
from tests.security.serving import ask, open_socket
from tests.transports.raw_socket import BINARY, TEXT

BASIC = ServerSecurity(profiles=1, credentials=MemoryCredentials())


async def events_of(app: App, kind: str) -> list[Any]:
    """Return the events of a kind that are kept by now."""
    found = []
    async with app._client.stream(
        "GET", f"/events?kind={kind}&after=0", headers={"Authorization": "Bearer " + READ}
    ) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
                break
    return found


def metric(text: str, line: str) -> float:
    (found,) = [each for each in text.splitlines() if each.startswith(line + " ")]
    return float(found.rpartition(" ")[2])


def test_who_is_not_let_in_is_an_event_of_nobody_and_counted_by_address(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path, security=BASIC, keys={"CP1": bytes(20)}) as app:
            url = app.urls["json"]
            answer = await ask(url, "CP1", {"Authorization": "Basic Q1AxOndyb25nLXdyb25nLXdyb25n"})
            assert answer.status == 401
            for _ in range(3):
                assert (await ask(url, "CP9")).status == 404
            (event,) = await events_of(app, "failed-authentication")
            assert event["chargePoint"] is None
            assert event["text"].startswith(
                "'CP1' was not let in (wrong-credentials): user or password is wrong"
                " (from 127.0.0.1:"
            )
            text = (await app.ask("GET", "/metrics")).text
            name = "ocpp16_unusual_activity"
            kind = 'kind="failed-authentication"'
            assert metric(text, f"{name}_total{{{kind}}}") == 4
            assert metric(text, f'{name}_by_address{{address="127.0.0.1",{kind}}}') == 4
            # CP9 is what a stranger said, and CP1 has never booted.
            assert "charge_point=" not in text
            found = await app.get("/activity")
            (of,) = [each for each in found["activity"] if each["kind"] == "failed-authentication"]
            assert of["total"] == 4
            assert of["addresses"] == [{"address": "127.0.0.1", "count": 4}]
            assert of["chargePoints"] == [
                {"identity": "CP9", "count": 3},
                {"identity": "CP1", "count": 1},
            ]

    run(main)


def test_what_a_charge_point_does_wrong_is_an_event_and_a_metric_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with site(tmp_path) as app, await open_socket(app.urls["json"]) as socket:
            assert (await socket.ask("/ocpp/CP1")).status == 101
            socket.send(TEXT, b"nonsense")
            (event,) = await events_of(app, "invalid-message")
            assert event["chargePoint"] == "CP1"
            socket.send(BINARY, b"x")
            await socket.close_code()
            (event,) = await events_of(app, "replaced-connection")
            assert event["chargePoint"] == "CP1"

            async def has_both() -> None:
                text = (await app.ask("GET", "/metrics")).text
                kind = 'charge_point="CP1",kind="invalid-message"'
                assert metric(text, f"ocpp16_unusual_activity_by_charge_point{{{kind}}}") == 2

            await has_both()

    run(main)


@pytest.mark.parametrize("data", [b"\xff", b"\xe2\x82"])
def test_a_text_that_is_none_is_an_invalid_message_of_its_charge_point(
    tmp_path: Path, data: bytes
) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, await open_socket(app.urls["json"]) as socket:
            assert (await socket.ask("/ocpp/CP1")).status == 101
            socket.send(TEXT, data)
            assert await socket.close_code() == 1007
            (event,) = await events_of(app, "invalid-message")
            assert event["chargePoint"] == "CP1"
            assert "UTF-8" in event["text"]

    run(main)


def test_an_answer_that_is_none_is_an_invalid_message(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, await open_socket(app.urls["json"]) as socket:
            assert (await socket.ask("/ocpp/CP1")).status == 101
            socket.send(
                TEXT, b'[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
            )
            assert "Accepted" in await socket.text()

            async def call() -> Any:
                return await app.ask("POST", "/charge-points/CP1/calls/ClearCache", {})

            asking = asyncio.create_task(call())
            number = json.loads(await socket.text())[1]
            socket.send(TEXT, json.dumps([3, number, {"status": "Perhaps"}]).encode())
            assert (await asking).status_code == 502
            (event,) = await events_of(app, "invalid-message")
            assert event["text"].startswith(
                "the answer to ClearCache is none: PropertyConstraintViolation at /status"
            )
            assert "Perhaps" not in event["text"]

    run(main)


def test_security_events_are_counted_by_type(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            for type in ("TamperDetectionActivated", "Vendor\n's", "Other's"):
                await backend.call(
                    messages.SecurityEventNotificationRequest(type=type, timestamp=NOON)
                )

            async def counted() -> str:
                return (await app.ask("GET", "/metrics")).text

            text = await counted()
            name = "ocpp16_central_security_events_total"
            assert metric(text, f'{name}{{type="TamperDetectionActivated"}}') == 1
            assert metric(text, f'{name}{{type="other"}}') == 2
            assert metric(text, f'{name}{{type="MemoryExhaustion"}}') == 0
            assert text.count(f"{name}{{") == 19

    run(main)


# How many are kept


class Book:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.kept: list[tuple[str, str, str]] = []
        self.audit = Audit(lambda *event: self.kept.append(event), self.clock)


def refused(identity: str | None = "CP1", address: str = "192.0.2.1:1") -> told.Refused:
    return told.Refused(identity, 401, "wrong", address, cause=RefusalCause.WRONG_CREDENTIALS)


def test_the_same_is_kept_once_a_minute_with_the_count_of_the_others() -> None:
    async def main() -> None:
        book = Book()
        for port in range(1000):
            book.audit.take(refused(address=f"192.0.2.1:{port}"))
        book.audit.take(refused("CP2"))
        book.audit.take(refused(address="192.0.2.2:1"))
        book.audit.take(told.TlsFailed("no", "192.0.2.1:1"))
        assert [identity for identity, _, _ in book.kept] == [""] * 4
        assert book.kept[0][1:] == (
            "failed-authentication",
            "'CP1' was not let in (wrong-credentials): wrong (from 192.0.2.1:0)",
        )
        assert book.kept[3][1:] == ("failed-tls", "no TLS link: no (from 192.0.2.1:1)")
        await book.clock.advance(QUIET)
        book.audit.take(refused())
        assert book.kept[4][2].endswith("(from 192.0.2.1:1); 999 more before")
        await book.clock.advance(QUIET)
        book.audit.take(refused())
        assert not book.kept[5][2].endswith("before")

    run(main)


def test_many_addresses_together_get_no_more_than_their_share() -> None:
    async def main() -> None:
        book = Book()
        for number in range(20_000):
            book.audit.take(refused(address=f"10.{number // 65536}.{number // 256}.{number % 256}"))
        assert len(book.kept) == BURST
        assert len(book.audit._seen) == RECORDS
        await book.clock.advance(10)
        for number in range(20_000, 20_100):
            book.audit.take(refused(address=f"10.9.{number // 256}.{number % 256}"))
        assert len(book.kept) == BURST + 10

    run(main)


@pytest.mark.parametrize(
    "event",
    [
        told.Refused("CP1", 500, "", "192.0.2.1:1", cause=RefusalCause.FAILED),
        told.Refused("CP1", 403, "", "192.0.2.1:1", cause=RefusalCause.OTHER),
    ],
)
def test_what_is_not_unusual_is_not_kept(event: told.Event) -> None:
    async def main() -> None:
        book = Book()
        book.audit.take(event)
        assert book.kept == []

    run(main)


def test_each_kind_of_link_that_cannot_be_is_kept(tmp_path: Path, authority_for: Any) -> None:
    """A00.323, .408: version, suite, no certificate, one that is not trusted, or of another."""

    async def main() -> None:
        authority, stranger = authority_for("Example Operator"), authority_for("Other Operator")
        from tests.security.serving import client_of

        old = ssl.TLSVersion.TLSv1_1
        attempts: list[tuple[str, ssl.SSLContext, str, str]] = [
            ("TLS", client_of(authority), "failed-tls", "InvalidChargePointCertificate"),
            (
                "TLS",
                client_of(authority, stranger.pair("cp1")),
                "failed-tls",
                "InvalidChargePointCertificate",
            ),
            (
                "TLS",
                client_of(authority, low=old, high=old, suites="ALL:@SECLEVEL=0"),
                "failed-tls",
                "InvalidTLSVersion",
            ),
            (
                "TLS",
                client_of(authority, high=ssl.TLSVersion.TLSv1_2, suites="AES128-SHA"),
                "failed-tls",
                "InvalidTLSCipherSuite",
            ),
            (
                "HTTP",
                client_of(authority, authority.issue("any", "SN-9")),
                "failed-authentication",
                "wrong-certificate",
            ),
            (
                "HTTP",
                client_of(authority, authority.issue("o", "SN-1", organization="Other")),
                "failed-authentication",
                "wrong-certificate",
            ),
        ]
        for number, (layer, context, kind, due) in enumerate(attempts):
            folder = tmp_path / f"{number}"
            folder.mkdir()
            async with tls_app(folder, authority.server(3)) as app:
                if layer == "TLS":
                    with pytest.raises((OSError, EOFError)):
                        await ask(app.urls["json"], context=context)
                else:
                    answer = await ask(app.urls["json"], context=context)
                    assert answer.status == 403
                (event,) = await events_of(app, kind)
                assert due in event["text"]
                assert "(from 127.0.0.1:" in event["text"]
                text = (await app.ask("GET", "/metrics")).text
                label = f'{{address="127.0.0.1",kind="{kind}"}}'
                assert metric(text, f"ocpp16_unusual_activity_by_address{label}") == 1

    run(main)


def tls_app(folder: Path, security: ServerSecurity) -> Any:
    return central_app(
        folder, security=security, json="wss://127.0.0.1:0/ocpp", soap="https://127.0.0.1:0/ocpp"
    )


@pytest.fixture(scope="module")
def authority_for(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Make hierarchies of certificates, each once."""
    pytest.importorskip("cryptography")
    from tests.security.authority import make_authority

    made: dict[str, Any] = {}

    def of(owner: str) -> Any:
        if owner not in made:
            made[owner] = make_authority(tmp_path_factory.mktemp("pki"), owner)
        return made[owner]

    return of
