import pytest

from tests.book import glossary

ROW = {
    "en": "| [loss, loss function](../part/x.md#loss) (cost) | 损失 | A number. More in [chapter 2](../part/y.md#again). |\n| [slope](../part/y.md#slope) | 斜率 | Steepness. |\n",
    "zh": "| [损失](../part/x.md#loss)（代价） | loss, loss function | 一个数。[第 2 章](../part/y.md#again)细讲。 |\n| [斜率](../part/y.md#slope) | slope | 陡不陡。 |\n",
}
PAGES = {
    "docs/en/index.md": "# Book { #book }\n\nThe loss and its slope.\n",
    "docs/en/part/x.md": "# Loss { #x }\n\nThe cost, `loss`, glossy.\n\n```python\nloss = 1\n```\n\n## A loss { #loss }\n\nThis is the **loss**.\n\n## More { #more }\n\nIts [slope](y.md#slope) matters, and slopes differ.\n\n![A curve](figure:slope.loss)\n",
    "docs/en/part/y.md": "# Slopes { #y }\n\nSteep.\n\n## Again { #again }\n\nThe **Loss function**.\n\n## Slope { #slope }\n\nThe **slopes**.\n\n## Reading { #references }\n\n[The loss](https://example.org).\n",
    "docs/zh/index.md": "# 书 { #book }\n\n损失和斜率。\n",
    "docs/zh/part/x.md": "# 损失 { #x }\n\n代价，`损失`。\n\n```python\nloss = 1\n```\n\n## 损失 { #loss }\n\n这叫**损失**。\n\n## 还有 { #more }\n\n要看[斜率](y.md#slope)，斜率有大有小。\n\n![曲线](figure:slope.loss)\n",
    "docs/zh/part/y.md": "# 斜率 { #y }\n\n陡。\n\n## 再看 { #again }\n\n再看**损失**。\n\n## 斜率 { #slope }\n\n这叫**斜率**。\n\n## 延伸阅读 { #references }\n\n[损失](https://example.org)。\n",
    "mkdocs.yml": "nav:\n  - index.md\n  - 部分: [part/x.md, 第二章: part/y.md]\n  - appendix/glossary.md\n",
}


def page(language: str) -> str:
    first, second = ROW[language].splitlines(keepends=True)
    head = "| A | B | C |\n|---|---|---|\n"
    return f"# Glossary {{ #glossary }}\n\n## 1 {{ #x }}\n\n{head}{first}\n## 2 {{ #y }}\n\n{head}{second}"


BOOK = PAGES | {f"docs/{language}/appendix/glossary.md": page(language) for language in ROW}


def test_the_glossary_leads_to_where_terms_are_first_used(no_problem):
    no_problem(glossary.problems())


def test_a_sound_book_has_no_problem(tree):
    assert glossary.problems(tree(BOOK), {}) == []


