"""The certificates of a running station: renewed, installed, listed, deleted, shown to the link.

    trigger (A02) or a month before the end (A03) -> a key and a request are made outside
    -> SignCertificate -> CertificateSigned -> verified -> the link is opened anew with it

Keys never come here. The link asks `plan` what to show and whom to trust before each attempt, and
tells how it went. Spec: W A02, A03, M03, M04, M05; SPEC 13.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ocpp16.certificate import Certificate
from ocpp16.enums import (
    CertificateSignedStatus,
    CertificateUse,
    DeleteCertificateStatus,
    GenericStatus,
    GetInstalledCertificateStatus,
)
from ocpp16.errors import OcppError
from ocpp16.messages import (
    CertificateSignedRequest,
    CertificateSignedResponse,
    DeleteCertificateRequest,
    DeleteCertificateResponse,
    GetInstalledCertificateIdsRequest,
    GetInstalledCertificateIdsResponse,
    InstallCertificateRequest,
    InstallCertificateResponse,
    SignCertificateRequest,
    SignCertificateResponse,
)
from ocpp16.security_event import SecurityEvent
from ocpp16.station.action import KeepKeys, MakeRequest, Refused, Relink
from ocpp16.station.context import Context
from ocpp16.station.courier import Outcome
from ocpp16.station.examiner import Examiner
from ocpp16.station.own_certificate import Held, OwnCertificates
from ocpp16.station.root_store import SYSTEM, Root, RootStore
from ocpp16.station.security import Security

A_DAY = 86_400.0
"""Seconds between two requests that nobody has asked for (A03 knows no retry of a request)."""
LONGEST_NAME = 64
"""Characters of O and CN (X.520)."""


@attrs.frozen
class Plan:
    """What the next attempt to connect uses."""

    root: Root | None
    """Whom to trust; None is as the station was told when it started."""
    held: Held | None
    """What to show; None likewise."""


class Certificates:
    """The certificates of one station.

    Args:
        context: The station.
        security: Its security events.
        examiner: Reads and judges certificates.
        serial_number: CN of the certificates to ask for, where the one that it has names none.
        new_name: Gives names of keys, each unique for ever.

    Raises:
        RecordDamaged: What is stored is no certificate.
    """

    def __init__(
        self,
        context: Context,
        *,
        security: Security,
        examiner: Examiner,
        serial_number: str,
        new_name: Callable[[], str],
    ) -> None:
        configuration = context.configuration
        self._context = context
        self._security = security
        self._examiner = examiner
        self._serial_number = serial_number
        self._new_name = new_name
        self.roots = RootStore(
            context.storage,
            examiner,
            limit=lambda: configuration.integer("CertificateStoreMaxLength"),
            is_checked=lambda: configuration.is_on("AdditionalRootCertificateCheck"),
        )
        self.own = OwnCertificates(context.storage, examiner)
        self._making: str | None = None
        self._tried_at: float | None = None
        self._attempt = 0
        self._planned: Plan | None = None
        self._shown: Plan | None = None
        self._keep_keys()

    # Certificates of its own

    @property
    def has_certificate(self) -> bool:
        """Tell whether there is one to show (A05.04)."""
        return self.own.in_use(self._context.now) is not None

    @property
    def held(self) -> Held | None:
        """The one to show that was signed for this station; None if there is none now."""
        return self.own.shown(self._context.now)

    @property
    def can_request(self) -> bool:
        """Tell whether a certificate can be asked for: the operator has to be known (A02.13)."""
        return all(1 <= len(name) <= LONGEST_NAME for name in (self._operator, self._common_name))

    @property
    def _operator(self) -> str:
        return self._context.configuration.text("CpoName") or ""

    @property
    def _common_name(self) -> str:
        present = self.own.in_use(self._context.now)
        names = () if present is None else present.common_names
        return names[0] if len(names) == 1 else self._serial_number

    def request(self) -> None:
        """Ask for another certificate, with a new key (A02.02)."""
        if self._making is not None or not self.can_request:
            return
        self._tried_at = self._context.time
        self._making = self._new_name()
        self._context.act(MakeRequest(self._making, self._common_name, self._operator))

    def request_made(self, name: str, csr: str, key: bytes) -> None:
        """Take a request that was made outside, with the public key that it is about.

        Raises:
            StorageFailed: It could not be stored, and is not sent.
        """
        if name != self._making:
            return
        self._making = None
        self.own.requested(name, key)
        self._keep_keys()

        def answered(outcome: Outcome) -> None:
            match outcome:
                case SignCertificateResponse(status=GenericStatus.ACCEPTED):
                    pass
                case _:
                    self.own.withdrawn(name)
                    self._keep_keys()

        courier = self._context.courier
        courier.post(SignCertificateRequest(csr=csr), answered, is_triggered=True)

    def request_failed(self, name: str, error: Exception) -> None:
        """Take it that no request could be made."""
        if name == self._making:
            self._making = None
            self._context.act(Refused(OcppError(f"no certificate request: {error}")))

    def take_signed(self, request: CertificateSignedRequest) -> CertificateSignedResponse:
        """Answer CertificateSigned.

        Raises:
            StorageFailed: The certificate could not be stored, and is not taken.
        """
        context = self._context
        try:
            longest = context.configuration.integer("CertificateSignedMaxChainSize")
            if len(request.certificate_chain) > longest:
                raise ValueError("the chain is too long")  # noqa: TRY301 - as others
            self.own.take(
                request.certificate_chain,
                self.roots.pems(SYSTEM),
                context.now,
                common_name=self._common_name,
                organization=self._operator,
            )
        except ValueError as error:
            # A02.07.
            self._security.note(SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE, str(error))
            return CertificateSignedResponse(status=CertificateSignedStatus.REJECTED)
        self._keep_keys()
        self._security.note(SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, "certificate")
        return CertificateSignedResponse(status=CertificateSignedStatus.ACCEPTED)

    def settle(self) -> None:
        """Have the link opened anew if it is to show another certificate by now (A02.08)."""
        if self._shown is None:
            return
        due = self.own.shown(self._context.now)
        if _name(due) != _name(self._shown.held):
            self._shown = None
            self._context.act(Relink("the certificate of the charge point changes"))

    # Roots

    def list_installed(
        self, request: GetInstalledCertificateIdsRequest
    ) -> GetInstalledCertificateIdsResponse:
        """Answer GetInstalledCertificateIds."""
        found = [root.certificate.hash_data() for root in self.roots.of(request.certificate_type)]
        status = GetInstalledCertificateStatus
        # M03.02: nothing found has no array.
        return GetInstalledCertificateIdsResponse(
            status=status.ACCEPTED if found else status.NOT_FOUND,
            certificate_hash_data=found or None,
        )

    def install(self, request: InstallCertificateRequest) -> InstallCertificateResponse:
        """Answer InstallCertificate."""
        status, why = self.roots.install(
            request.certificate_type, request.certificate, self._context.now
        )
        text = f"{request.certificate_type}: {status}, {why}"
        self._security.note(SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, text)
        return InstallCertificateResponse(status=status)

    def delete(self, request: DeleteCertificateRequest) -> DeleteCertificateResponse:
        """Answer DeleteCertificate; its own cannot be deleted so (M04.05)."""
        named = request.certificate_hash_data
        is_own = self.own.has(named)
        status = DeleteCertificateStatus.FAILED if is_own else self.roots.delete(named)
        text = f"delete root {named.serial_number}: {status}"
        self._security.note(SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, text)
        return DeleteCertificateResponse(status=status)

    def pems(self, use: CertificateUse) -> Sequence[str]:
        """Return the installed roots of one use, in PEM, the newest first."""
        return self.roots.pems(use)

    # Time

    def look(self) -> None:
        """Do what is due.

        Raises:
            StorageFailed: Something could not be stored, and stays due.
        """
        due = self._renewal_due
        if due is not None and due <= self._context.time:
            self.request()
        if self.own.tidy(self._context.now):
            self._keep_keys()
        self.settle()

    @property
    def next_due(self) -> float | None:
        """When `look` has something to do."""
        context = self._context
        dues = [] if self._renewal_due is None else [self._renewal_due]
        now = context.now
        dues += [
            context.time + context.clock.seconds_until(instant, context.time)
            for instant in (self.own.next_begin(now), self.own.next_tidy(now))
            if instant is not None
        ]
        return min(dues, default=None)

    @property
    def _renewal_due(self) -> float | None:
        context = self._context
        instant = self.own.renewal(context.now)
        # What is never shown needs no renewal.
        is_shown = self._shown is not None or self._planned is not None
        if instant is None or not is_shown or not context.is_online or not self.can_request:
            return None
        # OCPP-S has no such messages; on OCPP-J faults are the central system's own.
        if self._making is not None or not context.courier.tells_faults_apart:
            return None
        due = context.time + context.clock.seconds_until(instant, context.time)
        return due if self._tried_at is None else max(due, self._tried_at + A_DAY)

    # The link

    def provision(self, roots: Sequence[Certificate], own: Certificate | None) -> None:
        """Take what the station was given when it started.

        Raises:
            StorageFailed: Roots could not be stored; they count all the same.
        """
        self.own.given = own
        self.roots.provision(roots)

    def plan(self, *, shows: bool) -> Plan:
        """Return what the next attempt to connect uses.

        Args:
            shows: Whether it shows a certificate (security profile 3).
        """
        roots = self.roots.to_try()
        root = roots[self._attempt % len(roots)] if roots else None
        plan = Plan(root, self.own.shown(self._context.now) if shows else None)
        self._planned = plan if shows else None
        self._shown = None
        return plan

    def key_lost(self, held: Held) -> None:
        """Take it that the key of a certificate is not where it was: it is worth nothing.

        Raises:
            StorageFailed: It could not be stored.
        """
        if self.own.lost(held.name):
            text = "the private key of the one to show is gone"
            self._security.note(SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE, text)

    def link_failed(self, plan: Plan, event: str | None, *, is_refused: bool) -> bool:
        """Take it that an attempt failed; return whether another one is to follow at once.

        Args:
            plan: What it used.
            event: The security event that it is, if it is one.
            is_refused: Whether the central system did not want who we are.

        Raises:
            StorageFailed: What follows from it could not be stored.
        """
        if event == SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE:
            # M05.13: with the other root, then.
            self._attempt += 1
            if self._attempt < len(self.roots.to_try()):
                return True
            self._attempt = 0
            return False
        is_refused = is_refused or event == SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE
        held = plan.held if is_refused else None
        if held is not None and self.own.failed(held.name, self._context.now):
            text = "the central system does not take the new one"
            self._security.note(SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE, text)
            self._keep_keys()
        return False

    def link_worked(self, plan: Plan) -> None:
        """Take it that a connection was good.

        Raises:
            StorageFailed: What follows from it could not be stored.
        """
        self._attempt = 0
        self._shown, self._planned = self._planned, None
        if plan.root is not None:
            self.roots.worked(plan.root.number)
        if plan.held is not None:
            self.own.worked(plan.held.name, self._context.now)

    # Inside

    def _keep_keys(self) -> None:
        making = set() if self._making is None else {self._making}
        self._context.act(KeepKeys(self.own.names | making))


def _name(held: Held | None) -> str | None:
    return None if held is None else held.name
