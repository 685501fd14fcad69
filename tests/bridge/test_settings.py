"""The settings of the bridge: every wrong value is refused when they are made, by name."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import attrs
import pytest

from ocpp16.bridge.setting import setting_of
from ocpp16.bridge.settings import (
    RULED_BY_THE_BRIDGE,
    BridgeSettings,
    ChargerSettings,
    Delivery,
    OfflineStart,
)
from ocpp16.settings import STRICT, Leniency, Settings

KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")


def settings(**values: Any) -> BridgeSettings:
    return BridgeSettings(**{"soap": "127.0.0.1:0", "upstream": "ws://backend/ocpp", **values})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("soap", "127.0.0.1"), ("soap", "ftp://h:1"), ("soap", "https://h:1"), ("soap", None),
        ("soap", "h:99999"), ("soap", "u@h:1"), ("soap", "h:1/?a=b"), ("soap", "h :1"),
        ("upstream", "http://backend"), ("upstream", "ws://"), ("upstream", "ws://u:p@h"),
        ("upstream", "ws://h/?a"), ("upstream", "ws://h:0/"), ("upstream", 7),
        ("store", "bridge.db"), ("store", "mysql://h/d"), ("store", None),
        ("open", 1), ("open", "yes"), ("queue_limit", 0), ("queue_limit", True),
        ("queue_limit", 2.0), ("attempts", 0), ("attempts", "3"),
        ("retry_interval", 60), ("retry_interval", timedelta(-1)), ("retry_interval", None),
        ("call_timeout", timedelta(seconds=30)), ("call_timeout", timedelta(0)),
        ("upstream_timeout", timedelta(0)), ("silent_after", 0.5), ("silent_after", float("nan")),
        ("silent_after", True), ("reconnects_per_second", 0), ("reconnects_per_second", "50"),
        ("offline_start", "maybe"), ("offline_start", None), ("delivery", "at-most-once"),
        ("callback_networks", "10.0.0.0/8"), ("callback_networks", ["10.0.0.1/8"]),
        ("callback_networks", [7]), ("relay_prefix", "gateway"), ("leniency", "over-length"),
        ("relay_prefix", "http://169.254.169.254/"), ("upstream_leniency", ["over-lenght"]),
        ("retention", timedelta(0)), ("drain_timeout", None), ("metrics", "here"),
        ("metrics", "h:"), ("metrics", ":1"), ("metrics", 9000), ("log_format", "xml"),
        ("log_level", "loud"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^BridgeSettings\.{name}: .* (is|holds) "):
        settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization_key", b""), ("authorization_key", b"x" * 65), ("authorization_key", "text"),
        ("callback_address", "charger:80"), ("callback_address", "http://169.254.169.254/"),
        ("upstream", "wss://u:p@h/"), ("leniency", ["x"]), ("offline_start", "later"),
        ("delivery", "exactly-once"), ("client_certificate", "cert.pem"),
        ("client_key", Path("key.pem")),
    ],
)  # fmt: skip
def test_a_wrong_value_of_a_charge_point_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^ChargerSettings\.{name}: .*(is|holds|goes) "):
        ChargerSettings(**{name: value})


@pytest.mark.parametrize(
    ("identity", "charger", "problem"),
    [
        ("", ChargerSettings(), "1 to 48 characters"),
        ("..", ChargerSettings(), "never '.'"),
        ("A:B", ChargerSettings(authorization_key=KEY), "':' cannot be used with Basic"),
    ],
)
def test_a_charge_point_that_cannot_be_is_refused_by_name(
    identity: str, charger: ChargerSettings, problem: str
) -> None:
    with pytest.raises(ValueError, match=r"^BridgeSettings\.chargers\[.*" + problem):
        settings(chargers={identity: charger})


def test_what_is_no_settings_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"chargers\['CP1'\]: {} is no ChargerSettings"):
        settings(chargers={"CP1": {}})
    with pytest.raises(TypeError, match=r"^BridgeSettings\.protocol: None"):
        settings(protocol=None)


@pytest.mark.parametrize("name", sorted(RULED_BY_THE_BRIDGE))
def test_a_setting_of_the_roles_that_the_bridge_rules_is_set_there(name: str) -> None:
    values: dict[str, Any] = {
        "leniency": ["over-length"],
        "peer_leniency": {"CP1": ["over-length"]},
        "callback_networks": ["10.0.0.0/8"],
        "callback_addresses": {"CP1": "http://h/"},
    }
    protocol = Settings(**{name: values.get(name, timedelta(seconds=7))})
    with pytest.raises(ValueError, match=rf"protocol: {name} is ruled by BridgeSettings\.\w+$"):
        settings(protocol=protocol)


def test_forms_that_people_write() -> None:
    assert settings(soap="0.0.0.0:9001").soap == "http://0.0.0.0:9001/ocpp"
    assert settings(soap="[::1]:9001/a/").soap == "http://[::1]:9001/a"
    assert settings(soap="http://h:9001/a").soap == "http://h:9001/a"
    assert settings(metrics="9464").metrics == "127.0.0.1:9464"
    assert settings(metrics="[::]:9464").metrics == "[::]:9464"
    assert settings(callback_networks=["10.0.0.0/8"]).callback_networks == (
        ip_network("10.0.0.0/8"),
    )
    assert settings(leniency=["over-length"]).leniency == {Leniency.OVER_LENGTH}


def test_defaults_are_those_of_the_house_rules() -> None:
    made = settings()
    assert (made.store, made.open) == ("sqlite:///bridge.db", False)
    assert (made.offline_start, made.delivery) == (OfflineStart.REFUSE, Delivery.AT_LEAST_ONCE)
    assert (made.queue_limit, made.attempts) == (10_000, 3)
    assert made.retry_interval == timedelta(seconds=60)
    assert (made.call_timeout, made.upstream_timeout) == (
        timedelta(seconds=20),
        timedelta(seconds=30),
    )
    assert (made.silent_after, made.reconnects_per_second) == (2.5, 50.0)
    assert (made.callback_networks, made.relay_prefix, made.leniency) == ((), None, STRICT)


def test_a_charge_point_goes_before_what_holds_for_all() -> None:
    made = settings(
        leniency=["over-length"],
        relay_prefix="http://gateway/cp/",
        chargers={
            "CP1": ChargerSettings(
                upstream="wss://other/",
                leniency=frozenset(),
                offline_start=OfflineStart.LOCAL_ID,
                delivery=Delivery.HOLD,
                callback_address="http://10.0.0.1/",
            )
        },
    )
    assert made.upstream_for("CP1") == "wss://other/"
    assert made.upstream_for("CP2") == "ws://backend/ocpp"
    assert made.leniency_for("CP1") == STRICT
    assert made.leniency_for("CP2") == {Leniency.OVER_LENGTH}
    assert made.offline_start_for("CP1") is OfflineStart.LOCAL_ID
    assert made.offline_start_for("CP2") is OfflineStart.REFUSE
    assert made.delivery_for("CP1") is Delivery.HOLD
    assert made.delivery_for("CP2") is Delivery.AT_LEAST_ONCE
    assert made.callback_for("CP1") == "http://10.0.0.1/"
    assert made.callback_for("CP/2") == "http://gateway/cp/CP%2F2"
    assert settings().callback_for("CP1") is None


def test_only_known_charge_points_may_come_unless_it_is_open() -> None:
    made = settings(chargers={"CP1": ChargerSettings()})
    assert made.is_known("CP1")
    assert not made.is_known("CP2")
    assert settings(open=True).is_known("CP2")


def test_no_secret_is_shown() -> None:
    charger = ChargerSettings(authorization_key=b"secret-key-of-CP1")
    made = settings(chargers={"CP1": charger}, store="postgresql://u:hidden@h/d")
    for text in (repr(charger), str(charger), repr(made), str(made)):
        assert "secret-key" not in text
        assert "hidden" not in text
    for wrong in ("secret" * 20, b"secret" * 20):
        key: Any = wrong
        with pytest.raises(ValueError, match="authorization_key") as caught:
            ChargerSettings(authorization_key=key)
        assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="store") as caught:
        settings(store="mysql://u:hidden@h/d")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("cls", [BridgeSettings, ChargerSettings])
def test_every_setting_is_described_and_written_as_it_is_read(
    cls: type[BridgeSettings | ChargerSettings],
) -> None:
    apart = {"chargers", "protocol", "authorization_key"}
    for field in attrs.fields(cls):
        setting = setting_of(field)
        assert (setting is None) == (field.name in apart), field.name
        if setting is None:
            continue
        assert setting.about.endswith(".")
        if field.default is not attrs.NOTHING:
            setting.kind.check(field.default)
            assert setting.kind.parse(setting.kind.show(field.default)) == field.default, field.name
