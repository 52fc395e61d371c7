from tests.book import check
from tests.book.page import Page, read_book

NAME = "docs/en/neural-networks/forward-propagation.md"


MISTAKES = [
    ("## Summary { #summary }", "## Summary { #end }", "no summary"),
    ("# Forward propagation", "# 4 · Forward propagation", "is typed"),
    ("[7.5]", "[7.6]", "update_outputs"),
    ("(neurons-and-layers.md", "(neurons.md", "doesn't exist"),
    ("figure:forward_propagation.by_hand", "figure:forward_propagation.by_foot", "no figure"),
    ("## Exercises", "It is crucial.\n\n## Exercises", "'crucial' says nothing"),
]


def test_one_command_finds_what_the_checks_would():
    """All of them at once, since each run takes a second."""
    text = next(page for page in read_book() if page.file == NAME).text
    for sound, broken, _ in MISTAKES:
        assert sound in text
        text = text.replace(sound, broken, 1)
    found = check.problems(Page(NAME, text))
    for _, _, words in MISTAKES:
        assert any(words in problem.message and problem.file == NAME for problem in found), (words, found)


def test_a_page_that_is_not_there_is_named(capsys):
    assert check.main(["docs/en/nothing.md"]) == 2
    assert "no page docs/en/nothing.md" in capsys.readouterr().err
