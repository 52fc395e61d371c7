"""Runs a block of the book in the reader's browser, as `python block.py` would: alone, in a `__main__` of its own."""

import builtins
import io
import linecache
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from types import ModuleType

NAME = "<block>"  # what a traceback calls the block


class Stream(io.TextIOBase):
    """Hands on whatever is written to it."""

    def __init__(self, send: Callable[[str], object]) -> None:
        self.send = send

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.send(text)
        return len(text)


def run(code: str, out: Callable[[str], object], err: Callable[[str], object]) -> str | None:
    """Run `code`, and hand what it prints to `out` and its complaints to `err`.

    Returns None, or where it broke off: "ZeroDivisionError, line 3", as the traceback in `err` says too.
    """
    main = ModuleType("__main__")
    sys.modules["__main__"] = main  # where dataclasses and pickles look for what the block defines
    linecache.cache[NAME] = (len(code), None, code.splitlines(keepends=True), NAME)  # for tracebacks
    with redirect_stdout(Stream(out)), redirect_stderr(Stream(err)):
        try:
            exec(compile(code, NAME, "exec"), main.__dict__)
        except SystemExit as end:
            return None if not end.code else f"SystemExit {end.code}"
        except BaseException as error:
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next  # without this function's frame
            traceback.print_exception(error)
            return f"{type(error).__name__}, line {_line(error)}"
    return None


def _line(error: BaseException) -> int | None:
    """The last line of the block on the way to the error."""
    if isinstance(error, SyntaxError) and error.filename == NAME:
        return error.lineno
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == NAME]
    return lines[-1] if lines else None


def _no_input(prompt: object = "") -> str:
    raise EOFError("a block can't ask for input here: write the value into the code")


builtins.input = _no_input
