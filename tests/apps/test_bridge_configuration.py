"""Where the bridge's settings come from, which source goes first, and every fault told at once."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from ocpp16.apps.bridge_configuration import Misconfigured, load, load_store, shown
from ocpp16.apps.bridge_table import BRIDGE, CHARGER_KEYS, FLAGS, ROLES
from ocpp16.bridge.settings import BridgeSettings, Delivery, OfflineStart
from ocpp16.settings import Leniency, Settings

LEAST = 'soap = "127.0.0.1:0"\nupstream = "ws://backend/ocpp"\n'
KEY = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"


def written(folder: Path, text: str, *, least: str = LEAST) -> Path:
    path = folder / "bridge.toml"
    path.write_text(f"{least}{text}")
    return path


def faults(path: Path | None, **sources: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(Misconfigured) as caught:
        load(path, **sources)
    return [(fault.place, fault.problem, fault.advice) for fault in caught.value.faults]


def test_flag_goes_before_environment_before_file_before_default(tmp_path: Path) -> None:
    path = written(tmp_path, "open = true\nqueue_limit = 1\nattempts = 1\nretry_interval = 1\n")
    environment = {"OCPP16_BRIDGE_QUEUE_LIMIT": "2", "OCPP16_BRIDGE_ATTEMPTS": "2"}
    made = load(path, environment=environment, flags={"queue_limit": "3"})
    settings = made.settings
    assert (settings.queue_limit, settings.attempts) == (3, 2)
    assert settings.retry_interval == timedelta(seconds=1)
    assert settings.call_timeout == timedelta(seconds=20)
    assert made.sources["queue_limit"] == "--queue-limit"
    assert made.sources["attempts"] == "OCPP16_BRIDGE_ATTEMPTS"
    assert made.sources["retry_interval"] == f"{path}: retry_interval"
    assert "call_timeout" not in made.sources


NO_NETWORK = "is no network: 'x' does not appear to be an IPv4 or IPv6 network"
NO_VALUE = "Invalid value (at line 4, column 5)"
VALUES: dict[str, tuple[str, str, object]] = {
    "soap": ('"h:1/a"', "h:1/a", "http://h:1/a"),
    "upstream": ('"wss://h/o"', "wss://h/o", "wss://h/o"),
    "store": ('"sqlite:///x.db"', "sqlite:///x.db", "sqlite:///x.db"),
    "open": ("true", "yes", True),
    "offline_start": ('"local-id"', "local-id", OfflineStart.LOCAL_ID),
    "delivery": ('"hold"', "hold", Delivery.HOLD),
    "queue_limit": ("7", "7", 7),
    "attempts": ("7", "7", 7),
    "retry_interval": ("1.5", "1.5", timedelta(seconds=1.5)),
    "call_timeout": ("7", "7", timedelta(seconds=7)),
    "upstream_timeout": ("7", "7", timedelta(seconds=7)),
    "silent_after": ("7", "7", 7.0),
    "reconnects_per_second": ("7", "7", 7.0),
    "callback_networks": ('["10.0.0.0/8", "::1/128"]', "10.0.0.0/8, ::1/128",
                          (ip_network("10.0.0.0/8"), ip_network("::1/128"))),
    "relay_prefix": ('"http://gateway/"', "http://gateway/", "http://gateway/"),
    "upstream_roots": ('"/etc/roots.pem"', "/etc/roots.pem", Path("/etc/roots.pem")),
    "leniency": ('["over-length"]', "over-length", frozenset({Leniency.OVER_LENGTH})),
    "upstream_leniency": ('["over-length"]', "over-length", frozenset({Leniency.OVER_LENGTH})),
    "retention": ("86400", "86400", timedelta(days=1)),
    "drain_timeout": ("7", "7", timedelta(seconds=7)),
    "metrics": ('"7"', "7", "127.0.0.1:7"),
    "log_format": ('"json"', "json", "json"),
    "log_level": ('"warning"', "warning", "warning"),
}  # fmt: skip
"""Of each setting: in TOML, as text, and what it is."""


def test_every_setting_is_tried() -> None:
    assert set(VALUES) == {entry.key for entry in BRIDGE}
    assert {entry.key for entry in FLAGS} == {entry.key for entry in BRIDGE}


@pytest.mark.parametrize("entry", BRIDGE, ids=lambda entry: entry.key)
def test_every_setting_has_a_key_a_variable_and_a_flag(tmp_path: Path, entry: Any) -> None:
    toml, text, value = VALUES[entry.key]
    least = {"soap": "127.0.0.1:0", "upstream": "ws://h/", "open": True}
    flags = {key: item for key, item in least.items() if key != entry.key}
    path = written(tmp_path, f"{entry.key} = {toml}\n", least="")
    from_file = load(path, flags=flags, charge_points=["CP1"]).settings
    variables = {entry.variable: text}
    from_variable = load(environment=variables, flags=flags, charge_points=["CP1"]).settings
    flag = value if entry.key == "open" else text
    from_flag = load(flags={**flags, entry.key: flag}, charge_points=["CP1"]).settings
    for settings in (from_file, from_variable, from_flag):
        assert getattr(settings, entry.key) == value


@pytest.mark.parametrize("entry", ROLES, ids=lambda entry: entry.key)
def test_every_setting_of_the_roles_has_a_key_and_a_variable(tmp_path: Path, entry: Any) -> None:
    text = "refuse" if " or " in entry.kind.form and "refuse" in entry.kind.form else "101"
    toml = f'"{text}"' if text == "refuse" else text
    default = getattr(Settings(), entry.name)
    value = entry.kind.parse(text)
    assert value != default
    path = written(tmp_path, f"open = true\n[protocol]\n{entry.name} = {toml}\n")
    assert getattr(load(path).settings.protocol, entry.name) == value
    made = load(written(tmp_path, "open = true\n"), environment={entry.variable: text})
    assert getattr(made.settings.protocol, entry.name) == value


def test_nothing_is_written_as_none(tmp_path: Path) -> None:
    path = written(tmp_path, 'open = true\n[protocol]\nping_interval = "none"\n')
    assert load(path).settings.protocol.ping_interval is None


def test_a_flag_takes_a_switch_back(tmp_path: Path) -> None:
    path = written(tmp_path, "open = true\n")
    assert not load(path, flags={"open": False}, charge_points=["CP1"]).settings.open


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    path = written(tmp_path, "open = true\n")
    assert load(path, environment={"OCPP16_BRIDGE_ATTEMPTS": ""}).settings.attempts == 3


def test_variables_of_other_programs_are_not_looked_at(tmp_path: Path) -> None:
    path = written(tmp_path, "open = true\n")
    assert load(path, environment={"OCPP16_OFFICIAL": "x", "PATH": "y"}).settings.attempts == 3


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    path = written(tmp_path, "open = true\nattempts = 9\n")
    environment = {"OCPP16_BRIDGE_CONFIG": str(path)}
    assert load(environment=environment).settings.attempts == 9
    assert load_store(None, environment=environment, flags={}) == "sqlite:///bridge.db"


# Charge points


def test_settings_of_charge_points(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "password").write_text("päss word\r\n")
    path = written(
        tmp_path,
        f"""
