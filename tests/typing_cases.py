"""What type checkers must accept, and what they must refuse; run by `tox -e types` alone.

An ignore comment here says that the line is wrong: where a checker would accept it, the comment is
unused, which is an error in turn.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

from ocpp16 import CentralSystem, ChargePoint, enums, messages
from ocpp16.roles.peer import Peer

central = CentralSystem()
station = ChargePoint("CP1")


@central.on(messages.HeartbeatRequest)
async def right(peer: Peer, request: messages.HeartbeatRequest) -> messages.HeartbeatResponse:
    raise NotImplementedError


@central.on(messages.AuthorizeRequest)
def right_without_await(
    peer: Peer, request: messages.AuthorizeRequest
) -> messages.AuthorizeResponse:
    raise NotImplementedError


@central.on(messages.BootNotificationRequest)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
async def wrong_response(
    peer: Peer, request: messages.BootNotificationRequest
) -> messages.HeartbeatResponse:
    raise NotImplementedError


@central.on(messages.StartTransactionRequest)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
async def wrong_request(
    peer: Peer, request: messages.StopTransactionRequest
) -> messages.StartTransactionResponse:
    raise NotImplementedError


@central.on(messages.MeterValuesRequest)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
def wrong_number(peer: Peer) -> messages.MeterValuesResponse:
    raise NotImplementedError


@station.after(messages.ResetRequest)
async def after_reset(
    peer: Peer, request: messages.ResetRequest, response: messages.ResetResponse
) -> None:
    raise NotImplementedError


async def calls(peer: Peer) -> None:
    answer = await peer.call(messages.ResetRequest(type=enums.ResetType.SOFT))
    assert_type(answer, messages.ResetResponse)
    assert_type(answer.status, enums.ResetStatus)
    assert_type(
        (await peer.call(messages.HeartbeatRequest())).current_time.tzinfo is None,
        bool,
    )
    request = messages.ResetRequest(type=enums.ResetType.SOFT)
    wrong: messages.HeartbeatResponse = await peer.call(request)  # type: ignore[arg-type]  # pyright: ignore[reportAssignmentType]
    del wrong


def fields() -> None:
    messages.AuthorizeRequest(id_tag=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    messages.AuthorizeRequest()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    messages.AuthorizeRequest(id_tag="a", parent="b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    request = messages.AuthorizeRequest(id_tag="a")
    request.id_tag = "b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    messages.GetConfigurationRequest(key=["HeartbeatInterval"])
    messages.MeterValuesRequest(connector_id=1, meter_value=["x"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
