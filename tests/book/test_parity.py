from collections.abc import Callable
from pathlib import Path

import pytest

from tests.book import parity

PAGE = """\
---
title: Same in both
---

# Title { #title }

Inline $a$ and $b$, a [link](../index.md#cover), and [another](https://example.org/en).

$$
c = 1
$$

$$
d = 2
$$

## Section { #section }

```python
from scratchml import relu

print(relu([-1.0]), "label")  # a comment
```
<!--pytest-codeblocks:expected-output-->
```text
[0.] label
```

```py
scratchml.losses.squared_error
```

```console
# what follows
$ pytest  # a comment
```

![alt](figure:m.first)

![alt](figure:m.second)

!!! note "Title"

    | a | b |
    |---|---|
    | 1 | 2 |

??? success

    Text.

## References { #references }

A [book](https://example.org/book), [here](../index.md).
"""
LAB = """\
# %% [markdown]
# # Lab { #lab }
#
# A formula $a$.
#
# !!! note
#     A [link](../part/x.md).

# %%
words = {
    "loss": "LABEL",
    "epoch": "epoch",
}

# %% [markdown]
# ## Plot { #plot }

# %% alt="LABEL"
plot(x, label=words["loss"])  # a comment

# %%
print(x, "text")
"""
CHINESE = "nav:\n  - index.md\n  - 部分:\n      - part/x.md\n  - Transformer:\n      - y.md\nhooks: [docs/hooks/a.py]\nextra_css: [css/a.css]\nextra_javascript: [{path: js/a.js, defer: true}]\n"
ENGLISH = "INHERIT: ../mkdocs.yml\n" + CHINESE.replace("部分", "Part").replace("docs/hooks", "hooks").replace(
    "css/a", "../css/a"
).replace("js/a", "../js/a")
BOOK = {
    "docs/zh/part/x.md": PAGE,
    "docs/en/part/x.md": PAGE,
    "docs/zh/labs/lab.py": LAB.replace("LABEL", "标签"),
    "docs/en/labs/lab.py": LAB.replace("LABEL", "label"),
    "mkdocs.yml": CHINESE,
    "docs/mkdocs.en.yml": ENGLISH,
}


def changed(tree: Callable[[dict[str, str]], Path], file: str, old: str, new: str) -> Path:
    assert BOOK[file].count(old) == 1
    return tree(BOOK | {file: BOOK[file].replace(old, new)})


def test_both_languages_of_the_book_have_the_same_structure(no_problem):
    no_problem(parity.problems())


def test_a_sound_book_has_no_problem(tree):
    assert parity.problems(tree(BOOK)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a comment\n```\n<!--", "# 注释\n```\n<!--"),
        ('print(relu([-1.0]), "label")', '# 注释\nprint(\n    relu([-1.0]),\n    "label"\n)'),
        ("$ pytest  # a comment", "$ pytest  # 注释"),
        ("# what follows", "# 下面是"),
        ("Inline $a$ and $b$", "公式 $b$ 与 $a$"),
        (
            "[link](../index.md#cover), and [another](https://example.org/en)",
            "[另一个](https://example.org/en)和[链接](../index.md#cover)",
        ),
        ("[link](../index.md#cover)", "[链接](../part/../index.md#cover)"),
        ("https://example.org/book", "https://example.org/zh/book"),
        ("c = 1", "c  =  1"),
        ("    Text.\n", "    文字。\n\n    又一段。\n"),
    ],
)
def test_languages_may_differ_in_words_comments_and_layout(tree, old, new):
    assert parity.problems(changed(tree, "docs/zh/part/x.md", old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("title: Same", "titel: Same", 1, ["front matter", "['titel']", "['title']"]),
        ("# Title { #title }", "# Title", 5, ["no id", "{ #some-id }"]),
        ("{ #section }", "{ #Section_1 }", 17, ["'Section_1'", "small letters"]),
        ("{ #references }", "{ #section }", 52, ["stands twice", "choose another"]),
        (
            "## Section { #section }",
            "### Section { #section }",
            17,
            ["### { #section }", "docs/zh/part/x.md:17 ## { #section }"],
        ),
        ("## References { #references }\n", "", 54, ["no heading", "docs/zh/part/x.md:52 ## { #references }"]),
        ("## References", "## New { #new }\n\n## References", 52, ["## { #new }", "## { #references }"]),
        ("[-1.0]", "[-2.0]", 19, ["#section", "python block", "docs/zh/part/x.md:19", "the same"]),
        ('"label")', '"Label")', 19, ["python block"]),
        ("[0.] label\n", "[0.] Label\n", 25, ["the output isn't the one at docs/zh/part/x.md:25"]),
        ("[0.] label\n", "[0.]  label\n", 25, ["the output isn't the one at"]),
        ("losses.squared_error\n", "losses.cross_entropy\n", 29, ["listing", "docs/zh/part/x.md:29"]),
        ("$ pytest ", "$ pytest -q ", 33, ["terminal session"]),
        (
            "```console\n# what follows\n$ pytest  # a comment\n```\n\n",
            "",
            17,
            ["no such code", "a terminal session", "docs/zh/part/x.md:33"],
        ),
        ("$a$", "$a'$", 7, ["the formula a'", "the formula a "]),
        ("$a$", "$b$", 7, ["the formula b", "the formula a "]),
        ("$a$", "a", 5, ["no such formula", "the formula a "]),
        (
            "$$\nc = 1\n$$\n\n$$\nd = 2\n$$",
            "$$\nd = 2\n$$\n\n$$\nc = 1\n$$",
            9,
            ["displayed formula d = 2", "docs/zh/part/x.md:9"],
        ),
        ("figure:m.second", "figure:m.third", 40, ["the figure figure:m.third", "figure:m.second"]),
        ("![alt](figure:m.second)\n\n", "", 17, ["no such figure", "figure:m.second"]),
        ("!!! note", "!!! tip", 42, ["the box !!! tip", "!!! note"]),
        ("??? success", "!!! success", 48, ["the box !!! success", "??? success"]),
        ("    | 1 | 2 |\n", "    | 1 | 2 |\n    | 3 | 4 |\n", 44, ["table 3 × 2", "table 2 × 2"]),
        ("../index.md#cover", "../index.md#start", 7, ["index.md#start", "index.md#cover"]),
        ("https://example.org/en", "https://example.com", 7, ["https://example.com", "https://example.org/en"]),
        ("[here](../index.md)", "here", 52, ["no such link", "index.md"]),
    ],
)
def test_a_page_that_drifts_apart_is_named(tree, names, old, new, line, words):
    names(parity.problems(changed(tree, "docs/en/part/x.md", old, new)), f"docs/en/part/x.md:{line}", words)


