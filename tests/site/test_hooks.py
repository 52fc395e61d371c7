"""What the hooks do to a page, as plain functions."""

import gzip
import importlib
import io
import json
import re
import subprocess
import sys
import textwrap
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import jupytext
import markdown
import material
import matplotlib
import nbformat
import pytest
from fontTools.ttLib import TTFont
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from nbformat import NotebookNode
from nbformat.v4 import new_output
from pymdownx.highlight import Highlight

import scratchml
from docs.hooks import figures, formulas, highlighting, keeping, languages
from docs.hooks.accessibility import mark_other_language
from docs.hooks.api import imported, link_imports, modules, reference
from docs.hooks.chapters import number, numbers
from docs.hooks.editions import offer
from docs.hooks.errata import mark_kinds
from docs.hooks.figures import FIGURES, draw, frames_uri, insert_figures
from docs.hooks.formulas import characters, insert_formulas, math_font, mathml
from docs.hooks.highlighting import plain
from docs.hooks.languages import twin_link
from docs.hooks.listings import insert_listings, let_copy_whole, listing
from docs.hooks.notebooks import PALETTE, as_markdown, as_shown, for_jupyter, in_palette, notebook
from docs.hooks.outputs import set_apart
from docs.hooks.play import insert_plays
from docs.hooks.references import collect
from docs.hooks.repository import link_repository
from docs.hooks.solutions import changed_lines, mark_changes
from docs.hooks.styles import dark, names, used_only, without_unused_properties
from tests.conftest import ROOT

# ---- play


def test_a_play_becomes_a_place_that_says_what_it_is_and_what_it_needs():
    page = insert_plays('<p><img alt="A sheet" src="play:digit" title="Draw"></p>', "It isn't here.")
    assert '<figure class="play" data-play="digit"' in page and 'role="group" aria-label="A sheet"' in page
    assert "<p>It isn't here.</p>" in page and "<figcaption>Draw</figcaption>" in page


def test_a_play_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="there is no play:chess, only digit, writing"):
        insert_plays('<p><img alt="A board" src="play:chess"></p>', "en")


# ---- editions

ITEMS = '<ul>\n<li><a href="edition:book.pdf">On paper</a></li>\n<li><a href="edition:book.zip">Offline</a>, in both</li>\n</ul>'


def test_an_edition_that_was_made_is_offered_with_its_size_and_another_is_not_named():
    offered = offer(ITEMS, {"book.zip": 12_600_000}, "../editions/")
    assert '<li><a href="../editions/book.zip" download>Offline</a> (13\u00a0MB), in both</li>' in offered
    assert "paper" not in offered
    assert "<ul>" not in offer(ITEMS, {}, "../editions/") and "edition" not in offer(ITEMS, {}, "../editions/")


# ---- formulas


def test_a_formula_becomes_mathml_that_keeps_its_tex():
    page = insert_formulas(r'<p>Half: <span class="arithmatex">\(\frac{1}{2} &lt; 1\)</span></p>')
    assert page.startswith('<p>Half: <span class="formula" data-search-exclude><math>')
    assert "<mfrac><mn>1</mn><mn>2</mn></mfrac>" in page
    assert r'<annotation encoding="application/x-tex">\frac{1}{2} &lt; 1</annotation>' in page


