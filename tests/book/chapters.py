"""Nobody types the number of a chapter or of an exercise: docs/hooks/chapters.py counts, so that a chapter can be put in.

The works of others, which stand under references, have numbers of their own.
"""

import re
from pathlib import Path

from tests.book.page import LINK, ROOT, Page, Problem, read_book
from tests.book.wording import QUOTED

TYPED = {
    re.compile(
        r"\b[Cc]h(?:apters?|\.) \d+"
    ): "link to the chapter, and leave its number to the link: [](path.md), or [Chapter {}](path.md)",
    re.compile(r"第 ?\d+ ?章"): "link to the chapter, and leave its number to the link: [](path.md)",
    re.compile(
        r"\b[Ee]xercises? \d+\.\d+|练习 ?\d+\.\d+"
    ): "link to the exercise, and leave its number to the link: [](path.md#exercise-2)",
    re.compile(r"^#+ \d+ · "): "write the title alone; it gets the number that its place in the navigation gives it",
    re.compile(r"^[!?]{3}\+? \w+ \".*\d+\.\d+.*"): "write the title alone; exercises and solutions are counted",
    re.compile(r"^.*\[\d+\]\([^()]*\.md"): "write {} for the number",
    re.compile(r"^\| \d+ \|(?=.*\.md\))"): "write {} for the number",
}
IN_CODE = re.compile(r"\bchapters? \d+|第 ?\d+ ?章")
LAB = "a lab names chapters by their titles, since the notebook that readers download has no numbers: give the link a text"


def problems(root: Path = ROOT) -> list[Problem]:
    found = [problem for page in read_book(root) for problem in typed(page)]
    for folder in ("docs/figures", "docs/hooks", "benchmarks"):
        for path in sorted((root / folder).glob("*.py")):
            found += in_code(path.relative_to(root).as_posix(), path.read_text("utf8"))
    return found


def typed(page: Page) -> list[Problem]:
    """Numbers that would be wrong as soon as a chapter is put in before them."""
    found = []
    for line, text in enumerate(page.prose.split("\n"), 1):
        shown = LINK.sub(lambda link: f"{link[2]} {link[4] or ''}", text)
        if page.section_at(line) == QUOTED and not text.startswith("#"):
            continue
        for pattern, cure in TYPED.items():
            if match := pattern.search(text if pattern.pattern.startswith("^") else shown):
                found.append(Problem(page.file, line, f"{match[0].strip()!r} is typed; {cure}"))
    if page.is_lab:
        found += [
            Problem(page.file, line, LAB)
            for line, text in enumerate(page.prose.split("\n"), 1)
            for link in LINK.finditer(text)
            if not link[1] and (not link[2] or "{}" in link[2])
        ]
    for fence in page.fences:
        for number, text in enumerate(fence.body.split("\n"), fence.line + 1):
            found += _in_line(page.file, number, text)
    return sorted(found, key=lambda problem: problem.line)


def in_code(file: str, text: str) -> list[Problem]:
    """The code of the book names chapters by their slugs."""
    return [problem for line, code in enumerate(text.split("\n"), 1) for problem in _in_line(file, line, code)]


def _in_line(file: str, line: int, text: str) -> list[Problem]:
    match = IN_CODE.search(text)
    return (
        [Problem(file, line, f"{match[0]!r} is typed; name the chapter by its slug, chapter optimization")]
        if match
        else []
    )
