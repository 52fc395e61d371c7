"""A terminal session that shows a script and what it prints is run again: the very script, the very output.

In a `console` fence a line that begins with "$ " is a command, and what follows it is what it prints. `$ cat NAME` shows a
file; the commands after it run in a folder with that file. A fence without "$ " only tells a reader what to enter.
"""

import shlex
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

from tests import mpi
from tests.book.page import Fence, Page, Problem

PROMPT = "$ "


def sessions(page: Page) -> list[Fence]:
    """The page's terminal sessions that show what their commands print."""
    return [fence for fence in page.fences if fence.info == "console" and fence.body.startswith(PROMPT)]


def problems(page: Page, session: Fence, folder: Path) -> list[Problem]:
    """Where the session, run in an empty folder, prints something else than the page."""
    parts: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(session.body.splitlines(), session.line + 1):
        if line.startswith(PROMPT):
            parts.append((number, line.removeprefix(PROMPT), []))
        else:
            parts[-1][2].append(line)
    found = []
    for number, command, shown in parts:
        program, *arguments = shlex.split(command)
        if program == "cat":
            (folder / arguments[0]).write_text("\n".join(shown) + "\n", "utf8")
        else:
            found += _differences(page, number, shown, _run(program, arguments, folder))
    return found


def _run(program: str, arguments: list[str], folder: Path) -> list[str]:
    programs = {"python": sys.executable, "mpiexec": mpi.mpiexec()}
    command = [programs[program], *(sys.executable if word == "python" else word for word in arguments)]
    run = subprocess.run(
        command,
        cwd=folder,
        env=mpi.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf8",
        timeout=120,
    )
    return (run.stdout + run.stderr).splitlines()


def _differences(page: Page, number: int, shown: list[str], printed: list[str]) -> list[Problem]:
    for line, (old, new) in enumerate(zip_longest(shown, printed), number + 1):
        if old != new:
            message = (
                f"the session shows {old!r}, and the command prints {new!r}; write what it prints, in both languages"
            )
            return [Problem(page.file, line, message)]
    return []
