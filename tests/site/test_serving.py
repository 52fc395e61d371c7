"""What readers see in the terminal when they serve the book."""

import socket
import subprocess
import sys

import pytest

from docs.hooks import serving
from tests.conftest import ROOT, mkdocs_environment


def test_a_port_that_is_taken_gets_one_line_that_says_which_to_take():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-m", "mkdocs", "serve", "-a", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=mkdocs_environment(ROOT),
            capture_output=True,
            text=True,
            encoding="utf8",
            timeout=60,
        )
    told = [line for line in (run.stdout + run.stderr).splitlines() if line.strip() and "Building doc" not in line]
    assert run.returncode
    assert len(told) == 1 and f"port {port} is in use" in told[0] and f"-a 127.0.0.1:{port + 1}" in told[0], told


LAB = """# %% [markdown]
# # 实验 { #lab }
#
# 神经网络

# %%
print(6 * 7)
"""


def test_while_the_book_is_built_nothing_is_told_that_is_not_for_its_reader(book, tmp_path):
    project = book({"zh/labs/tiny.py": LAB})
    environment = mkdocs_environment(project)
    del environment["NO_MKDOCS_2_WARNING"]  # a reader doesn't set it
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf8",
    )
    assert run.returncode == 0, run.stdout
    assert [line for line in run.stdout.splitlines() if line and not line.startswith("INFO ")] == []


def test_a_free_port_is_not_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    assert not serving.taken("127.0.0.1", port)


@pytest.mark.parametrize("everywhere", ["http://0.0.0.0:8000/", "http://[::]:8000/"])
def test_served_to_all_no_link_says_so(monkeypatch, everywhere):
    monkeypatch.setattr(serving, "own_address", lambda: "192.168.1.7")
    assert serving.for_others(everywhere) == "http://192.168.1.7:8000/"
    monkeypatch.setattr(serving, "own_address", lambda: "")
    assert serving.for_others(everywhere) == "", "without a network there are no addresses to write"


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:8000/", "https://example.org/book/"])
def test_an_address_that_others_can_open_stays(address):
    assert serving.for_others(address) == address
