"""The SOAP binding of a connection whose addresses can change while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from ocpp16.bindings.ocpps import OcppS
from ocpp16.envelope import Call, Envelope, PeerInfo
from ocpp16.spec import Side


@attrs.frozen(kw_only=True)
class LiveOcppS(OcppS):
    """A binding that writes the addresses of the moment into the headers of our calls."""

    peer: Callable[[], PeerInfo]

    def frame(self, envelope: Envelope[Any]) -> bytes:
        """Write one envelope."""
        if not isinstance(envelope, Call):
            return super().frame(envelope)
        info = self.peer()
        here, there = info.url, info.callback
        if self.side is Side.CHARGE_POINT:
            here, there = there, here
        return OcppS(side=self.side, identity=self.identity, from_address=here, to=there).frame(
            envelope
        )
