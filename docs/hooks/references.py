"""The appendix's list of references: what the chapters recommend at their ends, collected when the site is built."""

import re
from pathlib import Path

PAGE = "appendix/references.md"
TITLE = re.compile(r"^# (?P<title>.*?)\s*\{", re.MULTILINE)
SECTION = re.compile(r"^## [^\n]*\{ #references \}\s*\n(?P<list>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def collect(pages: list[tuple[str, str]]) -> str:
    """A section for each of `pages` (path, Markdown) that ends with references, in their order, as Markdown."""
    sections = []
    for path, markdown in pages:
        if found := SECTION.search(markdown):
            title = TITLE.search(markdown)["title"]
            sections.append(f"## [{title}](../{path}#references) {{ #{Path(path).stem} }}\n\n{found['list'].strip()}\n")
    return "\n".join(sections)


def on_nav(nav, config, files):
    # In the order of the navigation, which is the order of reading.
    config.extra["reading_order"] = [page.file.src_uri for page in nav.pages if page.file.src_uri.endswith(".md")]
    return nav


def on_page_markdown(markdown: str, page, config, files) -> str:
    if page.file.src_uri != PAGE:
        return markdown
    folder = Path(config.docs_dir)
    return f"{markdown}\n{collect([(path, (folder / path).read_text('utf8')) for path in config.extra['reading_order']])}"
