"""The slow path of every codec: walks a payload by its spec and says what is wrong, and where.

A codec comes here when its fast path fails. Where leniency allows what it finds, a message is built
all the same and every tolerance is listed on it (`deviations`). Where the fast path only was too
careful, the message is built without remark. Knows specs and rules; how a wire writes an object, a
list or a number is told by a `Notation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from ocpp16.errors import ConstraintError, ConstraintKind
from ocpp16.settings import Leniency
from ocpp16.spec import FieldKind, FieldSpec, TypeSpec
from ocpp16.structure import Deviation, Structure, WireEnum, shorten

StructureT = TypeVar("StructureT", bound=Structure)

NESTING_LIMIT = 64
SAMPLED_VALUE = "SampledValue"


class Notation(Protocol):
    """How one wire writes values. Every method raises ConstraintError at the path it is given."""

    def members(self, value: Any, spec: TypeSpec, path: str) -> Sequence[tuple[str, Any]]:
        """Return name and value of each member of an object, in order, repeats included.

        The values of a list field are one member that `items` can take apart.
        """
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


class _Reader:
    """One walk over one payload."""

    def __init__(self, notation: Notation, leniency: frozenset[Leniency]) -> None:
        self._notation = notation
        self._leniency = leniency
        self._found: list[Deviation] = []

    def structure(self, cls: type[StructureT], value: Any, path: str) -> StructureT:
        before = len(self._found)
        members = self._known_members(cls.SPEC, value, path)
        values: dict[str, object] = {}
        for field in cls.SPEC.fields:
            here = f"{path}/{field.wire}"
            if field.wire in members:
                values[field.name] = self._value(field, members[field.wire], here)
            elif field.required:
                raise ConstraintError(here, ConstraintKind.REQUIRED, "is required")
        found = self._found[before:]
        if found:
            return cls.unchecked(values, found)
        return cls(**values)

    def _known_members(self, spec: TypeSpec, value: Any, path: str) -> Mapping[str, Any]:
        members: dict[str, Any] = {}
        unknown: list[str] = []
        for name, member in self._notation.members(value, spec, path):
            field = spec.field(name)
            if field is None:
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

    def _value(self, field: FieldSpec, value: Any, path: str) -> object:
        if not field.many:
            return self._single(field, value, path)
        items = self._notation.items(value, path)
        if len(items) < field.min_items:
            reason = f"has {len(items)} items, needs {field.min_items}"
            raise ConstraintError(path, ConstraintKind.ITEMS, reason)
        droppable = field.cls is not None and field.cls.__name__ == SAMPLED_VALUE
        values = []
        for index, item in enumerate(items):
            here = f"{path}/{index}"
            before = len(self._found)
            try:
                values.append(self._single(field, item, here))
            except ConstraintError as error:
                if not droppable:
                    raise
                del self._found[before:]
                self._tolerate(Leniency.BAD_SAMPLED_VALUE, error.path, error.kind, error.reason)
        return tuple(values)

    def _single(self, field: FieldSpec, value: Any, path: str) -> object:
        notation = self._notation
        match field.kind:
            case FieldKind.OBJECT:
                return self.structure(cast("type[Structure]", field.cls), value, path)
            case FieldKind.TEXT | FieldKind.URI:
                return self._text(field, value, path)
            case FieldKind.ENUM:
                return self._enum(field, value, path)
            case FieldKind.TIMESTAMP:
                return self._timestamp(value, path)
            case FieldKind.BOOLEAN:
                return notation.boolean(value, path)
            case FieldKind.INTEGER:
                return notation.integer(self._number(value, path), path)
            case FieldKind.TENTHS:
                return notation.tenths(self._number(value, path), path)

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
        text = self._notation.enum_text(field, self._notation.text(value, path))
        try:
            return enum(text)
        except ValueError:
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
