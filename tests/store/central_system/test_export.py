"""Files for billing."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import Connection

from ocpp16.enums import Measurand, Phase, Reason, UnitOfMeasure
from ocpp16.store.central_system import export, id_tag, transaction
from tests.store.central_system.books import NOON, Books, at, start, stop, tag, value, values


def fill(books: Books) -> tuple[int, int]:
    books.do(id_tag.put_id_tag, tag("A", parent_id_tag="G"))
    numbers = []
    for number, text in enumerate(["A", "=1+1"]):
        request = start(text, connector=number + 1, minutes=number, reservation_id=None)
        began = books.do(transaction.start, f"CP{number}", request, now=NOON)
        numbers.append(began.response.transaction_id)
    found = values(
        value("0.2", unit=UnitOfMeasure.KWH, minutes=15),
        value("-3", measurand=Measurand.VOLTAGE, phase=Phase.L1, minutes=16),
        transaction=numbers[0],
    )
    books.do(transaction.note_meter_values, "CP0", found, now=NOON)
    end = stop(numbers[0], id_tag="a", reason=Reason.REMOTE)
    books.do(transaction.stop, "CP0", end, now=NOON)
    return numbers[0], numbers[1]


def test_transactions_as_csv(books: Books) -> None:
    first, second = fill(books)

    def write(connection: Connection) -> tuple[int, str]:
        file = io.StringIO(newline="")
        rows = export.transaction_rows(connection)
        return export.write_csv(rows, export.TRANSACTION_COLUMNS, file), file.getvalue()

    count, text = books.ask(write)
    assert count == 2
    assert list(csv.reader(io.StringIO(text))) == [
        list(export.TRANSACTION_COLUMNS),
        [str(first), "CP0", "1", "A", "Accepted", "G", "2026-01-01T12:00:00Z",
         "2026-01-01T13:00:00Z", "100", "500", "400", "Remote", "a", ""],
        # What a spreadsheet would run is a text.
        [str(second), "CP1", "2", "'=1+1", "Invalid", "", "2026-01-01T12:01:00Z",
         "", "100", "", "", "", "", ""],
    ]  # fmt: skip


def test_meter_values_as_csv(books: Books) -> None:
    first, _ = fill(books)

    def write(connection: Connection) -> str:
        file = io.StringIO(newline="")
        rows = export.meter_value_rows(connection)
        assert export.write_csv(rows, export.METER_VALUE_COLUMNS, file) == 2
        return file.getvalue()

    assert list(csv.reader(io.StringIO(books.ask(write)))) == [
        list(export.METER_VALUE_COLUMNS),
        ["CP0", "1", str(first), "2026-01-01T12:15:00Z", "0.2", "kWh", "", "", "", "", ""],
        # A number below nought is a number.
        ["CP0", "1", str(first), "2026-01-01T12:16:00Z", "-3", "", "Voltage", "", "L1", "", ""],
    ]


def test_transactions_as_json(books: Books) -> None:
    first, second = fill(books)

    def write(connection: Connection) -> tuple[int, str]:
        file = io.StringIO()
        return export.write_json(export.transaction_rows(connection), file), file.getvalue()

    count, text = books.ask(write)
    assert count == 2
    found = json.loads(text)
    assert [row["transactionId"] for row in found] == [first, second]
    assert found[1]["idTag"] == "=1+1" and found[1]["stop"] is None
    assert tuple(found[0]) == export.TRANSACTION_COLUMNS


def test_a_time_and_a_charge_point_can_be_asked_for(books: Books) -> None:
    first, second = fill(books)

    def ids(**wanted: object) -> list[object]:
        return [
            row["transactionId"]
            for row in books.ask(lambda each: list(export.transaction_rows(each, **wanted)))  # type: ignore[arg-type]
        ]

    assert ids() == [first, second]
    assert ids(identity="CP1") == [second]
    assert ids(since=at(1)) == [second]
    assert ids(until=at(1)) == [first]
    rows = books.ask(lambda each: list(export.meter_value_rows(each, since=at(16))))
    assert [row["value"] for row in rows] == ["-3"]
    rows = books.ask(lambda each: list(export.meter_value_rows(each, until=at(16))))
    assert [row["value"] for row in rows] == ["0.2"]


def test_nothing_to_export() -> None:
    file = io.StringIO()
    assert export.write_json([], file) == 0
    assert json.loads(file.getvalue()) == []


@pytest.mark.parametrize("sign", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_no_text_is_a_formula(sign: str) -> None:
    file = io.StringIO(newline="")
    assert export.write_csv([{"idTag": f"{sign}1+1"}], ("idTag",), file) == 1
    assert list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1] == [f"'{sign}1+1"]
