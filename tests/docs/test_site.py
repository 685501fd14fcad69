"""The documentation in a browser: pages load, fit the screen, need no network, and are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ocpp16
from ocpp16 import datatypes, enums, errors, messages
from ocpp16.catalog import ACTIONS
from tests.docs.browser import Page

pytestmark = pytest.mark.site

PHONE, DESK = 390, 1280
TOO_WIDE = """
(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return null;
    return [...document.querySelectorAll("article *")]
        .filter(one => one.getBoundingClientRect().right > width + 1)
        .map(one => one.outerHTML.slice(0, 120)).slice(-3);
})()
"""
"""What reaches out of the page on its right side; null where nothing makes it scroll."""
NAMELESS = """
[...document.querySelectorAll("article img:not([alt]), article svg[role=img]:not(:has(title))")]
    .map(one => one.outerHTML.slice(0, 120))
"""
"""Pictures that say nothing to who does not see them."""


def names(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


def test_every_page_loads_fits_the_screen_and_needs_no_network(
    site: Path, address: str, page: Page
) -> None:
    found: dict[str, object] = {}
    for name in names(site):
        page.resize(DESK)
        page.open(address + name)
        wide = page.evaluate(TOO_WIDE)
        page.resize(PHONE)
        narrow = page.evaluate(TOO_WIDE)
        strangers = [url for url in page.requests if not url.startswith((address, "data:"))]
        wrong = [page.errors.copy(), strangers, wide, narrow, page.evaluate(NAMELESS)]
        if any(wrong):
            found[name] = wrong
    assert not found, json.dumps(found, indent=1)


def test_dark_mode_draws_light_text_in_diagrams(address: str, page: Page) -> None:
    page.open(f"{address}explanation/station.html")
    colour = "getComputedStyle(document.querySelector('.diagram text')).fill"
    light = page.evaluate(f"document.body.dataset.theme = 'light'; {colour}")
    dark = page.evaluate(f"document.body.dataset.theme = 'dark'; {colour}")
    brightness = [sum(map(int, one[4:-1].split(", "))) for one in (light, dark)]
    assert brightness[0] < 200
    assert brightness[1] > 500


def test_search_finds_meter_values(address: str, page: Page) -> None:
    page.open(f"{address}search.html?q=MeterValues")
    # The index of the search arrives after the page.
    waited = """
    new Promise(resolve => {
        const look = () => {
            const links = [...document.querySelectorAll("#search-results li a")];
            links.length ? resolve(links.map(link => link.href)) : setTimeout(look, 50);
        };
        look();
    })
    """
    links = page.evaluate(waited)
    assert any("reference/messages/MeterValues.html" in link for link in links)
    assert page.errors == []


def test_the_reference_has_every_action(site: Path, address: str, page: Page) -> None:
    assert len(ACTIONS) == 39
    page.open(f"{address}reference/messages/index.html")
    linked = page.evaluate(
        "[...document.querySelectorAll('article td:first-child a')].map(one => one.textContent)"
    )
    assert sorted(linked) == sorted(ACTIONS)
    for name, action in ACTIONS.items():
        text = (site / f"reference/messages/{name}.html").read_text(encoding="utf-8")
        assert 'class="diagram"' in text
        assert 'id="on-json"' in text
        assert ('id="on-soap"' in text) is bool(action.soap_services)


def test_every_public_name_is_documented(site: Path) -> None:
    from sphinx.util.inventory import InventoryFile

    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    documented = {
        name for kind, names in inventory.data.items() if kind.startswith("py:") for name in names
    }
    modules = {"datatypes", "enums", "errors", "events", "messages"}
    wanted = {
        f"ocpp16.{name}"
        for name in ocpp16.__all__
        if name not in modules | {"__version__"} and not hasattr(errors, name)
    }
    wanted |= {f"ocpp16.errors.{name}" for name in ocpp16.__all__ if hasattr(errors, name)}
    for module in (messages, datatypes, enums):
        wanted |= {f"{module.__name__}.{name}" for name in module.__all__}
    assert wanted - documented == set()
