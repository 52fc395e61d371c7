"""A term shows its definition to a mouse, to the keyboard and to a finger, and puts it away again."""

import pytest
from playwright.sync_api import expect

CHAPTER = "en/transformer/masking/"


@pytest.fixture
def term(tab, hosts):
    tab.goto(hosts["in a folder"] + CHAPTER)
    return tab.locator("a.term", has_text="validation set")


def note(page):
    return page.locator("[role=tooltip]")


def test_the_keyboard_reaches_it_and_escape_closes_it(tab, term):
    height = tab.evaluate("document.documentElement.scrollHeight")
    term.focus()
    expect(note(tab)).to_be_visible()
    expect(note(tab).locator("b")).to_have_text("验证集")
    expect(term).to_have_accessible_description(note(tab).inner_text().replace("\u2002", " "))
    box, word = note(tab).bounding_box(), term.bounding_box()
    assert box["y"] + box["height"] <= word["y"] or box["y"] >= word["y"] + word["height"], "it covers its own term"
    assert tab.evaluate("document.documentElement.scrollHeight") == height, "nothing on the page moves"
    tab.keyboard.press("Escape")
    expect(note(tab)).to_be_hidden()
    expect(term).to_be_focused()


def test_a_mouse_may_rest_on_the_word_and_on_its_definition(tab, term):
    term.hover()
    expect(note(tab)).to_be_visible()
    note(tab).hover()
    tab.wait_for_timeout(300)
    expect(note(tab)).to_be_visible()
    tab.mouse.move(2, 400)
    expect(note(tab)).to_be_hidden()


def test_a_finger_sees_it_first_and_follows_the_link_with_a_second_tap(open_tab, hosts):
    page = open_tab(viewport={"width": 320, "height": 800}, has_touch=True, is_mobile=True)
    page.goto(hosts["in a folder"] + CHAPTER)
    term = page.locator("a.term", has_text="validation set")
    term.tap()
    expect(note(page)).to_be_visible()
    box = note(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    page.locator("h1").tap()
    expect(note(page)).to_be_hidden()
    term.tap()
    term.tap()
    page.wait_for_url("**/en/neural-networks/generalization/#*")
    page.context.close()


def test_without_javascript_it_is_a_link_and_on_paper_a_word(open_tab, hosts):
    page = open_tab(java_script_enabled=False)
    page.goto(hosts["in a folder"] + CHAPTER)
    term = page.locator("a.term", has_text="validation set")
    expect(page.locator("main")).not_to_contain_text("A number for how wrong a network’s outputs are")
    page.emulate_media(media="print")
    assert term.evaluate("word => getComputedStyle(word).textDecorationLine") == "none"
    page.emulate_media(media="screen")
    term.click()
    page.wait_for_url("**/en/neural-networks/generalization/#*")
    page.context.close()
