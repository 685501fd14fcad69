"""How transports tell of what goes wrong where a peer has no name yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ocpp16.security.activity import Trouble

Watch: TypeAlias = Callable[[Trouble], object]
"""Is told what went wrong."""


def unwatched(trouble: Trouble) -> None:
    """Do nothing: nobody watches."""
