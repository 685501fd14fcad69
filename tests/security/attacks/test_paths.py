"""No name and no path that a peer chooses leads anywhere. House rules, Files."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")
pytest.importorskip("typer")

from ocpp16.apps.charge_point.fleet import _file
from ocpp16.apps.pki import Pki
from ocpp16.transports.file_transfer import FileTransfer, TransferFailed, TransferRules
from ocpp16.transports.identity import check_identity
from ocpp16.transports.task import run_in_thread
from tests.apps.file_desk import desk, left
from tests.parties import run
from tests.security.attacks.path_attacks import IDENTITIES, IMAGES, SENT, TARGETS, UPLOADS, Name


def ids(names: Iterable[Name]) -> list[str]:
    return [each.id for each in names]


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def send(where: str, target: str) -> int:
    """Send a request as it is, by a socket, and return its status."""
    parts = urlsplit(where)
    assert parts.hostname is not None and parts.port is not None
    with socket.create_connection((parts.hostname, parts.port), 10) as link:
        link.sendall(f"PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
        return int(link.makefile("rb").readline().split()[1])


def test_what_charge_points_send(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            kept = []
            for attack in UPLOADS:
                job = (await site.ask("/diagnostics"))["job"]
                where = site.given.location
                target = urlsplit(where).path + attack.sent
                assert await run_in_thread(send, where, target) == attack.expected, attack
                kept += [str(job)] if attack.expected == 201 else []
            assert left(tmp_path) == sorted(kept)
            await site.ask("/diagnostics")
            where = site.given.location
            up = urlsplit(where).path
            bare = up.rstrip("/")
            secret = bare.rpartition("/")[2]
            for attack in TARGETS:
                target = attack.sent.format(up=up, bare=bare, secret=secret, rest=secret[1:])
                assert await run_in_thread(send, where, target) == attack.expected, attack
            assert left(tmp_path) == sorted(kept)
            files = {f"files/uploads/{number}" for number in kept}
            others = set(everything(tmp_path)) - files
            assert all(path.startswith("site.db") for path in others)
            # The right to send has outlived all of it.
            assert await run_in_thread(send, where, f"{up}a?b=c") == 201

    run(main)


def test_what_images_are_called(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            for attack in IMAGES:
                answer = await site.app.ask("PUT", f"/firmware/{attack.sent}", b"x")
                assert answer.status_code == attack.expected, attack
            assert all(path.startswith("site.db") for path in everything(tmp_path))

    run(main)


@pytest.mark.parametrize("scheme", ["http", "ftp"])
@pytest.mark.parametrize("attack", SENT, ids=ids(SENT))
def test_what_a_charge_point_would_send(scheme: str, attack: Name) -> None:
    transfer = FileTransfer(TransferRules(hosts={"127.0.0.1"}))
    with pytest.raises(TransferFailed) as caught:
        asyncio.run(transfer.upload(f"{scheme}://127.0.0.1:1/", attack.sent, b"x"))
    expected = f"the location is none: {attack.sent!r} is no name of a file"
    assert str(caught.value) == expected
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("attack", IDENTITIES, ids=ids(IDENTITIES))
def test_files_that_are_named_by_identities(tmp_path: Path, attack: Name) -> None:
    check_identity(attack.sent)
    state = tmp_path / "state"
    file = _file(state, attack.sent)
    assert file is not None
    with closing(file):
        assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {state}
    pair = Pki(tmp_path / "pki").charge_point(attack.sent)
    assert {pair.certificate.parent, pair.key.parent} == {tmp_path / "pki"}
    assert pair.certificate.name.startswith("charge-point-")


@pytest.mark.parametrize("identity", ["", ".", "..", "a\0", "a\n", "a" * 49])
def test_identities_that_are_none(identity: str) -> None:
    with pytest.raises(ValueError, match="an identity"):
        check_identity(identity)
