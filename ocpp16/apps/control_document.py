"""The OpenAPI document of the control API, as data. A test holds it against the routes."""

from __future__ import annotations

from typing import Any, Final

from ocpp16._version import __version__
from ocpp16.apps.control_problem import KINDS, MEDIA_TYPE, PREFIX
from ocpp16.catalog import sent_by
from ocpp16.enums import AuthorizationStatus, ConfigurationStatus, RegistrationStatus
from ocpp16.security.activity import UnusualActivity
from ocpp16.spec import Side
from ocpp16.store.central_system.event import KINDS as EVENT_KINDS

Json = dict[str, Any]

TEXT: Final[Json] = {"type": "string"}
INSTANT: Final[Json] = {"type": "string", "format": "date-time"}
INTEGER: Final[Json] = {"type": "integer"}
BOOLEAN: Final[Json] = {"type": "boolean"}
STATUSES = [str(each) for each in AuthorizationStatus if each != "ConcurrentTx"]
ACTIONS = sorted(action.name for action in sent_by(Side.CENTRAL_SYSTEM))


def _or_null(schema: Json) -> Json:
    return {**schema, "type": [schema["type"], "null"]}


def _object(properties: Json, *, strict: bool = False, required: list[str] | None = None) -> Json:
    found: Json = {"type": "object", "properties": properties}
    found["required"] = list(properties) if required is None else required
    if strict:
        found["additionalProperties"] = False
    return found


def _list(of: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


def _page(name: str, of: str, following: Json) -> Json:
    return _object({name: _list(of), "next": _or_null(following)})


CHARGE_POINT: Final[Json] = {
    "identity": TEXT,
    "connected": BOOLEAN,
    "wire": {"enum": ["ocppj", "ocpps", None]},
    "registration": {"enum": [*map(str, RegistrationStatus), None]},
    "approval": {"enum": [*map(str, RegistrationStatus), None]},
    "vendor": _or_null(TEXT),
    "model": _or_null(TEXT),
    "serialNumber": _or_null(TEXT),
    "firmwareVersion": _or_null(TEXT),
    "boots": INTEGER,
    "lastBoot": _or_null(INSTANT),
    "lastSeen": _or_null(INSTANT),
    "localListVersion": _or_null(INTEGER),
}
ID_TAG_FIELDS: Final[Json] = {
    "status": {"enum": STATUSES},
    "expiryDate": _or_null(INSTANT),
    "parentIdTag": _or_null({**TEXT, "maxLength": 20}),
    "single": BOOLEAN,
    "note": {**TEXT, "maxLength": 500},
}
KEY: Final[Json] = {
    **TEXT,
    "pattern": "^([0-9A-Fa-f]{2}){16,20}$",
    "description": "In a request, none makes a random one, which the answer tells, once.",
}
OBJECTS: Final[Json] = {"type": "array", "items": {"type": "object"}}
SCHEMAS: Final[Json] = {
    "ChargePoint": _object(CHARGE_POINT),
    "ChargePointDetails": _object(
        {
            **CHARGE_POINT,
            "connectors": OBJECTS,
            "transactions": _list("Transaction"),
            "reservations": OBJECTS,
            "chargingProfiles": OBJECTS,
            "configuration": OBJECTS,
        }
    ),
    "ChargePoints": _page("chargePoints", "ChargePoint", TEXT),
    "Approval": _object({"status": {"enum": [*map(str, RegistrationStatus)]}}, strict=True),
    "Approved": _object(
        {
            "identity": TEXT,
            "approval": {"enum": [*map(str, RegistrationStatus)]},
            "triggered": {
                **BOOLEAN,
                "description": "It boots now; otherwise it is told when it boots by itself.",
            },
        }
    ),
    "Payload": {"type": "object", "description": "As OCPP-J 1.6 has it, on SOAP too."},
    "Transaction": _object(
        {
            "transactionId": INTEGER,
            "chargePoint": TEXT,
            "connectorId": INTEGER,
            "idTag": TEXT,
            "idTagInfo": {"type": "object"},
            "start": INSTANT,
            "meterStart": INTEGER,
            "lastReading": _or_null(INTEGER),
            "stop": _or_null(INSTANT),
            "meterStop": _or_null(INTEGER),
            "energy": _or_null(INTEGER),
            "reason": _or_null(TEXT),
            "stopIdTag": _or_null(TEXT),
            "reservationId": _or_null(INTEGER),
        }
    ),
    "Transactions": _page("transactions", "Transaction", INTEGER),
    "IdTagEntry": _object(ID_TAG_FIELDS, strict=True, required=[]),
    "IdTag": _object({"idTag": TEXT, **ID_TAG_FIELDS}),
    "IdTags": _page("idTags", "IdTag", TEXT),
    "Event": _object(
        {
            "number": INTEGER,
            "time": INSTANT,
            "chargePoint": {**_or_null(TEXT), "description": "Null: nobody has proven who it is."},
            "kind": TEXT,
            "text": TEXT,
            "transactionId": _or_null(INTEGER),
        }
    ),
    "Keys": _object(
        {
            "keys": {
                "type": "array",
                "items": _object(
                    {
                        "identity": TEXT,
                        "since": INSTANT,
                        "changing": {
                            **BOOLEAN,
                            "description": "Two are valid: it has to connect with one of them.",
                        },
                        "securityProfile": INTEGER,
                    }
                ),
            },
            "next": _or_null(TEXT),
        }
    ),
    "NewKey": _object({"key": KEY}, strict=True, required=[]),
    "GivenKey": _object({"identity": TEXT, "key": _or_null(KEY)}),
    "Rotation": _object(
        {"identity": TEXT, "status": {"enum": [str(each) for each in ConfigurationStatus]}}
    ),
    "SecurityEvent": _object(
        {
            "number": INTEGER,
            "chargePoint": TEXT,
            "type": TEXT,
            "critical": BOOLEAN,
            "time": INSTANT,
            "techInfo": _or_null(TEXT),
            "received": INSTANT,
        }
    ),
    "SecurityEvents": _page("securityEvents", "SecurityEvent", INTEGER),
    "Activity": _object(
        {
            "activity": {
                "type": "array",
                "items": _object(
                    {
                        "kind": {"enum": [str(each) for each in UnusualActivity]},
                        "total": INTEGER,
                        "chargePoints": OBJECTS,
                        "addresses": OBJECTS,
                    }
                ),
            }
        }
    ),
    "Health": _object({"status": {"const": "ok"}}),
    "Problem": _object(
        {
            "type": {"enum": [f"{PREFIX}{kind}" for kind in KINDS]},
            "title": TEXT,
            "status": INTEGER,
            "detail": TEXT,
            "path": {**TEXT, "description": "JSON pointer to what is wrong."},
            "code": {**TEXT, "description": "The error code of the charge point's answer."},
        },
        required=["type", "title", "status", "detail"],
    ),
}


def _parameter(name: str, place: str, about: str, schema: Json) -> Json:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": about,
        "schema": schema,
    }


