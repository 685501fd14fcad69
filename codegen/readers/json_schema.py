"""JSON Schema draft-04 and draft-06, as the OCPP 1.6 schemas use them, to facts.

Knows closed objects, arrays of one item type, enumerations and a few facets; in the security folder
also named definitions. Does not know WSDL names (`merge`). A keyword that is not known here is an
error, because its meaning would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from codegen.conventions import JSON_FORMS, JsonForm
from codegen.model import ScalarKind
from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import (
    Folder,
    JsonEnumeration,
    JsonField,
    JsonMessage,
    JsonObject,
    JsonScalar,
    MessageKind,
)
from codegen.readers.json_text import JsonMapping, parse_json

JsonType = JsonScalar | JsonEnumeration | JsonObject

OBJECT_KEYS: Final = frozenset({"type", "properties", "required", "additionalProperties"})
ROOT_KEYS: Final = OBJECT_KEYS | {"$schema", "title"}
ARRAY_KEYS: Final = frozenset({"type", "items", "minItems", "additionalItems"})
# `additionalProperties` says nothing about a text, `additionalItems` nothing about an array with
# one item schema, `javaType` nothing about JSON: the published schemas have all three.
ENUM_KEYS: Final = frozenset({"type", "enum", "additionalProperties"})
DEFINITION_KEYS: Final = frozenset({"javaType"})
SCALAR_KEYS: Final = {
    "string": frozenset({"type", "maxLength", "format"}),
    "integer": frozenset({"type"}),
    "boolean": frozenset({"type"}),
    "number": frozenset({"type", "multipleOf"}),
}
FORMATS: Final[dict[object, ScalarKind]] = {"date-time": "timestamp", "uri": "uri"}
REFERENCE: Final = "#/definitions/"


def read_json_schema(path: Path, folder: Folder, shown: str) -> JsonMessage:
    """Read the schema of one message.

    Args:
        path: the file; its name says which message it is (`Authorize`, `AuthorizeResponse`).
        folder: which set it belongs to, and so which draft and which form of identifier.
        shown: its name in error messages and origins.

    Raises:
        ContractError: anything that is not an OCPP 1.6 schema in every detail.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContractError(
            Origin(shown), f"no readable file ({error.strerror})", "a JSON schema"
        ) from None
    root = parse_json(data, shown)
    return _Schema(shown, JSON_FORMS[folder]).message(root, path, folder)


