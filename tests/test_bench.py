"""What the benchmarks make of figures: ratios, the guard against what fell, the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import report
from bench.measure import Row, absolute, row
from bench.page import page


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    found = row(1, "decode", "floor", [2.0, 9.0, 30.0], [1.0, 3.0, 10.0], limit="<= 2.5")
    assert (found.low, found.ratio, found.high, found.ours) == (2.5, 3.0, 3.0, 9.0)
    assert found.is_reached is False
    inverse = row(2, "decode", "peer", [1.0], [4.0], limit=">= 4", inverse=True)
    assert inverse.ratio == 4.0 and inverse.is_reached is True
    assert absolute(11, "share", [3.0], limit="", unit="%").is_reached is None


def test_what_fell_by_more_than_15_percent_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(report, "BASELINE", tmp_path / "baseline.json")

    def rows(time: float, speed: float, other: float) -> list[Row]:
        return [
            row(1, "decode", "floor", [time], [1.0], limit="<= 2"),
            row(2, "decode", "peer", [1.0], [speed], limit=">= 10", inverse=True),
            row(0, "decode", "another", [other], [1.0]),
        ]

    assert report.worse_than_kept(rows(1.0, 20.0, 1.0)) == []
    report.keep(rows(1.0, 20.0, 1.0))
    assert report.worse_than_kept(rows(1.14, 17.5, 9.0)) == []
    assert report.worse_than_kept(rows(0.5, 40.0, 1.0)) == []
    assert report.worse_than_kept(rows(1.16, 17.0, 1.0)) == [
        "decode / floor: 1.00 before, 1.16 now",
        "decode / peer: 20.00 before, 17.00 now",
    ]
    report.keep(rows(1.16, 17.0, 1.0)[:1])
    assert len(report.worse_than_kept(rows(1.16, 17.0, 1.0))) == 1


def test_the_page_has_every_result_and_the_note() -> None:
    rows = [
        row(1, "decode", "floor", [2.0], [1.0], limit="<= 1.6"),
        absolute(14, "schedule", [0.5], limit="<= 1", unit="ms"),
    ]
    text = page(report.document(rows, {}, "A note."))
    assert "\nA note.\n" in text
    assert "| 1 | decode | floor | 2.00 | 2.00 - 2.00 | ≤ 1.6 | **no** | 2 us |" in text
    assert "| 14 | schedule |  | 0.50 | 0.50 - 0.50 | ≤ 1 | yes | 0.5 ms |" in text
    assert "svg" not in text
