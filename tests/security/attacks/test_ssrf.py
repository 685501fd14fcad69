"""Requests that peers want us to make for them: none is made. House rules: SOAP, files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from ocpp16.transports.callback import choose_callback
from ocpp16.transports.file_transfer import Failure, FileTransfer, TransferFailed, TransferRules
from tests.security.attacks.ssrf_attacks import CLAIMS, FORM, PLACES, Claim, Place
from tests.transports.test_file_transfer import CONTENT, Files, web

RULES = TransferRules(hosts={"files.example"})
REDIRECTS = [
    each
    for each in PLACES
    if each.expected != FORM and each.id not in {"no-scheme", "leads-loopback"}
]
"""Those that the target of a redirect can be; what has no protocol takes over the one before, and
is where it should be, as is this machine where it is allowed."""
LOOPBACK = (ip_network("127.0.0.0/8"),)


def asked(handler: type[Files]) -> list[str]:
    """Return the paths that we have asked for; others may have found the port, too."""
    return [path for path, _ in handler.seen if path.startswith(("/to/", "/f"))]


@pytest.mark.parametrize("attack", CLAIMS, ids=[each.id for each in CLAIMS])
def test_a_callback(attack: Claim) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - all of the text is compared
        choose_callback(attack.claim, attack.source, stored=attack.stored)
    assert str(caught.value) == attack.expected


@pytest.mark.parametrize("attack", PLACES, ids=[each.id for each in PLACES])
def test_a_location(attack: Place) -> None:
    transfer = FileTransfer(RULES, resolve=lambda host, port: attack.addresses)
    with pytest.raises(TransferFailed) as caught:
        transfer.judge(attack.location)
    assert str(caught.value) == attack.expected


@pytest.mark.parametrize("attack", REDIRECTS, ids=[each.id for each in REDIRECTS])
def test_a_redirect_to_a_location(tmp_path: Path, attack: Place) -> None:
    rules = TransferRules(hosts={"files.example", "here.example"}, networks=LOOPBACK, silence=5)

    def resolve(host: str, port: int) -> Iterator[str]:
        yield from ("127.0.0.1",) if host == "here.example" else attack.addresses

    with web() as (url, handler):
        start = url.replace("127.0.0.1", "here.example")
        transfer = FileTransfer(rules, resolve=resolve)
        with pytest.raises(TransferFailed) as caught:
            asyncio.run(transfer.download(f"{start}/to/{attack.location}", tmp_path / "f"))
        assert str(caught.value) == attack.expected
        assert len(asked(handler)) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_leads_elsewhere_once_it_was_judged(tmp_path: Path) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]]
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return answers.pop(0)

    rules = TransferRules(hosts={"files.example"}, networks=LOOPBACK, silence=5)
    transfer = FileTransfer(rules, resolve=resolve)
    with web() as (url, handler):
        start = url.replace("127.0.0.1", "files.example")
        # Looked up once; what it stands for by then is where the connection goes.
        asyncio.run(transfer.download(f"{start}/f", tmp_path / "f"))
        assert looked_up == ["files.example"]
        # Once more for the next, and for each hop: 169.254.169.254 now.
        with pytest.raises(TransferFailed) as caught:
            asyncio.run(transfer.download(f"{start}/f", tmp_path / "g"))
        assert str(caught.value) == (
            "the location is not allowed: 'files.example' is at 169.254.169.254"
        )
        assert asked(handler) == ["/f"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_hop_is_looked_up_anew(tmp_path: Path) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    rules = TransferRules(hosts={"files.example"}, networks=LOOPBACK, silence=5)
    transfer = FileTransfer(rules, resolve=lambda host, port: answers.pop(0))
    with web() as (url, handler):
        start = url.replace("127.0.0.1", "files.example")
        with pytest.raises(TransferFailed) as caught:
            asyncio.run(transfer.download(f"{start}/to//f", tmp_path / "f"))
        assert caught.value.failure is Failure.NOT_ALLOWED
        assert asked(handler) == ["/to//f"]
