"""The built site, read as files."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

from tests.conftest import ROOT, build
from tests.site.conftest import search_index

LOADED = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "src"),
    ("source", "srcset"),
    ("iframe", "src"),
    ("video", "src"),
    ("audio", "src"),
    ("object", "data"),
    ("embed", "src"),
    ("image", "href"),
    ("use", "href"),
}
ONLY_NAMED = {"canonical", "alternate", "prev", "next"}  # kinds of <link> that a browser doesn't load
OUTSIDE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", re.IGNORECASE)


class Loads(HTMLParser):
    """What a browser loads to show a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self._in_style = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if not (tag == "link" and ONLY_NAMED & set((named.get("rel") or "").split())):
            self.addresses += [value or "" for name, value in attributes if (tag, name) in LOADED]
        self.addresses += IN_CSS.findall(named.get("style") or "")
        self._in_style = tag == "style"

    def handle_data(self, data):
        if self._in_style:
            self.addresses += IN_CSS.findall(data)

    def handle_endtag(self, tag):
        self._in_style = False


def outside(folder: Path) -> list[str]:
    """Everything that the pages and styles in `folder` load from another site, or from the root of their own."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            addresses = Loads(path.read_text("utf8")).addresses
        elif path.suffix == ".css":
            addresses = IN_CSS.findall(path.read_text("utf8"))
        else:
            continue
        found += [f"{path.relative_to(folder)}: {address}" for address in addresses if OUTSIDE.match(address)]
    return found


def test_the_search_for_outside_resources_finds_each_kind(tmp_path):
    (tmp_path / "a.html").write_text(
        '<link rel="canonical" href="https://x/1"><a href="https://x/2">a</a><img src="data:image/png;base64,AA//"><script src="../ours.js"></script>'
        '<link rel="stylesheet" href="https://x/3"><script src="//x/4"></script><img src="http://x/5"><p style="background: url(https://x/6)"></p><style>@import "https://x/7";</style>',
        "utf8",
    )
    (tmp_path / "b.css").write_text(
        "@import 'https://x/8'; a { background: url('//x/9') } b { background: url(data:image/svg+xml;x) }", "utf8"
    )
    assert [found[-1] for found in outside(tmp_path)] == list("3456789")


def test_the_site_builds_without_a_warning(built):
    _, run = built
    assert run.returncode == 0, run.stdout
    assert not re.findall(r"^(?:WARNING|ERROR).*|^Traceback.*", run.stdout, re.MULTILINE)


def test_every_page_is_built_in_both_languages(site):
    for language, folder in [("zh", site), ("en", site / "en")]:
        sources = ROOT / "docs" / language
        for path in [*sources.rglob("*.md"), *sources.glob("labs/*.py")]:
            address = path.relative_to(sources).with_suffix("")
            page = folder / (address.parent if address.name == "index" else address) / "index.html"
            assert page.is_file(), f"{path.relative_to(ROOT)} is missing from the site"
            assert f'<html lang="{language}"' in page.read_text("utf8")


def test_no_page_loads_anything_from_another_site(site):
    assert outside(site) == []


def test_no_script_holds_a_page_up(site):
    """They come while the page is read, and run in their order once it is there: Material's bundle after what it needs."""
    for page in site.rglob("index.html"):
        scripts = re.findall(r"<script\b([^>]*\bsrc=[^>]*)>", page.read_text("utf8"))
        assert all(re.search(r"\bdefer\b|type=\"module\"", script) for script in scripts), (page, scripts)
        names = [re.findall(r"([\w-]+)[.\w]*\.js", script)[-1] for script in scripts]
        assert names[:2] == ["search-when-opened", "bundle"], (page, names)


def test_the_link_past_the_menus_says_where_it_leads(site):
    for page, words in [("how-to-use", "跳到正文"), ("en/how-to-use", "Skip to content")]:
        html = (site / page / "index.html").read_text("utf8")
        assert re.search(rf'<a href="#how-to-use" class="md-skip">\s*{words}\s*</a>', html)


def test_the_font_comes_with_its_licence(site):
    assert "SIL OPEN FONT LICENSE" in (site / "fonts" / "OFL.txt").read_text("utf8")


