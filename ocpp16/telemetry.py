"""OpenTelemetry spans for the calls of a role; needs `opentelemetry-api` (extra `telemetry`).

Each call is a span of its own: kind SERVER while a handler of ours is at work, CLIENT for a call of
ours. OCPP has no field for a trace id, so a trace does not cross the wire: the message id, which
both sides know, is an attribute by which two traces are found together. What is in a payload never
becomes an attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from ocpp16._version import __version__
from ocpp16.catalog import action_of
from ocpp16.errors import CallFailed, Fault, InvalidResponse
from ocpp16.roles.around import CallContext
from ocpp16.roles.role import Role
from ocpp16.spec import Side

__all__ = ["instrument"]

_WIRES = {"ocppj": "json", "ocpps": "soap"}


def instrument(role: Role[Any], *, provider: TracerProvider | None = None) -> None:
    """Make a span of each call of a central system or charge point from now on.

    Spans are called by their action and have the attributes `rpc.system` (`ocpp`), `rpc.service`
    (`ocpp16`), `rpc.method` (the action), `ocpp.identity`, `ocpp.message_id`, `ocpp.wire` and
    `ocpp.side` (who made the span); `ocpp.status` where the response has one; and
    `ocpp.error_code` and the error status where the outcome is an error. In a handler the span is
    the current one: what the handler does belongs to it.

    Args:
        role: A `CentralSystem` or `ChargePoint`.
        provider: Where spans go; None is the global one.
    """
    tracer = trace.get_tracer("ocpp16", __version__, provider)

    @role.around
    @contextmanager
    def span_of(context: CallContext) -> Iterator[None]:
        action = action_of(type(context.request)).name
        kind = SpanKind.CLIENT if context.is_ours else SpanKind.SERVER
        attributes = {
            "rpc.system": "ocpp",
            "rpc.service": "ocpp16",
            "rpc.method": action,
            "ocpp.identity": context.peer.identity,
            "ocpp.message_id": context.id,
            "ocpp.wire": _WIRES[context.peer.binding],
            "ocpp.side": "charge_point" if role.side is Side.CHARGE_POINT else "central_system",
        }
        with tracer.start_as_current_span(
            action,
            kind=kind,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                _set_error(span, error)
                raise
            status = getattr(context.response, "status", None)
            if isinstance(status, str):
                span.set_attribute("ocpp.status", str(status))


def _set_error(span: Span, error: BaseException) -> None:
    # The text of an error may quote a peer, and a value of its.
    if isinstance(error, Fault | CallFailed | InvalidResponse):
        span.set_attribute("ocpp.error_code", str(error.code))
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))
