"""The site, built once for all the tests that look at it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(project: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`mkdocs build --strict` of the book in `project`, into `folder`. All that it prints is in `stdout`."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=project,
        env=mkdocs_environment(project, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf8",
    )


def mkdocs_environment(project: Path, **more: str) -> dict[str, str]:
    """The environment in which MkDocs runs on `project`: with that copy of scratchml, and the same on every machine."""
    kept = {name: value for name, value in os.environ.items() if name != "SITE_URL"}
    return kept | {"PYTHONPATH": str(project), "PYTHONUTF8": "1", "NO_MKDOCS_2_WARNING": "1"} | more


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The book as it is, built: the folder, and how the build went."""
    folder = tmp_path_factory.mktemp("built") / "site"
    return folder, build(ROOT, folder)


@pytest.fixture(scope="session")
def site(built) -> Path:
    """The folder with the built site."""
    folder, run = built
    if run.returncode:
        pytest.fail("the site doesn't build; tests/site/test_built_site.py says why", pytrace=False)
    return folder
