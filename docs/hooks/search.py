"""Search: the words that a reader types lead first to the section that explains them, in either language.

Material's index and its worker stay. Into the index each section gets the names that the glossary and search.yml have for what
it explains, as `names`; search.js, which runs in the worker, finds them in what is asked for, however it is spaced or spelt.
And as `asked` it gets other words in which readers ask for it, from asked.yml. Which section comes first, search.js decides.
What the index says of a section is prose with its formulas, and each line of code once. A small index of titles and names
comes first and answers while the whole one is still on its way.
"""

import copy
import html
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jieba
import yaml
from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.yaml import yaml_load

DOCS = Path(__file__).parents[1]
WORKER = Path(__file__).with_name("search.js")
TABLE = Path(__file__).with_name("search.yml")
QUESTIONS = Path(__file__).with_name("asked.yml")
READABLE = Path(__file__).with_name("plain_formulas.py")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where there is one, takes a tenth of the time
GLOSSARY = "appendix/glossary.md"
LAST = {"exercises": 0.3, "summary": 0.3, "references": 0.1}  # sections that come after those that explain
APPENDIX = 0.2
REST = "search/search_rest.json"
# Between Chinese words the index has a space without width, of three bytes. On its way it is one byte, which makes 9 KB.
BETWEEN_WORDS, ON_ITS_WAY = "\u200b", "\x7f"

ROW = re.compile(r"^\| \[(?P<name>[^\]]+)\]\((?P<link>[^)]+)\)(?P<also>[^|]*)\|(?P<other>[^|]*)\|(?P<text>.*)\|$", re.M)
LINK = re.compile(r"\]\(([^)#]*#[^)]*)\)")
BETWEEN_NAMES = re.compile(r"、|, |[（）()]")
HAN = re.compile(r"[\u3400-\u9fff]+")
PIECE = re.compile(r"[\u3400-\u9fff]+|[^\s\u3400-\u9fff]+")
# They only ask, and search.js leaves most of them out of a query, too.
ASKING = frozenset(["what", "why", "how", "does", "vs", "什么", "为什么", "怎么", "吗", "还是"])
FORMULA = re.compile(r'<(span|div) class="formula" data-search-exclude>(<math.*?</math>)</\1>', re.DOTALL)
DRAWING = re.compile(r'<div role="img"[^>]* data-search-exclude>.*?</div>', re.DOTALL)
LISTING = re.compile(r"<pre>.*?</pre>", re.DOTALL)
COLORS = re.compile(r"</?(?:span|a)\b[^>]*>")
MARKS = re.compile(r"</?(?:pre|code)>")
NEEDLESS = re.compile(  # spaces about formulas, and marks where words end anyway
    r"(?<= ) +| +(?=[,.;:!?)，。、；：！？）])|(?<=[(（“]) +|"
    r"\u200b(?=[\s，。、；：！？（）“”<])|(?<=[\s，。、；：！？（）“”>])\u200b"
)

# What Material's worker does with a query before anything else: it cuts Chinese into words, and loses the last.
CUT = re.compile(
    r'\w+\.replace\(new RegExp\("\\\\p\{sc=Han\}\+","gu"\),\w+=>\[\.\.\.\w+\(\w+,this\.index\.invertedIndex\)\]\.join\("\* "\)\)'
)


class Term(NamedTuple):
    place: str  # path#section
    names: list[str]


def terms(docs: Path = DOCS, more: Path = TABLE) -> dict[str, list[str]]:
    """What readers call that which a section explains, by path#section: the glossary's names in both languages, and `more`."""
    called: dict[str, set[str]] = yaml_load(more.read_text("utf8")) or {}
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for term in [*glossary(docs / "zh" / GLOSSARY), *glossary(docs / "en" / GLOSSARY)]:
        also = [name for own in term.names for name in called.get(own, [])]
        found[term.place].update(dict.fromkeys([*term.names, *also]))
    for place in called:
        if "#" in place:
            found[place].update(dict.fromkeys(called[place]))
    return {place: list(names) for place, names in found.items()}


def glossary(page: Path) -> Iterator[Term]:
    """The terms of a glossary: where each is explained at length, which is where the last link of its row leads."""
    for row in ROW.finditer(page.read_text("utf8") if page.exists() else ""):
        link = LINK.findall(f"]({row['link']}){row['text']}")[-1].removeprefix("../")
        names = BETWEEN_NAMES.split(f"{row['name']}、{row['also']}、{row['other']}")
        yield Term(link, [name.strip() for name in names if name.strip()])


def words_asked(phrases: Iterable[str], said: str) -> str:
    """The words of the phrases that a section hasn't `said`, each once, Chinese cut as in the rest of the index."""
    pieces = [piece for phrase in phrases for piece in PIECE.findall(phrase.lower())]
    words = [word for piece in pieces for word in (jieba.cut(piece) if HAN.match(piece) else [piece])]
    said = said.lower().replace("\u200b", " ")
    return " ".join(word for word in dict.fromkeys(words) if word not in said and word not in ASKING)


