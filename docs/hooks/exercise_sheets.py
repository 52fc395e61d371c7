"""Exercise sheets: the exercises of each chapter on a page of their own, once without and once with their solutions.

They are made from the chapters: the sheet of `x.md` is `x-exercises.md`, that with the solutions `x-solutions.md`. The page
for teachers lists them where it says {sheets}; where it says {time}, a row of its plan gets the time for the chapters it names.
"""

import json
import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

PAGE = "teaching.md"
TITLE = re.compile(r"^# (.*?)[ \t]*\{[^{}\n]*\}", re.MULTILINE)
EXERCISES = re.compile(r"^## (?P<title>[^\n]*?) \{ #exercises \}\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
EXERCISE = re.compile(r"^!!! example ", re.MULTILINE)
SOLUTION = re.compile(r"^\?\?\? success[^\n]*\n(?:(?: {4}[^\n]*)?(?:\n|\Z))+", re.MULTILINE)
ELSEWHERE = re.compile(r"\]\(#(?!exercise-)")  # a link to a section of the chapter
ROW = re.compile(r"<tr>(?:(?!</tr>).)*\{time\}.*?</tr>", re.DOTALL)
WORDS = {
    "zh": {
        "title": "{}：{}",
        "solutions": "练习和解答",
        "from": "[回到这一章]({})",
        "name": "姓名 ________________　　日期 ____________",
        "head": "| 章 | 练习 | 练习单 | 附解答 |",
        "row": "| [{}]({}) | {} 道 | [练习]({}) | [练习和解答]({}) |",
        "time": '<span class="unbroken">{} 分钟</span>',
    },
    "en": {
        "title": "{}: {}",
        "solutions": "Exercises and solutions",
        "from": "[Back to the chapter]({})",
        "name": "Name ________________ &emsp; Date ____________",
        "head": "| Chapter | Exercises | Sheet | With solutions |",
        "row": "| [{}]({}) | {} | [exercises]({}) | [and solutions]({}) |",
        "time": '<span class="unbroken">{} min</span>',
    },
}


def sheets(markdown: str, name: str, language: str) -> tuple[str, str] | None:
    """The exercises of the chapter `markdown`, which stands in the file `name`, without and with their solutions."""
    title, section = TITLE.search(markdown), EXERCISES.search(markdown)
    if not title or not section:
        return None
    words = WORDS[language]
    body = ELSEWHERE.sub(f"]({name}#", section["body"])
    opened = SOLUTION.sub(lambda found: found[0].replace("???", "???+", 1), body)

    def sheet(heading: str, text: str, first: str) -> str:
        name_of_page = json.dumps(words["title"].format(title[1], heading), ensure_ascii=False)
        meta = f"---\ntitle: {name_of_page}\nsearch: {{exclude: true}}\nsheet: true\n---\n\n"
        return f"{meta}# {title[1]} {{ #sheet }}\n\n{first}\n{{ .sheet }}\n\n## {heading} {{ #exercises }}\n{text}"

    back = words["from"].format(name)
    return (
        sheet(section["title"], SOLUTION.sub("", body), f"{words['name'].replace('_', '&#95;')} &emsp; {back}"),
        sheet(words["solutions"], opened, back),
    )


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The sheets are pages, numbered as the chapters that they belong to."""
    chapters, language, rows = config.extra["chapters"], config.theme["language"], []
    words = WORDS[language]
    for path, number in list(chapters.items()):
        file = files.get_file_from_path(path)
        made = sheets(file.content_string, path.rpartition("/")[2], language) if file else None
        if not file or not made:
            continue
        addresses = []
        for kind, text in zip(("exercises", "solutions"), made, strict=True):
            address = path.replace(".md", f"-{kind}.md")
            addresses.append(address)
            chapters[address] = number
            files.append(File.generated(config, address, content=text, inclusion=InclusionLevel.NOT_IN_NAV))
        title = TITLE.search(file.content_string)
        assert title
        rows.append(words["row"].format(f"{{}} · {title[1]}", path, len(EXERCISE.findall(made[0])), *addresses))
    config.extra["sheets"] = "\n".join([words["head"], "|---|---|---|---|", *rows])
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str | None:
    return markdown.replace("{sheets}", config.extra["sheets"]) if page.file.src_uri == PAGE else None


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> None:
    """Here, since only now each page has been read, and how long it takes is known."""
    if page.file.src_uri != PAGE:
        return
    minutes = {get_relative_url(other.url, page.url): other.meta.get("minutes", 0) for other in nav.pages}
    time = WORDS[config.theme["language"]]["time"]

    def row(found: re.Match[str]) -> str:
        read = re.findall(r'href="([^"#]*)', found[0].partition("{time}")[0])
        return found[0].replace("{time}", time.format(sum(minutes[address] for address in read)))

    page.content = ROW.sub(row, page.content or "")
