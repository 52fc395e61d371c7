"""Labs: notebooks that mkdocs-jupyter runs. Their cells become pages of the book, their plots follow its palette, and readers can download them."""

import hashlib
import os
import posixpath
import re
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import jupytext
import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs_jupyter import convert
from nbclient import NotebookClient
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
log = get_plugin_logger("labs")

# What readers are told: at the top of a lab's page, and at the top of the notebook that they downloaded.
TEXTS = {
    "zh": {
        "page": "这一页是一个笔记本，生成网页时从头到尾运行过一遍。格子要依次运行，单独一格贴出去是跑不通的。[下载 {name}]({link}){{ download }}，装好 JupyterLab（`pip install jupyterlab`）和这本书，就能在自己的电脑上改着玩；怎么打开，写在笔记本的开头。",
        "notebook": "运行这个笔记本，需要这本书的包 `scratchml`。在[这本书的仓库](repository:)的文件夹里运行（macOS、Linux）：",
        "windows": "Windows 的 PowerShell：",
        "open": "然后在 JupyterLab 里打开这个文件。",
    },
    "en": {
        "page": "This page is a notebook that ran from top to bottom when the page was built. Its cells belong together: one by itself doesn't run. [Download {name}]({link}){{ download }} to change things and see what happens; it takes JupyterLab (`pip install jupyterlab`) and this book, and says at its top how to open it.",
        "notebook": "This notebook needs `scratchml`, the package of the book. In the folder of [the book's repository](repository:), run (macOS, Linux):",
        "windows": "In PowerShell on Windows:",
        "open": "Then open this file in JupyterLab.",
    },
}
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -e '.[book]' jupyterlab && .venv/bin/jupyter lab"
INSTALL_WINDOWS = r"py -m venv .venv; .venv\Scripts\pip install -e '.[book]' jupyterlab; .venv\Scripts\jupyter lab"
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

PLOT = re.compile(r'<p>\s*<img alt="([^"]*)" src="plot:(\d+)"\s*/?>\s*</p>')


def on_config(config: MkDocsConfig) -> None:
    """A cache for each language (a build evicts what it didn't use), renewed when the package that the labs run changes."""
    # For matrices as small as the labs' a second thread costs more than it does.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    convert.nb2html = executed
    notebooks = config.plugins["mkdocs-jupyter"].config
    notebooks["cache_dir"] = str(_cache(config.theme["language"]))
    if "mathjax_version" in notebooks:  # from 0.27 on any other than 2 is put on every page, from another site
        notebooks["mathjax_version"] = 2


