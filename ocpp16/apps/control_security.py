"""Keys of charge points, security events and unusual activity, in the control API.

A key that an operator gives is never shown again; one that is made here is, once. Spec: W A01, A04.
"""

from __future__ import annotations

import json
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ocpp16.apps.central_system_books import Books
from ocpp16.apps.control_body import body_of, key_of
from ocpp16.apps.control_call import call_charge_point
from ocpp16.apps.control_problem import Problem
from ocpp16.apps.control_query import Query
from ocpp16.apps.summary import payload_of
from ocpp16.primitives import format_timestamp
from ocpp16.roles.central_system import CentralSystem
from ocpp16.security.activity import UnusualActivity
from ocpp16.security.auth import new_key
from ocpp16.security.profile_change import AUTHORIZATION_KEY
from ocpp16.security.profiles import PROFILES, ReachedProfiles
from ocpp16.store.security.event import ToldEvent, told_events
from ocpp16.store.security.keys import StoredCredentials

NO_STORE = {"cache-control": "no-store"}
PAGE_LIMIT = 1000
TOP = 10
"""How many charge points, and how many addresses, are named for each kind of activity."""


class SecurityDesk:
    """The operations.

    Args:
        central: The central system.
        books: Its books.
        credentials: The keys in its store; None keeps none there.
        reached: The highest security profile of each charge point.
    """

    def __init__(
        self,
        central: CentralSystem,
        books: Books,
        credentials: StoredCredentials | None,
        reached: ReachedProfiles,
    ) -> None:
        self._central = central
        self._books = books
        self._credentials = credentials
        self._reached = reached

    # Keys

    async def list_keys(self, request: Request) -> Response:
        """List who has a key, and since when; a key itself is nowhere in it."""
        query = Query(request, "after", "limit")
        after, limit = query.text("after") or "", query.limit(PAGE_LIMIT)
        known = {} if self._credentials is None else dict(self._credentials.known)
        names = sorted(name for name in known if name > after)
        shown = names[:limit]
        return _json(
            {
                "keys": [
                    {
                        "identity": name,
                        "since": format_timestamp(known[name].since),
                        "changing": len(known[name].hashes) > 1,
                        "securityProfile": await self._reached.find(name),
                    }
                    for name in shown
                ],
                "next": shown[-1] if len(names) > limit else None,
            }
        )

    async def set_key(self, request: Request) -> Response:
        """Give a charge point a key, or make one; what it had is valid no more."""
        identity = request.path_params["identity"]
        given = key_of(identity, await body_of(request))
        key = new_key() if given is None else given
        await self._stored().add(identity, key)
        self._end(identity, "its key was set by the operator")
        shown = None if given is not None else key.hex().upper()
        return _json({"identity": identity, "key": shown})

    async def remove_key(self, request: Request) -> Response:
        """Forget the key of a charge point: it cannot authenticate by a password any more."""
        identity = request.path_params["identity"]
        if not await self._stored().remove(identity):
            raise Problem("unknown-key", "the charge point has no key")
        self._end(identity, "its key was removed by the operator")
        return Response(status_code=204, headers=NO_STORE)

    async def rotate_key(self, request: Request) -> Response:
        """Have a connected charge point take another key, by ChangeConfiguration (A01)."""
        identity = request.path_params["identity"]
        seconds = Query(request, "timeout").seconds("timeout")
        given = key_of(identity, await body_of(request))
        key = new_key() if given is None else given
        change = {"key": AUTHORIZATION_KEY, "value": key.hex().upper()}
        answer = await call_charge_point(
            self._central,
            self._books,
            identity,
            "ChangeConfiguration",
            payload=json.dumps(change).encode(),
            seconds=seconds,
        )
        status = payload_of(answer)["status"]
        self._books.record(identity, "key", f"a new key was sent to it: {status}")
        return _json({"identity": identity, "status": status})

    def _stored(self) -> StoredCredentials:
        if self._credentials is None:
            detail = "keys are not kept in the store: security profile 1 or 2, no --credentials"
            raise Problem("not-allowed", detail)
        return self._credentials

    def _end(self, identity: str, text: str) -> None:
        self._books.record(identity, "key", text)
        peer = self._central.peers.get(identity)
        if peer is not None and PROFILES[peer.info.security_profile].password:
            peer.close(reason="the key has changed")

    # What was told and seen

    async def list_events(self, request: Request) -> Response:
        """List the security events that charge points have told, the latest first."""
        query = Query(request, "chargePoint", "type", "limit", "before")
        limit = query.limit(PAGE_LIMIT)
        found = await self._books.read(
            partial(
                told_events,
                identity=query.text("chargePoint"),
                type=query.text("type"),
                before=query.integer("before"),
                limit=limit,
            )
        )
        return _json(
            {
                "securityEvents": [_event_object(each) for each in found],
                "next": found[-1].number if len(found) == limit else None,
            }
        )

    async def show_activity(self, request: Request) -> Response:
        """Show what is unusual since the start: in all, and of whom there is most."""
        activity = self._central.activity
        return _json(
            {
                "activity": [
                    {
                        "kind": str(kind),
                        "total": activity.totals[kind],
                        "chargePoints": [
                            {"identity": name, "count": count}
                            for name, count in activity.top_identities(kind, TOP)
                        ],
                        "addresses": [
                            {"address": name, "count": count}
                            for name, count in activity.top_networks(kind, TOP)
                        ],
                    }
                    for kind in UnusualActivity
                ]
            }
        )


def _event_object(event: ToldEvent) -> dict[str, object]:
    return {
        "number": event.number,
        "chargePoint": event.identity,
        "type": event.type,
        "critical": event.is_critical,
        "time": format_timestamp(event.at),
        "techInfo": event.tech_info,
        "received": format_timestamp(event.received),
    }


def _json(value: object) -> JSONResponse:
    return JSONResponse(value, headers=NO_STORE)
