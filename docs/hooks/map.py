"""The map: what the cover's tables list, pages with their questions, becomes a line with a station for each page.

It stays a list of links, in the colors of the book's parts; a script ticks the pages that were read (map.js). The
questions stand elsewhere, too: at the end of a page, that of the next (theme/partials/footer.html).
"""

import re
from typing import Any, NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

LINE = re.compile(
    r"^\*\*(?P<part>[^*\n]+)\*\*$|^\|[^|\n]*\| *\[(?P<title>[^\]\n]*)\]\((?P<path>[^)\s]+)\) *\|(?P<question>[^|\n]*)\|",
    re.MULTILINE,
)
START = re.compile(r'<h2 id="map">')
PART = re.compile(
    r"(?:<p><strong>(?P<name>[^<]*)</strong></p>\s*)?<table>.*?<tbody>(?P<rows>.*?)</tbody>\s*</table>", re.DOTALL
)
ROW = re.compile(
    r"<tr>\s*<td>(?P<number>\d*)</td>\s*"
    r'<td>(?:<a href="(?P<address>[^"]*)">)?(?P<title>.*?)(?:</a>)?</td>\s*<td>(?P<question>.*?)</td>\s*</tr>',
    re.DOTALL,
)


class Station(NamedTuple):
    title: str
    question: str
    part: int  # 0 for what stands before the first
    part_name: str


def stations(markdown: str) -> dict[str, Station]:
    """The pages on the map of the cover `markdown`, by their paths."""
    found = dict[str, Station]()
    part, part_name = 0, ""
    for line in LINE.finditer(markdown):
        if line["part"]:
            part, part_name = part + 1, line["part"]
        else:
            found[line["path"]] = Station(line["title"], line["question"].strip(), part, part_name)
    return found


def draw_map(content: str) -> str:
    """The HTML of the cover, with a list of stations in place of each table of the map."""
    start = START.search(content)
    if not start:
        return content
    count = -1

    def part(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        name = found["name"]
        heading = f'<div class="part-name part-{count}" id="part-{count}">{name}</div>\n' if name else ""
        named = f' aria-labelledby="part-{count}"' if name else ""
        return f'{heading}<ol class="map part-{count}"{named}>{ROW.sub(_station, found["rows"])}</ol>'

    return content[: start.start()] + PART.sub(part, content[start.start() :])


def _station(row: re.Match[str]) -> str:
    """A page without an address is still to come."""
    address, number = row["address"], row["number"]
    sign = f'<span class="number">{number}</span>'
    text = f'<span class="title">{row["title"]}</span> <span class="question">{row["question"]}</span>'
    page = re.sub(r"(/|\.html)$", "", address or "")
    link = f'<a href="{address}" data-page="{page}">{sign} {text}</a>' if address else f"<div>{sign} {text}</div>"
    return f"<li>{link}</li>"


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    markdown = nav.homepage.file.content_string if nav.homepage else ""
    _, _, after = markdown.partition("{ #map }")
    config.extra["stations"] = stations(after)
    return nav


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return draw_map(content) if page.is_homepage else content


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    for name, other in (("previous", page.previous_page), ("next", page.next_page)):
        station = config.extra["stations"].get(other.file.src_uri) if other else None
        context[f"{name}_question"] = station.question if station else ""
    return context
