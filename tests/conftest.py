"""The site, built once for all the tests that look at it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]
# Pytest's processes share the cores. Threads that wait for each other at a busy core would take ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# The tests in these files look at every page of the book, each of which is loaded once for all of them.
OF_EVERY_PAGE = tuple(f"tests/browser/test_{name}.py" for name in ("accessibility", "figures", "formulas", "reading"))
# In which order they begin: while one process builds the site, for tests/book, the other has enough without it; the long
# ones in the browser come before the many short ones.
ORDER = ("tests/book/", "tests/package/", "docs/", "tests/repository/", "tests/browser/", "tests/site/")
PAGE = re.compile(r"\[(?:[\w-]+-)?/(en/)?")  # in the name of a test that looks at one
LANGUAGE = re.compile(r"^docs/(?:zh|en)/")


class FilesTogether(LoadFileScheduling):
    """To each of pytest's processes a file at a time, with its twin if it is a page of the book; what looks at every page is
    one for each language."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(OF_EVERY_PAGE) and (page := PAGE.search(nodeid)):
            return "every English page" if page[1] else "every Chinese page"
        return LANGUAGE.sub("docs/", super()._split_scope(nodeid))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, path in enumerate(ORDER) if item.nodeid.startswith(path)), 0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log) -> FilesTogether:
    return FilesTogether(config, log)


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
    without_run = {"PYODIDE": "off"} if project != ROOT else {}  # 17 MB for each of the small books would be much
    return kept | {"PYTHONPATH": str(project), "PYTHONUTF8": "1", "NO_MKDOCS_2_WARNING": "1"} | without_run | more


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The book as it is, built once for all of pytest's processes: the folder, and how the build went."""
    shared = tmp_path_factory.getbasetemp().parent if worker_id != "master" else tmp_path_factory.mktemp("built")
    folder, log, done = shared / "site", shared / "build.log", shared / "build.done"
    try:
        (shared / "build.begun").touch(exist_ok=False)  # the first to get here builds, the others wait
    except FileExistsError:
        patience = time.monotonic() + 1200  # the one that builds may have died
        while not done.exists():
            if time.monotonic() > patience:
                pytest.fail("another process of pytest began to build the site, and hasn't finished in twenty minutes")
            time.sleep(0.2)
        return folder, subprocess.CompletedProcess([], int(done.read_text()), log.read_text("utf8"))
    run = build(ROOT, folder)
    log.write_text(run.stdout, "utf8")
    done.with_suffix(".half").write_text(str(run.returncode))
    done.with_suffix(".half").rename(done)
    return folder, run


@pytest.fixture(scope="session")
def site(built) -> Path:
    """The folder with the built site."""
    folder, run = built
    if run.returncode:
        cause = re.search(r"^(?:ERROR|WARNING).*", run.stdout, re.MULTILINE)
        pytest.fail(
            f"the site doesn't build; tests/site/test_built_site.py says why ({cause[0] if cause else 'see there'})",
            pytrace=False,
        )
    return folder
