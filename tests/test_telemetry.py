"""Spans, by the SDK of OpenTelemetry itself."""

from __future__ import annotations

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from ocpp16.errors import CallFailed, NotSupported
from ocpp16.messages import (
    AuthorizeRequest,
    AuthorizeResponse,
    HeartbeatRequest,
    HeartbeatResponse,
)
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.peer import Peer
from ocpp16.telemetry import instrument
from ocpp16.testing import Wire, connected
from tests.parties import HEARTBEAT, PULSE, RESET, make_central, make_station, run


class Traced:
    """Keeps the spans that end."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())


@pytest.mark.parametrize("wire", ["json", "soap"])
def test_both_ends_of_a_call_are_spans(wire: Wire) -> None:
    async def main() -> None:
        traced = Traced()
        central, station = make_central(), make_station()
        instrument(central, provider=traced.provider)
        instrument(station, provider=traced.provider)
        async with connected(central, station, wire=wire) as (peer, backend):
            await backend.call(HEARTBEAT, call_id="beat")
            await peer.call(RESET, call_id="reset")
        found = [
            (span.name, span.kind, dict(span.attributes or {}), span.status.status_code)
            for span in traced.spans()
        ]
        common = {"rpc.system": "ocpp", "rpc.service": "ocpp16", "ocpp.identity": "CP1"}
        beat = {**common, "rpc.method": "Heartbeat", "ocpp.message_id": "beat", "ocpp.wire": wire}
        reset = {**common, "rpc.method": "Reset", "ocpp.message_id": "reset", "ocpp.wire": wire}
        done = {**reset, "ocpp.status": "Accepted"}
        at_central, at_station = {"ocpp.side": "central_system"}, {"ocpp.side": "charge_point"}
        ok = StatusCode.UNSET
        assert found == [
            ("Heartbeat", SpanKind.SERVER, {**beat, **at_central}, ok),
            ("Heartbeat", SpanKind.CLIENT, {**beat, **at_station}, ok),
            ("Reset", SpanKind.SERVER, {**done, **at_station}, ok),
            ("Reset", SpanKind.CLIENT, {**done, **at_central}, ok),
        ]

    run(main)


def test_an_error_is_a_status_and_a_code_and_never_a_text() -> None:
    async def main() -> None:
        traced = Traced()
        central, station = make_central(), make_station()
        instrument(central, provider=traced.provider)
        instrument(station, provider=traced.provider)

        @central.on(AuthorizeRequest)
        async def authorize(peer: Peer, request: AuthorizeRequest) -> AuthorizeResponse:
            raise NotSupported(f"{request.id_tag} is not known")

        async with connected(central, station) as (_, backend):
            with pytest.raises(CallFailed):
                await backend.call(AuthorizeRequest(id_tag="SECRET"))
        there, here = traced.spans()
        for span, error in ((there, "NotSupported"), (here, "CallFailed")):
            assert span.status.status_code is StatusCode.ERROR
            assert (span.attributes or {})["ocpp.error_code"] == "NotSupported"
            assert (span.attributes or {})["error.type"] == error
            assert "SECRET" not in span.to_json()
            assert not span.events

    run(main)


def test_what_a_handler_does_belongs_to_its_span() -> None:
    async def main() -> None:
        traced = Traced()
        central, station = CentralSystem(), make_station()
        instrument(central, provider=traced.provider)

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            with traced.provider.get_tracer("test").start_as_current_span("inside"):
                return PULSE

        async with connected(central, station) as (_, backend):
            await backend.call(HEARTBEAT)
        inside, outside = traced.spans()
        assert (inside.name, outside.name) == ("inside", "Heartbeat")
        assert inside.parent == outside.context

    run(main)
