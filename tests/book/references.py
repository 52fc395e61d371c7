"""What a page names exists: pages and anchors that it links to, figures, and formulas that can be set."""

import ast
import posixpath
import re
from pathlib import Path

from docs.hooks.editions import ALL
from docs.hooks.formulas import mathml
from docs.hooks.play import KINDS
from tests.book.page import PLOT, ROOT, Formula, Link, Page, Problem, read_book

ANCHOR = re.compile(r"\{[^{}\n]*#([^\s{}]+)[^{}\n]*\}|\bid=\"([^\"]+)\"")
WORDS = re.compile(r"[\u3000-\u9fff\uff00-\uffef]|\\(?:text\w*|mbox)\s*\{[^{}]*[A-Za-z]{2}")
# The reader's own machine, and Nielsen's book.
WITHOUT_HTTPS = ("http://127.0.0.1", "http://neuralnetworksanddeeplearning.com/")


def problems(root: Path = ROOT) -> list[Problem]:
    """What the book at `root` names without having it, and the figures that it draws without showing them."""
    pages = read_book(root)
    files = {page.file: page for page in pages}
    drawn = figures(root)
    found = []
    for page in pages:
        found += [problem for link_ in page.links for problem in link(page, link_, files, root)]
        found += [problem for formula_ in page.formulas for problem in formula(page, formula_)]
        found += images(page, set(drawn))
    shown = {image.target.removeprefix("figure:") for page in pages for image in page.images}
    for name in sorted(drawn.keys() - shown):
        file, line = drawn[name]
        found.append(
            Problem(
                file,
                line,
                f"no page shows the figure {name}; show it with ![what one sees](figure:{name}), take it out, or start its name with _",
            )
        )
    return found


def link(page: Page, link: Link, files: dict[str, Page], root: Path) -> list[Problem]:
    """A link leads to a file and an anchor of the same language, or to an https address outside."""
    target, line = link.target, link.line
    if target.startswith(("https://", "mailto:", *WITHOUT_HTTPS)):
        return []
    if target.startswith("repository:"):
        if (root / target.removeprefix("repository:")).exists():
            return []
        return [Problem(page.file, line, f"the link {target} leads to no file of the repository; mend the path")]
    if target.startswith("edition:"):
        if target.removeprefix("edition:") in ALL:
            return []
        return [Problem(page.file, line, f"the link {target} leads to no edition; docs/hooks/editions.py names them")]
    if ":" in target or target.startswith("/"):
        return [
            Problem(
                page.file,
                line,
                f"the link {target} isn't one that lasts; use https:// to others, and a path such as ../neural-networks/x.md within the book",
            )
        ]
    path, _, anchor = target.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page.file), path)) if path else page.file
    if not file.startswith(f"docs/{page.language}/"):
        return [
            Problem(
                page.file,
                line,
                f"the link {target} leaves docs/{page.language}; link within the language, the switch at the top leads to the other",
            )
        ]
    if not (root / file).is_file():
        return [Problem(page.file, line, f"the link {target} leads to {file}, which doesn't exist; mend the path")]
    if anchor and (file not in files or anchor not in anchors(files[file])):
        return [
            Problem(
                page.file,
                line,
                f"the link {target} leads to no anchor of {file}; link to the id of a heading there, or to exercise-1, exercise-2, …",
            )
        ]
    return []


def anchors(page: Page) -> set[str]:
    written = {first or second for first, second in ANCHOR.findall(page.prose)}
    exercises = [box for box in page.boxes if box.kind == "!!! example" and page.section_at(box.line) == "exercises"]
    return written | {f"exercise-{number}" for number in range(1, len(exercises) + 1)}


def images(page: Page, drawn: set[str]) -> list[Problem]:
    """Images are figures drawn by code, or places to play, and say what one sees."""
    found = []
    for image in page.images:
        kind, _, name = image.target.partition(":")
        if page.is_lab and image.target == PLOT:
            name = "of this cell"
        elif kind == "play" and name in KINDS:
            pass
        elif kind != "figure":
            found.append(
                Problem(
                    page.file,
                    image.line,
                    f"the image {image.target} isn't drawn by code; write a function in docs/figures and show it as figure:module.function",
                )
            )
        elif name not in drawn:
            found.append(
                Problem(
                    page.file,
                    image.line,
                    f"docs/figures has no figure {name}; write def {name.rpartition('.')[2]}(say) in docs/figures/{name.partition('.')[0]}.py",
                )
            )
        if not image.alt.strip():
            found.append(
                Problem(
                    page.file,
                    image.line,
                    f"the figure {name} has no text for those who don't see it; say between [ and ] what one sees",
                )
            )
    return found


def figures(root: Path = ROOT) -> dict[str, tuple[str, int]]:
    """Every figure that docs/figures can draw, module.function, with its file and line.

    It is a function of `say`, and of sliders, which have a default; one that needs more is a part that figures share.
    """
    found = {}
    for path in sorted((root / "docs" / "figures").glob("*.py")):
        for node in ast.parse(path.read_text("utf8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            needed = node.args.args[: len(node.args.args) - len(node.args.defaults)]
            if [argument.arg for argument in needed] == ["say"] and node.args.vararg is None:
                found[f"{path.stem}.{node.name}"] = (path.relative_to(root).as_posix(), node.lineno)
    return found


def formula(page: Page, formula: Formula) -> list[Problem]:
    """A formula parses, and holds no words, so that both languages share it."""
    if words := WORDS.search(formula.tex):
        return [
            Problem(
                page.file,
                formula.line,
                f"the formula {formula.tex} has words ({words[0]}); say them in the text, or name a function with \\operatorname{{…}}",
            )
        ]
    if any(heading.line == formula.line for heading in page.headings):
        return [
            Problem(
                page.file,
                formula.line,
                f"the formula {formula.tex} in a heading shows as TeX in the table of contents; say it in words",
            )
        ]
    try:
        mathml(formula.tex, display=formula.displayed)
    except ValueError as error:
        return [Problem(page.file, formula.line, f"{error}; mend the TeX")]
    return []
