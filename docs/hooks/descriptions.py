"""Descriptions: what a list of search results, or a shared link, says of a page.

First the question that the map on the cover gives it, then as many of the page's first sentences as there is room for.
"""

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

LENGTHS = {"zh": (40, 90), "en": (70, 160)}  # in letters: less says too little, more is cut off by whoever shows it
SENTENCE = {
    "zh": re.compile(r"[^。？！]+[。？！]*[”’）]*"),
    "en": re.compile(r"\S.*?(?:[.?!]+[”’)]*(?=\s+[A-Z“‘(\d]|$)|$)"),
}
ENDED = re.compile(r"[.?!。？！][”’）)]*$")
WORD_ENDS = {
    "zh": re.compile(r"[，、；：。？！]"),
    "en": re.compile(r"[,;:]?\s"),
}  # a Chinese text is cut after a clause
ELLIPSIS = {"zh": "……", "en": "…"}
NUMBER = re.compile(r"^\d+ · ")

MATH = re.compile(r"<math.*?</math>", re.DOTALL)
PART = re.compile(r"(?=<(?:details|div|figure|p|pre)\b)")


class _Opening(HTMLParser):
    """The paragraphs between a page's title and what comes first that isn't one: code, a figure, a box, a section."""

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self.ended = False
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if not self._within and tag == "p" and not attributes:
            self.paragraphs.append("")
        elif not self._within:
            self.ended |= any(self.paragraphs)
        elif self.paragraphs and "download" in dict(attributes):
            self._within[0] = "note"  # on top of a lab, how to open it
            self.paragraphs[-1] = ""
        if tag not in {"br", "img"}:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._within:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if self.ended or not self.paragraphs or self._within[:1] != ["p"]:
            return
        self.paragraphs[-1] += data


def opening(content: str, readable: Callable[[str], str]) -> str:
    """The plain text with which the HTML of a page begins; formulas become `readable`."""
    reader = _Opening()
    for part in PART.split(content.partition("<h2")[0]):  # most of a page is of no use here
        reader.feed(MATH.sub(lambda found: html.escape(readable(found[0])), part))
        if reader.ended:
            break
    return " ".join(" ".join(reader.paragraphs).split())


def describe(question: str, text: str, language: str) -> str:
    """The question, and whole sentences of `text` after it; if that is too little, the beginning of one more."""
    shortest, longest = LENGTHS[language]
    space, full_stop = ("", "。") if language == "zh" else (" ", ".")
    description = question + full_stop if question and not ENDED.search(question) else question
    for sentence in SENTENCE[language].findall(text):
        longer = f"{description}{space}{sentence.strip()}".strip()
        if len(longer) <= longest and ENDED.search(longer):
            description = longer
        else:
            return description if len(description) >= shortest else _cut(longer, language)
    return description


def _cut(text: str, language: str) -> str:
    """As much of the beginning as there is room for, without a part of a word."""
    room = text[: LENGTHS[language][1] - len(ELLIPSIS[language]) + 1]
    *_, end = [found.start() for found in WORD_ENDS[language].finditer(room)] or [len(room) - 1]
    return room[:end] if ENDED.search(room[: end + 1]) else room[:end].rstrip() + ELLIPSIS[language]


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    station = config.extra["stations"].get(page.file.src_uri)
    question = station.question.replace("'", "’") if station else ""
    text = opening(content, config.extra["readable"])
    own = "" if page.is_homepage else describe(question, text, config.theme["language"])
    page.meta["description"] = html.escape(own or config.site_description or "")  # the template takes it as it is


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    # In a list of results the number of a chapter says nothing, and the name of the book much.
    context["subject"] = NUMBER.sub("", str(page.title))
    return context
