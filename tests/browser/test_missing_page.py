"""At an address that there isn't, a reader finds both languages, a search, and the way home, however deep the address is."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations


def get_lost(tab: Page, site, address: str) -> None:
    """Go to an address that the site hasn't got, on a host that answers with 404.html, as GitHub Pages does."""
    page = (site / "404.html").read_text("utf8")

    def answer(route: Route) -> None:
        route.fulfill(body=page, content_type="text/html; charset=utf-8")

    tab.route(address, answer)
    tab.goto(address)


def leads_to(tab: Page) -> list[str]:
    return tab.evaluate(
        "[...document.forms].map(form => form.action).concat([...document.links].map(link => link.href))"
    )


@pytest.mark.parametrize(
    ("host", "missing"), [("at the root", "a/b/c"), ("in a folder", "a"), ("in a folder", "en/a/b/")]
)
def test_it_leads_home_though_the_site_was_built_without_its_address(tab: Page, hosts, site, trouble, host, missing):
    root = hosts[host]
    get_lost(tab, site, root + missing)
    expect(tab.locator("html")).to_have_attribute("lang", "en" if missing.startswith("en/") else "zh")
    homes = [root, f"{root}en/"]
    if missing.startswith("en/"):
        homes.reverse()
    expect(tab.locator("form").first).to_have_attribute("action", homes[0].partition(root.split("/")[2])[2])
    glossaries = [f"{home}appendix/glossary/" for home in homes]
    assert leads_to(tab) == [
        *homes,
        *(link for h, g in zip(homes, glossaries, strict=True) for link in (h, f"{h}#map", g)),
    ]
    # Whether the book is at the root of the host is asked first.
    outside = f"{root.removesuffix('repo/')}stylesheets/book.css"
    trouble[:] = [line for line in trouble if host == "at the root" or outside not in line]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_searches_the_book(tab: Page, hosts, site, language):
    get_lost(tab, site, hosts["at the root"] + "a")
    box = tab.locator(f"section[lang={language}] input")
    box.fill("softmax")
    box.press("Enter")
    tab.wait_for_url(f"{hosts['at the root']}{'en/' * (language == 'en')}?q=softmax")
    expect(tab.locator("a.md-search-result__link").first).to_be_visible()


@pytest.mark.parametrize("palette", ["light", "dark"])
def test_everybody_can_use_it_on_a_narrow_screen(tab: Page, hosts, site, palette):
    tab.emulate_media(color_scheme=palette)
    tab.set_viewport_size({"width": 320, "height": 640})
    get_lost(tab, site, hosts["at the root"] + "a")
    assert violations(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(253, 252, 249)"
    assert dark == (palette == "dark")
