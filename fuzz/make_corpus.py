"""Writes the good inputs that mutation starts from: one message of every kind, on both wires."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocpp16.bindings.ocppj import codec as json_codec
from ocpp16.bindings.ocppj import framing as json_framing
from ocpp16.bindings.ocpps import OcppS
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import ErrorCode
from ocpp16.spec import Side
from tests.transports.full import full

FOLDER: Final = Path(__file__).parent / "corpus"


def main() -> None:
    """Write the corpus anew."""
    frames = [b'[4,"1","GenericError","no",{"a":[1,null]}]']
    envelopes: list[bytes] = []
    for name, action in ACTIONS.items():
        if not action.soap_services:
            continue
        side = next(iter(action.senders))
        request, response = full(action.request, side.other), full(action.response, side.other)
        frames.append(json_framing.frame(Call("1", name, json_codec.encode(request))))
        frames.append(json_framing.frame(CallResult("1", json_codec.encode(response))))
        asks, answers = (
            OcppS(
                side=each,
                identity="CP1",
                from_address="http://127.0.0.1:1/",
                to="http://127.0.0.1:2/",
                new_message_id=lambda: "urn:uuid:2",
            )
            for each in (side, side.other)
        )
        envelopes.append(asks.frame(Call("urn:uuid:1", name, asks.encode(request))))
        result = CallResult("urn:uuid:1", answers.encode(response), name)
        envelopes.append(answers.frame(result))
    central = OcppS(side=Side.CENTRAL_SYSTEM, identity="CP1", new_message_id=lambda: "urn:uuid:2")
    envelopes.append(central.frame(CallError("urn:uuid:1", ErrorCode.SECURITY_ERROR, "no")))
    (FOLDER / "json.txt").write_bytes(b"\n".join(frames) + b"\n")
    # One a line: a line break between tags says nothing.
    lines = [envelope.replace(b"\n", b" ") for envelope in envelopes]
    (FOLDER / "soap.txt").write_bytes(b"\n".join(lines) + b"\n")


if __name__ == "__main__":
    main()
