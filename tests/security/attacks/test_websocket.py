"""Hostile frames and handshakes: each is refused as POLICY says, before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.attacks import websocket_attacks
from tests.security.attacks.attack import Attack, Closed, Cut, Http, Silence, Upgraded, by_id
from tests.security.attacks.site import Site, plain_site
from tests.security.attacks.wire import dial

FRAMES = by_id(websocket_attacks.FRAMES)
HANDSHAKES = by_id(websocket_attacks.HANDSHAKES)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plain_site() as site:
        yield site


@pytest.mark.parametrize("attack", FRAMES.values(), ids=FRAMES)
def test_frames(site: Site, attack: Attack) -> None:
    with site.bounded(cpu=2.0), dial(site.ports["json0"]) as wire:
        assert wire.upgrade() == 101
        wire.send(attack.sent)
        match attack.expected:
            case Closed(code):
                assert wire.hear_close() == code
                assert wire.rest() == b""
            case Silence():
                wire.say('[2,"after","Heartbeat",{}]')
                assert wire.hear_call()[:2] == [3, "after"]
            case _:
                raise AssertionError(attack.expected)


@pytest.mark.parametrize("attack", HANDSHAKES.values(), ids=HANDSHAKES)
def test_a_handshake(site: Site, attack: Attack) -> None:
    with site.bounded(), dial(site.ports["json0"]) as wire:
        wire.send(attack.sent)
        match attack.expected:
            case Cut():
                assert wire.rest() == b""
            case Http(status):
                assert wire.response()[0] == status
                assert wire.rest() == b""
            case Upgraded(code):
                status, headers, _ = wire.response()
                assert status == 101
                assert "sec-websocket-extensions" not in headers
                assert ("sec-websocket-protocol" in headers) is (code is None)
                if code is None:
                    wire.say('[2,"after","Heartbeat",{}]')
                    assert wire.hear_call()[:2] == [3, "after"]
                else:
                    assert wire.hear_close() == code
            case _:
                raise AssertionError(attack.expected)
