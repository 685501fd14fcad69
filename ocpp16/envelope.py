"""What stands around a payload on any wire: call, call result, call error; and who the peer is.

A payload is opaque here: its binding's codec alone can read it. Spec: J 4.2, S 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeAlias, TypeVar

import attrs

from ocpp16.errors import NO_DETAILS, ErrorCode
from ocpp16.spec import Side

PayloadT = TypeVar("PayloadT")


@attrs.frozen
class Call(Generic[PayloadT]):
    """A request on its way."""

    id: str
    action: str
    payload: PayloadT


@attrs.frozen
class CallResult(Generic[PayloadT]):
    """A response on its way. `action` is known on SOAP, where the message itself carries it."""

    id: str
    payload: PayloadT
    action: str | None = None


@attrs.frozen
class CallError:
    """An error on its way; `code` is text where the peer's code is none that we know."""

    id: str
    code: ErrorCode | str
    description: str = ""
    details: Mapping[str, object] = NO_DETAILS
    action: str | None = None


Envelope: TypeAlias = Call[PayloadT] | CallResult[PayloadT] | CallError


@attrs.frozen(kw_only=True)
class PeerInfo:
    """What is known of a peer when it is let in; all of it is checked before the first message."""

    identity: str
    """The charge point's identity, whichever side the peer is (URL path, or SOAP header)."""
    side: Side
    """Which side the peer is."""
    binding: str
    """`ocppj` or `ocpps`."""
    address: str | None = None
    """Its network address, `host:port`."""
    url: str | None = None
    """The URL it asked for, or that we connected to."""
    callback: str | None = None
    """Where a SOAP charge point listens. An admission that sets it has decided where it is called,
    whatever it names itself."""
    user_agent: str | None = None
    """What it says of its software; untrusted text."""
    security_profile: int = 0
    """0 none, 1 Basic, 2 TLS and Basic, 3 TLS and client certificate."""
    serial_number: str | None = None
    """The charge point's serial number, as its client certificate names it (profile 3)."""
