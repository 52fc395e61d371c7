"""Listings: a `py` fence holds the qualified name of something in scratchml, and the page shows its source as it stands."""

import ast
import re
import textwrap
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(?P<indent>[ \t]*)```py[ \t]*\n(?P<body>.*?)^(?P=indent)```[ \t]*$", re.MULTILINE | re.DOTALL)


def source(name: str, root: Path = ROOT) -> tuple[str, int, str]:
    """The file, first line and source text of a module, class, function, method or constant, e.g. `scratchml.losses.squared_error`.

    Raises LookupError, saying how far the name could be followed.
    """
    parts = name.strip().split(".")
    if parts[0] != "scratchml" or not all(part.isidentifier() for part in parts):
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
    node: ast.Module | ast.stmt = ast.parse(text)
    for depth, part in enumerate(parts[length:], length):
        found = next((child for child in getattr(node, "body", []) if part in _names(child)), None)
        if found is None:
            raise LookupError(f"{'.'.join(parts[:depth])} has no {part}")
        node = found
    if isinstance(node, ast.Module):
        return path.relative_to(root).as_posix(), 1, text.rstrip("\n")
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    return path.relative_to(root).as_posix(), first, textwrap.dedent("\n".join(lines))


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def insert_listings(markdown: str) -> str:
    """`markdown` with the source put into each `py` fence, under a title that says where it stands."""

    def listing(match: re.Match[str]) -> str:
        path, line, text = source(match["body"])
        return textwrap.indent(f'```py title="{path}:{line}"\n{text}\n```', match["indent"])

    return FENCE.sub(listing, markdown)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    try:
        return insert_listings(markdown)
    except LookupError as error:
        raise PluginError(f"docs/{config.theme['language']}/{page.file.src_uri}: {error}") from error
