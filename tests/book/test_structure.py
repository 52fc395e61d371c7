import pytest

from tests.book import structure
from tests.book.page import Page

CHAPTER = """\
# Slopes { #slopes }

Text

## Summary { #summary }

Text

## Exercises { #exercises }

!!! example "By hand"
    Text

??? success "Solution"
    Text

!!! example "By code"
    Text

??? success "Solution"
    Text

## Further reading { #references }
"""
MAP = "# Book { #book }\n\n| {} | [Basics](foundations.md) | What? |\n| {} | [Slopes](neural-networks/slopes.md) | Why? |\n| {} | To come | When? |\n"
CHAPTERS = {"foundations.md": 0, "neural-networks/slopes.md": 1}


def test_every_chapter_of_the_book_is_whole_and_on_the_map(no_problem):
    no_problem(structure.problems())


def test_a_whole_chapter_and_a_whole_map_have_no_problem():
    assert structure.chapter(Page("docs/en/neural-networks/slopes.md", CHAPTER)) == []
    assert structure.on_map(Page("docs/en/index.md", MAP), CHAPTERS) == []


@pytest.mark.parametrize(
    ("sound", "broken", "line", "words"),
    [
        ("#summary", "#end", 24, ["no summary", "{ #summary }"]),
        ("#exercises", "#tasks", 24, ["no exercises", "{ #exercises }"]),
        ('??? success "Solution"\n    Text\n\n!!!', "!!!", 11, ["no solution", '??? success "Solution"']),
        ('??? success "Solution"\n    Text\n\n##', "##", 17, ["no solution"]),
        ('!!! example "By hand"\n    Text\n\n', "", 11, ["follows no exercise", "right under"]),
        ("Text\n\n## Summary", '!!! example "Early"\n    Text\n\n## Summary', 3, ["outside #exercises", "move it"]),
        ("{ #references }\n", '{ #references }\n\n!!! example "Late"\n', 25, ["outside #exercises"]),
    ],
)
def test_what_a_chapter_lacks_is_named(sound, broken, line, words, names):
    assert CHAPTER.count(sound) == 1
    page = Page("docs/en/neural-networks/slopes.md", CHAPTER.replace(sound, broken))
    names(structure.chapter(page), f"docs/en/neural-networks/slopes.md:{min(line, len(page.lines))}", words)


@pytest.mark.parametrize(
    ("sound", "broken", "line", "words"),
    [
        (
            "| {} | [Slopes](neural-networks/slopes.md) | Why? |\n",
            "",
            3,
            ["hasn't got neural-networks/slopes.md", "row"],
        ),
        (
            "(neural-networks/slopes.md)",
            "(neural-networks/hills.md)",
            4,
            ["neural-networks/hills.md", "no chapter of nav"],
        ),
    ],
)
def test_a_map_that_is_not_the_navigation_is_named(sound, broken, line, words, names):
    names(
        structure.on_map(Page("docs/en/index.md", MAP.replace(sound, broken)), CHAPTERS),
        f"docs/en/index.md:{line}",
        words,
    )


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        ({}, ["needs hasn't got neural-networks/slopes.md"]),
        ({"neural-networks/slopes.md": ["labs/later.py"]}, ["slopes.md can't need labs/later.py", "earlier"]),
        ({"neural-networks/slopes.md": ["nowhere.md"]}, ["can't need nowhere.md"]),
    ],
)
def test_a_chapter_builds_on_pages_before_it(needs, words, names):
    order = ["index.md", "foundations.md", "neural-networks/slopes.md", "labs/later.py"]
    sound = {"neural-networks/slopes.md": ["foundations.md"], "labs/later.py": ["neural-networks/slopes.md"]}
    assert structure.needs(sound, CHAPTERS, order) == []
    names(structure.needs(needs, CHAPTERS, order), "mkdocs.yml:1", words)
