"""The settings of the bridge and of single charge points on it, checked when they are made.

Each field carries its kind, its text for people, and how a command line names it, so that flags,
environment variables, file keys and the reference have one source. Reading them from those places
is not here. Durations are `timedelta`. House rules: "Bridge".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum, unique
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

import attrs

from ocpp16.bridge.setting import (
    ADDRESS,
    CALLBACK,
    DAY,
    LENIENCY,
    NETWORKS,
    PATH,
    STORE,
    SWITCH,
    UPSTREAM,
    as_address,
    as_listening_url,
    as_networks,
    as_optional_words,
    as_words,
    check_fields,
    choice,
    described,
    duration,
    listening_url,
    number,
    optional,
    text_of,
    whole,
)
from ocpp16.settings import STRICT, Leniency, Settings
from ocpp16.transports.identity import check_identity

KEY_LENGTH: Final = 64
"""Longest authorization key in bytes; the standard has 16 to 20, backends have passwords too."""


@unique
class OfflineStart(StrEnum):
    """What a StartTransaction is answered while the backend cannot be reached."""

    REFUSE = "refuse"
    """A fault, so that the charge point keeps it and tries again."""
    LOCAL_ID = "local-id"
    """A transaction id of ours, which is mapped to the backend's once there is one."""


@unique
class Delivery(StrEnum):
    """What becomes of a message whose delivery upstream has an unknown outcome."""

    AT_LEAST_ONCE = "at-least-once"
    """It is sent again, with the same message id."""
    HOLD = "hold"
    """It is parked for a person to decide; the queue goes on."""


@unique
class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


@unique
class LogLevel(StrEnum):
    """What is logged: lines of this level and of those that come after it."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@attrs.frozen(kw_only=True)
class ChargerSettings:
    """What the bridge has to know of one charge point. What is None is as for all of them.

    Raises:
        ValueError: A value is none that the setting can have.
    """

    authorization_key: bytes | None = attrs.field(default=None, repr=False)
    """What the charge point is let in with upstream: the password of HTTP Basic, whose user is the
    identity. 1 to 64 bytes; the standard's key has 16 to 20. None sends no credentials."""
    client_certificate: Path | None = attrs.field(
        default=None,
        metadata=described(optional(PATH), "PEM file of the client certificate shown upstream."),
    )
    client_key: Path | None = attrs.field(
        default=None, metadata=described(optional(PATH), "PEM file of its private key.")
    )
    callback_address: str | None = attrs.field(
        default=None,
        metadata=described(
            optional(CALLBACK),
            "Where it is called, whatever its From says; for names, NAT and gateways.",
        ),
    )
    upstream: str | None = attrs.field(
        default=None,
        metadata=described(optional(UPSTREAM), "Its backend, without the identity."),
    )
    leniency: frozenset[Leniency] | None = attrs.field(
        default=None,
        converter=as_optional_words,
        metadata=described(optional(LENIENCY), "What is tolerated in its messages."),
    )
    offline_start: OfflineStart | None = attrs.field(
        default=None,
        metadata=described(
            optional(choice(OfflineStart)),
            "What its StartTransaction is answered while the backend is away.",
        ),
    )
    delivery: Delivery | None = attrs.field(
        default=None,
        metadata=described(
            optional(choice(Delivery)),
            "What becomes of its messages whose delivery has an unknown outcome.",
        ),
    )

    def __attrs_post_init__(self) -> None:
        check_fields(self, "ChargerSettings")
        key = self.authorization_key
        if key is not None and not _is_key(key):
            # Its value is in no error.
            raise ValueError(f"ChargerSettings.authorization_key: is not 1 to {KEY_LENGTH} bytes")
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError(
                "ChargerSettings.client_key: goes with client_certificate, and that with it"
            )


def _is_key(value: object) -> bool:
    return isinstance(value, bytes) and 1 <= len(value) <= KEY_LENGTH


_AS_ALL: Final = ChargerSettings()


_ROLE_DEFAULTS: Final = Settings()


def _frozen_mapping(
    chargers: Mapping[str, ChargerSettings],
) -> Mapping[str, ChargerSettings]:
    return MappingProxyType(dict(chargers))


RULED_BY_THE_BRIDGE: Final = {
    "leniency": "leniency",
    "peer_leniency": "chargers",
    "callback_networks": "callback_networks",
    "callback_addresses": "chargers",
    "call_timeout": "upstream_timeout",
    "soap_call_timeout": "call_timeout",
    "soap_idle": "silent_after",
    "drain_timeout": "drain_timeout",
}
"""Settings of the roles that the bridge sets by its own, and by which."""


