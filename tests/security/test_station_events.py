"""What happens on a station's link becomes its security events; real sockets. W, SPEC 13."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import CentralSystem, ChargePoint, Settings, messages
from ocpp16.enums import ConfigurationStatus, RegistrationStatus
from ocpp16.errors import InternalError
from ocpp16.security_event import SecurityEvent as Kind
from ocpp16.station.model import Model
from ocpp16.station.station import Station
from ocpp16.storage import MemoryStationStorage
from tests.parties import ENDPOINT, booted, run, until
from tests.security.authority import KEY, Authority
from tests.security.link import raw_server
from tests.security.serving import keys
from tests.station.bench import Machinery

QUICK = Settings(
    reconnect_wait=timedelta(0),
    reconnect_bound=timedelta(seconds=0.01),
    drain_timeout=timedelta(0),
)
SECURE = Model(connectors=1, has_security_extension=True)


def make(storage: Any = None, **options: Any) -> Station:
    role = ChargePoint("CP1", settings=QUICK, random=lambda: 0.0)
    return Station(role, SECURE, Machinery(), storage or MemoryStationStorage(), **options)


def noted(station: Station) -> list[str]:
    return [line.type for line in station.core.parts.security.log]


def site(take: Any = None, **options: Any) -> tuple[CentralSystem, list[str]]:
    """Return a central system, and the types of the events that it is told."""
    central = CentralSystem(settings=QUICK, **options)
    told: list[str] = []

    @central.on(messages.BootNotificationRequest)
    async def boot(peer: Any, request: Any) -> messages.BootNotificationResponse:
        return booted(RegistrationStatus.ACCEPTED)

    @central.on(messages.StatusNotificationRequest)
    async def status(peer: Any, request: Any) -> messages.StatusNotificationResponse:
        return messages.StatusNotificationResponse()

    @central.on(messages.SecurityEventNotificationRequest)
    async def event(
        peer: Any, request: messages.SecurityEventNotificationRequest
    ) -> messages.SecurityEventNotificationResponse:
        told.append(request.type)
        if take is not None:
            take(told)
        return messages.SecurityEventNotificationResponse()

    return central, told


async def noted_both(station: Station, *kinds: Kind) -> None:
    await until(lambda: set(kinds) <= set(noted(station)))


def test_a_central_system_that_is_not_trusted(authority: Authority, stranger: Authority) -> None:
    async def main() -> None:
        central, told = site(security=authority.server(2, credentials=keys()))
        storage = MemoryStationStorage()
        async with central.serve(json="wss://localhost:0/ocpp") as server:
            station = make(storage)
            wrong = authority.station(2, roots=stranger.root)
            async with station.connected(server.urls.json, security=wrong):
                await noted_both(
                    station,
                    Kind.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
                    Kind.CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE,
                )
            # It is told as soon as there is somebody to tell, in another run perhaps.
            station = make(storage)
            async with station.connected(server.urls.json, security=authority.station(2)):
                await until(lambda: Kind.INVALID_CENTRAL_SYSTEM_CERTIFICATE in told)
                assert Kind.CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE not in told
                assert told.count(Kind.INVALID_CENTRAL_SYSTEM_CERTIFICATE) == 1

    run(main)


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (
            lambda mine, other: {"authorization_key": bytes(20), "profile": 2},
            [Kind.FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM],
        ),
        (
            lambda mine, other: {"certificate": other.pair("cp1"), "profile": 3},
            [
                Kind.INVALID_CHARGE_POINT_CERTIFICATE,
                Kind.FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM,
            ],
        ),
        (
            lambda mine, other: {"certificate": mine.pair("cp2"), "profile": 3},
            [Kind.FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM],
        ),
    ],
    ids=["wrong key", "unknown certificate", "certificate of another"],
)
def test_a_charge_point_that_is_not_let_in(
    authority: Authority,
    stranger: Authority,
    options: Callable[[Authority, Authority], dict[str, Any]],
    kinds: list[Kind],
) -> None:
    async def main() -> None:
        central, _ = site(security=authority.server({2, 3}, credentials=keys()))
        async with central.serve(json="wss://localhost:0/ocpp") as server:
            station = make()
            given = options(authority, stranger)
            security = authority.station(given.pop("profile"), **given)
            async with station.connected(server.urls.json, security=security):
                await noted_both(station, *kinds)
                unexpected = set(noted(station)) - set(kinds)
                assert unexpected == {Kind.STARTUP_OF_THE_DEVICE}

    run(main)


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[str]:
    """Shake hands in a thread: there OpenSSL tells the other end why it does not want to."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):  # Closed: the test is over.
            while True:
                accepted, _ = listening.accept()
                with accepted, suppress(OSError):
                    context.wrap_socket(accepted, server_side=True).close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"wss://localhost:{listening.getsockname()[1]}/ocpp"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (
            {
                "low": ssl.TLSVersion.TLSv1_1,
                "high": ssl.TLSVersion.TLSv1_1,
                "suites": "ALL:@SECLEVEL=0",
            },
            Kind.INVALID_TLS_VERSION,
        ),
        (
            {"high": ssl.TLSVersion.TLSv1_2, "suites": "AES128-SHA256:AES128-SHA"},
            Kind.INVALID_TLS_CIPHER_SUITE,
        ),
    ],
)
def test_a_central_system_with_an_old_version_or_a_weak_suite(
    authority: Authority, options: dict[str, Any], kind: Kind
) -> None:
    async def main() -> None:
        context = raw_server(*authority.central, **options)
        with tls_server(context) as url:
            station = make()
            async with station.connected(url, security=authority.station(2)):
                await noted_both(station, kind)
                assert set(noted(station)) == {Kind.STARTUP_OF_THE_DEVICE, kind}

    run(main)


