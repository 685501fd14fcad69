"""What a bridge counts and measures, for Prometheus. Needs the extra `metrics`.

No label comes from a peer's text: charge points are not told apart here (`ocpp16 bridge status`
does that), and an action or an outcome that is not known counts as `other`. So whoever may connect
cannot let the number of series grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import attrs
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ocpp16._version import __version__
from ocpp16.bridge import event as told
from ocpp16.bridge.totals import Totals
from ocpp16.catalog import ACTIONS
from ocpp16.errors import ErrorCode

PREFIX: Final = "ocpp16_bridge"
OTHER: Final = "other"
OUTCOMES: Final = frozenset(
    {"answered", "stored", "local", "repeated", "refused", "unanswered"}
    | {str(code) for code in ErrorCode}
)
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)
"""Seconds; a charge point waits about 30."""


@attrs.frozen(kw_only=True)
class Moment:
    """What is measured when the metrics are asked for."""

    online: int
    """Charge points that made a request lately."""
    upstream: int
    """Open connections to the backend."""
    writes: int
    """Works that wait to be written."""
    is_leader: bool
    now: datetime
    totals: Totals | None
    """None if the store cannot be read."""


class Metrics:
    """The metrics of one bridge: `tell` takes its events, `render` writes all down."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._state = _State()
        self._registry.register(self._state)
        self._exchanges = self._counter(
            "exchanges", "Calls that crossed, or were answered here.",
            "action", "direction", "outcome",
        )  # fmt: skip
        self._seconds = Histogram(
            f"{PREFIX}_exchange_seconds",
            "Time from a call to its answer.",
            ("action", "direction"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._plain = {
            kind: self._counter(name, about, "action") for kind, (name, about) in _BY_ACTION.items()
        }
        self._unknown = self._counter(
            "outcome_unknown", "Calls of which nobody knows whether they had an effect.",
            "action", "direction",
        )  # fmt: skip
        self._bare = {
            kind: self._counter(name, about) for kind, (name, about) in _WITHOUT_LABEL.items()
        }

    def tell(self, event: told.Event) -> None:
        """Count an event."""
        match event:
            case told.ExchangeCrossed():
                action, direction = _action(event.action), str(event.direction)
                outcome = event.outcome if event.outcome in OUTCOMES else OTHER
                self._exchanges.labels(action, direction, outcome).inc()
                self._seconds.labels(action, direction).observe(event.seconds)
            case told.OutcomeUnknown():
                self._unknown.labels(_action(event.action), str(event.direction)).inc()
            case _ if type(event) in self._bare:
                self._bare[type(event)].inc()
            case _ if type(event) in self._plain:
                self._plain[type(event)].labels(_action(getattr(event, "action", OTHER))).inc()
            case _:
                pass

    def render(self, moment: Moment) -> bytes:
        """Return all metrics as Prometheus reads them."""
        self._state.moment = moment
        return generate_latest(self._registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", about, labels, registry=self._registry)


_BY_ACTION: Final[dict[type, tuple[str, str]]] = {
    told.Stored: ("stored", "Messages that were committed before they were acknowledged."),
    told.Delivered: ("delivered", "Stored messages that the backend has answered."),
    told.Failed: ("failures", "Errors that the backend answered stored messages with."),
    told.DeadLettered: ("dead_letters", "Messages moved to the dead letters."),
    told.Held: ("held", "Messages parked for a person."),
    told.Released: ("released", "Messages put back by a person."),
    told.Discarded: ("discarded", "Messages done away with by a person."),
    told.Refused: ("refused", "Calls of charge points that the bridge refused by itself."),
    told.Repeated: ("duplicates", "Messages that came again and got the stored answer."),
    told.Altered: ("altered", "Messages cut or dropped in part, for the other wire."),
    told.LateAnswer: ("late_answers", "Answers that came after their time."),
}
_WITHOUT_LABEL: Final[dict[type, tuple[str, str]]] = {
    told.UpstreamOpened: ("upstream_opened", "Connections to the backend that were opened."),
    told.UpstreamFailed: ("upstream_failures", "Connections to the backend that failed to open."),
    told.StoreFailed: ("store_failures", "Writes that failed."),
    told.RelayFailed: ("relay_failures", "Relays that failed by our own fault, and began anew."),
}


def _action(name: str) -> str:
    return name if name in ACTIONS else OTHER


class _State(Collector):
    """What is true at a moment, in place of what has happened."""

    moment: Moment | None = None

    def collect(self) -> Iterator[Metric]:
        """Return the gauges."""
        info = GaugeMetricFamily(f"{PREFIX}_info", "The version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        moment = self.moment
        if moment is None:
            return
        yield _gauge("chargers_online", "Charge points that sent lately.", moment.online)
        yield _gauge("upstream_connections", "Open connections to the backend.", moment.upstream)
        yield _gauge("store_waiting", "Works that wait to be written.", moment.writes)
        yield _gauge("leader", "1 if this process leads the store.", moment.is_leader)
        totals = moment.totals
        yield _gauge("store_readable", "1 if the store can be read.", totals is not None)
        if totals is None:
            return
        age = 0.0 if totals.oldest is None else (moment.now - totals.oldest).total_seconds()
        yield _gauge("queue_depth", "Messages that wait for the backend.", totals.queued)
        yield _gauge("queue_depth_max", "The most of one charge point.", totals.deepest)
        yield _gauge("queue_age_seconds", "Age of the oldest that waits.", max(0.0, age))
        yield _gauge("held_messages", "Messages that wait for a person.", totals.held)
        yield _gauge("dead_letter_messages", "Dead letters in the store.", totals.dead)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", about, value=value)
