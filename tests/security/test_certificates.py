"""Profile 3: whose certificate it is, over real sockets on both wires (W A00.401-.407, .511)."""

from __future__ import annotations

import ssl
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from ocpp16 import (
    CentralSystem,
    ConnectionRefused,
    Handshake,
    PeerInfo,
    Refusal,
    RefusalCause,
    SessionClosed,
    Settings,
)
from ocpp16.roles.event import Admitted, NotLetIn, Refused, TlsFailed
from ocpp16.security.activity import UnusualActivity
from ocpp16.security.client_certificate import ClientCertificate
from ocpp16.security.tls import ServerTls
from ocpp16.security_event import SecurityEvent
from ocpp16.testing import HandClock
from ocpp16.transports.soap_app import SoapApp
from ocpp16.transports.soap_server import HttpServer
from tests.parties import HEARTBEAT, PULSE, RESET, RESET_DONE, drained, make_station, run, until
from tests.security.authority import Authority
from tests.security.serving import ask, client_of, guarded, keys, login

STATUS = {"json": 101, "soap": 200}
FORBIDDEN = {"json": 403, "soap": 400}
"""SOAP tells it by a Fault (SecurityError)."""


@pytest.fixture(params=["json", "soap"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def shown(
    authority: Authority, wire: str, pair: Any, identity: str = "CP1", **options: Any
) -> tuple[int, Refused | Admitted]:
    """Show a certificate; return what was answered, and the decision."""
    context = client_of(authority, pair)
    async with guarded(authority.server(3, **options), wire=wire) as (central, url):
        events = central.events()
        answer = await ask(url, identity, context=context, wire=wire)
        told = [each for each in await drained(events) if isinstance(each, Refused | Admitted)]
    return answer.status, told[0]


def test_the_certificate_of_the_charge_point_lets_it_in(authority: Authority, wire: str) -> None:
    async def main() -> None:
        status, event = await shown(authority, wire, authority.pair("cp1"))
        assert status == STATUS[wire]
        assert isinstance(event, Admitted)
        assert (event.info.security_profile, event.info.serial_number) == (3, "SN-1")

    run(main)


WRONG: dict[str, tuple[str | list[str], dict[str, Any]]] = {
    "of another charge point": ("SN-2", {}),
    "of no charge point": ("SN-9", {}),
    "the identity, not the serial number": ("CP1", {}),
    "in other letters": ("sn-1", {}),
    "with more after a zero": ("SN-1\x00", {}),
    "with a space": ("SN-1 ", {}),
    "of two": (["SN-1", "SN-2"], {}),
    "of nobody": ([], {}),
    "of another organization": ("SN-1", {"organization": "Other Operator"}),
    "of an organization in other letters": ("SN-1", {"organization": "example operator"}),
    "of no organization": ("SN-1", {"organization": None}),
}


@pytest.mark.parametrize(("cn", "options"), WRONG.values(), ids=WRONG.keys())
def test_any_other_certificate_does_not(
    authority: Authority, wire: str, cn: str | list[str], options: dict[str, Any]
) -> None:
    async def main() -> None:
        status, event = await shown(authority, wire, authority.issue("any", cn, **options))
        assert status == FORBIDDEN[wire]
        assert isinstance(event, Refused)
        assert event.cause is RefusalCause.WRONG_CERTIFICATE

    run(main)


@pytest.mark.parametrize(("hides", "due"), [(False, 404), (True, 403)])
def test_a_name_that_nobody_has_is_not_found(authority: Authority, hides: bool, due: int) -> None:
    async def main() -> None:
        pair = authority.pair("cp1")
        variants: tuple[dict[str, Any], ...] = ({}, {"known": {"CP1"}})
        for options in variants:
            security = authority.server(3, hides_identities=hides)
            async with guarded(security, **options) as (_, url):
                answer = await ask(url, "CP9", context=client_of(authority, pair))
                assert answer.status == due

    run(main)


def test_an_organization_that_is_trusted_may_own_it(authority: Authority) -> None:
    async def main() -> None:
        pair = authority.issue("partner", "SN-1", organization="Partner")
        status, _ = await shown(authority, "json", pair, owners={"Example Operator", "Partner"})
        assert status == 101

    run(main)


def test_the_serial_number_is_the_identity_where_nothing_else_is_said(authority: Authority) -> None:
    async def main() -> None:
        for identity, due in (("SN-1", 101), ("CP1", 403)):
            status, _ = await shown(
                authority, "json", authority.pair("cp1"), identity, serial_numbers=None
            )
            assert status == due

    run(main)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_function_may_know_the_identities(authority: Authority, is_async: bool) -> None:
    async def main() -> None:
        def look_up(serial: str) -> str | None:
            return {"SN-1": "CP1"}.get(serial)

        async def look_up_slowly(serial: str) -> str | None:
            return look_up(serial)

        found = look_up_slowly if is_async else look_up
        assert (await shown(authority, "json", authority.pair("cp1"), serial_numbers=found))[
            0
        ] == 101
        assert (await shown(authority, "json", authority.pair("cp2"), serial_numbers=found))[
            0
        ] == 403

    run(main)


def test_a_certificate_that_has_expired_since_its_link_began_is_refused(
    authority: Authority,
) -> None:
    async def main() -> None:
        clock = HandClock()
        central = CentralSystem(security=authority.server(3), clock=clock)
        certificate = ClientCertificate(
            common_names=("SN-1",),
            organizations=(authority.owner,),
            serial_number="1",
            issuer="",
            not_after=clock.now() + timedelta(hours=1),
            fingerprint="",
        )
        handshake = Handshake(
            identity="CP1", binding="ocpps", url="", secure=True, certificate=certificate
        )
        assert isinstance(await central.admit(handshake), PeerInfo)
        await clock.advance(3600)
        verdict = await central.admit(handshake)
        assert isinstance(verdict, Refusal)
        assert verdict.cause is RefusalCause.WRONG_CERTIFICATE

    run(main)


def test_a_password_is_no_certificate(authority: Authority, wire: str) -> None:
    async def main() -> None:
        security = authority.server({2, 3}, credentials=keys())
        async with guarded(security, wire=wire) as (central, url):
            events = central.events()
            # Either will do here, but a wrong certificate is not mended by a right password.
            good = await ask(url, headers=login(), context=client_of(authority), wire=wire)
            other = client_of(authority, authority.pair("cp2"))
            bad = await ask(url, headers=login(), context=other, wire=wire)
            none = await ask(url, "CP2", context=client_of(authority), wire=wire)
            assert (good.status, bad.status, none.status) == (STATUS[wire], FORBIDDEN[wire], 401)
            told = [each for each in await drained(events) if isinstance(each, Admitted)]
            assert [each.info.security_profile for each in told] == [2]

    run(main)


def test_on_soap_each_link_has_to_show_its_own_certificate(authority: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(3), wire="soap") as (_, url):
            ways = [client_of(authority, authority.pair(name)) for name in ("cp1", "cp2")]
            # The very same request, but for the certificate of the link that it comes by.
            for context, due in ((ways[0], 200), (ways[1], 400), (ways[0], 200)):
                assert (await ask(url, context=context, wire="soap")).status == due
        security = authority.server({2, 3}, credentials=keys())
        async with guarded(security, wire="soap") as (_, url):
            for context, due in ((ways[0], 200), (client_of(authority), 401)):
                assert (await ask(url, context=context, wire="soap")).status == due

    run(main)


def test_a_link_that_cannot_be_is_an_event_of_the_right_kind(
    authority: Authority, stranger: Authority, wire: str
) -> None:
    async def main() -> None:
        old = ssl.TLSVersion.TLSv1_1
        attempts = [
            (client_of(authority), SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE),
            (
                client_of(authority, stranger.pair("cp1")),
                SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE,
            ),
            (
                client_of(authority, low=old, high=old, suites="ALL:@SECLEVEL=0"),
                SecurityEvent.INVALID_TLS_VERSION,
            ),
            (
                client_of(authority, high=ssl.TLSVersion.TLSv1_2, suites="AES128-SHA"),
                SecurityEvent.INVALID_TLS_CIPHER_SUITE,
            ),
        ]
        async with guarded(authority.server(3), wire=wire) as (central, url):
            for context, due in attempts:
                events = central.events()
                count = _failed(central)
                with pytest.raises((OSError, EOFError)):
                    await ask(url, context=context, wire=wire)
                await until(partial(_has_more, central, count))
                (event,) = [each for each in await drained(events) if isinstance(each, TlsFailed)]
                assert event.event is due
                assert event.address is not None
                assert event.address.startswith("127.0.0.1:")
            context = client_of(authority, authority.pair("cp1"))
            assert (await ask(url, context=context, wire=wire)).status == STATUS[wire]

    run(main)


def _failed(central: CentralSystem) -> int:
    return central.activity.totals[UnusualActivity.FAILED_TLS]


def _has_more(central: CentralSystem, count: int) -> bool:
    return _failed(central) > count


# A charge point's end


@pytest.mark.parametrize("wire", ["json"])
def test_a_charge_point_ends_a_link_to_whom_it_does_not_trust(
    authority: Authority, stranger: Authority, wire: str
) -> None:
    async def main() -> None:
        async with guarded(authority.server(2, credentials=keys())) as (central, url):
            place = url.replace("127.0.0.1", "localhost")
            for roots in (stranger.root, None):
                security = authority.station(2, roots=roots)
                with pytest.raises(ConnectionRefused, match="certificate not accepted") as caught:
                    async with make_station().connect(place, security=security):
                        pass
                assert caught.value.security_event == "InvalidCentralSystemCertificate"
                assert caught.value.status is None
            # The name in the URL is another one than in the certificate, which has no address.
            with pytest.raises(ConnectionRefused, match="IP address mismatch"):
                async with make_station().connect(url, security=authority.station(2)):
                    pass
            assert not central.peers

    run(main)


def test_a_charge_point_tells_what_is_a_security_event(
    authority: Authority, stranger: Authority
) -> None:
    async def main() -> None:
        async with guarded(authority.server({2, 3}, credentials=keys())) as (_, url):
            place = url.replace("127.0.0.1", "localhost")
            for security, due in (
                (authority.station(2, roots=stranger.root), "InvalidCentralSystemCertificate"),
                (
                    authority.station(3, certificate=stranger.pair("cp1")),
                    "InvalidChargePointCertificate",
                ),
                (
                    authority.station(2, authorization_key=bytes(20)),
                    "FailedToAuthenticateAtCentralSystem",
                ),
                (
                    authority.station(3, certificate=authority.pair("cp2")),
                    "FailedToAuthenticateAtCentralSystem",
                ),
            ):
                station = make_station()
                events = station.events()
                with pytest.raises(ConnectionRefused):
                    async with station.connect(place, security=security):
                        pass
                (event,) = await drained(events)
                assert isinstance(event, NotLetIn)
                assert event.event == due

    run(main)


def test_a_charge_point_learns_that_its_certificate_is_not_taken(
    authority: Authority, stranger: Authority
) -> None:
    async def main() -> None:
        async with guarded(authority.server(3)) as (_, url):
            place = url.replace("127.0.0.1", "localhost")
            security = authority.station(3, certificate=stranger.pair("cp1"))
            with pytest.raises(ConnectionRefused, match="TLS failed") as caught:
                async with make_station().connect(place, security=security):
                    pass
            assert caught.value.security_event == "InvalidChargePointCertificate"
            with pytest.raises(ConnectionRefused, match="403") as caught:
                async with make_station(identity="CP2").connect(
                    place, security=authority.station(3)
                ):
                    pass
            assert caught.value.status == 403

    run(main)


def test_soap_learns_the_same_from_its_calls(authority: Authority, stranger: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(3), wire="soap") as (_, url):
            place = url.replace("127.0.0.1", "localhost")
            for roots, pair, due in (
                (stranger.root, authority.pair("cp1"), "InvalidCentralSystemCertificate"),
                (authority.root, stranger.pair("cp1"), "InvalidChargePointCertificate"),
            ):
                security = authority.station(3, roots=roots, certificate=pair)
                async with make_station().connect(
                    place, listen="http://127.0.0.1:0/", security=security
                ) as backend:
                    with pytest.raises((ConnectionRefused, SessionClosed)) as caught:
                        await backend.call(HEARTBEAT)
                    if isinstance(caught.value, ConnectionRefused):
                        assert caught.value.security_event == due

    run(main)


# Calls to a charge point on SOAP


def test_only_the_central_system_may_call_a_charge_point(authority: Authority) -> None:
    async def main() -> None:
        async with (
            guarded(authority.server(3), wire="soap") as (central, url),
            make_station().connect(
                url.replace("127.0.0.1", "localhost"),
                listen="https://127.0.0.1:0/",
                security=authority.station(3),
            ) as backend,
        ):
            assert await backend.call(HEARTBEAT) == PULSE
            place = backend.info.callback
            assert place is not None
            # Another charge point can be traced to the same root.
            for pair in (authority.pair("cp2"), authority.pair("cp1")):
                context = client_of(authority, pair)
                context.check_hostname = False
                assert (await ask(place, context=context, wire="soap")).status == 403
            context = client_of(authority)
            context.check_hostname = False
            with pytest.raises((OSError, EOFError)):
                await ask(place, context=context, wire="soap")
            peer = await central.wait_for("CP1", timeout=5)
            assert await peer.call(RESET) == RESET_DONE

    run(main)


def test_a_charge_point_with_profile_3_is_not_called_in_clear(authority: Authority) -> None:
    async def main() -> None:
        async with (
            guarded(authority.server(3), wire="soap") as (central, url),
            make_station().connect(
                url.replace("127.0.0.1", "localhost"),
                listen="http://127.0.0.1:0/",
                security=authority.station(3),
            ) as backend,
        ):
            assert await backend.call(HEARTBEAT) == PULSE
            peer = await central.wait_for("CP1", timeout=5)
            assert peer.info.callback is None
            with pytest.raises(SessionClosed, match="listens is not known"):
                await peer.call(RESET)

    run(main)


def test_a_call_reaches_nobody_but_the_charge_point_it_is_for(authority: Authority) -> None:
    async def main() -> None:
        # Whoever listens where CP1 is said to be has the certificate of CP2.
        other = HttpServer(
            "https://127.0.0.1:0/",
            settings=Settings(),
            clock=HandClock(),
            tls=ServerTls.of_station(authority.station(3, certificate=authority.pair("cp2"))),
        )
        await other.start(_Nobody())
        listed = {"CP1": other.url}
        security = authority.server(3)
        async with guarded(security, wire="soap", callback_addresses=listed) as (central, url):
            context = client_of(authority, authority.pair("cp1"))
            assert (await ask(url, context=context, wire="soap")).status == 200
            peer = await central.wait_for("CP1", timeout=5)
            with pytest.raises(ConnectionRefused, match="certificate not accepted") as caught:
                await peer.call(RESET)
            assert caught.value.security_event == "InvalidChargePointCertificate"
        await other.wait_closed()

    run(main)


class _Nobody(SoapApp):
    """Serves nobody, and is reached by nobody."""

    def __init__(self) -> None:
        self.is_stopping = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("a request has come")
