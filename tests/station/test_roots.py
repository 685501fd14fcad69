"""Roots that are installed on a station, without a link. Spec: W M03, M04, M05, A05."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.enums import (
    ConfigurationStatus,
    DeleteCertificateStatus,
    ExtendedMessageTrigger,
    GetInstalledCertificateStatus,
    HashAlgorithm,
    InstallCertificateStatus,
    TriggerMessageStatus,
)
from ocpp16.station.ability import Ability
from ocpp16.station.model import Model
from tests.station.bench import Bench
from tests.station.certificate_post import (
    DAY,
    EXAMINER,
    INVALID_CS,
    MAKER,
    OTHER,
    OWNER,
    ROOT,
    Post,
    leaf,
    named,
    root_of,
    text,
)
from tests.station.parts import NOON, Disk


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
