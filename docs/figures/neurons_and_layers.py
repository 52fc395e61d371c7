"""Figures of the chapter: neurons and layers."""

import numpy as np

from drawing import Drawing, Plot, Say, number, ticks
from scratchml import Neuron, sigmoid, xor
from sliders import Slider, sliders


def _neuron(weights: list[int], bias: float) -> Neuron:
    neuron = Neuron(len(weights), activation="identity", rng=0)
    neuron.weights[:] = np.reshape(weights, (-1, 1))
    neuron.bias[:] = bias
    return neuron


def weighted_sum(say: Say) -> Drawing:
    """One neuron at work: two inputs, their weights, the bias, the sum, and the answer."""
    x, w, b = [1, 1], [1, 1], -1.5
    z = float(_neuron(w, b).forward(x).item())
    drawing = Drawing(330, 190)
    for i, y in enumerate([48, 142]):
        drawing.line([(44, y), (144, 95)], color="blue", width=2)
        drawing.rectangle(8, y - 18, 36, 36, fill="paper", stroke="ink")
        drawing.text(26, y + 5, number(x[i]))
        drawing.rectangle(76, (y + 95) / 2 - 10, 32, 20, fill="paper")
        drawing.text(92, (y + 95) / 2 + 5, f"× {number(w[i])}", color="blue", bold=True)
    drawing.text(26, 18, say("输入", "inputs"), size=13, color="soft")
    drawing.text(92, 18, say("权重", "weights"), size=13, color="soft")
    drawing.circle(172, 95, 30, fill="paper", stroke="ink")
    drawing.text(172, 101, number(z), size=18, bold=True)
    drawing.text(172, 55, say("加权和", "weighted sum"), size=13, color="soft")
    drawing.arrow((172, 166), (172, 127), color="purple")
    drawing.text(172, 183, say(f"偏置 {number(b)}", f"bias {number(b)}"), color="purple", bold=True)
    drawing.arrow((203, 95), (284, 95))
    drawing.text(243, 84, say("大于 0？", "above 0?"), size=13, color="soft")
    drawing.circle(304, 95, 19, fill="ink" if z > 0 else "paper", stroke="ink")
    drawing.text(304, 100, "1" if z > 0 else "0", color="paper" if z > 0 else "ink", bold=True)
    drawing.text(304, 55, say("回答", "answer"), size=13, color="soft")
    return drawing


def sliding_line(say: Say) -> list[Drawing]:
    """Where a neuron with weights 1 and 1 says yes, for three biases."""
    panels = []
    for bias in [-2, 0, 2]:
        drawing = Drawing(200, 224)
        plot = Plot(drawing, (-3, 3), (-3, 3), left=26, right=8, top=26, bottom=34)
        plot.axes(ticks((-2, 0, 2)), ticks((-2, 0, 2)))
        plot.region(_neuron([1, 1], bias).forward, color="blue")
        # x₁ + x₂ + bias = 0 runs from one edge of the square to another.
        ends = [(max(-3, -bias - 3), min(3, -bias + 3)), (min(3, -bias + 3), max(-3, -bias - 3))]
        plot.curve(*zip(*ends, strict=True), color="blue")
        plot.title(say(f"偏置 {number(bias)}", f"bias {number(bias)}"))
        panels.append(drawing)
    return panels


def shift_and_steepen(say: Say) -> list[Drawing]:
    """A smooth neuron with one input: the bias shifts its curve, the weight steepens it."""
    panels = []
    xs = np.linspace(-6, 6, 121)
    for title, curves in [
        (say("权重 1，换偏置", "weight 1, three biases"), [(1.0, -2), (1.0, 0), (1.0, 2)]),
        (say("偏置 0，换权重", "bias 0, three weights"), [(0.5, 0), (1.0, 0), (4.0, 0)]),
    ]:
        drawing = Drawing(330, 230)
        plot = Plot(drawing, (-6, 6), (0, 1), left=36, top=30, bottom=42)
        plot.axes(ticks(range(-6, 7, 2)), {0: "0", 0.5: "0.5", 1: "1"}, x_label=say("输入", "input"))
        plot.title(title)
        for (weight, bias), color in zip(curves, ["orange", "blue", "green"], strict=True):
            plot.curve(xs, sigmoid(weight * xs + bias), color=color)
        for (weight, bias), color in zip(curves, ["orange", "blue", "green"], strict=True):
            if curves[0][1]:
                plot.label(-bias - 0.15, 0.6, number(bias), color=color, anchor="end", above=-5)
            else:
                plot.label(np.log(4) / weight + 0.25, 0.78, number(weight), color=color, above=-5)
        panels.append(drawing)
    return panels


@sliders(
    weight=Slider("权重", "weight", np.linspace(-4, 4, 9)),
    bias=Slider("偏置", "bias", np.linspace(-4, 4, 9)),
)
def one_input(say: Say, weight: float = 1, bias: float = 0) -> Drawing:
    """What a smooth neuron with one input answers, for one weight and one bias."""
    drawing = Drawing(330, 230)
    plot = Plot(drawing, (-6, 6), (0, 1), left=36, top=30, bottom=42)
    plot.axes(ticks(range(-6, 7, 2)), {0: "0", 0.5: "0.5", 1: "1"}, x_label=say("输入", "input"))
    constant = f" {'+' if bias > 0 else '−'} {number(abs(bias))}" if bias else ""
    plot.title(f"z = {number(weight)} · x{constant}")
    xs = np.linspace(-6, 6, 97)
    plot.curve(xs, sigmoid(weight * xs + bias), color="blue")
    if weight and abs(bias / weight) <= 6:
        drawing.circle(*plot.at(-bias / weight, 0.5), 4, fill="blue")
    return drawing


