"""Figures of the chapter: backpropagation-algorithm."""

from itertools import pairwise

import numpy as np

from drawing import Array, Drawing, Say, between
from scratchml import Layer


def layer(say: Say) -> list[Drawing]:
    """The slopes for a layer's weights, and for its inputs, as matrix products with the numbers of the fork."""
    neurons = Layer(2, 2, activation="identity", rng=0)
    neurons.neurons[0].weights[:], neurons.neurons[1].weights[:] = [[1], [1]], [[3], [-1]]
    x, delta = np.array([[1.0, 2.0]]), np.array([[4.0, -2.0]])
    _ = neurons.forward(x)
    dC_dw, _, dC_dx = neurons.gradients(delta)
    w = np.hstack([neuron.weights for neuron in neurons.neurons])
    return [
        _product(say("权重的斜率", "slopes for the weights"), [("xᵀ", x.T), ("δ", delta), ("∂C/∂W", dC_dw)]),
        _product(say("对输入的斜率", "slopes for the inputs"), [("δ", delta), ("Wᵀ", w.T), ("∂C/∂x", dC_dx)]),
    ]


def _product(title: str, factors: list[tuple[str, Array]]) -> Drawing:
    drawing = Drawing(340, 176)
    drawing.title(title)
    cell, gap, middle = 40, 34, 96
    x = (drawing.width - sum(cell * values.shape[1] for _, values in factors) - 2 * gap) / 2
    for sign, (name, values) in zip(["", "×", "="], factors, strict=True):
        drawing.text(x - gap / 2, middle + 6, sign, size=18)
        rows, columns = values.shape
        drawing.matrix(x, middle - rows * cell / 2, values, cell=cell, name=name)
        x += columns * cell + gap
    return drawing


def passes(say: Say) -> Drawing:
    """Forward above, backward below; what goes down from one to the other has to be kept."""
    drawing = Drawing(356, 262)
    centers = [90, 178, 266]
    drawing.text(4, 26, say("正向", "forward"), anchor="start", color="blue", bold=True)
    x = drawing.box((22, 64), "x", color="none", width=28, italic=True)
    loss = drawing.box((334, 112), "C", color="purple", width=36, height=36, italic=True)
    ends = [x]
    forward = [
        drawing.box(
            (center, 64), f"{say('第', 'layer')} {i}{say(' 层', '')}\na = f(z)", color="blue", width=66, height=50
        )
        for i, center in enumerate(centers, 1)
    ]
    backward = [
        drawing.box((center, 160), f"{say('第', 'layer')} {i}{say(' 层', '')}\nδ", color="orange", width=66, height=50)
        for i, center in enumerate(centers, 1)
    ]
    for before, after in pairwise([*ends, *forward]):
        drawing.arrow(before.right, after.left, color="blue")
    drawing.elbow(forward[-1].right, loss.top, x=334, color="blue")
    drawing.elbow(loss.bottom, backward[-1].right, y=160, color="orange")
    for after, before in pairwise(reversed(backward)):
        drawing.arrow(after.left, before.right, color="orange")
    for above, below in zip(forward, backward, strict=True):
        drawing.arrow(above.bottom, below.top, color="soft")
        drawing.note(between(above.bottom, below.top), "x, z")
        drawing.arrow(below.bottom, (below.bottom[0], 214), color="orange")
        drawing.text(below.bottom[0], 232, "∂C/∂W", italic=True, size=drawing.small)
        drawing.text(below.bottom[0], 251, "∂C/∂b", italic=True, size=drawing.small)
    drawing.text(4, 126, say("反向", "backward"), anchor="start", color="orange", bold=True)
    return drawing
