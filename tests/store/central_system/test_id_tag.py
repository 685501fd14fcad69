"""Identifiers: entered, found without regard to case, judged as of now."""

from __future__ import annotations

import attrs
import pytest

from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus
from ocpp16.errors import InvalidMessage
from ocpp16.store.central_system import id_tag
from tests.store.central_system.books import ACCEPTED, NOON, Books, at, tag

EXPIRED = AuthorizationStatus.EXPIRED


def test_a_tag_is_entered_changed_found_and_removed(books: Books) -> None:
    entered = tag("Ab-1", expiry_date=at(5), parent_id_tag="G", is_single=True, note="Example")
    books.do(id_tag.put_id_tag, entered)
    assert books.ask(id_tag.find_id_tag, "aB-1") == entered
    changed = tag("AB-1", AuthorizationStatus.BLOCKED)
    books.do(id_tag.put_id_tag, changed)
    assert books.ask(id_tag.find_id_tag, "ab-1") == changed
    assert books.ask(id_tag.id_tags) == [changed]
    assert books.do(id_tag.remove_id_tag, "ab-1")
    assert not books.do(id_tag.remove_id_tag, "ab-1")
    assert books.ask(id_tag.find_id_tag, "ab-1") is None


def test_tags_come_in_pages(books: Books) -> None:
    for text in ("b", "A", "d", "C"):
        books.do(id_tag.put_id_tag, tag(text))
    first = books.ask(id_tag.id_tags, limit=3)
    assert [each.id_tag for each in first] == ["A", "b", "C"]
    assert [each.id_tag for each in books.ask(id_tag.id_tags, after="C", limit=3)] == ["d"]


def test_a_tag_that_nobody_could_present_is_refused(books: Books) -> None:
    with pytest.raises(InvalidMessage) as caught:
        books.do(id_tag.put_id_tag, tag("x" * 21))
    assert caught.value.path == "/idTag"
    assert books.ask(id_tag.id_tags) == []


def test_a_tag_is_judged_as_of_now(books: Books) -> None:
    info = IdTagInfo(status=ACCEPTED, expiry_date=at(5), parent_id_tag="G")
    books.do(id_tag.put_id_tag, tag("A", expiry_date=at(5), parent_id_tag="G"))
    assert books.ask(id_tag.authorize, "a", now=at(4)) == info
    for minutes in (5, 6):
        told = books.ask(id_tag.authorize, "a", now=at(minutes))
        assert told == attrs.evolve(info, status=EXPIRED)


def test_a_blocked_tag_stays_blocked_when_it_expires(books: Books) -> None:
    books.do(id_tag.put_id_tag, tag("A", AuthorizationStatus.BLOCKED, expiry_date=at(5)))
    assert books.ask(id_tag.authorize, "A", now=at(6)).status is AuthorizationStatus.BLOCKED


def test_a_tag_that_is_not_known(books: Books) -> None:
    assert books.ask(id_tag.authorize, "A", now=NOON) == IdTagInfo(
        status=AuthorizationStatus.INVALID
    )
    told = books.ask(id_tag.authorize, "A", now=NOON, unknown=ACCEPTED)
    assert told == IdTagInfo(status=ACCEPTED)


def test_authorize_never_answers_concurrent_tx(books: Books) -> None:
    from ocpp16.store.central_system import transaction
    from tests.store.central_system.books import start

    books.do(id_tag.put_id_tag, tag("A", is_single=True))
    books.do(transaction.start, "CP1", start("A"), now=NOON)
    assert books.ask(id_tag.authorize, "A", now=NOON).status is ACCEPTED
    told = books.ask(id_tag.authorize_start, "A", now=NOON)
    assert told.status is AuthorizationStatus.CONCURRENT_TX
