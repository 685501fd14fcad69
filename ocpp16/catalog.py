"""Lookups: action name to action, message class to action, who may send what."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ocpp16._generated.catalog import ACTIONS as _ALL
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Structure

ACTIONS: Mapping[str, ActionSpec] = MappingProxyType({action.name: action for action in _ALL})
"""Every action of OCPP 1.6 by name, the security extension included."""

_BY_CLASS: dict[type, ActionSpec] = {
    cls: action for action in _ALL for cls in (action.request, action.response)
}


def action_of(message: type[Structure]) -> ActionSpec:
    """Return the action that a request or response class belongs to.

    Raises:
        TypeError: The class is no message of OCPP 1.6.
    """
    try:
        return _BY_CLASS[message]
    except KeyError:
        raise TypeError(f"{message.__name__} is no message of OCPP 1.6") from None


def sent_by(side: Side) -> tuple[ActionSpec, ...]:
    """Return the actions whose requests a side may send."""
    return tuple(action for action in _ALL if side in action.senders)
