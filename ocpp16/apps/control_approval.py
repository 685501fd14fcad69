"""What an approval changes at once, before the charge point boots again.

An accepted charge point need not boot for years (J 5.4), so `Rejected` closes the gate for it now:
its messages are refused, and so are calls to it. It cannot be told that before it boots, so one
that is approved again goes on as it was. `Pending` holds from its next boot on. Spec: C 4.2.
"""

from __future__ import annotations

from ocpp16.apps.central_system_books import Books
from ocpp16.enums import MessageTrigger, RegistrationStatus
from ocpp16.errors import OcppError
from ocpp16.messages import TriggerMessageRequest
from ocpp16.roles.central_system import CentralSystem
from ocpp16.storage import Registration, Registrations

UNTOLD = 0
"""Interval of a rejection that the charge point has not been told; no boot is answered so."""


async def carry_out(
    central: CentralSystem,
    books: Books,
    registrations: Registrations,
    identity: str,
    status: RegistrationStatus,
) -> bool:
    """Do what follows from an approval; tell whether the charge point boots now to be told.

    Raises:
        StoreError: The registration could not be stored; asking once more is safe.
    """
    found = registrations.find(identity)
    match status:
        case RegistrationStatus.REJECTED:
            was_accepted = found is not None and found.status == RegistrationStatus.ACCEPTED
            if found is None or found.status != RegistrationStatus.REJECTED:
                interval = UNTOLD if was_accepted else books.interval
                await _register(central, identity, RegistrationStatus.REJECTED, interval)
        case RegistrationStatus.ACCEPTED:
            if found == Registration(status=RegistrationStatus.REJECTED, interval=UNTOLD):
                await _register(central, identity, RegistrationStatus.ACCEPTED, books.interval)
        case _:
            pass
    return status is not RegistrationStatus.REJECTED and await _boot_again(central, books, identity)


async def _register(
    central: CentralSystem, identity: str, status: RegistrationStatus, interval: int
) -> None:
    kept = central.register(identity, Registration(status=status, interval=interval))
    if kept is not None:
        await kept


async def _boot_again(central: CentralSystem, books: Books, identity: str) -> bool:
    """Have a charge point that waits boot now, so that it is told; tell whether it will."""
    peer = central.peers.get(identity)
    if peer is None or peer.registration is not RegistrationStatus.PENDING:
        return False
    trigger = TriggerMessageRequest(requested_message=MessageTrigger.BOOT_NOTIFICATION)
    try:
        answer = await peer.call(trigger)
    except OcppError as error:
        books.remark(identity, f"it boots when its interval is over: {error}")
        return False
    return str(answer.status) == "Accepted"
