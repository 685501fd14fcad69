"""XML with line numbers, and a check of its form against a grammar given as data.

Knows elements, attributes, prefixes and how often a child may occur. Knows nothing of WSDL or XSD
(`wsdl`). Document type declarations, entities and processing instructions are refused: no contract
needs them, and they let a document pull in or blow up text. Order of children is free, because in
the documents read here it carries a fact in one place only (`xsd:sequence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat

from codegen.readers.errors import ContractError, Origin

Count = Literal["1", "?", "*", "+"]
LIMITS: Mapping[Count, tuple[int, int | None]] = {
    "1": (1, 1),
    "?": (0, 1),
    "*": (0, None),
    "+": (1, None),
}


@dataclass
class Element:
    """One element. Names are `prefix:local` with the caller's prefixes, else `{namespace}local`."""

    name: str
    attributes: dict[str, str]
    origin: Origin
    prefixes: Mapping[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list[Element]:
        """The children of that name."""
        return [child for child in self.children if child.name == name]

    def one(self, name: str) -> Element:
        """The only child of that name; the grammar has made sure of it."""
        (child,) = self.all(name)
        return child

    def reference(self, attribute: str) -> tuple[str, str]:
        """The namespace and local name that a prefixed value such as `tns:Header` stands for."""
        value = self.attributes[attribute]
        prefix, _, local = value.rpartition(":")
        namespace = self.prefixes.get(prefix)
        if namespace is None or not local:
            raise ContractError(
                self.origin, f"{attribute}={value!r} in {self.name}", "a name with a known prefix"
            )
        return namespace, local

    def require(self, attribute: str, expected: str) -> None:
        """Refuse any other value of an attribute."""
        value = self.attributes[attribute]
        if value != expected:
            raise ContractError(
                self.origin, f"{attribute}={value!r} in {self.name}", repr(expected)
            )

    def require_reference(self, attribute: str, namespace: str, local: str) -> None:
        """Refuse a reference to anything else."""
        if self.reference(attribute) != (namespace, local):
            raise ContractError(
                self.origin,
                f"{attribute}={self.attributes[attribute]!r} in {self.name}",
                f"a reference to {local} in {namespace}",
            )


@dataclass(frozen=True)
class Rule:
    """The form of an element: all its attributes, its children with their counts, text or not."""

    name: str
    attributes: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    children: tuple[tuple[Rule, Count], ...] = ()
    text: bool = False


def parse(data: bytes, file: str, namespaces: Mapping[str, str]) -> Element:
    """Read a document into its root element.

    Args:
        data: the document.
        file: its name in error messages.
        namespaces: prefix -> namespace, the prefixes to spell names with.

    Raises:
        ContractError: not well-formed, or a declaration or instruction that is refused.
    """
    builder = _Builder(file, {uri: prefix for prefix, uri in namespaces.items()})
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        origin = Origin(file, f"line {error.lineno}")
        raise ContractError(
            origin, f"broken XML ({expat.ErrorString(error.code)})", "a well-formed document"
        ) from None
    return builder.root[0]


class _Builder:
    """Collects what expat reports. Elements are stacked, so depth costs no recursion."""

    def __init__(self, file: str, prefixes: Mapping[str, str]) -> None:
        self.file = file
        self.known = prefixes
        self.root: list[Element] = []
        self.open: list[Element] = []
        self.declared: dict[str, str] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartNamespaceDeclHandler = self._prefix
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.ProcessingInstructionHandler = self._instruction

    def _here(self) -> Origin:
        return Origin(self.file, f"line {self.parser.CurrentLineNumber}")

    def _name(self, reported: str) -> str:
        namespace, _, local = reported.rpartition(" ")
        if not namespace:
            return local
        prefix = self.known.get(namespace)
        return f"{prefix}:{local}" if prefix else f"{{{namespace}}}{local}"

    def _prefix(self, prefix: str | None, uri: str | None) -> None:
        self.declared[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        outer = self.open[-1].prefixes if self.open else {}
        element = Element(
            self._name(name),
            {self._name(key): value for key, value in attributes.items()},
            self._here(),
            {**outer, **self.declared},
        )
        self.declared = {}
        (self.open[-1].children if self.open else self.root).append(element)
        self.open.append(element)

    def _end(self, _name: str) -> None:
        self.open.pop()

    def _text(self, text: str) -> None:
        self.open[-1].text += text

    def _doctype(self, name: str, *_rest: object) -> None:
        raise ContractError(
            self._here(), f"a document type declaration ({name})", "no DTD and no entities"
        )

    def _instruction(self, target: str, _data: str) -> None:
        raise ContractError(
            self._here(), f"a processing instruction ({target})", "elements and comments only"
        )


def check(element: Element, rule: Rule) -> None:
    """Check an element and all below it against its rule.

    Raises:
        ContractError: a name, an attribute, a count or a text that the rule does not allow.
    """
    if element.name != rule.name:
        raise ContractError(element.origin, f"element {element.name}", f"element {rule.name}")
    _check_attributes(element, rule)
    if element.text.strip() and not rule.text:
        shown = element.text.strip()[:40]
        raise ContractError(element.origin, f"text {shown!r} in {element.name}", "elements only")
    rules = {child.name: child for child, _ in rule.children}
    for child in element.children:
        if child.name not in rules:
            allowed = ", ".join(rules) or "none"
            raise ContractError(
                child.origin,
                f"element {child.name} in {element.name}",
                f"one that is understood there ({allowed})",
            )
    for inner, count in rule.children:
        _check_count(element, inner.name, count)
    for child in element.children:
        check(child, rules[child.name])


def by_name(elements: list[Element]) -> dict[str, Element]:
    """Elements by their name attribute.

    Raises:
        ContractError: two of them bear the same name.
    """
    found: dict[str, Element] = {}
    for element in elements:
        name = element.attributes["name"]
        if name in found:
            raise ContractError(
                element.origin,
                f"a second {element.name} with the name {name}",
                f"each name once (the first is at {found[name].origin})",
            )
        found[name] = element
    return found


def _check_attributes(element: Element, rule: Rule) -> None:
    for name in rule.attributes:
        if name not in element.attributes:
            raise ContractError(
                element.origin, f"{element.name} without {name}", f"the attribute {name}"
            )
    for name in element.attributes:
        if name not in rule.attributes + rule.optional:
            allowed = ", ".join(rule.attributes + rule.optional) or "none"
            raise ContractError(
                element.origin,
                f"attribute {name} in {element.name}",
                f"one that is understood there ({allowed})",
            )


def _check_count(element: Element, name: str, count: Count) -> None:
    least, most = LIMITS[count]
    number = len(element.all(name))
    if number < least:
        raise ContractError(element.origin, f"no {name} in {element.name}", "at least one")
    if most is not None and number > most:
        raise ContractError(
            element.all(name)[most].origin, f"{number} {name} in {element.name}", "one"
        )
