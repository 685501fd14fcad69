"""`bindings/ocpps/_generated/`: the fast path of the SOAP codec, one module a service.

Elements are written in the order of the schema, and read in any order.
"""

from __future__ import annotations

from codegen import names
from codegen.contracts import wsdl_files
from codegen.generate import python
from codegen.generate.source import WIDTH, Banner, import_block, module, wrapped
from codegen.model import Contract, EnumRef, Field, Message, ObjectRef, Scalar, Service, Structure
from codegen.prose import Prose

FOLDER = "ocpp16/bindings/ocpps"
MODULES = {"CentralSystemService": "central_system", "ChargePointService": "charge_point"}


def files(contract: Contract, texts: Prose, banner: Banner) -> dict[str, str]:
    """Return the package of fast codecs, and the WSDLs that a server offers."""
    del texts
    written = {
        f"{FOLDER}/{path.rpartition('/')[2]}": text for path, text in wsdl_files(contract).items()
    }
    written[f"{FOLDER}/_generated/__init__.py"] = _package(contract, banner)
    for service in contract.services:
        path = f"{FOLDER}/_generated/{MODULES[service.name]}.py"
        written[path] = _service(contract, banner, service)
    return written


def _package(contract: Contract, banner: Banner) -> str:
    modules = [(MODULES[service.name], service.namespace) for service in contract.services]
    lines = [
        "from typing import Any",
        "",
        f"from ocpp16.bindings.ocpps._generated import {', '.join(name for name, _ in modules)}",
        "from ocpp16.bindings.ocpps.fast import Codec",
        "",
        "CODECS: dict[tuple[str, type], Codec[Any]] = {",
    ]
    for name, namespace in modules:
        pairs = f'("{namespace}", cls): codec for cls, codec in {name}.CODECS.items()'
        lines.append(f"    **{{{pairs}}},")
    lines.append("}")
    doc = "Fast SOAP codecs by namespace and message class."
    return module(banner, doc, [lines])


def _service(contract: Contract, banner: Banner, service: Service) -> str:
    messages = [
        message
        for action in contract.actions
        if service.name in action.services
        for message in (action.request, action.response)
    ]
    used = _used(contract, messages)
    blocks = [_imports(contract, used, messages, service)]
    for structure in used:
        blocks.append(_read(structure, service, is_message=False))
        blocks.append(_write(structure, None, service))
    for message in messages:
        blocks.append(_read(message.structure, service, is_message=True))
        blocks.append(_write(message.structure, message.soap_element, service))
    table = ["CODECS: dict[type, Codec[Any]] = {"]
    for message in messages:
        snake = names.snake(message.structure.name)
        element = f'"{{{service.namespace}}}{message.soap_element}"'
        table += wrapped(
            f"{message.structure.name}: Codec(",
            [element, f"read_{snake}", f"write_{snake}"],
            "),",
            indent=1,
        )
    blocks.append([*table, "}"])
    doc = f"Messages of the {service.name} on SOAP: straight-line reading and writing."
    return module(banner, doc, blocks)


def _used(contract: Contract, messages: list[Message]) -> list[Structure]:
    wanted: set[str] = set()

    def visit(structure: Structure) -> None:
        for field in structure.fields:
            if isinstance(field.type, ObjectRef):
                wanted.add(field.type.name)
                visit(next(one for one in contract.data_types if one.name == field.type.name))

    for message in messages:
        visit(message.structure)
    return [one for one in contract.data_types if one.name in wanted]


def _imports(
    contract: Contract, used: list[Structure], messages: list[Message], service: Service
) -> list[str]:
    structures = [*used, *(message.structure for message in messages)]
    fields = [field for structure in structures for field in structure.fields]
    enums = {field.type.name for field in fields if isinstance(field.type, EnumRef)}
    fast = {"Codec", "Unusual", "check_plain", "table"}
    for field in fields:
        match field.type:
            case Scalar(kind="string" | "uri" as kind, max_length=limit):
                fast.add("read_text" if limit is None else "read_short_text")
                if kind == "uri":
                    fast.add("write_uri")
            case Scalar(kind=kind):
                fast |= {f"read_{kind}", f"write_{kind}"}
            case EnumRef():
                fast.add("read_member")
    wanted: dict[str, set[str]] = {
        "ocpp16._generated.datatypes": {structure.name for structure in used},
        "ocpp16._generated.drafts": {f"{structure.name}Draft" for structure in structures},
        "ocpp16._generated.enums": enums,
        "ocpp16.bindings.ocpps.fast": fast | _needs_least(fields),
        "ocpp16.bindings.ocpps.xml": {"write_text"},
    }
    for action in contract.actions:
        if service.name in action.services:
            wanted.setdefault(f"ocpp16._generated.{action.profile.value}", set()).update(
                {action.request.structure.name, action.response.structure.name}
            )
    tables = [
        f"_{names.snake(name).upper()}: dict[str | None, Any] = table({name})"
        for name in sorted(enums)
    ]
    return [
        "from typing import Any",
        "from xml.etree.ElementTree import Element",
        "",
        *import_block(wanted),
        "",
        *tables,
    ]


