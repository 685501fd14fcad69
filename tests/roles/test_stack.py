from __future__ import annotations

import sys
from typing import Any

import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.envelope import PeerInfo
from ocpp16.roles.stack import binding_for, stack_for
from ocpp16.spec import Side
from tests.parties import ENDPOINT, make_central, run

PEER = PeerInfo(identity="CP1", side=Side.CHARGE_POINT, binding="ocpps")


@pytest.mark.parametrize("url", ["ftp://host/", "host:9000", "", "WS//host"])
def test_a_url_of_another_scheme_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="begins with none of ws, wss, http, https"):
        stack_for(url)
    with pytest.raises(ValueError, match="begins with none of"):
        ChargePoint("CP1").connect(url)


def test_soap_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        # As if it was not installed.
        monkeypatch.setitem(sys.modules, "ocpp16.transports.soap_endpoint", None)
        monkeypatch.setitem(sys.modules, "ocpp16.transports.soap_binding", None)
        needed = r"pip install 'ocpp16\[soap\]'"
        with pytest.raises(ModuleNotFoundError, match=needed):
            async with CentralSystem().serve(soap="http://127.0.0.1:0/ocpp"):
                pass
        with pytest.raises(ModuleNotFoundError, match=needed):
            async with ChargePoint("CP1").connect("http://127.0.0.1:9/ocpp", listen="http://x/"):
                pass
        with pytest.raises(ModuleNotFoundError, match=needed):
            binding_for("ocpps", Side.CENTRAL_SYSTEM, lambda: PEER)

    run(main)


def test_a_binding_is_known_by_its_name() -> None:
    assert binding_for("ocppj").name == "ocppj"
    with pytest.raises(ValueError, match="no binding 'ocpps' without a side and a peer"):
        binding_for("ocpps")
    with pytest.raises(ValueError, match="no binding 'other'"):
        binding_for("other", Side.CENTRAL_SYSTEM, lambda: PEER)


def test_when_one_address_fails_nothing_listens() -> None:
    async def main() -> None:
        central = CentralSystem()
        server = central.serve(json=ENDPOINT, soap="http:/ocpp")
        with pytest.raises((ValueError, ModuleNotFoundError)):
            await server.start()
        assert dict(server.urls) == {}

    run(main)


def test_an_address_that_is_taken_is_told() -> None:
    async def main() -> None:
        central = make_central()
        async with central.serve(json=ENDPOINT) as server:
            with pytest.raises(OSError, match="address already in use"):
                async with central.serve(json=server.urls.json):
                    pass

    run(main)


def test_a_server_needs_an_address_and_for_tls_security() -> None:
    with pytest.raises(ValueError, match="at least one URL"):
        CentralSystem().serve()
    places: tuple[dict[str, Any], ...] = (
        {"json": "wss://127.0.0.1:0/ocpp"},
        {"soap": "https://127.0.0.1:0/ocpp"},
    )
    for url in places:
        with pytest.raises(ValueError, match="TLS needs `security`"):
            CentralSystem().serve(**url)


def test_listen_is_for_soap() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="`listen` is for SOAP"):
            async with ChargePoint("CP1").connect("ws://127.0.0.1:9/", listen="http://x/"):
                pass

    run(main)


def test_the_urls_of_a_server() -> None:
    async def main() -> None:
        server = make_central().serve(json=ENDPOINT)
        async with server:
            urls = server.urls
            assert urls.json == urls["json"]
            assert urls.json.startswith("ws://127.0.0.1:")
            assert urls.json.endswith("/ocpp")
            assert not urls.json.endswith(":0/ocpp")
            assert (list(urls), len(urls)) == (["json"], 1)
            with pytest.raises(KeyError):
                assert urls.soap
            with pytest.raises(RuntimeError, match="started already"):
                await server.start()

    run(main)
