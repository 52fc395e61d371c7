"""Figures of the chapter: optimization."""

import math
from collections.abc import Callable
from functools import cache, partial

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


def two_runs(say: Say) -> list[Drawing]:
    """Twenty steps down the bowl, without old slopes and with half of what is left of them."""
    return [
        path_over_the_bowl(_descend(partial(SGD, momentum=beta), 0.6, 20), f"beta {beta:g}", color)
        for beta, color in [(0.0, "orange"), (0.5, "blue")]
    ]


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


@cache
def _angles(beta: float) -> Array:
    """Between the velocity and the gradient of all digits, in degrees, after each of the last 25 batches of an epoch."""
    images, labels, _, _ = digits()
    rng = np.random.default_rng(0)
    model = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng))
    loss, optimizer = CrossEntropy(), SGD(model.parameters(), 0.1)

    def gradient(images: Array, labels: Array) -> Array:
        loss.forward(labels, model.forward(images))
        optimizer.zero_gradients()
        model.backward_to_parameters(loss.backward())
        return optimizer.gradients.copy()

    full = gradient(images, labels)
    v, angles = np.zeros_like(full), []
    for batch_images, batch_labels in MiniBatches(images, labels, 32, rng=1):
        v = beta * v + gradient(batch_images, batch_labels)
        angles.append(np.degrees(np.arccos(v @ full / np.sqrt((v @ v) * (full @ full)))))
    return np.array(angles[20:])


def aim(say: Say) -> Drawing:
    """The velocities of 25 steps, as arrows at their angles to the gradient of all digits."""
    drawing = Drawing(356, 214)
    for number, (beta, color) in enumerate([(0.0, "orange"), (0.5, "blue"), (0.9, "green")]):
        x, y, length = 12 + 117 * number, 106, 84
        drawing.text(x, 16, f"β = {beta:g}", color=color, anchor="start")
        angles = _angles(beta)
        for step, angle in enumerate(np.radians(angles)):
            side = -1 if step % 2 else 1
            end = (x + length * np.cos(angle), y + side * length * np.sin(angle))
            drawing.line([(x, y), end], color=color, width=1)
        drawing.arrow((x, y), (x + length + 14, y), width=2.5)
        drawing.text(x, 204, say(f"平均 {angles.mean():.0f}°", f"mean {angles.mean():.0f}°"), anchor="start")
    return drawing


def floor(say: Say) -> Drawing:
    """How far the noise throws w about, for three pairs of a rate and a momentum."""
    drawing = Drawing(356, 240)
    plot = Plot(drawing, (0, 300), (-2.2, 2.6), left=36, right=12, top=28, bottom=44)
    plot.axes(ticks(range(0, 301, 100)), ticks((-2, -1, 0, 1, 2)), x_label=say("步", "step"), y_label="w")
    for rate, beta, color, width, place in [
        (0.1, 0.9, "blue", 2.0, 2),
        (0.1, 0.0, "orange", 1.25, 108),
        (0.01, 0.9, "green", 2.0, 205),
    ]:
        rng = np.random.default_rng(0)
        w = Parameter(np.array([0.0]))
        optimizer = SGD([w], rate, momentum=beta)
        places = [0.0]
        for _ in range(300):
            w.gradient = w.value + rng.normal()
            optimizer.step()
            places.append(w.value[0])
        plot.curve(range(301), places, color=color, width=width)
        plot.label(place, 2.35, f"η {rate:g}, β {beta:g}", color=color, above=0)
    return drawing


def slant(say: Say) -> list[Drawing]:
    """Twenty steps of gradient descent and of Adam, at the same rate."""
    return [
        path_over_the_bowl(_descend(SGD, 0.3, 20), say("梯度下降", "gradient descent"), "orange"),
        path_over_the_bowl(_descend(Adam, 0.3, 20), "Adam", "purple"),
    ]


MOMENTUM = partial(SGD, momentum=0.9)


@cache
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
        (say("动量", "momentum"), MOMENTUM, "blue"),
        ("Adam", Adam, "purple"),
    ]
    exponents = np.arange(-3, 0.51, 0.25)
    for (name, make, color), place in zip(runners, [-0.02, -1.3, -1.95], strict=True):
        losses = [_loss_on_digits(make, float(10**exponent)) for exponent in exponents]
        plot.curve(exponents, np.log(losses), color=color)
        plot.label(place, math.log(0.04), name, color=color, above=0)
    return drawing
