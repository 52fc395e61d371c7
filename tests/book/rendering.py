"""What Markdown itself makes of a page, against what page.py reads in it: where the two differ, something would go unchecked."""

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from typing import Any

from markdown import Markdown
from mkdocs.config import load_config

from tests.book.page import ROOT, Page, Problem

CURES = {
    "heading": "write headings as # lines at the left margin",
    "code block": "write code in a ``` fence with blank lines around it, never as indented text, HTML or a quotation",
    "formula": r"write formulas as $…$ or, in a paragraph of its own, $$…$$, and a dollar sign as \$",
    "image": "write images as ![text](figure:module.function)",
    "link": "write links as [text](target)",
    "box": 'write !!! kind "title", with a blank line above it',
    "table": "write the table with a blank line above it",
}


class _Structure(HTMLParser):
    """Collects from a page's HTML what page.py reads from its Markdown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[Any]] = {kind: [] for kind in CURES}
        self._collecting = ""
        self._text = ""
        self._rows = self._cells = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        classes = given.get("class", "").split()
        if re.fullmatch("h[1-6]", tag):
            self.found["heading"].append((int(tag[1]), given.get("id", "")))
        elif tag == "img":
            self.found["image"].append(given.get("src", ""))
        elif tag == "a" and not {"headerlink", "footnote-ref", "footnote-backref"} & set(classes):
            self.found["link"].append(given.get("href", ""))
        elif tag == "details" or "admonition" in classes:
            opened = {"details": "???"}.get(tag, "!!!") + ("+" if "open" in given else "")
            self.found["box"].append(f"{opened} {next(name for name in classes if name != 'admonition')}")
        elif tag == "table":
            self._rows = self._cells = 0
        elif tag == "tr":
            self._rows += 1
        elif tag in ("th", "td"):
            self._cells += 1
        elif tag == "pre" or "arithmatex" in classes:
            self._collecting, self._text = tag, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.found["table"].append((self._rows, self._cells // self._rows))
        if tag != self._collecting:
            return
        self._collecting = ""
        if tag == "pre":
            self.found["code block"].append(self._text)
        else:
            dollars = "$$" if tag == "div" else "$"
            self.found["formula"].append(dollars + self._text.strip()[2:-2].strip() + dollars)


@cache
def _markdown() -> Markdown:
    config = load_config(str(ROOT / "mkdocs.yml"), plugins=[], hooks=[])  # a second's worth of imports
    uncolored = {"pymdownx.highlight": config.mdx_configs["pymdownx.highlight"] | {"use_pygments": False}}
    return Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs | uncolored)


def rendered(page: Page) -> dict[str, list[Any]]:
    """What a reader of the page gets to see, kind by kind."""
    structure = _Structure()
    source = "\n".join(page.lines)
    if page.front_matter:
        source = source.replace(f"---\n{page.front_matter}---\n", "", 1)
    structure.feed(_markdown().reset().convert(source))
    structure.close()
    return structure.found


def problems(page: Page) -> list[Problem]:
    """One problem for each kind of thing that Markdown and page.py see differently."""
    read: dict[str, list[tuple[int, Any]]] = {
        "heading": [(heading.line, (heading.level, heading.id)) for heading in page.headings],
        "code block": [(fence.line, fence.body) for fence in page.fences if fence.info != "lab"],
        "formula": [(formula.line, formula.source) for formula in page.formulas],
        "image": [(image.line, image.target) for image in page.images],
        "link": [(link.line, link.target) for link in page.links],
        "box": [(box.line, box.kind) for box in page.boxes],
        "table": [(table.line, (table.rows, table.columns)) for table in page.tables],
    }
    seen = rendered(page)
    # A heading without an id gets one made from its number; that it has none is for parity.py to say.
    for index, (heading, (level, _)) in enumerate(zip(page.headings, seen["heading"], strict=False)):
        if not heading.id:
            seen["heading"][index] = (level, "")
    found = []
    for kind, cure in CURES.items():
        ours, theirs = Counter(_plain(value) for _, value in read[kind]), Counter(map(_plain, seen[kind]))
        for value in [*(ours - theirs), *(theirs - ours)][:1]:
            line = next((line for line, known in read[kind] if _plain(known) == value), _line_of(page, value))
            shown = value if not isinstance(value, str) else (value.strip().splitlines() or [""])[0][:60]
            message = f"readers get {theirs[value]} × the {kind} {shown!r}, the checks see {ours[value]}"
            found.append(Problem(page.file, line, f"{message}; {cure}"))
    return found


def _plain(value: object) -> object:
    """Without the white space that HTML doesn't keep."""
    return "\n".join(map(str.rstrip, value.split("\n"))).strip("\n") if isinstance(value, str) else value


def _line_of(page: Page, value: Any) -> int:
    """The line where something that only Markdown sees starts, as well as one can tell."""
    text = value if isinstance(value, str) else str(value[-1])
    first = (text.strip().splitlines() or [""])[0]
    for sought in filter(None, [first, first.rpartition(" ")[2]]):
        for number, line in enumerate(page.lines, 1):
            if sought.lower() in line.lower():
                return number
    return 1
