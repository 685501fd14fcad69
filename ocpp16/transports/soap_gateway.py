"""The charge points of a SOAP endpoint: who is let in, and which connection a request belongs to.

A charge point that is not let in is answered a Fault (Sender, SecurityError; HTTP 400): that is
what OCPP-S has for "not authorised", where OCPP-J has a refused upgrade. A status that a client has
to see as such (401 with its challenge, 429, any 5xx) stays. `Admission` is asked with a charge
point's first request, and again with one that comes from another address or with other credentials
(any header field but those that describe the body): on HTTP each request speaks for itself. Where
its verdict names a callback address, the charge point is called there, whatever its `From` says.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import attrs

from ocpp16.bindings.ocpps import framing
from ocpp16.bindings.ocpps.envelope import SoapFrame
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.errors import Fault, InternalError, ProtocolError, SecurityError
from ocpp16.security.admission import Admission, Handshake, Refusal
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.structure import shorten
from ocpp16.transports.callback import check_listed, choose_callback
from ocpp16.transports.connection import Welcome
from ocpp16.transports.identity import check_identity
from ocpp16.transports.soap_app import Head, Reply, envelope_refusal, fault_reply
from ocpp16.transports.soap_client import PostTo
from ocpp16.transports.soap_connection import SoapConnection
from ocpp16.transports.task import Signal

logger = logging.getLogger(__name__)
_OF_THE_BODY: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expect",
        "soapaction",
        "transfer-encoding",
        "user-agent",
    }
)
_TELL_OF_ADDRESS: Final = frozenset({"BootNotification", "Heartbeat"})
"""A charge point whose address may have changed sends the one again (S 7.1), and the other once it
was woken (S 5)."""
_KEPT_STATUSES: Final = frozenset({401, 407, 429})


@attrs.define(eq=False)
class _Resident:
    """A charge point that was let in."""

    connection: SoapConnection
    claims: tuple[object, ...]
    """What it was let in with."""
    fixed_callback: str | None = None
    """Where it is called whatever it names, as the admission has it."""
    refused_callback: str | None = None
    """The last one, so that it is told once."""
    is_welcomed: bool = False


class Gateway:
    """The desk of a central system's endpoint.

    Args:
        admission: Lets a peer in or refuses it.
        welcome: Takes each connection when it begins.
        post: Makes an HTTP exchange of our own.
        settings: Limits and timers.
        clock: Where timers run.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        welcome: Welcome,
        post: PostTo,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._welcome = welcome
        self._post = post
        self._settings = settings
        self._clock = clock
        self._residents: dict[str, _Resident] = {}
        self._one_left = Signal()
        for identity, listed in settings.callback_addresses.items():
            for url in listed:
                try:
                    check_listed(url)
                except ValueError as error:
                    reason = f"Settings.callback_addresses[{identity!r}]: {url!r}: {error}"
                    raise ValueError(reason) from None

    async def connection_for(self, frame: SoapFrame, head: Head) -> SoapConnection | Reply:
        """Return the connection that a request belongs to, or the response that refuses it."""
        read = frame.envelope
        # A request that is refused must leave no trace, a callback address least of all.
        refusal = _refusal(frame)
        if refusal is not None:
            return refusal
        claims = _claims(head)
        resident = None if read.identity is None else self._residents.get(read.identity)
        if resident is None or resident.claims != claims:
            verdict = await self._judge(frame, head)
            if isinstance(verdict, Reply):
                return verdict
            # Another request of the same charge point may have been judged meanwhile.
            resident = self._residents.get(verdict.identity)
            if resident is not None and not _is_same_link(resident.connection.info, verdict):
                resident.connection.lose("it came by a link of another security profile")
                resident = None
            if resident is None:
                made = self._let_in(verdict)
                if made is None:
                    return Reply(status=503, closes=True)
                resident = made
            resident.claims = claims
            resident.fixed_callback = verdict.callback
        may_move = read.action in _TELL_OF_ADDRESS
        self._learn(resident, read.from_address, head, may_move=may_move)
        if not resident.is_welcomed:
            resident.is_welcomed = True
            self._welcome(resident.connection)
        return resident.connection

    def restore(self, info: PeerInfo, *, is_fixed: bool = False) -> None:
        """Go on with a charge point that was let in before: it can be called where it listened.

        Nothing happens for one that has made a request already. Its callback address is judged
        again, since what is allowed may have changed.

        Args:
            info: Who it is; its callback address is the last one that was accepted.
            is_fixed: Whether it is called there whatever it names, as an admission can decide.
        """
        if info.identity in self._residents:
            return
        resident = self._let_in(info if is_fixed else attrs.evolve(info, callback=None))
        if resident is None:
            return
        if is_fixed:
            resident.fixed_callback = info.callback
        elif info.callback is not None:
            # It proved long ago that it sends from there.
            host = urlsplit(info.callback).hostname
            head = Head(url=info.url or "", host=host, address=None, headers=())
            self._learn(resident, info.callback, head, may_move=True)
        resident.is_welcomed = True
        self._welcome(resident.connection)

    async def wait_closed(self) -> None:
        """Wait until no connection is left."""
        while self._residents:
            await self._one_left.wait()

    # Inside

    async def _judge(self, frame: SoapFrame, head: Head) -> PeerInfo | Reply:
        """Return who the sender of a request is, or the response that refuses it."""
        message_id = frame.envelope.message_id
        identity = frame.envelope.identity
        assert identity is not None  # noqa: S101 - checked just now
        verdict = await self._admission(
            Handshake(
                identity=identity,
                binding="ocpps",
                url=head.url,
                address=head.address,
                headers=head.headers,
                secure=head.secure,
                certificate=head.certificate,
            )
        )
        if not isinstance(verdict, Refusal):
            return verdict
        return _refuse(verdict, message_id)

    def _let_in(self, info: PeerInfo) -> _Resident | None:
        if len(self._residents) >= self._settings.connections and not self._make_room():
            return None
        idle = self._settings.soap_idle
        connection = SoapConnection(
            info,
            target=info.callback,
            post=partial(self._post, server_name=info.serial_number),
            clock=self._clock,
            idle=None if idle is None else idle.total_seconds(),
            end=self._forget,
        )
        resident = self._residents[info.identity] = _Resident(connection, ())
        return resident

    def _make_room(self) -> bool:
        # Whoever is silent longest comes first: names cost nothing, so a full house must not keep
        # out those who are real.
        for resident in self._residents.values():
            if resident.connection.is_idle:
                resident.connection.lose("silent longest, and the room is needed")
                return True
        return False

    def _forget(self, connection: SoapConnection) -> None:
        identity = connection.info.identity
        resident = self._residents.get(identity)
        if resident is not None and resident.connection is connection:
            del self._residents[identity]
            self._one_left.notify()

    def _learn(self, resident: _Resident, claim: str | None, head: Head, *, may_move: bool) -> None:
        connection = resident.connection
        identity, stored = connection.info.identity, connection.info.callback
        # Kept in the order of the last request.
        self._residents[identity] = self._residents.pop(identity, resident)
        try:
            chosen = choose_callback(
                claim,
                head.host,
                stored=stored,
                may_move=may_move,
                listed=self._listed(resident),
                networks=self._settings.callback_networks,
            )
            if connection.info.security_profile == 3:
                _check_secure(chosen)
        except ValueError as error:
            if claim != resident.refused_callback:
                resident.refused_callback = claim
                logger.warning(
                    "%s: the callback address %s is not accepted: %s",
                    shorten(identity, 60),
                    shorten(claim, 120),
                    shorten(str(error), 200),
                )
            return
        if chosen != stored:
            connection.learn(chosen)

    def _listed(self, resident: _Resident) -> tuple[str, ...]:
        if resident.fixed_callback is not None:
            return (resident.fixed_callback,)
        return self._settings.callback_addresses.get(resident.connection.info.identity, ())


