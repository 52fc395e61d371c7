"""What search engines, and those who share a link, are told of a page; and what a reader finds at an address that there isn't."""

import html
import json
import re
import struct
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from docs.hooks import pictures
from docs.hooks.descriptions import LENGTHS, describe, opening
from docs.hooks.map import stations
from docs.hooks.plain_formulas import readable
from tests.conftest import build
from tests.site.conftest import make_book

ADDRESS = "https://example.org/repo/"
TITLE = re.compile(r"<title>([^<]*)</title>")
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)">')


def telling(pages: dict[str, str], language: str) -> list[str]:
    """What is wrong with the titles and descriptions of a site's `pages`, HTML by its address."""
    shortest, longest = LENGTHS[language]
    found, seen = [], dict[str, str]()
    for address, page in pages.items():
        for name, pattern in [("title", TITLE), ("description", DESCRIPTION)]:
            if len(texts := pattern.findall(page)) != 1:
                found.append(f"{address} has {len(texts)} {name}s")
            elif texts[0] in seen:
                found.append(f"{address} has the {name} of {seen[texts[0]]}")
            seen |= dict.fromkeys(texts, address)
        for text in map(html.unescape, DESCRIPTION.findall(page)):
            if not shortest <= len(text) <= longest:
                found.append(f"{address}: {len(text)} letters describe it: {text}")
            if re.search(r"[\\${}]|</?[a-z]", text):
                found.append(f"{address}: a description can't have TeX or tags: {text}")
            if not re.search(r"[.?!…。？！][”’）)]*$", text):
                found.append(f"{address}: the description ends in the middle: {text}")
    return found


def head(title: str, description: str) -> str:
    return f'<title>{title}</title><meta name="description" content="{description}">'


SOUND = "Which way to step, and how far? The shower is 10 degrees too hot. You turn the tap."


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ({"a": head("A", SOUND), "b": head("B", SOUND)}, "b has the description of a"),
        ({"a": head("A", SOUND), "b": head("A", SOUND + " And so on.")}, "b has the title of a"),
        ({"a": head("A", "Too short.")}, "a: 10 letters"),
        ({"a": head("A", SOUND * 2)}, "letters describe it"),
        ({"a": head("A", SOUND.replace("10", r"\frac{1}{2}"))}, "TeX"),
        ({"a": head("A", SOUND.removesuffix(" the tap."))}, "ends in the middle"),
        ({"a": "<title>A</title>"}, "a has 0 descriptions"),
    ],
)
def test_a_page_that_does_not_say_what_it_is_about_is_named(pages, words):
    assert any(words in problem for problem in telling(pages, "en")), telling(pages, "en")
    assert telling({"a": head("A", SOUND)}, "en") == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_the_book_says_what_it_is_about_and_no_two_say_the_same(site, language):
    folder = site / "en" if language == "en" else site
    pages = {
        path.parent.relative_to(folder).as_posix(): path.read_text("utf8")
        for path in sorted(folder.rglob("index.html"))
        if language == "en" or "en" not in path.relative_to(folder).parts
        if not path.parent.name.endswith(("-exercises", "-solutions"))  # which no search engine is to show
    }
    assert len(pages) > 40 and telling(pages, language) == []
    asked = {
        path: html.escape(station.question.replace("'", "’"))
        for path, station in stations(Path(f"docs/{language}/index.md").read_text("utf8")).items()
    }
    assert len(asked) > 30, "the map on the cover asks a question of each chapter"
    for path, question in asked.items():
        address = path.rpartition(".")[0]
        assert DESCRIPTION.findall(pages[address])[0].startswith(question), path


