"""The two paths of the SOAP codec say the same of anything that may stand in an element."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocpp16 import messages
from ocpp16.bindings.ocpps import codec
from ocpp16.bindings.ocpps.envelope import CENTRAL_SYSTEM, CHARGE_POINT
from ocpp16.bindings.ocpps.xml import parse
from ocpp16.errors import ConstraintError, ConstraintKind
from ocpp16.settings import STRICT, Leniency
from ocpp16.structure import Structure, deviations
from tests.bindings.ocpps.elements import CASES, full_element
from tests.strategies import messages as messages_of

TEXTS = [
    "", " ", "x", "0", "-0", "+1", "-1", " 1 ", "01", "1.", ".5", "1.5", "-1.50", "1.55", "1e3",
    "- 1", "--1", "1-", "9" * 9, "9" * 10, "2147483647", "2147483648", "-2147483648", "-2147483649",
    "9" * 30, "1" + "0" * 14 + ".5", "900000000000000.1", "NaN", "INF", "0x1", "1_0", "\u0661",
    "\u00b2", "true", "false", "1", "True", " true\n", "Accepted", "accepted", " Accepted",
    "Celcius",
    "2024-02-29T12:30:45Z", "2024-02-29T12:30:45.1Z", "2024-02-29T12:30:45.123456Z",
    "2024-02-29T12:30:45.1234567Z", "2024-02-29T12:30:45.Z", "2024-02-29T12:30:45,5Z",
    "2024-02-29T12:30:45.000000000Z", "2024-02-29T12:30:45+01:00", "2024-02-29T12:30:45-00:00",
    "2024-W09-4T12:30:45Z", "2024-060T12:30:45Z", "20240229T123045Z", "2024-02-29 12:30:45Z",
    "2024-02-29t12:30:45z", "2024-02-30T12:30:45Z", "2024-02-29T24:00:00Z", "2024-02-29T12:30:60Z",
    "2024-12-31T23:59:60Z", "2024-02-29T12:30:45", "2024-02-29T12:30Z", "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.9999999Z", " 2024-02-29T12:30:45Z ",
    "2024-02-29T12:30:45ZZ", "12024-02-29T12:30:45Z", "x" * 20, "x" * 21, "x" * 51, "x" * 501,
    "a\r\n\tb", " both ends ", "\u0416" * 20, "\U0001f50c", "]]>", "<b>&amp;",
]  # fmt: skip


def outcome(read: Any, cls: type[Structure], element: Any, leniency: frozenset[Leniency]) -> object:
    try:
        message = read(cls, element, leniency)
    except ConstraintError as error:
        return error.path, error.kind, error.reason
    return message, deviations(message)


def same(cls: type[Structure], element: Any, leniency: frozenset[Leniency] = STRICT) -> object:
    if isinstance(element, etree._Element):
        element = parse(etree.tostring(element, with_tail=False))
    fast = outcome(codec.decode, cls, element, leniency)
    assert fast == outcome(codec.decode_slowly, cls, element, leniency)
    return fast


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_in_any_element(text: str) -> None:
    for cls, namespace in CASES:
        element = full_element(cls, namespace)
        for child in element.iter():
            if not len(child) and child is not element:
                before, child.text = child.text, text
                same(cls, element)
                child.text = before


@given(st.sampled_from(CASES), st.data())
def test_any_change_of_any_message(case: tuple[type[Structure], str], data: Any) -> None:
    cls, namespace = case
    element = full_element(cls, namespace)
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(element.iter())
        place = places[data.draw(st.integers(0, len(places) - 1))]
        match data.draw(st.sampled_from(["text", "tail", "tag", "attribute", "child", "remove"])):
            case "text":
                place.text = data.draw(st.sampled_from(TEXTS))
            case "tail":
                place.tail = data.draw(st.sampled_from(["x", " ", "\n", "\u00a0"]))
            case "tag":
                tags = ["x", "{urn:x}y", "status", f"{{{namespace}}}status", places[-1].tag]
                place.tag = data.draw(st.sampled_from(tags))
            case "attribute":
                names = ["x", "{http://www.w3.org/2001/XMLSchema-instance}nil",
                         "{http://www.w3.org/2001/XMLSchema-instance}type"]  # fmt: skip
                place.set(data.draw(st.sampled_from(names)), data.draw(st.sampled_from(TEXTS[:3])))
            case "child":
                etree.SubElement(place, places[-1].tag).text = "x"
            case _:
                if place is not element and place.getparent() is not None:
                    place.getparent().remove(place)
    leniency = data.draw(st.frozensets(st.sampled_from(list(Leniency))))
    same(cls, element, leniency)


def element_of(text: str, namespace: str = CENTRAL_SYSTEM) -> Any:
    return parse(text.replace("<", f"<x xmlns='{namespace}'><", 1).encode() + b"</x>")[0]


def test_children_without_the_namespace_are_unknown() -> None:
    text = "<authorizeRequest><idTag xmlns=''>x</idTag></authorizeRequest>"
    assert same(messages.AuthorizeRequest, element_of(text)) == (
        "/{}idTag", ConstraintKind.UNKNOWN_FIELD, "'{}idTag' is not a field of AuthorizeRequest",
    )  # fmt: skip
    text = text.replace("''", "'urn:x'")
    assert same(messages.AuthorizeRequest, element_of(text)) == (
        "/{urn:x}idTag", ConstraintKind.UNKNOWN_FIELD,
        "'{urn:x}idTag' is not a field of AuthorizeRequest",
    )  # fmt: skip


@pytest.mark.parametrize("number", ["<![CDATA[]]>", "<!-- -->", "", "<![CDATA[ ]]>"])
def test_a_number_that_is_no_text_at_all(number: str) -> None:
    text = f"<unlockConnectorRequest><connectorId>{number}</connectorId></unlockConnectorRequest>"
    element = element_of(text, CHARGE_POINT)
    for read in (codec.decode, codec.decode_slowly):
        with pytest.raises(ConstraintError) as raised:
            read(messages.UnlockConnectorRequest, element)
        assert (raised.value.path, raised.value.kind) == ("/connectorId", ConstraintKind.TYPE)


def test_text_comes_back_with_all_its_space() -> None:
    for text in ("a\rb", "a\r\nb", "\ta\n", " ", "\u0085\u2028", "]]>", "<&>\"'"):
        message = messages.AuthorizeRequest(id_tag=text)
        element = parse(codec.encode(message, CENTRAL_SYSTEM).encode())
        assert codec.decode(messages.AuthorizeRequest, element) == message


def test_a_naive_timestamp_may_have_space_around_it() -> None:
    text = (
        "<heartbeatResponse><currentTime> 2024-01-01T00:00:00\n</currentTime></heartbeatResponse>"
    )
    element = element_of(text)
    with pytest.raises(ConstraintError):
        codec.decode(messages.HeartbeatResponse, element)
    leniency = frozenset({Leniency.NAIVE_TIMESTAMPS})
    message = codec.decode(messages.HeartbeatResponse, element, leniency)
    assert message.current_time.isoformat() == "2024-01-01T00:00:00+00:00"


def test_the_fingerprint_is_of_content_and_not_of_prefixes() -> None:
    body = "<{p}authorizeRequest xmlns{q}='{n}'><{p}idTag>{t}</{p}idTag></{p}authorizeRequest>"

    def of(**parts: str) -> bytes:
        return codec.fingerprint(parse(body.format(**parts).encode()))

    plain = of(p="", q="", n=CENTRAL_SYSTEM, t="x")
    outer = (
        f"<s xmlns='{CENTRAL_SYSTEM}' xmlns:y='urn:y'>\n<authorizeRequest><!-- --><idTag>"
        "<![CDATA[x]]></idTag></authorizeRequest>\n</s>"
    )
    assert codec.fingerprint(parse(outer.encode())[0]) == plain
    assert of(p="", q="", n=CENTRAL_SYSTEM, t="y") != plain
    assert of(p="", q="", n=CHARGE_POINT, t="x") != plain
    assert of(p="c:", q=":c", n=CENTRAL_SYSTEM, t="x") == plain


SAME = {
    "a": "<a xmlns='urn:x' p='1' q='2'><b>x<![CDATA[ ]]>&amp;</b><c/></a>",
    "prefixes": "<n:a xmlns:n='urn:x' p='1' q='2'><n:b>x &amp;</n:b><n:c/></n:a>",
    "attributes": """<a q="2" xmlns='urn:x' p="&#49;"><b>x &#38;</b><c></c></a>""",
    "space": "<a xmlns='urn:x' p='1' q='2' >\n\t<b >x &amp;</b >\r\n <c />\n</a >",
    "comments": "<a xmlns='urn:x' p='1' q='2'><!-- --><b>x <!-- x -->&amp;</b><?x ?><c/></a>",
}
OTHER = {
    "space in a text": "<a xmlns='urn:x' p='1' q='2'><b> x &amp;</b><c/></a>",
    "a text that is space": "<a xmlns='urn:x' p='1' q='2'><b>x &amp;</b><c> </c></a>",
    "text between": "<a xmlns='urn:x' p='1' q='2'><b>x &amp;</b>y<c/></a>",
    "text before": "<a xmlns='urn:x' p='1' q='2'>y<b>x &amp;</b><c/></a>",
    "an order": "<a xmlns='urn:x' p='1' q='2'><c/><b>x &amp;</b></a>",
    "a depth": "<a xmlns='urn:x' p='1' q='2'><b>x &amp;<c/></b></a>",
    "an attribute": "<a xmlns='urn:x' p='1' q='3'><b>x &amp;</b><c/></a>",
    "a place of an attribute": "<a xmlns='urn:x' p='1'><b q='2'>x &amp;</b><c/></a>",
    "a namespace": "<a xmlns='urn:x' p='1' q='2'><b xmlns='urn:y'>x &amp;</b><c/></a>",
}


