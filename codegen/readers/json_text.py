"""JSON text to Python values, refusing what JSON leaves loose.

Knows encoding, repeated keys, the constants that are not JSON, and depth. Knows no schema keyword.
"""

from __future__ import annotations

import json

from codegen.readers.errors import ContractError, Origin


class JsonMapping(dict[str, object]):
    """A JSON object that remembers a key it had twice."""

    repeated: str | None = None


def parse_json(data: bytes, file: str) -> object:
    """Read a document.

    Raises:
        ContractError: not JSON in UTF-8; the line is named where the parser knows it.
    """
    try:
        return json.loads(
            data.decode(), object_pairs_hook=_mapping, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        origin = Origin(file, f"line {error.lineno}")
        raise ContractError(origin, f"broken JSON ({error.msg})", "a JSON document") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ContractError(
            Origin(file, f"line {line}"), "bytes that are not UTF-8", "a JSON document in UTF-8"
        ) from None
    except RecursionError:
        raise ContractError(
            Origin(file), "arrays or objects nested without end", "a JSON Schema"
        ) from None
    except ValueError as error:
        raise ContractError(Origin(file), f"broken JSON ({error})", "a JSON document") from None


def _mapping(pairs: list[tuple[str, object]]) -> JsonMapping:
    found = JsonMapping()
    for key, value in pairs:
        if key in found:
            found.repeated = key
        found[key] = value
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
