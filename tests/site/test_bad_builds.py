"""A fault in the book fails the build, which names the page and the fault."""

import re

import pytest

from docs.hooks.languages import SMALL
from tests.conftest import build

FIGURES = 'def torn(say):\n    raise RuntimeError("the paper is torn")\n'


@pytest.mark.parametrize(
    ("page", "text", "causes"),
    [
        ("zh/deep/chapter.md", "$\\frac{1}$", ["\\frac{1}", "doesn't parse"]),
        ("en/chapter.md", "$$\n\\nosuchcommand\n$$", ["\\nosuchcommand"]),
        (
            "zh/chapter.md",
            "![what one sees](figure:sketches.nothing)",
            ["sketches.nothing", "has no attribute 'nothing'"],
        ),
        ("en/chapter.md", "![what one sees](figure:sketches.torn)", ["sketches.torn", "the paper is torn"]),
        ("zh/chapter.md", "```py\nscratchml.losses.nothing\n```", ["scratchml.losses has no nothing"]),
    ],
)
def test_a_fault_stops_the_build_which_names_the_page_and_the_cause(book, tmp_path, page, text, causes):
    run = build(book({page: f"# Chapter\n\n{text}\n", "figures/sketches.py": FIGURES}), tmp_path / "site")
    assert run.returncode, "the build should have failed"
    printed = run.stdout[run.stdout.index("ERROR") :]
    for cause in (page, *causes):
        assert cause in printed.replace("\\\\", "\\")


def test_links_to_nowhere_and_forgotten_pages_fail_the_build_in_both_languages(book, tmp_path):
    text = "# Chapter\n\n[a](nowhere.md), [b](index.md#nowhere), [c](#nowhere), [d](/index.md), [e](nowhere/), ![f](nowhere.svg)\n"
    project = book({"zh/chapter.md": text, "en/other-chapter.md": text})
    for config in ("mkdocs.yml", "docs/mkdocs.en.yml"):
        (project / config).write_text((project / config).read_text("utf8") + "\nnav: [index.md]\n", "utf8")
    run = build(project, tmp_path / "site")
    assert run.returncode, "the build should have failed"
    for page in ("chapter.md", "other-chapter.md"):
        warnings = [line for line in run.stdout.splitlines() if line.startswith("WARNING") and f"'{page}'" in line]
        for target in ("nowhere.md", "index.md#nowhere", "#nowhere", "/index.md", "nowhere/", "nowhere.svg"):
            assert any(f"'{target}'" in line for line in warnings), f"no warning for {target} on {page}:\n{run.stdout}"
        assert re.search(rf'not included in the "nav" configuration:\s+- {page}', run.stdout)


# A large book is built in two processes.
@pytest.mark.parametrize("pages", [1, SMALL + 1], ids=["small", "large"])
def test_a_dead_link_on_an_english_page_alone_fails_the_build(book, tmp_path, pages):
    more = {f"{language}/chapter-{i}.md": "# Chapter\n" for language in ("zh", "en") for i in range(pages)}
    run = build(book({**more, "en/index.md": "# Cover\n\n[a](nowhere.md)\n"}), tmp_path / "site")
    assert run.returncode and "'nowhere.md'" in run.stdout


@pytest.mark.parametrize("pages", [1, SMALL + 1], ids=["small", "large"])
def test_an_english_configuration_that_cannot_be_used_fails_the_build(book, tmp_path, pages):
    project = book({f"{language}/chapter-{i}.md": "# Chapter\n" for language in ("zh", "en") for i in range(pages)})
    config = project / "docs" / "mkdocs.en.yml"
    config.write_text(config.read_text("utf8") + "\nrepo_url: 7\n", "utf8")
    run = build(project, tmp_path / "site")
    assert run.returncode and "'repo_url'" in run.stdout and "Traceback" not in run.stdout, run.stdout


@pytest.mark.parametrize("pages", [1, SMALL + 1], ids=["small", "large"])
def test_each_english_page_says_where_it_stands(book, tmp_path, pages):
    more = {f"{language}/chapter-{i}.md": "# Chapter\n" for language in ("zh", "en") for i in range(pages)}
    run = build(book(more), tmp_path / "site", SITE_URL="https://example.org/book/")
    assert run.returncode == 0, run.stdout
    page = (tmp_path / "site" / "en" / "chapter-0" / "index.html").read_text("utf8")
    assert '<link rel="canonical" href="https://example.org/book/en/chapter-0/">' in page
