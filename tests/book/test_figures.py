import pytest

from docs.figures import drawing
from docs.hooks.figures import draw
from tests.book import figures, references
from tests.book.page import LANGUAGES

PANEL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 9" width="300" height="9"><path d="M0 0" fill="none" stroke="var(--figure-ink)"/><text x="1" fill="var(--figure-ink)">LABEL</text></svg>'


def drawn(chinese: str, english: str) -> list[str]:
    return list(map(str, figures.problems("m.f", "docs/figures/m.py", 7, {"zh": chinese, "en": english})))


def test_every_figure_of_the_book_is_sound(built, no_problem):  # the build draws them all, so that nobody does it twice
    known = references.figures()
    everything = {language: draw(set(known), language) for language in LANGUAGES}
    assert known
    for name, where in known.items():
        chinese, english = (everything[language][name] for language in LANGUAGES)
        pairs = zip([chinese["svg"], *chinese["frames"]], [english["svg"], *english["frames"]], strict=True)
        no_problem(problem for zh, en in pairs for problem in figures.problems(name, *where, {"zh": zh, "en": en}))


def test_a_sound_figure_has_no_problem():
    assert drawn(PANEL.replace("LABEL", "标签") * 2, PANEL * 2) == []
    assert drawn(PANEL.replace("LABEL", "苹果"), PANEL.replace("LABEL", "苹果")) == []  # a word that both editions read


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</text>", "", ["isn't valid SVG", "drawing.py"]),
        ("LABEL", "a < b", ["isn't valid SVG", "escapes"]),
        (PANEL, "", ["no panel", "return a Drawing"]),
        ('stroke="var(--figure-ink)"', 'stroke="#ff0000"', ['stroke="#ff0000"', "use the colors"]),
        ('stroke="var(--figure-ink)"', 'stroke="red"', ['stroke="red"', "use the colors"]),
        ('stroke="var(--figure-ink)"', 'stroke="var(--md-primary)"', ["use the colors"]),
        ('stroke="var(--figure-ink)"', 'style="stroke: red"', ["style", "use the colors"]),
        ("<path", "<style>path { fill: red }</style><path", ["style of its own", "use the colors"]),
        ("<path", '<image href="a.png"/><path', ["bitmap", "shapes"]),
        ("<path", '<path id="a"', ['id="a"', "without ids"]),
        ('width="300"', 'width="357"', ["357 wide", "at most 356"]),
        (' width="300"', "", ["None wide", "at most 356"]),
        ("LABEL", "标签", ["says 标签 in English", "say(zh, en)"]),
    ],
)
def test_a_broken_figure_is_named(old, new, words):
    assert PANEL.count(old) == 1
    broken = PANEL.replace(old, new)
    told = drawn(broken, broken)
    assert any(
        problem.startswith("docs/figures/m.py:7: m.f ") and all(word in problem for word in words) for problem in told
    ), told


@pytest.mark.parametrize(
    "other", [PANEL.replace("M0 0", "M0 1"), PANEL.replace("<path", "<text>more</text><path"), PANEL * 2]
)
def test_a_figure_that_differs_between_the_languages_is_named(other):
    for told in (drawn(PANEL, other), drawn(other, PANEL)):
        assert any("differ in their labels only" in problem for problem in told), told


def test_no_wider_panel_can_be_drawn():
    assert drawing.MAX_WIDTH == figures.MAX_WIDTH
    with pytest.raises(ValueError, match="draw two panels"):
        drawing.Drawing(figures.MAX_WIDTH + 1, 10)
