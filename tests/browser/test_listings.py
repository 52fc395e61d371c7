"""Listings show the idea; the whole source is one click away, and what Copy gives."""

import pytest
from playwright.sync_api import Page, expect

from docs.hooks.listings import listing
from tests.browser.conftest import wait_until

LISTED = "scratchml.neural_network.Neuron.gradients"


@pytest.fixture
def chapter(tab: Page, hosts) -> Page:
    tab.goto(f"{hosts['in a folder']}en/neural-networks/backpropagation-algorithm/")
    return tab


def test_the_idea_is_shown_and_the_whole_source_is_one_click_away(chapter):
    source = listing(LISTED)
    shown = chapter.locator(".language-py.highlight", has=chapter.locator(".filename")).first
    folded = chapter.locator("details.source").first
    assert shown.locator("code").inner_text().rstrip() == source.shown != source.whole
    expect(folded.locator("code")).to_be_hidden()
    folded.locator("summary").click()
    assert folded.locator("code").inner_text().rstrip() == source.whole


def test_copy_gives_the_whole_source(chapter):
    chapter.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = chapter.locator(".language-py.highlight", has=chapter.locator(".filename")).first
    shown.hover()
    shown.locator("button[data-clipboard-target]").click()
    wait_until(chapter, "() => navigator.clipboard.readText().then(text => text.includes('def '))")
    assert chapter.evaluate("navigator.clipboard.readText()").rstrip() == listing(LISTED).whole


def test_on_paper_stands_what_is_unfolded_and_nothing_to_unfold(chapter):
    unfolded = chapter.locator("details.success").nth(1)
    unfolded.locator("summary").click()
    chapter.evaluate("dispatchEvent(new Event('beforeprint'))")  # Material unfolds everything
    chapter.emulate_media(media="print")
    try:
        expect(chapter.locator("details.source").first).to_be_hidden()
        expect(chapter.locator("details.success").first).to_be_hidden()
        expect(unfolded.locator("p").first).to_be_visible()
        expect(chapter.locator(".copy-code").first).to_be_hidden()
    finally:
        chapter.emulate_media(media="screen")
