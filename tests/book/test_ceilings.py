import pytest

from docs.hooks.listings import listing
from tests.book import ceilings
from tests.book.page import EXPECTED_OUTPUT, Page, read_book

PAGE = """\
# Title { #title }

Some words (an aside) and $x$ (a, b). See [the (other) page](x.md).

![Not (counted)](figure:a.b "A caption (counted) here.")

| A (b) | c |
|---|---|
| d | e |

```python
from scratchml import relu

print("relu", relu(1))
```
<!--pytest-codeblocks:expected-output-->
```text
relu 1.0
```

```py
scratchml.activations.relu
```

!!! note "A title"
    More words.

??? success "Collapsed (text)"
    Nothing (of this) counts.

    ```python
    print(1, 2)
    ```
    <!--pytest-codeblocks:expected-output-->
    ```text
    1 2
    ```

## Exercises { #exercises }

Nor does (anything) here.
"""
NAMES = {language: f"docs/{language}/neural-networks/x.md" for language in ("zh", "en")}


def output(text: str) -> Page:
    """A page whose one block, in line 3, prints `text`, from line 8 on."""
    block = f"```python\nprint()\n```\n{EXPECTED_OUTPUT}\n```text\n{text}\n```"
    return Page(NAMES["en"], f"# A {{ #a }}\n\n{block}\n")


def test_no_chapter_is_too_long_and_every_output_says_what_it_is(no_problem):
    no_problem(problem for page in read_book() for problem in ceilings.problems(page))


def test_what_stands_before_the_exercises_is_counted():
    counted = ceilings.counts(Page(NAMES["en"], PAGE))
    text = "Title Some words an aside and a b See the other page A caption counted here A title More words"
    assert counted.prose == len(text.split())
    assert counted.code == 3 + listing("scratchml.activations.relu").length
    assert counted.parentheses == [3, 3, 5]


@pytest.mark.parametrize("language", NAMES)
def test_a_page_within_its_ceilings_has_no_problem(language):
    assert ceilings.problems(Page(NAMES[language], PAGE)) == []


def test_only_chapters_have_ceilings():
    assert ceilings.problems(Page("docs/en/appendix/x.md", "word " * 3000)) == []


@pytest.mark.parametrize(
    ("language", "text", "line", "words"),
    [
        ("en", "word " * 2001, 5, ["2002 words", "at most 2000", "cut it"]),
        ("zh", "汉字 and words " * 1601, 5, ["3202 汉字", "at most 3200"]),
        ("en", "```python\n" + "a = 1\n\n" * 151 + "```", 308, ["151 lines of code and output", "show less"]),
        ("en", "A (side) note (here).\n\n" * 5, 11, ["10 pairs", "at most 8", "lines 3, 3, 5, 5, 7", "a sentence"]),
        ("zh", "一句（旁白）话。\n\n" * 9, 19, ["9 pairs"]),
    ],
)
def test_what_is_too_much_is_named(language, text, line, words, names):
    page = Page(NAMES[language], f"# A {{ #a }}\n\n{text}\n\n## B {{ #exercises }}\n\n{text}\n")
    names(ceilings.problems(page), f"{NAMES[language]}:{line}", words)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "a unit (5 cm), a point (1, 5), a shape (n, inputs), (MLP), (斜率), (Rumelhart, 1986), f(x), $f$(x)"),
        ("zh", "导数（derivative），点（1, 5），（MLP），（Rumelhart 等，1986）和（2017 年）"),
    ],
)
def test_what_names_measures_or_cites_is_no_parenthesis_of_prose(language, text):
    assert ceilings.counts(Page(NAMES[language], text)).parentheses == []


@pytest.mark.parametrize(
    "text",
    [
        "1.0",
        "[[1 2]\n [3 4]]",
        "rate 0.1 loss 0.2\nrate 0.2 loss 0.1",
        "rate loss\n0.1 0.2\n0.2 0.1",
        "      ReLU  tanh\n 0.1  0.2  0.3\n\nat 1e-05",
        "weights\n[[1 2]\n [3 4]]\n[5 6]",
        "scores [[1 2]\n [3 4]]",
        "True",
    ],
)
def test_an_output_that_says_what_it_is_has_no_problem(text):
    assert ceilings.problems(output(text)) == []


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [
        ("0.1 0.2", 8, "'0.1 0.2'"),
        ("1\n2", 8, "'1'"),
        ("True False", 8, "'True False'"),
        ("5e+00 nan inf 14.8% −1", 8, "5e+00"),
        ("loss 0.5\n0.1", 9, "'0.1'"),
        ("loss 0.5 at 3\n[1 2]", 9, "'[1 2]'"),
        ("[1 2] [3 4]", 8, "'[1 2] [3 4]'"),
        ("[[1 2]\n [3 4]]\n[5 6]", 8, "'[[1 2]'"),
        ("(2, 3) (3, 2)", 8, "'(2, 3) (3, 2)'"),
        ("rate loss\n0.1 0.2\n\n0.2 0.1", 11, "'0.2 0.1'"),
    ],
)
def test_a_row_of_bare_numbers_is_named(text, line, shown, names):
    names(ceilings.problems(output(text)), f"{NAMES['en']}:{line}", [shown, "doesn't say what it is", "print("])
