"""The third promise, as far as structure shows it: both languages have the same pages, sections, code, formulas, figures and links.

Paragraphs may differ in number and build. What only a person can compare, freshness.py watches.
"""

import io
import posixpath
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.utils.meta import get_data
from mkdocs.utils.yaml import yaml_load

from tests.book.page import ROOT, Fence, Page, Problem, read_book, words

KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HAN = re.compile(r"[\u3400-\u9fff]")
CODE_KINDS = {
    "python": "python block",
    "text": "output",
    "py": "listing",
    "console": "terminal session",
    "lab": "code cell",
}
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}
SAME_TITLES = {"Transformer"}  # sections of the navigation that have one name in both languages


def problems(root: Path = ROOT) -> list[Problem]:
    """Where the two languages of the book at `root` differ."""
    pages = read_book(root)
    chinese, english = ({page.path: page for page in pages if page.language == language} for language in ("zh", "en"))
    found = [problem for page in pages for problem in headings(page)]
    for path in sorted(chinese.keys() | english.keys()):
        if path in chinese and path in english:
            found += pair(chinese[path], english[path])
        else:
            here, there = ("zh", "en") if path in chinese else ("en", "zh")
            found.append(
                Problem(f"docs/{here}/{path}", 1, f"docs/{there}/{path} is missing; write it, or take this page out")
            )
    return found + configurations(root)


def headings(page: Page) -> list[Problem]:
    """Each heading has an id of its own that is the same in both languages and fit for an address."""
    found, seen = [], set()
    for heading in page.headings:
        if not heading.id:
            found.append(
                Problem(
                    page.file,
                    heading.line,
                    f"the heading {heading.text!r} has no id; add one, the same in both languages: {{ #some-id }}",
                )
            )
        elif not KEBAB_CASE.fullmatch(heading.id):
            found.append(
                Problem(
                    page.file,
                    heading.line,
                    f"the id {heading.id!r} isn't fit for an address; write it in small letters, digits and hyphens",
                )
            )
        elif heading.id in seen:
            found.append(
                Problem(page.file, heading.line, f"the id {heading.id!r} stands twice on this page; choose another")
            )
        seen.add(heading.id)
    return found


def pair(chinese: Page, english: Page) -> list[Problem]:
    """Where a page and its twin differ in structure."""
    found = []
    keys = [
        sorted(get_data(f"---\n{page.front_matter}---\n")[1]) if page.front_matter else []
        for page in (chinese, english)
    ]
    if keys[0] != keys[1]:
        found.append(
            Problem(
                english.file, 1, f"the front matter has {keys[1]}, in {chinese.file} {keys[0]}; give both the same keys"
            )
        )
    ours, theirs = ([(heading.level, heading.id) for heading in page.headings] for page in (english, chinese))
    if ours != theirs:
        index = next(
            (i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
        )
        line = english.headings[index].line if index < len(ours) else len(english.lines)
        there = chinese.headings[index].line if index < len(theirs) else len(chinese.lines)
        has, wanted = (
            f"{'#' * x[index][0]} {{ #{x[index][1]} }}" if index < len(x) else "no heading" for x in (ours, theirs)
        )
        found.append(
            Problem(
                english.file,
                line,
                f"here stands {has}, in {chinese.file}:{there} {wanted}; give both the same headings, levels and ids",
            )
        )
    our_cells, their_cells = ([cell.kind for cell in page.cells] for page in (english, chinese))
    if our_cells != their_cells:
        index = next(
            (i for i, (a, b) in enumerate(zip(our_cells, their_cells, strict=False)) if a != b),
            min(len(our_cells), len(their_cells)),
        )
        line, there = (
            page.cells[index].line if index < len(page.cells) else len(page.lines) for page in (english, chinese)
        )
        has, wanted = (f"a {x[index]} cell" if index < len(x) else "no cell" for x in (our_cells, their_cells))
        found.append(
            Problem(
                english.file, line, f"here stands {has}, in {chinese.file}:{there} {wanted}; give both the same cells"
            )
        )
    for section in (section for section in english.sections if section in chinese.sections):
        found += _in_section(section, chinese, english)
    for cell in (fence for fence in english.fences if fence.info == "lab"):
        for number, code in enumerate(cell.body.split("\n"), cell.line + 1):
            if HAN.search(code):
                found.append(
                    Problem(
                        english.file,
                        number,
                        f"the cell has Chinese words: {code.strip()}; write them in English, and what readers see into words = {{…}}",
                    )
                )
    return sorted(found, key=lambda problem: problem.line)


def _in_section(section: str, chinese: Page, english: Page) -> list[Problem]:
    found = []
    there, here = (_things(page, section) for page in (chinese, english))
    for kind in here:
        ours, theirs = here[kind], there[kind]
        if kind in {"formula", "link"}:  # they may move within their section
            missing = Counter(value for _, value in theirs) - Counter(value for _, value in ours)
            extra = Counter(value for _, value in ours) - Counter(value for _, value in theirs)
            a = next(((line, value) for line, value in ours if value in extra), None)
            b = next(((line, value) for line, value in theirs if value in missing), None)
        else:
            index = next(
                (i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a[1] != b[1]),
                min(len(ours), len(theirs)),
            )
            a, b = (things[index] if index < len(things) else None for things in (ours, theirs))
        if a or b:
            line = a[0] if a else english.sections[section][0]
            other = f"{chinese.file}:{b[0] if b else chinese.sections[section][0]}"
            found.append(
                Problem(
                    english.file,
                    line,
                    f"in #{section}, {_difference(kind, a, b)} {other}; give both languages the same",
                )
            )
    return found


def _difference(kind: str, here: tuple[int, Any] | None, there: tuple[int, Any] | None) -> str:
    """What is told before the other language's file and line."""
    if kind == "code" and here and there and here[1][0] == there[1][0]:
        return f"the {here[1][0]} isn't the one at"
    ours, theirs = (
        f"no such {kind}" if not thing else f"a {thing[1][0]}" if kind == "code" else f"the {kind} {thing[1]}"
        for thing in (here, there)
    )
    return f"here stands {ours}, but {theirs} at"


def _things(page: Page, section: str) -> dict[str, list[tuple[int, Any]]]:
    """What a section shares with its twin, kind by kind, as (line, value)."""

    def here(things: Iterable[Any]) -> Iterator[Any]:
        return (thing for thing in things if page.section_at(thing.line) == section)

    return {
        "code": [(fence.line, (CODE_KINDS.get(fence.info, fence.info), code(fence))) for fence in here(page.fences)],
        "displayed formula": [
            (formula.line, _spaced(formula.tex)) for formula in here(page.formulas) if formula.displayed
        ],
        "formula": [(formula.line, _spaced(formula.tex)) for formula in here(page.formulas) if not formula.displayed],
        "figure": [(image.line, image.target) for image in here(page.images)],
        "box": [(box.line, box.kind) for box in here(page.boxes)],
        "table": [(table.line, f"{table.rows} × {table.columns}") for table in here(page.tables)],
        # The pages of other people may have editions in both languages; where a page lists them, each names its own.
        "link": [
            (link.line, _target(page, link.target))
            for link in here(page.links)
            if section != "references" or ":" not in link.target
        ],
    }


def _spaced(tex: str) -> str:
    return " ".join(tex.split())


def _target(page: Page, target: str) -> str:
    """A link's target from the root of the language's tree."""
    if ":" in target:
        return target
    path, _, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), path)) if path else page.path
    return f"{path}#{anchor}" if anchor else path


