"""What search.py makes of the pages, the glossary and Material's worker. What a reader finds: tests/browser/test_search.py."""

import re
from collections import Counter, defaultdict
from pathlib import Path

import jieba
import material
import pytest
from mkdocs.utils.yaml import yaml_load

from docs.hooks.formulas import insert_formulas, mathml
from docs.hooks.plain_formulas import readable
from docs.hooks.search import (
    DOCS,
    GLOSSARY,
    ON_ITS_WAY,
    QUESTIONS,
    TABLE,
    as_typed,
    glossary,
    prose_and_code,
    searchable,
    teach_words,
    terms,
    with_own_cut,
    words_asked,
)
from tests.book.page import read_book
from tests.conftest import build

PAGE = """# Glossary {{ #glossary }}

| {0} | {1} | What it is |
|---|---|---|
| {2} | {3} | Where it goes down. |
"""


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\frac{\partial C}{\partial w_1^{(2)}}", "∂C/∂w₁⁽²⁾"),
        (r"C = \sum_{i=1}^n x_i^2", "C = ∑ᵢ₌₁ⁿxᵢ²"),
        (r"\frac{a+b}{2} = -\frac{1}{n} \ln p", "(a+b)/2 = −1/n ln p"),
        (r"\operatorname{softmax}(QK^\top / \sqrt{d_k})\,V", "softmax(QKᵀ/√dₖ) V"),
        (r"\begin{aligned} \Delta a &= 3 \\ &= \hat{y} \end{aligned}", "Δa = 3; = ŷ"),
        (r"\begin{aligned} a &= 1, & b &= 2 \end{aligned}", "a = 1, b = 2"),
        (r"f'(z) \le W_E", "f′(z) ≤ W_E"),
        (r"e^{-x_1^2}", "e^(−x₁²)"),
    ],
)
def test_a_formula_reads_as_text(tex, text):
    assert readable(mathml(tex, display=False)) == text


def test_every_formula_of_the_book_reads_as_text_without_its_tex():
    formulas = {formula.tex for page in read_book() for formula in page.formulas}
    assert len(formulas) > 500
    for tex in formulas:
        text = readable(mathml(tex, display=False))
        assert text and not set(text) & set("\\&\u2061"), (tex, text)


def test_the_index_has_formulas_between_the_words_and_apart_what_would_run_together():
    page = insert_formulas(
        r'<p>If <span class="arithmatex">\(a_1\)</span>, then</p><div class="arithmatex">\[a &lt; b\]</div>'
        '<span class="filename">scratchml/losses.py:53</span><pre><code>def f():</code></pre>'
        "<table><tr><td>one</td><td>1</td></tr><tr><td>two</td><td>2</td></tr></table>"
    )
    text, code = prose_and_code(searchable(page, readable))
    assert "If" in text and " a₁," in text and "<p>a &lt; b</p>" in text and "<p>scratchml/losses.py:53</p>" in text
    assert "<p>one · 1</p><p>two · 2</p>" in re.sub(r"</?t[dh]>", "", text)
    assert code == "<code>def f():</code>"


def test_a_line_of_code_is_in_a_section_once():
    text, code = prose_and_code(
        "<p>Try.</p> <pre><code>a = 1\n  print(a)\n</code></pre> <pre><code>a = 1\nb</code></pre>"
    )
    assert (text, code) == ("<p>Try.</p>", "<code>a = 1</code><code>print(a)</code><code>b</code>")


def test_a_section_has_the_names_of_both_glossaries_and_of_the_table(tmp_path):
    first = "[gradient descent](../a.md#first) (steepest descent)"
    for language, row in (
        ("en", ["English", "中文", first, "梯度下降"]),
        ("zh", ["中文", "English", "[梯度下降、最速下降](../a.md#first)", "gradient descent"]),
    ):
        page = tmp_path / language / "appendix" / "glossary.md"
        page.parent.mkdir(parents=True)
        page.write_text(PAGE.format(*row), "utf8")
    table = tmp_path / "search.yml"
    table.write_text("gradient descent: [GD]\nb.md#more: [gd walk]\n", "utf8")
    assert {place: set(names) for place, names in terms(tmp_path, table).items()} == {
        "a.md#first": {"梯度下降", "最速下降", "gradient descent", "GD", "steepest descent"},
        "b.md#more": {"gd walk"},
    }
    page.write_text(page.read_text("utf8").replace("goes down.", "goes. More in [](../b.md#more)."), "utf8")
    assert "最速下降" in terms(tmp_path, table)["b.md#more"], "where it is explained at length"


