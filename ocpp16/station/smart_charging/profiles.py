"""The charging profiles that are installed: replacing, clearing, ranking. Spec: C 5.5, 5.16.

A value that never changes: what installs or clears returns another one, so a caller can store the
new profiles first and take them over once they are safe (CE 3.37). What may be installed at all is
for `refusal` to say.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import attrs

from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import ChargingProfilePurposeType
from ocpp16.messages import ClearChargingProfileRequest
from ocpp16.primitives import format_timestamp, parse_timestamp
from ocpp16.station.record import from_record, to_record
from ocpp16.station.smart_charging.timeline import Timeline, timeline_of

MAX = ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE
DEFAULT = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
TX = ChargingProfilePurposeType.TX_PROFILE

Records: TypeAlias = dict[str, dict[str, Any]]
"""Profiles as plain values, by the text of their number."""


@attrs.frozen
class Installed:
    """A profile, where it was set, and when it came."""

    connector: int
    profile: ChargingProfile
    received: datetime
    without_default: bool = False
    """Its transaction came with a profile from afar, and has no use for TxDefaultProfile (3.67)."""
    timeline: Timeline = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(lambda one: timeline_of(one.profile, one.received), takes_self=True),
    )
    """When it says what; the rest is only for telling it apart."""

    @property
    def purpose(self) -> ChargingProfilePurposeType:
        """What its limits apply to."""
        return self.profile.charging_profile_purpose

    @property
    def level(self) -> int:
        """Its rank among those of its purpose and connector."""
        return self.profile.stack_level

    def is_replaced_by(self, new: Installed) -> bool:
        """Tell whether a new profile takes its place: by the same number, or the same place."""
        return new.profile.charging_profile_id == self.profile.charging_profile_id or (
            # The standard names purpose and level. Connector 0 and a connector may hold a
            # TxDefaultProfile each, and every connector its own, so the connector belongs to it.
            (new.connector, new.purpose, new.level) == (self.connector, self.purpose, self.level)
        )


@attrs.frozen
class Profiles:
    """All profiles of a charge point."""

    installed: tuple[Installed, ...] = ()

    def __len__(self) -> int:
        return len(self.installed)

    def with_profile(self, new: Installed) -> Profiles:
        """Return them with a new one, and without those that it replaces."""
        if new.purpose is TX and any(one.without_default for one in self._of(new.connector, TX)):
            # CE 3.42: it joins, or replaces, the profile that came with the start.
            new = attrs.evolve(new, without_default=True)
        return Profiles((*(one for one in self.installed if not one.is_replaced_by(new)), new))

    def without(self, request: ClearChargingProfileRequest) -> Profiles:
        """Return them without what a central system names."""
        return Profiles(tuple(one for one in self.installed if not _is_named(one, request)))

    def without_transaction(self, connector: int) -> Profiles:
        """Return them without those of the transaction that has ended on a connector."""
        return Profiles(
            tuple(
                one for one in self.installed if one.purpose is not TX or one.connector != connector
            )
        )

    def with_transactions_only(self, connectors: Container[int]) -> Profiles:
        """Return them without those of transactions that, after a reboot, run no more.

        Args:
            connectors: Where transactions still run.
        """
        return Profiles(
            tuple(
                one
                for one in self.installed
                if one.purpose is not TX or one.connector in connectors
            )
        )

    def of_site(self) -> list[Installed]:
        """Return those for the charge point as a whole, the highest level last."""
        return sorted(self._of(0, MAX), key=lambda one: one.level)

    def of_connector(self, connector: int) -> list[Installed]:
        """Return those for charging at a connector; later ones go before earlier ones.

        TxProfile goes before TxDefaultProfile, a default of the connector before that of all
        connectors, and then a higher stack level before a lower one.
        """
        own = sorted(self._of(connector, TX), key=lambda one: one.level)
        if any(one.without_default for one in own):
            return own
        defaults = sorted(self._of(0, DEFAULT), key=lambda one: one.level)
        return [*defaults, *sorted(self._of(connector, DEFAULT), key=lambda one: one.level), *own]

    def to_records(self) -> Records:
        """Return them as plain values, to be stored; the key is the number of the profile."""
        return {
            str(one.profile.charging_profile_id): {
                "connector": one.connector,
                "received": format_timestamp(one.received),
                "without_default": one.without_default,
                "profile": to_record(one.profile),
            }
            for one in self.installed
        }

    @classmethod
    def from_records(cls, records: Mapping[str, Any]) -> Profiles:
        """Return the profiles that were stored.

        Raises:
            ValueError: A record is none of `to_records`.
        """
        return cls(tuple(_installed(key, record) for key, record in records.items()))

    def _of(self, connector: int, purpose: ChargingProfilePurposeType) -> list[Installed]:
        return [
            one for one in self.installed if one.connector == connector and one.purpose is purpose
        ]


def _is_named(one: Installed, request: ClearChargingProfileRequest) -> bool:
    # CE 3.26: an id alone decides; else every field that is given has to fit (CE 3.25).
    if request.id is not None:
        return one.profile.charging_profile_id == request.id
    return all(
        wanted is None or wanted == found
        for wanted, found in (
            (request.connector_id, one.connector),
            (request.charging_profile_purpose, one.purpose),
            (request.stack_level, one.level),
        )
    )


def _installed(key: str, record: Any) -> Installed:
    try:
        connector, without_default = int(record["connector"]), bool(record["without_default"])
        profile = from_record(ChargingProfile, record["profile"])
        return Installed(connector, profile, parse_timestamp(record["received"]), without_default)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f"profile {key} was stored damaged: {error}") from error
