"""Which URLs SOAP is served at."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from ocpp16 import CentralSystem
from ocpp16.enums import ResetStatus
from ocpp16.settings import Settings
from tests.parties import HEARTBEAT, PULSE, RESET, make_central, make_station, run

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

LOCAL = Settings(callback_networks=["127.0.0.0/8"])


@pytest.mark.parametrize(
    ("wire", "url", "reason"),
    [
        ("soap", "ws://127.0.0.1:0/ocpp", r"^serve\(soap=...\) was given a URL for json=$"),
        ("json", "http://127.0.0.1:0/ocpp", r"^serve\(json=...\) was given a URL for soap=$"),
        ("soap", "http://u:pw@127.0.0.1:0/ocpp", "^'http://127.0.0.1:0/ocpp' to listen at came"),
        ("soap", "http://127.0.0.1:0/ocpp?a=b", "with a user, a query or a fragment$"),
        ("soap", "http://127.0.0.1:0/ocpp#a", "with a user, a query or a fragment$"),
    ],
)
def test_nothing_of_a_url_to_serve_at_is_dropped(wire: str, url: str, reason: str) -> None:
    async def main() -> None:
        places: dict[str, Any] = {wire: url}
        with pytest.raises(ValueError, match=reason):
            async with CentralSystem().serve(**places):
                pass

    run(main)


@pytest.mark.parametrize("wire", ["soap"])
def test_paths_may_hold_what_is_escaped(wire: str) -> None:
    async def main() -> None:
        central, listen = make_central(settings=LOCAL), "http://127.0.0.1:0/c%C3%A9"
        async with (
            central.serve(soap="http://127.0.0.1:0/a%20b") as server,
            make_station().connect(server.urls.soap, listen=listen) as backend,
        ):
            assert urlsplit(server.urls.soap).path == "/a%20b"
            assert await backend.call(HEARTBEAT) == PULSE
            peer = await central.wait_for("CP1", timeout=5)
            assert (await peer.call(RESET)).status is ResetStatus.ACCEPTED

    run(main)
