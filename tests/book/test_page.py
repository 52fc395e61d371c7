import pytest

from tests.book import rendering
from tests.book.page import LANGUAGES, Page, read_book, unread, words

PAGE = """\
---
title: Softmax
---

# Softmax { #softmax }

A `$` is code, a \\$ is a dollar, $e^x$ a formula, [a link](other.md#there "with a title") a link, <https://example.org> too.

$$
\\sum_i e^{x_i}
$$

!!! note "A note"

    | a | `b|c` |
    |---|:-:|
    | 1 | $2$ |

    ```python
    x = "# no heading, $no formula$"

    y = 1
    ```

??? success

    ![ten digits](figure:machine_learning.examples "Ten [digits]")

## Next { .wide #next }

Text.
"""

LAB = """\
# ---
# jupyter: python3
# ---

# %% [markdown]
# # A lab { #lab }
# A formula: $x$

# %%
words = {"label": "a label"}

# %% alt="What one sees"
x = "# no heading, $no formula$"

# %% [markdown]
# ## More { #more }
#
# !!! note
#     A [link](x.md).
"""


def test_a_page_is_read_with_its_line_numbers():
    page = Page("docs/en/part/softmax.md", PAGE)
    assert (page.language, page.path, page.name) == ("en", "part/softmax.md", "part/softmax")
    assert page.front_matter == "title: Softmax\n"
    assert [(heading.line, heading.level, heading.id) for heading in page.headings] == [
        (5, 1, "softmax"),
        (29, 2, "next"),
    ]
    assert page.formulas == [(7, "e^x", False), (9, "\\sum_i e^{x_i}", True), (17, "2", False)]
    assert page.links == [(7, "https://example.org"), (7, "other.md#there")]
    assert page.images == [(27, "ten digits", "figure:machine_learning.examples")]
    assert page.boxes == [(13, "!!! note"), (25, "??? success")]
    assert page.tables == [(15, 2, 2)]
    assert [(fence.line, fence.end, fence.prefix, fence.info, fence.body) for fence in page.fences] == [
        (19, 23, "    ", "python", 'x = "# no heading, $no formula$"\n\ny = 1\n')
    ]
    assert [page.section_at(line) for line in (1, 5, 28, 29)] == ["", "softmax", "softmax", "next"]
    assert {id: line for id, (line, _) in page.sections.items()} == {"": 1, "softmax": 5, "next": 29}
    assert page.sections["next"][1] == "## Next { .wide #next }\n\nText."
    assert (
        "\n".join(text for _, text in page.sections.values()).split() == PAGE.split()
    )  # no line is outside of all sections


def test_a_lab_is_read_with_its_line_numbers():
    page = Page("docs/en/labs/digits.py", LAB)
    assert [(heading.line, heading.id) for heading in page.headings] == [(6, "lab"), (16, "more")]
    assert page.formulas == [(7, "x", False)]
    assert page.cells == [(5, "markdown"), (9, "code"), (12, "code"), (15, "markdown")]
    assert [(fence.line, fence.info) for fence in page.fences] == [(9, "lab"), (12, "lab")]
    assert page.fences[1].body == 'x = "# no heading, $no formula$"\n\n'
    assert page.images == [(12, "What one sees", "plot:")]
    assert page.boxes == [(18, "!!! note")] and page.links == [(19, "x.md")]
    assert words(page.fences[0]) == {"label": (10, "a label")} and words(page.fences[1]) == {}
    assert page.prose.split("\n")[9] == "a label"
    assert page.sections["lab"][1].startswith("# # A lab") and page.sections["lab"][1].endswith(
        '"# no heading, $no formula$"'
    )
    assert page.sections["more"] == (16, "# ## More { #more }\n#\n# !!! note\n#     A [link](x.md).")
    assert Page("docs/en/labs/x.py", "# %% [markdown]\n# # A { #a }\n").sections == {"a": (2, "# # A { #a }")}


def test_the_book_is_read(no_problem):
    pages = read_book()
    assert {page.language for page in pages} == set(LANGUAGES) and any(page.python for page in pages)
    no_problem(unread())


def test_a_file_that_nothing_reads_is_named(tree, names):
    root = tree({f"docs/en/{name}": "" for name in ["x.md", "labs/lab.py", "y.markdown", "labs/z.ipynb"]})
    assert [page.file for page in read_book(root)] == ["docs/en/labs/lab.py", "docs/en/x.md"]
    assert len(unread(root)) == 2
    names(unread(root), "docs/en/y.markdown:1", ["no test reads", ".md"])
    names(unread(root), "docs/en/labs/z.ipynb:1", ["no test reads", "percent format"])


def test_markdown_sees_the_book_as_the_checks_do(no_problem):
    no_problem(problem for page in read_book() for problem in rendering.problems(page))


def test_markdown_sees_these_pages_as_the_checks_do():
    page = Page("docs/en/part/softmax.md", PAGE)
    assert rendering.problems(page) == []
    assert rendering.problems(Page("docs/zh/x.md", "# 没有 id\n")) == []
    assert rendering.problems(Page("docs/zh/labs/x.py", LAB)) == []
    assert all(rendering.rendered(page).values()), "the comparison compares something of each kind"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# A { #a }\n\nHidden\n------\n", 3, ["heading", "write headings as # lines"]),
        ("# A { #a }\n\n- # hidden\n", 3, ["heading", "left margin"]),
        ("Text\n\n    print('never run')\n", 3, ["code block", "never as indented text"]),
        ("Text\n\n<pre>never run</pre>\n", 3, ["code block", "HTML"]),
        ("> ```python\n> never_run\n> ```\n", 1, ["code block", "quotation"]),
        ("- ```python\n  never_run\n  ```\n", 1, ["code block"]),
        ("<!--\n```python\nnever_seen\n```\n-->\n", 2, ["code block", "readers get 0"]),
        ("```python\nx\n", 1, ["code block", "readers get 0"]),
        ("A\n$$x$$\nB\n", 2, ["formula", "paragraph of its own"]),
        ("[a][1]\n\n[1]: hidden.md\n", 3, ["link", "[text](target)"]),
        ("Text\n\n<a href='hidden.md'>a</a>\n", 3, ["link", "[text](target)"]),
        ("Text\n\n<img src='hidden.png'>\n", 3, ["image", "figure:module.function"]),
        ("Text\n| a | b |\n|---|---|\n| 1 | 2 |\n", 2, ["table", "blank line above"]),
        ('Text\n\n<div class="admonition note">Hidden</div>\n', 3, ["box", "!!! kind"]),
    ],
)
def test_what_hides_from_the_checks_is_named(names, text, line, words):
    names(rendering.problems(Page("docs/zh/x.md", text)), f"docs/zh/x.md:{line}", words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# <img src='hidden.png'>", ["image", "figure:module.function"]),
        ("#     hidden()", ["code block", "readers get 1"]),
    ],
)
def test_what_hides_from_the_checks_in_a_lab_is_named(names, text, words):
    names(rendering.problems(Page("docs/zh/labs/x.py", f"{LAB}#\n# More.\n#\n{text}\n")), "docs/zh/labs/x.py:23", words)
