"""SecurityProfile only goes up, when all it needs is there, and comes back when it fails (A05)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import Backend, ConnectionRefused, Settings, StationSecurity
from ocpp16.enums import ConfigurationStatus
from ocpp16.messages import ChangeConfigurationRequest, ChangeConfigurationResponse
from ocpp16.roles.event import SecurityChanged
from ocpp16.security.profile_change import (
    LinkChange,
    is_authorization_key,
    is_security_profile,
    why_not_change,
)
from tests.parties import HEARTBEAT, PULSE, drained, make_central, make_station, run, until
from tests.security.authority import KEY, Authority
from tests.security.serving import keys

ALL: dict[str, Any] = {"authorization_key": KEY, "has_root": True, "has_certificate": True}


@pytest.mark.parametrize(
    ("present", "wanted"), [(0, "1"), (0, "2"), (0, "3"), (1, "2"), (1, "3"), (2, "3")]
)
def test_it_goes_up(present: int, wanted: str) -> None:
    assert why_not_change(present, wanted, **ALL) is None


@pytest.mark.parametrize(
    ("present", "wanted", "options", "reason"),
    [
        (1, "1", {}, "only goes up"),
        (3, "2", {}, "only goes up"),
        (1, "0", {}, "only goes up"),
        (0, "1", {"authorization_key": None}, "AuthorizationKey"),
        (0, "2", {"authorization_key": b"x" * 15}, "AuthorizationKey"),
        (0, "2", {"authorization_key": b"x" * 21}, "AuthorizationKey"),
        (1, "2", {"has_root": False}, "no root"),
        (2, "3", {"has_root": False}, "no root"),
        (2, "3", {"has_certificate": False}, "no certificate"),
        (1, "4", {}, "0 to 3"),
        (1, "-1", {}, "0 to 3"),
        (1, "", {}, "0 to 3"),
        (1, "two", {}, "0 to 3"),
        (1, "٢", {}, "0 to 3"),
        (1, "9" * 10_000, {}, "0 to 3"),
        (1, "00000000299", {}, "0 to 3"),
        (1, "000000003", {}, "0 to 3"),
    ],
)
def test_or_it_is_said_why_not(
    present: int, wanted: str, options: dict[str, Any], reason: str
) -> None:
    found = why_not_change(present, wanted, **{**ALL, **options})
    assert found is not None
    assert reason in found


def test_a_certificate_alone_needs_no_key() -> None:
    options = {**ALL, "authorization_key": None}
    assert why_not_change(0, "3", **options) is None


def test_names_of_keys_have_no_case() -> None:
    assert is_authorization_key("authorizationKEY")
    assert is_security_profile("SECURITYPROFILE")
    assert not is_authorization_key("AuthorizationKeys")


def test_a_new_link_may_fail_so_often() -> None:
    change = LinkChange("new", "old", attempts=3)
    assert [change.fail() for _ in range(3)] == [False, False, True]


QUICK = Settings(reconnect_wait=timedelta(0))


@pytest.mark.parametrize("works", [True, False])
def test_a_charge_point_raises_its_profile_or_comes_back(authority: Authority, works: bool) -> None:
    async def main() -> None:
        credentials = keys()
        central = make_central()
        station = make_station(settings=QUICK, random=lambda: 0.0)
        reverted: list[bool] = []
        places: dict[str, str] = {}

        @station.on(ChangeConfigurationRequest)
        async def change(
            peer: Backend, request: ChangeConfigurationRequest
        ) -> ChangeConfigurationResponse:
            async def go_back() -> None:
                reverted.append(True)

            security = StationSecurity(profile=2, authorization_key=KEY, roots=authority.root)
            peer.change_profile(security, go_back, places["secure"])
            return ChangeConfigurationResponse(status=ConfigurationStatus.ACCEPTED)

        security = authority.server(1, credentials=credentials)
        secure = authority.server(2, credentials=credentials)
        async with (
            central.serve(json="ws://localhost:0/ocpp", security=security) as plain,
            central.serve(json="wss://localhost:0/ocpp", security=secure) as tls,
        ):
            places["secure"] = tls.urls.json if works else tls.urls.json + "/elsewhere"
            events = station.events()
            async with station.connect(plain.urls.json, security=authority.station(1)) as backend:
                peer = await central.wait_for("CP1", timeout=5)
                request = ChangeConfigurationRequest(key="SecurityProfile", value="2")
                answer = await peer.call(request)
                assert answer.status is ConfigurationStatus.ACCEPTED
                due = 2 if works else 1
                await until(lambda: backend.is_connected and central.peers["CP1"] is not peer)
                assert await backend.call(HEARTBEAT) == PULSE
                assert backend.info.security_profile == due
                assert backend.security is not None
                assert backend.security.profile == due
                assert reverted == ([] if works else [True])
            told = [each for each in await drained(events) if isinstance(each, SecurityChanged)]
            assert [each.name for each in told] == ["SecurityProfile"] * (1 if works else 2)
            # A05.09: what has worked is not undone.
            again = station.connect(plain.urls.json, security=authority.station(1))
            if works:
                with pytest.raises(ConnectionRefused, match="403"):
                    async with again:
                        pass
            else:
                async with again as backend:
                    assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_a_url_that_does_not_fit_changes_nothing(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(1, credentials=keys())
        central = make_central(security=security)
        async with (
            central.serve(json="ws://localhost:0/ocpp") as server,
            make_station().connect(server.urls.json, security=authority.station(1)) as backend,
        ):

            async def go_back() -> None: ...

            with pytest.raises(ValueError, match="profile 2 is with TLS"):
                backend.change_profile(authority.station(2), go_back)
            assert backend.security is not None
            assert backend.security.profile == 1

    run(main)
