import pytest

from tests.book import fences, update_outputs
from tests.book.page import Page

CODE = "from scratchml import relu\nprint(relu([-1.0, 1.0]))\nprint()\nprint(2)\n"
OUTPUT = "<!--pytest-codeblocks:expected-output-->\n```text\n[0. 1.]\n\n2\n```\n"
BLOCK = f"```python\n{CODE}```\n"
INDENTED = "    ```python\n    from scratchml import relu\n    print(relu([-1.0]))\n    ```\n"


@pytest.fixture(autouse=True)
def outside_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.parametrize(
    ("source", "updated"),
    [
        (f"{BLOCK}{OUTPUT}\nText\n", f"{BLOCK}{OUTPUT}\nText\n"),
        (f"{BLOCK}{OUTPUT.replace('2', '3')}\nText\n", f"{BLOCK}{OUTPUT}\nText\n"),
        (f"{BLOCK}\nText\n", f"{BLOCK}{OUTPUT}\nText\n"),
        (BLOCK, f"{BLOCK}{OUTPUT}"),
        (f"{BLOCK}<!--pytest-codeblocks:expected-output-->\n\nText\n", f"{BLOCK}{OUTPUT}\nText\n"),
        (f"{BLOCK}```text\nold\n```\n\nText\n", f"{BLOCK}{OUTPUT}\nText\n"),
        (f"{BLOCK}\n<!--pytest-codeblocks:expected-output-->\n\n```text\nold\n```\nText\n", f"{BLOCK}{OUTPUT}Text\n"),
        (f"{BLOCK}\n```console\n$ ls\n```\n", f"{BLOCK}{OUTPUT}\n```console\n$ ls\n```\n"),
        (f"{BLOCK}\n{BLOCK}", f"{BLOCK}{OUTPUT}\n{BLOCK}{OUTPUT}"),
        (
            f"!!! note\n\n{INDENTED}",
            f"!!! note\n\n{INDENTED}    <!--pytest-codeblocks:expected-output-->\n    ```text\n    [0.]\n    ```\n",
        ),
    ],
)
def test_real_outputs_are_written(tree, capsys, source, updated):
    root = tree({"docs/zh/x.md": source, "docs/en/y.md": "# Nothing to run\n"})
    assert update_outputs.main(["docs/zh/x.md"], root) == 0
    assert (root / "docs/zh/x.md").read_text("utf8") == updated
    assert ("docs/zh/x.md: outputs written" in capsys.readouterr().out) == (source != updated)
    assert fences.problems(Page("docs/zh/x.md", updated)) == []


@pytest.mark.parametrize(
    ("broken", "line", "words"),
    [
        ("```python\nprint(undefined)\n```\n", 9, ["NameError"]),
        ("```python\nx = 1\n```\n", 9, ["prints nothing"]),
        ("```python\nprint(1)\n", 9, ["never closed"]),
        ('```python title="x"\nprint(1)\n```\n', 9, ["write exactly ```python"]),
    ],
)
def test_a_page_with_a_failing_block_stays_as_it_is_and_the_others_are_updated(tree, capsys, broken, line, words):
    source = f"{BLOCK}\n\n{broken}"
    root = tree({"docs/zh/x.md": source, "docs/en/y.md": BLOCK})
    assert update_outputs.main([], root) == 1
    assert (root / "docs/zh/x.md").read_text("utf8") == source
    assert (root / "docs/en/y.md").read_text("utf8") == BLOCK + OUTPUT
    told = capsys.readouterr().err
    assert f"docs/zh/x.md:{line}: " in told and all(word in told for word in words), told


def test_it_refuses_to_run_in_ci_and_on_unknown_pages(tree, capsys, monkeypatch):
    root = tree({"docs/zh/x.md": BLOCK})
    assert update_outputs.main(["zh/x.md"], root) == 2
    assert "no page zh/x.md" in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    assert update_outputs.main([], root) == 2
    assert "not for CI" in capsys.readouterr().err
    assert (root / "docs/zh/x.md").read_text("utf8") == BLOCK
