"""docs/conftest.py, in a book of its own that plain pytest runs."""

import re
import subprocess
import sys

import pytest

from tests.book.page import ROOT


def block(code: str, output: str) -> str:
    return f"```python\n{code}\n```\n<!--pytest-codeblocks:expected-output-->\n```text\n{output}\n```\n"


BOOK = {
    "docs/a.md": block(
        "import numpy as np\nnp.set_printoptions(precision=2)\nold = np.seterr(all='ignore')\nnp.random.seed(0)\nprint(np.array([1/3]))",
        "[0.33]",
    ),
    "docs/b.md": block("import numpy as np\nprint(np.array([1/3]))", "[0.33333333]"),
    "docs/c.md": block("import numpy as np\nprint(np.geterr()['divide'])", "warn"),
    "docs/d.md": block("import numpy as np\nprint(np.random.rand() == np.random.RandomState(0).rand())", "False"),
    "docs/wrong.md": block("print(1)", "2"),
    "docs/comment.md": block("# print(1)", "1"),
    "docs/complains.md": block("import warnings\nwarnings.warn('old')\nprint(1)", "1"),
    "docs/broken.md": block("print(1)\nprint(", "1"),
    "pytest.ini": f"[pytest]\naddopts = --codeblocks -p no:cacheprovider\npythonpath = {ROOT.as_posix()}\n",
}


@pytest.mark.parametrize(
    ("conftest", "failing"),
    [
        ((ROOT / "docs" / "conftest.py").read_text("utf8"), ["broken", "comment", "complains", "wrong"]),
        # Without it state does leak, and the test above proves something.
        ("", ["b", "broken", "c", "comment", "d", "wrong"]),
    ],
)
def test_each_block_runs_in_a_fresh_interpreter(tree, conftest, failing):
    root = tree(BOOK | {"docs/conftest.py": conftest})
    run = subprocess.run([sys.executable, "-m", "pytest", "docs", "-rf"], cwd=root, capture_output=True, text=True)
    assert sorted(re.findall(r"^FAILED docs/(\w+)\.md", run.stdout, re.MULTILINE)) == failing, run.stdout
    assert f"{len(failing)} failed, {8 - len(failing)} passed" in run.stdout
    if conftest:
        assert "line 2: '(' was never closed" in run.stdout
        assert "run alone, ends with '<block>:2: UserWarning: old' on stderr" in run.stdout


def test_a_block_of_both_languages_runs_once_and_each_page_s_output_is_compared(tree, tmp_path):
    runs = (tmp_path / "runs").as_posix()
    once = f"file = open({runs!r}, 'a')\nwritten = file.write('x')\nprint(file.tell() * 1)\nfile.close()"
    pages = {
        "docs/en/same.md": block(f"{once}  # it counts", "1"),
        "docs/zh/same.md": block(f"{once}  # 数一数", "1"),
        "docs/zh/wrong.md": block(once, "2"),
        "docs/zh/other.md": block(once.replace("* 1", "* 2"), "4"),
    }
    book = {"docs/conftest.py": (ROOT / "docs" / "conftest.py").read_text("utf8"), "pytest.ini": BOOK["pytest.ini"]}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "docs", "-rfp"], cwd=tree(book | pages), capture_output=True, text=True
    )
    assert sorted(re.findall(r"^(PASSED|FAILED) docs/(\w+/\w+)\.md", run.stdout, re.MULTILINE)) == [
        ("FAILED", "zh/wrong"),
        ("PASSED", "en/same"),
        ("PASSED", "zh/other"),
        ("PASSED", "zh/same"),
    ], run.stdout
