"""What a central system counts and measures, for Prometheus.

No label comes from a peer's text, so whoever may connect cannot let the number of series grow. Of
unusual activity, the few addresses and the few charge points that have most of it are named: those
that were let in and have booted, not those that were only claimed.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ocpp16._version import __version__
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.errors import CallFailed, ErrorCode
from ocpp16.messages import SecurityEventNotificationRequest
from ocpp16.roles.central_system import CentralSystem
from ocpp16.security.activity import Activity
from ocpp16.security_event import SecurityEvent
from ocpp16.store.database import Database

PREFIX: Final = "ocpp16_central"
WIRES: Final = ("ocppj", "ocpps")
CODES: Final = frozenset(map(str, ErrorCode))
OTHER: Final = "other"
TOP: Final = 10
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)
"""Seconds."""


class Metrics:
    """The metrics of one central system: `tell` takes what happens, `render` writes all down.

    Args:
        central: The central system.
        database: Its store.
        is_known: Tells whether an identity is that of a charge point that has booted here.
    """

    def __init__(
        self, central: CentralSystem, database: Database, *, is_known: Callable[[str], bool]
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_State(central, database))
        self._registry.register(_Unusual(central.activity, is_known))
        self._exchanges = Counter(
            f"{PREFIX}_exchanges",
            "Calls and what came of them.",
            ("action", "sender", "wire", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            f"{PREFIX}_exchange_seconds",
            "Time from a call to its answer.",
            ("sender",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._warnings = Counter(
            f"{PREFIX}_warnings", "Remarks that need attention.", registry=self._registry
        )
        self._security_events = Counter(
            f"{PREFIX}_security_events",
            "Security events that charge points told.",
            ("type",),
            registry=self._registry,
        )
        for kind in (*SecurityEvent, OTHER):
            # From the start, so that the first one is an increase.
            self._security_events.labels(str(kind))

    def tell(self, event: Exchange | Remark) -> None:
        """Count what has happened."""
        if isinstance(event, Exchange):
            sender = event.sender.name.lower()
            self._exchanges.labels(event.action, sender, event.wire, _outcome(event)).inc()
            self._seconds.labels(sender).observe(event.seconds)
            if isinstance(event.request, SecurityEventNotificationRequest):
                kind = event.request.type
                self._security_events.labels(kind if kind in set(SecurityEvent) else OTHER).inc()
        elif event.is_warning:
            self._warnings.inc()

    def render(self) -> bytes:
        """Return all metrics as Prometheus reads them."""
        return generate_latest(self._registry)


def _outcome(exchange: Exchange) -> str:
    if exchange.ok:
        return "answered"
    if isinstance(exchange.outcome, CallFailed):
        code = str(exchange.outcome.code)
        return code if code in CODES else "other"
    return "invalid"


class _Unusual(Collector):
    """What `CentralSystem.activity` has counted."""

    def __init__(self, activity: Activity, is_known: Callable[[str], bool]) -> None:
        self._activity = activity
        self._is_known = is_known

    def collect(self) -> Iterator[Metric]:
        """Return the counts."""
        name = "ocpp16_unusual_activity"
        total = CounterMetricFamily(name, "Unusual activity by kind.", labels=["kind"])
        by_address = GaugeMetricFamily(
            f"{name}_by_address",
            f"The {TOP} addresses with most of a kind since the start.",
            labels=["kind", "address"],
        )
        by_charge_point = GaugeMetricFamily(
            f"{name}_by_charge_point",
            f"The {TOP} charge points with most of a kind since the start.",
            labels=["kind", "charge_point"],
        )
        for kind, count in self._activity.totals.items():
            total.add_metric([str(kind)], count)
            for address, number in self._activity.top_networks(kind, TOP):
                by_address.add_metric([str(kind), address], number)
            top = self._activity.top_identities(kind, TOP, counts=self._is_known)
            for identity, number in top:
                by_charge_point.add_metric([str(kind), identity], number)
        yield from (total, by_address, by_charge_point)


class _State(Collector):
    """What is true at a moment, in place of what has happened."""

    def __init__(self, central: CentralSystem, database: Database) -> None:
        self._central = central
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Return the gauges."""
        info = GaugeMetricFamily(f"{PREFIX}_info", "The version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        connected = GaugeMetricFamily(
            f"{PREFIX}_connected", "Charge points that are connected.", labels=["wire"]
        )
        tally = Tally(peer.binding for peer in self._central.peers.values())
        for wire in WIRES:
            connected.add_metric([wire], tally[wire])
        yield connected
        yield GaugeMetricFamily(
            f"{PREFIX}_store_waiting",
            "Works that wait to be written.",
            value=self._database.waiting,
        )
