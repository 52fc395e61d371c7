"""Pictures: where somebody shares the address of a page, a picture stands beside its title.

It shows the chapter's number and a drawing of what its part is made of: networks, tokens that look back at each other, or
tables of numbers. There are no words in it, so that one serves both languages and no font is needed but the one that comes
with matplotlib. Others ask for a picture by its whole address: a site without an address has none.
"""

import hashlib
import io
import os
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "pictures"
STYLES = (ROOT / "docs/theme/stylesheets/book.css").read_text("utf8").partition("@media")[0]  # the light palette
COLORS = dict(re.findall(r"--figure-(\w+): (#\w{6})", STYLES))
PARTS = {  # in the colors that they have on the map
    "foundations": ("table", "ink"),
    "neural-networks/": ("network", "blue"),
    "transformer/": ("attention", "purple"),
    "beyond/": ("table", "green"),
    "appendix/": ("table", "soft"),
}
FRONT = ("book", "ink")
MIDDLE = 322  # pixels from below, a little above the half
ALT = {
    "zh": {
        "book": "从左到右：一个神经网络，一排互相看的词元，一张数表",
        "network": "一个神经网络，连线的粗细是权重",
        "attention": "一排词元，用弧线连到各自看着的词元",
        "table": "一张数表，数越大颜色越深",
    },
    "en": {
        "book": "From left to right: a neural network, tokens that look at each other, a table of numbers",
        "network": "A neural network, its lines as thick as their weights",
        "attention": "A row of tokens, with arcs to those that they look at",
        "table": "A table of numbers, the larger the darker",
    },
}
_served: list[bool] = []


def kinds(pages: Iterable[str]) -> dict[str, tuple[str, str]]:
    """What is drawn for each page, and in which color; a lab has those of the chapters that it stands behind."""
    found, kind = {}, FRONT
    for page in pages:
        if not page.startswith("labs/"):
            kind = next((kind for part, kind in PARTS.items() if page.startswith(part)), FRONT)
        found[page] = kind
    return found


def picture(page: str, number: int | None, motif: str, color: str) -> bytes:
    """The picture of a page as PNG, 1200 × 630 pixels, from the cache if it was drawn before."""
    key = hashlib.sha256(Path(__file__).read_bytes() + repr((page, number, motif, color, COLORS)).encode())
    cached = CACHE / f"{key.hexdigest()[:16]}.png"
    if not cached.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        half = cached.with_suffix(f".{os.getpid()}")  # renamed into place, so that no other build reads half a picture
        half.write_bytes(_draw(page, number, motif, color))
        half.replace(cached)
    return cached.read_bytes()


def _draw(page: str, number: int | None, motif: str, color: str) -> bytes:
    from matplotlib.figure import Figure  # most builds draw nothing
    from PIL import Image

    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor=COLORS["paper"])
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1200), ylim=(0, 630))
    axes.axis("off")
    rng = np.random.default_rng(list(page.encode()))  # always the same for a page, and no other's
    MOTIFS[motif](axes, rng, 110 if number is None else 500, 1090, COLORS[color])
    if number is not None:
        axes.text(240, MIDDLE, str(number), size=165, weight="bold", color=COLORS[color], ha="center", va="center")
    axes.fill_between([0, 1200], 14, color=COLORS[color], linewidth=0)
    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png")
    # The few colors of a drawing fit into a palette, and the file into a quarter of its size.
    Image.open(raw).convert("RGB").quantize(32).save(small, "png", optimize=True)
    return small.getvalue()


