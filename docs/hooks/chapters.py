"""Chapter numbers come from the place in the navigation: nobody types one.

A chapter's number stands before its title, and in the appendix before the titles of what belongs to it. Its exercises are
counted too, and each has an id, `exercise-2`. In a link, `{}` is the number of what the link leads to, and a link without a
text reads “chapter n”, or “exercise n.2”. On the map, `{}` opens the row of a chapter, written or still to come.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

FIRST = "foundations.md"  # whose number is 0
PARTS = ("neural-networks/", "transformer/", "beyond/")
WITHOUT_NUMBER = {"transformer/attention-on-paper.md", "beyond/where-next.md"}
MAP = "index.md"
WORDS = {
    "zh": {"chapter": "第 {} 章", "exercise": "练习 {}", "solution": "{} 的解答", "link": "链接到这道练习"},
    "en": {
        "chapter": "chapter {}",
        "exercise": "exercise {}",
        "solution": "Solution to {}",
        "link": "Link to this exercise",
    },
}

FENCED = re.compile(r"^[ \t]*(`{3,}).*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(
    r"^(?P<marks>#+) (?P<title>.*?)(?P<id>[ \t]*\{[ \t]*#(?P<slug>[\w-]+)[ \t]*\})[ \t]*$", re.MULTILINE
)
EXERCISES = re.compile(r"^## .*\{ #exercises \}.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BOX = re.compile(r'^(?P<mark>(?P<exercise>!!! example)|\?\?\? success) "(?P<title>[^"\n]*)"[ \t]*$', re.MULTILINE)
LINK = re.compile(r"(?<![!\\])\[(?P<text>(?:[^\[\]]*\{\}[^\[\]]*)?)\]\((?P<target>[^()\s]+)\)")
ROW = re.compile(r"^\| \{\} \|(?P<title>[^|\n]*)", re.MULTILINE)


def numbers(nav: list[Any]) -> dict[str, int]:
    """The number of each chapter in a `nav`, by its path."""
    chapters = filter(is_chapter, paths(nav))
    return {path: number for number, path in enumerate(chapters)}


def is_chapter(path: str) -> bool:
    return path == FIRST or (path.startswith(PARTS) and path not in WITHOUT_NUMBER)


def paths(nav: list[Any]) -> Iterator[str]:
    """The pages of a `nav`, in the order of reading."""
    for entry in nav:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from paths(value) if isinstance(value, list) else [value]


def number(markdown: str, path: str, language: str, chapters: dict[str, int]) -> str:
    """The Markdown of the page `path` with all numbers in it.

    Raises ValueError for a link that should have a number and leads to no chapter, and for a map in another order than
    the navigation.
    """
    if path == MAP:
        markdown = _number_map(markdown, chapters)
    markdown = _outside_fences(markdown, lambda text: _number_links(text, path, language, chapters))
    markdown = EXERCISES.sub(lambda found: _number_exercises(found[0], chapters.get(path), language), markdown)
    slugs = {posixpath.basename(chapter).removesuffix(".md"): n for chapter, n in chapters.items()}
    return _outside_fences(markdown, lambda text: _number_headings(text, path, chapters, slugs))


def _number_headings(markdown: str, path: str, chapters: dict[str, int], slugs: dict[str, int]) -> str:
    def heading(found: re.Match[str]) -> str:
        own = path in chapters and found["marks"] == "#"
        if not own and not (path.startswith("appendix/") and found["slug"] in slugs):
            return found[0]
        n = chapters[path] if own else slugs[found["slug"]]
        return f"{found['marks']} {n} · {found['title']}{found['id']}"

    return HEADING.sub(heading, markdown)


def _number_exercises(section: str, chapter: int | None, language: str) -> str:
    words, count = WORDS[language], 0

    def box(found: re.Match[str]) -> str:
        nonlocal count
        title = found["title"]
        if found["exercise"]:
            count += 1
            title = title if chapter is None else f"{chapter}.{count} {title}"
            title += f"<a class='headerlink' data-search-exclude id='exercise-{count}' href='#exercise-{count}' title='{words['link']}'>#</a>"
        elif chapter is not None:
            title = words["solution"].format(f"{chapter}.{count}")
        return f'{found["mark"]} "{title}"'

    return BOX.sub(box, section)


def _number_links(markdown: str, path: str, language: str, chapters: dict[str, int]) -> str:
    words = WORDS[language]

    def link(found: re.Match[str]) -> str:
        file, _, anchor = found["target"].partition("#")
        linked = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
        if linked not in chapters:
            raise ValueError(f"{found[0]} leads to no chapter, and has no number: give the link a text")
        exercise = re.fullmatch(r"exercise-(\d+)", anchor)
        text = found["text"] or words["exercise" if exercise else "chapter"]
        n = f"{chapters[linked]}.{exercise[1]}" if exercise else str(chapters[linked])
        return f"[{text.replace('{}', n)}]({found['target']})"

    return LINK.sub(link, markdown)


def _number_map(markdown: str, chapters: dict[str, int]) -> str:
    last = -1

    def row(found: re.Match[str]) -> str:
        nonlocal last
        last += 1
        written = re.search(r"\]\(([^()\s]+)\)", found["title"])
        if written and chapters.get(written[1]) != last:
            raise ValueError(
                f"the map has {written[1]} at the place of chapter {last}, the navigation at that of "
                f"{chapters.get(written[1])}: give both the same order"
            )
        return f"| {last} |{found['title']}"

    return ROW.sub(row, markdown)


def _outside_fences(markdown: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for fence in FENCED.finditer(markdown):
        parts += [change(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, change(markdown[end:])])


def on_config(config: MkDocsConfig) -> None:
    config.extra["chapters"] = numbers(config.nav or [])


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    language = config.theme["language"]
    try:
        return number(markdown, page.file.src_uri, language, config.extra["chapters"])
    except ValueError as error:
        raise PluginError(f"docs/{language}/{page.file.src_uri}: {error}") from error
