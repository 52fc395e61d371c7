"""Listings: a `py` fence holds the qualified name of something in scratchml or benchmarks, and the page shows its source.

Of a function it shows the idea: signature and body, without the docstring and the checks at the start. The source as it
stands is one click away, and it is what Copy gives.
"""

import ast
import html
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(?P<indent>[ \t]*)```py[ \t]*\n(?P<body>.*?)^(?P=indent)```[ \t]*$", re.MULTILINE | re.DOTALL)


PACKAGES = ("scratchml", "benchmarks")
WHOLE = {"zh": "完整的源码，带文档字符串和检查", "en": "The whole source, with its docstring and checks"}
TITLED = re.compile(r'<div class="language-py highlight">(?=<span class="filename">([^<]+)</span>)')


class Listing(NamedTuple):
    file: str  # from the root of the repository
    line: int  # the first one
    whole: str  # the source as it stands
    shown: str  # without what isn't the idea
    length: int  # the lines that are shown, with the signature, however the formatter breaks it, as one


def listing(name: str, root: Path = ROOT) -> Listing:
    """The source of a module, function, method or constant, e.g. `scratchml.losses.squared_error`.

    Raises LookupError, saying how far the name could be followed, and for a class, which is listed by its methods.
    """
    parts = name.strip().split(".")
    if parts[0] not in PACKAGES or not all(part.isidentifier() for part in parts):
        raise LookupError(
            f"a py fence holds one qualified name such as scratchml.losses.squared_error, got {name.strip()[:60]!r}"
        )
    for length in range(len(parts), 0, -1):
        stem = root.joinpath(*parts[:length])
        path = next((p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()), None)
        if path:
            break
    else:
        raise LookupError(f"no module {parts[0]} in {root}")
    text = path.read_text("utf8")
    file = path.relative_to(root).as_posix()
    node: ast.Module | ast.stmt = ast.parse(text)
    for depth, part in enumerate(parts[length:], length):
        found = next((child for child in getattr(node, "body", []) if part in _names(child)), None)
        if found is None:
            raise LookupError(f"{'.'.join(parts[:depth])} has no {part}")
        node = found
    if isinstance(node, ast.Module):
        return Listing(file, 1, text.rstrip("\n"), text.rstrip("\n"), len(text.splitlines()))
    if isinstance(node, ast.ClassDef):
        raise LookupError(f"{name.strip()} is a class: list its methods, one by one")
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[: node.end_lineno]
    start = _start(node) if isinstance(node, ast.FunctionDef) else []
    left_out = {line for part in start for line in range(part.lineno, (part.end_lineno or 0) + 1)}
    shown = [text for line, text in enumerate(lines, 1) if line >= first and line not in left_out]
    signature = node.body[0].lineno - first if isinstance(node, ast.FunctionDef) else 1
    length = 1 + sum(line.strip() != "" for line in shown) - signature
    return Listing(file, first, _dedent(lines[first - 1 :]), _dedent(shown), length)


def _dedent(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines))


def _start(function: ast.FunctionDef) -> list[ast.stmt]:
    """The docstring and the checks at the start, unless nothing is left without them."""
    parameters = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    body, start = list(function.body), []
    if ast.get_docstring(function):
        start.append(body.pop(0))
    while len(body) > 1 and _is_check(body[0], parameters):
        start.append(body.pop(0))
    return start if body else []


def _is_check(node: ast.stmt, parameters: set[str]) -> bool:
    """A call of check.something or of a function _check_…, alone or assigned to parameters, or some behind an `if`."""
    if isinstance(node, ast.If):
        return not node.orelse and all(_is_check(inner, parameters) for inner in node.body)
    if isinstance(node, ast.Assign):
        names = [name for target in node.targets for name in ast.walk(target) if isinstance(name, ast.expr)]
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        known = all(isinstance(n, ast.Tuple) or (isinstance(n, ast.Name) and n.id in parameters) for n in names)
        return known and all(map(_calls_check, values))
    return isinstance(node, ast.Expr) and _calls_check(node.value)


def _calls_check(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("check.", "_check_"))


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def insert_listings(markdown: str, language: str) -> tuple[str, dict[str, str]]:
    """`markdown` with the source put into each `py` fence, under a title that says where it stands; and the whole source
    by that title.
    """
    sources = {}

    def fence(match: re.Match[str]) -> str:
        found = listing(match["body"])
        title = f"{found.file}:{found.line}"
        sources[title] = found.whole
        text = f'```py title="{title}"\n{found.shown}\n```'
        if found.shown != found.whole:
            whole = textwrap.indent(f"```py\n{found.whole}\n```", "    ")
            text += f'\n\n??? source "{WHOLE[language]}"\n{whole}'
        return textwrap.indent(text, match["indent"], lambda line: line.strip() != "")

    return FENCE.sub(fence, markdown), sources


def let_copy_whole(content: str, sources: dict[str, str]) -> str:
    """The page's HTML, in which Copy gives the whole source of each listing (the theme's script looks for `data-copy`), and
    search finds what is shown, once.
    """
    content = content.replace('<details class="source">', '<details class="source" data-search-exclude>')
    return TITLED.sub(
        lambda found: (
            f'<div class="language-py highlight" data-copy="{html.escape(sources[html.unescape(found[1])])}">'
            if html.unescape(found[1]) in sources
            else found[0]
        ),
        content,
    )


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    try:
        markdown, page.meta["listings"] = insert_listings(markdown, config.theme["language"])
    except LookupError as error:
        raise PluginError(f"docs/{config.theme['language']}/{page.file.src_uri}: {error}") from error
    return markdown


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return let_copy_whole(content, page.meta["listings"])
