"""Hypothesis values built from the specs: valid messages, and payloads with exactly one fault.

Nothing here asks the code under test: what a fault is and which code it gets stands in this file.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
from hypothesis import strategies as st

from ocpp16 import catalog
from ocpp16.spec import FieldKind, FieldSpec, TypeSpec
from ocpp16.structure import Structure, WireEnum

MESSAGES: tuple[type[Structure], ...] = tuple(
    cls for action in catalog.ACTIONS.values() for cls in (action.request, action.response)
)
SHARED: tuple[type[Structure], ...] = tuple(
    cls
    for action in catalog.ACTIONS.values()
    if action.soap_services
    for cls in (action.request, action.response)
)
"""Messages that both wires carry."""

FORMATION = "FormationViolation"
OCCURRENCE = "OccurrenceConstraintViolation"
TYPE = "TypeConstraintViolation"
PROPERTY = "PropertyConstraintViolation"


def texts(max_length: int | None) -> st.SearchStrategy[str]:
    """Texts that both wires carry: XML has no control characters and no surrogates."""
    alphabet = st.one_of(
        st.characters(min_codepoint=32, max_codepoint=126),
        st.characters(
            min_codepoint=0x20, exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"
        ),
    )
    longest = 60 if max_length is None else max_length
    return st.one_of(
        st.text(alphabet, max_size=min(longest, 40)),
        st.just("x" * longest),
        st.just('\\":,' * (longest // 4)),
    )


def integers(*, soap: bool = False) -> st.SearchStrategy[int]:
    """Integers that the core carries, or that SOAP does, too."""
    bits = 31 if soap else 63
    edges = st.sampled_from([0, 1, -1, 2**bits - 1, -(2**bits)])
    return st.one_of(edges, st.integers(-(2**bits), 2**bits - 1))


def tenths() -> st.SearchStrategy[float]:
    """Numbers with at most one decimal."""
    return st.integers(-(10**15), 9 * 10**15 - 1).map(lambda n: n / 10) | st.integers(
        -9999, 99999
    ).map(lambda n: n / 10)


def instants() -> st.SearchStrategy[datetime]:
    """Instants in UTC."""
    return st.datetimes(timezones=st.just(UTC))


def uris() -> st.SearchStrategy[str]:
    """Texts that any reading of xs:anyURI takes, on the JSON wire as well."""
    pieces = ["a", "/", ".", "-", "~", "%41", "&", "'", "\u0416", "<", '"', "{", "|", "\\", "^"]
    tail = st.lists(st.sampled_from(pieces), max_size=12).map("".join)
    heads = ["", "x", "ftp://u:p@h:21/", "http://[::1]/", "//h/", "mailto:", "/a/", "?", "#"]
    return st.builds(lambda head, rest: head + rest.lstrip("/"), st.sampled_from(heads), tail)


def odd_uris() -> st.SearchStrategy[str]:
    """Texts of which about every other one is no xs:anyURI."""
    marks = list('[]%#:/?@. a1{}|\\^`<>"\t\n\r\x7f\xa0\u0416\U0001f50c')
    parts = ["%4f", "%4", "://", "//", "http", ":80", ":99999999999", "[::1]", "a@"]
    hosts = ["1.2.3.4", "255.256.1.0", "25", "19"]
    pieces = st.sampled_from(marks + parts + hosts)
    return st.lists(pieces, max_size=8).map("".join) | uris() | texts(None)


def values(field: FieldSpec, *, soap: bool = False) -> st.SearchStrategy[Any]:
    """Values of a field that is present."""
    single = _single(field, soap=soap)
    if not field.many:
        return single
    # On SOAP, nothing is how an optional list that is empty is written.
    least = max(field.min_items, int(field.soap_min_items > 0 or not field.required) * soap)
    return st.lists(single, min_size=least, max_size=3).map(tuple)


def _single(field: FieldSpec, *, soap: bool) -> st.SearchStrategy[Any]:
    match field.kind:
        case FieldKind.URI if soap:
            return uris()
        case FieldKind.TEXT | FieldKind.URI:
            return texts(field.max_length)
        case FieldKind.INTEGER:
            return integers(soap=soap)
        case FieldKind.TENTHS:
            return tenths()
        case FieldKind.BOOLEAN:
            return st.booleans()
        case FieldKind.TIMESTAMP:
            return instants()
        case FieldKind.ENUM:
            assert field.cls is not None and issubclass(field.cls, WireEnum)
            return st.sampled_from(list(field.cls))
        case FieldKind.OBJECT:
            assert field.cls is not None and issubclass(field.cls, Structure)
            return messages(field.cls, soap=soap)


def messages(cls: type[Structure], *, soap: bool = False) -> st.SearchStrategy[Any]:
    """Valid objects of a class; with `soap`, only such as both wires can carry."""
    required = {f.name: values(f, soap=soap) for f in cls.SPEC.fields if f.required}
    optional = {f.name: st.none() | values(f, soap=soap) for f in cls.SPEC.fields if not f.required}
    return st.builds(cls, **required, **optional)


def any_message(*, soap: bool = False) -> st.SearchStrategy[Any]:
    """Valid objects of any message class."""
    return st.sampled_from(SHARED if soap else MESSAGES).flatmap(
        lambda cls: messages(cls, soap=soap)
    )


@attrs.frozen
class Broken:
    """A JSON payload with exactly one fault."""

    cls: type[Structure]
    text: bytes
    path: str
    code: str
    fault: str


FULL_TEXT = "x"


def full_payload(spec: TypeSpec) -> dict[str, Any]:
    """Return a valid JSON payload with every field."""
    return {field.wire: _full(field) for field in spec.fields}


def _full(field: FieldSpec) -> Any:
    single: Any
    match field.kind:
        case FieldKind.TEXT | FieldKind.URI:
            single = FULL_TEXT
        case FieldKind.INTEGER:
            single = 7
        case FieldKind.TENTHS:
            single = 6.5
        case FieldKind.BOOLEAN:
            single = True
        case FieldKind.TIMESTAMP:
            single = "2024-02-29T12:30:45.125Z"
        case FieldKind.ENUM:
            assert field.cls is not None and issubclass(field.cls, WireEnum)
            single = list(field.cls)[-1].value
        case FieldKind.OBJECT:
            assert field.cls is not None and issubclass(field.cls, Structure)
            single = full_payload(field.cls.SPEC)
    return [single, copy.deepcopy(single)] if field.many else single


_REPEATED = "\x00repeat"
_HUGE = "\x00huge"
"""Stands for an integer of 5,000 digits, which Python would refuse to write."""

_WRONG_TYPES: dict[FieldKind, list[Any]] = {
    FieldKind.TEXT: [7, True, 1.5, [], {}],
    FieldKind.URI: [7, True, [], {}],
    FieldKind.INTEGER: ["7", True, 1.0, 1.5, [], {}],
    FieldKind.TENTHS: ["7", True, [], {}],
    FieldKind.BOOLEAN: ["true", 1, 0, [], {}],
    FieldKind.TIMESTAMP: [
        7, True, [], {}, "", "1000000", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00Z",
        "2024-01-01 00:00:00Z", "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-02-30T00:00:00Z",
        "2024-01-01T24:00:00Z", "2024-01-01T00:00:00+0000", "20240101T000000Z", "now",
        "2024-01-01T00:00:00Z ", "0001-01-01T00:00:00+01:00",
    ],
    FieldKind.ENUM: [7, True, [], {}],
    FieldKind.OBJECT: [7, True, "x", []],
}  # fmt: skip


def every_fault(cls: type[Structure]) -> Iterator[Broken]:
    """Yield payloads of a message with one fault each, in every place where it can be."""
    payload = full_payload(cls.SPEC)
    for text in ("[]", '"x"', "7", "true"):
        yield Broken(cls, text.encode(), "", FORMATION, "not an object")
    if any(field.required for field in cls.SPEC.fields):
        yield Broken(cls, b"null", "", FORMATION, "not an object")
    for path, code, fault, broken in faults(cls.SPEC, payload, ""):
        yield Broken(cls, written(broken).encode(), path, code, fault)


def written(broken: Any) -> str:
    """Return the JSON text of what `faults` yields."""
    text = json.dumps(broken).replace('"\\u0000repeat', '"')
    return text.replace('"\\u0000huge"', "9" * 5000)


def faults(
    spec: TypeSpec, payload: dict[str, Any], path: str
) -> Iterator[tuple[str, str, str, Any]]:
    """Yield path, code, what is wrong, and the object with that one fault."""
    yield f"{path}/bogus", FORMATION, "unknown field", payload | {"bogus": 1}
    for field in spec.fields:
        here = f"{path}/{field.wire}"
        value = payload[field.wire]
        yield (
            here, FORMATION, "repeated field", payload | {_REPEATED + field.wire: value},
        )  # fmt: skip
        if field.required:
            without = {name: other for name, other in payload.items() if name != field.wire}
            yield here, OCCURRENCE, "required field missing", without
        yield here, TYPE, "null", payload | {field.wire: None}
        if field.many:
            yield here, TYPE, "not a list", payload | {field.wire: value[0]}
            for count in range(field.min_items):
                yield here, OCCURRENCE, "too few items", payload | {field.wire: value[:count]}
            for place, code, fault, broken in _single_faults(field, value[1], f"{here}/1"):
                yield place, code, fault, payload | {field.wire: [value[0], broken]}
        else:
            for place, code, fault, broken in _single_faults(field, value, here):
                yield place, code, fault, payload | {field.wire: broken}


def _single_faults(field: FieldSpec, value: Any, path: str) -> Iterator[tuple[str, str, str, Any]]:
    for wrong in _WRONG_TYPES[field.kind]:
        yield path, TYPE, f"wrong type {wrong!r}", wrong
    match field.kind:
        case FieldKind.TEXT if field.max_length is not None:
            yield path, PROPERTY, "too long", "x" * (field.max_length + 1)
        case FieldKind.INTEGER:
            for large in (2**63, -(2**63) - 1, 10**40, _HUGE):
                yield path, PROPERTY, "over 64 bits", large
        case FieldKind.TENTHS:
            for number in (6.55, 0.01, 1.7000000000000002):
                yield path, PROPERTY, "more than one decimal", number
        case FieldKind.ENUM:
            for text in ("Bogus", "", str(value).lower() + " ", str(value).swapcase()):
                yield path, PROPERTY, f"bad enum value {text!r}", text
        case FieldKind.OBJECT:
            assert field.cls is not None and issubclass(field.cls, Structure)
            yield from faults(field.cls.SPEC, value, path)
