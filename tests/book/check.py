"""python -m tests.book.check PAGE …: all that the checks of the book have to say of a page, in a few seconds.

Its twin is looked at, too. What takes the whole book, such as the glossary, and the site in a browser, is for pytest.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from docs.hooks.chapters import is_chapter
from tests.book import (
    blocks_alone,
    ceilings,
    chapters,
    fences,
    freshness,
    idioms,
    parity,
    references,
    rendering,
    structure,
    wording,
)
from tests.book.page import LANGUAGES, ROOT, Page, Problem, read_book


def problems(page: Page, root: Path = ROOT) -> list[Problem]:
    with ThreadPoolExecutor(1) as background:  # on one core, while the others run the blocks
        running = background.submit(blocks_alone.run, [block.body for block in page.python])
        found = _of_text(page, root)
    for block, run in zip(page.python, running.result(), strict=True):
        found += blocks_alone.problems(page, block, *run)
    found += [waits for name, waits in freshness.waiting(root).items() if name.partition("#")[0] == page.name]
    return list(dict.fromkeys(found))


def _of_text(page: Page, root: Path) -> list[Problem]:
    pages = {other.file: other for other in read_book(root)}
    found = fences.problems(page) + rendering.problems(page) + wording.problems(page) + chapters.typed(page)
    found += ceilings.problems(page)
    found += parity.headings(page) + references.images(page, set(references.figures(root)))
    found += [problem for link in page.links for problem in references.link(page, link, pages, root)]
    found += [problem for formula in page.formulas for problem in references.formula(page, formula)]
    found += idioms.page_problems(page, root)
    if is_chapter(page.path):
        found += structure.chapter(page)
    twins = [pages.get(f"docs/{language}/{page.path}") for language in LANGUAGES]
    if twins[0] and twins[1]:
        found += parity.pair(twins[0], twins[1])
    return found


def main(arguments: list[str]) -> int:
    pages = {page.file: page for page in read_book()}
    unknown = [name for name in arguments if name not in pages]
    if unknown or not arguments:
        print(f"no page {', '.join(unknown)}; a page is named as {next(iter(pages))}", file=sys.stderr)
        return 2
    found = [problem for name in arguments for problem in problems(pages[name])]
    print("\n".join(map(str, found)) or "Nothing to mend.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
