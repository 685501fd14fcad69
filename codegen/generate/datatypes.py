"""`_generated/datatypes.py`: every nested data type."""

from __future__ import annotations

from codegen.generate.source import Banner, module
from codegen.generate.structures import class_lines, converters, import_lines
from codegen.model import Contract
from codegen.prose import Prose

DOC = """Data types of OCPP 1.6: values with fields that messages carry.

Frozen, and checked when made. Spec: C 7, W."""


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return the module of data types and the package docstring."""
    structures = contract.data_types
    blocks = [import_lines(structures, {"DataType"}, data_types=False)]
    # A converter's annotations name classes that come later; they are never evaluated.
    blocks += converters(structures)
    blocks += [class_lines(contract, texts, structure, base="DataType") for structure in structures]
    return {
        "ocpp16/_generated/__init__.py": f"{banner.render(PACKAGE_DOC)}",
        "ocpp16/_generated/datatypes.py": module(banner, DOC, blocks),
    }


PACKAGE_DOC = """Generated from the contracts: enumerations, data types, messages, catalog.

Import the public names from `ocpp16.enums`, `ocpp16.datatypes`, `ocpp16.messages` and
`ocpp16.catalog`."""