def test_a_displayed_formula_is_a_block_of_its_own():
    page = insert_formulas('<div class="arithmatex">\\[\ny = \\sum_i x_i\n\\]</div>')
    assert page.startswith('<div class="formula" data-search-exclude><math display') and page.endswith("</math></div>")


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\nosuchcommand", "{x", r"\begin{aligned} x", "x_1_2", r"\left( x"])
def test_a_bad_formula_is_named(tex):
    with pytest.raises(ValueError) as error:
        mathml(tex, display=False)
    assert repr(tex) in str(error.value)


# A letter that stands alone in an <mi> is slanted by the browser, which shows its mathematical italic.
ITALIC = {
    unicodedata.decomposition(chr(c)).split()[1]: c
    for c in [*range(0x1D434, 0x1D455), *range(0x1D456, 0x1D468), *range(0x1D6E2, 0x1D71C), 0x1D6A4, 0x1D6A5]
}
ITALIC["0068"] = 0x210E
SELECTORS = set(range(0xFE00, 0xFE10))  # they choose among the forms of the letter before, and have no glyph


def glyphs(page: str) -> set[int]:
    """The code points that the formulas in a page ask the math font for."""
    page = re.sub(r"<annotation.*?</annotation>", "", page, flags=re.DOTALL)
    shown = {
        c
        for formula in re.findall(r"<math.*?</math>", page, re.DOTALL)
        for c in re.sub(r"<[^>]*>|&\w+;", "", formula)
        if not c.isspace()
    }
    slanted = {ITALIC[code] for letter in re.findall(r"<mi>(.)</mi>", page) if (code := f"{ord(letter):04X}") in ITALIC}
    return {ord(c) for c in shown} | slanted - SELECTORS


def lacks(font: bytes, wanted: set[int]) -> str:
    """The code points in `wanted` that `font` has no glyph for, by name."""
    return ", ".join(
        f"U+{c:04X} {unicodedata.name(chr(c), '')}"
        for c in sorted(wanted - SELECTORS - set(TTFont(io.BytesIO(font)).getBestCmap()))
    )


FORMULAS = [
    r"\sigma(z) = \frac{1}{1 + e^{-z}}, \quad \hat y, \bar x, \tilde x, \vec v, \dot x, x', x''",
    r"\frac{\partial L}{\partial w_{ij}}, \nabla_\theta L, \Delta w, \mathrm{d}x, h, \hbar, \ell, \imath",
    r"\alpha\beta\gamma\delta\epsilon\varepsilon\zeta\eta\theta\vartheta\iota\kappa\varkappa\lambda\mu\nu\xi\pi\varpi\rho\varrho\sigma\varsigma\tau\upsilon\phi\varphi\chi\psi\omega",
    r"\Gamma\Delta\Theta\Lambda\Xi\Pi\Sigma\Upsilon\Phi\Psi\Omega",
    r"\mathbf{x}, \boldsymbol{x}, \mathbb{R}^{n \times m}, \mathcal{L}, \mathsf{T}, \operatorname{softmax}(QK^\top / \sqrt{d_k})V",
    r"\sum_{i=1}^n \prod_j \int_0^1 \lim_{x \to \infty} \max_k \sqrt[3]{x} \binom{n}{k} \left\lfloor \frac{a}{b} \right\rfloor",
    r"\begin{bmatrix} 1 & \cdots \\ \vdots & \ddots \end{bmatrix} \odot \begin{cases} x & x > 0 \\ 0 & x \le 0 \end{cases}",
    r"\underbrace{a + b}_{c} \overbrace{a}^{n} \approx \ne \ge \pm \cdot \times \div \in \notin \subset \forall \exists \mapsto \Rightarrow \propto \sim \equiv \lVert x \rVert \langle x \rangle",
]


# Letters with a second form, without the first, which Unicode holds to be compatible with them.
SECOND_FORMS = [r"\epsilon, \vartheta, \varkappa, \phi, \varrho, \varpi"]


@pytest.mark.parametrize("texs", [FORMULAS, SECOND_FORMS], ids=["all kinds", "second forms"])
def test_the_font_is_given_every_glyph_that_formulas_ask_for(texs, tmp_path, monkeypatch):
    monkeypatch.setattr(formulas, "CACHE", tmp_path / "cache")
    page = "".join(mathml(tex, display=True) for tex in texs)
    (tmp_path / "index.html").write_text(page, "utf8")
    absent = lacks(math_font(characters(tmp_path)), glyphs(page))
    assert not absent


def test_the_font_of_the_site_has_every_glyph_of_the_book_and_every_letter_of_english_titles(site):
    pages = "".join(page.read_text("utf8") for page in site.rglob("*.html"))
    english = "".join(page.read_text("utf8") for page in (site / "en").rglob("*.html"))
    titles = re.sub(r"<[^>]*>|&\w+;|\s", "", "".join(re.findall(r"<h[123]\b.*?</h[123]>", english, re.DOTALL)))
    assert "Gradientdescent" in titles and "’" in titles
    absent = lacks(
        (site / "fonts" / "stix-two-math.woff2").read_bytes(), glyphs(pages) | {ord(c) for c in titles if c < "\u3000"}
    )
    assert not absent


# ---- the reference of the package


def entry_of(name: str, text: str) -> str:
    found = re.search(rf"^### {name} \{{.*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no entry {name}"
    return found[0]


def test_every_public_name_has_one_entry_in_the_order_of_reading():
    text = reference("en", [], {})
    entries = re.findall(r"^### (\w+) \{ #(\w+) \}$", text, re.MULTILINE)
    assert sorted(name for name, _ in entries) == sorted(scratchml.__all__)
    assert all(name == slug for name, slug in entries)
    read = ["Neuron", "softmax", "Linear", "Adam", "MultiHeadAttention", "GPT", "generate"]
    assert [name for name, _ in entries if name in read] == read


def test_an_entry_has_signature_docstring_and_methods():
    text = reference("en", [], {})
    entry = entry_of("LayerNorm", text)
    assert "LayerNorm(embedding_dim: int" in entry and "self" not in entry
    assert str(scratchml.LayerNorm.__doc__).splitlines()[0] in entry
    fields = entry_of("GPTConfig", text)
    assert "num_heads: int" in fields and 'positions: Positions = "learned"' in fields
    method = entry_of("NeuralNetwork", text)
    assert "NeuralNetwork.predict(X: ArrayLike)" in method


def test_an_entry_names_the_chapters_that_use_it_and_its_module_the_one_that_explains_it():
    chapters = ["neural-networks/activation-functions.md", "transformer/attention.md"]
    text = reference("zh", chapters, {"transformer/attention.md": {"softmax"}})
    assert "讲解：[](../neural-networks/activation-functions.md)。" in text
    entry = entry_of("softmax", text)
    assert entry.rstrip().endswith("用到它的章：[{}](../transformer/attention.md)。")


def test_the_names_that_a_page_imports_are_found_on_one_line_and_on_several():
    page = "from scratchml import softmax\n    from scratchml import (\n        GPT,\n        fit, # x\n    )\nimport numpy as np\n"
    assert {"softmax", "GPT", "fit"} <= imported(page) and "numpy" not in imported(page)


def test_the_first_import_of_a_name_leads_to_its_entry():
    block = markdown.markdown(
        "```python\nfrom scratchml import softmax, word\n```\n\n```python\nfrom scratchml import (\n    GPT,\n    softmax,\n)\nGPT\n```",
        extensions=["pymdownx.superfences", "pymdownx.highlight"],
    )
    linked = link_imports(block, "../api/", {"softmax", "GPT"})
    assert re.findall(r'<a href="([^"]+)"><span class="n">(\w+)</span></a>', linked) == [
        ("../api/#softmax", "softmax"),
        ("../api/#GPT", "GPT"),
    ]
    assert re.sub(r"</?a[^>]*>", "", linked) == re.sub(r"</?a[^>]*>", "", block)


def test_a_module_that_nobody_explains_has_no_chapter():
    assert [module.name for module in modules() if not module.slugs] == ["datasets"]


# ---- figures


DRAWN: dict[str, Any] = {
    "chapter.first": {"svg": "<svg>1</svg>", "sliders": [], "frames": []},
    "chapter.second": {"svg": "<svg>2</svg>", "sliders": [], "frames": []},
    "chapter.moved": {
        "svg": "<svg>b</svg>",
        "sliders": [{"label": "rate", "values": ["−1", "0", "1"], "start": 1}],
        "frames": ["<svg>a</svg>", "<svg>b</svg>", "<svg>c</svg>"],
    },
}


def test_a_figure_takes_the_place_of_its_image():
    page = insert_figures('<p><img alt="two &quot;dots&quot;" src="figure:chapter.second" title="Dots" /></p>', DRAWN)
    assert page.startswith(
        '<figure class="drawing" data-figure="chapter.second"><div role="img" aria-label="two &quot;dots&quot;" data-search-exclude><svg>2</svg></div>'
    )
    assert page.endswith("<figcaption>Dots</figcaption></figure>")


def test_a_figure_may_have_no_caption_but_must_say_what_one_sees():
    assert "figcaption" not in insert_figures('<p><img alt="a dot" src="figure:chapter.first" /></p>', DRAWN)
    with pytest.raises(ValueError, match=r"chapter\.first needs a text that says what one sees"):
        insert_figures('<p><img alt="" src="figure:chapter.first" /></p>', DRAWN)


@pytest.mark.parametrize(
    "html",
    [
        '<p>Look: <img alt="a dot" src="figure:chapter.first" /></p>',
        '<li><img alt="a dot" src="figure:chapter.first" /></li>',
    ],
)
def test_a_figure_inside_a_sentence_is_refused(html):
    with pytest.raises(ValueError, match="stands alone in its paragraph"):
        insert_figures(html, DRAWN)


@pytest.mark.parametrize("name", ["chapter.third", "chapter.first%20of%20all", "chapter"])
def test_a_figure_that_was_not_drawn_is_named(name):
    with pytest.raises(ValueError, match=re.escape(name)):
        insert_figures(f'<p><img alt="a dot" src="figure:{name}" /></p>', DRAWN)


def test_other_images_are_left_alone():
    html = '<p><img alt="a cat" src="cat.svg" /></p>'
    assert insert_figures(html, DRAWN) == html


MOVED = '<p><img alt="a dot" src="figure:chapter.moved" title="Dots" /></p>'


def test_a_slider_stands_hidden_under_its_figure_with_what_it_says_at_each_position():
    page = insert_figures(MOVED, DRAWN, lambda uri: f"../{uri}")
    assert page.index("<svg>b</svg></div>") < page.index('<div class="sliders"') < page.index("<figcaption>")
    assert re.search(r'data-frames="\.\./figures/chapter\.moved\.\w+\.json" hidden><label><span>rate</span>', page)
    assert 'max="2" value="1" data-values="−1 0 1" aria-valuetext="0"' in page
    assert "<svg>a</svg>" not in page, "the other frames come when a reader asks for them"


def test_where_a_page_can_ask_for_nothing_the_frames_stand_in_it():
    inlined = re.search(r'<script type="application/json">(.*?)</script>', insert_figures(MOVED, DRAWN))
    assert inlined and json.loads(inlined[1]) == DRAWN["chapter.moved"]["frames"]


def test_a_changed_figure_has_another_address():
    changed = DRAWN["chapter.moved"] | {"frames": ["<svg>z</svg>"]}
    assert frames_uri("chapter.moved", changed) != frames_uri("chapter.moved", DRAWN["chapter.moved"])


@pytest.fixture
def figure_modules(monkeypatch):
    """The modules of docs/figures, under the short names by which they import one another."""
    monkeypatch.syspath_prepend(FIGURES)
    return lambda name: importlib.import_module(name)


WITH_SLIDERS = {
    "activation_functions.steepness": 20,
    "activation_functions.tents": 20,
    "gradient_descent.descent": 33,
    "gradient_descent.one_number": 88,
    "neurons_and_layers.one_input": 81,
}


@pytest.mark.parametrize("name", WITH_SLIDERS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_frame_is_what_the_figure_s_function_draws_at_that_value(figure_modules, name, language):
    drawn = draw({name}, language)[name]
    module, _, function = name.partition(".")
    figure = getattr(figure_modules(module), function)
    (first, slider), *others = figure.sliders.items()
    drawings = [
        figure(lambda zh, en: zh if language == "zh" else en, **{first: value}, **more)
        for value in slider.values
        for more in ([{others[0][0]: other} for other in others[0][1].values] if others else [{}])
    ]
    panels = [drawing if isinstance(drawing, list) else [drawing] for drawing in drawings]
    expected = ["".join(panel.svg() for panel in side_by_side) for side_by_side in panels]
    assert drawn["frames"] == expected and len(expected) == WITH_SLIDERS[name]
    assert len(set(expected)) > len(expected) / 2, "moving the slider moves the figure"
    start = 0
    for one in drawn["sliders"]:
        start = start * len(one["values"]) + one["start"]
    assert drawn["svg"] == expected[start], "the plain figure is the frame at which the sliders start"


@pytest.mark.parametrize("name", WITH_SLIDERS)
def test_the_frames_of_a_figure_are_at_most_40_kilobytes(name):
    for language in ("zh", "en"):
        frames = json.dumps(draw({name}, language)[name]["frames"], ensure_ascii=False)
        assert len(gzip.compress(frames.encode())) <= 40_000


@pytest.mark.parametrize(
    ("counts", "default", "words"),
    [
        ([14], 0, ["15 to 41", "[14]"]),
        ([42], 0, ["15 to 41", "[42]"]),
        ([9, 12], 0, ["5 to 11", "[9, 12]"]),
        ([5, 5, 5], 0, ["one slider", "or two"]),
        ([15], 0.5, ["starts at 0.5", "one of its positions"]),
    ],
)
def test_sliders_that_a_page_cannot_carry_are_refused(figure_modules, counts, default, words):
    sliders = figure_modules("sliders")
    declared = {"abc"[i]: sliders.Slider("甲", "a", range(count)) for i, count in enumerate(counts)}
    with pytest.raises(ValueError) as error:
        sliders.sliders(**declared)(lambda say, a=default, b=default, c=default: None)
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize("name", ["no_such_chapter.figure", "drawing.no_such_figure"])
def test_a_figure_that_cannot_be_drawn_is_named(name):
    with pytest.raises(ValueError) as error:
        draw({name}, "en")
    assert name in str(error.value) and "no_such" in str(error.value).splitlines()[-1]


def test_a_figure_is_drawn_anew_when_what_its_module_imports_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    monkeypatch.setattr(figures, "FIGURES", tmp_path / "figures")
    texts = {
        "figures/chapter": "from shared import dot\n",
        "figures/shared": "from benchmarks.names import loss\nfrom drawing import Drawing\n",
        "figures/drawing": "",
        "figures/__main__": "",
        "figures/other": "",
        "benchmarks/names": "",
        "benchmarks/other": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(text)
    kept = figures._fingerprints({"chapter.figure"})["chapter.figure"]
    for name in texts:
        path = tmp_path / f"{name}.py"
        path.write_text(texts[name] + "# changed\n")
        assert (figures._fingerprints({"chapter.figure"})["chapter.figure"] == kept) == name.endswith("other"), name
        path.write_text(texts[name])
    (tmp_path / "figures" / "chapter.py").write_text("def figure(")  # drawing it says so
    assert figures._fingerprints({"chapter.figure"})["chapter.figure"] != kept


def test_what_is_edited_while_it_is_drawn_is_drawn_again(tmp_path, monkeypatch):
    (tmp_path / "figures").mkdir()
    chapter = tmp_path / "figures" / "chapter.py"
    chapter.write_text("")
    drawings = []

    def draw_slowly(*_, **__):
        drawings.append(chapter.read_text())
        chapter.write_text("# edited")
        figure = {"chapter.figure": {"svg": drawings[-1], "sliders": [], "frames": []}}
        return subprocess.CompletedProcess([], 0, json.dumps({"zh": figure, "en": figure}), "")

    monkeypatch.setattr(figures, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(figures, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(subprocess, "run", draw_slowly)
    assert draw({"chapter.figure"}, "en")["chapter.figure"]["svg"] == ""
    assert draw({"chapter.figure"}, "en")["chapter.figure"]["svg"] == "# edited"
    assert draw({"chapter.figure"}, "zh")["chapter.figure"]["svg"] == "# edited"
    assert len(drawings) == 2


# ---- listings

MODULE = '''"""A module."""

from dataclasses import dataclass

RATE = 0.1
SIZES: list[int] = [
    2,
    3,
]


@dataclass
class Neuron:
    """A neuron."""

    bias: float = 0.0

    def forward(self, x):
        # one comment
        return x + self.bias


def double(x):
    return 2 * x


def scaled(
    x,
    factor=1,
):
    """x times the factor."""
    check.positive(factor=factor)
    if x is None:
        check.instance(int, x=x)
    x = check.floats(x)
    scale = check.scale(factor)
    check.finite(x)
    return x * scale


def checked(x):
    """Only a check."""
    check.finite(x)
'''


@pytest.fixture
def package(tmp_path):
    (tmp_path / "scratchml" / "deep").mkdir(parents=True)
    (tmp_path / "scratchml" / "__init__.py").write_text("# the package\n", "utf8")
    (tmp_path / "scratchml" / "neuron.py").write_text(MODULE, "utf8")
    (tmp_path / "scratchml" / "deep" / "__init__.py").write_text("DEPTH = 2\n", "utf8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scratchml", ("scratchml/__init__.py", 1, "# the package")),
        ("scratchml.neuron", ("scratchml/neuron.py", 1, MODULE.rstrip())),
        ("scratchml.neuron.RATE", ("scratchml/neuron.py", 5, "RATE = 0.1")),
        ("scratchml.neuron.SIZES", ("scratchml/neuron.py", 6, "SIZES: list[int] = [\n    2,\n    3,\n]")),
        ("scratchml.neuron.Neuron.bias", ("scratchml/neuron.py", 16, "bias: float = 0.0")),
        (
            "scratchml.neuron.Neuron.forward",
            ("scratchml/neuron.py", 18, "def forward(self, x):\n    # one comment\n    return x + self.bias"),
        ),
        ("scratchml.neuron.double", ("scratchml/neuron.py", 23, "def double(x):\n    return 2 * x")),
        ("scratchml.deep.DEPTH", ("scratchml/deep/__init__.py", 1, "DEPTH = 2")),
    ],
)
def test_a_listing_is_the_source_as_it_stands(package, name, expected):
    found = listing(name, package)
    assert (found.file, found.line, found.whole) == expected
    assert found.shown == found.whole, "where there is neither a docstring nor a check, all of it is shown"


def test_of_a_function_signature_and_body_are_shown_without_docstring_and_first_checks(package):
    found = listing("scratchml.neuron.scaled", package)
    assert found.shown == (
        "def scaled(\n    x,\n    factor=1,\n):\n    scale = check.scale(factor)\n    check.finite(x)\n    return x * scale"
    ), "what gives the body a name stays, and so does a check after it"
    assert found.whole == MODULE[MODULE.index("def scaled") : MODULE.index("\n\n\ndef checked")]
    assert found.length == 4, "the signature is one line, however it is broken"


def test_a_function_that_only_checks_keeps_its_checks(package):
    assert listing("scratchml.neuron.checked", package).shown == "def checked(x):\n    check.finite(x)"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("scratchml.neuron.Axon", "scratchml.neuron has no Axon"),
        ("scratchml.neuron.Neuron.backward", "scratchml.neuron.Neuron has no backward"),
        ("scratchml.neuron.Neuron", "a class: list its methods"),
        ("scratchml.axon", "scratchml has no axon"),
        ("numpy.array", "one qualified name"),
        ("from scratchml import relu", "one qualified name"),
        ("", "one qualified name"),
    ],
)
def test_a_listing_of_nothing_says_how_far_it_came(package, name, reason):
    with pytest.raises(LookupError, match=re.escape(reason)):
        listing(name, package)


def test_every_py_fence_is_filled_and_no_other_fence():
    page, sources = insert_listings(
        "```py\nscratchml.losses.squared_error\n```\n\n- item\n\n    ```py\n    scratchml.losses.squared_error\n    ```\n\n```python\nprint(1)\n```\n",
        "en",
    )
    assert re.match(r'```py title="scratchml/losses\.py:\d+"\ndef squared_error\(', page)
    assert re.search(r'^    ```py title="scratchml/losses\.py:\d+"\n    def squared_error\(', page, re.MULTILINE), (
        "one in a list keeps its indentation"
    )
    assert page.endswith("```python\nprint(1)\n```\n")
    (whole,) = sources.values()
    assert '"""' in whole and textwrap.indent(whole, "    ", lambda line: line.strip() != "") in page, (
        "the whole source is folded away below"
    )


def test_copy_gives_the_whole_source_of_a_listing_and_of_nothing_else():
    shown = '<div class="language-py highlight"><span class="filename">scratchml/x.py:3</span><pre>'
    other = '<div class="language-py highlight"><pre>'
    folded = '<details class="source"><summary>Source</summary>'
    assert "data-search-exclude" in let_copy_whole(folded, {}), "search finds what is shown, once"
    copied = let_copy_whole(shown + other, {"scratchml/x.py:3": 'say = "<a & b>"\n'})
    assert copied == shown.replace('highlight"', 'highlight" data-copy="say = &quot;&lt;a &amp; b&gt;&quot;\n"') + other


# ---- languages


@pytest.mark.parametrize("url", ["", "how-to-use/", "neural-networks/machine-learning/"])
@pytest.mark.parametrize("root", ["https://example.org/", "https://example.org/repo/"])
def test_each_page_links_to_its_twin_and_back(root, url):
    assert urljoin(f"{root}{url}", twin_link(url, "zh")) == f"{root}en/{url}"
    assert urljoin(f"{root}en/{url}", twin_link(url, "en")) == f"{root}{url}"


# ---- outputs


def test_a_block_its_output_and_the_text_after_them_are_set_apart_for_markdown():
    source = "```python\nprint(1)\n```\n<!--pytest-codeblocks:expected-output-->\n```text\n1\n```\nText.\n"
    assert set_apart(source) == "```python\nprint(1)\n```\n\n```text\n1\n```\n\nText.\n"
    assert "<!--" not in set_apart(textwrap.indent(source, "    "))
    assert set_apart("<!-- another -->\n") == "<!-- another -->\n"


# ---- notebooks


def cells(*outputs: list[NotebookNode]) -> list[NotebookNode]:
    """A lab that has been run: a cell with text, one that prints, and one that draws; with the outputs of the two."""
    source = '# %% [markdown]\n# # Lab { #lab }\n\n# %%\nprint(1)\n\n# %% alt="What one sees"\nplot()\n'
    made = jupytext.reads(source, fmt="py:percent").cells
    for cell, put_out in zip(made[1:], outputs, strict=True):
        cell.outputs = put_out
    return made


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return new_output("stream", name=name, text=text)


def shown(kind: str, content: str) -> NotebookNode:
    return new_output("display_data", {"text/plain": "<what it is>", kind: content})


def drawn(**styles: Any) -> str:
    """A plot by matplotlib, with text, lines, an image and the given settings."""
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure = Figure(figsize=(3, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1], [0.5, 1.5], label="0.125 <", **{"color": "#0b66a8", **styles})
        axes.pcolormesh(
            [[0.0, 1.0], [0.5, 0.5]], cmap=LinearSegmentedColormap.from_list("", ["#00000000", "#000000"], N=3)
        )
        axes.legend(frameon=False)
        svg = io.BytesIO()
        figure.savefig(svg, format="svg")
        return svg.getvalue().decode()


def test_a_plot_follows_the_palette_and_is_drawn_in_the_page_s_font():
    svg = in_palette(drawn(), 0)
    assert (
        svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        and 'viewBox="0 0 216 144"' in svg
        and 'width="288"' in svg
    )
    assert not re.search(r"#[0-9a-f]{6}|<metadata|<style|DOCTYPE|DejaVu|xlink|svg:|\\n", svg)
    assert "stroke:var(--figure-blue)" in svg and "var(--figure-ink)" in svg and "var(--figure-paper)" not in svg
    assert ">0.125 &lt;</text>" in svg and not re.search(r"\d\.\d{3}(?! &lt;)", svg)
    ElementTree.fromstring(svg)


def test_the_cells_of_an_image_that_look_the_same_are_one_path():
    (mesh,) = ElementTree.fromstring(in_palette(drawn(), 0)).iterfind(".//{*}g[@shape-rendering]")
    assert [(path.get("d", "").count("M"), path.get("style")) for path in mesh] == [(1, None), (2, "fill-opacity:0.5")]


def test_the_plots_of_a_page_share_no_ids():
    ids = [set(re.findall(r' id="([^"]+)"', in_palette(drawn(), number))) for number in (0, 1)]
    used = [set(re.findall(r'(?:href="|url\()#([^")]+)', in_palette(drawn(), number))) for number in (0, 1)]
    assert ids == used and ids[0] and not ids[0] & ids[1]


def test_a_color_that_does_not_follow_the_palette_is_named():
    with pytest.raises(ValueError, match="#1f77b4, which doesn't follow the palette; draw in #24262b"):
        in_palette(drawn(color="C0"), 0)
    assert {"ink", "soft", "grid", "paper", "blue", "orange", "green", "purple"} == set(PALETTE.values())


def drawing() -> NotebookNode:
    return shown("image/svg+xml", drawn())


def test_a_lab_becomes_markdown_of_the_book():
    pieces = [
        stream("\r 0%\r50%"),
        stream("\r100%\na < \x1b[1mb\x1b[0m"),
        new_output("execute_result", {"text/plain": "7"}),
    ]
    text, plots = as_markdown(cells(pieces, [drawing()]))
    assert (
        text
        == "# Lab { #lab }\n\n```python\nprint(1)\n```\n\n```text\n100%\na < b\n7\n```\n\n```python\nplot()\n```\n\n![What one sees](plot:0)"
    )
    assert [in_palette(plot, 0) for plot in plots] == [in_palette(drawn(), 0)]


def test_a_cell_that_needs_no_reading_is_folded_up():
    lab = cells([], [drawing()])
    lab[1].metadata["folded"] = "Imports"
    text, _ = as_markdown(lab)
    assert '??? preparation "Imports"\n    ```python\n    print(1)\n    ```\n' in text
    made = nbformat.reads(notebook(lab, "en", lambda target: ""), as_version=4)
    assert [cell.metadata.get("jupyter") for cell in made.cells] == [None, {"source_hidden": True}, None]


def test_a_progress_bar_is_shown_as_it_ends():
    assert as_shown("\n\r  0%\r 50%\r100%\r\nnext\n") == "100%\nnext"


def test_of_what_goes_to_stderr_the_author_is_told(caplog):
    as_markdown(cells([stream("noise", "stderr")], [drawing()]))
    (warning,) = caplog.records  # at which a strict build fails
    assert (
        warning.levelname == "WARNING"
        and "the cell 'print(1)' writes to stderr" in warning.getMessage()
        and "noise" in warning.getMessage()
    )


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (([], []), "'plot()' draws 0 plots"),
        (
            ([drawing()], [drawing()]),
            "'print(1)' draws 1 plots; where a cell draws, it draws one, and says for those who don't see it",
        ),
        (([], [drawing()] * 2), "'plot()' draws 2 plots"),
        (([], [shown("image/png", "iVBORw0KGgo=")]), "puts out image/png"),
        (([], [shown("text/html", "<table></table>")]), "puts out text/html"),
    ],
)
def test_what_a_page_cannot_show_is_named(outputs, words):
    with pytest.raises(ValueError) as error:
        as_markdown(cells(*outputs))
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        (
            "## Title { #title }\n\nA $\\frac{1}{2}$ and\n\n$$\n\\sum_{i}\n$$",
            "## Title\n\nA $\\frac{1}{2}$ and\n\n$$\n\\sum_{i}\n$$",
        ),
        ('A\n\n!!! question "Guess"\n    What?\n\n    `x`\n\nB', "A\n\n> **Guess**\n> \n> What?\n> \n> `x`\n\nB"),
        (
            '??? success "Solution"\n    ```console\n    x\n    ```\n',
            "<details>\n<summary>Solution</summary>\n\n```console\nx\n```\n\n</details>",
        ),
        ("[a](../x.md#b){ .c } and [d](https://e.org/f)", "[a](at ../x.md#b) and [d](at https://e.org/f)"),
        ("[a](nowhere.md), *b*", "a, *b*"),
        ('![A curve](figure:m.f "It falls")', "*A curve*"),
    ],
)
def test_jupyter_gets_markdown_that_it_can_read(markdown, plain):
    assert for_jupyter(markdown, lambda target: "" if target == "nowhere.md" else f"at {target}") == plain


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_notebook_for_download_says_what_it_needs_and_has_nothing_of_the_book_s_own(language):
    made = nbformat.reads(notebook(cells([], []), language, lambda target: ""), as_version=4)
    assert [cell.cell_type for cell in made.cells] == [
        "markdown",
        "code",
        "code",
    ] and made.metadata.kernelspec.name == "python3"
    assert (
        made.cells[0].source.startswith("# Lab\n\n")
        and "`scratchml`" in made.cells[0].source
        and ".venv/bin/jupyter lab" in made.cells[0].source
    )
    assert made.cells[2] == {
        "id": "cell-2",
        "cell_type": "code",
        "source": "plot()",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }


