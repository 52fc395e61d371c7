"""The appendix's list of references: what the chapters recommend at their ends, collected when the site is built."""

import re
from pathlib import Path

import jupytext
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

PAGE = "appendix/references.md"
TITLE = re.compile(r"^# (?P<title>.*?)\s*\{", re.MULTILINE)
SECTION = re.compile(r"^## [^\n]*\{ #references \}\s*\n(?P<list>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def collect(pages: list[tuple[str, str]]) -> str:
    """A section for each of `pages` (path, Markdown) that ends with references, in their order, as Markdown."""
    sections = []
    for path, markdown in pages:
        if (found := SECTION.search(markdown)) and (title := TITLE.search(markdown)):
            link = f"[{title['title']}](../{path}#references)"
            sections.append(f"## {link} {{ #{Path(path).stem} }}\n\n{found['list'].strip()}\n")
    return "\n".join(sections)


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    # In the order of the navigation, which is the order of reading.
    config.extra["reading_order"] = [page.file.src_uri for page in nav.pages]
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri != PAGE:
        return markdown
    pages = [(path, _text(Path(config.docs_dir) / path)) for path in config.extra["reading_order"]]
    return f"{markdown}\n{collect(pages)}"


def _text(path: Path) -> str:
    if path.suffix == ".py":  # a lab
        return "\n\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown")
    return path.read_text("utf8")
