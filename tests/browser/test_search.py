"""Search, in both languages."""

from collections import defaultdict
from functools import cache

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from docs.hooks.search import as_typed, terms
from tests.book.page import read_book
from tests.browser.search_queries import QUERIES
from tests.browser.unseen_queries import FIRST, SECOND, UNSEEN

FOLDERS = {"zh": "", "en": "en/"}
ASK_WORKER = """async ([worker, folder, queries]) => {
  const get = async name => JSON.parse((await (await fetch(`${folder}search/${name}.json`)).text()).replaceAll("\\x7f", "\\u200b"))
  const { config, docs } = await get("search_index")
  const { text, code, asked } = await get("search_rest")
  docs.forEach((section, i) => { section.text = text[i] + code[i]; section.asked = asked[i] })
  const frame = document.body.appendChild(document.createElement("iframe")) // the page's Workers wait for the search to be opened
  const search = new frame.contentWindow.Worker(worker)
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
  frame.remove()
  return found
}"""
TEXT = "article > :is(p:not([class]), code)"  # of a result: it comes after the titles, and has to be indexed first
TYPED = [
    ("en", "gradeint descent", "neural-networks/gradient-descent.md#downhill"),  # two letters changed places
    ("en", "crossentropyy", "neural-networks/loss-functions.md#cross-entropy"),
    ("en", "overfiting", "neural-networks/generalization.md#overfitting"),
    ("zh", "momentun", "neural-networks/optimization.md#momentum"),
    ("en", "vanish", "neural-networks/activation-functions.md#vanishing"),  # still being typed
    ("zh", "梯度消", "neural-networks/activation-functions.md#vanishing"),
    ("zh", "梯度裁减", "neural-networks/training.md#clipping"),  # the last character is another
    ("zh", "什么是过拟合？", "neural-networks/generalization.md#overfitting"),
    ("zh", "反 向 传 播", "neural-networks/backpropagation.md#backpropagation"),
    ("en", "How does Adam work?", "neural-networks/optimization.md#adam"),
    ("zh", "1958", "neural-networks/neurons-and-layers.md#biology"),  # in no table
    ("en", "Rosenblatt", "neural-networks/neurons-and-layers.md#biology"),
]
# Two letters are wrong, and a short word.
WRONG = [("momemtun", "neural-networks/optimization.md#momentum"), ("adan", "neural-networks/optimization.md#adam")]


@cache
def locations() -> dict[str, str]:
    """Of each section, path#id, its location in the search index: a page's first section is the page."""
    found = {}
    for page in read_book():
        url = f"{page.name}/".removesuffix("index/")
        for heading in page.headings:
            found[f"{page.path}#{heading.id}"] = url if heading == page.headings[0] else f"{url}#{heading.id}"
    return found


@cache
def names() -> dict[str, set[str]]:
    """What each name of something that the book explains should find: the sections that have it, as they are in the index."""
    where, wanted = locations(), defaultdict(set)
    spelt: dict[str, str] = {}
    for place, called in terms().items():
        for name in called:
            wanted[spelt.setdefault(as_typed(name), name)].add(where[place])
    return wanted


@pytest.fixture(scope="module", params=FOLDERS)
def first_three(request, tab, hosts, site) -> tuple[str, dict[str, list[str]]]:
    """A language, and what Material's worker finds in its index for all the queries of this module: the first three sections,
    best first. It is set up once, which takes longer than a thousand queries."""
    (worker,) = (site / "assets/javascripts/workers").glob("search.*.min.js")
    base, language = hosts["in a folder"], request.param
    queries = [
        *names(),
        *QUERIES[language],
        *FIRST[language],
        *SECOND[language],
        *UNSEEN[language],
        *(query for _, query, _ in TYPED),
        *(query for query, _ in WRONG),
    ]
    tab.goto(base)
    worker_address = base + worker.relative_to(site).as_posix()
    return language, tab.evaluate(ASK_WORKER, [worker_address, base + FOLDERS[language], queries])


def test_every_name_of_a_term_finds_its_section_first(first_three):
    """In both languages. A name of more than one term finds all their sections before any other."""
    _, found = first_three
    wanted = names()
    missed = {name: found[name] for name, places in wanted.items() if set(found[name][: len(places)]) != places}
    assert len(wanted) > 700 and not missed, missed


@pytest.mark.parametrize("asked", [QUERIES, FIRST, SECOND, UNSEEN], ids=["common", "first", "second", "unseen"])
def test_nine_of_ten_queries_find_what_they_want_among_the_first_three(first_three, asked):
    language, found = first_three
    where, wanted = locations(), asked[language]
    missed = {
        query: found[query]
        for query, places in wanted.items()
        if not {where[place] for place in places.split()} & set(found[query])
    }
    assert len(missed) <= len(wanted) // 10, missed


def test_words_are_found_however_they_are_typed(first_three):
    language, found = first_three
    where = locations()
    missed = {query: found[query] for at, query, place in TYPED if at == language and where[place] not in found[query]}
    assert not missed


def test_more_than_one_wrong_letter_is_not_guessed(first_three):
    _, found = first_three
    assert not {query: found[query] for query, place in WRONG if locations()[place] in found[query]}


def search_for(tab: Page, address: str, words: str) -> Locator:
    """The links of the results, once they have the text of the sections."""
    tab.goto(address)
    box = tab.get_by_role("textbox").first
    box.click()
    box.fill(words)  # as the mouse pastes, without a key
    results = tab.locator("a.md-search-result__link")
    expect(results.locator(TEXT).first).to_be_attached(timeout=30_000)
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
    results = search_for(tab, hosts["in a folder"] + "en/", "delta chain rule")
    shown = "\n".join(results.all_inner_texts())
    assert "by the time it reaches a₁" in shown and "supplies ∂C/∂a" in shown and "<" not in shown
    results = search_for(tab, hosts["in a folder"] + "en/", "numerical_gradient")
    lines = results.locator("article > code").all_text_contents()
    assert lines and all("numerical_gradient" in line and "\n" not in line for line in lines)


def test_a_word_within_a_chinese_sentence_is_found_and_marked(tab, hosts):
    results = search_for(tab, hosts["in a folder"], "防火墙")  # in no title, name or question
    found = results.filter(has=tab.locator("p > mark", has_text="防火墙"))
    expect(found).to_have_attribute("href", f"{hosts['in a folder']}teaching/#class")
    assert "\x7f" not in found.inner_text()


def test_titles_and_names_answer_while_the_text_is_on_its_way(tab, hosts):
    held: list[Route] = []
    tab.route("**/search_rest.json", lambda route: held.append(route))
    tab.goto(hosts["in a folder"] + "neural-networks/optimization/")
    box = tab.get_by_role("textbox").first
    box.click()
    box.fill("backprop")
    results = tab.locator("a.md-search-result__link")
    expect(results.first).to_contain_text("反向传播")
    expect(results.locator(TEXT)).to_have_count(0)
    while not held:
        tab.wait_for_timeout(20)
    held[0].continue_()
    expect(results.locator(TEXT).first).to_be_attached(timeout=30_000)
    expect(results.first).to_contain_text("反向传播")
    tab.unroute("**/search_rest.json")