def test_the_search_index_of_each_language_has_its_pages_and_formulas_as_text(site):
    for folder in (site, site / "en"):
        entries = search_index(folder)
        assert {entry["location"].split("#")[0] for entry in entries} == {
            page.parent.relative_to(folder).as_posix().removeprefix(".") + "/" * (page.parent != folder)
            for page in pages(folder)
            if not page.parent.name.endswith(("-exercises", "-solutions"))  # whose text stands in the chapters
        }
        text = "".join(entry["title"] + entry["text"] for entry in entries)
        assert (
            "<math" not in text
            and "<svg" not in text
            and "\\frac" not in re.sub(r"<code>.*?</code>", "", text, flags=re.DOTALL)
        )
        assert "∂C/∂w" in text and "<code>import numpy as np</code>" in text


def test_the_search_index_is_small_and_its_first_part_smaller(site):
    for folder in (site, site / "en"):
        first, rest = (
            len(gzip.compress((folder / "search" / f"search_{part}.json").read_bytes())) for part in ("index", "rest")
        )
        assert first <= 20 * 1024 and first + rest <= 400 * 1024, (folder, first, rest)


def pages(folder: Path) -> list[Path]:
    """The pages of the site in `folder`, without those of the site inside it."""
    return [page for page in folder.rglob("index.html") if "en" not in page.relative_to(folder).parts]


def test_on_a_public_address_each_page_names_itself_and_its_source(book, tmp_path):
    project = book({"zh/chapter.md": "# 一\n", "en/chapter.md": "# One\n"})
    run = build(project, tmp_path / "site", SITE_URL="https://example.org/repo/", REPOSITORY_URL="https://x.org/book/")
    assert run.returncode == 0, run.stdout
    for page, own in [("chapter/", "zh"), ("en/chapter/", "en"), ("", "zh"), ("en/", "en")]:
        html = (tmp_path / "site" / page / "index.html").read_text("utf8")
        assert f'<link rel="canonical" href="https://example.org/repo/{page}">' in html
        source = f"docs/{own}/{page.removeprefix('en/').removesuffix('/') or 'index'}.md"
        assert f'<a href="https://x.org/book/edit/main/{source}">' in html.partition("md-copyright")[2]


def test_editions_that_were_made_can_be_downloaded_in_both_languages(book, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "scratchml-book.zip").write_bytes(b"z" * 2_000_000)
    page = "# 书\n\n- [Offline](edition:scratchml-book.zip)\n- [PDF](edition:scratchml-book-en.pdf)\n"
    project = book({"zh/deep/take.md": page, "en/deep/take.md": page})
    run = build(project, tmp_path / "site", EDITIONS=str(tmp_path / "made"))
    assert run.returncode == 0, run.stdout
    for folder in ("deep/take", "en/deep/take"):
        html = (tmp_path / "site" / folder / "index.html").read_text("utf8")
        link = re.search(r'<a href="([^"]*)" download>Offline</a> \(2\u00a0MB\)', html)
        assert link and (tmp_path / "site" / folder / link[1]).stat().st_size == 2_000_000
        assert "PDF" not in html.partition("md-content__inner")[2] and "edition:" not in html


def test_without_a_repository_no_page_is_edited_anywhere(site):
    assert not [page for page in site.rglob("*.html") if "/edit/main/" in page.read_text("utf8")]


def test_the_appendix_lists_every_reference_of_the_book(site):
    for folder in (site, site / "en"):
        listed = (folder / "appendix" / "references" / "index.html").read_text("utf8")
        chapters = 0
        for path in folder.glob("*/*/index.html"):
            _, heading, rest = path.read_text("utf8").partition('<h2 id="references">')
            if (
                heading
                and "appendix" not in path.parts
                and not (folder == site and "en" in path.relative_to(site).parts)
            ):
                links = re.findall(r'href="(https?://[^"]+)"', rest.partition("</ul>")[0])
                chapters += 1
                assert links and not [link for link in links if link not in listed], path
        assert chapters >= 7


def test_every_import_from_the_package_leads_to_an_entry_of_its_page(site):
    links = 0
    for page in site.rglob("index.html"):
        for address, anchor in re.findall(r'<a href="([^"]*api/)#(\w+)">(?=\w)', page.read_text("utf8")):
            entries = (page.parent / address / "index.html").read_text("utf8")
            assert f'id="{anchor}"' in entries, f"{page.relative_to(site)} leads to {address}#{anchor}"
            links += 1
    assert links > 200  # in each chapter of both languages, some names are imported
