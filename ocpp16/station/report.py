"""What a station's diagnostics and logs say, as text. Spec: W N01, C 5.9. Holds no secret."""

from __future__ import annotations

from collections.abc import Iterator

from ocpp16.enums import LogType
from ocpp16.primitives import format_timestamp
from ocpp16.station.core import Core
from ocpp16.station.diagnostics import Order


def diagnostics_text(core: Core, order: Order) -> str:
    """Return the file that an order asks for."""
    is_security = order.log_type is LogType.SECURITY_LOG
    lines = _security_lines(core, order) if is_security else _state_lines(core)
    return "".join(f"{line}\n" for line in lines)


def _security_lines(core: Core, order: Order) -> Iterator[str]:
    for line in core.parts.security.log:
        if order.oldest is not None and line.at < order.oldest:
            continue
        if order.latest is not None and line.at > order.latest:
            continue
        yield f"{format_timestamp(line.at)} {line.type} {line.tech_info or ''}".rstrip()


def _state_lines(core: Core) -> Iterator[str]:
    context = core.parts.context
    yield f"time {format_timestamp(core.now)}"
    yield f"firmware {core.maintenance.version}"
    yield f"registration {context.boot.status}"
    for number in range(context.model.connectors + 1):
        yield f"connector {number} {core.status(number)}"
    known, _ = core.configuration.read(())
    for key in known:
        yield f"key {key.key} = {'' if key.value is None else key.value}"
    yield f"messages waiting {len(core.waiting())}"
