"""Figures of the chapter: backpropagation."""

import math

import numpy as np

from drawing import Drawing, Point, Say, between, number, text_width
from scratchml import Layer, Neuron, squared_error_gradient
from sliders import Slider, sliders


def two_neurons(say: Say) -> Drawing:
    """The chapter's two neurons: the numbers that go forward above, the slopes that come back below."""
    first, second = Neuron(1, rng=0), Neuron(1, activation="identity", rng=0)
    first.weights[:], first.bias[:], second.weights[:], second.bias[:] = 0.5, 1, 3, -1
    a1 = first.forward([[2.0]])
    a2 = second.forward(a1)
    dC_da2 = squared_error_gradient([[4.0]], a2)
    _, _, dC_da1 = second.gradients(dC_da2)
    drawing = Drawing(356, 210)
    y = 92
    xs = {"x": 26, "a1": 132, "a2": 238, "C": 330}
    for start, end, weight in [("x", "a1", "× 0.5"), ("a1", "a2", "× 3")]:
        drawing.arrow((xs[start] + 22, y), (xs[end] - 24, y), color="blue", width=2)
        drawing.text((xs[start] + xs[end]) / 2, y - 10, weight, color="blue", bold=True)
    drawing.arrow((xs["a2"] + 24, y), (xs["C"] - 22, y))
    drawing.rectangle(xs["x"] - 20, y - 20, 40, 40, fill="paper", stroke="ink")
    for key in ("a1", "a2"):
        drawing.circle(xs[key], y, 22, fill="paper", stroke="ink")
    drawing.rectangle(xs["C"] - 20, y - 20, 40, 40, fill="paper", stroke="ink")
    for key, value in [("x", 2), ("a1", a1.item()), ("a2", a2.item()), ("C", (a2.item() - 4) ** 2)]:
        drawing.text(xs[key], y + 5, f"{value:g}", size=16, bold=True)
    for key, name in [("x", "x"), ("a1", "a₁"), ("a2", "a₂"), ("C", "C")]:
        drawing.text(xs[key], 22, name, italic=True)
    for key, bias in [("a1", "+ 1"), ("a2", "− 1")]:
        drawing.text(xs[key], 54, bias, color="purple", bold=True)
    for start, end, slope in [("C", "a2", dC_da2.item()), ("a2", "a1", dC_da1.item())]:
        drawing.arrow((xs[start] - 8, y + 62), (xs[end] + 8, y + 62), color="orange", width=2)
        drawing.text(xs[end], y + 50, f"{slope:g}", color="orange", bold=True, size=16)
    drawing.text(xs["C"], y + 50, "1", color="orange", bold=True, size=16)
    drawing.text(xs["x"], y + 67, say("斜率", "slopes"), size=drawing.small, color="orange")
    drawing.text(
        178,
        196,
        say("蓝：正向计算；橙：C 对这个数的斜率，反向计算", "blue: forward; orange: the slope of C, backward"),
        size=drawing.small,
        color="soft",
    )
    return drawing


INPUTS, HIDDEN, OUTPUT, LOSS = [(28, 80), (28, 182)], [(156, 80), (156, 182)], (252, 131), (324, 131)
RADIUS = 21


@sliders(x1=Slider("x₁", "x₁", np.linspace(-2, 3, 21)))
def fork(say: Say, x1: float = 1.0) -> list[Drawing]:
    """The network whose paths fork, with the numbers that go forward and the slopes that come back."""
    hidden, output = Layer(2, 2, rng=0), Layer(1, 2, activation="identity", rng=0)
    for neuron, weights, bias in [
        (hidden.neurons[0], [[1], [1]], -1),
        (hidden.neurons[1], [[3], [-1]], 0),
        (output.neurons[0], [[2], [-1]], 1),
    ]:
        neuron.weights[:], neuron.bias[:] = weights, bias
    x = np.array([[x1, 2.0]])
    a = hidden.forward(x)
    a3 = output.forward(a)
    dC_da3 = squared_error_gradient([[3.0]], a3)
    _, _, dC_da = output.gradients(dC_da3)
    _, delta, dC_dx = hidden.gradients(dC_da)
    w = np.hstack([neuron.weights for neuron in hidden.neurons])
    u = output.neurons[0].weights[:, 0]

    forward = Drawing(350, 230)
    forward.title(say("正向：算出每个数", "forward: the numbers"))
    for i, start in enumerate(INPUTS):
        for j, end in enumerate(HIDDEN):
            _edge(forward, start, end, f"×{number(w[i, j])}", "blue", 0.36)
    for j, start in enumerate(HIDDEN):
        _edge(forward, start, OUTPUT, f"×{number(u[j])}", "blue", 0.45)
    _edge(forward, OUTPUT, LOSS, "", "blue", 0)
    numbers = [*x[0], *a[0], a3.item(), (a3.item() - 3) ** 2]
    _nodes(forward, numbers, ["x₁", "x₂", "a₁", "a₂", "a₃", "C"], "blue")
    for (x_place, y), added in [(HIDDEN[0], "− 1"), (OUTPUT, "+ 1")]:
        forward.text(x_place, y + RADIUS + 17, added, color="purple", bold=True)

    backward = Drawing(350, 230)
    backward.title(say("反向：算出 C 的斜率", "backward: the slopes of C"))
    for i, end in enumerate(INPUTS):
        for j, start in enumerate(HIDDEN):
            _edge(backward, start, end, number(delta[0, j] * w[i, j] + 0), "orange", 0.62)
    for j, end in enumerate(HIDDEN):
        _edge(backward, OUTPUT, end, number(dC_da[0, j]), "orange", 0.55)
    _edge(backward, LOSS, OUTPUT, "", "orange", 0)
    slopes = [*dC_dx[0], *delta[0], dC_da3.item(), 1]
    _nodes(backward, slopes, ["∂C/∂x₁", "∂C/∂x₂", "δ₁", "δ₂", "δ₃", "C"], "orange")
    return [forward, backward]


def _edge(drawing: Drawing, start: Point, end: Point, label: str, color: str, share: float) -> None:
    """An arrow from rim to rim, its label on it."""
    rim = RADIUS / math.dist(start, end)
    drawing.arrow(between(start, end, rim), between(end, start, rim + 0.02), color=color)
    if label:
        x, y = between(start, end, share)
        width = text_width(label, drawing.small, bold=True)
        drawing.rectangle(x - width / 2 - 2, y - 9, width + 4, 18, fill="paper")
        drawing.text(x, y + 5, label, size=drawing.small, color=color, bold=True)


def _nodes(drawing: Drawing, numbers: list[float], names: list[str], color: str) -> None:
    for (x, y), value, name in zip([*INPUTS, *HIDDEN, OUTPUT, LOSS], numbers, names, strict=True):
        if (x, y) in (*INPUTS, LOSS):
            drawing.rectangle(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS, fill="paper", stroke="ink")
        else:
            drawing.circle(x, y, RADIUS, fill="paper", stroke="ink")
        drawing.text(x, y + 5, number(round(value, 2) + 0), bold=True, size=drawing.small, color=color)
        drawing.text(x, y - RADIUS - 8, name, size=drawing.small, italic=True)