# ---- references


def test_the_references_of_all_pages_are_collected_in_order():
    first = "# Birds { #birds }\n\n## Song { #song }\n\n- no reference\n\n## Further reading { #references }\n\n- [A](https://a)\n- [B](https://b)\n"
    second = "# Fish { #fish }\n\n- no reference\n"
    third = (
        "# Bees { #bees }\n\n## Further reading { #references }\n\n- [C](https://c)\n\n## After { #after }\n\n- none\n"
    )
    assert collect([("life/birds.md", first), ("fish.md", second), ("bees.md", third)]) == (
        "## [Birds](../life/birds.md#references) { #birds }\n\n- [A](https://a)\n- [B](https://b)\n\n## [Bees](../bees.md#references) { #bees }\n\n- [C](https://c)\n"
    )


# ---- chapter numbers

NAV = [
    "index.md",
    "how-to-use.md",
    "foundations.md",
    {"I": ["neural-networks/birds.md", "neural-networks/fish.md"]},
    {"Labs": ["labs/lab.py"]},
    {"III": ["beyond/where-next.md"]},
]
CHAPTERS = {"foundations.md": 0, "neural-networks/birds.md": 1, "neural-networks/fish.md": 2}


def test_chapters_are_counted_in_the_order_of_the_navigation():
    assert numbers(NAV) == CHAPTERS


