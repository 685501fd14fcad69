"""Jobs of charge points, and which of them a status is of."""

from __future__ import annotations

import pytest

from ocpp16.store.central_system import job
from ocpp16.store.central_system.job import STATUS_LIMIT, Kind, Step
from tests.store.central_system.books import NOON, Books, at


def statuses(books: Books, number: int) -> list[str]:
    return [step.status for step in books.ask(job.history, number)]


def test_a_job_from_the_request_to_the_file(books: Books) -> None:
    number = books.do(
        job.ask, "CP1", Kind.LOG, now=NOON, log_type="SecurityLog", digest=b"d", until=at(60)
    )
    books.do(job.note_answer, number, "Accepted", announced="log.txt")

    def tell(status: str, minutes: int) -> int | None:
        return books.do(
            job.note_status, "CP1", Kind.LOG, status, now=at(minutes), request_id=number
        )

    def receive(name: str) -> bool:
        return books.do(job.note_received, number, name=name, size=3, sha256="ff", now=at(2))

    assert tell("Uploading", 1) == number
    assert receive("log.txt")
    assert not receive("other.txt")
    tell("Uploaded", 3)
    found = books.ask(job.find_granted, b"d")
    assert found == books.ask(job.find_job, number)
    assert found == job.Job(
        number=number,
        identity="CP1",
        kind="log",
        request_id=number,
        asked=NOON,
        answer="Accepted",
        status="Uploaded",
        status_at=at(3),
        file="log.txt",
        announced="log.txt",
        log_type="SecurityLog",
        until=at(60),
        received=at(2),
        size=3,
        sha256="ff",
    )
    assert books.ask(job.history, number) == [Step(at(1), "Uploading"), Step(at(3), "Uploaded")]


@pytest.mark.parametrize("kind", sorted(job.NUMBERED))
def test_a_numbered_status_is_of_its_request(books: Books, kind: Kind) -> None:
    first = books.do(job.ask, "CP1", kind, now=NOON)
    second = books.do(job.ask, "CP1", kind, now=NOON, request_id=77)
    for job_number, request in ((first, first), (second, 77)):
        told = books.do(job.note_status, "CP1", kind, "Idle?", now=NOON, request_id=request)
        assert told == job_number
    others: list[tuple[str, int | None]] = [("CP2", 77), ("CP1", 78), ("CP1", None)]
    for identity, number in others:
        told = books.do(job.note_status, identity, kind, "X", now=NOON, request_id=number)
        assert told is None
    assert statuses(books, second) == ["Idle?"]


@pytest.mark.parametrize("kind", sorted(set(Kind) - job.NUMBERED))
def test_another_status_is_of_the_latest_of_its_kind(books: Books, kind: Kind) -> None:
    assert books.do(job.note_status, "CP1", kind, "X", now=NOON) is None
    books.do(job.ask, "CP1", kind, now=NOON)
    latest = books.do(job.ask, "CP1", kind, now=NOON)
    other = next(iter(set(Kind) - job.NUMBERED - {kind}))
    books.do(job.ask, "CP1", other, now=NOON)
    books.do(job.ask, "CP2", kind, now=NOON)
    assert books.do(job.note_status, "CP1", kind, "X", now=NOON) == latest


def test_what_is_told_again_is_kept_once_and_only_so_much_at_all(books: Books) -> None:
    number = books.do(job.ask, "CP1", Kind.FIRMWARE, now=NOON)
    other = books.do(job.ask, "CP2", Kind.FIRMWARE, now=NOON)
    books.do(job.note_status, "CP2", Kind.FIRMWARE, "Downloading", now=NOON)
    for status in ["A", "A", *(f"S{count}" for count in range(STATUS_LIMIT))]:
        books.do(job.note_status, "CP1", Kind.FIRMWARE, status, now=NOON)
    found = statuses(books, number)
    assert found == [f"S{count}" for count in range(STATUS_LIMIT)]
    assert statuses(books, other) == ["Downloading"]


def test_pages_the_latest_first(books: Books) -> None:
    for identity, kind in (("A", Kind.LOG), ("B", Kind.LOG), ("A", Kind.DIAGNOSTICS)):
        books.do(job.ask, identity, kind, now=NOON)
    assert [each.number for each in books.ask(job.jobs)] == [3, 2, 1]
    assert [each.number for each in books.ask(job.jobs, limit=1, before=3)] == [2]
    assert [each.number for each in books.ask(job.jobs, identity="A")] == [3, 1]
    assert [each.number for each in books.ask(job.jobs, kind="log")] == [2, 1]


def test_a_number_is_never_used_again(books: Books) -> None:
    number = books.do(job.ask, "CP1", Kind.LOG, now=NOON)
    books.do(job.note_status, "CP1", Kind.LOG, "Uploading", now=NOON, request_id=number)
    assert books.do(job.remove, number)
    assert not books.do(job.remove, number)
    assert books.ask(job.history, number) == []
    assert books.do(job.ask, "CP1", Kind.LOG, now=NOON) == number + 1


def test_a_location_can_end_before_its_time(books: Books) -> None:
    given = books.do(job.ask, "CP1", Kind.LOG, now=NOON, digest=b"d", until=at(60))
    foreign = books.do(job.ask, "CP1", Kind.LOG, now=NOON)
    for number, until in ((given, at(5)), (foreign, None)):
        books.do(job.end_grant, number, now=at(5))
        found = books.ask(job.find_job, number)
        assert found is not None and found.until == until
