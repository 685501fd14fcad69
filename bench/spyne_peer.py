"""A peer: spyne with its own types and its own SOAP 1.2, as one writes a service with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from ocpp16.transports.spyne_library import spyne

# Only now can spyne be imported on every Python.
ComplexModelMeta: Any = import_module("spyne.model.complex").ComplexModelMeta
Soap12: Any = import_module("spyne.protocol.soap").Soap12
ServerBase: Any = import_module("spyne.server").ServerBase

NAMESPACE = "urn://Ocpp/Cs/2015/10/"
NOW = datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC)


def _model(name: str, **fields: Any) -> Any:
    members = {"__namespace__": NAMESPACE, "_type_info": list(fields.items())}
    return ComplexModelMeta(name, (spyne.ComplexModel,), members)


def _service() -> Any:
    text, integer, instant = spyne.Unicode, spyne.Integer32, spyne.DateTime
    names = ("value", "context", "format", "measurand", "phase", "location", "unit")
    value = _model("SampledValue", **dict.fromkeys(names, text))
    values = _model(
        "MeterValue", timestamp=instant, sampledValue=value.customize(max_occurs="unbounded")
    )
    meter = _model(
        "MeterValuesRequest",
        connectorId=integer,
        transactionId=integer,
        meterValue=values.customize(max_occurs="unbounded"),
    )
    boot_names = (
        *("chargePointVendor", "chargePointModel", "chargePointSerialNumber"),
        *("chargeBoxSerialNumber", "firmwareVersion", "iccid", "imsi", "meterType"),
        "meterSerialNumber",
    )
    boot = _model("BootNotificationRequest", **dict.fromkeys(boot_names, text))
    booted = _model("BootNotificationResponse", status=text, currentTime=instant, interval=integer)
    taken = _model("MeterValuesResponse", ignored=text)

    def boot_notification(ctx: Any, request: Any) -> Any:
        return booted(status="Accepted", currentTime=NOW, interval=300)

    def meter_values(ctx: Any, request: Any) -> Any:
        return taken()

    def operation(function: Any, asked: Any, answered: Any, name: str) -> Any:
        return spyne.rpc(
            asked,
            _returns=answered,
            _body_style="bare",
            _in_message_name=f"{name}Request",
            _out_message_name=f"{name}Response",
        )(function)

    members = {
        "BootNotification": operation(boot_notification, boot, booted, "bootNotification"),
        "MeterValues": operation(meter_values, meter, taken, "meterValues"),
    }
    return type("Peer", (spyne.ServiceBase,), members)


def spyne_pipeline(body: bytes) -> Callable[[], bytes]:
    """Return what takes a request through spyne, to the bytes of the answer."""
    application = spyne.Application(
        [_service()], NAMESPACE, in_protocol=Soap12(validator="soft"), out_protocol=Soap12()
    )
    server = ServerBase(application)

    def answer() -> bytes:
        initial = spyne.MethodContext(server, spyne.MethodContext.SERVER)
        initial.in_string = [body]
        context = server.generate_contexts(initial)[0]
        if context.in_error is None:
            server.get_in_object(context)
        server.get_out_object(context)
        server.get_out_string(context)
        text = b"".join(context.out_string)
        if context.in_error or context.out_error:
            raise RuntimeError(text.decode())
        return text

    answer()
    return answer