def _refusal(frame: SoapFrame) -> Reply | None:
    try:
        _check_call(frame)
    except EnvelopeFault as fault:
        return envelope_refusal(fault, Side.CENTRAL_SYSTEM)
    except Fault as fault:
        return fault_reply(fault, Side.CENTRAL_SYSTEM)
    return None


def _check_call(frame: SoapFrame) -> None:
    read = frame.envelope
    framing.unframe(frame, side=Side.CENTRAL_SYSTEM, identity=None)
    try:
        check_identity(read.identity or "")
    except ValueError as error:
        raise ProtocolError(f"no charge point: {error}", message_id=read.message_id) from None


def _is_same_link(one: PeerInfo, other: PeerInfo) -> bool:
    return (one.security_profile, one.serial_number) == (
        other.security_profile,
        other.serial_number,
    )


def _check_secure(callback: str | None) -> None:
    # A00.002: calls to it have the same profile as its own.
    if callback is not None and not callback.lower().startswith("https:"):
        raise ValueError("with security profile 3 it is called over https only")


def _claims(head: Head) -> tuple[object, ...]:
    fields = sorted((name, value) for name, value in head.headers if name not in _OF_THE_BODY)
    shown = None if head.certificate is None else head.certificate.fingerprint
    return (head.host, head.secure, shown, *fields)


def _refuse(refusal: Refusal, message_id: str | None) -> Reply:
    if refusal.status >= 500:
        fault: Fault = InternalError(message_id=message_id)
    else:
        fault = SecurityError(refusal.reason, message_id=message_id)
    keeps = refusal.status >= 500 or refusal.status in _KEPT_STATUSES
    reply = fault_reply(fault, Side.CENTRAL_SYSTEM, status=refusal.status if keeps else None)
    return attrs.evolve(reply, headers=refusal.headers)
