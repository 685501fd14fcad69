"""Judges a ledger: was anything lost, reordered, mixed up, doubled, made up? Pure.

Needs nothing but what the two ends wrote down. The rules are the house rules of the bridge, and
each violation names its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import attrs

from tests.bridge.proof.ledger import (
    Answered,
    Asked,
    Discarded,
    Executed,
    Ledger,
    Payload,
    Received,
    Replied,
    Sent,
    Told,
)

TRANSACTION_MESSAGES = frozenset({"StartTransaction", "StopTransaction", "MeterValues"})
ACCEPTED = {"status": "Accepted"}
NO_TRANSACTION = -1
"""The id in messages of a transaction whose start was given up (CE 3.18)."""


@attrs.frozen
class Violation:
    """One rule broken once."""

    rule: str
    charger: str
    what: str


@attrs.frozen(kw_only=True)
class Rules:
    """What holds in a run beside what always does."""

    dead: Collection[int] = ()
    """Markers of messages that lie in the dead letters of the bridge, or are held there."""
    may_discard: bool = False
    """Whether a charge point may have been made to give a message up: the backend refused some."""
    has_local_ids: bool = False
    """Whether the ids that charge points are told are the bridge's own (`local-id`), not the
    backend's."""
    is_finished: bool = True
    """Whether everything had the time to arrive."""


def violations(ledger: Ledger, rules: Rules = Rules()) -> list[Violation]:
    """Return every violation that a ledger shows."""
    case = _Case(ledger, rules)
    return [
        *case.lost(),
        *case.invented(),
        *case.changed(),
        *case.reordered(),
        *case.doubled(),
        *case.wrong_ids(),
        *case.wrong_answers(),
        *case.discarded(),
        *case.wrong_calls(),
    ]