def _cache(language: str) -> Path:
    package = hashlib.sha256()
    for path in sorted((ROOT / "scratchml").rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            package.update(path.read_bytes())
    return ROOT / ".cache" / "labs" / language / package.hexdigest()[:16]


def is_lab(file: File) -> bool:
    return file.src_uri.startswith("labs/") and file.src_uri.endswith(".py")


# ---- the page


def executed(path: str, **options: object) -> str:
    """The lab, run, with what its cells put out, as a notebook: what mkdocs-jupyter keeps in its cache for us, instead of HTML."""
    # What the cells write to stderr comes with the notebook. The rest is the kernel's: that its connection, which doesn't
    # leave the machine, isn't encrypted, or that a message reached it while it closed, which once made a good build fail.
    client = NotebookClient(jupytext.read(path), kernel_name="python3", timeout=None)
    return nbformat.writes(client.execute(stderr=subprocess.DEVNULL))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str | None:
    """A lab as Markdown of the book, with what its cells printed; from here on it is a page like any other."""
    if not is_lab(page.file):
        return None
    page.render(config, files)  # mkdocs-jupyter's, which runs the cells
    notebook = nbformat.reads(page.content or "", as_version=4)
    del page.render
    vars(page).pop("title", None)
    try:
        text, plots = as_markdown(notebook.cells)
        kept = config.extra["kept"]("plots", Path(__file__).read_bytes())
        page.meta["plots"] = [kept.made(plot, partial(in_palette, *plot)) for plot in zip(plots, count())]
    except ValueError as error:
        raise PluginError(f"docs/{config.theme['language']}/{page.file.src_uri}: {error}") from error
    link = posixpath.relpath(notebook_uri(page.file), posixpath.dirname(page.file.src_uri))
    return under_title(text, TEXTS[config.theme["language"]]["page"].format(name=posixpath.basename(link), link=link))


def under_title(markdown: str, note: str) -> str:
    title, _, rest = markdown.partition("\n")
    return f"{title}\n\n{note}\n\n{rest.strip()}"


def put_out(output: NotebookNode) -> tuple[str, str]:
    """What a cell has put out, as (MIME type, content); "result" is the value of its last line, as text."""
    if output.output_type == "stream":
        return output.name, strip_ansi(output.text)
    kind = next((kind for kind in output.data if kind != "text/plain"), "text/plain")
    return "result" if kind == "text/plain" else kind, output.data[kind]


def as_markdown(cells: list[NotebookNode]) -> tuple[str, list[str]]:
    """The notebook as Markdown, and its plots as they were drawn, which stand there as images plot:0, plot:1, …

    Raises ValueError where a cell puts out what a page can't show.
    """
    parts: list[str] = []
    plots: list[str] = []
    for cell in cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        code = f"```python\n{cell.source}\n```"
        folded = cell.metadata.get("folded")  # what is in it, for a reader who needn't read it
        parts.append(f'??? preparation "{folded}"\n{textwrap.indent(code, "    ")}' if folded else code)
        start, alt, drawn, text = cell.source.partition("\n")[0], cell.metadata.get("alt", ""), 0, ""
        for kind, content in [*map(put_out, cell.outputs), ("", "")]:
            if kind in {"stdout", "result"}:  # what is printed comes in pieces
                text += "\n" * (kind == "result" and text[-1:] not in {"", "\n"}) + content
                continue
            if text.strip():
                parts.append(f"```text\n{as_shown(text)}\n```")
                text = ""
            if kind == "image/svg+xml":
                parts.append(f"![{alt}](plot:{len(plots)})")
                plots.append(content)
                drawn += 1
            elif kind == "stderr":
                log.warning(f"the cell {start!r} writes to stderr, which readers don't get to see: {content.strip()}")
            elif kind:
                raise ValueError(f"the cell {start!r} puts out {kind}; a lab prints text, and draws plots as SVG")
        if drawn != bool(alt):
            raise ValueError(
                f'the cell {start!r} draws {drawn} plots; where a cell draws, it draws one, and says for those who don\'t see it: # %% alt="what one sees"'
            )
    return "\n\n".join(parts), plots


def as_shown(printed: str) -> str:
    """What a terminal shows: a carriage return goes back to the start of the line, as progress bars do."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2].rstrip() for line in printed.strip("\n").split("\n"))


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str | None:
    if not is_lab(page.file):
        return None
    return PLOT.sub(
        lambda found: (
            f'<figure class="drawing" data-figure="plot {int(found[2]) + 1}"><div role="img" aria-label="{found[1]}" data-search-exclude>{page.meta["plots"][int(found[2])]}</div></figure>'
        ),
        content,
    )


# ---- plots

#: The light palette of the book, color → name; and black and white, in which matplotlib draws unless it is told otherwise.
PALETTE = {
    color: name
    for name, color in re.findall(
        r"--figure-(\w+): (#\w{6})", (ROOT / "docs/theme/stylesheets/book.css").read_text("utf8").partition("@media")[0]
    )
}
PALETTE |= {"#000000": "ink", "#ffffff": "paper"}
POINT = 4 / 3  # in pixels; matplotlib measures in points
SVG, HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
ElementTree.register_namespace("", SVG.strip("{}"))


def in_palette(svg: str, number: int) -> str:
    """A plot by matplotlib as a drawing of the book: in the page's font, in colors that follow its palette, with ids of its own.

    Raises ValueError for a color that the palette doesn't have.
    """
    root = ElementTree.fromstring(svg)
    ids = {
        name: f"plot-{number}-{i}"
        for i, name in enumerate(dict.fromkeys(re.findall(r'(?:url\(|href=")#([^)"]+)', svg)))
    }
    for element in list(root.iter()):
        for child in list(element):  # a style would hold for the whole page, and what is behind a plot is the page
            if child.tag in {f"{SVG}metadata", f"{SVG}style"} or child.get("style") == "fill: #ffffff":
                element.remove(child)
        if element.get("id", "").startswith("QuadMesh"):
            _join_cells(element)
    for element in root.iter():
        element.attrib = dict(_attributes(element.attrib, ids))
        element.tail = None
        element.text = (element.text or "").strip()
    _, _, width, height = map(float, root.get("viewBox", "0 0 100 100").split())
    root.attrib |= {
        "width": _rounded(str(width * POINT)),
        "height": _rounded(str(height * POINT)),
        "fill": "var(--figure-ink)",
        "stroke-linejoin": "round",
    }
    return ElementTree.tostring(root, "unicode")


def _join_cells(mesh: ElementTree.Element) -> None:
    """The cells of an image become one path for each color and opacity, without the clear ones, and without seams."""
    paths: dict[str, ElementTree.Element] = {}
    for cell in list(mesh):
        mesh.remove(cell)
        left, top, right, _, _, bottom, *_ = re.findall(r"-?[\d.]+", cell.get("d", ""))
        if cell.get("style") != "fill: none":
            path = paths.setdefault(cell.get("style", ""), cell)
            path.set("d", f"{path.get('d') if path is not cell else ''}M{left} {top}H{right}V{bottom}H{left}z")
    mesh.set("shape-rendering", "crispEdges")
    mesh.extend(paths.values())


def _attributes(given: dict[str, str], ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The attributes that a drawing of the book needs."""
    for name, value in given.items():
        if name == "id":
            if value in ids:
                yield name, ids[value]
        elif name == HREF:
            yield "href", f"#{ids[value[1:]]}"
        elif name == "clip-path":
            yield name, f"url(#{ids[value[5:-1]]})"
        elif name == "style":
            yield name, _rounded(";".join(_styles(value)))
        elif name == "d":
            yield name, re.sub(r"\s*([A-Za-z])\s*", r"\1", _rounded(value, 1)).strip()
        elif name != "version" and not value.startswith(("rotate(-0 ", "rotate(0 ")):
            yield name, _rounded(value)


def _styles(style: str) -> Iterator[str]:
    for name, value in (part.strip().split(": ", 1) for part in style.split(";") if part.strip()):
        if name == "font":  # older matplotlib: the size, and a list of families
            yield "font:" + value.partition("'")[0] + "var(--interface-font)"
        elif value.startswith("#"):
            if value not in PALETTE:
                raise ValueError(
                    f"a plot has the color {value}, which doesn't follow the palette; draw in {', '.join(PALETTE)}, in paler ones by transparency"
                )
            yield f"{name}:var(--figure-{PALETTE[value]})"
        elif name != "font-family":
            yield f"{name}:{value}"


def _rounded(text: str, digits: int = 2) -> str:
    """With two digits after the point at most; of a path, one is as much as can be seen."""
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.{digits}f}".rstrip("0").rstrip("."), text)


