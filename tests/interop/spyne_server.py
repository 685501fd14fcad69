"""A central system of plain spyne: its own types, its own SOAP 1.2, nothing of this library.

Only its import goes by `spyne_library`, which newer Pythons need. What spyne answers has no
WS-Addressing header, as that of many peers in the field.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from spyne.model.complex import ComplexModelMeta
from spyne.protocol.soap import Soap12

from ocpp16.transports.spyne_library import spyne

NAMESPACE = "urn://Ocpp/Cs/2015/10/"
NOW = datetime(2024, 2, 29, 12, 30, 45, 125000, tzinfo=UTC)

Text, Integer, Time = spyne.Unicode, spyne.Integer32, spyne.DateTime


def texts(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, Text)


def model(name: str, **fields: Any) -> Any:
    return ComplexModelMeta(
        name,
        (spyne.ComplexModel,),
        {"__namespace__": NAMESPACE, "_type_info": list(fields.items())},
    )


def many(kind: Any) -> Any:
    return kind.customize(max_occurs="unbounded")


IdTagInfo = model("IdTagInfo", status=Text, expiryDate=Time, parentIdTag=Text)
SampledValue = model(
    "SampledValue",
    **texts("value", "context", "format", "measurand", "phase", "location", "unit"),
)
MeterValue = model("MeterValue", timestamp=Time, sampledValue=many(SampledValue))
INFO = {"status": "Accepted", "expiryDate": NOW, "parentIdTag": "PARENT"}

OPERATIONS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "Authorize": (texts("idTag"), {"idTagInfo": IdTagInfo}, {"idTagInfo": INFO}),
    "BootNotification": (
        texts(
            "chargePointVendor", "chargePointModel", "chargePointSerialNumber",
            "chargeBoxSerialNumber", "firmwareVersion", "iccid", "imsi", "meterType",
            "meterSerialNumber",
        ),
        {"status": Text, "currentTime": Time, "interval": Integer},
        {"status": "Accepted", "currentTime": NOW, "interval": 300},
    ),
    "DataTransfer": (
        texts("vendorId", "messageId", "data"),
        texts("status", "data"),
        {"status": "Accepted", "data": "<&>"},
    ),
    "DiagnosticsStatusNotification": (texts("status"), {}, {}),
    "FirmwareStatusNotification": (texts("status"), {}, {}),
    "Heartbeat": ({}, {"currentTime": Time}, {"currentTime": NOW}),
    "MeterValues": (
        {"connectorId": Integer, "transactionId": Integer, "meterValue": many(MeterValue)}, {}, {},
    ),
    "StartTransaction": (
        {
            "connectorId": Integer, "idTag": Text, "timestamp": Time, "meterStart": Integer,
            "reservationId": Integer,
        },
        {"transactionId": Integer, "idTagInfo": IdTagInfo},
        {"transactionId": 4711, "idTagInfo": INFO},
    ),
    "StatusNotification": (
        {
            "connectorId": Integer, "status": Text, "errorCode": Text, "info": Text,
            "timestamp": Time, "vendorId": Text, "vendorErrorCode": Text,
        },
        {}, {},
    ),
    "StopTransaction": (
        {
            "transactionId": Integer, "idTag": Text, "timestamp": Time, "meterStop": Integer,
            "reason": Text, "transactionData": many(MeterValue),
        },
        {"idTagInfo": IdTagInfo},
        {"idTagInfo": INFO},
    ),
}  # fmt: skip


def application(seen: dict[str, Any]) -> Any:
    """Return the application; what it is asked goes to `seen`, as plain values."""
    members: dict[str, Any] = {}
    for name, (asked, answered, values) in OPERATIONS.items():
        stem = f"{name[0].lower()}{name[1:]}"
        # spyne takes no empty model for a parameter, and one has to be named.
        parameters = [model(f"{name}Request", **asked)] if asked else []
        members[name] = spyne.rpc(
            *parameters,
            _returns=(response := model(f"{name}Response", **answered)),
            _args=["request"] if asked else [],
            _body_style="bare",
            _in_message_name=f"{{{NAMESPACE}}}{stem}Request",
            _out_message_name=f"{{{NAMESPACE}}}{stem}Response",
        )(_operation(name, response, values, seen))
    service = type(spyne.Service)("CentralSystemService", (spyne.Service,), members)
    return spyne.Application([service], tns=NAMESPACE, in_protocol=Soap12(), out_protocol=Soap12())


def _operation(name: str, response: Any, values: dict[str, Any], seen: dict[str, Any]) -> Any:
    def operation(ctx: Any, *request: Any) -> Any:
        seen[name] = plain(request[0]) if request else {}
        return response(**_filled(values))

    operation.__name__ = name
    return operation


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: IdTagInfo(**value) if isinstance(value, dict) else value
        for name, value in values.items()
    }


def plain(value: Any) -> Any:
    """Return what spyne made of a request as plain values."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, spyne.ComplexModelBase):
        found = {
            name: plain(getattr(value, name)) for name in value.get_flat_type_info(type(value))
        }
        return {name: item for name, item in found.items() if item is not None}
    return value.astimezone(UTC) if isinstance(value, datetime) else value
