"""`bindings/ocppj/_generated/`: the fast path of the JSON codec, one module a feature profile."""

from __future__ import annotations

from codegen import names
from codegen.generate import python
from codegen.generate.messages import TITLES
from codegen.generate.source import (
    WIDTH,
    Banner,
    exploded,
    expression,
    import_block,
    module,
    wrapped,
)
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
    return banner.render("Fast JSON codecs: one module a feature profile, loaded by `codec`.")


def _data_types(contract: Contract, banner: Banner) -> str:
    structures = contract.data_types
    blocks: list[list[str]] = [_imports(contract, structures, is_module_of_data_types=True)]
    in_lists, alone = _used(contract, is_many=True), _used(contract, is_many=False)
    for structure in structures:
        blocks.append(_struct(contract, structure))
        if structure.name in alone:
            blocks += [_read(contract, structure), _write(contract, structure)]
        if structure.name in in_lists:
            blocks += [_read_list(contract, structure), _write_list(contract, structure)]
    pairs = [
        f"{name}: (list[{name}Json], read_{names.snake(name)}_list)"
        for name in (one.name for one in structures)
        if name in in_lists
    ]
    blocks.append(exploded("LISTS: dict[type, tuple[Any, Callable[[Any], Any]]] = {", pairs, "}"))
    doc = "Data types on JSON: Structs, and copies from and to the public classes."
    return module(banner, doc, blocks)


def _used(contract: Contract, *, is_many: bool) -> set[str]:
    """Return the names of the data types that stand in lists, or that stand alone."""
    messages = [one for action in contract.actions for one in (action.request, action.response)]
    structures = [*contract.data_types, *(message.structure for message in messages)]
    return {
        field.type.name
        for structure in structures
        for field in structure.fields
        if field.many is is_many and isinstance(field.type, ObjectRef)
    }


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
    for table, verb, kind in (
        ("DECODERS", "decode", "Callable[[bytes], Any]"),
        ("ENCODERS", "encode", "Callable[[Any], bytes]"),
    ):
        pairs = [f"{one.name}: {verb}_{names.snake(one.name)}" for one in structures]
        blocks.append(exploded(f"{table}: dict[type, {kind}] = {{", pairs, "}"))
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
    fast |= {"Tenths", "Unusual"} if "tenths" in kinds else set()
    fast |= {"Timestamp", "instant"} if "timestamp" in kinds else set()
    enums = {field.type.name for field in fields if isinstance(field.type, EnumRef)}
    nested = {field.type.name for field in fields if isinstance(field.type, ObjectRef)}
    annotated = any(
        (isinstance(field.type, Scalar) and field.type.max_length is not None)
        or field.json.min_items
        for field in fields
    )
    own = {structure.name for structure in structures}
    wanted = {
        "ocpp16._generated.drafts": {f"{one.name}Draft" for one in structures if one.fields},
        "ocpp16._generated.enums": enums,
    }
    typing_names = ["Annotated"] if annotated else []
    typing_names.append("Any")
    if is_module_of_data_types:
        typing_names += ["Literal"] if any(python.aliases(contract, one) for one in fields) else []
        wanted["ocpp16._generated.datatypes"] = own | nested
        msgspec_names, tail = "Meta", []
    else:
        fast |= {"check_quotes"} if fields else set()
        fast |= {"check_numbers"} if _any_kind(contract, structures, "tenths") else set()
        wanted[f"ocpp16._generated.{_profile_of(contract, structures[0])}"] = own
        wanted[f"{PACKAGE}.datatypes"] = {f"{one}Json" for one in nested} | {
            f"{verb}_{names.snake(field.type.name)}{'_list' if field.many else ''}"
            for field in fields
            if isinstance(field.type, ObjectRef)
            for verb in ("read", "write")
        }
        msgspec_names = "Meta, json" if annotated else "json"
        tail = ["", "_write = json.Encoder().encode"]
    wanted["ocpp16.bindings.ocppj.fast"] = fast
    lines = [
        "from collections.abc import Callable",
        f"from typing import {', '.join(typing_names)}",
        "",
        f"from msgspec import {msgspec_names}",
        "",
        *import_block(wanted),
        *tail,
    ]
    return lines + _spellings(contract, fields)


