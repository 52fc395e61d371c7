"""The words and the typography that WRITING.md rules out, as far as they can be found without false alarms."""

import re
from functools import cache

from tests.book.page import CODE, FORMULA, LINK, Page, Problem

# Phrase → what to do instead. A blank stands for any white space, so that a line's end doesn't hide a phrase.
FORBIDDEN = {
    "zh": {
        "在本章中": "直接开始讲",
        "让我们一起": "直接写要做的事",
        "值得注意的是": "删去，直接写那件事",
        "想象一下": "给一个具体的例子",
        "进行计算": "写“计算”",
        "至关重要": "写出它起什么作用",
        "强大的": "写出它能做什么",
        "深入探讨": "直接讲",
        "揭开.{0,12}?面纱": "直接讲",
        "这允许模型": "写模型做什么",
        "通过[^。，；]{1,30}，我们可以": "写“用……可以……”",
    },
    "en": {
        r"let['’]s dive": "start with the thing itself",
        "in this chapter,? we will": "start with the thing itself",
        r"it['’]s important to note": "say it without announcing it",
        "not just": "say what it is",
        r"but why\? because": "give the reason",
        "crucial(?:ly)?": "say what depends on it",
        "powerful(?:ly)?": "say what it can do",
        "leverag(?:e|es|ed|ing)": "write use",
        "delv(?:e|es|ed|ing)": "start with the thing itself",
        "simply": "leave it out",
        "obviously": "leave it out, or give the reason",
    },
}
QUOTED = "references"  # the section in which the titles of other people's work stand

HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
FULL_WIDTH = dict(zip(",.;:!?()", "，。；：！？（）", strict=True))
HALF_WIDTH = re.compile(rf"(?<={HAN})([,.;:!?()])|([,.;:!?()])(?={HAN})")
NO_SPACE = re.compile(rf"({HAN})([A-Za-z0-9{CODE}{FORMULA}])|([A-Za-z0-9{CODE}{FORMULA}])({HAN})")
STRAIGHT_QUOTE = re.compile(rf"(?<={HAN})[\"']|[\"'](?={HAN})")
BOLD_COLON = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])[ \t]+(\*\*|__)(?:(?!\1).)+(?:[:：]\1|\1[ \t]*[:：])")

IN_SOURCE_ONLY = [  # what readers don't get to see, and what they see of it
    (re.compile(r"^([ \t]*)(?:!!!|\?\?\?\+?)[ \t]*[\w -]*(?:\"(.*)\")?[ \t]*$"), lambda found: found[2] or ""),
    (re.compile(r"^\*?\[[^\]]*\]:"), lambda found: ""),
    (re.compile(r"\[\^[^\]]*\]"), lambda found: ""),
    (re.compile(r"\{[^{}]*[#.=:][^{}]*\}"), lambda found: ""),
    (re.compile(r"</?[a-zA-Z][^<>]*>"), lambda found: ""),
    (re.compile(r"(?<=\S)\*+|\*+(?=\S)|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)"), lambda found: ""),
    (re.compile(rf"{CODE}+"), lambda found: CODE),
    (re.compile(rf"{FORMULA}+"), lambda found: FORMULA),
]


def problems(page: Page) -> list[Problem]:
    found = words(page) + bold_bullets(page)
    if page.language == "zh":
        found += typography(page)
    return sorted(found, key=lambda problem: problem.line)


def words(page: Page) -> list[Problem]:
    """Phrases that are filler wherever they stand, and the one wrong name of the Transformer."""
    found = [
        Problem(page.file, line, "变压器 is a device in a power line; write Transformer")
        for line, text in enumerate(page.text.split("\n"), 1)
        if "变压器" in text
    ]
    text = "\n".join(visible(page))
    for phrase, cure in FORBIDDEN[page.language].items():
        for match in _pattern(page.language, phrase).finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if page.section_at(line) != QUOTED:
                shown = " ".join(match[0].split())
                found.append(Problem(page.file, line, f"{shown!r} says nothing; {cure}"))
    return found


@cache
def _pattern(language: str, phrase: str) -> re.Pattern[str]:
    if language == "en":
        return re.compile(r"\b" + phrase.replace(" ", r"\s+") + r"(?!\w)", re.IGNORECASE)
    return re.compile("".join(rf"{character}\n?" if re.match(HAN, character) else character for character in phrase))


def bold_bullets(page: Page) -> list[Problem]:
    cure = "write prose, or a table"
    return [
        Problem(page.file, line, f"a bold word and a colon open a list item; {cure}")
        for line, text in enumerate(page.prose.split("\n"), 1)
        if BOLD_COLON.match(text)
    ]


def typography(page: Page) -> list[Problem]:
    """Chinese has full-width punctuation and “ ”, and a space between 汉字 and Latin letters, digits, code and formulas."""
    found = []
    for line, text in enumerate(visible(page), 1):
        for match in HALF_WIDTH.finditer(text):
            found.append(
                Problem(
                    page.file, line, f"half-width {match[0]} in {_around(text, match)}; write {FULL_WIDTH[match[0]]}"
                )
            )
        for match in NO_SPACE.finditer(text):
            found.append(
                Problem(
                    page.file,
                    line,
                    f"no space within {_around(text, match)}; put one between 汉字 and letters, digits, code or formulas",
                )
            )
        for match in STRAIGHT_QUOTE.finditer(text):
            found.append(Problem(page.file, line, f"a straight quote in {_around(text, match)}; write “ and ”"))
    return found


def visible(page: Page) -> list[str]:
    """The page's lines as they are read: without markup, addresses and attributes; code and formulas as one character each."""
    lines = LINK.sub(lambda found: f"{found[2]} {found[4]} " if found[4] else found[2], page.prose).split("\n")
    for pattern, shown in IN_SOURCE_ONLY:
        lines = [pattern.sub(shown, line) for line in lines]
    return lines


def _around(text: str, match: re.Match[str]) -> str:
    shown = text[max(0, match.start() - 5) : match.end() + 5].strip()
    return "‘" + shown.replace(CODE, "`…`").replace(FORMULA, "$…$") + "’"
