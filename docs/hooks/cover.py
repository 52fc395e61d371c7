"""The cover: what stands before its first section becomes the book's promise, and beside it something that it computes."""

import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

FIRST = re.compile(r"\A(?P<promise>.*?)(?P<figure><figure.*?</figure>)(?P<more>.*?)(?=<h2)", re.DOTALL)


def open_cover(content: str) -> str:
    """The HTML of the cover with its opening in two columns: words, and the figure among them."""
    return FIRST.sub(r'<div class="cover"><div>\g<promise>\g<more></div>\g<figure></div>', content, count=1)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    if page.is_homepage:  # it has the map
        page.meta["hide"] = ["navigation", "toc"]


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return open_cover(content) if page.is_homepage else content
