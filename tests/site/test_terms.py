"""Terms of the glossary, where a chapter uses them."""

import re

import pytest

from docs.hooks.terms import Term, mark_terms, terms

GLOSSARY = """# Glossary { #glossary }

| English | 中文 | What it is |
|---|---|---|
| [weight](../birds.md#wings) (load) | 权重 | A factor. More in [](../fish.md#fins). |
| [weight decay](../fish.md#fins) | 权重衰减 | Smaller [weights](../birds.md#wings), with a word's $w^2$. |
| [loss, loss function](../birds.md#song) | 损失 | A number. |
| no place | 无 | Leads nowhere. |
"""
KNOWN = terms(GLOSSARY)
BEFORE = ["birds.md", "fish.md"]


def marked(content: str, before: list[str] = BEFORE, known: list[Term] = KNOWN) -> list[str]:
    """The words that are marked in the HTML of a page."""
    return re.findall(r'<a class="term" href="[^"]*">(.*?)</a>', mark_terms(content, known, before, str.upper))


def test_the_rows_are_read():
    assert [
        Term(("weight",), "权重", "A factor.", "birds.md", "wings"),
        Term(
            ("weight decay",),
            "权重衰减",
            'Smaller weights, with a word’s <span class="arithmatex">\\(w^2\\)</span>.',
            "fish.md",
            "fins",
        ),
        Term(("loss", "loss function"), "损失", "A number.", "birds.md", "song"),
    ] == KNOWN


def test_the_first_use_leads_to_the_explanation_and_has_the_definition_beside_it():
    content = mark_terms("<p>Weights and weights.</p><p>A weight.</p>", KNOWN, BEFORE, lambda path: f"../{path}")
    assert content == (
        '<p><a class="term" href="../birds.md#wings">Weights</a>'
        "<template data-search-exclude><b>权重</b> A factor.</template> and weights.</p><p>A weight.</p>"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<p>Weight decay, the loss function of weights.</p>", ["Weight decay", "loss function", "weights"]),
        ("<p>Loss, and the loss function.</p>", ["Loss"]),
        ("<ul><li>An <em>unlikely</em> loss</li></ul>", ["loss"]),
        ("<p>weightless, counterweight, loss-making</p>", []),
        ("<h2>Loss</h2><p><a href='x'>loss</a> <code>loss</code> <strong>loss</strong></p>", []),
        ("<table><tr><td><p>loss</p></td></tr></table><figure><p>loss</p></figure><pre>loss</pre>", []),
        ('<p><span class="arithmatex">\\(loss\\)</span> <img alt="loss"> x</p>', []),
        ('<div class="admonition example"><p>loss</p></div>', []),
        ('<h2 id="exercises">Exercises</h2><p>loss</p>', []),
    ],
    ids=["longest", "forms", "lists", "whole words", "no prose", "no text", "no formula", "boxes", "exercises"],
)
def test_it_is_marked_in_prose_only(content, words):
    assert marked(content) == words


@pytest.mark.parametrize(("before", "words"), [([], []), (["birds.md"], ["weights", "loss"])])
def test_only_what_an_earlier_page_explains_is_marked(before, words):
    assert marked("<p>weights, weight decay, loss</p>", before) == words


def test_one_character_is_no_mark():
    layer = Term(("层",), "layer", "…", "birds.md", "wings")
    assert marked("<p>六层</p>", known=[layer, *KNOWN]) == []


def test_a_page_may_have_terms_in_chinese_alone_and_the_longest_is_meant():
    known = [
        Term((form,), "", "", "birds.md", "wings") for form in ("权重", "权重衰减", "Transformer", "Transformer 块")
    ]
    assert marked("<p>权重衰减和权重。（别的）</p>", known=known) == ["权重衰减", "权重"]
    assert marked("<p>Transformer 块</p>", known=known) == ["Transformer 块"]
    assert marked("<p>别的</p>", known=known) == []
