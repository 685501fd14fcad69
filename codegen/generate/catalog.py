"""`_generated/catalog.py`: every action with its messages, profile and senders."""

from __future__ import annotations

from codegen.generate.source import Banner, expression, imports, module, tuple_of
from codegen.model import Contract, Profile, Sender
from codegen.prose import Prose

DOC = """Every action of OCPP 1.6, with its messages, its feature profile and who may send it.

Spec: C 3.3, W."""
SIDES = {Sender.CHARGE_POINT: "Side.CHARGE_POINT", Sender.CENTRAL_SYSTEM: "Side.CENTRAL_SYSTEM"}


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return the module of actions."""
    lines = ["from ocpp16._generated import (", *_modules(), ")", *imports("ocpp16.spec", _SPEC)]
    actions = ["ACTIONS: tuple[ActionSpec, ...] = ("]
    for action in contract.actions:
        module_name = action.profile.value
        spec = expression(
            "ActionSpec(",
            [
                f'"{action.name}"',
                f'"{module_name}"',
                f"frozenset({{{', '.join(SIDES[sender] for sender in action.senders)}}})",
                f"{module_name}.{action.request.structure.name}",
                f"{module_name}.{action.response.structure.name}",
                f'"{texts.action(action.name).summary}"',
                f'"{texts.action(action.name).sections}"',
                tuple_of([f'"{service}"' for service in action.services]),
            ],
            ")",
            indent=25,
        )
        actions += [f"    {line}" for line in f"{spec},".split("\n")]
    actions.append(")")
    return {
        "ocpp16/_generated/catalog.py": module(banner, DOC, [[*lines, "", *actions]]),
    }


_SPEC = {"ActionSpec", "Side"}


def _modules() -> list[str]:
    return [f"    {profile.value}," for profile in sorted(Profile, key=lambda one: one.value)]
