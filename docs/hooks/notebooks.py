"""Labs: mkdocs-jupyter runs the notebooks; this makes their pages pages of the book, light, with its Markdown and its ids."""

import hashlib
import re
from pathlib import Path

import jupytext
import markdown
from mkdocs.structure.toc import get_toc

ROOT = Path(__file__).parents[2]
# What mkdocs-jupyter puts into every page: 575 KB of styles, scripts of other sites, and copy buttons that need them.
BAGGAGE = re.compile(r'<style[^>]*>.*?</style>|<script[^>]*>.*?</script>|<div[^>]* class="clipboard-copy-txt".*?</div>|<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>', re.DOTALL)
WRAPPER = re.compile(r'<div class="jupyter-wrapper">\s*<div class="jp-Notebook"[^>]*>|</div> <!-- jp-Notebook -->\s*</div> <!-- jupyter-wrapper -->|<!--.*?-->')
MARKDOWN_CELL = re.compile(r'<div class="jp-Cell jp-MarkdownCell.*?(?=<div class="jp-Cell |</div> <!-- jp-Notebook -->)', re.DOTALL)
BETWEEN = "<!--between two cells-->"


def on_config(config) -> None:
    """A cache for each language (a build evicts what it didn't use), renewed when the package that the labs run changes."""
    package = hashlib.sha256()
    for path in sorted((ROOT / "scratchml").rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            package.update(path.read_bytes())
    cache = ROOT / ".cache" / "notebooks" / config.theme["language"] / package.hexdigest()[:16]
    config.plugins["mkdocs-jupyter"].config["cache_dir"] = str(cache)


def lighten(content: str) -> str:
    """A rendered notebook without its baggage, its code colored like the book's; stylesheets/book.css has the few rules it needs."""
    return BAGGAGE.sub("", content).replace('class="highlight-ipynb hl-python"', 'class="highlight language-python"')


def insert_cells(content: str, cells: list[str]) -> str:
    """A rendered notebook with `cells` in place of its Markdown cells, as plain content of the page."""
    rest = iter(cells)
    return WRAPPER.sub("", MARKDOWN_CELL.sub(lambda _: next(rest), content)).strip()


def on_page_content(content: str, page, config, files) -> str:
    if not page.file.src_uri.startswith("labs/"):
        return content
    # nbconvert knows neither the book's heading ids nor its formulas and boxes: its Markdown cells are converted here.
    converter = markdown.Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)
    source = [cell.source for cell in jupytext.read(page.file.abs_src_path).cells if cell.cell_type == "markdown"]
    cells = converter.convert(f"\n\n{BETWEEN}\n\n".join(source)).split(BETWEEN)
    page.toc = get_toc(converter.toc_tokens)
    if page.toc.items and page.toc.items[0].level == 1:
        page.title = page.toc.items[0].title
    return insert_cells(lighten(content), cells)
