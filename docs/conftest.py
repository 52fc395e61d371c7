"""For the pages' code blocks, which pytest-codeblocks runs in one process: each finds numpy's global state untouched, and
one that stands in both languages runs once.

The hook stands here because one in tests/ doesn't reach the pages. Without it, a block that calls np.set_printoptions
makes a wrong output on another page pass.
"""

import ast
import os
from collections.abc import Generator
from typing import Any

# For products as small as the book's, two threads are slower than one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

collect_ignore_glob = ["*/labs/*"]  # notebooks: building the site runs them


_printed: dict[str, str] = {}  # by a block's code without its comments, in which alone the languages may differ


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: Any) -> Generator[None, object, object]:
    block = item.obj
    does = ast.dump(ast.parse(block.code))
    if does in _printed:  # it prints that again, to be compared with the output on this page
        block.code = f"print({_printed[does]!r}, end='')"
    random_state = np.random.get_state()
    with np.printoptions(), np.errstate():
        try:
            result = yield
        finally:
            np.random.set_state(random_state)
    if block.expected_output is not None:
        _printed[does] = block.expected_output  # which it did print, or the test would have failed
    return result
