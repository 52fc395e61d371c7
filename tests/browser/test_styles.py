"""Rules were taken out of Material's styles: nobody sees it."""

import io
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from matplotlib.image import imread
from playwright.sync_api import Page

MATERIAL = Path(str(distribution("mkdocs-material").locate_file("material/templates/assets/stylesheets")))


def search(tab: Page) -> None:
    tab.keyboard.press("/")
    tab.keyboard.type("gradient")
    tab.locator("a.md-search-result__link").first.wait_for()


def open_solutions(tab: Page) -> None:
    tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")


def open_menu(tab: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.locator("label[for=__drawer]:visible").first.click()


def copy(tab: Page) -> None:
    tab.locator(".copy-code").first.click()
    tab.locator(".md-dialog--active").wait_for()
    # What says "copied" stays there, for Material would close it after two seconds.
    tab.evaluate("for (const said of document.querySelectorAll('.md-dialog')) said.replaceWith(said.cloneNode(true))")


@pytest.fixture(scope="module", params=["light", "dark"])
def reader(request, open_tab) -> Iterator[Page]:
    page = open_tab(color_scheme=request.param, reduced_motion="reduce")
    page.route(
        "**/assets/stylesheets/*.css?whole",
        lambda route: route.fulfill(path=MATERIAL / urlsplit(route.request.url).path.rpartition("/")[2]),
    )
    yield page
    page.context.close()


# Puts all of Material's rules in the place of those that were left of them.
WHOLE = """() => Promise.all([...document.querySelectorAll("link[rel=stylesheet][href*='assets/stylesheets/']")].map(link =>
  new Promise((done, fail) => { link.onload = done; link.onerror = fail; link.href += "?whole" }).then(() => link.href)))"""


@pytest.mark.parametrize(
    ("address", "do"),
    [
        ("en/", search),
        ("", lambda tab: None),
        ("neural-networks/backpropagation/", open_solutions),
        ("en/labs/digits/", open_menu),
        ("appendix/notation/", lambda tab: None),
        ("en/neural-networks/gradient-descent/", copy),
    ],
)
def test_a_page_looks_as_with_all_of_material_s_rules(reader, hosts, address: str, do: Callable) -> None:
    reader.set_viewport_size({"width": 1280, "height": 800})
    reader.goto(hosts["in a folder"] + address)
    reader.wait_for_load_state("networkidle")
    if reader.locator("script[src$='/run.js']").count():  # its buttons may come late
        reader.locator(".run-code").first.wait_for(state="attached")
    do(reader)
    reader.evaluate("document.activeElement.blur()")

    def picture():
        reader.wait_for_timeout(500)
        return imread(io.BytesIO(reader.screenshot(animations="disabled", full_page=do is open_solutions)))

    ours = picture()
    assert len(reader.evaluate(WHOLE)) >= 2
    theirs = picture()
    assert ours.shape == theirs.shape
    # A browser smooths an edge a little otherwise from time to time, which nobody sees.
    assert abs(ours - theirs).max() < 0.05
