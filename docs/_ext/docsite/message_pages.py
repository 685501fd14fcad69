"""The pages of the messages: one for every action, one for data types, one for enumerations."""

from __future__ import annotations

from collections.abc import Iterator

from docsite import markdown, wire
from docsite.errors_page import errors_of
from docsite.examples import EXCHANGES
from docsite.fields import INTEGERS, fields_table, values_table
from ocpp16 import datatypes, enums
from ocpp16.catalog import ACTIONS
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import DataType, Structure, WireEnum

PROFILES = {
    "core": "Core",
    "firmware": "Firmware Management",
    "local_auth_list": "Local Auth List Management",
    "remote_trigger": "Remote Trigger",
    "reservation": "Reservation",
    "smart_charging": "Smart Charging",
    "security": "Security (whitepaper)",
}
_SIDES = (Side.CHARGE_POINT, Side.CENTRAL_SYSTEM)
_LABELS = {Side.CHARGE_POINT: "Charge point", Side.CENTRAL_SYSTEM: "Central system"}
FOLDER = "reference/messages"
_LETTERS = "[what these letters mean](index.md#sections-of-the-standard)"
_SUMMARY = """\
All {} actions of OCPP 1.6: {} of the standard on both wires, {} of the security whitepaper on JSON
alone. An *action* is a request and its response (`.req` and `.conf` in the standard).
"""
SECTIONS = """\
## Sections of the standard

Pages name sections by letter. C is *OCPP 1.6 edition 2*, J *OCPP-J 1.6*, S *OCPP-S 1.6*; CE, JE and
SE are their errata sheets. W is the third edition of the security whitepaper, *Improved security
for OCPP 1.6-J*. The Open Charge Alliance publishes all of them.
"""


def pages() -> Iterator[tuple[str, str]]:
    """Yield path and text of every page."""
    yield f"{FOLDER}/index.md", _index()
    for action in ACTIONS.values():
        yield f"{FOLDER}/{action.name}.md", _page(action)
    yield f"{FOLDER}/data-types.md", _data_types()
    yield f"{FOLDER}/enumerations.md", _enumerations()


def _index() -> str:
    parts = [
        "# Messages\n",
        _SUMMARY.format(len(ACTIONS), _count(soap=True), _count(soap=False)),
        _toctree(["data-types", "enumerations"], hidden=False),
        f"{INTEGERS}\n",
    ]
    for profile, label in PROFILES.items():
        actions = [action for action in ACTIONS.values() if action.profile == profile]
        parts += [
            f"## {label}\n",
            markdown.table(
                ["Action", "Sent by", "Wires", "Purpose"],
                (
                    (
                        f"[{action.name}]({action.name}.md)",
                        _senders(action),
                        "both" if action.soap_services else "JSON",
                        action.summary,
                    )
                    for action in actions
                ),
            ),
            _toctree([action.name for action in actions], hidden=True),
        ]
    return "\n".join([*parts, SECTIONS])


def _count(*, soap: bool) -> int:
    return sum(bool(action.soap_services) is soap for action in ACTIONS.values())


def _toctree(names: list[str], *, hidden: bool) -> str:
    options = ":hidden:\n\n" if hidden else ":titlesonly:\n:maxdepth: 1\n\n"
    return "```{toctree}\n" + options + "\n".join(names) + "\n```\n"


def _senders(action: ActionSpec) -> str:
    return " or ".join(side.value for side in _SIDES if side in action.senders)


def _page(action: ActionSpec) -> str:
    request, response = EXCHANGES[action.name]
    wires = (
        f"JSON and SOAP ({', '.join(f'`{name}`' for name in action.soap_services)})"
        if action.soap_services
        else "JSON only: the whitepaper gives the security extension no SOAP contract"
    )
    facts = {
        "Request sent by": _senders(action),
        "Feature profile": PROFILES[action.profile],
        "Wires": wires,
        "Specification": f"{action.sections} ({_LETTERS})",
        "In Python": f"{_class(action.request)} and {_class(action.response)}",
    }
    parts = [
        f"# {action.name}\n",
        f"{action.summary}\n",
        _diagram(action),
        "".join(f":{name}: {text}\n" for name, text in facts.items()),
        "## Request\n",
        f"{markdown.prose(action.request.__doc__ or '')}\n",
        fields_table(action.request),
        "## Response\n",
        f"{markdown.prose(action.response.__doc__ or '')}\n",
        fields_table(action.response),
        "## On JSON\n",
        "Laid out for reading; on the wire there are no line breaks.\n",
        markdown.code("json", wire.json_call(request), "Request"),
        markdown.code("json", wire.json_result(response), "Response"),
    ]
    if action.soap_services:
        sender = next(side for side in _SIDES if side in action.senders)
        parts += [
            "## On SOAP\n",
            "The same two objects. Laid out for reading, too.\n",
            markdown.code("xml", wire.soap_call(request, sender), "Request"),
            markdown.code("xml", wire.soap_result(response, sender.other), "Response"),
        ]
    parts += [
        "## Errors\n",
        "What a caller can be answered instead of a response:\n",
        errors_of(action),
        "Everything else about errors: [](../errors.md).\n",
    ]
    return "\n".join(parts)


def _class(cls: type) -> str:
    return f"{{py:class}}`~ocpp16.messages.{cls.__name__}`"


def _diagram(action: ActionSpec) -> str:
    lines = ["sequenceDiagram"]
    lines += [f"    participant {side.name} as {_LABELS[side]}" for side in _SIDES]
    for side in _SIDES:
        if side in action.senders:
            lines += [
                f"    {side.name}->>{side.other.name}: {action.name} request",
                f"    {side.other.name}-->>{side.name}: {action.name} response",
            ]
    alt = f"The {_senders(action)} sends {action.name} and is answered."
    return f"```{{mermaid}}\n:alt: {alt}\n\n" + "\n".join(lines) + "\n```\n"


def _users(cls: type) -> str:
    """Return links to what refers to a type."""
    links = [
        f"[{action.name}]({action.name}.md)"
        for action in ACTIONS.values()
        if any(_refers(message, cls) for message in (action.request, action.response))
    ]
    others = [getattr(datatypes, name) for name in datatypes.__all__]
    links += [
        f"[{other.__name__}](data-types.md#{other.__name__.lower()})"
        for other in others
        if _refers(other, cls)
    ]
    return f"Used by {', '.join(links)}.\n"


def _refers(structure: type[Structure], cls: type) -> bool:
    return any(field.cls is cls for field in structure.SPEC.fields)


def _data_types() -> str:
    classes: list[type[DataType]] = [getattr(datatypes, name) for name in datatypes.__all__]
    parts = ["# Data types\n", "Objects within messages, the same on both wires.\n"]
    for cls in classes:
        parts += [*_head(cls, "datatypes"), fields_table(cls)]
    return "\n".join(parts)


def _enumerations() -> str:
    classes: list[type[WireEnum]] = [getattr(enums, name) for name in enums.__all__]
    parts = ["# Enumerations\n", "Closed lists of texts. A member equals its text on the wire.\n"]
    for cls in classes:
        parts += [*_head(cls, "enums"), values_table(cls)]
    return "\n".join(parts)


def _head(cls: type, module: str) -> list[str]:
    python = f"In Python: {{py:class}}`ocpp16.{module}.{cls.__name__}`."
    return [
        f"## {cls.__name__}\n",
        f"{markdown.prose(cls.__doc__ or '')} {_users(cls)}\n{python}\n",
    ]