# ---- descriptions


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<h1>Title<a>#</a></h1>\n<p>One <em>sentence</em>.</p>\n<p>Two.</p>\n<h2>Part</h2>\n<p>Three.</p>", "One sentence. Two."),
        ("<h1>T</h1><p>One.</p><div><pre>code</pre></div><p>What it printed.</p>", "One."),
        ("<h1>T</h1><p class='head'>Part I</p><div><p>a box</p></div><p>One.</p>", "One."),
        ("<h1>T</h1><p>Open it. <a download href='x'>Download</a> the notebook.</p><p>One.</p>", "One."),
        ("<p>Of <math><mi>x</mi><annotation>x</annotation></math> &lt; 1.</p>", "Of x < 1."),
        ("<p>Of <math><mfrac><mn>1</mn><mn>2</mn></mfrac></math> one.</p>", "Of 1/2 one."),
        ("<p>A<br>line &amp; <img src='x'> more.</p>", "Aline & more."),
    ],
)  # fmt: skip
def test_a_page_opens_with_its_first_paragraphs(content, text):
    assert opening(content, readable) == text


LONG = "It has fins, and it has a tail, and it lives in water, where it eats what is smaller than it, and is eaten by what is larger, and so on, as far as anybody has ever looked"


@pytest.mark.parametrize(
    ("question", "text", "language", "description"),
    [
        ("Why does a fish swim, and a bird not", SOUND, "en", f"Why does a fish swim, and a bird not. {SOUND}"),
        ("Why?", f"{SOUND} {LONG}. No more.", "en", f"Why? {SOUND}"),
        ("Why?", f"{LONG}.", "en", f"Why? {LONG.partition(' has ever')[0]}…"),
        ("鱼为什么会游？", "水很冷。" * 30, "zh", "鱼为什么会游？" + "水很冷。" * 20),
        ("鱼为什么会游？", "鱼在水里，" * 30, "zh", "鱼为什么会游？" + "鱼在水里，" * 15 + "鱼在水里……"),
    ],
)
def test_whole_sentences_follow_the_question_and_no_word_is_cut(question, text, language, description):
    assert describe(question, text, language) == description


# ---- pictures


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def test_every_page_has_a_small_picture_of_its_own_drawn_once(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "CACHE", tmp_path)
    order = ["index.md", "neural-networks/a.md", "labs/b.py", "transformer/c.md", "labs/d.py", "appendix/e.md"]
    kinds = pictures.kinds(order)
    assert kinds["labs/b.py"] == kinds["neural-networks/a.md"] != kinds["labs/d.py"] == kinds["transformer/c.md"]
    drawn = {page: pictures.picture(page, page.find("/a") + 1 or None, *kind) for page, kind in kinds.items()}
    assert len(set(drawn.values())) == len(order)
    for page, png in drawn.items():
        assert size(png) == (1200, 630) and len(png) <= 40 * 1024, page
    monkeypatch.setattr(pictures, "_draw", None)
    assert pictures.picture("index.md", None, *kinds["index.md"]) == drawn["index.md"]


# ---- a site with an address, and one without

FISH = "# Fish { #fish }\n\nA fish swims in “water” & breathes there, too, which is more than most of us can say of ourselves.\n"


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> Path:
    """A book of three pages on a site that knows its address, in a folder of its host."""
    folder = tmp_path_factory.mktemp("public")
    pages = {f"{language}/{page}.md": FISH for language in ("zh", "en") for page in ("foundations", "appendix/fish")}
    for language in ("zh", "en"):  # the foundations have a sheet of exercises, which is none of the pages to be found
        pages[f"{language}/foundations.md"] += '\n## Exercises { #exercises }\n\n!!! example "Swim"\n    Try it.\n'
    project = make_book(folder / "book", pages)
    for config in ("mkdocs.yml", "docs/mkdocs.en.yml"):
        with (project / config).open("a", encoding="utf8") as file:
            file.write("\nnav: [index.md, foundations.md, appendix/fish.md]\n")
    run = build(project, folder / "site", SITE_URL=ADDRESS)
    assert run.returncode == 0, run.stdout
    return folder / "site"


PAGES = ["", "foundations/", "appendix/fish/"]


