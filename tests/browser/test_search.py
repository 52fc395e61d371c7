"""Search, in both languages."""

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(("language", "words"), [("", "神经元"), ("", "Transformer"), ("en/", "neuron")])
def test_what_is_searched_for_is_found_and_highlighted(tab: Page, hosts, language, words):
    base = hosts["in a folder"]
    tab.goto(base + language)
    box = tab.get_by_role("textbox").first
    box.click()
    box.fill(words)
    box.press("End")  # search listens to the keyboard, and an input method types without it
    results = tab.locator("a.md-search-result__link")
    expect(results.first).to_be_visible()
    assert all(
        address.startswith(base + language) for address in results.evaluate_all("links => links.map(link => link.href)")
    )
    assert "\\" not in "".join(results.all_inner_texts()), "no TeX in the results"
    # A result with `?h=` is one whose own text has the words; above it may stand the page that it is a part of.
    results.locator("visible=true").filter(has=tab.locator("mark")).first.click()
    tab.wait_for_url(f"{base}{language}**?h=*")
    expect(tab.locator("mark[data-md-highlight]").first).to_be_attached()
    assert words.lower() in {found.lower() for found in tab.locator("mark[data-md-highlight]").all_text_contents()}
