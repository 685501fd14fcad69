"""A station with certificates on the bench, and certificates that are texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ocpp16 import messages
from ocpp16.certificate import Certificate
from ocpp16.datatypes import CertificateHashData
from ocpp16.enums import (
    CertificateSignedStatus,
    CertificateUse,
    DeleteCertificateStatus,
    ExtendedMessageTrigger,
    GenericStatus,
    HashAlgorithm,
    InstallCertificateStatus,
    TriggerMessageStatus,
)
from ocpp16.station.ability import Ability
from ocpp16.station.action import KeepKeys, MakeRequest
from ocpp16.station.certificates import Certificates, Plan
from ocpp16.station.model import Model
from tests.station.bench import Bench, Outcome
from tests.station.parts import NOON

DAY = timedelta(days=1)
SYSTEM = CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE
MAKER = CertificateUse.MANUFACTURER_ROOT_CERTIFICATE
INVALID_CS, INVALID_CP = "InvalidCentralSystemCertificate", "InvalidChargePointCertificate"
OWNER = "Example Operator"


def text(name: str, **more: Any) -> str:
    return json.dumps({"name": name, **more})


def leaf(key: str, *, begins: timedelta = -DAY, ends: timedelta = 365 * DAY, **more: Any) -> str:
    """Return a certificate of the charge point for a key, signed by the root `root`."""
    times = {"begins": (NOON + begins).isoformat(), "ends": (NOON + ends).isoformat()}
    facts = {"key": key, "by": "root", "cn": "SN-1", "o": OWNER, **times, **more}
    return text("leaf-" + key, **facts)


class FakeExaminer:
    """Takes texts at their word."""

    def _read(self, pem: str) -> Certificate:
        try:
            said = json.loads(pem)
        except ValueError:
            raise ValueError("certificate not read") from None
        name, signer = said["name"], said.get("by", said["name"])
        begins = said.get("begins", (NOON - DAY).isoformat())
        ends = said.get("ends", (NOON + 3650 * DAY).isoformat())
        return Certificate(
            pem=pem,
            subject=name.encode(),
            issuer=signer.encode(),
            key=said.get("key", "key of " + name).encode(),
            issuer_key=("key of " + signer).encode(),
            serial_number=said.get("serial", 4095),
            not_before=datetime.fromisoformat(begins),
            not_after=datetime.fromisoformat(ends),
            common_names=(said.get("cn", name),),
            organizations=(said.get("o", OWNER),),
        )

    def read_all(self, text: str) -> tuple[Certificate, ...]:
        return (self._read(text),)

    def read_root(self, text: str, issuers: Sequence[str] = ()) -> Certificate:
        return self._read(text)

    def is_signed_by(self, signed: str, root: str) -> bool:
        return bool(json.loads(signed).get("by") == json.loads(root)["name"])

    def read_chain(self, text: str, roots: Sequence[str], now: datetime) -> tuple[Certificate, ...]:
        found = self._read(text)
        if found.issuer not in {json.loads(root)["name"].encode() for root in roots}:
            raise ValueError("the certificate cannot be traced to an installed root")
        if found.not_after <= now:
            raise ValueError("it has expired")
        return (found,)


ROOT, OTHER = text("root"), text("other")
EXAMINER = FakeExaminer()


class Post(Bench):
    """A station with certificates, and a central system that signs when it is told to."""

    def __init__(self, *, given: str | None = None, storage: Any = None, **keys: Any) -> None:
        self.verdict: Outcome = messages.SignCertificateResponse(status=GenericStatus.ACCEPTED)
        keys.setdefault("CpoName", OWNER)
        # Months pass here.
        keys.setdefault("HeartbeatInterval", 86_400)
        super().__init__(
            model=Model(has_security_extension=True),
            ability=Ability(examiner=EXAMINER, serial_number="SN-1"),
            storage=storage,
            **keys,
        )
        answer = self.central.answer

        def signing(request: Any) -> Outcome:
            if isinstance(request, messages.SignCertificateRequest):
                self.central.received.append(request)
                return self.verdict
            return answer(request)

        self.central.answer = signing  # type: ignore[method-assign]
        own = None if given is None else EXAMINER.read_all(given)[0]
        self.core.pass_time(self.time)
        self.certificates.provision(EXAMINER.read_all(ROOT), own)
        self.connect()
        self.central.received.clear()

    @property
    def certificates(self) -> Certificates:
        assert self.core.certificates is not None
        return self.core.certificates

    def connect(self, *, shows: bool = True) -> Plan:
        """Let the link be opened anew."""
        self.offline()
        plan = self.certificates.plan(shows=shows)
        self.certificates.link_worked(plan)
        self.online()
        return plan

    def trigger(self) -> TriggerMessageStatus:
        trigger = ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
        request = messages.ExtendedTriggerMessageRequest(requested_message=trigger)
        status: TriggerMessageStatus = self.ask(request).status
        return status

    def actions_of(self, kind: type) -> list[Any]:
        found = [action for action in self.actions if isinstance(action, kind)]
        self.actions = [action for action in self.actions if not isinstance(action, kind)]
        return found

    def make(self) -> str:
        """Make the key that is wanted, and return its name."""
        (wanted,) = self.actions_of(MakeRequest)
        assert (wanted.common_name, wanted.organization) == ("SN-1", OWNER)
        self.certificates.request_made(wanted.name, f"csr of {wanted.name}", wanted.name.encode())
        self.pump()
        name: str = wanted.name
        return name

    def request(self) -> str:
        assert self.trigger() is TriggerMessageStatus.ACCEPTED
        return self.make()

    def signed(self, chain: str) -> CertificateSignedStatus:
        request = messages.CertificateSignedRequest(certificate_chain=chain)
        status: CertificateSignedStatus = self.ask(request).status
        return status

    def install(self, pem: str, use: CertificateUse = SYSTEM) -> InstallCertificateStatus:
        request = messages.InstallCertificateRequest(certificate_type=use, certificate=pem)
        status: InstallCertificateStatus = self.ask(request).status
        return status

    def delete(self, named: CertificateHashData) -> DeleteCertificateStatus:
        request = messages.DeleteCertificateRequest(certificate_hash_data=named)
        status: DeleteCertificateStatus = self.ask(request).status
        return status

    def installed(self, use: CertificateUse = SYSTEM) -> Any:
        return self.ask(messages.GetInstalledCertificateIdsRequest(certificate_type=use))

    @property
    def kept(self) -> frozenset[str]:
        """The keys that are kept by now."""
        found: frozenset[str] = self.actions_of(KeepKeys)[-1].names
        return found


def named(pem: str, algorithm: HashAlgorithm = HashAlgorithm.SHA256) -> CertificateHashData:
    return EXAMINER.read_all(pem)[0].hash_data(algorithm)


def root_of(plan: Plan) -> str:
    assert plan.root is not None
    return plan.root.certificate.pem
