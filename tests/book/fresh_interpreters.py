"""A program: runs blocks of code, each in an interpreter of its own that has done nothing yet but import scratchml.

Reads [seconds for each, [code, …]] as JSON from stdin, and writes [[exit code, stdout, stderr, files left behind], …] to stdout.
A block runs as it does when a reader pastes it, one statement after the other, where Python echoes each value that isn't used.
With 180 blocks, copying a process that has imported numpy takes half of the time that starting Python anew for each takes.
"""

import ast
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

importlib.import_module("scratchml")  # for the copies to find it imported


def run(code: str, seconds: float) -> tuple[int | None, str, str, list[str]]:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as output:
        paths = [Path(output, name) for name in ("stdout", "stderr")]
        with open(paths[0], "w") as out, open(paths[1], "w") as err:
            status = (start if sys.platform == "win32" else copy)(code, folder, out.fileno(), err.fileno(), seconds)
        printed, complaints = (path.read_text("utf8") for path in paths)
        return status, printed, complaints, sorted(path.name for path in Path(folder).iterdir())


def paste(code: str) -> None:
    """Run `code` as an interactive interpreter does; a value that it would echo is named on stderr."""

    def echo(value: object) -> None:
        if value is not None:
            line = sys._getframe(1).f_lineno
            print(f"line {line}: pasted, this prints its value, too; give it a name", file=sys.stderr)

    sys.displayhook = echo
    names = {"__name__": "__main__"}
    for statement in ast.parse(code).body:
        exec(compile(ast.Interactive([statement]), "<block>", "single"), names)


def copy(code: str, folder: str, stdout: int, stderr: int, seconds: float) -> int | None:
    """Run `code` in a copy of this process; None for an exit code where it took too long."""
    if sys.platform == "win32":
        raise NotImplementedError("Windows can't copy a process")
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_REAL, seconds)  # ends this process, unless the block handles signals
        os.chdir(folder)
        for file, opened in enumerate([os.open(os.devnull, os.O_RDONLY), stdout, stderr]):
            os.dup2(opened, file)
        try:
            paste(code)
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else ended.code is not None
        except BaseException:
            traceback.print_exc()
            status = 1
        sys.stdout.flush()
        os._exit(status)  # without the cleaning up of the process that this is a copy of
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None if status == -signal.SIGALRM else status


def start(code: str, folder: str, stdout: int, stderr: int, seconds: float) -> int | None:
    """The same where processes can't be copied (Windows): start Python again."""
    command = [sys.executable, "-I", "-X", "utf8", __file__, "paste"]
    try:
        return subprocess.run(
            command, cwd=folder, input=code.encode(), stdout=stdout, stderr=stderr, timeout=seconds
        ).returncode
    except subprocess.TimeoutExpired:
        return None


if __name__ == "__main__" and sys.argv[1:] == ["paste"]:
    paste(sys.stdin.read())
elif __name__ == "__main__":
    seconds, codes = json.loads(sys.stdin.read())
    json.dump([run(code, seconds) for code in codes], sys.stdout)
