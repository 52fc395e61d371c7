"""For readers who listen, or go by keyboard, or whose fingers are big."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PALETTES, PHONE, WIDE, ask, in_one_language, shown

SHARES_A_NAME = """() => {
  const name = element => element.getAttribute("aria-label")
    ?? (element.getAttribute("aria-labelledby") ?? "").split(" ").map(id => document.getElementById(id)?.textContent.trim() ?? "").join(" ").trim()
  const landmarks = [...document.querySelectorAll("nav, aside, [role=navigation], [role=search], [role=region], [role=complementary]")]
    .filter(element => element.checkVisibility({ visibilityProperty: true }))
  const names = landmarks.map(name)
  return landmarks.filter((_, i) => !names[i] || names.indexOf(names[i]) !== i).map(element => element.cloneNode().outerHTML)
}"""

# Of each copy button: whether it lies on its code, and how far its picture stands out from its ground.
COPY_BUTTONS = """() => [...document.querySelectorAll(".md-content .copy-code")].filter(button => button.checkVisibility()).map(button => {
  const place = button.getBoundingClientRect()
  const code = button.parentElement.querySelector("code").getBoundingClientRect()
  const luminance = color => {
    const [r, g, b] = color.map(value => value / 255).map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const painted = (...colors) => {
    const brush = new OffscreenCanvas(1, 1).getContext("2d")
    for (const color of colors) { brush.fillStyle = color; brush.fillRect(0, 0, 1, 1) }
    return luminance([...brush.getImageData(0, 0, 1, 1).data].slice(0, 3))
  }
  const ground = [getComputedStyle(document.body).backgroundColor, getComputedStyle(button.parentElement).backgroundColor]
  const [a, b] = [painted(...ground), painted(...ground, getComputedStyle(button, "::after").backgroundColor)]
  return {
    block: button.parentElement.innerText.slice(0, 60), width: place.width, height: place.height,
    over: place.left < code.right - 0.5 && place.right > code.left + 0.5 && place.top < code.bottom - 0.5 && place.bottom > code.top + 0.5,
    contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
  }
})"""


@in_one_language
def test_every_block_of_code_but_an_output_has_a_copy_button(page):
    blocks = page.locator(".md-content .highlight:not(.language-python + .language-text) pre:has(> code)")
    assert (
        blocks.evaluate_all(
            "blocks => blocks.filter(block => block.querySelectorAll('.copy-code').length !== 1).map(block => block.innerText)"
        )
        == []
    )


@in_one_language
def test_code_is_large_enough_and_no_smaller_in_an_exercise(page):
    sizes = page.locator(".md-content pre > code").evaluate_all(
        "codes => codes.map(code => parseFloat(getComputedStyle(code).fontSize))"
    )
    assert all(size >= 13.9 for size in sizes), sizes


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_code_reaches_into_the_right_margin_and_no_further(tab, hosts, width):
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(hosts["in a folder"] + "en/neural-networks/optimization/")
    text, code, contents = (
        tab.locator(selector).first.bounding_box()
        for selector in (".md-content__inner > p", ".md-content__inner > .highlight", ".md-sidebar--secondary")
    )
    assert code["x"] == text["x"]
    assert code["x"] + code["width"] > text["x"] + text["width"] + 20
    assert code["x"] + code["width"] <= contents["x"] + 1


def test_landmarks_can_be_told_apart(page):
    assert page.evaluate(SHARES_A_NAME) == []


def test_no_heading_of_a_table_is_empty(page):
    assert page.locator("th").evaluate_all("all => all.filter(th => !th.textContent.trim()).length") == 0


@pytest.mark.parametrize(("language", "name"), [("", "查找"), ("en/", "Search")])
def test_the_search_dialog_has_a_name(tab, hosts, language, name):
    tab.goto(hosts["at the root"] + language)
    expect(tab.locator("[role=dialog]")).to_have_accessible_name(name)


def test_words_of_the_other_language_are_marked(page):
    """Chinese characters on an English page, and English terms in the cells of a Chinese table."""
    other = page.evaluate("""() => {
      const chinese = document.documentElement.lang === "zh"
      const found = []
      const texts = document.createTreeWalker(document.querySelector(".md-content"), NodeFilter.SHOW_TEXT)
      while (texts.nextNode()) {
        const { data, parentElement } = texts.currentNode
        if (parentElement.closest("code, pre, math, script, style, title")) continue
        const marked = parentElement.closest("[lang]").getAttribute("lang")
        if (!chinese && marked !== "zh" && /\\p{Script=Han}/u.test(data)) found.push(data)
        const alone = parentElement.matches("td") && parentElement.textContent.trim() === data.trim()
        if (chinese && marked !== "en" && alone && /^[A-Za-z]{2}[A-Za-z -]+$/.test(data.trim())) found.push(data)
      }
      return found
    }""")
    assert other == []


@in_one_language
@pytest.mark.parametrize(
    ("screen", "palette"), [(WIDE, PALETTES["light"]), (PHONE, PALETTES["dark"])], ids=["wide-light", "phone-dark"]
)
def test_the_copy_button_is_seen_beside_the_code(loaded, screen, palette):
    for button in ask(shown(loaded, screen, palette), COPY_BUTTONS):
        assert not button["over"], f"the copy button lies on the code: {button}"
        assert button["contrast"] >= 3, f"the copy button can hardly be seen: {button}"
        assert min(button["width"], button["height"]) >= 24, f"the copy button is small: {button}"


def test_landmarks_can_be_told_apart_on_a_phone(phone):
    assert phone.evaluate(SHARES_A_NAME) == []


@in_one_language
def test_what_scrolls_can_be_reached_by_keyboard(phone):
    unreached = phone.locator(".md-content :is(div.formula, div.table, pre > code)").evaluate_all(
        "all => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(all.filter(formula => formula.checkVisibility() && formula.scrollWidth > formula.clientWidth && formula.tabIndex < 0).map(formula => formula.innerText)))))"
    )
    assert unreached == []
