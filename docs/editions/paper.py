"""On paper: Chromium prints pages of the offline edition one by one, and pypdf binds them into one PDF, the book or its exercises.

A page knows its first page number before it is printed, since those before it have been; the table of contents comes last,
with Roman numerals of its own. Links become places in the whole book once all pages are there.
"""

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypedDict
from urllib.parse import unquote

import matplotlib
import pikepdf
from playwright.sync_api import Page
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import ArrayObject, Fit, FloatObject, NameObject, NullObject, TextStringObject

HERE = Path(__file__).parent
# The same letters on every machine; Chinese is the machine's own.
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
IN_BOOK = "book:"  # the address of a place in the book, until all pages are there
SOLUTIONS = "solutions"
RADICAL = re.compile(
    r"^(?P<glyphs><(?P<first>[\dA-F]+)>(?: <(?P<last>[\dA-F]+)>)?) <(?P<code>2[EF][\dA-F]{2})>$", re.MULTILINE
)
# Those that Unicode itself doesn't hold to be the same as a character.
RADICALS = str.maketrans(
    "⺟⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰", "母民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙"
)
WORDS = {
    "zh": {
        "introduction": "开始之前",
        "contents": "目录",
        "solutions": "练习的解答",
        "licences": "文字和插图：CC BY 4.0。代码：MIT。",
        "authors": "scratchml 的作者们",
        "site": "网页版，可以在页面里运行代码：{}",
    },
    "en": {
        "introduction": "Before you start",
        "contents": "Contents",
        "solutions": "Solutions",
        "licences": "Text and figures: CC BY 4.0. Code: MIT.",
        "authors": "The contributors to scratchml",
        "site": "On the web, where the code runs in the page: {}",
    },
}
SHEET_TITLES = {
    "zh": {"exercises": "练习单", "solutions": "练习和解答"},
    "en": {"exercises": "Exercise sheets", "solutions": "Exercises and solutions"},
}
CHAPTERS = """() => [...document.querySelectorAll(".md-nav--primary a.md-nav__link")]
  .filter(link => !link.closest(".md-nav--secondary"))
  .map(link => ({
    address: decodeURI(link.href),
    title: (link.querySelector(".md-ellipsis") ?? link).innerText.trim(),
    part: link.closest(".md-nav__item--nested")?.querySelector(":scope > label .md-ellipsis")?.innerText.trim() ?? "",
  }))"""


class Book(NamedTuple):
    folder: Path  # of the offline edition in this language
    language: str
    title: str
    description: str
    address: str  # of the site, where it has one


class Heading(TypedDict):
    level: int
    place: str  # "transformer/gpt.html:loss": its page, and its id there
    text: str


class Section(NamedTuple):
    """What is printed at once: a page of the site, or one that only the PDF has."""

    title: str
    part: str
    place: str
    first: int  # page of the PDF's text, counted from 0
    pdf: PdfReader
    headings: list[Heading]


class Unbound(ValueError):
    """A link leads to no place in the book."""


def chapters(tab: Page, book: Book) -> list[tuple[str, str, str]]:
    """(name, title, part) of every page, in the order of the site's navigation; a name is a path such as transformer/gpt.html."""
    tab.goto((book.folder / "index.html").as_uri())
    root = unquote(book.folder.as_uri()) + "/"
    found = tab.evaluate(CHAPTERS)
    return [(page["address"].removeprefix(root), page["title"], page["part"]) for page in found]


def sheets(tab: Page, book: Book, kind: str) -> list[tuple[str, str, str]]:
    """The same of the sheets with the "exercises" of each chapter, or of those with the "solutions" too."""
    named = [(name.replace(".html", f"-{kind}.html"), title, part) for name, title, part in chapters(tab, book)]
    return [sheet for sheet in named if (book.folder / sheet[0]).is_file()]


