"""Unusual activity is counted by kind, charge point and address, and what is kept is bounded."""

from __future__ import annotations

import asyncio

import pytest

from ocpp16 import CentralSystem
from ocpp16.apps.back_office import BackOffice
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus
from ocpp16.messages import (
    AuthorizeRequest,
    AuthorizeResponse,
    StartTransactionRequest,
    StopTransactionRequest,
)
from ocpp16.roles.event import ForeignTransaction
from ocpp16.roles.peer import Peer
from ocpp16.security.activity import Activity, UnusualActivity
from ocpp16.security_event import SecurityEvent
from tests.parties import ENDPOINT, NOON, drained, make_station, run, until
from tests.security.authority import Authority
from tests.security.serving import ask, guarded, keys, login, open_socket
from tests.transports.raw_socket import TEXT
from tests.transports.serving import BEAT

LOGIN, INVALID = UnusualActivity.FAILED_AUTHENTICATION, UnusualActivity.INVALID_MESSAGE


def test_each_case_counts_in_all_and_for_whom_it_is() -> None:
    activity = Activity()
    activity.count(LOGIN, identity="CP1", address="192.0.2.1:5000")
    activity.count(LOGIN, identity="CP1", address="192.0.2.1:5001")
    activity.count(LOGIN, address="[2001:db8::1]:1")
    activity.count(INVALID, identity="CP2")
    assert activity.totals[LOGIN] == 3
    assert activity.totals[INVALID] == 1
    assert activity.totals[UnusualActivity.LIMIT_HIT] == 0
    assert activity.of("CP1") == {LOGIN: 2}
    assert activity.of("CP9") == {}
    assert activity.at("192.0.2.1") == {LOGIN: 2}
    assert activity.at("2001:db8::2") == {LOGIN: 1}
    assert activity.top_identities(LOGIN) == [("CP1", 2)]
    assert activity.top_networks(LOGIN, 1) == [("192.0.2.1", 2)]


def test_what_is_kept_is_bounded() -> None:
    activity = Activity(records=100)
    for number in range(10_000):
        activity.count(LOGIN, identity=f"X{number}", address=f"10.0.{number // 256}.{number % 256}")
        activity.count(LOGIN, identity="CP1")
    assert activity.totals[LOGIN] == 20_000
    assert len(activity._identities) == len(activity._networks) == 100
    assert activity.of("CP1") == {LOGIN: 10_000}


def test_the_exposition_has_every_kind_and_no_name() -> None:
    activity = Activity()
    activity.count(LOGIN, identity='CP1"} 1', address="192.0.2.1:1")
    lines = activity.exposition().splitlines()
    assert 'ocpp16_unusual_activity_total{kind="failed-authentication"} 1' in lines
    assert 'ocpp16_unusual_activity_total{kind="failed-tls"} 0' in lines
    assert len(lines) == 2 + len(UnusualActivity)
    assert "CP1" not in activity.exposition()


def test_a_central_system_counts_what_happens(authority: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys())) as (central, url):
            events = central.events()
            await ask(url, headers=login(key=bytes(20)))
            await ask(url, "CP9")
            async with await open_socket(url) as first, await open_socket(url) as socket:
                assert (await first.ask("/ocpp/CP1", login())).status == 101
                await central.wait_for("CP1", timeout=5)
                assert (await socket.ask("/ocpp/CP1", login())).status == 101
                await first.close_code()
                for frame in (b"nonsense", b'[2,"8","Heartbeat",{"x":1}]', b'[2,"9","Nothing",{}]'):
                    socket.send(TEXT, frame)
                stop = StopTransactionRequest(transaction_id=7, meter_stop=0, timestamp=NOON)
                central.report_foreign_transaction(
                    central.peers["CP1"], "StopTransaction", stop.transaction_id
                )
                socket.send(TEXT, BEAT)
                await until(lambda: central.activity.totals[INVALID] == 3)
            assert dict(central.activity.of("CP1")) == {
                LOGIN: 1,
                UnusualActivity.REPLACED_CONNECTION: 1,
                INVALID: 3,
                UnusualActivity.FOREIGN_TRANSACTION: 1,
            }
            assert central.activity.of("CP9") == {LOGIN: 1}
            assert central.activity.at("127.0.0.1")[LOGIN] == 2
            (event,) = [
                each for each in await drained(events) if isinstance(each, ForeignTransaction)
            ]
            assert (event.action, event.transaction_id) == ("StopTransaction", 7)

    run(main)


