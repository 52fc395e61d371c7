"""Figures of the chapter: activation functions."""

from collections.abc import Callable

import numpy as np

import scratchml
from drawing import Array, Drawing, Plot, Say, powers_of_ten, ticks
from scratchml import numerical_gradient, relu, sigmoid, sigmoid_derivative, xor
from sliders import Slider, sliders

Function = Callable[[Array], Array]

COLORS = {"sigmoid": "orange", "tanh": "purple", "relu": "blue", "gelu": "green"}


def bend(say: Say) -> list[Drawing]:
    """Two ReLUs of s = x₁ + x₂, and their sum, which is what the lamp needs."""
    s = np.linspace(-0.5, 2.5, 61)
    left = Drawing(330, 240)
    plot = Plot(left, (-0.5, 2.5), (-3, 2.5), left=36, top=14, bottom=42)
    plot.axes(ticks([0, 1, 2]), ticks([-3, -2, -1, 0, 1, 2]), x_label="s")
    plot.curve(s, relu(s), color="blue")
    plot.curve(s, -2 * relu(s - 1), color="orange")
    plot.label(1.2, 1.75, "relu(s)", color="blue", anchor="end", above=0)
    plot.label(1.25, -2, "−2 relu(s − 1)", color="orange", anchor="end", above=0)

    right = Drawing(330, 240)
    plot = Plot(right, (-0.5, 2.5), (-1, 2), left=36, top=14, bottom=42)
    plot.axes(ticks([0, 1, 2]), ticks([-1, 0, 1, 2]), x_label="s")
    plot.curve(s, relu(s) - 2 * relu(s - 1), color="green")
    switches, lamp = xor()
    for filled in [True, False]:
        chosen = lamp.ravel() == filled
        plot.points(np.column_stack([switches.sum(axis=1), lamp.ravel()])[chosen], filled=filled)
    plot.label(1, 1.3, say("和", "sum"), color="green", anchor="middle")
    return [left, right]


@sliders(tents=Slider("帐篷", "tents", np.arange(2, 22)))
def tents(say: Say, tents: float = 8) -> Drawing:
    """A curve, and the bent line that a row of tents, three ReLUs each, adds up to."""
    x = np.linspace(0, 4, 201)
    curve = 1.6 + np.sin(1.7 * x) - 0.1 * x
    knots = np.linspace(0, 4, int(tents))
    width = knots[1]
    drawing = Drawing(330, 232)
    plot = Plot(drawing, (0, 4), (0, 2.7), left=10, right=10, top=34, bottom=12)
    total = np.zeros_like(x)
    for knot, height in zip(knots, np.interp(knots, x, curve), strict=True):
        tent = height / width * (relu(x - knot + width) - 2 * relu(x - knot) + relu(x - knot - width))
        corners = np.array([knot - width, knot, knot + width])
        inside = (corners >= 0) & (corners <= 4.0001)
        plot.curve(corners[inside], np.array([0, height, 0])[inside], color="soft", width=1)
        total += tent
    plot.curve([0, 4], [0, 0], color="soft", width=1)
    plot.curve(x, curve, color="orange", width=2)
    plot.curve(x, total, color="blue", width=2)
    gap = np.abs(total - curve).max()
    plot.title(say(f"最大的差距：{gap:.2g}", f"largest gap: {gap:.2g}"))
    return drawing


@sliders(weight=Slider("权重", "weight", np.arange(1, 21)))
def steepness(say: Say, weight: float = 1) -> list[Drawing]:
    """sigmoid(w x), which becomes a step, and its slope."""
    x = np.linspace(-4, 4, 321)
    left = Drawing(330, 220)
    plot = Plot(left, (-4, 4), (0, 1), left=36, top=30, bottom=32)
    plot.axes(ticks([-4, -2, 0, 2, 4]), ticks([0, 0.5, 1]))
    plot.title(say("函数", "function"))
    plot.curve(x, sigmoid(weight * x), color="orange")

    right = Drawing(330, 220)
    plot = Plot(right, (-4, 4), (0, 5), left=36, top=30, bottom=32)
    plot.axes(ticks([-4, -2, 0, 2, 4]), ticks([0, 1, 2, 3, 4, 5]))
    slope = weight * sigmoid_derivative(weight * x)
    at_1 = weight * sigmoid_derivative(float(weight)).item()
    plot.title(say(f"斜率，在 x = 1 处是 {at_1:.2g}", f"slope, at x = 1 it is {at_1:.2g}"))
    plot.curve(x, slope, color="blue")
    return [left, right]


def shapes(say: Say) -> list[Drawing]:
    """Four activation functions, and the slope of each."""
    z = np.linspace(-4, 4, 161)
    left = Drawing(330, 270)
    plot = Plot(left, (-4, 4), (-1.2, 3.2), left=36, top=28, bottom=30)
    plot.axes(ticks([-4, -2, 0, 2, 4]), ticks([-1, 0, 1, 2, 3]))
    plot.title(say("函数", "function"))
    for name, color in COLORS.items():
        plot.curve(z, getattr(scratchml, name)(z), color=color, dashed=name == "gelu")
    plot.label(2.2, 2.75, "ReLU", color="blue", anchor="end", above=0)
    plot.label(1.75, 1.05, "GELU", color="green", anchor="end", above=-52)
    plot.label(-2.2, 0.24, "sigmoid", color="orange", anchor="middle", above=6)
    plot.label(-2.4, -0.72, "tanh", color="purple", anchor="middle", above=-2)

    right = Drawing(330, 270)
    plot = Plot(right, (-4, 4), (-0.2, 1.2), left=44, top=28, bottom=30)
    plot.axes(ticks([-4, -2, 0, 2, 4]), {0: "0", 0.25: "0.25", 0.5: "0.5", 1: "1"})
    plot.title(say("斜率", "slope"))
    for name, color in COLORS.items():
        slope = getattr(scratchml, f"{name}_derivative")
        if name == "relu":  # a jump at 0, not a slanting line
            plot.curve([-4, 0], [0, 0], color=color)
            plot.curve([0, 4], [1, 1], color=color)
        else:
            plot.curve(z, slope(z), color=color, dashed=name == "gelu")
    return [left, right]


def vanishing(say: Say) -> Drawing:
    """The slope through 1 to 10 layers of one activation function, starting from 1."""
    drawing = Drawing(356, 270)
    plot = Plot(drawing, (1, 10), (-7, 0.5), left=44, right=72, top=28, bottom=44)
    plot.axes(
        ticks(range(1, 11)),
        powers_of_ten(range(-7, 1)),
        x_label=say("层数", "layers"),
        y_label=say("斜率", "slope"),
    )
    depths = range(1, 11)
    plot.curve(depths, np.log10(0.25) * np.array(depths), color="soft", dashed=True, width=1.5)
    for name in ["sigmoid", "tanh", "relu"]:
        function, slopes = getattr(scratchml, name), []
        for depth in depths:

            def composed(x: Array, function: Function = function, depth: int = depth) -> float:
                for _ in range(depth):
                    x = function(x)
                return x.item()

            slopes.append(numerical_gradient(composed, np.array([1.0])).item())
        plot.curve(depths, np.log10(slopes), color=COLORS[name])
        plot.label(10.15, np.log10(slopes[-1]), {"relu": "ReLU"}.get(name, name), color=COLORS[name], above=-5)
    plot.label(6.2, np.log10(0.25) * 6.2, "(1/4)ⁿ", color="soft", above=6)
    return drawing
