"""The public names: `__all__` is sorted and whole, and every name leads somewhere."""

from __future__ import annotations

import types

import ocpp16
from ocpp16 import catalog, datatypes, enums, errors, messages
from ocpp16.structure import DataType, Structure, WireEnum


def test_all_is_what_the_module_binds() -> None:
    bound = {
        name
        for name, value in vars(ocpp16).items()
        if not name.startswith("_") and not _is_internal_module(value)
    }
    assert set(ocpp16.__all__) - {"__version__"} == bound


def _is_internal_module(value: object) -> bool:
    public = {"datatypes", "enums", "errors", "messages", "event"}
    return isinstance(value, types.ModuleType) and value.__name__.split(".")[-1] not in public


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
