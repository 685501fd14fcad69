"""What leniency let in, made fit to be sent on: cut or left out by rule, and listed. Pure.

A message read by leniency may hold what OCPP 1.6 does not have, and we never send such. The rules:

* A text that is too long is cut. An identifier (idTag, parentIdTag) is not: what is left would be
  somebody else's. It is left out where it is optional.
* A value that its enumeration does not have is left out where it is optional. An errorCode becomes
  OtherError, with the text as vendorErrorCode unless there is one.
* A sampled value whose measurand, unit, phase, location or format is unknown is left out whole:
  without them it would count as energy at the outlet. An unknown context alone is left out.
* A meter value without sampled values is left out (SOAP cannot carry it), whatever made it empty.
* Anything else that breaks a rule cannot cross: `Unmendable`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.enums import ChargePointErrorCode
from ocpp16.errors import ConstraintError, Fault, OcppError, fault_for
from ocpp16.messages import StatusNotificationRequest
from ocpp16.spec import FieldKind, FieldSpec
from ocpp16.structure import Structure, WireEnum, deviations, find_violation

StructureT = TypeVar("StructureT", bound=Structure)
Note = Callable[[str, str], None]

_IDENTIFIERS: Final = frozenset({"idTag", "parentIdTag"})
_LEFT_OUT: Final = object()


class Unmendable(OcppError):
    """A message breaks a rule in a way that nothing may be done about.

    Attributes:
        fault: How the sender is told.
    """

    def __init__(self, error: ConstraintError) -> None:
        super().__init__(str(error))
        self.fault: Fault = fault_for(error)


def mend(message: StructureT) -> tuple[StructureT, tuple[str, ...]]:
    """Return a message that may be sent on, and what was changed to make it so.

    Raises:
        Unmendable: There is no rule for what is wrong with it.
    """
    changes = [f"{each.path}: {each.reason}" for each in _dropped_already(message)]
    if not deviations(message) and not _has_empty_meter_value(message):
        return message, ()
    mended = _mend(message, "", lambda path, what: changes.append(f"{path}: {what}"))
    if mended is _LEFT_OUT:
        raise Unmendable(_violation(message))
    return mended, tuple(changes)


def _dropped_already(message: Structure) -> list[Any]:
    # Readers drop these two by themselves; what else they tolerate is still in the message.
    kinds = {"unknown-fields", "bad-sampled-value"}
    return [each for each in deviations(message) if each.kind in kinds]


def _has_empty_meter_value(message: Structure) -> bool:
    values = getattr(message, "meter_value", None) or getattr(message, "transaction_data", None)
    return any(not value.sampled_value for value in values or ())


def _mend(structure: Any, path: str, note: Note) -> Any:
    cls = type(structure)
    values: dict[str, Any] = {}
    for field in cls.SPEC.fields:
        value = getattr(structure, field.name)
        here = f"{path}/{field.wire}"
        if value is None:
            continue
        if field.many:
            items = [
                _value(structure, field, item, f"{here}/{index}", note)
                for index, item in enumerate(value)
            ]
            values[field.name] = tuple(item for item in items if item is not _LEFT_OUT)
            continue
        mended = _value(structure, field, value, here, note)
        if mended is not _LEFT_OUT:
            values[field.name] = mended
        elif cls is SampledValue and field.wire != "context":
            note(path, f"a sampled value with an unknown {field.wire} is left out")
            return _LEFT_OUT
        elif field.required:
            raise Unmendable(_violation(structure, path))
    if cls is MeterValue and not values["sampled_value"]:
        note(path, "a meter value without sampled values is left out")
        return _LEFT_OUT
    _keep_error_code(structure, values, path, note)
    return cls(**values)


def _value(structure: Any, field: FieldSpec, value: Any, path: str, note: Note) -> Any:
    match field.kind:
        case FieldKind.OBJECT:
            return _mend(value, path, note)
        case FieldKind.ENUM if not value.is_recognised:
            return _enum(structure, value, path, note)
        case FieldKind.TEXT | FieldKind.URI:
            return _text(field, value, path, note)
        case _:
            return value


def _enum(structure: Any, value: WireEnum, path: str, note: Note) -> Any:
    if isinstance(value, ChargePointErrorCode):
        note(path, "an unknown errorCode is OtherError")
        return ChargePointErrorCode.OTHER_ERROR
    if not isinstance(structure, SampledValue) or path.endswith("/context"):
        note(path, "an unknown value is left out")
    return _LEFT_OUT


def _text(field: FieldSpec, value: str, path: str, note: Note) -> Any:
    limit = field.max_length
    if limit is None or len(value) <= limit:
        return value
    if field.wire in _IDENTIFIERS:
        note(path, f"an identifier of {len(value)} characters is left out")
        return _LEFT_OUT
    note(path, f"{len(value)} characters are cut to {limit}")
    return value[:limit]


def _keep_error_code(structure: Any, values: dict[str, Any], path: str, note: Note) -> None:
    if not isinstance(structure, StatusNotificationRequest):
        return
    told = structure.error_code
    if not told.is_recognised and structure.vendor_error_code is None:
        values["vendor_error_code"] = str(told.value)[:50]
        note(f"{path}/vendorErrorCode", "holds the unknown errorCode")


def _violation(structure: Structure, path: str = "") -> ConstraintError:
    error = find_violation(structure, path)
    assert error is not None  # noqa: S101 - or there would be nothing that cannot be mended
    return error
