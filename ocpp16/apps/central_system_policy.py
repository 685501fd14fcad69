"""What a central system decides of strangers: charge points and identifiers nobody has entered."""

from __future__ import annotations

from enum import StrEnum


class Policy(StrEnum):
    """Which charge points are let in, and what those that nobody has entered are told."""

    KNOWN = "known"
    """Only those that were entered."""
    PENDING = "pending"
    """Any; told Pending until somebody approves."""
    OPEN = "open"
    """Any; told Accepted."""


class UnknownTags(StrEnum):
    """What a charge point is told of an identifier that nobody has entered."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    UNTIL_LISTED = "until-listed"
    """Accepted as long as no identifier at all is entered."""
