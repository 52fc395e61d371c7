"""The two commands of the README are the same wherever they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def commands(text: str) -> list[str]:
    """The commands in a page's console fences that set the project up and then run something."""
    return [
        line
        for fence in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for line in fence.splitlines()
        if "install" in line
    ]


def test_each_command_of_the_readme_is_one_line_for_each_system():
    endings = [command.rsplit(maxsplit=2)[-2:] for command in commands((ROOT / "README.md").read_text("utf8"))]
    assert endings == [
        [".venv/bin/mkdocs", "serve"],
        [".venv\\Scripts\\mkdocs", "serve"],
        ["-m", "docs.editions"],
        ["&&", ".venv/bin/pytest"],
        ["'.[test]';", ".venv\\Scripts\\pytest"],
    ]


@pytest.mark.parametrize("page", ["docs/zh/how-to-use.md", "docs/en/how-to-use.md"])
def test_the_book_gives_the_commands_of_the_readme(page):
    assert set(commands((ROOT / page).read_text("utf8"))) <= set(commands((ROOT / "README.md").read_text("utf8")))


@pytest.mark.parametrize("script", [".ci/run", ".github/workflows/tests.yml"])
def test_ci_runs_the_test_commands_that_the_readme_prints(script):
    patterns = re.findall(
        r"grep -m 1 -E '(.*?)' README.md|README.md -Pattern '(.*?)'", (ROOT / script).read_text("utf8")
    )
    assert patterns, f"{script} doesn't take its test command from the README"
    for pattern in map("".join, patterns):
        found = re.findall(pattern, (ROOT / "README.md").read_text("utf8"), re.MULTILINE)
        assert len(found) == 1 and found[0].endswith("pytest")
