"""The JSON schemas, written from the model.

Knows how each folder spells its schemas: nested types inline in `json`, under `definitions` in
`json-security`. Writes facts only, in one order, with two spaces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from codegen.conventions import JSON_FORMS
from codegen.model import (
    Contract,
    Enumeration,
    EnumRef,
    Field,
    Message,
    ObjectRef,
    Scalar,
    ScalarKind,
    Structure,
)

Schema = dict[str, object]

SCALARS: Final[Mapping[ScalarKind, Schema]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "tenths": {"type": "number", "multipleOf": 0.1},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "uri": {"type": "string", "format": "uri"},
}


def json_schema_text(contract: Contract, message: Message) -> str:
    """Write the schema of one message."""
    form = JSON_FORMS[message.json.folder]
    writer = _Writer(contract, form.definitions)
    body = writer.object(message.structure)
    schema: Schema = {"$schema": form.schema, form.id_key: message.json.identifier}
    if message.json.title is not None:
        schema["title"] = message.json.title
    if writer.definitions:
        schema["definitions"] = writer.definitions
    return json.dumps(schema | body, indent=2) + "\n"


class _Writer:
    """One schema in the making; collects definitions, each after the ones it refers to."""

    def __init__(self, contract: Contract, named: bool) -> None:
        self.enumerations = {item.name: item for item in contract.enumerations}
        self.structures = {item.name: item for item in contract.data_types}
        self.named = named
        self.definitions: dict[str, Schema] = {}

    def object(self, structure: Structure) -> Schema:
        schema: Schema = {
            "type": "object",
            "properties": {field.name: self._field(field) for field in structure.fields},
        }
        required = [field.name for field in structure.fields if field.json.required]
        if required:
            schema["required"] = required
        schema["additionalProperties"] = False
        return schema

    def _field(self, field: Field) -> Schema:
        if not field.many:
            return self._type(field)
        schema: Schema = {"type": "array", "items": self._type(field)}
        if field.json.min_items:
            schema["minItems"] = field.json.min_items
        return schema

    def _type(self, field: Field) -> Schema:
        if isinstance(field.type, EnumRef):
            enumeration = self.enumerations[field.type.name]
            schema: Schema = {"type": "string", "enum": list(enumeration.json_values)}
            return self._reference(enumeration, schema)
        if isinstance(field.type, ObjectRef):
            structure = self.structures[field.type.name]
            return self._reference(structure, self.object(structure))
        return self._scalar(field.type)

    def _reference(self, item: Enumeration | Structure, schema: Schema) -> Schema:
        if not self.named or item.json_name is None:
            return schema
        self.definitions[item.json_name] = schema
        return {"$ref": f"#/definitions/{item.json_name}"}

    @staticmethod
    def _scalar(item: Scalar) -> Schema:
        schema = dict(SCALARS[item.kind])
        if item.max_length is not None:
            schema["maxLength"] = item.max_length
        return schema
