"""The facts of all documents, joined into one contract.

Knows which WSDL operation and which JSON schemas are one action, and what follows from the service
that offers it. Types are joined by `merge_types`; what the documents do not say, or say
differently, is asked of the overlay. Reads no file.
"""

from __future__ import annotations

from typing import Final

from codegen.difference import first_change
from codegen.merge_types import TypeMerge
from codegen.model import (
    Action,
    Contract,
    JsonDocument,
    Message,
    Sender,
    Service,
)
from codegen.overlay import SHOWN, Overlay
from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import (
    Documents,
    JsonMessage,
    MessageKind,
    SoapMessage,
    SoapOperation,
    SoapService,
)

# A service is called by the other side.
CALLERS: Final = {
    "CentralSystemService": Sender.CHARGE_POINT,
    "ChargePointService": Sender.CENTRAL_SYSTEM,
}


def merge(documents: Documents, overlay: Overlay) -> Contract:
    """Join all facts.

    Args:
        documents: what the WSDLs and JSON schemas state.
        overlay: the decisions, fresh from `load_overlay`; every one of them must be of use.

    Raises:
        ContractError: documents contradict each other, something is stated in one family only, or
            an entry of the overlay is missing or stale.
    """
    types = TypeMerge(documents.services, overlay)
    offered: dict[str, list[tuple[SoapService, SoapOperation]]] = {}
    for service in documents.services:
        for operation in service.operations:
            offered.setdefault(operation.name, []).append((service, operation))
    messages = _by_action(documents.messages)
    _check_actions(offered, messages)
    # The order of the WSDLs, then that of the schemas without one.
    actions = tuple(
        _action(name, offered.get(name, []), messages[name], types, overlay)
        for name in dict.fromkeys((*offered, *messages))
    )
    services = tuple(
        Service(
            service.name,
            service.namespace,
            service.file,
            service.port_type,
            service.binding,
            service.port,
            service.address,
            tuple(operation.name for operation in service.operations),
            tuple(types.simple_type(item) for item in service.simple_types),
        )
        for service in documents.services
    )
    overlay.refuse_unused()
    return Contract(
        tuple(types.enumerations.values()), tuple(types.data_types.values()), actions, services
    )


def _by_action(messages: tuple[JsonMessage, ...]) -> dict[str, dict[MessageKind, JsonMessage]]:
    found: dict[str, dict[MessageKind, JsonMessage]] = {}
    for message in messages:
        known = found.setdefault(message.action, {})
        if message.kind in known:
            raise ContractError(
                message.origin,
                f"a second schema of {message.name}",
                f"one (the first is {known[message.kind].origin})",
            )
        known[message.kind] = message
    return found


def _check_actions(
    offered: dict[str, list[tuple[SoapService, SoapOperation]]],
    messages: dict[str, dict[MessageKind, JsonMessage]],
) -> None:
    """See that the WSDLs and the main JSON set have the same actions, the security set others."""
    for name, places in offered.items():
        if name not in messages:
            raise ContractError(
                places[0][1].request.origin,
                f"operation {name}, for which there is no JSON schema",
                "the same actions in the WSDLs and the folder json",
            )
    for name, pair in messages.items():
        message = pair["request"]
        if (message.folder == "json") != (name in offered):
            raise ContractError(
                message.origin,
                f"action {name}, which {'a' if name in offered else 'no'} WSDL has",
                "the same actions in the WSDLs and the folder json",
            )


def _action(
    name: str,
    offered: list[tuple[SoapService, SoapOperation]],
    messages: dict[MessageKind, JsonMessage],
    types: TypeMerge,
    overlay: Overlay,
) -> Action:
    profile = overlay.profiles.get(name)
    if profile is None:
        raise ContractError(Origin(SHOWN), f"no profile for {name}", "one")
    services = tuple(service.name for service, _ in offered)
    return Action(
        name,
        profile,
        _senders(name, services, overlay),
        _message(messages["request"], [item.request for _, item in offered], types),
        _message(messages["response"], [item.response for _, item in offered], types),
        services,
    )


def _senders(name: str, services: tuple[str, ...], overlay: Overlay) -> tuple[Sender, ...]:
    if services:
        return tuple(CALLERS[service] for service in services)
    sender = overlay.senders.get(name)
    if sender is None:
        raise ContractError(Origin(SHOWN), f"no sender for {name}", "one")
    return (sender,)


def _message(message: JsonMessage, soap: list[SoapMessage], types: TypeMerge) -> Message:
    first = soap[0] if soap else None
    for other in soap[1:]:
        if other != first:
            change = first_change(message.name, first, other, (soap[0].origin, other.origin))
            raise ContractError(other.origin, change, "the same message in both WSDLs")
    return Message(
        types.structure(message.name, message.body, first.type if first else None, message.origin),
        message.action,
        message.kind,
        JsonDocument(
            message.folder, message.file, message.draft, message.identifier, message.title
        ),
        first.element if first else None,
        first.action if first else None,
    )
