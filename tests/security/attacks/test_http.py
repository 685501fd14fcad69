"""Hostile requests and envelopes: each is refused as POLICY says, and others go on being served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.security.attacks import http_attacks, xml_attacks
from tests.security.attacks.attack import Attack, Http, SoapFault, by_id
from tests.security.attacks.site import Site, plain_site
from tests.security.attacks.wire import dial, envelope, fault_in, post

ATTACKS = by_id(http_attacks.ALL, xml_attacks.XML, xml_attacks.SOAP_ATTACKS)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plain_site() as site:
        yield site


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_request(site: Site, attack: Attack) -> None:
    with site.bounded(), dial(site.ports["soap0"]) as wire:
        wire.send(attack.sent)
        status, headers, body = wire.response()
        assert b"Traceback" not in body and b"root:" not in body and b"/site-packages/" not in body
        match attack.expected:
            case Http(expected, ends):
                assert status == expected
                if ends:
                    assert headers["connection"] == "close"
                    assert b"HTTP/1." not in wire.rest()
            case SoapFault(expected, code, subcode):
                assert (status, *fault_in(body)) == (expected, code, subcode)
                wire.send(post(envelope()))
                assert wire.response()[0] == 200
            case _:
                raise AssertionError(attack.expected)


def test_nothing_was_called_and_nobody_was_let_in_who_should_not(site: Site) -> None:
    state: dict[str, Any] = site.state()
    for identity in state["peers"]:
        assert identity in {"BYSTANDER", "EVIL"} or identity.startswith("SSRF-")
