"""Firmware updates and uploads of a whole station, without a role. SPEC 8, 13."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.datatypes import Firmware, LogParameters
from ocpp16.enums import (
    ExtendedMessageTrigger,
    LogType,
    MessageTrigger,
    UpdateFirmwareStatus,
    UploadLogStatus,
)
from ocpp16.station import diagnostics, firmware
from ocpp16.station.ability import Ability
from ocpp16.station.model import Model
from tests.station.bench import Bench
from tests.station.parts import NOON, after

ABLE = Ability(
    can_update=True, can_upload=True, check_signer=lambda pem, roots: UpdateFirmwareStatus(pem)
)
SECURE = Model(connectors=2, has_security_extension=True)


def update(bench: Bench, **more: Any) -> None:
    bench.ask(
        messages.UpdateFirmwareRequest(
            location="ftp://example.com/2.0", **{"retrieve_date": NOON, **more}
        )
    )


def jobs(bench: Bench, kind: type) -> list[Any]:
    bench.pump()
    return [action for action in bench.actions if isinstance(action, kind)]


def test_an_update_waits_for_transactions_and_lets_nobody_new_in() -> None:
    bench = Bench(ability=ABLE)
    bench.charge()
    update(bench)
    assert bench.told == ["Firmware Downloading"]
    bench.core.maintenance.downloaded(is_there=True)
    bench.pump()
    assert bench.told == ["Firmware Downloaded", "2 Unavailable"]
    assert bench.show("B", 2) is False
    bench.show("A")
    bench.unplug()
    bench.wait(1)
    assert bench.told == [
        "Stop 101 Local", "1 Finishing", "1 Unavailable", "Firmware Installing",
    ]  # fmt: skip
    assert bench.show("B", 2) is False
    assert len(jobs(bench, firmware.Install)) == 1


def test_without_transactions_it_is_installed_at_once() -> None:
    bench = Bench(ability=ABLE)
    update(bench)
    bench.core.maintenance.downloaded(is_there=True)
    bench.pump()
    assert bench.told == [
        "Firmware Downloading", "Firmware Downloaded", "Firmware Installing", "1 Unavailable",
        "2 Unavailable",
    ]  # fmt: skip


def test_an_installation_that_fails_lets_people_in_again() -> None:
    bench = Bench(ability=ABLE)
    update(bench)
    bench.core.maintenance.downloaded(is_there=True)
    bench.core.maintenance.installed(None)
    bench.pump()
    assert bench.told[-3:] == ["Firmware InstallationFailed", "1 Available", "2 Available"]
    assert bench.show("B") is True


def test_it_is_not_fetched_before_its_time() -> None:
    bench = Bench(ability=ABLE)
    update(bench, retrieve_date=after(600))
    bench.wait(599)
    assert jobs(bench, firmware.Download) == []
    bench.wait(1)
    assert len(jobs(bench, firmware.Download)) == 1
    assert bench.told[-1] == "Firmware Downloading"


def test_a_fetch_that_fails_is_tried_again_as_often_as_asked() -> None:
    bench = Bench(ability=ABLE)
    update(bench, retries=2, retry_interval=30)
    for _ in range(3):
        bench.core.maintenance.downloaded(is_there=False)
        bench.wait(30)
    assert len(jobs(bench, firmware.Download)) == 3
    assert bench.told == ["Firmware Downloading", "Firmware DownloadFailed"]


def test_a_trigger_tells_the_status_under_way() -> None:
    bench = Bench(ability=ABLE)
    update(bench)
    bench.central.received.clear()
    wanted = MessageTrigger.FIRMWARE_STATUS_NOTIFICATION
    bench.ask(messages.TriggerMessageRequest(requested_message=wanted))
    assert bench.told == ["Firmware Downloading"]


def test_the_new_firmware_boots_and_says_so() -> None:
    bench = Bench(ability=ABLE)
    update(bench)
    bench.core.maintenance.downloaded(is_there=True)
    bench.core.maintenance.installed("2.0")
    bench.wait(1)
    bench.power_cut(boots=False)
    assert bench.core.boot_request().firmware_version == "2.0"


def signed(request_id: int = 5, certificate: str = "Accepted", **more: Any) -> Any:
    return messages.SignedUpdateFirmwareRequest(
        request_id=request_id,
        firmware=Firmware(
            location="ftp://example.com/2.0",
            retrieve_date_time=NOON,
            signing_certificate=certificate,
            signature="x",
            **more,
        ),
    )


@pytest.mark.parametrize(
    ("certificate", "able", "status"),
    [
        ("Accepted", True, "Accepted"),
        ("InvalidCertificate", True, "InvalidCertificate"),
        ("RevokedCertificate", True, "RevokedCertificate"),
        ("Accepted", False, "Rejected"),
    ],
)
def test_the_certificate_comes_first(certificate: str, able: bool, status: str) -> None:
    ability = ABLE if able else Ability(check_signer=ABLE.check_signer)
    bench = Bench(model=SECURE, ability=ability)
    assert bench.ask(signed(certificate=certificate)).status == status
    assert bool(jobs(bench, firmware.Download)) is (status == "Accepted")


def test_without_a_judge_no_certificate_is_good() -> None:
    assert Bench(model=SECURE).ask(signed()).status == "InvalidCertificate"


def test_a_second_request_cancels_the_first() -> None:
    bench = Bench(model=SECURE, ability=ABLE)
    bench.ask(signed(5))
    assert bench.ask(signed(6)).status == "AcceptedCanceled"
    assert [line for line in bench.told if "Firmware" in line] == [
        "Firmware Downloading 5", "Firmware Downloading 6",
    ]  # fmt: skip
    assert len(jobs(bench, firmware.Cancel)) == 1


def test_what_is_being_installed_is_not_cancelled() -> None:
    bench = Bench(model=SECURE, ability=ABLE)
    bench.ask(signed(5))
    bench.core.maintenance.downloaded(is_there=True)
    bench.core.maintenance.verified(is_valid=True)
    assert bench.ask(signed(6)).status == "Rejected"


def test_an_installation_has_its_time() -> None:
    bench = Bench(model=SECURE, ability=ABLE)
    bench.ask(signed(5, install_date_time=after(600)))
    bench.core.maintenance.downloaded(is_there=True)
    bench.core.maintenance.verified(is_valid=True)
    bench.wait(599)
    assert "Firmware InstallScheduled 5" in bench.told
    bench.wait(1)
    assert bench.told[0] == "Firmware Installing 5"


def test_the_extended_trigger_means_the_signed_status() -> None:
    bench = Bench(model=SECURE, ability=ABLE)
    wanted = ExtendedMessageTrigger.FIRMWARE_STATUS_NOTIFICATION
    bench.wait(1)
    bench.central.received.clear()
    bench.ask(messages.ExtendedTriggerMessageRequest(requested_message=wanted))
    bench.ask(signed(5))
    bench.ask(messages.ExtendedTriggerMessageRequest(requested_message=wanted))
    assert bench.told == [
        "Firmware Idle None", "Firmware Downloading 5", "Firmware Downloading 5",
    ]  # fmt: skip


# Uploads


def log(request_id: int = 9, **more: Any) -> messages.GetLogRequest:
    return messages.GetLogRequest(
        log=LogParameters(remote_location="ftp://example.com/"),
        log_type=LogType.DIAGNOSTICS_LOG,
        request_id=request_id,
        **more,
    )


def test_diagnostics_name_a_file_only_if_they_can_be_uploaded() -> None:
    request = messages.GetDiagnosticsRequest(location="ftp://example.com/")
    assert Bench().ask(request).file_name is None
    bench = Bench(ability=ABLE)
    name = bench.ask(request).file_name
    assert name == "diagnostics-20260101T120000Z.txt"
    assert [job.order.file_name for job in jobs(bench, diagnostics.Upload)] == [name]
    assert bench.told == ["Diagnostics Uploading"]
    bench.core.maintenance.uploaded(is_log=False)
    bench.pump()
    assert bench.told == ["Diagnostics Uploaded"]


def test_an_upload_that_fails_is_tried_again() -> None:
    bench = Bench(ability=ABLE)
    bench.ask(
        messages.GetDiagnosticsRequest(location="ftp://example.com/", retries=1, retry_interval=30)
    )
    for _ in range(2):
        bench.core.maintenance.uploaded(is_log=False, why_not=UploadLogStatus.UPLOAD_FAILURE)
        bench.wait(30)
    assert len(jobs(bench, diagnostics.Upload)) == 2
    assert bench.told == ["Diagnostics Uploading", "Diagnostics UploadFailed"]


def test_logs() -> None:
    bench = Bench(model=SECURE, ability=ABLE)
    bench.wait(1)
    bench.central.received.clear()
    first = bench.ask(log(9))
    assert (first.status, first.filename) == (
        "Accepted", "diagnostics-log-20260101T120001Z.txt",
    )  # fmt: skip
    assert bench.ask(log(10)).status == "AcceptedCanceled"
    bench.core.maintenance.uploaded(is_log=True)
    bench.pump()
    assert bench.told == ["Log Uploading 9", "Log Uploading 10", "Log Uploaded 10"]


def test_logs_that_cannot_be_uploaded_are_rejected() -> None:
    bench = Bench(model=SECURE)
    assert bench.ask(log()).status == "Rejected"
    assert jobs(bench, diagnostics.Upload) == []


def test_the_status_of_a_log_can_be_asked_for() -> None:
    bench = Bench(model=SECURE, ability=ABLE)
    wanted = ExtendedMessageTrigger.LOG_STATUS_NOTIFICATION
    bench.wait(1)
    bench.central.received.clear()
    bench.ask(messages.ExtendedTriggerMessageRequest(requested_message=wanted))
    assert bench.told == ["Log Idle None"]


# Security events


def test_critical_events_are_kept_until_they_have_arrived() -> None:
    bench = Bench(model=SECURE)
    bench.offline()
    bench.core.parts.security.note("TamperDetectionActivated", "door")
    bench.power_cut(seconds=60)
    events = [line for line in bench.told if line.startswith("Event")]
    assert events.count("Event TamperDetectionActivated") == 1
    assert bench.core.now - NOON >= timedelta(seconds=0)


def test_other_events_are_logged_only() -> None:
    bench = Bench(model=SECURE)
    bench.wait(1)
    bench.central.received.clear()
    bench.core.parts.security.note("InvalidMessages")
    bench.pump()
    assert bench.told == []
    assert [line.type for line in bench.core.parts.security.log][-1] == "InvalidMessages"


def test_without_the_extension_nothing_is_sent() -> None:
    bench = Bench(accepted=False)
    bench.boot()
    bench.core.parts.security.note("TamperDetectionActivated")
    bench.pump()
    assert not [line for line in bench.told if line.startswith("Event")]


def test_events_that_are_refused_do_not_hold_up_transactions() -> None:
    from tests.station.bench import REFUSED

    bench = Bench(model=SECURE, accepted=False)
    bench.central.fails = lambda request: (
        REFUSED if isinstance(request, messages.SecurityEventNotificationRequest) else None
    )
    bench.boot()
    bench.charge()
    bench.show("A")
    assert [line for line in bench.told if line.startswith("Stop")] == ["Stop 101 Local"]


def test_resets_and_starts_are_events() -> None:
    bench = Bench(model=SECURE, accepted=False)
    bench.boot()
    from ocpp16.enums import ResetType

    bench.ask(messages.ResetRequest(type=ResetType.HARD))
    events = [line for line in bench.told if line.startswith("Event")]
    assert events == ["Event StartupOfTheDevice", "Event ResetOrReboot"]
