"""The first two promises, as far as reading shows them: every block is run, and every output is compared.

pytest-codeblocks skips in silence what isn't exactly ```python, and what some comments ask it to skip. So the book allows
one form only, and a block in any other is a problem here.
"""

import ast
import codeop
import io
import warnings
from functools import cache
from typing import Any

from pytest_codeblocks import extract_from_buffer

from docs.hooks.listings import listing as listed
from tests.book.page import EXPECTED_OUTPUT, Fence, Page, Problem

# What a block may import: nothing here touches files, the network, threads, plots or other processes.
MODULES = {
    "scratchml",
    "numpy",
    "math",
    "cmath",
    "collections",
    "copy",
    "dataclasses",
    "fractions",
    "functools",
    "itertools",
    "operator",
    "re",
    "statistics",
    "string",
    "textwrap",
    "unicodedata",
}
BUILTINS = {"open", "exec", "eval", "compile", "input", "breakpoint", "exit", "quit", "globals", "__import__"}
NUMPY_FILES = {
    "load",
    "loadtxt",
    "genfromtxt",
    "fromfile",
    "memmap",
    "save",
    "savez",
    "savez_compressed",
    "savetxt",
    "DataSource",
}
NUMPY_STATE = {
    "set_printoptions": "with np.printoptions(…):",
    "seterr": "with np.errstate(…):",
    "seterrcall": "with np.errstate(…):",
    "setbufsize": "the default",
}
NUMPY_RANDOM = {
    "default_rng",
    "Generator",
    "BitGenerator",
    "SeedSequence",
    "PCG64",
    "PCG64DXSM",
    "MT19937",
    "Philox",
    "SFC64",
}


MAX_LISTING = 15  # lines that are shown, the signature counted as one
LONG_LISTINGS: dict[str, str] = {}  # the reason why each is better whole; five at most


def problems(page: Page) -> list[Problem]:
    """All that is wrong with the page's fences, in the order of the lines."""
    found = [problem for fence in page.fences for problem in form(page, fence)]
    if not found:  # else what follows would only repeat it
        for block in page.python:
            found += output(page, block) + (code(page, block) or pasted(page, block))
        found += [problem for fence in page.fences if fence.info == "py" for problem in listing(page, fence)]
        found += loose_outputs(page) + collected(page)
    return sorted(found + comments(page), key=lambda problem: problem.line)


def form(page: Page, fence: Fence) -> list[Problem]:
    """A fence has one of four info strings, nothing else in its first line, and an end."""
    if fence.info == "lab":
        return []
    opening = f"{fence.marker}{fence.info}"
    if fence.prefix.strip(" "):
        return [
            Problem(
                page.file,
                fence.line,
                f"a fence behind {fence.prefix.strip()!r} isn't run; put {opening} on a line of its own, indented with spaces",
            )
        ]
    if fence.marker != "```" or fence.info not in {"python", "py", "console", "text"}:
        cure = "write exactly ```python (run), ```py (a listing), ```console (a terminal) or ```text (the output under a python block)"
        return [Problem(page.file, fence.line, f"{opening} is no fence of this book and isn't run; {cure}")]
    if not fence.end:
        return [
            Problem(
                page.file,
                fence.line,
                f"the fence {opening} is never closed; close it with {fence.prefix}``` on a line of its own",
            )
        ]
    if page.lines[fence.end - 1] != f"{fence.prefix}```":
        return [Problem(page.file, fence.end, "a fence closes as it opens; end it with ``` at the same indent")]
    for number in range(fence.line + 1, fence.end):
        line = page.lines[number - 1]
        if line.lstrip().startswith(("```", "~~~")):
            return [
                Problem(
                    page.file,
                    number,
                    f"a fence inside the fence of line {fence.line}; close that one first with {fence.prefix}```",
                )
            ]
        if line.strip() and not line.startswith(fence.prefix):
            return [
                Problem(
                    page.file,
                    number,
                    f"the line is indented less than its fence; indent it with {len(fence.prefix)} spaces",
                )
            ]
    return []


def output(page: Page, block: Fence) -> list[Problem]:
    """Under each python block stands what it prints, and it prints something."""
    found = page.output_of(block)
    if found is None:
        cure = f"add the line {EXPECTED_OUTPUT} and a ```text fence directly under it, with the same indent (python -m tests.book.update_outputs does)"
        return [Problem(page.file, block.line, f"the block's output isn't compared; {cure}")]
    if not found.body.strip():
        return [Problem(page.file, found.line, "the output is empty; let the block print what it found")]
    if block.prefix and "\n\n" in found.body:
        return [
            Problem(
                page.file,
                found.line,
                "pytest-codeblocks drops blank lines from an indented output; print none, or put the block at the left margin",
            )
        ]
    return []


def loose_outputs(page: Page) -> list[Problem]:
    """A text fence is the output of the python block above it, never something else."""
    tied = {found.line for block in page.python if (found := page.output_of(block))}
    return [
        Problem(
            page.file,
            fence.line,
            "this text isn't the output of a block; put it directly under its python block, or write it as prose",
        )
        for fence in page.fences
        if fence.info == "text" and fence.line not in tied
    ]


def comments(page: Page) -> list[Problem]:
    """The one comment allowed is the one between a block and its output: others can skip, glue or hide blocks."""
    tied = {block.end + 1 for block in page.python if page.output_of(block)}
    return [
        Problem(
            page.file,
            comment.line,
            f"the comment {comment.text.splitlines()[0]} may hide something from the tests; take it out",
        )
        for comment in page.comments
        if comment.line not in tied
    ]


