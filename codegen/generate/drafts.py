"""`_generated/drafts.py`: mutable twins that decoders fill and then turn into the real class."""

from __future__ import annotations

from codegen.generate import python
from codegen.generate.messages import messages_of
from codegen.generate.source import Banner, imports, module, tuple_of
from codegen.model import Contract, Structure
from codegen.prose import Prose

DOC = """Mutable twins of the frozen classes, for decoders.

A decoder has checked every value before it makes an object, so it fills a twin, which is cheap, and
sets `__class__`. Python allows that where both have the same base and the same slots."""


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return the module of twins."""
    del texts
    blocks: list[list[str]] = []
    structures: list[tuple[Structure, str]] = [(one, "DataType") for one in contract.data_types]
    for message in messages_of(contract):
        base = "Request[Any]" if message.kind == "request" else "Response"
        structures.append((message.structure, base))
    blocks.append(
        [
            "from typing import Any",
            "",
            *imports("ocpp16.structure", {"DataType", "Request", "Response"}),
        ]
    )
    blocks += [_twin(structure, base) for structure, base in structures]
    return {"ocpp16/_generated/drafts.py": module(banner, DOC, blocks)}


def _twin(structure: Structure, base: str) -> list[str]:
    fields = python.required_first(structure)
    slots = sorted(python.name(field) for field in fields)
    return [
        f"class {structure.name}Draft({base}):",
        f'    """Twin of `{structure.name}`."""',
        "",
        *_indented(f"__slots__ = {tuple_of([repr_of(slot) for slot in slots], indent=4)}"),
    ]


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.split("\n")]


def repr_of(text: str) -> str:
    """Return a text as a double-quoted literal."""
    return f'"{text}"'
