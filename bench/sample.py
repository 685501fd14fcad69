"""The messages that are measured, as payloads: fields in the order of the published schemas."""

from __future__ import annotations

import json
from typing import Any

import attrs

from ocpp16 import messages
from ocpp16.structure import Structure

TIME = "2024-02-29T12:30:45Z"
SAMPLED_VALUE = {
    "value": "1234.5",
    "context": "Sample.Periodic",
    "format": "Raw",
    "measurand": "Energy.Active.Import.Register",
    "location": "Outlet",
    "unit": "Wh",
}


@attrs.frozen
class Sample:
    """One message."""

    name: str
    cls: type[Structure]
    payload: dict[str, Any]

    @property
    def text(self) -> bytes:
        """The payload as charge points write it, without white space."""
        return json.dumps(self.payload, separators=(",", ":")).encode()


def meter_values(count: int) -> Sample:
    """Return a MeterValues request with so many sampled values, ten at each instant."""
    at_once = [SAMPLED_VALUE] * min(count, 10)
    values = [{"timestamp": TIME, "sampledValue": at_once}] * max(1, count // 10)
    payload = {"connectorId": 1, "meterValue": values}
    return Sample(f"MeterValues {count}", messages.MeterValuesRequest, payload)


HEARTBEAT = Sample("Heartbeat", messages.HeartbeatRequest, {})
BOOT = Sample(
    "BootNotification",
    messages.BootNotificationRequest,
    {
        "chargePointVendor": "Example",
        "chargePointModel": "Model X",
        "chargePointSerialNumber": "SN-0001",
        "chargeBoxSerialNumber": "CB-0001",
        "firmwareVersion": "1.2.3",
        "iccid": "8944500102",
        "imsi": "2345",
        "meterType": "MT",
        "meterSerialNumber": "M-1",
    },
)
STATUS = Sample(
    "StatusNotification",
    messages.StatusNotificationRequest,
    {
        "connectorId": 1,
        "errorCode": "NoError",
        "status": "Available",
        "info": "ready",
        "timestamp": TIME,
        "vendorId": "Example",
        "vendorErrorCode": "0",
    },
)
PROFILE = Sample(
    "SetChargingProfile 24",
    messages.SetChargingProfileRequest,
    {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [
                    {"startPeriod": 3600 * hour, "limit": 6.5 + hour} for hour in range(24)
                ],
                "startSchedule": TIME,
            },
            "validFrom": TIME,
        },
    },
)
SAMPLES = (HEARTBEAT, BOOT, STATUS, meter_values(10), meter_values(100), PROFILE)
