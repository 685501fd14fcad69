"""Certificates of a station, without a link: events and time in, answers and actions out.

`tests/security` has real ones.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.enums import (
    CertificateSignedStatus,
    ConfigurationStatus,
    GenericStatus,
    TriggerMessageStatus,
)
from ocpp16.errors import CallFailed, ErrorCode
from ocpp16.station.action import KeepKeys, MakeRequest, Relink
from ocpp16.station.own_certificate import MOST_HELD
from ocpp16.station.storage import RecordDamaged
from ocpp16.storage import Change
from tests.station.bench import Outcome
from tests.station.certificate_post import (
    DAY,
    INVALID_CP,
    OTHER,
    OWNER,
    Post,
    leaf,
)
from tests.station.parts import NOON, Disk


def test_a_trigger_brings_a_new_key_and_a_request() -> None:
    post = Post()
    assert post.trigger() is TriggerMessageStatus.ACCEPTED
    assert post.told == []
    name = post.make()
    (request,) = post.of(messages.SignCertificateRequest)
    assert request.csr == f"csr of {name}"
    assert post.kept == {name}


def test_a_certificate_is_taken_and_the_link_opened_anew_once_it_is_answered() -> None:
    post = Post()
    name = post.request()
    request = messages.CertificateSignedRequest(certificate_chain=leaf(name))
    response: Any = post.core.answer(request)
    assert response.status is CertificateSignedStatus.ACCEPTED
    post.pump()
    assert post.actions_of(Relink) == []
    post.core.follow(request, response)
    post.pump()
    assert len(post.actions_of(Relink)) == 1
    plan = post.connect()
    assert plan.held is not None
    assert (plan.held.name, plan.held.chain) == (name, leaf(name))
    # Nothing more follows, whatever time passes.
    post.wait(3600)
    assert post.actions_of(Relink) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": "another"}, "its key is none that a certificate was asked for"),
        ({"cn": "SN-2"}, "its CN is not the serial number of this charge point"),
        ({"o": "Other Operator"}, "its O is not the operator"),
        ({"by": "other"}, "the certificate cannot be traced to an installed root"),
        ({"ends": timedelta(0)}, "it has expired"),
        ({"cn": "x" * 10_000}, ""),
    ],
)
def test_a_bad_certificate_is_discarded_and_told(changes: dict[str, Any], reason: str) -> None:
    post = Post(CertificateSignedMaxChainSize=9_000)
    name = post.request()
    post.central.received.clear()
    wanted = {"key": name, **changes}
    chain = leaf(wanted.pop("key"), **wanted)[:10_000]
    assert post.signed(chain) is CertificateSignedStatus.REJECTED
    assert post.told == [f"Event {INVALID_CP}"]
    logged = list(post.core.parts.security.log)[-1]
    assert logged.tech_info == (reason or "the chain is too long")
    assert post.actions_of(Relink) == []
    # The request still stands.
    assert post.signed(leaf(name)) is CertificateSignedStatus.ACCEPTED


def test_the_same_certificate_again_is_for_a_key_that_nothing_is_asked_for_any_more() -> None:
    post = Post()
    name = post.request()
    assert post.signed(leaf(name)) is CertificateSignedStatus.ACCEPTED
    assert post.signed(leaf(name)) is CertificateSignedStatus.REJECTED


@pytest.mark.parametrize(
    "verdict",
    [
        messages.SignCertificateResponse(status=GenericStatus.REJECTED),
        CallFailed(ErrorCode.NOT_SUPPORTED),
    ],
)
def test_what_cannot_be_processed_has_its_key_destroyed(verdict: Outcome) -> None:
    post = Post()
    post.verdict = verdict
    name = post.request()
    assert post.kept == frozenset()
    assert post.signed(leaf(name)) is CertificateSignedStatus.REJECTED
    post.verdict = messages.SignCertificateResponse(status=GenericStatus.ACCEPTED)
    assert post.signed(leaf(post.request())) is CertificateSignedStatus.ACCEPTED


def test_without_an_operator_nothing_can_be_asked_for() -> None:
    post = Post(CpoName="")
    assert post.trigger() is TriggerMessageStatus.REJECTED
    change = messages.ChangeConfigurationRequest(key="CpoName", value="x" * 65)
    assert post.ask(change).status is ConfigurationStatus.ACCEPTED
    assert post.trigger() is TriggerMessageStatus.REJECTED
    assert post.actions_of(MakeRequest) == []
    change = messages.ChangeConfigurationRequest(key="CpoName", value=OWNER)
    post.ask(change)
    post.request()


def test_one_key_is_made_at_a_time_and_one_that_cannot_be_made_hinders_no_other() -> None:
    post = Post()
    post.trigger()
    post.trigger()
    (wanted,) = post.actions_of(MakeRequest)
    post.certificates.request_failed("of another run", OSError("late"))
    post.certificates.request_made("of another run", "csr", b"key")
    post.certificates.request_failed(wanted.name, OSError("the disk is full"))
    post.pump()
    assert post.refused == ["no certificate request: the disk is full"]
    assert post.of(messages.SignCertificateRequest) == []
    post.request()


def test_of_many_requests_without_an_answer_the_oldest_keys_go() -> None:
    post = Post()
    names = [post.request() for _ in range(6)]
    assert post.kept == set(names[2:])
    assert post.signed(leaf(names[1])) is CertificateSignedStatus.REJECTED
    assert post.signed(leaf(names[2])) is CertificateSignedStatus.ACCEPTED


def test_a_certificate_that_cannot_be_stored_is_not_taken() -> None:
    disk = Disk()
    post = Post(storage=disk)
    name = post.request()
    disk.is_full = True
    with pytest.raises(OSError, match="full"):
        post.signed(leaf(name))
    disk.is_full = False
    assert post.signed(leaf(name)) is CertificateSignedStatus.ACCEPTED


def test_one_that_is_valid_later_is_shown_then() -> None:
    post = Post()
    name = post.request()
    assert post.signed(leaf(name, begins=DAY)) is CertificateSignedStatus.ACCEPTED
    post.wait(86_399)
    assert post.actions_of(Relink) == []
    assert post.connect().held is None
    post.wait(2)
    assert len(post.actions_of(Relink)) == 1
    held = post.connect().held
    assert held is not None
    assert held.name == name


def test_of_several_the_newest_start_of_validity_wins() -> None:
    post = Post()
    first, second, third = (post.request() for _ in range(3))
    assert post.signed(leaf(first, begins=-DAY)) is CertificateSignedStatus.ACCEPTED
    assert post.signed(leaf(second, begins=-2 * DAY)) is CertificateSignedStatus.ACCEPTED
    held = post.connect().held
    assert held is not None
    assert held.name == first
    # Of two that are alike, the later one.
    assert post.signed(leaf(third, begins=-DAY)) is CertificateSignedStatus.ACCEPTED
    held = post.connect().held
    assert held is not None
    assert held.name == third


def test_the_one_before_goes_a_month_after_the_new_one_worked() -> None:
    post = Post()
    old = post.request()
    post.signed(leaf(old, begins=-2 * DAY))
    post.connect()
    post.wait(40 * 86_400)
    new = post.request()
    post.signed(leaf(new))
    post.wait(86_400)
    post.connect()
    post.actions_of(KeepKeys)
    post.wait(30 * 86_400 - 10)
    assert post.actions_of(KeepKeys) == []
    post.wait(20)
    assert post.kept == {new}
    held = post.connect().held
    assert held is not None
    assert held.name == new


def test_one_that_has_expired_goes_and_the_given_one_is_shown_again() -> None:
    post = Post(given=leaf("given", ends=900 * DAY))
    name = post.request()
    post.signed(leaf(name, ends=10 * DAY))
    post.connect()
    post.wait(10 * 86_400 + 5)
    assert post.actions_of(Relink)
    assert post.connect().held is None
    post.power_cut()
    assert name not in post.kept


def test_one_that_is_not_wanted_gives_way_to_the_one_before() -> None:
    post = Post(given=leaf("given"))
    name = post.request()
    post.signed(leaf(name))
    post.central.received.clear()
    for attempt in range(3):
        plan = post.certificates.plan(shows=True)
        assert plan.held is not None, attempt
        # By its TLS, or by an answer of HTTP.
        event = INVALID_CP if attempt % 2 else None
        assert not post.certificates.link_failed(plan, event, is_refused=event is None)
    post.pump()
    assert post.told == [f"Event {INVALID_CP}"]
    assert post.connect().held is None
    assert post.kept == frozenset()


def test_one_is_kept_where_no_attempt_says_that_it_is_not_wanted() -> None:
    post = Post(given=leaf("given"))
    name = post.request()
    post.signed(leaf(name))
    for event in (None, "InvalidTLSVersion") * 5:
        plan = post.certificates.plan(shows=True)
        assert not post.certificates.link_failed(plan, event, is_refused=False)
    assert plan.held is not None
    # And once it has worked it stays, however often it is refused then.
    post.connect()
    for _ in range(5):
        plan = post.certificates.plan(shows=True)
        post.certificates.link_failed(plan, None, is_refused=True)
    assert post.connect().held is not None


def test_the_only_one_is_never_dropped() -> None:
    post = Post()
    post.signed(leaf(post.request()))
    for _ in range(5):
        plan = post.certificates.plan(shows=True)
        post.certificates.link_failed(plan, INVALID_CP, is_refused=False)
    assert post.connect().held is not None


def test_without_profile_3_none_is_shown_and_no_link_opened_anew() -> None:
    post = Post()
    post.connect(shows=False)
    post.signed(leaf(post.request()))
    post.wait(400 * 86_400)
    assert post.actions_of(Relink) == []
    assert post.actions_of(MakeRequest) == []
    assert post.connect(shows=False).held is None


def test_all_of_it_survives_a_power_cut() -> None:
    disk = Disk()
    post = Post(storage=disk)
    held_name, asked = post.request(), post.request()
    post.signed(leaf(held_name))
    post.install(OTHER)
    post.power_cut()
    assert post.kept == {held_name, asked}
    assert len(post.installed().certificate_hash_data) == 2
    held = post.connect().held
    assert held is not None
    assert held.name == held_name
    assert post.signed(leaf(asked)) is CertificateSignedStatus.ACCEPTED


@pytest.mark.parametrize("kind", ["root", "certificate"])
@pytest.mark.parametrize("value", [7, {}, {"pem": "x", "chain": "x"}])
def test_damaged_records_are_told(kind: str, value: Any) -> None:
    disk = Disk()
    disk.write([Change(kind, "000000001", value)])
    with pytest.raises(RecordDamaged):
        Post(storage=disk)


# By the charge point itself


def test_it_asks_a_month_before_the_end_and_then_once_a_day() -> None:
    post = Post(given=leaf("given", ends=100 * DAY))
    post.wait(70 * 86_400 - 5)
    assert post.actions_of(MakeRequest) == []
    post.wait(10)
    name = post.make()
    assert len(post.of(messages.SignCertificateRequest)) == 1
    post.wait(86_400 - 20)
    assert post.actions_of(MakeRequest) == []
    post.wait(30)
    post.make()
    # Not while there is no link.
    post.offline()
    post.wait(3 * 86_400)
    assert post.actions_of(MakeRequest) == []
    post.online()
    post.wait(1)
    post.make()
    assert post.signed(leaf(name, begins=70 * DAY)) is CertificateSignedStatus.ACCEPTED
    post.connect()
    post.wait(30 * 86_400)
    assert post.actions_of(MakeRequest) == []


def test_on_soap_it_does_not_ask() -> None:
    post = Post(given=leaf("given", ends=100 * DAY), soap=True)
    post.wait(99 * 86_400)
    assert post.actions_of(MakeRequest) == []
    assert post.core.next_due() is not None


def test_a_certificate_that_never_ends_is_held_like_another_one() -> None:
    post = Post()
    name = post.request()
    endless = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOON
    assert post.signed(leaf(name, ends=endless)) is CertificateSignedStatus.ACCEPTED
    post.connect()
    assert post.certificates.held is not None
    post.wait(3600)
    # Another run begins with it.
    again = Post(storage=post.storage)
    assert again.certificates.held is not None
    again.wait(3600)


def test_no_more_certificates_are_held_than_there_is_room_for() -> None:
    post = Post()
    names = []
    for day in range(MOST_HELD + 3):
        names.append(post.request())
        later = DAY * (day + 1)
        assert post.signed(leaf(names[-1], begins=later)) is CertificateSignedStatus.ACCEPTED
    assert post.kept == set(names[-MOST_HELD:])
    # The one that is shown stays, however old it is.
    post = Post()
    shown = post.request()
    assert post.signed(leaf(shown)) is CertificateSignedStatus.ACCEPTED
    post.connect()
    names = []
    for day in range(MOST_HELD + 3):
        names.append(post.request())
        later = DAY * (day + 1)
        assert post.signed(leaf(names[-1], begins=later)) is CertificateSignedStatus.ACCEPTED
    assert post.kept == {shown, *names[1 - MOST_HELD :]}
