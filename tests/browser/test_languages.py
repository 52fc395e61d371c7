"""The language switch stays on the page, and in the section."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import addresses

CHINESE = addresses("zh")[::6]  # that both languages have the same sections is tested in tests/book/test_parity.py

# The sections that have the upper half of the window to themselves once one has gone to them.
SECTIONS = """headings => headings.filter((heading, i) => {
  heading.scrollIntoView()
  const top = heading.getBoundingClientRect().top
  const next = headings[i + 1]?.getBoundingClientRect().top ?? Infinity
  return scrollY > 0 && top < innerHeight / 2 - 20 && next > innerHeight / 2 + 20
}).map(heading => heading.id)"""


def switch_to(tab: Page, language: str, address: str) -> None:
    """Click the language switch, which should lead to the page in `language` at `address`."""
    tab.locator(".language-switch").click()
    tab.wait_for_url(address)
    expect(tab.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("address", CHINESE, ids=lambda address: f"/{address}")
def test_the_switch_leads_to_the_same_section_of_the_twin_and_back(tab: Page, hosts, address):
    chinese, english = hosts["in a folder"] + address, hosts["in a folder"] + f"en/{address}"
    tab.set_viewport_size({"width": 1280, "height": 480})
    tab.goto(chinese)
    sections = tab.locator(".md-content :is(h2, h3)[id]").evaluate_all(SECTIONS)
    if not sections:  # too short to scroll
        switch_to(tab, "en", english)
        switch_to(tab, "zh", chinese)
        return
    section = sections[len(sections) // 2]
    heading = tab.locator(f"[id='{section}']")
    heading.evaluate("heading => heading.scrollIntoView()")
    switch_to(tab, "en", f"{english}#{section}")
    expect(heading).to_be_in_viewport()
    tab.evaluate(
        "addEventListener('click', event => event.preventDefault())"
    )  # where it leads from here, without going there
    tab.locator(".language-switch").click()
    assert tab.locator(".language-switch").evaluate("link => link.href") == f"{chinese}#{section}"


@pytest.mark.parametrize(
    "address",
    sorted({CHINESE[0], max(CHINESE, key=lambda address: address.count("/"))}),
    ids=lambda address: f"/{address}",
)
def test_at_the_root_of_a_host_it_leads_to_the_top_of_the_twin_and_back(tab: Page, hosts, address):
    base = hosts["at the root"]
    tab.goto(base + address)
    expect(tab.locator(".language-switch")).to_have_text("English")
    switch_to(tab, "en", f"{base}en/{address}")
    assert tab.evaluate("scrollY") == 0
    expect(tab.locator(".language-switch")).to_have_text("中文")
    switch_to(tab, "zh", base + address)
