"""Highlighting: what has the color of the code around it, names above all, is no element of its own: an eighth fewer in a
chapter, a fifth in a lab, all of which a phone would have to read, style and lay out.

What was highlighted once is kept for the next build, of which it would take a fifth.
"""

import functools
import inspect
import re
from importlib.metadata import version
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from pymdownx.highlight import Highlight

VERSIONS = [version("pygments"), version("pymdown-extensions")]
UNCOLORED = re.compile(r'<span class="(?:kc|n|w)">([^<]*)</span>')  # True and None, names, space

_highlight = inspect.unwrap(Highlight.highlight)  # when the book is served, each build loads this file anew


def plain(content: str) -> str:
    return UNCOLORED.sub(r"\1", content)


def on_config(config: MkDocsConfig) -> None:
    kept = config.extra["kept"]("highlighted", VERSIONS)

    @functools.wraps(_highlight)
    def highlight(
        self: Highlight, src: str, language: str, *given: Any, code_block_count: int = 0, **named: Any
    ) -> str:
        settings = {name: value for name, value in vars(self).items() if name != "md"}
        numbered = code_block_count if self.line_spans or self.line_anchors else None
        asked = [settings, src, language, given, named, numbered]
        made: str = kept.made(
            asked, lambda: _highlight(self, src, language, *given, code_block_count=code_block_count, **named)
        )
        return made

    Highlight.highlight = highlight


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return plain(content)
