"""One exchange of every action, as it happens on an ordinary day of a charge point.

The bytes that the pages show are made from these by the codecs. Spec: C 4, C 5, W.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ocpp16 import enums
from ocpp16 import messages as m
from ocpp16.datatypes import (
    AuthorizationData,
    CertificateHashData,
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    Firmware,
    IdTagInfo,
    KeyValue,
    LogParameters,
    MeterValue,
    SampledValue,
)
from ocpp16.structure import Request, Response

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IDENTITY = "CP1"
CARD, TRANSACTION = "04A2B1C3", 184467


def _after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBLjCB1KADAgECAgISZzAKBggqhkjOPQQDAjAgMRAwDgYDVQQKDAdFeGFtcGxl
MQwwCgYDVQQDDANDUDEwHhcNMjYwMTAxMDAwMDAwWhcNMzYwMTAxMDAwMDAwWjAg
MRAwDgYDVQQKDAdFeGFtcGxlMQwwCgYDVQQDDANDUDEwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAATW2OfYy8Ctjv5zVt0QiJTQaz8ERut8xeq2ZSioRDKXpetoxl8m
Q9jGcEDTHuyqOrIAHw/ye6Mh0KmqMC0ZyiOtMAoGCCqGSM49BAMCA0kAMEYCIQC+
f8q6KvwzkwyBgpKe05x5knIJpb0+zaZJgXL95iqIwwIhANHvgCnH27ARWJD4abNF
+6Tqwld2NVn49EOs7ShLESVh
-----END CERTIFICATE-----
"""
"""Of `CN=CP1, O=Example`; its key was thrown away."""
SIGNING_REQUEST = """\
-----BEGIN CERTIFICATE REQUEST-----
MIHcMIGCAgEAMCAxEDAOBgNVBAoMB0V4YW1wbGUxDDAKBgNVBAMMA0NQMTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABNbY59jLwK2O/nNW3RCIlNBrPwRG63zF6rZl
KKhEMpel62jGXyZD2MZwQNMe7Ko6sgAfD/J7oyHQqaowLRnKI62gADAKBggqhkjO
PQQDAgNJADBGAiEAp3J2jRwM4eRK7G0n7Gp0094YB7PEvIYNp1CxT4ECGFQCIQDx
FaKmDUIOcKahgi3OkLUInts7TtaIcSGZAMqQTA3H2g==
-----END CERTIFICATE REQUEST-----
"""
SIGNATURE = (
    "MEQCIGXqJytq6CJmecSOaiJ+LQUjUAl6D3sn/zbfLsvM8MysAiB7q+MDSF/X"
    "2iR7e06bXgZ8xixnG/Up6yBbbZjXhyaYaA=="
)

_FREE = IdTagInfo(
    expiry_date=datetime(2027, 1, 1, tzinfo=UTC),
    parent_id_tag="FAMILY",
    status=enums.AuthorizationStatus.ACCEPTED,
)
_METER = MeterValue(
    timestamp=_after(15),
    sampled_value=(
        SampledValue(
            value="1523750",
            context=enums.ReadingContext.SAMPLE_PERIODIC,
            measurand=enums.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER,
            unit=enums.UnitOfMeasure.WH,
        ),
        SampledValue(
            value="15.9",
            context=enums.ReadingContext.SAMPLE_PERIODIC,
            measurand=enums.Measurand.CURRENT_IMPORT,
            phase=enums.Phase.L1,
            unit=enums.UnitOfMeasure.A,
        ),
    ),
)
_AT_MOST = ChargingSchedule(
    duration=7200,
    start_schedule=NOON,
    charging_rate_unit=enums.ChargingRateUnitType.A,
    charging_schedule_period=(
        ChargingSchedulePeriod(start_period=0, limit=16.0, number_phases=3),
        ChargingSchedulePeriod(start_period=3600, limit=7.5),
    ),
)
_PROFILE = ChargingProfile(
    charging_profile_id=7,
    transaction_id=TRANSACTION,
    stack_level=1,
    charging_profile_purpose=enums.ChargingProfilePurposeType.TX_PROFILE,
    charging_profile_kind=enums.ChargingProfileKindType.ABSOLUTE,
    charging_schedule=_AT_MOST,
)
_HASHES = CertificateHashData(
    hash_algorithm=enums.HashAlgorithm.SHA256,
    issuer_name_hash=sha256(b"CN=Example CA").hexdigest(),
    issuer_key_hash=sha256(b"the public key of Example CA").hexdigest(),
    serial_number="1267",
)

