"""What the documentation takes from the code: whole tables, and diagrams of all they are given."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

pytest.importorskip("sphinx", reason="the documentation needs the extra docs")

from docsite import (
    command_page,
    disagreements,
    errors_page,
    fields,
    generated,
    graph,
    key_page,
    layers,
    markdown,
    mermaid,
    settings_page,
    states,
    wire,
)
from docsite.examples import EXCHANGES, IDENTITY
from lxml import etree

from ocpp16 import Settings, datatypes, enums, messages
from ocpp16.apps.attribute_text import attribute_texts
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.bindings.ocpps import OcppS
from ocpp16.catalog import ACTIONS
from ocpp16.enums import RegistrationStatus
from ocpp16.envelope import Call, CallResult
from ocpp16.errors import ConstraintKind, ErrorCode
from ocpp16.spec import Side
from ocpp16.station.configuration_key import KEYS
from ocpp16.structure import Structure
from tests.test_imports import ROWS

pytestmark = pytest.mark.site


def rows(table: str) -> list[list[str]]:
    """Return the cells of a table, its head left out."""
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


def structures() -> Iterator[type[Structure]]:
    for module in (messages, datatypes):
        yield from (getattr(module, name) for name in module.__all__)


# Messages


def test_there_is_an_example_of_every_action() -> None:
    assert set(EXCHANGES) == set(ACTIONS)
    for name, (request, response) in EXCHANGES.items():
        assert type(request) is ACTIONS[name].request
        assert type(response) is ACTIONS[name].response


@pytest.mark.parametrize("name", ACTIONS)
def test_what_is_shown_on_json_is_read_as_what_it_was_made_from(name: str) -> None:
    request, response = EXCHANGES[name]
    call = OcppJ().unframe(wire.json_call(request))
    result = OcppJ().unframe(wire.json_result(response))
    assert isinstance(call, Call)
    assert isinstance(result, CallResult)
    # Laid out: what is between the fields is of no account.
    payloads = [json.dumps(json.loads(one.payload)).encode() for one in (call, result)]
    assert call.action == name
    assert OcppJ().decode(type(request), payloads[0]) == request
    assert OcppJ().decode(type(response), payloads[1]) == response


@pytest.mark.parametrize("name", [name for name, one in ACTIONS.items() if one.soap_services])
def test_what_is_shown_on_soap_is_read_as_what_it_was_made_from(name: str) -> None:
    request, response = EXCHANGES[name]
    sender = next(iter(ACTIONS[name].senders))
    receiver = OcppS(side=sender.other, identity=IDENTITY)
    call = receiver.unframe(wire.soap_call(request, sender))
    result = OcppS(side=sender, identity=IDENTITY).unframe(wire.soap_result(response, sender.other))
    assert isinstance(call, Call)
    assert isinstance(result, CallResult)
    assert receiver.decode(type(request), call.payload) == request
    assert receiver.decode(type(response), result.payload) == response


@pytest.mark.parametrize("cls", list(structures()), ids=lambda cls: cls.__name__)
def test_every_field_has_a_row_and_a_meaning(cls: type[Structure]) -> None:
    found = rows(fields.fields_table(cls))
    assert [row[0] for row in found] == [f"`{f.wire}`<br>`{f.name}`" for f in cls.SPEC.fields]
    assert all(len(row) == 5 and row[4] for row in found)


def test_limits_stand_in_their_column() -> None:
    (row,) = rows(fields.fields_table(messages.AuthorizeRequest))
    assert row[1:4] == ["text", "yes", "at most 20 characters; compared without case"]
    found = {row[0]: row for row in rows(fields.fields_table(datatypes.ChargingSchedule))}
    assert found["`duration`<br>`duration`"][3] == "s"
    periods = found["`chargingSchedulePeriod`<br>`charging_schedule_period`"]
    assert periods[3] == "at least 1 on SOAP"
    (values,) = (row for row in rows(fields.fields_table(messages.MeterValuesRequest))
                 if "meterValue" in row[0])  # fmt: skip
    assert values[2] == "yes; on SOAP no"


def test_another_order_on_soap_is_told() -> None:
    assert "`status`, `expiryDate`, `parentIdTag`" in fields.fields_table(datatypes.IdTagInfo)


def test_units_are_of_fields_that_exist() -> None:
    names = {field.wire for cls in structures() for field in cls.SPEC.fields}
    assert set(fields.UNITS) - names == set()


def test_every_value_of_an_enumeration_has_a_row() -> None:
    for name in enums.__all__:
        cls = getattr(enums, name)
        assert [row[0] for row in rows(fields.values_table(cls))] == [f"`{one}`" for one in cls]


# Errors, keys, settings, commands, contracts


def test_every_situation_has_a_code_on_each_wire() -> None:
    found = rows(errors_page.situations())
    assert len(found) == len(ConstraintKind) + len(errors_page.SITUATIONS)
    missing = [row for row in found if row[0].startswith("A required field")]
    assert missing == [
        ["A required field is missing.", "`OccurenceConstraintViolation`",
         "`Sender` / `ProtocolError`, HTTP&nbsp;400"],
    ]  # fmt: skip
    assert {row[1] for row in rows(errors_page.codes())} and len(rows(errors_page.codes())) == len(
        ErrorCode
    )


def test_the_example_of_an_error_is_what_the_codec_says() -> None:
    text = errors_page.example()
    assert '[4, "' in text
    assert '"OccurenceConstraintViolation", "/chargePointModel: is required' in text
    assert "Sender" in text


def test_an_action_has_the_errors_that_its_fields_can_cause() -> None:
    heartbeat = errors_page.errors_of(ACTIONS["Heartbeat"])
    assert "PropertyConstraintViolation" not in heartbeat
    assert "SecurityError" in heartbeat
    reset = errors_page.errors_of(ACTIONS["Reset"])
    assert "PropertyConstraintViolation" in reset
    assert "SecurityError" not in errors_page.errors_of(ACTIONS["BootNotification"])
    assert "Sender" not in errors_page.errors_of(ACTIONS["GetLog"])


def test_every_key_has_a_row_and_a_meaning() -> None:
    assert set(key_page.MEANINGS) == {key.name for key in KEYS}
    text = key_page.keys()
    assert f"| `{KEYS[0].name}` |" in text
    light = next(row for row in rows(text) if row[0] == "`LightIntensity`")
    assert light[1:3] == ["integer, 0 to 100, %", "RW"]
    beat = next(row for row in rows(text) if row[0] == "`HeartbeatInterval`")
    assert beat[1:3] == ["integer, s", "RW, required"]
    assert beat[3].endswith("Default: `300`.")


def test_every_setting_has_a_row() -> None:
    found = [line.split("`")[1] for line in settings_page.settings().splitlines()
             if line.startswith("| `")]  # fmt: skip
    assert found == [name for name in Settings.__annotations__ if not name.startswith("_")]
    timeout = next(row for row in rows(settings_page.settings()) if row[0] == "`call_timeout`")
    assert timeout[1:3] == ["30", "s (`timedelta`)"]


def test_every_command_and_its_options_are_listed() -> None:
    text = command_page.commands()
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert "## ocpp16 bridge status" in heads
    assert len(set(heads)) == len(heads) >= 13
    assert "| `--output` `text\\|json` | `text` |" in text
    assert "`OCPP16_AUTHORIZATION_KEY`" in text
    assert "--no-version" not in text
    assert "\b" not in text


def test_the_table_of_disagreements_is_that_of_the_overlay() -> None:
    found = rows(disagreements.disagreements())
    assert [row[0] for row in found][:2] == ["`UnitOfMeasure`", "`MeterValuesRequest.meterValue`"]
    assert all(all(cell for cell in row) and len(row) == 7 for row in found)


# Diagrams


def test_a_sequence_is_drawn_with_its_parties_and_messages() -> None:
    drawn = mermaid.draw(
        "d1", "sequenceDiagram\nA->>B: asks\nB-->>A: says\nNote over A,B: <x>", "T"
    )
    root = etree.fromstring(drawn)
    texts = [one.text for one in root.iter("{*}text")]
    assert texts == ["A", "B", "asks", "says", "<x>"]
    assert root.find("{*}svg/{*}title").text == "T"  # type: ignore[union-attr]
    edges = [line.get("class") for line in root.iter("{*}line") if "edge" in line.get("class", "")]
    assert edges == ["edge", "edge answer"]


def test_states_are_drawn_with_every_transition() -> None:
    drawn = mermaid.draw("d1", "stateDiagram-v2\n[*] --> A\nA --> B: go\nB --> A\nB --> [*]", "T")
    root = etree.fromstring(drawn)
    assert len(list(root.iter("{*}circle"))) == 2
    assert len([one for one in root.iter("{*}path") if one.get("class") == "edge"]) == 4
    assert [one.text for one in root.iter("{*}text")] == ["go", "A", "B"]


def test_boxes_of_a_graph_do_not_overlap() -> None:
    names = [f"Stage{number}" for number in range(9)]
    arrows = [graph.Arrow(one, other) for one, other in zip(names, names[2:], strict=False)]
    root = etree.fromstring(graph.draw("d1", dict(zip(names, names, strict=True)), arrows, "T"))
    boxes = [
        [float(one.get(key, "")) for key in ("x", "y", "width", "height")]
        for one in root.iter("{*}rect")
    ]
    assert len(boxes) == 9
    for number, (x, y, width, height) in enumerate(boxes):
        for left, top, wide, high in boxes[:number]:
            assert x + width <= left or left + wide <= x or y + height <= top or top + high <= y


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gantt\nx", "a diagram that begins with 'gantt' is not drawn"),
        ("sequenceDiagram\nloop x", "this line of a sequence is not drawn: loop x"),
        ("stateDiagram-v2\nA -> B", "this line of a state diagram is not drawn: A -> B"),
        ("flowchart TD\nA", "this line of a flow chart is not drawn: A"),
    ],
)
def test_what_cannot_be_drawn_is_told(text: str, reason: str) -> None:
    with pytest.raises(mermaid.NotDrawn) as caught:
        mermaid.draw("d1", text, "T")
    assert str(caught.value) == reason


def test_the_layers_are_those_that_imports_are_judged_by() -> None:
    assert layers.rows() == ROWS
    for names in ROWS:
        for name in names:
            assert f">{name}</text>" in layers.diagram()


def test_registration_is_what_the_charge_point_does() -> None:
    found = {row[0]: row[1:] for row in rows(states.registration_table())}
    assert found == {
        "**Unregistered**": ["yes", "no", "no", "yes", "no", "at once"],
        "**Accepted**": ["yes", "yes", "yes", "yes", "yes", "never"],
        "**Pending**": ["yes", "no", "yes", "yes", "no", "after the interval (300 s)"],
        "**Rejected**": ["no", "no", "no", "no", "no", "after the interval (300 s)"],
    }
    assert len(RegistrationStatus) == 3
    assert states.registration_diagram().count("-->") == 8


# Pages


def test_a_block_is_replaced_by_what_it_names() -> None:
    text = generated.fill("before\n\n```{generated} leniency\n```\n\nafter\n")
    assert text.startswith("before\n\n| Leniency | Effect |")
    assert text.endswith("|\n\nafter\n")
    with pytest.raises(KeyError, match="nothing"):
        generated.fill("```{generated} nothing\n```")


def test_cells_hold_bars_and_line_breaks() -> None:
    assert markdown.table(["A"], [("x | y\n z",)]) == "| A |\n| --- |\n| x \\| y z |\n"


def test_texts_of_attributes_are_found() -> None:
    assert attribute_texts(RegistrationStatus)["ACCEPTED"].startswith("The charge point is")
    assert attribute_texts(Side) == {}
