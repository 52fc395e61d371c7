"""Figures of the chapter: foundations."""

import numpy as np

from drawing import Drawing, Plot, Say, between, ticks
from scratchml import digits
from sliders import Slider, sliders


def angle(say: Say) -> list[Drawing]:
    """Two vectors that point nearly the same way, and two at a right angle, with their cosines."""
    panels = []
    for a, b in [(np.array([3, 1]), np.array([2, 1.5])), (np.array([3, 1]), np.array([-0.7, 2.1]))]:
        cosine = a @ b / np.sqrt((a @ a) * (b @ b))
        drawing = Drawing(240, 190)
        plot = Plot(drawing, (-1, 3.4), (-0.3, 2.4), left=10, right=10, top=10, bottom=34)
        for vector, name, color in [(a, "a", "blue"), (b, "b", "orange")]:
            drawing.arrow(plot.at(0, 0), plot.at(*vector), color=color, width=2.5)
            x, y = vector * 1.06
            plot.label(x, y, name, color=color, anchor="middle", above=4)
        drawing.text(120, 182, say("余弦 ", "cosine ") + f"{abs(cosine):.2f}".rstrip("0").rstrip("."), bold=True)
        panels.append(drawing)
    return panels


def matrix_product(say: Say) -> Drawing:
    """(2, 3) times (3, 2): a row and a column make one entry."""
    A, B = np.array([[1, 2, 0], [0, 1, 3]]), np.array([[2, 1], [1, 0], [0, 2]])
    drawing = Drawing(330, 180)
    a = drawing.matrix(4, 52, A, name="A")
    b = drawing.matrix(138, 35, B, name="B")
    product = drawing.matrix(258, 52, A @ B, name="A @ B")
    for sign, left, right in [("@", a, b), ("=", b, product)]:
        drawing.text(between(left.right, right.left)[0], 92, sign, size=18)
    for part, color in [(a.row(0), "blue"), (b.column(1), "orange"), (product.cell(0, 1), "green")]:
        drawing.rectangle(part.x, part.y, part.width, part.height, stroke=color, line_width=3)
    return drawing


def broadcasting(say: Say) -> Drawing:
    """A column plus a row: each is repeated to fit the other."""
    column, row = np.array([[0], [10], [20], [30]]), np.array([1, 2, 3])
    drawing = Drawing(330, 204)
    tall = drawing.matrix(8, 24, column, shape=False)
    wide = drawing.matrix(82, 75, row, shape=False)
    both = drawing.matrix(224, 24, column + row)
    drawing.note(tall.bottom, "(4, 1)", "below")
    drawing.note(wide.bottom, "(3,)", "below")
    for sign, left, right in [("+", tall, wide), ("=", wide, both)]:
        drawing.text(between(left.right, right.left)[0], 97, sign, size=18)
    return drawing


def average_digits(say: Say) -> Drawing:
    """The average of all training images of each digit."""
    images, labels, _, _ = digits()
    drawing = Drawing(330, 172)
    for digit in range(10):
        x, y = 6 + digit % 5 * 66, 4 + digit // 5 * 86
        drawing.pixels(x, y, 54, images[labels == digit].mean(axis=0).reshape(8, 8))
        drawing.text(x + 27, y + 73, str(digit), size=15, bold=True)
    return drawing


@sliders(h=Slider("步长 h", "step h", np.linspace(0.1, 2, 20)))
def slope(say: Say, h: float = 2) -> Drawing:
    """The line through (3, 9) and (3 + h, (3 + h)²), which turns towards the tangent as h shrinks."""
    drawing = Drawing(330, 270)
    plot = Plot(drawing, (0, 5.3), (-4, 28), left=40, top=14, bottom=34)
    plot.axes(ticks([0, 1, 2, 3, 4, 5]), ticks([0, 4, 9, 16, 25]))
    xs = np.linspace(0, 5.25, 106)
    climb = ((3 + h) ** 2 - 9) / h
    for steep, color in [(6, "green"), (climb, "orange")]:
        ends = np.array([3 - 12.5 / steep, min(5.25, 3 + 18.5 / steep)])
        plot.curve(ends, 9 + steep * (ends - 3), color=color, width=1.75, dashed=steep == 6)
    plot.curve(xs, xs**2, color="blue")
    drawing.circle(*plot.at(3 + h, (3 + h) ** 2), 5, fill="orange")
    drawing.circle(*plot.at(3, 9), 6, fill="ink")
    plot.label(
        0.2, 26, say(f"h = {h:.1f}：斜率 {climb:.1f}", f"h = {h:.1f}: slope {climb:.1f}"), color="orange", above=0
    )
    plot.label(0.2, 23.4, say("切线：斜率 6", "tangent: slope 6"), color="green", above=0)
    plot.label(0.75, 1.2, "x²", color="blue", anchor="middle", above=8)
    return drawing


def exp_and_ln(say: Say) -> list[Drawing]:
    """e to the x, and the natural logarithm."""
    left = Drawing(330, 240)
    plot = Plot(left, (-3, 2.2), (-1, 8), left=36, top=14, bottom=34)
    plot.axes(ticks([-3, -2, -1, 0, 1, 2]), ticks([0, 1, 2, 4, 6, 8]))
    x = np.linspace(-3, 2.05, 81)
    plot.curve(x, np.exp(x), color="blue")
    plot.label(1.1, 5, "eˣ", color="blue", anchor="end")
    right = Drawing(330, 240)
    plot = Plot(right, (-1, 8), (-3, 2.2), left=36, top=14, bottom=34)
    plot.axes(ticks([0, 1, 2, 4, 6, 8]), ticks([-3, -2, -1, 0, 1, 2]))
    x = np.linspace(0.05, 8, 161)
    plot.curve(x, np.log(x), color="orange")
    plot.label(5, np.log(5), "ln x", color="orange", anchor="end")
    return [left, right]
