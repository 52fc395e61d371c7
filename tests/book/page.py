"""A page of the book, read into its structure with line numbers: what all the checks here look at.

The reader knows the Markdown that the book is written in, not all Markdown; rendering.py names a page in which
Markdown itself sees something else than this reader, so that nothing hides from the checks.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LANGUAGES = ("zh", "en")
EXPECTED_OUTPUT = "<!--pytest-codeblocks:expected-output-->"
CODE, FORMULA = "\ue000", "\ue001"  # stand for inline code and formulas in a page's prose
PLOT = "plot:"  # the target of the image that a code cell of a lab draws

FENCE = re.compile(r"((?:[ \t]|>|[-*+][ \t]|\d+[.)][ \t])*)(`{3,}|~{3,})(.*)")
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
INLINE_CODE = re.compile(r"(?<![\\`])(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)
DISPLAYED = re.compile(r"(?<!\\)\$\$((?:\\.|(?!\n[ \t]*\n)[^\\])+?)\$\$", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$(?![\s$])((?:\\.|(?!\n[ \t]*\n)[^\\$\ue000])+?)(?<!\s)\$", re.DOTALL)
HEADING = re.compile(r"^(#{1,6})(.*)$", re.MULTILINE)
HEADING_ID = re.compile(r"\{[^{}]*#([^\s{}]+)[^{}]*\}\s*$")
BOX = re.compile(r"^[ \t]*(!!!|\?\?\?\+?)[ \t]*([\w-]+)", re.MULTILINE)
TABLE = re.compile(
    r"^([ \t]*\S.*\n)([ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*)((?:\n[ \t]*\S.*)*)", re.MULTILINE
)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*<?((?:[^()\s<>]|\([^()\s]*\))*)>?(?:\s+\"(.*?)\")?\s*\)")
AUTOLINK = re.compile(r"<((?:https?|mailto):[^>\s]+)>")
CELL = re.compile(r"# %%( \[markdown\])?(.*)")
ALT = re.compile(r'\balt="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Problem:
    """What is wrong at a line of a file, and what to do about it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class Heading(NamedTuple):
    line: int
    level: int
    id: str
    text: str


class Fence(NamedTuple):
    line: int
    end: int  # the line of the closing fence; 0 where there is none
    prefix: str  # what stands before the fence in its line: spaces, in a sound page
    marker: str
    info: str
    body: str


class Formula(NamedTuple):
    line: int
    tex: str
    displayed: bool

    @property
    def source(self) -> str:
        return f"$${self.tex}$$" if self.displayed else f"${self.tex}$"


class Image(NamedTuple):
    line: int
    alt: str
    target: str


class Link(NamedTuple):
    line: int
    target: str


class Box(NamedTuple):
    line: int
    kind: str  # such as "!!! note"


class Table(NamedTuple):
    line: int
    rows: int
    columns: int


class Comment(NamedTuple):
    line: int
    text: str


class Cell(NamedTuple):
    line: int
    kind: str  # markdown or code