@pytest.mark.parametrize(("here", "there"), [("zh", "en"), ("en", "zh")])
def test_a_page_in_one_language_only_is_named(tree, names, here, there):
    names(
        parity.problems(tree(BOOK | {f"docs/{here}/new.md": "# New { #new }\n"})),
        f"docs/{here}/new.md:1",
        [f"docs/{there}/new.md is missing", "write it"],
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("{ #lab }", "", 2, ["no id"]),
        ("## Plot", "### Plot", 16, ["### { #plot }", "docs/zh/labs/lab.py:16 ## { #plot }"]),
        ("$a$", "$b$", 4, ["the formula b", "the formula a "]),
        ("!!! note", "!!! tip", 6, ["the box !!! tip", "!!! note"]),
        ("../part/x.md", "../y.md", 7, ["y.md", "part/x.md"]),
        ("plot(x,", "plot(y,", 18, ["code cell", "docs/zh/labs/lab.py:18"]),
        ('"text"', '"Text"', 21, ["code cell", "docs/zh/labs/lab.py:21"]),
        ('words["loss"]', 'words["epoch"]', 18, ["code cell"]),
        ('    "epoch": "epoch",\n', "", 9, ["code cell", "docs/zh/labs/lab.py:9"]),
        ('"epoch": "epoch"', '"time": "epoch"', 9, ["code cell"]),
        ('"epoch": "epoch"', '"epoch": word', 9, ["code cell"]),
        ('"loss": "label"', '"loss": "标签"', 11, ["Chinese words", "write them in English"]),
        ("# a comment", "# 注释", 19, ["Chinese words", "words = {…}"]),
        (' alt="label"', "", 16, ["no such figure", "the figure plot:"]),
        ('\n# %%\nprint(x, "text")\n', "", 20, ["no cell", "docs/zh/labs/lab.py:21 a code cell"]),
        (
            "# %% [markdown]\n# ## Plot",
            "# %% [markdown]\n# Text\n\n# %% [markdown]\n# ## Plot",
            18,
            ["a markdown cell", "docs/zh/labs/lab.py:18 a code cell"],
        ),
    ],
)
def test_a_lab_that_drifts_apart_is_named(tree, names, old, new, line, words):
    names(parity.problems(changed(tree, "docs/en/labs/lab.py", old, new)), f"docs/en/labs/lab.py:{line}", words)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a comment", "# another"),
        ('"loss": "label"', '"loss": "label of something"'),
        ("plot(x, label", "plot(\n    x,\n    label"),
    ],
)
def test_a_lab_may_differ_in_words_comments_and_layout(tree, old, new):
    assert parity.problems(changed(tree, "docs/en/labs/lab.py", old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("part/x.md", "part/z.md", ["part/z.md", "part/x.md", "same pages"]),
        ("      - part/x.md", "      - part/x.md\n      - part/z.md", ["part/z.md", "same pages"]),
        ("  - Transformer:\n      - y.md\n", "", ["3 entries", "5", "same pages"]),
        ("  - Transformer:\n      - y.md\n", "  - y.md\n", ["same tree"]),
        ("Part:", "部分:", ["部分", "translate"]),
        (
            "nav:\n  - index.md\n  - Part:\n      - part/x.md\n  - Transformer:\n      - y.md\n",
            "",
            ["部分", "translate"],
        ),
        ("hooks/a.py", "hooks/b.py", ["hooks", "the same files"]),
        ("../css/a.css", "../css/b.css", ["extra_css", "the same files"]),
        ("defer: true", "defer: false", ["extra_javascript", "the same files"]),
    ],
)
def test_configurations_that_drift_apart_are_named(tree, names, old, new, words):
    names(parity.problems(changed(tree, "docs/mkdocs.en.yml", old, new)), "docs/mkdocs.en.yml:1", words)
