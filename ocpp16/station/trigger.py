"""What a central system may ask to be sent, and for which connectors. Spec: C 5.17; SPEC 8.

Errata: CE 3.35 (BootNotification after acceptance: Rejected), CE 3.46 (context Trigger).
"""

from __future__ import annotations

from collections.abc import Container

from ocpp16.enums import TriggerMessageStatus

BOOT = "BootNotification"
SIGN = "SignChargePointCertificate"
METER_VALUES = "MeterValues"
ABOUT_CONNECTORS = frozenset({METER_VALUES, "StatusNotification"})
"""Messages for which a connectorId means something; for others it is ignored."""


def decide(
    wanted: str,
    connector: int | None,
    *,
    connectors: int,
    is_accepted: bool,
    offered: Container[str],
) -> TriggerMessageStatus:
    """Answer a TriggerMessage or an ExtendedTriggerMessage.

    Args:
        wanted: The message asked for.
        connector: The connector named.
        connectors: How many there are.
        is_accepted: Whether the charge point is registered.
        offered: Messages that it can send.
    """
    if wanted not in offered:
        return TriggerMessageStatus.NOT_IMPLEMENTED
    if wanted == BOOT and is_accepted:
        return TriggerMessageStatus.REJECTED
    is_named = wanted in ABOUT_CONNECTORS and connector is not None
    if is_named and not 0 <= (connector or 0) <= connectors:
        return TriggerMessageStatus.REJECTED
    return TriggerMessageStatus.ACCEPTED


def targets(wanted: str, connector: int | None, *, connectors: int) -> tuple[int, ...]:
    """Return the connectors that an accepted trigger means: all of them where none is named.

    A StatusNotification is about 0 to N; meter values too, if there is a main meter.
    """
    if wanted not in ABOUT_CONNECTORS:
        return ()
    return tuple(range(connectors + 1)) if connector is None else (connector,)
