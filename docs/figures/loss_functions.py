"""Figures of the chapter: loss functions."""

import numpy as np

from drawing import Drawing, Plot, Say, ticks
from scratchml import numerical_gradient, sigmoid


def surprise(say: Say) -> Drawing:
    """−ln p and (1 − p)² against the probability p given to what happened."""
    drawing = Drawing(356, 250)
    plot = Plot(drawing, (0, 1), (0, 5), left=36, top=14)
    plot.axes(
        ticks([0, 0.25, 0.5, 0.75, 1]),
        ticks([0, 1, 2, 3, 4, 5]),
        x_label=say("给真事的概率", "probability given to what happened"),
    )
    p = np.linspace(np.exp(-5), 1, 200)
    plot.curve(p, -np.log(p), color="blue")
    plot.curve(p, (1 - p) ** 2, color="orange")
    plot.label(0.2, -np.log(0.2), say("意外 −ln p", "surprise −ln p"), color="blue")
    plot.label(0.015, 0.1, say("平方误差", "squared error"), color="orange", above=0)
    plot.drawing.circle(*plot.at(0.01, -np.log(0.01)), 5, fill="blue")
    plot.label(0.04, -np.log(0.01), "4.61", color="blue", above=-5)
    return drawing


def slopes(say: Say) -> Drawing:
    """The slope of both losses with respect to z, when the right answer is yes."""
    drawing = Drawing(356, 250)
    plot = Plot(drawing, (-6, 6), (-1.1, 0.1), left=46, top=14)
    plot.axes(ticks([-6, -4, -2, 0, 2, 4, 6]), ticks([-1, -0.5, 0]), x_label="z")
    z = np.linspace(-6, 6, 121)
    plot.curve(z, numerical_gradient(lambda z: -np.log(sigmoid(z)).sum(), z), color="blue")
    plot.curve(z, numerical_gradient(lambda z: ((1 - sigmoid(z)) ** 2).sum(), z), color="orange")
    plot.label(1.2, -0.5, say("意外", "surprise"), color="blue", above=-5)
    plot.label(-5.8, -0.3, say("平方误差", "squared error"), color="orange", above=-8)
    return drawing
