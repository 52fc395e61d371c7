"""Every page, as it is read: wide and on a phone, in the light and in the dark palette."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import PALETTES, WIDE, ask, in_one_language, shown

CONTRASTS = (Path(__file__).parent / "contrast.js").read_text("utf8")
PROSE = ".md-content :is(p, li, dd, strong, em, h1, h2, h3, h4):not(.footnote *, table *)"


def test_it_has_its_language_one_heading_and_a_title(page):
    language = "en" if urlsplit(page.url).path.startswith("/en/") else "zh"
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1 and page.locator("h1").inner_text().strip()
    assert page.title().strip()


@in_one_language
@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_its_words_stand_out_and_all_of_its_text_can_be_read_in_both_palettes(loaded, palette):
    contrasts = ask(shown(loaded, WIDE, palette), CONTRASTS, PROSE)
    assert any(found["chosen"] for found in contrasts)
    # The rest is code, menus and the labels of figures.
    assert [found for found in contrasts if found["ratio"] < (7 if found["chosen"] else 4.5)] == []


@pytest.mark.parametrize("width", [1220, 1280, 1376, 1440, 1920])
def test_on_a_wide_screen_code_reaches_beyond_the_text_and_not_into_the_table_of_contents(tab, hosts, width):
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(hosts["at the root"] + "en/neural-networks/backpropagation/")
    text, code, contents = (
        tab.locator(selector).first.bounding_box()
        for selector in (
            ".md-content__inner > p",
            ".md-content__inner > .highlight",
            ".md-sidebar--secondary .md-nav__list",
        )
    )
    assert code["x"] == text["x"]
    assert code["x"] + code["width"] - text["x"] - text["width"] >= (40 if width == 1220 else 100)
    assert code["x"] + code["width"] + 12 <= contents["x"]
    if width >= 1280:  # a line as long as the formatter lets it be
        line = tab.locator(".md-content__inner > .highlight pre > code").first
        line.evaluate("(code, text) => { code.textContent = text }", "0" * 88)
        assert line.evaluate("code => code.scrollWidth <= code.clientWidth")


def test_no_paragraph_is_empty(page):
    assert (
        page.locator(".md-content p").evaluate_all(
            "all => all.filter(p => !p.innerHTML.trim()).map(p => `before ${p.nextElementSibling?.outerHTML.slice(0, 200)}`)"
        )
        == []
    )


@in_one_language
def test_an_output_stands_right_under_its_code_and_has_no_copy_button(page):
    blocks = ask(
        page,
        """() => [...document.querySelectorAll(".md-content .language-python.highlight")].map(block => {
      const output = block.nextElementSibling
      if (!output?.matches(".language-text.highlight")) return { start: block.innerText.slice(0, 80), output: false }
      const [code, printed] = [block, output].map(box => box.querySelector("pre").getBoundingClientRect())
      const buttons = box => [...box.querySelectorAll(".copy-code")].filter(button => button.checkVisibility()).length
      return {
        start: block.innerText.slice(0, 80), output: true, buttons: [buttons(block), buttons(output)],
        gap: printed.top - code.bottom, shift: Math.abs(printed.left - code.left) + Math.abs(printed.right - code.right),
      }
    })""",
    )
    for block in blocks:
        if not block["output"] and "/labs/" in page.url:  # a cell of a notebook may print nothing
            continue
        assert block["output"], f"no output under {block['start']!r}"
        assert abs(block["gap"]) <= 1 and block["shift"] <= 1, (
            f"the output isn't right under {block['start']!r}: {block}"
        )
        assert block["buttons"] == [1, 0], f"copy buttons on {block['start']!r} and on its output: {block['buttons']}"


def test_nothing_is_wider_than_a_phone(phone):
    assert sticking_out(phone) == []


def sticking_out(page) -> list[str]:
    """The elements that make the page wider than its window."""
    return page.evaluate("""() => {
      if (document.documentElement.scrollWidth <= innerWidth) return []
      const clipped = element => element && (getComputedStyle(element).overflowX !== "visible" || clipped(element.parentElement))
      return [...document.body.querySelectorAll("*")]
        .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5 && !clipped(element.parentElement))
        .map(element => `${Math.round(element.getBoundingClientRect().right)}: ${element.outerHTML.slice(0, 120)}`)
        .concat(`the page is ${document.documentElement.scrollWidth} wide`)
    }""")


@in_one_language
def test_what_is_too_long_scrolls_in_its_own_box(phone):
    phone.evaluate("""() => {
      window.was = new Map()
      for (const box of document.querySelectorAll(".md-content :is(pre > code, .table td, div.formula mi)")) {
        was.set(box, box.innerHTML)
        box.append("0".repeat(300))
      }
    }""")
    try:
        assert sticking_out(phone) == []
        codes = phone.locator(".md-content pre > code:visible")
        assert codes.evaluate_all(
            "codes => codes.every(code => code.scrollWidth > code.clientWidth && getComputedStyle(code).overflowX === 'auto')"
        )
    finally:
        phone.evaluate("was.forEach((html, box) => { box.innerHTML = html })")
