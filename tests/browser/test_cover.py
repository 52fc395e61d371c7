"""The cover makes one want to begin; its map knows what was read."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NOTE_SHIFTS, until_quiet

CHAPTER = "transformer/masking/"
TICK = "ol.map .read"


@pytest.fixture
def reader(open_tab) -> Iterator[Page]:
    page = open_tab()
    yield page
    page.context.close()


@pytest.mark.parametrize("language", ["", "en/"], ids=["zh", "en"])
def test_on_the_first_screen_are_the_promise_two_buttons_and_what_moves(tab, hosts, language):
    tab.goto(hosts["in a folder"] + language)
    for part in (".cover h1", "#start", ".cover a[href='#writing']", ".cover figure svg", ".cover input[type=range]"):
        box = tab.locator(part).bounding_box()
        assert box["y"] >= 48 and box["y"] + box["height"] <= 800, part
    expect(tab.locator(".md-header__topic").first).to_be_hidden()  # the title doesn't stand twice


def test_the_slider_ends_where_the_block_below_does(tab, hosts):
    tab.goto(hosts["in a folder"] + "en/")
    printed = tab.locator(".language-text code").first.inner_text().split()[-1]
    shown = tab.locator(".cover figure svg text").nth(1)
    before = shown.text_content()
    tab.locator(".cover input").fill("10")
    expect(shown).to_have_text(printed)
    assert before != printed


def test_the_map_goes_down_on_a_phone_and_along_a_line_on_a_wide_screen(open_tab, hosts):
    for width, columns in ((390, 1), (1280, 5)):
        tab = open_tab(viewport={"width": width, "height": 800})
        tab.goto(hosts["in a folder"])
        places = tab.locator("ol.map.part-1 > li").evaluate_all(
            "all => all.map(item => item.getBoundingClientRect().left)"
        )
        assert len(set(places)) == columns
        tab.context.close()


def test_a_chapter_is_ticked_when_its_summary_was_reached_until_that_is_forgotten(reader, hosts):
    base = hosts["in a folder"]
    reader.goto(base + "en/" + CHAPTER)
    reader.locator("#summary").scroll_into_view_if_needed()
    reader.wait_for_timeout(3300)
    reader.goto(base + "neural-networks/training/#summary")
    reader.wait_for_timeout(700)  # no more than a glance
    reader.goto(base)
    expect(reader.locator(TICK)).to_have_count(1)
    station = reader.locator(f"ol.map a[href='{CHAPTER}']")
    expect(station).to_have_accessible_name("22 掩码 读过 训练时怎样不偷看答案？")
    expect(reader.locator("#start")).to_have_text("接着读")
    expect(reader.locator("#start")).to_have_attribute("href", base + "transformer/multi-head-attention/")
    reader.goto(base + "en/how-to-use/")
    reader.get_by_role("button", name="Forget what I have read").click()
    reader.goto(base)
    expect(reader.locator(TICK)).to_have_count(0)
    expect(reader.locator("#start")).to_have_text("开始读")


def test_a_browser_that_keeps_nothing_shows_the_plain_map(open_tab, hosts):
    tab = open_tab()
    tab.add_init_script(
        "Storage.prototype.setItem = Storage.prototype.getItem = () => { throw new DOMException('denied', 'SecurityError') }"
    )
    tab.goto(hosts["in a folder"] + "en/")
    expect(tab.locator("ol.map.part-1 a")).to_have_count(15)
    expect(tab.locator(TICK)).to_have_count(0)
    tab.context.close()


def test_nothing_moves_while_it_loads_for_one_who_goes_on_reading(reader, hosts):
    reader.add_init_script(NOTE_SHIFTS)
    reader.goto(hosts["in a folder"] + "en/")
    reader.evaluate("__md_set('read', ['foundations'])")
    reader.reload()
    until_quiet(reader)
    expect(reader.locator("#start")).to_have_text("Go on")
    shifts = reader.evaluate("shifts")
    assert sum(shift["by"] for shift in shifts) < 0.01, shifts
