"""Figures of the chapter: loss functions."""

import numpy as np

from drawing import Drawing, Plot, Say, number, ticks
from scratchml import numerical_gradient, sigmoid
from sliders import Slider, sliders


@sliders(p=Slider("概率 p", "probability p", [0.01, *np.linspace(0.05, 0.95, 19), 0.99]))
def surprise(say: Say, p: float = 0.01) -> Drawing:
    """−ln p and (1 − p)² against the probability p given to what happened, and at one p how high and how steep they are."""
    drawing = Drawing(356, 290)
    plot = Plot(drawing, (0, 1), (0, 5), left=36, top=60)
    plot.axes(
        ticks([0, 0.25, 0.5, 0.75, 1]),
        ticks([0, 1, 2, 3, 4, 5]),
        x_label=say("给正确答案的概率", "probability given to what happened"),
    )
    xs = np.linspace(np.exp(-5), 1, 200)
    for row, (name, losses, loss, slope, color) in enumerate(
        [
            (say("意外", "surprise"), -np.log(xs), -np.log(p), -1 / p, "blue"),
            (say("平方误差", "squared error"), (1 - xs) ** 2, (1 - p) ** 2, -2 * (1 - p), "orange"),
        ]
    ):
        plot.curve(xs, losses, color=color)
        x, y = plot.at(p, loss)
        dx, dy = np.subtract(plot.at(p + 0.001, loss + 0.001 * slope), (x, y))
        length = 24 / np.hypot(dx, dy)
        ends = [(p + sign * length * 0.001, loss + sign * length * 0.001 * slope) for sign in (-1, 1)]
        plot.curve(*zip(*ends, strict=True), color="ink", width=1.5)
        drawing.circle(x, y, 5, fill=color)
        text = f"{name} {loss:.2f}" + say("，斜率 ", ", slope ") + number(slope, ".2f")
        drawing.text(36, 18 + 22 * row, text, anchor="start", color=color, bold=True)
    return drawing


def slopes(say: Say) -> Drawing:
    """The slope of both losses with respect to z, when the right answer is yes."""
    drawing = Drawing(356, 250)
    plot = Plot(drawing, (-6, 6), (-1.1, 0.1), left=46, top=14)
    plot.axes(ticks([-6, -4, -2, 0, 2, 4, 6]), ticks([-1, -0.5, 0]), x_label="z")
    z = np.linspace(-6, 6, 121)
    plot.curve(z, numerical_gradient(lambda z: float(-np.log(sigmoid(z)).sum()), z), color="blue")
    plot.curve(z, numerical_gradient(lambda z: float(((1 - sigmoid(z)) ** 2).sum()), z), color="orange")
    plot.label(1.2, -0.5, say("意外", "surprise"), color="blue", above=-5)
    plot.label(-5.8, -0.3, say("平方误差", "squared error"), color="orange", above=-8)
    return drawing
