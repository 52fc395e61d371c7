from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from tests.book.page import Problem


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Writes files, path → text, into an empty folder, and returns it."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf8")
        return tmp_path

    return write


@pytest.fixture
def no_problem() -> Callable[[Iterable[Problem]], None]:
    """Fails with the list of the problems, one a line, and nothing else to read through."""

    def check(problems: Iterable[Problem]) -> None:
        if told := "\n".join(map(str, problems)):
            pytest.fail(told, pytrace=False)

    return check


@pytest.fixture
def names() -> Callable[[Sequence[Problem], str, Sequence[str]], None]:
    """Asserts that one of the problems is at `where`, file:line, and that it has the words."""

    def check(problems: Sequence[Problem], where: str, words: Sequence[str]) -> None:
        told = "\n".join(map(str, problems)) or "no problem"
        assert any(
            str(problem).startswith(f"{where}: ") and all(word in str(problem) for word in words)
            for problem in problems
        ), told

    return check