def layers(say: Say) -> Drawing:
    """Three inputs, a hidden layer of four neurons, an output layer of two: each neuron looks at all of the layer before."""
    drawing = Drawing(356, 250)
    places = drawing.network(
        [["", "", ""], ["", "", "", ""], ["", ""]], top=46, bottom=10, left=34, right=34, radius=16
    )
    names = [say("输入层", "input layer"), say("隐藏层", "hidden layer"), say("输出层", "output layer")]
    for name, column in zip(names, places, strict=True):
        drawing.text(column[0][0], 18, name, bold=True)
    return drawing


def no_single_line(say: Say) -> list[Drawing]:
    """The four cases of two switches: a line splits "both" and "either", none splits "exactly one"."""
    switches, lamp = xor()
    total = switches.sum(axis=1)
    panels = []
    for title, answers, bias in [
        (say("两个都朝上", "both up"), total == 2, -1.5),
        (say("至少一个朝上", "at least one up"), total >= 1, -0.5),
        (say("恰好一个朝上", "exactly one up"), lamp.ravel() == 1, None),
    ]:
        drawing = Drawing(200, 224)
        plot = Plot(drawing, (-0.5, 1.5), (-0.5, 1.5), left=26, right=8, top=26, bottom=34)
        plot.axes({0: "0", 1: "1"}, {0: "0", 1: "1"})
        if bias is not None:
            plot.region(_neuron([1, 1], bias).forward, color="blue")
            ends = [(max(-0.5, -bias - 1.5), min(1.5, -bias + 0.5)), (min(1.5, -bias + 0.5), max(-0.5, -bias - 1.5))]
            plot.curve(*zip(*ends, strict=True), color="blue")
        plot.points(switches[answers], filled=True)
        plot.points(switches[~answers], filled=False)
        plot.title(title)
        panels.append(drawing)
    return panels


def new_description(say: Say) -> list[Drawing]:
    """The four cases as the switches describe them, and as the hidden layer does, where a line can split them."""
    switches, lamp = xor()
    hidden = np.column_stack([_neuron([1, 1], bias).forward(switches) > 0 for bias in [-0.5, -1.5]]).astype(float)
    panels = []
    for points, x_label, y_label in [
        (switches, say("楼上", "upstairs"), say("楼下", "downstairs")),
        (hidden, say("至少一个朝上", "at least one up"), say("两个都朝上", "both up")),
    ]:
        drawing = Drawing(230, 250)
        plot = Plot(drawing, (-0.5, 1.5), (-0.5, 1.5), left=30, right=10, top=26, bottom=46)
        plot.axes({0: "0", 1: "1"}, {0: "0", 1: "1"}, x_label=x_label, y_label=y_label)
        if points is hidden:
            plot.region(_neuron([1, -1], -0.5).forward, color="blue")
            plot.curve([0, 1.5], [-0.5, 1], color="blue")  # x − y − 0.5 = 0
        on = lamp.ravel() == 1
        plot.points(points[on], filled=True)
        plot.points(points[~on], filled=False)
        panels.append(drawing)
    return panels


def lamp(say: Say) -> Drawing:
    """The three neurons that run the lamp, with their weights and biases, for the switches 1 and 0."""
    x = np.array([[1.0, 0.0]])
    hidden_weights, hidden_biases = np.array([[1, 1], [1, 1]]), [-0.5, -1.5]
    output_weights, output_bias = np.array([[1], [-1]]), -0.5
    hidden = (x @ hidden_weights + hidden_biases > 0).astype(int)[0]
    answer = int((hidden @ output_weights + output_bias > 0).item())
    drawing = Drawing(356, 250)
    places = drawing.network(
        [["1", "0"], [str(h) for h in hidden], [str(answer)]],
        [hidden_weights, output_weights],
        top=40,
        bottom=44,
        left=28,
        right=20,
    )
    for (px, py), bias, name in zip(
        places[1], hidden_biases, [say("至少一个", "at least one"), say("两个", "both")], strict=True
    ):
        above = py < 120
        drawing.text(px, py + (-46 if above else 40), name, bold=True)
        drawing.text(
            px,
            py + (-28 if above else 58),
            say(f"偏置 {number(bias)}", f"bias {number(bias)}"),
            size=drawing.small,
            color="purple",
        )
    px, py = places[2][0]
    drawing.text(
        px,
        py - 28,
        say(f"偏置 {number(output_bias)}", f"bias {number(output_bias)}"),
        size=drawing.small,
        color="purple",
    )
    drawing.text(px, py + 40, say("灯", "lamp"), bold=True)
    for (px, py), name in zip(places[0], [say("楼上", "upstairs"), say("楼下", "downstairs")], strict=True):
        drawing.text(px, py + (-28 if py < 120 else 40), name, bold=True)
    return drawing
