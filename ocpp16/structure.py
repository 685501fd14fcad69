"""Base classes of everything generated: enumerations, data types, requests and responses.

Knows how an object is checked against its spec and what a lenient reader left in it. Knows no
particular message and no wire. The generated classes add fields, a `SPEC`, and `_is_valid`, the
quick test; when that says no, `find_violation` walks the object by its spec to say where and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import attrs

from ocpp16.errors import ConstraintError, ConstraintKind, InvalidMessage
from ocpp16.primitives import (
    INTEGER_MAX,
    INTEGER_MIN,
    TENTHS_LIMIT,
    is_instant,
    is_integer,
    is_tenths,
)
from ocpp16.spec import FieldKind, FieldSpec, TypeSpec

T = TypeVar("T")
ResponseT_co = TypeVar("ResponseT_co", bound="Response", covariant=True)


class WireEnum(StrEnum):
    """An enumeration of OCPP: members are named in Python style, values are the wire text."""

    @classmethod
    def unrecognised(cls, text: str) -> Self:
        """Return a stand-in for a value that OCPP 1.6 does not have, as a lenient reader keeps it.

        It is of this enumeration and equals its text, but is no member: a message that holds it
        cannot be sent.

        >>> from ocpp16.enums import ResetType
        >>> strange = ResetType.unrecognised("Gentle")
        >>> strange == "Gentle", strange.is_recognised
        (True, False)
        """
        stand_in = str.__new__(cls, text)
        stand_in._name_ = ""
        stand_in._value_ = text
        return stand_in

    @property
    def is_recognised(self) -> bool:
        """False for a stand-in made by `unrecognised`."""
        return bool(self._name_)

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}.{self._name_}" if self._name_ else f"{name}.unrecognised({self._value_!r})"

    def __reduce_ex__(self, proto: object) -> tuple[Any, ...]:
        return (type(self) if self._name_ else type(self).unrecognised, (self._value_,))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


@attrs.frozen
class Deviation:
    """One thing that a lenient reader tolerated in a message."""

    kind: str
    """The leniency that let it pass (`over-length`)."""
    path: str
    """JSON pointer to the value, in wire names."""
    reason: str
    """What was found, and what OCPP 1.6 has instead."""


class Structure:
    """Common base of data types, requests and responses: frozen, and checked when made."""

    __slots__ = ("_deviations",)
    # None: every value was checked, and nothing can change since. A tuple, an empty one too: a
    # lenient reader built it, so it has to be checked before it may leave.
    _deviations: tuple[Deviation, ...] | None
    SPEC: ClassVar[TypeSpec]

    def __attrs_post_init__(self) -> None:
        self.check()
        object.__setattr__(self, "_deviations", None)

    def __repr__(self) -> str:
        present = ", ".join(
            f"{field.name}={value!r}"
            for field in self.SPEC.fields
            if (value := getattr(self, field.name)) is not None
        )
        return f"{type(self).__name__}({present})"

    def __getstate__(self) -> tuple[dict[str, object], tuple[Deviation, ...] | None]:
        values = {field.name: getattr(self, field.name) for field in self.SPEC.fields}
        return values, getattr(self, "_deviations", None)

    def __setstate__(self, state: tuple[dict[str, object], tuple[Deviation, ...] | None]) -> None:
        values, found = state
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if found is None:
            self.check()
        object.__setattr__(self, "_deviations", found)

    def check(self) -> None:
        """Check every field, nested ones included.

        Raises:
            InvalidMessage: A value is none that OCPP 1.6 allows; path and kind say which.
        """
        if not self._is_valid():
            raise invalid_message(self)

    def _is_valid(self) -> bool:
        raise NotImplementedError

    @classmethod
    def unchecked(
        cls, values: Mapping[str, object], deviations: Iterable[Deviation] | None
    ) -> Self:
        """Build an object that may break rules, as a lenient reader has to; it cannot be sent.

        Args:
            values: The fields that are present.
            deviations: The rules that are broken; None where the caller has checked every value.
        """
        self = cls.__new__(cls)
        fill = object.__setattr__
        for field in cls.SPEC.fields:
            fill(self, field.name, values.get(field.name))
        fill(self, "_deviations", None if deviations is None else tuple(deviations))
        return self


class DataType(Structure):
    """A value with fields that messages carry."""

    __slots__ = ()


class Response(Structure):
    """What a call is answered with (`.conf` in the specification)."""

    __slots__ = ()


class Request(Structure, Generic[ResponseT_co]):
    """What a call asks (`.req` in the specification), typed by the response it gets."""

    __slots__ = ()

    @classmethod
    def request_type(cls) -> type[Self]:
        """Return the class itself: what a handler of this request is given."""
        return cls

    @classmethod
    def response_type(cls) -> type[ResponseT_co]:
        """Return the class of the response that belongs to this request."""
        raise NotImplementedError


RequestT_co = TypeVar("RequestT_co", bound=Request[Any], covariant=True)
AnswerT_co = TypeVar("AnswerT_co", bound=Response, covariant=True)


class RequestType(Protocol[RequestT_co, AnswerT_co]):
    """A request class, seen so that type checkers bind its handler's argument and result.

    `Callable[[Peer, Request[R]], R]` would reject every correct handler, since a handler takes its
    own request class and no other.
    """

    @classmethod
    def request_type(cls) -> type[RequestT_co]:
        """Return the request class."""
        ...

    @classmethod
    def response_type(cls) -> type[AnswerT_co]:
        """Return the class of its response."""
        ...


def deviations(message: Structure) -> tuple[Deviation, ...]:
    """Return what a lenient reader tolerated in a message; empty for a message without fault.

    >>> from ocpp16 import Leniency, deviations, messages
    >>> from ocpp16.bindings.ocppj import codec
    >>> request = codec.decode(
    ...     messages.AuthorizeRequest,
    ...     b'{"idTag": "CARD-1", "colour": "red"}',
    ...     frozenset({Leniency.UNKNOWN_FIELDS}),
    ... )
    >>> [(each.kind, each.path) for each in deviations(request)]
    [('unknown-fields', '/colour')]
    >>> deviations(messages.AuthorizeRequest(id_tag="CARD-1"))
    ()
    """
    return getattr(message, "_deviations", None) or ()


def as_tuple(value: Any) -> Any:
    """Return an iterable as a tuple; what is none comes back as it is, for `check` to refuse."""
    if value is None or isinstance(value, (tuple, str, bytes, Mapping, Structure)):
        return value
    return tuple(value) if isinstance(value, Iterable) else value


def is_text(value: object, max_length: int = 2**31) -> bool:
    """Tell whether a value is a text of at most so many characters that UTF-8 can carry."""
    # A subclass of str is refused: the JSON encoder does not know how it wants to be written.
    return (
        type(value) is str
        and len(value) <= max_length
        and (value.isascii() or not _has_surrogate(value))
    )


def is_member(value: object, enum: type[WireEnum]) -> bool:
    """Tell whether a value is a member of an enumeration; a stand-in is none."""
    return isinstance(value, enum) and value.is_recognised


def is_valid(value: object, cls: type[DataType]) -> bool:
    """Tell whether a value is a data type without fault."""
    return type(value) is cls and value._is_valid()


def are_valid(values: object, cls: type[DataType], least: int = 0) -> bool:
    """Tell whether a value is a tuple of data types without fault."""
    return (
        isinstance(values, tuple)
        and len(values) >= least
        and all(is_valid(value, cls) for value in values)
    )


def are_texts(values: object, max_length: int) -> bool:
    """Tell whether a value is a tuple of texts of at most so many characters."""
    return isinstance(values, tuple) and all(is_text(value, max_length) for value in values)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def invalid_message(structure: Structure) -> InvalidMessage:
    """Return the error that says where and why an object breaks a rule."""
    name = type(structure).SPEC.name
    error = find_violation(structure)
    if error is None:  # pragma: no cover - `_is_valid` and the spec come from one model
        error = ConstraintError("", ConstraintKind.TYPE, "is not valid")
    return InvalidMessage(name, error.path, error.kind, error.reason)


def find_violation(structure: Structure, path: str = "") -> ConstraintError | None:
    """Return the first rule that an object breaks, None if it breaks none."""
    for field in type(structure).SPEC.fields:
        value = getattr(structure, field.name)
        here = f"{path}/{field.wire}"
        if value is None:
            if field.required:
                return ConstraintError(here, ConstraintKind.REQUIRED, "is required")
            continue
        error = _find_in_list(field, value, here) if field.many else _find_in(field, value, here)
        if error is not None:
            return error
    return None


def _find_in_list(field: FieldSpec, values: object, path: str) -> ConstraintError | None:
    if not isinstance(values, tuple):
        return ConstraintError(path, ConstraintKind.TYPE, f"is {_name(values)}, not a list")
    if len(values) < field.min_items:
        return ConstraintError(
            path, ConstraintKind.ITEMS, f"has {len(values)} items, needs {field.min_items}"
        )
    for index, value in enumerate(values):
        error = _find_in(field, value, f"{path}/{index}")
        if error is not None:
            return error
    return None


def _find_in(field: FieldSpec, value: object, path: str) -> ConstraintError | None:
    match field.kind:
        case FieldKind.OBJECT:
            if type(value) is field.cls and isinstance(value, Structure):
                return find_violation(value, path)
            return _wrong_type(field, value, path)
        case FieldKind.ENUM:
            return _find_in_enum(field, value, path)
        case FieldKind.TEXT | FieldKind.URI:
            return _find_in_text(field, value, path)
        case FieldKind.TIMESTAMP:
            if is_instant(value):
                return None
            hint = "a datetime with tzinfo is due (datetime.now(UTC), say)"
            return ConstraintError(path, ConstraintKind.TYPE, f"is {_name(value)}; {hint}")
        case FieldKind.INTEGER:
            if is_integer(value):
                return None
            if type(value) is int:
                return ConstraintError(
                    path, ConstraintKind.RANGE, f"is outside {INTEGER_MIN} to {INTEGER_MAX}"
                )
        case FieldKind.TENTHS:
            if is_tenths(value):
                return None
            if isinstance(value, Decimal):
                return ConstraintError(path, ConstraintKind.DECIMALS, f"is {shorten(value)}")
            if isinstance(value, (float, int)) and not isinstance(value, bool):
                if value != value or not -TENTHS_LIMIT <= value <= TENTHS_LIMIT:  # noqa: PLR0124
                    reason = f"is not within {-TENTHS_LIMIT:g} to {TENTHS_LIMIT:g}"
                    return ConstraintError(path, ConstraintKind.RANGE, reason)
                return ConstraintError(path, ConstraintKind.DECIMALS, "has more than one decimal")
        case FieldKind.BOOLEAN:
            if type(value) is bool:
                return None
    return _wrong_type(field, value, path)


def _find_in_enum(field: FieldSpec, value: object, path: str) -> ConstraintError | None:
    if type(value) is field.cls and isinstance(value, WireEnum):
        if value.is_recognised:
            return None
        reason = f"{shorten(value)} is not a value of {type(value).__name__}"
        return ConstraintError(path, ConstraintKind.ENUM, reason)
    return _wrong_type(field, value, path)


def _find_in_text(field: FieldSpec, value: object, path: str) -> ConstraintError | None:
    if type(value) is not str:
        if isinstance(value, str):
            reason = f"is {type(value).__name__}, a kind of text of its own; pass str(value)"
            return ConstraintError(path, ConstraintKind.TYPE, reason)
        return _wrong_type(field, value, path)
    if field.max_length is not None and len(value) > field.max_length:
        reason = f"has {len(value)} characters, at most {field.max_length} are allowed"
        return ConstraintError(path, ConstraintKind.LENGTH, reason)
    if _has_surrogate(value):
        return ConstraintError(path, ConstraintKind.TYPE, "holds half a surrogate pair")
    return None


def _wrong_type(field: FieldSpec, value: object, path: str) -> ConstraintError:
    due = field.cls.__name__ if field.cls is not None else field.kind.value
    return ConstraintError(path, ConstraintKind.TYPE, f"is {_name(value)}, not {due}")


def _name(value: object) -> str:
    return f"{type(value).__name__} {shorten(value)}"


def shorten(value: object, limit: int = 40) -> str:
    """Return a short repr, safe to show: a peer may have sent anything."""
    text = value[: limit + 1] if isinstance(value, str) else value
    if isinstance(text, int) and not isinstance(text, bool) and text.bit_length() > 128:
        return "a very large integer"
    shown = ascii(str(text)) if isinstance(text, str) else ascii(text)
    return shown if len(shown) <= limit else f"{shown[:limit]}..."