[chargers.CP1]
authorization_key = "{KEY}"
callback_address = "http://10.0.0.1/"
upstream = "wss://other/"
leniency = ["null-as-absent"]
offline_start = "local-id"
delivery = "hold"
client_certificate = "cert.pem"
client_key = "/etc/key.pem"
[chargers.CP2]
authorization_key_file = "key"
[chargers."CP 3"]
authorization_password = "secret"
[chargers.CP4]
authorization_password_file = "password"
[chargers.CP5]
""",
    )
    chargers = load(path).settings.chargers
    assert list(chargers) == ["CP1", "CP2", "CP 3", "CP4", "CP5"]
    one = chargers["CP1"]
    assert one.authorization_key == chargers["CP2"].authorization_key == bytes.fromhex(KEY)
    assert (one.callback_address, one.upstream) == ("http://10.0.0.1/", "wss://other/")
    assert one.leniency == frozenset({Leniency.NULL_AS_ABSENT})
    assert (one.offline_start, one.delivery) == (OfflineStart.LOCAL_ID, Delivery.HOLD)
    assert one.client_certificate == tmp_path / "cert.pem"
    assert one.client_key == Path("/etc/key.pem")
    assert chargers["CP 3"].authorization_key == b"secret"
    assert chargers["CP4"].authorization_key == "päss word".encode()
    assert chargers["CP5"].authorization_key is None


def test_charge_points_of_all_sources_are_joined(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[chargers.CP1]\ndelivery = "hold"\nupstream = "ws://file/"\n[chargers.CP2]\n'
    )
    environment = {"OCPP16_BRIDGE_CHARGERS": '{CP1 = {upstream = "ws://env/"}, CP3 = {}}'}
    chargers = load(path, environment=environment, charge_points=["CP4", "CP1"]).settings.chargers
    assert set(chargers) == {"CP1", "CP2", "CP3", "CP4"}
    assert (chargers["CP1"].delivery, chargers["CP1"].upstream) == (Delivery.HOLD, "ws://env/")


# Faults


def test_all_faults_are_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
upstream = "http://backend"
queue_limt = 5
delivery = "holt"
call_timeout = "x"
[protocol]
leniency = ["over-length"]
answrs = 3
handlers = 0
[chargers.CP1]
authorization_key = "zz"
[chargers.CP2]
authorization_key_file = "nowhere"
[chargers.CP3]
offline_strat = "refuse"
authorization_key = "00"
authorization_password = "0011"
[chargers."A:B"]
authorization_key = "00"
""",
        least="",
    )
    environment = {"OCPP16_BRIDGE_ATTEMPTS": "0", "OCPP16_BRIDGE_STORES": "x"}
    flags = {"callback_networks": ["10.0.0.0/8", "x"]}
    found = {
        place.replace(f"{path}: ", ""): (problem, advice)
        for place, problem, advice in faults(path, environment=environment, flags=flags)
    }
    assert found == {
        "queue_limt": ("is no setting", "did you mean queue_limit?"),
        "OCPP16_BRIDGE_STORES": ("is no setting", "did you mean OCPP16_BRIDGE_STORE?"),
        "protocol.leniency": ("is ruled by the bridge", "set leniency instead"),
        "protocol.answrs": ("is no setting", "did you mean answers?"),
        "protocol.handlers": (
            "0 is no whole number of at least 1",
            "write a whole number from 0 to 1000000000; the default is 16",
        ),
        "soap": (
            "is not set, and has no default",
            "give --soap, OCPP16_BRIDGE_SOAP or the key soap",
        ),
        "upstream": (
            "'http://backend' is no wss://HOST[:PORT][/PATH] or ws://HOST[:PORT][/PATH]",
            "write a wss://HOST[:PORT][/PATH] or ws://HOST[:PORT][/PATH]",
        ),
        "delivery": ("'holt' is not at-least-once or hold", "did you mean hold?"),
        "OCPP16_BRIDGE_ATTEMPTS": (
            "'0' is no whole number from 1 to 1000",
            "write a whole number from 1 to 1000; the default is 3",
        ),
        "call_timeout": (
            "'x' is no number of seconds from 0.1 to 28",
            "write a number of seconds from 0.1 to 28; the default is 20",
        ),
        "--callback-allow": (
            f"'10.0.0.0/8,x' holds 'x', which {NO_NETWORK}",
            "write a list of networks",
        ),
        "chargers.CP1.authorization_key": (
            "its value is not made of hex digits",
            "write 2 to 128 hex digits, an even number of them",
        ),
        "chargers.CP2.authorization_key_file": (
            "'nowhere' cannot be read: No such file or directory",
            "give a file that this user may read, its path relative to the configuration file",
        ),
        "chargers.CP3.offline_strat": ("is no setting", "did you mean offline_start?"),
        "chargers.CP3": (
            "has authorization_key and authorization_password",
            "keep one of them",
        ),
        "chargers.A:B": (
            "an identity with ':' cannot be used with Basic",
            "see the reference",
        ),
    }


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (
            "open = true\nx = \n",
            "",
            "is no TOML file in UTF-8: Invalid value (at line 4, column 5)",
        ),
        ("protocol = 7\n", ": protocol", "is no table"),
        ("chargers = 7\n", ": chargers", "is no table"),
        ("[chargers]\nCP1 = 7\n", ": chargers.CP1", "is no table"),
        ("attempts = true\nopen = true\n", ": attempts", "True is no whole number from 1 to 1000"),
        ("open = 1\n", ": open", "1 is not true or false"),
        ("leniency = 'x'\nopen = true\n", ": leniency", "'x' is no list of leniencies"),
        ("", ": chargers", "no charge point may come"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, place: str, problem: str) -> None:
    path = written(tmp_path, text)
    found = faults(path)
    assert (f"{path}{place}", problem) == found[0][:2]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    assert faults(path)[0] == (
        str(path),
        "cannot be read: No such file or directory",
        "give the path of a TOML file that this user may read",
    )
    path.write_bytes(b"\xff\xfe")
    # What it would have said is not called missing.
    [(_, problem, _)] = faults(path)
    assert problem.startswith("is no TOML file in UTF-8: ")