def print_pages(
    tab: Page,
    book: Book,
    pages: list[tuple[str, str, str]],
    told: Callable[[str], None] = lambda title: None,
    *,
    solutions_last: bool = True,
) -> bytes:
    """A PDF of `pages` of `book`: (name, title, part) of each, whose title is `told` when its printing begins.

    Solutions come together at the end, or stay where they are. Raises Unbound for a link that leads nowhere.
    """
    words = WORDS[book.language]
    sections: list[Section] = []
    solutions: list[tuple[Heading, str]] = []

    def add(title: str, part: str, name: str, headings: list[Heading]) -> None:
        first = sum(len(section.pdf.pages) for section in sections)
        sections.append(Section(title, part, f"{name}:", first, printed(tab, book, title, first), headings))

    for name, title, part in pages:
        title = words["introduction"] if name == "index.html" else title
        told(title)
        tab.goto((book.folder / name).as_uri())
        made = for_paper(tab, book, name, [name for name, _, _ in pages], solutions_last)
        add(title, part, name, made["headings"])
        if made["solutions"]:
            solutions.append((Heading(level=2, place=f"{SOLUTIONS}:{name}", text=title), "".join(made["solutions"])))
    if solutions:
        told(words["solutions"])
        top = Heading(level=1, place=f"{SOLUTIONS}:", text=words["solutions"])
        show(tab, book, headed(top) + "".join(headed(heading) + boxes for heading, boxes in solutions))
        add(top["text"], "", SOLUTIONS, [top, *(heading for heading, _ in solutions)])
    told(words["contents"])
    show(tab, book, cover(book) + contents(book, sections))
    front = printed(tab, book, "", 0, roman=True)
    told("PDF")
    return bind(book, front, sections)


def for_paper(tab: Page, book: Book, name: str, pages: list[str], solutions_last: bool) -> dict[str, Any]:
    """The page in `tab`, its links and ids made ready for the whole book: its headings, and the solutions taken out of it."""
    given = {"name": name, "root": book.folder.as_uri() + "/", "pages": pages, "solutionsLast": solutions_last}
    return tab.evaluate((HERE / "paper.js").read_text("utf8"), given)


def show(tab: Page, book: Book, content: str) -> None:
    """A page that the site hasn't got, in its styles."""
    tab.goto((book.folder / "index.html").as_uri())
    tab.evaluate("content => document.querySelector('.md-content__inner').innerHTML = content", content)


def printed(tab: Page, book: Book, title: str, first: int, *, roman: bool = False) -> PdfReader:
    """What Chromium prints of the page in `tab`, its pages numbered from `first` + 1."""
    fonts = {
        "FONTS": FONTS.as_uri(),
        "BOOK": json.dumps(book.title, ensure_ascii=False),
        "TITLE": json.dumps(title, ensure_ascii=False),
    }
    style = (HERE / "paper.css").read_text("utf8")
    for name, value in {**fonts, "FIRST": str(first), "STYLE": "lower-roman" if roman else "decimal"}.items():
        style = style.replace(f"${name}", value)
    tab.add_style_tag(content=style)
    tab.evaluate(
        """async () => {
          // A place is kept in the PDF where some link of the same page leads to it.
          const links = document.createElement("div")
          for (const { id } of document.querySelectorAll(".md-content__inner [id]"))
            links.append(Object.assign(document.createElement("a"), { href: "#" + id }))
          document.querySelector(".md-content__inner").append(links)
          await document.fonts.ready
        }"""
    )
    return PdfReader(BytesIO(tab.pdf(prefer_css_page_size=True, print_background=True)))


def headed(heading: Heading) -> str:
    return f'<h{heading["level"]} id="{heading["place"]}">{html.escape(heading["text"])}</h{heading["level"]}>'


def cover(book: Book) -> str:
    words = WORDS[book.language]
    lines = [words["authors"], words["licences"], words["site"].format(book.address) if book.address else ""]
    imprint = "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)
    without_number = '<style>@page :first { @bottom-center { content: "" } }</style>'
    return f'{without_number}<div class="book-cover"><h1>{html.escape(book.title)}</h1><p>{html.escape(book.description)}</p><div>{imprint}</div></div>'


def contents(book: Book, sections: list[Section]) -> str:
    """The table of contents: parts, titles, and the pages where they begin."""
    rows, part = [], ""
    for section in sections:
        if section.part != part:
            part = section.part
            rows.append(f"<h2>{html.escape(part)}</h2>")
        rows.append(
            f'<p><a href="book:{section.place}"><span>{html.escape(section.title)}</span><span>{section.first + 1}</span></a></p>'
        )
    title = WORDS[book.language]["contents"]
    return f'<div class="book-contents"><h1>{title}</h1>{"".join(rows)}</div>'


