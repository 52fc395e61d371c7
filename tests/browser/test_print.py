"""A chapter on paper, printed from the browser."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader


@pytest.fixture(scope="module")
def chapter(open_tab, hosts) -> Iterator[Page]:
    tab = open_tab(color_scheme="dark")
    tab.goto(hosts["in a folder"] + "en/neural-networks/loss-functions/")
    yield tab
    tab.context.close()


def sheets(tab: Page) -> list[list[str]]:
    """The lines of each printed page."""
    pages = PdfReader(BytesIO(tab.pdf())).pages
    return [[line.strip() for line in page.extract_text().split("\n")] for page in pages]


def parted(tab: Page) -> list[str]:
    """The outputs with which a sheet begins, while their code is on the one before."""
    outputs = tab.locator(".language-python + .language-text code").all_inner_texts()
    firsts = {output.split("\n")[0].strip() for output in outputs}
    return [line for sheet in sheets(tab)[1:] for line in sheet[:4] if line in firsts]


def test_a_printed_chapter_says_on_every_sheet_what_it_is_and_which(chapter):
    first, *others = sheets(chapter)
    assert "5 · Loss functions" in first and not any("Neural Networks and Transformers" in line for line in first)
    for number, lines in enumerate(others, 2):
        assert any("Neural Networks and Transformers from Scratch" in line for line in lines)
        assert any("5 · Loss functions" in line for line in lines) and str(number) in lines


def test_paper_is_white_on_a_dark_system_too(chapter):
    chapter.emulate_media(media="print")
    assert chapter.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light only"
    assert chapter.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    chapter.emulate_media(media="screen")


def test_an_output_is_printed_on_the_sheet_of_its_code(chapter):
    assert parted(chapter) == []
    chapter.add_style_tag(content=".md-typeset .language-python + .language-text { break-before: page !important }")
    assert parted(chapter)