@pytest.mark.parametrize("text", ["7", "{", "{}\nopen = true", "[" * 5000])
def test_an_inline_table_that_is_none(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, "open = true\n")
    found = faults(path, environment={"OCPP16_BRIDGE_CHARGERS": text})
    assert [each[:2] for each in found] == [
        ("OCPP16_BRIDGE_CHARGERS", "is no inline table of TOML")
    ]


# Secrets


def test_the_store_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:s3cret@h/d\n")
    path = written(tmp_path, 'open = true\nstore_file = "url"\n')
    assert load(path).settings.store == "postgresql://u:s3cret@h/d"
    assert load_store(path, environment={}, flags={}) == "postgresql://u:s3cret@h/d"
    variables = {"OCPP16_BRIDGE_STORE_FILE": str(tmp_path / "url")}
    assert load(written(tmp_path, "open = true\n"), environment=variables).settings.store == (
        "postgresql://u:s3cret@h/d"
    )


def test_no_secret_is_shown(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'store = "mysql://u:s3cret@h/d"\n[chargers.CP1]\nauthorization_key = "s3cret"\n'
        '[chargers.CP2]\nauthorization_password = ["s3cret"]\n',
    )
    assert "s3cret" not in str(faults(path))
    path = written(
        tmp_path,
        'store = "postgresql://u:s3cret@h/d"\n[chargers.CP1]\nauthorization_password = "s3cret"\n',
    )
    made = load(path)
    assert "s3cret" not in str(shown(made.settings)) + repr(made)


def test_a_secret_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("00" * 4000)
    path = written(tmp_path, '[chargers.CP1]\nauthorization_key_file = "key"\n')
    assert faults(path)[0][1] == "'key' cannot be read: it is larger than 4096 bytes"


def test_what_is_shown_can_be_read_again() -> None:
    settings = BridgeSettings(soap="h:1", upstream="ws://h/", open=True)
    texts = shown(settings)
    for entry in BRIDGE:
        if not entry.is_secret:
            assert entry.kind.parse(texts[entry.key]) == getattr(settings, entry.name)


def test_keys_of_charge_points_are_those_of_their_settings() -> None:
    assert set(CHARGER_KEYS) == {
        "client_certificate", "client_key", "callback_address", "upstream", "leniency",
        "offline_start", "delivery", "authorization_key", "authorization_key_file",
        "authorization_password", "authorization_password_file",
    }  # fmt: skip
