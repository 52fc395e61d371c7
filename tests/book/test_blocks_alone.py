import pytest

from tests.book import blocks_alone
from tests.book.page import Page

BLOCK = """\
Text

```python
from scratchml import softmax
print(softmax([2, 4, 5]).round(4))
print("second line")
```
<!--pytest-codeblocks:expected-output-->
```text
[0.0351 0.2595 0.7054]
second line
```
"""


def problems(page: Page) -> list[str]:
    runs = blocks_alone.run(block.body for block in page.python)
    return [
        str(problem)
        for block, ran in zip(page.python, runs, strict=True)
        for problem in blocks_alone.problems(page, block, *ran)
    ]


def test_a_sound_block_has_no_problem():
    assert problems(Page("docs/zh/x.md", BLOCK)) == []


@pytest.mark.parametrize(
    ("sound", "broken", "line", "words"),
    [
        (
            "0.7054]\nsecond",
            "0.7055]\nsecond",
            10,
            ["0.7055", "prints '[0.0351 0.2595 0.7054]'", "update_outputs docs/zh/x.md"],
        ),
        ("second line\n```\n", "second line \n```\n", 11, ["'second line '", "update_outputs"]),
        ("second line\n```\n", "second line\nthird line\n```\n", 3, ["has 3 lines", "prints 2"]),
        ("second line\n```\n", "```\n", 3, ["has 1 lines", "prints 2"]),
        ("from scratchml import softmax", "# softmax is imported by a block above", 3, ["NameError", "mend"]),
        ('print("second line")', 'import warnings; warnings.warn("old")', 3, ["on stderr", "mend"]),
        ('print("second line")', 'print("second line")\nrelu = 3\nrelu', 3, ["'line 5:", "give it a name"]),
        ('print("second line")', 'for i in range(2):\n    "a" * i', 3, ["'line 4:", "give it a name"]),
        ('print("second line")', "raise SystemExit(3)", 3, ["exits with 3"]),
        ('print("second line")', "import os; os._exit(3)", 3, ["exits with 3"]),
        ('print("second line")', "import os; os.abort()", 3, ["exits with"]),
        ('print("second line")', 'left = open("left", "w")', 3, ["the file left", "no files"]),
        ('print("second line")', 'print("second line", end="")', 3, ["line end"]),
        (
            "from scratchml import softmax\nprint(softmax([2, 4, 5]).round(4))\nprint(",
            "# print(",
            3,
            ["prints nothing"],
        ),
    ],
)
def test_a_block_that_fails_alone_is_named(sound, broken, line, words):
    assert BLOCK.count(sound) == 1
    (problem,) = problems(Page("docs/zh/x.md", BLOCK.replace(sound, broken)))
    assert problem.startswith(f"docs/zh/x.md:{line}: ") and all(word in problem for word in words), problem


def test_an_endless_block_is_ended_whatever_it_does_about_it_and_the_others_run():
    ignoring = "import signal\nfor number in {1, 2, 14, 15}:\n    signal.signal(number, print)\n"
    runs = blocks_alone.run(["print(1)", ignoring + "while True: pass", "while True: pass", "print(2)"], timeout=0.5)
    assert [printed for printed, _ in runs] == ["1\n", "", "", "2\n"]
    assert ["longer than 0.5 seconds" in fault for _, fault in runs] == [False, True, True, False]


@pytest.mark.parametrize(
    ("before", "code", "output"),
    [
        ("np.set_printoptions(precision=2)", "print(np.array([1/3]))", "[0.33333333]"),
        ("old = np.seterr(all='ignore')", "print(np.geterr()['divide'])", "warn"),
        ("np.random.seed(0)", "print(np.random.rand() == np.random.RandomState(0).rand())", "False"),
        ("np.pi = 3", "print(np.pi)", "3.141592653589793"),
    ],
)
def test_nothing_is_left_of_a_block_for_the_next(before, code, output):
    runs = blocks_alone.run(f"import numpy as np\n{line}" for line in [before + "\nprint(0)", code] * 2)
    assert runs == [("0\n", ""), (f"{output}\n", "")] * 2


def test_what_was_started_is_not_imported_by_a_block():
    """Else each block would import all that tests/book/check.py does."""
    code = "import sys\nprint(sorted(name for name in sys.modules if name in {'pytest', 'mkdocs', 'tests.book.page'}))"
    assert blocks_alone.run([code]) == [("[]\n", "")]
