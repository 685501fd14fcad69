"""The OpenAPI document of the control API, as data. A test holds it against the routes."""

from __future__ import annotations

from typing import Final

from ocpp16._version import __version__
from ocpp16.apps import control_file_document
from ocpp16.apps.control_problem import KINDS, PREFIX
from ocpp16.apps.control_schema import (
    BOOLEAN,
    IDENTITY,
    INSTANT,
    INTEGER,
    LIMIT,
    OF_CHARGE_POINT,
    TEXT,
    TIMEOUT,
    Json,
    answer,
    list_of,
    object_of,
    operation,
    or_null,
    page_of,
    parameter,
)
from ocpp16.catalog import sent_by
from ocpp16.enums import AuthorizationStatus, ConfigurationStatus, RegistrationStatus
from ocpp16.security.activity import UnusualActivity
from ocpp16.spec import Side
from ocpp16.store.central_system.event import KINDS as EVENT_KINDS

STATUSES = [str(each) for each in AuthorizationStatus if each != "ConcurrentTx"]
ACTIONS = sorted(action.name for action in sent_by(Side.CENTRAL_SYSTEM))


CHARGE_POINT: Final[Json] = {
    "identity": TEXT,
    "connected": BOOLEAN,
    "wire": {"enum": ["ocppj", "ocpps", None]},
    "registration": {"enum": [*map(str, RegistrationStatus), None]},
    "approval": {"enum": [*map(str, RegistrationStatus), None]},
    "vendor": or_null(TEXT),
    "model": or_null(TEXT),
    "serialNumber": or_null(TEXT),
    "firmwareVersion": or_null(TEXT),
    "boots": INTEGER,
    "lastBoot": or_null(INSTANT),
    "lastSeen": or_null(INSTANT),
    "localListVersion": or_null(INTEGER),
}
ID_TAG_FIELDS: Final[Json] = {
    "status": {"enum": STATUSES},
    "expiryDate": or_null(INSTANT),
    "parentIdTag": or_null({**TEXT, "maxLength": 20}),
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
    "ChargePoint": object_of(CHARGE_POINT),
    "ChargePointDetails": object_of(
        {
            **CHARGE_POINT,
            "connectors": OBJECTS,
            "transactions": list_of("Transaction"),
            "reservations": OBJECTS,
            "chargingProfiles": OBJECTS,
            "configuration": OBJECTS,
        }
    ),
    "ChargePoints": page_of("chargePoints", "ChargePoint", TEXT),
    "Approval": object_of({"status": {"enum": [*map(str, RegistrationStatus)]}}, strict=True),
    "Approved": object_of(
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
    "Transaction": object_of(
        {
            "transactionId": INTEGER,
            "chargePoint": TEXT,
            "connectorId": INTEGER,
            "idTag": TEXT,
            "idTagInfo": {"type": "object"},
            "start": INSTANT,
            "meterStart": INTEGER,
            "lastReading": or_null(INTEGER),
            "stop": or_null(INSTANT),
            "meterStop": or_null(INTEGER),
            "energy": or_null(INTEGER),
            "reason": or_null(TEXT),
            "stopIdTag": or_null(TEXT),
            "reservationId": or_null(INTEGER),
        }
    ),
    "Transactions": page_of("transactions", "Transaction", INTEGER),
    "IdTagEntry": object_of(ID_TAG_FIELDS, strict=True, required=[]),
    "IdTag": object_of({"idTag": TEXT, **ID_TAG_FIELDS}),
    "IdTags": page_of("idTags", "IdTag", TEXT),
    "Event": object_of(
        {
            "number": INTEGER,
            "time": INSTANT,
            "chargePoint": {**or_null(TEXT), "description": "Null: nobody has proven who it is."},
            "kind": TEXT,
            "text": TEXT,
            "transactionId": or_null(INTEGER),
        }
    ),
    "Keys": object_of(
        {
            "keys": {
                "type": "array",
                "items": object_of(
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
            "next": or_null(TEXT),
        }
    ),
    "NewKey": object_of({"key": KEY}, strict=True, required=[]),
    "GivenKey": object_of({"identity": TEXT, "key": or_null(KEY)}),
    "Rotation": object_of(
        {"identity": TEXT, "status": {"enum": [str(each) for each in ConfigurationStatus]}}
    ),
    "SecurityEvent": object_of(
        {
            "number": INTEGER,
            "chargePoint": TEXT,
            "type": TEXT,
            "critical": BOOLEAN,
            "time": INSTANT,
            "techInfo": or_null(TEXT),
            "received": INSTANT,
        }
    ),
    "SecurityEvents": page_of("securityEvents", "SecurityEvent", INTEGER),
    "Activity": object_of(
        {
            "activity": {
                "type": "array",
                "items": object_of(
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
    "Health": object_of({"status": {"const": "ok"}}),
    **control_file_document.SCHEMAS,
    "Problem": object_of(
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


ID_TAG = parameter("id_tag", "path", "Compared without case.", {**TEXT, "maxLength": 20})
AFTER = parameter("after", "query", "Only what follows this: `next` of the page before.", TEXT)
CALL_PROBLEMS = (
    "unknown-charge-point not-connected not-allowed refused-by-charge-point invalid-answer"
    " timeout connection-lost"
)


PATHS: Final[Json] = {
    "/healthz": {"get": operation(None, "Whether the process serves", answer("Health"))},
    "/openapi.json": {
        "get": operation(
            None,
            "This document",
            {"description": "Done.", "content": {"application/json": {"schema": {}}}},
        )
    },
    "/metrics": {
        "get": operation("read", "Metrics, as Prometheus reads them", answer("", "text/plain"))
    },
    "/charge-points": {
        "get": operation(
            "read",
            "Charge points that are known or connected, by identity",
            answer("ChargePoints"),
            "invalid-parameter",
            parameters=(AFTER, LIMIT),
        )
    },
    "/charge-points/{identity}": {
        "get": operation(
            "read",
            "All that is known of a charge point",
            answer("ChargePointDetails"),
            "unknown-charge-point",
            parameters=(IDENTITY,),
        )
    },
    "/charge-points/{identity}/approval": {
        "put": operation(
            "operate",
            "Enter a charge point, and say what it is told when it boots",
            answer("Approved"),
            parameters=(IDENTITY,),
            body="Approval",
        )
    },
    "/charge-points/{identity}/calls/{action}": {
        "post": operation(
            "operate",
            "Call a charge point, and wait for its answer",
            answer("Payload"),
            f"invalid-parameter unknown-action {CALL_PROBLEMS}",
            parameters=(
                IDENTITY,
                parameter("action", "path", "The action.", {"enum": ACTIONS}),
                TIMEOUT,
            ),
            body="Payload",
        )
    },
    "/charge-points/{identity}/key": {
        "put": operation(
            "operate",
            "Give a charge point a key, in place of what it had; for when it is not connected",
            answer("GivenKey"),
            "not-allowed",
            parameters=(IDENTITY,),
            body="NewKey",
        ),
        "delete": operation(
            "operate",
            "Forget the key of a charge point",
            answer(None),
            "not-allowed unknown-key",
            parameters=(IDENTITY,),
            status="204",
        ),
    },
    "/charge-points/{identity}/key/rotation": {
        "post": operation(
            "operate",
            "Have a connected charge point take another key",
            answer("Rotation"),
            f"invalid-parameter {CALL_PROBLEMS}",
            parameters=(IDENTITY, TIMEOUT),
            body="NewKey",
        )
    },
    "/keys": {
        "get": operation(
            "read",
            "Who has a key, and since when",
            answer("Keys"),
            "invalid-parameter",
            parameters=(AFTER, LIMIT),
        )
    },
    "/security-events": {
        "get": operation(
            "read",
            "Security events that charge points have told, the latest first",
            answer("SecurityEvents"),
            "invalid-parameter",
            parameters=(
                OF_CHARGE_POINT,
                parameter("type", "query", "Only of this type.", TEXT),
                LIMIT,
                parameter("before", "query", "`next` of the page before.", INTEGER),
            ),
        )
    },
    "/activity": {
        "get": operation(
            "read", "Unusual activity since the start, and of whom", answer("Activity")
        )
    },
    **control_file_document.PATHS,
    "/transactions": {
        "get": operation(
            "read",
            "Transactions, the latest first",
            answer("Transactions"),
            "invalid-parameter",
            parameters=(
                OF_CHARGE_POINT,
                parameter("running", "query", "Only those that run, or that do not.", BOOLEAN),
                parameter("from", "query", "Only those that began then or later.", INSTANT),
                parameter("to", "query", "Only those that began earlier.", INSTANT),
                LIMIT,
                parameter("before", "query", "`next` of the page before.", INTEGER),
            ),
        )
    },
    "/events": {
        "get": operation(
            "read",
            "Events as they happen (server-sent events), and before that those after a number",
            answer("Event", "text/event-stream"),
            "invalid-parameter unknown-kind too-many",
            parameters=(
                OF_CHARGE_POINT,
                parameter("kind", "query", "Only of this kind.", {"enum": [*EVENT_KINDS]}),
                parameter("after", "query", "First those with a higher number.", INTEGER),
                parameter("Last-Event-ID", "header", "The same, when connecting again.", INTEGER),
            ),
        )
    },
    "/id-tags": {
        "get": operation(
            "read",
            "Identifiers",
            answer("IdTags"),
            "invalid-parameter",
            parameters=(AFTER, LIMIT),
        )
    },
    "/id-tags/{id_tag}": {
        "get": operation(
            "read", "An identifier", answer("IdTag"), "unknown-id-tag", parameters=(ID_TAG,)
        ),
        "put": operation(
            "operate",
            "Enter an identifier, in place of what was known of it",
            answer("IdTag"),
            parameters=(ID_TAG,),
            body="IdTagEntry",
        ),
        "delete": operation(
            "operate",
            "Forget an identifier",
            answer(None),
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
