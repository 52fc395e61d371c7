"""Figures of the chapter: forward propagation."""

import numpy as np

from drawing import Drawing, Say, between
from scratchml import relu

X = np.array([[1.0, 2.0]])
W1, B1 = np.array([[1.0, -1.0, 0.5], [2.0, 0.0, -1.0]]), np.array([[0.0, 2.0, -0.5]])
W2, B2 = np.array([[1.0], [2.0], [-1.0]]), np.array([[0.5]])


def by_hand(say: Say) -> Drawing:
    """The chapter's network with its weights, and what each neuron puts out for the sample (1, 2)."""
    hidden = relu(X @ W1 + B1)
    output = hidden @ W2 + B2
    drawing = Drawing(356, 280)
    places = drawing.network(
        [[f"{v:g}" for v in row.ravel()] for row in (X, hidden, output)], [W1, W2], left=12, right=12, top=40, bottom=20
    )
    names = [say("输入", "inputs"), say("隐藏层", "hidden layer"), say("输出", "output")]
    for name, column in zip(names, places, strict=True):
        drawing.text(column[0][0], 20, name, bold=True)
    return drawing


def one_layer(say: Say) -> Drawing:
    """x W + b = z, as tables with their shapes."""
    drawing = Drawing(330, 240)
    cell, y = 35, 48
    x = drawing.matrix(1, y, X, name="x", cell=cell)
    w = drawing.matrix(97, y - cell / 2, W1, name="W", cell=cell)
    b = drawing.matrix(224, y, B1, name="b", cell=cell)
    z = drawing.matrix(97, y + 120, X @ W1 + B1, name="z", cell=cell)
    for sign, (px, py) in [("@", between(x.right, w.left)), ("+", between(w.right, b.left)), ("=", (84, z.left[1]))]:
        drawing.text(px, py + 5, sign, size=16)
    return drawing
