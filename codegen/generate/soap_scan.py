"""The part of the fast SOAP codec that reads messages without a tree, in the order of the schema.

A message becomes a few shapes, each a pattern of fields that follow each other, and one function
that goes over its text once. What the pieces of a shape are is in `ocpp16/bindings/ocpps/plain.py`.
"""

from __future__ import annotations

from codegen import names
from codegen.generate import python
from codegen.generate.source import wrapped
from codegen.model import Contract, EnumRef, Field, Message, ObjectRef, Scalar, Structure


def nested(contract: Contract, messages: list[Message]) -> list[tuple[str, Structure]]:
    """Return the data types with the tag that each has, those that others hold first."""
    found: dict[str, Structure] = {}

    def visit(structure: Structure) -> None:
        for field in structure.fields:
            if isinstance(field.type, ObjectRef):
                name = field.type.name
                inner = next(one for one in contract.data_types if one.name == name)
                visit(inner)
                if found.setdefault(field.name, inner) is not inner:
                    raise ValueError(f"two kinds of elements are called {field.name}")

    for message in messages:
        visit(message.structure)
    return list(found.items())


def imports(fields: list[Field]) -> set[str]:
    """Return what the shapes of a service are made of."""
    wanted = {"Shape", "leaf", "maybe"}
    for field in fields:
        match field.type:
            case ObjectRef():
                wanted |= {"opening", "closing"}
            case EnumRef():
                wanted.add("WORD")
            case Scalar(kind="string" | "uri", max_length=limit):
                wanted.add("TEXT" if limit is None else "short_text")
            case Scalar(kind="boolean"):
                wanted |= {"BOOLEAN", "BOOLEANS"}
            case Scalar(kind=kind):
                wanted.add(kind.upper())
        if field.many and not isinstance(field.type, ObjectRef):
            wanted.add("scan_list")
    return wanted


def function(structure: Structure, tag: str | None) -> list[list[str]]:
    """Return the shapes of a message, or of a data type under its tag, and what reads it."""
    return _Scan(structure, tag).blocks()


class _Scan:
    def __init__(self, structure: Structure, tag: str | None) -> None:
        self._structure = structure
        self._tag = tag
        self._stem = names.snake(structure.name if tag is None else tag)
        self._shapes: list[list[str]] = []
        self._body: list[str] = []
        # Of the shape that is being collected:
        self._parts: list[str] = []
        self._held: list[str] = []

    def blocks(self) -> list[list[str]]:
        fields = {field.name: field for field in self._structure.fields}
        if self._tag is not None:
            self._parts.append(f'opening("{self._tag}")')
        for wire in self._structure.soap_order or ():
            self._add(fields[wire])
        if self._tag is not None:
            self._parts.append(f'closing("{self._tag}")')
        self._flush()
        return [*self._shapes, self._function()]

    def _add(self, field: Field) -> None:
        is_required = field.soap is not None and field.soap.required
        name = python.name(field)
        if not field.many and not isinstance(field.type, ObjectRef):
            kind = "leaf" if is_required else "maybe"
            self._parts.append(f'{kind}("{field.name}", {_pattern(field)})')
            self._held.append(name)
            return
        self._flush()
        if not isinstance(field.type, ObjectRef):
            shape = self._shape([f'leaf("{field.name}", {_pattern(field)})'])
            self._body.append(f"{name}, at = scan_list({shape}, text, at)")
        elif field.many:
            self._body += [
                f"{name} = []",
                f'while text.startswith("<{field.name}>", at):',
                f"    item, at = scan_{names.snake(field.name)}(text, at)",
                f"    {name}.append(item)",
            ]
        else:
            self._body += [
                f"{name} = None",
                f'if text.startswith("<{field.name}>", at):',
                f"    {name}, at = scan_{names.snake(field.name)}(text, at)",
            ]
        if is_required:
            test = f"not {name}" if field.many else f"{name} is None"
            self._body += [f"if {test}:", "    raise Unusual"]

    def _shape(self, parts: list[str]) -> str:
        name = f"_{self._stem.upper()}_{len(self._shapes)}"
        self._shapes.append(wrapped(f"{name} = Shape(", parts, ")"))
        return name

    def _flush(self) -> None:
        if not self._parts:
            return
        name = self._shape(self._parts)
        self._body += [f"found = {name}.match(text, at)", "if found is None:", "    raise Unusual"]
        if len(self._held) > 1:
            self._body += _inside("(", self._held, ") = found.groups()")
        elif self._held:
            self._body.append(f"{self._held[0]} = found[1]")
        self._body.append("at = found.end()")
        self._parts = []
        self._held = []

    def _function(self) -> list[str]:
        name = self._structure.name
        arguments = [_value(field) for field in python.required_first(self._structure)]
        if self._tag is None:
            head = wrapped(f"def scan_{self._stem}(", ["text: str"], f") -> {name}:")
            start = ["at = 0"] if self._body else []
            end = ["if at != len(text):" if self._body else "if text:", "    raise Unusual"]
        else:
            result = f") -> tuple[{name}, int]:"
            head = wrapped(f"def scan_{self._stem}(", ["text: str", "at: int"], result)
            start, end = [], []
        lines = [
            *start,
            *self._body,
            *end,
            *_inside(f"draft: Any = {name}Draft(", arguments, ")"),
            f"draft.__class__ = {name}",
            f"result: {name} = draft",
            "return result" if self._tag is None else "return result, at",
        ]
        return [*head, *(f"    {line}" for line in lines)]


def _inside(start: str, arguments: list[str], end: str) -> list[str]:
    """Return the lines of a call as long as they may be in a function, and not indented yet."""
    return [line.removeprefix("    ") for line in wrapped(start, arguments, end, indent=1)]


def _pattern(field: Field) -> str:
    match field.type:
        case EnumRef():
            return "WORD"
        case Scalar(kind="string" | "uri", max_length=limit):
            return "TEXT" if limit is None else f"short_text({limit})"
        case Scalar(kind=kind):
            return kind.upper()
    raise AssertionError(field)


def _value(field: Field) -> str:
    """Return the value of a field for what its shape has found."""
    name = python.name(field)
    if field.many:
        return f"tuple({name})" if field.json.required else f"tuple({name}) if {name} else None"
    match field.type:
        case EnumRef(enum):
            return f"_{names.snake(enum).upper()}[{name}]"
        case Scalar(kind="boolean"):
            return f"BOOLEANS[{name}]"
        case Scalar(kind="integer" | "tenths" | "timestamp" as kind):
            read = {"integer": "int", "tenths": "float", "timestamp": "datetime.fromisoformat"}
            value = f"{read[kind]}({name})"
            is_required = field.soap is not None and field.soap.required
            return value if is_required else f"None if {name} is None else {value}"
        case _:
            return name
