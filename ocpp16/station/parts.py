"""The parts of one station, side by side. Holds them and does nothing."""

from __future__ import annotations

import attrs

from ocpp16.station.authorization import Authorizer
from ocpp16.station.availability import Availability
from ocpp16.station.certificates import Certificates
from ocpp16.station.charging import Charging
from ocpp16.station.context import Context
from ocpp16.station.data_transfer import DataTransfers
from ocpp16.station.ledger import Ledger
from ocpp16.station.local_list import LocalList
from ocpp16.station.maintenance import Maintenance
from ocpp16.station.metering import Metering
from ocpp16.station.power import Power
from ocpp16.station.reader import Reader
from ocpp16.station.reservation import Reservations
from ocpp16.station.security import Security
from ocpp16.station.status_board import StatusBoard


@attrs.frozen(kw_only=True)
class Parts:
    """What a station consists of."""

    context: Context
    board: StatusBoard
    ledger: Ledger
    metering: Metering
    authorizer: Authorizer
    local_list: LocalList | None
    reservations: Reservations
    availability: Availability
    power: Power | None
    charging: Charging
    reader: Reader
    maintenance: Maintenance
    security: Security
    certificates: Certificates | None
    """None: it has none that a central system could manage."""
    transfers: DataTransfers
