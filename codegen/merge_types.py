"""Types of the WSDLs and of the JSON schemas, joined field by field.

Knows which XSD type and which JSON type mean the same, and when that is not quite so. An anonymous
type of a schema takes the name of the WSDL type at the same place of the message; a type that only
a schema has takes the name that the overlay gives it. Does not know actions (`merge`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from codegen.difference import first_change
from codegen.model import (
    Alias,
    Cardinality,
    Enumeration,
    EnumRef,
    Field,
    ObjectRef,
    Scalar,
    ScalarKind,
    Structure,
    TypeRef,
)
from codegen.overlay import SHOWN, Decision, Disagreement, Overlay
from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import (
    ComplexType,
    JsonEnumeration,
    JsonField,
    JsonObject,
    JsonScalar,
    SimpleType,
    SoapElement,
    SoapEnumeration,
    SoapService,
)

BUILT_IN: Final[Mapping[str, ScalarKind]] = {
    "xsd:string": "string",
    "xsd:int": "integer",
    "xsd:boolean": "boolean",
    "xsd:dateTime": "timestamp",
    "xsd:anyURI": "uri",
}
FORMS: Final[Mapping[ScalarKind, Disagreement]] = {
    "integer": Disagreement("integer", "form", "xsd:int", "integer without bounds"),
    "tenths": Disagreement(
        "tenths", "form", "xsd:decimal with fractionDigits 1", "number with multipleOf 0.1"
    ),
}

SoapType = SimpleType | SoapEnumeration | ComplexType


class TypeMerge:
    """Collects enumerations and data types in the order in which messages first use them.

    Raises:
        ContractError: (by every method) two documents contradict each other and no entry of the
            overlay settles it; the message names both places.
    """

    def __init__(self, services: tuple[SoapService, ...], overlay: Overlay) -> None:
        self.overlay = overlay
        self.enumerations: dict[str, Enumeration] = {}
        self.data_types: dict[str, Structure] = {}
        self._seen: dict[str, tuple[JsonObject | tuple[str, ...], Origin]] = {}
        self._soap: dict[str, SoapType] = {}
        self._complex: dict[str, ComplexType] = {}
        self._homes: dict[str, tuple[str, ...]] = {}
        for service in services:
            items: list[SoapType] = [*service.simple_types, *service.enumerations]
            self._complex.update({item.name: item for item in service.complex_types})
            for item in items + list(service.complex_types):
                first = self._soap.setdefault(item.name, item)
                if item != first:
                    change = first_change(item.name, first, item, (first.origin, item.origin))
                    raise ContractError(item.origin, change, "the same type in both WSDLs")
                self._homes[item.name] = (*self._homes.get(item.name, ()), service.name)

    def structure(
        self, name: str, body: JsonObject, soap_type: str | None, origin: Origin
    ) -> Structure:
        """Join the fields of a message or data type.

        Args:
            name: its name in the model.
            body: what the schema says.
            soap_type: name of the WSDL's complex type, None without a SOAP contract.
            origin: where the schema says it.
        """
        if soap_type is None:
            fields = tuple(self._field(name, item, None) for item in body.fields)
            return Structure(name, fields, None, (), body.definition)
        soap = self._complex[soap_type]
        elements = {element.name: element for element in soap.elements}
        for item in body.fields:
            if item.name not in elements:
                missing = Disagreement(f"{name}.{item.name}", "presence", "no", "yes")
                raise _contradiction(missing, soap.origin, item.origin, decidable=False)
        known = {item.name for item in body.fields}
        for element in soap.elements:
            if element.name not in known:
                missing = Disagreement(f"{name}.{element.name}", "presence", "yes", "no")
                raise _contradiction(missing, element.origin, origin, decidable=False)
        return Structure(
            name,
            tuple(self._field(name, item, elements[item.name]) for item in body.fields),
            tuple(elements),
            self._homes[soap.name],
            body.definition,
        )

    def simple_type(self, item: SimpleType) -> Scalar:
        """Return a named simple type of the WSDL as the model has it."""
        insensitive = self.overlay.insensitive_types.get(item.name) is not None
        return Scalar(item.kind, item.max_length, insensitive, item.name)

    def _field(self, owner: str, item: JsonField, element: SoapElement | None) -> Field:
        subject = f"{owner}.{item.name}"
        soap: Cardinality | None = None
        if element is not None:
            soap = self._cardinality(subject, item, element)
        return Field(
            item.name,
            self._type(subject, item, element),
            item.many,
            Cardinality(item.required, item.min_items),
            soap,
        )

    def _cardinality(self, subject: str, item: JsonField, element: SoapElement) -> Cardinality:
        if item.many != element.many:
            lists = Disagreement(subject, "list", _yes(element.many), _yes(item.many))
            raise _contradiction(lists, element.origin, item.origin, decidable=False)
        required = element.min_occurs > 0
        if required != item.required:
            found = Disagreement(subject, "required", _yes(required), _yes(item.required))
            self._decide(found, element.origin, item.origin)
        least = element.min_occurs if element.many else 0
        if least != item.min_items:
            found = Disagreement(subject, "least items", str(least), str(item.min_items))
            self._decide(found, element.origin, item.origin)
        return Cardinality(required, least)

    def _type(self, subject: str, item: JsonField, element: SoapElement | None) -> TypeRef:
        soap = self._soap.get(element.type) if element is not None else None
        if isinstance(item.type, JsonScalar):
            return self._scalar(subject, item.type, element, item.origin)
        wanted = SoapEnumeration if isinstance(item.type, JsonEnumeration) else ComplexType
        if element is not None and not isinstance(soap, wanted):
            what = "an enumeration" if wanted is SoapEnumeration else "an object"
            found = Disagreement(subject, "type", element.type, what)
            raise _contradiction(found, element.origin, item.origin, decidable=False)
        name = soap.name if soap is not None else self._given_name(item.type, item.origin)
        if isinstance(item.type, JsonObject):
            self._data_type(name, item.type, soap, item.origin)
            return ObjectRef(name)
        self._enumeration(name, item.type, soap, item.origin)
        return EnumRef(name)

    def _given_name(self, item: JsonEnumeration | JsonObject, origin: Origin) -> str:
        if item.definition is None:
            raise ContractError(origin, "a type without a name", "a reference to a definition")
        name = self.overlay.type_names.get(item.definition)
        if name is None:
            raise ContractError(
                origin, f"the definition {item.definition}", f"a name for it in {SHOWN}"
            )
        return name

    def _scalar(
        self, subject: str, item: JsonScalar, element: SoapElement | None, origin: Origin
    ) -> Scalar:
        if element is None:
            insensitive = self.overlay.insensitive_fields.get(subject) is not None
            return Scalar(item.kind, item.max_length, insensitive)
        soap = self._soap.get(element.type)
        if soap is None:
            found = Scalar(BUILT_IN[element.type])
        elif isinstance(soap, SimpleType):
            found = self.simple_type(soap)
        else:
            types = Disagreement(subject, "type", soap.name, item.kind)
            raise _contradiction(types, element.origin, origin, decidable=False)
        for fact, here, there in (
            ("type", found.kind, item.kind),
            ("max_length", found.max_length, item.max_length),
        ):
            if here != there:
                differ = Disagreement(subject, fact, str(here), str(there))
                raise _contradiction(differ, element.origin, origin, decidable=False)
        if item.kind in FORMS:
            self._decide(FORMS[item.kind], element.origin, origin)
        return found

    def _data_type(
        self, name: str, item: JsonObject, soap: SoapType | None, origin: Origin
    ) -> None:
        if self._is_first(name, item, origin):
            soap_name = soap.name if soap is not None else None
            # Joining comes before listing, so that a type follows the ones it refers to.
            self.data_types[name] = self.structure(name, item, soap_name, origin)

    def _enumeration(
        self, name: str, item: JsonEnumeration, soap: SoapType | None, origin: Origin
    ) -> None:
        if not self._is_first(name, item.values, origin):
            known = self.enumerations[name]
            self.enumerations[name] = replace(known, json_name=known.json_name or item.definition)
            return
        if not isinstance(soap, SoapEnumeration):
            self.enumerations[name] = Enumeration(
                name, item.values, item.values, None, json_name=item.definition
            )
            return
        aliases: list[Alias] = []
        extra = [text for text in item.values if text not in soap.values]
        for text in extra + [text for text in soap.values if text not in item.values]:
            here, there = _yes(text in soap.values), _yes(text in item.values)
            found = Disagreement(name, f"value {text}", here, there)
            alias = self._decide(found, soap.origin, origin).alias
            if alias is not None:
                aliases.append(alias)
        spellings = {alias.text for alias in aliases}
        values = [text for text in (*soap.values, *extra) if text not in spellings]
        for alias in aliases:
            if alias.value not in values or (alias.family == "json") != (alias.text in extra):
                raise ContractError(
                    Origin(SHOWN),
                    f"{alias.text} as {alias.value} of {name} on {alias.family}",
                    "a value of both families, and the family that has the other spelling",
                )
        self.enumerations[name] = Enumeration(
            name, tuple(values), item.values, soap.values, tuple(aliases), item.definition
        )

    def _is_first(self, name: str, item: JsonObject | tuple[str, ...], origin: Origin) -> bool:
        """Whether a type is new; another time it has to say the same as the first time."""
        if name not in self._seen:
            self._seen[name] = (item, origin)
            return True
        first, place = self._seen[name]
        if first != item:
            change = first_change(name, first, item, (place, origin))
            raise ContractError(origin, change, "the same type in all schemas")
        return False

    def _decide(self, found: Disagreement, soap: Origin, json: Origin) -> Decision:
        decision = self.overlay.disagreements.get(found)
        if decision is None:
            raise _contradiction(found, soap, json, decidable=True)
        return decision


def _contradiction(
    found: Disagreement, soap: Origin, json: Origin, *, decidable: bool
) -> ContractError:
    expected = f"the same in both, or a decision in {SHOWN}" if decidable else "the same in both"
    return ContractError(json, f"{found} ({soap})", expected)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
