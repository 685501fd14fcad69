"""An update that a reboot is to finish, as it is stored."""

from __future__ import annotations

from ocpp16.primitives import format_timestamp, parse_timestamp
from ocpp16.station.firmware import Order
from ocpp16.station.storage import RecordDamaged, fields_of
from ocpp16.storage import Value


def write(order: Order, version: str) -> Value:
    """Return what is stored of an update: what is needed to go on with it, and to tell of it."""
    return {
        "location": order.location,
        "retrieve_at": format_timestamp(order.retrieve_at),
        "request_id": order.request_id,
        "signature": order.signature,
        "certificate": order.certificate,
        "version": version,
    }


def read(value: Value) -> tuple[Order, str]:
    """Return the update that was stored, and the version that the firmware has after the reboot.

    Raises:
        RecordDamaged: It is none.
    """
    fields = fields_of(value, "update")
    location, at, version = (fields.get(name) for name in ("location", "retrieve_at", "version"))
    number, texts = fields.get("request_id"), (fields.get("signature"), fields.get("certificate"))
    is_good = isinstance(location, str) and isinstance(at, str) and isinstance(version, str)
    is_numbered = number is None or type(number) is int
    if not is_good or not is_numbered or not all(isinstance(t, str | None) for t in texts):
        raise RecordDamaged(f"{value!r} is no update")
    order = Order(
        location=str(location),
        retrieve_at=parse_timestamp(str(at)),
        request_id=number,
        signature=fields.get("signature"),
        certificate=fields.get("certificate"),
    )
    return order, str(version)