def test_one_content_has_one_fingerprint() -> None:
    prints = {name: codec.fingerprint(parse(text.encode())) for name, text in SAME.items()}
    assert set(prints.values()) == {prints["a"]}
    others = {codec.fingerprint(parse(text.encode())) for text in OTHER.values()}
    assert len(others | {prints["a"]}) == len(OTHER) + 1


def test_an_empty_message_has_one_fingerprint() -> None:
    texts = ["<a xmlns='x'/>", "<a xmlns='x'></a>", "<p:a xmlns:p='x'>\n</p:a>"]
    assert len({codec.fingerprint(parse(text.encode())) for text in texts}) == 1


@given(st.sampled_from(CASES), st.data())
def test_the_fingerprint_of_what_comes_back_is_that_of_what_left(case: Any, data: Any) -> None:
    cls, namespace = case
    written = codec.encode(data.draw(messages_of(cls, soap=True)), namespace)
    assert codec.fingerprint(parse(written.encode())) == codec.fingerprint(written)
    again = etree.tostring(etree.fromstring(written.encode()), method="c14n")
    assert codec.fingerprint(parse(again)) == codec.fingerprint(written)


# What an element is called


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        (
            f"{{{CENTRAL_SYSTEM}}}heartbeatRequest",
            f"is 'heartbeatRequest' of '{CENTRAL_SYSTEM}', due is authorizeRequest",
        ),
        (
            f"{{{CENTRAL_SYSTEM}}}AuthorizeRequest",
            f"is 'AuthorizeRequest' of '{CENTRAL_SYSTEM}', due is authorizeRequest",
        ),
        (
            f"{{{CHARGE_POINT}}}authorizeRequest",
            f"is 'authorizeRequest' of '{CHARGE_POINT}', due is no message of SOAP",
        ),
        ("authorizeRequest", "is 'authorizeRequest' of '', due is no message of SOAP"),
        ("{urn:x}authorizeRequest", "is 'authorizeRequest' of 'urn:x', due is no message of SOAP"),
    ],
)
def test_another_element_is_no_message_of_this_class(tag: str, reason: str) -> None:
    element = etree.Element(tag)
    etree.SubElement(element, f"{{{CENTRAL_SYSTEM}}}idTag").text = "x"
    assert same(messages.AuthorizeRequest, element) == ("", ConstraintKind.SHAPE, reason)


