"""The page of attacks is the corpus, and the corpus is as large as it is said to be."""

from __future__ import annotations

import re
from itertools import chain

import pytest

pytest.importorskip("cryptography")

from tests.security.attacks import test_floods
from tests.security.attacks.table import FLOODS, LISTS, PAGE, SECTIONS, cve_tests, page

CVES = {
    "2026-28230", "2024-25407", "2023-49956", "2023-49955", "2023-49958", "2023-49957",
    "2025-59398", "2025-59399", "2023-52096", "2024-21550", "2024-44843", "2026-26288",
    "2026-22552", "2026-24731", "2024-23971",
}  # fmt: skip


def test_the_page_is_the_corpus() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.security.attacks.table"


def test_the_corpus_is_large_enough_and_each_id_is_one_attack() -> None:
    attacks = list(chain.from_iterable(SECTIONS.values()))
    assert len({each.id for each in attacks}) == len(attacks)
    kinds = [each.id.partition("-")[0] for each in attacks]
    assert sum(kind in {"json", "ws", "handshake", "target"} for kind in kinds) >= 150
    assert sum(kind in {"xml", "http"} for kind in kinds) >= 80
    assert sum(kind in {"login", "tls"} for kind in kinds) >= 40
    assert all(each.tries and "\n" not in each.tries for each in attacks)


def test_each_id_of_the_lists_is_one_attack() -> None:
    for title, (_, rows) in LISTS.items():
        assert len({name for name, _, _ in rows}) == len(rows), title
    counts = {title: len(rows) for title, (_, rows) in LISTS.items()}
    assert counts["Callback addresses"] >= 50
    assert counts["Locations of files"] >= 40
    assert counts["Lines of logs"] >= 50
    assert (
        sum(count for title, count in counts.items() if "ames" in title or "Paths" in title) >= 70
    )


def test_every_vulnerability_has_its_test() -> None:
    found = {"-".join(re.findall(r"\d{4,}", name)[:2]) for name in cve_tests()}
    assert found == CVES
    assert all(hasattr(test_floods, name) for name in FLOODS)
