"""Hostile text messages: each is refused as POLICY says, and the connection goes on serving."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.attacks import json_attacks
from tests.security.attacks.attack import Answered, Attack, Refused, Silence, by_id
from tests.security.attacks.site import Site, plain_site
from tests.security.attacks.wire import dial
from tests.transports.raw_socket import TEXT, frame

ATTACKS = by_id(json_attacks.ALL)
DESCRIPTION_LIMIT = 255


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plain_site() as site:
        yield site


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_text(site: Site, attack: Attack) -> None:
    with site.bounded(), dial(site.ports["json0"]) as wire:
        assert wire.upgrade() == 101
        wire.send(frame(TEXT, attack.sent))
        wire.say('[2,"after","Heartbeat",{}]')
        expected = attack.expected
        count = len(expected.call_ids) if isinstance(expected, Answered) else 0
        count += isinstance(expected, Refused)
        told = [wire.hear_call() for _ in range(count + 1)]
        (last,) = [each for each in told if each[1] == "after"]
        told.remove(last)
        assert last[0] == 3 and "currentTime" in last[2]
        match expected:
            case Silence():
                assert told == []
            case Answered(call_ids):
                assert [each[:2] for each in told] == [[3, call_id] for call_id in call_ids]
            case Refused(code, call_id):
                ((kind, id, found, description, details),) = told
                assert (kind, id, found, details) == (4, call_id, code, {})
                assert len(description) <= DESCRIPTION_LIMIT
                assert "Traceback" not in description and "/site-packages/" not in description
            case _:
                raise AssertionError(expected)
