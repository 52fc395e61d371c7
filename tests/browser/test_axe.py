"""axe finds nothing on a page of each kind, at rest and with what a reader may have opened, in both palettes.

On blocks that were run, and on what was written and drawn, it looks in test_run.py and test_play.py, where Python runs.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations

CHAPTER = "neural-networks/gradient-descent/"
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


# That all text stands out, of every page and in both palettes, is tested in test_reading.py.
@pytest.mark.parametrize("language", ["", "en/"], ids=["zh", "en"])
@pytest.mark.parametrize("address", KINDS.values(), ids=list(KINDS))
def test_at_rest(reader, hosts, language, address):
    reader.goto(hosts["in a folder"] + language + address)
    assert violations(reader, contrast=False) == []


def test_with_a_term_s_definition_and_with_ticks_on_the_map(reader, hosts):
    reader.goto(f"{hosts['in a folder']}en/{CHAPTER}")
    reader.locator("a.term").first.focus()
    expect(reader.get_by_role("tooltip")).to_be_visible()
    assert violations(reader, within="p:has(a.term), [role=tooltip]") == []
    reader.evaluate("__md_set('read', ['foundations', 'labs/digits'])")
    reader.goto(hosts["in a folder"])
    expect(reader.locator("ol.map .read")).to_have_count(2)
    assert violations(reader, within="ol.map") == []
