"""One style for the whole repository, as ruff checks it: on every Python file but the labs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

COMMANDS = ["check", "format --check"]
FOLDERS = ["benchmarks", "docs/figures", "docs/hooks", "scratchml", "tests/book"]


def ruff(command: str, project: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ruff", *command.split(), "--no-cache"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf8",
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_the_repository_is_in_one_style(command):
    run = ruff(command)
    if run.returncode:
        pytest.fail(f"ruff {command}\n{run.stdout}", pytrace=False)


def test_ruff_reads_every_python_file_but_the_labs():
    read = {Path(line) for line in ruff("check --show-files").stdout.splitlines() if line.endswith(".py")}
    python = {path for folder in ("benchmarks", "docs", "scratchml", "tests") for path in (ROOT / folder).rglob("*.py")}
    assert python - read == {path for path in python if path.parent.name == "labs"}


@pytest.fixture
def project(tmp_path) -> Path:
    """The rules of the repository, and a module in each of these folders."""
    for path in [ROOT / "pyproject.toml", *ROOT.glob("*/ruff.toml")]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "module.py").write_text("x = [1, 2]\n", "utf8")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_project_in_that_style_passes(project, command):
    run = ruff(command, project)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize(
    ("command", "broken", "says"),
    [
        ("format --check", "x = [1,2]\n", "would be reformatted"),
        ("format --check", "x = [1, 2]", "would be reformatted"),
        ("check", "import os\n", "F401"),
        ("check", "import numpy as np\n\nnp.random.seed(0)\n", "NPY002"),
        ("check", "from tests.conftest import ROOT\nimport os\n\nprint(os, ROOT)\n", "I001"),
        ("check", "x = 1  # noqa: F401\n", "RUF100"),
    ],
)
def test_a_file_in_another_style_is_named(project, folder, command, broken, says):
    (project / folder / "module.py").write_text(broken, "utf8")
    run = ruff(command, project)
    assert run.returncode == 1
    assert says in run.stdout and str(Path(folder, "module.py")) in run.stdout
