"""Run, as far as the build makes it: the engine is what it must be, and scratchml is packed with it."""

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from docs.hooks.run import Release, Unreachable, engine, library, package, release
from docs.hooks.security import with_policy
from tests.conftest import ROOT, build

FILES = {"pyodide.mjs": b"export {}", "numpy.whl": b"numbers"}
WANTED = Release("1.0", "unused", {name: hashlib.sha256(contents).hexdigest() for name, contents in FILES.items()})


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "pyodide").mkdir()
    for name, contents in FILES.items():
        (tmp_path / "pyodide" / name).write_bytes(contents)
    return tmp_path / "pyodide"


def test_the_engine_is_kept_and_not_asked_for_again(folder, tmp_path):
    kept = engine(WANTED, str(folder), tmp_path / "cache")
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == FILES
    shutil.rmtree(folder)
    assert engine(WANTED, str(folder), tmp_path / "cache") == kept


def test_a_tampered_file_is_refused_and_named(folder, tmp_path):
    (folder / "numpy.whl").write_bytes(b"number5")
    with pytest.raises(ValueError, match=r"numpy\.whl.*should have the sha256 .*, and has "):
        engine(WANTED, str(folder), tmp_path / "cache")
    assert not (tmp_path / "cache" / "1.0" / "numpy.whl").exists()


def test_a_file_that_was_spoiled_in_the_cache_is_fetched_anew(folder, tmp_path):
    kept = engine(WANTED, str(folder), tmp_path / "cache")
    (kept / "numpy.whl").write_bytes(b"half a downl")
    engine(WANTED, str(folder), tmp_path / "cache")
    assert (kept / "numpy.whl").read_bytes() == FILES["numpy.whl"]


@pytest.mark.parametrize("place", ["/no/such/folder", "http://127.0.0.1:9/full/"])
def test_where_nobody_answers_the_place_is_named(place, tmp_path):
    with pytest.raises(Unreachable, match=re.escape(place.rstrip("/"))):
        engine(WANTED, place, tmp_path)


def test_an_address_is_asked_and_what_has_come_is_kept_when_it_falls_silent(folder, tmp_path):
    served = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), served)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    (folder / "numpy.whl").unlink()
    with pytest.raises(Unreachable, match=r"numpy\.whl"):
        engine(WANTED, address, tmp_path / "cache")
    (folder / "pyodide.mjs").unlink()  # it isn't asked for again
    (folder / "numpy.whl").write_bytes(FILES["numpy.whl"])
    kept = engine(WANTED, address, tmp_path / "cache")
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == FILES
    server.shutdown()
    server.server_close()


def test_the_release_names_six_files_and_what_they_must_be():
    wanted = release()
    assert len(wanted.sha256) == 6 and all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in wanted.sha256.values())
    assert wanted.version in wanted.address


def test_the_engine_has_the_oldest_numpy_that_is_promised():
    """So that the run of every block in the browser shows that it prints the same there; with a newer one, .ci/run has to."""
    promised = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["dependencies"]
    (wheel,) = [name for name in release().sha256 if name.startswith("numpy-")]
    assert promised == [f"numpy>={'.'.join(wheel.split('-')[1].split('.')[:2])}"]


@pytest.fixture
def published(tmp_path) -> Callable[[str], Path]:
    def publish(version: str) -> Path:
        """An engine of a version of Python, with a library of three modules."""
        with zipfile.ZipFile(tmp_path / "python_stdlib.zip", "w") as archive:
            archive.writestr("bundle/", "")
            for name in ["first.py", "second.py", "bundle/__init__.py"]:
                archive.writestr(name, f"print({name!r})\ndef broken(): 1 / 0\n")
        (tmp_path / "pyodide-lock.json").write_text(json.dumps({"info": {"python": version}}), "utf8")
        return tmp_path

    return publish


