"""What a request for firmware, diagnostics or a log, and its answer, change in the jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ocpp16.apps.control_view import instant
from ocpp16.messages import (
    GetDiagnosticsRequest,
    GetDiagnosticsResponse,
    GetLogRequest,
    GetLogResponse,
    SignedUpdateFirmwareRequest,
    SignedUpdateFirmwareResponse,
    UpdateFirmwareRequest,
)
from ocpp16.store.central_system import job
from ocpp16.store.central_system.job import Job, Kind, Step
from ocpp16.structure import Request, Response

JOB_REQUESTS = (
    GetDiagnosticsRequest,
    GetLogRequest,
    SignedUpdateFirmwareRequest,
    UpdateFirmwareRequest,
)
ACCEPTED = frozenset({"Accepted", "AcceptedCanceled"})


def begin_job(
    connection: Connection,
    *,
    identity: str,
    request: Request[Any],
    now: datetime,
    digest: bytes | None = None,
    until: datetime | None = None,
    file: str | None = None,
) -> int:
    """Keep the job that a request is about to give, and return its number."""
    given: dict[str, Any] = {"now": now, "digest": digest, "until": until, "file": file}
    match request:
        case GetLogRequest():
            number, log_type = request.request_id, str(request.log_type)
            # A number of ours is that of the job: then it is not known yet.
            given |= {"request_id": None if digest else number, "log_type": log_type}
            return job.ask(connection, identity, Kind.LOG, **given)
        case SignedUpdateFirmwareRequest():
            given["request_id"] = None if digest else request.request_id
            return job.ask(connection, identity, Kind.SIGNED_FIRMWARE, **given)
        case GetDiagnosticsRequest():
            return job.ask(connection, identity, Kind.DIAGNOSTICS, **given)
        case _:
            return job.ask(connection, identity, Kind.FIRMWARE, **given)


def answer_job(
    connection: Connection,
    number: int,
    answer: str,
    *,
    is_over: bool,
    now: datetime,
    announced: str | None = None,
) -> None:
    """Keep what a request came to; one that is over needs its location no more."""
    job.note_answer(connection, number, answer, announced=announced)
    if is_over:
        job.end_grant(connection, number, now=now)


def note_job_answer(
    connection: Connection, number: int, response: Response, *, now: datetime
) -> None:
    """Keep what a charge point answered."""
    answer, announced, is_over = "Accepted", None, False
    match response:
        case GetDiagnosticsResponse():
            announced = response.file_name
            # C 5.9: without a name there is nothing to be sent.
            is_over = announced is None
            answer = "NoFile" if is_over else "Accepted"
        case GetLogResponse():
            announced, answer = response.filename, str(response.status)
            is_over = answer not in ACCEPTED
        case SignedUpdateFirmwareResponse():
            answer = str(response.status)
            is_over = answer not in ACCEPTED
        case _:
            pass
    answer_job(connection, number, answer, is_over=is_over, now=now, announced=announced)


def job_object(found: Job) -> dict[str, Any]:
    """Return a job, as the list has it; its location is a secret, and not in it."""
    return {
        "job": found.number,
        "chargePoint": found.identity,
        "kind": found.kind,
        "requestId": found.request_id,
        "asked": instant(found.asked),
        "answer": found.answer,
        "status": found.status,
        "statusTime": instant(found.status_at),
        "file": found.file,
        "announcedFile": found.announced,
        "logType": found.log_type,
        "locationEnds": instant(found.until),
        "received": instant(found.received),
        "size": found.size,
        "sha256": found.sha256,
    }


def history_object(steps: list[Step]) -> list[dict[str, Any]]:
    """Return what was told of a job."""
    return [{"time": instant(step.at), "status": step.status} for step in steps]
