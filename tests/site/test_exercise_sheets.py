"""The exercises of each chapter stand on sheets, once without and once with their solutions."""

import re

import pytest

from docs.hooks.exercise_sheets import sheets
from tests.book.page import read_book

CHAPTER = """\
# Slopes { #slopes }

Text.

## A hill { #hill }

Text.

## Exercises { #exercises }

!!! example "By hand"
    How steep is [the hill](#hill)? See [](#exercise-2) and [the valley](valley.md).

??? success "Solution"
    It is 3.

    ```python
    print(3)
    ```

!!! example "Refute"
    “All hills are steep.”

??? success "Solution"
    This one isn't.

## Further reading { #references }

A book.
"""


def test_a_sheet_has_the_exercises_and_nothing_else_and_its_links_lead_to_the_chapter():
    plain, solved = sheets(CHAPTER, "slopes.md", "en") or ("", "")
    for sheet in (plain, solved):
        assert sheet.count("!!! example") == 2 and "# Slopes {" in sheet
        assert "A hill {" not in sheet and "A book." not in sheet
        assert "[the hill](slopes.md#hill)" in sheet and "[](#exercise-2)" in sheet and "(valley.md)" in sheet
    assert "success" not in plain and "print(3)" not in plain and "It is 3." not in plain
    assert solved.count("???+ success") == 2 and "    print(3)" in solved


def test_a_chapter_without_exercises_has_no_sheet():
    assert sheets(CHAPTER.partition("## Exercises")[0], "slopes.md", "en") is None


def test_each_chapter_of_the_book_has_both_with_its_numbers(site):
    """A sheet is a page like any other, but that no search leads to it."""
    chapters = [page for page in read_book() if "{ #exercises }" in page.text and "how-to-use" not in page.file]
    assert len(chapters) > 60
    for chapter in chapters:
        language, _, path = chapter.file.removeprefix("docs/").partition("/")
        folder = site / ("en" if language == "en" else "") / path.removesuffix(".md")
        original = (folder / "index.html").read_text("utf8")
        numbers = re.findall(r'<p class="admonition-title">(\d+\.\d) ', original)
        assert numbers
        for kind in ("exercises", "solutions"):
            html = (folder.with_name(f"{folder.name}-{kind}") / "index.html").read_text("utf8")
            assert re.findall(r'<p class="admonition-title">(\d+\.\d) ', html) == numbers, chapter.file
            assert (html.count('<details class="success"') > 0) == (kind == "solutions")
            assert 'content="noindex"' in html


@pytest.mark.parametrize("language", ["", "en/"], ids=["zh", "en"])
def test_the_page_for_teachers_lists_the_sheets_and_says_how_long_each_week_takes(site, language):
    html = (site / language / "teaching" / "index.html").read_text("utf8")
    assert "{time}" not in html and "{sheets}" not in html
    plan, sheets = html.split('id="sheets"')
    times = [int(minutes) for minutes in re.findall(r">(\d+) (?:分钟|min)<", plan)]
    assert len(times) == 16 and all(15 <= minutes <= 150 for minutes in times)
    assert (
        len(re.findall(r'href="[^"]*-exercises/"', sheets)) == len(re.findall(r'href="[^"]*-solutions/"', sheets)) > 30
    )
