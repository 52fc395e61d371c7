"""Figures of the chapter: training."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from drawing import Array, Drawing, Plot, Say, powers_of_ten, ticks
from scratchml import (
    SGD,
    Adam,
    CrossEntropy,
    Linear,
    MiniBatches,
    Parameter,
    ReLU,
    Sequential,
    digits,
    mean_loss,
    warmup_cosine,
)
from sliders import Slider, sliders

Plan = tuple[str, Callable[[int], float], str]  # its name, the rate of each step, its color


@sliders(variance=Slider("方差 × n", "variance × n", np.linspace(0.1, 4, 40)))
def signal(say: Say, variance: float = 1.0) -> list[Drawing]:
    """The size of the signal through ten layers with ReLU, and of the slopes on the way back."""
    rng = np.random.default_rng(0)
    layers: list[Linear | ReLU] = []
    forward: list[Array] = [rng.normal(size=(64, 128))]
    for _ in range(10):
        layers += [Linear(128, 128, rng=rng, initialization=math.sqrt(variance / 128)), ReLU()]
        forward.append(layers[-1].forward(layers[-2].forward(forward[-1])))
    backward: list[Array] = [rng.normal(size=(64, 128))]
    for relu, linear in zip(layers[::-2], layers[-2::-2], strict=True):
        backward.append(linear.backward(relu.backward(backward[-1])))
    panels = []
    for values, title, x_ticks, color in [
        (forward, say("信号", "signal"), {0: "0", 5: "5", 10: "10"}, "blue"),
        (backward, say("斜率", "slopes"), {0: "10", 5: "5", 10: "0"}, "orange"),
    ]:
        sizes = [float(np.sqrt((array**2).mean())) for array in values]
        drawing = Drawing(330, 230)
        plot = Plot(drawing, (0, 10), (-4.6, 2.5), left=44, right=14, top=30, bottom=44)
        plot.axes(x_ticks, powers_of_ten((-4, -2, 0, 2)), x_label=say("第几层之后", "after layer"))
        last = sizes[-1] / sizes[0]
        shown = f"{last:.1e}" if last < 0.001 else f"{last:.2g}"
        plot.title(say(f"{title}，最后是 {shown} 倍", f"{title}, in the end × {shown}"))
        plot.curve([0, 10], [math.log10(sizes[0])] * 2, color="soft", dashed=True, width=1.5)
        plot.curve(range(11), np.log10(sizes), color=color)
        panels.append(drawing)
    return panels


def floor(say: Say) -> list[Drawing]:
    """A noisy bowl in one dimension: two constant rates, and one that falls."""
    falling = partial(warmup_cosine, peak=0.4, warmup_steps=0, total_steps=200)
    panels: list[tuple[str, list[Plan]]] = [
        (
            say("学习率不变", "constant rate"),
            [("0.4", lambda step: 0.4, "orange"), ("0.02", lambda step: 0.02, "purple")],
        ),
        (say("学习率下降", "falling rate"), [("0.4 → 0", falling, "green")]),
    ]
    return [_noisy(title, plans, say) for title, plans in panels]


def _noisy(title: str, plans: list[Plan], say: Say) -> Drawing:
    drawing = Drawing(330, 230)
    plot = Plot(drawing, (0, 200), (-2, 5.2), left=32, right=14, top=30, bottom=44)
    plot.axes(ticks((0, 100, 200)), ticks((-2, 0, 2, 4)), x_label=say("步", "step"))
    drawing.text(6, plot.top + 4, "w", size=drawing.small, color="soft", italic=True)
    plot.title(title)
    places_of = {"0.4": (85, -1.6), "0.02": (40, 2.8), "0.4 → 0": (40, 1.35)}
    for name, rate_at, color in plans:
        rng = np.random.default_rng(0)
        w = Parameter(np.array([5.0]))
        optimizer = SGD([w], 0.4)
        places = [5.0]
        for step in range(200):
            optimizer.learning_rate = rate_at(step)
            w.gradient = w.value + rng.normal()
            optimizer.step()
            places.append(float(w.value[0]))
        plot.curve(range(201), places, color=color, width=1.5)
        plot.label(*places_of[name], name, color=color, above=0)
    return drawing


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