def bind(book: Book, front: PdfReader, sections: list[Section]) -> bytes:
    """One PDF: cover, contents and sections, with an outline, page labels, and links that lead to pages of it."""
    writer = PdfWriter()
    places: dict[str, tuple[int, float]] = {}
    for pdf in [front, *(section.pdf for section in sections)]:
        for name, place in pdf.named_destinations.items():
            number = pdf.get_destination_page_number(place)
            if number is not None:
                places[unquote(name.removeprefix("/"))] = len(writer.pages) + number, float(place.top or 0)
        for page in pdf.pages:
            writer.add_page(page)
    lost = sorted(set(_resolve(writer, places)))
    if lost:
        raise Unbound(f"{len(lost)} links lead to no place in the {book.language} book: {', '.join(lost[:10])}")

    length = len(front.pages)
    writer.set_page_label(0, length - 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(length, len(writer.pages) - 1, style=PageLabelStyle.DECIMAL)
    writer.add_outline_item(title=WORDS[book.language]["contents"], page_number=1)
    parts: dict[str, Any] = {}
    for section in sections:
        if section.part and section.part not in parts:
            parts[section.part] = writer.add_outline_item(title=section.part, page_number=length + section.first)
        parent = writer.add_outline_item(
            title=section.title, page_number=length + section.first, parent=parts.get(section.part), is_open=False
        )
        for heading in section.headings:
            if heading["level"] == 2 and heading["place"] in places:
                number, top = places[heading["place"]]
                writer.add_outline_item(title=heading["text"], page_number=number, parent=parent, fit=Fit.xyz(top=top))
    writer.add_metadata(
        {"/Title": book.title, "/Author": WORDS[book.language]["authors"], "/Subject": book.description}
    )
    writer.root_object[NameObject("/Lang")] = TextStringObject(book.language)
    writer.page_mode = "/UseOutlines"
    writer.compress_identical_objects()
    return packed(writer)


def packed(writer: PdfWriter) -> bytes:
    """Chromium makes a font of each 256 Chinese characters that some chapter has: thousands, which take less room together."""
    loose, whole = BytesIO(), BytesIO()
    writer.write(loose)
    with pikepdf.open(loose) as pdf:
        for font in pdf.objects:
            if isinstance(font, pikepdf.Dictionary) and "/ToUnicode" in font:
                said = font.ToUnicode.read_bytes()
                if said != (meant := with_characters(said.decode("ascii")).encode("ascii")):
                    font.ToUnicode.write(meant)
        pdf.save(whole, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)
    return whole.getvalue()


def with_characters(cmap: str) -> str:
    """A font's table of what its glyphs mean. Where a glyph is that of a character and of a radical, Chromium writes down the
    radical (⽹), for which nobody searches."""

    def meant(found: re.Match[str]) -> str:
        first, last, code = (
            int(number, 16) for number in (found["first"], found["last"] or found["first"], found["code"])
        )
        codes = [ord(unicodedata.normalize("NFKC", chr(code + i)).translate(RADICALS)) for i in range(last - first + 1)]
        listed = " ".join(f"<{code:04X}>" for code in codes)
        return f"{found['glyphs']} [{listed}]" if found["last"] else f"{found['glyphs']} {listed}"

    return RADICAL.sub(meant, cmap)


def _resolve(writer: PdfWriter, places: dict[str, tuple[int, float]]) -> Iterator[str]:
    """Each link to a named place becomes one to a page; yields the names that there aren't."""
    for page in writer.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            address = unquote(str(link.get("/A", {}).get("/URI", "")))
            if not address.startswith(IN_BOOK):
                continue
            name = address.removeprefix(IN_BOOK)
            if name not in places:
                yield name
                continue
            number, top = places[name]
            target = writer.pages[number].indirect_reference
            del link["/A"]
            link[NameObject("/Dest")] = ArrayObject(
                [target, NameObject("/XYZ"), FloatObject(0), FloatObject(top), NullObject()]
            )
