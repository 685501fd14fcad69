"""Charge points, their connectors and their configuration."""

from __future__ import annotations

import pytest

from ocpp16.datatypes import KeyValue
from ocpp16.enums import ChargePointErrorCode, ChargePointStatus, RegistrationStatus
from ocpp16.messages import BootNotificationRequest, StatusNotificationRequest
from ocpp16.store.central_system import charge_point, configuration
from tests.store.central_system.books import NOON, Books, at

BOOT = BootNotificationRequest(
    charge_point_vendor="Vendor", charge_point_model="Model", firmware_version="1.0", iccid="89"
)
PENDING = RegistrationStatus.PENDING
ACCEPTED = RegistrationStatus.ACCEPTED


def status(connector: int, **fields: object) -> StatusNotificationRequest:
    return StatusNotificationRequest(
        connector_id=connector,
        status=ChargePointStatus.FAULTED,
        error_code=ChargePointErrorCode.OTHER_ERROR,
        **fields,  # type: ignore[arg-type]
    )


def test_a_charge_point_that_nobody_entered_is_told_what_the_policy_says(books: Books) -> None:
    assert not books.ask(charge_point.is_known, "CP1")
    for policy in (PENDING, ACCEPTED):
        assert books.do(charge_point.boot, "CP1", BOOT, now=NOON, otherwise=policy) is policy
    assert books.ask(charge_point.is_known, "CP1")


def test_what_a_person_said_comes_before_the_policy(books: Books) -> None:
    books.do(charge_point.approve, "CP1", ACCEPTED)
    assert books.ask(charge_point.is_known, "CP1")
    assert books.do(charge_point.boot, "CP1", BOOT, now=NOON, otherwise=PENDING) is ACCEPTED
    books.do(charge_point.approve, "CP1", RegistrationStatus.REJECTED)
    told = books.do(charge_point.boot, "CP1", BOOT, now=NOON, otherwise=PENDING)
    assert told is RegistrationStatus.REJECTED
    books.do(charge_point.approve, "CP1", None)
    assert books.do(charge_point.boot, "CP1", BOOT, now=NOON, otherwise=PENDING) is PENDING


def test_what_a_charge_point_reports_of_itself(books: Books) -> None:
    assert books.ask(charge_point.find_charge_point, "CP1") is None
    books.do(charge_point.boot, "CP1", BOOT, now=NOON, otherwise=PENDING)
    changed = BootNotificationRequest(charge_point_vendor="Vendor", charge_point_model="Other")
    books.do(charge_point.boot, "CP1", changed, now=at(5), otherwise=PENDING)
    books.do(charge_point.hear, "CP1", now=at(7))
    books.do(charge_point.set_list_version, "CP1", 3)
    found = books.ask(charge_point.find_charge_point, "CP1")
    assert found == charge_point.ChargePoint(
        identity="CP1",
        approval=None,
        first_seen=NOON,
        last_seen=at(7),
        boots=2,
        last_boot=at(5),
        vendor="Vendor",
        model="Other",
        serial_number=None,
        box_serial_number=None,
        firmware_version=None,
        iccid=None,
        imsi=None,
        meter_type=None,
        meter_serial_number=None,
        list_version=3,
    )


def test_who_was_entered_and_never_seen(books: Books) -> None:
    books.do(charge_point.approve, "CP1", ACCEPTED)
    found = books.ask(charge_point.find_charge_point, "CP1")
    assert found is not None
    assert (found.approval, found.boots, found.first_seen) == (ACCEPTED, 0, None)


def test_charge_points_come_in_pages(books: Books) -> None:
    for identity in ("CP3", "CP1", "CP2"):
        books.do(charge_point.approve, identity, None)
    page = books.ask(charge_point.charge_points, limit=2)
    assert [each.identity for each in page] == ["CP1", "CP2"]
    page = books.ask(charge_point.charge_points, after="CP2")
    assert [each.identity for each in page] == ["CP3"]


def test_connectors_as_they_were_reported_last(books: Books) -> None:
    books.do(charge_point.note_status, "CP1", status(2, timestamp=at(-3), info="x"), now=NOON)
    books.do(charge_point.note_status, "CP1", status(0), now=NOON)
    books.do(charge_point.note_status, "CP1", status(2, vendor_error_code="7"), now=at(1))
    books.do(charge_point.note_status, "CP2", status(1), now=NOON)
    first, second = books.ask(charge_point.connectors, "CP1")
    assert (first.connector_id, first.since) == (0, NOON)
    assert second == charge_point.Connector(
        connector_id=2,
        status="Faulted",
        error_code="OtherError",
        info=None,
        vendor_id=None,
        vendor_error_code="7",
        since=at(1),
    )


def test_a_charge_point_cannot_name_connectors_without_end(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charge_point, "CONNECTOR_LIMIT", 2)
    taken = [
        books.do(charge_point.note_status, "CP1", status(each), now=NOON) for each in (0, 1, 2, 1)
    ]
    assert taken == [True, True, False, True]
    assert len(books.ask(charge_point.connectors, "CP1")) == 2


def test_a_charge_point_that_is_removed(books: Books) -> None:
    books.do(charge_point.boot, "CP1", BOOT, now=NOON, otherwise=PENDING)
    books.do(charge_point.note_status, "CP1", status(1), now=NOON)
    books.do(configuration.note_changed, "CP1", "K", "1", now=NOON)
    assert books.do(charge_point.remove_charge_point, "CP1")
    assert not books.do(charge_point.remove_charge_point, "CP1")
    assert books.ask(charge_point.connectors, "CP1") == []
    assert books.ask(configuration.settings, "CP1") == []


def test_configuration_as_it_was_reported_and_changed(books: Books) -> None:
    found = (
        KeyValue(key="HeartbeatInterval", readonly=False, value="60"),
        KeyValue(key="NumberOfConnectors", readonly=True, value="2"),
        KeyValue(key="Unset", readonly=False),
    )
    books.do(configuration.note_reported, "CP1", found, now=NOON)
    books.do(configuration.note_changed, "CP1", "heartbeatinterval", "90", now=at(1))
    books.do(configuration.note_changed, "CP1", "New", "x", now=at(1))
    assert [
        (each.key, each.value, each.is_readonly)
        for each in books.ask(configuration.settings, "CP1")
    ] == [
        ("heartbeatinterval", "90", False),
        ("New", "x", None),
        ("NumberOfConnectors", "2", True),
        ("Unset", None, False),
    ]


def test_a_key_is_never_kept(books: Books) -> None:
    secret = KeyValue(key="AuthorizationKey", readonly=False, value="0123")
    books.do(configuration.note_reported, "CP1", (secret,), now=NOON)
    books.do(configuration.note_changed, "CP1", "AUTHORIZATIONKEY", "4567", now=NOON)
    (kept,) = books.ask(configuration.settings, "CP1")
    assert kept.value is None


def test_a_charge_point_cannot_report_keys_without_end(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuration, "LIMIT", 2)
    found = tuple(KeyValue(key=key, readonly=True, value="1") for key in "abc")
    books.do(configuration.note_reported, "CP1", found, now=NOON)
    again = (KeyValue(key="B", readonly=True, value="2"),)
    books.do(configuration.note_reported, "CP1", again, now=NOON)
    kept = books.ask(configuration.settings, "CP1")
    assert [(each.key, each.value) for each in kept] == [("a", "1"), ("B", "2")]