def as_typed(name: str) -> str:
    """A name without all that a reader may leave out or type otherwise. search.js does the same with a query."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name.lower()))


def teach_words(names: Iterable[str]) -> None:
    """Let jieba, which cuts the index into words, keep together the names of which it would cut off single characters."""
    for word in sorted({word for name in names for word in HAN.findall(name)}, key=len):
        if len(word) > 1 and any(len(piece) == 1 for piece in jieba.lcut(word)):
            jieba.add_word(word)


def searchable(content: str, readable: Callable[[str], str]) -> str:
    """The HTML of a page as the index is to have it: formulas as `readable` text, and paragraphs for what would run together."""
    # Left out anyway, but only once each of their thousands of tags has been read: drawings, and the colors of code.
    content = LISTING.sub(lambda found: COLORS.sub("", found[0]), DRAWING.sub("", content))
    content = FORMULA.sub(lambda found: _apart(html.escape(readable(found[2]), quote=False), found[1]), content)
    content = re.sub(r'<span class="filename">(.*?)</span>', r"<p>\1</p>", content)
    content = re.sub(r"<(/?)(?:tr|figcaption|summary|dt|dd)\b[^>]*>", r"<\1p>", content)
    return re.sub(r"</t[dh]>\s*<t[dh]\b", r" · \g<0>", content)


def _apart(formula: str, tag: str) -> str:
    return f"<p>{formula}</p>" if tag == "div" else f" {formula} "


def prose_and_code(text: str) -> tuple[str, str]:
    """The text of a section without its listings, and their lines, each a piece of its own, so that a result shows the line
    that was looked for. A line that comes again, as in a solution that repeats its starter, is there once."""
    lines = [line.strip(" \u200b") for code in LISTING.findall(text) for line in MARKS.sub("", code).split("\n")]
    code = "".join(f"<code>{line}</code>" for line in dict.fromkeys(lines) if line)
    return NEEDLESS.sub("", LISTING.sub("", text)).strip(), code


def with_own_cut(worker: str) -> str:
    """The script of Material's search worker, in which search.js cuts the query. One that is written otherwise stays as it is."""
    worker, found = CUT.subn("self.cut(arguments[0],this.index.invertedIndex)", worker)
    return f"{worker}\n{WORKER.read_text('utf8')}" if found else worker


_named: dict[str, list[str]] = {}  # what `terms` says at this build
_asked: dict[str, dict[str, list[str]]] = {}  # of each section, by language, how readers ask for it
_depends: list[object] = []  # all on which the entries of a page depend, besides the page


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    _named.clear()
    glossaries = [DOCS / language / GLOSSARY for language in ("zh", "en")]
    read = [Path(__file__), READABLE, TABLE, QUESTIONS, *(page for page in glossaries if page.exists())]
    _depends[:] = [version("jieba"), version("mkdocs-material"), *(path.read_bytes() for path in read)]


def _learn() -> None:
    """What only a page that isn't kept from the last build needs: it takes as long as some ten pages."""
    if not _named:
        _named.update(terms())
        teach_words(name for names in _named.values() for name in names)
        _asked.clear()
        _asked.update(yaml_load(QUESTIONS.read_text("utf8"), LOADER))


@event_priority(50)  # before the search plugin, which would read the page as it is shown
def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    if page.meta.get("search", {}).get("exclude"):
        return context
    plugin: Any = config.plugins["material/search"]
    asked = [page.url, page.title, page.content]
    kept = config.extra["kept"]("searched", *_depends)
    entries = kept.made(asked, lambda: _entries(page, config, plugin.search_index))
    plugin.search_index.entries += entries
    page.meta["search"] = {"exclude": True}  # it is in the index now
    return context


def _entries(page: Page, config: MkDocsConfig, index: Any) -> list[dict[str, Any]]:
    """What the index says of the sections of a page."""
    _learn()
    read = copy.copy(page)
    read.content = searchable(page.content or "", config.extra["readable"])
    before = len(index.entries)
    index.add_entry_from_context(read)
    entries = index.entries[before:]
    del index.entries[before:]
    for entry in entries:
        section = entry["location"].partition("#")[2] or next((heading.id for heading in page.toc), "")
        place = f"{page.file.src_uri}#{section}"
        names = dict.fromkeys(as_typed(name) for name in _named.get(place, []))
        entry["text"], entry["code"] = prose_and_code(entry["text"])
        if names:
            entry["names"] = list(names)
        phrases = _asked.get(place, {}).get(config.theme["language"], [])
        entry["asked"] = words_asked(phrases, f"{entry['title']} {entry['text']} {entry['code']}")
        boost = LAST.get(section, 1) * (APPENDIX if page.file.src_uri.startswith("appendix/") else 1)
        if boost != 1:
            entry["boost"] = boost
    return entries


def on_post_build(config: MkDocsConfig) -> None:
    site = Path(config.site_dir)
    path = site / "search" / "search_index.json"
    index = json.loads(path.read_text("utf8"))
    index["config"]["fields"] |= {"names": {"boost": 1}, "asked": {"boost": 1}}
    # Prose with prose and code with code packs best.
    texts = {kind: [entry.pop(kind) for entry in index["docs"]] for kind in ("text", "code", "asked")}
    if not config.use_directory_urls:  # offline there is nothing to wait for
        index["docs"] = [
            entry | {"text": text + code, "asked": asked}
            for entry, text, code, asked in zip(index["docs"], *texts.values(), strict=True)
        ]
    else:
        index["docs"] = [entry | {"text": ""} for entry in index["docs"]]
        index["config"]["rest"] = REST
        (site / REST).write_text(_compact(texts).replace(BETWEEN_WORDS, ON_ITS_WAY), "utf8")
    path.write_text(_compact(index), "utf8")
    for worker in site.glob("assets/javascripts/workers/search.*.min.js"):
        worker.write_text(with_own_cut(worker.read_text("utf8")), "utf8")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