def test_what_every_run_imports_is_bytecode_where_a_python_of_the_engines_version_is_found(published, tmp_path):
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = Release("1.0", "unused", {}, "first bundle")
    archive = tmp_path / "compiled.zip"
    archive.write_bytes(library(wanted, published(version)))
    assert set(zipfile.ZipFile(archive).namelist()) == {"bundle/", "first.pyc", "second.py", "bundle/__init__.pyc"}
    told = [sys.executable, "-c", "import first, second, bundle; bundle.broken()"]
    run = subprocess.run(told, env=os.environ | {"PYTHONPATH": str(archive)}, capture_output=True, text=True)
    assert run.stdout.split() == ["first.py", "second.py", "bundle/__init__.py"]
    assert re.search(r'"/lib/python[\d]+\.zip/bundle/__init__\.py", line 2, in broken', run.stderr)
    (tmp_path / "python_stdlib.zip").unlink()  # kept for the next build
    assert library(wanted, tmp_path) == archive.read_bytes()


@pytest.mark.parametrize("found", [False, True])
def test_without_such_a_python_the_library_stays_as_it_was_published(published, tmp_path, monkeypatch, found):
    if found:  # as a version manager has it, where that version isn't switched on
        (tmp_path / "python3.0").write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / "python3.0").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    folder = published("3.0.1")
    assert library(Release("1.0", "unused", {}, "first"), folder) == (folder / "python_stdlib.zip").read_bytes()


def test_scratchml_is_packed_the_same_whenever_it_is_packed_and_otherwise_when_it_is_another(tmp_path):
    shutil.copytree(ROOT / "scratchml", tmp_path / "scratchml", ignore=shutil.ignore_patterns("__pycache__"))
    packed = package(tmp_path)
    assert packed == package(ROOT)
    names = zipfile.ZipFile(io.BytesIO(packed.archive)).namelist()
    assert {"scratchml/__init__.py", "scratchml/attention.py", "block_runner.py"} <= set(names)
    assert set(packed.files) == {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "scratchml").rglob("*") if path.suffix in {".npz", ".txt"}
    }
    (tmp_path / "scratchml" / "linear.py").write_text("# another\n", "utf8")
    assert package(tmp_path).name != packed.name


def test_without_the_engine_the_site_is_built_without_run_and_says_so_in_one_line(book, tmp_path):
    project = book({"zh/page.md": PAGE, "en/page.md": PAGE})
    address = 'address = "http://127.0.0.1:9/full/"'
    text = (project / "docs" / "pyodide.toml").read_text("utf8")
    (project / "docs" / "pyodide.toml").write_text(re.sub("address = .*", address, text), "utf8")
    run = build(project, tmp_path / "site", PYODIDE="")
    assert run.returncode == 0, run.stdout
    assert len([line for line in run.stdout.splitlines() if "without Run" in line]) == 1
    assert not (tmp_path / "site" / "run").exists()
    assert "run.js" not in (tmp_path / "site" / "page" / "index.html").read_text("utf8")


def test_an_engine_that_was_named_and_is_not_there_stops_the_build(book, tmp_path):
    run = build(book({}), tmp_path / "site", PYODIDE=str(tmp_path / "nowhere"))
    assert run.returncode and "PYODIDE names no place" in run.stdout


PAGE = "# A page { #page }\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n"


# ---- the page's policy


def test_a_page_may_run_its_own_scripts_and_no_other():
    page = with_policy('<head><meta charset="utf-8"><script>one()</script><script src="two.js"></script></head>')
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert re.findall("'sha256-.*?'", policy) == ["'sha256-HR7iaask9daLMRRskMI++QeJtjWDOjyPA6lGzYGzKW4='"]  # of one()
    assert "default-src 'self'" in policy and "unsafe-eval'" not in policy.replace("wasm-unsafe-eval", "")


def test_every_page_has_a_policy_before_its_first_script(site):
    for path in site.rglob("*.html"):
        html = path.read_text("utf8")
        assert 0 < html.index("Content-Security-Policy") < html.index("<script"), path


INLINE = re.compile(r'<script(?![^>]* (?:src=|type="application/))[^>]*>(.*?)</script>', re.DOTALL)


def refused(html: str) -> list[str]:
    """The scripts of a page that its policy doesn't let run: what was put there after the policy, by a plugin say."""
    return [
        script
        for script in INLINE.findall(html)
        if base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() not in html
    ]


def test_no_page_has_a_script_that_its_policy_refuses(site):
    page = with_policy('<head><meta charset="utf-8"><script>one()</script></head>')
    assert refused(page) == []
    assert refused(page + '<script src="two.js"></script><script data-late="">two()</script>') == ["two()"]
    assert [path for path in site.rglob("*.html") if refused(path.read_text("utf8"))] == []
