"""The commands of CONTRIBUTING and README are there, and those that a change takes do what they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
TEXT = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf8")
COMMANDS = [line.strip() for block in BLOCK.findall(TEXT) for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_runs_is_there(command):
    for part in command.split(" && "):
        program, *arguments = part.split()
        if program.startswith(".venv/bin/"):
            name = program.rpartition("/")[2]
            assert name == "python" or shutil.which(name, path=os.path.dirname(sys.executable)), (
                f"{name} isn't installed"
            )
        if "-m" in arguments and (module := arguments[arguments.index("-m") + 1]) != "venv":
            path = ROOT.joinpath(*module.split("."))
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), f"there is no module {module}"


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """A copy of what the commands look at, in which they may write."""
    root = tmp_path_factory.mktemp("contributor")
    for folder in ("docs", "scratchml", "tests", "benchmarks"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / file, root / file)
    return root


def run(book: Path, command: str) -> subprocess.CompletedProcess[str]:
    assert command in COMMANDS, f"CONTRIBUTING says no longer: {command}"
    words = [word.strip("'") for word in command.replace(".venv/bin/python", sys.executable).split()]
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONUTF8": "1"}
    return subprocess.run(
        words, cwd=book, env=environment, capture_output=True, text=True, encoding="utf8", timeout=120
    )


def test_a_page_is_checked_its_output_written_and_its_section_confirmed(book):
    page = book / "docs/en/neural-networks/neurons-and-layers.md"
    check = ".venv/bin/python -m tests.book.check docs/en/neural-networks/neurons-and-layers.md"
    update = ".venv/bin/python -m tests.book.update_outputs docs/en/neural-networks/neurons-and-layers.md"
    confirm = ".venv/bin/python -m tests.book.confirm 'neural-networks/neurons-and-layers#biology'"
    sound = page.read_text("utf8")
    output = re.search(r"expected-output-->\n```text\n(.*)\n", sound)
    assert output
    page.write_text(sound[: output.start(1)] + "7" + sound[output.start(1) :], "utf8")
    found = run(book, check)
    assert found.returncode == 1 and "update_outputs docs/en/neural-networks/neurons-and-layers.md" in found.stdout, (
        found
    )
    assert run(book, update).returncode == 0 and page.read_text("utf8") == sound
    changed = sound.replace("{ #biology }\n\n", "{ #biology }\n\nOne sentence more. ")
    page.write_text(changed, "utf8")
    found = run(book, check)
    assert found.returncode == 1 and "confirm neural-networks/neurons-and-layers#biology" in found.stdout, found
    for command in (confirm.replace("confirm ", "confirm --waiting "), confirm):
        assert run(book, command).returncode == 0
        assert run(book, check).returncode == 0


def test_the_tests_without_a_browser_are_all_but_those_in_it(tmp_path):
    command = ".venv/bin/pytest --ignore tests/browser"
    assert command in COMMANDS
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path in ("tests/browser/test_one.py", "tests/site/test_two.py", "docs/test_three.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("def test_it(): pass\n", "utf8")
    collect = [sys.executable, "-m", "pytest", *command.split()[1:], "-n", "0", "--collect-only", "-q"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    run = subprocess.run(collect, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf8")
    collected = [line for line in run.stdout.splitlines() if "::" in line]
    assert sorted(collected) == ["docs/test_three.py::test_it", "tests/site/test_two.py::test_it"]
