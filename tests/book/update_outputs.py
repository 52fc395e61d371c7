"""python -m tests.book.update_outputs [PAGE …]: runs the python blocks of the pages (or of all), and writes what they print under them.

It is for writing: look at what changed before you keep it. In CI, where nobody looks, it refuses to run.
"""

import os
import sys
from pathlib import Path

from tests.book import blocks_alone
from tests.book.fences import form
from tests.book.page import EXPECTED_OUTPUT, ROOT, Fence, Page, Problem, read_book


def update(page: Page) -> tuple[str, list[Problem]]:
    """The page's source with real outputs, and the blocks that can't have one; with any such block the source stays as it is."""
    misread = [problem for fence in page.fences for problem in form(page, fence)]
    if misread:
        return page.text, misread
    runs = blocks_alone.run(block.body for block in page.python)
    faults = [
        Problem(page.file, block.line, f"the block {fault}")
        for block, (_, fault) in zip(page.python, runs, strict=True)
        if fault
    ]
    if faults:
        return page.text, faults
    lines = list(page.lines)
    for block, (printed, _) in reversed(list(zip(page.python, runs, strict=True))):
        written = [EXPECTED_OUTPUT, "```text", *printed.splitlines(), "```"]
        lines[block.end : _end_of_output(page, block)] = [block.prefix + line if line else "" for line in written]
    return "\n".join(lines), []


def _end_of_output(page: Page, block: Fence) -> int:
    """The last line of what stands under `block` as its output, however it is set; the block's own where there is none."""
    rest = block.end
    while rest < len(page.lines) and page.lines[rest].strip() in {"", EXPECTED_OUTPUT}:
        rest += 1
    text = next((fence for fence in page.fences if fence.line == rest + 1 and fence.info == "text"), None)
    if text:
        return text.end
    return block.end + (page.lines[block.end : block.end + 1] == [block.prefix + EXPECTED_OUTPUT])


def main(arguments: list[str], root: Path = ROOT) -> int:
    if os.environ.get("CI"):
        print("update_outputs is for writing, not for CI: there a wrong output has to fail.", file=sys.stderr)
        return 2
    pages = {page.file: page for page in read_book(root) if not page.is_lab}
    unknown = [name for name in arguments if name not in pages]
    if unknown:
        print(f"no page {', '.join(unknown)}; a page is named as {next(iter(pages))}", file=sys.stderr)
        return 2
    failed = False
    for name in arguments or pages:
        page = pages[name]
        text, faults = update(page)
        for fault in faults:
            print(fault, file=sys.stderr)
        failed = failed or bool(faults)
        if text != page.text:
            (root / page.file).write_text(text, "utf8", newline="\n")
            print(f"{page.file}: outputs written, look at them")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
