"""Spans of both sides of a call, printed as they end."""

import asyncio
from datetime import UTC, datetime

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from ocpp16 import CentralSystem, ChargePoint, messages
from ocpp16.telemetry import instrument
from ocpp16.testing import connected


class Printer(SpanExporter):
    """Stands for the exporter of a tracing system."""

    def export(self, spans):
        for span in spans:
            shown = ("ocpp.side", "ocpp.identity", "ocpp.wire", "ocpp.status")
            told = [span.attributes[name] for name in shown if name in span.attributes]
            print(span.kind.name, span.name, *told)
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Printer()))

central, station = CentralSystem(), ChargePoint("CP1")
instrument(central, provider=provider)
instrument(station, provider=provider)


@central.on(messages.HeartbeatRequest)
async def heartbeat(peer, request):
    # What happens here belongs to the span of the call.
    with provider.get_tracer("example").start_as_current_span("look at the clock"):
        return messages.HeartbeatResponse(current_time=datetime.now(UTC))


async def main():
    async with connected(central, station) as (_, backend):
        await backend.call(messages.HeartbeatRequest())


asyncio.run(main())
