"""The first promise as a reader tests it: a block pasted into a fresh interpreter prints what stands under it, and nothing else."""

from collections.abc import Iterable

from tests.book import fresh_interpreters
from tests.book.page import Fence, Page, Problem


def run(codes: Iterable[str], *, timeout: float = 60) -> list[tuple[str, str]]:
    """For each code, what it prints in a fresh interpreter in an empty folder, and what is wrong with how it ran, or ""."""
    return [(ran.printed, _fault(timeout, *ran)) for ran in fresh_interpreters.run(codes, timeout)]


def _fault(timeout: float, status: int | None, printed: str, complaints: str, written: list[str]) -> str:
    if status is None:
        return f"runs longer than {timeout} seconds; make it smaller"
    if complaints:
        return f"ends with {complaints.strip().splitlines()[-1]!r} on stderr; mend the block"
    if status:
        return f"exits with {status}; mend the block"
    if written:
        return f"writes the file {written[0]}; a block uses no files"
    if not printed.strip():
        return "prints nothing; let it print what it found"
    if not printed.endswith("\n"):
        return "doesn't end its last line; print it with its line end"
    return ""


def problems(page: Page, block: Fence, printed: str, fault: str) -> list[Problem]:
    """What is wrong with a block that has `printed` this, run alone, with this `fault`."""
    if fault:
        return [Problem(page.file, block.line, f"the block, run alone, {fault}")]
    output = page.output_of(block)
    expected = output.body.splitlines() if output else []
    for number, (line, wanted) in enumerate(zip(printed.splitlines(), expected, strict=False), 1):
        if line != wanted:
            cure = f"if that is right: python -m tests.book.update_outputs {page.file}"
            return [
                Problem(
                    page.file, block.end + 2 + number, f"the output says {wanted!r}, the block prints {line!r}; {cure}"
                )
            ]
    if output is None or printed != output.body:
        cure = f"if that is right: python -m tests.book.update_outputs {page.file}"
        return [
            Problem(
                page.file,
                block.line,
                f"the output has {len(expected)} lines, the block prints {len(printed.splitlines())}; {cure}",
            )
        ]
    return []
