"""No block uses a way of writing of numpy or Python that the book hasn't explained yet.

A page explains one by naming it as inline code: in the section of the block, before or after it, or anywhere earlier in the
book. Chapter foundations explains most of them. What a first course of Python teaches needs no explanation.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mkdocs.utils.yaml import yaml_load

from docs.hooks.chapters import paths
from tests.book.fences import imported
from tests.book.glossary import PREVIEWS
from tests.book.page import CODE, LANGUAGES, ROOT, Page, Problem, read_book

KNOWN = {"abs", "bool", "dict", "float", "int", "isinstance", "len", "list", "max", "min", "print", "range", "round"}
KNOWN |= {"set", "sorted", "str", "sum", "super", "tuple"}
METHODS = {"copy", "count", "format", "index", "items", "join", "keys", "sort", "values"}  # of lists, dicts, strings
ARRAY = {name for name in dir(np.ndarray) if not name.startswith("_")} - METHODS
RANDOM = {name for name in dir(np.random.Generator) if not name.startswith("_")}
SPEC = re.compile(r".?[<>^]|[+, #]|0?\d+|\.\d+|[a-zA-Z%]")


class Idiom(NamedTuple):
    line: int  # of the block
    shown: str
    pattern: str  # finds it in inline code


def problems(root: Path = ROOT) -> list[Problem]:
    return [
        problem for language in LANGUAGES for page, said in _reading(root, language) for problem in chapter(page, said)
    ]


def page_problems(page: Page, root: Path = ROOT) -> list[Problem]:
    """Those of one page, which stands in the book in place of the one on disk."""
    for other, said in _reading(root, page.language):
        if other.file == page.file:
            return chapter(page, said)
    return []


def chapter(page: Page, said: str) -> list[Problem]:
    """The idioms of the page's blocks that neither `said`, the inline code so far, nor the page itself names in time."""
    found, told = [], set()
    sections = dict(_inline_code(page))
    for block in page.python:
        here = page.section_at(block.line)
        keys = list(sections)
        known = said + "\n".join(sections[key] for key in keys[: keys.index(here) + 1])
        for idiom in idioms(block.body):
            if idiom.shown not in told and not re.search(idiom.pattern, known):
                told.add(idiom.shown)
                cure = "say in this section what it does, naming it as inline code, or write it more plainly"
                found.append(
                    Problem(page.file, block.line + idiom.line, f"{idiom.shown} hasn't been explained yet; {cure}")
                )
    return found


def idioms(code: str) -> list[Idiom]:
    """What a block uses beyond a first course of Python and scratchml itself."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # fences.py names it
        return []
    names = {name: full for name, full in imported(tree).items() if not full.startswith("scratchml")}
    own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    found = [idiom for node in ast.walk(tree) for idiom in _of(node, names, own)]
    return sorted(dict.fromkeys(found))


def _of(node: ast.AST, names: dict[str, str], own: set[str]) -> Iterator[Idiom]:
    line = getattr(node, "lineno", 1)
    match node:
        case ast.Attribute(value=value, attr=attr):
            if _root(value) in names:
                if not (isinstance(value, ast.Name) and attr == "random"):
                    yield _name(line, attr, ast.unparse(node))
            elif attr in ARRAY | RANDOM:
                yield _name(line, attr, f".{attr}")
        case ast.Name(id=id, ctx=ast.Load()):
            if (id in names and "." in names[id]) or (
                hasattr(builtins, id) and id not in KNOWN | own and not id.endswith("Error") and id not in names
            ):
                yield _name(line, id, id)
        case ast.Call(func=ast.Attribute(value=value, attr=attr), keywords=keywords):
            if _root(value) in names or attr in ARRAY | RANDOM:
                for keyword in keywords:
                    if keyword.arg:
                        yield Idiom(line, f"{keyword.arg}=", rf"(?<!\w){keyword.arg} ?=")
        case ast.Subscript(slice=ast.Tuple(elts=parts)) if any(isinstance(part, ast.Slice) for part in parts):
            slices = sum(isinstance(part, ast.Slice) for part in parts)
            yield Idiom(line, "x[:, 1]", r"\[[^\]]*:[^\]]*,|\[[^\]]*,[^\]]*:")
            if slices == len(parts):
                yield Idiom(line, "x[:, :1]", r"\[[^\],]*:[^\],]*,[^\],]*:[^\],]*\]")
        case ast.Subscript(slice=ast.Slice(step=step)) if step is not None:
            yield Idiom(line, "x[::2]", r"\[[^\]:]*:[^\]:]*:")
        case ast.Subscript(slice=ast.Compare()):
            yield Idiom(line, "x[x > 0]", r"\[[^\]]*[<>=]=? ?[^\]]*\]")
        case ast.Assign(targets=targets):
            if any(
                isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Slice)
                for target in targets
                for part in ast.walk(target)
            ):
                yield Idiom(line, "x[:] = …", r"\[:\] ?=")
        case ast.BinOp(op=ast.MatMult()):
            yield Idiom(line, "@", "@")
        case ast.Lambda():
            yield Idiom(line, "lambda", r"\blambda\b")
        case ast.Starred(ctx=ast.Load()):
            yield Idiom(line, "*items", r"[(\[ ]\*\w")
        case ast.ClassDef(bases=bases) if bases:
            yield Idiom(line, "class B(A)", r"class \w+\(\w+\)")
        case ast.Try():
            yield Idiom(line, "try", r"\btry\b")
        case ast.FormattedValue(format_spec=ast.JoinedStr(values=values)):
            spec = "".join(str(value.value) if isinstance(value, ast.Constant) else "8" for value in values)
            for part in SPEC.findall(spec):
                yield Idiom(line, f":{spec} in an f-string", _format(part))


def _format(part: str) -> str:
    if part.startswith("."):
        return r":[^}]*\.\d"
    if part[-1] in "<>^":
        return r":.?[<>^]"
    return r":(?:.?[<>^])?[+, ]?\d" if part[-1].isdigit() else rf":[^}}` ]*{re.escape(part[-1])}"


def _name(line: int, name: str, shown: str) -> Idiom:
    return Idiom(line, shown, rf"\.{name}\b" if len(name) == 1 else rf"(?<!\w){name}(?!\w)")


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _reading(root: Path, language: str) -> Iterator[tuple[Page, str]]:
    """The pages in the order of reading, each with the inline code of those before it."""
    pages = {page.path: page for page in read_book(root) if page.language == language}
    with open(root / "mkdocs.yml", "rb") as file:
        order = [path for path in paths(yaml_load(file)["nav"]) if path in pages and path not in PREVIEWS]
    said = ""
    for path in order:
        yield pages[path], said
        said += "\n".join(code for _, code in _inline_code(pages[path])) + "\n"


def _inline_code(page: Page) -> Iterator[tuple[str, str]]:
    """The id of each section, and its inline code, a piece a line."""
    said: dict[str, list[str]] = {"": []}
    for number, masked in enumerate(page.prose.split("\n"), 1):
        pieces = said.setdefault(page.section_at(number), [])
        pieces += [page.lines[number - 1][run.start() : run.end()] for run in re.finditer(f"{CODE}+", masked)]
    for key, pieces in said.items():
        yield key, "\n".join(pieces)
