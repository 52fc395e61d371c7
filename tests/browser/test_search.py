"""Search, in both languages."""

from collections import defaultdict
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from docs.hooks.search import as_typed, terms
from tests.book.page import read_book
from tests.browser.search_queries import QUERIES

FOLDERS = {"zh": "", "en": "en/"}
ASK_WORKER = """async ([worker, folder, queries]) => {
  const get = async name => (await fetch(`${folder}search/${name}.json`)).json()
  const { config, docs } = await get("search_index")
  const { text, code } = await get("search_rest")
  docs.forEach((section, i) => { section.text = text[i] + code[i] })
  const search = new Worker(worker)
  const answer = message => new Promise((resolve, reject) => {
    search.onmessage = ({ data }) => resolve(data.data)
    search.onerror = reject
    search.postMessage(message)
  })
  await answer({ type: 0, data: { config, docs, options: {} } })
  const found = {}
  for (const query of queries) {
    const { items } = await answer({ type: 2, data: query })
    found[query] = items.flat().sort((a, b) => b.score - a.score).slice(0, 3).map(({ location }) => location)
  }
  search.terminate()
  return found
}"""


def locations() -> dict[str, str]:
    """Of each section, path#id, its location in the search index: a page's first section is the page."""
    found = {}
    for page in read_book():
        url = f"{page.name}/".removesuffix("index/")
        for heading in page.headings:
            found[f"{page.path}#{heading.id}"] = url if heading == page.headings[0] else f"{url}#{heading.id}"
    return found


@pytest.fixture(scope="module")
def first_three(tab, hosts, site) -> Callable[[str, list[str]], dict[str, list[str]]]:
    """What Material's worker, on the book's index, finds for some queries: the first three sections, best first."""
    (worker,) = (site / "assets/javascripts/workers").glob("search.*.min.js")
    base = hosts["in a folder"]

    def ask(language: str, queries: list[str]) -> dict[str, list[str]]:
        tab.goto(
            f"{base}search/search_index.json"
        )  # not a page of the book, in which workers wait for the search to be opened
        return tab.evaluate(
            ASK_WORKER, [f"{base}{worker.relative_to(site).as_posix()}", base + FOLDERS[language], queries]
        )

    return ask


@pytest.mark.parametrize("language", FOLDERS)
def test_every_name_of_a_term_finds_its_section_first(first_three, language):
    """In both languages. A name of more than one term finds all their sections before any other."""
    where, wanted = locations(), defaultdict(set)
    spelt: dict[str, str] = {}
    for place, names in terms().items():
        for name in names:
            spelt.setdefault(as_typed(name), name)
            wanted[as_typed(name)].add(where[place])
    found = first_three(language, list(spelt.values()))
    missed = {
        name: (places, found[name])
        for name, places in ((spelt[key], places) for key, places in wanted.items())
        if set(found[name][: len(places)]) != places
    }
    assert len(spelt) > 700 and not missed, missed


@pytest.mark.parametrize("language", FOLDERS)
def test_nine_of_ten_queries_find_what_they_want_among_the_first_three(first_three, language):
    where, wanted = locations(), QUERIES[language]
    found = first_three(language, list(wanted))
    missed = {query: found[query] for query, place in wanted.items() if where[place] not in found[query]}
    assert len(missed) <= len(found) // 10, missed


@pytest.mark.parametrize(
    ("language", "query", "place"),
    [
        ("en", "gradeint descent", "neural-networks/gradient-descent.md#downhill"),  # two letters changed places
        ("en", "crossentropyy", "neural-networks/loss-functions.md#cross-entropy"),
        ("en", "overfiting", "neural-networks/generalization.md#overfitting"),
        ("zh", "momentun", "neural-networks/optimization.md#momentum"),
        ("en", "vanish", "neural-networks/activation-functions.md#vanishing"),  # still being typed
        ("zh", "梯度消", "neural-networks/activation-functions.md#vanishing"),
        ("zh", "什么是过拟合？", "neural-networks/generalization.md#overfitting"),
        ("zh", "反 向 传 播", "neural-networks/backpropagation.md#backpropagation"),
        ("en", "How does Adam work?", "neural-networks/optimization.md#adam"),
        ("en", "default_rng", "foundations.md#idioms"),  # code, in no table
        ("zh", "1958", "neural-networks/neurons-and-layers.md#biology"),
    ],
)
def test_words_are_found_however_they_are_typed(first_three, language, query, place):
    assert locations()[place] in first_three(language, [query])[query]


def test_two_wrong_letters_and_short_words_are_not_guessed(first_three):
    found = first_three("en", ["momemtun", "adan"])
    assert locations()["neural-networks/optimization.md#momentum"] not in found["momemtun"]
    assert locations()["neural-networks/optimization.md#adam"] not in found["adan"]


def search_for(tab: Page, address: str, words: str) -> Locator:
    """The links of the results, once they have the text of the sections."""
    tab.goto(address)
    box = tab.get_by_role("textbox").first
    box.click()
    box.fill(words)  # as the mouse pastes, without a key
    results = tab.locator("a.md-search-result__link")
    expect(results.locator("article > :is(p, code)").first).to_be_attached()
    return results


@pytest.mark.parametrize(
    ("language", "words", "section", "marked"),
    [
        ("", "链式法则", "neural-networks/backpropagation/#chain-rule", {"链式法则"}),
        ("en/", "chain rule", "neural-networks/backpropagation/#chain-rule", {"chain rule"}),
        ("", "learning rate", "neural-networks/gradient-descent/#learning-rate", set()),
    ],
)
def test_enter_leads_to_the_section_and_marks_there_what_was_looked_for(tab, hosts, language, words, section, marked):
    base = hosts["in a folder"] + language
    results = search_for(tab, base, words)
    assert all(link.startswith(base) for link in results.evaluate_all("links => links.map(link => link.href)"))
    tab.keyboard.press("Enter")
    tab.wait_for_url(base + section)
    ranges = tab.evaluate(
        "[...CSS.highlights.get('searched')].map(at => at.startContainer.data.slice(at.startOffset, at.endOffset).toLowerCase())"
    )
    assert set(ranges) == marked, "not each rule of a page about the chain rule"


def test_a_result_shows_prose_with_its_formulas_and_only_the_lines_of_code_that_were_looked_for(tab, hosts):
    results = search_for(tab, hosts["in a folder"] + "en/", "chain rule")
    shown = "\n".join(results.all_inner_texts())
    assert "a₁" in shown and "∂C/∂" in shown and "\\" not in shown
    results = search_for(tab, hosts["in a folder"] + "en/", "numerical_gradient")
    first = results.first.locator("article > code")
    expect(first.first).to_be_visible()
    assert all("numerical_gradient" in line for line in first.all_inner_texts())


def test_titles_and_names_answer_while_the_text_is_on_its_way(tab, hosts):
    held: list[Route] = []
    tab.route("**/search_rest.json", lambda route: held.append(route))
    tab.goto(hosts["in a folder"] + "neural-networks/optimization/")
    box = tab.get_by_role("textbox").first
    box.click()
    box.fill("backprop")
    results = tab.locator("a.md-search-result__link")
    expect(results.first).to_contain_text("反向传播")
    expect(results.locator("article > p")).to_have_count(0)
    while not held:
        tab.wait_for_timeout(20)
    held[0].continue_()
    expect(results.locator("article > :is(p, code)").first).to_be_attached()
    expect(results.first).to_contain_text("反向传播")
    tab.unroute("**/search_rest.json")