def test_a_charge_point_that_calls_too_much_hits_a_limit(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(1, credentials=keys())
        async with (
            guarded(security, handlers=1, waiting_calls=2) as (central, url),
            await open_socket(url) as socket,
        ):
            may_end = asyncio.Event()

            @central.on(AuthorizeRequest)
            async def authorize(peer: Peer, request: AuthorizeRequest) -> AuthorizeResponse:
                await may_end.wait()
                return AuthorizeResponse(id_tag_info=IdTagInfo(status=AuthorizationStatus.ACCEPTED))

            assert (await socket.ask("/ocpp/CP1", login())).status == 101
            for number in range(10):
                socket.send(TEXT, b'[2,"%d","Authorize",{"idTag":"TAG1"}]' % number)
            await until(lambda: central.activity.of("CP1").get(UnusualActivity.LIMIT_HIT))
            may_end.set()
            for _ in range(10):
                await socket.text()

    run(main)


def test_requests_on_soap_that_nobody_can_read_are_counted_by_address(
    authority: Authority,
) -> None:
    async def main() -> None:
        security = authority.server(1, credentials=keys())
        async with guarded(security, wire="soap", message_limit=1000) as (central, url):
            events = central.events()
            for head, body, status in (
                ("", b"nonsense", 400),
                ("", b"x" * 2000, 413),
                ("X: " + "y" * 9000 + "\r\n", b"x", 431),
            ):
                async with await open_socket(url) as socket:
                    length = f"Host: x\r\nContent-Length: {len(body)}\r\n{head}"
                    socket.writer.write(f"POST /ocpp HTTP/1.1\r\n{length}\r\n".encode() + body)
                    assert (await socket.answer()).status == status
            assert central.activity.at("127.0.0.1") == {
                INVALID: 1,
                UnusualActivity.LIMIT_HIT: 2,
            }
            told = await drained(events)
            assert [type(each).__name__ for each in told] == ["Unreadable", "LimitHit", "LimitHit"]

    run(main)


def test_a_back_office_tells_of_transactions_of_others() -> None:
    async def main() -> None:
        central = CentralSystem()
        BackOffice(now=lambda: NOON, tell=lambda event: None).register(central)
        start = StartTransactionRequest(connector_id=1, id_tag="A", meter_start=0, timestamp=NOON)
        async with central.serve(json=ENDPOINT) as server:
            url = server.urls.json
            async with (
                make_station(identity="CP1").connect(url) as one,
                make_station(identity="CP2").connect(url) as other,
            ):
                number = (await one.call(start)).transaction_id
                for transaction in (number, number + 1):
                    stop = StopTransactionRequest(
                        transaction_id=transaction, meter_stop=0, timestamp=NOON
                    )
                    await other.call(stop)
                assert central.activity.of("CP2") == {UnusualActivity.FOREIGN_TRANSACTION: 1}
                assert central.activity.of("CP1") == {}

    run(main)


def test_a_full_house_and_our_own_failures_are_no_failed_logins(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(1, credentials=keys())
        async with guarded(security, connections=1) as (central, url):
            async with await open_socket(url) as socket:
                assert (await socket.ask("/ocpp/CP1", login())).status == 101
                second = login("CP2", bytes(range(100, 120)))
                assert (await ask(url, "CP2", second)).status == 503
            assert central.activity.of("CP2") == {UnusualActivity.LIMIT_HIT: 1}

        async def fail(handshake: object) -> None:
            raise RuntimeError

        async with guarded(security, admission=fail) as (central, url):
            assert (await ask(url, headers=login())).status == 500
            assert not any(central.activity.totals.values())

    run(main)


def test_there_are_18_security_events_seven_of_them_critical() -> None:
    assert len(SecurityEvent) == 18
    critical = {event.value for event in SecurityEvent if event.is_critical}
    assert critical == {
        "FirmwareUpdated",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "MemoryExhaustion",
        "TamperDetectionActivated",
    }
    assert all(len(event) <= 50 for event in SecurityEvent)


@pytest.mark.parametrize("kind", UnusualActivity)
def test_a_kind_is_a_word_that_a_metric_can_have(kind: UnusualActivity) -> None:
    assert kind.replace("-", "").isalpha()
    assert kind.islower()
