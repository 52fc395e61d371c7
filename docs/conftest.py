"""For the pages' code blocks, which pytest-codeblocks collects and compares: each runs as a reader tests it, pasted into a
fresh interpreter; one that stands in both languages runs once.

The hook stands here because one in tests/ doesn't reach the pages. Without it, a block that calls np.set_printoptions
makes a wrong output on another page pass.
"""

from collections.abc import Generator
from typing import Any

import pytest

from tests.book import blocks_alone
from tests.book.fences import meaning

collect_ignore_glob = ["*/labs/*"]  # notebooks: building the site runs them

_ran: dict[str, tuple[str, str]] = {}  # by what the block does


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: Any) -> Generator[None, object, object]:
    block = item.obj
    does = meaning(block.code)
    if does not in _ran:
        [_ran[does]] = blocks_alone.run([block.code])
    printed, fault = _ran[does]
    if fault:
        pytest.fail(f"the block, run alone, {fault}", pytrace=False)
    block.code = f"print({printed!r}, end='')"  # to be compared with the output on the page
    return (yield)