def test_messages_that_are_none_and_repeats_are_logged_and_not_sent() -> None:
    async def main() -> None:
        central, told = site()
        async with central.serve(json=ENDPOINT) as server:
            station = make()
            async with station.connected(server.urls.json):
                await station.until(lambda: station.is_accepted)
                await central.wait_for("CP1", registered=True, timeout=5)
                await station.settled()
                driver = next(iter(central._drivers))
                send = driver.connection.send
                send(b"nonsense")
                await noted_both(station, Kind.INVALID_MESSAGES)
                send(b'[2,"1","GetConfiguration",{}]')
                send(b'[2,"1","ClearCache",{}]')
                await noted_both(station, Kind.ATTEMPTED_REPLAY_ATTACKS)
                line = list(station.core.parts.security.log)[-1]
                assert line.tech_info == "ClearCache with the id of an earlier call"
                await station.settled()
                assert not {Kind.INVALID_MESSAGES, Kind.ATTEMPTED_REPLAY_ATTACKS} & set(told)

    run(main)


def test_a_new_key_and_the_way_back_from_it_are_events(authority: Authority) -> None:
    async def main() -> None:
        credentials = keys()
        central, _ = site(security=authority.server(1, credentials=credentials))
        async with central.serve(json=ENDPOINT) as server:
            station = make()
            async with station.connected(server.urls.json, security=authority.station(1)):
                await central.wait_for("CP1", registered=True, timeout=5)
                # A central system that does not keep what it was answered.
                answer = await central.peers["CP1"].call(
                    messages.ChangeConfigurationRequest(key="AuthorizationKey", value="AB" * 20)
                )
                assert answer.status is ConfigurationStatus.ACCEPTED
                await until(
                    lambda: noted(station).count(Kind.RECONFIGURATION_OF_SECURITY_PARAMETERS) == 2
                )
                await central.wait_for("CP1", registered=True, timeout=5)
            assert station.configuration.text("AuthorizationKey") == KEY.hex()
            texts = str([line.tech_info for line in station.core.parts.security.log])
            assert "abab" not in texts.lower()

    run(main)


def test_a_central_system_that_fails_to_store_an_event_gets_it_again() -> None:
    async def main() -> None:
        def fail(told: list[str]) -> None:
            if len(told) < 5:
                raise InternalError

        central, told = site(fail)
        async with central.serve(json=ENDPOINT) as server:
            station = make()
            station.configuration.set("TransactionMessageAttempts", "2")
            station.configuration.set("TransactionMessageRetryInterval", "0")
            async with station.connected(server.urls.json):
                await until(lambda: len(told) >= 5, seconds=15)
                await station.settled()
            # The clock is right to a second here, or set, which is an event, too.
            assert told[:5] == [Kind.STARTUP_OF_THE_DEVICE] * 5

    run(main)
