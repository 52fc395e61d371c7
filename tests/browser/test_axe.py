"""axe finds nothing on a page of each kind, at rest and with everything that a reader may have opened, in both palettes."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import PALETTES, in_palette
from tests.browser.test_play import HANDS, draw, reach, said
from tests.browser.test_run import Block, _engine, solved  # noqa: F401

CHAPTER = "neural-networks/gradient-descent/"
RUN = ".language-python.highlight, .run-panel"
KINDS = {
    "cover": "",
    "chapter": CHAPTER,
    "lab": "labs/digits/",
    "glossary": "appendix/glossary/",
    "api": "appendix/api/",
}


@pytest.fixture(scope="module")
def reader(open_tab) -> Iterator[Page]:
    page = open_tab(reduced_motion="reduce")
    yield page
    page.context.close()


def violations(page: Page, *palettes: str, within: str | None = None) -> list[str]:
    """What axe finds on the page, or `within` the elements of a selector, in both palettes unless one is named."""
    only = {"resultTypes": ["violations"]}  # of what passes it needn't tell
    return [
        f"{palette}: {rule['id']}: {rule['help']}: {node['html'][:150]}"
        for palette in palettes or PALETTES
        for rule in Axe().run(in_palette(page, PALETTES[palette]), within, only).response["violations"]
        for node in rule["nodes"]
        if not (
            rule["id"] == "empty-table-header" and "<math" in node["html"]
        )  # it doesn't know that a formula is text
    ]


# One language in each palette; that all text stands out, of every page and in both, is tested in test_reading.py.
@pytest.mark.parametrize(("language", "palette"), [("", "light"), ("en/", "dark")], ids=["zh", "en"])
@pytest.mark.parametrize("address", KINDS.values(), ids=list(KINDS))
def test_at_rest(reader, hosts, language, palette, address):
    reader.goto(hosts["in a folder"] + language + address)
    assert violations(reader, palette) == []


def test_with_a_term_s_definition_and_with_ticks_on_the_map(reader, hosts):
    reader.goto(f"{hosts['in a folder']}en/{CHAPTER}")
    reader.locator("a.term").first.focus()
    expect(reader.get_by_role("tooltip")).to_be_visible()
    assert violations(reader, within="p:has(a.term), [role=tooltip]") == []
    reader.evaluate("__md_set('read', ['foundations', 'labs/digits'])")
    reader.goto(hosts["in a folder"])
    expect(reader.locator("ol.map .read")).to_have_count(2)
    assert violations(reader, within="ol.map") == []


def test_with_a_block_that_was_run_one_that_broke_a_comparison_and_one_that_runs(reader, hosts):
    reader.goto(f"{hosts['in a folder']}en/{CHAPTER}")
    block = Block(reader)
    block.run()
    Block(reader, 1).run("print(1 / 0)")
    index = reader.locator(".run-code").evaluate_all(
        "all => all.findIndex(button => button.closest('.admonition.example'))"
    )
    exercise = Block(reader, index)
    exercise.run(solved(exercise, "0.1"))
    exercise.button("Compare with the solution").click()
    assert violations(reader, within=RUN) == []
    exercise.button("Reset").click()
    block.write("while True:\n    pass")
    block.editor.press("Control+Enter")
    expect(block.status).to_have_text("Running", timeout=60_000)
    assert violations(reader, within=RUN) == []
    block.button("Stop").click()


def test_with_words_written_and_a_digit_drawn(reader, hosts):
    play = reach(reader, hosts["in a folder"] + "en/")
    play.get_by_role("button", name="Write", exact=True).click()
    said(play)
    assert violations(reader, within=".play") == []
    play = reach(reader, hosts["in a folder"] + "en/neural-networks/machine-learning/")
    draw(play, HANDS[0][3])
    said(play)
    assert violations(reader, within=".play") == []
