"""Runs blocks of code, each in an interpreter of its own that has done nothing yet but import scratchml."""

import ast
import os
import sys
import tempfile
from collections.abc import Iterable
from io import TextIOWrapper
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import NamedTuple


class Ran(NamedTuple):
    status: int | None  # None where it took too long
    printed: str
    complaints: str  # on stderr
    files: list[str]  # that it left in its folder


def run(codes: Iterable[str], seconds: float) -> list[Ran]:
    """How each of the codes ran, as many at a time as there are cores, each for so many seconds at most."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes share the cores
    # A process would import what was started here, such as all that tests/book/check.py imports.
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        with tempfile.TemporaryDirectory() as root:
            folders = {Path(root, str(number)): code for number, code in enumerate(codes)}
            statuses = _run(folders, seconds)
            return [Ran(statuses[folder], *_left(folder)) for folder in folders]
    finally:
        sys.modules["__main__"] = main


def _run(codes: dict[Path, str], seconds: float) -> dict[Path, int | None]:
    forkserver = "forkserver" in get_all_start_methods()  # not on Windows
    context = get_context("forkserver" if forkserver else "spawn")
    if forkserver:  # for its copies, which start ten times faster than Python does, to find them imported
        context.set_forkserver_preload(["scratchml", __name__])
    waiting, statuses = list(codes), dict[Path, int | None]()
    running: dict[Path, tuple[BaseProcess, float]] = {}  # and when it has to have ended
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            folder = waiting.pop(0)
            folder.mkdir()
            for path in _outputs(folder):
                path.touch()
            process = context.Process(target=paste, args=(codes[folder], folder))  # type: ignore[attr-defined]
            process.start()
            running[folder] = process, monotonic() + seconds
        wait(
            [process.sentinel for process, _ in running.values()], min(end for _, end in running.values()) - monotonic()
        )
        for folder, (process, end) in list(running.items()):
            statuses[folder] = status = process.exitcode
            if status is None and monotonic() < end:
                continue
            process.kill()
            process.join()
            process.close()
            del running[folder]
    return statuses


def _outputs(folder: Path) -> list[Path]:
    return [folder.with_suffix(suffix) for suffix in (".stdout", ".stderr")]


def _left(folder: Path) -> tuple[str, str, list[str]]:
    printed, complaints = (path.read_text("utf8") for path in _outputs(folder))
    return printed, complaints, sorted(path.name for path in folder.iterdir())


def paste(code: str, folder: Path) -> None:
    """Run `code` as an interactive interpreter does; a value that it would echo is named on stderr."""

    def echo(value: object) -> None:
        if value is not None:
            line = sys._getframe(1).f_lineno
            print(f"line {line}: pasted, this prints its value, too; give it a name", file=sys.stderr)

    os.chdir(folder)
    for stream, path in zip((sys.stdout, sys.stderr), _outputs(folder), strict=True):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
        assert isinstance(stream, TextIOWrapper)
        stream.reconfigure(encoding="utf8")
    sys.displayhook = echo
    try:
        statements = ast.parse(code).body
    except SyntaxError as error:
        sys.exit(f"line {error.lineno}: {error.msg}")
    names = {"__name__": "__main__"}
    for statement in statements:
        exec(compile(ast.Interactive([statement]), "<block>", "single"), names)