_EXCHANGES: tuple[tuple[Request[Response], Response], ...] = (
    (m.AuthorizeRequest(id_tag=CARD), m.AuthorizeResponse(id_tag_info=_FREE)),
    (
        m.BootNotificationRequest(
            charge_point_vendor="Example",
            charge_point_model="Double 22",
            charge_point_serial_number="SN-000147",
            firmware_version="2.4.1",
        ),
        m.BootNotificationResponse(
            status=enums.RegistrationStatus.ACCEPTED, current_time=NOON, interval=300
        ),
    ),
    (
        m.DataTransferRequest(
            vendor_id="com.example", message_id="SetDisplay", data='{"text": "Welcome"}'
        ),
        m.DataTransferResponse(status=enums.DataTransferStatus.ACCEPTED, data='{"shown": true}'),
    ),
    (
        m.DiagnosticsStatusNotificationRequest(status=enums.DiagnosticsStatus.UPLOADING),
        m.DiagnosticsStatusNotificationResponse(),
    ),
    (
        m.FirmwareStatusNotificationRequest(status=enums.FirmwareStatus.DOWNLOADED),
        m.FirmwareStatusNotificationResponse(),
    ),
    (m.HeartbeatRequest(), m.HeartbeatResponse(current_time=_after(5))),
    (
        m.MeterValuesRequest(connector_id=1, transaction_id=TRANSACTION, meter_value=(_METER,)),
        m.MeterValuesResponse(),
    ),
    (
        m.StartTransactionRequest(connector_id=1, id_tag=CARD, meter_start=1521000, timestamp=NOON),
        m.StartTransactionResponse(id_tag_info=_FREE, transaction_id=TRANSACTION),
    ),
    (
        m.StatusNotificationRequest(
            connector_id=1,
            error_code=enums.ChargePointErrorCode.NO_ERROR,
            status=enums.ChargePointStatus.CHARGING,
            timestamp=NOON,
        ),
        m.StatusNotificationResponse(),
    ),
    (
        m.StopTransactionRequest(
            id_tag=CARD,
            meter_stop=1532000,
            timestamp=_after(60),
            transaction_id=TRANSACTION,
            reason=enums.Reason.LOCAL,
        ),
        m.StopTransactionResponse(id_tag_info=_FREE),
    ),
    (
        m.CancelReservationRequest(reservation_id=31),
        m.CancelReservationResponse(status=enums.CancelReservationStatus.ACCEPTED),
    ),
    (
        m.ChangeAvailabilityRequest(connector_id=2, type=enums.AvailabilityType.INOPERATIVE),
        m.ChangeAvailabilityResponse(status=enums.AvailabilityStatus.SCHEDULED),
    ),
    (
        m.ChangeConfigurationRequest(key="MeterValueSampleInterval", value="60"),
        m.ChangeConfigurationResponse(status=enums.ConfigurationStatus.ACCEPTED),
    ),
    (m.ClearCacheRequest(), m.ClearCacheResponse(status=enums.ClearCacheStatus.ACCEPTED)),
    (
        m.ClearChargingProfileRequest(id=7),
        m.ClearChargingProfileResponse(status=enums.ClearChargingProfileStatus.ACCEPTED),
    ),
    (
        m.GetConfigurationRequest(key=("HeartbeatInterval", "Colour")),
        m.GetConfigurationResponse(
            configuration_key=(KeyValue(key="HeartbeatInterval", readonly=False, value="300"),),
            unknown_key=("Colour",),
        ),
    ),
    (
        m.GetDiagnosticsRequest(
            location="ftp://files.example.com/diagnostics", retries=3, retry_interval=60
        ),
        m.GetDiagnosticsResponse(file_name="CP1-20260301.zip"),
    ),
    (m.GetLocalListVersionRequest(), m.GetLocalListVersionResponse(list_version=12)),
    (
        m.RemoteStartTransactionRequest(connector_id=1, id_tag=CARD),
        m.RemoteStartTransactionResponse(status=enums.RemoteStartStopStatus.ACCEPTED),
    ),
    (
        m.RemoteStopTransactionRequest(transaction_id=TRANSACTION),
        m.RemoteStopTransactionResponse(status=enums.RemoteStartStopStatus.ACCEPTED),
    ),
    (
        m.GetCompositeScheduleRequest(
            connector_id=1, duration=7200, charging_rate_unit=enums.ChargingRateUnitType.A
        ),
        m.GetCompositeScheduleResponse(
            status=enums.GetCompositeScheduleStatus.ACCEPTED,
            connector_id=1,
            schedule_start=NOON,
            charging_schedule=_AT_MOST,
        ),
    ),
    (
        m.ReserveNowRequest(connector_id=2, expiry_date=_after(30), id_tag=CARD, reservation_id=31),
        m.ReserveNowResponse(status=enums.ReservationStatus.ACCEPTED),
    ),
    (
        m.ResetRequest(type=enums.ResetType.SOFT),
        m.ResetResponse(status=enums.ResetStatus.ACCEPTED),
    ),
    (
        m.SendLocalListRequest(
            list_version=13,
            local_authorization_list=(
                AuthorizationData(id_tag=CARD, id_tag_info=_FREE),
                AuthorizationData(id_tag="04FFEE01"),
            ),
            update_type=enums.UpdateType.DIFFERENTIAL,
        ),
        m.SendLocalListResponse(status=enums.UpdateStatus.ACCEPTED),
    ),
    (
        m.SetChargingProfileRequest(connector_id=1, cs_charging_profiles=_PROFILE),
        m.SetChargingProfileResponse(status=enums.ChargingProfileStatus.ACCEPTED),
    ),
    (
        m.TriggerMessageRequest(
            requested_message=enums.MessageTrigger.STATUS_NOTIFICATION, connector_id=1
        ),
        m.TriggerMessageResponse(status=enums.TriggerMessageStatus.ACCEPTED),
    ),
    (
        m.UnlockConnectorRequest(connector_id=1),
        m.UnlockConnectorResponse(status=enums.UnlockStatus.UNLOCKED),
    ),
    (
        m.UpdateFirmwareRequest(
            location="https://files.example.com/double-22-2.5.0.bin",
            retries=3,
            retrieve_date=_after(720),
        ),
        m.UpdateFirmwareResponse(),
    ),
    (
        m.CertificateSignedRequest(certificate_chain=CERTIFICATE),
        m.CertificateSignedResponse(status=enums.CertificateSignedStatus.ACCEPTED),
    ),
    (
        m.DeleteCertificateRequest(certificate_hash_data=_HASHES),
        m.DeleteCertificateResponse(status=enums.DeleteCertificateStatus.ACCEPTED),
    ),
    (
        m.ExtendedTriggerMessageRequest(
            requested_message=enums.ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
        ),
        m.ExtendedTriggerMessageResponse(status=enums.TriggerMessageStatus.ACCEPTED),
    ),
    (
        m.GetInstalledCertificateIdsRequest(
            certificate_type=enums.CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE
        ),
        m.GetInstalledCertificateIdsResponse(
            certificate_hash_data=(_HASHES,), status=enums.GetInstalledCertificateStatus.ACCEPTED
        ),
    ),
    (
        m.GetLogRequest(
            log=LogParameters(remote_location="https://files.example.com/logs"),
            log_type=enums.LogType.SECURITY_LOG,
            request_id=90,
        ),
        m.GetLogResponse(status=enums.LogStatus.ACCEPTED, filename="CP1-security.log"),
    ),
    (
        m.InstallCertificateRequest(
            certificate_type=enums.CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE,
            certificate=CERTIFICATE,
        ),
        m.InstallCertificateResponse(status=enums.InstallCertificateStatus.ACCEPTED),
    ),
    (
        m.LogStatusNotificationRequest(status=enums.UploadLogStatus.UPLOADED, request_id=90),
        m.LogStatusNotificationResponse(),
    ),
    (
        m.SecurityEventNotificationRequest(
            type="TamperDetectionActivated", timestamp=NOON, tech_info="the door was opened"
        ),
        m.SecurityEventNotificationResponse(),
    ),
    (
        m.SignCertificateRequest(csr=SIGNING_REQUEST),
        m.SignCertificateResponse(status=enums.GenericStatus.ACCEPTED),
    ),
    (
        m.SignedFirmwareStatusNotificationRequest(
            status=enums.SignedFirmwareStatus.SIGNATURE_VERIFIED, request_id=91
        ),
        m.SignedFirmwareStatusNotificationResponse(),
    ),
    (
        m.SignedUpdateFirmwareRequest(
            request_id=91,
            firmware=Firmware(
                location="https://files.example.com/double-22-2.5.0.bin",
                retrieve_date_time=NOON,
                signing_certificate=CERTIFICATE,
                signature=SIGNATURE,
            ),
        ),
        m.SignedUpdateFirmwareResponse(status=enums.UpdateFirmwareStatus.ACCEPTED),
    ),
)

EXCHANGES: Mapping[str, tuple[Request[Response], Response]] = {
    type(request).__name__.removesuffix("Request"): (request, response)
    for request, response in _EXCHANGES
}
"""Request and response by action."""
