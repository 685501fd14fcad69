"""The rules of transactions, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, Reason
from ocpp16.messages import ReserveNowRequest
from ocpp16.store.central_system import event, export, id_tag, reservation, transaction
from ocpp16.store.central_system.transaction import ID_LIMIT, random_id
from tests.store.central_system.books import NOON, Books, at, start, stop, tag, value, values


def flags(books: Books) -> list[str]:
    return [each.text for each in books.ask(event.events, kind=event.FLAG)]


def begin(books: Books, identity: str = "CP1", **fields: Any) -> int:
    outcome = books.do(transaction.start, identity, start(**fields), now=NOON)
    return outcome.response.transaction_id


def test_a_transaction_from_its_start_to_its_end(books: Books) -> None:
    books.do(id_tag.put_id_tag, tag("A", parent_id_tag="family"))
    began = books.do(transaction.start, "CP1", start("a"), now=NOON)
    number = began.response.transaction_id
    assert 0 < number < ID_LIMIT
    told = IdTagInfo(status=AuthorizationStatus.ACCEPTED, parent_id_tag="family")
    assert began.response.id_tag_info == told
    assert not began.is_repeat and not began.events
    books.do(transaction.note_meter_values, "CP1", values(value(), transaction=number), now=NOON)
    running = books.ask(transaction.find, number)
    assert running is not None
    assert (running.reading, running.energy, running.stopped) == (200, None, None)
    ended = books.do(
        transaction.stop,
        "CP1",
        stop(number, id_tag="A", transaction_data=(value("500", minutes=60),)),
        now=NOON,
    )
    assert ended.response.id_tag_info == told
    assert not ended.is_repeat and not ended.events
    over = books.ask(transaction.find, number)
    assert over is not None
    assert (over.identity, over.connector_id, over.id_tag, over.meter_start) == ("CP1", 1, "a", 100)
    assert (over.started, over.stopped, over.meter_stop, over.energy) == (NOON, at(60), 500, 400)
    assert (over.stop_reason, over.stop_tag, over.start_info) == ("Local", "A", told)
    kept = books.ask(lambda each: list(export.meter_value_rows(each, transaction_id=number)))
    assert [(row["value"], row["connectorId"]) for row in kept] == [("200", 1), ("500", 1)]


def test_a_start_that_comes_again_is_the_same_transaction_for_ever(books: Books) -> None:
    books.do(id_tag.put_id_tag, tag("A"))
    first = books.do(transaction.start, "CP1", start("A"), now=NOON)
    books.do(transaction.stop, "CP1", stop(first.response.transaction_id), now=NOON)
    books.do(id_tag.put_id_tag, tag("A", AuthorizationStatus.BLOCKED))
    books.reopen()
    again = books.do(transaction.start, "CP1", start("a"), now=at(60 * 24 * 400))
    assert again.is_repeat
    # The answer is the one that was lost, and not what would be said today.
    assert again.response == first.response
    assert len(books.ask(transaction.transactions)) == 1
    assert flags(books) == []


@pytest.mark.parametrize(
    "other",
    [{"connector": 2}, {"tag": "B"}, {"meter": 101}, {"minutes": 1}],
)
def test_another_start_is_another_transaction(books: Books, other: dict[str, Any]) -> None:
    assert begin(books) != begin(books, **other)
    assert len(books.ask(transaction.transactions)) == 2


def test_another_charge_points_start_is_another_transaction(books: Books) -> None:
    assert begin(books, "CP1") != begin(books, "CP2")


def test_an_id_that_is_taken_is_not_used_again(books: Books) -> None:
    ids = iter([7, 7, 7, 9])

    def new_id() -> int:
        return next(ids)

    for meter, expected in ((1, 7), (2, 9)):
        outcome = books.do(transaction.start, "CP1", start(meter=meter), now=NOON, new_id=new_id)
        assert outcome.response.transaction_id == expected


def test_ids_are_spread_over_all_that_a_peer_can_carry() -> None:
    found = {random_id() for _ in range(1000)}
    assert len(found) > 990
    assert min(found) > 0 and 2**30 < max(found) < 2**31


def test_a_start_is_checked_whatever_the_charge_point_thought(books: Books) -> None:
    books.do(id_tag.put_id_tag, tag("blocked", AuthorizationStatus.BLOCKED))
    for text, status in (
        ("blocked", AuthorizationStatus.BLOCKED),
        ("nobody", AuthorizationStatus.INVALID),
    ):
        outcome = books.do(transaction.start, "CP1", start(text), now=NOON)
        assert outcome.response.id_tag_info.status is status
        # It has an id all the same (C 3.7), and is in the books.
        assert books.ask(transaction.find, outcome.response.transaction_id) is not None


def test_one_transaction_at_a_time(books: Books) -> None:
    books.do(id_tag.put_id_tag, tag("A", is_single=True))
    first = books.do(transaction.start, "CP1", start("A"), now=NOON)
    assert first.response.id_tag_info.status is AuthorizationStatus.ACCEPTED
    second = books.do(transaction.start, "CP2", start("a"), now=NOON)
    assert second.response.id_tag_info.status is AuthorizationStatus.CONCURRENT_TX
    again = books.do(transaction.start, "CP1", start("A"), now=NOON)
    assert again.response == first.response
    for identity, each in (("CP1", first), ("CP2", second)):
        books.do(transaction.stop, identity, stop(each.response.transaction_id), now=NOON)
    third = books.do(transaction.start, "CP1", start("A", meter=7), now=NOON)
    assert third.response.id_tag_info.status is AuthorizationStatus.ACCEPTED


def test_a_stop_that_comes_again_gets_the_same_answer_and_is_kept_once(books: Books) -> None:
    books.do(id_tag.put_id_tag, tag("A"))
    number = begin(books)
    request = stop(number, id_tag="A", transaction_data=(value(),))
    first = books.do(transaction.stop, "CP1", request, now=NOON)
    books.do(id_tag.put_id_tag, tag("A", AuthorizationStatus.BLOCKED))
    books.reopen()
    again = books.do(transaction.stop, "CP1", request, now=at(1))
    assert again.is_repeat and again.response == first.response and not again.events
    assert len(books.ask(lambda each: list(export.meter_value_rows(each)))) == 1


def test_the_stop_of_one_without_an_identifier_says_nothing_of_any(books: Books) -> None:
    number = begin(books)
    for is_repeat in (False, True):
        ended = books.do(transaction.stop, "CP1", stop(number), now=NOON)
        assert ended.response.id_tag_info is None
        assert ended.is_repeat is is_repeat


def strange(books: Books) -> list[tuple[str, int, str]]:
    """Return who writes about which transaction that it may not, and what is flagged."""
    foreign = begin(books, "CP2")
    ended = begin(books, meter=5)
    books.do(transaction.stop, "CP1", stop(ended, meter=6, reason=Reason.REMOTE), now=NOON)
    return [
        ("CP1", foreign, "which is another charge point's"),
        ("CP1", ended, "which has ended"),
        ("CP1", -1, "which is unknown"),
        ("CP1", 0, "which is unknown"),
        ("CP1", 2**63 - 1, "which is unknown"),
    ]


@pytest.mark.parametrize("action", ["StopTransaction", "MeterValues"])
def test_who_writes_about_a_transaction_that_is_not_its_own_changes_nothing(
    books: Books, action: str
) -> None:
    books.do(id_tag.put_id_tag, tag("A"))
    cases = strange(books)

    def state() -> list[object]:
        rows = books.ask(lambda each: list(export.meter_value_rows(each)))
        return [*books.ask(transaction.transactions), *rows]

    before = state()
    for identity, number, reason in cases:
        if action == "StopTransaction":
            ended = books.do(transaction.stop, identity, stop(number, id_tag="A"), now=NOON)
            assert ended.response.id_tag_info == IdTagInfo(status=AuthorizationStatus.ACCEPTED)
            noted = ended.events
        else:
            request = values(value(), transaction=number)
            noted = books.do(transaction.note_meter_values, identity, request, now=NOON).events
        assert [each.text for each in noted] == [f"{action} for {number}, {reason}"]
        assert noted[0].transaction_id == number
        # What may be worth money is not thrown away.
        assert f'"transactionId":{number}' in (noted[0].payload or "")
    assert state() == before
    assert len(flags(books)) == len(cases)


@pytest.mark.parametrize(
    ("play", "text"),
    [
        (lambda books: begin(books, connector=0), "transaction {} is on connector 0"),
        (
            lambda books: begin(books, minutes=60 * 25),
            "transaction {} began in the future",
        ),
        (
            lambda books: begin(books, reservation_id=77),
            "transaction {} names reservation 77, which is none of this charge point's",
        ),
        (
            lambda books: stopped(books, meter=99),
            "transaction {} ended below an earlier reading of its meter",
        ),
        (lambda books: stopped(books, minutes=-1), "transaction {} ended before it began"),
        (lambda books: stopped(books, minutes=1500), "transaction {} ended in the future"),
        (
            lambda books: measured(books, value("99")),
            "the meter of transaction {} ran backwards",
        ),
        (
            lambda books: measured(books, value("300"), value("200"), value("150", minutes=16)),
            None,
        ),
        (
            lambda books: measured(books, value(), connector=2),
            "MeterValues for {} name connector 2",
        ),
    ],
)
def test_what_cannot_be_right_is_kept_as_reported_and_flagged(
    books: Books, play: Callable[[Books], int], text: str | None
) -> None:
    number = play(books)
    assert flags(books) == ([] if text is None else [text.format(number)])
    assert books.ask(transaction.find, number) is not None


def stopped(books: Books, **fields: Any) -> int:
    number = begin(books)
    books.do(transaction.stop, "CP1", stop(number, **fields), now=NOON)
    found = books.ask(transaction.find, number)
    assert found is not None and found.stopped is not None
    return number


def measured(books: Books, *found: Any, connector: int = 1) -> int:
    number = begin(books)
    request = values(*found, connector=connector, transaction=number)
    books.do(transaction.note_meter_values, "CP1", request, now=NOON)
    rows = books.ask(lambda each: list(export.meter_value_rows(each, transaction_id=number)))
    assert len(rows) == len(found)
    return number


def test_a_second_transaction_on_a_connector_is_flagged(books: Books) -> None:
    first = begin(books)
    second = begin(books, meter=200)
    assert flags(books) == [f"transaction {second} began while {first} runs on its connector"]


def test_a_reservation_is_used_up(books: Books) -> None:
    request = ReserveNowRequest(connector_id=1, expiry_date=at(60), id_tag="A", reservation_id=5)
    books.do(reservation.put_reservation, "CP1", request, now=NOON)
    begin(books, reservation_id=5)
    assert [each.state for each in books.ask(reservation.reservations)] == ["used"]
    assert flags(books) == []
    number = begin(books, "CP2", reservation_id=5)
    assert flags(books) == [
        f"transaction {number} names reservation 5, which is none of this charge point's"
    ]


def test_meter_values_without_a_transaction_are_kept_once(books: Books) -> None:
    request = values(value("1"), value("2", minutes=30), connector=0)
    for is_repeat in (False, True):
        outcome = books.do(transaction.note_meter_values, "CP1", request, now=NOON)
        assert outcome.is_repeat is is_repeat
        assert outcome.events == ()
    # A part of it, with something new.
    more = values(value("2", minutes=30), value("3", minutes=45), connector=0)
    assert not books.do(transaction.note_meter_values, "CP1", more, now=NOON).is_repeat
    books.do(transaction.note_meter_values, "CP2", request, now=NOON)
    rows = books.ask(lambda each: list(export.meter_value_rows(each, identity="CP1")))
    assert [row["value"] for row in rows] == ["1", "2", "3"]


def test_meter_values_that_come_again_after_the_stop_are_known(books: Books) -> None:
    number = begin(books)
    request = values(value(), transaction=number)
    books.do(transaction.note_meter_values, "CP1", request, now=NOON)
    books.do(transaction.stop, "CP1", stop(number), now=NOON)
    again = books.do(transaction.note_meter_values, "CP1", request, now=NOON)
    assert again.is_repeat and flags(books) == []


def test_empty_meter_values_are_nothing(books: Books) -> None:
    outcome = books.do(transaction.note_meter_values, "CP1", values(), now=NOON)
    assert not outcome.is_repeat and outcome.events == ()


def test_meter_values_are_let_go_by_age(books: Books) -> None:
    found = [value(str(minute), minutes=minute) for minute in range(4)]
    books.do(transaction.note_meter_values, "CP1", values(*found), now=NOON)
    from ocpp16.store.central_system import meter_value

    assert books.do(meter_value.forget, at(2)) == 2
    rows = books.ask(lambda each: list(export.meter_value_rows(each)))
    assert [row["value"] for row in rows] == ["2", "3"]


def test_whatever_text_a_charge_point_sends_is_kept(books: Books) -> None:
    text = "\0 \u00e9 \U0001f50c \x1b'\";--"
    number = begin(books, "CP\0", tag=text)
    again = books.do(transaction.start, "CP\0", start(text), now=NOON)
    assert again.is_repeat and again.response.transaction_id == number
    found = books.ask(transaction.find, number)
    assert found is not None and found.id_tag == text.replace("\0", "\u2400")
    begin(books, "CP\0", tag="B")
    assert len(flags(books)) == 1


def test_pages_of_transactions(books: Books) -> None:
    numbers = [begin(books, minutes=minute // 2, meter=minute) for minute in range(7)]
    books.do(transaction.stop, "CP1", stop(numbers[3]), now=NOON)
    begin(books, "CP2")
    seen: list[int] = []
    before = None
    while page := books.ask(transaction.transactions, identity="CP1", limit=3, before=before):
        seen += [each.id for each in page]
        before = seen[-1]
    assert sorted(seen) == sorted(numbers)
    starts = [books.ask(transaction.find, number) for number in seen]
    times = [each.started for each in starts if each is not None]
    assert times == sorted(times, reverse=True)
    ended = books.ask(transaction.transactions, is_running=False)
    assert [each.id for each in ended] == [numbers[3]]
    assert len(books.ask(transaction.transactions, is_running=True)) == 7
    assert len(books.ask(transaction.transactions, since=at(1), until=at(3))) == 4


def test_what_follows_a_start_that_was_given_up_is_answered(books: Books) -> None:
    """CE 3.18: it carries -1, and the answer is as if it were a transaction."""
    books.do(id_tag.put_id_tag, tag("A"))
    request = values(value(), transaction=-1)
    books.do(transaction.note_meter_values, "CP1", request, now=NOON)
    ended = books.do(transaction.stop, "CP1", stop(-1, id_tag="A"), now=NOON)
    assert ended.response.id_tag_info == IdTagInfo(status=AuthorizationStatus.ACCEPTED)
    assert flags(books) == [
        "MeterValues for -1, which is unknown",
        "StopTransaction for -1, which is unknown",
    ]
    assert books.ask(transaction.transactions) == []
