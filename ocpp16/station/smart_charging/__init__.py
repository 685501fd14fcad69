"""Smart charging of a charge point, as pure functions of profiles, transactions and time.

From the bottom up: `second` (time), `wiring` (power), `timeline` (one profile), `profiles` (those
that are installed), `refusal` (those that are not), `prevalence` (which of them prevails),
`composite` (the limits that come of it), `sharing` (who gets how much), `behaviour` (all of it).
Spec: C 3.13, 5.5, 5.7, 5.16, 7.8-7.14.
"""

from ocpp16.station.smart_charging.behaviour import Hold, SmartCharging
from ocpp16.station.smart_charging.charging import Charging
from ocpp16.station.smart_charging.profiles import Installed, Profiles
from ocpp16.station.smart_charging.refusal import Limits, Refusal
from ocpp16.station.smart_charging.wiring import Limit, Outlet, Wiring

__all__ = [
    "Charging",
    "Hold",
    "Installed",
    "Limit",
    "Limits",
    "Outlet",
    "Profiles",
    "Refusal",
    "SmartCharging",
    "Wiring",
]
