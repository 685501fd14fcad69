"""Remote start and stop, and unlocking: who may, and where. Spec: C 5.11, 5.12, 5.18; SPEC 8."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ocpp16.enums import ChargePointStatus, UnlockStatus

_USABLE = (
    ChargePointStatus.PREPARING,
    ChargePointStatus.RESERVED,
    ChargePointStatus.AVAILABLE,
    ChargePointStatus.FINISHING,
)
"""Where a transaction may be started, the likeliest place first: a car that waits for its start."""


def pick_connector(
    wanted: int | None,
    statuses: Mapping[int, ChargePointStatus],
    may_use: Callable[[int], bool],
) -> int | None:
    """Return where a remote start takes place, None if nowhere.

    Args:
        wanted: The connector named; None leaves the choice to the charge point.
        statuses: Status of each connector that no transaction runs on and no tag waits at.
        may_use: Tells whether reservations let the tag use a connector.
    """
    candidates: Iterable[int] = statuses if wanted is None else (wanted,)
    usable = [
        (_USABLE.index(statuses[number]), number)
        for number in candidates
        if number in statuses and statuses[number] in _USABLE and may_use(number)
    ]
    return min(usable)[1] if usable else None


def unlock_status(*, exists: bool, has_lock: bool, is_unlocked: bool) -> UnlockStatus:
    """Answer an UnlockConnector once it was tried (CE 3.87).

    Args:
        exists: Whether there is such a connector.
        has_lock: Whether it has a lock: a fixed cable has none.
        is_unlocked: What came of trying.
    """
    if not exists or not has_lock:
        return UnlockStatus.NOT_SUPPORTED
    return UnlockStatus.UNLOCKED if is_unlocked else UnlockStatus.UNLOCK_FAILED
