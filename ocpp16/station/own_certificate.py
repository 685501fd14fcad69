"""The certificates of a station itself: asked for, held, shown, and gone. Spec: W A02, A03.

    request -> CertificateSigned -> held -> shown once valid (A02.08) -> worked -> the others go

Of several the one with the newest start of validity is shown (A02.09). One that the central system
does not take is dropped as long as there is another one; one that has worked lets the others go
after a month (A02.10). Private keys are elsewhere, and have names here. What the station was given
when it started is shown while it holds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs

from ocpp16.certificate import Certificate
from ocpp16.datatypes import CertificateHashData
from ocpp16.station.examiner import Examiner
from ocpp16.station.storage import RecordDamaged, fields_of
from ocpp16.storage import Change, StationStorage

KIND = "certificate"
REQUEST_KIND = "certificate-request"
MONTH = timedelta(days=30)
A_SECOND = timedelta(seconds=1)
LAST = datetime.max.replace(tzinfo=UTC)
MOST_REQUESTS = 4
"""Requests without an answer whose keys are kept; of more, the oldest go."""
MOST_HELD = 8
"""Certificates that are held; of more, the oldest go that are not shown."""
MOST_FAILURES = 3
"""How often in a row a new certificate may be refused before the one before it is shown again."""


@attrs.frozen(kw_only=True)
class Held:
    """A certificate that was signed for this station."""

    name: str
    """The name of its key."""
    number: int
    """Later ones have greater ones."""
    chain: str
    """It, and those between it and a root, in PEM."""
    certificate: Certificate
    worked_at: datetime | None = None
    """When a connection was first good with it."""


class OwnCertificates:
    """The certificates of one station.

    Args:
        storage: Where they are kept.
        examiner: Reads and judges them.

    Raises:
        RecordDamaged: What is stored is no certificate.
    """

    def __init__(self, storage: StationStorage, examiner: Examiner) -> None:
        self._storage = storage
        self._examiner = examiner
        self._held = sorted(
            (self._restored(*item) for item in storage.read(KIND).items()),
            key=lambda held: held.number,
        )
        requests = sorted(storage.read(REQUEST_KIND).items(), key=_request_number)
        self._requests = {name: _key_bits(value) for name, value in requests}
        self._failures = 0
        self.given: Certificate | None = None
        """What it was given when it started."""

    # What is there

    @property
    def names(self) -> frozenset[str]:
        """The names of the keys that are needed."""
        return frozenset(self._requests) | {held.name for held in self._held}

    def shown(self, now: datetime) -> Held | None:
        """Return the certificate to show now; None is the one that was given."""
        usable = [held for held in self._held if held.certificate.is_valid_at(now)]
        return max(usable, key=_newness, default=None)

    def in_use(self, now: datetime) -> Certificate | None:
        """Return what is shown now, the one that was given included."""
        held = self.shown(now)
        return self.given if held is None else held.certificate

    def next_begin(self, now: datetime) -> datetime | None:
        """Return when another one is to be shown, that is not valid yet (A02.08)."""
        begins = (held.certificate.not_before for held in self._held)
        return min((each for each in begins if each > now), default=None)

    def renewal(self, now: datetime) -> datetime | None:
        """Return when to ask for another one: a month before the last one ends (A03)."""
        ends = [held.certificate.not_after for held in self._held]
        if self.given is not None and not ends:
            ends.append(self.given.not_after)
        return None if not ends else max(ends) - MONTH

    def has(self, named: CertificateHashData) -> bool:
        """Tell whether hashes name one of them."""
        known = [held.certificate for held in self._held]
        if self.given is not None:
            known.append(self.given)
        return any(certificate.is_named_by(named) for certificate in known)

    # What happens

    def requested(self, name: str, key: bytes) -> None:
        """Keep the public key of a new request.

        Raises:
            StorageFailed: It could not be stored.
        """
        number = 1 + max(
            (_request_number(item) for item in self._storage.read(REQUEST_KIND).items()), default=0
        )
        left = dict(self._requests)
        changes = []
        while len(left) >= MOST_REQUESTS:
            oldest = next(iter(left))
            del left[oldest]
            changes.append(Change(REQUEST_KIND, oldest))
        changes.append(Change(REQUEST_KIND, name, {"number": number, "key": key.hex()}))
        self._storage.write(changes)
        self._requests = {**left, name: key}

    def withdrawn(self, name: str) -> None:
        """Take it that a request comes to nothing.

        Raises:
            StorageFailed: It could not be stored.
        """
        if name in self._requests:
            self._storage.write([Change(REQUEST_KIND, name)])
            del self._requests[name]

    def take(
        self,
        chain: str,
        roots: Sequence[str],
        now: datetime,
        *,
        common_name: str,
        organization: str,
    ) -> None:
        """Take a certificate that was signed (A02.06).

        Args:
            chain: It, and those between it and a root.
            roots: Installed roots for the central system's hierarchy.
            now: The time of day.
            common_name: The station's serial number.
            organization: The operator.

        Raises:
            ValueError: It is not taken, and why.
            StorageFailed: It could not be stored, and is not taken.
        """
        found = self._examiner.read_chain(chain, roots, now)
        certificate = found[0]
        if certificate.common_names != (common_name,):
            raise ValueError("its CN is not the serial number of this charge point")
        if certificate.organizations != (organization,):
            raise ValueError("its O is not the operator")
        name = next((name for name, key in self._requests.items() if key == certificate.key), None)
        if name is None:
            raise ValueError("its key is none that a certificate was asked for")
        needed = "".join(each.pem for each in found)
        # Written out, it may have more lines: what the next run cannot read is not taken.
        self._examiner.read_all(needed)
        held = Held(
            name=name,
            number=max((each.number for each in self._held), default=0) + 1,
            chain=needed,
            certificate=certificate,
        )
        shown = self.shown(now)
        others = [each for each in self._held if each is not shown]
        gone = sorted(others, key=_newness)[: max(0, len(self._held) + 1 - MOST_HELD)]
        changes = [Change(KIND, each.name) for each in gone]
        changes += [Change(REQUEST_KIND, name), Change(KIND, name, _stored(held))]
        self._storage.write(changes)
        del self._requests[name]
        self._held = [each for each in self._held if each not in gone] + [held]

    def worked(self, name: str, now: datetime) -> None:
        """Take it that a connection was good with a certificate.

        Raises:
            StorageFailed: It could not be stored.
        """
        self._failures = 0
        for place, held in enumerate(self._held):
            if held.name == name and held.worked_at is None:
                changed = attrs.evolve(held, worked_at=now)
                self._storage.write([Change(KIND, name, _stored(changed))])
                self._held[place] = changed

    def failed(self, name: str, now: datetime) -> bool:
        """Take it that the central system does not take a certificate; return whether it is gone.

        Raises:
            StorageFailed: It could not be stored.
        """
        held = next((each for each in self._held if each.name == name), None)
        if held is None or held.worked_at is not None:
            return False
        others = [each for each in self._held if each is not held]
        if self.given is None and not any(each.certificate.is_valid_at(now) for each in others):
            return False
        self._failures += 1
        if self._failures < MOST_FAILURES:
            return False
        self._failures = 0
        self._drop([held])
        return True

    def lost(self, name: str) -> bool:
        """Take it that the key of a certificate is gone; return whether that was held.

        Raises:
            StorageFailed: It could not be stored, and is held.
        """
        gone = [each for each in self._held if each.name == name]
        if gone:
            self._drop(gone)
        return bool(gone)

    def tidy(self, now: datetime) -> bool:
        """Let go what is not needed any more; return whether anything went.

        Raises:
            StorageFailed: It could not be stored, and nothing went.
        """
        shown = self.shown(now)
        gone = [held for held in self._held if held.certificate.not_after < now]
        if shown is not None and self._is_proven(shown, now):
            gone += [
                held for held in self._held if held not in gone and _newness(held) < _newness(shown)
            ]
        if gone:
            self._drop(gone)
        return bool(gone)

    def next_tidy(self, now: datetime) -> datetime | None:
        """Return when `tidy` has something to do."""
        shown = self.shown(now)
        # One without an end (9999-12-31T23:59:59Z, RFC 5280 4.1.2.5) has no second after it.
        ends = (held.certificate.not_after for held in self._held)
        dues = [end + A_SECOND for end in ends if end <= LAST - A_SECOND]
        has_older = any(shown and _newness(held) < _newness(shown) for held in self._held)
        if shown is not None and shown.worked_at is not None and has_older:
            dues.append(shown.worked_at + MONTH)
        return min(dues, default=None)

    # Inside

    def _is_proven(self, held: Held, now: datetime) -> bool:
        return held.worked_at is not None and now >= held.worked_at + MONTH

    def _drop(self, gone: Sequence[Held]) -> None:
        self._storage.write([Change(KIND, held.name) for held in gone])
        self._held = [held for held in self._held if held not in gone]

    def _restored(self, name: str, value: object) -> Held:
        fields = fields_of(value, "certificate")
        worked, chain = fields.get("worked_at"), str(fields.get("chain"))
        try:
            return Held(
                name=name,
                number=int(fields.get("number", 0)),
                chain=chain,
                certificate=attrs.evolve(
                    self._examiner.read_all(chain)[0],
                    issuer_key=bytes.fromhex(str(fields.get("issuer_key"))),
                ),
                worked_at=None if worked is None else datetime.fromtimestamp(worked, UTC),
            )
        except (TypeError, ValueError) as error:
            raise RecordDamaged(f"certificate {name}: {error}") from error


def _newness(held: Held) -> tuple[datetime, int]:
    return held.certificate.not_before, held.number


def _stored(held: Held) -> dict[str, object]:
    worked = held.worked_at
    return {
        "number": held.number,
        "chain": held.chain,
        "issuer_key": held.certificate.issuer_key.hex(),
        "worked_at": None if worked is None else worked.timestamp(),
    }


def _request_number(item: tuple[str, object]) -> int:
    number = fields_of(item[1], "certificate request").get("number")
    return number if isinstance(number, int) else 0


def _key_bits(value: object) -> bytes:
    return bytes.fromhex(str(fields_of(value, "certificate request").get("key")))
