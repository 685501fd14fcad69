"""Every status of a signed update, behind a role: in order, with one requestId. W L01; SPEC 13."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.datatypes import Firmware
from ocpp16.enums import ResetType
from ocpp16.station import firmware_record
from ocpp16.station.firmware import Order
from ocpp16.station.storage import RecordDamaged
from ocpp16.station.workshop import DownloadPaused, NotInstallable, RebootNeeded
from tests.station.parts import NOON
from tests.station.yard import Yard, run

CHAIN = ["Downloading", "Downloaded", "SignatureVerified", "Installing"]
PLAIN_CHAIN = ["Downloading", "Downloaded", "Installing"]


def secure() -> Yard:
    return Yard("json", has_security_extension=True)


def signed(number: int = 5, signer: str = "Accepted", **more: Any) -> Any:
    image = {
        "location": "ftp://example.com/f",
        "retrieve_date_time": NOON,
        "signing_certificate": signer,
        "signature": "x",
    }
    tries = {name: more.pop(name) for name in ("retries", "retry_interval") if name in more}
    return messages.SignedUpdateFirmwareRequest(
        request_id=number, firmware=Firmware(**{**image, **more}), **tries
    )


PLAIN = messages.UpdateFirmwareRequest(location="ftp://example.com/f", retrieve_date=NOON)


def statuses(yard: Yard, number: int | None = 5) -> list[str]:
    """Return the statuses told since, each of which has to be of the request."""
    found = []
    for line in yard.told:
        word, _, rest = line.partition(" ")
        if word == "Firmware":
            status, _, told = rest.partition(" ")
            assert told == ("" if number is None else str(number)), line
            found.append(status)
        elif word in {"BootNotification", "Event"}:
            found.append(line)
    return found


@pytest.mark.parametrize(
    ("raises", "fails", "told"),
    [
        ({}, set(), [*CHAIN, "Event FirmwareUpdated", "Installed", "BootNotification"]),
        ({}, {"download"}, ["Downloading", "DownloadFailed"]),
        (
            {},
            {"verify"},
            ["Downloading", "Downloaded", "Event InvalidFirmwareSignature", "InvalidSignature"],
        ),
        ({}, {"install"}, [*CHAIN, "InstallationFailed"]),
        ({"install": [NotInstallable("checksum")]}, set(), [*CHAIN, "InstallVerificationFailed"]),
        (
            {"download": [DownloadPaused(5), DownloadPaused(7)]},
            {"install"},
            ["Downloading", *["DownloadPaused", "Downloading"] * 2, *CHAIN[1:],
             "InstallationFailed"],
        ),
        (
            {"install": [RebootNeeded("2.0")]},
            set(),
            [*CHAIN, "InstallRebooting", "BootNotification", "Event FirmwareUpdated", "Installed"],
        ),
        (
            {"install": [RebootNeeded("2.0"), OSError("it did not start")]},
            set(),
            [*CHAIN, "InstallRebooting", "BootNotification", "InstallationFailed"],
        ),
        (
            {"install": [RebootNeeded("2.0"), NotInstallable("it did not start")]},
            set(),
            [*CHAIN, "InstallRebooting", "BootNotification", "InstallVerificationFailed"],
        ),
    ],
)  # fmt: skip
def test_the_chain_of_statuses(raises: Any, fails: set[str], told: list[str]) -> None:
    async def main() -> None:
        yard = secure()
        yard.shop.raises = {job: list(troubles) for job, troubles in raises.items()}
        yard.shop.fails = fails
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            response = await yard.ask(signed(retries=0))
            assert response.status == "Accepted"
            await yard.clock.advance(30)
            found = statuses(yard)
            boots = [line for line in found if line.startswith("Event StartupOfTheDevice")]
            assert len(boots) == ("BootNotification" in told)
            critical = [line for line in found if not line.startswith("Event Startup")]
            # Events are told beside statuses: only what is of one kind has an order.
            assert sorted(critical) == sorted(told)
            others = [line for line in critical if not line.startswith("Event")]
            assert others == [line for line in told if not line.startswith("Event")]

    run(main())


@pytest.mark.parametrize(
    ("raises", "told"),
    [
        ({"download": [DownloadPaused(5)]}, [*PLAIN_CHAIN, "Installed", "BootNotification"]),
        ({"install": [NotInstallable("x")]}, [*PLAIN_CHAIN, "InstallationFailed"]),
        (
            {"install": [RebootNeeded("2.0")]},
            [*PLAIN_CHAIN, "BootNotification", "Installed"],
        ),
    ],
)
def test_a_plain_update_says_only_what_it_has_words_for(raises: Any, told: list[str]) -> None:
    async def main() -> None:
        yard = Yard("json")
        yard.shop.raises = {job: list(troubles) for job, troubles in raises.items()}
        async with yard.working():
            yard.told.clear()
            await yard.ask(PLAIN)
            await yard.clock.advance(30)
            assert statuses(yard, None) == told

    run(main())


def versions(yard: Yard) -> list[str | None]:
    boots = yard.books.received
    return [
        each.firmware_version
        for each in boots
        if isinstance(each, messages.BootNotificationRequest)
    ]


@pytest.mark.parametrize(
    ("troubles", "after"),
    [([], ["2.0", "2.0"]), ([OSError("it did not start")], ["2.0", None])],
)
def test_who_has_rebooted_boots_with_the_new_version(
    troubles: list[Exception], after: list[str | None]
) -> None:
    async def main() -> None:
        yard = secure()
        yard.shop.raises = {"install": [RebootNeeded("2.0"), *troubles]}
        async with yard.working():
            await yard.ask(signed())
            await yard.clock.advance(5)
            assert versions(yard) == [None, after[0]]
            await yard.ask(messages.ResetRequest(type=ResetType.SOFT))
            await yard.clock.advance(5)
            assert versions(yard)[-1] == after[1]

    run(main())


def test_nothing_is_installed_where_the_reboot_could_not_be_remembered() -> None:
    async def main() -> None:
        yard = secure()
        gate = asyncio.Event()
        yard.shop.raises = {"install": [gate]}
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            await yard.ask(signed())
            await yard.clock.advance(1)
            yard.disk.is_full = True
            yard.shop.fails = {"reboot"}
            gate.set()
            await yard.clock.advance(5)
            assert statuses(yard) == [*CHAIN, "InstallationFailed"]

    run(main())


def test_a_new_request_cancels_even_if_it_is_for_later() -> None:
    async def main() -> None:
        yard = secure()
        yard.shop.raises = {"download": [asyncio.Event()]}
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            assert (await yard.ask(signed(5))).status == "Accepted"
            assert statuses(yard) == ["Downloading"]
            later = signed(6, retrieve_date_time=NOON + timedelta(seconds=60))
            assert (await yard.ask(later)).status == "AcceptedCanceled"
            await yard.clock.settle()
            assert yard.shop.cancelled == ["download"]
            assert statuses(yard, 6) == ["DownloadScheduled"]
            await yard.clock.advance(60)
            assert statuses(yard, 6)[:4] == CHAIN

    run(main())


def test_what_is_being_installed_cannot_be_cancelled() -> None:
    async def main() -> None:
        yard = secure()
        yard.shop.raises = {"install": [asyncio.Event()]}
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            await yard.ask(signed(5))
            await yard.clock.advance(1)
            assert statuses(yard)[-1] == "Installing"
            assert (await yard.ask(signed(6))).status == "Rejected"
            await yard.clock.advance(1)
            assert yard.shop.cancelled == []
            assert statuses(yard, 6) == []

    run(main())


@pytest.mark.parametrize("signer", ["InvalidCertificate", "RevokedCertificate"])
def test_a_bad_signer_does_not_disturb_what_is_under_way(signer: str) -> None:
    async def main() -> None:
        yard = secure()
        yard.shop.raises = {"download": [asyncio.Event()]}
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            await yard.ask(signed(5))
            assert (await yard.ask(signed(6, signer))).status == signer
            await yard.clock.advance(1)
            assert yard.shop.cancelled == []
            assert statuses(yard) == ["Downloading", "Event InvalidFirmwareSigningCertificate"]

    run(main())


def test_scheduled_for_later_both_ways() -> None:
    async def main() -> None:
        yard = secure()
        async with yard.working():
            await yard.clock.advance(1)
            yard.told.clear()
            await yard.ask(
                signed(
                    retrieve_date_time=NOON + timedelta(seconds=60),
                    install_date_time=NOON + timedelta(seconds=120),
                )
            )
            assert statuses(yard) == ["DownloadScheduled"]
            await yard.clock.advance(60)
            assert statuses(yard) == [*CHAIN[:3], "InstallScheduled"]
            await yard.clock.advance(60)
            assert statuses(yard)[:1] == ["Installing"]

    run(main())


ORDER = Order(location="x", retrieve_at=NOON, request_id=5, signature="s", certificate="c")


@pytest.mark.parametrize("order", [ORDER, Order(location="x", retrieve_at=NOON)])
def test_what_is_stored_over_a_reboot(order: Order) -> None:
    assert firmware_record.read(firmware_record.write(order, "2")) == (order, "2")


@pytest.mark.parametrize("name", ["location", "retrieve_at", "request_id", "version", "signature"])
def test_a_damaged_record(name: str) -> None:
    record = dict(firmware_record.write(ORDER, "2"))  # type: ignore[call-overload]
    with pytest.raises(RecordDamaged):
        firmware_record.read({**record, name: 5.5})
