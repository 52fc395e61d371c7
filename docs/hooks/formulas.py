"""Formulas: TeX in the source, MathML in the page, and a font with the glyphs that formulas and English titles use."""

import hashlib
import html
import os
import re
import unicodedata
from importlib.metadata import distribution
from pathlib import Path

from math_core import LatexError, LatexToMathML
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

CACHE = Path(__file__).parents[2] / ".cache" / "fonts"
ARITHMATEX = re.compile(
    r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>([,.;:!?)，。；：、！？）”’]*)', re.DOTALL
)
MATH = re.compile(r"<math.*?</math>", re.DOTALL)
TITLE = re.compile(r"<h[123]\b.*?</h[123]>", re.DOTALL)
ANNOTATION = re.compile(r"<annotation.*?</annotation>", re.DOTALL)
ITALICS = [*range(0x1D434, 0x1D468), 0x1D6A4, 0x1D6A5, *range(0x1D6E2, 0x1D71C)]  # Latin and Greek
# Roots, tall brackets and braces are put together from pieces that no formula names.
PIECES = [0x221A, *range(0x239B, 0x23B4), *range(0x23DC, 0x23E2), *range(0x0300, 0x0310), 0x20D7]

_converter = LatexToMathML(annotation=True, fancy_error=False)


def mathml(tex: str, *, display: bool) -> str:
    """TeX as MathML, with the TeX kept as its annotation. Raises ValueError saying what is wrong with it."""
    try:
        return _converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise ValueError(f"the formula {tex.strip()!r} doesn't parse: {error}") from error


def insert_formulas(content: str) -> str:
    """The page's HTML with MathML in place of the TeX that the arithmatex extension marked."""

    def formula(match: re.Match[str]) -> str:
        tag, tex, punctuation = match.groups()
        # Kept out of the search index, where a formula would be a heap of single letters.
        laid_out = (
            f'<{tag} class="formula" data-search-exclude>{mathml(html.unescape(tex), display=tag == "div")}</{tag}>'
        )
        # To the browser a formula is a box, after which a line may break: not before a comma.
        return f'<span class="unbroken">{laid_out}{punctuation}</span>' if punctuation else laid_out

    return ARITHMATEX.sub(formula, content)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    try:
        return insert_formulas(content)
    except ValueError as error:
        raise PluginError(f"docs/{config.theme['language']}/{page.file.src_uri}: {error}") from error


def characters(site: Path) -> set[int]:
    """The code points in all formulas and English titles of a built site."""
    used: set[int] = set()
    for path in site.rglob("*.html"):
        page = path.read_text("utf8")
        for text in MATH.findall(page) + (TITLE.findall(page) if '<html lang="en"' in page else []):
            used.update(map(ord, html.unescape(re.sub(r"<[^>]*>", "", ANNOTATION.sub("", text)))))
    return used


def math_font(code_points: set[int]) -> bytes:
    """STIX Two Math cut down to `code_points` and the pieces that formulas are built from, as woff2."""
    # The browser slants a single letter: for "x" it takes the glyph of U+1D465, whose plain form (NFKC) is x again.
    letters = {unicodedata.normalize("NFKC", chr(c)) for c in code_points}
    italics = {c for c in ITALICS if unicodedata.normalize("NFKC", chr(c)) in letters}
    wanted = sorted({*code_points, *italics, *PIECES, 0x210E, *range(0x20, 0x7F)})  # U+210E is the italic h
    # Found without importing ziamath, which would load all of its own machinery.
    path = Path(str(distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")))
    key = hashlib.sha256(path.read_bytes() + repr(wanted).encode() + Path(__file__).read_bytes()).hexdigest()[:16]
    cached = CACHE / f"{key}.woff2"
    if not cached.exists():
        from fontTools import subset  # takes a moment to import, and most builds don't need it

        # Alternative forms aren't used, and the instructions for coarse screens are a third of the file.
        options = subset.Options(flavor="woff2", layout_features=[], hinting=False, notdef_outline=True)
        cached.parent.mkdir(parents=True, exist_ok=True)
        half = cached.with_suffix(f".{os.getpid()}")  # renamed into place, so that no other build reads half a font
        with subset.load_font(str(path), options) as font:
            subsetter = subset.Subsetter(options)
            subsetter.populate(unicodes=wanted)
            subsetter.subset(font)
            subset.save_font(font, str(half), options)
        half.replace(cached)
    return cached.read_bytes()


def on_post_build(config: MkDocsConfig) -> None:
    if config.theme["language"] == "en":
        return  # the Chinese site, built last, writes one font for both
    site = Path(config.site_dir)
    font = site / "fonts" / "stix-two-math.woff2"
    font.parent.mkdir(exist_ok=True)
    font.write_bytes(math_font(characters(site)))
