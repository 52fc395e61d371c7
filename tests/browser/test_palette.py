"""Light and dark: what the reader's system asks for, until the reader chooses; and from the first paint on."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import until_quiet


@pytest.mark.parametrize(("system", "first", "second"), [("light", "default", "slate"), ("dark", "slate", "default")])
def test_the_palette_is_the_system_s_until_the_reader_chooses(open_tab, hosts, system, first, second):
    tab = open_tab(color_scheme=system)
    body = tab.locator("body")
    tab.goto(hosts["in a folder"])
    expect(body).to_have_attribute("data-md-color-scheme", first)
    tab.locator(".palette:visible").click()
    expect(body).to_have_attribute("data-md-color-scheme", second)
    tab.locator(".language-switch").click()
    tab.wait_for_url(hosts["in a folder"] + "en/")
    expect(body).to_have_attribute("data-md-color-scheme", second)
    tab.context.close()


@pytest.mark.parametrize(
    ("language", "names"), [("", ["切换到深色", "切换到浅色"]), ("en/", ["Switch to dark", "Switch to light"])]
)
def test_the_toggle_says_what_it_does_in_the_page_s_language(tab, hosts, language, names):
    tab.goto(hosts["at the root"] + language)
    for name in names * 2:
        button = tab.get_by_role("button", name=name, exact=True)
        expect(tab.locator(".palette:visible")).to_have_count(1)
        button.focus()
        tab.keyboard.press("Enter")
        expect(button).to_be_hidden()
        expect(tab.locator(".palette:visible")).to_be_focused()


BACKGROUND = """() => {
  const found = getComputedStyle(document.body).backgroundColor
  return Math.max(...found.match(/[\\d.]+/g).slice(0, 3).map(Number)) < 80 ? "dark" : "light"
}"""


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_first_paint_is_in_the_palette(open_tab, hosts, system):
    tab = open_tab(color_scheme=system)
    held: list = []
    tab.route(
        "**/*.js", lambda route: held.append(route)
    )  # no script of the site's arrives before the page is looked at
    with tab.expect_request("**/*.js"):  # of which it is told, perhaps, only after the page was painted
        tab.goto(hosts["in a folder"] + "en/how-to-use/", wait_until="commit")
    expect(tab.locator("h1")).to_be_visible()
    assert tab.evaluate(BACKGROUND) == system and held
    for route in held:
        route.continue_()
    tab.unroute_all(behavior="wait")
    tab.context.close()


@pytest.mark.parametrize("system", ["light", "dark"])
def test_without_javascript_the_palette_is_the_system_s(open_tab, hosts, system):
    tab = open_tab(color_scheme=system, java_script_enabled=False)
    tab.goto(hosts["in a folder"] + "en/how-to-use/")
    assert tab.evaluate(BACKGROUND) == system
    tab.context.close()


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_no_frame_is_painted_but_in_the_palette_that_the_reader_chose(open_tab, hosts, system, other):
    tab = open_tab(color_scheme=system)
    tab.goto(hosts["in a folder"])
    tab.locator(".palette:visible").click()
    tab.context.add_init_script(
        """window.seen = new Set();
        (function look() {
          if (document.body) seen.add(getComputedStyle(document.body).backgroundColor)
          requestAnimationFrame(look)
        })()"""
    )
    tab.goto(hosts["in a folder"] + "how-to-use/")
    until_quiet(tab)
    paper = {"light": "rgb(253, 252, 249)", "dark": "rgb(23, 25, 30)"}[other]
    assert tab.evaluate("[...seen]") == [paper]
    tab.context.close()


def test_it_follows_the_system_while_the_page_is_open(open_tab, hosts):
    tab = open_tab(color_scheme="light")
    tab.goto(hosts["at the root"])
    tab.emulate_media(color_scheme="dark")
    expect(tab.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    tab.context.close()
