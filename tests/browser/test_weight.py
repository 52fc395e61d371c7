"""What is sent for a page: no more than it shows, and nothing for a search that nobody has begun."""

import gzip
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import until_quiet

BUDGET = 150 * 1024  # bytes, compressed
KINDS = {
    "cover": "",
    "long chapter": "neural-networks/optimization/",
    "chapter with sliders": "neural-networks/gradient-descent/",
    "glossary": "appendix/glossary/",
    "lab": "labs/digits/",
}
SEARCH = re.compile(r"/search/search_\w+\.json|/workers/search\.")


@pytest.fixture
def received(open_tab) -> Iterator[tuple[Page, dict[str, int]]]:
    """A new tab, and how many compressed bytes have come from each address."""
    tab = open_tab()
    sizes: dict[str, int] = {}

    def finished(request) -> None:
        body = request.response().body()
        packed = request.url.endswith((".woff2", ".png"))
        sizes[request.url] = len(body) if packed else len(gzip.compress(body))

    tab.context.on("requestfinished", finished)
    yield tab, sizes
    tab.context.close()


@pytest.mark.parametrize("language", ["", "en/"], ids=["zh", "en"])
@pytest.mark.parametrize("address", KINDS.values(), ids=list(KINDS))
def test_a_page_keeps_to_its_budget_and_asks_for_no_search_index(received, hosts, language, address):
    tab, sizes = received
    tab.goto(hosts["in a folder"] + language + address)
    until_quiet(tab)
    assert not [url for url in sizes if SEARCH.search(url)]
    assert 0 < sum(sizes.values()) <= BUDGET, sorted(sizes.items(), key=lambda item: -item[1])
    assert len(sizes) <= 19, sorted(sizes)


def test_the_other_language_comes_with_nothing_but_its_page(open_tab, hosts):
    tab = open_tab()
    asked: set[str] = set()
    tab.context.on("requestfinished", lambda request: asked.add(request.url))
    tab.goto(hosts["in a folder"] + KINDS["glossary"])
    until_quiet(tab)
    first = set(asked)
    assert len(first) > 1
    asked.clear()
    tab.goto(f"{hosts['in a folder']}en/{KINDS['glossary']}")
    until_quiet(tab)
    # the browser fetches the tab's icon when it likes, for the first page or the second
    icon = f"{hosts['in a folder']}images/favicon.svg"
    assert asked - first - {icon} == {f"{hosts['in a folder']}en/{KINDS['glossary']}"}
    tab.context.close()


@pytest.mark.parametrize("key", ["/", "f", "s"])
def test_a_key_opens_the_search_and_what_is_typed_meanwhile_is_searched_for(received, hosts, key):
    tab, sizes = received
    tab.goto(hosts["in a folder"] + "en/")
    until_quiet(tab)
    waiting: list = []
    tab.route("**/search_index.json", lambda route: waiting.append(route))
    tab.keyboard.press(key)
    expect(tab.locator(".md-search__input")).to_be_focused()
    tab.keyboard.type("neuron")
    while not waiting:
        tab.wait_for_timeout(20)
    waiting[0].continue_()
    expect(tab.locator("a.md-search-result__link").first).to_be_visible()
    expect(tab.locator(".md-search-result__article > p:not([class])").first).to_be_visible(timeout=30_000)
    assert len([url for url in sizes if SEARCH.search(url)]) == 3  # titles and names, the whole text, and the worker


def test_a_search_in_the_address_is_made(received, hosts):
    tab, _ = received
    tab.goto(hosts["in a folder"] + "en/?q=neuron")
    expect(tab.locator("a.md-search-result__link").first).to_be_visible()
