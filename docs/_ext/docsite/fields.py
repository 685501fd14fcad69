"""Tables of the fields of messages and data types, and of the values of enumerations."""

from __future__ import annotations

from docsite import markdown
from ocpp16.apps.attribute_text import attribute_texts
from ocpp16.primitives import INTEGER_MAX
from ocpp16.spec import FieldKind, FieldSpec
from ocpp16.structure import Structure, WireEnum

UNITS = {
    "interval": "s",
    "retryInterval": "s",
    "duration": "s",
    "startPeriod": "s",
    "meterStart": "Wh",
    "meterStop": "Wh",
    "limit": "A or W, see chargingRateUnit",
    "minChargingRate": "A or W, see chargingRateUnit",
}
"""Units of numbers, by name on the wire; the same in every message."""
_KINDS = {
    FieldKind.TEXT: "text",
    FieldKind.URI: "URI",
    FieldKind.INTEGER: "integer",
    FieldKind.TENTHS: "number",
    FieldKind.BOOLEAN: "boolean",
    FieldKind.TIMESTAMP: "date and time",
}


def fields_table(cls: type[Structure]) -> str:
    """Return the table of the fields of a message or data type, and the order on SOAP."""
    if not cls.SPEC.fields:
        return "No fields: `{}` on JSON, an empty element on SOAP.\n"
    texts = attribute_texts(cls)
    table = markdown.table(
        ["Field, in Python", "Type", "Required", "Limits, unit", "Meaning"],
        (
            (
                f"`{field.wire}`<br>`{field.name}`",
                _type(field),
                _required(field),
                _limits(field),
                markdown.prose(texts[field.name]),
            )
            for field in cls.SPEC.fields
        ),
    )
    order = cls.SPEC.soap_order
    if order is None or list(order) == [field.wire for field in cls.SPEC.fields]:
        return table
    names = ", ".join(f"`{name}`" for name in order)
    return (
        f"{table}\nOn SOAP the elements are written in another order (and read in any): {names}.\n"
    )


def _type(field: FieldSpec) -> str:
    shown = _KINDS[field.kind] if field.cls is None else link_to(field.cls)
    return f"list of {shown}" if field.many else shown


def link_to(cls: type) -> str:
    """Return a link to the table of an enumeration or data type."""
    page = "enumerations" if issubclass(cls, WireEnum) else "data-types"
    return f"[{cls.__name__}]({page}.md#{cls.__name__.lower()})"


def _required(field: FieldSpec) -> str:
    required = "yes" if field.required else "no"
    if field.soap_required is None or field.soap_required == field.required:
        return required
    return f"{required}; on SOAP {'yes' if field.soap_required else 'no'}"


def _limits(field: FieldSpec) -> str:
    limits = []
    if field.max_length is not None:
        limits.append(f"at most {field.max_length:,} characters")
    if field.case_insensitive:
        limits.append("compared without case")
    if field.kind is FieldKind.TENTHS:
        limits.append("one decimal")
    if field.wire in UNITS:
        limits.append(UNITS[field.wire])
    if field.many and (field.min_items or field.soap_min_items):
        least = f"at least {max(field.min_items, field.soap_min_items)}"
        limits.append(least if field.min_items == field.soap_min_items or not field.soap_min_items
                      else f"{least} on SOAP")  # fmt: skip
    limits += [f"`{other}` on JSON stands for `{value}`" for other, value in field.aliases.items()]
    return "; ".join(limits)


def values_table(cls: type[WireEnum]) -> str:
    """Return the table of the values of an enumeration."""
    texts = attribute_texts(cls)
    return markdown.table(
        ["Value", "In Python", "Meaning"],
        (
            (f"`{member.value}`", f"`{member.name}`", markdown.prose(texts.get(member.name, "")))
            for member in cls
        ),
    )


INTEGERS = (
    f"Integers have 64 bits in the library (up to {INTEGER_MAX:,}); SOAP carries 32 bits, and "
    "refuses to write a larger one."
)
