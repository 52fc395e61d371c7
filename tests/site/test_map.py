"""The map on the cover, and what else knows it: the head of a chapter, and the links under it."""

import re
from pathlib import Path

import pytest

from docs.hooks.chapter_head import minutes
from docs.hooks.map import Station, draw_map, stations
from tests.conftest import ROOT

SOURCE = """
| | Chapter | Question |
|---|---|---|
| {} | [Basics](foundations.md) | What? |

**Part I: Birds**

| | Chapter | Question |
|---|---|---|
| {} | [Song](birds/song.md) | Why sing? |
| | [Lab: nests](labs/nests.py) | How many eggs? |
"""
TABLE = "<table>\n<thead>\n<tr>\n<td></td>\n<th>Chapter</th>\n<th>Question</th>\n</tr>\n</thead>\n<tbody>\n{}</tbody>\n</table>\n"
ROW = "<tr>\n<td>{}</td>\n<td>{}</td>\n<td>{}</td>\n</tr>\n"
MAP = (
    '<h2 id="map">The map</h2>\n'
    + TABLE.format(ROW.format("0", '<a href="foundations/">Basics</a>', "What?"))
    + "<p><strong>Part I: Birds</strong></p>\n"
    + TABLE.format(
        ROW.format("1", '<a href="birds/song.html">Song</a>', "Why <em>sing</em>?")
        + ROW.format("", '<a href="labs/nests/">Lab</a>', "How many?")
        + ROW.format("2", "Flight", "To where?")
    )
)


def test_the_map_knows_each_page_with_its_question_and_part():
    assert stations(SOURCE) == {
        "foundations.md": Station("Basics", "What?", 0, ""),
        "birds/song.md": Station("Song", "Why sing?", 1, "Part I: Birds"),
        "labs/nests.py": Station("Lab: nests", "How many eggs?", 1, "Part I: Birds"),
    }


def test_its_tables_become_lists_of_links():
    drawn = draw_map(MAP)
    assert "<table" not in drawn
    assert [re.sub("<[^>]+>", " ", item).split() for item in re.findall("<li>.*?</li>", drawn)] == [
        ["0", "Basics", "What?"],
        ["1", "Song", "Why", "sing", "?"],
        ["Lab", "How", "many?"],
        ["2", "Flight", "To", "where?"],
    ]
    assert re.findall('<a href="([^"]*)" data-page="([^"]*)"', drawn) == [
        ("foundations/", "foundations"),
        ("birds/song.html", "birds/song"),
        ("labs/nests/", "labs/nests"),
    ]
    assert re.findall('aria-labelledby="([^"]*)"', drawn) == ["part-1"] and 'id="part-1">Part I: Birds<' in drawn


def test_a_table_before_the_map_stays_one():
    before = TABLE.format(ROW.format("1", '<a href="a/">A</a>', "B"))
    assert draw_map(before + MAP).startswith(before)
    assert draw_map(before) == before


# ---- how long a chapter takes


def prose(words: int) -> str:
    return "word " * words


@pytest.mark.parametrize(
    ("markdown", "takes"),
    [
        (prose(1500), 10),
        ("字" * 2400, 10),
        (prose(1500) + "\n\n```python\n" + "x = 1\n" * 150 + "```\n", 20),
        (prose(1500) + "\n\n" + "$$\na\n$$\n\n" * 15, 15),
        (prose(1500) + "\n\n## Exercises { #exercises }\n\n" + prose(3000), 10),
        (prose(1500) + '\n\n??? note "More"\n    ' + prose(3000) + "\n", 10),
        (prose(1500) + "\n\n[short](" + "a/" * 3000 + ")", 10),
        ("One word.", 5),
    ],
    ids=["words", "characters", "code", "formulas", "not the exercises", "not what is folded", "no address", "least"],
)
def test_the_time_is_that_of_what_is_read(markdown, takes):
    assert minutes(markdown) == takes


# ---- the built site

CHAPTERS = sorted(
    path.relative_to(ROOT / "docs/zh").with_suffix("").as_posix()
    for part in ("neural-networks", "transformer", "beyond", "labs")
    for path in (ROOT / "docs/zh" / part).iterdir()
)
HEAD = re.compile(r'<div class="chapter-head part-(\d)" data-page="([^"]*)" data-search-exclude>(.*?)</div>')


def test_every_chapter_says_its_part_its_time_and_what_it_builds_on_in_both_languages(site: Path):
    for chapter in CHAPTERS:
        heads = [HEAD.findall((site / folder / chapter / "index.html").read_text("utf8")) for folder in ("", "en")]
        assert [len(head) for head in heads] == [1, 1], chapter
        (part, page, chinese), (other_part, other_page, english) = heads[0][0], heads[1][0]
        assert (part, page) == (other_part, other_page) and page == chapter and part in "123"
        assert re.findall('href="([^"]*)"', chinese) == re.findall('href="([^"]*)"', english) != [], chapter
        times = [int(found) for text in (chinese, english) for found in re.findall(r"(\d+) (?:分钟|min)<", text)]
        if chapter != "transformer/attention-on-paper":
            assert len(times) == 2 and abs(times[0] - times[1]) <= 10, (chapter, times)


def test_under_a_page_stand_the_questions_of_its_neighbors(site: Path):
    page = (site / "en/neural-networks/loss-functions/index.html").read_text("utf8")
    neighbors = page[page.index('<nav class="neighbors') :]
    assert "How does a whole layer become one matrix product?" in neighbors
    assert "Which way to step, and how far?" in neighbors
