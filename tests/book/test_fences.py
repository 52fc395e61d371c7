import pytest

from docs.hooks.listings import listing
from tests.book import fences
from tests.book.page import Page, read_book

SOUND = """\
# Softmax { #softmax }

```python
import numpy as np
from scratchml import softmax

scores = np.array([2, 4, 5])
print(softmax(scores).round(4))
```
<!--pytest-codeblocks:expected-output-->
```text
[0.0351 0.2595 0.7054]
```

!!! note

    ```python
    from scratchml import relu

    print(relu([-1.0, 1.0]))
    ```
    <!--pytest-codeblocks:expected-output-->
    ```text
    [0. 1.]
    ```

```py
scratchml.losses.squared_error
```

```console
$ pytest
```
"""
UNTIED = "isn't compared"
FORM = "write exactly ```python"


def test_the_fences_of_the_book_are_sound(no_problem):
    no_problem(problem for page in read_book() for problem in fences.problems(page))


def test_a_sound_page_has_no_problem():
    assert fences.problems(Page("docs/zh/x.md", SOUND)) == []


@pytest.mark.parametrize(
    ("sound", "broken", "line", "words"),
    [
        # Fences that readers see as Python and pytest-codeblocks doesn't.
        ("```python\nimport", '```python title="x"\nimport', 3, [FORM]),
        ("```python\nimport", '```python hl_lines="1"\nimport', 3, [FORM]),
        ("```python\nimport", "```{.python}\nimport", 3, [FORM]),
        ("```python\nimport", "``` python\nimport", 3, [FORM]),
        ("```python\nimport", "```python \nimport", 3, [FORM]),
        ("```python\nimport", "```Python\nimport", 3, [FORM]),
        ("```python\nimport", "```python3\nimport", 3, [FORM]),
        ("```python\nimport", "```pycon\nimport", 3, [FORM]),
        ("```python\nimport", "```\nimport", 3, [FORM]),
        ("```python\nimport", "````python\nimport", 3, [FORM]),
        ("```console\n$ pytest", "```bash\n$ pytest", 31, [FORM]),
        ("```console\n$ pytest\n```", "~~~python\nprint()\n~~~", 31, [FORM]),
        ("    ```python\n", '    ```python title="x"\n', 17, [FORM]),
        ("    ```python\n    from", "    ~~~python\n    from", 17, [FORM]),
        ("```console\n$ pytest", "> ```console\n> $ pytest", 31, ["behind '>'", "line of its own"]),
        ("```console\n$ pytest", "- ```console\n$ pytest", 31, ["behind '-'", "line of its own"]),
        ("```console\n$ pytest", "\t```console\n\t$ pytest", 31, ["indented with spaces"]),
        ("$ pytest\n```", "$ pytest", 31, ["never closed", "close it"]),
        ("round(4))\n```\n", "round(4))\n", 10, ["inside the fence of line 3", "close"]),
        ("$ pytest\n```", "$ pytest\n````", 33, ["same indent"]),
        ("    print(relu", "  print(relu", 20, ["indented less", "4 spaces"]),
        # Outputs that aren't compared.
        ("<!--pytest-codeblocks:expected-output-->\n```text\n[0.0", "```text\n[0.0", 3, [UNTIED, "expected-output"]),
        (
            "<!--pytest-codeblocks:expected-output-->\n```text\n[0.0",
            "\n<!--pytest-codeblocks:expected-output-->\n```text\n[0.0",
            3,
            [UNTIED, "directly under"],
        ),
        ("-->\n```text\n[0.0", "-->\n\n```text\n[0.0", 3, [UNTIED]),
        ("-->\n```text\n[0.0351 0.2595 0.7054]\n```\n", "-->\n", 3, [UNTIED]),
        ("    ```text\n    [0. 1.]\n    ```", "```text\n[0. 1.]\n```", 17, [UNTIED, "same indent"]),
        ("[0.0351 0.2595 0.7054]\n", "", 11, ["empty", "print"]),
        ("```console\n$ pytest", "```text\nfree text", 31, ["isn't the output", "prose"]),
        ("    [0. 1.]\n", "    [0.\n\n     1.]\n", 23, ["drops blank lines", "left margin"]),
        ("    print(relu(", '    print("""\n\n    """, relu(', 17, ["what pytest-codeblocks would run"]),
        # Comments that skip, glue or hide.
        ("# Softmax { #softmax }\n", "<!--pytest-codeblocks:skipfile-->\n", 1, ["skipfile", "take it out"]),
        ("\n```python\nimport", "<!--pytest-codeblocks:skip-->\n```python\nimport", 2, ["skip", "take it out"]),
        ("\n```python\nimport", "<!-- pytest.mark.skip -->\n```python\nimport", 2, ["pytest.mark.skip", "take it out"]),
        ("\n```python\nimport", "<!--pytest.mark.xfail-->\n```python\nimport", 2, ["pytest.mark.xfail", "take it out"]),
        ("\n    ```python\n", "\n    <!--pytest-codeblocks:cont-->\n    ```python\n", 17, ["cont", "take it out"]),
        (
            "\n```python\nimport",
            "<!--pytest-codeblocks:importorskip(torch)-->\n```python\nimport",
            2,
            ["importorskip", "take it out"],
        ),
        (
            ":expected-output-->\n```text\n[0.0",
            ":expected-output-ignore-whitespace-->\n```text\n[0.0",
            10,
            ["ignore-whitespace", "take it out"],
        ),
        ("\n```py\n", "\n<!--pytest-codeblocks:expected-output-->\n```py\n", 27, ["take it out"]),
        (
            "# Softmax { #softmax }\n",
            "<!--pytest-codeblocks:expected-output-->\n",
            1,
            ["can't read the page", "no previous code block"],
        ),
        ("\n```python\nimport", "<!-- seen by nobody\n```python\nimport", 2, ["hide", "take it out"]),
        (
            "\n```python\nimport",
            "`a\n<!--pytest-codeblocks:skip-->\n`\n```python\nimport",
            5,
            ["what pytest-codeblocks would run"],
        ),
        # Blocks that don't use scratchml, or more than that.
        ("scores = np", "scores = = np", 7, ["can't read the block", "mend"]),
        ("from scratchml import softmax", "def softmax(x): return x", 3, ["doesn't use scratchml"]),
        ("print(softmax(scores)", "print((scores)", 3, ["doesn't use scratchml", "use it"]),
        ("from scratchml import softmax", "from scratchml import *", 5, ["import *", "by name"]),
        ("import numpy as np\n", "import numpy as np, urllib.request\n", 4, ["urllib.request", "browser"]),
        ("import numpy as np\n", "import numpy as np; import requests\n", 4, ["requests", "browser"]),
        ("import numpy as np\n", "import numpy as np; from os import path\n", 4, ["os", "files"]),
        ("import numpy as np\n", "import numpy as np; import matplotlib.pyplot as plt\n", 4, ["matplotlib", "lab"]),
        ("scores = ", "import threading; scores = ", 7, ["threading"]),
        ("scores = ", "import subprocess; scores = ", 7, ["subprocess"]),
        ("scores = ", "open('x', 'w'); scores = ", 7, ["open", "put what it needs into the block"]),
        ("scores = ", "__import__('os'); scores = ", 7, ["__import__"]),
        ("scores = ", "np.save('x', 1); scores = ", 7, ["np.save", "files"]),
        ("scores = ", "np.ones(2).tofile('x'); scores = ", 7, ["files", "print"]),
        ("scores = ", "np.random.seed(0); scores = ", 7, ["np.random.seed", "default_rng(seed)"]),
        ("scores = ", "x = np.random.normal(2); scores = ", 7, ["np.random.normal", "default_rng(seed)"]),
        ("scores = ", "from numpy.random import rand; rand(2); scores = ", 7, ["np.random.rand", "default_rng(seed)"]),
        ("scores = ", "from numpy import random as r; r.seed(1); scores = ", 7, ["np.random.seed"]),
        ("scores = ", "import numpy.random as r; r.shuffle([]); scores = ", 7, ["np.random.shuffle"]),
        ("scores = ", "rng = np.random.default_rng(); scores = ", 7, ["default_rng()", "seed"]),
        ("scores = ", "np.set_printoptions(precision=2); scores = ", 7, ["set_printoptions", "with np.printoptions"]),
        ("scores = ", "np.seterr(all='ignore'); scores = ", 7, ["seterr", "with np.errstate"]),
        # Blocks that can't be pasted at Python's prompt.
        ("scores = np", "for i in range(2):\n    i\nscores = np", 9, ["pasted", "blank line after"]),
        ("scores = np", "for i in range(2):\n    i\n\n    i\n\nscores = np", 10, ["pasted", "none inside"]),
        # Listings that were typed.
        (
            "scratchml.losses.squared_error\n",
            "def squared_error(targets, outputs):\n    return 0\n",
            27,
            ["no listing", "qualified name"],
        ),
        ("scratchml.losses.squared_error\n", "scratchml.losses.squared_errors\n", 27, ["has no squared_errors"]),
        (
            "scratchml.losses.squared_error\n",
            "scratchml.losses.squared_error\nscratchml.losses\n",
            27,
            ["one qualified name"],
        ),
        ("scratchml.losses.squared_error\n", "", 27, ["one qualified name"]),
        # Listings that nobody would read.
        ("scratchml.losses.squared_error\n", "scratchml.losses.Loss\n", 27, ["a class", "its methods"]),
        (
            "scratchml.losses.squared_error\n",
            "scratchml.module.Module.load_state\n",
            27,
            ["load_state shows", "at most 15", "LONG_LISTINGS"],
        ),
    ],
)
def test_a_hole_is_named(names, sound, broken, line, words):
    assert SOUND.count(sound) == 1
    names(fences.problems(Page("docs/zh/x.md", SOUND.replace(sound, broken))), f"docs/zh/x.md:{line}", words)


def test_the_cells_of_a_lab_run_in_the_lab_and_its_text_has_no_blocks(names):
    lab = "# %% [markdown]\n# ```console\n# $ pytest\n# ```\n\n# %%\nimport matplotlib\n"
    assert fences.problems(Page("docs/zh/labs/x.py", lab)) == []
    names(
        fences.problems(Page("docs/zh/labs/x.py", lab.replace("console", "python"))),
        "docs/zh/labs/x.py:2",
        ["pytest-codeblocks"],
    )


def test_few_listings_are_long_and_each_of_those_is_on_a_page_and_has_a_reason():
    shown = {fence.body.strip(): fence for page in read_book() for fence in page.fences if fence.info == "py"}
    assert len(fences.LONG_LISTINGS) <= 5 and all(fences.LONG_LISTINGS.values())
    for name in fences.LONG_LISTINGS:
        assert name in shown and listing(name).length > fences.MAX_LISTING, f"{name} needs no exception: take it out"
