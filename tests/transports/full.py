"""Messages with every field, and what each side receives on SOAP."""

from __future__ import annotations

from typing import Any, TypeVar

from ocpp16 import catalog, messages
from ocpp16.bindings.ocpps import codec
from ocpp16.bindings.ocpps.envelope import NAMESPACES
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Structure
from tests.bindings.ocpps.elements import full_element

StructureT = TypeVar("StructureT", bound=Structure)


def received_by(side: Side) -> list[ActionSpec]:
    """Return the actions of the service that a side offers."""
    return [
        action
        for action in catalog.ACTIONS.values()
        if action.soap_services and side.other in action.senders
    ]


def full(cls: type[StructureT], side: Side) -> StructureT:
    """Return a message with every field, as the service of a side has it."""
    element = full_element(cls, NAMESPACES[side])
    if cls is messages.BootNotificationResponse:
        # One that is not accepted may not be called.
        element.find(f"{{{NAMESPACES[side]}}}status").text = "Accepted"
    return codec.decode(cls, element)


def answer_everything(on: Any, side: Side) -> dict[str, Any]:
    """Register a handler for each action, sync and async in turn; return what they will see."""
    seen: dict[str, Any] = {}
    for number, action in enumerate(received_by(side)):
        if number % 2:

            async def handle(peer: Any, request: Any, action: ActionSpec = action) -> Any:
                seen[action.name] = request
                return full(action.response, side)

            on(action.request)(handle)
        else:

            def handle_now(peer: Any, request: Any, action: ActionSpec = action) -> Any:
                seen[action.name] = request
                return full(action.response, side)

            on(action.request)(handle_now)
    return seen


def all_requests(side: Side) -> dict[str, Any]:
    """Return what the handlers of a side have seen once everything was called."""
    return {action.name: full(action.request, side) for action in received_by(side)}
