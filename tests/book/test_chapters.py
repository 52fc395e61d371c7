import pytest

from tests.book import chapters
from tests.book.page import Page

SOUND = """\
# Slopes { #slopes }

See [](../foundations.md), [Chapter {}](first.md), chapters [{}](first.md) to [{}](second.md) and [](#exercise-1).

## Exercises { #exercises }

!!! example "By hand"
    Text

??? success "Solution"
    Text

## Further reading { #references }

- Somebody, [A book](https://example.org), chapter 3.
"""


def test_nobody_types_a_number(no_problem):
    no_problem(chapters.problems())


def test_a_page_that_leaves_the_numbers_to_the_links_is_sound():
    assert chapters.typed(Page("docs/en/part/slopes.md", SOUND)) == []


@pytest.mark.parametrize(
    ("sound", "broken", "line", "words"),
    [
        ("# Slopes", "# 7 · Slopes", 1, ["'# 7 ·'", "the title alone"]),
        ("[](../foundations.md)", "chapter 0", 3, ["'chapter 0'", "[](path.md)"]),
        ("[](../foundations.md)", "[ch. 0](../foundations.md)", 3, ["'ch. 0'", "[](path.md)"]),
        ("[](../foundations.md)", "第 12 章", 3, ["'第 12 章'", "[](path.md)"]),
        ("[](../foundations.md)", "Chapters 1 and 2", 3, ["'Chapters 1'"]),
        ("[](#exercise-1)", "exercise 7.1", 3, ["'exercise 7.1'", "#exercise-2"]),
        ("[](#exercise-1)", "[练习 7.1](#exercises)", 3, ["'练习 7.1'", "#exercise-2"]),
        ('"By hand"', '"7.1 By hand"', 7, ["7.1", "counted"]),
        ('"Solution"', '"Solution to 7.1"', 10, ["7.1", "counted"]),
        ("[{}](first.md) to", "[7](first.md) to", 3, ["{}"]),
        ("    Text\n\n??? ", "    As in chapter 3\n\n??? ", 8, ["'chapter 3'"]),
        ("See [](", "```python\nx = 1  # chapter 3\n```\n\nSee [](", 4, ["'chapter 3'", "slug"]),
        ("See [](", "| 4 | [Slopes](slopes.md) | Why? |\n\nSee [](", 3, ["'| 4 |'", "{}"]),
    ],
)
def test_a_typed_number_is_named(sound, broken, line, words, names):
    assert SOUND.count(sound) == 1
    names(
        chapters.typed(Page("docs/en/part/slopes.md", SOUND.replace(sound, broken))),
        f"docs/en/part/slopes.md:{line}",
        words,
    )


def test_a_lab_names_chapters_by_their_titles(names):
    lab = "# %% [markdown]\n# # Lab { #lab }\n#\n# As in [](../foundations.md), and [so on](../foundations.md).\n"
    found = chapters.typed(Page("docs/en/labs/lab.py", lab))
    names(found, "docs/en/labs/lab.py:4", ["titles"])
    assert len(found) == 1


def test_code_names_chapters_by_their_slugs(names):
    names(
        chapters.in_code("docs/figures/slopes.py", '"""Figures of chapter 7, slopes."""\n'),
        "docs/figures/slopes.py:1",
        ["'chapter 7'", "slug"],
    )
