"""How long a chapter may be before its exercises, how many parentheses its prose may have, and that its outputs say what they are.

python -m tests.book.ceilings PAGE … prints what was counted and what is wrong. Formulas, tables, inline code and what is collapsed aren't.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docs.hooks.chapters import is_chapter
from docs.hooks.listings import listing
from tests.book.page import CODE, FORMULA, ROOT, Fence, Page, Problem, read_book
from tests.book.wording import HAN, visible

END = "exercises"  # what stands from there on isn't counted
MAX_PROSE = {"en": 2000, "zh": 3200}
UNIT = {"en": "words", "zh": "汉字"}
MAX_CODE = 150
MAX_PARENTHESES = 8

COUNTED = {"en": re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*"), "zh": re.compile(HAN)}
COLLAPSED = re.compile(r"[ \t]*\?\?\?(?!\+)")
IMAGE = re.compile(r"!\[(?:[^\[\]]|\[[^\[\]]*\])*\](?=\()")  # the description, which only those hear who can't see
PAIR = re.compile(r"[(（]((?:[^()（）]|[(（][^()（）]*[)）])*)[)）]")
NO_PROSE = {  # within parentheses: what names, measures or cites, and says nothing that a sentence could
    "en": re.compile(
        rf"[^a-z]*|[^a-z]*[A-Z]{{2,}}s?|[^a-z]*\b[a-z]{{1,3}}|.*\b1[5-9]\d\d|.*\b20\d\d|(?:[\w·×.+−…{FORMULA}{CODE}-]+, )+[\w·×.+−…{FORMULA}{CODE}]+"
    ),
    "zh": re.compile(rf"(?:(?!{HAN}).)*|.*\b1[5-9]\d\d ?年?|.*\b20\d\d ?年?"),
}
VALUES = {"nan", "inf", "None", "True", "False", "e"}  # letters that name nothing; e as in 1e-05


class Counts(NamedTuple):
    prose: int  # English words, or 汉字
    code: int  # lines of code, output and listings
    parentheses: list[int]  # the line of each pair


def counts(page: Page) -> Counts:
    """What stands before the exercises."""
    end = _end(page)
    words = [text for line, text in _prose(page)]
    pairs = [line for line, inside in _parentheses(page) if not NO_PROSE[page.language].fullmatch(inside.strip())]
    fences = [fence for fence in page.fences if fence.line < end and not _collapsed(page, fence.line)]
    return Counts(sum(len(COUNTED[page.language].findall(text)) for text in words), sum(map(_lines, fences)), pairs)


def problems(page: Page) -> list[Problem]:
    if not is_chapter(page.path):
        return []
    return sorted(too_much(page) + unlabelled(page), key=lambda problem: problem.line)


def too_much(page: Page) -> list[Problem]:
    counted, unit, most = counts(page), UNIT[page.language], MAX_PROSE[page.language]
    line = min(_end(page), len(page.lines))
    found = []
    if counted.prose > most:
        cure = "cut it, or make another chapter of it"
        found.append(
            Problem(page.file, line, f"{counted.prose} {unit} stand before the exercises, at most {most}; {cure}")
        )
    if counted.code > MAX_CODE:
        cure = "show less, or make another chapter of it"
        found.append(
            Problem(
                page.file,
                line,
                f"{counted.code} lines of code and output stand before the exercises, at most {MAX_CODE}; {cure}",
            )
        )
    if len(counted.parentheses) > MAX_PARENTHESES:
        cure = "give what matters a sentence of its own, and leave the rest out"
        places = ", ".join(map(str, counted.parentheses))
        found.append(
            Problem(
                page.file,
                counted.parentheses[MAX_PARENTHESES],
                f"the prose has {len(counted.parentheses)} pairs of parentheses, at most {MAX_PARENTHESES} (lines {places}); {cure}",
            )
        )
    return found


def unlabelled(page: Page) -> list[Problem]:
    """Outputs with rows of bare numbers: each row says what it is, or a header above it does.

    One number, or one array, may be the whole answer of a block.
    """
    found = []
    for block in page.python:
        output = page.output_of(block)
        if output is None or block.line >= _end(page) or _collapsed(page, block.line):
            continue
        rows = list(_rows(output.body))
        bare = [row for row in rows if row.bare]
        if len(bare) > 1 or (bare and len(rows) > 1) or (bare and bare[0].values > 1):
            cure = 'let the block print a word with it, print("rate", rate, "loss", loss), or a line with the names of the columns first'
            found.append(
                Problem(page.file, output.line + bare[0].line, f"{bare[0].text!r} doesn't say what it is; {cure}")
            )
    return found


class Row(NamedTuple):
    line: int  # from 1, within the output
    text: str  # the first line of it
    values: int  # an array is one
    bare: bool


def _rows(output: str) -> Iterator[Row]:
    """The lines of an output; those of one array are one row. Under a line of names alone the rows aren't bare."""
    lines, number, header = output.rstrip("\n").split("\n"), 0, False
    while number < len(lines):
        start, text = number, lines[number]
        while text.count("[") > text.count("]") and number + 1 < len(lines):
            number += 1
            text += " " + lines[number].strip()
        number += 1
        if not text.strip():
            header = False
            continue
        words = text.replace("[", " ").replace("]", " ").split()
        names = set(re.findall(r"[^\W\d_]+", text)) - VALUES
        header = header or (bool(names) and not any(re.fullmatch(r"[-−+\d.,e%:]+", word) for word in words))
        values = len(re.sub(r"\([^()]*\)", "x", _one_array_each(text)).split())
        yield Row(start + 1, lines[start].strip(), values, not names and not header)


