"""Any sequence of messages of two charge points, restarts between them: the books are right."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ocpp16.store.central_system import event, export, transaction
from ocpp16.store.central_system.tables import METADATA
from tests.store.central_system.books import NOON, Books, start, stop, value, values
from tests.store.postgres import PostgresServer

STRANGE = (-1, 0, 4242)


@attrs.frozen
class Start:
    identity: str
    connector: int
    tag: str
    meter: int
    minutes: int


@attrs.frozen
class Stop:
    identity: str
    which: int
    meter: int
    minutes: int


@attrs.frozen
class Measure:
    identity: str
    which: int | None
    meter: int
    minutes: int


@attrs.frozen
class Restart:
    pass


Step = Start | Stop | Measure | Restart


@attrs.define
class Known:
    """A transaction, as the model has it."""

    id: int
    begun: Start
    stop: Stop | None = None


class Model:
    """What the books must say, in plain Python: the rules once more, by other means."""

    def __init__(self) -> None:
        self.transactions: list[Known] = []
        self.measured: set[tuple[str, int | None, int, int]] = set()
        self.flagged = 0

    def pick(self, which: int) -> tuple[int, Known | None]:
        """Return an id to write about: of one of the transactions, or of none."""
        choices = [*(each.id for each in self.transactions), *STRANGE]
        number = choices[which % len(choices)]
        return number, next((each for each in self.transactions if each.id == number), None)

    def same(self, step: Start) -> Known | None:
        """Return the transaction that a start repeats."""
        key = attrs.evolve(step, tag=step.tag.lower())
        found = (
            each
            for each in self.transactions
            if attrs.evolve(each.begun, tag=each.begun.tag.lower()) == key
        )
        return next(found, None)


def play(books: Books, steps: list[Step], new_id: Callable[[], int]) -> None:
    model = Model()
    for step in steps:
        match step:
            case Start():
                play_start(books, model, step, new_id)
            case Stop():
                play_stop(books, model, step)
            case Measure():
                play_measure(books, model, step)
            case Restart():
                books.reopen()
    check_books(books, model)


def play_start(books: Books, model: Model, step: Start, new_id: Callable[[], int]) -> None:
    request = start(step.tag, connector=step.connector, meter=step.meter, minutes=step.minutes)
    outcome = books.do(transaction.start, step.identity, request, now=NOON, new_id=new_id)
    number = outcome.response.transaction_id
    known = model.same(step)
    assert outcome.is_repeat is (known is not None)
    if known is not None:
        assert number == known.id
        return
    assert number not in {each.id for each in model.transactions}
    is_occupied = any(
        each.stop is None
        and each.begun.identity == step.identity
        and each.begun.connector == step.connector
        for each in model.transactions
    )
    model.flagged += is_occupied
    model.transactions.append(Known(number, step))


def play_stop(books: Books, model: Model, step: Stop) -> None:
    number, known = model.pick(step.which)
    request = stop(number, meter=step.meter, minutes=step.minutes)
    outcome = books.do(transaction.stop, step.identity, request, now=NOON)
    if known is None or known.begun.identity != step.identity:
        assert not outcome.is_repeat
        model.flagged += 1
    elif known.stop is None:
        assert not outcome.is_repeat
        known.stop = step
        # Meters of this play stand at 100 at most when they are read, and never below the start.
        model.flagged += len(outcome.events)
        assert all("ended" in each.text for each in outcome.events)
    else:
        is_same = (known.stop.meter, known.stop.minutes) == (step.meter, step.minutes)
        assert outcome.is_repeat is is_same
        model.flagged += not is_same


def play_measure(books: Books, model: Model, step: Measure) -> None:
    number, known = (None, None) if step.which is None else model.pick(step.which)
    request = values(value(str(step.meter), minutes=step.minutes), transaction=number)
    outcome = books.do(transaction.note_meter_values, step.identity, request, now=NOON)
    key = (step.identity, number, step.meter, step.minutes)
    assert outcome.is_repeat is (key in model.measured)
    if outcome.is_repeat:
        return
    is_strange = number is not None and (
        known is None or known.begun.identity != step.identity or known.stop is not None
    )
    if is_strange:
        assert len(outcome.events) == 1
    else:
        model.measured.add(key)
    model.flagged += len(outcome.events)


def check_books(books: Books, model: Model) -> None:
    found = {each.id: each for each in books.ask(transaction.transactions, limit=1000)}
    assert set(found) == {each.id for each in model.transactions}
    for known in model.transactions:
        kept = found[known.id]
        assert 0 < kept.id < 2**31
        begun = known.begun
        assert (kept.identity, kept.connector_id, kept.id_tag, kept.meter_start) == (
            begun.identity, begun.connector, begun.tag, begun.meter
        )  # fmt: skip
        assert kept.meter_stop == (None if known.stop is None else known.stop.meter)
    rows = books.ask(lambda each: list(export.meter_value_rows(each)))
    assert len(rows) == len(model.measured)
    assert len(books.ask(event.events, kind=event.FLAG, limit=10_000)) == model.flagged


def plays() -> st.SearchStrategy[list[Step]]:
    identity = st.sampled_from(["CP1", "CP2"])
    which, meter, minutes = st.integers(0, 9), st.integers(100, 102), st.integers(0, 2)
    step: st.SearchStrategy[Step] = st.one_of(
        st.builds(
            Start, identity, st.integers(1, 2), st.sampled_from("aAb"), st.just(100), minutes
        ),
        st.builds(Stop, identity, which, meter, minutes),
        st.builds(Measure, identity, st.none() | which, meter, minutes),
        st.just(Restart()),
    )
    return st.lists(step, max_size=25)


def few_ids(seed: int) -> Callable[[], int]:
    """Return a source that gives the same id more than once."""
    generator = random.Random(seed)
    return lambda: generator.randint(1, 40)


@given(steps=plays(), seed=st.integers(0, 3))
def test_the_books_are_right_on_sqlite(steps: list[Step], seed: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Books(f"sqlite:///{Path(folder) / 'store.db'}") as books,
    ):
        play(books, steps, few_ids(seed))


@pytest.fixture(scope="module")
def server_url(postgres: PostgresServer) -> str:
    return postgres.url()


@settings(max_examples=25)
@given(steps=plays(), seed=st.integers(0, 3))
def test_the_books_are_right_on_postgresql(server_url: str, steps: list[Step], seed: int) -> None:
    def clear(connection: Connection) -> None:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(sa.delete(table))

    with Books(server_url) as books:
        books.do(clear)
        play(books, steps, few_ids(seed))
