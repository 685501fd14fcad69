"""Tables and diagrams of states: from the tables in `ocpp16.station`, or by driving its parts."""

from __future__ import annotations

from docsite import markdown
from ocpp16.enums import ChargePointStatus, RegistrationStatus
from ocpp16.station.boot import Boot
from ocpp16.station.connector import TRANSITIONS

INTERVAL = 300
ANSWERS = (None, *RegistrationStatus)
"""What a charge point was last told; None is nothing yet."""


def connector_table() -> str:
    """Return the ids of the transitions, from the status of a line to that of a column."""
    ids = {ends: name for name, ends in TRANSITIONS.items()}
    statuses = list(ChargePointStatus)
    return markdown.table(
        ["from, to", *(f"{status}" for status in statuses)],
        ([f"**{one}**", *(ids.get((one, other), "") for other in statuses)] for one in statuses),
    )


def _boot(answer: RegistrationStatus | None) -> Boot:
    boot = Boot(0.0)
    if answer is not None:
        boot.sent()
        boot.answered(answer, INTERVAL, 0.0)
    return boot


def _label(answer: RegistrationStatus | None) -> str:
    return "Unregistered" if answer is None else answer.value


def registration_diagram() -> str:
    """Return what the answers to BootNotification lead to, found out by giving them."""
    lines = ["stateDiagram-v2", "    [*] --> Unregistered"]
    for before in ANSWERS:
        # Whoever is accepted sends no further BootNotification.
        if _boot(before).next_due is None:
            continue
        for answer in RegistrationStatus:
            boot = _boot(before)
            boot.answered(answer, INTERVAL, INTERVAL)
            if boot.status is not before:
                lines.append(f"    {_label(before)} --> {_label(boot.status)}")
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def registration_table() -> str:
    """Return what a charge point may do in each state, found out by asking it."""
    return markdown.table(
        ["State", "BootNotification", "Other requests", "When triggered", "Answers calls",
         "Remote start and stop", "Next BootNotification"],
        (
            (
                f"**{_label(answer)}**",
                _may(_boot(answer).may_send("BootNotification", 1.0)),
                _may(_boot(answer).may_send("StatusNotification", 1.0)),
                _may(_boot(answer).may_send("StatusNotification", 1.0, is_triggered=True)),
                _may(not _boot(answer).is_silent(1.0)),
                _may(_boot(answer).may_be_started_remotely),
                _due(_boot(answer).next_due),
            )
            for answer in ANSWERS
        ),
    )  # fmt: skip


def _may(permitted: bool) -> str:
    return "yes" if permitted else "no"


def _due(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return "at once" if seconds == 0 else f"after the interval ({seconds:g} s)"