def _one_array_each(text: str) -> str:
    """`text` with an x for each outermost pair of brackets."""
    shown, depth = "", 0
    for character in text:
        depth += character == "["
        if not depth:
            shown += character
        if character == "]":
            depth -= 1
            shown += "x" * (depth == 0)
    return shown


def _end(page: Page) -> int:
    return next((heading.line for heading in page.headings if heading.id == END), len(page.lines) + 1)


def _prose(page: Page) -> Iterator[tuple[int, str]]:
    """The lines of prose before the exercises, as they are read."""
    prose = IMAGE.sub(lambda found: "![" + re.sub(r"[^\n]", " ", found[0][2:-1]) + "]", page.prose)
    tables = {line for table in page.tables for line in range(table.line, table.line + table.rows + 1)}
    spoken = Page(page.file, prose)
    for line, text in enumerate(visible(spoken), 1):
        if line >= _end(page):
            return
        if line not in tables and not _collapsed(page, line):
            yield line, text


def _parentheses(page: Page) -> Iterator[tuple[int, str]]:
    lines = list(_prose(page))
    text = "\n".join(text for _, text in lines)
    for found in PAIR.finditer(text):
        before = text[max(0, found.start() - 1) : found.start()]
        if not re.match(rf"[A-Za-z{FORMULA}]", before) or "（" in found[0]:  # f(x) is no parenthesis
            yield lines[text.count("\n", 0, found.start())][0], found[1]


def _collapsed(page: Page, line: int) -> bool:
    """Whether the line is within a box that has to be opened."""
    indent = len(page.lines[line - 1]) - len(page.lines[line - 1].lstrip())
    for text in reversed(page.lines[: line - 1]):
        if text.strip() and (shallower := len(text) - len(text.lstrip())) < indent:
            if COLLAPSED.match(text):
                return True
            indent = shallower
    return bool(COLLAPSED.match(page.lines[line - 1]))


def _lines(fence: Fence) -> int:
    if fence.info == "py":
        try:
            return listing(fence.body).length
        except LookupError:  # fences.py names it
            return 0
    return sum(line.strip() != "" for line in fence.body.splitlines())


def main(names: list[str], root: Path = ROOT) -> None:
    for page in read_book(root):
        if page.file in names or (not names and is_chapter(page.path)):
            counted = counts(page)
            print(
                f"{page.file}: {counted.prose} {UNIT[page.language]}, {counted.code} lines of code and output, "
                f"{len(counted.parentheses)} pairs of parentheses {counted.parentheses}"
            )
            print("".join(f"{problem}\n" for problem in problems(page)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