IDENTITY = _parameter("identity", "path", "The charge point.", TEXT)
ID_TAG = _parameter("id_tag", "path", "Compared without case.", {**TEXT, "maxLength": 20})
LIMIT = _parameter(
    "limit", "query", "How many at most.", {**INTEGER, "minimum": 1, "maximum": 1000}
)
AFTER = _parameter("after", "query", "Only what follows this: `next` of the page before.", TEXT)
OF_CHARGE_POINT = _parameter("chargePoint", "query", "Only of this charge point.", TEXT)
TIMEOUT = _parameter(
    "timeout",
    "query",
    "Seconds that the answer may take, waiting for earlier calls included.",
    {"type": "number", "exclusiveMinimum": 0, "maximum": 600, "default": 30},
)
CALL_PROBLEMS = (
    "unknown-charge-point not-connected not-allowed refused-by-charge-point invalid-answer"
    " timeout connection-lost"
)


def _answer(schema: str | None, media: str = "application/json") -> Json:
    if schema is None:
        return {"description": "Done."}
    shown = {"type": "string"} if not schema else {"$ref": f"#/components/schemas/{schema}"}
    return {"description": "Done.", "content": {media: {"schema": shown}}}


def _operation(
    scope: str | None,
    summary: str,
    good: Json,
    kinds: str = "",
    *,
    parameters: tuple[Json, ...] = (),
    body: str | None = None,
    status: str = "200",
) -> Json:
    """Return an operation; `kinds` are the problems that it has beside those of all."""
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
        content = {"schema": {"$ref": f"#/components/schemas/{body}"}}
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    by_status: dict[int, list[str]] = {}
    for name in dict.fromkeys(names):
        by_status.setdefault(KINDS[name][0], []).append(name)
    for number, same in sorted(by_status.items()):
        found["responses"][str(number)] = {
            "description": "; ".join(KINDS[name][1] for name in same),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found


PATHS: Final[Json] = {
    "/healthz": {"get": _operation(None, "Whether the process serves", _answer("Health"))},
    "/openapi.json": {
        "get": _operation(
            None,
            "This document",
            {"description": "Done.", "content": {"application/json": {"schema": {}}}},
        )
    },
    "/metrics": {
        "get": _operation("read", "Metrics, as Prometheus reads them", _answer("", "text/plain"))
    },
    "/charge-points": {
        "get": _operation(
            "read",
            "Charge points that are known or connected, by identity",
            _answer("ChargePoints"),
            "invalid-parameter",
            parameters=(AFTER, LIMIT),
        )
    },
    "/charge-points/{identity}": {
        "get": _operation(
            "read",
            "All that is known of a charge point",
            _answer("ChargePointDetails"),
            "unknown-charge-point",
            parameters=(IDENTITY,),
        )
    },
    "/charge-points/{identity}/approval": {
        "put": _operation(
            "operate",
            "Enter a charge point, and say what it is told when it boots",
            _answer("Approved"),
            parameters=(IDENTITY,),
            body="Approval",
        )
    },
    "/charge-points/{identity}/calls/{action}": {
        "post": _operation(
            "operate",
            "Call a charge point, and wait for its answer",
            _answer("Payload"),
            f"invalid-parameter unknown-action {CALL_PROBLEMS}",
            parameters=(
                IDENTITY,
                _parameter("action", "path", "The action.", {"enum": ACTIONS}),
                TIMEOUT,
            ),
            body="Payload",
        )
    },
    "/charge-points/{identity}/key": {
        "put": _operation(
            "operate",
            "Give a charge point a key, in place of what it had; for when it is not connected",
            _answer("GivenKey"),
            "not-allowed",
            parameters=(IDENTITY,),
            body="NewKey",
        ),
        "delete": _operation(
            "operate",
            "Forget the key of a charge point",
            _answer(None),
            "not-allowed unknown-key",
            parameters=(IDENTITY,),
            status="204",
        ),
    },
    "/charge-points/{identity}/key/rotation": {
        "post": _operation(
            "operate",
            "Have a connected charge point take another key",
            _answer("Rotation"),
            f"invalid-parameter {CALL_PROBLEMS}",
            parameters=(IDENTITY, TIMEOUT),
            body="NewKey",
        )
    },
    "/keys": {
        "get": _operation(
            "read",
            "Who has a key, and since when",
            _answer("Keys"),
            "invalid-parameter",
            parameters=(AFTER, LIMIT),
        )
    },
    "/security-events": {
        "get": _operation(
            "read",
            "Security events that charge points have told, the latest first",
            _answer("SecurityEvents"),
            "invalid-parameter",
            parameters=(
                OF_CHARGE_POINT,
                _parameter("type", "query", "Only of this type.", TEXT),
                LIMIT,
                _parameter("before", "query", "`next` of the page before.", INTEGER),
            ),
        )
    },
    "/activity": {
        "get": _operation(
            "read", "Unusual activity since the start, and of whom", _answer("Activity")
        )
    },
    "/transactions": {
        "get": _operation(
            "read",
            "Transactions, the latest first",
            _answer("Transactions"),
            "invalid-parameter",
            parameters=(
                OF_CHARGE_POINT,
                _parameter("running", "query", "Only those that run, or that do not.", BOOLEAN),
                _parameter("from", "query", "Only those that began then or later.", INSTANT),
                _parameter("to", "query", "Only those that began earlier.", INSTANT),
                LIMIT,
                _parameter("before", "query", "`next` of the page before.", INTEGER),
            ),
        )
    },
    "/events": {
        "get": _operation(
            "read",
            "Events as they happen (server-sent events), and before that those after a number",
            _answer("Event", "text/event-stream"),
            "invalid-parameter unknown-kind too-many",
            parameters=(
                OF_CHARGE_POINT,
                _parameter("kind", "query", "Only of this kind.", {"enum": [*EVENT_KINDS]}),
                _parameter("after", "query", "First those with a higher number.", INTEGER),
                _parameter("Last-Event-ID", "header", "The same, when connecting again.", INTEGER),
            ),
        )
    },
    "/id-tags": {
        "get": _operation(
            "read",
            "Identifiers",
            _answer("IdTags"),
            "invalid-parameter",
            parameters=(AFTER, LIMIT),
        )
    },
    "/id-tags/{id_tag}": {
        "get": _operation(
            "read", "An identifier", _answer("IdTag"), "unknown-id-tag", parameters=(ID_TAG,)
        ),
        "put": _operation(
            "operate",
            "Enter an identifier, in place of what was known of it",
            _answer("IdTag"),
            parameters=(ID_TAG,),
            body="IdTagEntry",
        ),
        "delete": _operation(
            "operate",
            "Forget an identifier",
            _answer(None),
            "unknown-id-tag",
            parameters=(ID_TAG,),
            status="204",
        ),
    },
}
DOCUMENT: Final[Json] = {
    "openapi": "3.1.0",
    "info": {"title": "Control API of `ocpp16 central-system`", "version": __version__},
    "paths": PATHS,
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of the token file: `read`, or `operate`, which reads too.",
            }
        },
    },
}
