"""Figures can be seen, read and heard, on every screen and in both palettes."""

import io
import os
import re
from collections.abc import Callable

import pytest
from matplotlib.image import imread
from playwright.sync_api import Page

from docs.figures.drawing import ABOVE, Drawing, Plot, below, text_width
from tests.book.test_drawing import LANGUAGES, transformer_block
from tests.browser.conftest import ask, in_one_language, shown

SCREENS = {1280: 800, 390: 844, 320: 568}  # wide, a phone, the narrowest phone


def test_each_figure_can_be_seen_and_says_what_it_shows(page):
    figures = page.locator("figure.drawing").evaluate_all("""figures => figures.map(figure => ({
      names: [...figure.querySelectorAll("[role=img]")].map(picture => picture.getAttribute("aria-label")),
      sizes: [...figure.querySelectorAll("div > svg")].map(drawing => drawing.getBoundingClientRect()).map(box => [box.width, box.height]),
    }))""")
    for figure in figures:
        assert len(figure["names"]) == 1 and figure["names"][0].strip()
        assert figure["sizes"] and all(width > 50 and height > 20 for width, height in figure["sizes"]), figure


@in_one_language
def test_it_follows_the_palette(page):
    look = "labels => labels.map(label => getComputedStyle(label).fill)"
    light = page.locator("figure.drawing svg text").evaluate_all(look)
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    dark = page.locator("figure.drawing svg text").evaluate_all(look)
    page.evaluate("document.body.dataset.mdColorScheme = 'default'")
    assert all(a != b for a, b in zip(light, dark, strict=True)), "a label has the same color in both palettes"


LABELS = """selector => [...document.querySelectorAll(selector)].flatMap(figure => [...figure.querySelectorAll("svg text")].map(label => {
  const svg = label.closest("svg"), style = getComputedStyle(label)
  const [box, frame] = [label.getBoundingClientRect(), svg.getBoundingClientRect()]
  return {
    figure: figure.dataset.figure,
    text: label.textContent,
    size: parseFloat(style.fontSize) * frame.width / svg.viewBox.baseVal.width,
    outside: Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom),
    width: label.getComputedTextLength(),
    above: parseFloat(label.getAttribute("y")) - label.getBBox().y,
    below: label.getBBox().y + label.getBBox().height - parseFloat(label.getAttribute("y")),
    // As it is written in docs/figures, with W_{q} for a lowered q.
    drawn: [[...label.childNodes].map(part => part.getAttribute?.("font-size") ? `_{${part.textContent}}` : part.textContent).join(""), parseFloat(style.fontSize), style.fontWeight >= 600],
  }
}))"""


@pytest.fixture(params=SCREENS)
def screen(request, loaded) -> Page:
    """Each page on screens of several widths."""
    return shown(loaded, (request.param, SCREENS[request.param]))


def unreadable(page: Page) -> list[str]:
    """Of each label that is too small or cut off: its figure, and what is wrong with it."""
    told = []
    for label in ask(page, LABELS, "figure.drawing"):
        if label["size"] < 11:
            told.append(f"{label['figure']}: {label['text']!r} is {label['size']:.1f} pixels large; narrow the panel")
        if label["outside"] > 2:
            told.append(f"{label['figure']}: {label['text']!r} is cut off by {label['outside']:.1f} pixels; move it")
    return told


@pytest.fixture(scope="session")
def has_letters(browser) -> Callable[[str], bool]:
    """Whether this machine has the letters of a text. Without a Chinese font nobody can say how large Chinese is."""
    tab = browser.new_page()
    # In every Chinese font a character is as wide as it is high; the box in its place isn't.
    width = tab.evaluate("""() => {
      const brush = new OffscreenCanvas(1, 1).getContext("2d")
      brush.font = "100px sans-serif"
      return brush.measureText("汉字").width
    }""")
    tab.close()
    has_chinese = 190 < width < 210
    if not has_chinese and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail("REQUIRE_BROWSER is set, and there is no Chinese font: install fonts-noto-cjk", pytrace=False)
    return lambda text: has_chinese or not re.search(r"[\u3000-\u9fff\uff00-\uffef]", text)


def measured(page: Page, has_letters: Callable[[str], bool]) -> list[dict]:
    labels = ask(page, LABELS, "figure.drawing:not([data-figure^=plot])")
    return [label for label in labels if has_letters(label["text"])]


def test_its_labels_are_as_wide_as_the_drawing_takes_them_to_be(page, has_letters):
    for label in measured(page, has_letters):
        taken = text_width(label["drawn"][0], label["drawn"][1], bold=label["drawn"][2])
        # Not narrower; and wider only as far as the fonts of systems differ.
        assert label["width"] - 3 <= taken <= 1.3 * label["width"] + 4, label


def test_its_labels_are_as_high_as_the_drawing_takes_them_to_be(page, has_letters):
    for label in measured(page, has_letters):
        text, size, _ = label["drawn"]
        # Chromium rounds both to whole pixels.
        assert label["above"] <= ABOVE * size + 1 and label["below"] <= below(text) * size + 1, label


