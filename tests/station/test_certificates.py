"""Certificates of a station, without a link: events and time in, answers and actions out.

Certificates are texts that say what they are; `tests/security` has real ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.certificate import Certificate
from ocpp16.datatypes import CertificateHashData
from ocpp16.enums import (
    CertificateSignedStatus,
    CertificateUse,
    ConfigurationStatus,
    DeleteCertificateStatus,
    ExtendedMessageTrigger,
    GenericStatus,
    GetInstalledCertificateStatus,
    HashAlgorithm,
    InstallCertificateStatus,
    TriggerMessageStatus,
)
from ocpp16.errors import CallFailed, ErrorCode
from ocpp16.station.ability import Ability
from ocpp16.station.action import KeepKeys, MakeRequest, Relink
from ocpp16.station.certificates import Certificates, Plan
from ocpp16.station.model import Model
from ocpp16.station.storage import RecordDamaged
from ocpp16.storage import Change
from tests.station.bench import Bench, Outcome
from tests.station.parts import NOON, Disk

DAY = timedelta(days=1)
SYSTEM = CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE
MAKER = CertificateUse.MANUFACTURER_ROOT_CERTIFICATE
INVALID_CS, INVALID_CP = "InvalidCentralSystemCertificate", "InvalidChargePointCertificate"
OWNER = "Example Operator"


def text(name: str, **more: Any) -> str:
    return json.dumps({"name": name, **more})


def leaf(key: str, *, begins: timedelta = -DAY, ends: timedelta = 365 * DAY, **more: Any) -> str:
    """Return a certificate of the charge point for a key, signed by the root `root`."""
    times = {"begins": (NOON + begins).isoformat(), "ends": (NOON + ends).isoformat()}
    facts = {"key": key, "by": "root", "cn": "SN-1", "o": OWNER, **times, **more}
    return text("leaf-" + key, **facts)


class FakeExaminer:
    """Takes texts at their word."""

    def _read(self, pem: str) -> Certificate:
        try:
            said = json.loads(pem)
        except ValueError:
            raise ValueError("certificate not read") from None
        name, signer = said["name"], said.get("by", said["name"])
        begins = said.get("begins", (NOON - DAY).isoformat())
        ends = said.get("ends", (NOON + 3650 * DAY).isoformat())
        return Certificate(
            pem=pem,
            subject=name.encode(),
            issuer=signer.encode(),
            key=said.get("key", "key of " + name).encode(),
            issuer_key=("key of " + signer).encode(),
            serial_number=said.get("serial", 4095),
            not_before=datetime.fromisoformat(begins),
            not_after=datetime.fromisoformat(ends),
            common_names=(said.get("cn", name),),
            organizations=(said.get("o", OWNER),),
        )

    def read_all(self, text: str) -> tuple[Certificate, ...]:
        return (self._read(text),)

    def read_root(self, text: str, issuers: Sequence[str] = ()) -> Certificate:
        return self._read(text)

    def is_signed_by(self, signed: str, root: str) -> bool:
        return bool(json.loads(signed).get("by") == json.loads(root)["name"])

    def read_chain(self, text: str, roots: Sequence[str], now: datetime) -> Certificate:
        found = self._read(text)
        if found.issuer not in {json.loads(root)["name"].encode() for root in roots}:
            raise ValueError("the certificate cannot be traced to an installed root")
        if found.not_after <= now:
            raise ValueError("it has expired")
        return found


ROOT, OTHER = text("root"), text("other")
EXAMINER = FakeExaminer()


class Post(Bench):
    """A station with certificates, and a central system that signs when it is told to."""

    def __init__(self, *, given: str | None = None, storage: Any = None, **keys: Any) -> None:
        self.verdict: Outcome = messages.SignCertificateResponse(status=GenericStatus.ACCEPTED)
        keys.setdefault("CpoName", OWNER)
        # Months pass here.
        keys.setdefault("HeartbeatInterval", 86_400)
        super().__init__(
            model=Model(has_security_extension=True),
            ability=Ability(examiner=EXAMINER, serial_number="SN-1"),
            storage=storage,
            **keys,
        )
        answer = self.central.answer

        def signing(request: Any) -> Outcome:
            if isinstance(request, messages.SignCertificateRequest):
                self.central.received.append(request)
                return self.verdict
            return answer(request)

        self.central.answer = signing  # type: ignore[method-assign]
        own = None if given is None else EXAMINER.read_all(given)[0]
        self.core.pass_time(self.time)
        self.certificates.provision(EXAMINER.read_all(ROOT), own)
        self.connect()
        self.central.received.clear()

    @property
    def certificates(self) -> Certificates:
        assert self.core.certificates is not None
        return self.core.certificates

    def connect(self, *, shows: bool = True) -> Plan:
        """Let the link be opened anew."""
        self.offline()
        plan = self.certificates.plan(shows=shows)
        self.certificates.link_worked(plan)
        self.online()
        return plan

    def trigger(self) -> TriggerMessageStatus:
        trigger = ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
        request = messages.ExtendedTriggerMessageRequest(requested_message=trigger)
        status: TriggerMessageStatus = self.ask(request).status
        return status

    def actions_of(self, kind: type) -> list[Any]:
        found = [action for action in self.actions if isinstance(action, kind)]
        self.actions = [action for action in self.actions if not isinstance(action, kind)]
        return found

    def make(self) -> str:
        """Make the key that is wanted, and return its name."""
        (wanted,) = self.actions_of(MakeRequest)
        assert (wanted.common_name, wanted.organization) == ("SN-1", OWNER)
        self.certificates.request_made(wanted.name, f"csr of {wanted.name}", wanted.name.encode())
        self.pump()
        name: str = wanted.name
        return name

    def request(self) -> str:
        assert self.trigger() is TriggerMessageStatus.ACCEPTED
        return self.make()

    def signed(self, chain: str) -> CertificateSignedStatus:
        request = messages.CertificateSignedRequest(certificate_chain=chain)
        status: CertificateSignedStatus = self.ask(request).status
        return status

    def install(self, pem: str, use: CertificateUse = SYSTEM) -> InstallCertificateStatus:
        request = messages.InstallCertificateRequest(certificate_type=use, certificate=pem)
        status: InstallCertificateStatus = self.ask(request).status
        return status

    def delete(self, named: CertificateHashData) -> DeleteCertificateStatus:
        request = messages.DeleteCertificateRequest(certificate_hash_data=named)
        status: DeleteCertificateStatus = self.ask(request).status
        return status

    def installed(self, use: CertificateUse = SYSTEM) -> Any:
        return self.ask(messages.GetInstalledCertificateIdsRequest(certificate_type=use))

    @property
    def kept(self) -> frozenset[str]:
        """The keys that are kept by now."""
        found: frozenset[str] = self.actions_of(KeepKeys)[-1].names
        return found


def named(pem: str, algorithm: HashAlgorithm = HashAlgorithm.SHA256) -> CertificateHashData:
    return EXAMINER.read_all(pem)[0].hash_data(algorithm)


# Renewal


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


# Roots


def test_installed_certificates_are_listed_by_their_use() -> None:
    post = Post()
    answer = post.installed()
    assert answer.status is GetInstalledCertificateStatus.ACCEPTED
    assert answer.certificate_hash_data == (named(ROOT),)
    assert answer.certificate_hash_data[0].serial_number == "FFF"
    answer = post.installed(MAKER)
    assert answer.status is GetInstalledCertificateStatus.NOT_FOUND
    assert answer.certificate_hash_data is None
    assert post.install(OTHER, MAKER) is InstallCertificateStatus.ACCEPTED
    assert post.installed(MAKER).certificate_hash_data == (named(OTHER),)
    assert post.certificates.pems(MAKER) == [OTHER]


@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
def test_a_certificate_is_deleted_by_any_hash(algorithm: HashAlgorithm) -> None:
    post = Post()
    post.install(OTHER)
    assert post.delete(named(OTHER, algorithm)) is DeleteCertificateStatus.ACCEPTED
    assert post.delete(named(OTHER, algorithm)) is DeleteCertificateStatus.NOT_FOUND
    assert len(post.installed().certificate_hash_data) == 1


def test_what_is_in_use_is_not_deleted() -> None:
    post = Post(given=leaf("given", serial=5))
    post.install(OTHER)
    assert post.delete(named(ROOT)) is DeleteCertificateStatus.FAILED
    # M04.05: nor the charge point's own.
    assert post.delete(named(leaf("given", serial=5))) is DeleteCertificateStatus.FAILED
    name = post.request()
    post.signed(leaf(name, serial=6))
    assert post.delete(named(leaf(name, serial=6))) is DeleteCertificateStatus.FAILED
    assert len(post.installed().certificate_hash_data) == 2
    # After a power cut it is still known which it is.
    post.power_cut()
    assert post.delete(named(ROOT)) is DeleteCertificateStatus.FAILED


def test_what_cannot_be_stored_fails() -> None:
    disk = Disk()
    post = Post(storage=disk)
    post.install(OTHER)
    disk.is_full = True
    assert post.install(text("third")) is InstallCertificateStatus.FAILED
    assert post.delete(named(OTHER)) is DeleteCertificateStatus.FAILED
    disk.is_full = False
    assert len(post.installed().certificate_hash_data) == 2


def test_a_root_that_is_none_or_over_is_rejected() -> None:
    post = Post()
    over = text("over", ends=(NOON - DAY).isoformat())
    for pem in ("nothing", over):
        assert post.install(pem) is InstallCertificateStatus.REJECTED
    assert len(post.installed().certificate_hash_data) == 1


def test_a_store_that_is_full_takes_no_more_but_what_it_has() -> None:
    post = Post(CertificateStoreMaxLength=2)
    assert post.install(OTHER, MAKER) is InstallCertificateStatus.ACCEPTED
    assert post.install(text("third")) is InstallCertificateStatus.REJECTED
    assert post.install(ROOT) is InstallCertificateStatus.ACCEPTED
    assert post.delete(named(OTHER)) is DeleteCertificateStatus.ACCEPTED
    assert post.install(text("third")) is InstallCertificateStatus.ACCEPTED


def test_by_default_a_store_is_bounded() -> None:
    post = Post()
    statuses = [post.install(text(f"r{number}")) for number in range(20)]
    assert (
        statuses
        == [InstallCertificateStatus.ACCEPTED] * 15 + [InstallCertificateStatus.REJECTED] * 5
    )


def test_roots_are_tried_one_at_a_time_the_one_that_worked_first() -> None:
    post = Post()
    post.install(OTHER)
    plan = post.certificates.plan(shows=True)
    assert root_of(plan) == ROOT
    assert post.certificates.link_failed(plan, INVALID_CS, is_refused=False)
    plan = post.certificates.plan(shows=True)
    assert root_of(plan) == OTHER
    assert not post.certificates.link_failed(plan, INVALID_CS, is_refused=False)
    assert root_of(post.certificates.plan(shows=True)) == ROOT
    # Other failures say nothing of roots.
    assert not post.certificates.link_failed(plan, None, is_refused=True)
    plan = post.certificates.plan(shows=True)
    assert post.certificates.link_failed(plan, INVALID_CS, is_refused=False)
    assert root_of(post.connect()) == OTHER
    assert root_of(post.certificates.plan(shows=True)) == OTHER
    assert post.delete(named(OTHER)) is DeleteCertificateStatus.FAILED
    assert post.delete(named(ROOT)) is DeleteCertificateStatus.ACCEPTED


def root_of(plan: Plan) -> str:
    assert plan.root is not None
    return plan.root.certificate.pem


NEW, NEWER = text("new", by="root"), text("newer", by="new")


def test_with_the_check_a_new_root_is_signed_by_the_old_one_and_replaces_it() -> None:
    post = Post(AdditionalRootCertificateCheck=True)
    assert post.install(OTHER) is InstallCertificateStatus.REJECTED
    assert post.install(text("forged", by="other")) is InstallCertificateStatus.REJECTED
    assert post.install(NEW) is InstallCertificateStatus.ACCEPTED
    # M05.11: the one before is the fallback, and M05.13 used if the server fails.
    assert len(post.installed().certificate_hash_data) == 2
    plan = post.certificates.plan(shows=True)
    assert root_of(plan) == NEW
    assert post.certificates.link_failed(plan, INVALID_CS, is_refused=False)
    plan = post.certificates.plan(shows=True)
    assert root_of(plan) == ROOT
    post.certificates.link_worked(plan)
    assert len(post.installed().certificate_hash_data) == 2
    # While the fallback is in use it can neither be deleted nor be pushed out.
    assert post.delete(named(ROOT)) is DeleteCertificateStatus.FAILED
    assert post.install(NEWER) is InstallCertificateStatus.REJECTED
    # The new one is tried first again; M05.12: once it worked, the fallback goes.
    assert root_of(post.connect()) == NEW
    assert post.installed().certificate_hash_data == (named(NEW),)
    assert post.install(NEWER) is InstallCertificateStatus.ACCEPTED
    assert len(post.installed().certificate_hash_data) == 2


def test_the_check_is_for_roots_of_the_central_system() -> None:
    post = Post(AdditionalRootCertificateCheck=True)
    assert post.install(OTHER, MAKER) is InstallCertificateStatus.ACCEPTED
    assert post.install(text("third"), MAKER) is InstallCertificateStatus.ACCEPTED


# A higher profile


def test_what_is_installed_counts_for_a_higher_profile() -> None:
    bench = Bench(
        model=Model(has_security_extension=True),
        ability=Ability(examiner=EXAMINER, serial_number="SN-1"),
        CpoName=OWNER,
        AuthorizationKey="00" * 16,
    )
    certificates = bench.core.certificates
    assert certificates is not None

    def raised(profile: str) -> ConfigurationStatus:
        request = messages.ChangeConfigurationRequest(key="SecurityProfile", value=profile)
        response: Any = bench.core.requests.answer(request)
        status: ConfigurationStatus = response.status
        return status

    assert raised("2") is ConfigurationStatus.REJECTED
    certificates.provision(EXAMINER.read_all(ROOT), None)
    assert raised("3") is ConfigurationStatus.REJECTED
    certificates.provision((), EXAMINER.read_all(leaf("given"))[0])
    assert raised("3") is ConfigurationStatus.ACCEPTED


def test_without_an_examiner_there_is_nothing_of_it() -> None:
    bench = Bench(model=Model(has_security_extension=True))
    assert bench.core.certificates is None
    assert messages.InstallCertificateRequest not in bench.core.requests.answers
    trigger = ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
    request = messages.ExtendedTriggerMessageRequest(requested_message=trigger)
    assert bench.ask(request).status is TriggerMessageStatus.NOT_IMPLEMENTED
    assert bench.core.configuration.text("CertificateStoreMaxLength") is None