@pytest.mark.parametrize(
    ("path", "language", "markdown", "numbered"),
    [
        ("neural-networks/fish.md", "en", "# Fish { #fish }\n\n## Fins { #fins }", "# 2 · Fish { #fish }\n\n## Fins { #fins }"),
        ("appendix/glossary.md", "en", "# Words { #words }\n\n## Fish { #fish }", "# Words { #words }\n\n## 2 · Fish { #fish }"),
        ("labs/lab.py", "en", "# Lab { #lab }\n\n## Fish { #fish }", "# Lab { #lab }\n\n## Fish { #fish }"),
        ("neural-networks/fish.md", "en", "See [](birds.md#song).", "See [chapter 1](birds.md#song)."),
        ("neural-networks/fish.md", "zh", "见[](../foundations.md)。", "见[第 0 章](../foundations.md)。"),
        ("index.md", "en", "Chapters [{}](neural-networks/birds.md) and [{}](neural-networks/fish.md)", "Chapters [1](neural-networks/birds.md) and [2](neural-networks/fish.md)"),
        ("neural-networks/fish.md", "en", "[](birds.md#exercise-3), [Exercise {}](#exercise-1)", "[exercise 1.3](birds.md#exercise-3), [Exercise 2.1](#exercise-1)"),
        ("neural-networks/fish.md", "zh", "[](#exercise-1)", "[练习 2.1](#exercise-1)"),
        ("neural-networks/fish.md", "en", "[fins](#fins), ![a fish](figure:fish.fins)", "[fins](#fins), ![a fish](figure:fish.fins)"),
        ("neural-networks/fish.md", "en", "```python\n# Fish { #fish }\nx = [](birds.md)\n```", "```python\n# Fish { #fish }\nx = [](birds.md)\n```"),
        ("index.md", "en", "| {} | [0](foundations.md) | a |\n| {} | [Birds](neural-networks/birds.md) | b |\n| {} | [Fish](neural-networks/fish.md) | c |\n| | Lab | d |\n| {} | To come | e |", "| 0 | [0](foundations.md) | a |\n| 1 | [Birds](neural-networks/birds.md) | b |\n| 2 | [Fish](neural-networks/fish.md) | c |\n| | Lab | d |\n| 3 | To come | e |"),
    ],
)  # fmt: skip
def test_numbers_stand_where_a_page_asks_for_them(path, language, markdown, numbered):
    assert number(markdown, path, language, CHAPTERS) == numbered


