"""Errata: the word that says what kind of mistake it is, a slip or a simplification, is set apart from the sentences after it."""

import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

PAGE = "appendix/errata.md"
KIND = re.compile(r"(?<=</h2>\n<p>)([^<.,:。，：]+)(?=[.,:。，：])")


def mark_kinds(content: str) -> str:
    """The page's HTML, in which the first words under each heading are a label."""
    return KIND.sub(r'<span class="kind">\1</span>', content)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return mark_kinds(content) if page.file.src_uri == PAGE else content
