"""What must outlive a connection, and may outlive a process: protocols, and in-memory ones.

Knows what is kept and for how long, and no database (see `ocpp16.store`) and no wire. Whoever keeps
something elsewhere has to see to it that no method raises (but for `Registrations.keep`): what
cannot be read counts as not there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from hashlib import sha256
from typing import Protocol, TypeAlias

import attrs


class AnswerMemory(Protocol):
    """Answers that one identity was given to its transaction messages, for repeats.

    Shared by the connections of an identity, one after another. What is kept is bounded by
    `Settings.answers` and `Settings.answer_bytes`; the oldest go first.
    """

    def find(self, call_id: str, action: str, fingerprint: bytes) -> bytes | None:
        """Return the encoded answer to an equal call, None where there is none."""
        ...

    def knows(self, call_id: str) -> bool:
        """Tell whether an answer to a call of this id is kept, whatever its content."""
        raise NotImplementedError

    def keep(self, call_id: str, action: str, fingerprint: bytes, answer: bytes) -> None:
        """Keep an answer (a frame, as it was sent)."""
        ...


class MemoryAnswers:
    """An `AnswerMemory` that lasts as long as the process.

    Args:
        limit: How many answers are kept.
        byte_limit: How large they may be in all, ids and keys included; a larger one is not kept.
    """

    __slots__ = ("_answers", "_byte_limit", "_bytes", "_ids", "_limit")

    def __init__(self, limit: int, byte_limit: int) -> None:
        self._limit = limit
        self._byte_limit = byte_limit
        self._bytes = 0
        self._answers: dict[tuple[str, bytes], bytes] = {}
        self._ids: Counter[str] = Counter()

    @property
    def byte_limit(self) -> int:
        """How large the answers kept may be, in bytes."""
        return self._byte_limit

    @property
    def size(self) -> int:
        """How large the answers kept are, in bytes."""
        return self._bytes

    def find(self, call_id: str, action: str, fingerprint: bytes) -> bytes | None:
        """Return the encoded answer to an equal call, None where there is none."""
        # Most calls have new ids, and no digest to pay for.
        return (
            self._answers.get(answer_key(call_id, action, fingerprint))
            if call_id in self._ids
            else None
        )

    def knows(self, call_id: str) -> bool:
        """Tell whether an answer to a call of this id is kept, whatever its content."""
        return call_id in self._ids

    def keep(self, call_id: str, action: str, fingerprint: bytes, answer: bytes) -> None:
        """Keep an answer (a frame, as it was sent)."""
        self.restore(answer_key(call_id, action, fingerprint), answer)

    def restore(self, key: tuple[str, bytes], answer: bytes) -> None:
        """Keep an answer by its `answer_key`, as whoever kept it elsewhere has it."""
        if key in self._answers:
            self._forget(key)
        size = _size(key, answer)
        if size > self._byte_limit:
            return
        self._answers[key] = answer
        self._ids[key[0]] += 1
        self._bytes += size
        while len(self._answers) > self._limit or self._bytes > self._byte_limit:
            self._forget(next(iter(self._answers)))

    def _forget(self, key: tuple[str, bytes]) -> None:
        answer = self._answers.pop(key)
        self._bytes -= _size(key, answer)
        call_id = key[0]
        self._ids[call_id] -= 1
        if not self._ids[call_id]:
            del self._ids[call_id]


def answer_key(call_id: str, action: str, fingerprint: bytes) -> tuple[str, bytes]:
    """Return what two calls have in common if one is the other again."""
    # The content of a message can be as large as a message: its digest stands for it.
    return call_id, sha256(action.encode() + b"\0" + fingerprint).digest()


def _size(key: tuple[str, bytes], answer: bytes) -> int:
    call_id, digest = key
    return len(call_id.encode("utf-8", "surrogatepass")) + len(digest) + len(answer)


@attrs.frozen(kw_only=True)
class Registration:
    """What a charge point was last told when it booted."""

    status: str
    """Wire text of the registration status: `Accepted`, `Pending` or `Rejected`."""
    interval: int
    """Seconds: between heartbeats if it was accepted, else until it may boot again."""


class Registrations(Protocol):
    """Registration of each charge point; it outlives connections and restarts (C 4.2)."""

    def find(self, identity: str) -> Registration | None:
        """Return the registration of a charge point, None if it never booted here."""
        ...

    def keep(self, identity: str, registration: Registration) -> Awaitable[None] | None:
        """Keep what a charge point was told, in place of what it was told before.

        Where it returns an awaitable (a coroutine function), the answer waits for that, and if that
        fails the charge point is answered InternalError and boots again.
        """
        ...


class MemoryRegistrations:
    """`Registrations` that last as long as the process.

    Args:
        limit: How many are kept; the ones kept longest ago go first, for whoever lets any identity
            in lets its peers fill the memory.
    """

    __slots__ = ("_limit", "_registrations")

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._registrations: dict[str, Registration] = {}

    def find(self, identity: str) -> Registration | None:
        """Return the registration of a charge point, None if it never booted here."""
        return self._registrations.get(identity)

    def keep(self, identity: str, registration: Registration) -> None:
        """Keep what a charge point was told, in place of what it was told before."""
        self._registrations.pop(identity, None)
        self._registrations[identity] = registration
        if len(self._registrations) > self._limit:
            del self._registrations[next(iter(self._registrations))]


Value: TypeAlias = object
"""None, bool, int, float, str, or lists and dictionaries (with text keys) of these."""


class StorageFailed(OSError):
    """A station could not store what it must not lose; nothing of that write is kept."""


class StorageFull(StorageFailed):
    """There is no room for it."""


@attrs.frozen
class Change:
    """One record to be written, or, without a value, to be deleted."""

    kind: str
    key: str
    value: Value = None


class StationStorage(Protocol):
    """Where the records of one station are kept."""

    def read(self, kind: str) -> Mapping[str, Value]:
        """Return all records of a kind, in the order of their keys."""
        ...

    def write(self, changes: Iterable[Change]) -> None:
        """Apply all changes or none; when it returns they survive a power cut.

        Raises:
            StorageFailed: Nothing was changed.
        """
        ...


class MemoryStationStorage:
    """A `StationStorage` that lasts as long as the process."""

    __slots__ = ("_records",)

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Value]] = {}

    def read(self, kind: str) -> Mapping[str, Value]:
        """Return all records of a kind, in the order of their keys."""
        return dict(sorted(self._records.get(kind, {}).items()))

    def write(self, changes: Iterable[Change]) -> None:
        """Apply all changes."""
        for change in changes:
            records = self._records.setdefault(change.kind, {})
            if change.value is None:
                records.pop(change.key, None)
            else:
                records[change.key] = change.value
