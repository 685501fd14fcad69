"""What other libraries do with the same messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import cattrs
import msgspec
import pydantic
from cattrs.preconf.json import make_converter
from ocpp.messages import Call, _validate_payload, unpack
from ocpp.v16 import call as calls

from bench.sample import Sample
from ocpp16.spec import FieldKind, FieldSpec, TypeSpec
from ocpp16.structure import Structure

ID = "00000000-0000-0000-0000-000000000000"
Decoder = tuple[Callable[..., object], tuple[object, ...]]


def _action(sample: Sample) -> str:
    return sample.cls.SPEC.name.removesuffix("Request")


def mobilityhouse_decoder(sample: Sample) -> Callable[[bytes], object]:
    """Return what mobilityhouse `ocpp` does with a call: parse, check by schema, make a class."""
    head = f'[2,"{ID}","{_action(sample)}",'
    cls = getattr(calls, _action(sample))
    from ocpp.charge_point import camel_to_snake_case  # noqa: PLC0415 - beside its one use

    def decode(payload: bytes) -> object:
        message = unpack(f"{head}{payload.decode()}]")
        _validate_payload(message, "1.6")
        return cls(**camel_to_snake_case(message.payload))

    return decode


def mobilityhouse_encoder(sample: Sample) -> Callable[[], str]:
    """Return what mobilityhouse `ocpp` does to send a call."""
    from ocpp.charge_point import (  # noqa: PLC0415 - beside its one use
        camel_to_snake_case,
        remove_nones,
        serialize_as_dict,
        snake_to_camel_case,
    )

    message = getattr(calls, _action(sample))(**camel_to_snake_case(sample.payload))

    def encode() -> str:
        payload = snake_to_camel_case(remove_nones(serialize_as_dict(message)))
        call = Call(unique_id=ID, action=_action(sample), payload=payload)
        _validate_payload(call, "1.6")
        text: str = call.to_json()
        return text

    return encode


_TYPES: dict[FieldKind, Any] = {
    FieldKind.TEXT: str,
    FieldKind.URI: str,
    FieldKind.INTEGER: int,
    FieldKind.TENTHS: float,
    FieldKind.BOOLEAN: bool,
    FieldKind.TIMESTAMP: datetime,
}


def _type_of(field: FieldSpec, model: Callable[[TypeSpec], Any]) -> Any:
    if isinstance(field.cls, type) and issubclass(field.cls, Structure):
        kind = model(field.cls.SPEC)
    else:
        kind = field.cls or _TYPES[field.kind]
    return list.__class_getitem__(kind) if field.many else kind


def _pydantic_model(spec: TypeSpec) -> Any:
    fields: dict[str, Any] = {}
    for field in spec.fields:
        kind = _type_of(field, _pydantic_model)
        limit: Any = {} if field.max_length is None else {"max_length": field.max_length}
        fields[field.name] = (
            (kind, pydantic.Field(alias=field.wire, **limit))
            if field.required
            else (kind | None, pydantic.Field(None, alias=field.wire, **limit))
        )
    config = pydantic.ConfigDict(extra="forbid", frozen=True)
    return pydantic.create_model(spec.name, __config__=config, **fields)


def modelled_decoders(sample: Sample) -> dict[str, Decoder]:
    """Return what pydantic and cattrs do with classes of the same shape."""
    model = _pydantic_model(sample.cls.SPEC)
    converter = _cattrs_converter(sample.cls)

    def structure(payload: bytes) -> object:
        return converter.structure(msgspec.json.decode(payload), sample.cls)

    text = sample.text
    return {"pydantic": (model.model_validate_json, (text,)), "cattrs": (structure, (text,))}


def _cattrs_converter(cls: type[Structure]) -> Any:
    converter = make_converter()

    def add(one: type[Structure]) -> None:
        for field in one.SPEC.fields:
            if isinstance(field.cls, type) and issubclass(field.cls, Structure):
                add(field.cls)
        renames = {field.name: field.wire for field in one.SPEC.fields}

        def structure(value: dict[str, Any], _: Any) -> Structure:
            known = {
                field.name: _structured(converter, field, value[field.wire])
                for field in one.SPEC.fields
                if field.wire in value
            }
            if len(known) != len(value):
                raise cattrs.ForbiddenExtraKeysError("", one, set(value) - set(renames.values()))
            return one(**known)

        converter.register_structure_hook(one, structure)

    add(cls)
    return converter


def _structured(converter: Any, field: FieldSpec, value: Any) -> Any:
    kind = field.cls or _TYPES[field.kind]
    if field.many:
        return tuple(converter.structure(item, kind) for item in value)
    return converter.structure(value, kind)
