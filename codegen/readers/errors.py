"""What a document got wrong, and where.

Knows how a place in a document is named. Does not know any document format.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """A place in a document: the file as the user named it, and a line or a JSON path in it."""

    file: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.file} {self.place}".rstrip()


class ContractError(Exception):
    """A document cannot be read as a contract of OCPP 1.6, or two contracts contradict.

    Args:
        origin: where it was found.
        found: what is there.
        expected: what should be there instead, or what would settle a contradiction.
    """

    def __init__(self, origin: Origin, found: str, expected: str) -> None:
        super().__init__(f"{origin}: found {found}; expected {expected}")
        self.origin = origin
        self.found = found
        self.expected = expected
