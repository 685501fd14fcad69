"""Profiles 1 to 3 on both wires, over real sockets: each works whole, and none goes down again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp16 import ConnectionRefused, RefusalCause, ServerSecurity, Settings, StationSecurity
from ocpp16.roles.event import Admitted, Refused
from ocpp16.security.profiles import PROFILES, MemoryReachedProfiles
from tests.parties import (
    HEARTBEAT,
    PULSE,
    RESET,
    RESET_DONE,
    drained,
    kinds,
    make_central,
    make_station,
    run,
)
from tests.security.authority import KEY, Authority
from tests.security.serving import ask, client_of, guarded, keys, login

WIRES = ["json", "soap"]
LOOPBACK = Settings(callback_networks=["127.0.0.0/8"])


def place(wire: str, profile: int) -> dict[str, Any]:
    scheme = {"json": "ws", "soap": "http"}[wire] + ("s" if profile > 1 else "")
    return {wire: f"{scheme}://localhost:0/ocpp"}


def listening(wire: str, profile: int) -> str | None:
    if wire == "json":
        return None
    return f"http{'s' if profile == 3 else ''}://127.0.0.1:0/"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("profile", [1, 2, 3])
def test_both_sides_call_each_other(authority: Authority, wire: str, profile: int) -> None:
    async def main() -> None:
        security = authority.server(profile, credentials=keys())
        central = make_central(security=security, settings=LOOPBACK)
        events = central.events()
        async with (
            central.serve(**place(wire, profile)) as server,
            make_station().connect(
                server.urls[wire],
                security=authority.station(profile),
                listen=listening(wire, profile),
                reconnect=False,
            ) as backend,
        ):
            assert await backend.call(HEARTBEAT) == PULSE
            peer = await central.wait_for("CP1", timeout=5)
            assert await peer.call(RESET) == RESET_DONE
            assert peer.info.security_profile == profile
            assert backend.info.security_profile == profile
            assert peer.info.serial_number == ("SN-1" if profile == 3 else None)
        told = [event for event in await drained(events) if isinstance(event, Admitted)]
        assert [event.info.security_profile for event in told] == [profile]

    run(main)


def test_what_each_profile_demands() -> None:
    demands = {
        number: (profile.tls, profile.password, profile.client_certificate)
        for number, profile in PROFILES.items()
    }
    assert demands == {
        0: (False, False, False),
        1: (False, True, False),
        2: (True, True, False),
        3: (True, False, True),
    }


@pytest.mark.parametrize("wire", WIRES)
def test_each_profile_may_have_its_own_port_and_none_goes_down(
    authority: Authority, wire: str
) -> None:
    async def main() -> None:
        reached = MemoryReachedProfiles()
        central = make_central(reached=reached, settings=LOOPBACK)
        events = central.events()
        credentials = keys()
        open_to_all = ServerSecurity(profiles=0)
        async with (
            central.serve(**place(wire, 0), security=open_to_all) as zero,
            central.serve(
                **place(wire, 1), security=authority.server(1, credentials=credentials)
            ) as one,
            central.serve(
                **place(wire, 2), security=authority.server(2, credentials=credentials)
            ) as two,
            central.serve(**place(wire, 3), security=authority.server(3)) as three,
        ):
            ways = {
                0: (zero, {}, None),
                1: (one, login(), None),
                2: (two, login(), client_of(authority)),
                3: (three, {}, client_of(authority, authority.pair("cp1"))),
            }
            good = {"json": 101, "soap": 200}[wire]
            bad = {"json": 403, "soap": 400}[wire]
            for profile in (0, 1, 2, 3, 3):
                for number, (server, headers, context) in ways.items():
                    if number > profile:
                        continue
                    answer = await ask(
                        server.urls[wire], headers=headers, context=context, wire=wire
                    )
                    due = good if number >= await reached.find("CP1") else bad
                    assert answer.status == due, (profile, number)
                while await reached.find("CP1") < profile:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0)
            assert await reached.find("CP1") == 3
            # Somebody else has not got so far.
            answer = await ask(zero.urls[wire], "CP2", wire=wire)
            assert answer.status == good
        refused = [event for event in await drained(events) if isinstance(event, Refused)]
        assert {event.cause for event in refused} == {RefusalCause.WRONG_PROFILE}

    run(main)


def test_a_port_without_rules_is_no_way_down(authority: Authority) -> None:
    async def main() -> None:
        central = make_central()
        security = authority.server(1, credentials=keys())
        async with (
            central.serve(json="ws://localhost:0/ocpp", security=security) as one,
            central.serve(json="ws://localhost:0/ocpp") as zero,
        ):
            assert (await ask(zero.urls.json)).status == 101
            assert (await ask(one.urls.json, headers=login())).status == 101
            await central.wait_for("CP1", timeout=5)
            async with asyncio.timeout(5):
                while (await ask(zero.urls.json)).status != 403:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0)
            assert (await ask(zero.urls.json, "CP2")).status == 101

    run(main)


def test_on_soap_a_higher_profile_is_a_connection_of_its_own(authority: Authority) -> None:
    async def main() -> None:
        reached = MemoryReachedProfiles()
        security = authority.server({2, 3}, credentials=keys())
        async with guarded(security, wire="soap", reached=reached) as (central, url):
            events = central.events()
            by_password: dict[str, Any] = {
                "headers": login(),
                "context": client_of(authority),
                "wire": "soap",
            }
            context = client_of(authority, authority.pair("cp1"))
            assert (await ask(url, **by_password)).status == 200
            assert central.peers["CP1"].info.security_profile == 2
            assert (await ask(url, context=context, wire="soap")).status == 200
            assert central.peers["CP1"].info.security_profile == 3
            assert await reached.find("CP1") == 3
            assert (await ask(url, **by_password)).status == 400
            assert (await ask(url, context=context, wire="soap")).status == 200
            names = kinds(await drained(events))
            assert names.count("Disconnected") == 1

    run(main)


def test_who_fails_to_authenticate_does_not_learn_what_somebody_has_reached(
    authority: Authority,
) -> None:
    async def main() -> None:
        reached = MemoryReachedProfiles()
        await reached.keep("CP1", 3)
        security = authority.server(1, credentials=keys())
        async with guarded(security, reached=reached) as (_, url):
            assert (await ask(url, headers=login(key=bytes(20)))).status == 401
            assert (await ask(url, headers=login())).status == 403

    run(main)


def test_a_refused_link_raises_nothing(authority: Authority) -> None:
    async def main() -> None:
        reached = MemoryReachedProfiles()
        security = authority.server(2, credentials=keys())
        async with guarded(security, reached=reached) as (_, url):
            wrong = login(key=bytes(20))
            assert (await ask(url, headers=wrong, context=client_of(authority))).status == 401
        assert await reached.find("CP1") == 0

    run(main)


def test_an_application_may_refuse_whom_the_profile_lets_in(authority: Authority) -> None:
    from ocpp16 import Handshake, PeerInfo, Refusal

    async def main() -> None:
        seen: list[Handshake] = []

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            seen.append(handshake)
            return handshake.admit() if handshake.identity == "CP1" else Refusal(402, "pay")

        security = authority.server(1, credentials=keys())
        async with guarded(security, admission=admission) as (central, url):
            assert (await ask(url, headers=login(key=bytes(20)))).status == 401
            assert not seen
            second = login("CP2", bytes(range(100, 120)))
            assert (await ask(url, "CP2", second)).status == 402
            async with make_station().connect(url, security=authority.station(1)):
                peer = await central.wait_for("CP1", timeout=5)
                # What was proven stays so, whatever the application makes of it.
                assert peer.info.security_profile == 1

    run(main)


# What does not fit is told at once


CONTRADICTIONS: dict[str, dict[str, Any]] = {
    r"security profiles are 0 to 3": {"profiles": 4},
    r"profiles=set\(\)": {"profiles": set()},
    r"0 and 1 are without TLS, 2 and 3 with it": {"profiles": {1, 2}},
    r"need credentials": {"profiles": 1},
    r"profiles 2 and 3 need certificates": {"profiles": 3},
    r"needs client_roots": {"profiles": 3, "certificates": [("a", "b")]},
    r"needs owners": {"profiles": 3, "certificates": [("a", "b")], "client_roots": "c"},
}


@pytest.mark.parametrize("reason", CONTRADICTIONS)
def test_a_central_system_says_what_is_missing(reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ServerSecurity(**CONTRADICTIONS[reason])


@pytest.mark.parametrize(
    ("reason", "options"),
    [
        ("security profiles are 0 to 3", {"profile": 4}),
        ("profile 1 needs an authorization_key", {"profile": 1}),
        ("profile 2 needs an authorization_key", {"profile": 2}),
        ("profile 3 needs a certificate", {"profile": 3}),
        ("32 to 40 hex digits", {"profile": 1, "authorization_key": "xyz"}),
        ("has 16 to 20 bytes", {"profile": 1, "authorization_key": b"short"}),
    ],
)
def test_a_charge_point_says_what_is_missing(reason: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=reason):
        StationSecurity(**options)


@pytest.mark.parametrize(
    ("profile", "url"),
    [(0, "wss://h/"), (1, "wss://h/"), (1, "https://h/"), (2, "ws://h/"), (3, "http://h/")],
)
def test_a_url_has_to_fit_the_profile(authority: Authority, profile: int, url: str) -> None:
    with pytest.raises(ValueError, match=f"security profile {profile} is with"):
        make_station().connect(url, security=authority.station(profile), listen="http://x:1/")
    wire = "soap" if url.startswith("http") else "json"
    server: dict[str, Any] = {wire: url}
    security = authority.server(profile, credentials=keys()) if profile else None
    with pytest.raises(ValueError, match="need"):
        make_central(security=security).serve(**server)


def test_no_secret_is_in_a_repr(authority: Authority) -> None:
    assert repr(KEY) not in repr(authority.station(1))
    assert KEY.hex() not in repr(authority.station(1)).lower()
    assert "object at" not in repr(authority.server(1, credentials=keys()))


def test_without_security_said_a_wss_url_trusts_the_machine(authority: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(2, credentials=keys())) as (_, url):
            place = url.replace("127.0.0.1", "localhost")
            with pytest.raises(ConnectionRefused, match="certificate not accepted"):
                async with make_station().connect(place):
                    pass

    run(main)
