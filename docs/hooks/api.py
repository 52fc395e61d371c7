"""The reference of the package: the page appendix/api.md gets an entry for every public name, made from its docstring, and
a name that a block of another page imports leads to its entry.

Modules stand in the order of reading that the docstring of `scratchml` gives, names in the order of their module.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGE = "appendix/api.md"
WORDS = {
    "zh": {"explained": "讲解：{}", "used": "用到它的章：{}", "comma": "、", "end": "。"},
    "en": {"explained": "Explained in {}", "used": "Used in chapters {}", "comma": ", ", "end": "."},
}

MODULE = re.compile(r"^(?P<module>[a-z_]+)  +(?P<what>.*?)(?:  +(?P<slugs>[a-z-]+(?:, [a-z-]+)*))?$", re.MULTILINE)
IMPORTED = re.compile(r"^[ \t]*from scratchml import (?:\((?P<lines>[^)]*)\)|(?P<line>.*))$", re.MULTILINE)
HIGHLIGHTED = re.compile(
    r'<span class="nn">scratchml</span>(?:<span class="w">\s*</span>|\s)*<span class="kn">import</span>\s*'
    r'(?:<span class="p">\(</span>.*?<span class="p">\)</span>|[^\n]*)',
    re.DOTALL,
)
NAME = re.compile(r'<span class="n">(\w+)</span>')


class Module(NamedTuple):
    name: str
    what: str  # what it is about, in a few words
    slugs: list[str]  # of the chapters that explain it
    entries: list[ast.ClassDef | ast.FunctionDef]
    lines: list[str]  # of its source


def modules(root: Path = ROOT) -> list[Module]:
    """The modules of scratchml with their public names, in the order of reading."""
    package = _package(root)
    public = public_names(root)
    found = []
    for row in MODULE.finditer(ast.get_docstring(package) or ""):
        text = (root / "scratchml" / f"{row['module']}.py").read_text("utf8")
        entries = [
            node
            for node in ast.parse(text).body
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name in public and not _is_overload(node)
        ]
        found.append(
            Module(row["module"], row["what"], re.findall(r"[a-z-]+", row["slugs"] or ""), entries, text.splitlines())
        )
    return found


def _is_overload(node: ast.ClassDef | ast.FunctionDef) -> bool:
    return any(isinstance(decorator, ast.Name) and decorator.id == "overload" for decorator in node.decorator_list)


def public_names(root: Path = ROOT) -> set[str]:
    """What `scratchml` hands on from its modules."""
    imports = [node for node in _package(root).body if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in imports for alias in node.names}


def _package(root: Path) -> ast.Module:
    return ast.parse((root / "scratchml" / "__init__.py").read_text("utf8"))


def imported(markdown: str) -> set[str]:
    """The names that a page's blocks import from scratchml."""
    found = IMPORTED.finditer(markdown)
    return {name for match in found for name in re.findall(r"\w+", match["lines"] or match["line"])}


def reference(language: str, chapters: list[str], uses: dict[str, set[str]], root: Path = ROOT) -> str:
    """The entries as Markdown. `chapters` are the pages with a number, `uses` the names that each of them imports."""
    words = WORDS[language]

    def link(path: str, text: str = "") -> str:
        return f"[{text}](../{path})"

    parts = []
    for module in modules(root):
        explained = [
            link(path) for slug in module.slugs for path in chapters if posixpath.basename(path) == f"{slug}.md"
        ]
        parts.append(f"## scratchml.{module.name} {{ #module-{module.name.replace('_', '-')} }}")
        parts.append(_english(f"{module.what[0].upper()}{module.what[1:]}.", language))
        if explained:
            parts.append(words["explained"].format(words["comma"].join(explained)) + words["end"])
        for entry in module.entries:
            parts.append(f"### {entry.name} {{ #{entry.name} }}")
            parts += [_english(text, language) for text in _described(entry, module.lines)]
            used = [link(path, "{}") for path in chapters if entry.name in uses.get(path, set())]
            if used:
                parts.append(words["used"].format(words["comma"].join(used)) + words["end"])
    return "\n\n".join(parts) + "\n"


def _english(text: str, language: str) -> str:
    return text if language == "en" else f'<div lang="en" markdown>\n\n{text}\n\n</div>'


def _described(entry: ast.ClassDef | ast.FunctionDef, lines: list[str]) -> Iterator[str]:
    """Signature and docstring of a function; of a class its docstring, and then those of what it is called with."""
    if isinstance(entry, ast.FunctionDef):
        yield _signature(entry, lines, entry.name)
        yield _text(entry)
        return
    made = next((node for node in _methods(entry) if node.name == "__init__"), None)
    fields = [lines[node.lineno - 1] for node in entry.body if isinstance(node, ast.AnnAssign)]
    if made:
        yield _signature(made, lines, entry.name)
    elif fields:
        yield "```py\n" + "\n".join([f"class {entry.name}:", *fields]) + "\n```"
    yield _text(entry)
    for method in _methods(entry):
        if not method.name.startswith("_") and ast.get_docstring(method):
            yield _signature(method, lines, f"{entry.name}.{method.name}")
            yield _text(method)


def _methods(entry: ast.ClassDef) -> list[ast.FunctionDef]:
    return [node for node in entry.body if isinstance(node, ast.FunctionDef)]


def _signature(function: ast.FunctionDef, lines: list[str], called: str) -> str:
    """The lines before its body, as they stand, but without self, and under the name that it is called by."""
    first, last = function.lineno - 1, function.body[0].lineno - 1
    text = "\n".join(line[function.col_offset :] for line in lines[first:last]).rstrip()
    text = text.removeprefix("def ").removesuffix(":").replace(function.name, called, 1)
    text = re.sub(r"\((\s*)(?:self|cls)(?:,\s*|(?=\)))", r"(\1", text, count=1)
    if function.name == "__init__":
        text = text.removesuffix(" -> None")
    return f"```py\n{text}\n```"


def _text(entry: ast.ClassDef | ast.FunctionDef) -> str:
    """The docstring as Markdown."""
    text = ast.get_docstring(entry) or ""
    return re.sub(r"(?<=\s)\*(?=\s)|<", r"\\\g<0>", text)


def link_imports(content: str, address: str, public: set[str]) -> str:
    """The HTML of a page, in which each public name leads to its entry where a block imports it first."""
    linked: set[str] = set()

    def name(found: re.Match[str]) -> str:
        if found[1] not in public or found[1] in linked:
            return found[0]
        linked.add(found[1])
        return f'<a href="{address}#{found[1]}">{found[0]}</a>'

    return HIGHLIGHTED.sub(lambda found: NAME.sub(name, found[0]), content)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri != PAGE:
        return markdown
    chapters = list(config.extra["chapters"])
    uses = {path: imported(file.content_string) for path in chapters if (file := files.get_file_from_path(path))}
    return markdown + "\n" + reference(config.theme["language"], chapters, uses)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    entries = files.get_file_from_path(PAGE)
    if entries is None or page.file.src_uri == PAGE:
        return content
    return link_imports(content, entries.url_relative_to(page.file), public_names())
