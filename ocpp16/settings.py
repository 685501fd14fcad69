"""Every limit, timer and choice of the library, in one object with documented defaults.

Knows numbers and their units; enforces none of them. Where a number comes from the standard, its
section stands beside it; the others are house rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum, unique
from ipaddress import IPv4Network, IPv6Network, ip_network
from types import MappingProxyType
from typing import Any, Literal

import attrs


@unique
class Leniency(StrEnum):
    """One fault of a peer's messages that a reader can be told to tolerate."""

    UNKNOWN_FIELDS = "unknown-fields"
    """Fields that OCPP 1.6 does not have are dropped."""
    NULL_AS_ABSENT = "null-as-absent"
    """A field that is null counts as absent."""
    NUMBER_STRINGS = "number-strings"
    """A number in quotes where a number is due, and a bare number where text is due."""
    OVER_LENGTH = "over-length"
    """A text longer than allowed is kept whole."""
    NAIVE_TIMESTAMPS = "naive-timestamps"
    """Any ISO 8601 form is read; without an offset it is taken as UTC."""
    UNKNOWN_ENUM = "unknown-enum"
    """A value that the enumeration does not have is kept as its text."""
    BAD_SAMPLED_VALUE = "bad-sampled-value"
    """A sampled value that breaks a rule is dropped, the others of its message are kept."""


STRICT: frozenset[Leniency] = frozenset()
_NO_PEERS: Mapping[str, frozenset[Leniency]] = MappingProxyType({})
_NO_ADDRESSES: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def _leniency(values: object) -> frozenset[Leniency]:
    if isinstance(values, (list, tuple, set, frozenset)):
        return frozenset(Leniency(value) for value in values)
    raise TypeError(f"leniency is {values!r}, not a set of {[kind.value for kind in Leniency]}")


def _peer_leniency(
    values: Mapping[str, Iterable[str]],
) -> Mapping[str, frozenset[Leniency]]:
    return MappingProxyType(
        {identity: _leniency(tolerated) for identity, tolerated in values.items()}
    )


_LEAST = {
    "handlers": 1,
    "handler_threads": 1,
    "handshakes": 1,
    "connections": 1,
    "message_limit": 1,
    "unsent_limit": 1,
    "missed_pongs": 1,
    "event_queue": 1,
    "failed_logins": 1,
    "failed_logins_address": 1,
    "failed_logins_identity": 1,
    "login_records": 1,
    "login_threads": 1,
    "logins_waiting": 1,
    "log_line": 100,
}
"""Numbers that make no sense below this; the others may be 0."""
_CHOICES = {
    "subprotocol_mismatch": ("close", "refuse"),
    "slash_in_identity": ("accept", "refuse"),
}


def _fault_of(field: attrs.Attribute[Any], value: object) -> str | None:
    """Return what is wrong with the value of a setting, None if nothing is."""
    # The default says what a setting is; those with a converter have been checked by it.
    if field.converter is not None:
        return None
    if field.name in _CHOICES:
        choices = _CHOICES[field.name]
        return None if value in choices else f"is none of {', '.join(choices)}"
    if isinstance(field.default, timedelta):
        if value is None and "None" in str(field.type):
            return None
        fits = isinstance(value, timedelta) and value >= timedelta(0)
        return None if fits else "is no timedelta of at least 0"
    least = _LEAST.get(field.name, 0)
    fits = type(value) is int and value >= least
    return None if fits else f"is no whole number of at least {least}"


def _networks(values: object) -> tuple[IPv4Network | IPv6Network, ...]:
    if isinstance(values, (list, tuple, set, frozenset)):
        return tuple(ip_network(value) for value in values)
    raise TypeError(f"callback_networks is {values!r}, not a list of networks")


