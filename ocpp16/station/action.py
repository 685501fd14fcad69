"""What a station wants done outside: messages, files, restarts. Values, without behaviour."""

from __future__ import annotations

from typing import Any, TypeAlias

import attrs

from ocpp16.enums import ResetType
from ocpp16.station import diagnostics, firmware
from ocpp16.structure import Request


@attrs.frozen
class Send:
    """A request is to be sent; what comes of it is told with its token."""

    token: int
    request: Request[Any]
    message_id: str | None = None
    """None is any new one; a message that is kept has one of its own."""
    timeout: int | None = None
    """Seconds; None is the usual."""


@attrs.frozen
class Restart:
    """The station is to restart (`Soft`: its software); then it boots again."""

    type: ResetType


@attrs.frozen
class Reconnect:
    """The link is to be closed and opened again, with what has changed."""

    why: str


@attrs.frozen
class Relink:
    """The connection is to be closed, and opened again with what is to be shown by now."""

    why: str


@attrs.frozen
class MakeRequest:
    """A key is to be made, and a certificate asked for: what came of it is told with the name."""

    name: str
    """The name of the key."""
    common_name: str
    organization: str


@attrs.frozen
class KeepKeys:
    """The keys of these names are needed, and no others."""

    names: frozenset[str]


@attrs.frozen
class PingEvery:
    """The WebSocket is to be pinged every so many seconds; 0 is never."""

    seconds: int


@attrs.frozen
class Refused:
    """Something could not be stored or done, and was not; for the log."""

    error: Exception


Job: TypeAlias = firmware.Download | firmware.Verify | firmware.Install | diagnostics.Upload
"""Something that takes a while; how it went is told to `maintenance`."""
Action: TypeAlias = (
    Restart
    | Reconnect
    | Relink
    | MakeRequest
    | KeepKeys
    | PingEvery
    | Refused
    | Job
    | firmware.Cancel
    | diagnostics.Cancel
)
