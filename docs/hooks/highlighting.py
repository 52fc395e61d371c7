"""Highlighting: what has the color of the code around it, names above all, is no element of its own: an eighth fewer in a
chapter, a fifth in a lab, all of which a phone would have to read, style and lay out.

What was highlighted once is kept for the next build, of which it would take a fifth.
"""

import functools
import hashlib
import inspect
import json
import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from pymdownx.highlight import Highlight

CACHE = Path(__file__).parents[2] / ".cache" / "highlighted"
VERSIONS = [version("pygments"), version("pymdown-extensions")]
UNCOLORED = re.compile(r'<span class="(?:kc|n|w)">([^<]*)</span>')  # True and None, names, space

_before: dict[str, str] = {}  # what the last build highlighted
_now: dict[str, str] = {}  # and this one
_highlight = inspect.unwrap(Highlight.highlight)  # when the book is served, each build loads this file anew


def plain(content: str) -> str:
    return UNCOLORED.sub(r"\1", content)


@functools.wraps(_highlight)
def _highlighted(self: Highlight, src: str, language: str, *given: Any, code_block_count: int = 0, **named: Any) -> str:
    """Highlight.highlight, from the last build if it was asked the same."""
    settings = {name: value for name, value in vars(self).items() if name != "md"}
    numbered = code_block_count if self.line_spans or self.line_anchors else None
    asked = [VERSIONS, settings, src, language, given, named, numbered]
    key = hashlib.sha256(repr(asked).encode()).hexdigest()
    if key not in _now:
        found = _before.get(key)
        _now[key] = found or _highlight(self, src, language, *given, code_block_count=code_block_count, **named)
    return _now[key]


def _kept(config: MkDocsConfig) -> Path:
    return CACHE / f"{config.theme['language']}.json"


def on_config(config: MkDocsConfig) -> None:
    Highlight.highlight = _highlighted
    _now.clear()
    _before.clear()
    if _kept(config).exists():
        _before.update(json.loads(_kept(config).read_text("utf8")))


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return plain(content)


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    """All pages have been highlighted. Renamed into place, so that another build never reads half of it."""
    if _now.keys() != _before.keys():
        CACHE.mkdir(parents=True, exist_ok=True)
        half = _kept(config).with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps(_now), "utf8")
        half.replace(_kept(config))
