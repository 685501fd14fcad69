"""What `ocpp16 schedule` finds out: what limit holds when, why, and what it was made of.

Computes, and shows nothing: see `schedule_screen` and `schedule_picture`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from ocpp16.apps.schedule_file import Study
from ocpp16.enums import ChargingRateUnitType
from ocpp16.primitives import format_timestamp
from ocpp16.station.smart_charging.composite import Question, Stretch, stretches
from ocpp16.station.smart_charging.profiles import MAX, Installed, Profiles
from ocpp16.station.smart_charging.second import to_instant, to_seconds
from ocpp16.station.smart_charging.wiring import Outlet, Wiring

Line = list[tuple[int, int, float | None]]
"""From, until before, and the limit; None where nothing limits."""


@attrs.frozen
class Row:
    """One limit, from one instant to another."""

    start: int
    end: int
    limit: float | None
    """In the unit asked for; None where nothing limits."""
    phases: int
    cause: str
    """What makes it the limit."""
    profiles: tuple[int, ...]
    """Numbers of the profiles that prevail, the ChargePointMaxProfile first."""


@attrs.frozen(kw_only=True)
class Result:
    """What holds, and what it was made of."""

    study: Study
    rows: tuple[Row, ...]
    site: Line
    """What ChargePointMaxProfiles alone would say."""
    own: Line
    """What all other profiles alone would say."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        study = self.study
        return {
            "type": "schedule",
            "connectorId": study.connector,
            "scheduleStart": format_timestamp(to_instant(study.start)),
            "duration": study.duration,
            "chargingRateUnit": study.unit.value,
            "periods": [
                {
                    "startPeriod": row.start - study.start,
                    "start": format_timestamp(to_instant(row.start)),
                    "end": format_timestamp(to_instant(row.end)),
                    "limit": row.limit,
                    "numberPhases": row.phases,
                    "cause": row.cause,
                    "profiles": list(row.profiles),
                }
                for row in self.rows
            ],
        }


def find_out(study: Study) -> Result:
    """Return what limit holds when, and why."""
    open_wiring = Wiring(
        outlets={
            number: Outlet(phases=outlet.phases) for number, outlet in study.wiring.outlets.items()
        },
        voltage=study.wiring.voltage,
    )
    of_site = [one for one in study.profiles.installed if one.purpose is MAX]
    others = [one for one in study.profiles.installed if one.purpose is not MAX]
    return Result(
        study=study,
        rows=tuple(_rows(study)),
        site=_line(attrs.evolve(study, profiles=Profiles(tuple(of_site)), wiring=open_wiring)),
        own=_line(attrs.evolve(study, profiles=Profiles(tuple(others)), wiring=open_wiring)),
    )


def _line(study: Study) -> Line:
    line: Line = []
    for one in _stretches(study):
        limit = None if one.tenths is None else one.tenths / 10
        if line and line[-1][2] == limit:
            line[-1] = (line[-1][0], one.end, limit)
        else:
            line.append((one.start, one.end, limit))
    return line


def _stretches(study: Study) -> Iterator[Stretch]:
    question = Question(
        study.profiles, study.wiring, study.start, study.start + study.duration, study.charging
    )
    return map(Stretch._make, stretches(question, study.connector, study.unit))


def _rows(study: Study) -> Iterator[Row]:
    pending: Row | None = None
    for one in _stretches(study):
        rulers = tuple(ruler for ruler in (one.site, one.own) if ruler is not None)
        row = Row(
            one.start,
            one.end,
            None if one.tenths is None else one.tenths / 10,
            one.phases,
            _cause(study, one),
            tuple(ruler.profile.charging_profile_id for ruler in rulers),
        )
        if pending is not None and attrs.evolve(pending, start=row.start, end=row.end) == row:
            pending = attrs.evolve(pending, end=row.end)
            continue
        if pending is not None:
            yield pending
        pending = row
    if pending is not None:
        yield pending


def _cause(study: Study, one: Stretch) -> str:
    """Return what makes it the limit: the lowest of what is compared, profiles before hardware."""
    if one.tenths is None:
        return "nothing"
    charging = study.charging.get(study.connector)
    began = study.start if charging is None else to_seconds(charging.started)
    for ruler in (one.own, one.site):
        if ruler is None:
            continue
        ((_, _, rate),) = ruler.timeline.steps(one.start, one.start + 1, began)
        power = rate.power_on(one.phases, study.wiring.voltage)
        is_power = study.unit is ChargingRateUnitType.W
        tenths = power if is_power else power // (study.wiring.voltage * one.phases)
        if tenths == one.tenths:
            return name_of(ruler)
    return "sum of connectors" if study.connector == 0 else "the connector itself"


def name_of(one: Installed) -> str:
    """Return a short name of a profile."""
    return f"{one.purpose.value} {one.profile.charging_profile_id}"
