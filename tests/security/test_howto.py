"""The code of the guide to certificates runs as it stands, beside what `ocpp16 pki` makes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ocpp16.apps.pki_maker import make_pki
from ocpp16.security.activity import UnusualActivity
from ocpp16.security_event import SecurityEvent
from tests.parties import HEARTBEAT, run

DOCS = Path(__file__).parent.parent.parent / "docs"
GUIDE = DOCS / "howto" / "certificates.md"
MODEL = DOCS / "explanation" / "threat-model.md"


def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_pki(tmp_path / "certificates", now=datetime.now(UTC))
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 7
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)
    central, station = names["central"], names["station"]

    async def main() -> None:
        from ocpp16 import CallFailed, CentralSystem, ChargePoint

        assert isinstance(central, CentralSystem)
        assert isinstance(station, ChargePoint)
        async with names["server"] as server:  # type: ignore[attr-defined]
            async with station.connect(
                server.urls.json,
                security=names["identity_card"],  # type: ignore[arg-type]
            ) as backend:
                with pytest.raises(CallFailed, match="NotSupported"):
                    await backend.call(HEARTBEAT)
                peer = await central.wait_for("CP1", timeout=5)
                assert peer.info.security_profile == 3
            server.reload_certificates()

    run(main)


def test_the_alerts_are_for_kinds_that_exist() -> None:
    kinds = re.findall(r'kind="([^"]+)"', MODEL.read_text())
    assert set(kinds) == set(UnusualActivity)


def test_the_alerts_are_for_security_events_that_exist() -> None:
    expressions = re.findall(r'type=~?"([^"]+)"', MODEL.read_text())
    assert len(expressions) == 4
    for expression in expressions:
        for each in expression.split("|"):
            assert [kind for kind in SecurityEvent if re.fullmatch(each, kind)], each