def _needs_least(fields: list[Field]) -> set[str]:
    return {"at_least_one"} if any(_least(field) for field in fields) else set()


def _least(field: Field) -> bool:
    return field.many and field.soap is not None and field.soap.min_items > 0


def _tag(service: Service, field: Field) -> str:
    return f'"{{{service.namespace}}}{field.name}"'


def _read(structure: Structure, service: Service, *, is_message: bool) -> list[str]:
    snake = names.snake(structure.name)
    fields = python.required_first(structure)
    head = wrapped(f"def read_{snake}(", ["element: Element"], f") -> {structure.name}:")
    lines = [*head, "    check_plain(element)"]
    if not fields:
        lines += ["    if len(element):", "        raise Unusual"]
    for field in fields:
        start = "[]" if field.many else "None"
        kind = "list[Any]" if field.many else "Any"
        lines.append(f"    {python.name(field)}: {kind} = {start}")
    if fields:
        lines += ["    for child in element:", "        match child.tag:"]
        for field in fields:
            name = python.name(field)
            lines.append(f"            case {_tag(service, field)}:")
            value = _value_in(field)
            if field.many:
                lines.append(f"                {name}.append({value})")
            else:
                lines += [
                    f"                if {name} is not None:",
                    "                    raise Unusual",
                    f"                {name} = {value}",
                ]
        lines += ["            case _:", "                raise Unusual"]
    required = [
        python.name(field)
        for field in fields
        if field.soap is not None and field.soap.required and not field.many
    ]
    if required:
        lines += _condition(required)
    for field in fields:
        if field.many and field.soap is not None and field.soap.required:
            lines += [f"    if not {python.name(field)}:", "        raise Unusual"]
    lines.append(f"    draft: Any = {structure.name}Draft()")
    for field in fields:
        name = python.name(field)
        value = f"tuple({name})" if field.many else name
        if field.many and not field.json.required:
            lines += [
                f"    draft.{name} = None",
                f"    if {name}:",
                f"        draft.{name} = {value}",
            ]
        else:
            lines.append(f"    draft.{name} = {value}")
    if is_message:
        lines.append("    draft._deviations = None")
    return [
        *lines,
        f"    draft.__class__ = {structure.name}",
        f"    result: {structure.name} = draft",
        "    return result",
    ]


def _condition(required: list[str]) -> list[str]:
    tests = [f"{name} is None" for name in required]
    one = f"    if {' or '.join(tests)}:"
    if len(one) <= WIDTH:
        return [one, "        raise Unusual"]
    first, *rest = tests
    return [
        "    if (",
        f"        {first}",
        *(f"        or {test}" for test in rest),
        "    ):",
        "        raise Unusual",
    ]


def _value_in(field: Field) -> str:
    match field.type:
        case Scalar(kind="string" | "uri", max_length=None):
            return "read_text(child)"
        case Scalar(kind="string" | "uri", max_length=limit):
            return f"read_short_text(child, {limit})"
        case Scalar(kind=kind):
            return f"read_{kind}(child)"
        case EnumRef(name):
            return f"read_member(_{names.snake(name).upper()}, child)"
        case ObjectRef(name):
            return f"read_{names.snake(name)}(child)"


def _write(structure: Structure, element: str | None, service: Service) -> list[str]:
    """Return the function that writes a data type, or a message with its element around it."""
    head = wrapped(
        f"def write_{names.snake(structure.name)}(", [f"value: {structure.name}"], ") -> str:"
    )
    fields = {field.name: field for field in structure.fields}
    order = structure.soap_order or ()
    body = [line for wire in order for line in _write_field(fields[wire])]
    if element is not None:
        opening = f'{element} xmlns="{service.namespace}"'
        if not order:
            return [*head, "    del value", f"    return '<{opening}/>'"]
        start, end = f"'<{opening}>'", f' + "</{element}>"'
    else:
        start, end = '""', ""
        if body[0].startswith("text += "):
            start, *body = [body[0].removeprefix("text += "), *body[1:]]
    return [*head, f"    text = {start}", *_indent(body), f"    return text{end}"]


def _write_field(field: Field) -> list[str]:
    value = f"value.{python.name(field)}"
    if field.many:
        items = f"at_least_one({value})" if _least(field) else value
        item = f"{python.name(field)}_item"
        lines = [f"for {item} in {items}:", *_indent(_write_one(field, item))]
    else:
        lines = _write_one(field, value)
    if field.json.required:
        return lines
    return [f"if {value} is not None:", *_indent(lines)]


def _write_one(field: Field, value: str) -> list[str]:
    content = _content_of(field, value)
    line = f'text += f"<{field.name}>{{{content}}}</{field.name}>"'
    # Twelve columns of indentation at most.
    if len(line) + 12 <= WIDTH:
        return [line]
    return [f"content = {content}", f'text += f"<{field.name}>{{content}}</{field.name}>"']


def _content_of(field: Field, value: str) -> str:
    match field.type:
        case ObjectRef(name):
            return f"write_{names.snake(name)}({value})"
        case EnumRef():
            return f"{value}.value"
        case Scalar(kind="string"):
            return f"write_text({value})"
        case Scalar(kind=kind):
            return f"write_{kind}({value})"
    raise AssertionError(field)


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