def code(fence: Fence) -> object:
    """What has to be the same of a fence: all of it, apart from comments and, in Python, layout.

    What a block prints is the same in both languages, so its strings are too. A lab has all the words for its readers in
    one cell, `words = {…}`: of that cell the keys have to be the same.
    """
    if fence.info == "console":
        return re.sub(r"(?m)(^|[ \t]+)#[ \t].*", "", fence.body)
    if fence.info not in {"python", "lab"}:
        return fence.body
    if fence.info == "lab" and words(fence):
        return list(words(fence))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(fence.body).readline))
    except (tokenize.TokenError, SyntaxError):
        return fence.body
    kept = [token for token in tokens if token.type not in LAYOUT]
    layout = {tokenize.INDENT, tokenize.NEWLINE, tokenize.DEDENT}
    return [(token.type, "" if token.type in layout else token.string) for token in kept]


def configurations(root: Path) -> list[Problem]:
    """Both sites have the same navigation, hooks, styles and scripts, and the English one has English titles."""
    found = []
    file = "docs/mkdocs.en.yml"
    with open(root / "mkdocs.yml", "rb") as chinese, open(root / file, "rb") as english:
        theirs, ours = yaml_load(chinese), yaml_load(english)
    for key in ("hooks", "extra_css", "extra_javascript"):
        if _without_prefix(ours.get(key)) != _without_prefix(theirs.get(key)):
            found.append(
                Problem(
                    file,
                    1,
                    f"{key} is {ours.get(key)}, in mkdocs.yml {theirs.get(key)}; list the same files, from this file's folder",
                )
            )
    here, there = _navigation(ours.get("nav", [])), _navigation(theirs.get("nav", []))
    for (depth, title, path), (other_depth, other_title, other_path) in zip(here, there, strict=False):
        if (depth, path) != (other_depth, other_path):
            found.append(
                Problem(
                    file,
                    1,
                    f"nav has {path or title} where mkdocs.yml has {other_path or other_title}; give both the same pages in the same tree",
                )
            )
            break
        if HAN.search(title) or (title == other_title != "" and title not in SAME_TITLES):
            found.append(Problem(file, 1, f"nav has the title {title!r} that mkdocs.yml has; translate it"))
    else:
        if len(here) != len(there):
            found.append(
                Problem(file, 1, f"nav has {len(here)} entries, in mkdocs.yml {len(there)}; give both the same pages")
            )
    return found


def _navigation(entries: list[Any], depth: int = 0) -> list[tuple[int, str, str]]:
    """The entries of a `nav`, from top to bottom, as (depth, title, path); a section has no path, a page may have no title."""
    found = []
    for entry in entries:
        title, value = next(iter(entry.items())) if isinstance(entry, dict) else ("", entry)
        found.append((depth, title, "" if isinstance(value, list) else value))
        if isinstance(value, list):
            found += _navigation(value, depth + 1)
    return found


def _without_prefix(value: Any) -> Any:
    """A list of files from the root of both sites, whichever configuration names them."""
    if isinstance(value, list):
        return [_without_prefix(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_prefix(item) for key, item in value.items()}
    return re.sub(r"^(\.\./|docs/)", "", value) if isinstance(value, str) else value
