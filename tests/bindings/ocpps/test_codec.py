"""OCPP-S codec: elements to objects and back, by both paths, as the schema has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocpp16 import datatypes, enums, messages
from ocpp16.bindings.ocppj import codec as json_codec
from ocpp16.bindings.ocpps import codec
from ocpp16.bindings.ocpps.envelope import CENTRAL_SYSTEM, CHARGE_POINT
from ocpp16.errors import ConstraintError, ConstraintKind, InvalidMessage
from ocpp16.settings import Leniency
from ocpp16.structure import Structure, deviations
from tests.bindings.ocpps.elements import CASES, every_fault, full_element, services
from tests.strategies import full_payload, odd_uris
from tests.strategies import messages as messages_of

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parent.parent.parent.parent
XSD = "{http://www.w3.org/2001/XMLSchema}schema"
FILES = {
    CENTRAL_SYSTEM: "OCPP_CentralSystemService_1.6.wsdl",
    CHARGE_POINT: "OCPP_ChargePointService_1.6.wsdl",
}


@cache
def schema(folder: Path, namespace: str) -> Any:
    wsdl = etree.parse(folder / FILES[namespace])
    (element,) = wsdl.iter(XSD)
    return etree.XMLSchema(etree.fromstring(etree.tostring(element)))


def reread(element: Any) -> Any:
    """Return what a peer would read: of a text that we write, or of a tree."""
    return etree.fromstring(element if isinstance(element, str) else etree.tostring(element))


def ids(case: tuple[type[Structure], str]) -> str:
    return f"{case[0].__name__}-{case[1][11:13]}"


any_case = st.sampled_from(CASES).flatmap(
    lambda case: st.tuples(messages_of(case[0], soap=True), st.just(case[1]))
)


@given(any_case)
def test_object_to_xml_to_object_is_the_identity(case: tuple[Structure, str]) -> None:
    message, namespace = case
    element = reread(codec.encode(message, namespace))
    for read in (codec.decode, codec.decode_slowly):
        again = read(type(message), element)
        assert again == message
        assert type(again) is type(message)
        assert deviations(again) == ()


@given(any_case)
def test_what_we_emit_passes_our_schema(case: tuple[Structure, str]) -> None:
    message, namespace = case
    schema(ROOT / "wsdl", namespace).assertValid(reread(codec.encode(message, namespace)))


@given(st.data())
def test_what_we_emit_passes_the_official_schema(official: Path, data: Any) -> None:
    message, namespace = data.draw(any_case)
    schema(official / "wsdl", namespace).assertValid(reread(codec.encode(message, namespace)))


URI_CLASSES = [messages.GetDiagnosticsRequest, messages.UpdateFirmwareRequest]


@given(st.data())
def test_odd_uris_pass_the_official_schema_or_are_refused(official: Path, data: Any) -> None:
    cls = data.draw(st.sampled_from(URI_CLASSES))
    uri = data.draw(odd_uris())
    message = attrs.evolve(data.draw(messages_of(cls, soap=True)), location=uri)
    judge = schema(official / "wsdl", CHARGE_POINT)
    plain = reread(codec.encode(attrs.evolve(message, location="x"), CHARGE_POINT))
    plain.find(f"{{{CHARGE_POINT}}}location").text = uri
    if judge.validate(plain):
        element = reread(codec.encode(message, CHARGE_POINT))
        judge.assertValid(element)
        assert codec.decode(cls, element) == message
    else:
        with pytest.raises(InvalidMessage) as raised:
            codec.encode(message, CHARGE_POINT)
        assert (raised.value.path, raised.value.kind) == ("/location", ConstraintKind.TYPE)


@given(any_case)
def test_the_two_wires_give_equal_objects_for_the_same_facts(case: tuple[Structure, str]) -> None:
    message, namespace = case
    by_json = json_codec.decode(type(message), json_codec.encode(message))
    by_soap = codec.decode(type(message), reread(codec.encode(message, namespace)))
    assert by_json == by_soap


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_same_full_message_on_both_wires(case: tuple[type[Structure], str]) -> None:
    cls, namespace = case
    payload = json.dumps(full_payload(cls.SPEC)).encode()
    assert codec.decode(cls, full_element(cls, namespace)) == json_codec.decode(cls, payload)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_elements_are_read_in_any_order(case: tuple[type[Structure], str]) -> None:
    cls, namespace = case
    element = full_element(cls, namespace)
    expected = codec.decode(cls, element)
    for parent in element.iter():
        # Fields change places, the items of a list do not.
        parent[:] = sorted(parent, key=lambda child: child.tag)
    for read in (codec.decode, codec.decode_slowly):
        assert read(cls, element) == expected


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_one_fault_gives_its_code_and_its_path(case: tuple[type[Structure], str]) -> None:
    cls, namespace = case
    count = 0
    for broken in every_fault(cls, namespace):
        with pytest.raises(ConstraintError) as raised:
            codec.decode(cls, reread(broken.element))
        found = (raised.value.path, raised.value.kind.code.value)
        text = etree.tostring(broken.element)[:400]
        assert found == (broken.path, broken.code), (broken.fault, text)
        count += 1
    assert count >= 4


def test_meter_values_without_a_meter_value_have_an_empty_list() -> None:
    element: Any = etree.Element(f"{{{CENTRAL_SYSTEM}}}meterValuesRequest")
    etree.SubElement(element, f"{{{CENTRAL_SYSTEM}}}connectorId").text = "1"
    expected = messages.MeterValuesRequest(connector_id=1, meter_value=[])
    for read in (codec.decode, codec.decode_slowly):
        assert read(messages.MeterValuesRequest, element) == expected
    assert codec.decode(type(expected), codec.encode(expected, CENTRAL_SYSTEM)) == expected


def test_celsius_has_one_spelling_here() -> None:
    value = datatypes.SampledValue(value="21", unit=enums.UnitOfMeasure.CELSIUS)
    meter = datatypes.MeterValue(timestamp=NOW, sampled_value=[value])
    message = messages.MeterValuesRequest(connector_id=1, meter_value=[meter])
    text = codec.encode(message, CENTRAL_SYSTEM)
    assert ">Celsius<" in text
    with pytest.raises(ConstraintError) as raised:
        codec.decode(type(message), text.replace("Celsius", "Celcius"))
    assert raised.value.kind is ConstraintKind.ENUM


@pytest.mark.parametrize(
    ("message", "namespace", "path", "kind"),
    [
        (messages.RemoteStopTransactionRequest(transaction_id=2**31), CHARGE_POINT,
         "/transactionId", ConstraintKind.RANGE),
        (messages.AuthorizeRequest(id_tag="a\x00b"), CENTRAL_SYSTEM, "/idTag", ConstraintKind.TYPE),
        (messages.AuthorizeRequest(id_tag="a\x1bb"), CENTRAL_SYSTEM, "/idTag", ConstraintKind.TYPE),
        (messages.MeterValuesRequest(connector_id=1, meter_value=[
            datatypes.MeterValue(timestamp=NOW, sampled_value=[])]), CENTRAL_SYSTEM,
         "/meterValue/0/sampledValue", ConstraintKind.ITEMS),
        (messages.GetConfigurationResponse(unknown_key=["a", "\x07"]), CHARGE_POINT,
         "/unknownKey/1", ConstraintKind.TYPE),
        (messages.AuthorizeRequest(id_tag="a"), CHARGE_POINT, "", ConstraintKind.SHAPE),
        (messages.SignCertificateRequest(csr="x"), CENTRAL_SYSTEM, "", ConstraintKind.SHAPE),
    ],
)  # fmt: skip
def test_what_soap_cannot_carry_is_an_error_of_its_encoder(
    message: Structure, namespace: str, path: str, kind: ConstraintKind
) -> None:
    with pytest.raises(InvalidMessage) as raised:
        codec.encode(message, namespace)
    assert (raised.value.path, raised.value.kind) == (path, kind)


@pytest.mark.parametrize(
    ("text", "value"),
    [("16", 16.0), ("+16.0", 16.0), (" 16.50 ", 16.5), (".5", 0.5), ("-0", 0.0), ("007", 7.0)],
)
def test_decimals_are_judged_by_value(text: str, value: float) -> None:
    element = full_element(messages.GetCompositeScheduleResponse, CHARGE_POINT)
    for child in element.iter(f"{{{CHARGE_POINT}}}minChargingRate"):
        child.text = text
    message = codec.decode(messages.GetCompositeScheduleResponse, element)
    assert message.charging_schedule is not None
    assert message.charging_schedule.min_charging_rate == value


def test_numbers_are_written_without_an_exponent() -> None:
    period = datatypes.ChargingSchedulePeriod(start_period=0, limit=8.0e14)
    schedule = datatypes.ChargingSchedule(
        charging_rate_unit=enums.ChargingRateUnitType.W, charging_schedule_period=[period]
    )
    message = messages.GetCompositeScheduleResponse(
        status=enums.GetCompositeScheduleStatus.ACCEPTED, charging_schedule=schedule
    )
    assert ">800000000000000<" in codec.encode(message, CHARGE_POINT)


# Leniency


def lenient(change: Any, *kinds: Leniency) -> tuple[Any, list[tuple[str, str]]]:
    element = full_element(messages.StatusNotificationRequest, CENTRAL_SYSTEM)
    change({etree.QName(child).localname: child for child in element}, element)
    message = codec.decode(messages.StatusNotificationRequest, reread(element), frozenset(kinds))
    return message, [(found.kind, found.path) for found in deviations(message)]


def test_leniency_reads_what_the_field_sends() -> None:
    def unknown(fields: Any, element: Any) -> None:
        etree.SubElement(element, f"{{{CENTRAL_SYSTEM}}}extra").text = "x"

    def nil(fields: Any, element: Any) -> None:
        fields["info"].set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
        fields["info"].text = None

    def long(fields: Any, element: Any) -> None:
        fields["info"].text = "x" * 60

    def naive(fields: Any, element: Any) -> None:
        fields["timestamp"].text = "2024-01-01T00:00:00"

    def odd(fields: Any, element: Any) -> None:
        fields["errorCode"].text = "Error"

    cases = [
        (unknown, Leniency.UNKNOWN_FIELDS, "/extra"),
        (nil, Leniency.NULL_AS_ABSENT, "/info"),
        (long, Leniency.OVER_LENGTH, "/info"),
        (naive, Leniency.NAIVE_TIMESTAMPS, "/timestamp"),
        (odd, Leniency.UNKNOWN_ENUM, "/errorCode"),
    ]
    for change, kind, path in cases:
        with pytest.raises(ConstraintError):
            lenient(change)
        _, found = lenient(change, kind)
        assert found == [(kind.value, path)]


def test_every_message_of_both_services_is_covered() -> None:
    assert len(CASES) == 58
    assert sorted({service for cls, _ in CASES for service in services(cls)}) == [
        CHARGE_POINT, CENTRAL_SYSTEM,
    ]  # fmt: skip


def test_what_a_lenient_reader_built_does_not_leave() -> None:
    tag = f"<a:idTag>{'x' * 21}</a:idTag>"
    text = f'<a:authorizeRequest xmlns:a="{CENTRAL_SYSTEM}">{tag}</a:authorizeRequest>'
    lenient = frozenset({Leniency.OVER_LENGTH})
    message = codec.decode(messages.AuthorizeRequest, reread(text), lenient)
    assert message.id_tag == "x" * 21
    with pytest.raises(InvalidMessage) as caught:
        codec.encode(message, CENTRAL_SYSTEM)
    assert caught.value.path == "/idTag"
