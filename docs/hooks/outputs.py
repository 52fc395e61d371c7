"""Outputs: they stand right under their code, tied to it by a comment, where Markdown wants blank lines between blocks."""

import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

CLOSING_FENCE = re.compile(
    r"^([ \t]*```)[ \t]*\n(?:[ \t]*<!--pytest-codeblocks:expected-output-->[ \t]*\n)?", re.MULTILINE
)


def set_apart(markdown: str) -> str:
    return CLOSING_FENCE.sub(r"\1\n\n", markdown)  # every opening fence names a language, so a bare one closes


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return set_apart(markdown)
