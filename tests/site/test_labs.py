"""Labs: notebooks that are run when the site is built."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import build
from tests.site.conftest import make_book
from tests.site.test_built_site import outside

LAB = r"""# %% [markdown]
# # A lab { #a-lab }
#
# ## A section { #a-section }
#
# Six sevens are $6 \cdot 7$.

# %%
print(6 * 7)

# %%
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle cx="4" cy="4" r="4"/></svg>')
"""
LANGUAGES = pytest.mark.parametrize(("language", "folder"), [("zh", "."), ("en", "en")])


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A book with a lab, built into its folder site/."""
    project = make_book(tmp_path_factory.mktemp("labs") / "book", {"zh/labs/tiny.py": LAB, "en/labs/tiny.py": LAB})
    run = build(project, project / "site")
    assert run.returncode == 0, run.stdout
    return project


def article(project: Path, folder: str) -> str:
    html = (project / "site" / folder / "labs" / "tiny" / "index.html").read_text("utf8")
    return html[html.index("<article") : html.index("</article>")]


@LANGUAGES
def test_a_lab_is_run(project, language, folder):
    assert re.search(r">\s*42\s*<", article(project, folder))


@LANGUAGES
def test_the_page_of_a_lab_is_light_and_loads_nothing_from_elsewhere(project, language, folder):
    assert len((project / "site" / folder / "labs" / "tiny" / "index.html").read_bytes()) < 60_000
    assert not re.search(r"<style|<script", article(project, folder))
    assert "//" not in re.sub(r"\w+://www\.w3\.org/|base64,\S+", "", article(project, folder))
    assert outside(project / "site") == []


@LANGUAGES
def test_the_page_of_a_lab_has_the_ids_and_formulas_of_any_page(project, language, folder):
    assert '<h2 id="a-section">A section<' in article(project, folder)
    assert "<math" in article(project, folder) and "$6" not in article(project, folder)


@LANGUAGES
def test_the_search_index_has_the_words_of_a_lab_and_nothing_else(project, language, folder):
    index = json.loads((project / "site" / folder / "search" / "search_index.json").read_text("utf8"))["docs"]
    entries = [entry for entry in index if entry["location"].startswith("labs/")]
    assert [(entry["location"], entry["title"]) for entry in entries] == [("labs/tiny/", "A lab"), ("labs/tiny/#a-section", "A section")]
    text = "".join(entry["title"] + entry["text"] for entry in entries)
    assert not re.search(r"In\s*\[|Out\s*\[|Copied|¶", text) and text.count("print") == 1


def test_what_has_been_run_once_is_kept_for_each_language(project):
    def kept() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (project / ".cache" / "notebooks").rglob("*") if path.is_file()}

    before = kept()
    assert sorted(path.relative_to(project / ".cache" / "notebooks").parts[0] for path in before) == ["en", "zh"]
    again = build(project, project / "site")
    assert again.returncode == 0 and kept() == before


def test_a_cell_that_fails_fails_the_build(book, tmp_path):
    run = build(book({"en/labs/tiny.py": "# %%\nprint(1 / 0)\n"}), tmp_path / "site")
    assert run.returncode and "ZeroDivisionError" in run.stdout