def test_each_row_of_the_table_belongs_to_something_and_says_what_the_glossary_does_not():
    table: dict[str, list[str]] = yaml_load(TABLE.read_text("utf8"))
    in_glossary: dict[str, set[str]] = defaultdict(set)
    for term in [term for language in ("zh", "en") for term in glossary(DOCS / language / GLOSSARY)]:
        for name in term.names:
            in_glossary[name] |= {as_typed(name) for name in term.names}
    sections = {f"{page.path}#{heading.id}" for page in read_book() for heading in page.headings}
    assert [key for key in table if key not in sections | set(in_glossary)] == []
    for key, names in table.items():
        typed = [as_typed(name) for name in [*in_glossary.get(key, []), *names]]
        needless = [name for name, count in Counter(typed).items() if count > 1 or not name]
        assert not needless, f"search.yml, {key}: {needless} is there already"


def test_each_question_belongs_to_a_section_and_is_there_once():
    asked: dict[str, dict[str, list[str]]] = yaml_load(QUESTIONS.read_text("utf8"))
    sections = {f"{page.path}#{heading.id}" for page in read_book() for heading in page.headings}
    assert [place for place in asked if place not in sections] == []
    for place, languages in asked.items():
        assert set(languages) <= {"zh", "en"}, f"asked.yml, {place}"
        for phrases in languages.values():
            assert phrases and len(set(phrases)) == len(phrases), f"asked.yml, {place}"


def test_the_words_of_questions_that_a_section_has_not_said_are_there_once_with_chinese_cut():
    assert words_asked(["Loss nan", "loss 变成 nan", "训练不收敛"], "The loss.") == "nan 变成 训练 不 收敛"


def test_jieba_keeps_a_name_together_that_it_would_cut_to_single_characters():
    assert jieba.lcut("过拟合") == ["过", "拟合"]
    teach_words(["过拟合", "梯度消失"])
    assert jieba.lcut("过拟合") == ["过拟合"] and jieba.lcut("梯度消失") == ["梯度", "消失"]


def test_in_materials_worker_the_book_cuts_the_query():
    """Fails when Material writes its worker otherwise: then look at CUT in search.py. The site is built all the same."""
    (worker,) = (Path(material.__file__).parent / "templates/assets/javascripts/workers").glob("search.*.min.js")
    ours = with_own_cut(worker.read_text("utf8"))
    assert ours.count("self.cut(arguments[0],this.index.invertedIndex)") == 1 and "{sc=Han}+" in ours
    assert ours.count("lunr.Index.prototype.search = ") == 1
    assert with_own_cut("another worker") == "another worker"


def test_the_index_of_a_page_that_is_kept_is_what_it_would_be_otherwise(book, tmp_path):
    page = "# 一页 { #page }\n\n## 下坡 { #down }\n\n沿着斜率最小的方向走。\n\n```python\nx = 1\n```\n"
    project = book({"zh/page.md": page, "en/page.md": page})
    site = tmp_path / "site"

    def index_with(name: str) -> list[bytes]:
        for language in ("zh", "en"):
            path = project / "docs" / language / "appendix" / "glossary.md"
            path.parent.mkdir(exist_ok=True)
            row = "# G {{ #g }}\n\n| a | b | c |\n|---|---|---|\n| [{0}](../page.md#down) | {0} | x |\n"
            path.write_text(row.format(name), "utf8")
        run = build(project, site)
        assert run.returncode == 0, run.stdout
        return [path.read_bytes() for path in sorted(site.rglob("search_*.json"))]

    first = index_with("descent")
    assert len(first) == 4 and index_with("descent") == first
    assert "斜率最小".encode() in b"".join(first).replace(ON_ITS_WAY.encode(), b"")
    changed = index_with("downhill")  # on the page nothing has
    assert b'"names":["downhill"]' in changed[0] and b"descent" not in b"".join(changed)
