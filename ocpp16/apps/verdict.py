"""What is said of one frame of a peer: whether the contract allows it, and whether we take it.

Knows no wire; each wire has a module that judges (`inspection_json`).
"""

from __future__ import annotations

from enum import StrEnum, unique

import attrs

from ocpp16.catalog import ACTIONS
from ocpp16.structure import Deviation

ACTION_UNKNOWN = "action unknown, payload not judged"
"""Said of an answer that is fine as far as it can be told."""


@unique
class Kind(StrEnum):
    """What a frame is, as far as it can be told."""

    CALL = "CALL"
    CALL_RESULT = "CALLRESULT"
    CALL_ERROR = "CALLERROR"
    UNDEFINED = "undefined"
    """A frame of a message type that OCPP 1.6 does not define."""
    UNPARSABLE = "unparsable"
    """No frame at all."""


@attrs.frozen
class Finding:
    """One rule that a frame breaks."""

    reason: str
    path: str | None = None
    """JSON pointer into the payload; "" is the payload, None the frame around it."""


@attrs.frozen
class Judgement:
    """What the contract says of a frame."""

    kind: Kind
    id: str | None = None
    action: str | None = None
    finding: Finding | None = None
    """The first rule broken; None where the contract allows the frame."""


@attrs.frozen
class Reception:
    """What our receiver does with a frame."""

    finding: Finding | None = None
    """Why it is refused; None where it is accepted."""
    code: str | None = None
    """Wire spelling of the error it is answered with; None where there is no answer."""
    deviations: tuple[Deviation, ...] = ()
    """What leniency tolerated."""


@attrs.frozen(kw_only=True)
class Verdict:
    """What is said of one frame, the two judgements apart."""

    kind: Kind
    id: str | None = None
    """The message id; untrusted text."""
    action: str | None = None
    """The action of a call, or of the call that an answer belongs to; untrusted text."""
    valid: bool
    """The contract allows it: the frame rules of OCPP-J and the published schemas."""
    accepted: bool
    """Our receiver takes it."""
    code: str | None = None
    """Wire spelling of the error that our receiver answers; None where it answers none."""
    path: str | None = None
    """JSON pointer into the payload; "" is the payload, None is not about the payload."""
    reason: str | None = None
    """What is wrong, or why the payload was not judged; None where there is nothing to tell."""
    deviations: tuple[Deviation, ...] = ()
    """What leniency tolerated."""

    @classmethod
    def of(cls, contract: Judgement, receiver: Reception) -> Verdict:
        """Return the verdict that two judgements make."""
        # Code, path and reason are to belong together. A refusal that is answered has all three;
        # the reason for any other is the contract's, which says more ("byte order mark").
        answered = receiver.finding if receiver.code is not None else None
        finding = answered or contract.finding or receiver.finding
        reason = finding.reason if finding else None
        if contract.kind is Kind.CALL_RESULT and contract.action not in ACTIONS:
            reason = reason or ACTION_UNKNOWN
        return cls(
            kind=contract.kind,
            id=contract.id,
            action=contract.action,
            valid=contract.finding is None,
            accepted=receiver.finding is None,
            code=receiver.code,
            path=finding.path if finding else None,
            reason=reason,
            deviations=receiver.deviations,
        )

    def to_json(self) -> dict[str, object]:
        """Return it as an object of JSON."""
        return {
            "kind": self.kind.value,
            "id": self.id,
            "action": self.action,
            "valid": self.valid,
            "accepted": self.accepted,
            "code": self.code,
            "path": self.path,
            "reason": self.reason,
            "deviations": [attrs.asdict(deviation) for deviation in self.deviations],
        }
