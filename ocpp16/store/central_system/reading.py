"""The reading of the energy meter among meter values. Pure."""

from __future__ import annotations

import math

from ocpp16.datatypes import MeterValue
from ocpp16.enums import Measurand, UnitOfMeasure
from ocpp16.primitives import INTEGER_MAX


def last_reading(values: tuple[MeterValue, ...]) -> int | None:
    """Return the last reading of the energy meter, in Wh; None where there is none."""
    reading = None
    for value in values:
        for sample in value.sampled_value:
            measurand = sample.measurand or Measurand.ENERGY_ACTIVE_IMPORT_REGISTER
            if measurand is not Measurand.ENERGY_ACTIVE_IMPORT_REGISTER or sample.phase:
                continue
            factor = 1000 if sample.unit is UnitOfMeasure.KWH else 1
            try:
                number = float(sample.value) * factor
            except ValueError:
                continue
            # "inf", "nan" and "1e300" are floats, and no readings.
            if math.isfinite(number) and abs(number) < INTEGER_MAX:
                reading = int(number)
    return reading