def test_the_sitemap_has_every_page_in_both_languages_and_robots_are_told_of_it(public):
    names = {"": "http://www.sitemaps.org/schemas/sitemap/0.9", "xhtml": "http://www.w3.org/1999/xhtml"}
    entries = ElementTree.parse(public / "sitemap.xml").findall("url", names)
    listed = {
        entry.findtext("loc", "", names): {
            link.get("hreflang"): link.get("href") for link in entry.findall("xhtml:link", names)
        }
        for entry in entries
    }
    assert listed == {
        address: {"zh": ADDRESS + page, "en": f"{ADDRESS}en/{page}", "x-default": f"{ADDRESS}en/{page}"}
        for page in PAGES
        for address in (ADDRESS + page, f"{ADDRESS}en/{page}")
    }
    assert 'content="noindex"' in (public / "foundations-exercises" / "index.html").read_text("utf8")
    assert f"\nSitemap: {ADDRESS}sitemap.xml\n" in (public / "robots.txt").read_text("utf8")
    assert not [*(public / "en").glob("sitemap*"), *(public / "en").glob("robots*")]


def told(page: str) -> dict[str, str]:
    """What the page tells those who show a link to it."""
    return {
        name: html.unescape(text)
        for name, text in re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)">', page)
    }


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_with_an_address_says_all_of_itself_in_whole_addresses(public, page, language):
    own, twin = (f"{ADDRESS}en/{page}", ADDRESS + page) if language == "en" else (ADDRESS + page, f"{ADDRESS}en/{page}")
    html_of_page = (public / own.removeprefix(ADDRESS) / "index.html").read_text("utf8")
    said = told(html_of_page)
    assert said["og:url"] == own and said["og:locale"] == {"zh": "zh_CN", "en": "en_US"}[language]
    assert said["og:description"] == said["description"] and said["og:title"] and said["og:image:alt"]
    picture = public / said["og:image"].removeprefix(ADDRESS)
    assert said["og:image"].startswith(f"{ADDRESS}pictures/") and size(picture.read_bytes()) == (1200, 630)
    assert dict(re.findall(r'<link rel="alternate " hreflang="([^"]+)" href="([^"]+)">', html_of_page)) == {
        language: own,
        {"zh": "en", "en": "zh"}[language]: twin,
        "x-default": f"{ADDRESS}en/{page}",
    }
    assert 'rel="alternate"' not in html_of_page, "Material would look for a sitemap beside it"

    (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html_of_page, re.DOTALL)
    data = json.loads(script)
    assert data["@type"] == {"": "Book", "foundations/": "Chapter"}.get(page, "WebPage")
    assert (data["@id"], data["inLanguage"], data["workTranslation"]["@id"]) == (own, language, twin)
    assert data["description"] == said["description"] and data["image"] == said["og:image"]
    assert data["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert data.get("isPartOf", {}).get("@id") == (
        urljoin(ADDRESS, "en/" if language == "en" else "") if page else None
    )
    assert data.get("position") == (0 if page == "foundations/" else None)


def test_without_an_address_nothing_is_half_there(site):
    assert not [*site.rglob("sitemap.xml*"), *site.rglob("robots.txt"), *site.glob("pictures")]
    for page in site.rglob("index.html"):
        assert not re.search(
            r'property="og:|twitter:|ld\+json|rel="alternate|rel="canonical', page.read_text("utf8")
        ), page


# ---- an address that there isn't


@pytest.mark.parametrize(("page", "languages"), [("404.html", ["zh", "en"]), ("en/404.html", ["en", "zh"])])
def test_a_missing_page_leads_home_in_both_languages_from_any_address(public, page, languages):
    text = (public / page).read_text("utf8")
    assert re.findall(r'<section lang="(\w+)">', text) == languages
    homes = [f"/repo/{'en/' * (language == 'en')}" for language in languages]
    assert re.findall(r'<form action="([^"]*)"', text) == homes
    assert re.findall(r'<a href="([^"#]*)">', text) == [
        address for home in homes for address in (home, f"{home}appendix/glossary/")
    ]
    assert 'content="noindex"' in text and not re.search(r'<link rel="stylesheet|src="', text)