# ---- the notebook for download


def notebook_uri(file: File) -> str:
    """Beside the page: labs/digits/digits.ipynb for labs/digits.py."""
    path = Path(file.src_uri)
    return (path.with_suffix("") / f"{path.stem}.ipynb").as_posix()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for file in filter(is_lab, list(files)):
        cells = jupytext.read(file.abs_src_path).cells
        files.append(
            File.generated(
                config,
                notebook_uri(file),
                content=notebook(
                    cells, config.theme["language"], partial(_address, file=file, files=files, config=config)
                ),
            )
        )
    return files


def _address(target: str, file: File, files: Files, config: MkDocsConfig) -> str:
    """Where a link of the lab leads on the public site; "" where the site has no public address."""
    if target.startswith("repository:"):
        return config.extra["place"](target.removeprefix("repository:"))
    if ":" in target:
        return target
    path, _, anchor = target.partition("#")
    linked = (
        files.get_file_from_path(posixpath.normpath(posixpath.join(posixpath.dirname(file.src_uri), path)))
        if path
        else file
    )
    return urljoin(config.site_url, linked.url) + (f"#{anchor}" if anchor else "") if config.site_url and linked else ""


def notebook(cells: list[NotebookNode], language: str, address: Callable[[str], str]) -> str:
    """The lab as a Jupyter notebook, with what it needs to run under its title; `address(target)` is where a link leads."""
    texts = TEXTS[language]
    note = "\n\n".join(
        [
            texts["notebook"],
            f"```console\n{INSTALL}\n```",
            texts["windows"],
            f"```console\n{INSTALL_WINDOWS}\n```",
            texts["open"],
        ]
    )
    made = []
    for number, cell in enumerate(cells):
        if cell.cell_type == "code":
            folded = {"jupyter": {"source_hidden": True}} if "folded" in cell.metadata else {}
            made.append(nbformat.v4.new_code_cell(cell.source, id=f"cell-{number}", metadata=folded))
        else:
            text = for_jupyter(cell.source, address)
            text = text if number else under_title(text, for_jupyter(note, address))
            made.append(nbformat.v4.new_markdown_cell(text, id=f"cell-{number}"))
    lab = nbformat.v4.new_notebook(cells=made, metadata=KERNEL)
    nbformat.validate(lab)
    return nbformat.writes(lab) + "\n"


def for_jupyter(markdown: str, address: Callable[[str], str]) -> str:
    """The book's Markdown as Jupyter reads it: without ids, boxes as quotations or folded, links to the public site."""
    markdown = re.sub(r"^(#+ .*?)[ \t]*\{[^{}\n]*\}[ \t]*$", r"\1", markdown, flags=re.MULTILINE)
    markdown = re.sub(
        r'^(!!!|\?\?\?\+?) *([\w-]+)(?: *"(.*)")? *\n((?:(?: {4}.*)?(?:\n|\Z))+)', _box, markdown, flags=re.MULTILINE
    )
    return re.sub(
        r'(!?)\[([^\]]*)\]\(([^()\s]+)(?: +"[^"]*")?\)(?:\{[^{}\n]*\})?', lambda found: _link(found, address), markdown
    ).strip()


def _box(found: re.Match[str]) -> str:
    kind, title, body = found[1], found[3] or found[2].capitalize(), textwrap.dedent(found[4]).strip("\n")
    if kind == "!!!":
        return re.sub("^", "> ", f"**{title}**\n\n{body}", flags=re.MULTILINE) + "\n\n"
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>\n\n"


def _link(found: re.Match[str], address: Callable[[str], str]) -> str:
    image, label, target = found.groups()
    if image:
        return f"*{label}*"
    where = address(target)
    return f"[{label}]({where})" if where else label