class _Schema:
    """One document. Methods take a node and its JSON path."""

    def __init__(self, file: str, form: JsonForm) -> None:
        self.file = file
        self.form = form
        self.definitions: JsonMapping = JsonMapping()
        self.read: dict[str, JsonType] = {}
        self.open: list[str] = []

    def message(self, root: object, path: Path, folder: Folder) -> JsonMessage:
        kind: MessageKind = "response" if path.stem.endswith("Response") else "request"
        action = path.stem.removesuffix("Response")
        name = f"{action}{kind.capitalize()}"
        node = self._mapping(root, "$")
        definitions = {"definitions"} if self.form.definitions else set()
        self._keys(node, "$", ROOT_KEYS | {self.form.id_key} | definitions)
        self._expect(node, "$schema", "$", self.form.schema)
        self._expect(node, "type", "$", "object")
        if "title" in node:
            self._expect(node, "title", "$", name)
        identifier = node.get(self.form.id_key)
        pattern = self.form.identifier + re.escape(action + self.form.suffixes[kind])
        if not isinstance(identifier, str) or re.fullmatch(pattern, identifier) is None:
            raise self._error(
                f"$.{self.form.id_key}",
                _show(identifier),
                f"the identifier of {name}, in the form {pattern}",
            )
        self.definitions = self._mapping(node.get("definitions", JsonMapping()), "$.definitions")
        body = self._object(node, "$", None)
        for unused in sorted(self.definitions.keys() - self.read.keys()):
            raise self._error(
                f"$.definitions.{unused}", "a definition that nothing refers to", "one in use"
            )
        return JsonMessage(
            name=name,
            action=action,
            kind=kind,
            folder=folder,
            file=path.name,
            draft=self.form.draft,
            identifier=identifier,
            title=name if "title" in node else None,
            body=body,
            origin=Origin(self.file),
        )

    def _object(self, node: JsonMapping, where: str, definition: str | None) -> JsonObject:
        if node.get("additionalProperties") is not False:
            raise self._error(
                f"{where}.additionalProperties", _show(node.get("additionalProperties")), "false"
            )
        properties = self._mapping(node.get("properties", JsonMapping()), f"{where}.properties")
        required = self._texts(node["required"], f"{where}.required") if "required" in node else ()
        for name in required:
            if name not in properties:
                raise self._error(f"{where}.required", f"{name!r}", "names of properties")
        return JsonObject(
            definition,
            tuple(
                self._field(name, value, f"{where}.properties.{name}", name in required)
                for name, value in properties.items()
            ),
        )

    def _field(self, name: str, value: object, where: str, required: bool) -> JsonField:
        node = self._mapping(value, where)
        origin = Origin(self.file, where)
        if node.get("type") != "array":
            return JsonField(name, self._type(node, where), False, 0, required, origin)
        self._keys(node, where, ARRAY_KEYS)
        if "additionalItems" in node:
            self._expect(node, "additionalItems", where, False)
        least = self._whole(node, "minItems", where, 0) if "minItems" in node else 0
        if "items" not in node:
            raise self._error(where, "an array without items", "a schema for its items")
        items = self._mapping(node["items"], f"{where}.items")
        return JsonField(name, self._type(items, f"{where}.items"), True, least, required, origin)

    def _type(self, node: JsonMapping, where: str, definition: str | None = None) -> JsonType:
        if "$ref" in node and definition is None:
            return self._reference(node, where)
        named = DEFINITION_KEYS if definition else frozenset()
        if node.get("type") == "object":
            self._keys(node, where, OBJECT_KEYS | named)
            return self._object(node, where, definition)
        if "enum" in node:
            self._keys(node, where, ENUM_KEYS | named)
            self._expect(node, "type", where, "string")
            if "additionalProperties" in node:
                self._expect(node, "additionalProperties", where, False)
            return JsonEnumeration(definition, self._texts(node["enum"], f"{where}.enum"))
        if definition:
            raise self._error(where, "a definition of neither kind", "an object or an enumeration")
        return self._scalar(node, where)

    def _scalar(self, node: JsonMapping, where: str) -> JsonScalar:
        kind = node.get("type")
        if not isinstance(kind, str) or kind not in SCALAR_KEYS:
            known = ", ".join((*SCALAR_KEYS, "object", "array (as a property)"))
            raise self._error(f"{where}.type", _show(kind), f"one of {known}")
        self._keys(node, where, SCALAR_KEYS[kind])
        if kind == "integer":
            return JsonScalar("integer")
        if kind == "boolean":
            return JsonScalar("boolean")
        if kind == "number":
            self._expect(node, "multipleOf", where, 0.1)
            return JsonScalar("tenths")
        length = self._whole(node, "maxLength", where, 1) if "maxLength" in node else None
        if "format" not in node:
            return JsonScalar("string", length)
        if node["format"] not in FORMATS:
            raise self._error(f"{where}.format", _show(node["format"]), "date-time or uri")
        return JsonScalar(FORMATS[node["format"]], length)

    def _reference(self, node: JsonMapping, where: str) -> JsonType:
        self._keys(node, where, {"$ref"} if self.form.definitions else frozenset())
        reference = node["$ref"]
        name = reference.removeprefix(REFERENCE) if isinstance(reference, str) else ""
        if reference != REFERENCE + name or name not in self.definitions:
            raise self._error(f"{where}.$ref", _show(reference), "a definition in this schema")
        if name in self.open:
            raise self._error(f"{where}.$ref", f"{name} inside itself", "a finite structure")
        if name not in self.read:
            self.open.append(name)
            inside = f"$.definitions.{name}"
            self.read[name] = self._type(
                self._mapping(self.definitions[name], inside), inside, name
            )
            self.open.pop()
        return self.read[name]

    def _error(self, where: str, found: str, expected: str) -> ContractError:
        return ContractError(Origin(self.file, where), found, expected)

    def _mapping(self, value: object, where: str) -> JsonMapping:
        if not isinstance(value, JsonMapping):
            raise self._error(where, _show(value), "an object")
        if value.repeated is not None:
            raise self._error(where, f"the key {value.repeated!r} twice", "each key once")
        return value

    def _keys(self, node: JsonMapping, where: str, known: AbstractSet[str]) -> None:
        for key in node:
            if key not in known:
                raise self._error(
                    where,
                    f"the keyword {key!r}",
                    f"one that is understood there ({', '.join(sorted(known)) or 'none'})",
                )

    def _expect(self, node: JsonMapping, key: str, where: str, expected: object) -> None:
        value = node.get(key)
        # type() because 0 == False in Python.
        if type(value) is not type(expected) or value != expected:
            raise self._error(f"{where}.{key}", _show(value), _show(expected))

    def _whole(self, node: JsonMapping, key: str, where: str, least: int) -> int:
        value = node[key]
        if type(value) is not int or value < least:
            raise self._error(f"{where}.{key}", _show(value), f"a whole number from {least} up")
        return value

    def _texts(self, value: object, where: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise self._error(where, _show(value), "a list of texts")
        texts: list[str] = []
        for item in value:
            if not isinstance(item, str):
                raise self._error(where, _show(item), "a text")
            if item in texts:
                raise self._error(where, f"{item!r} twice", "each text once")
            texts.append(item)
        return tuple(texts)


def _show(value: object) -> str:
    """A value for an error message, cut where it is long."""
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
