"""The JSON Schema reader: small schemas' facts, and every way to break them."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import (
    Folder,
    JsonEnumeration,
    JsonField,
    JsonMessage,
    JsonObject,
    JsonScalar,
)
from codegen.readers.json_schema import read_json_schema

HERE = Origin("any")
Json = dict[str, object]
ROOT = "$schema, additionalProperties, id, properties, required, title, type"

MAIN: Json = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "id": "urn:OCPP:1.6:2019:12:ResetRequest",
    "title": "ResetRequest",
    "type": "object",
    "properties": {
        "text": {"type": "string", "maxLength": 20},
        "time": {"type": "string", "format": "date-time"},
        "place": {"type": "string", "format": "uri"},
        "number": {"type": "number", "multipleOf": 0.1},
        "kind": {"type": "string", "additionalProperties": False, "enum": ["Soft", "Hard"]},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"flag": {"type": "boolean"}},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
    "required": ["text"],
}

SECURITY: Json = {
    "$schema": "http://json-schema.org/draft-06/schema#",
    "$id": "urn:OCPP:Cp:1.6:2020:3:Reset.conf",
    "definitions": {
        "KindEnumType": {"type": "string", "additionalProperties": False, "enum": ["Soft"]},
        "PartType": {
            "javaType": "Part",
            "type": "object",
            "properties": {"kind": {"$ref": "#/definitions/KindEnumType"}},
            "additionalProperties": False,
        },
    },
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "parts": {
            "type": "array",
            "additionalItems": False,
            "items": {"$ref": "#/definitions/PartType"},
            "minItems": 1,
        },
        "count": {"type": "integer"},
    },
}


def read(
    tmp_path: Path, schema: object, file: str = "Reset.json", folder: Folder = "json"
) -> JsonMessage:
    path = tmp_path / file
    path.write_text(schema if isinstance(schema, str) else json.dumps(schema), encoding="utf-8")
    return read_json_schema(path, folder, file)


def changed(schema: Json, path: str, value: object) -> Json:
    """A copy with another value at a path of keys; None takes the key away."""
    result = copy.deepcopy(schema)
    node: object = result
    *way, last = path.split("/")
    for key in way:
        assert isinstance(node, dict)
        node = node[key]
    assert isinstance(node, dict)
    if value is None:
        del node[last]
    else:
        node[last] = value
    return result


def test_facts_of_a_draft_04_schema(tmp_path: Path) -> None:
    part = JsonObject(None, (JsonField("flag", JsonScalar("boolean"), False, 0, False, HERE),))
    assert read(tmp_path, MAIN) == JsonMessage(
        name="ResetRequest",
        action="Reset",
        kind="request",
        folder="json",
        file="Reset.json",
        draft="draft-04",
        identifier="urn:OCPP:1.6:2019:12:ResetRequest",
        title="ResetRequest",
        body=JsonObject(
            None,
            (
                JsonField("text", JsonScalar("string", 20), False, 0, True, HERE),
                JsonField("time", JsonScalar("timestamp"), False, 0, False, HERE),
                JsonField("place", JsonScalar("uri"), False, 0, False, HERE),
                JsonField("number", JsonScalar("tenths"), False, 0, False, HERE),
                JsonField("kind", JsonEnumeration(None, ("Soft", "Hard")), False, 0, False, HERE),
                JsonField("parts", part, True, 0, False, HERE),
            ),
        ),
        origin=HERE,
    )


def test_facts_of_a_draft_06_schema(tmp_path: Path) -> None:
    kind = JsonEnumeration("KindEnumType", ("Soft",))
    part = JsonObject("PartType", (JsonField("kind", kind, False, 0, False, HERE),))
    assert read(tmp_path, SECURITY, "ResetResponse.json", "json-security") == JsonMessage(
        name="ResetResponse",
        action="Reset",
        kind="response",
        folder="json-security",
        file="ResetResponse.json",
        draft="draft-06",
        identifier="urn:OCPP:Cp:1.6:2020:3:Reset.conf",
        title=None,
        body=JsonObject(
            None,
            (
                JsonField("parts", part, True, 1, False, HERE),
                JsonField("count", JsonScalar("integer"), False, 0, False, HERE),
            ),
        ),
        origin=HERE,
    )


def test_facts_say_at_which_path_they_were_found(tmp_path: Path) -> None:
    fields = read(tmp_path, MAIN).body.fields
    assert fields[0].origin == Origin("Reset.json", "$.properties.text")
    assert isinstance(fields[5].type, JsonObject)
    inner = fields[5].type.fields[0]
    assert inner.origin == Origin("Reset.json", "$.properties.parts.items.properties.flag")


def unknown(where: str, keyword: str, known: str) -> str:
    found = f"found the keyword {keyword!r}"
    return f"{where}: {found}; expected one that is understood there ({known})"


# (path of the change, new value or None to delete, the error message)
BROKEN_MAIN: list[tuple[str, object, str]] = [
    (
        "$schema",
        "http://json-schema.org/draft-07/schema#",
        (
            "$.$schema: found 'http://json-schema.org/draft-07/schema#'; "
            "expected 'http://json-schema.org/draft-04/schema#'"
        ),
    ),
    (
        "id",
        "urn:OCPP:Cp:2:2020:3:ResetRequest",
        (
            "$.id: found 'urn:OCPP:Cp:2:2020:3:ResetRequest'; "
            r"expected the identifier of ResetRequest, in the form "
            r"urn:OCPP:1\.6:\d{4}:\d{1,2}:ResetRequest"
        ),
    ),
    ("title", "Reset", "$.title: found 'Reset'; expected 'ResetRequest'"),
    ("type", "array", "$.type: found 'array'; expected 'object'"),
    (
        "description",
        "x",
        unknown("$", "description", ROOT),
    ),
    (
        "definitions",
        {},
        unknown("$", "definitions", ROOT),
    ),
    ("additionalProperties", True, "$.additionalProperties: found true; expected false"),
    ("additionalProperties", None, "$.additionalProperties: found nothing; expected false"),
    ("properties", [], "$.properties: found []; expected an object"),
    ("required", ["tex"], "$.required: found 'tex'; expected names of properties"),
    ("required", [], "$.required: found []; expected a list of texts"),
    ("required", ["text", "text"], "$.required: found 'text' twice; expected each text once"),
    ("required", [1], "$.required: found 1; expected a text"),
    (
        "properties/text/minLength",
        1,
        unknown("$.properties.text", "minLength", "format, maxLength, type"),
    ),
    (
        "properties/text/maxLength",
        "20",
        "$.properties.text.maxLength: found '20'; expected a whole number from 1 up",
    ),
    (
        "properties/text/maxLength",
        True,
        "$.properties.text.maxLength: found true; expected a whole number from 1 up",
    ),
    (
        "properties/text/type",
        "null",
        (
            "$.properties.text.type: found 'null'; expected one of string, integer, "
            "boolean, number, object, array (as a property)"
        ),
    ),
    (
        "properties/text/type",
        ["string", "null"],
        (
            "$.properties.text.type: found ['string', 'null']; expected one of string, integer, "
            "boolean, number, object, array (as a property)"
        ),
    ),
    ("properties/text", True, "$.properties.text: found true; expected an object"),
    (
        "properties/time/format",
        "date",
        "$.properties.time.format: found 'date'; expected date-time or uri",
    ),
    (
        "properties/number/multipleOf",
        0.01,
        "$.properties.number.multipleOf: found 0.01; expected 0.1",
    ),
    (
        "properties/number/multipleOf",
        None,
        "$.properties.number.multipleOf: found nothing; expected 0.1",
    ),
    (
        "properties/number/minimum",
        0,
        unknown("$.properties.number", "minimum", "multipleOf, type"),
    ),
    (
        "properties/kind/enum",
        ["Soft", "Soft"],
        "$.properties.kind.enum: found 'Soft' twice; expected each text once",
    ),
    ("properties/kind/enum", [], "$.properties.kind.enum: found []; expected a list of texts"),
    (
        "properties/kind/additionalProperties",
        0,
        "$.properties.kind.additionalProperties: found 0; expected false",
    ),
    ("properties/kind/type", None, "$.properties.kind.type: found nothing; expected 'string'"),
    (
        "properties/parts/items",
        None,
        "$.properties.parts: found an array without items; expected a schema for its items",
    ),
    (
        "properties/parts/minItems",
        -1,
        "$.properties.parts.minItems: found -1; expected a whole number from 0 up",
    ),
    (
        "properties/parts/uniqueItems",
        True,
        unknown("$.properties.parts", "uniqueItems", "additionalItems, items, minItems, type"),
    ),
    (
        "properties/parts/items/javaType",
        "x",
        unknown(
            "$.properties.parts.items",
            "javaType",
            "additionalProperties, properties, required, type",
        ),
    ),
    (
        "properties/parts/items/additionalProperties",
        None,
        "$.properties.parts.items.additionalProperties: found nothing; expected false",
    ),
    (
        "properties/kind",
        {"$ref": "#/definitions/Kind"},
        unknown("$.properties.kind", "$ref", "none"),
    ),
]

BROKEN_SECURITY: list[tuple[str, object, str]] = [
    (
        "$schema",
        "http://json-schema.org/draft-04/schema#",
        (
            "$.$schema: found 'http://json-schema.org/draft-04/schema#'; "
            "expected 'http://json-schema.org/draft-06/schema#'"
        ),
    ),
    (
        "$id",
        None,
        (
            "$.$id: found nothing; expected the identifier of ResetResponse, "
            r"in the form urn:OCPP:Cp:1\.6:\d{4}:\d{1,2}:Reset\.conf"
        ),
    ),
    (
        "definitions/KindEnumType",
        None,
        (
            "$.definitions.PartType.properties.kind.$ref: found '#/definitions/KindEnumType'; "
            "expected a definition in this schema"
        ),
    ),
    (
        "properties/parts/items/$ref",
        "other.json#/definitions/PartType",
        (
            "$.properties.parts.items.$ref: found 'other.json#/definitions/PartType'; "
            "expected a definition in this schema"
        ),
    ),
    (
        "properties/parts/items/description",
        "x",
        unknown("$.properties.parts.items", "description", "$ref"),
    ),
    (
        "definitions/Spare",
        {"type": "string", "enum": ["x"]},
        "$.definitions.Spare: found a definition that nothing refers to; expected one in use",
    ),
    (
        "definitions/PartType/properties/kind/$ref",
        "#/definitions/PartType",
        (
            "$.definitions.PartType.properties.kind.$ref: found PartType inside itself; "
            "expected a finite structure"
        ),
    ),
    (
        "definitions/KindEnumType",
        {"type": "string"},
        (
            "$.definitions.KindEnumType: found a definition of neither kind; "
            "expected an object or an enumeration"
        ),
    ),
    (
        "definitions/KindEnumType",
        {"$ref": "#/definitions/PartType"},
        (
            "$.definitions.KindEnumType: found a definition of neither kind; "
            "expected an object or an enumeration"
        ),
    ),
    (
        "properties/parts/additionalItems",
        True,
        "$.properties.parts.additionalItems: found true; expected false",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), BROKEN_MAIN)
def test_broken_draft_04_schema_is_refused(
    tmp_path: Path, path: str, value: object, message: str
) -> None:
    with pytest.raises(ContractError) as caught:
        read(tmp_path, changed(MAIN, path, value))
    assert str(caught.value) == f"Reset.json {message}"


@pytest.mark.parametrize(("path", "value", "message"), BROKEN_SECURITY)
def test_broken_draft_06_schema_is_refused(
    tmp_path: Path, path: str, value: object, message: str
) -> None:
    with pytest.raises(ContractError) as caught:
        read(tmp_path, changed(SECURITY, path, value), "ResetResponse.json", "json-security")
    assert str(caught.value) == f"ResetResponse.json {message}"


def test_a_key_given_twice_deep_inside_is_refused(tmp_path: Path) -> None:
    text = json.dumps(MAIN).replace('"maxLength": 20', '"maxLength": 20, "maxLength": 25')
    with pytest.raises(ContractError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == (
        "Reset.json $.properties.text: found the key 'maxLength' twice; expected each key once"
    )
