"""The form of an OCPP 1.6 WSDL: which element may stand where, with which attributes.

Knows structure only, as data for `xml_tree.check`. What the values must be is in `wsdl`. An element
or attribute that is not listed is one whose meaning would be lost, so it is an error.
"""

from __future__ import annotations

from codegen.readers.xml_tree import Rule

WSDL_DOCUMENTATION = Rule("wsdl:documentation", text=True)

ANNOTATION = Rule("xsd:annotation", children=((Rule("xsd:documentation", text=True), "*"),))

SIMPLE_TYPE = Rule(
    "xsd:simpleType",
    attributes=("name",),
    children=(
        (ANNOTATION, "?"),
        (
            Rule(
                "xsd:restriction",
                attributes=("base",),
                children=(
                    (Rule("xsd:maxLength", attributes=("value",)), "?"),
                    (Rule("xsd:fractionDigits", attributes=("value",)), "?"),
                    (Rule("xsd:enumeration", attributes=("value",)), "*"),
                ),
            ),
            "1",
        ),
    ),
)

SEQUENCE_ELEMENT = Rule(
    "xsd:element",
    attributes=("name", "type"),
    optional=("minOccurs", "maxOccurs"),
    children=((ANNOTATION, "?"),),
)

COMPLEX_TYPE = Rule(
    "xsd:complexType",
    attributes=("name",),
    children=((ANNOTATION, "?"), (Rule("xsd:sequence", children=((SEQUENCE_ELEMENT, "*"),)), "?")),
)

SCHEMA = Rule(
    "xsd:schema",
    attributes=("targetNamespace", "elementFormDefault"),
    children=(
        (SIMPLE_TYPE, "*"),
        (COMPLEX_TYPE, "*"),
        (Rule("xsd:element", attributes=("name", "type")), "*"),
    ),
)

POLICY = Rule(
    "wsp:Policy",
    attributes=("wsu:Id",),
    children=(
        (
            Rule(
                "wsp:ExactlyOne",
                children=((Rule("wsp:All", children=((Rule("wsaw:UsingAddressing"), "1"),)), "1"),),
            ),
            "1",
        ),
    ),
)

MESSAGE = Rule(
    "wsdl:message",
    attributes=("name",),
    children=((Rule("wsdl:part", attributes=("name", "element")), "1"),),
)

PORT_TYPE = Rule(
    "wsdl:portType",
    attributes=("name",),
    children=(
        (
            Rule(
                "wsdl:operation",
                attributes=("name",),
                children=(
                    (WSDL_DOCUMENTATION, "?"),
                    (Rule("wsdl:input", attributes=("message", "wsaw:Action")), "1"),
                    (Rule("wsdl:output", attributes=("message", "wsaw:Action")), "1"),
                ),
            ),
            "+",
        ),
    ),
)

BODY = Rule("soap12:body", attributes=("use",))

BINDING = Rule(
    "wsdl:binding",
    attributes=("name", "type"),
    children=(
        (Rule("wsp:PolicyReference", attributes=("URI",)), "1"),
        (Rule("soap12:binding", attributes=("transport",)), "1"),
        (
            Rule(
                "wsdl:operation",
                attributes=("name",),
                children=(
                    (Rule("soap12:operation", attributes=("soapAction", "style")), "1"),
                    (
                        Rule(
                            "wsdl:input",
                            children=(
                                (Rule("soap12:header", attributes=("message", "part", "use")), "1"),
                                (BODY, "1"),
                            ),
                        ),
                        "1",
                    ),
                    (Rule("wsdl:output", children=((BODY, "1"),)), "1"),
                ),
            ),
            "+",
        ),
    ),
)

SERVICE = Rule(
    "wsdl:service",
    attributes=("name",),
    children=(
        (WSDL_DOCUMENTATION, "?"),
        (
            Rule(
                "wsdl:port",
                attributes=("name", "binding"),
                children=((Rule("soap12:address", attributes=("location",)), "1"),),
            ),
            "1",
        ),
    ),
)

DEFINITIONS = Rule(
    "wsdl:definitions",
    attributes=("targetNamespace",),
    children=(
        (WSDL_DOCUMENTATION, "?"),
        (POLICY, "1"),
        (Rule("wsdl:types", children=((SCHEMA, "1"),)), "1"),
        (MESSAGE, "+"),
        (PORT_TYPE, "1"),
        (BINDING, "1"),
        (SERVICE, "1"),
    ),
)
