"""Firmware, files and security events of a station behind a role. SPEC 8, 13."""

from __future__ import annotations

import asyncio

import pytest

from ocpp16 import messages
from ocpp16.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    UploadLogStatus,
)
from ocpp16.errors import CallFailed
from ocpp16.station.connector import Fault as ConnectorFault
from ocpp16.storage import StorageFailed
from tests.station.parts import NOON
from tests.station.yard import Yard, run

STATUSES = ["0 Available", "1 Available", "2 Available"]


def test_a_firmware_update(wire: str) -> None:
    async def main() -> None:
        yard = Yard(wire)
        async with yard.working():
            yard.told.clear()
            await yard.ask(
                messages.UpdateFirmwareRequest(location="ftp://example.com/f", retrieve_date=NOON)
            )
            await yard.clock.advance(1)
            told = yard.told
            assert told[:6] == [
                "Firmware Downloading", "Firmware Downloaded", "Firmware Installing",
                "1 Unavailable", "2 Unavailable", "Firmware Installed",
            ]  # fmt: skip
            assert told[6:] == ["BootNotification", *STATUSES]

    run(main())


def test_the_new_version_is_told_when_it_boots() -> None:
    async def main() -> None:
        yard = Yard("json")
        async with yard.working():
            request = messages.UpdateFirmwareRequest(
                location="ftp://example.com/f", retrieve_date=NOON
            )
            await yard.ask(request)
            await yard.clock.advance(1)
            boots = yard.books.received
            versions = [
                each.firmware_version
                for each in boots
                if isinstance(each, messages.BootNotificationRequest)
            ]
            assert versions == [None, "2.0"]

    run(main())


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        ("download", ["Firmware Downloading", "Firmware DownloadFailed"]),
        (
            "install",
            [
                "Firmware Downloading", "Firmware Downloaded", "Firmware Installing",
                "Firmware InstallationFailed",
            ],
        ),
    ],
)  # fmt: skip
def test_a_firmware_update_that_fails(fails: str, told: list[str]) -> None:
    async def main() -> None:
        yard = Yard("json")
        yard.shop.fails = {fails}
        async with yard.working():
            yard.told.clear()
            await yard.ask(
                messages.UpdateFirmwareRequest(
                    location="ftp://example.com/f", retrieve_date=NOON, retries=1, retry_interval=5
                )
            )
            await yard.clock.advance(10)
            assert [line for line in yard.told if line.startswith("Firmware")] == told

    run(main())


@pytest.mark.parametrize(
    ("certificate", "status", "told"),
    [
        (
            "Accepted",
            "Accepted",
            ["Firmware Downloading 5", "Firmware Downloaded 5", "Firmware SignatureVerified 5",
             "Firmware Installing 5", "Event FirmwareUpdated", "Firmware Installed 5"],
        ),
        ("InvalidCertificate", "InvalidCertificate",
         ["Event InvalidFirmwareSigningCertificate"]),
        ("RevokedCertificate", "RevokedCertificate",
         ["Event InvalidFirmwareSigningCertificate"]),
    ],
)  # fmt: skip
def test_a_signed_firmware_update(certificate: str, status: str, told: list[str]) -> None:
    async def main() -> None:
        yard = Yard("json", has_security_extension=True)
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            response = await yard.ask(signed(certificate))
            assert response.status == status
            await yard.clock.advance(1)
            found = yard.told
            before_boot = (
                found[: found.index("BootNotification")] if status == "Accepted" else found
            )
            wanted = [line for line in before_boot if line.startswith(("Firmware", "Event"))]
            assert sorted(wanted) == sorted(told)

    run(main())


def signed(certificate: str) -> messages.SignedUpdateFirmwareRequest:
    from ocpp16.datatypes import Firmware

    return messages.SignedUpdateFirmwareRequest(
        request_id=5,
        firmware=Firmware(
            location="ftp://example.com/f",
            retrieve_date_time=NOON,
            signing_certificate=certificate,
            signature="x",
        ),
    )


def test_a_bad_signature_ends_it_and_is_a_security_event() -> None:
    async def main() -> None:
        yard = Yard("json", has_security_extension=True)
        yard.shop.fails = {"verify"}
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            await yard.ask(signed("Accepted"))
            await yard.clock.advance(1)
            assert sorted(yard.told) == sorted([
                "Firmware Downloading 5", "Firmware Downloaded 5",
                "Event InvalidFirmwareSignature", "Firmware InvalidSignature 5",
            ])  # fmt: skip

    run(main())


