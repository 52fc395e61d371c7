"""Terms: where a chapter first uses a term of the glossary that an earlier one explained, the word leads there, and shows
its definition and its counterpart in the other language to a reader who points at it (theme/javascripts/terms.js)."""

import html
import posixpath
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

GLOSSARY = "appendix/glossary.md"
WITH_TERMS = ("foundations.md", "neural-networks/", "transformer/", "beyond/")
ROW = re.compile(
    r"^\| \[(?P<term>[^\]]+)\]\((?P<place>[^)#\s]+)#(?P<section>[\w-]+)\)[^|\n]*\| (?P<other>[^|\n]+) \| (?P<definition>[^|\n]+) \|$",
    re.MULTILINE,
)
MORE = re.compile(r"(?<=[.。]) ?[^.。]*\[[^\]]*\]\([^)]*\)[^.。]*[.。]")  # “More in …”
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
FORMULA = re.compile(r"\$([^$]+)\$")
WITHOUT_PROSE = "|".join(rf"<{element}\b.*?</{element}>" for element in ("code", "math", "pre", "svg"))
TAG = re.compile(rf"""({WITHOUT_PROSE}|<(?:[^>"]|"[^"]*")*>)""", re.DOTALL)
NAME = re.compile(r"<(/?)([a-z][\w-]*)")
VOID = {"br", "hr", "img", "input", "wbr"}
PROSE = {
    "p",
    "li",
    "ul",
    "ol",
    "em",
    "span",
}  # a word elsewhere is a heading, a link, the term's own explanation, a label
EXERCISES = '<h2 id="exercises"'


class Term(NamedTuple):
    forms: tuple[str, ...]
    other: str  # in the other language
    definition: str  # HTML, with TeX as the arithmatex extension marks it
    page: str  # that explains it
    section: str


def terms(glossary: str) -> list[Term]:
    """The rows of the glossary's tables that lead to an explanation."""
    return [
        Term(
            tuple(re.split(", |、", row["term"])),
            row["other"],
            _html(row["definition"]),
            posixpath.normpath(posixpath.join(posixpath.dirname(GLOSSARY), row["place"])),
            row["section"],
        )
        for row in ROW.finditer(glossary)
    ]


def _html(definition: str) -> str:
    text = html.escape(LINK.sub(r"\1", MORE.sub("", definition)).replace("'", "’"), quote=False)
    return FORMULA.sub(r'<span class="arithmatex">\\(\1\\)</span>', text)


def mark_terms(content: str, known: Sequence[Term], before: Collection[str], address: Callable[[str], str]) -> str:
    """The HTML of a page with the first use of each of the terms that the pages `before` it explain. `address` says where a
    page is, seen from this one."""
    body, exercises, rest = content.partition(EXERCISES)
    pieces = TAG.split(body)  # text at even places, tags and what is no prose at odd ones
    # One 汉字, such as 层, stands in too many words; and only what the page has is looked for, since the glossary is long.
    here = "".join(pieces[::2]).lower()
    forms = [(form, term) for term in known for form in term.forms if len(form) > 1]
    explained = {word: term for form, term in forms for word in _words(form) if word in here}
    if not explained:
        return content
    found_word = _any_of(explained)
    used: set[Term] = set()

    def mark(found: re.Match[str]) -> str:
        term = explained[found[0].lower()]
        if term.page not in before or term in used:
            return found[0]
        used.add(term)
        return (
            f'<a class="term" href="{address(term.page)}#{term.section}">{found[0]}</a>'
            f"<template data-search-exclude><b>{term.other}</b> {term.definition}</template>"
        )

    within: list[str] = []
    for i, piece in enumerate(pieces):
        if i % 2:
            tag = NAME.match(piece)
            is_whole = tag and not tag[1] and piece.endswith(("/>", f"</{tag[2]}>"))
            if tag and tag[2] not in VOID and not is_whole:
                formula = tag[2] == "span" and "arithmatex" in piece
                within = within[:-1] if tag[1] else [*within, "math" if formula else tag[2]]
        elif within and set(within) <= PROSE:
            pieces[i] = found_word.sub(mark, piece)
    return "".join(pieces) + exercises + rest


def _words(form: str) -> list[str]:
    """How a term may stand in a text: in Latin letters also in the plural."""
    form = form.lower()
    if not form.isascii():
        return [form]
    return [form, f"{form[:-1]}ies"] if form.endswith("y") else [form, f"{form}s", f"{form}es"]


def _any_of(words: Collection[str]) -> re.Pattern[str]:
    """The longest of `words` wherever one stands, such as 权重衰减 rather than 权重; one in Latin letters isn't a part of another."""
    longest_first = sorted(words, key=len, reverse=True)
    longest_first.sort(key=str.isascii)  # Transformer 块 before Transformer
    whole = [rf"(?<![\w-]){re.escape(word)}(?![\w-])" if word.isascii() else re.escape(word) for word in longest_first]
    return re.compile("|".join(whole), re.IGNORECASE)


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    glossary = Path(config.docs_dir) / GLOSSARY
    config.extra["terms"] = terms(glossary.read_text("utf8")) if glossary.exists() else []
    return nav


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    def address(path: str) -> str:
        file = files.get_file_from_path(path)
        return get_relative_url(file.url, page.url) if file else ""

    path, order, known = page.file.src_uri, config.extra["reading_order"], config.extra["terms"]
    if not path.startswith(WITH_TERMS) or path not in order or not known:
        return content
    before = order[: order.index(path)]
    kept = config.extra["kept"]("terms", known, Path(__file__).read_bytes())
    marked: str = kept.made([content, before, page.url], lambda: mark_terms(content, known, before, address))
    return marked
