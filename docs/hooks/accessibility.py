"""Accessibility: words of the other language are marked as such, an empty cell in a table's head isn't a heading, and a table
has a box of its own to scroll in, before any script comes.

A screen reader speaks the marked words in their own language, and a browser draws Chinese characters in their Chinese form.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

UNMARKED = ("code", "math", "pre", "script", "style", "title")  # no prose, or no place for a tag
WHOLE = "|".join(rf"<{element}\b.*?</{element}>" for element in UNMARKED)
TAG = re.compile(rf"""({WHOLE}|<(?:[^>"]|"[^"]*")*>)""", re.DOTALL)
EMPTY_HEADING = re.compile(r"<th([^>]*)></th>")
HAN = re.compile("[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uffef ]*[\u3400-\u9fff])?")
LETTERS = r"[A-Za-z][A-Za-z'’.-]*"
PHRASE = re.compile(rf"{LETTERS}(?:[:,]? {LETTERS})+|(?<=（){LETTERS}(?=）)")  # two words or more, or one as a gloss
WORD = re.compile(rf"{LETTERS}$")


def mark_other_language(content: str, language: str) -> str:
    """The HTML of a page with `lang` around its Chinese words, if it is in English; around its English phrases and glosses,
    and words that have a table's cell to themselves, if it is in Chinese."""
    other, words = ("zh", HAN) if language == "en" else ("en", PHRASE)
    pieces = TAG.split(content)  # text at even places, tags and what isn't marked at odd ones
    drawings = 0  # that the text is within
    for i, piece in enumerate(pieces):
        if i % 2:
            drawings += piece.startswith("<svg") - piece.startswith("</svg")
        elif piece:
            tag = "tspan" if drawings else "span"
            in_cell = i > 0 and pieces[i - 1].startswith(("<td", "<th")) and pieces[i + 1].startswith(("</td", "</th"))
            pattern = WORD if other == "en" and in_cell and WORD.match(piece) else words
            pieces[i] = pattern.sub(rf'<{tag} lang="{other}">\g<0></{tag}>', piece)
    return "".join(pieces)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    content = EMPTY_HEADING.sub(r"<td\1></td>", content)
    content = content.replace("<table>", '<div class="table"><table class="ruled">').replace(
        "</table>", "</table></div>"
    )
    kept = config.extra["kept"]("other_language", Path(__file__).read_bytes())
    marked: str = kept.made(content, lambda: mark_other_language(content, config.theme["language"]))
    return marked
