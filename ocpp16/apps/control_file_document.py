"""The part of the control API's OpenAPI document that is about files and jobs."""

from __future__ import annotations

from typing import Final

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
from ocpp16.enums import LogType
from ocpp16.store.central_system.job import Kind

TRIES: Final[Json] = {"retries": INTEGER, "retryInterval": INTEGER}
IMAGE: Final[Json] = {"image": TEXT, "size": INTEGER, "modified": INSTANT, "signed": BOOLEAN}
JOB: Final[Json] = {
    "job": INTEGER,
    "chargePoint": TEXT,
    "kind": {"enum": [*map(str, Kind)]},
    "requestId": or_null(INTEGER),
    "asked": INSTANT,
    "answer": {
        **or_null(TEXT),
        "description": "What the charge point answered, or the kind of problem that there was.",
    },
    "status": {**or_null(TEXT), "description": "The last that it has told."},
    "statusTime": or_null(INSTANT),
    "file": {
        **or_null(TEXT),
        "description": "The image, or the name that the charge point gave what it has sent.",
    },
    "announcedFile": or_null(TEXT),
    "logType": or_null(TEXT),
    "locationEnds": or_null(INSTANT),
    "received": or_null(INSTANT),
    "size": or_null(INTEGER),
    "sha256": or_null(TEXT),
}
SCHEMAS: Final[Json] = {
    "FirmwareOrder": object_of(
        {
            "image": TEXT,
            "retrieveDate": {**INSTANT, "description": "A minute ago, if absent."},
            "installDate": {**INSTANT, "description": "Only of a signed image."},
            "signed": {**BOOLEAN, "description": "Whether the image is, if absent."},
            **TRIES,
        },
        strict=True,
        required=["image"],
    ),
    "DiagnosticsOrder": object_of(
        {"startTime": INSTANT, "stopTime": INSTANT, **TRIES}, strict=True, required=[]
    ),
    "LogOrder": object_of(
        {
            "logType": {"enum": [*map(str, LogType)]},
            "oldestTimestamp": INSTANT,
            "latestTimestamp": INSTANT,
            **TRIES,
        },
        strict=True,
        required=["logType"],
    ),
    "Job": object_of(JOB),
    "JobDetails": object_of(
        {
            **JOB,
            "history": {
                "type": "array",
                "items": object_of({"time": INSTANT, "status": TEXT}),
            },
        }
    ),
    "Jobs": page_of("jobs", "Job", INTEGER),
    "Image": object_of(IMAGE),
    "TakenImage": object_of({**IMAGE, "sha256": TEXT}),
    "Images": object_of({"images": list_of("Image")}),
    "ImageSignature": object_of(
        {
            "signature": {**TEXT, "maxLength": 800, "description": "Base64; RSA-PSS or ECDSA."},
            "signingCertificate": {**TEXT, "maxLength": 5500, "description": "PEM."},
        },
        strict=True,
    ),
}
NAME: Final = parameter("name", "path", "The image.", {**TEXT, "maxLength": 100})
NUMBER: Final = parameter("number", "path", "The job.", INTEGER)
CALL: Final = (
    "invalid-parameter no-files unknown-charge-point not-connected not-allowed"
    " refused-by-charge-point invalid-answer timeout connection-lost"
)


def _order(summary: str, body: str, more: str = "") -> Json:
    return {
        "post": operation(
            "operate",
            summary,
            answer("JobDetails"),
            f"{CALL} {more}",
            parameters=(IDENTITY, TIMEOUT),
            body=body,
        )
    }


PATHS: Final[Json] = {
    "/charge-points/{identity}/firmware": _order(
        "Have a charge point fetch and install an image",
        "FirmwareOrder",
        "unknown-firmware",
    ),
    "/charge-points/{identity}/diagnostics": _order(
        "Have a charge point send its diagnostics here", "DiagnosticsOrder"
    ),
    "/charge-points/{identity}/log": _order("Have a charge point send a log here", "LogOrder"),
    "/jobs": {
        "get": operation(
            "read",
            "Updates and uploads that charge points were asked for, the latest first",
            answer("Jobs"),
            "invalid-parameter",
            parameters=(
                OF_CHARGE_POINT,
                parameter("kind", "query", "Only of this kind.", TEXT),
                parameter("before", "query", "`next` of the page before.", INTEGER),
                LIMIT,
            ),
        )
    },
    "/jobs/{number}": {
        "get": operation(
            "read",
            "A job, with all that was told of it",
            answer("JobDetails"),
            "unknown-job",
            parameters=(NUMBER,),
        ),
        "delete": operation(
            "operate",
            "Forget a job, its file included; its location ends",
            answer(None),
            "unknown-job disk",
            parameters=(NUMBER,),
            status="204",
        ),
    },
    "/jobs/{number}/file": {
        "get": operation(
            "read",
            "The file that a charge point has sent for a job",
            answer("", "application/octet-stream"),
            "unknown-job no-files",
            parameters=(NUMBER,),
        )
    },
    "/firmware": {
        "get": operation("read", "Images, by name", answer("Images"), "no-files disk"),
    },
    "/firmware/{name}": {
        "put": operation(
            "operate",
            "Put an image there, in place of the one of its name; its signature comes after it",
            answer("TakenImage"),
            "no-files disk unknown-firmware",
            parameters=(NAME,),
            body="",
        ),
        "delete": operation(
            "operate",
            "Remove an image",
            answer(None),
            "no-files unknown-firmware disk",
            parameters=(NAME,),
            status="204",
        ),
    },
    "/firmware/{name}/signature": {
        "put": operation(
            "operate",
            "Enter the signature of an image, which has to be right",
            answer("Image"),
            "no-files unknown-firmware not-installed disk",
            parameters=(NAME,),
            body="ImageSignature",
        )
    },
}
