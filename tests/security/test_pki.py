"""`ocpp16 pki`: certificates as the whitepaper has them, private keys, nothing overwritten."""

from __future__ import annotations

import asyncio
import json
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ocpp16 import MemoryCredentials
from ocpp16.apps.pki import Pki
from ocpp16.apps.pki_maker import make_pki
from tests.parties import HEARTBEAT, PULSE, make_central, make_station, run
from tests.security.authority import KEY
from tests.test_cli import invoke

NOW = datetime.now(UTC)
KEY_0 = "0" * 32


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("made") / "certificates"
    make_pki(folder, now=NOW, charge_points={"CP1": "SN-1", "車 a/b": "SN-2"})
    return Pki(folder)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def name(certificate: x509.Certificate, kind: Any = NameOID.COMMON_NAME) -> str:
    (part,) = certificate.subject.get_attributes_for_oid(kind)
    return str(part.value)


def test_the_certificates_are_those_of_the_whitepaper(pki: Pki) -> None:
    root = read(pki.root.certificate)
    for pair, cn, kind in (
        (pki.central_system[0], "localhost", rsa.RSAPublicKey),
        (pki.central_system[1], "localhost", ec.EllipticCurvePublicKey),
        (pki.charge_point("CP1"), "SN-1", ec.EllipticCurvePublicKey),
        (pki.charge_point("車 a/b"), "SN-2", ec.EllipticCurvePublicKey),
    ):
        certificate = read(pair.certificate)
        certificate.verify_directly_issued_by(root)
        assert name(certificate) == cn
        assert name(certificate, NameOID.ORGANIZATION_NAME) == "Example Operator" == pki.owner
        key = certificate.public_key()
        assert isinstance(key, kind)
        assert not isinstance(key, rsa.RSAPublicKey) or key.key_size == 2048
        assert certificate.signature_hash_algorithm is not None
        assert certificate.signature_hash_algorithm.name == "sha256"
        assert certificate.extensions.get_extension_for_class(x509.KeyUsage).critical
        assert certificate.serial_number > 0
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert not basic.value.ca
    assert isinstance(root.public_key(), ec.EllipticCurvePublicKey)
    # A single name is in CN alone; the addresses are for trying things on one machine.
    names = read(pki.central_system[0].certificate).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == []


def test_firmware_has_a_hierarchy_of_its_own(pki: Pki) -> None:
    signing = read(pki.firmware_signing.certificate)
    signing.verify_directly_issued_by(read(pki.manufacturer_root.certificate))
    assert name(signing, NameOID.ORGANIZATION_NAME) == "Example Manufacturer"
    usage = signing.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CODE_SIGNING]


def test_only_the_owner_can_read_a_key(pki: Pki) -> None:
    found = list(pki.folder.glob("*.key"))
    assert len(found) == 7
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("profile", [2, 3])
def test_a_charge_point_connects_with_them(pki: Pki, profile: int) -> None:
    async def main() -> None:
        credentials = MemoryCredentials({"CP1": KEY})
        central = make_central(security=pki.server_security({profile}, credentials))
        for host in ("localhost", "127.0.0.1"):
            async with (
                central.serve(json=f"wss://{host}:0/ocpp") as server,
                make_station().connect(
                    server.urls.json, security=pki.station_security("CP1", profile, KEY)
                ) as backend,
            ):
                assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_nothing_is_overwritten_and_a_charge_point_can_be_added(tmp_path: Path) -> None:
    first = make_pki(tmp_path, now=NOW)
    assert not first.kept
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    again = make_pki(tmp_path, now=NOW)
    assert not again.made
    assert set(again.kept) == set(before)
    more = make_pki(tmp_path, now=NOW, charge_points={"CP2": "SN-9"})
    pair = Pki(tmp_path).charge_point("CP2")
    assert set(more.made) == {pair.certificate, pair.key, tmp_path / "serial-numbers.json"}
    read(pair.certificate).verify_directly_issued_by(read(tmp_path / "root.pem"))
    assert Pki(tmp_path).serial_numbers == {"SN-CP1": "CP1", "SN-9": "CP2"}
    for path, content in before.items():
        if path.name != "serial-numbers.json":
            assert path.read_bytes() == content


def test_what_contradicts_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    make_pki(tmp_path, now=NOW)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for options in (
        {"owner": "Somebody Else"},
        {"charge_points": {"CP1": "SN-OTHER"}},
        {"charge_points": {"CP2": "SN-CP1"}},
    ):
        with pytest.raises(ValueError, match=r"not of|already"):
            make_pki(tmp_path, now=NOW, **options)
    (tmp_path / "root.key").rename(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="the file that belongs to it is not"):
        make_pki(tmp_path, now=NOW)
    (tmp_path / "elsewhere").rename(tmp_path / "root.key")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    folder = tmp_path / "pki"
    folder.mkdir()
    (folder / "root.key").symlink_to(victim)
    with pytest.raises(FileExistsError):
        make_pki(folder, now=NOW)
    assert not victim.exists()