def _network(axes: Any, rng: np.random.Generator, left: float, right: float, color: str) -> None:
    """Layers of neurons, and lines as thick as their weights."""
    columns = np.linspace(left, right, 1 + round((right - left) / 200))
    layers = []
    for x in columns:
        size = rng.integers(3, 6)
        layers.append([(x, MIDDLE + 100 * (i - (size - 1) / 2)) for i in range(size)])
    for before, after in pairwise(layers):
        for x0, y0 in before:
            for x1, y1 in after:
                weight = rng.normal()
                line = color if weight > 0 else COLORS["soft"]
                axes.plot([x0, x1], [y0, y1], color=line, linewidth=0.6 + 2.6 * abs(weight), alpha=0.5, zorder=1)
    for x, y in [neuron for layer in layers for neuron in layer]:
        fill = color if rng.random() < 0.5 else COLORS["paper"]
        axes.scatter([x], [y], s=1700, color=fill, edgecolor=color, linewidth=4, zorder=2)


def _attention(axes: Any, rng: np.random.Generator, left: float, right: float, color: str) -> None:
    """Tokens in a row, each of which looks back at those before it, at some more than at others."""
    places = np.linspace(left, right, min(7, 1 + round((right - left) / 110)))
    foot = MIDDLE - min(165, (right - left) / 4)
    angles = np.linspace(0, np.pi, 60)
    for query in range(1, len(places)):
        weights = np.exp(rng.normal(scale=1.6, size=query))
        for key, weight in enumerate(weights / weights.sum()):
            center, radius = (places[query] + places[key]) / 2, (places[query] - places[key]) / 2
            axes.plot(
                center + radius * np.cos(angles), foot + 33 + min(330, radius) * np.sin(angles),
                color=color, linewidth=1 + 11 * weight, alpha=0.2 + 0.7 * weight, solid_capstyle="round", zorder=1,
            )  # fmt: skip
    for place in places:
        fill = color if rng.random() < 0.5 else COLORS["paper"]
        axes.scatter([place], [foot], s=2600, marker="s", color=fill, edgecolor=color, linewidth=4, zorder=2)


def _table(axes: Any, rng: np.random.Generator, left: float, right: float, color: str) -> None:
    """Numbers in rows and columns, the larger the darker."""
    cell, gap, rows = 84, 8, 5
    columns = round((right - left) / cell) + 1
    for row, column in np.ndindex(rows, columns):
        x, y = left + column * (right - left) / (columns - 1), MIDDLE + cell * (row - (rows - 1) / 2)
        axes.fill_between(
            [x - (cell - gap) / 2, x + (cell - gap) / 2], y - (cell - gap) / 2, y + (cell - gap) / 2,
            color=color, alpha=0.06 + 0.9 * rng.random() ** 1.6, linewidth=0,
        )  # fmt: skip


def _book(axes: Any, rng: np.random.Generator, left: float, right: float, color: str) -> None:
    """All three, in the order of the book's parts."""
    _network(axes, rng, left, left + 250, COLORS["blue"])
    _attention(axes, rng, left + 360, right - 300, COLORS["purple"])
    _table(axes, rng, right - 168, right, COLORS["green"])


MOTIFS = {"book": _book, "network": _network, "attention": _attention, "table": _table}


def address(page: str) -> str:
    """Where the picture of a page stands, from the root of the Chinese site."""
    return f"pictures/{Path(page).with_suffix('.png').as_posix()}"


def on_startup(command: str, dirty: bool) -> None:
    _served[:] = [command == "serve"]


def _wanted(config: MkDocsConfig) -> bool:
    return bool(config.site_url) and not any(_served) and config.use_directory_urls


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    language, path = config.theme["language"], page.file.src_uri
    if _wanted(config) and path in config.extra["reading_order"]:
        motif, _ = kinds(config.extra["reading_order"])[path]
        root = config.site_url if language == "zh" else urljoin(config.site_url or "", "..")
        context["picture"] = {"address": urljoin(root or "", address(path)), "alt": ALT[language][motif]}
    return context


def on_post_build(config: MkDocsConfig) -> None:
    if config.theme["language"] == "en" or not _wanted(config):
        return  # the Chinese site has the pictures of both
    for page, (motif, color) in kinds(config.extra["reading_order"]).items():
        path = Path(config.site_dir) / address(page)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(page, config.extra["chapters"].get(page), motif, color))