def test_exercises_are_counted_and_can_be_linked_to():
    markdown = '!!! example "Before"\n\n## Exercises { #exercises }\n\n!!! example "Fins"\n\n??? success "Solution"\n\n!!! example "Gills"\n'
    numbered = number(markdown, "neural-networks/fish.md", "en", CHAPTERS)
    assert re.findall(r"example \"([^<\"]*)<a .* id='([^']*)' href='#([^']*)'", numbered) == [
        ("2.1 Fins", "exercise-1", "exercise-1"),
        ("2.2 Gills", "exercise-2", "exercise-2"),
    ]
    assert '!!! example "Before"\n' in numbered and '??? success "Solution to 2.1"\n' in numbered


@pytest.mark.parametrize(
    ("path", "markdown", "words"),
    [
        ("neural-networks/fish.md", "[](../labs/lab.py)", ["[](../labs/lab.py)", "no chapter", "text"]),
        ("neural-networks/fish.md", "[Chapter {}](whales.md)", ["whales.md", "no chapter"]),
        ("index.md", "| {} | [Birds](neural-networks/birds.md) | b |", ["neural-networks/birds.md", "chapter 0", "same order"]),
    ],
)  # fmt: skip
def test_a_number_that_there_is_not_is_an_error(path, markdown, words):
    with pytest.raises(ValueError) as error:
        number(markdown, path, "en", CHAPTERS)
    assert all(word in str(error.value) for word in words)


