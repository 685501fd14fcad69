"""The root certificates that are installed on a station. Spec: W M03, M04, M05; SPEC 13.

Those for the central system are tried one at a time, so that it is known which is in use. With
AdditionalRootCertificateCheck there is one of them, and the one before it as a fallback, which goes
once a connection with the new one was good (M05.08-.13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import attrs

from ocpp16.certificate import Certificate
from ocpp16.datatypes import CertificateHashData
from ocpp16.enums import CertificateUse, DeleteCertificateStatus, InstallCertificateStatus
from ocpp16.station.examiner import Examiner
from ocpp16.station.storage import RecordDamaged, fields_of, integer_of
from ocpp16.storage import Change, StationStorage, StorageFailed

KIND = "root"
IN_USE_KIND = "root-in-use"
SYSTEM = CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE
MAKER = CertificateUse.MANUFACTURER_ROOT_CERTIFICATE


@attrs.frozen(kw_only=True)
class Root:
    """One that is installed."""

    number: int
    """Later ones have greater ones."""
    use: CertificateUse
    certificate: Certificate

    @property
    def key(self) -> str:
        """Where it is stored."""
        return f"{self.number:09d}"


class RootStore:
    """The roots of one station.

    Args:
        storage: Where they are kept.
        examiner: Reads and judges them.
        limit: Tells how many there may be (CertificateStoreMaxLength).
        is_checked: Tells whether a new root for the central system has to be signed by the old one
            (AdditionalRootCertificateCheck).

    Raises:
        RecordDamaged: What is stored is no root.
    """

    def __init__(
        self,
        storage: StationStorage,
        examiner: Examiner,
        *,
        limit: Callable[[], int],
        is_checked: Callable[[], bool],
    ) -> None:
        self._storage = storage
        self._examiner = examiner
        self._limit = limit
        self._is_checked = is_checked
        self._roots = [self._restored(*item) for item in storage.read(KIND).items()]
        in_use = storage.read(IN_USE_KIND).get("number")
        self._in_use = in_use if isinstance(in_use, int) else None

    # What is there

    def of(self, use: CertificateUse) -> list[Root]:
        """Return those of one use, the newest first."""
        return [root for root in reversed(self._roots) if root.use is use]

    def to_try(self) -> list[Root]:
        """Return those to verify the central system with, in the order to try them."""
        roots = self.of(SYSTEM)
        if not self._is_checked():
            # A stable sort: the one that worked last comes first.
            roots.sort(key=lambda root: root.number != self._in_use)
        return roots

    def pems(self, use: CertificateUse) -> list[str]:
        """Return the certificates of one use, the newest first."""
        return [root.certificate.pem for root in self.of(use)]

    # What happens to them

    def install(
        self, use: CertificateUse, text: str, now: datetime
    ) -> tuple[InstallCertificateStatus, str]:
        """Install a root; return the answer, and why.

        Args:
            use: What for.
            text: The certificate, in PEM.
            now: The time of day.
        """
        rejected = InstallCertificateStatus.REJECTED
        try:
            certificate = self._examiner.read_root(text, self.pems(use))
        except ValueError as error:
            return rejected, str(error)
        if certificate.not_after <= now:
            return rejected, "it has expired"
        if any(root.certificate.pem == certificate.pem for root in self.of(use)):
            return InstallCertificateStatus.ACCEPTED, "it is there"
        gone = []
        if use is SYSTEM and self._is_checked() and (present := self.of(use)):
            if not self._examiner.is_signed_by(certificate.pem, present[0].certificate.pem):
                return rejected, "it is not signed by the root that it would replace"
            gone = present[1:]
            if any(root.number == self._in_use for root in gone):
                return rejected, "the fallback is in use: the root that replaced it is not yet"
        if len(self._roots) + 1 - len(gone) > self._limit():
            return rejected, "the store is full"
        try:
            self._change([Root(number=self._next(), use=use, certificate=certificate)], gone)
        except StorageFailed as error:
            return InstallCertificateStatus.FAILED, str(error)
        return InstallCertificateStatus.ACCEPTED, "installed"

    def delete(self, named: CertificateHashData) -> DeleteCertificateStatus:
        """Delete the certificate that hashes name, unless it is in use."""
        found = [root for root in self._roots if root.certificate.is_named_by(named)]
        if not found:
            return DeleteCertificateStatus.NOT_FOUND
        if any(root.number == self._in_use for root in found):
            return DeleteCertificateStatus.FAILED
        try:
            self._change([], found)
        except StorageFailed:
            return DeleteCertificateStatus.FAILED
        return DeleteCertificateStatus.ACCEPTED

    def provision(self, certificates: Iterable[Certificate]) -> None:
        """Take the roots that it is delivered with, if it has none for the central system.

        Raises:
            StorageFailed: They could not be stored, and are not there.
        """
        if self.of(SYSTEM):
            return
        first = self._next()
        new = [
            Root(number=first + place, use=SYSTEM, certificate=each)
            for place, each in enumerate(certificates)
        ]
        self._change(new, [])

    def worked(self, number: int) -> None:
        """Take it that the central system was verified with one of them.

        Raises:
            StorageFailed: It could not be stored.
        """
        if number != self._in_use:
            self._storage.write([Change(IN_USE_KIND, "number", number)])
            self._in_use = number
        present = self.of(SYSTEM)
        if self._is_checked() and present and present[0].number == number:
            # M05.12: the one before it is not needed any more.
            self._change([], present[1:])

    # Inside

    def _next(self) -> int:
        return max((root.number for root in self._roots), default=0) + 1

    def _change(self, new: list[Root], gone: list[Root]) -> None:
        changes = [Change(KIND, root.key) for root in gone]
        changes += [Change(KIND, root.key, _stored(root)) for root in new]
        self._storage.write(changes)
        self._roots = [root for root in self._roots if root not in gone] + new

    def _restored(self, key: str, value: object) -> Root:
        fields = fields_of(value, "root")
        try:
            (certificate,) = self._examiner.read_all(str(fields.get("pem")))
            return Root(
                number=integer_of(int(key), "number"),
                use=CertificateUse(str(fields.get("use"))),
                certificate=attrs.evolve(
                    certificate, issuer_key=bytes.fromhex(str(fields.get("issuer_key")))
                ),
            )
        except ValueError as error:
            raise RecordDamaged(f"root {key}: {error}") from error


def _stored(root: Root) -> dict[str, str]:
    certificate = root.certificate
    return {
        "use": str(root.use.value),
        "pem": certificate.pem,
        "issuer_key": certificate.issuer_key.hex(),
    }
