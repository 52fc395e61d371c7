"""The place of the repository: one setting, `extra.repository`. A link to `repository:` leads there, where it is set."""

import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

LINK = re.compile(r"\[([^\[\]]+)\]\(repository:\)")


def link_repository(markdown: str, address: str) -> str:
    """The Markdown with its links to the repository, or, without an address, with their words alone."""
    return LINK.sub(rf"[\1]({address})" if address else r"\1", markdown)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return link_repository(markdown, config.extra["repository"])
