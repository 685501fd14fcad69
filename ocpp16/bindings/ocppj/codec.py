"""OCPP-J codec: one JSON payload to one typed message and back.

The fast path is generated: msgspec reads into private Structs (types, lengths, enumerations and
unknown keys checked in C), straight-line code copies into the public classes. Whatever it does not
take, the slow path (`review`) reads again, to say what is wrong or to tolerate it. Spec: J 4.2.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import msgspec

from ocpp16.bindings.explain import explain
from ocpp16.bindings.ocppj.fast import Unusual
from ocpp16.bindings.ocppj.notation import JsonNotation
from ocpp16.bindings.ocppj.review import parse_payload, review
from ocpp16.catalog import action_of
from ocpp16.settings import STRICT, Leniency
from ocpp16.structure import Structure

StructureT = TypeVar("StructureT", bound=Structure)

_NOTATION = JsonNotation()
_DECODERS: dict[type, Callable[[bytes], Any]] = {}
_ENCODERS: dict[type, Callable[[Any], bytes]] = {}


def decode(
    cls: type[StructureT], payload: bytes, leniency: frozenset[Leniency] = STRICT
) -> StructureT:
    """Read a payload as a message of the given class.

    Args:
        cls: A request or response class.
        payload: A JSON text, as `framing.unframe` gives it.
        leniency: What is tolerated; `ocpp16.deviations` lists each use.

    Raises:
        ConstraintError: The payload breaks a rule; it says which, and where.
    """
    try:
        read = _DECODERS[cls]
    except KeyError:
        _load(cls)
        read = _DECODERS[cls]
    try:
        message: StructureT = read(payload)
    except (msgspec.MsgspecError, Unusual, UnicodeError, RecursionError) as error:
        doubt = str(error)
    else:
        return message
    return review(cls, payload, leniency, doubt)


def decode_slowly(
    cls: type[StructureT], payload: bytes, leniency: frozenset[Leniency] = STRICT
) -> StructureT:
    """Do what `decode` does by the spec alone; every answer of both is the same."""
    return explain(cls, parse_payload(payload), _NOTATION, leniency)


def encode(message: Structure) -> bytes:
    """Write a message as a JSON object; one that a lenient reader built is checked before.

    Raises:
        InvalidMessage: It breaks a rule of OCPP 1.6; path and kind say which.
    """
    try:
        write = _ENCODERS[type(message)]
    except KeyError:
        _load(type(message))
        write = _ENCODERS[type(message)]
    return write(message)


def _load(cls: type[Structure]) -> None:
    """Load the fast path of all messages of a profile: many programs never need most of them.

    Raises:
        TypeError: The class is no message of OCPP 1.6.
    """
    module = import_module(f"ocpp16.bindings.ocppj._generated.{action_of(cls).profile}")
    _DECODERS.update(module.DECODERS)
    _ENCODERS.update(module.ENCODERS)
