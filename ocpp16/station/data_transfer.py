"""DataTransfer by vendor and message. Spec: C 5.6; SPEC 8.

An unknown vendor is UnknownVendorId and gets no data, an unknown message UnknownMessageId; the rest
is by agreement. Both compare without case, as CiStrings do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ocpp16.enums import DataTransferStatus
from ocpp16.messages import DataTransferRequest, DataTransferResponse

Answer: TypeAlias = Callable[[DataTransferRequest], DataTransferResponse]


class DataTransfers:
    """The agreements of one charge point."""

    __slots__ = ("_vendors",)

    def __init__(self) -> None:
        self._vendors: dict[str, dict[str | None, Answer]] = {}

    def agree(self, vendor_id: str, message_id: str | None, answer: Answer) -> None:
        """Answer a message of a vendor; None is a request without messageId."""
        messages = self._vendors.setdefault(vendor_id.casefold(), {})
        messages[None if message_id is None else message_id.casefold()] = answer

    def take_over(self, other: DataTransfers) -> None:
        """Agree on what another one has agreed on."""
        for vendor, answers in other._vendors.items():
            self._vendors.setdefault(vendor, {}).update(answers)

    def answer(self, request: DataTransferRequest) -> DataTransferResponse:
        """Answer a request."""
        messages = self._vendors.get(request.vendor_id.casefold())
        if messages is None:
            return DataTransferResponse(status=DataTransferStatus.UNKNOWN_VENDOR_ID)
        message_id = request.message_id
        found = messages.get(None if message_id is None else message_id.casefold())
        if found is None:
            return DataTransferResponse(status=DataTransferStatus.UNKNOWN_MESSAGE_ID)
        return found(request)
