"""Diagrams of the station's state tables, as Mermaid text, drawn from the tables themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ocpp16.station.connector import TRANSITIONS
from ocpp16.station.firmware import ENDS, NEXT


def connector_diagram() -> str:
    """Return the statuses of a connector; the label of an arrow is its id in C 4.9.

    Faults are left out: every status leads to Faulted (x9), and Faulted back to the status before.
    """
    return _diagram(_connector_lines())


def _connector_lines() -> Iterator[str]:
    yield "[*] --> Available"
    for name, (one, other) in TRANSITIONS.items():
        if "9" not in name and not name.startswith("I"):
            yield f"{one} --> {other}: {name}"


def firmware_diagram() -> str:
    """Return the stages of a firmware update."""
    return _diagram(_firmware_lines())


def _firmware_lines() -> Iterator[str]:
    yield "[*] --> Idle"
    for stage, following in NEXT.items():
        for other in following:
            yield f"{stage.value} --> {other.value}"
    for stage in NEXT:
        if stage in ENDS:
            yield f"{stage.value} --> [*]"


def _diagram(lines: Iterator[str]) -> str:
    return "\n".join(("stateDiagram-v2", *(f"    {line}" for line in lines))) + "\n"
