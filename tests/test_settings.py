"""The settings: every wrong value is refused when they are made, by name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from ocpp16.settings import STRICT, Leniency, Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("handlers", 0), ("handlers", -1), ("handlers", True), ("handlers", 1.0),
        ("call_queue", -1), ("message_limit", None), ("message_limit", 0), ("connections", "10"),
        ("call_timeout", 30), ("call_timeout", None), ("call_timeout", timedelta(-1)),
        ("handler_timeout", None), ("drain_timeout", None), ("ping_interval", timedelta(-1)),
        ("ping_interval", 20), ("missed_pongs", 0), ("log_line", 10),
        ("subprotocol_mismatch", "foo"), ("slash_in_identity", None),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^Settings\.{name}: .* is n"):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("call_queue", 0), ("ping_interval", None), ("answers", 0)]
)
def test_what_may_be_nothing(name: str, value: Any) -> None:
    assert getattr(Settings(**{name: value}), name) == value


def test_leniency_may_be_named_by_its_words() -> None:
    words: Any = ["over-length"]
    settings = Settings(leniency=words, peer_leniency={"CP1": words})
    assert settings.leniency == {Leniency.OVER_LENGTH}
    assert settings.leniency_for("CP1") == {Leniency.OVER_LENGTH}
    assert Settings(peer_leniency={"CP1": words}).leniency_for("CP2") == STRICT


@pytest.mark.parametrize("value", [["over-lenght"], "over-length", 7, {"CP1": ["x"]}])
def test_a_leniency_that_does_not_exist_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        Settings(leniency=value)
    with pytest.raises((ValueError, TypeError, AttributeError)):
        Settings(peer_leniency={"CP1": value})


def test_every_setting_has_a_default_that_is_allowed() -> None:
    settings = Settings()
    for field in attrs.fields(Settings):
        assert attrs.evolve(settings, **{field.name: getattr(settings, field.name)}) == settings
