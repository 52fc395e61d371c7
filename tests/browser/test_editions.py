"""The offline edition and the PDF, of a small book; `python -m tests.browser.editions` looks at the whole one every week."""

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from docs.editions.__main__ import books, make_offline
from docs.editions.paper import Book, Unbound, bind, chapters, print_pages, sheets, with_characters
from tests.browser.editions import Reader, asked_for, faults, lost_links
from tests.site.conftest import make_book

FIGURES = """from drawing import Drawing
from sliders import Slider, sliders


@sliders(place=Slider("位置", "place", range(15)))
def moved(say, place: float = 7):
    drawing = Drawing(120, 60)
    drawing.text(20 + 5 * place, 30, say("这里", "here"))
    return drawing
"""
CHAPTER = """# {title} {{ #top }}

{text} [{how}](../how-to-use.md#running). $y = x^2$

## {part} {{ #part }}

![a word](figure:small.moved "{part}")

```python
print(1)
```
<!--pytest-codeblocks:expected-output-->
```text
1
```

## {exercises} {{ #exercises }}

!!! example "{part}"
    [{title}](#top)

??? success "Solution"
    Zweiundvierzig: [{part}](other.md#part)
"""
OTHER = "# {other} {{ #other }}\n\n## {part} {{ #part }}\n\n[{title}](chapter.md#exercise-1), [{part}](https://example.org/)\n"
HOW = "# {how} {{ #how }}\n\n## {part} {{ #running }}\n\n{other}\n"
WORDS = {
    "zh": {
        "title": "注意力",
        "text": "反向传播",
        "how": "怎么用",
        "part": "小节",
        "exercises": "练习",
        "other": "另一章",
    },
    "en": {
        "title": "Attention",
        "text": "backpropagation",
        "how": "How",
        "part": "Part",
        "exercises": "Exercises",
        "other": "Other",
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    pages = {"transformer/chapter.md": CHAPTER, "transformer/other.md": OTHER, "how-to-use.md": HOW}
    files = {f"{lang}/{path}": text.format(**words) for lang, words in WORDS.items() for path, text in pages.items()}
    made = make_book(tmp_path_factory.mktemp("editions") / "book", {**files, "figures/small.py": FIGURES})
    for config in (made / "mkdocs.yml", made / "docs" / "mkdocs.en.yml"):
        with config.open("a", encoding="utf8") as file:
            file.write("\nnav: [index.md, how-to-use.md, transformer/chapter.md, transformer/other.md]\n")
    return made


@pytest.fixture(scope="module")
def offline(project) -> Path:
    """The offline edition, unzipped somewhere else."""
    archive = make_offline(project, project / "build" / "small book.zip")
    shutil.unpack_archive(archive, project.parent / "un zipped")
    return project.parent / "un zipped" / "small book"


@pytest.fixture(scope="module")
def pdf(browser, project, offline) -> Iterator[bytes]:
    """The English one: not every machine has a Chinese font."""
    _, english = books(project, offline)
    tab = browser.new_page()
    yield print_pages(tab, english, chapters(tab, english))
    tab.close()


def test_every_link_of_the_offline_edition_leads_to_a_place_in_it_and_no_page_asks_for_more(offline):
    assert lost_links(offline) == [] and asked_for(offline) == []
    assert "Content-Security-Policy" not in (offline / "index.html").read_text("utf8")


def test_a_link_that_needs_a_server_and_one_to_nowhere_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here">1</a><a href="b/">2</a><a href="b.html#there">3</a><a href="c.html">4</a><a href="../x.html">5</a>'
        '<a href="https://x.org/">6</a><a href="#">7</a><script src="https://x.org/8.js"></script>',
        "utf8",
    )
    (tmp_path / "b.html").write_text('<p id="here">', "utf8")
    (tmp_path / "b").mkdir()
    assert [found.split()[1] for found in lost_links(tmp_path)] == ["b/", "b.html#there", "c.html", "../x.html"]
    assert len(asked_for(tmp_path)) == 1


def test_from_the_file_system_search_switch_slider_and_palette_work(browser, offline):
    reader = Reader(browser, offline)
    for words, here, there, palette in [
        ("反向传播", "transformer/chapter.html", "en/transformer/chapter.html", "slate"),
        ("backpropagation", "en/transformer/chapter.html", "transformer/chapter.html", "default"),
    ]:
        reader.open(here.replace("transformer/chapter", "index"))
        assert f"/{here}" in reader.searches(words)
        assert reader.moves_a_slider()
        assert reader.changes_the_palette() == palette
        assert reader.tab.locator(".run-code").count() == 0
        assert reader.tab.locator("footer a[href$='how-to-use.html#running']").is_visible()
        assert reader.changes_language().partition("#")[0].endswith(f"small%20book/{there}")
    reader.tab.context.close()
    assert reader.trouble == []


def test_the_pdf_has_outline_numbers_links_and_fonts(pdf):
    assert faults(pdf) == []
    cover, contents, *_ = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    running = "Neural Networks and Transformers from Scratch"  # on one line
    assert running in contents and running not in cover


def test_solutions_stand_at_the_end_and_links_lead_to_and_from_them(pdf):
    reader = PdfReader(BytesIO(pdf))
    texts = [page.extract_text() for page in reader.pages]
    (solution,) = [i for i, text in enumerate(texts) if "Zweiundvierzig" in text]
    (exercise,) = [i for i, text in enumerate(texts) if "backpropagation" in text and "Exercises" in text]
    assert solution == len(texts) - 1
    assert solution in linked(reader, exercise) and exercise in linked(reader, solution)


@pytest.mark.parametrize(("kind", "solved"), [("exercises", False), ("solutions", True)])
def test_the_sheets_have_the_exercises_alone_or_each_with_its_solution_under_it(
    browser, project, offline, kind, solved
):
    _, english = books(project, offline)
    tab = browser.new_page()
    made = print_pages(tab, english, sheets(tab, english, kind), solutions_last=False)
    tab.close()
    assert faults(made) == []
    _, _, *texts = [page.extract_text() for page in PdfReader(BytesIO(made)).pages]
    (sheet,) = texts
    assert "Attention" in sheet and "Exercise" in sheet and "back" not in sheet.lower()
    assert ("Zweiundvierzig" in sheet) == solved != ("Name" in sheet)


def linked(reader: PdfReader, page: int) -> set[int]:
    """The pages to which links on a page lead."""
    numbers = {page.indirect_reference.idnum: i for i, page in enumerate(reader.pages) if page.indirect_reference}
    links = [annotation.get_object() for annotation in reader.pages[page].get("/Annots", [])]
    return {numbers[link["/Dest"][0].idnum] for link in links if "/Dest" in link}


def test_a_spoiled_pdf_is_found_out(pdf):
    def spoiled(spoil) -> str:
        writer = PdfWriter(clone_from=BytesIO(pdf))
        spoil(writer)
        made = BytesIO()
        writer.write(made)
        return "\n".join(faults(made.getvalue()))

    def break_a_link(writer: PdfWriter) -> None:
        link = next(
            a.get_object() for page in writer.pages for a in page.get("/Annots", []) if "/Dest" in a.get_object()
        )
        del link["/Dest"]
        link[NameObject("/A")] = DictionaryObject({NameObject("/URI"): TextStringObject("file:///x/y.html")})

    assert "file:///x/y.html" in spoiled(break_a_link)
    assert "doesn't say its number" in spoiled(lambda writer: writer.remove_page(1))
    assert "there is no outline" in spoiled(lambda writer: writer.root_object.__delitem__("/Outlines"))


def test_a_radical_is_read_as_the_character_that_looks_the_same():
    table = "3 beginbfchar\n<01> <2F26>\n<02> <5B66>\n<03> <2EE2>\nendbfchar\n1 beginbfrange\n<0003> <0005> <2F00>\nendbfrange"
    meant = "3 beginbfchar\n<01> <5B50>\n<02> <5B66>\n<03> <9A6C>\nendbfchar\n1 beginbfrange\n<0003> <0005> [<4E00> <4E28> <4E36>]\nendbfrange"
    assert with_characters(table) == meant


def test_a_link_to_no_place_stops_the_binding(browser):
    tab = browser.new_page()
    tab.set_content('<a href="book:chapter.html:exercise-9">exercise 9</a>')
    page = PdfReader(BytesIO(tab.pdf()))
    tab.close()
    with pytest.raises(Unbound, match=r"chapter\.html:exercise-9"):
        bind(Book(Path(), "en", "Title", "", ""), page, [])
