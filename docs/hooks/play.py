"""Play: `![what one can do](play:digit "caption")` becomes a place on the page where a reader draws a digit that a network
reads, and with `play:writing` one where a model goes on with what the reader begins.

The place is filled by a script, where the site has Python for the browser. Without it, it says so.
"""

import html
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

IMAGE = re.compile(r'<p>\s*<img alt="([^"]*)" src="play:([^"]*)"(?: title="([^"]*)")?\s*/?>\s*</p>')
KINDS = {"digit", "writing"}
ABSENT = {
    "zh": "这里可以动手试，要用 JavaScript，也要用浏览器里的 Python；现在缺了一样。",
    "en": "Here is something to try. It takes JavaScript, and Python for the browser; one of them is missing.",
}
OFFLINE = {
    "zh": "这里可以动手试，但直接从文件打开的网页启动不了 Python。页面最下面写着怎么办。",
    "en": "Here is something to try, but a page that is opened from a file can't start Python. The foot of the page says how to.",
}


def insert_plays(content: str, absent: str, classes: str = "play") -> str:
    """The page's HTML with a place for each play, which says `absent` until a script fills it. Raises ValueError for one that
    there isn't."""

    def place(found: re.Match[str]) -> str:
        alt, kind, caption = found.groups()
        if kind not in KINDS:
            raise ValueError(f"there is no play:{kind}, only {', '.join(sorted(KINDS))}")
        said = f"<figcaption>{caption}</figcaption>" if caption else ""
        return (
            f'<figure class="{classes}" data-play="{kind}" data-search-exclude><div role="group" aria-label="{alt}">'
            f"<p>{html.escape(absent, quote=False)}</p></div>{said}</figure>"
        )

    return IMAGE.sub(place, content)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    language = config.theme["language"]
    try:
        if config.use_directory_urls:
            return insert_plays(content, ABSENT[language])
        return insert_plays(content, OFFLINE[language], "play offline")
    except ValueError as error:
        raise PluginError(f"docs/{language}/{page.file.src_uri}: {error}") from error
