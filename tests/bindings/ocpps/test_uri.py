"""What we hold for an xs:anyURI is what libxml2 does."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from lxml import etree

from ocpp16.bindings.ocpps import codec
from ocpp16.bindings.ocpps.envelope import CHARGE_POINT
from ocpp16.bindings.ocpps.uri import is_uri
from ocpp16.bindings.ocpps.xml import can_be_written
from ocpp16.errors import ConstraintKind, InvalidMessage
from ocpp16.messages import GetDiagnosticsRequest
from tests.strategies import odd_uris

SCHEMA = (
    "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'><s:element name='u' type='s:anyURI'/>"
    "</s:schema>"
)


@cache
def schema() -> Any:
    return etree.XMLSchema(etree.fromstring(SCHEMA))


def judged(text: str) -> bool:
    element = etree.Element("u")
    element.text = text
    return bool(schema().validate(element))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True), (" \n", True), ("x", True), ("ftp://u:p@h:21/a/b?c#d", True), ("//h", True),
        ("http://", True), ("http:", True), ("[", False), ("]", False), ("a b", True),
        (" a ", True), ("%", False), ("%4", False), ("%4g", False), ("%4F", True), ("#a#b", False),
        ("#[]", True), ("?[", False), ("http://[::1]:80/", True), ("http://[", False),
        ("http://[any thing]/", True), ("http://[anything]/", True), ("http://[::1]x", False),
        ("http://h:/", False), ("http://h:x", False), ("http://h:2147483647", True),
        ("http://h:2147483648", False), ("http://h:00000000000000080", True),
        ("http://1.2.3.4x/", True), ("http://1.2.3.456/", True), ("http://1.2.3.1921/", True),
        ("http://u@v@h", False), (":", False), ("1:", False), ("a:b:c", True), ("1:b", False),
        ("./1:b", True), ("/a//b", True), ("///a", True), ("a\u0416b", True),
        ("<>\"{}|\\\\^`", True),
        ("http://h\\a", True), ("a\tb", True), ("\x7f", True), ("\u00a0", True), ("\u2028", True),
    ],
)  # fmt: skip
def test_the_cases(text: str, fits: bool) -> None:
    assert is_uri(text) is fits
    assert judged(text) is fits


@given(odd_uris())
def test_it_is_what_libxml2_judges(text: str) -> None:
    if can_be_written(text):
        assert is_uri(text) is judged(text)


def test_what_is_no_uri_is_not_sent_on_soap() -> None:
    message = GetDiagnosticsRequest(location="[")
    with pytest.raises(InvalidMessage) as raised:
        codec.encode(message, CHARGE_POINT)
    assert (raised.value.path, raised.value.kind) == ("/location", ConstraintKind.TYPE)
    assert str(raised.value) == "GetDiagnosticsRequest at /location: is '[', no URI on SOAP"


def test_a_peer_may_send_what_is_none() -> None:
    text = codec.encode(GetDiagnosticsRequest(location="x"), CHARGE_POINT).replace(">x<", ">[<")
    assert codec.decode(GetDiagnosticsRequest, text) == GetDiagnosticsRequest(location="[")
