"""A figure follows the page's palette, fits on a phone, and is the same drawing in both languages."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from scratchml import apples
from tests.book.page import Problem

MAX_WIDTH = 356
HAN = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
PALETTE = re.compile(r"none|var\(--figure-[a-z]+\)")
EXAMPLE = {*apples().words}  # the Chinese sentence that both editions read word by word (chapter attention)
COLORS = {"fill", "stroke", "color", "stop-color", "flood-color"}


def problems(name: str, file: str, line: int, drawn: dict[str, str]) -> list[Problem]:
    """What is wrong with the figure `name`, defined at a line of `file` and drawn in both languages."""
    try:
        panels = {language: ElementTree.fromstring(f"<figure>{svg}</figure>") for language, svg in drawn.items()}
    except ElementTree.ParseError as error:
        return [
            Problem(
                file,
                line,
                f"{name} isn't valid SVG: {error}; draw with docs/figures/drawing.py, which escapes its texts",
            )
        ]
    messages = [message for element in panels["zh"].iter() for message in _faults(element)]
    if not panels["zh"].findall("{*}svg"):
        messages.append("has no panel; return a Drawing, or a list of them")
    for element in panels["en"].iter():
        if HAN.search(element.text or "") and element.text not in EXAMPLE:
            messages.append(f"says {element.text} in English; give say(zh, en) the English words")
    for ours, theirs in zip(_shapes(panels["zh"]), _shapes(panels["en"]), strict=False):
        if ours != theirs:
            messages.append(
                f"draws {ours} in Chinese and {theirs} in English; let the languages differ in their labels only, and where a box is as wide as its label, give its box a width"
            )
            break
    else:
        if len(list(_shapes(panels["zh"]))) != len(list(_shapes(panels["en"]))):
            messages.append("draws more in one language; let the languages differ in their labels only")
    return [Problem(file, line, f"{name} {message}") for message in dict.fromkeys(messages)]


def _faults(element: ElementTree.Element) -> Iterator[str]:
    for attribute, value in element.attrib.items():
        if attribute == "style" or (attribute in COLORS and not PALETTE.fullmatch(value)):
            yield f'has {attribute}="{value}"; use the colors that docs/figures/drawing.py names'
        if attribute == "id":
            yield f'has id="{value}", which may stand in another figure of the page; draw without ids'
    if _tag(element) == "style":
        yield "has a style of its own; use the colors that docs/figures/drawing.py names"
    if _tag(element) == "image":
        yield "holds a bitmap; draw it as shapes"
    if _tag(element) == "svg" and not 0 < float(element.get("width", "0")) <= MAX_WIDTH:
        yield f"has a panel {element.get('width')} wide; draw panels of at most {MAX_WIDTH}, for phones"


def _shapes(figure: ElementTree.Element) -> Iterator[tuple[str, dict[str, str]]]:
    tags = ((_tag(element), element.attrib) for element in figure.iter())
    return ((tag, attributes) for tag, attributes in tags if tag != "tspan")  # part of a label


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