# ---- errata


def test_the_kind_of_a_mistake_is_a_label():
    content = "<p>A page.</p>\n<h2>One</h2>\n<p>A slip, twice. More.</p>\n<p>No label.</p>\n<h2>Two</h2>\n<p><code>x</code> is it.</p>"
    assert re.findall('<span class="kind">(.*?)</span>', mark_kinds(content)) == ["A slip"]


# ---- solutions

STARTER = "import numpy as np\n\nguess = 0\nprint(guess)"


@pytest.mark.parametrize(
    ("solution", "changed"),
    [
        (STARTER.replace("0", "1"), [3]),
        (STARTER.replace("guess = 0", "guess = 0\n\nfor i in range(3):\n    guess += i"), [5, 6]),
        (STARTER, []),
        ("from scratchml import relu\n\nprint(relu(3))\nprint(guess)", []),
    ],
    ids=["a line", "lines put in, but no empty one", "nothing", "code of its own"],
)
def test_what_a_solution_changed_is_found_where_it_repeats_its_starter(solution, changed):
    assert changed_lines(STARTER, solution) == changed


def test_the_changes_of_a_solution_are_marked_and_nothing_else():
    block = "    ```python\n" + textwrap.indent(STARTER, "    ", lambda line: line.strip() != "") + "\n    ```\n"
    other = "```python\nguess = 0\n```\n"
    page = f'!!! example "One"\n    Text\n\n{block}\n??? success "Solution"\n{block.replace("= 0", "= 1")}\nText\n\n{other}'
    marked = mark_changes(page)
    assert marked.count("hl_lines") == 1
    assert marked.replace('```python hl_lines="3"', "```python") == page
    assert 'hl_lines="3"' in marked[marked.index("??? success") :]


