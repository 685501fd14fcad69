"""The frames of a role, kept for a test to look at."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import attrs

from ocpp16.roles.event import FrameIn, FrameOut
from ocpp16.roles.role import Role

Direction: TypeAlias = Literal["in", "out"]


@attrs.define
class Recording:
    """The frames of a role, in order, as it saw them."""

    frames: list[tuple[Direction, str]] = attrs.field(factory=list)
    """Each frame with its direction."""

    @property
    def received(self) -> list[str]:
        """The frames that came in."""
        return [text for direction, text in self.frames if direction == "in"]

    @property
    def sent(self) -> list[str]:
        """The frames that went out."""
        return [text for direction, text in self.frames if direction == "out"]

    def clear(self) -> None:
        """Forget what was recorded so far."""
        self.frames.clear()


def record(role: Role[Any]) -> Recording:
    """Record the frames of a role from now on."""
    recording = Recording()

    @role.on_frame
    def keep(event: FrameIn | FrameOut) -> None:
        direction: Direction = "in" if isinstance(event, FrameIn) else "out"
        recording.frames.append((direction, event.frame.decode(errors="replace")))

    return recording
