"""For the pages' code blocks, which pytest-codeblocks runs in one process: each finds numpy's global state untouched.

The hook stands here because one in tests/ doesn't reach the pages. Without it, a block that calls np.set_printoptions
makes a wrong output on another page pass.
"""

import os
from collections.abc import Generator

# For products as small as the book's, two threads are slower than one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

collect_ignore_glob = ["*/labs/*"]  # notebooks: building the site runs them


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    random_state = np.random.get_state()
    with np.printoptions(), np.errstate():
        try:
            return (yield)
        finally:
            np.random.set_state(random_state)