@attrs.frozen(kw_only=True)
class BridgeSettings:
    """How a bridge runs: where, for whom, and by which of the rules that leave a choice.

    Raises:
        ValueError: A value is none that the setting can have; the text names it.
    """

    soap: str = attrs.field(
        converter=as_listening_url,
        metadata=described(
            text_of("HOST:PORT[/PATH]", listening_url),
            "Where charge points send their SOAP requests; the path is /ocpp unless given.",
            flag="--soap",
            metavar="HOST:PORT[/PATH]",
        ),
    )
    upstream: str = attrs.field(
        metadata=described(
            UPSTREAM,
            "Backend, without the identity, which is appended.",
            flag="--upstream",
            metavar="URL",
        )
    )
    store: str = attrs.field(
        default="sqlite:///bridge.db",
        repr=False,
        metadata=described(
            STORE,
            "Where messages are kept: sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE.",
            flag="--store",
            metavar="URL",
            is_secret=True,
        ),
    )
    open: bool = attrs.field(
        default=False,
        metadata=described(
            SWITCH,
            "Let any charge point in, not those of [chargers] only.",
            flag="--open",
        ),
    )
    chargers: Mapping[str, ChargerSettings] = attrs.field(factory=dict, converter=_frozen_mapping)
    """The charge points that may come, by identity, with their settings."""
    offline_start: OfflineStart = attrs.field(
        default=OfflineStart.REFUSE,
        metadata=described(
            choice(OfflineStart),
            "What StartTransaction is answered while the backend is away: a fault, or a transaction"
            " id of the bridge that is mapped later.",
            flag="--offline-start",
            metavar="WORD",
        ),
    )
    delivery: Delivery = attrs.field(
        default=Delivery.AT_LEAST_ONCE,
        metadata=described(
            choice(Delivery),
            "What becomes of a message whose delivery has an unknown outcome: sent again with the"
            " same id, or held for a person.",
            flag="--delivery",
            metavar="WORD",
        ),
    )
    queue_limit: int = attrs.field(
        default=10_000,
        metadata=described(
            whole(1),
            "Messages of one charge point that may wait for the backend; then it has to keep them.",
            flag="--queue-limit",
            metavar="NUMBER",
        ),
    )
    attempts: int = attrs.field(
        default=3,
        metadata=described(
            whole(1, 1000),
            "How often a message is sent that the backend answers with an error, before it moves to"
            " the dead letters.",
            flag="--attempts",
            metavar="NUMBER",
        ),
    )
    retry_interval: timedelta = attrs.field(
        default=timedelta(seconds=60),
        metadata=described(
            duration(),
            "Seconds before such a message is sent again, times the transmissions so far.",
            flag="--retry-interval",
            metavar="SECONDS",
        ),
    )
    call_timeout: timedelta = attrs.field(
        default=timedelta(seconds=20),
        metadata=described(
            duration(0.1, 28),
            "Seconds that a call of the backend may take at a charge point. Below 28, for the"
            " backend waits 30.",
            flag="--call-timeout",
            metavar="SECONDS",
        ),
    )
    upstream_timeout: timedelta = attrs.field(
        default=timedelta(seconds=30),
        metadata=described(
            duration(0.1, 600),
            "Seconds that the backend may take to answer a message.",
            flag="--upstream-timeout",
            metavar="SECONDS",
        ),
    )
    silent_after: float = attrs.field(
        default=2.5,
        metadata=described(
            number(1.0, 1000.0),
            "Heartbeat intervals without a request after which a charge point counts as offline,"
            " and its connection upstream is closed.",
            flag="--silent-after",
            metavar="NUMBER",
        ),
    )
    reconnects_per_second: float = attrs.field(
        default=50.0,
        metadata=described(
            number(0.1, 10_000.0),
            "Connections to the backend that are opened in a second at most, over all charge"
            " points.",
            flag="--reconnects-per-second",
            metavar="NUMBER",
        ),
    )
    callback_networks: tuple[IPv4Network | IPv6Network, ...] = attrs.field(
        default=(),
        converter=as_networks,
        metadata=described(
            NETWORKS,
            "Private and loopback networks where charge points may be called.",
            flag="--callback-allow",
            metavar="CIDR",
        ),
    )
    relay_prefix: str | None = attrs.field(
        default=None,
        metadata=described(
            optional(CALLBACK),
            "Where charge points behind NAT are called: the URL of a gateway, to which the identity"
            " is appended, percent-encoded. A callback_address of a charge point goes first.",
            flag="--relay-prefix",
            metavar="URL",
        ),
    )
    upstream_roots: Path | None = attrs.field(
        default=None,
        metadata=described(
            optional(PATH),
            "Roots (PEM) that the backend's certificate is traced to; those of the machine unless"
            " given.",
            flag="--upstream-roots",
            metavar="FILE",
        ),
    )
    leniency: frozenset[Leniency] = attrs.field(
        default=STRICT,
        converter=as_words,
        metadata=described(
            LENIENCY,
            f"What is tolerated in messages of charge points: {', '.join(Leniency)}.",
            flag="--leniency",
            metavar="WORD",
        ),
    )
    upstream_leniency: frozenset[Leniency] = attrs.field(
        default=STRICT,
        converter=as_words,
        metadata=described(
            LENIENCY,
            "What is tolerated in messages of the backend.",
            flag="--upstream-leniency",
            metavar="WORD",
        ),
    )
    retention: timedelta = attrs.field(
        default=timedelta(days=30),
        metadata=described(
            duration(3600, 3660 * DAY),
            "Seconds that delivered messages and their answers are kept, to know repeats.",
            flag="--retention",
            metavar="SECONDS",
        ),
    )
    drain_timeout: timedelta = attrs.field(
        default=timedelta(seconds=10),
        metadata=described(
            duration(0, 600),
            "Seconds that requests in work and waiting messages get when the bridge stops.",
            flag="--drain-timeout",
            metavar="SECONDS",
        ),
    )
    metrics: str | None = attrs.field(
        default=None,
        converter=as_address,
        metadata=described(
            optional(ADDRESS),
            "Where /metrics, /healthz and /readyz are served; a port alone is on this machine.",
            flag="--metrics",
            metavar="[HOST:]PORT",
        ),
    )
    log_format: LogFormat = attrs.field(
        default=LogFormat.TEXT,
        metadata=described(
            choice(LogFormat),
            "How log lines are written to standard error.",
            flag="--log-format",
            metavar="WORD",
        ),
    )
    log_level: LogLevel = attrs.field(
        default=LogLevel.INFO,
        metadata=described(
            choice(LogLevel),
            "What is logged: each exchange is a line of level info.",
            flag="--log-level",
            metavar="WORD",
        ),
    )
    protocol: Settings = attrs.field(factory=Settings)
    """Limits and timers of the two roles that the bridge plays; those that stand here as well are
    set here."""

    def __attrs_post_init__(self) -> None:
        check_fields(self, "BridgeSettings")
        self._check_chargers()
        if not isinstance(self.protocol, Settings):
            raise TypeError(f"BridgeSettings.protocol: {self.protocol!r} is no ocpp16.Settings")
        for name, ours in RULED_BY_THE_BRIDGE.items():
            if getattr(self.protocol, name) != getattr(_ROLE_DEFAULTS, name):
                raise ValueError(
                    f"BridgeSettings.protocol: {name} is ruled by BridgeSettings.{ours}"
                )

    def _check_chargers(self) -> None:
        for identity, charger in self.chargers.items():
            place = f"BridgeSettings.chargers[{identity!r}]"
            try:
                check_identity(identity)
            except ValueError as error:
                raise ValueError(f"{place}: {error}") from None
            if not isinstance(charger, ChargerSettings):
                raise TypeError(f"{place}: {charger!r} is no ChargerSettings")
            if charger.authorization_key is not None and ":" in identity:
                raise ValueError(f"{place}: an identity with ':' cannot be used with Basic")

    # For the bridge

    def is_known(self, identity: str) -> bool:
        """Tell whether a charge point may come."""
        return self.open or identity in self.chargers

    def charger(self, identity: str) -> ChargerSettings:
        """Return the settings of a charge point, as far as it has its own."""
        return self.chargers.get(identity, _AS_ALL)

    def upstream_for(self, identity: str) -> str:
        """Return the backend of a charge point, without the identity."""
        return self.charger(identity).upstream or self.upstream

    def leniency_for(self, identity: str) -> frozenset[Leniency]:
        """Return what is tolerated in messages of a charge point."""
        own = self.charger(identity).leniency
        return self.leniency if own is None else own

    def offline_start_for(self, identity: str) -> OfflineStart:
        """Return what StartTransaction of a charge point is answered while the backend is away."""
        return self.charger(identity).offline_start or self.offline_start

    def delivery_for(self, identity: str) -> Delivery:
        """Return what becomes of a charge point's messages whose outcome is unknown."""
        return self.charger(identity).delivery or self.delivery

    def callback_for(self, identity: str) -> str | None:
        """Return where a charge point is called whatever its From says; None goes by From."""
        own = self.charger(identity).callback_address
        if own is not None or self.relay_prefix is None:
            return own
        return f"{self.relay_prefix.rstrip('/')}/{quote(identity, safe='')}"
