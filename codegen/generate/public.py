"""`enums.py`, `datatypes.py`, `messages.py`: the import paths that users see."""

from __future__ import annotations

from codegen.generate.messages import messages_of
from codegen.generate.source import Banner, imports, module
from codegen.model import Contract, Profile
from codegen.prose import Prose

ENUMS = """Enumerations of OCPP 1.6; a member equals its wire text.

>>> from ocpp16 import enums
>>> enums.ResetType.SOFT == "Soft"
True
>>> enums.ResetType("Soft")
ResetType.SOFT
"""
DATATYPES = """Data types of OCPP 1.6: values with fields that messages carry.

>>> from ocpp16 import datatypes, enums
>>> datatypes.IdTagInfo(status=enums.AuthorizationStatus.BLOCKED)
IdTagInfo(status=AuthorizationStatus.BLOCKED)
"""
MESSAGES = """Requests and responses of OCPP 1.6, the security extension included.

A request is typed by its response: `await peer.call(HeartbeatRequest())` gives a
`HeartbeatResponse`. A message is frozen, and checked when it is made:

>>> from ocpp16 import enums, messages
>>> messages.ResetRequest(type=enums.ResetType.SOFT)
ResetRequest(type=ResetType.SOFT)
>>> messages.AuthorizeRequest(id_tag="a card with far too long a name")
Traceback (most recent call last):
    ...
ocpp16.errors.InvalidMessage: AuthorizeRequest at /idTag: ...
"""


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return the three public modules."""
    del texts
    enums = sorted(enum.name for enum in contract.enumerations)
    types = sorted(one.name for one in contract.data_types)
    messages = sorted(message.structure.name for message in messages_of(contract))
    profiles = {
        profile: [
            message.structure.name
            for action in contract.actions
            if action.profile is profile
            for message in (action.request, action.response)
        ]
        for profile in sorted(Profile, key=lambda one: one.value)
    }
    message_imports = [
        line
        for profile, classes in profiles.items()
        for line in imports(f"ocpp16._generated.{profile.value}", classes)
    ]
    return {
        "ocpp16/enums.py": _reexport(
            banner, ENUMS, imports("ocpp16._generated.enums", enums), enums
        ),
        "ocpp16/datatypes.py": _reexport(
            banner, DATATYPES, imports("ocpp16._generated.datatypes", types), types
        ),
        "ocpp16/messages.py": _reexport(banner, MESSAGES, message_imports, messages),
    }


def _reexport(banner: Banner, doc: str, lines: list[str], exported: list[str]) -> str:
    everything = ["__all__ = [", *(f'    "{name}",' for name in exported), "]"]
    return module(banner, doc, [[*lines, "", *everything]])
