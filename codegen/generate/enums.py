"""`_generated/enums.py`: every enumeration, each member with its meaning."""

from __future__ import annotations

from codegen import names
from codegen.generate.source import Banner, docstring, module
from codegen.model import Contract
from codegen.prose import Prose

DOC = """Enumerations of OCPP 1.6: closed sets of wire texts under Python names.

A member equals its wire text. Spec: C 7, W."""


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return the module of enumerations."""
    blocks = [["from enum import unique", "", "from ocpp16.structure import WireEnum"]]
    for enum in contract.enumerations:
        text = texts.enum(enum.name)
        lines = ["@unique", f"class {enum.name}(WireEnum):", *docstring(text.summary), ""]
        for value in enum.values:
            lines.append(f'    {names.enum_member(value)} = "{value}"')
            lines += docstring(text.values[value])
        blocks.append(lines)
    return {"ocpp16/_generated/enums.py": module(banner, DOC, blocks)}
