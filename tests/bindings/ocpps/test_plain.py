"""Envelopes read without a parser mean what the parser reads, or are left to it."""

from __future__ import annotations

import re
import sys
import threading
from typing import Any
from xml.etree.ElementTree import Element

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16 import catalog
from ocpp16.bindings.ocpps import codec, plain
from ocpp16.bindings.ocpps.envelope import SOAP, WSA, SoapEnvelope, read, read_tree
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.bindings.ocpps.plain import PlainBody
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

HEADERS = [each.name for each in attrs.fields(SoapEnvelope) if each.name not in {"body", "fault"}]
BOOT = BootNotificationRequest(charge_point_vendor="v", charge_point_model="m", iccid="\u0416 x")


def forget() -> None:
    plain._STYLES.clear()


def written(message: Structure, namespace: str) -> bytes:
    """Return the envelope of a message of ours."""
    side = side_of(namespace)
    action = catalog.action_of(type(message))
    if isinstance(message, action.request):
        sender = end(side.other, "CP 1", from_address="http://10.0.0.1/?a=b", to="http://x/")
        return sender.frame(Call("urn:uuid:1", action.name, sender.encode(message)))
    sender = end(side, "CP 1")
    return sender.frame(CallResult("urn:uuid:1", sender.encode(message), action.name))


def renamed(frame: bytes, number: int) -> bytes:
    """Return an envelope with another prefix for SOAP."""
    text = frame.decode().replace("xmlns:s=", f"xmlns:s{number}=")
    return text.replace("<s:", f"<s{number}:").replace("</s:", f"</s{number}:").encode()


def reading(how: Any, data: bytes) -> SoapEnvelope | str:
    """Return the envelope, or why it is refused."""
    try:
        found: SoapEnvelope = how(data)
    except EnvelopeFault as fault:
        return fault.description
    return found


def check_same(data: bytes) -> bool:
    """Check that an envelope is read as the parser reads it; tell whether no parser was needed."""
    quick = reading(read, data)
    slow = reading(read_tree, data)
    if not isinstance(quick, SoapEnvelope) or not isinstance(slow, SoapEnvelope):
        assert quick == slow
        return False
    for name in HEADERS:
        assert getattr(quick, name) == getattr(slow, name), name
    assert quick.fault == slow.fault
    body: Any = quick.body
    if not isinstance(body, PlainBody):
        return False
    message = codec.decode(type(body.message), body)
    assert isinstance(slow.body, Element)
    assert codec.decode_slowly(type(message), slow.body) == message
    return True


@given(st.sampled_from(CASES).flatmap(
    lambda case: st.tuples(messages_of(case[0], soap=True), st.just(case[1]))
))  # fmt: skip
def test_what_we_write(case: tuple[Structure, str]) -> None:
    data = written(*case)
    # Twice, since the second is compared with how the first was written.
    assert check_same(data) is check_same(data)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].__name__}-{case[1][11:13]}")
def test_a_full_message_needs_no_parser(case: tuple[type[Structure], str]) -> None:
    cls, namespace = case
    forget()
    data = written(codec.decode(cls, full_element(cls, namespace)), namespace)
    for _ in range(2):
        assert check_same(data)


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


@given(reordered(), reordered())
def test_what_is_reordered(one: bytes, other: bytes) -> None:
    for data in (one, other, *FRAMES[:2]):
        check_same(data)


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


@given(damaged(), damaged())
def test_what_is_damaged(one: bytes, other: bytes) -> None:
    forget()
    for data in (FRAMES[0], one, other, one, *FRAMES[:2], other):
        check_same(data)


@pytest.mark.parametrize("frame", FRAMES)
def test_which_are_plain(frame: bytes) -> None:
    forget()
    assert check_same(frame)
    assert check_same(frame)


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
def test_odd_declarations_are_left_to_the_parser(declared: str, why: str) -> None:
    body = "<c:heartbeatRequest/>"
    data = f"<s:Envelope {declared}><s:Body>{body}</s:Body></s:Envelope>".encode()
    assert not check_same(data), why


NEARLY_PLAIN = {
    "an element beside an empty message": ("<c:authorizeRequest>", "<c:authorizeRequest/>"),
    "text beside an empty message": (AUTHORIZE, "<c:authorizeRequest/>x"),
    "a name that begins with a slash": ("</c:idTag>", "<c:/idTag>"),
    "the same and the prefix again": ("</c:idTag>", "<c:/c:idTag>"),
    "one attribute under two prefixes": (
        "<w:Action>",
        f"<w:Action xmlns:t='{SOAP}' s:mustUnderstand='1' t:mustUnderstand='1'>",
    ),
    "an identity of XInclude": (
        "<c:chargeBoxIdentity>",
        f"<c:chargeBoxIdentity xmlns:c='{XINCLUDE}'>",
    ),
}


@pytest.mark.parametrize("name", NEARLY_PLAIN)
def test_what_is_nearly_plain_is_left_to_the_parser(name: str) -> None:
    old, new = NEARLY_PLAIN[name]
    text = envelope_of(headers(), AUTHORIZE).decode()
    assert old in text
    changed = text.replace(old, new)
    if "beside" in name:
        changed = changed.replace("</c:authorizeRequest>", "")
    forget()
    for _ in range(2):
        assert not check_same(changed.encode())
        assert isinstance(reading(read, changed.encode()), str)
        assert check_same(text.encode())


def test_styles_that_are_remembered_are_few_and_short() -> None:
    forget()
    for number in range(3 * plain.STYLE_LIMIT):
        frame = renamed(envelope_of(), number)
        assert check_same(frame)
    assert len(plain._STYLES) == plain.STYLE_LIMIT
    for number in range(20):
        assert check_same(envelope_of(headers() + " " * number))
    assert max(map(len, plain._STYLES.values())) == 4
    assert check_same(envelope_of(headers() + " " * 5000))
    kept = [style for styles in plain._STYLES.values() for style in styles]
    assert max(style.length for style in kept) < plain.STYLE_LENGTH
    for number in range(3):
        assert check_same(envelope_of(None, PREFIXED.replace(">1<", f">{number}<")))
    assert max(map(len, plain._STYLES)) < plain.STYLE_LENGTH
    assert not any("iccid" in beginning for beginning in plain._STYLES)


def test_threads_may_read_at_once() -> None:
    forget()
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(100):
                frame = renamed(envelope_of(), (number * turn) % 90)
                assert read(frame).message_id == "urn:uuid:1"
        except BaseException as error:  # noqa: BLE001 - handed on
            failed.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert failed == []


def test_a_message_that_breaks_a_rule_is_left_to_the_parser() -> None:
    body = BOOT_BODIES[0].replace(">v<", f">{'v' * 21}<")
    frame = envelope_of(headers(), body)
    assert not check_same(frame)
    found = read(frame).body
    assert isinstance(found, Element)
    with pytest.raises(ConstraintError) as raised:
        codec.decode(BootNotificationRequest, found)
    assert raised.value.path == "/chargePointVendor"


def test_the_addresses_of_headers() -> None:
    address = "<w:From><w:Address> http://a/ </w:Address></w:From>"
    assert read(envelope_of(headers(**{"from": address}))).from_address == "http://a/"
    foreign = "<w:From xmlns:v='urn:v'><v:Address>http://a/</v:Address></w:From>"
    assert not check_same(envelope_of(headers(**{"from": foreign})))
    other = f"<From xmlns='{WSA}'><Address>http://a/</Address></From>"
    assert check_same(envelope_of(headers(**{"from": other})))
