"""Figures of chapter 1, machine learning."""

import numpy as np
from drawing import Drawing, Plot

from scratchml import NeuralNetwork, digits, one_hot


def examples(say):
    """An image of each digit among the training images, with its label."""
    images, labels, _, _ = digits()
    drawing = Drawing(400, 190)
    for digit in range(10):
        x, y = 4 + digit % 5 * 80, 4 + digit // 5 * 96
        drawing.pixels(x, y, 64, images[np.flatnonzero(labels == digit)[1]].reshape(8, 8))
        drawing.text(x + 32, y + 84, str(digit), size=15, bold=True)
    return drawing
