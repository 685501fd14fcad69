"""A call to a charge point by its name, and what its answer changes in the books.

What a charge point has accepted (a profile, a reservation, a setting, a local list) is kept once it
has answered. If that fails, the answer stands all the same: the charge point has acted on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeGuard

from sqlalchemy import Connection

from ocpp16 import messages
from ocpp16.apps.central_system_books import Books
from ocpp16.apps.control_job import JOB_REQUESTS, answer_job, begin_job, note_job_answer
from ocpp16.apps.control_problem import Problem
from ocpp16.bindings.ocppj import codec
from ocpp16.catalog import ACTIONS
from ocpp16.enums import (
    CancelReservationStatus,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    ConfigurationStatus,
    ReservationStatus,
    UpdateStatus,
)
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ConstraintError,
    InvalidMessage,
    InvalidResponse,
    SessionClosed,
    Unreachable,
)
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.peer import Peer
from ocpp16.spec import Side
from ocpp16.store.central_system import charge_point, configuration, profile, reservation
from ocpp16.store.central_system.reservation import Reservation, State
from ocpp16.store.error import StoreError
from ocpp16.structure import Request, Response

NOT_DONE = {"invalid-request", "not-allowed", "not-connected", "refused-by-charge-point"}
"""Problems that tell that the charge point has not acted on a call."""


async def call_charge_point(
    central: CentralSystem,
    books: Books,
    identity: str,
    action: str,
    *,
    payload: bytes,
    seconds: float | None,
) -> Response:
    """Send a request by its name, and return the answer.

    Args:
        central: The central system.
        books: Its books.
        identity: The charge point.
        action: What to ask for.
        payload: The request as JSON.
        seconds: How long the answer may take; None is as the settings have it.

    Raises:
        Problem: There is no answer; it tells why.
        StoreError: The request has to be kept before it is sent, and cannot be.
    """
    spec = ACTIONS.get(action)
    if spec is None or Side.CENTRAL_SYSTEM not in spec.senders:
        raise Problem("unknown-action", f"no central system sends {action[:50]}")
    peer = await peer_of(central, books, identity)
    try:
        request: Request[Any] = codec.decode(spec.request, payload)
    except ConstraintError as error:
        raise Problem("invalid-request", str(error), path=error.path) from None
    if isinstance(request, JOB_REQUESTS):
        begin = partial(begin_job, identity=identity, request=request, now=books.now())
        number = await books.write(begin)
        return await give_job(central, books, peer, request, number=number, seconds=seconds)
    earlier: Reservation | None = None
    reserve = request if isinstance(request, messages.ReserveNowRequest) else None
    if reserve is not None:
        earlier = await books.write(
            lambda connection: _reserve(connection, books, identity, reserve)
        )
        if _is_live(earlier) and earlier.identity != identity:
            detail = f"reservation {reserve.reservation_id} is one of another charge point"
            raise Problem("not-allowed", detail)
    try:
        response = await _sent(central, peer, request, seconds)
    except Problem as problem:
        if reserve is not None and problem.kind in NOT_DONE:
            number = reserve.reservation_id
            await _keep(
                books, identity, action, lambda connection: _give_up(connection, number, earlier)
            )
        raise

    def work(connection: Connection) -> None:
        is_held = getattr(response, "status", None) is ReservationStatus.ACCEPTED
        if reserve is not None and not is_held:
            _give_up(connection, reserve.reservation_id, earlier)
        else:
            _note(connection, books, identity, request, response)

    await _keep(books, identity, action, work)
    return response


async def _keep(
    books: Books, identity: str, action: str, work: Callable[[Connection], None]
) -> None:
    try:
        await books.write(work)
    except StoreError as error:
        books.remark(identity, f"what it answered to {action} is not kept: {error}")


async def _sent(
    central: CentralSystem, peer: Peer, request: Request[Any], seconds: float | None
) -> Response:
    try:
        return await _call(central, peer, request, seconds)
    except InvalidMessage as error:
        raise Problem("invalid-request", error.reason, path=error.path) from None
    except CallNotAllowed as error:
        raise Problem("not-allowed", str(error)) from None
    except CallFailed as error:
        raise Problem(
            "refused-by-charge-point",
            error.description or "it answered with an error",
            code=str(error.code),
        ) from None
    except InvalidResponse as error:
        raise Problem(
            "invalid-answer", error.reason, code=str(error.code), path=error.path
        ) from None
    except CallTimeout as error:
        raise Problem("timeout", str(error)) from None
    except Unreachable as error:
        raise Problem("not-connected", str(error)) from None
    except SessionClosed as error:
        detail = f"whether it acted on the call is unknown: {error}"
        raise Problem("connection-lost", detail) from None


async def give_job(
    central: CentralSystem,
    books: Books,
    peer: Peer,
    request: Request[Any],
    *,
    number: int,
    seconds: float | None,
) -> Response:
    """Send a request whose job is in the books, and keep what is answered.

    Raises:
        Problem: There is no answer; it tells why.
    """
    try:
        response = await _sent(central, peer, request, seconds)
    except Problem as problem:
        why, now = problem.kind, books.now()
        lost = partial(answer_job, number=number, answer=why, is_over=why in NOT_DONE, now=now)
        await _keep(books, peer.identity, f"job {number}", lost)
        raise
    taken = partial(note_job_answer, number=number, response=response, now=books.now())
    await _keep(books, peer.identity, f"job {number}", taken)
    return response


async def peer_of(central: CentralSystem, books: Books, identity: str) -> Peer:
    """Return a charge point that is connected.

    Raises:
        Problem: It is not, or not known.
    """
    peer = central.peers.get(identity)
    if peer is not None and peer.is_connected:
        return peer
    is_known = await books.read(lambda connection: charge_point.is_known(connection, identity))
    if is_known:
        raise Problem("not-connected", "the charge point is not connected")
    raise Problem("unknown-charge-point", "there is no such charge point")


async def _call(
    central: CentralSystem, peer: Peer, request: Request[Any], seconds: float | None
) -> Response:
    if (
        not isinstance(request, messages.ChangeConfigurationRequest)
        or request.key.casefold() not in configuration.SECRET
    ):
        response: Response = await peer.call(request, timeout=seconds)
        return response
    # The central system has to know the new key as well, or the charge point never comes back.
    try:
        key = bytes.fromhex(request.value)
        status = await central.rotate_key(peer.identity, key, timeout=seconds)
    except ValueError:
        detail = "a key is 32 to 40 hex digits, of an even count"
        raise Problem("invalid-request", detail, path="/value") from None
    return messages.ChangeConfigurationResponse(status=status)


def _reserve(
    connection: Connection, books: Books, identity: str, request: messages.ReserveNowRequest
) -> Reservation | None:
    """Keep what is asked for, and return what had its id; nothing if that is another's."""
    now = books.now()
    reservation.expire(connection, now=now)
    earlier = reservation.find_reservation(connection, request.reservation_id)
    if not _is_live(earlier) or earlier.identity == identity:
        reservation.put_reservation(connection, identity, request, now=now)
    return earlier


