"""zeep as a charge point of `ocpp16 central-system`: a whole session, on the served WSDL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("zeep")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from zeep.exceptions import Fault

from tests.apps.central_app import central_app
from tests.interop.test_zeep import HEADERS, client_of, their_service
from tests.parties import run

pytestmark = pytest.mark.interop
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


def value_at(minutes: int, value: str) -> dict[str, Any]:
    return {"timestamp": AT + timedelta(minutes=minutes), "sampledValue": [{"value": value}]}


def have_a_day(url: str) -> int:
    """Play a session, and return the id of its transaction; blocks."""
    service = their_service(client_of(f"{url}?wsdl"), url)

    def ask(action: str, **payload: Any) -> Any:
        return getattr(service, action)(**payload, _soapheaders=HEADERS)

    with pytest.raises(Fault) as refused:
        ask("Heartbeat")
    assert "not registered" in refused.value.message
    booted = ask("BootNotification", **BOOT)
    assert (booted["status"], booted["interval"]) == ("Accepted", 300)
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"}
    ask("StatusNotification", **status)
    assert ask("Authorize", idTag="STRANGER")["status"] == "Invalid"
    assert ask("Authorize", idTag="card")["parentIdTag"] == "FAMILY"
    start = {"connectorId": 1, "idTag": "CARD", "timestamp": AT, "meterStart": 100}
    began = ask("StartTransaction", **start)
    number: int = began["transactionId"]
    assert began["idTagInfo"]["status"] == "Accepted"
    # The same once more, under another MessageID, is the same transaction.
    assert ask("StartTransaction", **start)["transactionId"] == number
    for minutes, value in ((15, "600"), (30, "1100")):
        meter = [value_at(minutes, value)]
        ask("MeterValues", connectorId=1, transactionId=number, meterValue=meter)
    stop = {
        "transactionId": number,
        "idTag": "CARD",
        "timestamp": AT + timedelta(minutes=40),
        "meterStop": 1500,
        "reason": "Remote",
        "transactionData": [value_at(40, "1500")],
    }
    stopped = ask("StopTransaction", **stop)
    assert ask("StopTransaction", **stop) == stopped
    ask("StatusNotification", **{**status, "status": "Available"})
    assert isinstance(ask("Heartbeat"), datetime)
    assert ask("DataTransfer", vendorId="com.example")["status"] == "UnknownVendorId"
    return number


def test_zeep_has_a_day_at_our_site(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            await app.ask("PUT", "/id-tags/CARD", {"parentIdTag": "FAMILY"})
            number = await asyncio.to_thread(have_a_day, app.urls.soap)
            (found,) = (await app.get("/transactions"))["transactions"]
            assert (found["transactionId"], found["chargePoint"], found["energy"]) == (
                number,
                "CP1",
                1400,
            )
            assert (found["lastReading"], found["reason"]) == (1100, "Remote")
            shown = await app.get("/charge-points/CP1")
            assert [each["status"] for each in shown["connectors"]] == ["Available"]
            # The one before the boot.
            (warning,) = app.ears.warnings
            assert warning.endswith("(Heartbeat) answered SecurityError")

    run(main)
