"""`ocpp16 schedule`: what it reads, computes, shows and draws, and what it says of bad files."""

from __future__ import annotations

import copy
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from typer.testing import CliRunner

from ocpp16.apps.commands import app
from ocpp16.apps.schedule import find_out
from ocpp16.apps.schedule_file import Asked, BadFile, read_study
from ocpp16.apps.schedule_screen import plot, show, span

OFFICE = Path(__file__).parents[2] / "docs/examples/office.toml"

PROFILE: dict[str, Any] = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "startSchedule": "2026-03-01T12:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 10.0},
            {"startPeriod": 3600, "limit": 16.0, "numberPhases": 1},
        ],
    },
}
FILE: dict[str, Any] = {
    "profiles": [{"connectorId": 1, "csChargingProfiles": PROFILE}],
    "query": {"connectorId": 1, "start": "2026-03-01T12:00:00Z", "duration": 7200},
}


def invoke(*arguments: str, stdin: str | bytes = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ("schedule", *arguments), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def computed(*arguments: str, file: Any = None) -> dict[str, Any]:
    text = json.dumps(FILE if file is None else file)
    code, out, err = invoke("-", "--output", "json", *arguments, stdin=text)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the file with another value at a JSON pointer; None removes it."""
    file: Any = copy.deepcopy(FILE)
    *parents, last = path.strip("/").split("/")
    at = file
    for name in parents:
        at = at[int(name)] if isinstance(at, list) else at.setdefault(name, {})
    if value is None:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return dict(file)


# What it computes


def test_the_result_as_json() -> None:
    assert computed() == {
        "type": "schedule",
        "connectorId": 1,
        "scheduleStart": "2026-03-01T12:00:00Z",
        "duration": 7200,
        "chargingRateUnit": "W",
        "periods": [
            {
                "startPeriod": 0,
                "start": "2026-03-01T12:00:00Z",
                "end": "2026-03-01T13:00:00Z",
                "limit": 6900.0,
                "numberPhases": 3,
                "cause": "TxDefaultProfile 1",
                "profiles": [1],
            },
            {
                "startPeriod": 3600,
                "start": "2026-03-01T13:00:00Z",
                "end": "2026-03-01T14:00:00Z",
                "limit": 3680.0,
                "numberPhases": 1,
                "cause": "TxDefaultProfile 1",
                "profiles": [1],
            },
        ],
    }


def test_options_go_before_the_file() -> None:
    found = computed(
        "--connector", "2", "--start", "2026-03-01T12:30:00+00:00", "--duration", "60",
        "--unit", "A",
    )  # fmt: skip
    assert (found["connectorId"], found["duration"]) == (2, 60)
    assert (found["scheduleStart"], found["chargingRateUnit"]) == ("2026-03-01T12:30:00Z", "A")
    assert [(one["limit"], one["cause"]) for one in found["periods"]] == [(None, "nothing")]


def test_a_list_is_profiles_and_begins_when_the_first_of_them_does() -> None:
    found = computed(file=FILE["profiles"])
    assert (found["scheduleStart"], found["duration"]) == ("2026-03-01T12:00:00Z", 86_400)
    assert found["connectorId"] == 1


def test_hardware_transactions_and_voltage_are_taken() -> None:
    file = {
        **FILE,
        "connectors": [{"power": 3000, "phases": 1}, {}],
        "voltage": 100,
        "transactions": [{"connectorId": 1, "started": "2026-03-01T11:30:00Z", "transactionId": 7}],
    }
    tx = copy.deepcopy(PROFILE) | {
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingProfileId": 2,
        "transactionId": 7,
    }
    del tx["chargingSchedule"]["startSchedule"]
    file["profiles"] = [*FILE["profiles"], {"connectorId": 1, "csChargingProfiles": tx}]
    found = computed(file=file)
    shown = [(one["startPeriod"], one["limit"], one["cause"]) for one in found["periods"]]
    # One phase at 100 V: 10 A, and 16 A half an hour later.
    assert shown == [(0, 1000.0, "TxProfile 2"), (1800, 1600.0, "TxProfile 2")]
    file["connectors"][0]["power"] = 1200
    assert computed(file=file)["periods"][-1]["cause"] == "the connector itself"


def test_the_whole_charge_point() -> None:
    file = {**FILE, "connectors": [{"power": 22_080}, {"power": 11_040}]}
    found = computed("--connector", "0", file=file)
    assert [(one["startPeriod"], one["limit"], one["cause"]) for one in found["periods"]] == [
        (0, 17_940.0, "sum of connectors"),
        (3600, 14_720.0, "sum of connectors"),
    ]


def test_toml_says_the_same_as_json() -> None:
    toml = """
        [query]
        connectorId = 1
        start = 2026-03-01T12:00:00Z
        duration = 7200
        [[profiles]]
        connectorId = 1
        [profiles.csChargingProfiles]
        chargingProfileId = 1
        stackLevel = 0
        chargingProfilePurpose = "TxDefaultProfile"
        chargingProfileKind = "Absolute"
        [profiles.csChargingProfiles.chargingSchedule]
        startSchedule = 2026-03-01T12:00:00+00:00
        chargingRateUnit = "A"
        chargingSchedulePeriod = [
            {startPeriod = 0, limit = 10},
            {startPeriod = 3600, limit = 16.0, numberPhases = 1},
        ]
    """
    study = read_study(toml.encode(), toml=True, asked=Asked())
    assert find_out(study).to_json() == computed()


# What it shows


def test_durations_are_written_as_people_do() -> None:
    shown = [span(n) for n in (1, 119, 120, 3600, 5400, 86_400, 90_061)]
    assert shown == ["1 s", "119 s", "2 min", "1 h", "1 h 30 min", "1 d", "1 d 1 h 1 min 1 s"]


def test_a_table_and_a_plot(tmp_path: Path) -> None:
    file = tmp_path / "site.json"
    file.write_text(json.dumps(FILE))
    code, out, err = invoke(str(file))
    assert (code, err) == (0, "")
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[0] == "W for connector 1, 2 h from 2026-03-01 12:00:00 UTC"
    full, half = 36, 36
    assert lines[1] == "6,900 │" + "█" * full
    # 3680 of 6900 are 34 of 64 eighths: four lines and two eighths.
    assert lines[4] == "      │" + "█" * full + "▂" * half
    assert lines[5] == "      │" + "█" * (full + half)
    assert lines[8] == "      │" + "█" * (full + half)
    assert lines[9] == "    0 └" + "─" * (full + half)
    assert re.fullmatch(r" +12:00 +12:30 +13:00 +13:30 +14:00", lines[10])
    assert lines[12].split() == ["from", "for", "W", "phases", "because", "of"]
    assert lines[14].split()[:6] == ["2026-03-01", "12:00:00", "1", "h", "6,900.0", "3"]
    assert lines[15].split()[:5] == ["13:00:00", "1", "h", "3,680.0", "1"]


def drawn(file: dict[str, Any], width: int = 30, *, plain: bool = False) -> list[str]:
    result = find_out(read_study(json.dumps(file).encode(), toml=False, asked=Asked()))
    return [str(line) for line in plot(result, width, plain=plain)]


def test_a_dip_is_seen_however_short_it_is() -> None:
    periods = [
        {"startPeriod": 0, "limit": 8.0},
        {"startPeriod": 3600, "limit": 0.0},
        {"startPeriod": 3601, "limit": 8.0},
    ]
    path = "/profiles/0/csChargingProfiles/chargingSchedule/chargingSchedulePeriod"
    lines = drawn(changed(path, periods))
    assert [line.count(" ") for line in (lines[0][8:], lines[7][8:])] == [1, 1]


def test_where_nothing_limits_there_are_dots() -> None:
    path = "/profiles/0/csChargingProfiles/chargingSchedule/duration"
    lines = drawn(changed(path, 1800), plain=True)
    bar = lines[0].index("|") + 1
    assert re.fullmatch(r"#{5,6}\.+", lines[0][bar:])
    assert re.fullmatch(r"#{5,6} *", lines[7][bar:])
    lines = drawn({**FILE, "profiles": []})
    assert set(lines[0].split("│")[1]) == {"."}


@pytest.mark.parametrize("width", [1, 20, 40, 80, 500])
def test_the_plot_fits(width: int) -> None:
    assert all(len(line) <= max(width, 20) for line in drawn(FILE, width))


def test_where_there_is_only_ascii_it_is_ascii() -> None:
    buffer = io.BytesIO()
    out = io.TextIOWrapper(buffer, encoding="ascii")
    show(find_out(read_study(json.dumps(FILE).encode(), toml=False, asked=Asked())), out)
    out.flush()
    assert b"6,900 |####" in buffer.getvalue()


def test_long_results_are_cut() -> None:
    periods = [{"startPeriod": n, "limit": n % 2 + 6.0} for n in range(300)]
    path = "/profiles/0/csChargingProfiles/chargingSchedule/chargingSchedulePeriod"
    code, out, _ = invoke("-", stdin=json.dumps(changed(path, periods)))
    assert code == 0
    assert out.splitlines()[-1] == "and 100 more; --output json has all of them"


# What it draws


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG")])
def test_a_picture(tmp_path: Path, name: str, start: bytes) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / name
    code, out, err = invoke(str(OFFICE), "--plot", str(path))
    assert (code, err) == (0, "")
    assert "TxProfile 3" in out
    first = path.read_bytes()
    assert first.startswith(start)
    invoke(str(OFFICE), "--plot", str(path), "--connector", "0", "--unit", "W")
    assert path.read_bytes() != first
    invoke(str(OFFICE), "--plot", str(path))
    assert path.read_bytes() == first


def test_what_the_picture_says(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "a.svg"
    invoke(str(OFFICE), "--plot", str(path))
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", path.read_text())
    assert {"what holds", "ChargePointMaxProfile", "TxProfile or TxDefaultProfile"} <= set(texts)
    assert "A per phase for connector 1, 12 h from 2026-03-02 12:00:00 UTC" in texts
    assert {"12:00", "18:00", "30"} <= set(texts)


@pytest.mark.parametrize("duration", ["1", "59", "31622400"])
def test_any_duration_can_be_drawn(tmp_path: Path, duration: str) -> None:
    pytest.importorskip("matplotlib")
    path = str(tmp_path / "a.png")
    code, _, err = invoke(str(OFFICE), "--plot", path, "--duration", duration)
    assert (code, err) == (0, "")


def test_nothing_to_draw_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "a.svg"
    file = json.dumps({**FILE, "profiles": []})
    code, _, err = invoke("-", "--plot", str(path), stdin=file)
    assert (code, err) == (0, "")
    assert path.exists()


def test_without_matplotlib_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "ocpp16.apps.schedule_picture", raising=False)
    assert invoke(str(OFFICE), "--plot", "a.svg") == (
        2,
        "",
        "ocpp16: a plot needs matplotlib (pip install 'ocpp16[plot]')\n",
    )


# What is wrong


def test_how_it_is_called_wrongly(tmp_path: Path) -> None:
    for arguments, message in (
        (("--plot", "a.pdf"), "--plot a.pdf: its name has to end in .svg or .png"),
        (("--start", "noon"), "--start 'noon' is not a date and time"),
        (("--duration", "0"), "--duration"),
        (("--unit", "V"), "--unit"),
        (("--connector", "-1"), "--connector"),
    ):
        code, out, err = invoke(str(OFFICE), *arguments)
        assert (code, out) == (2, "")
        assert message in err.replace("\n", " ")
    missing = tmp_path / "missing.toml"
    assert invoke(str(missing)) == (
        2,
        "",
        f"ocpp16: cannot read {missing}: No such file or directory (- is standard input)\n",
    )
    pytest.importorskip("matplotlib")
    target = tmp_path / "no" / "a.svg"
    code, out, err = invoke(str(OFFICE), "--plot", str(target))
    assert (code, out) == (2, "")
    assert err.startswith(f"ocpp16: cannot write {target}: No such file or directory")


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        ("/profiles", 7, "/profiles: is 7, not a list"),
        ("/query", [], "/query: is [], not an object"),
        (
            "/nonsense",
            1,
            "'nonsense' is none of profiles, connectors, voltage, transactions, query",
        ),
        ("/query/nonsense", 1, "/query: 'nonsense' is none of connectorId, start, duration,"),
        ("/query/start", 7, "/query/start: is not a date and time with seconds and offset"),
        ("/query/start", "9999-12-31T23:59:59Z", "/query/start: is too close to the end of time"),
        ("/query/duration", 0, "/query/duration: is not within 1 to 31622400 s"),
        ("/query/duration", 31_622_401, "/query/duration: is not within 1 to 31622400 s"),
        ("/query/duration", "7", "/query/duration: is a number written as text"),
        ("/query/chargingRateUnit", "kW", "/query/chargingRateUnit: 'kW' is not a value of"),
        ("/query/connectorId", -1, "/connectors: has no connector -1"),
        ("/query/connectorId", 10**6, "has a connector 1000000, and more than 1000 are too many"),
        ("/connectors", [{}], None),
        ("/connectors", [{"power": -1}], "/connectors/0: Outlet(power=-1, phases=3) cannot be"),
        ("/connectors", [{"phases": 0}], "/connectors/0: Outlet(power=None, phases=0) cannot be"),
        ("/connectors", [{"power": True}], "/connectors/0/power: is True, not an integer"),
        ("/connectors", [[]], "/connectors/0: is [], not an object"),
        ("/voltage", 0, "/voltage: 0 V is no nominal voltage"),
        ("/voltage", 230.5, "/voltage: is 230.5, not an integer"),
        ("/transactions", [{}], "/transactions/0/connectorId: is required, from 1 on"),
        ("/transactions", [{"connectorId": 1}], "/transactions/0/started: is required"),
        ("/profiles/0", 7, "/profiles/0: "),
        ("/profiles/0/connectorId", None, "/profiles/0/connectorId: is required"),
        ("/profiles/0/connectorId", -1, "/profiles/0/connectorId: there is no connector -1"),
        (
            "/profiles/0/csChargingProfiles/stackLevel",
            1.5,
            "/profiles/0/csChargingProfiles/stackLevel: is not a whole number",
        ),
        (
            "/profiles/0/csChargingProfiles/chargingSchedule/chargingSchedulePeriod/0/limit",
            0.25,
            "chargingSchedulePeriod/0/limit: has more than one decimal",
        ),
        (
            "/profiles/0/csChargingProfiles/chargingSchedule/chargingSchedulePeriod/0/startPeriod",
            1,
            "has to be 0 in the first period (CE 3.45); a charge point answers Rejected",
        ),
        (
            "/profiles/0/csChargingProfiles/chargingProfilePurpose",
            "TxProfile",
            "Purpose: needs a transaction on connector 1; a charge point answers Rejected",
        ),
    ],
)
def test_what_a_file_may_not_say(path: str, value: Any, error: str | None) -> None:
    code, out, err = invoke("-", stdin=json.dumps(changed(path, value)))
    if error is None:
        assert (code, err) == (0, "")
        return
    assert (code, out) == (1, "")
    assert error in err
    assert err.startswith("ocpp16: - ")
    assert err.endswith(" (see: ocpp16 schedule --help)\n")
    assert err.count("\n") == 1


def test_profiles_without_any_time_need_a_start() -> None:
    file = changed("/query/start", None)
    del file["profiles"][0]["csChargingProfiles"]["chargingSchedule"]["startSchedule"]
    code, _, err = invoke("-", stdin=json.dumps(file))
    assert code == 1
    assert "/query/start: is required, since no profile and no transaction has a time" in err


@pytest.mark.parametrize(
    ("content", "toml", "error"),
    [
        (b"", False, "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"7", False, "is 7, not an object"),
        (b"{", False, "is not JSON: "),
        (b"\xff", False, "is not UTF-8"),
        (b"x", True, "is not TOML: "),
        (b'{"voltage": 1, "voltage": 2}', False, "'voltage' stands there twice in one object"),
        (b'{"voltage": NaN}', False, "NaN is no number of JSON"),
        (b"voltage = inf", True, "/voltage: is no finite number"),
        (b"[" * 100_000, False, "nests too deep"),
        (b'{"voltage": ' + b"9" * 5000 + b"}", False, "cannot be read: "),
        (b"[query]\nstart = 2026-03-01T12:00:00", True, "/query/start: is not a date and time"),
        (b"[query]\nstart = 2026-03-01", True, "/query/start: is not a date and time"),
        (b"[query]\nstart = 12:00:00", True, "/query/start: is not a date and time"),
    ],
)
def test_what_cannot_be_read(content: bytes, toml: bool, error: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_study(content, toml=toml, asked=Asked())
    assert str(caught.value).startswith(error)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as stream:
        stream.truncate(17 * 2**20)
    assert invoke(str(file)) == (
        1,
        "",
        f"ocpp16: {file} has more than 16777216 bytes (and was not read)\n",
    )
