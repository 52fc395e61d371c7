"""What every chapter has: a place on the map, chapters that it builds on, a summary, and exercises, each with its solution under it."""

from pathlib import Path

from mkdocs.utils.yaml import yaml_load

from docs.hooks.chapters import MAP, numbers, paths
from tests.book.page import LANGUAGES, ROOT, Page, Problem, read_book


def problems(root: Path = ROOT) -> list[Problem]:
    with open(root / "mkdocs.yml", "rb") as file:
        config = yaml_load(file)
    chapters = numbers(config["nav"])
    pages = {(page.language, page.path): page for page in read_book(root)}
    found = needs(config["extra"]["needs"], chapters, list(paths(config["nav"])))
    for language in LANGUAGES:
        written = [pages[language, path] for path in chapters if (language, path) in pages]
        found += [problem for page in written for problem in chapter(page)]
        found += on_map(pages[language, MAP], chapters)
    return found


def needs(given: dict[str, list[str]], chapters: dict[str, int], order: list[str]) -> list[Problem]:
    """Each chapter but the first says in mkdocs.yml what it builds on, and that comes before it in the `order` of reading."""
    wanting = [
        f"needs hasn't got {path}; write {path}: [the chapters without which it can't be followed]"
        for path, number in chapters.items()
        if number and not given.get(path)
    ] + [
        f"{path} can't need {need}, which is no page before it; name an earlier one"
        for path, needed in given.items()
        for need in needed
        if path not in order or need not in order[: order.index(path)]
    ]
    return [Problem("mkdocs.yml", 1, message) for message in wanting]


def on_map(page: Page, chapters: dict[str, int]) -> list[Problem]:
    """The map has a row for each chapter of the navigation, and leads to no other."""
    rows = {link.target: link.line for link in page.links if page.lines[link.line - 1].startswith("| {} |")}
    end = max([*rows.values(), 1])
    return [
        Problem(page.file, end, f"the map hasn't got {path}; give it a row: | {{}} | [title]({path}) | its question |")
        for path in chapters
        if path not in rows
    ] + [
        Problem(page.file, line, f"the map leads to {path}, which is no chapter of nav in mkdocs.yml; put it in there")
        for path, line in rows.items()
        if path not in chapters
    ]


def chapter(page: Page) -> list[Problem]:
    ids = {heading.id for heading in page.headings}
    found = [
        Problem(page.file, len(page.lines), f"the chapter has no {what}; write ## … {{ #{what} }}")
        for what in ("summary", "exercises")
        if what not in ids
    ]
    open_exercise = 0
    boxes = [box for box in page.boxes if page.section_at(box.line) == "exercises"]
    if "exercises" in ids:
        found += [
            Problem(page.file, box.line, "this exercise stands outside #exercises; move it there, with its solution")
            for box in page.boxes
            if box.kind == "!!! example" and box not in boxes
        ]
    for box in boxes:
        if box.kind == "!!! example":
            found += _unsolved(page, open_exercise)
            open_exercise = box.line
        elif box.kind == "??? success":
            if not open_exercise:
                cure = "put each solution right under its exercise"
                found.append(Problem(page.file, box.line, f"this solution follows no exercise; {cure}"))
            open_exercise = 0
    if "exercises" in ids and not any(box.kind == "!!! example" for box in boxes):
        found.append(
            Problem(page.file, len(page.lines), 'no exercise stands under #exercises; write !!! example "Title"')
        )
    return found + _unsolved(page, open_exercise)


def _unsolved(page: Page, line: int) -> list[Problem]:
    cure = 'write ??? success "Solution" under it' if page.language == "en" else '在它下面写 ??? success "解答"'
    return [Problem(page.file, line, f"this exercise has no solution; {cure}")] if line else []
