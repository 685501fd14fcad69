"""The one vendor extension that our apps know, on both sides: `echo`. Spec: C 4.3, 5.6."""

from __future__ import annotations

from ocpp16.enums import DataTransferStatus
from ocpp16.messages import DataTransferRequest, DataTransferResponse
from ocpp16.primitives import same_text

VENDOR = "com.example.ocpp16"
ECHO = "echo"


def answer_data_transfer(request: DataTransferRequest) -> DataTransferResponse:
    """Answer a DataTransfer: `echo` of our vendor gets its data back, nothing else is known."""
    if not same_text(request.vendor_id, VENDOR):
        return DataTransferResponse(status=DataTransferStatus.UNKNOWN_VENDOR_ID)
    if request.message_id is None or not same_text(request.message_id, ECHO):
        return DataTransferResponse(status=DataTransferStatus.UNKNOWN_MESSAGE_ID)
    return DataTransferResponse(status=DataTransferStatus.ACCEPTED, data=request.data)
