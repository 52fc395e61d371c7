"""Rules were taken out of Material's styles: nobody sees it."""

import io
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest
from matplotlib.image import imread
from playwright.sync_api import Page

from tests.browser.conftest import PALETTES, in_palette, until_quiet

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
def test_a_page_looks_as_with_all_of_material_s_rules(open_tab, hosts, address: str, do: Callable) -> None:
    pictures = []
    for whole in (False, True):
        tab = open_tab(reduced_motion="reduce")
        if whole:
            tab.route(
                "**/assets/stylesheets/*.css",
                lambda route: route.fulfill(path=MATERIAL / route.request.url.rpartition("/")[2]),
            )
        tab.goto(hosts["in a folder"] + address)
        until_quiet(tab)
        if tab.locator("script[src$='/run.js']").count():  # its buttons may come late
            tab.locator(".run-code").first.wait_for(state="attached")
        for palette in PALETTES:
            in_palette(tab, PALETTES[palette])
            if palette == "light" or do is copy:  # whose message is gone after two seconds
                do(tab)
            tab.evaluate("document.activeElement.blur()")
            tab.wait_for_timeout(300)
            pictures.append(tab.screenshot(animations="disabled", full_page=do is open_solutions))
        tab.context.close()
    for ours, theirs in (pictures[::2], pictures[1::2]):
        if ours != theirs:
            assert difference(ours, theirs) < 0.05


def difference(ours: bytes, theirs: bytes) -> float:
    """The largest between two pixels. A browser smooths an edge a little otherwise from time to time, which nobody sees."""
    one, other = (imread(io.BytesIO(picture)) for picture in (ours, theirs))
    assert one.shape == other.shape
    return abs(one - other).max()