def _is_live(found: Reservation | None) -> TypeGuard[Reservation]:
    return found is not None and found.state in {State.ASKED, State.HELD}


def _give_up(connection: Connection, number: int, earlier: Reservation | None) -> None:
    """Take it that a charge point has not reserved; one that it held, it holds still (C 5.13)."""
    if _is_live(earlier):
        reservation.put_back(connection, earlier)
    else:
        reservation.set_state(connection, number, State.REFUSED)


def _note(
    connection: Connection,
    books: Books,
    identity: str,
    request: Request[Any],
    response: Response,
) -> None:
    """Keep what a charge point has agreed to."""
    now = books.now()
    status = getattr(response, "status", None)
    match request, response:
        case messages.ReserveNowRequest(), _:
            reservation.set_state(connection, request.reservation_id, State.HELD)
        case messages.CancelReservationRequest(), _:
            mine = {each.id for each in reservation.reservations(connection, identity=identity)}
            if status is CancelReservationStatus.ACCEPTED and request.reservation_id in mine:
                reservation.set_state(connection, request.reservation_id, State.CANCELLED)
        case messages.GetConfigurationRequest(), messages.GetConfigurationResponse():
            found = response.configuration_key or ()
            configuration.note_reported(connection, identity, found, now=now)
        case messages.ChangeConfigurationRequest(), _:
            if status in {ConfigurationStatus.ACCEPTED, ConfigurationStatus.REBOOT_REQUIRED}:
                configuration.note_changed(
                    connection, identity, request.key, request.value, now=now
                )
        case messages.SetChargingProfileRequest(), _:
            if status is ChargingProfileStatus.ACCEPTED:
                profile.note_set(connection, identity, request, now=now)
        case messages.ClearChargingProfileRequest(), _:
            if status is ClearChargingProfileStatus.ACCEPTED:
                profile.note_cleared(connection, identity, request)
        case messages.SendLocalListRequest(), _:
            if status is UpdateStatus.ACCEPTED:
                charge_point.set_list_version(connection, identity, request.list_version)
        case messages.GetLocalListVersionRequest(), messages.GetLocalListVersionResponse():
            charge_point.set_list_version(connection, identity, response.list_version)
        case _:
            pass
