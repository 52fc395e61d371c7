"""`mkdocs serve`: what an author changes shows in the browser, without a restart."""

import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.conftest import mkdocs_environment

PAGE = """# Page

![a sum](figure:sums.total)

```py
scratchml.added.added
```
"""
ADDED = "def added(x):\n    return x + 1\n"
SUMS = """from drawing import Drawing

from scratchml.added import added


def total(say):
    drawing = Drawing(100, 40)
    drawing.text(50, 20, say("和", "sum") + f" {added(40)}")
    return drawing
"""


@pytest.fixture
def served(book, tmp_path):
    """A book and its address while `mkdocs serve` runs."""
    project = book({"zh/index.md": PAGE, "en/index.md": PAGE, "figures/sums.py": SUMS})
    (project / "scratchml" / "added.py").write_text(ADDED, "utf8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with open(tmp_path / "log", "w", encoding="utf8") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", address],
            cwd=project,
            env=mkdocs_environment(project),
            stdout=log,
            stderr=log,
        )
    try:
        yield project, f"http://{address}/"
    finally:
        server.terminate()
        server.wait(10)
        print((tmp_path / "log").read_text("utf8"))  # shown when the test fails


def wait_for(text: str, address: str) -> None:
    """Until the page at `address` has `text` in it."""
    deadline, page = time.monotonic() + 20, "nothing"
    while time.monotonic() < deadline:
        try:
            with urlopen(address, timeout=20) as answer:
                page = answer.read().decode()
        except URLError:
            pass  # not up yet
        if text in page:
            return
        time.sleep(0.1)
    pytest.fail(f"{text!r} isn't on {address} after 20 seconds: {page[-2000:]}")


def test_every_kind_of_edit_shows_in_the_served_page(served):
    project, root = served

    def edit(path: str, old: str, new: str) -> None:
        text = (project / path).read_text("utf8")
        assert old in text
        (project / path).write_text(text.replace(old, new), "utf8")

    wait_for("和 41", root)
    wait_for("sum 41", f"{root}en/")

    edit("docs/zh/index.md", "# Page", "# 改过的页面")
    wait_for("改过的页面", root)
    edit("docs/en/index.md", "# Page", "# Page with an edit")
    wait_for("Page with an edit", f"{root}en/")
    edit("docs/figures/sums.py", '"sum"', '"the sum"')
    wait_for("the sum 41", f"{root}en/")
    edit("scratchml/added.py", "x + 1", "x + 1 + 1")
    wait_for("和 42", root)
    wait_for("the sum 42", f"{root}en/")
    wait_for('<span class="mi">1</span> <span class="o">+</span> <span class="mi">1</span>', root)
