"""A small book to try things on: the machinery of the real one around a page or two."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docs.hooks.search import BETWEEN_WORDS, ON_ITS_WAY
from tests.conftest import ROOT

NAV = re.compile(r"^nav:\n(?: .*\n)+", re.MULTILINE)


def make_book(project: Path, files: dict[str, str]) -> Path:
    """A book in `project` with the given files, `{path in docs/: text}`, and a cover in each language if none is given."""
    for folder in ("docs/hooks", "docs/theme", "docs/figures", "scratchml", "benchmarks"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "docs" / "pyodide.toml", project / "docs")
    for config in ("mkdocs.yml", "docs/mkdocs.en.yml"):  # without nav, every page is in it
        text, found = NAV.subn("", (ROOT / config).read_text("utf8"))
        assert found == 1, f"{config} should have one nav"
        (project / config).write_text(text, "utf8")
    for path, text in {"zh/index.md": "# 封面\n", "en/index.md": "# Cover\n", **files}.items():
        (project / "docs" / path).parent.mkdir(parents=True, exist_ok=True)
        (project / "docs" / path).write_text(text, "utf8")
    return project


@pytest.fixture
def book(tmp_path) -> Callable[[dict[str, str]], Path]:
    """`make_book`, in a folder of the test's own."""
    return lambda files: make_book(tmp_path / "book", files)


def search_index(site: Path) -> list[dict[str, Any]]:
    """The sections in a built site's search index, as the browser puts them together from the two files."""
    first, rest = (
        json.loads((site / "search" / f"search_{part}.json").read_text("utf8").replace(ON_ITS_WAY, BETWEEN_WORDS))
        for part in ("index", "rest")
    )
    texts = zip(first["docs"], rest["text"], rest["code"], strict=True)
    return [section | {"text": text + code} for section, text, code in texts]
