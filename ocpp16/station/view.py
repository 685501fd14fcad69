"""What a station at work shows of itself. Asks its rules, and changes nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from ocpp16.enums import CertificateUse, ChargePointStatus
from ocpp16.station.configuration import Configuration
from ocpp16.station.core import Core


class StationView(ABC):
    """The questions that a station answers."""

    @property
    @abstractmethod
    def core(self) -> Core:
        """The rules at work; another one after each restart."""

    @property
    def now(self) -> datetime:
        """The time of day, as the station knows it."""
        return self.core.now

    @property
    def configuration(self) -> Configuration:
        """Its configuration keys."""
        return self.core.configuration

    @property
    def is_accepted(self) -> bool:
        """Tell whether the central system has accepted it."""
        return self.core.is_accepted

    def status(self, connector: int) -> ChargePointStatus:
        """Return the status of a connector, or with 0 of the charge point."""
        return self.core.status(connector)

    def is_charging(self, connector: int) -> bool:
        """Tell whether a transaction runs on a connector."""
        return connector in self.core.charging.busy

    def transaction_id(self, connector: int) -> int | None:
        """Return the id of the transaction on a connector; None without one, or not told yet."""
        transaction = self.core.charging.bays[connector].transaction
        return None if transaction is None else self.core.parts.ledger.transaction_id(transaction)

    def is_awaited(self, connector: int) -> bool:
        """Tell whether somebody is authorized at a connector, and has to plug in."""
        return self.core.charging.bays[connector].waiting is not None

    def is_held(self, connector: int) -> bool:
        """Tell whether a cable stays locked until whoever was not let comes back (CE 3.5)."""
        return self.core.charging.bays[connector].held_for is not None

    def roots(self, use: CertificateUse) -> Sequence[str]:
        """Return the root certificates that are installed for a use, in PEM, the newest first."""
        certificates = self.core.certificates
        return () if certificates is None else certificates.pems(use)
