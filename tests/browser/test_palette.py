"""Light and dark: what the reader's system asks for, until the reader chooses."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize(("system", "first", "second"), [("light", "default", "slate"), ("dark", "slate", "default")])
def test_the_palette_is_the_system_s_until_the_reader_chooses(open_tab, hosts, system, first, second):
    tab = open_tab(color_scheme=system)
    body = tab.locator("body")
    tab.goto(hosts["in a folder"])
    expect(body).to_have_attribute("data-md-color-scheme", first)
    tab.locator("label[for^=__palette]:visible").click()
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
    assert tab.locator("label[for^=__palette]").evaluate_all("labels => labels.map(label => label.title)") == names
