"""`ocpp16 demo --security-profile N`: the whole story on both wires, over each kind of link."""

from __future__ import annotations

import asyncio

import pytest

from ocpp16.apps.demo import run_demo
from ocpp16.apps.demo_stage import Chapter, StageEvent


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_the_whole_demo_works_on_a_profile(profile: int) -> None:
    titles: list[str] = []

    def watch(event: StageEvent) -> None:
        if isinstance(event, Chapter):
            titles.append(event.title)

    report = asyncio.run(run_demo(watch, profile=profile))
    assert report.failures == []
    assert list(report.wires) == ["json", "soap"]
    assert sum(f"security profile {profile}" in title for title in titles) == 2