class Page:
    """The page or lab `file`, such as docs/zh/index.md, whose source is `text`.

    Of a lab, `lines` are its Markdown, line for line, and its code cells are fences `lab`; what a cell says that it draws
    stands there as an image, and the `words` of the lab as text.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        _, self.language, self.path = file.split("/", 2)
        self.name = self.path.rpartition(".")[0]
        self.is_lab = file.endswith(".py")
        self.lines, self.cells, code = (
            _lab(text.split("\n")) if self.is_lab else (text.split("\n"), [], [])
        )  # line 1 is lines[0]
        fences = list(_fences(self.lines))
        self.fences = sorted([*fences, *code])
        self.front_matter = ""
        self._read_prose(fences)

    def _read_prose(self, fences: list[Fence]) -> None:
        lines = list(self.lines)
        for fence in fences:
            last = fence.end or len(lines)
            lines[fence.line - 1 : last] = [""] * (last - fence.line + 1)
        # What is found is blanked out, so that no formula is found in code and no link in a formula.
        prose = "\n".join(lines)
        if front_matter := FRONT_MATTER.match(prose):
            self.front_matter = front_matter[1]
            prose = _fill(prose, FRONT_MATTER, " ")
        prose = _fill(prose, INLINE_CODE, CODE)
        self.comments = [Comment(_line(prose, found), found[0]) for found in COMMENT.finditer(prose)]
        prose = _fill(prose, COMMENT, " ")
        formulas = [Formula(_line(prose, found), found[1].strip(), True) for found in DISPLAYED.finditer(prose)]
        prose = _fill(prose, DISPLAYED, FORMULA)
        formulas += [Formula(_line(prose, found), found[1].strip(), False) for found in INLINE.finditer(prose)]
        self.formulas = sorted(formulas)
        prose = _fill(prose, INLINE, FORMULA)
        self.headings = [_heading(_line(prose, found), found) for found in HEADING.finditer(prose)]
        self.boxes = [Box(_line(prose, found), f"{found[1]} {found[2]}") for found in BOX.finditer(prose)]
        self.tables = [
            Table(_line(prose, found), 1 + found[3].count("\n"), _columns(found[2]))
            for found in TABLE.finditer(prose)
            if "|" in found[2]
        ]
        found_links = list(LINK.finditer(prose))
        self.images = [Image(_line(prose, found), found[2], found[3]) for found in found_links if found[1]]
        links = [Link(_line(prose, found), found[3]) for found in found_links if not found[1]]
        self.links = sorted(links + [Link(_line(prose, found), found[1]) for found in AUTOLINK.finditer(prose)])
        self.prose = (
            prose  # the page, line for line, without fences, comments and front matter, inline code and formulas masked
        )

    @property
    def python(self) -> list[Fence]:
        return [fence for fence in self.fences if fence.info == "python"]

    def output_of(self, block: Fence) -> Fence | None:
        """The fence with the expected output, directly under the python `block`."""
        if self.lines[block.end : block.end + 1] != [block.prefix + EXPECTED_OUTPUT]:
            return None
        return next(
            (f for f in self.fences if f.line == block.end + 2 and (f.info, f.prefix) == ("text", block.prefix)), None
        )

    def section_at(self, line: int) -> str:
        """The id of the section that a line is in; "" before the first heading."""
        return next((heading.id or heading.text for heading in reversed(self.headings) if heading.line <= line), "")

    @cached_property
    def sections(self) -> dict[str, tuple[int, str]]:
        """The first line and the source text of each section, which ends at the next heading."""
        starts = [("", 1), *((heading.id or heading.text, heading.line) for heading in self.headings)]
        source = self.text.split("\n")
        ends = [line for _, line in starts[1:]] + [len(source) + 1]
        sections: dict[str, tuple[int, str]] = {}
        for (key, start), end in zip(starts, ends, strict=True):
            text = "\n".join(line.rstrip() for line in source[start - 1 : end - 1]).rstrip()
            if self.is_lab:  # the cell that the next heading opens
                text = re.sub(r"(\A|\n)# %% \[markdown\]\Z", "", text).rstrip()
            if key in sections:  # two headings with one id: parity.py names them; here nothing may get lost
                start, text = sections[key][0], f"{sections[key][1]}\n{text}"
            if key or text:
                sections[key] = (start, text)
        return sections


def read_book(root: Path = ROOT) -> list[Page]:
    """All pages and labs, in both languages."""
    return [
        Page(path.relative_to(root).as_posix(), path.read_text("utf8"))
        for path in _files(root)
        if path.suffix in {".md", ".py"}
    ]


def unread(root: Path = ROOT) -> list[Problem]:
    """Files of the book that MkDocs may show and that no test looks at."""
    cure = "write pages as .md and labs as .py in jupytext's percent format"
    return [
        Problem(path.relative_to(root).as_posix(), 1, f"no test reads this file; {cure}")
        for path in _files(root)
        if path.suffix not in {".md", ".py"}
    ]


def _files(root: Path) -> list[Path]:
    paths = [path for language in LANGUAGES for path in (root / "docs" / language).rglob("*")]
    return sorted(
        path for path in paths if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    )


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def _fill(text: str, pattern: re.Pattern[str], character: str) -> str:
    return pattern.sub(lambda found: re.sub(r"[^\n]", character, found[0]), text)


def _heading(line: int, found: re.Match[str]) -> Heading:
    id = HEADING_ID.search(found[2])
    return Heading(line, len(found[1]), id[1] if id else "", found[2].strip())


def _columns(delimiters: str) -> int:
    return delimiters.strip().strip("|").count("|") + 1


def _fences(lines: list[str]) -> Iterator[Fence]:
    number = 0
    while number < len(lines):
        number += 1
        opening = FENCE.fullmatch(lines[number - 1])
        if not opening:
            continue
        prefix, marker, info = opening.groups()
        closing = re.compile(rf"[\s>]*{marker[0]}{{{len(marker)},}}\s*")
        end = next((later for later in range(number + 1, len(lines) + 1) if closing.fullmatch(lines[later - 1])), 0)
        body = lines[number : (end or len(lines) + 1) - 1]
        indent = re.compile(rf"[ \t]{{0,{len(prefix)}}}")
        yield Fence(number, end, prefix, marker, info, "".join(indent.sub("", line, count=1) + "\n" for line in body))
        number = end or len(lines)


def _lab(lines: list[str]) -> tuple[list[str], list[Cell], list[Fence]]:
    """A notebook in jupytext's percent format: its Markdown, line for line, its cells, and those with code as fences `lab`."""
    markdown, cells, code = [""] * len(lines), [], []
    for number, line in enumerate(lines, 1):
        if opening := CELL.fullmatch(line):
            cells.append(Cell(number, "markdown" if opening[1] else "code"))
            if not opening[1]:
                alt = ALT.search(opening[2])
                markdown[number - 1] = f"![{alt[1]}]({PLOT})" if alt else ""
                code.append(Fence(number, number, "", "# %%", "lab", ""))
        elif cells and cells[-1].kind == "code":
            code[-1] = code[-1]._replace(end=number, body=f"{code[-1].body}{line}\n")
        elif cells:
            markdown[number - 1] = re.sub(r"^# ?", "", line)
    for cell in code:
        for number, word in words(cell).values():
            markdown[number - 1] += word
    return markdown, cells, code


def words(cell: Fence) -> dict[str, tuple[int, str]]:
    """What a cell that does nothing but say `words = {…}` has for its readers: key → line and text in their language."""
    try:
        statements = ast.parse(cell.body).body
    except SyntaxError:
        return {}
    match statements:
        case [ast.Assign(targets=[ast.Name(id="words")], value=ast.Dict(keys=keys, values=values))]:
            texts = [
                (key.value, cell.line + value.lineno, value.value)
                for key, value in zip(keys, values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
                if isinstance(key.value, str) and isinstance(value.value, str)
            ]
            if len(texts) == len(keys):
                return {key: (line, text) for key, line, text in texts}
    return {}
