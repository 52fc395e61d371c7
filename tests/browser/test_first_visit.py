"""At the first visit to the cover the browser's language is looked at; what the reader then chooses holds, and nobody is forced."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

DEEP = "how-to-use/"
NO_STORAGE = (
    """Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError") } })"""
)


@pytest.fixture
def newcomer(open_tab, hosts):
    """A function that opens the Chinese cover for the first time, in a browser of some language."""
    tabs: list[Page] = []

    def visit(language: str, script: str = "") -> Page:
        tab = open_tab(locale=language)
        tabs.append(tab)
        if script:
            tab.add_init_script(script)
        tab.goto(hosts["in a folder"])
        return tab

    yield visit
    for tab in tabs:
        tab.context.close()


def offer(tab: Page):
    return tab.locator(".language-offer")


@pytest.mark.parametrize(("language", "offered"), [("en-GB", True), ("fr", True), ("zh-CN", False), ("zh-TW", False)])
def test_english_is_offered_to_those_who_do_not_put_chinese_first(newcomer, hosts, language, offered):
    tab = newcomer(language)
    expect(offer(tab)).to_be_visible(visible=offered)
    assert tab.url == hosts["in a folder"], "an offer, and no redirection"


MOVED = """() => new Promise(done => {
  const main = document.querySelector(".md-main")
  let moved = false
  new PerformanceObserver(list => {
    for (const { sources } of list.getEntries())
      moved ||= sources.some(({ node }) => main.contains(node) || node?.contains(main))
  }).observe({ type: "layout-shift", buffered: true })
  setTimeout(() => done(moved), 400)
})"""


def test_the_offer_moves_nothing_that_is_on_the_screen(newcomer):
    assert not newcomer("en").evaluate(MOVED)


def test_who_chose_english_is_led_there_from_elsewhere_and_nowhere_else(newcomer, hosts):
    chinese = hosts["in a folder"]
    english = f"{chinese}en/"
    tab = newcomer("en")
    offer(tab).get_by_role("link").click()
    tab.wait_for_url(english)
    tab.go_back()
    tab.wait_for_url(chinese)
    expect(tab.locator("html")).to_have_attribute("lang", "zh")  # Back leads back
    tab.goto("about:blank")
    tab.goto(chinese)
    tab.wait_for_url(english)
    for address in (DEEP, "?q=GPT", "#map"):
        tab.goto("about:blank")
        tab.goto(chinese + address)
        expect(tab.locator("html")).to_have_attribute("lang", "zh")
        expect(offer(tab)).to_have_count(0 if address == DEEP else 1)
    tab.goto(chinese + DEEP)
    tab.locator(".md-logo").first.click()
    tab.wait_for_url(chinese)
    expect(tab.locator("html")).to_have_attribute("lang", "zh")


def test_who_chose_chinese_by_the_switch_is_asked_no_more(newcomer, hosts):
    chinese = hosts["in a folder"]
    tab = newcomer("en")
    for there in (f"{chinese}en/", chinese):
        tab.locator(".language-switch").click()
        tab.wait_for_url(there)
    tab.goto("about:blank")
    tab.goto(chinese)
    expect(tab.locator("html")).to_have_attribute("lang", "zh")
    expect(offer(tab)).to_be_hidden()
    assert tab.url == chinese


@pytest.mark.parametrize(
    "stay",
    [
        lambda tab: offer(tab).get_by_role("button").press("Enter"),
        lambda tab: tab.locator(".md-content a:not(.headerlink)").first.click(),
    ],
    ids=["by the button", "by reading on"],
)
def test_who_stays_in_chinese_is_asked_no_more(newcomer, hosts, stay: Callable[[Page], None]):
    tab = newcomer("en")
    stay(tab)
    expect(offer(tab).locator("visible=true")).to_have_count(0)
    tab.goto("about:blank")
    tab.goto(hosts["in a folder"])
    expect(offer(tab)).to_be_hidden()
    assert tab.url == hosts["in a folder"]


def test_without_storage_the_offer_is_made_and_nothing_goes_in_circles(newcomer, hosts, trouble):
    tab = newcomer("en", NO_STORAGE)
    for _ in range(2):
        offer(tab).get_by_role("link").click()
        tab.wait_for_url(f"{hosts['in a folder']}en/")
        tab.goto("about:blank")
        tab.goto(hosts["in a folder"])
        expect(offer(tab)).to_be_visible()
    trouble[:] = [line for line in trouble if "denied" not in line]  # Material's own scripts complain
