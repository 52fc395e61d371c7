"""Run: the book's blocks run in the reader's browser. The build puts Python for the browser, and scratchml, into the site.

docs/pyodide.toml says which files of which release, and what they must be. They come from the folder or address that the
environment names in PYODIDE, or else from the official one, and are kept in .cache. Where they can't be had, the site is
built without Run, and says so; with PYODIDE=off it is, too.
"""

import gzip
import hashlib
import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority, get_plugin_logger

ROOT = Path(__file__).parents[2]
RELEASE = ROOT / "docs" / "pyodide.toml"
CACHE = ROOT / ".cache" / "pyodide"
LIBRARY = "python_stdlib.zip"
COMPILER = ROOT / "docs" / "compile_library.py"
BESIDE = ROOT / "docs" / "theme" / "python"  # modules that run there beside scratchml
FETCHED = {".npz", ".txt"}  # read by few blocks, and fetched when one does
PATIENCE = 5  # seconds without an answer
LONGEST = 120  # seconds for all files; those that have come by then are kept for the next build
FETCHING = "正在下载浏览器里用的 Python，17 MB，只需这一次 · Fetching Python for the browser, 17 MB, only this once"
WITHOUT = "没有 Run：拿不到浏览器里的 Python · without Run: Python for the browser can't be had ({})"

log = get_plugin_logger("book")


class Release(NamedTuple):
    version: str
    address: str
    sha256: dict[str, str]
    compiled: str = ""  # the modules that go into the site as bytecode


def release(path: Path = RELEASE) -> Release:
    return Release(**tomllib.loads(path.read_text("utf8")))


class Unreachable(OSError):
    """Nobody answers where the engine should be."""


def engine(wanted: Release, source: str, cache: Path) -> Path:
    """The folder with the six files of a release, from `cache`, or else from `source`, an address or a folder.

    Raises Unreachable where nobody answers, and ValueError where a file isn't what it must be.
    """
    folder = cache / wanted.version
    missing = [name for name, sha256 in wanted.sha256.items() if _sha256(folder / name) != sha256]
    folder.mkdir(parents=True, exist_ok=True)
    if missing and "://" in source:
        log.info(FETCHING)
    deadline = time.monotonic() + LONGEST
    for name in missing:
        contents = _read(source, name, deadline)
        if (found := hashlib.sha256(contents).hexdigest()) != wanted.sha256[name]:
            raise ValueError(f"{name} from {source} should have the sha256 {wanted.sha256[name]}, and has {found}")
        half = folder / f"{name}.{os.getpid()}"
        half.write_bytes(contents)
        half.replace(folder / name)
    return folder


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _read(source: str, name: str, deadline: float) -> bytes:
    try:
        if "://" not in source:
            return (Path(source) / name).read_bytes()
        contents = b""
        with urllib.request.urlopen(f"{source.rstrip('/')}/{name}", timeout=PATIENCE) as answer:
            while part := answer.read(1 << 16):
                contents += part
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not there after {LONGEST} seconds")
        return contents
    except (OSError, http.client.HTTPException) as error:  # cut off in the middle, too
        raise Unreachable(f"{source.rstrip('/')}/{name}: {error}") from error


def library(wanted: Release, folder: Path) -> bytes:
    """Python's library as the site has it: with bytecode of what each run imports, where a Python that can make it is found.

    Bytecode is of one version of Python, the engine's; other builds have the library as it was published.
    """
    published = folder / LIBRARY
    version = json.loads((folder / "pyodide-lock.json").read_text("utf8"))["info"]["python"].rpartition(".")[0]
    kept = folder / f"bytecode-{_short(wanted.compiled.encode() + COMPILER.read_bytes())}.zip"
    if not kept.is_file() and (python := interpreter(version)):
        half = kept.with_suffix(f".{os.getpid()}")
        done = subprocess.run([python, "-I", COMPILER, published, half, *wanted.compiled.split()], capture_output=True)
        if done.returncode == 0:
            half.replace(kept)
    return (kept if kept.is_file() else published).read_bytes()


def interpreter(version: str) -> str | None:
    """A Python of a version, "3.12" say: the one that builds the site, or one on the path."""
    return sys.executable if version == "{}.{}".format(*sys.version_info) else shutil.which(f"python{version}")


class Package(NamedTuple):
    """scratchml as the browser gets it: its code at once, in an archive, and its data when they are first read."""

    archive: bytes
    files: dict[str, bytes]  # by their path in the archive

    @property
    def name(self) -> str:
        return f"scratchml-{_short(self.archive)}.zip"

    def address(self, path: str) -> str:
        stem, _, ending = path.rpartition("/")[2].partition(".")
        return f"{stem}-{_short(self.files[path])}.{ending}"


def _short(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()[:12]


def package(root: Path = ROOT) -> Package:
    """The code in `root`/scratchml, the same bytes wherever and whenever it is packed."""
    sources = {path.relative_to(root).as_posix(): path for path in sorted((root / "scratchml").rglob("*"))}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in {**sources, **{path.name: path for path in sorted(BESIDE.glob("*.py"))}}.items():
            if path.suffix == ".py":
                info = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
    return Package(packed.getvalue(), {n: p.read_bytes() for n, p in sources.items() if p.suffix in FETCHED})


def settings(wanted: Release, sizes: dict[str, tuple[int, int]], packed: Package) -> dict[str, Any]:
    """What the page's scripts have to know; addresses are relative to run/ in the site."""
    return {
        "engine": f"pyodide-{wanted.version}/",
        "archive": packed.name,
        "files": {
            path: {"address": packed.address(path), "bytes": len(contents)} for path, contents in packed.files.items()
        },
        "sizes": sizes,
    }


def _sizes(contents: bytes) -> tuple[int, int]:
    return len(contents), len(gzip.compress(contents, 6))


def on_config(config: MkDocsConfig) -> None:
    named = os.environ.get("PYODIDE")
    if named == "off" or not config.use_directory_urls:  # from a file system no worker starts
        return
    wanted = release()
    if config.theme["language"] == "en":  # the Chinese site, which comes first, has fetched it, or couldn't
        named = str(CACHE / wanted.version)
    try:
        config.extra["run"] = engine(wanted, named or wanted.address, CACHE)
    except Unreachable as error:
        if config.theme["language"] == "en":
            return
        if named:
            raise PluginError(f"PYODIDE names no place with Python for the browser: {error}") from error
        log.info(WITHOUT.format(error))
    except ValueError as error:
        raise PluginError(str(error)) from error


@event_priority(50)  # while the English site is still being built
def on_post_build(config: MkDocsConfig) -> None:
    if config.theme["language"] == "en" or "run" not in config.extra:
        return
    wanted, folder, packed = release(), config.extra["run"], package()
    files = {name: (folder / name).read_bytes() for name in wanted.sha256} | {LIBRARY: library(wanted, folder)}
    kept = config.extra["kept"]("sizes")
    sizes = {
        name: kept.made(hashlib.sha256(contents).hexdigest(), partial(_sizes, contents))
        for name, contents in (files | {packed.name: packed.archive}).items()
    }
    told = settings(wanted, sizes, packed)
    run = Path(config.site_dir) / "run"
    target = run / told["engine"]
    target.mkdir(parents=True, exist_ok=True)
    for name, contents in files.items():
        (target / name).write_bytes(contents)
    (run / packed.name).write_bytes(packed.archive)
    for path, contents in packed.files.items():
        (run / packed.address(path)).write_bytes(contents)
    script = f"export const settings = {json.dumps(told, separators=(',', ':'))}\n"
    (Path(config.site_dir) / "javascripts" / "run-settings.js").write_text(script, "utf8")
