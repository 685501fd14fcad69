"""A spyne server that uses nothing of ours answers our clients: every operation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ocpp16 import ChargePoint, datatypes, enums, messages
from ocpp16.spec import Side
from ocpp16.structure import Response, Structure
from tests.interop.test_zeep import payload
from tests.transports.full import full, received_by
from tests.transports.wsgi import serving

pytest.importorskip("ocpp16.transports.spyne_library")
zeep = pytest.importorskip("ocpp16.transports.zeep")

pytestmark = pytest.mark.interop

HERE = "http://127.0.0.1:1/"
CENTRAL = Side.CENTRAL_SYSTEM


def due() -> dict[str, Response]:
    """Return what spyne's answers say, written out as ours."""
    from tests.interop.spyne_server import NOW

    info = datatypes.IdTagInfo(
        status=enums.AuthorizationStatus.ACCEPTED, expiry_date=NOW, parent_id_tag="PARENT"
    )
    return {
        "Authorize": messages.AuthorizeResponse(id_tag_info=info),
        "BootNotification": messages.BootNotificationResponse(
            status=enums.RegistrationStatus.ACCEPTED, current_time=NOW, interval=300
        ),
        "DataTransfer": messages.DataTransferResponse(
            status=enums.DataTransferStatus.ACCEPTED, data="<&>"
        ),
        "DiagnosticsStatusNotification": messages.DiagnosticsStatusNotificationResponse(),
        "FirmwareStatusNotification": messages.FirmwareStatusNotificationResponse(),
        "Heartbeat": messages.HeartbeatResponse(current_time=NOW),
        "MeterValues": messages.MeterValuesResponse(),
        "StartTransaction": messages.StartTransactionResponse(
            transaction_id=4711, id_tag_info=info
        ),
        "StatusNotification": messages.StatusNotificationResponse(),
        "StopTransaction": messages.StopTransactionResponse(id_tag_info=info),
    }


@contextmanager
def their_server() -> Iterator[tuple[str, dict[str, Any]]]:
    from spyne.server.wsgi import WsgiApplication

    from tests.interop.spyne_server import application

    seen: dict[str, Any] = {}
    with serving(WsgiApplication(application(seen))) as url:
        yield url, seen


def sent() -> dict[str, Any]:
    return {action.name: payload(action.request) for action in received_by(CENTRAL)}


def request_of(cls: type[Structure]) -> Any:
    return full(cls, CENTRAL)


def test_our_charge_point() -> None:
    async def main(url: str) -> dict[str, Any]:
        station = ChargePoint("CP1")
        async with station.connect(url, listen="http://127.0.0.1:0/") as backend:
            return {
                action.name: await backend.call(request_of(action.request))
                for action in received_by(CENTRAL)
            }

    with their_server() as (url, seen):
        assert asyncio.run(main(url)) == due()
    assert seen == sent()


def test_our_caller_through_zeep() -> None:
    with (
        their_server() as (url, seen),
        zeep.ZeepCaller(url, "CP1", side=Side.CHARGE_POINT, from_address=HERE) as caller,
    ):
        answers = {
            action.name: caller.call(request_of(action.request)) for action in received_by(CENTRAL)
        }
    assert answers == due()
    assert seen == sent()
