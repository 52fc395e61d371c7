"""Solutions: where one repeats the code of its exercise, the lines that it has changed are marked."""

import re
import textwrap
from difflib import SequenceMatcher

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

BOX = re.compile(r"^(!!! example|\?\?\? success)[^\n]*\n(?:(?: {4}[^\n]*)?(?:\n|\Z))+", re.MULTILINE)
BLOCK = re.compile(r"^ {4}```python\n(.*?)^ {4}```$", re.MULTILINE | re.DOTALL)
KEPT = 0.5  # with less of the starter in it, a solution is code of its own


def changed_lines(starter: str, solution: str) -> list[int]:
    """The lines of the solution, counted from 1, that the starter hasn't got; none where it isn't a repetition of it."""
    before, after = starter.split("\n"), solution.split("\n")
    matches = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = {line for match in matches for line in range(match.b, match.b + match.size)}
    if sum(after[line].strip() != "" for line in kept) < KEPT * sum(line.strip() != "" for line in before):
        return []
    return [line + 1 for line in range(len(after)) if line not in kept and after[line].strip()]


def mark_changes(markdown: str) -> str:
    """The page's Markdown, in which each block of a solution says which lines to mark."""
    starters: list[str] = []

    def box(found: re.Match[str]) -> str:
        nonlocal starters
        if found[1] == "!!! example":
            starters = [block[1] for block in BLOCK.finditer(found[0])]
            return found[0]
        return BLOCK.sub(lambda block: _marked(block, starters), found[0])

    return BOX.sub(box, markdown)


def _marked(block: re.Match[str], starters: list[str]) -> str:
    solution = textwrap.dedent(block[1]).rstrip()
    changes = [changed_lines(textwrap.dedent(starter).rstrip(), solution) for starter in starters]
    fewest = min((lines for lines in changes if lines), key=len, default=[])
    return (
        block[0].replace("```python", f'```python hl_lines="{" ".join(map(str, fewest))}"', 1) if fewest else block[0]
    )


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return mark_changes(markdown)
