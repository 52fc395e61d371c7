"""The first promise as a reader tests it: a block pasted into a fresh interpreter prints what stands under it, and nothing else."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.book.page import Fence, Page, Problem


def run(code: str, *, timeout: float = 60) -> tuple[str, str]:
    """What `code` prints in a fresh interpreter in an empty folder, and what is wrong with how it ran, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            # -I: nothing from the environment or the folder; the package is found because it is installed.
            command = [sys.executable, "-I", "-X", "utf8", "-c", code]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf8", timeout=timeout, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return "", f"runs longer than {timeout} seconds; make it smaller"
        written = sorted(path.name for path in Path(folder).iterdir())
    if done.stderr:
        return done.stdout, f"ends with {done.stderr.strip().splitlines()[-1]!r} on stderr; mend the block"
    if done.returncode:
        return done.stdout, f"exits with {done.returncode}; mend the block"
    if written:
        return done.stdout, f"writes the file {written[0]}; a block uses no files"
    if not done.stdout.strip():
        return done.stdout, "prints nothing; let it print what it found"
    if not done.stdout.endswith("\n"):
        return done.stdout, "doesn't end its last line; print it with its line end"
    return done.stdout, ""


def problems(page: Page, block: Fence, printed: str, fault: str) -> list[Problem]:
    """What is wrong with a block that has `printed` this, run alone, with this `fault`."""
    if fault:
        return [Problem(page.file, block.line, f"the block, run alone, {fault}")]
    output = page.output_of(block)
    expected = output.body.splitlines() if output else []
    for number, (line, wanted) in enumerate(zip(printed.splitlines(), expected, strict=False), 1):
        if line != wanted:
            cure = f"if that is right: python -m tests.book.update_outputs {page.file}"
            return [Problem(page.file, block.end + 2 + number, f"the output says {wanted!r}, the block prints {line!r}; {cure}")]
    if output is None or printed != output.body:
        cure = f"if that is right: python -m tests.book.update_outputs {page.file}"
        return [Problem(page.file, block.line, f"the output has {len(expected)} lines, the block prints {len(printed.splitlines())}; {cure}")]
    return []
