"""Labs: notebooks that are run when the site is built."""

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from docs.hooks.notebooks import executed
from tests.conftest import ROOT, build
from tests.site.conftest import make_book, search_index
from tests.site.test_built_site import outside

LAB = r"""# %% [markdown]
# # A lab { #a-lab }
#
# ## A section { #a-section }
#
# Six sevens are $6 \cdot 7$.

# %%
import scratchml
print(6 * 7)

# %% alt="A line that rises"
import sys
import matplotlib.pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats
from tqdm import tqdm
set_matplotlib_formats("svg")
plt.rcParams["svg.fonttype"] = "none"
list(tqdm(range(3), file=sys.stdout))
plt.plot([1, 2], color="#0b66a8")
plt.title("label")

# %% [markdown]
# !!! note "A box"
#     [The cover](../index.md), [here](#a-lab)
"""
LANGUAGES = pytest.mark.parametrize(("language", "folder"), [("zh", "."), ("en", "en")])


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A book with a lab, built for a public address into its folder site/."""
    project = make_book(
        tmp_path_factory.mktemp("labs") / "book",
        {f"{language}/labs/{name}.py": LAB for language in ("zh", "en") for name in ("tiny", "test_tiny")},
    )
    run = build(project, project / "site", SITE_URL="https://example.org/repo/")
    assert run.returncode == 0, run.stdout
    return project


def article(project: Path, folder: str) -> str:
    html = (project / "site" / folder / "labs" / "tiny" / "index.html").read_text("utf8")
    return html[html.index("<article") : html.index("</article>")]


@LANGUAGES
def test_a_lab_is_run_and_its_output_stands_under_its_code(project, language, folder):
    assert re.search(
        r'<div class="language-python highlight">(?:(?!</div>).)*</div>\s*<div class="language-text highlight">(?:(?!</div>).)*>42\n<',
        article(project, folder),
        re.DOTALL,
    )


@LANGUAGES
def test_a_plot_is_a_drawing_in_the_palette_that_says_what_one_sees(project, language, folder):
    (figure,) = re.findall(r'<figure class="drawing".*?</figure>', article(project, folder), re.DOTALL)
    assert '<div role="img" aria-label="A line that rises" data-search-exclude><svg' in figure
    assert "var(--figure-blue)" in figure and ">label</text>" in figure


@LANGUAGES
def test_of_a_progress_bar_the_end_is_shown(project, language, folder):
    assert re.findall(r"(\d+)%\|", article(project, folder)) == ["100"]


@LANGUAGES
def test_the_page_of_a_lab_is_light_and_loads_nothing_from_elsewhere(project, language, folder):
    assert len((project / "site" / folder / "labs" / "tiny" / "index.html").read_bytes()) < 60_000
    assert not re.search(r"<style|<script", article(project, folder))
    assert "//" not in re.sub(r"\w+://www\.w3\.org/|base64,\S+", "", article(project, folder))
    assert outside(project / "site") == []


@LANGUAGES
def test_the_page_of_a_lab_has_the_ids_and_formulas_of_any_page(project, language, folder):
    assert '<h2 id="a-section">' in article(project, folder)
    assert "<math" in article(project, folder) and "$6" not in article(project, folder)
    assert '<div class="admonition note">' in article(project, folder)
    assert 'href="../../"' in article(project, folder)  # to the cover


@LANGUAGES
def test_the_search_index_has_the_words_of_a_lab_and_nothing_else(project, language, folder):
    index = search_index(project / "site" / folder)
    entries = [entry for entry in index if entry["location"].startswith("labs/tiny/")]
    assert [(entry["location"], entry["title"]) for entry in entries] == [
        ("labs/tiny/", "A lab"),
        ("labs/tiny/#a-section", "A section"),
    ]
    text = "".join(entry["title"] + entry["text"] for entry in entries)
    assert not re.search(r"In\s*\[|Out\s*\[|Copied|¶|<svg|label</", text) and text.count("print") == 1


@LANGUAGES
def test_the_notebook_can_be_downloaded(project, language, folder):
    link = re.search(r'<a (?=[^>]*\bdownload\b)[^>]*href="([^"]*\.ipynb)"', article(project, folder))
    assert link
    notebook = nbformat.read(project / "site" / folder / "labs" / "tiny" / link[1], as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3" and not any(cell.get("outputs") for cell in notebook.cells)
    assert "{ #" not in str(notebook) and "> **A box**" in str(notebook)
    home = "https://example.org/repo/" + {"zh": "", "en": "en/"}[language]
    assert f"[The cover]({home}), [here]({home}labs/tiny/#a-lab)" in str(notebook), (
        "a downloaded notebook stands elsewhere"
    )


def test_pytest_does_not_take_a_lab_for_a_test(project):
    shutil.copy(ROOT / "docs" / "conftest.py", project / "docs")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "docs", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert "tiny" not in run.stdout and "error" not in run.stdout, run.stdout


def test_what_has_been_run_once_is_kept_for_each_language(project):
    def kept() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (project / ".cache" / "labs").rglob("*") if path.is_file()}

    before = kept()
    assert {path.relative_to(project / ".cache" / "labs").parts[0] for path in before} == {"en", "zh"}
    again = build(project, project / "site")
    assert again.returncode == 0 and kept() == before


def test_a_cell_that_fails_fails_the_build(book, tmp_path):
    run = build(
        book({"en/labs/tiny.py": "# %% [markdown]\n# # A lab { #a-lab }\n\n# %%\nprint(1 / 0)\n"}), tmp_path / "site"
    )
    assert run.returncode and "ZeroDivisionError" in run.stdout, run.stdout


def test_what_a_kernel_says_of_itself_is_not_said_by_the_build(tmp_path, capfd):
    lab = tmp_path / "lab.py"
    lab.write_text('get_ipython().kernel.log.error("a message came while it closed")', "utf8")
    executed(str(lab))
    assert capfd.readouterr() == ("", "")


LABS = pytest.mark.parametrize("lab", [path.stem for path in sorted((ROOT / "docs" / "en" / "labs").glob("*.py"))])


@LANGUAGES
@LABS
def test_each_lab_of_the_book_is_small_and_downloaded_it_has_the_code_that_the_build_ran(site, lab, language, folder):
    page = site / folder / "labs" / lab / "index.html"
    without_images = re.sub(r"<svg.*?</svg>", "", page.read_text("utf8"), flags=re.DOTALL)
    assert len(gzip.compress(without_images.encode())) <= 60_000
    source, downloaded = (
        jupytext.read(ROOT / "docs" / language / "labs" / f"{lab}.py"),
        nbformat.read(page.parent / f"{lab}.ipynb", as_version=4),
    )
    texts = "".join(cell.source for cell in downloaded.cells if cell.cell_type == "markdown")
    assert not re.search(r"\]\((?!https?://)", texts), "a link that leads nowhere from a reader's own folder"
    assert [cell.source for cell in downloaded.cells if cell.cell_type == "code"] == [
        cell.source for cell in source.cells if cell.cell_type == "code"
    ]


def test_a_downloaded_lab_runs_from_top_to_bottom_in_a_fresh_kernel_elsewhere(project, tmp_path, monkeypatch):
    """A small one: the code of each of the book's is what the build has just run in a fresh kernel, as the test before says."""
    downloaded = shutil.copy(project / "site" / "labs" / "tiny" / "tiny.ipynb", tmp_path)
    notebook = nbformat.read(downloaded, as_version=4)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # this scratchml, whichever is installed
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs[0].text == "42\n" and all(output.get("name") != "stderr" for output in outputs)
