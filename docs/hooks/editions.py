"""Editions to take along: where EDITIONS names the folder that `python -m docs.editions` made, the site offers them for download.

A list's item that begins with a link to `edition:` and the name of a file gets its address and its size; without the file, the
item isn't there.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

OFFLINE = "scratchml-book.zip"
PDF = {"zh": "scratchml-book-zh.pdf", "en": "scratchml-book-en.pdf"}
SHEETS = {  # without and with solutions
    "zh": {"exercises": "scratchml-exercises-zh.pdf", "solutions": "scratchml-solutions-zh.pdf"},
    "en": {"exercises": "scratchml-exercises-en.pdf", "solutions": "scratchml-solutions-en.pdf"},
}
ALL = [OFFLINE, *PDF.values(), *(name for sheets in SHEETS.values() for name in sheets.values())]

ITEM = re.compile(r'<li>\s*(?:<p>)?<a href="edition:(?P<name>[\w.-]+)">(?P<text>.*?)</a>(?P<rest>.*?)</li>', re.DOTALL)
EMPTY_LIST = re.compile(r"<ul>\s*</ul>\s*")


def offer(content: str, sizes: dict[str, int], folder: str) -> str:
    """The HTML of a page, in which the editions in `sizes` (bytes, by name) lead into `folder`, and the others aren't named."""

    def item(found: re.Match[str]) -> str:
        if found["name"] not in sizes:
            return ""
        size = f"{sizes[found['name']] / 1e6:.0f}\u00a0MB" if sizes[found["name"]] >= 1e6 else "< 1 MB"
        return f'<li><a href="{folder}{found["name"]}" download>{found["text"]}</a> ({size}){found["rest"]}</li>'

    return EMPTY_LIST.sub("", ITEM.sub(item, content))


def made(config: MkDocsConfig) -> dict[str, Path]:
    """The editions that the site has: by their names."""
    folder = config.extra["editions"]
    return {name: Path(folder, name) for name in ALL if folder and Path(folder, name).is_file()}


def on_files(files: Files, config: MkDocsConfig) -> None:
    if config.theme["language"] == "zh":  # which has them for both
        for name, path in made(config).items():
            files.append(File.generated(config, f"editions/{name}", abs_src_path=str(path.resolve())))


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    up = "../" if config.theme["language"] == "en" else ""
    sizes = {name: path.stat().st_size for name, path in made(config).items()}
    return offer(content, sizes, f"{up}{get_relative_url('editions', page.url)}/")
