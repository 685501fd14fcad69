"""Damaged envelopes: refused, or read as another parser reads them; and nothing is remembered."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocpp16 import catalog
from ocpp16.bindings.ocpps import codec
from ocpp16.bindings.ocpps._generated import CODECS
from ocpp16.bindings.ocpps.envelope import SOAP, WSA, SoapEnvelope, read
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.bindings.ocpps.xml import parse
from ocpp16.envelope import Call, CallResult
from ocpp16.errors import ConstraintError
from ocpp16.messages import (
    BootNotificationRequest,
    GetConfigurationResponse,
    MeterValuesRequest,
    SetChargingProfileRequest,
)
from ocpp16.structure import Structure
from tests.bindings.ocpps.elements import CASES, full_element, side_of
from tests.bindings.ocpps.envelopes import CP, CS, end, headers
from tests.bindings.ocpps.envelopes import envelope as envelope_of
from tests.strategies import messages as messages_of

BOOT = BootNotificationRequest(charge_point_vendor="v", charge_point_model="m", iccid="\u0416 x")
NO_URI = {etree.ErrorTypes.WAR_NS_URI, etree.ErrorTypes.WAR_NS_URI_RELATIVE}
CLASSES = {CODECS[namespace, cls].element: cls for cls, namespace in CASES}


def written(message: Structure, namespace: str) -> bytes:
    """Return the envelope of a message of ours."""
    side = side_of(namespace)
    action = catalog.action_of(type(message))
    if isinstance(message, action.request):
        sender = end(side.other, "CP 1", from_address="http://10.0.0.1/?a=b", to="http://x/")
        return sender.frame(Call("urn:uuid:1", action.name, sender.encode(message)))
    sender = end(side, "CP 1")
    return sender.frame(CallResult("urn:uuid:1", sender.encode(message), action.name))


def reading(data: bytes) -> SoapEnvelope | str:
    """Return the envelope, or why it is refused."""
    try:
        return read(data)
    except EnvelopeFault as fault:
        return fault.description


def content(element: Any) -> tuple[object, ...]:
    """Return all that a tree of either parser holds, whatever nodes its texts are made of."""
    texts, children = [element.text or ""], []
    for child in element:
        if isinstance(child.tag, str):
            children.append(content(child))
            texts.append("")
        texts[-1] += child.tail or ""
    return element.tag, sorted(element.items()), texts, children


def decoded(how: Any, cls: type[Structure], body: Element) -> object:
    try:
        return how(cls, body)
    except ConstraintError as error:
        return error.path, error.kind, error.reason


def check(data: bytes) -> bool:
    """Tell whether an envelope is read; check that it is well-formed then, and means the same."""
    found = reading(data)
    if isinstance(found, str):
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    other = etree.fromstring(data, parser)
    # To libxml2 a namespace has to be a URI; "Namespaces in XML 1.0" leaves that unchecked.
    assert [error for error in parser.error_log if error.type not in NO_URI] == []
    assert content(parse(data)) == content(other)
    if found.body is not None:
        cls = CLASSES.get(found.body.tag, BootNotificationRequest)
        one = decoded(codec.decode, cls, found.body)
        assert one == decoded(codec.decode_slowly, cls, found.body)
    return True


@given(st.sampled_from(CASES).flatmap(
    lambda case: st.tuples(messages_of(case[0], soap=True), st.just(case[1]))
))  # fmt: skip
def test_what_we_write(case: tuple[Structure, str]) -> None:
    message, namespace = case
    data = written(message, namespace)
    assert check(data)
    body = read(data).body
    assert body is not None
    assert codec.decode(type(message), body) == message


AUTHORIZE = "<c:authorizeRequest><c:idTag>X</c:idTag></c:authorizeRequest>"
XINCLUDE = "http://www.w3.org/2001/XInclude"
MARKS = [
    *"<>/&'\"=: \t\n\r\0]!?-ax.#0Z{}", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?x ?>",
    "&amp;", "&#65;", " xmlns='urn:x'", " xmlns:s='urn:x'", " xmlns=''", ' a="b"', "s:", "<x/>",
    " s:mustUnderstand='1'", "\ufeff", "\uffff", "\u0416", "\u2028", "\x7f", "\x85", "<s:Body>",
    "</s:Body>", "<s:Header>", "</s:Header>", "<c:iccid>9</c:iccid>", "<w:To>x</w:To>",
    "<w:Action>/BootNotification</w:Action>", f" xmlns:s2='{SOAP}'",
]  # fmt: skip
PREFIXED = (
    "<c:bootNotificationRequest><c:chargePointVendor>v</c:chargePointVendor>"
    "<c:chargePointModel>m</c:chargePointModel><c:iccid>1</c:iccid></c:bootNotificationRequest>"
)
DEFAULT = (
    f"<bootNotificationRequest xmlns='{CS}'>\n <chargePointVendor>v</chargePointVendor>"
    "<chargePointModel>m</chargePointModel>\n</bootNotificationRequest>"
)
OWN = (
    f"<q:statusNotificationRequest xmlns:q='{CS}'><q:connectorId>1</q:connectorId>"
    "<q:status>Available</q:status><q:errorCode>NoError</q:errorCode>"
    "<q:timestamp>2024-02-29T00:00:00Z</q:timestamp></q:statusNotificationRequest>"
)
EMPTY = ["<c:heartbeatRequest/>", "<c:heartbeatRequest> </c:heartbeatRequest>"]
BOOT_BODIES = [PREFIXED, DEFAULT, OWN, *EMPTY]
FRAMES = [
    *(envelope_of(headers(action="<w:Action>/x</w:Action>"), body) for body in BOOT_BODIES),
    *(envelope_of(None, body) for body in BOOT_BODIES[:2]),
    written(BOOT, CS),
    *(
        written(codec.decode(cls, full_element(cls, namespace)), namespace)
        for cls, namespace in [
            (MeterValuesRequest, CS),
            (GetConfigurationResponse, CP),
            (SetChargingProfileRequest, CP),
        ]
    ),
]


SPLIT = re.compile(r"</?(?:[a-z]:)?|/?>|\s[a-z:]+='[^']*'|[^<>\s]+|\s+")
TOKENS = [
    SPLIT.findall(envelope_of(head, AUTHORIZE).decode())
    for head in (headers(action="<w:Action s:mustUnderstand='1'>/Authorize</w:Action>"), None)
]
ODD_TOKENS = [
    *("<c:", "</c:", "<c:/", "<t:", "<", "</", "/>", ">", "/", "c:", "", "x", " ", "\r", "\0"),
    *(f" xmlns:{prefix}='{name}'" for prefix in "cst" for name in (SOAP, WSA, CS, CP, XINCLUDE)),
    *(f" xmlns='{name}'" for name in (SOAP, WSA, CS, "")),
    f" xmlns:t='{SOAP}' t:mustUnderstand='1'", " s:mustUnderstand='1'", " mustUnderstand='1'",
    " s:role='x'", " xml:lang='en'", "<c:idTag>Y</c:idTag>", "<c:authorizeRequest/>", "<!---->",
    "<w:To>x</w:To>", "<w:To/>", "<s:Header>", "</s:Header>", "<s:Body>", "</s:Body>",
    "Header", "Body", "From", "Address", "CHARGEBOXIDENTITY", "idTag", "heartbeatRequest",
]  # fmt: skip


@st.composite
def reordered(draw: Any) -> bytes:
    """An envelope in which a few of its tokens were replaced, dropped or put elsewhere."""
    tokens = draw(st.sampled_from(TOKENS))[:]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(tokens)))
        size = draw(st.sampled_from([0, 0, 1, 1, 3]))
        other = draw(st.integers(0, len(tokens)))
        more = draw(
            st.sampled_from(ODD_TOKENS).map(lambda one: [one]) | st.just(tokens[other:][:4])
        )
        tokens[at : at + size] = more
    return "".join(tokens).encode()


@given(reordered())
def test_what_is_reordered(data: bytes) -> None:
    check(data)


@st.composite
def damaged(draw: Any) -> bytes:
    """An envelope in which a few things were put, dropped, or put elsewhere."""
    text: str = draw(st.sampled_from(FRAMES)).decode()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        size = draw(st.sampled_from([0, 0, 0, 1, 2, 5, 30]))
        other = draw(st.integers(0, len(text)))
        insert = draw(st.sampled_from([*MARKS, "", text[other : other + 25]]))
        text = text[:at] + insert + text[at + size :]
    return text.encode()


@given(damaged())
def test_what_is_damaged(data: bytes) -> None:
    check(data)


@pytest.mark.parametrize("frame", FRAMES)
def test_which_are_sound(frame: bytes) -> None:
    assert check(frame)


ODD_ROOTS = [
    ("xmlns:s='urn:x'", "another namespace"),
    (f"xmlns:s='{SOAP}' xmlns:c='urn:x'", "the message in another"),
    (f"xmlns:s='{SOAP}' xmlns:c='{CS}' xmlns:c='{CS}'", "twice"),
    (f"xmlns:s='{SOAP}' xmlns:xml='urn:x' xmlns:c='{CS}'", "a reserved prefix"),
    (f"xmlns:s='{SOAP}' xmlns:c='{CS}' xmlns:d='http://www.w3.org/2000/xmlns/'", "reserved"),
    (f"xmlns:s='{SOAP}' xmlns:c='{CS}' xmlns:d=''", "a prefix without a namespace"),
    (f"xmlns:s='{SOAP}' xmlns:c='{CS}' a='b'", "an attribute"),
    (f"xmlns:s='{SOAP}' xmlns:c='urn://Ocpp/Cs/2015/1&#48;/'", "a reference"),
]


@pytest.mark.parametrize(("declared", "why"), ODD_ROOTS)
def test_odd_declarations(declared: str, why: str) -> None:
    body = "<c:heartbeatRequest/>"
    data = f"<s:Envelope {declared}><s:Body>{body}</s:Body></s:Envelope>".encode()
    assert check(data) is (why in {"the message in another", "an attribute", "a reference"}), why


NOT_WELL_FORMED = "is not well-formed XML"
MALFORMED = {
    "an element beside an empty message": (
        "<c:authorizeRequest>", "<c:authorizeRequest/>", "the body has more than one element",
    ),
    "text beside an empty message": (
        AUTHORIZE[:-len("</c:authorizeRequest>")], "<c:authorizeRequest/>x", "the body holds text",
    ),
    "a name that begins with a slash": ("</c:idTag>", "<c:/idTag>", NOT_WELL_FORMED),
    "the same and the prefix again": ("</c:idTag>", "<c:/c:idTag>", NOT_WELL_FORMED),
    "one attribute under two prefixes": (
        "<w:Action>",
        f"<w:Action xmlns:t='{SOAP}' s:mustUnderstand='1' t:mustUnderstand='1'>",
        NOT_WELL_FORMED,
    ),
    "an identity of XInclude": (
        "<c:chargeBoxIdentity>",
        f"<c:chargeBoxIdentity xmlns:c='{XINCLUDE}'>",
        "XInclude is not allowed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_nearly_sound_is_refused_after_a_sound_one_as_well(name: str) -> None:
    old, new, reason = MALFORMED[name]
    text = envelope_of(headers(), AUTHORIZE).decode()
    assert old in text
    changed = text.replace(old, new)
    if "beside" in name:
        changed = changed.replace("</c:authorizeRequest>", "")
    for _ in range(2):
        refused = reading(changed.encode())
        assert isinstance(refused, str)
        assert refused.startswith(reason)
        assert check(text.encode())


def test_the_addresses_of_headers() -> None:
    address = "<w:From><w:Address> http://a/ </w:Address></w:From>"
    assert read(envelope_of(headers(**{"from": address}))).from_address == "http://a/"
    foreign = "<w:From xmlns:v='urn:v'><v:Address>http://a/</v:Address></w:From>"
    assert read(envelope_of(headers(**{"from": foreign}))).from_address is None
    other = f"<From xmlns='{WSA}'><Address>http://a/</Address></From>"
    assert read(envelope_of(headers(**{"from": other}))).from_address == "http://a/"
