"""The documentation texts: their form, their loader, and its comparison with a contract."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from codegen import prose
from codegen.model import (
    Action,
    Alias,
    Cardinality,
    Contract,
    Enumeration,
    EnumRef,
    Field,
    JsonDocument,
    Message,
    ObjectRef,
    Profile,
    Scalar,
    Sender,
    Structure,
    TypeRef,
)

TEXTS = prose.load()


def summaries() -> Iterator[tuple[str, str, int]]:
    """Key, summary, and the length that it has to stay below."""
    for action in TEXTS.actions.values():
        yield f"action.{action.name}", action.summary, 80
    for type_ in TEXTS.types.values():
        yield f"type.{type_.name}", type_.summary, 85
    for enum in TEXTS.enums.values():
        yield f"enum.{enum.name}", enum.summary, 85


def item_texts() -> Iterator[tuple[str, str]]:
    for type_ in TEXTS.types.values():
        for name, text in type_.fields.items():
            yield f"type.{type_.name}.fields.{name}", text
    for enum in TEXTS.enums.values():
        for name, text in enum.values.items():
            yield f"enum.{enum.name}.values.{name}", text


@pytest.mark.parametrize("path", sorted(Path(prose.__file__).parent.glob("*.toml")), ids=str)
def test_files_are_plain_ascii_without_tabs(path: Path) -> None:
    content = path.read_bytes()
    assert content.isascii()
    assert b"\t" not in content
    assert b"\r" not in content
    assert all(line == line.rstrip() for line in content.splitlines())


def test_summaries_are_one_short_statement() -> None:
    for key, summary, limit in summaries():
        assert summary.endswith("."), key
        assert len(summary) < limit, key
        assert "\n" not in summary, key
        assert summary[0].isupper(), key


def test_texts_are_wrapped_whole_sentences() -> None:
    for type_ in TEXTS.types.values():
        assert all(len(line) <= 88 for line in type_.text.splitlines()), type_.name
        assert not type_.text or type_.text.endswith("."), type_.name
        assert "\n\n" not in type_.text, type_.name


def test_fields_and_values_are_one_line_of_whole_sentences() -> None:
    for key, text in item_texts():
        assert text.endswith("."), key
        assert "\n" not in text, key
        assert "  " not in text, key


def test_every_action_has_its_two_messages_in_the_same_file() -> None:
    assert len(TEXTS.actions) == 28 + 11
    for action in TEXTS.actions.values():
        for message in (f"{action.name}Request", f"{action.name}Response"):
            assert TEXTS.type(message).profile is action.profile, message


def test_lookups_return_the_texts() -> None:
    assert TEXTS.action("Authorize").profile is Profile.CORE
    assert list(TEXTS.type("AuthorizeRequest").fields) == ["idTag"]
    assert TEXTS.type("HeartbeatRequest").fields == {}
    assert list(TEXTS.enum("UnlockStatus").values) == ["Unlocked", "UnlockFailed", "NotSupported"]


@pytest.mark.parametrize("kind", ["action", "type", "enum"])
def test_lookup_of_an_unknown_name_names_the_key(kind: str) -> None:
    with pytest.raises(prose.ProseError, match=rf"^{kind}\.Nothing: no file has this entry$"):
        getattr(TEXTS, kind)("Nothing")


# --- the loader ----------------------------------------------------------------------------------


def write(directory: Path, **contents: str) -> Path:
    """Write one file per profile, empty where no content is given."""
    for profile in Profile:
        content = contents.get(profile.value, "")
        (directory / f"{profile.value}.toml").write_text(content, encoding="utf-8")
    return directory


def test_empty_files_are_empty_texts(tmp_path: Path) -> None:
    assert prose.load(write(tmp_path)) == prose.Prose({}, {}, {})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[extra]", "core.toml: extra: unknown key, expected one of action, type, enum"),
        ("type = 1", "core.toml: type: not a table"),
        ("[type]\nA = 1", "core.toml: type.A: not a table"),
        ("[type.A]", "core.toml: type.A.summary: missing"),
        ("[type.A]\nsummary = ''", "core.toml: type.A.summary: empty"),
        ("[type.A]\nsummary = 1", "core.toml: type.A.summary: not a text"),
        ("[type.A]\nsummary = 'A. '", "core.toml: type.A.summary: blank at its start or end"),
        (
            "[type.A]\nsummary = 'A.'\nfield = ''",
            "core.toml: type.A.field: unknown key, expected one of summary, text, fields",
        ),
        ("[type.A]\nsummary = 'A.'\nfields = ''", "core.toml: type.A.fields: not a table"),
        ("[type.A]\nsummary = 'A.'\nfields.x = ''", "core.toml: type.A.fields.x: empty"),
        ("[enum.E]\nsummary = 'E.'\nvalues.x = 1", "core.toml: enum.E.values.x: not a text"),
        (
            "[enum.E]\nsummary = 'E.'\ntext = ''",
            "core.toml: enum.E.text: unknown key, expected one of summary, values",
        ),
        (
            "[action.A]\nsummary = 'A.'\ntext = ''",
            "core.toml: action.A.text: unknown key, expected one of summary, sections",
        ),
    ],
)
def test_errors_name_file_and_key(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(prose.ProseError) as caught:
        prose.load(write(tmp_path, core=content))
    assert str(caught.value) == problem


def test_bad_toml_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(prose.ProseError, match=r"^firmware\.toml: ") as caught:
        prose.load(write(tmp_path, firmware="[type"))
    assert isinstance(caught.value.__cause__, tomllib.TOMLDecodeError)


def test_a_repeat_within_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(prose.ProseError, match=r"^core\.toml: "):
        prose.load(write(tmp_path, core="[type.A]\nsummary = 'A.'\n[type.A]\nsummary = 'A.'"))


@pytest.mark.parametrize("kind", ["action", "type", "enum"])
def test_a_repeat_over_files_is_refused(tmp_path: Path, kind: str) -> None:
    content = f"[{kind}.A]\nsummary = 'A.'"
    with pytest.raises(prose.ProseError) as caught:
        prose.load(write(tmp_path, core=content, security=content))
    assert str(caught.value) == f"security.toml: {kind}.A: stands in core.toml, too"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "reservation.toml").unlink()
    with pytest.raises(prose.ProseError, match=r"^reservation\.toml: "):
        prose.load(tmp_path)


def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "other.toml").write_text("", encoding="utf-8")
    with pytest.raises(prose.ProseError) as caught:
        prose.load(tmp_path)
    assert str(caught.value) == "other.toml: no feature profile has this name"


# --- the comparison with a contract --------------------------------------------------------------


def field(name: str, type_: TypeRef) -> Field:
    required = Cardinality(required=True)
    return Field(name, type_, many=False, json=required, soap=required)


def action(name: str, profile: Profile, *fields: Field) -> Action:
    """An action whose request has the fields given and whose response has none."""
    request, response = (
        Message(
            structure=Structure(f"{name}{suffix}", given, soap_order=None),
            action=name,
            kind="request" if suffix == "Request" else "response",
            json=JsonDocument("json", f"{name}.json", "draft-04", name, None),
            soap_element=None,
            soap_action=None,
        )
        for suffix, given in (("Request", fields), ("Response", ()))
    )
    return Action(name, profile, (Sender.CHARGE_POINT,), request, response, ())


def contract() -> Contract:
    """Firmware uses Inner, which uses Unit; Core uses Unit only, and so comes first for it."""
    return Contract(
        enumerations=(
            Enumeration(
                "Unit",
                ("Celsius",),
                ("Celcius", "Celsius"),
                ("Celsius",),
                (Alias("json", "Celcius", "Celsius", written=True),),
            ),
        ),
        data_types=(Structure("Inner", (field("unit", EnumRef("Unit")),), soap_order=None),),
        actions=(
            action("Update", Profile.FIRMWARE, field("inner", ObjectRef("Inner"))),
            action(
                "Report",
                Profile.CORE,
                field("unit", EnumRef("Unit")),
                field("n", Scalar("integer")),
            ),
        ),
        services=(),
    )


CORE = """
[action.Report]
summary = "Report."
[type.ReportRequest]
summary = "Reports."
fields.unit = "Unit."
fields.n = "Number."
[type.ReportResponse]
summary = "Answers."
"""
UNIT = """
[enum.Unit]
summary = "Unit."
values.Celsius = "Degrees."
"""
FIRMWARE = """
[action.Update]
summary = "Update."
[type.UpdateRequest]
summary = "Updates."
fields.inner = "Inner."
[type.UpdateResponse]
summary = "Answers."
[type.Inner]
summary = "Inner."
fields.unit = "Unit."
"""


def test_check_of_complete_texts_finds_nothing(tmp_path: Path) -> None:
    differences = prose.load(write(tmp_path, core=CORE + UNIT, firmware=FIRMWARE)).check(contract())
    assert not differences
    assert differences == prose.Differences((), (), ())
    assert str(differences) == ""


def test_check_lists_what_is_missing() -> None:
    differences = prose.Prose({}, {}, {}).check(contract())
    assert differences
    assert set(differences.missing) == {
        "action.Report",
        "action.Update",
        "type.ReportRequest",
        "type.ReportRequest.fields.unit",
        "type.ReportRequest.fields.n",
        "type.ReportResponse",
        "type.UpdateRequest",
        "type.UpdateRequest.fields.inner",
        "type.UpdateResponse",
        "type.Inner",
        "type.Inner.fields.unit",
        "enum.Unit",
        "enum.Unit.values.Celsius",
    }
    assert len(differences.missing) == 13
    assert (differences.superfluous, differences.misplaced) == ((), ())


def test_check_lists_what_is_superfluous(tmp_path: Path) -> None:
    more = """
    values.Celcius = "An alias has no text."
    [enum.Other]
    summary = "Other."
    values.X = "X."
    [type.Other]
    summary = "Other."
    fields.x = "X."
    [action.Other]
    summary = "Other."
    """
    firmware = FIRMWARE + 'fields.x = "X."'
    differences = prose.load(write(tmp_path, core=CORE + UNIT + more, firmware=firmware)).check(
        contract()
    )
    assert set(differences.superfluous) == {
        "action.Other",
        "type.Other",
        "type.Other.fields.x",
        "type.Inner.fields.x",
        "enum.Unit.values.Celcius",
        "enum.Other",
        "enum.Other.values.X",
    }
    assert (differences.missing, differences.misplaced) == ((), ())
    assert "superfluous: type.Other\n" in str(differences)


def test_check_lists_what_stands_in_the_wrong_file(tmp_path: Path) -> None:
    differences = prose.load(write(tmp_path, core=CORE, firmware=FIRMWARE + UNIT)).check(contract())
    assert differences.misplaced == ("enum.Unit (firmware.toml instead of core.toml)",)
    assert (differences.missing, differences.superfluous) == ((), ())
    assert differences