class _Case:
    def __init__(self, ledger: Ledger, rules: Rules) -> None:
        self._ledger = ledger
        self._rules = rules
        self._sent: dict[int, Sent] = {}
        self._first_sent: dict[int, int] = {}
        for number, sent in ledger.numbered(Sent):
            self._sent.setdefault(sent.marker, sent)
            self._first_sent.setdefault(sent.marker, number)
        self._told_at = {told.marker: number for number, told in ledger.numbered(Told)}
        self._told = {told.marker: told for told in ledger.of(Told)}
        self._received: dict[int, list[Received]] = defaultdict(list)
        for received in ledger.of(Received):
            if received.marker is not None:
                self._received[received.marker].append(received)
        self._answers: dict[tuple[str, str], list[Payload | None]] = defaultdict(list)
        for answered in ledger.of(Answered):
            self._answers[answered.charger, answered.message_id].append(answered.answer)

    # "What was acknowledged is never dropped."

    def lost(self) -> Iterator[Violation]:
        if not self._rules.is_finished:
            return
        for marker, told in self._told.items():
            if marker in self._rules.dead:
                continue
            if not any(answer is not None for answer in self._answers_to(marker)):
                how = "received and never answered" if marker in self._received else "not received"
                yield self._violation("lost", marker, f"acknowledged with {told.answer}, and {how}")

    def _answers_to(self, marker: int) -> list[Payload | None]:
        return [
            answer
            for received in self._received.get(marker, ())
            for answer in self._answers[received.charger, received.message_id]
        ]

    # "Typed objects are handed across."

    def invented(self) -> Iterator[Violation]:
        for received in self._ledger.of(Received):
            marker = received.marker
            if marker is None:
                if received.action not in {"BootNotification", "Heartbeat"}:
                    what = f"{received.action} {received.payload} is nobody's"
                    yield Violation("invented", received.charger, what)
                continue
            sent = self._sent.get(marker)
            if sent is None:
                what = f"{received.action} {marker} was never sent"
                yield Violation("invented", received.charger, what)
            elif sent.charger != received.charger:
                what = f"{received.action} {marker} is of {sent.charger}"
                yield Violation("mixed up", received.charger, what)
            elif sent.action != received.action:
                what = f"{marker} was sent as {sent.action}, and came as {received.action}"
                yield Violation("mixed up", received.charger, what)

    def changed(self) -> Iterator[Violation]:
        for received in self._ledger.of(Received):
            sent = None if received.marker is None else self._sent.get(received.marker)
            if sent is None or sent.action != received.action:
                continue
            before, after = _canonical(sent.payload), _canonical(received.payload)
            if before != after:
                yield self._violation("changed", sent.marker, f"{before} came as {after}")

    # "One message per charger upstream at a time, in order of arrival."

    def reordered(self) -> Iterator[Violation]:
        """A message acknowledged before another one was begun has to come in before it.

        Those whose exchanges overlap, one being repeated after the other, may come in either order.
        """
        seen: set[int] = set()
        latest: dict[str, int] = {}
        for received in self._ledger.of(Received):
            marker = received.marker
            if marker is None or marker in seen or marker not in self._sent:
                continue
            seen.add(marker)
            began = self._first_sent[marker]
            before = latest.get(received.charger)
            if before is None or self._first_sent[before] < began:
                latest[received.charger] = marker
            elif marker in self._told_at and self._told_at[marker] < self._first_sent[before]:
                yield self._violation("reordered", marker, f"came in after {before}")

    # "A resend keeps its message id"; "a repeat is known by its content".

    def doubled(self) -> Iterator[Violation]:
        for marker, received in self._received.items():
            # One that was answered an error is over: what follows may have another id.
            ids = {each.message_id for each in received if not self._was_refused(each)}
            if len(ids) > 1 and received[0].action in TRANSACTION_MESSAGES:
                yield self._violation("doubled", marker, f"came in with {len(ids)} message ids")
        contents: dict[tuple[str, str], set[int | None]] = defaultdict(set)
        for each in self._ledger.of(Received):
            contents[each.charger, each.message_id].add(each.marker)
        for (charger, message_id), markers in contents.items():
            if len(markers) > 1:
                yield Violation("mixed up", charger, f"id {message_id} stands for {markers}")

    def _was_refused(self, received: Received) -> bool:
        answers = self._answers[received.charger, received.message_id]
        return bool(answers) and all(answer is None for answer in answers)

    # "Ids are the backend's; local ids are mapped both ways; unknown ids pass unchanged."

    def wrong_ids(self) -> Iterator[Violation]:
        for received in self._ledger.of(Received):
            sent = None if received.marker is None else self._sent.get(received.marker)
            if sent is None or sent.start is None or received.action != sent.action:
                continue
            found = received.payload.get("transactionId")
            due = {
                answer["transactionId"]
                for answer in self._answers_to(sent.start)
                if answer is not None
            }
            if sent.start not in self._told or sent.start in self._rules.dead:
                # It was given up, which the charge point says itself.
                due.add(NO_TRANSACTION)
            if found not in due:
                what = f"{received.action} has transaction {found}, due is {due}"
                yield self._violation("wrong id", sent.marker, what)

    # "Ids are the backend's": what charge points are told.

    def wrong_answers(self) -> Iterator[Violation]:
        given: dict[tuple[str, int], int] = {}
        for marker, told in self._told.items():
            sent = self._sent[marker]
            if sent.action == "StartTransaction":
                identifier = told.answer["transactionId"]
                other = given.setdefault((told.charger, identifier), marker)
                if other != marker:
                    what = f"transaction {identifier} is that of {other}, too"
                    yield self._violation("wrong answer", marker, what)
            yield from self._wrong_answer(sent, told)

    def _wrong_answer(self, sent: Sent, told: Told) -> Iterator[Violation]:
        answers = [answer for answer in self._answers_to(sent.marker) if answer is not None]
        if sent.action == "StartTransaction" and not self._rules.has_local_ids:
            due = [answer["transactionId"] for answer in answers]
            found = told.answer["transactionId"]
            # Ids that SOAP cannot carry are replaced.
            if found not in due and all(abs(each) < 2**31 for each in due):
                what = f"told transaction {found}, the backend said {due}"
                yield self._violation("wrong answer", sent.marker, what)
        passed = {"Authorize", "DataTransfer"}
        if sent.action in passed and _canonical(told.answer) not in map(_canonical, answers):
            what = f"told {told.answer}, the backend said {answers}"
            yield self._violation("wrong answer", sent.marker, what)

    # "While anything is being refused Heartbeat is refused too."

    def discarded(self) -> Iterator[Violation]:
        if self._rules.may_discard:
            return
        for entry in self._ledger.of(Discarded):
            yield self._violation(
                "made to discard", entry.marker, "a Heartbeat was answered while it was refused"
            )

    # "Never queued, never sent twice, never a false Accepted."

    def wrong_calls(self) -> Iterator[Violation]:
        executed: dict[int | None, list[Executed]] = defaultdict(list)
        starts = self._starts()
        for entry in self._ledger.of(Executed):
            marker = entry.marker
            if entry.transaction is not None:
                marker = starts.get((entry.charger, entry.transaction))
            executed[marker].append(entry)
        asked = {entry.marker: entry for entry in self._ledger.of(Asked)}
        for marker, entries in executed.items():
            charger = entries[0].charger
            if len(entries) > 1 and marker is not None:
                yield Violation("call repeated", charger, f"{marker} came {len(entries)} times")
            if marker is None:
                # Stopped before it was told its id, which a restart then replaced (wide ids).
                accepted = [entry for entry in entries if entry.answer == ACCEPTED]
                for entry in accepted:
                    yield Violation(
                        "invented", entry.charger, f"it knows {entry}, and was not told"
                    )
            elif marker not in asked:
                what = f"call {marker} was never made: {entries[0]}"
                yield Violation("invented", charger, what)
            elif asked[marker].charger != charger:
                yield Violation(
                    "mixed up", charger, f"call {marker} is for {asked[marker].charger}"
                )
        for replied in self._ledger.of(Replied):
            if replied.answer is None:
                continue
            known = [*executed.get(replied.marker, ()), *executed.get(None, ())]
            answers = [entry.answer for entry in known if entry.charger == replied.charger]
            if replied.answer not in answers:
                what = f"call {replied.marker} answered {replied.answer}, it said {answers}"
                yield Violation("false answer", replied.charger, what)

    def _starts(self) -> dict[tuple[str, int], int]:
        """Return the StartTransaction of each id that charge points have, or might have."""
        found: dict[tuple[str, int], int] = {}
        for marker, sent in self._sent.items():
            if sent.action == "StartTransaction":
                told = self._told.get(marker)
                answers = self._answers_to(marker) if told is None else [told.answer]
                for answer in answers:
                    if answer is not None:
                        found[sent.charger, answer["transactionId"]] = marker
        return found

    def _violation(self, rule: str, marker: int, what: str) -> Violation:
        sent = self._sent[marker]
        return Violation(rule, sent.charger, f"{sent.action} {marker}: {what}")


def _canonical(value: Any, key: str = "") -> Any:
    """Return a payload without what may differ: ids of transactions, and forms of timestamps."""
    if isinstance(value, dict):
        return {
            name: _canonical(item, name)
            for name, item in sorted(value.items())
            if name != "transactionId"
        }
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if key in {"timestamp", "expiryDate"}:
        return datetime.fromisoformat(value)
    return "Celsius" if value == "Celcius" else value
