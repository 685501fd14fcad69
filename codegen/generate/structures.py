"""Classes of data types and messages: fields with their documentation, spec, checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codegen import names
from codegen.generate import python
from codegen.generate.source import WIDTH, docstring, imports, wrapped
from codegen.model import Contract, EnumRef, Field, ObjectRef, Scalar, Structure
from codegen.prose import Prose

CHECKS_OF_PRIMITIVES = {"is_boolean", "is_instant", "is_integer", "is_tenths"}


def class_lines(
    contract: Contract,
    texts: Prose,
    structure: Structure,
    *,
    base: str,
    after: str = "",
    extra: Sequence[str] = (),
) -> list[str]:
    """Return the class of a structure.

    Args:
        contract: All facts.
        texts: All documentation.
        structure: What to write.
        base: Base class, as source.
        after: Last paragraph of the docstring.
        extra: Lines after the spec.
    """
    text = texts.type(structure.name)
    lines = [
        "@attrs.frozen(kw_only=True, repr=False, getstate_setstate=False, weakref_slot=False)",
        f"class {structure.name}({base}):",
        *docstring(text.summary, text.text, after=after),
        "",
    ]
    for field in python.required_first(structure):
        lines += [*_declaration(field), *docstring(text.fields[field.name])]
    if structure.fields:
        lines.append("")
    spec = python.type_spec(contract, structure).split("\n")
    lines += [
        f"    SPEC: ClassVar[TypeSpec] = {spec[0]}",
        *(f"    {line}" for line in spec[1:]),
        "",
        *extra,
        "    def _is_valid(self) -> bool:",
        *_is_valid(structure),
    ]
    return lines


def _declaration(field: Field) -> list[str]:
    declared = f"    {python.name(field)}: {python.annotation(field)}"
    converter = _converter(field)
    if field.json.required:
        if not converter:
            return [declared]
        return wrapped_call(f"{declared} = attrs.field(", f"converter={converter}")
    if not converter:
        return [f"{declared} | None = None"]
    arguments = f"default=None, converter=attrs.converters.optional({converter})"
    return wrapped_call(f"{declared} | None = attrs.field(", arguments)


def wrapped_call(head: str, arguments: str) -> list[str]:
    """Return a call in a class body, its arguments on a line of their own where it does not fit."""
    one = f"{head}{arguments})"
    return [one] if len(one) <= WIDTH else [head, f"        {arguments}", "    )"]


def _converter(field: Field) -> str | None:
    match field:
        case Field(many=True):
            return converter_name(field)
        case Field(type=Scalar(kind="timestamp")):
            return "to_utc"
        case Field(type=Scalar(kind="tenths")):
            return "to_tenths"
    return None


def converter_name(field: Field) -> str:
    """Return the name of the converter of a list field."""
    match field.type:
        case Scalar(kind="string"):
            return "_texts"
        case EnumRef(name) | ObjectRef(name):
            return f"_{names.snake(name)}_tuple"
    raise AssertionError(field)


def converters(structures: Iterable[Structure]) -> list[list[str]]:
    """Return the converters of list fields: any iterable of the right items becomes a tuple."""
    lists = {
        converter_name(field): python.item_annotation(field)
        for structure in structures
        for field in structure.fields
        if field.many
    }
    return [
        [
            *wrapped(f"def {name}(", [f"value: Iterable[{item}]"], f") -> tuple[{item}, ...]:"),
            f"    result: tuple[{item}, ...] = as_tuple(value)",
            "    return result",
        ]
        for name, item in sorted(lists.items())
    ]


def _is_valid(structure: Structure) -> list[str]:
    checks = [python.check(field) for field in python.required_first(structure)]
    if not checks:
        return ["        return True"]
    if len(checks) == 1:
        only = checks[0]
        return [f"        return {only[1:-1] if only.startswith('(') else only}"]
    one = f"        return {' and '.join(checks)}"
    if len(one) <= WIDTH:
        return [one]
    first, *rest = checks
    if len(rest) == 1:
        call, arguments = rest[0].removesuffix(")").split("(", 1)
        return [
            f"        return {first} and {call}(",
            *_alternatives("            ", arguments),
            "        )",
        ]
    lines = ["        return (", *_operand("            ", first)]
    for check in rest:
        lines += _operand("            and ", check)
    return [*lines, "        )"]


def _operand(head: str, check: str) -> list[str]:
    one = f"{head}{check}"
    if len(one) <= WIDTH:
        return [one]
    return [f"{head}(", *_alternatives("                ", check[1:-1]), "            )"]


def _alternatives(pad: str, text: str) -> list[str]:
    if len(pad) + len(text) <= WIDTH:
        return [f"{pad}{text}"]
    absent, present = text.split(" or ", 1)
    return [f"{pad}{absent}", f"{pad}or {present}"]


def _shadows_type(structures: Iterable[Structure]) -> bool:
    return any(field.name == "type" for structure in structures for field in structure.fields)


def type_of(structure: Structure) -> str:
    """Return how `type` is written inside a class, which may have a field of that name."""
    return "builtins.type" if _shadows_type([structure]) else "type"


def import_lines(structures: tuple[Structure, ...], bases: set[str], data_types: bool) -> list[str]:
    """Return the imports that classes of these structures need."""
    fields = [field for structure in structures for field in structure.fields]
    checks = python.helpers(structures)
    primitives = checks & CHECKS_OF_PRIMITIVES
    primitives |= {"to_utc" for field in fields if _converter(field) == "to_utc"}
    primitives |= {"to_tenths" for field in fields if _converter(field) == "to_tenths"}
    many = any(field.many for field in fields)
    structure_names = bases | (checks - CHECKS_OF_PRIMITIVES) | ({"as_tuple"} if many else set())
    specs = {"TypeSpec"} | ({"FieldKind", "FieldSpec"} if fields else set())
    enums = {field.type.name for field in fields if isinstance(field.type, EnumRef)}
    nested = {field.type.name for field in fields if isinstance(field.type, ObjectRef)}
    lines = ["import builtins"] if _shadows_type(structures) and "Request" in bases else []
    lines += ["from collections.abc import Iterable"] if many else []
    if any(python.item_annotation(field) == "datetime" for field in fields):
        lines.append("from datetime import datetime")
    lines += ["from typing import ClassVar", "", "import attrs", ""]
    if nested and data_types:
        lines += imports("ocpp16._generated.datatypes", nested)
    lines += imports("ocpp16._generated.enums", enums)
    lines += imports("ocpp16.primitives", primitives)
    lines += imports("ocpp16.spec", specs)
    lines += imports("ocpp16.structure", structure_names)
    return lines
