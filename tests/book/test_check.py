import pytest

from tests.book import check
from tests.book.page import Page, read_book

NAME = "docs/en/neural-networks/forward-propagation.md"


@pytest.fixture(scope="module")
def page():
    return next(page for page in read_book() if page.file == NAME)


@pytest.mark.parametrize(
    ("sound", "broken", "words"),
    [
        ("## Summary { #summary }", "## Summary { #end }", "no summary"),
        ("# Forward propagation", "# 4 · Forward propagation", "is typed"),
        ("[7.5]", "[7.6]", "update_outputs"),
        ("(machine-learning.md", "(machine.md", "doesn't exist"),
        ("figure:forward_propagation.by_hand", "figure:forward_propagation.by_foot", "no figure"),
        ("## Summary", "It is crucial.\n\n## Summary", "'crucial' says nothing"),
    ],
)
def test_one_command_finds_what_the_checks_would(page, sound, broken, words):
    assert sound in page.text
    found = check.problems(Page(NAME, page.text.replace(sound, broken, 1)))
    assert any(words in problem.message and problem.file == NAME for problem in found), found


def test_a_page_that_is_not_there_is_named(capsys):
    assert check.main(["docs/en/nothing.md"]) == 2
    assert "no page docs/en/nothing.md" in capsys.readouterr().err
