"""Figures of the chapter: optimization."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from drawing import Array, Drawing, Plot, Say, ticks
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
    mean_loss,
    warmup_cosine,
)

Maker = Callable[[list[Parameter], float], Optimizer]


def _descend(make: Maker, rate: float, steps: int, *, falling: bool = False) -> Array:
    """The places on the way down the bowl from (1, 5), (steps + 1, 2)."""
    w = Parameter(np.array([1.0, 5.0]))
    optimizer = make([w], rate)
    places = [w.value.copy()]
    for step in range(steps):
        if falling:
            optimizer.learning_rate = warmup_cosine(step, peak=rate, warmup_steps=0, total_steps=steps)
        w.gradient = [3.2 * w.value[0], 0.1 * w.value[1]]
        optimizer.step()
        places.append(w.value.copy())
    return np.array(places)


def paths(say: Say) -> list[Drawing]:
    """Fifty steps down the bowl by four of the race's runners, each at its best rate."""
    panels = []
    angles = np.linspace(0, 2 * np.pi, 121)
    runners: list[tuple[str, Maker, float, bool, str]] = [
        (say("梯度下降，0.58", "gradient descent, 0.58"), SGD, 0.58, False, "orange"),
        (say("动量 0.5，0.90", "momentum 0.5, 0.90"), partial(SGD, momentum=0.5), 0.9, False, "blue"),
        (say("Adam 0.9，0.32", "Adam 0.9, 0.32"), Adam, 0.32, False, "purple"),
        (say("Adam 0.9，从 0.58 下降", "Adam 0.9, falling from 0.58"), Adam, 0.58, True, "green"),
    ]
    for title, make, rate, falling, color in runners:
        drawing = Drawing(330, 210)
        plot = Plot(drawing, (-3, 6), (-2.4, 2.4), left=36, right=8, top=28, bottom=40)
        plot.axes(
            ticks(range(-2, 7, 2)),
            ticks((-2, -1, 0, 1, 2)),
            x_label="w₂",
        )
        drawing.text(12, plot.top + 6, "w₁", size=13, color="soft")
        plot.title(title)
        for level in [0.05, 0.2, 0.4]:  # ovals whose half-axes are √(level / 1.6) and √(level / 0.05)
            plot.curve(
                np.sqrt(level / 0.05) * np.cos(angles), np.sqrt(level / 1.6) * np.sin(angles), color="soft", width=0.75
            )
        places = _descend(make, rate, 50, falling=falling)
        plot.curve(places[:, 1], places[:, 0], color=color, width=1.5)
        for w1, w2 in places:
            drawing.circle(*plot.at(w2, w1), 3, fill=color)
        drawing.circle(*plot.at(0, 0), 3.5, stroke="ink")
        panels.append(drawing)
    return panels


