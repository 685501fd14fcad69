"""`_generated/<profile>.py`: the requests and responses of each feature profile."""

from __future__ import annotations

from codegen.generate.source import Banner, module
from codegen.generate.structures import class_lines, converters, import_lines, type_of
from codegen.model import Action, Contract, Message, Profile, Sender
from codegen.prose import Prose

TITLES = {
    Profile.CORE: "Core",
    Profile.FIRMWARE: "Firmware Management",
    Profile.LOCAL_AUTH_LIST: "Local Auth List Management",
    Profile.REMOTE_TRIGGER: "Remote Trigger",
    Profile.RESERVATION: "Reservation",
    Profile.SMART_CHARGING: "Smart Charging",
    Profile.SECURITY: "security extension",
}
SENDERS = {Sender.CHARGE_POINT: "charge point", Sender.CENTRAL_SYSTEM: "central system"}


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return one module a feature profile."""
    return {
        f"ocpp16/_generated/{profile.value}.py": _module(contract, texts, banner, profile)
        for profile in Profile
    }


def _module(contract: Contract, texts: Prose, banner: Banner, profile: Profile) -> str:
    actions = [action for action in contract.actions if action.profile is profile]
    messages = [message for action in actions for message in (action.request, action.response)]
    structures = tuple(message.structure for message in messages)
    blocks = [import_lines(structures, {"Request", "Response"}, data_types=True)]
    blocks += converters(structures)
    for action in actions:
        # The response comes first: the request is typed by it.
        blocks.append(
            class_lines(
                contract,
                texts,
                action.response.structure,
                base="Response",
                after=sections(texts, action),
            )
        )
        response = action.response.structure.name
        extra = [
            "    @classmethod",
            f"    def response_type(cls) -> {type_of(action.request.structure)}[{response}]:",
            f'        """Return `{response}`."""',
            f"        return {response}",
            "",
        ]
        blocks.append(
            class_lines(
                contract,
                texts,
                action.request.structure,
                base=f"Request[{response}]",
                after=_request_note(texts, action),
                extra=extra,
            )
        )
    doc = f"Messages of the feature profile {TITLES[profile]}.\n\nSpec: C 3.3, 6."
    if profile is Profile.SECURITY:
        doc = "Messages of the security extension (JSON only).\n\nSpec: W."
    return module(banner, doc, blocks)


def _request_note(texts: Prose, action: Action) -> str:
    senders = " or by the ".join(SENDERS[sender] for sender in action.senders)
    note = f"Sent by the {senders}; answered by `{action.response.structure.name}`."
    spec = sections(texts, action)
    return f"{note} {spec}" if spec else note


def sections(texts: Prose, action: Action) -> str:
    """Return the closing line that names the sections of an action, if any."""
    known = texts.action(action.name).sections
    return f"Spec: {known}." if known else ""


def messages_of(contract: Contract) -> list[Message]:
    """Return every message, requests before responses, by action."""
    return [message for action in contract.actions for message in (action.request, action.response)]
