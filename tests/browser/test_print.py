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
    """The first lines of the outputs that are on another sheet than the last line of their code."""
    outputs = tab.locator(".language-python + .language-text code").all_text_contents()
    codes = tab.locator(".language-python:has(+ .language-text) code").all_text_contents()
    seams = [(lines(code)[-1], lines(output)[0]) for code, output in zip(codes, outputs, strict=True)]
    printed = [lines("\n".join(sheet)) for sheet in sheets(tab)]
    # What is folded isn't printed, and a long line is broken.
    on_paper = [(code[:60], output) for code, output in seams if any(output in sheet for sheet in printed)]
    assert len(on_paper) > 5
    return [
        output
        for code, output in on_paper
        if not any(output in sheet and any(code in line for line in sheet) for sheet in printed)
    ]


def lines(text: str) -> list[str]:
    """Those in which something stands, however wide the spaces between words are."""
    return [" ".join(line.split()) for line in text.replace("\u200b", "").split("\n") if line.strip()]


def test_a_printed_chapter_says_on_every_sheet_what_it_is_and_which(chapter):
    first, *others = sheets(chapter)
    assert "5 · Loss functions" in first and not any("Neural Networks and Transformers" in line for line in first)
    for number, sheet in enumerate(others, 2):
        assert any("Neural Networks and Transformers from Scratch" in line for line in sheet)
        assert any("5 · Loss functions" in line for line in sheet) and str(number) in sheet


def test_paper_is_white_on_a_dark_system_too(chapter):
    chapter.emulate_media(media="print")
    assert chapter.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light only"
    assert chapter.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    chapter.emulate_media(media="null")  # not "screen": what is printed then would look as on the screen


def test_an_output_is_printed_on_the_sheet_of_its_code(chapter):
    assert parted(chapter) == []
    chapter.add_style_tag(content=".md-typeset .language-python + .language-text { break-before: page !important }")
    assert parted(chapter)
