"""WSDL 1.1 with inline XSD, as OCPP 1.6 uses them, to facts.

Knows the document/literal SOAP 1.2 form of the two published WSDLs and follows every reference in
them. Does not know JSON (`merge` joins the two) and keeps no documentation texts. What is declared
and never used is an error, unless it is a simple type: those are kept, used or not.
"""

from __future__ import annotations

from pathlib import Path

from codegen import conventions
from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import SoapMessage, SoapOperation, SoapService
from codegen.readers.wsdl_grammar import DEFINITIONS
from codegen.readers.xml_tree import Element, by_name, check, parse
from codegen.readers.xsd import Types, read_types


def read_wsdl(path: Path, shown: str) -> SoapService:
    """Read one WSDL.

    Args:
        path: the file.
        shown: its name in error messages and origins.

    Raises:
        ContractError: anything that is not an OCPP 1.6 WSDL in every detail.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContractError(
            Origin(shown), f"no readable file ({error.strerror})", "a WSDL"
        ) from None
    root = parse(data, shown, conventions.NAMESPACES)
    check(root, DEFINITIONS)
    return _service(root, path.name)


def _service(root: Element, file: str) -> SoapService:
    service = root.one("wsdl:service")
    name = service.attributes["name"]
    if name not in conventions.SERVICES:
        raise ContractError(
            service.origin, f"service {name}", f"one of {', '.join(conventions.SERVICES)}"
        )
    root.one("wsp:Policy").require("wsu:Id", conventions.POLICY)
    namespace = root.attributes["targetNamespace"]
    types = read_types(root.one("wsdl:types").one("xsd:schema"), namespace)
    operations = _Messages(root, namespace, types).operations()
    binding = root.one("wsdl:binding")
    _check_binding(binding, root.one("wsdl:portType"), namespace, operations)
    port = service.one("wsdl:port")
    port.require_reference("binding", namespace, binding.attributes["name"])
    return SoapService(
        name=name,
        file=file,
        namespace=namespace,
        port_type=root.one("wsdl:portType").attributes["name"],
        binding=binding.attributes["name"],
        port=port.attributes["name"],
        address=port.one("soap12:address").attributes["location"],
        simple_types=types.simple_types,
        enumerations=types.enumerations,
        complex_types=types.complex_types,
        operations=operations,
        origin=root.origin,
    )


class _Messages:
    """The way from an operation over its messages to body elements; sees that nothing is left."""

    def __init__(self, root: Element, namespace: str, types: Types) -> None:
        self.namespace = namespace
        self.structures = {item.name for item in types.complex_types}
        self.port_type = root.one("wsdl:portType")
        self.elements = by_name(root.one("wsdl:types").one("xsd:schema").all("xsd:element"))
        self.messages = by_name(root.all("wsdl:message"))
        self.left = dict(self.messages)
        self.elements_left = dict(self.elements)

    def operations(self) -> tuple[SoapOperation, ...]:
        """Read the port type and check that it uses every message and every global element."""
        self._header()
        found = tuple(
            SoapOperation(
                name,
                self._message(operation.one("wsdl:input"), f"{name}Input", f"{name}Request"),
                self._message(operation.one("wsdl:output"), f"{name}Output", f"{name}Response"),
            )
            for name, operation in by_name(self.port_type.all("wsdl:operation")).items()
        )
        for rest in (*self.left.values(), *self.elements_left.values()):
            raise ContractError(
                rest.origin,
                f"{rest.name} {rest.attributes['name']}, unused",
                f"one that an operation of {self.port_type.attributes['name']} uses",
            )
        return found

    def _header(self) -> None:
        message = self.left.pop(conventions.HEADER_MESSAGE, None)
        if message is None:
            raise ContractError(
                self.port_type.origin,
                f"no message {conventions.HEADER_MESSAGE}",
                f"one with the part {conventions.HEADER_PART}",
            )
        element = self._body(message, conventions.HEADER_PART)
        element.require("name", conventions.HEADER_ELEMENT)
        element.require_reference("type", conventions.NAMESPACES["xsd"], "string")

    def _message(self, direction: Element, message: str, type_name: str) -> SoapMessage:
        namespace, local = direction.reference("message")
        if namespace != self.namespace or local not in self.messages:
            raise ContractError(
                direction.origin,
                f"message {direction.attributes['message']!r}",
                "a message that the WSDL declares",
            )
        direction.require_reference("message", self.namespace, message)
        element = self._body(self.left.pop(message), conventions.BODY_PART)
        element.require_reference("type", self.namespace, type_name)
        if type_name not in self.structures:
            raise ContractError(element.origin, f"the simple type {type_name}", "a complex type")
        return SoapMessage(
            element.attributes["name"],
            type_name,
            direction.attributes["wsaw:Action"],
            direction.origin,
        )

    def _body(self, message: Element, part_name: str) -> Element:
        """The global element that the only part of a message names."""
        part = message.one("wsdl:part")
        part.require("name", part_name)
        namespace, local = part.reference("element")
        if namespace != self.namespace or local not in self.elements:
            raise ContractError(
                part.origin,
                f"element {part.attributes['element']!r}",
                "an element that the schema declares",
            )
        if local not in self.elements_left:
            raise ContractError(
                part.origin, f"element {local} in a second message", "one message for each element"
            )
        return self.elements_left.pop(local)


def _check_binding(
    binding: Element, port_type: Element, namespace: str, operations: tuple[SoapOperation, ...]
) -> None:
    binding.require_reference("type", namespace, port_type.attributes["name"])
    binding.one("soap12:binding").require("transport", conventions.TRANSPORT)
    binding.one("wsp:PolicyReference").require("URI", f"#{conventions.POLICY}")
    bound = by_name(binding.all("wsdl:operation"))
    for operation in operations:
        if operation.name not in bound:
            raise ContractError(
                binding.origin,
                f"no operation {operation.name} in wsdl:binding",
                "every operation of the port type",
            )
        _check_bound(bound.pop(operation.name), operation, namespace)
    for name, element in bound.items():
        raise ContractError(
            element.origin, f"operation {name} in wsdl:binding", "one of the port type"
        )


def _check_bound(element: Element, operation: SoapOperation, namespace: str) -> None:
    soap = element.one("soap12:operation")
    # Both state the action of the request; S 4 knows one.
    soap.require("soapAction", operation.request.action)
    soap.require("style", "document")
    header = element.one("wsdl:input").one("soap12:header")
    header.require_reference("message", namespace, conventions.HEADER_MESSAGE)
    header.require("part", conventions.HEADER_PART)
    header.require("use", "literal")
    element.one("wsdl:input").one("soap12:body").require("use", "literal")
    element.one("wsdl:output").one("soap12:body").require("use", "literal")
