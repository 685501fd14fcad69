"""Two sessions talk without a socket: this program carries the bytes, and tells the time."""

from itertools import count

from ocpp16 import Settings, Side
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.enums import ClearCacheStatus
from ocpp16.messages import ClearCacheRequest, ClearCacheResponse
from ocpp16.session import CallEnded, CallReceived, FrameToSend, Session
from ocpp16.storage import MemoryAnswers


def session(side: Side) -> Session:
    numbers = count(1)
    return Session(
        OcppJ(),
        side,
        "CP1",
        settings=Settings(),
        new_id=lambda: f"call-{next(numbers)}",
        offers=lambda action: True,
        answers=MemoryAnswers(64, 256 * 1024),
    )


central, station = session(Side.CENTRAL_SYSTEM), session(Side.CHARGE_POINT)

# A call is made: nothing is sent by it, it says what to send.
call_id, events = central.call(ClearCacheRequest(), now=0.0)
(to_send,) = events
assert isinstance(to_send, FrameToSend)
print("central system:", to_send.data.decode())
print("  an answer is due at", central.deadline, "s")

# The bytes arrive at the other end, half a second later.
(received,) = station.receive(to_send.data, now=0.5)
assert isinstance(received, CallReceived)
print("charge point got:", received.request)

# Its handler has decided, and answers.
response = ClearCacheResponse(status=ClearCacheStatus.ACCEPTED)
(answer,) = station.answer(received.handle, response, now=0.6)
assert isinstance(answer, FrameToSend)
print("charge point:", answer.data.decode())

# The answer ends the call.
(ended,) = central.receive(answer.data, now=1.1)
assert isinstance(ended, CallEnded)
print("central system got:", ended.outcome)

# A call that is never answered: time alone ends it, and time is an argument.
central.call(ClearCacheRequest(), now=2.0)
(late,) = central.tick(now=32.0)
assert isinstance(late, CallEnded)
print("30 s later:", type(late.outcome).__name__)