def test_a_value_is_never_dropped_because_it_says_that_it_is_null() -> None:
    leniency = frozenset({Leniency.NULL_AS_ABSENT})
    nil = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'"

    def of(info: str) -> object:
        text = (
            "<statusNotificationRequest><connectorId>1</connectorId><status>Available</status>"
            f"<errorCode>NoError</errorCode>{info}</statusNotificationRequest>"
        )
        return same(messages.StatusNotificationRequest, element_of(text), leniency)

    absent = of("")
    for empty in (f"<info {nil}/>", f"<info {nil}></info>"):
        found: Any = of(empty)
        assert found[0] == absent[0]  # type: ignore[index]
        assert [each.path for each in found[1]] == ["/info"]
    for full in (f"<info {nil}>x</info>", f"<info {nil}><x/></info>"):
        reason = "says that it is null, and holds something"
        assert of(full) == ("/info", ConstraintKind.TYPE, reason)


def test_an_item_that_says_that_it_is_null() -> None:
    nil = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='1'"
    text = f"<getConfigurationResponse><unknownKey {nil}/></getConfigurationResponse>"
    found = same(messages.GetConfigurationResponse, element_of(text, CHARGE_POINT))
    assert found == ("/unknownKey/0", ConstraintKind.TYPE, "is null")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0" * 60 + "7", 7),
        ("-" + "0" * 5000 + "12", -12),
        ("+00", 0),
        ("0" * 30 + "2147483647", 2**31 - 1),
    ],
)
def test_leading_zeros_change_no_number(text: str, value: int) -> None:
    body = f"<unlockConnectorRequest><connectorId>{text}</connectorId></unlockConnectorRequest>"
    found: Any = same(messages.UnlockConnectorRequest, element_of(body, CHARGE_POINT))
    assert found[0] == messages.UnlockConnectorRequest(connector_id=value)
    large = body.replace(text, f"{text}1{'0' * 12}")
    found = same(messages.UnlockConnectorRequest, element_of(large, CHARGE_POINT))
    assert found[:2] == ("/connectorId", ConstraintKind.RANGE)


def test_zeros_around_a_decimal_change_nothing() -> None:
    element = full_element(messages.GetCompositeScheduleResponse, CHARGE_POINT)
    for child in element.iter(f"{{{CHARGE_POINT}}}minChargingRate"):
        child.text = "-" + "0" * 500 + "16.5" + "0" * 500
    found: Any = same(messages.GetCompositeScheduleResponse, element)
    assert found[0].charging_schedule.min_charging_rate == -16.5
