"""The drawing vocabulary: a diagram is short to write, and what a reader couldn't see or read is refused."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from docs.figures import drawing
from docs.figures.drawing import Box, Drawing, Grid, Plot, Say, between, text_width
from tests.book import figures
from tests.book.page import ROOT

LANGUAGES: dict[str, Say] = {"zh": lambda zh, en: zh, "en": lambda zh, en: en}


def transformer_block(say: Say) -> Drawing:
    drawing = Drawing(270, 400)
    drawing.title(say("一个 Transformer 块", "a Transformer block"))
    norm, feed_forward = say("层归一化", "layer norm"), say("前馈网络", "feed-forward")
    attention = (say("多头注意力", "multi-head attention"), "blue")
    x, norm1, _, plus1, norm2, _, plus2, _ = drawing.stack(
        [("x", "none"), norm, attention, "⊕", norm, (feed_forward, "green"), "⊕", ("y", "none")],
        (115, 398),
        width=180,
        gap=20,
    )
    drawing.elbow(between(x.top, norm1.bottom, 0.3), plus1.right, x=235)
    drawing.elbow(between(plus1.top, norm2.bottom, 0.3), plus2.right, x=235)
    drawing.note(x.right, "(T, C)")
    return drawing


def elements(drawn: Drawing, tag: str) -> list[ElementTree.Element]:
    return [element for element in ElementTree.fromstring(drawn.svg()).iter() if element.tag.endswith("}" + tag)]


def numbers(element: ElementTree.Element, *names: str) -> list[float]:
    return [float(element.attrib[name]) for name in names]


def boxes(drawn: Drawing) -> list[Box]:
    """What arrows may end at: boxes and joins."""
    rectangles = [Box(*numbers(element, "x", "y", "width", "height")) for element in elements(drawn, "rect")]
    circles = [numbers(element, "cx", "cy", "r") for element in elements(drawn, "circle")]
    return rectangles + [Box(x - radius, y - radius, 2 * radius, 2 * radius) for x, y, radius in circles]


def tips(drawn: Drawing) -> list[tuple[float, float]]:
    """Where the arrows end: the first corner of each head, the only filled paths of a diagram."""
    heads = [path.attrib["d"] for path in elements(drawn, "path") if path.get("fill", "none") != "none"]
    return [(float(x), float(y)) for x, y in (re.findall(r"[\d.]+", head)[:2] for head in heads)]


# ---- a diagram


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_transformer_block_in_a_dozen_lines(language):
    drawn = transformer_block(LANGUAGES[language])
    found = boxes(drawn)
    assert len(found) == 4 + 2
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            apart = max(abs(one.center[1] - other.center[1]) - (one.height + other.height) / 2, 0)
            assert apart > drawing.HEAD, (one, other)
    anchors = [point for box in found for point in (box.top, box.bottom, box.left, box.right)]
    ends = tips(drawn)
    assert len(ends) == 7 + 2
    for end in ends:
        above_the_last = end[1] < min(box.y for box in found)
        assert above_the_last or min(abs(end[0] - x) + abs(end[1] - y) for x, y in anchors) < 0.2, end
    for label in elements(drawn, "text"):
        (x, y), width = numbers(label, "x", "y"), text_width(label.text or "", float(label.attrib["font-size"]))
        left = x - width / 2 if label.attrib["text-anchor"] == "middle" else x
        assert left >= 0 and left + width <= drawn.width and 0 < y <= drawn.height
        around = [box for box in found if box.y < y < box.y + box.height]
        assert all(box.x < left and left + width < box.x + box.width for box in around)


def test_it_is_a_sound_figure_and_the_same_in_both_languages():
    drawn = {language: transformer_block(say).svg() for language, say in LANGUAGES.items()}
    assert figures.problems("m.f", "docs/figures/m.py", 7, drawn) == []


def test_boxes_that_fit_their_own_labels_differ_between_the_languages_and_are_named():
    drawn = {}
    for language, say in LANGUAGES.items():
        panel = Drawing(300, 100)
        panel.box((150, 50), say("注意力", "multi-head attention"))
        drawn[language] = panel.svg()
    (problem,) = figures.problems("m.f", "docs/figures/m.py", 7, drawn)
    assert "docs/figures/m.py:7: m.f draws" in str(problem) and "give its box a width" in str(problem)


@pytest.mark.parametrize(
    ("direction", "start", "first", "second"),
    [
        ("up", (100, 190), (100, 175), (100, 125)),
        ("down", (100, 10), (100, 25), (100, 75)),
        ("right", (10, 100), (35, 100), (105, 100)),
        ("left", (190, 100), (165, 100), (95, 100)),
    ],
)
def test_a_stack_grows_from_its_start_and_its_arrows_lead_from_box_to_box(direction, start, first, second):
    panel = Drawing(200, 200)
    one, other = panel.stack(["a", "b"], start, direction=direction, width=50, height=30, gap=20)
    assert (one.center, other.center) == (first, second)
    assert tips(panel) == [{"up": other.bottom, "down": other.top, "right": other.left, "left": other.right}[direction]]


def test_boxes_one_above_the_other_are_as_wide_as_the_widest_label_and_side_by_side_as_their_own():
    words = ["a", "attention", "mat"]
    column = Drawing(300, 300).stack(words, (150, 290))
    assert len({box.width for box in column}) == 1 and column[0].width > text_width("attention")
    row = Drawing(300, 100).stack(words, (5, 50), direction="right")
    assert [box.width > text_width(word) for box, word in zip(row, words, strict=True)] == [True] * 3
    assert row[0].width < row[2].width < row[1].width


def test_two_lines_of_a_label_stand_around_the_middle_of_their_box():
    panel = Drawing(200, 100)
    box = panel.box((100, 50), "feed-\nforward")
    first, second = (numbers(label, "y")[0] for label in elements(panel, "text"))
    assert box.y < first < second < box.y + box.height
    assert (first + second) / 2 == pytest.approx(box.center[1] + 5, abs=0.2)


def test_an_elbow_turns_at_right_angles_and_ends_level_with_its_last_part():
    panel = Drawing(200, 200)
    panel.elbow((20, 180), (60, 20), x=150)
    panel.elbow((20, 180), (150, 100), x=150)
    panel.elbow((20, 180), (60, 20), y=100)
    assert tips(panel) == [(60, 20), (150, 100), (60, 20)]
    corners = [re.findall(r"Q([\d.]+) ([\d.]+)", path.get("d", "")) for path in elements(panel, "path")]
    assert [found for found in corners if found] == [
        [("150", "180"), ("150", "20")],
        [("150", "180")],
        [("20", "100"), ("60", "100")],
    ]


def test_a_frame_holds_its_boxes():
    panel = Drawing(200, 200)
    boxes = panel.stack(["a", "b"], (100, 180), arrows=False)
    frame = panel.frame(boxes, margin=10)
    assert (frame.x, frame.at(1, 1)[1]) == (boxes[0].x - 10, 190) and frame.y == boxes[1].y - 10


# ---- heat maps


def test_a_heat_map_has_a_path_for_each_shade_whatever_its_numbers():
    few, many = Drawing(200, 200), Drawing(200, 200)
    few.heat_map(20, 20, np.eye(4), cell=30)
    many.heat_map(20, 20, np.linspace(0, 1, 16).reshape(4, 4), cell=30)
    paths = [elements(panel, "path") for panel in (few, many)]
    assert len(paths[0]) == len(paths[1]) == drawing.LEVELS
    assert [path.attrib["d"].count("M") for path in paths[0]] == [0] * 15 + [4]
    assert sum(path.attrib["d"].count("M") for path in paths[1]) == 15  # 0 is paper


def test_a_diverging_heat_map_is_blue_above_zero_and_orange_below():
    panel = Drawing(200, 200)
    panel.heat_map(20, 20, [[1, -1, 0.5]], diverging=True)
    blue, orange = elements(panel, "g")
    assert (blue.attrib["fill"], orange.attrib["fill"]) == ("var(--figure-blue)", "var(--figure-orange)")
    cells = [[path.attrib["d"].count("M") for path in group] for group in (blue, orange)]
    assert cells == [[0] * 7 + [1] + [0] * 7 + [1], [0] * 15 + [1]]


def test_the_same_number_has_the_same_color_in_maps_with_the_same_largest():
    one, other = Drawing(200, 200), Drawing(200, 200)
    one.heat_map(20, 20, [[0.5]], largest=1)
    other.heat_map(20, 20, [[0.5, 1]], largest=1)
    assert [path.attrib["d"] for path in elements(one, "path")[:15]] == [
        path.attrib["d"] for path in elements(other, "path")[:15]
    ]


def test_the_labels_of_a_heat_map_stand_beside_its_rows_and_columns():
    panel = Drawing(200, 200)
    grid = panel.heat_map(70, 60, np.ones((2, 2)), cell=40, rows=["他", "the"], columns=["cat", "苹果"])
    places = {label.text: numbers(label, "x", "y") for label in elements(panel, "text")}
    assert places["他"][0] < grid.x and grid.row(0).y < places["他"][1] < grid.row(1).y
    assert places["苹果"][0] == grid.column(1).center[0] and places["苹果"][1] < grid.y


@pytest.mark.parametrize("turned", [False, True])
def test_the_names_of_a_heat_map_s_axes_stand_beyond_its_labels(turned):
    panel = Drawing(300, 300)
    tokens = ["the", "cat", "sat"]
    panel.heat_map(
        120, 120, np.eye(3), cell=40, rows=tokens, columns=tokens, turned=turned, x_label="key", y_label="query"
    )
    places = {label.text: label for label in elements(panel, "text")}
    assert float(places["key"].attrib["x"]) == 120 + 60
    highest = 120 - 6 - (np.sin(np.radians(50)) * text_width("the", panel.small) if turned else panel.small)
    assert float(places["key"].attrib["y"]) < highest
    assert places["query"].attrib["transform"].startswith("rotate(-90 ")
    assert float(places["query"].attrib["x"]) < 120 - 7 - text_width("the", panel.small)
    bare = Drawing(200, 200)
    bare.heat_map(40, 40, [[1]], x_label="key", y_label="query")
    assert [label.text for label in elements(bare, "text")] == ["key", "query"]


def test_a_grid_knows_its_cells():
    grid = Grid(10, 20, 60, 40, rows=2, columns=3)
    assert grid.cell(1, 2) == Box(50, 40, 20, 20)
    assert grid.row(1) == Box(10, 40, 60, 20)
    assert grid.column(2) == Box(50, 20, 20, 40)
    assert Drawing(200, 200).matrix(10, 20, np.ones((2, 3)), cell=20) == grid


# ---- what is lowered, and what is italic


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("W_q", [("W", 0), ("q", 1)]),
        (
            "softmax(q_i k_j / √d_k)",
            [("softmax(q", 0), ("i", 1), (" k", 0), ("j", 1), (" / √d", 0), ("k", 1), (")", 0)],
        ),
        ("权重W_q是", [("权重W", 0), ("q", 1), ("是", 0)]),
        ("∂L/∂W_1ᵀ", [("∂L/∂W", 0), ("1", 1), ("ᵀ", 0)]),
        ("d_{model} < d_ff", [("d", 0), ("model", 1), (" < d", 0), ("ff", 1)]),
        ("last_input and x_hat, a_1_b, __init__, _x", None),
        ("W_", None),
        ("", None),
    ],
)
def test_what_follows_an_underscore_is_small_and_lowered(label, parts):
    panel = Drawing(300, 60)
    panel.text(150, 30, label)
    (drawn,) = elements(panel, "text") or [ElementTree.Element("text")]
    pieces = [(drawn.text or "", 0), *((part.text or "", int("font-size" in part.attrib)) for part in drawn)]
    assert pieces == (parts or [(label, 0)])
    shifts = [float(part.attrib["dy"]) for part in drawn]
    assert all(shift > 0 for shift in shifts[::2]) and shifts[1::2] == [
        -shift for shift in shifts[: len(shifts) // 2 * 2 : 2]
    ]
    plain = sum(text_width(text, 14 * (drawing.SMALLER if lowered else 1)) for text, lowered in pieces)
    assert text_width(label) == pytest.approx(plain)


def test_a_label_with_something_lowered_is_a_sound_figure():
    def draw(say: Say) -> str:
        panel = Drawing(300, 100)
        panel.box((150, 50), say("查询 W_q", "the query's W_q & W_k"), width=200)
        return panel.svg()

    assert figures.problems("m.f", "m.py", 7, {language: draw(say) for language, say in LANGUAGES.items()}) == []


def test_notes_and_items_of_a_stack_may_be_italic_or_bold():
    panel = Drawing(200, 200)
    x, _, _ = panel.stack([("x", "none", "italic"), "linear", ("y", "blue", "bold")], (100, 190))
    panel.note(x.right, "W_q", italic=True)
    styles = {label.text: (label.get("font-style"), label.get("font-weight")) for label in elements(panel, "text")}
    assert styles == {"x": ("italic", None), "linear": (None, None), "y": (None, "600"), "W": ("italic", None)}


# ---- what is refused


def heat(**options) -> Callable[[Drawing], object]:
    return lambda panel: panel.heat_map(40, 40, [[0.2, 0.8]], **options)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda panel: panel.line([(0, 0), (9, 9)], color="red"),
            "no color 'red'; it has ink, soft, grid, paper, blue",
        ),
        (lambda panel: panel.circle(9, 9, 5, fill="#ff0000"), "no color '#ff0000'"),
        (lambda panel: panel.text(9, 20, "a", color="gray"), "no color 'gray'"),
        (lambda panel: panel.box((90, 90), "a", color="yellow"), "no color 'yellow'"),
        (lambda panel: panel.join((90, 90), color="yellow"), "no color 'yellow'"),
        (lambda panel: panel.frame([Box(9, 9, 9, 9)], color="yellow"), "no color 'yellow'"),
        (lambda panel: panel.heat_map(9, 9, [[1]], color="yellow"), "no color 'yellow'"),
        (lambda panel: Drawing(357, 10), "at most 356 wide.* got 357: draw two panels"),
        (lambda panel: panel.text(9, 20, "tiny", size=10), "'tiny' of size 10 is 10.0 on a phone.* at least 11.0"),
        (
            lambda panel: Drawing(330, 90).text(90, 20, "tiny", size=12.9),
            "'tiny' of size 12.9 is 10.9 .*280 of its 330",
        ),
        (
            lambda panel: panel.text(0, 20, "words"),
            "'words', 4. wide, is cut off by 2.: .* x = -2. .* panel of 200 × 200",
        ),
        (lambda panel: panel.text(199, 20, "words", anchor="start"), "'words', .* cut off"),
        (lambda panel: panel.text(90, 5, "words"), "'words', .* cut off by 8"),
        (lambda panel: panel.text(90, 201, "words"), "'words', .* cut off"),
        (lambda panel: panel.text(90, 11.1, "words"), None),
        (lambda panel: panel.text(90, 10.9, "words"), "'words', .* cut off by 2"),
        (lambda panel: panel.text(90, 198.6, "words"), None),
        (lambda panel: panel.text(90, 198.7, "words"), "'words', .* cut off by 2"),
        (lambda panel: panel.text(90, 196.5, "W_q"), None),
        (lambda panel: panel.text(90, 196.7, "W_q"), "'W_q', .* cut off by 2"),
        (lambda panel: panel.text(188, 90, "汉字", anchor="end", turn=90), None),
        (lambda panel: panel.text(190, 190, "汉字", anchor="start", turn=90), "'汉字', 28 wide, is cut off"),
        (lambda panel: panel.title("a title that is longer than its panel"), "'a title that .* cut off"),
        (
            lambda panel: panel.box((90, 90), "attention", width=60),
            "'attention' is 6. wide, and its box has room for 52",
        ),
        (
            lambda panel: panel.box((90, 90), "多头注意力", width=77),
            "'多头注意力' is 70 wide, and its box has room for 69",
        ),
        (lambda panel: panel.box((90, 90), "多头注意力", width=78), None),
        (lambda panel: panel.box((90, 90), "a\nlonger line", width=60), "'longer line' is 75 wide"),
        (lambda panel: panel.box((90, 90), "two\nlines", height=30), "is 36 high, and its box has room for 30"),
        (lambda panel: panel.stack(["a", "attention"], (90, 190), width=60), "'attention' is 6. wide"),
        (lambda panel: panel.stack(["a", "b"], (90, 190), gap=9), "9 long, and its head 9: move its ends apart"),
        (lambda panel: panel.join((90, 90), "+"), "no join '[+]'; there are ⊕ and ⊗"),
        (lambda panel: panel.arrow((9, 9), (9, 9)), "0 long"),
        (lambda panel: panel.elbow((9, 9), (90, 90)), "give it x or y"),
        (lambda panel: panel.elbow((9, 9), (90, 90), x=9, y=9), "give it x or y"),
        (lambda panel: panel.elbow((9, 9), (90, 90), x=85), "5 long, and its head 9"),
        (lambda panel: panel.line([(0, 0), (float("nan"), 9)]), "no place nan in a drawing"),
        (lambda panel: panel.matrix(9, 30, [[0.1234]]), "the number 0.1234 .* 34 wide: make the cells wider"),
        (heat(largest=0.5), "up to 0.5 can't show 0.8: give a larger `largest`"),
        (heat(rows=["a", "b"]), "with 1 rows needs a label for each of them, got 2"),
        (heat(columns=["a"]), "with 2 columns needs a label for each of them, got 1"),
        (heat(columns=["attention", "b"]), "'attention' is 6. wide, and its column 24: .* `turned`"),
        (heat(columns=["attention", "b"], cell=70), None),
        (lambda panel: panel.heat_map(40, 34, [[1]], columns=["a"], x_label="key"), "'key', .* cut off"),
        (heat(y_label="query", rows=["abc"]), "'query', .* cut off"),
        (heat(rows=["a"], cell=(20, 11)), "labels of 13 need rows at least 12 high, got 11"),
        (lambda panel: panel.heat_map(40, 40, [[1], [1], [1]], cell=(20, 6), rows=["a", "", "b"]), None),
        (lambda panel: panel.box((195, 90), "a"), "a box from .* cut off by .* panel of 200 × 200"),
        (lambda panel: panel.join((90, 5)), "a box from .* cut off by 6"),
        (lambda panel: panel.frame([Box(5, 9, 90, 90)]), "a box from .* cut off by 7"),
        (lambda panel: panel.heat_map(40, 40, np.ones((9, 9))), "a box from .* cut off by 56"),
        (lambda panel: panel.heat_map(40, 40, [[-0.2]]), "begins at 0 and can't show -0.2: draw it `diverging`"),
        (lambda panel: panel.heat_map(40, 40, [[np.nan]]), "can't show nan"),
    ],
)
def test_what_a_reader_could_not_see_or_read_is_refused(draw, words):
    if words is None:  # the least that fits
        draw(Drawing(200, 200))
    else:
        with pytest.raises(ValueError, match=words):
            draw(Drawing(200, 200))


def test_the_usual_and_the_small_label_can_be_read_in_a_panel_of_any_width():
    for width in (100, 280, 330, drawing.MAX_WIDTH):
        panel = Drawing(width, 40)
        panel.text(width / 2, 20, "a")
        panel.text(width / 2, 20, "a", size=panel.small)
        assert 13 <= panel.small <= drawing.SIZE


# ---- as wide as in the widest font; tests/browser/test_figures.py compares with what is shown


def test_chinese_is_as_wide_as_it_is_high_and_bold_latin_wider():
    assert text_width("多头注意力，", 10) == text_width("多头注意力，", 10, bold=True) == 60
    assert text_width("iii") < text_width("nnn") < text_width("NNN") < text_width("mmm")
    assert text_width("softmax", bold=True) > text_width("softmax")
    assert text_width("") == 0


# ---- the palette


def test_the_colors_are_those_of_the_book_in_both_palettes():
    light, dark = (
        (ROOT / "docs/theme/stylesheets/book.css")
        .read_text("utf8")
        .partition("@media print")[0]
        .split("@media screen", 1)
    )
    for palette in (light, dark):
        assert tuple(re.findall(r"--figure-(\w+):", palette)) == drawing.COLORS


def test_curves_of_a_plot_that_follow_one_another_share_one_clip_and_keep_their_place():
    panel = Drawing(200, 100)
    plot = Plot(panel, (0, 1), (0, 1))
    plot.curve([0, 1], [0, 1], color="blue")
    plot.curve([0, 1], [0, 2], color="blue")
    plot.label(0, 0, "a", color="blue")
    plot.curve([0, 1], [0, 3], color="blue")
    root = ElementTree.fromstring(panel.svg())
    assert [element.tag.rpartition("}")[2] for element in root] == ["svg", "text", "svg"]
    assert [len(element) for element in root] == [2, 0, 1]
