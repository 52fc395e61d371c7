import pytest

from tests.book import coverage

BOOK = {
    "docs/zh/index.md": "# 书 { #book }\n",
    "docs/en/index.md": "# Book { #book }\n\n## Part { #part }\n",
}


def test_the_book_teaches_all_that_its_source_teaches(no_problem):
    no_problem(coverage.problems())


def test_each_fact_has_a_place():
    assert all(places for _, places in coverage.ARTICLE + coverage.TUTORIAL)


@pytest.mark.parametrize(
    ("place", "lost"),
    [("index#book", []), ("index#part", ["docs/zh/index.md"]), ("x#book", ["docs/zh/x.md", "docs/en/x.md"])],
)
def test_a_fact_without_its_section_is_named(tree, place, lost):
    found = coverage.problems(tree(BOOK), [("a fact", [place])])
    assert [problem.file for problem in found] == lost
    assert all("a fact" in str(problem) and "teach it there" in str(problem) for problem in found)
