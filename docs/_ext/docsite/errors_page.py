"""Error codes: which situation is answered with which code, and how each wire spells it."""

from __future__ import annotations

from collections.abc import Iterator

from docsite import markdown, wire
from docsite.examples import EXCHANGES
from ocpp16.apps.attribute_text import attribute_texts
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.bindings.ocppj.faults import WIRE_CODES
from ocpp16.bindings.ocpps.faults import SOAP_CODES
from ocpp16.errors import ConstraintError, ConstraintKind, ErrorCode, fault_for
from ocpp16.messages import BootNotificationRequest
from ocpp16.spec import ActionSpec, FieldKind, Side
from ocpp16.structure import Structure

SITUATIONS = (
    ("The action is none of OCPP 1.6.", ErrorCode.NOT_IMPLEMENTED),
    ("The action is known, and no handler is registered for it; or its wire does not have it.",
     ErrorCode.NOT_SUPPORTED),
    ("A rule of the exchange is broken: a SOAP header is missing, or names another action.",
     ErrorCode.PROTOCOL_ERROR),
    ("The charge point is not registered, or may not do this.", ErrorCode.SECURITY_ERROR),
    ("A SOAP header names another charge point.", ErrorCode.IDENTITY_MISMATCH),
    ("The handler failed, or took too long. The description says nothing of why; the log does.",
     ErrorCode.INTERNAL_ERROR),
    ("Too many calls of this peer are waiting.", ErrorCode.GENERIC_ERROR),
    ("A bridge cannot reach the other side, or does not know what became of the call.",
     ErrorCode.GENERIC_ERROR),
)  # fmt: skip
"""What is answered beside broken payloads: those are told apart by `ConstraintKind`."""


def spelled(code: ErrorCode) -> tuple[str, str]:
    """Return how JSON and SOAP spell a code."""
    soap = SOAP_CODES[code]
    return f"`{WIRE_CODES[code]}`", f"`{soap.code}` / `{soap.subcode}`, HTTP&nbsp;{soap.status}"


def errors_of(action: ActionSpec) -> str:
    """Return the table of the errors that a call of an action can be answered with."""
    kinds = {ConstraintKind.SHAPE, ConstraintKind.UNKNOWN_FIELD, *_kinds_of(action.request)}
    rows = [
        (_sentence(attribute_texts(ConstraintKind)[kind.name]), kind.code)
        for kind in ConstraintKind
        if kind in kinds
    ]
    wanted = [ErrorCode.NOT_SUPPORTED, ErrorCode.INTERNAL_ERROR, ErrorCode.GENERIC_ERROR]
    if action.name != "BootNotification":
        wanted.append(ErrorCode.SECURITY_ERROR)
    # What concerns the envelope or a bridge is the same for all: it stands on the page of errors.
    rows += [
        (text, code) for text, code in SITUATIONS if code in wanted and not text.startswith("A br")
    ]
    return _table(rows, has_soap=bool(action.soap_services))


def _kinds_of(cls: type[Structure]) -> Iterator[ConstraintKind]:
    """Yield the rules that a payload can break because of its fields."""
    for field in cls.SPEC.fields:
        if field.required:
            yield ConstraintKind.REQUIRED
        if field.many and (field.min_items or field.soap_min_items):
            yield ConstraintKind.ITEMS
        if field.max_length is not None:
            yield ConstraintKind.LENGTH
        yield ConstraintKind.TYPE
        match field.kind:
            case FieldKind.TIMESTAMP:
                yield ConstraintKind.TIMESTAMP
            case FieldKind.ENUM:
                yield ConstraintKind.ENUM
            case FieldKind.INTEGER:
                yield ConstraintKind.RANGE
            case FieldKind.TENTHS:
                yield ConstraintKind.DECIMALS
            case FieldKind.OBJECT:
                assert field.cls is not None
                yield from _kinds_of(field.cls)


def _sentence(text: str) -> str:
    return markdown.prose(text)


def _table(rows: list[tuple[str, ErrorCode]], *, has_soap: bool = True) -> str:
    head = ["Situation", "OCPP-J code", "SOAP code / subcode"]
    cells = ([text, *spelled(code)] for text, code in rows)
    if has_soap:
        return markdown.table(head, cells)
    return markdown.table(head[:2], (row[:2] for row in cells))


def situations() -> str:
    """Return the whole table: every situation, and how each wire answers it."""
    texts = attribute_texts(ConstraintKind)
    rows = [(_sentence(texts[kind.name]), kind.code) for kind in ConstraintKind]
    return _table([*rows, *SITUATIONS])


def codes() -> str:
    """Return the table of the codes."""
    texts = attribute_texts(ErrorCode)
    return markdown.table(
        ["Code", "OCPP-J code", "SOAP code / subcode", "Meaning"],
        ((f"`{code}`", *spelled(code), markdown.prose(texts[code.name])) for code in ErrorCode),
    )


def example() -> str:
    """Return a call that breaks a rule, and how it is answered on either wire."""
    request, _ = EXCHANGES["BootNotification"]
    good = wire.json_call(request)
    bad = "\n".join(line for line in good.splitlines() if "chargePointModel" not in line)
    try:
        OcppJ().decode(BootNotificationRequest, OcppJ().unframe(bad).payload)  # type: ignore[union-attr]
    except ConstraintError as error:
        fault = fault_for(error)
    soap = wire.soap_error(fault.code, fault.description, "BootNotification", Side.CENTRAL_SYSTEM)
    return "\n".join(
        (
            markdown.code("json", bad, "A required field is missing"),
            markdown.code("json", wire.json_error(fault.code, fault.description), "On JSON"),
            markdown.code("xml", soap, "On SOAP, had it come there"),
        )
    )
