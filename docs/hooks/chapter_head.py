"""Under a chapter's title, in one line: its part, how long it takes to read, and what it builds on.

The time is computed from the text. What a chapter builds on stands in mkdocs.yml, `extra: needs:`, once for both languages.
"""

import html
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

WORDS_A_MINUTE, CHARACTERS_A_MINUTE = 150, 240  # of a text that one has to think about
SECONDS_A_LINE = 4  # of code or output
SECONDS_A_PICTURE = 20  # a figure, or a formula that stands by itself

END = re.compile(r"^## .*\{ #exercises \}", re.MULTILINE)
FOLDED = re.compile(r"^\?\?\?[^\n]*\n(?:(?: {4}[^\n]*)?(?:\n|\Z))+", re.MULTILINE)
FENCED = re.compile(r"^ *(`{3,}).*?\n(.*?)^ *\1 *$", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r"\$\$.*?\$\$|!\[[^\]]*\]\(figure:[^)]*\)", re.DOTALL)
UNSEEN = re.compile(r"<!--.*?-->|\]\([^)]*\)|\{ #[\w-]+ \}", re.DOTALL)
HAN = re.compile("[\u3400-\u9fff]")
WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
WITH_PENCIL = {"transformer/attention-on-paper.md"}  # for which no time can be told
WORDS = {
    "zh": {"time": "约 {} 分钟", "needs": "先读", "and": "、"},
    "en": {"time": "about {} min", "needs": "builds on ", "and": ", "},
}


def minutes(markdown: str) -> int:
    """How long it takes to read what stands before the exercises, and isn't folded away; in steps of five minutes."""
    text = FOLDED.sub("", END.split(markdown)[0])
    lines = sum(line.strip() != "" for fence in FENCED.finditer(text) for line in fence[2].split("\n"))
    text, pictures = PICTURE.subn("", FENCED.sub("", text))
    text = UNSEEN.sub("", text)
    characters, words = len(HAN.findall(text)), len(WORD.findall(HAN.sub(" ", text)))
    seconds = 60 * (characters / CHARACTERS_A_MINUTE + words / WORDS_A_MINUTE)
    seconds += SECONDS_A_LINE * lines + SECONDS_A_PICTURE * pictures
    return max(5, 5 * round(seconds / 300))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    page.meta["minutes"] = minutes(markdown)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    path = page.file.src_uri
    stations = config.extra["stations"]
    station = stations.get(path)
    if not station or path.startswith("appendix/"):
        return content
    words = WORDS[config.theme["language"]]
    facts = [f'<span class="part">{html.escape(station.part_name)}</span>'] if station.part_name else []
    if path not in WITH_PENCIL:
        facts.append(f"<span>{words['time'].format(page.meta['minutes'])}</span>")
    needs = [need for need in config.extra.get("needs", {}).get(path, []) if need in stations]
    if needs:
        links = [_link(files.src_uris[need], stations[need].title, page) for need in needs]
        facts.append(f"<span>{words['needs']}{words['and'].join(links)}</span>")
    head = f'<div class="chapter-head part-{station.part}" data-page="{path.rpartition(".")[0]}" data-search-exclude>{" ".join(facts)}</div>'
    return content.replace("</h1>", f"</h1>\n{head}", 1)


def _link(file: File, title: str, page: Page) -> str:
    return f'<a href="{get_relative_url(file.url, page.url)}">{html.escape(title)}</a>'
