"""Transaction ids: the one a charge point knows, the one its backend knows, and where they stand.

Ids are the backend's. Two of them differ: one that we gave while the backend was away, and one that
SOAP cannot carry (32 bit). Ids that are not in the map are the same on both sides. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

from ocpp16.messages import (
    MeterValuesRequest,
    RemoteStartTransactionRequest,
    RemoteStopTransactionRequest,
    SetChargingProfileRequest,
    StopTransactionRequest,
)
from ocpp16.structure import Request

LEAST: Final = 2**30
MOST: Final = 2**31 - 1
"""Local ids are in the upper half of what SOAP carries, where few backends count."""
GIVEN_UP: Final = -1
"""Id of a transaction that the backend will never know (SPEC: C 3.7, CE 3.18)."""


class UnknownYet(Exception):
    """The transaction has a local id, and the backend has not given its own."""


class TransactionIds:
    """The ids of one charge point that differ.

    Args:
        known: Pairs of local id and backend's id; None where the backend has given none yet.
    """

    __slots__ = ("_backend", "_local")

    def __init__(self, known: Iterable[tuple[int, int | None]] = ()) -> None:
        self._backend: dict[int, int | None] = {}
        self._local: dict[int, int] = {}
        for local_id, backend_id in known:
            self.map(local_id, backend_id)

    def __contains__(self, local_id: int) -> bool:
        return local_id in self._backend

    def is_open(self, local_id: int) -> bool:
        """Tell whether the backend may still give its id of a transaction with a local id."""
        return local_id in self._backend and self._backend[local_id] is None

    def map(self, local_id: int, backend_id: int | None) -> None:
        """Take it that a transaction has these ids."""
        self._backend[local_id] = backend_id
        if backend_id is not None and backend_id != GIVEN_UP:
            self._local[backend_id] = local_id

    def new(self, random: Callable[[], float]) -> int:
        """Return a local id that is not in use."""
        while True:
            local_id = LEAST + int(random() * (MOST - LEAST))
            if local_id not in self._backend and local_id not in self._local:
                return local_id

    def needs_local(self, backend_id: int) -> bool:
        """Tell whether an id of the backend cannot be the charge point's as well."""
        if not -(2**31) <= backend_id <= MOST or backend_id in self._backend:
            return True
        # One that was given before stands for a local id, and would go on to.
        return backend_id in self._local

    def backend_of(self, local_id: int) -> int:
        """Return the backend's id of a charge point's.

        Raises:
            UnknownYet: There is none so far.
        """
        backend_id = self._backend.get(local_id, local_id)
        if backend_id is None:
            raise UnknownYet(f"the backend has no id for the transaction {local_id} yet")
        return backend_id

    def local_of(self, backend_id: int) -> int:
        """Return the charge point's id of a backend's."""
        return self._local.get(backend_id, backend_id)

    def for_backend(self, request: Request[Any]) -> Request[Any]:
        """Return a charge point's request with the ids that its backend knows.

        Raises:
            UnknownYet: There is none so far.
        """
        match request:
            case (
                MeterValuesRequest(transaction_id=int() as known)
                | StopTransactionRequest(transaction_id=known)
            ):
                wanted = self.backend_of(known)
                return request if wanted == known else attrs.evolve(request, transaction_id=wanted)
            case _:
                return request

    def for_charge_point(self, request: Request[Any]) -> Request[Any]:
        """Return a backend's request with the ids that its charge point knows."""
        match request:
            case RemoteStopTransactionRequest(transaction_id=known):
                wanted = self.local_of(known)
                return request if wanted == known else attrs.evolve(request, transaction_id=wanted)
            case SetChargingProfileRequest(cs_charging_profiles=profile):
                mapped = self._in_profile(profile)
                if mapped is profile:
                    return request
                return attrs.evolve(request, cs_charging_profiles=mapped)
            case RemoteStartTransactionRequest(charging_profile=profile) if profile is not None:
                mapped = self._in_profile(profile)
                if mapped is profile:
                    return request
                return attrs.evolve(request, charging_profile=mapped)
            case _:
                return request

    def _in_profile(self, profile: Any) -> Any:
        known = profile.transaction_id
        if known is None or self.local_of(known) == known:
            return profile
        return attrs.evolve(profile, transaction_id=self.local_of(known))
