"""Failures are limited by link, address and charge point; nobody is locked out for long."""

from __future__ import annotations

import pytest

from ocpp16.security.limits import Buckets, LoginLimits, network_of

ATTACKER, GENUINE = "192.0.2.66", "192.0.2.1"


def make_limits(**options: float) -> LoginLimits:
    values = {"per_link": 3, "per_address": 10, "per_identity": 20, "seconds": 5.0, "records": 100}
    return LoginLimits(**{**values, **options})  # type: ignore[arg-type]


def fail(limits: LoginLimits, identity: str, network: str, now: float = 0.0) -> int:
    """Fail until that is not possible any more; return how often it was."""
    count = 0
    while limits.begin(identity, network, now) is None:
        count += 1
        assert count < 1000
    return count


def test_an_address_that_fails_as_a_charge_point_has_to_wait() -> None:
    limits = make_limits()
    assert fail(limits, "CP1", ATTACKER) == 3
    assert limits.begin("CP1", ATTACKER, 0.0) == 5.0
    assert limits.begin("CP1", ATTACKER, 4.0) == pytest.approx(1.0)
    assert limits.begin("CP1", ATTACKER, 5.0) is None
    assert limits.begin("CP1", ATTACKER, 5.0) == 5.0


def test_another_address_is_not_concerned() -> None:
    limits = make_limits()
    fail(limits, "CP1", ATTACKER)
    assert limits.begin("CP1", GENUINE, 0.0) is None


def test_an_address_that_fails_as_many_has_to_wait() -> None:
    limits = make_limits()
    names = [f"CP{number}" for number in range(30)]
    assert sum(limits.begin(name, ATTACKER, 0.0) is None for name in names) == 10
    assert limits.begin("CP99", ATTACKER, 0.0) == 5.0
    assert limits.probe(ATTACKER, 0.0) == 5.0
    assert limits.begin("CP99", GENUINE, 0.0) is None


def test_looking_for_names_counts_against_an_address() -> None:
    limits = make_limits()
    assert [limits.probe(ATTACKER, 0.0) for _ in range(11)] == [None] * 10 + [5.0]
    assert limits.begin("CP1", ATTACKER, 0.0) == 5.0
    assert limits.probe(GENUINE, 0.0) is None


def test_many_addresses_get_one_attempt_each_and_the_genuine_one_gets_its_own() -> None:
    limits = make_limits()
    attackers = [f"198.51.100.{number}" for number in range(100)]
    first = sum(fail(limits, "CP1", attacker) for attacker in attackers)
    assert first == 6 * 3 + 2 + 93  # 20 in all, and then one for each that has not failed yet
    assert limits.begin("CP1", GENUINE, 0.0) is None
    limits.succeed("CP1", GENUINE, 0.0)
    assert limits.begin("CP1", GENUINE, 0.0) is None


def test_success_clears_what_this_link_failed_and_no_more() -> None:
    limits = make_limits()
    limits.begin("CP1", GENUINE, 0.0)
    limits.begin("CP1", GENUINE, 0.0)
    limits.begin("CP1", GENUINE, 0.0)
    limits.succeed("CP1", GENUINE, 0.0)
    assert fail(limits, "CP1", GENUINE) == 3
    assert limits.begin("CP2", GENUINE, 0.0) is None


def test_what_came_to_no_verdict_costs_nothing() -> None:
    limits = make_limits()
    for _ in range(50):
        assert limits.begin("CP1", GENUINE, 0.0) is None
        limits.abandon("CP1", GENUINE, 0.0)
    assert fail(limits, "CP1", GENUINE) == 3


def test_what_is_kept_is_bounded_and_the_longest_unused_goes_first() -> None:
    buckets = Buckets(2, 5.0, 10)
    for number in range(1000):
        buckets.take(number, 0.0)
    assert len(buckets) == 10
    assert buckets.left(999, 0.0) == 1
    assert buckets.left(0, 0.0) == 2
    buckets.take(990, 0.0)
    buckets.take("new", 0.0)
    assert buckets.left(990, 0.0) == 0
    assert buckets.left(991, 0.0) == 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1:4711", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8:1:2:3::4]:80", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:ffff::]:1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("[fe80::1%eth0]:80", "fe80::/64"),
        ("loopback", "loopback"),
        (None, "?"),
    ],
)
def test_one_sender_is_an_address_or_an_ipv6_site(address: str | None, network: str) -> None:
    assert network_of(address) == network
