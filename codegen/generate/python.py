"""How a fact looks in Python: names of fields and members, annotations, specs, checks.

The one place where the kinds of the model meet the types of the core.
"""

from __future__ import annotations

from codegen import names
from codegen.generate.source import expression, tuple_of
from codegen.model import (
    Contract,
    Enumeration,
    EnumRef,
    Field,
    ObjectRef,
    Scalar,
    ScalarKind,
    Structure,
)

ANNOTATIONS: dict[ScalarKind, str] = {
    "string": "str",
    "uri": "str",
    "integer": "int",
    "tenths": "float",
    "boolean": "bool",
    "timestamp": "datetime",
}
KINDS: dict[ScalarKind, str] = {
    "string": "TEXT",
    "uri": "URI",
    "integer": "INTEGER",
    "tenths": "TENTHS",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
}


def annotation(field: Field) -> str:
    """Return the type of a field that is present."""
    match field.type:
        case Scalar(kind=kind):
            single = ANNOTATIONS[kind]
        case EnumRef(name) | ObjectRef(name):
            single = name
    return f"tuple[{single}, ...]" if field.many else single


def item_annotation(field: Field) -> str:
    """Return the type of one value of a field."""
    match field.type:
        case Scalar(kind=kind):
            return ANNOTATIONS[kind]
        case EnumRef(name) | ObjectRef(name):
            return name


def name(field: Field) -> str:
    """Return the Python name of a field."""
    return names.field_name(field.name)


def required_first(structure: Structure) -> list[Field]:
    """Return the fields in the order of positional code: required ones first."""
    return sorted(structure.fields, key=lambda field: not field.json.required)


def enumeration(contract: Contract, reference: EnumRef) -> Enumeration:
    """Return the enumeration that a reference names."""
    return next(enum for enum in contract.enumerations if enum.name == reference.name)


def aliases(contract: Contract, field: Field) -> dict[str, str]:
    """Return other spellings on JSON, each with the value it stands for."""
    if not isinstance(field.type, EnumRef):
        return {}
    return {
        alias.text: alias.value
        for alias in enumeration(contract, field.type).aliases
        if alias.family == "json"
    }


def field_spec(contract: Contract, field: Field) -> str:
    """Return the FieldSpec of a field."""
    items = [f'"{name(field)}"', f'"{field.name}"']
    match field.type:
        case Scalar(kind=kind, max_length=limit, case_insensitive=insensitive):
            items.append(f"FieldKind.{KINDS[kind]}")
            if limit is not None:
                items.append(f"max_length={limit}")
            if insensitive:
                items.append("case_insensitive=True")
        case EnumRef(cls):
            items += ["FieldKind.ENUM", f"cls={cls}"]
        case ObjectRef(cls):
            items += ["FieldKind.OBJECT", f"cls={cls}"]
    if not field.json.required:
        items.append("required=False")
    if field.many:
        items.append("many=True")
    if field.json.min_items:
        items.append(f"min_items={field.json.min_items}")
    if field.soap is not None:
        items.append(f"soap_required={field.soap.required}")
        if field.many and field.soap.min_items:
            items.append(f"soap_min_items={field.soap.min_items}")
    spellings = aliases(contract, field)
    if spellings:
        pairs = ", ".join(f'"{text}": "{value}"' for text, value in spellings.items())
        items.append(f"aliases={{{pairs}}}")
    return expression("FieldSpec(", items, ")")


def type_spec(contract: Contract, structure: Structure) -> str:
    """Return the TypeSpec of a structure."""
    specs = [field_spec(contract, field) for field in structure.fields]
    if len(specs) > 1:
        fields = "(\n" + "".join(f"    {_shift(spec)},\n" for spec in specs) + ")"
    else:
        fields = tuple_of(specs, indent=2)
    items = [f'"{structure.name}"', fields]
    if structure.soap_order is not None:
        order = tuple_of([f'"{wire}"' for wire in structure.soap_order], indent=5)
        items.append(f"soap_order={order}")
    return expression("TypeSpec(", items, ")", indent=11)


def _shift(text: str) -> str:
    return text.replace("\n", "\n    ")


def check(field: Field) -> str:
    """Return the quick test of a field, true where its value is allowed."""
    value = f"self.{name(field)}"
    test = _many_check(field, value) if field.many else _single_check(field, value)
    return test if field.json.required else f"({value} is None or {test})"


def _single_check(field: Field, value: str) -> str:
    match field.type:
        case Scalar(kind="string" | "uri", max_length=limit):
            return f"is_text({value})" if limit is None else f"is_text({value}, {limit})"
        case Scalar(kind="integer"):
            return f"is_integer({value})"
        case Scalar(kind="tenths"):
            return f"is_tenths({value})"
        case Scalar(kind="boolean"):
            return f"is_boolean({value})"
        case Scalar(kind="timestamp"):
            return f"is_instant({value})"
        case EnumRef(cls):
            return f"is_member({value}, {cls})"
        case ObjectRef(cls):
            return f"is_valid({value}, {cls})"
    raise AssertionError(field)


def _many_check(field: Field, value: str) -> str:
    match field.type:
        case ObjectRef(cls):
            least = f", {field.json.min_items}" if field.json.min_items else ""
            return f"are_valid({value}, {cls}{least})"
        case Scalar(kind="string", max_length=int(limit)):
            return f"are_texts({value}, {limit})"
    raise AssertionError(f"{field.name}: a list of {field.type} needs a check of its own")


def helpers(structures: tuple[Structure, ...]) -> set[str]:
    """Return the names of the check functions that structures need."""
    tests = " ".join(check(field) for one in structures for field in one.fields)
    return {one for one in _HELPERS if f"{one}(" in tests}


_HELPERS = (
    "are_texts",
    "are_valid",
    "is_boolean",
    "is_instant",
    "is_integer",
    "is_member",
    "is_tenths",
    "is_text",
    "is_valid",
)
