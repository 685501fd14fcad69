"""The bridge and a backend behind TLS: whose certificates are trusted, and which are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from ocpp16 import messages as m
from ocpp16.bridge.settings import ChargerSettings
from ocpp16.errors import CallFailed
from ocpp16.security.configuration import ServerSecurity
from tests.bridge.scene import bridging, charger, run, until
from tests.security.authority import KEY, OWNER, Authority, make_authority
from tests.security.serving import guarded, keys

HEARTBEAT = m.HeartbeatRequest()
AUTHORIZE = m.AuthorizeRequest(id_tag="TAG")


def _authority(path: Path) -> Authority:
    folder = path / "pki"
    folder.mkdir()
    return make_authority(folder, OWNER)


def test_each_charge_point_shows_its_own_certificate(tmp_path: Path) -> None:
    authority = _authority(tmp_path)
    pair = authority.issue("charger", "CP1")
    security = ServerSecurity(
        profiles=3, certificates=authority.central, client_roots=authority.root, owners=OWNER
    )

    async def main() -> None:
        async with guarded(security) as (central, url):
            chargers = {
                "CP1": ChargerSettings(client_certificate=pair.certificate, client_key=pair.key),
                "CP2": ChargerSettings(),
            }
            options = {"chargers": chargers, "upstream_roots": authority.root}
            backend = url.replace("127.0.0.1", "localhost")
            async with bridging(backend, tmp_path, **options) as scene:
                async with charger(scene, "CP1") as one:
                    assert (await one.call(HEARTBEAT)).current_time
                    assert central.peers["CP1"].info.security_profile == 3
                async with charger(scene, "CP2") as other:
                    with pytest.raises(CallFailed):
                        await other.call(AUTHORIZE)
                assert "CP2" not in central.peers

    run(main())


@pytest.mark.parametrize("trusts", [True, False])
def test_the_backend_is_traced_to_the_roots_that_are_set(tmp_path: Path, trusts: bool) -> None:
    authority = _authority(tmp_path)
    security = ServerSecurity(profiles=2, certificates=authority.central, credentials=keys())

    async def main() -> None:
        async with guarded(security) as (central, url):
            options = {
                "chargers": {"CP1": ChargerSettings(authorization_key=KEY)},
                "upstream_roots": authority.root if trusts else None,
            }
            backend = url.replace("127.0.0.1", "localhost")
            async with (
                bridging(backend, tmp_path, **options) as scene,
                charger(scene, "CP1") as one,
            ):
                if trusts:
                    assert (await one.call(HEARTBEAT)).current_time
                    assert central.peers["CP1"].info.security_profile == 2
                else:
                    with pytest.raises(CallFailed):
                        await one.call(AUTHORIZE)
                    await until(lambda: "certificate" in (scene.state().last_error or ""))
                    assert not central.peers

    run(main())
