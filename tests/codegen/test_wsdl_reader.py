"""The WSDL reader: a small document's facts, and every way to break it."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import (
    ComplexType,
    SimpleType,
    SoapElement,
    SoapEnumeration,
    SoapMessage,
    SoapOperation,
    SoapService,
)
from codegen.readers.wsdl import read_wsdl

# One operation, Reset, over one type of every kind.
DOCUMENT = Path(__file__).with_name("small.wsdl").read_text(encoding="utf-8")

HERE = Origin("any")


def read(tmp_path: Path, text: str) -> SoapService:
    path = tmp_path / "a.wsdl"
    path.write_bytes(text.encode())
    return read_wsdl(path, "a.wsdl")


def test_facts_of_a_small_document(tmp_path: Path) -> None:
    assert read(tmp_path, DOCUMENT) == SoapService(
        name="CentralSystemService",
        file="a.wsdl",
        namespace="urn:cs",
        port_type="PortType",
        binding="Binding",
        port="Port",
        address="http://localhost/",
        simple_types=(
            SimpleType("Limit", "tenths", None, HERE),
            SimpleType("Unused", "string", 25, HERE),
        ),
        enumerations=(SoapEnumeration("Kind", ("Soft", "Hard"), HERE),),
        complex_types=(
            ComplexType("Part", (SoapElement("limit", "Limit", 1, False, HERE),), HERE),
            ComplexType(
                "ResetRequest",
                (
                    SoapElement("type", "Kind", 0, False, HERE),
                    SoapElement("count", "xsd:int", 1, False, HERE),
                    SoapElement("part", "Part", 1, True, HERE),
                ),
                HERE,
            ),
            ComplexType("ResetResponse", (), HERE),
        ),
        operations=(
            SoapOperation(
                "Reset",
                SoapMessage("resetRequest", "ResetRequest", "/Reset", HERE),
                SoapMessage("resetResponse", "ResetResponse", "/ResetResponse", HERE),
            ),
        ),
        origin=HERE,
    )


def test_facts_say_on_which_line_they_were_found(tmp_path: Path) -> None:
    service = read(tmp_path, DOCUMENT)
    assert service.complex_types[1].elements[1].origin == Origin("a.wsdl", "line 35")


# (text to replace, its replacement, the whole error message)
BROKEN = [
    (
        "</w:types>",
        "",
        "line 70: found broken XML (mismatched tag); expected a well-formed document",
    ),
    (
        "<w:types>",
        "<q:types>",
        "line 12: found broken XML (unbound prefix); expected a well-formed document",
    ),
    (
        "<!-- a comment -->",
        '<!DOCTYPE x [<!ENTITY e "e">]>',
        "line 2: found a document type declaration (x); expected no DTD and no entities",
    ),
    (
        "<!-- a comment -->",
        "<?php x?>",
        "line 2: found a processing instruction (php); expected elements and comments only",
    ),
    (
        "http://schemas.xmlsoap.org/wsdl/soap12/",
        "http://schemas.xmlsoap.org/wsdl/soap/",
        (
            "line 56: found element {http://schemas.xmlsoap.org/wsdl/soap/}binding in "
            "wsdl:binding; expected one that is understood there "
            "(wsp:PolicyReference, soap12:binding, wsdl:operation)"
        ),
    ),
    (
        'xmlns:w="http://schemas.xmlsoap.org/wsdl/"',
        'xmlns:w="http://www.w3.org/ns/wsdl"',
        (
            "line 3: found element {http://www.w3.org/ns/wsdl}definitions; "
            "expected element wsdl:definitions"
        ),
    ),
    (
        'schema targetNamespace="urn:cs"',
        'schema targetNamespace="urn:cp"',
        "line 13: found targetNamespace='urn:cp' in xsd:schema; expected 'urn:cs'",
    ),
    (
        "qualified",
        "unqualified",
        "line 13: found elementFormDefault='unqualified' in xsd:schema; expected 'qualified'",
    ),
    (
        '<s:maxLength value="25"/>',
        '<s:pattern value="x"/>',
        (
            "line 16: found element xsd:pattern in xsd:restriction; expected one that is "
            "understood there (xsd:maxLength, xsd:fractionDigits, xsd:enumeration)"
        ),
    ),
    (
        '<s:maxLength value="25"/>',
        "",
        "line 16: found a restriction that restricts nothing; expected the facet xsd:maxLength",
    ),
    (
        'maxLength value="25"',
        'maxLength value="-1"',
        "line 16: found xsd:maxLength '-1'; expected a positive whole number",
    ),
    (
        'fractionDigits value="1"',
        'fractionDigits value="2"',
        "line 19: found value='2' in xsd:fractionDigits; expected '1'",
    ),
    (
        'base="s:decimal"',
        'base="s:float"',
        "line 19: found base 's:float' of simple type Limit; expected xsd:string or xsd:decimal",
    ),
    (
        '"Hard"',
        '"Soft"',
        "line 24: found the value 'Soft' twice in Kind; expected each value once",
    ),
    (
        '<s:simpleType name="Limit">',
        '<s:simpleType name="Unused">',
        (
            "line 18: found a second xsd:simpleType with the name Unused; "
            "expected each name once (the first is at a.wsdl line 14)"
        ),
    ),
    (
        '<s:element name="count"',
        '<s:element name="type"',
        (
            "line 35: found a second xsd:element with the name type; "
            "expected each name once (the first is at a.wsdl line 34)"
        ),
    ),
    (
        'minOccurs="0"',
        'minOccurs="0" nillable="true"',
        (
            "line 34: found attribute nillable in xsd:element; "
            "expected one that is understood there (name, type, minOccurs, maxOccurs)"
        ),
    ),
    (
        'minOccurs="0"',
        'minOccurs="2"',
        "line 34: found minOccurs='2' of element type; expected 0 or 1",
    ),
    (
        'maxOccurs="unbounded"',
        'maxOccurs="5"',
        "line 36: found maxOccurs='5' of element part; expected 1 or unbounded",
    ),
    (
        'type="t:Kind"',
        'type="t:Sort"',
        (
            "line 34: found type 't:Sort' of element type; expected a type that the schema "
            "declares, or one of xsd:string, xsd:int, xsd:boolean, xsd:dateTime, xsd:anyURI"
        ),
    ),
    (
        'type="s:int"',
        'type="s:long"',
        (
            "line 35: found type 's:long' of element count; expected a type that the schema "
            "declares, or one of xsd:string, xsd:int, xsd:boolean, xsd:dateTime, xsd:anyURI"
        ),
    ),
    (
        'type="t:Limit"',
        'type="q:Limit"',
        "line 29: found type='q:Limit' in xsd:element; expected a name with a known prefix",
    ),
    (
        'type="t:Limit"',
        'type="t:Part"',
        (
            "line 29: found Part inside itself (ResetRequest > Part > Part); "
            "expected a finite structure"
        ),
    ),
    (
        'type="t:Kind"',
        'type="s:string"',
        "line 21: found type Kind, unused; expected types that are used",
    ),
    (
        "<s:sequence>",
        "<s:sequence>extension",
        "line 28: found text 'extension' in xsd:sequence; expected elements only",
    ),
    (
        '<w:message name="Header">',
        '<w:message name="Heading">',
        "line 49: found no message Header; expected one with the part ChargeBoxIdentity",
    ),
    (
        'message="t:ResetInput"',
        'message="t:Reset"',
        "line 51: found message 't:Reset'; expected a message that the WSDL declares",
    ),
    (
        'message="t:ResetInput"',
        'message="t:ResetOutput"',
        (
            "line 51: found message='t:ResetOutput' in wsdl:input; "
            "expected a reference to ResetInput in urn:cs"
        ),
    ),
    (
        'element="t:resetResponse"',
        'element="t:reset"',
        "line 48: found element 't:reset'; expected an element that the schema declares",
    ),
    (
        'element="t:resetResponse"',
        'element="t:resetRequest"',
        (
            "line 48: found element resetRequest in a second message; "
            "expected one message for each element"
        ),
    ),
    (
        '<s:element name="resetResponse" type="t:ResetResponse"/>',
        (
            '<s:element name="resetResponse" type="t:ResetResponse"/>\n'
            '<s:element name="other" type="t:Part"/>'
        ),
        "line 43: found xsd:element other, unused; expected one that an operation of PortType uses",
    ),
    (
        '<w:output message="t:ResetOutput" a:Action="/ResetResponse"/>',
        '<w:output message="t:ResetOutput" a:Action="/ResetResponse"/><w:fault message="t:X"/>',
        (
            "line 52: found element wsdl:fault in wsdl:operation; expected one that is understood "
            "there (wsdl:documentation, wsdl:input, wsdl:output)"
        ),
    ),
    (
        ' a:Action="/ResetResponse"',
        "",
        "line 52: found wsdl:output without wsaw:Action; expected the attribute wsaw:Action",
    ),
    (
        'soapAction="/Reset"',
        'soapAction="/Restart"',
        "line 59: found soapAction='/Restart' in soap12:operation; expected '/Reset'",
    ),
    (
        '<p:PolicyReference URI="#ServicePolicy"/>',
        "",
        "line 55: found no wsp:PolicyReference in wsdl:binding; expected at least one",
    ),
    (
        'base="s:decimal"><s:fractionDigits value="1"/>',
        'base="s:decimal"><s:maxLength value="1"/>',
        "line 19: found xsd:maxLength in this restriction; expected xsd:fractionDigits only",
    ),
    (
        '<s:complexType name="ResetResponse"/>',
        (
            '<s:simpleType name="ResetResponse"><s:restriction base="s:string">'
            '<s:maxLength value="1"/></s:restriction></s:simpleType>'
        ),
        "line 42: found the simple type ResetResponse; expected a complex type",
    ),
    (
        'style="document"',
        'style="rpc"',
        "line 59: found style='rpc' in soap12:operation; expected 'document'",
    ),
    (
        '    <w:operation name="Reset">\n      <b:',
        '    <w:operation name="Restart">\n      <b:',
        (
            "line 55: found no operation Reset in wsdl:binding; "
            "expected every operation of the port type"
        ),
    ),
    (
        "    <p:PolicyReference",
        "    <p:PolicyReference URI='#ServicePolicy'/>\n    <p:PolicyReference",
        "line 58: found 2 wsp:PolicyReference in wsdl:binding; expected one",
    ),
    (
        'name="CentralSystemService"',
        'name="Weather"',
        "line 67: found service Weather; expected one of CentralSystemService, ChargePointService",
    ),
    (
        'binding="t:Binding"',
        'binding="t:Other"',
        "line 68: found binding='t:Other' in wsdl:port; expected a reference to Binding in urn:cs",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN)
def test_broken_document_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in DOCUMENT
    with pytest.raises(ContractError) as caught:
        read(tmp_path, DOCUMENT.replace(old, new))
    assert str(caught.value) == f"a.wsdl {message}"


def test_a_message_that_no_operation_uses_is_refused(tmp_path: Path) -> None:
    extra = '<w:message name="X"><w:part name="parameters" element="t:resetRequest"/></w:message>'
    text = DOCUMENT.replace("  <w:portType", f"  {extra}\n  <w:portType")
    with pytest.raises(ContractError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == (
        "a.wsdl line 49: found wsdl:message X, unused; "
        "expected one that an operation of PortType uses"
    )


def test_an_operation_that_is_only_bound_is_refused(tmp_path: Path) -> None:
    bound = DOCUMENT[DOCUMENT.index('    <w:operation name="Reset">\n      <b:') :]
    bound = bound[: bound.index("  </w:binding>")]
    text = DOCUMENT.replace(
        "  </w:binding>", bound.replace('name="Reset"', 'name="Clear"') + "  </w:binding>"
    )
    with pytest.raises(ContractError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == (
        "a.wsdl line 66: found operation Clear in wsdl:binding; expected one of the port type"
    )


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        read_wsdl(tmp_path / "none.wsdl", "none.wsdl")
    assert str(caught.value) == (
        "none.wsdl: found no readable file (No such file or directory); expected a WSDL"
    )


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"not XML", b'{"json": true}'])
def test_what_is_not_xml_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.wsdl"
    path.write_bytes(data)
    with pytest.raises(ContractError, match=r"a\.wsdl line 1: found broken XML"):
        read_wsdl(path, "a.wsdl")


def test_order_of_types_and_of_messages_is_no_fact(tmp_path: Path) -> None:
    start, end = (
        DOCUMENT.index('      <s:simpleType name="Kind">'),
        DOCUMENT.index('      <s:complexType name="Part">'),
    )
    kind = DOCUMENT[start:end]
    moved = DOCUMENT.replace(kind, "").replace("    </s:schema>", kind + "    </s:schema>")
    assert read(tmp_path, moved) == read(tmp_path, DOCUMENT)
    assert moved != DOCUMENT
