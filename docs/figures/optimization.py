"""Figures of the chapter: optimization."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from bowl import path_over_the_bowl
from drawing import Array, Drawing, Plot, Say, powers_of_ten, ticks
from scratchml import (
    SGD,
    Adam,
    CrossEntropy,
    Linear,
    MiniBatches,
    Optimizer,
    Parameter,
    ReLU,
    Sequential,
    digits,
    fit,
    mean_loss,
)
from sliders import Slider, sliders

Maker = Callable[[list[Parameter], float], Optimizer]


def _descend(make: Maker, rate: float, steps: int) -> Array:
    """The places on the way down the bowl from (1, 5), (steps + 1, 2)."""
    w = Parameter(np.array([1.0, 5.0]))
    optimizer = make([w], rate)
    places = [w.value.copy()]
    for _ in range(steps):
        w.gradient = [3.2 * w.value[0], 0.1 * w.value[1]]
        optimizer.step()
        places.append(w.value.copy())
    return np.array(places)


def coordinates(say: Say) -> list[Drawing]:
    """Both numbers over thirty steps, for three settings of the momentum."""
    panels = []
    runs = [
        (beta, color, _descend(partial(SGD, momentum=beta), 0.6, 30))
        for beta, color in [(0.0, "orange"), (0.5, "blue"), (0.9, "green")]
    ]
    for column, name, limits, places in [(0, "w₁", (-1.1, 1.1), (-1, 0, 1)), (1, "w₂", (-4, 5.5), (-4, -2, 0, 2, 4))]:
        drawing = Drawing(330, 230)
        plot = Plot(drawing, (0, 30), limits, left=36, right=8, top=28, bottom=44)
        plot.axes(
            ticks(range(0, 31, 10)),
            ticks(places),
            x_label=say("步", "step"),
            y_label=name,
        )
        for beta, color, points in runs:
            plot.curve(range(31), points[:, column], color=color, width=2 if column else 1.5)
            if not column:
                plot.label({0.0: 11, 0.5: 17, 0.9: 24}[beta], 0.9, f"β = {beta:g}", color=color, above=0)
        panels.append(drawing)
    return panels


@sliders(beta=Slider("动量 β", "momentum β", np.linspace(0, 0.95, 39)))
def bowl(say: Say, beta: float = 0.5) -> Drawing:
    """Twenty steps down the bowl with one momentum, and the loss after them."""
    path = _descend(partial(SGD, momentum=beta), 0.6, 20)
    loss = 1.6 * path[-1, 0] ** 2 + 0.05 * path[-1, 1] ** 2
    return path_over_the_bowl(path, say(f"20 步以后的损失：{loss:.4f}", f"loss after 20 steps: {loss:.4f}"), "blue")


def slant(say: Say) -> list[Drawing]:
    """Twenty steps of gradient descent and of Adam, at the same rate."""
    return [
        path_over_the_bowl(_descend(SGD, 0.3, 20), say("梯度下降", "gradient descent"), "orange"),
        path_over_the_bowl(_descend(Adam, 0.3, 20), "Adam", "purple"),
    ]


def _loss_on_digits(make: Maker, rate: float) -> float:
    """After five epochs, the mean of three seeds."""
    images, labels, _, _ = digits()
    losses = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng, initialization="xavier"))
        optimizer = make(list(model.parameters()), rate)
        fit(model, CrossEntropy(), optimizer, MiniBatches(images, labels, rng=rng), epochs=5)
        losses.append(mean_loss(model, CrossEntropy(), [(images, labels)]))
    return float(np.mean(losses))


def rates(say: Say) -> Drawing:
    """The loss on the digits over the learning rate, for three optimizers."""
    drawing = Drawing(356, 260)
    plot = Plot(drawing, (-3, 0.5), (math.log(0.03), math.log(4)), left=44, right=14, top=28, bottom=44)
    plot.axes(
        powers_of_ten(range(-3, 1)),
        {math.log(v): f"{v:g}" for v in (0.03, 0.1, 0.3, 1, 3)},
        x_label=say("学习率", "learning rate"),
        y_label=say("训练集上的损失", "training loss"),
    )
    runners: list[tuple[str, Maker, str]] = [
        ("SGD", SGD, "orange"),
        (say("动量", "momentum"), partial(SGD, momentum=0.9), "blue"),
        ("Adam", Adam, "purple"),
    ]
    exponents = np.arange(-3, 0.51, 0.125)
    for (name, make, color), place in zip(runners, [-0.02, -1.3, -1.95], strict=True):
        losses = [_loss_on_digits(make, 10**exponent) for exponent in exponents]
        plot.curve(exponents, np.log(losses), color=color)
        plot.label(place, math.log(0.04), name, color=color, above=0)
    return drawing
