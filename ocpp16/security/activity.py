"""Unusual activity, counted: what happened how often, in all, by charge point and by address.

The counters can be exported as metrics, and only totals by kind should be: names and addresses are
a stranger's to choose, so the tables by them are bounded: what was quiet for longest goes first.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum, unique
from types import MappingProxyType

import attrs

from ocpp16.security.limits import network_of
from ocpp16.security_event import SecurityEvent


@unique
class UnusualActivity(StrEnum):
    """A kind of activity that a charge point that is well does not show."""

    FAILED_AUTHENTICATION = "failed-authentication"
    """A charge point was not let in: no or wrong credentials, an unknown identity, a wrong
    profile, or too many failures before."""
    FAILED_TLS = "failed-tls"
    """A TLS link could not be: certificate, version, suite, or no TLS at all."""
    REPLACED_CONNECTION = "replaced-connection"
    """A charge point connected while it was connected."""
    INVALID_MESSAGE = "invalid-message"
    """A message was refused for its form, or could not even be answered."""
    FOREIGN_TRANSACTION = "foreign-transaction"
    """A charge point spoke of a transaction that is not its own."""
    REUSED_ID = "reused-id"
    """A message came with the id of an earlier one."""
    LIMIT_HIT = "limit-hit"
    """A limit of `Settings` was reached."""


@attrs.frozen(kw_only=True)
class Trouble:
    """Something that went wrong where a peer has no name yet, or none that is proven."""

    activity: UnusualActivity
    reason: str
    address: str | None
    identity: str | None = None
    event: SecurityEvent | None = None
    """What kind of security event it is, if it is one."""


class Activity:
    """Counts unusual activity.

    Args:
        records: How many charge points, and how many addresses, are kept.
    """

    def __init__(self, records: int = 10_000) -> None:
        self._records = records
        self._totals: Counter[UnusualActivity] = Counter()
        self._identities: dict[str, Counter[UnusualActivity]] = {}
        self._networks: dict[str, Counter[UnusualActivity]] = {}

    def count(
        self, activity: UnusualActivity, *, identity: str | None = None, address: str | None = None
    ) -> None:
        """Count one case.

        Args:
            activity: What happened.
            identity: The charge point, as far as it is known or claimed.
            address: Where it came from, with or without port.
        """
        self._totals[activity] += 1
        if identity is not None:
            self._add(self._identities, identity, activity)
        if address is not None:
            self._add(self._networks, network_of(address), activity)

    @property
    def totals(self) -> Mapping[UnusualActivity, int]:
        """How often each kind happened since the start; every kind is there."""
        return MappingProxyType({kind: self._totals[kind] for kind in UnusualActivity})

    def of(self, identity: str) -> Mapping[UnusualActivity, int]:
        """Return how often each kind happened to a charge point, as far as that is kept."""
        return MappingProxyType(dict(self._identities.get(identity, {})))

    def at(self, address: str) -> Mapping[UnusualActivity, int]:
        """Return how often each kind came from an address, as far as that is kept."""
        return MappingProxyType(dict(self._networks.get(network_of(address), {})))

    def top_identities(
        self,
        activity: UnusualActivity,
        limit: int = 10,
        *,
        counts: Callable[[str], bool] = lambda identity: True,
    ) -> list[tuple[str, int]]:
        """Return the charge points with most of a kind, and how often.

        Args:
            activity: The kind.
            limit: How many.
            counts: Which of them count: a stranger may claim to be any.
        """
        return _top(self._identities, activity, limit, counts)

    def top_networks(self, activity: UnusualActivity, limit: int = 10) -> list[tuple[str, int]]:
        """Return the addresses (for IPv6 the /64 networks) with most of a kind, and how often."""
        return _top(self._networks, activity, limit, lambda network: True)

    def exposition(self) -> str:
        """Return the totals in the text format of Prometheus."""
        name = "ocpp16_unusual_activity_total"
        lines = [f"# HELP {name} Unusual activity by kind.", f"# TYPE {name} counter"]
        lines += [f'{name}{{kind="{kind}"}} {count}' for kind, count in self.totals.items()]
        return "\n".join(lines) + "\n"

    def _add(
        self, table: dict[str, Counter[UnusualActivity]], key: str, activity: UnusualActivity
    ) -> None:
        # Moved to the end, so that the first is the one that nothing was heard of for longest.
        counts = table.pop(key, None) or Counter()
        counts[activity] += 1
        table[key] = counts
        if len(table) > self._records:
            del table[next(iter(table))]


def _top(
    table: dict[str, Counter[UnusualActivity]],
    activity: UnusualActivity,
    limit: int,
    counts: Callable[[str], bool],
) -> list[tuple[str, int]]:
    found = ((key, each[activity]) for key, each in table.items() if each[activity] and counts(key))
    return heapq.nsmallest(limit, found, key=lambda item: (-item[1], item[0]))
