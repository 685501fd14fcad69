"""Hostile logins and links: nobody is let in who is not who he says, before the upgrade."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

pytest.importorskip("cryptography")

from tests.security.attacks import tls_attacks
from tests.security.attacks.attack import Cut, Http, SoapFault, by_id
from tests.security.attacks.site import Site, running, watched
from tests.security.attacks.tls_attacks import LinkAttack, basic
from tests.security.attacks.wire import dial, fault_in, handshake
from tests.security.authority import KEY, Authority
from tests.security.link import raw_client

ATTACKS = {each.attack.id: each for each in tls_attacks.ALL}
BYSTANDER = "SN-2"


@pytest.fixture(scope="module")
def site(authority: Authority) -> Iterator[Site]:
    context = raw_client(authority.root, authority.pair("cp2"))
    with running("tls", authority.folder) as site, dial(site.ports["json3"], context) as wire:
        assert wire.upgrade("/ocpp/CP2") == 101
        with watched(site, wire):
            yield site


def test_ids_are_one_attack_each() -> None:
    assert len(by_id([each.attack for each in tls_attacks.ALL])) == len(ATTACKS)


@pytest.mark.parametrize("link", ATTACKS.values(), ids=ATTACKS)
def test_a_link(site: Site, link: LinkAttack, authority: Authority, stranger: Authority) -> None:
    attack = link.attack
    context = None if link.context is None else link.context(authority, stranger)
    # Another address for each: what one has failed often must not be what refuses the next.
    host = f"127.0.1.{1 + list(ATTACKS).index(attack.id)}"
    with site.bounded():
        try:
            with dial(site.ports[link.port], context, host=host) as wire:
                wire.send(attack.sent)
                if isinstance(attack.expected, Cut):
                    # An alert of TLS at most, and nothing that could be an answer.
                    assert b"HTTP/" not in wire.rest()
                    return
                status, headers, body = wire.response()
        except (ssl.SSLError, ConnectionError):
            assert isinstance(attack.expected, Cut)
            return
    match attack.expected:
        case Http(expected):
            assert status == expected
            assert ("www-authenticate" in headers) is (status == 401 and link.port[-1] != "3")
        case SoapFault(expected, code, subcode):
            assert (status, *fault_in(body)) == (expected, code, subcode)
        case _:
            raise AssertionError(attack.expected)


@pytest.mark.parametrize(
    ("port", "file", "key"),
    [
        ("json1", None, KEY),
        ("json1", None, KEY.hex().encode()),
        ("json2", None, KEY),
        ("json3", "cp1", None),
    ],
)
def test_who_is_right_is_let_in_after_all_that(
    site: Site, authority: Authority, port: str, file: str | None, key: bytes | None
) -> None:
    pair = None if file is None else authority.pair(file)
    context = None if port == "json1" else raw_client(authority.root, pair)
    with dial(site.ports[port], context) as wire:
        wire.send(handshake("/ocpp/CP1", "" if key is None else basic("CP1", key)))
        assert wire.response()[0] == 101
        wire.say('[2,"1","Heartbeat",{}]')
        assert wire.hear_call()[:2] == [3, "1"]