def collected(page: Page) -> list[Problem]:
    """pytest-codeblocks collects each python block with its code and its output, and nothing else."""
    try:
        with warnings.catch_warnings(action="ignore"):
            blocks = [
                block
                for block in extract_from_buffer(io.StringIO(page.text))
                if block.syntax in {"python", "sh", "bash"}
            ]
    except RuntimeError as error:
        return [Problem(page.file, 1, f"pytest-codeblocks can't read the page: {error}; mend the fence it speaks of")]
    runs = {block.lineno: (meaning(block.code), block.expected_output, block.marks) for block in blocks}
    reads: dict[int, tuple[Any, ...]] = {
        block.line: (meaning(block.body), getattr(page.output_of(block), "body", None), []) for block in page.python
    }
    return [
        Problem(
            page.file,
            line,
            "what pytest-codeblocks would run here isn't what stands here; write the block as a plain ```python fence with its output",
        )
        for line in sorted(runs.keys() | reads.keys())
        if runs.get(line) != reads.get(line)
    ]


@cache
def meaning(code: str) -> str:
    """What the code does, whatever its comments say, in which alone the languages may differ. (Of an indented block
    pytest-codeblocks drops the blank lines, too, which matters only within a string.)"""
    try:
        return ast.dump(ast.parse(code))
    except SyntaxError:
        return code


def listing(page: Page, fence: Fence) -> list[Problem]:
    """A listing is included by name, so that it can't differ from the package, and it is short enough to be read."""
    try:
        length = listed(fence.body).length
    except LookupError as error:
        cure = "put the one qualified name into the fence; code of its own goes into a python block"
        return [Problem(page.file, fence.line, f"no listing: {error}; {cure}")]
    name = fence.body.strip()
    if length > MAX_LISTING and name not in LONG_LISTINGS:
        cure = (
            "split the function where it has two ideas, or, if that would only make it shorter, say so in LONG_LISTINGS"
        )
        return [
            Problem(
                page.file, fence.line, f"{name} shows {length} lines, at most {MAX_LISTING} can be followed; {cure}"
            )
        ]
    return []


def code(page: Page, block: Fence) -> list[Problem]:
    """A block uses scratchml and touches nothing outside itself: no files, network, threads, plots, no global state."""
    try:
        tree = ast.parse(block.body)
    except SyntaxError as error:
        return [
            Problem(page.file, block.line + (error.lineno or 1), f"Python can't read the block: {error.msg}; mend it")
        ]
    names = imported(tree)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    found = []
    if not any(name in used and full.split(".")[0] == "scratchml" for name, full in names.items()):
        found.append(
            Problem(
                page.file,
                block.line,
                "the block doesn't use scratchml; import from it what the block shows, and use it",
            )
        )
    for node in ast.walk(tree):
        found += [Problem(page.file, block.line + getattr(node, "lineno", 0), fault) for fault in _faults(node, names)]
    return found


def pasted(page: Page, block: Fence) -> list[Problem]:
    """A block works as one paste at Python's prompt, which takes a blank line for the end of an indented part, and needs one there."""
    statement: list[str] = []
    for number, line in enumerate([*block.body.splitlines(), ""], 1):
        statement.append(line)
        try:
            if codeop.compile_command("\n".join(statement), symbol="single"):
                statement.clear()
        except SyntaxError:
            return [
                Problem(
                    page.file,
                    block.line + number,
                    "pasted at Python's prompt, the block stops here; put a blank line after an indented part, and none inside it",
                )
            ]
    return []


def imported(tree: ast.AST) -> dict[str, str]:
    """Each name that an import binds, and the full name of what it stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _faults(node: ast.AST, names: dict[str, str]) -> list[str]:
    """What a block may not do, and what to do instead."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        modules = [node.module or "."] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        faults = [
            f"a block may not import {module}: it has to run in a browser, with no files, network, threads or plots; do it with numpy or in a lab"
            for module in modules
            if module.split(".")[0] not in MODULES
        ]
        star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        return faults + ["import * hides where names come from; import them by name"] * star
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
        return [
            f"a block may not call {node.func.id}: it works alone, without files or input; put what it needs into the block"
        ]
    if isinstance(node, ast.Attribute) and node.attr == "tofile":
        return ["a block may not write files; print what it found"]
    if (
        isinstance(node, ast.Call)
        and not node.args
        and not node.keywords
        and _full_name(node.func, names) == "numpy.random.default_rng"
    ):
        return ["default_rng() gives other numbers in each run; give it a seed"]
    module, _, function = _full_name(node, names).rpartition(".")
    if module == "numpy" and function in NUMPY_STATE:
        return [f"np.{function} changes how all other blocks run; use {NUMPY_STATE[function]}"]
    if module == "numpy" and function in NUMPY_FILES:
        return [f"a block may not use files (np.{function}); put what it needs into the block"]
    if module == "numpy.random" and function not in NUMPY_RANDOM:
        return [f"np.random.{function} uses numpy's global random state; use rng = np.random.default_rng(seed)"]
    return []


def _full_name(node: ast.AST, names: dict[str, str]) -> str:
    """`np.random.seed` as numpy.random.seed, whatever numpy and its parts are called in the block."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts, node = [node.attr, *parts], node.value
    return ".".join([names.get(node.id, node.id), *parts]) if isinstance(node, ast.Name) else ""
