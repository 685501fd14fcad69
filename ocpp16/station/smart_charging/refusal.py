"""Which charging profiles are not installed, and why. Spec: C 3.13, 5.16; CE 3.38-3.45, 3.56.

What breaks the message (an unknown connector, a value outside its enumeration) is answered with an
error. Whatever SetChargingProfile.conf can express, a broken rule of prose or a limit of the charge
point, is answered Rejected; the reason is for its log, since the answer has no place for it.
"""

from __future__ import annotations

from collections.abc import Container

import attrs

from ocpp16.datatypes import ChargingProfile, ChargingSchedule
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingRateUnitType,
)
from ocpp16.errors import PropertyConstraintViolation
from ocpp16.station.smart_charging.charging import Charging
from ocpp16.station.smart_charging.profiles import MAX, TX
from ocpp16.structure import WireEnum, shorten

A_OR_W = frozenset({ChargingRateUnitType.A, ChargingRateUnitType.W})


@attrs.frozen(kw_only=True)
class Limits:
    """What a charge point takes, as its configuration keys tell."""

    stack_level: int = 9
    """ChargeProfileMaxStackLevel."""
    periods: int = 100
    """ChargingScheduleMaxPeriods."""
    profiles: int = 50
    """MaxChargingProfilesInstalled."""
    units: Container[ChargingRateUnitType] = A_OR_W
    """ChargingScheduleAllowedChargingRateUnit: `Current` is A, `Power` is W (CE 3.88)."""


@attrs.frozen
class Refusal:
    """Why a profile is not installed."""

    path: str
    """JSON pointer to the value, in wire names, within the profile."""
    reason: str

    def __str__(self) -> str:
        return f"{self.path or 'the profile'} {self.reason}"


def check_values(profile: ChargingProfile, path: str) -> None:
    """Refuse what a lenient reader let pass.

    Args:
        profile: The profile.
        path: JSON pointer to it.

    Raises:
        PropertyConstraintViolation: A value is outside its enumeration (CE 3.39).
    """
    schedule = profile.charging_schedule
    values: tuple[tuple[str, WireEnum | None], ...] = (
        ("chargingProfilePurpose", profile.charging_profile_purpose),
        ("chargingProfileKind", profile.charging_profile_kind),
        ("recurrencyKind", profile.recurrency_kind),
        ("chargingSchedule/chargingRateUnit", schedule.charging_rate_unit),
    )
    for name, value in values:
        if value is not None and not value.is_recognised:
            where = f"{path}/{name}"
            reason = f"{where}: {shorten(value)} is not a value of {type(value).__name__}"
            raise PropertyConstraintViolation(reason, path=where)


def refusal(
    connector: int, profile: ChargingProfile, charging: Charging | None, limits: Limits
) -> Refusal | None:
    """Return why a profile cannot be installed, None if it can.

    Args:
        connector: Where it is to be set; it exists, or is 0.
        profile: The profile, of values that `check_values` lets pass.
        charging: The transaction that runs on the connector.
        limits: What the charge point takes.
    """
    return (
        _misplaced(connector, profile, charging)
        or _contradiction(profile)
        or _unfit_schedule(profile.charging_schedule)
        or _over_limit(profile, limits)
    )


def remote_start_refusal(profile: ChargingProfile, limits: Limits) -> Refusal | None:
    """Return why a profile cannot come with RemoteStartTransaction, None if it can (CE 3.41)."""
    if profile.charging_profile_purpose is not TX:
        return Refusal("/chargingProfilePurpose", "has to be TxProfile with a remote start")
    if profile.transaction_id is not None:
        return Refusal("/transactionId", "cannot be known before the transaction has begun")
    return (
        _contradiction(profile)
        or _unfit_schedule(profile.charging_schedule)
        or _over_limit(profile, limits)
    )


def _misplaced(
    connector: int, profile: ChargingProfile, charging: Charging | None
) -> Refusal | None:
    purpose, wanted = profile.charging_profile_purpose, profile.transaction_id
    if purpose is not TX:
        if purpose is MAX and connector != 0:
            return Refusal("/chargingProfilePurpose", "is for connector 0 only")
        if wanted is not None:
            return Refusal("/transactionId", "belongs to purpose TxProfile only")
        return None
    if connector == 0:
        return Refusal("/chargingProfilePurpose", "is for one connector, not for connector 0")
    if charging is None:
        return Refusal("/chargingProfilePurpose", f"needs a transaction on connector {connector}")
    if wanted is not None and wanted != charging.transaction_id:
        return Refusal("/transactionId", f"is not of the transaction on connector {connector}")
    return None


def _contradiction(profile: ChargingProfile) -> Refusal | None:
    recurs = profile.charging_profile_kind is ChargingProfileKindType.RECURRING
    if recurs and profile.recurrency_kind is None:
        return Refusal("/recurrencyKind", "is needed by kind Recurring")
    if not recurs and profile.recurrency_kind is not None:
        return Refusal("/recurrencyKind", "belongs to kind Recurring only (CE 3.56)")
    since, until = profile.valid_from, profile.valid_to
    if since is not None and until is not None and until <= since:
        return Refusal("/validTo", "is not after validFrom")
    return None


def _unfit_schedule(schedule: ChargingSchedule) -> Refusal | None:
    path = "/chargingSchedule"
    if schedule.duration is not None and schedule.duration < 0:
        return Refusal(f"{path}/duration", "is below 0")
    path = f"{path}/chargingSchedulePeriod"
    if not schedule.charging_schedule_period:
        return Refusal(path, "is empty")
    before = -1
    for number, period in enumerate(schedule.charging_schedule_period):
        if number == 0 and period.start_period != 0:
            return Refusal(f"{path}/0/startPeriod", "has to be 0 in the first period (CE 3.45)")
        if period.start_period <= before:
            return Refusal(f"{path}/{number}/startPeriod", "is not after that of the period before")
        if period.limit < 0:
            return Refusal(f"{path}/{number}/limit", "is below 0")
        if period.number_phases not in {None, 1, 2, 3}:
            return Refusal(f"{path}/{number}/numberPhases", "is none of 1, 2, 3")
        before = period.start_period
    return None


def _over_limit(profile: ChargingProfile, limits: Limits) -> Refusal | None:
    schedule = profile.charging_schedule
    if not 0 <= profile.stack_level <= limits.stack_level:
        return Refusal("/stackLevel", f"is outside 0 to {limits.stack_level}")
    count = len(schedule.charging_schedule_period)
    if count > limits.periods:
        reason = f"has {count} items, at most {limits.periods} are taken"
        return Refusal("/chargingSchedule/chargingSchedulePeriod", reason)
    if schedule.charging_rate_unit not in limits.units:
        return Refusal(
            "/chargingSchedule/chargingRateUnit",
            f"{schedule.charging_rate_unit.value} is not taken here",
        )
    return None
