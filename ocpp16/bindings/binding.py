"""What a wire stack offers the session: a framing and a codec behind one small interface.

The session holds a `Binding` and never asks which one it is.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from ocpp16.envelope import Envelope
from ocpp16.settings import STRICT, Leniency
from ocpp16.spec import ActionSpec
from ocpp16.structure import Structure

StructureT = TypeVar("StructureT", bound=Structure)


class Binding(Protocol):
    """One wire, as one session sees it. A payload (Any) is opaque to everyone else."""

    @property
    def name(self) -> str:
        """`ocppj` or `ocpps`."""
        ...

    def carries(self, action: ActionSpec) -> bool:
        """Tell whether the wire has a contract for an action."""
        ...

    def unframe(self, frame: bytes | str) -> Envelope[Any]:
        """Read one frame.

        Raises:
            UnanswerableFrame: The frame gives no message id to answer to.
            Fault: A call that breaks a rule of the frame; the fault's `message_id` is its id.
            InvalidResponse: An answer that breaks a rule of the frame, with its `message_id`.
        """
        ...

    def frame(self, envelope: Envelope[Any]) -> bytes:
        """Write one frame."""
        ...

    def decode(
        self, cls: type[StructureT], payload: Any, leniency: frozenset[Leniency] = STRICT
    ) -> StructureT:
        """Read a payload as a request or response of the given class.

        Raises:
            ConstraintError: The payload breaks a rule; it says which, and where.
        """
        ...

    def encode(self, message: Structure) -> Any:
        """Write a request or response as a payload, checking it again.

        Raises:
            InvalidMessage: It breaks a rule, or this wire cannot carry it.
        """
        ...

    def fingerprint(self, payload: Any) -> bytes:
        """Return the bytes of a received payload, by which a repeat is known."""
        ...
