"""Figures of the chapter: forward propagation."""

import numpy as np

from drawing import Drawing, Say
from scratchml import relu

X = np.array([[1.0, 2.0]])
W1, B1 = np.array([[1.0, -1.0, 0.5], [2.0, 0.0, -1.0]]), np.array([[0.0, 2.0, -0.5]])
W2, B2 = np.array([[1.0], [2.0], [-1.0]]), np.array([[0.5]])


def by_hand(say: Say) -> Drawing:
    """The chapter's network with its weights, and what each neuron puts out for the sample (1, 2)."""
    hidden = relu(X @ W1 + B1)
    output = hidden @ W2 + B2
    drawing = Drawing(420, 300)
    places = drawing.network(
        [[f"{v:g}" for v in row.ravel()] for row in (X, hidden, output)], [W1, W2], left=24, right=24, top=40, bottom=20
    )
    names = [say("输入", "inputs"), say("隐藏层", "hidden layer"), say("输出", "output")]
    for name, column in zip(names, places, strict=True):
        drawing.text(column[0][0], 20, name, bold=True)
    return drawing


def one_layer(say: Say) -> Drawing:
    """x W + b = z, as tables with their shapes."""
    drawing = Drawing(420, 150)
    cell, y = 31, 48
    drawing.matrix(0.5, y, X, name="x", cell=cell)
    drawing.matrix(82, y - cell / 2, W1, name="W", cell=cell)
    drawing.matrix(202, y, B1, name="b", cell=cell)
    drawing.matrix(322, y, X @ W1 + B1, name="z", cell=cell)
    drawing.text(73, y + 21, "@", size=15)
    drawing.text(189, y + 21, "+", size=16)
    drawing.text(309, y + 21, "=", size=16)
    return drawing
