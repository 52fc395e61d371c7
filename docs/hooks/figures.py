"""Figures: `![what one sees](figure:module.function "caption")` becomes what that function in docs/figures/ draws, as SVG in the page.

One with sliders has a file with a frame for each of their positions, which the page asks for when a reader first touches
one. In the offline edition, where a page can ask for nothing, the frames stand in the page.
"""

import hashlib
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "figures"
CACHE = ROOT / ".cache" / "figures"
SHARES = 12  # of the work, for the processes that draw: some chapters take much longer than others
IMPORTED = re.compile(r"^from ([\w.]+) import ", re.MULTILINE)
REFERENCE = re.compile(r"\]\(figure:([\w.]+)")
IMAGE = re.compile(r'<p>\s*<img alt="([^"]*)" src="figure:([^"]*)"(?: title="([^"]*)")?\s*/?>\s*</p>')


class Slider(TypedDict):
    label: str
    values: list[str]
    start: int


class Figure(TypedDict):
    svg: str
    sliders: list[Slider]
    frames: list[str]  # one for each position, or for each pair of positions, row by row


class FigureError(ValueError):
    """The figure `name` can't be drawn."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"can't draw the figure {name}: {reason}")
        self.name = name


def draw(names: set[str], language: str) -> dict[str, Figure]:
    """What is drawn of each figure, `module.function`, with its labels in `language`.

    Drawn in processes of their own, so that edits to figures and to scratchml show without a restart, and
    kept until a source changes. Raises FigureError where one can't be drawn.
    """
    # Taken before the drawing: what is edited meanwhile is drawn again the next time.
    fingerprints = _fingerprints(names)
    cached = {name: CACHE / f"{name}.{language}.{fingerprints[name]}.json" for name in names}
    stale = sorted(name for name, path in cached.items() if not path.exists())
    if stale:
        CACHE.mkdir(parents=True, exist_ok=True)
        # In as many processes as there are cores, a chapter's figures in one, since they share what they have trained.
        modules = sorted({name.split(".")[0] for name in stale})
        shares = [[n for n in stale if modules.index(n.split(".")[0]) % SHARES == i] for i in range(SHARES)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for share in pool.map(_draw, filter(None, shares)):
                for drawn_in, figures in share.items():
                    for name, figure in figures.items():
                        for old in CACHE.glob(f"{name}.{drawn_in}.*.json"):
                            old.unlink(missing_ok=True)
                        path = CACHE / f"{name}.{drawn_in}.{fingerprints[name]}.json"
                        # Renamed into place, so that another build never reads half a figure.
                        half = path.with_suffix(f".{os.getpid()}")
                        half.write_text(json.dumps(figure), "utf8")
                        half.replace(path)
    return {name: json.loads(path.read_text("utf8")) for name, path in cached.items()}


def _draw(names: list[str]) -> dict[str, dict[str, Figure]]:
    """These figures, drawn in a new process: language → name → what is drawn."""
    # With this tree's scratchml, whichever is installed; and with one thread, since many small products fight over two.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, str(FIGURES), *names], capture_output=True, text=True, encoding="utf8", env=environment
    )
    if run.returncode:
        raise FigureError(run.stdout or names[0], run.stderr.strip())
    return json.loads(run.stdout)


def _fingerprints(names: set[str]) -> dict[str, str]:
    """Of all that each figure is drawn from: its module and what that imports, the package with its data, and measured times."""
    everywhere = sorted(path for path in (ROOT / "scratchml").rglob("*") if path.is_file() and path.suffix != ".pyc")
    everywhere += [*sorted((ROOT / "benchmarks").glob("*.json")), *sorted(_imported(FIGURES / "__main__.py"))]
    shared = hashlib.sha256(b"".join(map(Path.read_bytes, everywhere)))
    of_module = {}
    for module in {name.split(".")[0] for name in names}:
        digest = shared.copy()
        for path in sorted(_imported(FIGURES / f"{module}.py")):
            digest.update(path.read_bytes())
        of_module[module] = digest.hexdigest()[:16]
    return {name: of_module[name.split(".")[0]] for name in names}


def _imported(module: Path) -> set[Path]:
    """A module of the figures and those that it imports, from there or from the root, as far as they are there."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        path = waiting.pop()
        if path not in found and path.exists():
            found.add(path)
            text = path.read_text("utf8", errors="replace")  # drawing it will say what is wrong with it
            named = set(IMPORTED.findall(text))
            waiting += [folder / f"{name.replace('.', '/')}.py" for folder in (FIGURES, ROOT) for name in named]
    return found