def coordinates(say: Say) -> list[Drawing]:
    """Both numbers over thirty steps at the rate 0.6, for three settings of the momentum."""
    panels = []
    runs = [
        (momentum, color, _descend(partial(SGD, momentum=momentum), 0.6, 30))
        for momentum, color in [(0.0, "orange"), (0.5, "blue"), (0.9, "green")]
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
        for momentum, color, points in runs:
            plot.curve(range(31), points[:, column], color=color, width=2 if column else 1.5)
            if not column:
                plot.label({0.0: 11, 0.5: 17, 0.9: 24}[momentum], 0.9, f"β = {momentum:g}", color=color, above=0)
        panels.append(drawing)
    return panels


def leaving(say: Say) -> list[Drawing]:
    """Adam's distance from the bottom over 6,000 steps, at a constant and at a falling rate, and its effective rate for w₁."""
    left, right = Drawing(330, 240), Drawing(330, 240)
    steps = {v: f"{v:,}" for v in (0, 2000, 4000, 6000)}
    distance = Plot(left, (0, 6000), (-140, 10), left=52, right=26, top=28, bottom=44)
    powers = {0: "1", -40: "10⁻⁴⁰", -80: "10⁻⁸⁰", -120: "10⁻¹²⁰"}
    distance.axes(steps, powers, x_label=say("步", "step"), y_label=say("离碗底的距离", "distance from the bottom"))
    rate = Plot(right, (0, 6000), (0, 16), left=36, right=26, top=28, bottom=44)
    rate.axes(
        steps,
        ticks((0, 4, 8, 12, 16)),
        x_label=say("步", "step"),
        y_label=say("w₁ 的有效学习率", "effective rate of w₁"),
    )
    limit = 3.8 / 0.1 / 3.2
    rate.curve([0, 6000], [limit, limit], color="soft", dashed=True, width=1.5)
    for falling, color in [(False, "purple"), (True, "green")]:
        w = Parameter(np.array([1.0, 5.0]))
        optimizer = Adam([w], 0.3)
        distances, rates = [], []
        for step in range(6000):
            if falling:
                optimizer.learning_rate = warmup_cosine(step, peak=0.3, warmup_steps=0, total_steps=6000)
            w.gradient = [3.2 * w.value[0], 0.1 * w.value[1]]
            optimizer.step()
            distances.append(np.abs(w.value).max())
            rates.append(
                optimizer.learning_rate / math.sqrt(optimizer.mean_square[0] / (1 - optimizer.beta2**optimizer.steps))
            )
        blocks = np.log10(np.reshape(distances, (120, 50)).max(axis=1))
        distance.curve(np.arange(25, 6000, 50), blocks, color=color, width=2)
        rate.curve(range(0, 6000, 25), rates[::25], color=color, width=2)
    distance.label(4300, -8, say("不变", "constant"), color="purple", anchor="end", above=0)
    distance.label(3100, -112, say("下降", "falling"), color="green", above=0)
    rate.label(2700, 8.6, say("不变", "constant"), color="purple", above=0, anchor="end")
    rate.label(2400, 1.6, say("下降", "falling"), color="green", above=0)
    right.text(rate.left + 8, rate.at(0, limit)[1] - 7, say("界限", "limit"), anchor="start", size=13, color="soft")
    return [left, right]


def schedule(say: Say) -> list[Drawing]:
    """Two schedules of Adam, and the training loss along the way for three seeds each."""
    images, labels, _, _ = digits()
    left, right = Drawing(330, 240), Drawing(330, 240)
    steps = ticks((0, 45, 135, 225))
    rates = Plot(left, (0, 225), (0, 0.11), left=42, right=16, top=28, bottom=44)
    rates.axes(steps, ticks((0, 0.05, 0.1)), x_label=say("步", "step"), y_label=say("学习率", "learning rate"))
    losses = Plot(right, (0, 225), (math.log(0.02), math.log(3)), left=42, right=16, top=28, bottom=44)
    losses.axes(
        steps,
        {math.log(v): f"{v:g}" for v in (0.03, 0.1, 0.3, 1)},
        x_label=say("步", "step"),
        y_label=say("训练集上的损失", "training loss"),
    )
    falling = partial(warmup_cosine, peak=0.1, warmup_steps=45, total_steps=225)
    schedules: list[tuple[Callable[[int], float], str]] = [(lambda step: 0.02, "purple"), (falling, "green")]
    for rate_at, color in schedules:
        rates.curve(range(226), [rate_at(step) for step in range(226)], color=color)
        for seed in range(3):
            rng = np.random.default_rng(seed)
            model = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng, initialization="xavier"))
            optimizer, loss = Adam(model.parameters(), 0.02), CrossEntropy()
            batches = MiniBatches(images, labels, rng=rng)
            measured = [mean_loss(model, loss, [(images, labels)])]
            for step, (rows, targets) in enumerate(batch for _ in range(5) for batch in batches):
                optimizer.learning_rate = rate_at(step)
                loss.forward(targets, model.forward(rows))
                optimizer.zero_gradients()
                model.backward_to_parameters(loss.backward())
                optimizer.step()
                if step % 9 == 8:
                    measured.append(mean_loss(model, loss, [(images, labels)]))
            losses.curve(range(0, 226, 9), np.log(measured), color=color, width=1.2)
    rates.label(110, 0.094, say("预热，余弦退火", "warm-up, cosine"), color="green", above=0)
    rates.label(70, 0.02, say("不变", "constant"), color="purple", above=6)
    losses.label(150, math.log(0.16), say("不变", "constant"), color="purple", above=0)
    losses.label(120, math.log(0.028), say("预热，余弦退火", "warm-up, cosine"), color="green", above=0, anchor="end")
    return [left, right]