# ---- the repository


def test_a_link_to_the_repository_leads_there_or_is_words_alone():
    text = "[Download the book](repository:), see [`docs/`](repository:docs), or [read on](x.md)."
    assert (
        link_repository(text, "https://example.org/book")
        == "[Download the book](https://example.org/book), see [`docs/`](https://example.org/book/blob/main/docs), or [read on](x.md)."
    )
    assert link_repository(text, "") == "Download the book, see `docs/`, or [read on](x.md)."


# ---- languages


def test_that_the_english_process_has_ended_is_said_at_the_end(monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
    ended.wait()
    monkeypatch.setattr(languages, "_begun", [ended])
    languages.on_nav(Navigation([], []), MkDocsConfig(), Files([]))  # and not by a broken pipe


# ---- keeping


def test_what_is_kept_is_made_anew_when_something_else_is_asked_or_what_it_depends_on_has_changed(tmp_path):
    def made(asked: str, depends: str, value: list[int]) -> list[int]:
        kept = keeping.Kept(tmp_path / "kept" / "en.json", depends)
        found = kept.made(asked, lambda: value)
        kept.keep()
        return found

    assert made("a page", "version 1", [1]) == [1]
    assert made("a page", "version 1", [2]) == [1]
    assert made("a page", "version 2", [3]) == [3]
    assert made("another", "version 2", [4]) == [4]
    assert made("a page", "version 2", [5]) == [5]  # the last build hadn't asked for it


# ---- highlighting


def test_what_has_the_color_of_the_code_around_it_is_no_element():
    code = '<span class="n">x</span><span class="w"> </span><span class="o">=</span> <span class="kc">None</span>'
    assert plain(code) == 'x <span class="o">=</span> None'


def test_what_is_highlighted_again_is_taken_from_the_last_build(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "CACHE", tmp_path)
    monkeypatch.setattr(Highlight, "highlight", Highlight.highlight)  # put back afterwards
    config: Any = SimpleNamespace(theme={"language": "en"}, extra={})
    kept = tmp_path / "highlighted" / "en.json"

    def built(code: str, **settings: Any) -> str:
        keeping.on_config(config)
        highlighting.on_config(config)
        extensions = ["pymdownx.highlight", "pymdownx.superfences"]
        page = markdown.markdown(
            f"```python\n{code}\n```", extensions=extensions, extension_configs={extensions[0]: settings}
        )
        keeping.on_post_build(config)
        return page

    first = built("x = 1")
    assert '<span class="mi">1</span>' in first and len(json.loads(kept.read_text("utf8"))) == 1
    kept.write_text(kept.read_text("utf8").replace("mi", "kept"), "utf8")
    assert built("x = 1") == first.replace("mi", "kept")
    # Other code isn't, nor the same with other settings; and what a build hasn't used isn't kept.
    assert '<span class="mi">2</span>' in built("x = 2")
    assert built("x = 1") == first
    assert 'class="linenos"' in built("x = 1", linenums=True)
    assert len(json.loads(kept.read_text("utf8"))) == 1


def test_by_material_s_rules_it_would_have_that_color():
    [style] = (Path(material.__file__).parent / "templates/assets/stylesheets").glob("main.*.css")
    css = style.read_text("utf8") + (ROOT / "docs/theme/stylesheets/book.css").read_text("utf8")
    assert re.findall(r"--md-code-hl-name-color:[^;}]*", css) == ["--md-code-hl-name-color:var(--md-code-fg-color)"]
    rules = re.findall(r"([^{}]*)\{color:([^}]*)\}", css)
    colors = {color for selectors, color in rules if re.search(r"\.highlight \.(?:kc|n|w)(?![\w-])", selectors)}
    assert colors == {"var(--md-code-hl-name-color)"}


# ---- styles, and the other language


def test_a_style_keeps_the_rules_whose_names_are_on_a_page():
    used = names(['<div class="box open" data-md-state="shadow" id="top">'], ["element.classList.add('later')"])
    assert {"box", "open", "shadow", "top", "later"} <= used and "gone" not in used
    css = ".box,.gone{a:b}.gone .box{a:b}.later{a:b}p:not(.gone){a:b}[data-md-state=shadow]{a:b}[data-md-state=hidden]{a:b}"
    assert used_only(css, used) == ".box{a:b}.later{a:b}p:not(.gone){a:b}[data-md-state=shadow]{a:b}"
    assert used_only("@media print{.gone{a:b}.box{a:b}}@media screen{.gone{a:b}}@font-face{c:d}", used) == (
        "@media print{.box{a:b}}@font-face{c:d}"
    )


def test_a_selector_may_have_a_comma_in_its_arguments():
    assert used_only(".box:is(.gone,.later){a:b}", {"box"}) == ".box:is(.gone,.later){a:b}"


def test_a_property_is_kept_where_anything_takes_its_value():
    css = ':root{--here:1;--there:2;--icon:url("data:;{--no:1}");--left:3}p{a:var(--here)}'
    assert without_unused_properties(css, ["q{a:var( --there)}"]) == ":root{--here:1;--there:2;}p{a:var(--here)}"


def test_the_dark_palette_stands_by_itself():
    css = 'a{b:c}[data-md-color-scheme="default"] a{b:c}@media screen{[data-md-color-scheme=slate] a{b:d}}@media print{[data-md-color-scheme=slate]{b:e}}'
    assert dark(css) == "[data-md-color-scheme] a{b:d}"


@pytest.mark.parametrize(
    ("language", "html", "marked"),
    [
        ("en", "<p>A neuron, 神经元, fires.</p>", '<p>A neuron, <span lang="zh">神经元</span>, fires.</p>'),
        ("en", '<a title="神经元">neuron</a><code>神</code>', None),
        ("en", "<svg><text>神经元</text></svg>", '<svg><text><tspan lang="zh">神经元</tspan></text></svg>'),
        ("zh", "<td>neuron</td>", '<td><span lang="en">neuron</span></td>'),
        ("zh", "<p>见 Deep Learning 一书</p>", '<p>见 <span lang="en">Deep Learning</span> 一书</p>'),
        ("zh", "<p>神经元（neuron）会</p>", '<p>神经元（<span lang="en">neuron</span>）会</p>'),
        ("zh", "<p>用 numpy 写</p><pre>two words</pre>", None),
    ],
)
def test_words_of_the_other_language_are_marked(language, html, marked):
    assert mark_other_language(html, language) == (marked or html)
