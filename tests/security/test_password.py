"""Profile 1 and 2: passwords, refused before the upgrade (W A00.202-.205; POLICY "Connections")."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from ocpp16 import RefusalCause, ServerSecurity
from ocpp16.roles.event import Admitted, Connected, Refused
from ocpp16.security import keyring
from ocpp16.security.auth import matches
from ocpp16.testing import HandClock
from tests.parties import HEARTBEAT, PULSE, drained, make_station, run
from tests.security.authority import KEY, Authority
from tests.security.serving import ask, client_of, guarded, keys, login, open_socket
from tests.transports.raw_socket import TEXT
from tests.transports.serving import BEAT

WRONG = bytes(20)


@pytest.fixture(params=["json", "soap"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def status(wire: str) -> int:
    return {"json": 101, "soap": 200}[wire]


@pytest.mark.parametrize("key", [KEY, KEY.hex().encode(), KEY.hex().upper().encode()])
def test_the_key_is_taken_raw_and_as_hex_digits(
    authority: Authority, wire: str, key: bytes
) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys()), wire=wire) as (_, url):
            answer = await ask(url, headers=login(key=key), wire=wire)
            assert answer.status == status(wire)

    run(main)


BAD: dict[str, dict[str, str]] = {
    "none": {},
    "wrong password": login(key=WRONG),
    "part of the password": login(key=KEY[:-1]),
    "password and more": login(key=KEY + b"\0"),
    "no password": login(key=b""),
    "another's name": login("CP2"),
    "another's name and password": login("CP2", bytes(range(100, 120))),
    "no name": login(""),
    "name in other letters": login("cp1"),
    "no colon": {"Authorization": f"Basic {b64encode(b'CP1').decode()}"},
    "not base64": {"Authorization": "Basic %%%"},
    "empty": {"Authorization": "Basic "},
    "another scheme": {"Authorization": "Bearer abc"},
    "digits of another key": login(key=WRONG.hex().encode()),
}


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
def test_anything_else_is_unauthorized_and_told_how(
    authority: Authority, wire: str, headers: dict[str, str]
) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys()), wire=wire) as (central, url):
            events = central.events()
            answer = await ask(url, headers=headers, wire=wire)
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == 'Basic realm="OCPP 1.6"'
            assert "upgrade" not in answer.headers
            assert not central.peers
            (event,) = [each for each in await drained(events) if isinstance(each, Refused)]
            readable = "authorization" not in {name.lower() for name in headers} or (
                event.cause is RefusalCause.WRONG_CREDENTIALS
            )
            assert (event.identity, event.status) == ("CP1", 401)
            assert readable or event.cause is RefusalCause.NO_CREDENTIALS

    run(main)


def test_two_authorizations_are_none(authority: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys())) as (_, url):
            both = {**login(), "authorization": login(key=WRONG)["Authorization"]}
            assert (await ask(url, headers=both)).status == 401

    run(main)


def test_an_unknown_charge_point_is_not_found(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(1, credentials=keys())
        async with guarded(security) as (central, url):
            events = central.events()
            for headers in ({}, login("CP9"), login("CP1")):
                answer = await ask(url, "CP9", headers)
                assert (answer.status, answer.body) == (404, "unknown charge point\n")
            told = [each for each in await drained(events) if isinstance(each, Refused)]
            assert {event.cause for event in told} == {RefusalCause.UNKNOWN}
        # Known to the application, but without a key: nothing that it could show is right.
        async with guarded(security, known={"CP1", "CP9"}) as (_, url):
            assert (await ask(url, "CP9", login("CP9"))).status == 401
            assert (await ask(url, "CP2", login("CP2", bytes(range(100, 120))))).status == 404

    run(main)


def test_where_a_password_is_not_needed_a_wrong_one_is_still_wrong(authority: Authority) -> None:
    async def main() -> None:
        security = ServerSecurity(profiles={0, 1}, credentials=keys())
        async with guarded(security) as (central, url):
            events = central.events()
            found = [
                (await ask(url, identity, headers)).status
                for identity, headers in (
                    ("CP9", {}),
                    ("CP2", {}),
                    ("CP1", login(key=WRONG)),
                    ("CP1", login()),
                    ("CP1", {}),
                )
            ]
            # At last it has had a higher profile.
            assert found == [101, 101, 401, 101, 403]
            told = [each for each in await drained(events) if isinstance(each, Admitted)]
            assert [each.info.security_profile for each in told] == [0, 0, 1]

    run(main)


def test_identities_can_be_hidden(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(1, credentials=keys(), hides_identities=True)
        async with guarded(security) as (_, url):
            for headers in ({}, login("CP9"), login("CP1"), {"Authorization": "x"}):
                unknown, known = await ask(url, "CP9", headers), await ask(url, "CP2", headers)
                assert unknown.status == known.status == 401
                assert unknown.body == known.body
                assert unknown.headers.keys() == known.headers.keys()
            assert (await ask(url, headers=login())).status == 101

    run(main)


def test_an_identity_with_a_colon_is_never_let_in_by_password(authority: Authority) -> None:
    async def main() -> None:
        credentials = keys(**{"CP:1": KEY})
        async with guarded(authority.server(1, credentials=credentials)) as (_, url):
            assert (await ask(url, "CP%3A1", login("CP:1"))).status == 401
        with pytest.raises(ValueError, match="':' cannot be used with HTTP Basic"):
            make_station(identity="CP:1").connect("ws://x/", security=authority.station(1))

    run(main)


def test_the_opening_request_of_the_standard_is_let_in(authority: Authority, vectors: Path) -> None:
    async def main() -> None:
        lines = (vectors / "handshakes.jsonl").read_text().splitlines()
        (request,) = [each for each in map(json.loads, lines) if each["identity"] == "AL1000"]
        security = authority.server(1, credentials=keys(AL1000=KEY))
        async with guarded(security) as (_, url):
            answer = await ask(url, "AL1000", request["headers"])
            assert answer.status == 101
            tampered = request["headers"]["Authorization"].replace("////", "///+", 1)
            answer = await ask(url, "AL1000", {**request["headers"], "Authorization": tampered})
            assert answer.status == 401

    run(main)


def test_every_decision_is_an_event_and_none_shows_a_password(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        caplog.set_level("DEBUG")
        async with guarded(authority.server(1, credentials=keys())) as (central, url):
            events = central.events()
            await ask(url, headers=login())
            await ask(url, headers=login(key=WRONG))
            await ask(url, "CP9")
            told = [each for each in await drained(events) if isinstance(each, Admitted | Refused)]
        assert [type(each).__name__ for each in told] == ["Admitted", "Refused", "Refused"]
        for secret in (
            KEY.hex(),
            login()["Authorization"][6:],
            login(key=WRONG)["Authorization"][6:],
        ):
            assert secret not in caplog.text
            assert not any(secret in repr(each) for each in told)

    run(main)


# Limits


def test_guessing_gets_slow_and_the_genuine_charge_point_stays_and_comes_back(
    authority: Authority,
) -> None:
    async def main() -> None:
        clock = HandClock()
        async with guarded(authority.server(1, credentials=keys()), clock) as (_, url):
            async with await open_socket(url) as genuine:
                assert (await genuine.ask("/ocpp/CP1", login())).status == 101
                attempts = [
                    await ask(url, headers=login(key=bytes([number]) * 20), host="127.0.0.66")
                    for number in range(12)
                ]
                assert [answer.status for answer in attempts] == [401] * 10 + [429] * 2
                assert attempts[-1].headers["retry-after"] == "5"
                # Even the right key has to wait there, unless it was right before.
                other = login("CP2", bytes(range(100, 120)))
                for _ in range(12):
                    await ask(url, "CP2", login("CP2", WRONG), host="127.0.0.66")
                assert (await ask(url, "CP2", other, host="127.0.0.66")).status == 429
                assert (await ask(url, "CP2", other)).status == 101
                assert (await ask(url, "CP2", other, host="127.0.0.66")).status == 101
                # The open session goes on as if nothing was.
                genuine.send(TEXT, BEAT)
                assert (await genuine.text()).startswith('[3,"1",')
            for host in ("127.0.0.1", "127.0.0.3"):
                assert (await ask(url, headers=login(), host=host)).status == 101
            await clock.advance(5)
            assert (await ask(url, headers=login(key=WRONG), host="127.0.0.66")).status == 401
            assert (await ask(url, headers=login(key=WRONG), host="127.0.0.66")).status == 429

    run(main)


def test_a_failed_login_disturbs_nothing(authority: Authority) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys())) as (central, url):
            events = central.events()
            async with await open_socket(url) as genuine:
                assert (await genuine.ask("/ocpp/CP1", login())).status == 101
                peer = await central.wait_for("CP1", timeout=5)
                assert (await ask(url, headers=login(key=WRONG))).status == 401
                assert central.peers["CP1"] is peer
                genuine.send(TEXT, BEAT)
                assert (await genuine.text()).startswith('[3,"1",')
            names = [type(each).__name__ for each in await drained(events)]
            assert "Replaced" not in names

    run(main)


def test_from_everywhere_guessing_gets_slow_and_a_new_address_may_still_try(
    authority: Authority,
) -> None:
    async def main() -> None:
        security = authority.server(1, credentials=keys())
        async with guarded(security, HandClock(), failed_logins_identity=6) as (_, url):
            wrong = login(key=WRONG)
            statuses = []
            for number in range(2, 6):
                host = f"127.0.0.{number}"
                statuses += [(await ask(url, headers=wrong, host=host)).status for _ in range(3)]
            # Six failures are free; then each address has one.
            assert statuses == [401] * 6 + [401, 429, 429] * 2
            assert (await ask(url, headers=login(), host="127.0.0.9")).status == 101

    run(main)


def test_looking_for_names_gets_slow(authority: Authority) -> None:
    async def main() -> None:
        clock = HandClock()
        security = authority.server(1, credentials=keys())
        async with guarded(security, clock, failed_logins_address=5) as (_, url):
            found = [(await ask(url, f"X{number}")).status for number in range(7)]
            assert found == [404] * 5 + [429] * 2
            assert (await ask(url, "X1", host="127.0.0.2")).status == 404

    run(main)


def test_a_flood_of_wrong_passwords_keeps_nobody_waiting(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashing: set[int] = set()

    def matches_somewhere(stored: str, password: bytes) -> bool:
        hashing.add(threading.get_ident())
        return matches(stored, password)

    monkeypatch.setattr(keyring, "matches", matches_somewhere)

    async def main() -> None:
        names = {f"F{number}": bytes([number]) * 20 for number in range(1, 100)}
        credentials = keys(**names)
        limits: dict[str, Any] = {"logins_waiting": 8, "failed_logins_address": 10_000}
        async with guarded(authority.server(1, credentials=credentials), **limits) as (_, url):
            station = make_station()
            async with station.connect(
                url, security=authority.station(1), reconnect=False
            ) as backend:
                flood = [
                    asyncio.create_task(ask(url, name, login(name, WRONG), host="127.0.0.66"))
                    for name in names
                ]
                while not all(task.done() for task in flood):
                    assert await backend.call(HEARTBEAT) == PULSE
                answers = [await task for task in flood]
            assert {answer.status for answer in answers} == {401, 503}
            # Where the others are served, no hash is computed; and so many at once.
            assert threading.get_ident() not in hashing
            assert 1 <= len(hashing) <= 2

    run(main)


def test_on_tls_the_same_is_profile_2(authority: Authority, wire: str) -> None:
    async def main() -> None:
        context = client_of(authority)
        async with guarded(authority.server(2, credentials=keys()), wire=wire) as (central, url):
            events = central.events()
            good = await ask(url, headers=login(), context=context, wire=wire)
            assert good.status == status(wire)
            bad = await ask(url, headers=login(key=WRONG), context=context, wire=wire)
            assert bad.status == 401
            admitted = [each for each in await drained(events) if isinstance(each, Admitted)]
            assert [each.info.security_profile for each in admitted] == [2]

    run(main)


def test_a_user_and_password_in_the_url_are_profile_1(authority: Authority) -> None:
    async def main() -> None:
        text = b"sixteen letters!"
        credentials = keys(CP3=text)
        async with guarded(authority.server(1, credentials=credentials)) as (central, url):
            events = central.events()
            place = url.replace("//", "//CP3:sixteen%20letters!@")
            station = make_station(identity="CP3")
            async with station.connect(place, reconnect=False) as backend:
                assert backend.info.security_profile == 1
                assert backend.info.url == f"{url}/CP3"
                assert await backend.call(HEARTBEAT) == PULSE
            assert any(isinstance(each, Connected) for each in await drained(events))
            with pytest.raises(ValueError, match="has a password, and so has its security"):
                async with station.connect(place, security=authority.station(1)):
                    pass

    run(main)