def test_several_hosts_are_names_of_the_certificate(tmp_path: Path) -> None:
    make_pki(tmp_path, now=NOW, hosts=("cs.example.com", "192.0.2.1", "other.example.com"))
    certificate = read(tmp_path / "central-system-rsa.pem")
    assert name(certificate) == "cs.example.com"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["cs.example.com", "other.example.com"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]


# The command


def test_the_command_makes_them_and_tells(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    code, text = invoke("pki", str(folder), "--charge-point", "CP1", "--charge-point", "CP2=S2")
    assert code == 0
    assert f"made  {folder / 'root.pem'}" in text.splitlines()
    assert Pki(folder).serial_numbers == {"SN-CP1": "CP1", "S2": "CP2"}
    code, text = invoke("pki", str(folder), "--output", "json")
    told = json.loads(text)
    assert (code, told["type"], told["made"]) == (0, "pki", [])
    assert str(folder / "root.pem") in told["kept"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--charge-point", ".."], "never '.' or '..'"),
        (["--charge-point", ""], "1 to 48 characters"),
        (["--owner", "x" * 65], "length"),
        (["--host", ""], "length"),
        (["--charge-point", "CP1=" + "x" * 65], "length"),
    ],
)
def test_the_command_says_what_does_not_fit(
    tmp_path: Path, options: list[str], reason: str
) -> None:
    code, text = invoke("pki", str(tmp_path / "pki"), *options)
    assert code == 2
    assert reason in text


def test_the_command_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, text = invoke("pki", str(tmp_path / "file" / "pki"))
    assert code == 1
    assert "cannot write" in text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("central-system --json x:1 --security-profile 3", "needs --pki DIR"),
        ("central-system --json x:1 --security-profile 4", "--security-profile"),
        (
            "central-system --json x:1 --security-profile 1 --credentials f --authorization-key A",
            "say the keys once",
        ),
        ("central-system --json x:1 --security-profile 1 --open", "without authentication"),
        (
            f"central-system --json x:1 --security-profile 1 --open --authorization-key A={KEY_0}",
            "--open is without authentication",
        ),
        ("central-system --json x:1 --security-profile 1 --authorization-key CP1", "IDENTITY=KEY"),
        ("central-system --json x:1 --security-profile 1 --authorization-key CP1=12", "hex digits"),
        ("central-system --json x:1 --security-profile 1 --credentials /none", "does not exist"),
        ("central-system --json x:1 --open --authorization-key CP1=12", "profiles 1 and 2"),
        ("central-system --json x:1 --open --pki x", "profiles 2 and 3"),
        ("central-system --json x:1 --security-profile 3 --pki /none", "cannot be read"),
        ("charge-point CP1 --url ws://x/ --security-profile 1", "--authorization-key"),
        ("charge-point CP1 --url ws://x/ --security-profile 3", "needs --pki DIR"),
        ("charge-point CP1 --url wss://x/ --security-profile 3 --pki /none", "/none"),
        (
            f"charge-point CP1 --url wss://x/ --security-profile 1 --authorization-key {KEY_0}",
            "without TLS",
        ),
    ],
)
def test_options_that_do_not_fit_are_told(arguments: str, reason: str) -> None:
    code, text = invoke(*arguments.split())
    assert code == 2, text
    assert reason in text


def test_two_commands_run_profile_3(tmp_path: Path) -> None:
    """A learner's first steps, as processes of their own."""
    folder = str(tmp_path / "pki")
    command = [sys.executable, "-m", "ocpp16"]
    subprocess.run([*command, "pki", folder], check=True, capture_output=True)
    secure = ["--security-profile", "3", "--pki", folder]
    central = subprocess.Popen(
        [*command, "central-system", "--json", "localhost:0", *secure, "--output", "json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert central.stdout is not None
        url = json.loads(central.stdout.readline())["url"]
        assert url.startswith("wss://localhost:")
        station = subprocess.run(
            [*command, "charge-point", "CP1", "--url", url, *secure, "--speed", "100000"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert station.returncode == 0, station.stdout + station.stderr
    finally:
        central.terminate()
        central.communicate(timeout=30)
    assert central.returncode == 0


def test_no_certificate_of_a_learner_is_trusted_by_the_machine(pki: Pki) -> None:
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(_shake(context, pki))


async def _shake(context: ssl.SSLContext, pki: Pki) -> None:
    central = make_central(security=pki.server_security({2}, MemoryCredentials({"CP1": KEY})))
    async with central.serve(json="wss://localhost:0/ocpp") as server:
        port = int(server.urls.json.rpartition(":")[2].partition("/")[0])
        _, writer = await asyncio.open_connection("localhost", port, ssl=context)
        writer.close()
