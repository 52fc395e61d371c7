import json
import warnings

import pytest

from tests.book import confirm, freshness

PAGE = "# Title { #title }\n\nFirst.\n\n## Section { #section }\n\nSecond.\n"
BOOK = {"docs/zh/part/x.md": PAGE.replace("First", "一").replace("Second", "二"), "docs/en/part/x.md": PAGE}


@pytest.fixture
def agreed(tree):
    """A book in which everything has been confirmed."""
    root = tree(BOOK | {freshness.LOCK: "{}"})
    assert confirm.main(["part/x#title", "part/x#section"], root) == 0
    return root


def test_somebody_has_confirmed_that_both_languages_of_the_book_say_the_same(no_problem):
    no_problem(freshness.problems())
    for told in freshness.untranslated():  # fails nowhere but in publishing, and isn't forgotten
        warnings.warn(told, stacklevel=1)


def test_nothing_waits_in_a_book_that_was_confirmed(agreed, tree):
    assert freshness.problems(agreed) == []
    tree({"docs/en/part/x.md": PAGE.replace("First.", "First.  ") + "\n\n"})  # white space at the end says nothing
    assert freshness.problems(agreed) == []


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        (
            {"docs/en/part/x.md": PAGE.replace("Second.", "Second. And more.")},
            "docs/en/part/x.md:5",
            ["part/x#section has changed in English", "confirm part/x#section"],
        ),
        (
            {"docs/zh/part/x.md": PAGE},
            "docs/zh/part/x.md:1",
            ["part/x#title has changed in Chinese", "confirm part/x#title"],
        ),
        (
            {name: text.replace("Title", "New") for name, text in BOOK.items()},
            "docs/zh/part/x.md:1",
            ["changed in Chinese and English", "confirm part/x#title"],
        ),
        (
            {name: text + "## New { #new }\n" for name, text in BOOK.items()},
            "docs/zh/part/x.md:8",
            ["nobody has confirmed", "confirm part/x#new"],
        ),
        (
            {name: "---\ntitle: New\n---\n" + text for name, text in BOOK.items()},
            "docs/zh/part/x.md:1",
            ["nobody has confirmed", "confirm part/x#"],
        ),
        (
            {"docs/en/labs/lab.py": "# %% [markdown]\n# # Lab { #lab }\n"},
            "docs/en/labs/lab.py:2",
            ["nobody has confirmed", "confirm labs/lab#lab"],
        ),
        (
            {name: text.replace("#section", "#renamed") for name, text in BOOK.items()},
            "tests/book/agreement.json:1",
            ["part/x#section is gone", "confirm part/x#section"],
        ),
        (
            {"docs/en/part/x.md": PAGE.partition("##")[0]},
            "docs/zh/part/x.md:5",
            ["part/x#section has changed in English", "confirm part/x#section"],
        ),
    ],
)
def test_a_section_that_changed_is_named(agreed, tree, names, changes, where, words):
    names(freshness.problems(tree(changes)), where, words)


def test_confirming_shows_both_texts_and_records_the_named_sections_only(agreed, tree, capsys):
    tree({"docs/en/part/x.md": PAGE.replace("First", "Changed").replace("Second", "Changed too")})
    assert confirm.main(["part/x#title"], agreed) == 0
    shown = capsys.readouterr().out
    assert (
        "docs/zh/part/x.md:1" in shown
        and "一" in shown
        and "docs/en/part/x.md:1" in shown
        and "Changed." in shown
        and "too" not in shown
    )
    assert list(freshness.waiting(agreed)) == ["part/x#section"]


@pytest.mark.parametrize(
    "refused", ["part/x#nowhere", "part/x#title", "part/x", "all", "--all", "*", "part/*", "part/x#*", ""]
)
def test_what_does_not_wait_is_refused_with_a_list_of_what_does(agreed, tree, capsys, refused):
    tree({"docs/en/part/x.md": PAGE.replace("Second", "Changed")})
    before = freshness.read_agreement(agreed)
    assert confirm.main(["part/x#section", refused], agreed) == 2
    told = capsys.readouterr().err
    assert f"{refused} doesn't wait" in told and told.endswith("that wait:\npart/x#section\n")
    assert freshness.read_agreement(agreed) == before


def test_without_names_nothing_is_confirmed(agreed, tree, capsys):
    assert confirm.main([], agreed) == 2
    assert "No section waits" in capsys.readouterr().err


def test_a_section_in_one_language_only_cannot_be_confirmed(agreed, tree, capsys):
    tree({"docs/en/part/x.md": PAGE.partition("##")[0]})
    assert confirm.main(["part/x#section"], agreed) == 2
    assert "docs/zh/part/x.md only: write the other language first" in capsys.readouterr().err
    assert list(freshness.waiting(agreed)) == ["part/x#section"]


def test_a_section_that_is_gone_leaves_the_record_when_that_is_confirmed(agreed, tree):
    tree({name: text.partition("##")[0] for name, text in BOOK.items()})
    assert confirm.main(["part/x#section"], agreed) == 0
    assert list(freshness.read_agreement(agreed)) == ["part/x#title"]
    assert freshness.problems(agreed) == []


def test_the_record_has_one_section_a_line_in_order(agreed):
    lines = (agreed / freshness.LOCK).read_text("utf8").splitlines()
    assert [line.split('"')[1] for line in lines[1:-1]] == ["part/x#section", "part/x#title"]
    assert all(len(digest) == 16 for digest in json.loads("\n".join(lines))["part/x#title"])


def test_a_section_marked_as_waiting_passes_is_listed_and_can_be_confirmed(agreed, tree, capsys):
    tree({"docs/en/part/x.md": PAGE.replace("Second.", "Second. And more.")})
    assert confirm.main(["--waiting", "part/x#section"], agreed) == 0
    assert freshness.problems(agreed) == [] and freshness.marked(agreed) == ["part/x#section"]
    tree({"docs/en/part/x.md": PAGE.replace("Second.", "Second. And still more.")})
    assert [problem.line for problem in freshness.problems(agreed)] == [5], "a change after that waits anew"
    tree({"docs/zh/part/x.md": BOOK["docs/zh/part/x.md"].replace("二", "二。还有")})
    assert confirm.main(["part/x#section"], agreed) == 0
    assert freshness.problems(agreed) == [] and freshness.marked(agreed) == []
