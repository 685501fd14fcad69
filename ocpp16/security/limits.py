"""How often authentication may fail: by charge point and address, by address, by charge point.

Each is a bucket of failures that fills up again with time. Guessing gets slow, while a genuine
charge point is never locked out for long: one address that is out of attempts costs no other
address anything, and an address that has not failed yet as this charge point always has one
attempt. What is kept is bounded; the longest unused goes first. Pure: time comes in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import attrs

UNKNOWN_NETWORK: Final = "?"


def network_of(address: str | None) -> str:
    """Return what counts as one sender: an IPv4 address, or the 64 bits that one IPv6 site has."""
    if address is None:
        return UNKNOWN_NETWORK
    found = _parse(address) or _parse(address.rpartition(":")[0].strip("[]"))
    if found is None:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)


def _parse(host: str) -> IPv4Address | IPv6Address | None:
    try:
        # A zone says by which interface of ours; it is the same sender.
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


@attrs.define
class _Bucket:
    left: float
    since: float


class Buckets:
    """Attempts that are left, by key.

    Args:
        size: How many attempts there are at first.
        seconds: Time after which one more is there.
        records: How many keys are kept.
    """

    def __init__(self, size: int, seconds: float, records: int) -> None:
        self._size = size
        self._seconds = seconds
        self._records = records
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def left(self, key: Hashable, now: float) -> float:
        """Return how many attempts are left."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return self._size
        gained = (now - bucket.since) / self._seconds if self._seconds else self._size
        return min(self._size, bucket.left + gained)

    def wait(self, key: Hashable, now: float) -> float:
        """Return the seconds until there is an attempt again."""
        return max(0.0, (1 - self.left(key, now)) * self._seconds)

    def is_fresh(self, key: Hashable, now: float) -> bool:
        """Tell whether all attempts are there."""
        return self.left(key, now) >= self._size

    def take(self, key: Hashable, now: float) -> None:
        """Take one attempt away."""
        left = self.left(key, now)
        self._buckets.pop(key, None)
        self._buckets[key] = _Bucket(max(0.0, left - 1), now)
        if len(self._buckets) > self._records:
            self._buckets.popitem(last=False)

    def give_back(self, key: Hashable, now: float) -> None:
        """Give one attempt back."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.left, bucket.since = min(self._size, self.left(key, now) + 1), now

    def forget(self, key: Hashable) -> None:
        """Let all attempts be there again."""
        self._buckets.pop(key, None)


class LoginLimits:
    """How many more times a login may fail.

    Args:
        per_link: Failures of one address as one charge point.
        per_address: Failures of one address.
        per_identity: Failures as one charge point.
        seconds: Time after which each of them may fail once more.
        records: How many of each are kept.
    """

    def __init__(
        self, *, per_link: int, per_address: int, per_identity: int, seconds: float, records: int
    ) -> None:
        self._links = Buckets(per_link, seconds, records)
        self._addresses = Buckets(per_address, seconds, records)
        self._identities = Buckets(per_identity, seconds, records)

    def begin(self, identity: str, network: str, now: float) -> float | None:
        """Take an attempt for a login that begins.

        Returns:
            None if it may go on, else the seconds until another one may begin.
        """
        link = (identity, network)
        waits = [self._links.wait(link, now), self._addresses.wait(network, now)]
        if not self._links.is_fresh(link, now):
            waits.append(self._identities.wait(identity, now))
        longest = max(waits)
        if longest > 0:
            return longest
        self._links.take(link, now)
        self._addresses.take(network, now)
        self._identities.take(identity, now)
        return None

    def succeed(self, identity: str, network: str, now: float) -> None:
        """Take it that a login that has begun is genuine."""
        self._links.forget((identity, network))
        self._addresses.give_back(network, now)
        self._identities.give_back(identity, now)

    def abandon(self, identity: str, network: str, now: float) -> None:
        """Take it that a login that has begun came to no verdict."""
        self._links.give_back((identity, network), now)
        self._addresses.give_back(network, now)
        self._identities.give_back(identity, now)

    def probe(self, network: str, now: float) -> float | None:
        """Count a look for identities that exist against its address; see `begin`."""
        wait = self._addresses.wait(network, now)
        if wait > 0:
            return wait
        self._addresses.take(network, now)
        return None
