"""How the OpenAPI document of the control API is put together: schemas, parameters, operations."""

from __future__ import annotations

from typing import Any, Final

from ocpp16.apps.control_problem import KINDS, MEDIA_TYPE

Json = dict[str, Any]

TEXT: Final[Json] = {"type": "string"}
INSTANT: Final[Json] = {"type": "string", "format": "date-time"}
INTEGER: Final[Json] = {"type": "integer"}
BOOLEAN: Final[Json] = {"type": "boolean"}


def or_null(schema: Json) -> Json:
    """Return a schema that takes null as well."""
    return {**schema, "type": [schema["type"], "null"]}


def object_of(properties: Json, *, strict: bool = False, required: list[str] | None = None) -> Json:
    """Return the schema of an object; `strict` takes no other fields."""
    found: Json = {"type": "object", "properties": properties}
    found["required"] = list(properties) if required is None else required
    if strict:
        found["additionalProperties"] = False
    return found


def list_of(of: str) -> Json:
    """Return the schema of a list."""
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


def page_of(name: str, of: str, following: Json) -> Json:
    """Return the schema of a page of a list."""
    return object_of({name: list_of(of), "next": or_null(following)})


def parameter(name: str, place: str, about: str, schema: Json) -> Json:
    """Return a parameter."""
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": about,
        "schema": schema,
    }


def answer(schema: str | None, media: str = "application/json") -> Json:
    """Return a good answer; the empty name is a text, None nothing."""
    if schema is None:
        return {"description": "Done."}
    shown = {"type": "string"} if not schema else {"$ref": f"#/components/schemas/{schema}"}
    return {"description": "Done.", "content": {media: {"schema": shown}}}


def operation(
    scope: str | None,
    summary: str,
    good: Json,
    kinds: str = "",
    *,
    parameters: tuple[Json, ...] = (),
    body: str | None = None,
    status: str = "200",
) -> Json:
    """Return an operation.

    Args:
        scope: Of the token that it needs.
        summary: What it does.
        good: The answer that it is meant to have.
        kinds: The problems that it has beside those of all.
        parameters: Its parameters.
        body: The schema of its body; None is none, and the empty name any bytes.
        status: The status of the good answer.
    """
    found: Json = {"summary": summary, "responses": {status: good}}
    names = [*kinds.split(), "internal"]
    if scope is not None:
        names += ["no-token", "store"]
        found["security"] = [{"bearer": [scope]}]
    if scope == "operate":
        names.append("scope")
    if parameters:
        found["parameters"] = list(parameters)
    if body is not None:
        names += ["invalid-request", "too-large", "too-slow"]
        media = "application/json" if body else "application/octet-stream"
        content = {"schema": {"$ref": f"#/components/schemas/{body}"}} if body else {}
        found["requestBody"] = {"required": True, "content": {media: content}}
    by_status: dict[int, list[str]] = {}
    for name in dict.fromkeys(names):
        by_status.setdefault(KINDS[name][0], []).append(name)
    for number, same in sorted(by_status.items()):
        found["responses"][str(number)] = {
            "description": "; ".join(KINDS[name][1] for name in same),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found


IDENTITY: Final = parameter("identity", "path", "The charge point.", TEXT)
LIMIT: Final = parameter(
    "limit", "query", "How many at most.", {**INTEGER, "minimum": 1, "maximum": 1000}
)
OF_CHARGE_POINT: Final = parameter("chargePoint", "query", "Only of this charge point.", TEXT)
TIMEOUT: Final = parameter(
    "timeout",
    "query",
    "Seconds that the answer may take, waiting for earlier calls included.",
    {"type": "number", "exclusiveMinimum": 0, "maximum": 600, "default": 30},
)
