import pytest

from tests.book import references

PAGE = """\
# Title { #title }

[A page](../y.md), [a section](../y.md#part), [here](#title), [](../y.md#exercise-1), [a paragraph](../y.md#aside), [a lab](../labs/lab.py#lab), [others](https://example.org), <http://127.0.0.1:8000/>.

A formula $\\operatorname{softmax}(x)_i$ and

$$
\\frac{1}{2}
$$

![What one sees](figure:chapter.drawn)
"""
BOOK = {
    "docs/zh/part/x.md": PAGE,
    "docs/zh/y.md": '# Other { #other }\n\n## Part { #part }\n\nText.\n{ #aside }\n\n!!! example "Not one of the exercises"\n    Text\n\n## Exercises { #exercises }\n\n!!! example "First"\n    Text\n',
    "docs/zh/labs/lab.py": "# %% [markdown]\n# # Lab { #lab }\n",
    "docs/en/only.md": "# Only { #only }\n",
    "docs/figures/drawing.py": "def axes():\n    pass\n",
    "docs/figures/__main__.py": "def say():\n    pass\n",
    "docs/figures/chapter.py": "def _points():\n    pass\n\ndef drawn(say):\n    pass\n\ndef shared(say, *stations):\n    pass\n",
}


def test_everything_that_the_book_names_exists(no_problem):
    no_problem(references.problems())


def test_a_sound_book_has_no_problem(tree):
    assert references.problems(tree(BOOK)) == []


@pytest.mark.parametrize(
    ("sound", "broken", "line", "words"),
    [
        ("(../y.md)", "(../z.md)", 3, ["docs/zh/z.md, which doesn't exist", "mend"]),
        ("(../y.md)", "(y.md)", 3, ["docs/zh/part/y.md, which doesn't exist", "mend"]),
        ("(../y.md)", "(../y/)", 3, ["doesn't exist", "mend"]),
        ("(../y.md)", "(../only.md)", 3, ["docs/zh/only.md, which doesn't exist"]),
        ("(../y.md)", "(../../en/only.md)", 3, ["leaves docs/zh", "switch"]),
        ("(../y.md)", "(/y/)", 3, ["within the book"]),
        ("#part", "#parts", 3, ["no anchor of docs/zh/y.md", "id of a heading"]),
        ("#lab", "#labs", 3, ["no anchor of docs/zh/labs/lab.py"]),
        ("#exercise-1", "#exercise-2", 3, ["no anchor of docs/zh/y.md", "exercise-1"]),
        ("(#title)", "(#titel)", 3, ["no anchor of docs/zh/part/x.md"]),
        ("https:", "http:", 3, ["http://example.org", "use https://"]),
        ("https:", "ftp:", 3, ["use https://"]),
        ("(https://example.org)", "(repository:NOWHERE.md)", 3, ["no file of the repository", "mend the path"]),
        ("(https://example.org)", "(edition:book.docx)", 3, ["edition:book.docx leads to no edition"]),
        (
            "figure:chapter.drawn",
            "figure:chapter.missing",
            11,
            ["no figure chapter.missing", "def missing(say) in docs/figures/chapter.py"],
        ),
        ("figure:chapter.drawn", "figure:chapter._points", 11, ["no figure"]),
        ("figure:chapter.drawn", "figure:drawing.axes", 11, ["no figure"]),
        ("figure:chapter.drawn", "photo.png", 11, ["isn't drawn by code", "docs/figures"]),
        ("figure:chapter.drawn", "play:chess", 11, ["isn't drawn by code"]),
        ("![What one sees]", "![ ]", 11, ["no text", "what one sees"]),
        ("\\frac{1}{2}", "\\frac{1}{2", 7, ["doesn't parse", "mend the TeX"]),
        ("(x)_i$", "(x)_i \\undefined$", 5, ["doesn't parse", "mend the TeX"]),
        ("(x)_i$", "(x)_\\text{in}$", 5, ["has words", "say them in the text"]),
        ("(x)_i$", "(x)_\\textbf{in}$", 5, ["has words", "\\operatorname{…}"]),
        ("# Title {", "# Title $x$ {", 1, ["in a heading", "in words"]),
        ("{softmax}", "{损失}", 5, ["has words"]),
    ],
)
def test_a_name_without_a_thing_is_named(tree, names, sound, broken, line, words):
    assert PAGE.count(sound) == 1
    names(
        references.problems(tree(BOOK | {"docs/zh/part/x.md": PAGE.replace(sound, broken)})),
        f"docs/zh/part/x.md:{line}",
        words,
    )


def test_a_lab_says_what_one_sees_in_its_plots_and_only_a_lab_draws_them(tree, names):
    lab = '# %% [markdown]\n# # Lab { #lab }\n\n# %% alt="WHAT"\nplot()\n'
    assert references.problems(tree(BOOK | {"docs/zh/labs/lab.py": lab})) == []
    names(
        references.problems(tree(BOOK | {"docs/zh/labs/lab.py": lab.replace("WHAT", " ")})),
        "docs/zh/labs/lab.py:4",
        ["of this cell has no text", "what one sees"],
    )
    names(
        references.problems(tree(BOOK | {"docs/zh/y.md": BOOK["docs/zh/y.md"] + "\n![a](plot:)\n"})),
        "docs/zh/y.md:16",
        ["isn't drawn by code"],
    )


def test_a_figure_that_no_page_shows_is_named(tree, names):
    root = tree(
        BOOK | {"docs/figures/chapter.py": BOOK["docs/figures/chapter.py"] + "\ndef forgotten(say):\n    pass\n"}
    )
    names(
        references.problems(root),
        "docs/figures/chapter.py:10",
        ["no page shows the figure chapter.forgotten", "take it out"],
    )