def test_its_labels_are_large_enough_and_inside_the_drawing(screen):
    if told := "\n".join(unreadable(screen)):
        pytest.fail(f"at {screen.viewport_size['width']} pixels\n{told}", pytrace=False)


def test_all_of_a_slider_is_on_the_screen(screen):
    sliders = screen.locator(".sliders label").evaluate_all(
        "labels => labels.map(label => [label.getBoundingClientRect(), label.textContent]).map(([box, text]) => [box.left, box.right, text])"
    )
    width = screen.viewport_size["width"]
    assert not [slider for slider in sliders if slider[0] < 0 or slider[1] > width]


@pytest.fixture
def show(tab, hosts):
    """A function that shows drawings as the figure `chapter.figure` of a page of the book, on a screen `width` wide."""

    def show(*svgs: str, width: int = 1280) -> Page:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.goto(hosts["at the root"])
        figure = f'<figure class="drawing" data-figure="chapter.figure"><div>{"".join(svgs)}</div></figure>'
        tab.evaluate("html => document.querySelector('.md-content article').innerHTML = html", figure)
        return tab

    return show


PANEL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 90" width="300" height="90">{}</svg>'


@pytest.mark.parametrize(
    ("svg", "width", "words"),
    [
        ('<text x="9" y="40" font-size="14">words</text>', 320, None),
        ('<text x="9" y="40" font-size="10.5">words</text>', 1280, "chapter.figure: 'words' is 10.5 pixels large"),
        ('<text x="9" y="40" font-size="11.2">words</text>', 1280, None),
        ('<text x="9" y="40" font-size="11.2">words</text>', 320, "chapter.figure: 'words' is 10.8 pixels large"),
        ('<text x="-9" y="40" font-size="14">words</text>', 1280, "chapter.figure: 'words' is cut off by 9.0 pixels"),
        ('<text x="280" y="40" font-size="14">words</text>', 1280, "chapter.figure: 'words' is cut off"),
        ('<text x="9" y="99" font-size="14">words</text>', 390, "chapter.figure: 'words' is cut off"),
    ],
)
def test_a_label_that_is_too_small_or_cut_off_is_named_with_its_figure(show, svg, width, words):
    told = unreadable(show(PANEL.format(svg), width=width))
    assert [words in line for line in told] == [True] if words else told == [], told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_labels_of_a_diagram_are_inside_their_boxes(show, language):
    page = show(transformer_block(LANGUAGES[language]).svg(), width=320)
    assert not unreadable(page)
    room = page.locator("figure.drawing svg").evaluate("""svg => {
      const labels = [...svg.querySelectorAll("text")].map(label => label.getBoundingClientRect())
      return [...svg.querySelectorAll("rect")].map(rect => rect.getBoundingClientRect()).map(box => labels
        .filter(label => label.top < box.bottom && label.bottom > box.top && label.left < box.right && label.right > box.left)
        .map(label => Math.min(label.left - box.left, box.right - label.right, label.top - box.top, box.bottom - label.bottom)))
    }""")
    assert len(room) == 4 and all(len(labels) == 1 and labels[0] > 2 for labels in room), room


def test_what_is_lowered_stands_where_the_drawing_takes_it_to_be(show, has_letters):
    drawing = Drawing(300, 60)
    drawing.text(150, 30, "W_q x")
    drawing.text(150, 50, "W x")
    page = show(drawing.svg())
    test_its_labels_are_as_wide_as_the_drawing_takes_them_to_be(page, has_letters)
    test_its_labels_are_as_high_as_the_drawing_takes_them_to_be(page, has_letters)
    q, x = page.locator("figure.drawing tspan").evaluate_all(
        "parts => parts.map(part => part.getBoundingClientRect().bottom)"
    )
    line = page.locator("figure.drawing text").evaluate_all(
        "texts => texts.map(text => text.getBoundingClientRect().bottom)"
    )
    assert q == pytest.approx(line[0]) and x == pytest.approx(line[1] - 20)


def test_a_curve_that_leaves_its_plot_paints_nothing_outside(show):
    def painted(*curves: tuple[list[float], list[float]]):
        drawing = Drawing(300, 200)
        plot = Plot(drawing, (0, 10), (0, 1), left=60, right=50, top=40, bottom=70)
        for xs, ys in curves:
            plot.curve(xs, ys, color="orange", width=2.5)
        page = show(drawing.svg())
        return imread(io.BytesIO(page.locator("figure.drawing svg").first.screenshot()))

    paper, ink = painted(), painted(([-20, 30], [-2, 3]), ([5, 5], [-9, 9]), ([-9, 20], [0.5, 0.5]), ([0, 10], [0, 0]))
    rows, columns = (abs(paper - ink).max(axis=2) > 0.02).nonzero()
    assert (columns.min(), columns.max()) == pytest.approx((60, 250), abs=3)
    assert (rows.min(), rows.max()) == pytest.approx((40, 130), abs=3)
