"""`bindings/ocppj/_generated/`: the fast path of the JSON codec, one module a feature profile."""

from __future__ import annotations

from codegen import names
from codegen.generate import python
from codegen.generate.messages import TITLES
from codegen.generate.source import WIDTH, Banner, expression, import_block, module, wrapped
from codegen.model import Contract, EnumRef, Field, ObjectRef, Profile, Scalar, Structure
from codegen.prose import Prose

FOLDER = "ocpp16/bindings/ocppj/_generated"
PACKAGE = "ocpp16.bindings.ocppj._generated"


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return the package of fast codecs."""
    del texts
    written = {
        f"{FOLDER}/{profile.value}.py": _messages(contract, banner, profile) for profile in Profile
    }
    written[f"{FOLDER}/datatypes.py"] = _data_types(contract, banner)
    written[f"{FOLDER}/__init__.py"] = _package(banner)
    return written


def _package(banner: Banner) -> str:
    profiles = sorted(profile.value for profile in Profile)
    lines = [
        "from typing import Any",
        "",
        f"from {PACKAGE} import (",
        *(f"    {name}," for name in profiles),
        ")",
        "from ocpp16.bindings.ocppj.fast import Codec",
        "",
        "CODECS: dict[type, Codec[Any]] = {",
        *(f"    **{name}.CODECS," for name in profiles),
        "}",
    ]
    return module(banner, "Fast JSON codecs by message class.", [lines])


def _data_types(contract: Contract, banner: Banner) -> str:
    structures = contract.data_types
    blocks: list[list[str]] = [_imports(contract, structures, is_module_of_data_types=True)]
    in_lists = _in_lists(contract)
    for structure in structures:
        blocks.append(_struct(contract, structure))
        blocks.append(_read(contract, structure))
        blocks.append(_keys(structure))
        blocks.append(_write(contract, structure))
        if structure.name in in_lists:
            blocks += _lists(structure)
    doc = "Data types on JSON: Structs, and copies from and to the public classes."
    return module(banner, doc, blocks)


def _in_lists(contract: Contract) -> set[str]:
    messages = [one for action in contract.actions for one in (action.request, action.response)]
    structures = [*contract.data_types, *(message.structure for message in messages)]
    return {
        field.type.name
        for structure in structures
        for field in structure.fields
        if field.many and isinstance(field.type, ObjectRef)
    }


def _lists(structure: Structure) -> list[list[str]]:
    name = structure.name
    snake = names.snake(name)
    return [
        [
            *wrapped(
                f"def read_{snake}_list(", [f"wire: list[{name}Json]"], f") -> tuple[{name}, ...]:"
            ),
            f"    return tuple([read_{snake}(item) for item in wire])",
        ],
        [
            *wrapped(
                f"def keys_{snake}_list(", [f"wire: MayBeAbsent[list[{name}Json]]"], ") -> int:"
            ),
            f"    return 0 if wire is None else sum([keys_{snake}(item) for item in wire])",
        ],
        [
            *wrapped(
                f"def write_{snake}_list(",
                [f"values: tuple[{name}, ...]"],
                f") -> list[{name}Json]:",
            ),
            f"    return [write_{snake}(value) for value in values]",
        ],
    ]


def _messages(contract: Contract, banner: Banner, profile: Profile) -> str:
    actions = [action for action in contract.actions if action.profile is profile]
    structures = tuple(
        message.structure for action in actions for message in (action.request, action.response)
    )
    blocks = [_imports(contract, structures, is_module_of_data_types=False)]
    for structure in structures:
        blocks.append(_struct(contract, structure))
        blocks.append(_decode(contract, structure))
        blocks.append(_encode(contract, structure))
    table = ["CODECS: dict[type, Codec[Any]] = {"]
    for structure in structures:
        snake = names.snake(structure.name)
        table += wrapped(
            f"{structure.name}: Codec(", [f"decode_{snake}", f"encode_{snake}"], "),", indent=1
        )
    table.append("}")
    blocks.append(table)
    doc = f"Messages of the profile {TITLES[profile]} on JSON: Structs and straight-line copies."
    return module(banner, doc, blocks)


def _imports(
    contract: Contract, structures: tuple[Structure, ...], *, is_module_of_data_types: bool
) -> list[str]:
    fields = [field for structure in structures for field in structure.fields]
    fast = {"JsonStruct"}
    if any(not field.json.required for field in fields):
        fast |= {"ABSENT", "MayBeAbsent"}
    kinds = {field.type.kind for field in fields if isinstance(field.type, Scalar)}
    fast |= {"Integer"} if "integer" in kinds else set()
    fast |= {"Tenths", "tenths"} if "tenths" in kinds else set()
    fast |= {"Timestamp", "instant"} if "timestamp" in kinds else set()
    if any(python.aliases(contract, field) for field in fields):
        fast.add("aliased")
    enums = {field.type.name for field in fields if isinstance(field.type, EnumRef)}
    nested = {field.type.name for field in fields if isinstance(field.type, ObjectRef)}
    annotated = any(
        (isinstance(field.type, Scalar) and field.type.max_length is not None)
        or field.json.min_items
        for field in fields
    )
    own = {structure.name for structure in structures}
    wanted = {
        "ocpp16._generated.drafts": {f"{one}Draft" for one in own},
        "ocpp16._generated.enums": enums,
    }
    typing_names = "Annotated, Any" if annotated else "Any"
    if is_module_of_data_types:
        wanted["ocpp16._generated.datatypes"] = own | nested
        msgspec_names, tail = "Meta", []
    else:
        fast |= {"Codec", "check_keys"}
        fast |= {"check_timestamps"} if _any_kind(contract, structures, "timestamp") else set()
        fast |= {"check_numbers"} if _any_kind(contract, structures, "tenths") else set()
        wanted[f"ocpp16._generated.{_profile_of(contract, structures[0])}"] = own
        wanted[f"{PACKAGE}.datatypes"] = {f"{one}Json" for one in nested} | {
            f"{verb}_{names.snake(field.type.name)}{'_list' if field.many else ''}"
            for field in fields
            if isinstance(field.type, ObjectRef)
            for verb in ("read", "write", "keys")
        }
        msgspec_names = "Meta, json" if annotated else "json"
        tail = ["", "_write = json.Encoder().encode"]
    wanted["ocpp16.bindings.ocppj.fast"] = fast
    lines = [
        f"from typing import {typing_names}",
        "",
        f"from msgspec import {msgspec_names}",
        "",
        *import_block(wanted),
        *tail,
    ]
    tables = _alias_tables(contract, fields)
    return lines + tables


def _alias_tables(contract: Contract, fields: list[Field]) -> list[str]:
    lines: list[str] = []
    for name in sorted({field.type.name for field in fields if isinstance(field.type, EnumRef)}):
        enum = python.enumeration(contract, EnumRef(name))
        spellings = [alias for alias in enum.aliases if alias.family == "json"]
        if not spellings:
            continue
        member = {alias.text: names.enum_member(alias.value) for alias in spellings}
        reads = ", ".join(f'"{text}": {name}.{member[text]}' for text in member)
        writes = ", ".join(
            f'{name}.{member[alias.text]}: "{alias.text}"' for alias in spellings if alias.written
        )
        lines += [
            "",
            f"_READ_{names.snake(name).upper()}: dict[str, Any] = {{",
            f"    **{{unit.value: unit for unit in {name}}},",
            f"    **{{{reads}}},",
            "}",
            f"_WRITE_{names.snake(name).upper()}: dict[Any, str] = {{",
            f"    **{{unit: unit.value for unit in {name}}},",
            f"    **{{{writes}}},",
            "}",
        ]
    return lines


def _profile_of(contract: Contract, structure: Structure) -> str:
    return next(
        action.profile.value
        for action in contract.actions
        if structure in (action.request.structure, action.response.structure)
    )


def _any_kind(contract: Contract, structures: tuple[Structure, ...], kind: str) -> bool:
    return any(_has_kind(contract, structure, kind) for structure in structures)


def _has_kind(contract: Contract, structure: Structure, kind: str) -> bool:
    for field in structure.fields:
        match field.type:
            case Scalar(kind=found) if found == kind:
                return True
            case ObjectRef(name) if _has_kind(contract, _nested(contract, name), kind):
                return True
    return False


def _nested(contract: Contract, name: str) -> Structure:
    return next(one for one in contract.data_types if one.name == name)


def _struct(contract: Contract, structure: Structure) -> list[str]:
    lines = [f"class {structure.name}Json(JsonStruct):"]
    for field in python.required_first(structure):
        kind = _struct_type(contract, field)
        if field.json.required:
            lines.append(f"    {field.name}: {kind}")
        else:
            one = f"    {field.name}: MayBeAbsent[{kind}] = ABSENT"
            head = f"    {field.name}: MayBeAbsent["
            lines += [one] if len(one) <= WIDTH else [head, f"        {kind}", "    ] = ABSENT"]
    return lines if structure.fields else [*lines, "    pass"]


def _struct_type(contract: Contract, field: Field) -> str:
    match field.type:
        case Scalar(kind="string" | "uri", max_length=None):
            single = "str"
        case Scalar(kind="string" | "uri", max_length=limit):
            single = f"Annotated[str, Meta(max_length={limit})]"
        case Scalar(kind="boolean"):
            single = "bool"
        case Scalar(kind=kind):
            single = kind.capitalize()
        case EnumRef(name):
            single = "str" if python.aliases(contract, field) else name
        case ObjectRef(name):
            single = f"{name}Json"
    if not field.many:
        return single
    if field.json.min_items:
        return f"Annotated[list[{single}], Meta(min_length={field.json.min_items})]"
    return f"list[{single}]"


def _copied_in(contract: Contract, field: Field) -> str:
    """Return the expression that takes a field out of its Struct."""
    value = f"wire.{field.name}"
    copy = _single_in(contract, field, "item" if field.many else value)
    if field.many:
        copy = f"tuple({value})" if copy == "item" else copy.replace("(item)", f"_list({value})")
    if copy == value or field.json.required:
        return copy
    return _conditional("None", f"{value} is None", copy)


def _single_in(contract: Contract, field: Field, value: str) -> str:
    match field.type:
        case Scalar(kind="timestamp"):
            return f"instant({value})"
        case Scalar(kind="tenths"):
            return f"tenths({value})"
        case EnumRef(name) if python.aliases(contract, field):
            return f"aliased(_READ_{names.snake(name).upper()}, {value})"
        case ObjectRef(name):
            return f"read_{names.snake(name)}({value})"
    return value


def _copied_out(contract: Contract, field: Field) -> str:
    """Return the expression that puts a field into its Struct."""
    value = f"message.{python.name(field)}"
    match field.type:
        case ObjectRef(name):
            write = f"write_{names.snake(name)}"
            copy = f"{write}_list({value})" if field.many else f"{write}({value})"
        case EnumRef(name) if python.aliases(contract, field):
            copy = f"_WRITE_{names.snake(name).upper()}[{value}]"
        case _:
            copy = f"list({value})" if field.many else value
    if copy == value or field.json.required:
        return copy
    return _conditional("ABSENT", f"{value} is None", copy)


def _conditional(absent: str, condition: str, present: str) -> str:
    one = f"{absent} if {condition} else {present}"
    if len(one) + 9 <= WIDTH:
        return one
    return f"{absent}\nif {condition}\nelse {present}"


def _read(contract: Contract, structure: Structure) -> list[str]:
    snake = names.snake(structure.name)
    return [
        f"def read_{snake}(wire: {structure.name}Json) -> {structure.name}:",
        *_fill(contract, structure),
    ]


def _fill(contract: Contract, structure: Structure) -> list[str]:
    fields = python.required_first(structure)
    copies = [_copied_in(contract, field) for field in fields]
    return [
        *wrapped(f"draft: Any = {structure.name}Draft(", copies, ")", indent=1),
        f"    draft.__class__ = {structure.name}",
        f"    result: {structure.name} = draft",
        "    return result",
    ]


def _keys(structure: Structure) -> list[str]:
    snake = names.snake(structure.name)
    return [
        f"def keys_{snake}(wire: {structure.name}Json) -> int:",
        *_sum("return ", _key_terms(structure), ""),
    ]


def _key_terms(structure: Structure) -> list[str]:
    terms = [str(sum(field.json.required for field in structure.fields))]
    for field in python.required_first(structure):
        value = f"wire.{field.name}"
        if not field.json.required:
            terms.append(f"({value} is not None)")
        if not isinstance(field.type, ObjectRef):
            continue
        count = f"keys_{names.snake(field.type.name)}"
        nested = f"{count}_list({value})" if field.many else f"{count}({value})"
        plain = field.json.required or field.many
        terms.append(nested if plain else f"(0 if {value} is None else {nested})")
    return terms


def _sum(head: str, terms: list[str], tail: str) -> list[str]:
    one = f"    {head}{' + '.join(terms)}{tail}"
    if len(one) <= 100:
        return [one]
    lines = [f"    {head}(" if not head.endswith("(") else f"    {head}"]
    first, *rest = terms
    lines += [f"        {first}", *(f"        + {term}" for term in rest), "    )"]
    return lines


def _write(contract: Contract, structure: Structure) -> list[str]:
    snake = names.snake(structure.name)
    fields = python.required_first(structure)
    copies = [_copied_out(contract, field) for field in fields]
    return [
        f"def write_{snake}(message: {structure.name}) -> {structure.name}Json:",
        *wrapped(f"return {structure.name}Json(", copies, ")", indent=1),
    ]


def _decode(contract: Contract, structure: Structure) -> list[str]:
    snake = names.snake(structure.name)
    uses_wire = bool(structure.fields)
    read = f"_read_{snake}(payload)"
    lines = [
        *_decoder(f"_read_{snake} = json.Decoder(", f"{structure.name}Json"),
        "",
        "",
        *wrapped(f"def decode_{snake}(", ["payload: bytes"], f") -> {structure.name}:"),
        f"    wire = {read}" if uses_wire else f"    {read}",
        *_sum("keys = ", _key_terms(structure), ""),
        "    check_keys(payload, keys)",
    ]
    if _has_kind(contract, structure, "timestamp"):
        lines.append("    check_timestamps(payload)")
    if _has_kind(contract, structure, "tenths"):
        lines.append("    check_numbers(payload)")
    return [*lines, *_fill(contract, structure)]


def _decoder(head: str, argument: str) -> list[str]:
    one = f"{head}{argument}).decode"
    return [one] if len(one) <= WIDTH else [head, f"    {argument}", ").decode"]


def _encode(contract: Contract, structure: Structure) -> list[str]:
    snake = names.snake(structure.name)
    copies = [_copied_out(contract, field) for field in python.required_first(structure)]
    head = wrapped(f"def encode_{snake}(", [f"message: {structure.name}"], ") -> bytes:")
    if not copies:
        return [
            *head,
            "    del message",
            f"    return _write({structure.name}Json())",
        ]
    value = expression(f"{structure.name}Json(", copies, ")")
    return [
        *head,
        *(
            [f"    return _write({value})"]
            if "\n" not in value and len(value) < 80
            else [
                *wrapped(f"wire = {structure.name}Json(", copies, ")", indent=1),
                "    return _write(wire)",
            ]
        ),
    ]
