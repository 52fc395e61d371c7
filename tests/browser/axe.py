"""What axe, which knows the rules for pages that everybody can use, finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import PALETTES, in_palette, laid_out


def violations(page: Page, *, within: str | None = None, contrast: bool = True) -> list[str]:
    """What axe finds on the page, or `within` the elements of a selector; with `contrast`, which takes most of its time and
    alone depends on the palette, in both palettes.
    """
    laid_out(page)
    settings = {
        "resultTypes": ["violations"],  # of what passes it needn't tell
        "rules": {"color-contrast": {"enabled": contrast}},
    }
    return [
        f"{palette}: {rule['id']}: {rule['help']}: {node['html'][:150]}"
        for palette in (PALETTES if contrast else ["light"])
        for rule in Axe().run(in_palette(page, PALETTES[palette]), within, settings).response["violations"]
        for node in rule["nodes"]
        if not (
            rule["id"] == "empty-table-header" and "<math" in node["html"]
        )  # it doesn't know that a formula is text
    ]
