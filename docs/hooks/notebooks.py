"""Labs: mkdocs-jupyter runs and renders the notebooks; this keeps its pages light and its results fresh."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STYLE = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)


def on_config(config) -> None:
    """A cache for each language (a build evicts what it didn't use), renewed when the package that the labs run changes."""
    package = hashlib.sha256()
    for path in sorted((ROOT / "scratchml").rglob("*.py")):
        package.update(path.read_bytes())
    cache = ROOT / ".cache" / "notebooks" / config.theme["language"] / package.hexdigest()[:16]
    config.plugins["mkdocs-jupyter"].config["cache_dir"] = str(cache)


def without_styles(content: str) -> str:
    """A rendered notebook without the 575 KB of styles that come with each: stylesheets/book.css has the few rules it needs."""
    return STYLE.sub("", content)


def on_page_content(content: str, page, config, files) -> str:
    return without_styles(content) if page.file.src_uri.startswith("labs/") else content
