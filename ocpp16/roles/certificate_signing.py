"""A central system that has the certificates of charge points signed. Spec: W A02, A03.

    SignCertificate -> Accepted or Rejected at once -> the authority -> CertificateSigned, once

Used like this::

    signing = CertificateSigning(central, authority)

and `await signing.renew("CP1")` asks a charge point for a new certificate. OCPP-J only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeAlias

import attrs

from ocpp16 import log
from ocpp16.enums import (
    CertificateSignedStatus,
    ExtendedMessageTrigger,
    GenericStatus,
    TriggerMessageStatus,
)
from ocpp16.errors import CallNotAllowed, OcppError
from ocpp16.messages import (
    CertificateSignedRequest,
    ExtendedTriggerMessageRequest,
    SignCertificateRequest,
    SignCertificateResponse,
)
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.peer import Duration, Peer, seconds_of
from ocpp16.security.certificate_authority import CertificateAuthority, SigningRefused
from ocpp16.security.limits import Buckets
from ocpp16.transports.task import time_limit

logger = logging.getLogger(__name__)
AT_FIRST: Final = 10
"""Certificates that a charge point may be signed at once."""
ONE_MORE: Final = 3600.0
"""Seconds after which it may be signed one more."""
RECORDS: Final = 10_000
"""Charge points that are counted."""


@attrs.frozen
class Signed:
    """A charge point was sent the certificate that it had asked for."""

    identity: str
    is_taken: bool
    """Whether it takes it; else it should have sent InvalidChargePointCertificate (A02.07)."""


@attrs.frozen
class NotSigned:
    """A charge point asked for a certificate, and was sent none, or nobody knows whether it was."""

    identity: str
    reason: str


Outcome: TypeAlias = Signed | NotSigned


class CertificateSigning:
    """Handles SignCertificate for a central system.

    A charge point has one request in work, and ten signed at first and then one an hour; another
    one is Rejected. What the authority
    signs goes to the connection that the charge point has then, which may be a later one. Nothing
    is sent twice: if it is lost, the charge point has to ask again, or to be asked.

    Args:
        central: The central system; SignCertificate must have no handler yet.
        authority: Who signs.
        told: Is told what came of each request; it has to be quick. It is logged anyway.
        patience: How long the authority may take, and the charge point to come back after that.

    Raises:
        ValueError: There is a handler already.
    """

    def __init__(
        self,
        central: CentralSystem,
        authority: CertificateAuthority,
        *,
        told: Callable[[Outcome], object] = lambda outcome: None,
        patience: Duration = timedelta(minutes=5),
    ) -> None:
        self._central = central
        self._authority = authority
        self._told = told
        self._patience = seconds_of(patience)
        self._in_work: set[str] = set()
        # What is signed is kept, often for ever, and costs an authority.
        self._room = Buckets(AT_FIRST, ONE_MORE, RECORDS)
        central.on(SignCertificateRequest)(self._answer)
        central.after(SignCertificateRequest)(self._sign)

    async def renew(self, identity: str) -> TriggerMessageStatus:
        """Ask a connected charge point for a new certificate (A02); return its answer.

        After Accepted it sends SignCertificate, and the rest goes by itself.

        Raises:
            CallNotAllowed: It is not connected. Others: see `Peer.call`.
        """
        peer = self._central.peers.get(identity)
        if peer is None:
            raise CallNotAllowed(f"charge point {identity!r} is not connected")
        trigger = ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
        answer = await peer.call(ExtendedTriggerMessageRequest(requested_message=trigger))
        return answer.status

    async def _answer(self, peer: Peer, request: SignCertificateRequest) -> SignCertificateResponse:
        status = GenericStatus.REJECTED
        try:
            if peer.identity in self._in_work:
                raise SigningRefused("an earlier request is in work")  # noqa: TRY301 - as others
            now = self._central.clock.time()
            if self._room.wait(peer.identity, now) > 0:
                raise SigningRefused("it asks too often")  # noqa: TRY301 - as others
            await self._authority.check(request.csr, peer.identity)
            self._room.take(peer.identity, now)
            status = GenericStatus.ACCEPTED
        except SigningRefused as error:
            self._tell(NotSigned(peer.identity, f"refused: {error.reason}"))
        except Exception as error:  # noqa: BLE001 - the application's own code
            log.failure(logger, "a certificate request could not be looked at", error)
            self._tell(NotSigned(peer.identity, "the authority fails"))
        return SignCertificateResponse(status=status)

    async def _sign(
        self, peer: Peer, request: SignCertificateRequest, response: SignCertificateResponse
    ) -> None:
        if response.status is not GenericStatus.ACCEPTED:
            return
        if peer.identity in self._in_work:
            self._tell(NotSigned(peer.identity, "another request came at the same moment"))
            return
        self._in_work.add(peer.identity)
        outcome: Outcome = NotSigned(peer.identity, "the central system stopped meanwhile")
        try:
            outcome = await self._outcome(peer.identity, request.csr)
        finally:
            self._in_work.discard(peer.identity)
            self._tell(outcome)

    async def _outcome(self, identity: str, csr: str) -> Outcome:
        try:
            async with time_limit(self._central.clock, self._patience):
                chain = await self._authority.sign(csr, identity)
        except TimeoutError:
            return NotSigned(identity, f"the authority took more than {self._patience:g} s")
        except SigningRefused as error:
            return NotSigned(identity, f"the authority refused: {error.reason}")
        except Exception as error:  # noqa: BLE001 - the application's own code
            log.failure(logger, "a certificate authority failed", error)
            return NotSigned(identity, "the authority failed")
        return await self._deliver(identity, chain)

    async def _deliver(self, identity: str, chain: str) -> Outcome:
        try:
            message = CertificateSignedRequest(certificate_chain=chain)
            peer = await self._central.wait_for(identity, timeout=self._patience)
            answer = await peer.call(message)
        except OcppError as error:  # CallTimeout, a TimeoutError, among them
            return NotSigned(identity, f"signed, but not handed over: {error}")
        except TimeoutError:
            return NotSigned(identity, "signed, but the charge point did not come back for it")
        return Signed(identity, answer.status is CertificateSignedStatus.ACCEPTED)

    def _tell(self, outcome: Outcome) -> None:
        match outcome:
            case Signed(is_taken=True):
                text, level = "has a new certificate", logging.INFO
            case Signed():
                text, level = "does not take the certificate that was signed for it", logging.ERROR
            case NotSigned(reason=reason):
                text, level = f"gets no certificate: {reason}", logging.WARNING
        line = log.one_line(f"{outcome.identity}: {text}", self._central.settings.log_line)
        logger.log(level, "%s", line)
        try:
            self._told(outcome)
        except Exception as error:  # noqa: BLE001 - the application's own code
            log.failure(logger, "who is told of certificates failed", error)
