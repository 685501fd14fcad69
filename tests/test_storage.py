"""What is kept for an identity, and how much of it."""

from __future__ import annotations

import pytest

from ocpp16.storage import (
    AnswerMemory,
    MemoryAnswers,
    MemoryRegistrations,
    Registration,
    Registrations,
)

DIGEST = 32
"""Bytes that a key takes beside its id."""


def test_an_answer_is_found_by_id_action_and_content() -> None:
    answers: AnswerMemory = MemoryAnswers(64, 10_000)
    answers.keep("a", "StopTransaction", b"{}", b"answer")
    assert answers.find("a", "StopTransaction", b"{}") == b"answer"
    assert answers.find("b", "StopTransaction", b"{}") is None
    assert answers.find("a", "MeterValues", b"{}") is None
    assert answers.find("a", "StopTransaction", b"{ }") is None


def test_action_and_content_do_not_run_into_each_other() -> None:
    answers = MemoryAnswers(64, 10_000)
    answers.keep("a", "StopTransaction", b"", b"answer")
    assert answers.find("a", "Stop", b"Transaction") is None


def test_an_id_is_known_as_long_as_an_answer_with_it_is_kept() -> None:
    answers = MemoryAnswers(2, 10_000)
    assert not answers.knows("a")
    answers.keep("a", "MeterValues", b"1", b"x")
    answers.keep("a", "MeterValues", b"2", b"y")
    assert answers.knows("a")
    assert answers.find("a", "MeterValues", b"1") == b"x"
    assert answers.find("a", "MeterValues", b"2") == b"y"
    answers.keep("b", "MeterValues", b"3", b"z")
    assert answers.knows("a")
    answers.keep("c", "MeterValues", b"4", b"z")
    assert not answers.knows("a")
    assert answers.knows("b")


def test_at_most_64_answers_per_identity_the_oldest_go_first() -> None:
    answers = MemoryAnswers(64, 10_000)
    for number in range(65):
        answers.keep(f"{number:02}", "MeterValues", b"", b"x")
    assert answers.find("00", "MeterValues", b"") is None
    assert all(answers.find(f"{number:02}", "MeterValues", b"") for number in range(1, 65))
    assert answers.size == 64 * (2 + DIGEST + 1)


def test_at_most_256_kib_per_identity_the_oldest_go_first() -> None:
    answers = MemoryAnswers(64, 256 * 1024)
    quarter = b"x" * (64 * 1024 - DIGEST - 1)
    for call_id in "abcd":
        answers.keep(call_id, "MeterValues", b"", quarter)
    assert answers.size == 256 * 1024
    answers.keep("e", "MeterValues", b"", b"")
    assert [call_id for call_id in "abcde" if answers.knows(call_id)] == ["b", "c", "d", "e"]
    assert answers.size == 192 * 1024 + DIGEST + 1


def test_long_ids_count_in_bytes() -> None:
    answers = MemoryAnswers(64, 10_000)
    answers.keep("€" * 10, "MeterValues", b"", b"")
    answers.keep("\ud800", "MeterValues", b"", b"")
    assert answers.size == 30 + 3 + 2 * DIGEST


def test_content_is_not_kept_whatever_its_size() -> None:
    answers = MemoryAnswers(64, 100)
    answers.keep("a", "MeterValues", b"x" * 100_000, b"answer")
    assert answers.find("a", "MeterValues", b"x" * 100_000) == b"answer"


def test_an_answer_that_is_too_large_displaces_nothing() -> None:
    answers = MemoryAnswers(64, 100)
    answers.keep("a", "MeterValues", b"", b"x")
    answers.keep("b", "MeterValues", b"", b"x" * 100)
    assert answers.knows("a")
    assert not answers.knows("b")


@pytest.mark.parametrize(("limit", "byte_limit"), [(0, 1000), (64, 0)])
def test_a_memory_without_room_keeps_nothing(limit: int, byte_limit: int) -> None:
    answers = MemoryAnswers(limit, byte_limit)
    answers.keep("a", "MeterValues", b"", b"x")
    assert not answers.knows("a")
    assert answers.size == 0


def test_an_answer_kept_again_is_the_newest_and_counts_once() -> None:
    answers = MemoryAnswers(2, 10_000)
    answers.keep("a", "MeterValues", b"", b"old")
    answers.keep("b", "MeterValues", b"", b"x")
    answers.keep("a", "MeterValues", b"", b"newer")
    assert answers.size == (1 + DIGEST + 5) + (1 + DIGEST + 1)
    answers.keep("c", "MeterValues", b"", b"x")
    assert answers.find("a", "MeterValues", b"") == b"newer"
    assert not answers.knows("b")


def test_a_registration_is_what_was_told_last() -> None:
    registrations: Registrations = MemoryRegistrations()
    assert registrations.find("CP-1") is None
    registrations.keep("CP-1", Registration(status="Pending", interval=30))
    registrations.keep("CP-2", Registration(status="Rejected", interval=600))
    registrations.keep("CP-1", Registration(status="Accepted", interval=300))
    assert registrations.find("CP-1") == Registration(status="Accepted", interval=300)
    assert registrations.find("CP-2") == Registration(status="Rejected", interval=600)
    assert registrations.find("cp-1") is None


def test_registrations_are_bounded_and_the_oldest_goes_first() -> None:
    registrations = MemoryRegistrations(limit=2)
    accepted = Registration(status="Accepted", interval=300)
    for identity in ("a", "b", "a", "c"):
        registrations.keep(identity, accepted)
    assert registrations.find("b") is None
    assert registrations.find("a") == registrations.find("c") == accepted
