"""python -m tests.browser.editions [FOLDER]: looks at all that `python -m docs.editions` made, with the network cut.

Every link of the offline edition, in both languages, and every one of the PDFs; the search, the language switch, a slider and
the palette from the file system. It takes some minutes, so that the tests do the same with a small book.
"""

import re
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from docs.editions.chromium import FLAGS, chromium
from docs.hooks.editions import ALL, OFFLINE
from tests.conftest import ROOT

# ---- the offline edition


class Addresses(HTMLParser):
    """What a page links to and loads, and the ids that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids = {"", "__skip"}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.ids |= {named["id"]} if named.get("id") else set()
        self.links += [named[name] for name in ("href", "src", "data-frames") if named.get(name)]


def lost_links(folder: Path) -> list[str]:
    """Each link in the pages of `folder` that leads to no file in it, or to no place in that file."""
    pages = {path: Addresses(path.read_text("utf8")) for path in sorted(folder.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            parts = urlsplit(urljoin(path.as_uri(), link))
            if parts.scheme != "file":
                continue
            target = Path(url2pathname(parts.path))
            inside = target.is_relative_to(folder)
            if not inside or not target.is_file():
                found.append(f"{path.relative_to(folder)}: {link} leads to no file")
            elif target in pages and unquote(parts.fragment) not in pages[target].ids:
                found.append(f"{path.relative_to(folder)}: {link} leads to no place in that page")
    return found


def asked_for(folder: Path) -> list[str]:
    """What the pages of `folder` load from elsewhere."""
    loads = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(https?:)?//[^\"]*|<link\b[^>]*rel=\"(?:stylesheet|preload|preconnect|icon)\"[^>]*href=\"(?:https?:)?//[^\"]*"
    )
    return [
        f"{path.relative_to(folder)}: {found[0]}"
        for path in sorted(folder.rglob("*.html"))
        for found in loads.finditer(path.read_text("utf8"))
    ]


class Reader:
    """Somebody without a network, who opens the pages in `folder` as files."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800}, color_scheme="light")
        context.set_default_timeout(10_000)
        self.folder = folder
        self.trouble: list[str] = []
        context.on("console", self._said)
        context.on("weberror", self._failed)
        context.on("request", self._asked)
        self.tab: Page = context.new_page()

    def _said(self, message) -> None:
        if message.type in ("error", "warning"):
            self.trouble.append(message.text)

    def _failed(self, error) -> None:
        self.trouble.append(str(error.error))

    def _asked(self, request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.trouble.append(f"asks for {request.url}")

    def open(self, page: str) -> None:
        self.tab.goto((self.folder / page).as_uri())

    def searches(self, words: str) -> str:
        """The address of the page that is found first."""
        box = self.tab.get_by_role("textbox").first
        box.click()
        box.fill(words)
        box.press("End")
        found = self.tab.locator("a.md-search-result__link").first
        found.wait_for()
        address = found.evaluate("link => link.href")
        self.tab.goto(address)
        return str(address)

    def changes_language(self) -> str:
        self.tab.locator(".language-switch").click()
        self.tab.wait_for_load_state()
        return self.tab.url

    def moves_a_slider(self) -> bool:
        """Whether the first figure of the page that has one moves with it."""
        figure = self.tab.locator("figure.drawing", has=self.tab.locator(".sliders")).first
        shown = "figure => figure.querySelector('[role=img]').innerHTML"
        before = figure.evaluate(shown)
        figure.get_by_role("slider").first.press("ArrowRight")
        self.tab.wait_for_timeout(50)
        return bool(figure.evaluate(shown) != before)

    def changes_the_palette(self) -> str:
        self.tab.locator(".palette:visible").click()
        return str(self.tab.evaluate("document.body.dataset.mdColorScheme"))


# ---- the PDF

RADICAL = re.compile("[\u2e80-\u2fdf]")


def faults(pdf: bytes) -> list[str]:
    """What is wrong in a PDF of the book: an entry of its outline that leads elsewhere, a title without its page in the contents,
    a page without its number, a link to no page, letters without their font, or that nobody would look for."""
    reader = PdfReader(BytesIO(pdf))
    texts = [page.extract_text() for page in reader.pages]
    labels = reader.page_labels
    found = list(_outline(reader, [_plain(text) for text in texts], labels))
    pages = {page.indirect_reference.idnum for page in reader.pages if page.indirect_reference}
    for page, text, label in list(zip(reader.pages, texts, labels, strict=True))[1:]:
        if label not in [line.strip() for line in text.split("\n")]:
            found.append(f"page {label} doesn't say its number")
        found += [f"page {label}: a link leads nowhere: {link}" for link in _lost(page, pages)]
        found += [f"page {label}: letters without their font: {name}" for name in _without_font(page)]
        if radicals := RADICAL.findall(text):
            found.append(f"page {label}: radicals in place of characters: {''.join(radicals[:9])}")
    return found


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _outline(reader: PdfReader, texts: list[str], labels: list[str]) -> Iterator[str]:
    entries = list(_entries(reader.outline))
    front = "".join(text for text, label in zip(texts, labels, strict=True) if not label.isdigit())
    if not entries:
        yield "there is no outline"
    for (depth, entry), (next_depth, following) in pairwise([*entries, (0, None)]):
        title, number = _plain(str(entry.title)), reader.get_destination_page_number(entry)
        part = following and next_depth > depth and following.typ != "/XYZ"
        if number is None:
            yield f"the outline's {entry.title} leads to no page"
        elif entry.typ == "/XYZ" and title not in texts[number]:
            yield f"the outline's {entry.title} leads to page {labels[number]}, which hasn't got it"
        elif entry.typ != "/XYZ" and not part and labels[number].isdigit() and f"{title}{labels[number]}" not in front:
            yield f"the contents don't say that {entry.title} is on page {labels[number]}"


def _entries(outline: list, depth: int = 0) -> Iterator:
    for entry in outline:
        if isinstance(entry, list):
            yield from _entries(entry, depth + 1)
        else:
            yield depth, entry


def _lost(page: DictionaryObject, pages: set[int]) -> Iterator[str]:
    for annotation in page.get("/Annots", []):
        link = annotation.get_object()
        if "/Dest" in link:
            target = link["/Dest"]
            if not isinstance(target, list) or getattr(target[0], "idnum", None) not in pages:
                yield str(target)
        elif not str(link["/A"]["/URI"]).startswith(("https://", "http://", "mailto:")):
            yield str(link["/A"]["/URI"])


def _without_font(page: DictionaryObject) -> Iterator[str]:
    resources: Any = page["/Resources"]
    for font in [font.get_object() for font in resources.get("/Font", {}).values()]:
        for part in [font, *(kind.get_object() for kind in font.get("/DescendantFonts", []))]:
            described = part.get("/FontDescriptor")
            kept = described and any(file in described for file in ("/FontFile", "/FontFile2", "/FontFile3"))
            if part["/Subtype"] not in ("/Type3", "/Type0") and not kept:
                yield str(part.get("/BaseFont"))


# ---- all of it


def look(folder: Path) -> list[str]:
    """What is wrong with the editions in `folder`."""
    found = []
    with tempfile.TemporaryDirectory() as unzipped, sync_playwright() as playwright:
        with zipfile.ZipFile(folder / OFFLINE) as archive:
            archive.extractall(unzipped)
        site = Path(unzipped).resolve() / Path(OFFLINE).stem
        found += lost_links(site) + asked_for(site)
        path = chromium()
        assert path, "there is no Chromium or Chrome on this machine"
        reader = Reader(playwright.chromium.launch(executable_path=path, args=FLAGS), site)
        chapter = "neural-networks/gradient-descent.html"
        for language, words, dark in [("", "梯度下降", "slate"), ("en/", "gradient descent", "default")]:
            reader.open(f"{language}index.html")
            first = reader.searches(words)
            if words not in reader.tab.locator("main").inner_text().lower():
                found.append(f"who searches for {words} comes to {first}")
            reader.open(language + chapter)
            if not reader.moves_a_slider():
                found.append(f"no slider moves on {language}{chapter}")
            if reader.changes_the_palette() != dark:
                found.append(f"the palette isn't {dark} on {language}{chapter}")
            other = chapter if language else f"en/{chapter}"
            if not reader.changes_language().partition("#")[0].endswith(f"/{other}"):
                found.append(f"the language switch of {language}{chapter} leads to {reader.tab.url}")
        for page in sorted(site.rglob("*.html")):
            reader.tab.goto(page.as_uri(), wait_until="domcontentloaded")
        found += dict.fromkeys(reader.trouble)
    for name in set(ALL) - {OFFLINE}:
        found += [f"{name}: {fault}" for fault in faults((folder / name).read_bytes())]
    return found


if __name__ == "__main__":
    wrong = look(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "editions").resolve())
    print("\n".join(wrong) or "The editions are right.")
    sys.exit(bool(wrong))
