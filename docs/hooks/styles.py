"""Styles: of Material's the rules that this book's pages use; and the dark palette by itself, for readers without JavaScript."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import tinycss2
from mkdocs.config.defaults import MkDocsConfig
from tinycss2.ast import AtRule, Node, QualifiedRule

NAMED = re.compile(r'\s(?:class|dir|for|id|role|type|data-[\w-]+)="([^"]*)"')  # what a selector can ask for
WORD = re.compile(r"[\w-]+")
ASKED_FOR = re.compile(r'\.([\w-]+)|\[[\w-]+="?([\w-]+)"?\]')
ARGUMENTS = re.compile(r"\([^()]*\)")  # of :not(.x) or :is(.x, .y), which may match without an x
COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
PROPERTY = re.compile(r"--[\w-]+")
VALUE_TAKEN = re.compile(r"var\(\s*(--[\w-]+)")
PROPERTY_SET = re.compile(r"""(?<=[{;])(--[\w-]+):(?:"[^"]*"|'[^']*'|[^;{}"'])*(?:;|(?=\}))""")
DARK = "dark.css"
SLATE = re.compile(r'\[data-md-color-scheme="?slate"?\]')


def names(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """What selectors can find in some pages: their classes and attributes, and any word of the scripts, which may add it."""
    texts = {value for page in pages for value in NAMED.findall(page)}
    return {word for text in [*texts, *scripts] for word in WORD.findall(text)}


def _of_page(html: str) -> list[str]:
    return sorted(names([html], []))


def used_only(css: str, used: set[str]) -> str:
    """`css` without the selectors that ask for a class, or for an attribute's value, that isn't `used`."""
    return "".join(_kept(rule, used) for rule in tinycss2.parse_stylesheet(css, True, True))


def _kept(rule: Node, used: set[str]) -> str:
    if isinstance(rule, QualifiedRule):
        kept = [selector for selector in _selectors(rule) if _asked_for(selector) <= used]
        return f"{','.join(kept)}{{{tinycss2.serialize(rule.content)}}}" if kept else ""
    if _has_rules(rule):
        inside = "".join(_kept(inner, used) for inner in tinycss2.parse_rule_list(rule.content, True, True))
        return f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}" if inside else ""
    return str(rule.serialize())


def _has_rules(rule: Node) -> bool:
    return isinstance(rule, AtRule) and rule.lower_at_keyword in {"media", "supports"}


def _selectors(rule: QualifiedRule) -> list[str]:
    """The parts of `a, b:is(c, d)`: a and b:is(c, d)."""
    parts: list[list[Node]] = [[]]
    for node in rule.prelude:
        if node == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    return [tinycss2.serialize(part).strip() for part in parts]


def _asked_for(selector: str) -> set[str]:
    while (bare := ARGUMENTS.sub("", selector)) != selector:
        selector = bare
    return {name or value for name, value in ASKED_FOR.findall(selector)}


def without_unused_properties(css: str, others: Iterable[str]) -> str:
    """`css` without the custom properties, such as icons, that nothing takes the value of, in it or in `others`: styles and
    scripts."""
    taken = {name for text in [css, *others] for name in VALUE_TAKEN.findall(text)}
    return PROPERTY_SET.sub(lambda found: found[0] if found[1] in taken else "", css)


def dark(css: str) -> str:
    """The rules of the dark palette in `css`, for any palette that a page says it has."""
    return "".join(_dark(tinycss2.parse_stylesheet(css, True, True)))


def _dark(rules: Iterable[Node]) -> Iterator[str]:
    for rule in rules:
        if _has_rules(rule) and "print" not in tinycss2.serialize(rule.prelude):
            yield from _dark(tinycss2.parse_rule_list(rule.content, True, True))
        elif isinstance(rule, QualifiedRule) and SLATE.search(selector := tinycss2.serialize(rule.prelude)):
            yield f"{SLATE.sub('[data-md-color-scheme]', selector).strip()}{{{tinycss2.serialize(rule.content)}}}"


def styled(themes: dict[str, str], book: str, scripts: list[str], used: set[str]) -> dict[str, str]:
    """The theme's styles, by name, as the site has them; and as DARK, of all styles the rules of the dark palette."""
    themes = {name: used_only(css, used) for name, css in themes.items()}
    # One style may take the value of a property that another sets.
    others = [*themes.values(), book, *scripts]
    themes = {name: without_unused_properties(css, others) for name, css in themes.items()}
    return themes | {DARK: "".join(map(dark, [*themes.values(), book]))}


def on_post_build(config: MkDocsConfig) -> None:
    if config.theme["language"] == "en":
        return  # the Chinese site, built last, has the styles of both
    kept = config.extra["kept"]("styled", Path(__file__).read_bytes(), version("tinycss2"))
    site = Path(config.site_dir)
    scripts = [path.read_text("utf8") for path in sorted(site.glob("**/javascripts/*.js"))]
    used = names([], scripts)
    for page in sorted(site.rglob("*.html")):
        html = page.read_text("utf8")
        used.update(kept.made(html, partial(_of_page, html)))
    ours = site / "stylesheets" / "book.css"
    book = COMMENT.sub("", ours.read_text("utf8"))
    ours.write_text(book, "utf8")
    folder = site / "assets" / "stylesheets"
    themes = {path.name: path.read_text("utf8") for path in sorted(folder.glob("*.css"))}
    made = kept.made([themes, book, scripts, sorted(used)], partial(styled, themes, book, scripts, used))
    for name in themes:
        (folder / name).write_text(made[name], "utf8")
    # After the other styles, and only by readers without JavaScript, on whose system everything is dark: theme/main.html.
    ours.with_name(DARK).write_text(made[DARK], "utf8")
