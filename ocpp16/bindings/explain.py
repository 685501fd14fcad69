"""The slow path of every codec: walks a payload by its spec and says what is wrong, and where.

A codec comes here when its fast path fails. Where leniency allows what it finds, a message is built
all the same and every tolerance is listed on it (`deviations`). Where the fast path only was too
careful, the message is built without remark. Knows specs and rules; how a wire writes an object, a
list or a number is told by a `Notation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from ocpp16.errors import ConstraintError, ConstraintKind
from ocpp16.settings import Leniency
from ocpp16.spec import FieldKind, FieldSpec, TypeSpec
from ocpp16.structure import Deviation, Structure, WireEnum, shorten

StructureT = TypeVar("StructureT", bound=Structure)

NESTING_LIMIT = 64
SAMPLED_VALUE = "SampledValue"

# The attribute of an enumeration is slow to read, and a walk asks for the kind of each field.
_TEXT, _URI, _ENUM, _INTEGER = FieldKind.TEXT, FieldKind.URI, FieldKind.ENUM, FieldKind.INTEGER
_OBJECT, _TIMESTAMP, _TENTHS = FieldKind.OBJECT, FieldKind.TIMESTAMP, FieldKind.TENTHS


class Notation(Protocol):
    """How one wire writes values. Every method raises ConstraintError at the path it is given."""

    def members(
        self, value: Any, spec: TypeSpec, path: str
    ) -> dict[str, Any] | Sequence[tuple[str, Any]]:
        """Return name and value of each member of an object, in order, repeats included.

        The values of a list field are one member that `items` can take apart.
        """
        ...

    def leading(self, field: FieldSpec, items: Sequence[Any], path: str) -> Sequence[object]:
        """Return the values of the first items, as many as are quickly known to be right."""
        ...

    def has_null(self, members: dict[str, Any]) -> bool:
        """Tell whether one of the members says that there is none."""
        ...

    def is_null(self, value: Any) -> bool:
        """Tell whether a value says that there is none."""
        ...

    def items(self, value: Any, path: str) -> Sequence[Any]:
        """Return the items of a list."""
        ...

    def text(self, value: Any, path: str) -> str:
        """Return a text."""
        ...

    def number_as_text(self, value: Any) -> str | None:
        """Return a number that stands where a text is due, as it was written; else None."""
        ...

    def integer(self, value: Any, path: str) -> int:
        """Return an integer of at most 64 bits."""
        ...

    def tenths(self, value: Any, path: str) -> float:
        """Return a number with at most one decimal."""
        ...

    def number_in_text(self, value: Any) -> Any:
        """Return a number written as a text, as `integer` and `tenths` take it; else None."""
        ...

    def boolean(self, value: Any, path: str) -> bool:
        """Return a truth value."""
        ...

    def timestamp(self, text: str) -> datetime:
        """Return the instant of a text, or raise ValueError."""
        ...

    def loose_timestamp(self, text: str) -> datetime:
        """Return the instant of a text under `Leniency.NAIVE_TIMESTAMPS`, or raise ValueError."""
        ...

    def enum_text(self, field: FieldSpec, text: str) -> str:
        """Return the value for a spelling that this wire has beside the plain one."""
        ...


def explain(
    cls: type[StructureT], payload: Any, notation: Notation, leniency: frozenset[Leniency]
) -> StructureT:
    """Build a message from a payload, tolerating what `leniency` names.

    Raises:
        ConstraintError: The first rule broken that is not tolerated.
    """
    return _Reader(notation, leniency).structure(cls, payload, "")


def pointer(path: str, name: str) -> str:
    """Return the JSON pointer of a member (RFC 6901), its name cut to what can be shown."""
    return f"{path}/{name[:50].replace('~', '~0').replace('/', '~1')}"


@cache
def _members_of(enum: type[WireEnum]) -> Mapping[str, WireEnum]:
    return {member.value: member for member in enum}


class _Reader:
    """One walk over one payload."""

    def __init__(self, notation: Notation, leniency: frozenset[Leniency]) -> None:
        self._notation = notation
        self._leniency = leniency
        self._found: list[Deviation] = []

    def structure(self, cls: type[StructureT], value: Any, path: str) -> StructureT:
        before = len(self._found)
        spec = cls.SPEC
        members = self._known_members(spec, value, path)
        values: dict[str, object] = {}
        for field in spec.fields:
            wire = field.wire
            if wire in members:
                read = self._list if field.many else self._value
                values[field.name] = read(field, members[wire], f"{path}/{wire}")
            elif field.required:
                raise ConstraintError(f"{path}/{wire}", ConstraintKind.REQUIRED, "is required")
        found = self._found[before:]
        if found:
            return cls.unchecked(values, found)
        # The whole message checks what is nested in it.
        return cls.unchecked(values, None) if path else cls(**values)

    def _known_members(self, spec: TypeSpec, value: Any, path: str) -> Mapping[str, Any]:
        found = self._notation.members(value, spec, path)
        members = found if isinstance(found, dict) else dict(found)
        if (
            len(members) == len(found)
            and members.keys() <= spec.by_wire.keys()
            and not self._notation.has_null(members)
        ):
            return members
        return self._odd_members(spec, found.items() if isinstance(found, dict) else found, path)

    def _odd_members(
        self, spec: TypeSpec, found: Iterable[tuple[str, Any]], path: str
    ) -> Mapping[str, Any]:
        """Judge members among which some are repeated, not known, or null."""
        members: dict[str, Any] = {}
        unknown: list[str] = []
        for name, member in found:
            if spec.field(name) is None:
                unknown.append(name)
            elif name in members:
                raise ConstraintError(
                    pointer(path, name), ConstraintKind.REPEATED_FIELD, "stands there twice"
                )
            else:
                members[name] = member
        for name in unknown:
            self._tolerate(
                Leniency.UNKNOWN_FIELDS,
                pointer(path, name),
                ConstraintKind.UNKNOWN_FIELD,
                f"{shorten(name)} is not a field of {spec.name}",
            )
        for name in [name for name, member in members.items() if self._notation.is_null(member)]:
            self._tolerate(
                Leniency.NULL_AS_ABSENT, pointer(path, name), ConstraintKind.TYPE, "is null"
            )
            del members[name]
        return members

    def _tolerate(self, leniency: Leniency, path: str, kind: ConstraintKind, reason: str) -> None:
        """Note a deviation, or raise the error where it is not tolerated."""
        if leniency not in self._leniency:
            raise ConstraintError(path, kind, reason)
        self._found.append(Deviation(leniency.value, path, reason))

    def _list(self, field: FieldSpec, value: Any, path: str) -> tuple[object, ...]:
        items = self._notation.items(value, path)
        if len(items) < field.min_items:
            reason = f"has {len(items)} items, needs {field.min_items}"
            raise ConstraintError(path, ConstraintKind.ITEMS, reason)
        droppable = (
            Leniency.BAD_SAMPLED_VALUE in self._leniency
            and field.cls is not None
            and field.cls.__name__ == SAMPLED_VALUE
        )
        values = [*self._notation.leading(field, items, path)]
        for index in range(len(values), len(items)):
            here = f"{path}/{index}"
            before = len(self._found)
            try:
                values.append(self._value(field, items[index], here))
            except ConstraintError as error:
                if not droppable:
                    raise
                del self._found[before:]
                self._tolerate(Leniency.BAD_SAMPLED_VALUE, error.path, error.kind, error.reason)
        return tuple(values)

    def _value(self, field: FieldSpec, value: Any, path: str) -> object:
        kind = field.kind
        if kind is _TEXT or kind is _URI:
            limit = field.max_length
            if type(value) is str and (limit is None or len(value) <= limit):
                return value
            return self._text(field, value, path)
        if kind is _ENUM:
            return self._enum(field, value, path)
        if kind is _INTEGER:
            number = value if type(value) is int else self._number(value, path)
            return self._notation.integer(number, path)
        if kind is _OBJECT:
            return self.structure(cast("type[Structure]", field.cls), value, path)
        if kind is _TIMESTAMP:
            return self._timestamp(value, path)
        if kind is _TENTHS:
            return self._notation.tenths(self._number(value, path), path)
        return self._notation.boolean(value, path)

    def _number(self, value: Any, path: str) -> Any:
        number = self._notation.number_in_text(value)
        if number is None:
            return value
        self._tolerate(
            Leniency.NUMBER_STRINGS, path, ConstraintKind.TYPE, "is a number written as text"
        )
        return number

    def _text(self, field: FieldSpec, value: Any, path: str) -> str:
        written = self._notation.number_as_text(value)
        if written is None:
            text = self._notation.text(value, path)
        else:
            reason = f"is the number {shorten(written)}, not text"
            self._tolerate(Leniency.NUMBER_STRINGS, path, ConstraintKind.TYPE, reason)
            text = written
        if field.max_length is not None and len(text) > field.max_length:
            reason = f"has {len(text)} characters, at most {field.max_length} are allowed"
            self._tolerate(Leniency.OVER_LENGTH, path, ConstraintKind.LENGTH, reason)
        return text

    def _enum(self, field: FieldSpec, value: Any, path: str) -> WireEnum:
        enum = cast("type[WireEnum]", field.cls)
        members = _members_of(enum)
        if type(value) is str and value in members:
            return members[value]
        text = self._notation.enum_text(field, self._notation.text(value, path))
        member = members.get(text)
        if member is not None:
            return member
        reason = f"{shorten(text)} is not a value of {enum.__name__}"
        self._tolerate(Leniency.UNKNOWN_ENUM, path, ConstraintKind.ENUM, reason)
        return enum.unrecognised(text)

    def _timestamp(self, value: Any, path: str) -> datetime:
        text = self._notation.text(value, path)
        try:
            return self._notation.timestamp(text)
        except ValueError as error:
            reason = f"{shorten(text)} {error}"
        if Leniency.NAIVE_TIMESTAMPS in self._leniency:
            try:
                instant = self._notation.loose_timestamp(text)
            except ValueError as error:
                reason = f"{shorten(text)} {error}"
                raise ConstraintError(path, ConstraintKind.TIMESTAMP, reason) from None
            self._found.append(Deviation(Leniency.NAIVE_TIMESTAMPS.value, path, reason))
            return instant
        raise ConstraintError(path, ConstraintKind.TIMESTAMP, reason)
