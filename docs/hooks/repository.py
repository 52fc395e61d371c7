"""The place of the repository: one setting, `extra.repository`. Links to `repository:` and `repository:LICENSE` lead there, where it is set."""

import re
from functools import partial

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

LINK = re.compile(r"\[(?P<words>[^\[\]]+)\]\(repository:(?P<path>[^()\s]*)\)")


def link_repository(markdown: str, address: str) -> str:
    """The Markdown with its links to the repository, or, without an address, with their words alone."""
    return LINK.sub(
        lambda found: f"[{found['words']}]({place(address, found['path'])})" if address else found["words"], markdown
    )


def place(address: str, path: str) -> str:
    """Where a file of the repository at `address` can be read; "" without an address."""
    return f"{address.rstrip('/')}/blob/main/{path}" if address and path else address


def on_config(config: MkDocsConfig) -> None:
    # For what is downloaded: docs/hooks/notebooks.py.
    address = config.extra["repository"]
    config.extra["place"] = partial(place, address)
    # MkDocs makes page.edit_url of it. Its repo_url would have Material ask GitHub for the number of stars.
    if address:
        config.edit_uri = f"{address.rstrip('/')}/edit/main/docs/{config.theme['language']}/"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return link_repository(markdown, config.extra["repository"])
