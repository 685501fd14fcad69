"""The public names: `__all__` is sorted and whole, and every name leads somewhere."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import ocpp16
from ocpp16 import catalog, datatypes, enums, errors, messages
from ocpp16.structure import DataType, Structure, WireEnum


def imported_for_type_checkers() -> dict[str, str]:
    """Return each name that the package imports where only type checkers look, with its home."""
    tree = ast.parse(Path(ocpp16.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    found = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def test_all_is_what_the_package_has() -> None:
    known = imported_for_type_checkers()
    assert set(ocpp16.__all__) - {"__version__"} == set(known)
    for name, full in known.items():
        home, _, own = full.rpartition(".")
        assert getattr(ocpp16, name) is getattr(importlib.import_module(home), own), name
    assert set(ocpp16.__all__) <= set(dir(ocpp16))
    with pytest.raises(AttributeError, match="module 'ocpp16' has no attribute 'Bogus'"):
        ocpp16.Bogus  # type: ignore[attr-defined]  # noqa: B018


def test_a_name_is_imported_when_it_is_asked_for() -> None:
    script = (
        "import sys, ocpp16.messages\n"
        "loaded = {'asyncio', 'msgspec', 'ocpp16.roles', 'ocpp16.session'} & set(sys.modules)\n"
        "from ocpp16 import *\n"
        "print(sorted(loaded), CentralSystem.__name__, events.__name__)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[] CentralSystem ocpp16.roles.event"


def test_all_is_sorted() -> None:
    def as_isort_has_it(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    assert list(ocpp16.__all__) == sorted(ocpp16.__all__, key=as_isort_has_it)


def test_messages_are_those_of_the_catalog() -> None:
    classes = {
        cls for action in catalog.ACTIONS.values() for cls in (action.request, action.response)
    }
    assert {getattr(messages, name) for name in messages.__all__} == classes


def test_every_type_that_a_message_refers_to_is_public() -> None:
    wanted: set[type] = set()

    def visit(cls: type[Structure]) -> None:
        for field in cls.SPEC.fields:
            if field.cls is not None and field.cls not in wanted:
                wanted.add(field.cls)
                if issubclass(field.cls, Structure):
                    visit(field.cls)

    for name in messages.__all__:
        visit(getattr(messages, name))
    found = {getattr(datatypes, name) for name in datatypes.__all__}
    assert found == {cls for cls in wanted if issubclass(cls, DataType)}
    found = {getattr(enums, name) for name in enums.__all__}
    assert found == {cls for cls in wanted if issubclass(cls, WireEnum)}


def test_every_public_class_and_field_is_documented() -> None:
    for name in (*messages.__all__, *datatypes.__all__):
        cls = getattr(messages, name, None) or getattr(datatypes, name)
        assert cls.__doc__
    for name in ocpp16.__all__:
        assert getattr(ocpp16, name).__doc__, name


def test_every_fault_can_be_imported_from_the_top() -> None:
    faults = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.OcppError)
    }
    # One is internal: it becomes InvalidMessage or a Fault before anybody sees it.
    assert faults - {"ConstraintError"} <= set(ocpp16.__all__)