def frames_uri(name: str, figure: Figure) -> str:
    """Where the frames stand, from the root of the site. A changed figure has another address, so that no cache has an old one."""
    return f"figures/{name}.{hashlib.sha256(_frames(figure).encode()).hexdigest()[:8]}.json"


def _frames(figure: Figure) -> str:
    return json.dumps(figure["frames"], ensure_ascii=False, separators=(",", ":"))


def insert_figures(content: str, drawn: dict[str, Figure], address: Callable[[str], str] | None = None) -> str:
    """The page's HTML with each figure's SVG in place of its image, and its sliders under it. `address` says where a file of
    the site is, seen from the page; without it the frames stand in the page.
    """

    def figure(match: re.Match[str]) -> str:
        alt, name, caption = match.groups()
        if name not in drawn:
            raise ValueError(f"there is no figure {name}: write ![text](figure:module.function)")
        if not alt:
            raise ValueError(f"figure {name} needs a text that says what one sees: ![text](figure:{name})")
        caption = f"<figcaption>{caption}</figcaption>" if caption else ""
        sliders = _sliders(name, drawn[name], address) if drawn[name]["frames"] else ""
        return f'<figure class="drawing" data-figure="{name}"><div role="img" aria-label="{alt}" data-search-exclude>{drawn[name]["svg"]}</div>{sliders}{caption}</figure>'

    content = IMAGE.sub(figure, content)
    if 'src="figure:' in content:
        raise ValueError("a figure stands alone in its paragraph: put blank lines around it")
    return content


def _sliders(name: str, figure: Figure, address: Callable[[str], str] | None) -> str:
    """Hidden until a script can move the figure."""
    rows = "".join(
        f'<label><span>{html.escape(slider["label"])}</span><input type="range" min="0" max="{len(slider["values"]) - 1}" '
        f'value="{slider["start"]}" data-values="{" ".join(slider["values"])}" aria-valuetext="{slider["values"][slider["start"]]}">'
        f'<span class="value" aria-hidden="true">{slider["values"][slider["start"]]}</span></label>'
        for slider in figure["sliders"]
    )
    if address:
        return f'<div class="sliders" data-search-exclude data-frames="{address(frames_uri(name, figure))}" hidden>{rows}</div>'
    inlined = _frames(figure).replace("</", "<\\/")  # as JSON the same, and no end of the script
    return f'<div class="sliders" data-search-exclude hidden>{rows}<script type="application/json">{inlined}</script></div>'


def on_files(files: Files, config: MkDocsConfig) -> None:
    pages = files.documentation_pages()
    shown = {
        name: f"docs/{config.theme['language']}/{file.src_uri}"
        for file in pages
        for name in REFERENCE.findall(file.content_string)
    }
    try:
        config.extra["figures"] = draw(set(shown), config.theme["language"])
    except FigureError as error:
        raise PluginError(f"{shown[error.name]}: {error}") from error
    if config.use_directory_urls:
        for name, figure in config.extra["figures"].items():
            if figure["frames"]:
                files.append(File.generated(config, frames_uri(name, figure), content=_frames(figure)))


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    def address(uri: str) -> str:
        return get_relative_url(uri, page.url)

    try:
        return insert_figures(content, config.extra["figures"], address if config.use_directory_urls else None)
    except ValueError as error:
        raise PluginError(f"docs/{config.theme['language']}/{page.file.src_uri}: {error}") from error