def _addresses(values: Mapping[str, str | Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType(
        {
            identity: (listed,) if isinstance(listed, str) else tuple(listed)
            for identity, listed in values.items()
        }
    )


@attrs.frozen(kw_only=True)
class Settings:
    """Limits, timers and choices of a role; durations are `timedelta`, sizes are bytes.

    >>> from datetime import timedelta
    >>> from ocpp16 import Leniency, Settings
    >>> settings = Settings(
    ...     call_timeout=timedelta(seconds=10),
    ...     peer_leniency={"OLD-1": ["unknown-fields"]},
    ... )
    >>> settings.leniency_for("OLD-1")
    frozenset({<Leniency.UNKNOWN_FIELDS: 'unknown-fields'>})

    Raises:
        ValueError: A value is none that the setting can have.
        TypeError: Likewise.
    """

    # Exchange
    call_timeout: timedelta = timedelta(seconds=30)
    """How long our own call waits for its answer, its time in the queue included."""
    call_queue: int = 64
    """How many of our own calls may wait for one peer; one more fails at once."""
    handlers: int = 16
    """How many handlers run at once for one peer; further calls wait."""
    handler_timeout: timedelta = timedelta(seconds=25)
    """After this a handler is cancelled and its call answered InternalError."""
    handler_threads: int = 64
    """How many threads of a role run handlers and hooks that are no coroutine functions, for all
    peers together; further ones wait, and their wait is part of `handler_timeout`."""
    waiting_calls: int = 1024
    """How many calls of one peer may wait for a handler; one more is answered GenericError."""
    waiting_bytes: int = 4 * 1024 * 1024
    """How large the waiting calls of one peer may be in all."""
    answers: int = 64
    """How many answers to transaction messages are remembered for one identity."""
    answer_bytes: int = 256 * 1024
    """How large the remembered answers of one identity may be in all."""
    late_answers: int = 64
    """How many calls that timed out are remembered, to know a late answer."""

    # Reading
    leniency: frozenset[Leniency] = attrs.field(default=STRICT, converter=_leniency)
    """What is tolerated in messages of every peer."""
    peer_leniency: Mapping[str, frozenset[Leniency]] = attrs.field(
        default=_NO_PEERS, converter=_peer_leniency
    )
    """What is tolerated in messages of single peers, by identity; replaces `leniency` for them."""
    message_limit: int = 128 * 1024
    """Largest message, either way. Over it a WebSocket is closed with 1009, HTTP is answered 413; a
    call of ours is InvalidMessage, and an answer of ours becomes InternalError."""

    # Connections
    handshake_timeout: timedelta = timedelta(seconds=10)
    """How long a peer may take to open a connection, and we to be let in."""
    close_timeout: timedelta = timedelta(seconds=2)
    """How long a peer may take to agree to a close; then the connection is cut."""
    connections: int = 10_000
    """How many connections a central system serves, over all its servers. A charge point that
    connects again while it counts as connected is let in all the same. For SOAP, and for each
    server, the limit is one of its own: whoever was silent longest makes room. An HTTP server has
    as many TCP connections, and whoever keeps it waiting for a request longest makes room."""
    handshakes: int = 1000
    """How many connections of a server may be in the midst of opening. One more cuts the oldest of
    those that have not sent their request, or else the oldest of all."""
    unsent_limit: int = 1024 * 1024
    """A peer that leaves more than this unread is closed."""
    ping_interval: timedelta | None = timedelta(seconds=20)
    """How often the server pings; None is never."""
    client_ping_interval: timedelta | None = timedelta(seconds=60)
    """How often a charge point pings, so that it learns of a connection that died in silence; None
    or 0 is never. `Backend.ping_every` changes it while it runs (`WebSocketPingInterval`)."""
    missed_pongs: int = 2
    """How many pings in a row may stay unanswered before the connection is closed."""
    subprotocol_mismatch: Literal["close", "refuse"] = "close"
    """Without a common subprotocol, finish the handshake and close (J 3.2), or answer HTTP 400."""
    slash_in_identity: Literal["accept", "refuse"] = "accept"
    """An encoded `/` in an identity is data; or answer 404."""
    reconnect_wait: timedelta = timedelta(seconds=1)
    """Least wait of a charge point before it connects again."""
    reconnect_bound: timedelta = timedelta(seconds=300)
    """The random part of that wait is below a bound that doubles up to this."""
    boot_retry: timedelta = timedelta(seconds=30)
    """Wait before the next BootNotification where the central system names none (interval 0)."""
    drain_timeout: timedelta = timedelta(seconds=10)
    """How long running handlers get when a server stops."""

    # Authentication
    failed_logins: int = 10
    """How often one address may fail to authenticate as one charge point before it has to wait
    (HTTP 429). Who is connected stays so, and a password that was right before is right."""
    failed_logins_address: int = 100
    """How often one address (for IPv6, one /64 network) may fail in all; looking for identities
    that do not exist counts."""
    failed_logins_identity: int = 100
    """How often anybody may fail as one charge point; then an address that has failed as it before
    has to wait, and any other one may still try once."""
    failed_login_wait: timedelta = timedelta(seconds=5)
    """After so long each of them may fail once more."""
    login_records: int = 10_000
    """How many failures of each kind are kept, how many passwords that were right are known again
    without a slow hash, and how many charge points and addresses activity is counted for."""
    login_threads: int = 2
    """How many passwords are hashed at once, in threads."""
    logins_waiting: int = 500
    """How many passwords may be hashed or wait for it; one more is answered HTTP 503."""

    # SOAP
    callback_networks: tuple[IPv4Network | IPv6Network, ...] = attrs.field(
        default=(), converter=_networks
    )
    """Private and loopback networks (`10.0.0.0/8`) where charge points may be called; there,
    BootNotification and Heartbeat may name another port, too. A charge point has to send from the
    address that it names all the same."""
    callback_addresses: Mapping[str, tuple[str, ...]] = attrs.field(
        default=_NO_ADDRESSES, converter=_addresses
    )
    """Where single charge points are called, by identity: whatever they name, it is one of these,
    the first unless they name another. For names, and for charge points behind a gateway."""
    soap_connect_timeout: timedelta = timedelta(seconds=5)
    """How long the peer may take to accept a TCP connection for a call of ours."""
    soap_call_timeout: timedelta = timedelta(seconds=30)
    """How long the HTTP exchange of a call of ours may take in all."""
    soap_body_timeout: timedelta = timedelta(seconds=10)
    """How long a client may take to send the head of a request, and then its body."""
    soap_idle: timedelta | None = timedelta(hours=25)
    """After this without a request a charge point counts as offline, until its next one; None is
    never. It cannot be called then, so this should be longer than its heartbeat interval."""
    header_count: int = 64
    """How many header fields an HTTP request may have; over it the answer is 431."""
    header_size: int = 8 * 1024
    """How large a header field may be, and its name with it; over it the answer is 431."""

    # Observing
    event_queue: int = 1024
    """How many events wait for a reader of `events()`; then the oldest are dropped and counted."""
    event_bytes: int = 4 * 1024 * 1024
    """How large the frames among them may be in all; then likewise."""
    log_line: int = 2048
    """Longest log line, in characters."""

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Settings):
            value = getattr(self, field.name)
            fault = _fault_of(field, value)
            if fault is not None:
                raise ValueError(f"Settings.{field.name}: {value!r} {fault}")

    def leniency_for(self, identity: str) -> frozenset[Leniency]:
        """Return what is tolerated in messages of a charge point."""
        return self.peer_leniency.get(identity, self.leniency)
