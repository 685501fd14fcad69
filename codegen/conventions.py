"""The fixed forms of every contract document of OCPP 1.6, which the model need not say.

Knows namespaces, the names of WSDL parts, JSON Schema drafts. The readers refuse a document that
departs from them (the departure would be lost), the writers repeat them. Knows no fact that differs
from one document to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

NAMESPACES: Final[Mapping[str, str]] = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "xsd": "http://www.w3.org/2001/XMLSchema",
    "wsaw": "http://www.w3.org/2006/05/addressing/wsdl",
    "wsp": "http://schemas.xmlsoap.org/ws/2004/09/policy",
    "wsu": ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"),
}

SERVICES: Final = ("CentralSystemService", "ChargePointService")
POLICY: Final = "ServicePolicy"
TRANSPORT: Final = "http://schemas.xmlsoap.org/soap/http"
HEADER_MESSAGE: Final = "Header"
HEADER_PART: Final = "ChargeBoxIdentity"
HEADER_ELEMENT: Final = "chargeBoxIdentity"
BODY_PART: Final = "parameters"


@dataclass(frozen=True)
class JsonForm:
    """What all schemas of one folder have in common.

    `identifier` is a pattern for the schema's id; `{action}` and the two suffixes stand for the
    message that the file name promises. With `definitions`, nested types are named.
    """

    draft: Literal["draft-04", "draft-06"]
    schema: str
    id_key: str
    identifier: str
    suffixes: Mapping[Literal["request", "response"], str]
    definitions: bool


JSON_FORMS: Final[Mapping[Literal["json", "json-security"], JsonForm]] = {
    "json": JsonForm(
        draft="draft-04",
        schema="http://json-schema.org/draft-04/schema#",
        id_key="id",
        identifier=r"urn:OCPP:1\.6:\d{4}:\d{1,2}:",
        suffixes={"request": "Request", "response": "Response"},
        definitions=False,
    ),
    "json-security": JsonForm(
        draft="draft-06",
        schema="http://json-schema.org/draft-06/schema#",
        id_key="$id",
        identifier=r"urn:OCPP:Cp:1\.6:\d{4}:\d{1,2}:",
        suffixes={"request": ".req", "response": ".conf"},
        definitions=True,
    ),
}
