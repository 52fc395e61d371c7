"""On a phone, what is far from the screen is laid out when a reader gets there, and otherwise a page is as if all of it were laid out."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NOTE_SHIFTS, PHONE, WIDE, laid_out, until_quiet, wait_until

CHAPTER = "en/neural-networks/backpropagation/"
PAGES = [CHAPTER, "en/labs/digits/", "appendix/glossary/"]

# What isn't laid out, of what is on the page: nothing of it can be seen.
PUT_OFF = """() => [...document.querySelectorAll(".md-content__inner > * > :first-child")]
  .filter(element => element.checkVisibility() && !element.checkVisibility({ contentVisibilityAuto: true }))
  .map(element => element.outerHTML.slice(0, 100))"""

# Where each part of the page stands, in its order.
PLACES = """() => [...document.querySelectorAll(".md-content__inner > *")]
  .map(part => [part.getBoundingClientRect(), part]).map(([box, part]) =>
    [part.outerHTML.slice(0, 60), ...[box.left, box.top + scrollY, box.width, box.height].map(Math.round)])"""

# The part of the page that a reader looks at, and where it stands on the screen.
THERE = """() => [...document.querySelectorAll(".md-content__inner > *")]
  .map(part => [part.outerHTML.slice(0, 100), Math.round(part.getBoundingClientRect().top)]).find(([, top]) => top > 100)"""


@pytest.fixture
def visit(open_tab):
    tabs: list[Page] = []

    def visit(address: str, script: str = "") -> Page:
        tabs.append(open_tab(viewport={"width": PHONE[0], "height": PHONE[1]}))
        if script:
            tabs[-1].add_init_script(script)
        tabs[-1].goto(address)
        until_quiet(tabs[-1])
        return tabs[-1]

    yield visit
    for tab in tabs:
        tab.context.close()


def test_it_is_laid_out_when_a_reader_gets_there_and_all_of_it_on_a_wide_screen_and_for_the_printer(visit, hosts):
    page = visit(hosts["in a folder"] + CHAPTER)
    assert len(page.evaluate(PUT_OFF)) > 30
    last = page.locator(".md-content__inner > .admonition > .admonition-title").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    wait_until(
        page,
        "() => [...document.querySelectorAll('.admonition-title')].at(-1).checkVisibility({ contentVisibilityAuto: true })",
    )
    nothing_is_put_off = f"() => ({PUT_OFF})().length === 0"
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    wait_until(page, nothing_is_put_off)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    wait_until(page, f"() => !({nothing_is_put_off})()")
    page.emulate_media(media="print")
    wait_until(page, nothing_is_put_off)


@pytest.mark.parametrize("address", PAGES)
def test_until_then_its_place_moves_nothing_and_then_it_has_the_size_that_it_would_have(visit, hosts, address):
    page = visit(hosts["in a folder"] + address, NOTE_SHIFTS)
    assert sum(shift["by"] for shift in page.evaluate("shifts")) < 0.005, page.evaluate("shifts")
    page.evaluate("""() => {
      for (const part of document.querySelectorAll(".md-content__inner > *"))
        part.classList.toggle("put-off", getComputedStyle(part).contentVisibility === "auto")
    }""")
    laid_out(page)
    before = page.evaluate(PLACES)
    page.add_style_tag(content=".put-off { contain: layout style paint !important }")  # as it is for what was put off
    assert page.evaluate(PLACES) == before


@pytest.mark.parametrize("section", ["two-neurons", "references"])
def test_a_link_to_a_section_leads_to_it(visit, hosts, section):
    page = visit(f"{hosts['in a folder']}{CHAPTER}#{section}")
    top, below = page.evaluate(
        "id => [document.getElementById(id).getBoundingClientRect().top, document.documentElement.scrollHeight - innerHeight - scrollY]",
        section,
    )
    assert 0 <= top < 120 or below < 2, "the end of a page can't be at the top of a window"


def test_who_comes_again_sees_the_place_that_they_left(visit, hosts):
    page = visit(hosts["in a folder"] + CHAPTER)
    for y in range(0, 6000, 300):
        page.mouse.wheel(0, 300)
        wait_until(page, "y => scrollY >= y", y + 200)
    left = page.evaluate(THERE)
    page.reload()
    until_quiet(page)
    assert page.evaluate(THERE) == left
