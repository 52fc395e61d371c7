"""python -m tests.browser.picture: draws the README's picture, a page in both languages, from the site that `mkdocs build` left in site/."""

from playwright.sync_api import sync_playwright

from docs.editions.chromium import FLAGS, chromium
from tests.conftest import ROOT

PAGE, PLACE = "neural-networks/activation-functions/index.html", "#bend"
FRAMES = "".join(
    f'<iframe src="{(ROOT / "site" / language / PAGE).as_uri()}{PLACE}"></iframe>' for language in ("", "en")
)
STYLE = (
    "body { margin: 0; display: flex; gap: 2px; background: #c9c8c2 } iframe { border: 0; width: 720px; height: 900px }"
)

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    page = browser.new_page(viewport={"width": 1442, "height": 900}, color_scheme="light")
    beside_the_site = ROOT / "site" / "picture.html"  # a page may frame files of its own folder
    beside_the_site.write_text(f"<!doctype html><style>{STYLE}</style>{FRAMES}", "utf8")
    page.goto(beside_the_site.as_uri())
    page.wait_for_timeout(1000)  # for the fonts
    page.screenshot(path=ROOT / ".github" / "page.png")
    beside_the_site.unlink()
    browser.close()
