"""Without JavaScript everything is there to read, and the language switch works."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import addresses


@pytest.fixture(scope="module")
def plain_tab(open_tab) -> Iterator[Page]:
    page = open_tab(java_script_enabled=False)
    yield page
    page.context.close()


@pytest.mark.parametrize("address", addresses("zh")[::4], ids=lambda address: f"/{address}")
def test_text_formulas_and_figures_are_there_and_the_switch_works(plain_tab, hosts, address):
    base = hosts["in a folder"]
    plain_tab.goto(base + address)
    chinese = all_is_seen(plain_tab)
    switch = plain_tab.locator(".language-switch")
    switch.click()
    plain_tab.wait_for_url(f"{base}en/{address}")
    assert all_is_seen(plain_tab) == chinese, "both languages show as many blocks of code and drawings"
    assert switch.evaluate("link => link.href") == base + address


def all_is_seen(tab: Page) -> tuple[int, int]:
    """Checks that the page shows what it has; how many blocks of code and drawings that is."""
    expect(tab.locator("h1")).to_be_visible()
    shown = {}
    for kind in ("p:not(:empty)", ".formula > math", "pre > code", "figure.drawing div > svg"):
        sizes = tab.locator(f".md-content {kind}:not(details:not([open]) *)").evaluate_all(
            "all => all.map(element => element.checkVisibility() && element.getBoundingClientRect().height)"
        )
        assert all(sizes), f"{kind} is hidden on {tab.url}"
        shown[kind] = len(sizes)
    return shown["pre > code"], shown["figure.drawing div > svg"]
