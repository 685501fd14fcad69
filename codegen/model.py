"""The one model of facts that everything generated is written from.

Knows names, types, order, cardinality, facets, actions and namespaces as the contracts state them,
plus the few facts that only the prose of the standard states (feature profile, who may send).
Does not know Python names (`names`), documentation (`prose`), or any file format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

ScalarKind = Literal["string", "integer", "tenths", "boolean", "timestamp", "uri"]
"""`tenths` is a decimal with at most one fraction digit; `uri` is text with format uri/anyURI."""


class Sender(Enum):
    """A side that may send the request of an action."""

    CHARGE_POINT = "ChargePoint"
    CENTRAL_SYSTEM = "CentralSystem"


class Profile(Enum):
    """Feature profile (C 3.3); the value names the generated module."""

    CORE = "core"
    FIRMWARE = "firmware"
    LOCAL_AUTH_LIST = "local_auth_list"
    REMOTE_TRIGGER = "remote_trigger"
    RESERVATION = "reservation"
    SMART_CHARGING = "smart_charging"
    SECURITY = "security"


@dataclass(frozen=True)
class Scalar:
    """A simple value. `case_insensitive` is set for IdToken and CiString types."""

    kind: ScalarKind
    max_length: int | None = None
    case_insensitive: bool = False
    soap_name: str | None = None
    """The named simple type of the WSDL (`IdToken`, `CiString20Type`, `DecimalOne`), if any."""


@dataclass(frozen=True)
class EnumRef:
    """A value of an enumeration of the model."""

    name: str


@dataclass(frozen=True)
class ObjectRef:
    """A value of a nested structure of the model."""

    name: str


TypeRef = Scalar | EnumRef | ObjectRef


@dataclass(frozen=True)
class Cardinality:
    """How often a field occurs in one contract family."""

    required: bool
    min_items: int = 0
    """Meaningful for lists only: the least number of items when the list is present."""


@dataclass(frozen=True)
class Field:
    """One field of a structure, under its wire name."""

    name: str
    type: TypeRef
    many: bool
    json: Cardinality
    soap: Cardinality | None
    """None where the structure has no SOAP contract."""


@dataclass(frozen=True)
class Enumeration:
    """A closed set of wire texts.

    `values` is their union in the order of the core (WSDL order where a WSDL has it, with additions
    after), without the texts that are only another spelling. Those are in `aliases`: each stands
    for a plain value (`Celcius` for `Celsius`) and names the contract family that has it.
    `json_name` is the name in `definitions`, where a schema has the enumeration there.
    """

    name: str
    values: tuple[str, ...]
    json_values: tuple[str, ...]
    soap_values: tuple[str, ...] | None
    aliases: tuple[Alias, ...] = ()
    json_name: str | None = None


@dataclass(frozen=True)
class Alias:
    """`text` on the wire `family` stands for `value`; `written` if we write it there, too."""

    family: Literal["json", "soap"]
    text: str
    value: str
    written: bool


@dataclass(frozen=True)
class Structure:
    """A named sequence of fields: a nested data type, or the payload of a message.

    `fields` is in JSON schema order; `soap_order` lists wire names in XSD order, None where the
    structure has no SOAP contract. `services` names the SOAP services whose schema has the type.
    `json_name` is the name in `definitions`, where a schema has the structure there.
    """

    name: str
    fields: tuple[Field, ...]
    soap_order: tuple[str, ...] | None
    services: tuple[str, ...] = ()
    json_name: str | None = None


@dataclass(frozen=True)
class JsonDocument:
    """Where the JSON contract of a message is: set (folder), file, draft and identifier."""

    folder: Literal["json", "json-security"]
    file: str
    draft: Literal["draft-04", "draft-06"]
    identifier: str
    title: str | None


@dataclass(frozen=True)
class Message:
    """A request or a response: its structure and its place in each contract family."""

    structure: Structure
    action: str
    kind: Literal["request", "response"]
    json: JsonDocument
    soap_element: str | None
    """Local name of the body element (`authorizeRequest`), None without a SOAP contract."""
    soap_action: str | None
    """The wsaw:Action value (`/Authorize`, `/AuthorizeResponse`), None without a SOAP contract."""


@dataclass(frozen=True)
class Action:
    """One action, its two messages, its profile, and who may send its request."""

    name: str
    profile: Profile
    senders: tuple[Sender, ...]
    request: Message
    response: Message
    services: tuple[str, ...]
    """SOAP services that offer the operation (`CentralSystemService`, ...); () if none does."""


@dataclass(frozen=True)
class Service:
    """One SOAP service of the WSDLs."""

    name: str
    namespace: str
    file: str
    port_type: str
    binding: str
    port: str
    address: str
    operations: tuple[str, ...]
    """Action names in the order of the port type."""
    simple_types: tuple[Scalar, ...] = ()
    """Named simple types of the service's schema, used or not, by `soap_name`."""


@dataclass(frozen=True)
class Contract:
    """All facts. Enumerations and data types are in a stable order: first use wins."""

    enumerations: tuple[Enumeration, ...]
    data_types: tuple[Structure, ...]
    """Nested structures, each after the ones it refers to."""
    actions: tuple[Action, ...]
    services: tuple[Service, ...]
