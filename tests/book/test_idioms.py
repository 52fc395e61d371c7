import pytest

from tests.book import idioms
from tests.book.page import Page

FILE = "docs/en/x.md"


def page(code: str, before: str = "", after: str = "", later: str = "") -> Page:
    return Page(FILE, f"# A {{ #a }}\n\n{before}\n\n```python\n{code}\n```\n\n{after}\n\n## B {{ #b }}\n\n{later}\n")


def test_no_block_of_the_book_uses_what_has_not_been_explained(no_problem):
    no_problem(idioms.problems())


IDIOMS = [  # code, its line, what is said of it, the inline code that explains it
    ("import numpy as np\nnp.linspace(0, 1)", 7, "np.linspace", "np.linspace"),
    ("import numpy as np\nnp.random.default_rng(0)", 7, "np.random.default_rng", "np.random.default_rng(0)"),
    ("from copy import deepcopy\ndeepcopy(x)", 7, "deepcopy", "deepcopy"),
    ("import math\n\nmath.ceil(x)", 8, "math.ceil", "math.ceil(2.5)"),
    ("x.item()", 6, ".item", ".item()"),
    ("x.T", 6, ".T", "x.T"),
    ("rng.permutation(x)", 6, ".permutation", "permutation"),
    ("x.sum(axis=0)", 6, "axis=", "sum(axis=1)"),
    ("for a in zip(x, x):\n    pass", 6, "zip", "zip(a, b)"),
    ("f = lambda x: x", 6, "lambda", "lambda x: x"),
    ("print(1, *x)", 6, "*items", "print(*a)"),
    ("class A(B):\n    pass", 6, "class B(A)", "class Mine(Neuron):"),
    ("try:\n    x\nexcept ValueError:\n    pass", 6, "try", "try"),
    ("x @ y", 6, "@", "a @ b"),
    ("x[:, 1]", 6, "x[:, 1]", "x[:, 0]"),
    ("x[:, :1]", 6, "x[:, :1]", "x[:, :2]"),
    ("x[::2]", 6, "x[::2]", "x[::-1]"),
    ("x[x > 0]", 6, "x[x > 0]", "x[y == 1]"),
    ("x[:] = 1", 6, "x[:] = …", "weights[:] = 0"),
    ('f"{x:.1%}"', 6, ":.1% in an f-string", "{share:.0%}"),
    ('f"{x:>8.2f}"', 6, ":>8.2f in an f-string", "{x:>6.1f}"),
    ('f"{x:{n}d}"', 6, ":8d in an f-string", "{x:3d}"),
]


@pytest.mark.parametrize(("code", "line", "shown", "said"), IDIOMS)
def test_what_is_used_before_it_is_explained_is_named(code, line, shown, said, names):
    names(idioms.chapter(page(code), ""), f"{FILE}:{line}", [f"{shown} hasn't been", "inline code", "plainly"])
    names(idioms.chapter(page(code, later=f"`{said}`"), ""), f"{FILE}:{line}", [shown])
    names(idioms.chapter(page(code, before=f"`x{shown[1:]}`"[:3] + "`"), ""), f"{FILE}:{line}", [shown])


@pytest.mark.parametrize(("code", "line", "shown", "said"), IDIOMS)
def test_what_is_explained_in_the_section_or_earlier_may_be_used(code, line, shown, said):
    def told(page, earlier=""):
        return [problem for problem in idioms.chapter(page, earlier) if f" {shown} hasn't" in f" {problem.message}"]

    assert told(page(code))
    assert not told(page(code, before=f"`{said}` does it."))
    assert not told(page(code, after=f"| `{said}` | does it |\n|---|---|"))
    assert not told(page(code), f"a\n{said}\nb")


def test_first_python_and_the_package_need_no_explanation():
    code = 'from scratchml import xor\nx, y = xor()\nprint(len(x), [str(a) for a in range(3)], f"{1}", {}.items())'
    assert idioms.chapter(page(code), "") == []


def test_an_idiom_is_named_once_a_page():
    assert len(idioms.chapter(page("x.item()\nx.item()"), "")) == 1


def test_pages_are_read_in_the_order_of_the_navigation(tree, names):
    block = "```python\nx.item()\n```\n"
    root = tree(
        {
            "mkdocs.yml": "nav:\n  - b.md\n  - a.md\n",
            "docs/en/a.md": "# A { #a }\n\n`.item()`\n",
            "docs/en/b.md": f"# B {{ #b }}\n\n{block}",
        }
    )
    names(idioms.problems(root), "docs/en/b.md:4", [".item"])
    names(idioms.page_problems(Page("docs/en/b.md", f"\n{block}"), root), "docs/en/b.md:3", [".item"])
    assert idioms.page_problems(Page("docs/en/b.md", f"`.item`\n{block}"), root) == []
    (root / "mkdocs.yml").write_text("nav:\n  - a.md\n  - b.md\n")
    assert idioms.problems(root) == []