@pytest.mark.parametrize(
    ("file", "sound", "broken", "where", "words"),
    [
        # A term too early: in a section before, in one on the page before, in a plural, in a caption, behind a link to elsewhere.
        (
            "en/part/x.md",
            "The cost",
            "The loss",
            "en/part/x.md:3",
            ["loss, loss function stands here", "later, in part/x.md#loss", "make it a link"],
        ),
        (
            "zh/part/x.md",
            "代价",
            "损失",
            "zh/part/x.md:3",
            ["损失 stands here", "later, in part/x.md#loss", "make it a link"],
        ),
        ("en/part/x.md", "The cost", "Loss functions", "en/part/x.md:3", ["loss, loss function stands here"]),
        (
            "en/part/x.md",
            "[slope](y.md#slope)",
            "Slope",
            "en/part/x.md:15",
            ["slope stands here", "later, in part/y.md#slope"],
        ),
        (
            "zh/part/x.md",
            "[斜率](y.md#slope)",
            "斜率",
            "zh/part/x.md:15",
            ["斜率 stands here", "later, in part/y.md#slope"],
        ),
        ("en/part/x.md", "[slope](y.md#slope)", "[slope](#more)", "en/part/x.md:15", ["slope stands here"]),
        ("zh/part/x.md", "[斜率](y.md#slope)", "[斜率](https://example.org)", "zh/part/x.md:15", ["斜率 stands here"]),
        ("en/part/y.md", "Steep.", "Two slopes.", "en/part/y.md:3", ["slope stands here", "later, in part/y.md#slope"]),
        ("zh/part/y.md", "再看**", "斜率**", "zh/part/y.md:7", ["斜率 stands here"]),
        ("en/part/y.md", "Steep.", '![Two](figure:a.b "Two slopes")', "en/part/y.md:3", ["slope stands here"]),
        ("zh/part/y.md", "陡。", "![斜率](figure:a.b)", "zh/part/y.md:3", ["斜率 stands here"]),
        # A link to a section without the term in bold, to no section, to a page, to a page that isn't in the book; no link.
        (
            "en/part/x.md",
            "**loss**",
            "loss",
            "en/appendix/glossary.md:7",
            ["loss, loss function leads to part/x.md#loss, where it isn't in bold", "make it bold there"],
        ),
        (
            "zh/part/x.md",
            "**损失**",
            "损失",
            "zh/appendix/glossary.md:7",
            ["损失 leads to part/x.md#loss, where it isn't in bold"],
        ),
        ("en/part/x.md", "**loss**", "**lossy loss**", "en/appendix/glossary.md:7", ["isn't in bold"]),
        (
            "en/part/y.md",
            "**Loss function**",
            "Loss function",
            "en/appendix/glossary.md:7",
            ["leads to part/y.md#again, where it isn't in bold"],
        ),
        (
            "zh/part/y.md",
            "**损失**",
            "损失",
            "zh/appendix/glossary.md:7",
            ["leads to part/y.md#again, where it isn't in bold"],
        ),
        (
            "en/appendix/glossary.md",
            "#slope",
            "#slop",
            "en/appendix/glossary.md:13",
            ["slope leads to part/y.md#slop, which is no section"],
        ),
        (
            "zh/appendix/glossary.md",
            "#slope",
            "#slop",
            "zh/appendix/glossary.md:13",
            ["斜率 leads to part/y.md#slop, which is no section"],
        ),
        (
            "en/appendix/glossary.md",
            "y.md#slope",
            "y.md",
            "en/appendix/glossary.md:13",
            ["slope leads to part/y.md#, which is no section"],
        ),
        (
            "zh/appendix/glossary.md",
            "../part/y.md#slope",
            "../index.md#book",
            "zh/appendix/glossary.md:13",
            ["斜率 leads to index.md#book, which is no section of the book"],
        ),
        (
            "en/appendix/glossary.md",
            "[slope](../part/y.md#slope)",
            "slope",
            "en/appendix/glossary.md:13",
            ["slope leads to nowhere", "make the term a link"],
        ),
        # Rows under another chapter, in another order than the sections; rows that differ.
        (
            "en/appendix/glossary.md",
            "{ #y }",
            "{ #z }",
            "en/appendix/glossary.md:13",
            ["slope is explained in part/y.md#slope; move its row"],
        ),
        (
            "zh/appendix/glossary.md",
            "| [斜率]",
            "| [斜率](../part/y.md#slope) | slope | 陡。 |\n| [损失](../part/x.md#loss) | loss | 数。 |\n| [斜率]",
            "zh/appendix/glossary.md:14",
            ["损失 is explained in part/x.md#loss; move its row"],
        ),
        (
            "en/appendix/glossary.md",
            "| 斜率 |",
            "| 坡度 |",
            "en/appendix/glossary.md:13",
            ["slope isn't what stands in docs/zh/appendix/glossary.md:13", "the same terms"],
        ),
        (
            "zh/appendix/glossary.md",
            "| slope |",
            "| slopes |",
            "en/appendix/glossary.md:13",
            ["slope isn't what stands in docs/zh/appendix/glossary.md:13"],
        ),
        (
            "zh/appendix/glossary.md",
            ROW["zh"].splitlines(keepends=True)[1],
            "",
            "en/appendix/glossary.md:13",
            ["slope isn't what stands in docs/zh"],
        ),
    ],
)
def test_a_flaw_is_named(tree, names, file, sound, broken, where, words):
    page = BOOK[f"docs/{file}"]
    assert page.count(sound) == 1
    names(glossary.problems(tree(BOOK | {f"docs/{file}": page.replace(sound, broken)}), {}), f"docs/{where}", words)


def test_an_early_use_may_be_allowed_and_an_allowance_that_is_not_needed_is_named(tree, names):
    root = tree(BOOK | {"docs/en/part/y.md": PAGES["docs/en/part/y.md"].replace("Steep.", "Slopes.")})
    assert glossary.problems(root, {"part/y.md#y": {"slope"}}) == []
    names(glossary.problems(root, {"part/y.md#again": {"slope"}}), "docs/en/part/y.md:3", ["slope stands here"])
    names(
        glossary.problems(root, {"part/y.md#again": {"slope"}}),
        "tests/book/glossary.py:1",
        ["allows slope in part/y.md#again", "take it out"],
    )