def _spellings(contract: Contract, fields: list[Field]) -> list[str]:
    """Return type and tables of enumerations that JSON spells in more than one way."""
    lines: list[str] = []
    for name in sorted({field.type.name for field in fields if isinstance(field.type, EnumRef)}):
        enum = python.enumeration(contract, EnumRef(name))
        aliases = [alias for alias in enum.aliases if alias.family == "json"]
        if not aliases:
            continue
        members = {value: f"{name}.{names.enum_member(value)}" for value in enum.values}
        reads = {value: members[value] for value in enum.values}
        reads |= {alias.text: members[alias.value] for alias in aliases}
        writes = {value: value for value in enum.values}
        writes |= {alias.value: alias.text for alias in aliases if alias.written}
        snake = names.snake(name).upper()
        lines += [
            "",
            *exploded(f"_{name}Text = Literal[", [f'"{text}"' for text in reads], "]"),
            *exploded(
                f"_READ_{snake}: dict[str | None, {name} | None] = {{",
                ["None: None", *(f'"{text}": {member}' for text, member in reads.items())],
                "}",
            ),
            *exploded(
                f"_WRITE_{snake}: dict[{name} | None, Any] = {{",
                ["None: ABSENT", *(f'{members[one]}: "{text}"' for one, text in writes.items())],
                "}",
            ),
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
            single = f"_{name}Text" if python.aliases(contract, field) else name
        case ObjectRef(name):
            single = f"{name}Json"
    if not field.many:
        return single
    if field.json.min_items:
        return f"Annotated[list[{single}], Meta(min_length={field.json.min_items})]"
    return f"list[{single}]"


def _quotes(field: Field) -> int:
    """Return how many quotes a field takes, those of items and nested members not counted."""
    match field.type:
        case ObjectRef() | Scalar(kind="integer" | "tenths" | "boolean"):
            return 2
    return 2 if field.many else 4


def _all_quotes(structure: Structure) -> int:
    return sum(_quotes(field) for field in structure.fields)


def _take(contract: Contract, field: Field, wire: str) -> list[str]:
    """Return the statements that copy a field of a Struct into a draft, and count its quotes."""
    slot, value = f"draft.{python.name(field)}", f"{wire}.{field.name}"
    less = f"    quotes -= {_quotes(field)}"
    present = _take_present(contract, field, slot, value)
    if field.json.required:
        return present
    if present == [f"{slot} = {value}"] or python.aliases(contract, field):
        return [*present, f"if {value} is None:", less]
    return [
        f"if {value} is None:",
        f"    {slot} = None",
        less,
        "else:",
        *(f"    {line}" for line in present),
    ]


def _take_present(contract: Contract, field: Field, slot: str, value: str) -> list[str]:
    match field.type:
        case Scalar(kind="timestamp"):
            return [f"{slot} = instant({value})"]
        case Scalar(kind="tenths"):
            # `check_numbers` says why this is enough.
            return [
                f"if not ({value} * 10.0).is_integer():",
                "    raise Unusual",
                f"{slot} = {value}",
            ]
        case EnumRef(name) if python.aliases(contract, field):
            return [f"{slot} = _READ_{names.snake(name).upper()}[{value}]"]
        case ObjectRef(name):
            tail = "_list" if field.many else ""
            read = f"read_{names.snake(name)}{tail}({value})"
            one = f"{slot}, nested = {read}"
            # Eight columns of indentation at most.
            if len(one) + 8 <= WIDTH:
                return [one, "quotes += nested"]
            head = f"{slot}, nested = read_{names.snake(name)}{tail}("
            return [*exploded(head, [value], ")"), "quotes += nested"]
    if field.many:
        return [f"{slot} = tuple({value})", f"quotes += 2 * len({value})"]
    return [f"{slot} = {value}"]


def _draft(contract: Contract, structure: Structure, wire: str) -> list[str]:
    lines = [f"draft: Any = {structure.name}Draft()"]
    for field in python.required_first(structure):
        lines += _take(contract, field, wire)
    return lines


def _indented(lines: list[str], steps: int = 1) -> list[str]:
    return [f"{'    ' * steps}{line}" for line in lines]


def _read(contract: Contract, structure: Structure) -> list[str]:
    name = structure.name
    return [
        *wrapped(
            f"def read_{names.snake(name)}(", [f"wire: {name}Json"], f") -> tuple[{name}, int]:"
        ),
        f"    quotes = {_all_quotes(structure)}",
        *_indented(_draft(contract, structure, "wire")),
        f"    draft.__class__ = {name}",
        "    return draft, quotes",
    ]


def _read_list(contract: Contract, structure: Structure) -> list[str]:
    name = structure.name
    return [
        *wrapped(
            f"def read_{names.snake(name)}_list(",
            [f"wire: list[{name}Json]"],
            f") -> tuple[tuple[{name}, ...], int]:",
        ),
        f"    quotes = {_all_quotes(structure)} * len(wire)",
        f"    items: list[{name}] = []",
        "    for item in wire:",
        *_indented(_draft(contract, structure, "item"), 2),
        f"        draft.__class__ = {name}",
        "        items.append(draft)",
        "    return tuple(items), quotes",
    ]


def _copied_out(contract: Contract, field: Field, source: str) -> str:
    """Return the expression that puts a field into its Struct."""
    value = f"{source}.{python.name(field)}"
    match field.type:
        case ObjectRef(name):
            write = f"write_{names.snake(name)}"
            copy = f"{write}_list({value})" if field.many else f"{write}({value})"
        case EnumRef(name) if python.aliases(contract, field):
            return f"_WRITE_{names.snake(name).upper()}[{value}]"
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


def _write(contract: Contract, structure: Structure) -> list[str]:
    name = structure.name
    fields = python.required_first(structure)
    copies = [_copied_out(contract, field, "value") for field in fields]
    return [
        *wrapped(f"def write_{names.snake(name)}(", [f"value: {name}"], f") -> {name}Json:"),
        *wrapped(f"return {name}Json(", copies, ")", indent=1),
    ]


def _write_list(contract: Contract, structure: Structure) -> list[str]:
    name = structure.name
    fields = python.required_first(structure)
    copies = [_copied_out(contract, field, "value") for field in fields]
    one = f"    return [{name}Json({', '.join(copies)}) for value in values]"
    body = (
        [one]
        if len(one) <= WIDTH
        else [
            "    return [",
            *wrapped(f"{name}Json(", copies, ")", indent=2),
            "        for value in values",
            "    ]",
        ]
    )
    return [
        *wrapped(
            f"def write_{names.snake(name)}_list(",
            [f"values: tuple[{name}, ...]"],
            f") -> list[{name}Json]:",
        ),
        *body,
    ]


def _decode(contract: Contract, structure: Structure) -> list[str]:
    name, snake = structure.name, names.snake(structure.name)
    head = [
        *_decoder(f"_read_{snake} = json.Decoder(", f"{name}Json"),
        "",
        "",
        *wrapped(f"def decode_{snake}(", ["payload: bytes"], f") -> {name}:"),
    ]
    if not structure.fields:
        # Nothing can be told apart from another one: one object does for all.
        return [
            f"_{snake.upper()} = {name}()",
            *head,
            '    if payload != b"{}":',
            f"        _read_{snake}(payload)",
            f"    return _{snake.upper()}",
        ]
    checks = ["check_numbers(payload)"] if _has_kind(contract, structure, "tenths") else []
    return [
        *head,
        f"    wire = _read_{snake}(payload)",
        f"    quotes = {_all_quotes(structure)}",
        *_indented(_draft(contract, structure, "wire")),
        "    if payload.count(b'\"') != quotes:",
        "        check_quotes(payload, quotes)",
        *_indented(checks),
        "    draft._deviations = None",
        f"    draft.__class__ = {name}",
        f"    result: {name} = draft",
        "    return result",
    ]


def _decoder(head: str, argument: str) -> list[str]:
    one = f"{head}{argument}).decode"
    return [one] if len(one) <= WIDTH else [head, f"    {argument}", ").decode"]


def _encode(contract: Contract, structure: Structure) -> list[str]:
    name, snake = structure.name, names.snake(structure.name)
    fields = python.required_first(structure)
    copies = [_copied_out(contract, field, "message") for field in fields]
    head = wrapped(f"def encode_{snake}(", [f"message: {name}"], ") -> bytes:")
    if not copies:
        return [*head, "    del message", '    return b"{}"']
    value = expression(f"{name}Json(", copies, ")")
    return [
        *head,
        "    if message._deviations is not None:",
        "        message.check()",
        *(
            [f"    return _write({value})"]
            if "\n" not in value and len(value) < 80
            else [
                *wrapped(f"wire = {name}Json(", copies, ")", indent=1),
                "    return _write(wire)",
            ]
        ),
    ]