def test_a_plain_update_is_not_supported_beside_signed_ones() -> None:
    async def main() -> None:
        yard = Yard("json", has_security_extension=True)
        async with yard.working():
            with pytest.raises(CallFailed) as caught:
                await yard.ask(
                    messages.UpdateFirmwareRequest(
                        location="ftp://example.com/f", retrieve_date=NOON
                    )
                )
            assert caught.value.code == "NotSupported"

    run(main())


def test_diagnostics_are_uploaded(wire: str) -> None:
    async def main() -> None:
        yard = Yard(wire)
        async with yard.working():
            yard.told.clear()
            request = messages.GetDiagnosticsRequest(location="ftp://example.com/d")
            response = await yard.ask(request)
            await yard.clock.advance(1)
            assert yard.told == ["Diagnostics Uploading", "Diagnostics Uploaded"]
            ((name, content),) = yard.shop.uploads
            assert response.file_name == name
            assert b"connector 1 Available" in content

    run(main())


@pytest.mark.parametrize("why", ["UploadFailure", "BadMessage", "PermissionDenied"])
def test_a_log_that_cannot_be_uploaded(why: str) -> None:
    async def main() -> None:
        from ocpp16.datatypes import LogParameters
        from ocpp16.enums import LogType

        yard = Yard("json", has_security_extension=True)
        yard.shop.fails, yard.shop.why = {"upload"}, UploadLogStatus(why)
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            response = await yard.ask(
                messages.GetLogRequest(
                    log=LogParameters(remote_location="ftp://example.com/d"),
                    log_type=LogType.SECURITY_LOG,
                    request_id=9,
                    retries=0,
                )
            )
            assert response.status == "Accepted"
            await yard.clock.advance(1)
            assert yard.told == ["Log Uploading 9", f"Log {why} 9"]

    run(main())


def test_the_security_log_is_uploaded_without_secrets() -> None:
    async def main() -> None:
        from ocpp16.datatypes import LogParameters
        from ocpp16.enums import LogType

        yard = Yard("json", has_security_extension=True)
        async with yard.working():
            key = "0123456789abcdef" * 2
            await yard.ask(messages.ChangeConfigurationRequest(key="AuthorizationKey", value=key))
            await yard.clock.advance(20)
            for log_type in LogType:
                await yard.ask(
                    messages.GetLogRequest(
                        log=LogParameters(remote_location="ftp://example.com/d"),
                        log_type=log_type,
                        request_id=9,
                    )
                )
            content = b"".join(content for _, content in yard.shop.uploads)
            assert b"StartupOfTheDevice" in content
            assert b"ReconfigurationOfSecurityParameters" in content
            assert key.encode() not in content

    run(main())


def test_critical_events_wait_for_the_link_and_arrive() -> None:
    async def main() -> None:
        yard = Yard("json", has_security_extension=True)
        async with yard.working():
            yard.told.clear()
            yard.pair.is_down = True
            yard.pair.cut()
            await yard.clock.advance(1)
            yard.station.security_event("TamperDetectionActivated", "door")
            yard.pair.is_down = False
            await yard.clock.advance(30)
            assert "Event TamperDetectionActivated" in yard.told

    run(main())


def test_a_fault_is_told_and_solved(wire: str) -> None:
    async def main() -> None:
        yard = Yard(wire)
        async with yard.working():
            yard.told.clear()
            yard.station.fault(1, ConnectorFault(code=ChargePointErrorCode.OVER_VOLTAGE))
            yard.station.clear(1)
            await yard.clock.settle()
            assert yard.told == ["1 Faulted OverVoltage", "1 Available"]

    run(main())


def test_what_cannot_be_stored_raises_and_is_not_told() -> None:
    async def main() -> None:
        yard = Yard("json")
        async with yard.working():
            yard.station.plug_in(1)
            assert await yard.station.present_tag(1, "A")
            await yard.clock.settle()
            yard.told.clear()
            yard.disk.is_full = True
            # The tag that started: nobody has to be asked.
            with pytest.raises(StorageFailed):
                await yard.station.present_tag(1, "A")
            # Somebody else: what the answer brings about cannot be kept.
            yard.station.plug_in(2)
            showing = asyncio.create_task(yard.station.present_tag(2, "B"))
            await yard.clock.settle()
            with pytest.raises(StorageFailed):
                await showing
            assert yard.told == ["2 Preparing", "Authorize B"]
            assert yard.station.status(1) is ChargePointStatus.CHARGING
            yard.disk.is_full = False
            assert await yard.station.present_tag(1, "A")
            await yard.clock.settle()
            assert yard.told == ["Stop 101 Local", "1 Finishing"]

    run(main())
