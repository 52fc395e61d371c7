"""The glossary leads from each term to where it is explained, and no chapter uses a term before that.

In a row's first cell the link is the term, in several forms if it has commas; other names, outside the link, aren't looked
for. The second cell is the other language's term; links in the third lead to where the term is explained again.
"""

import posixpath
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from mkdocs.utils.yaml import yaml_load

from docs.hooks.chapters import paths
from tests.book.page import LANGUAGES, LINK, ROOT, Page, Problem, read_book
from tests.book.wording import QUOTED

GLOSSARY = "appendix/glossary.md"
PREVIEWS = {"index.md", "how-to-use.md"}  # show what is to come, and explain nothing
BOLD = re.compile(r"\*\*(.+?)\*\*")

# Section → terms that may stand in it before they are explained.
EARLY_USES = {
    "foundations.md#foundations": {"shape", "axis", "形状"},  # the self-test asks what the chapter teaches
    "foundations.md#variance": {"weight", "权重"},  # the sentence says what a weight is
    "neural-networks/machine-learning.md#fields": {"深度、宽度"},  # a part of 深度学习, which it explains
    "neural-networks/training.md#weight-decay": {
        "regularization",
        "正则化",
    },  # a part of L2 regularization, which it explains
    "neural-networks/backpropagation.md#exercises": {"Transformer"},  # a look ahead, at the end of a solution
    "neural-networks/neurons-and-layers.md#biology": {
        "layer",
        "层",
    },  # the top of the page has a link, and the next section explains it
    "transformer/tokens.md#tokens": {"embedding", "嵌入"},  # a station of the map
    "transformer/embeddings.md#analogy": {"rank"},  # the verb
    "transformer/language-models.md#exercises": {"提示"},  # a hint
    "transformer/residual-connections.md#exercises": {"提示"},  # a hint
}


class Row(NamedTuple):
    line: int
    heading: str  # the id of the one that it stands under
    term: str
    other: str  # in the other language
    places: list[str]  # where its links lead, path#section
    pattern: re.Pattern[str]  # finds the term in prose


class Section(NamedTuple):
    page: Page
    line: int
    text: str  # the lines from there on
    read: str  # the same without links' targets; of a figure, its description and caption


def problems(root: Path = ROOT, early_uses: dict[str, set[str]] = EARLY_USES) -> list[Problem]:
    pages = {(page.language, page.path): page for page in read_book(root)}
    with open(root / "mkdocs.yml", "rb") as file:
        order = [path for path in paths(yaml_load(file)["nav"]) if path not in PREVIEWS]
    found: list[Problem] = []
    tables: list[list[Row]] = []
    unused = {(place, term) for place, terms in early_uses.items() for term in terms}
    for language in LANGUAGES:
        sections = dict(
            section for path in order if (language, path) in pages for section in _sections(pages[language, path])
        )
        tables.append(list(rows(pages[language, GLOSSARY])))
        found += leading(f"docs/{language}/{GLOSSARY}", tables[-1], sections)
        for row in tables[-1]:
            for place, line in early(row, sections):
                unused -= {(place, row.term)}
                if row.term not in early_uses.get(place, ()):
                    found.append(
                        Problem(
                            sections[place].page.file,
                            line,
                            f"{row.term} stands here and is explained later, in {row.places[0]}; make it a link to there, or do without it",
                        )
                    )
    for chinese, english in zip_longest(*tables):
        if (
            not chinese
            or not english
            or (chinese.term, chinese.other, chinese.places) != (english.other, english.term, english.places)
        ):
            here, there = english or chinese, chinese or english
            found.append(
                Problem(
                    f"docs/en/{GLOSSARY}",
                    here.line,
                    f"{here.term} isn't what stands in docs/zh/{GLOSSARY}:{there.line}; give both the same terms and links, in the same order",
                )
            )
            break
    return found + [
        Problem(
            "tests/book/glossary.py",
            1,
            f"EARLY_USES allows {term} in {place}, where it doesn't stand too early; take it out",
        )
        for place, term in sorted(unused)
    ]


def rows(glossary: Page) -> Iterator[Row]:
    for line in (line for table in glossary.tables for line in range(table.line + 2, table.line + table.rows + 1)):
        first, other, *rest = glossary.prose.split("\n")[line - 1].strip(" |").split("|")
        link = LINK.search(first)
        term, links = (link[2], LINK.finditer("|".join([first, *rest]))) if link else (first.strip(), [])
        pattern = re.compile("|".join(_form(form) for form in re.split(", |、", term)), re.IGNORECASE)
        yield Row(
            line, glossary.section_at(line), term, other.strip(), [_place(glossary, link) for link in links], pattern
        )


def leading(file: str, table: list[Row], sections: dict[str, Section]) -> Iterator[Problem]:
    """Rows that don't lead to an explanation, or stand out of order."""
    places, last = list(sections), 0
    for row in table:
        for place in row.places or ["nowhere"]:
            if place not in sections:
                yield Problem(
                    file,
                    row.line,
                    f"{row.term} leads to {place}, which is no section of the book; make the term a link to the section that explains it",
                )
            elif not any(row.pattern.fullmatch(bold) for bold in BOLD.findall(sections[place].text)):
                yield Problem(
                    file,
                    row.line,
                    f"{row.term} leads to {place}, where it isn't in bold; link to the section that explains it, and make it bold there",
                )
        if row.places and row.places[0] in sections:
            position = places.index(row.places[0])
            if position < last or row.heading != Path(row.places[0].partition("#")[0]).stem:
                yield Problem(
                    file,
                    row.line,
                    f"{row.term} is explained in {row.places[0]}; move its row to where that chapter's are, in the order of its sections",
                )
            last = position


def early(row: Row, sections: dict[str, Section]) -> Iterator[tuple[str, int]]:
    """Where the term stands before the section that explains it, in a section without a link from it to there."""
    explained = {place.partition("#")[0] for place in row.places}
    if not row.places or row.places[0] not in sections:
        return
    for place, section in sections.items():
        if place == row.places[0]:
            return
        if not row.pattern.search(section.read):  # which most sections haven't
            continue
        use = next(
            (number for number, line in enumerate(section.read.split("\n"), section.line) if row.pattern.search(line)),
            0,
        )
        links = [link for link in LINK.finditer(section.text) if not link[1] and row.pattern.search(link[2])]
        if use and not any(_place(section.page, link).partition("#")[0] in explained for link in links):
            yield place, use


def _form(form: str) -> str:
    """A form in Latin letters has to be a whole word, perhaps a plural."""
    plural = "(?:ys?|ies)" if form.endswith("y") else "(?:e?s)?"
    return rf"(?<![\w-]){re.escape(form.removesuffix('y'))}{plural}(?![\w-])" if form.isascii() else re.escape(form)


def _place(page: Page, link: re.Match[str]) -> str:
    path, _, anchor = link[3].partition("#")
    return f"{posixpath.normpath(posixpath.join(posixpath.dirname(page.path), path)) if path else page.path}#{anchor}"


def _sections(page: Page) -> Iterator[tuple[str, Section]]:
    lines = page.prose.split("\n")
    for heading, end in zip(
        page.headings, [*(heading.line - 1 for heading in page.headings[1:]), len(lines)], strict=True
    ):
        if heading.id != QUOTED:
            text = "\n".join(lines[heading.line : end])
            read = LINK.sub(lambda link: f"{link[2]} {link[4] or ''}", text)
            yield f"{page.path}#{heading.id}", Section(page, heading.line + 1, text, read)
