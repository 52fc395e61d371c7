"""Figures of the chapter: gradient descent."""

import numpy as np

from bowl import path_over_the_bowl
from drawing import Array, Drawing, Plot, Say, number, ticks
from scratchml import digits, numerical_gradient, one_hot, squared_error, squared_error_gradient
from sliders import Slider, sliders


def _loss(w: Array) -> float:
    return 1.6 * w[0] ** 2 + 0.05 * w[1] ** 2


def _descend(rate: float) -> list[Array]:
    """Twenty steps down the bowl from (1, 5)."""
    path = [np.array([1.0, 5.0])]
    for _ in range(20):
        path.append(path[-1] - rate * numerical_gradient(_loss, path[-1]))
    return path


def turns(say: Say) -> Drawing:
    """How many degrees too hot the water is, over the first four turns of three people."""
    drawing = Drawing(340, 250)
    plot = Plot(drawing, (0, 4), (-20, 22), left=44, right=16, top=30, bottom=44)
    plot.axes(
        ticks(range(5)),
        ticks((-20, -10, 0, 10, 20)),
        x_label=say("拧了几次", "turns of the tap"),
        y_label=say("高出几度", "degrees too hot"),
    )
    plot.curve([0, 4], [0, 0], color="ink", width=1)
    for rate, color, place in [(1.1, "orange", (2, 16.5)), (0.9, "blue", (0.05, -14)), (0.1, "green", (0.15, 12))]:
        path = 10 * (1 - 2 * rate) ** np.arange(5)
        plot.curve(range(5), path, color=color)
        for turn, degrees in enumerate(path):
            drawing.circle(*plot.at(turn, degrees), 3.5, fill=color)
        plot.label(*place, f"rate {rate:g}", color=color, above=0)
    return drawing


def paths(say: Say) -> list[Drawing]:
    """Twenty steps at three rates."""
    return [
        path_over_the_bowl(_descend(rate), say(f"学习率 {rate}", f"learning rate {rate}"), color)
        for rate, color in [(0.3, "green"), (0.6, "blue"), (0.65, "orange")]
    ]


@sliders(rate=Slider("学习率", "learning rate", np.linspace(0.02, 0.66, 33)))
def descent(say: Say, rate: float = 0.3) -> Drawing:
    """Twenty steps at one rate, and the loss after them."""
    path = _descend(rate)
    loss = _loss(path[-1])
    shown = f"{loss:.2f}" if loss < 100 else f"{loss:,.0f}"
    return path_over_the_bowl(path, say(f"20 步以后的损失：{shown}", f"loss after 20 steps: {shown}"), "blue")


@sliders(
    rate=Slider("学习率", "rate", np.linspace(0.1, 1.1, 11)),
    curvature=Slider("曲率", "curvature", np.linspace(0.5, 4, 8)),
)
def one_number(say: Say, rate: float = 0.9, curvature: float = 2) -> Drawing:
    """Eight steps from w = 10 on the parabola ½ h w², whose curvature is h."""
    drawing = Drawing(340, 250)
    plot = Plot(drawing, (-20, 20), (0, 400), left=40, right=12, top=30, bottom=42)
    plot.axes(ticks((-20, -10, 0, 10, 20)), ticks((0, 100, 200, 300, 400)), x_label="w")
    drawing.text(plot.left - 12, plot.top - 12, "C", size=drawing.small, color="soft")
    factor = 1 - rate * curvature
    product = f"1 − {number(rate)} · {number(curvature)} = {number(round(factor, 3))}"
    plot.title(say(f"每步乘 {product}", f"times {product}"))
    w = np.linspace(-20, 20, 81)
    plot.curve(w, curvature / 2 * w**2, color="soft", width=1.5)
    path = 10 * factor ** np.arange(9)
    color = "blue" if abs(factor) < 0.999 else "orange"
    plot.curve(path, curvature / 2 * path**2, color=color, width=1.5)
    for place in path:
        if abs(place) <= 20 and curvature / 2 * place**2 <= 400:
            drawing.circle(*plot.at(place, curvature / 2 * place**2), 3.5, fill=color)
    drawing.circle(*plot.at(10, curvature / 2 * 100), 5, stroke="ink")
    return drawing


def _digits(batch_size: int, rates: list[float]) -> tuple[Array, Array]:
    """The loss of ten scores without a hidden layer after each step, and when that was; a rate for each epoch."""
    images, labels, _, _ = digits()
    targets = one_hot(labels, 10)
    rng = np.random.default_rng(0)
    W, epochs, losses = np.zeros((64, 10)), [], []
    for epoch, rate in enumerate(rates):
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch_size):
            rows = order[start : start + batch_size]
            W = W - rate * images[rows].T @ squared_error_gradient(targets[rows], images[rows] @ W)
            epochs.append(epoch + (start + len(rows)) / len(images))
            losses.append(squared_error(targets, images @ W))
    return np.array(epochs), np.array(losses)


def noise(say: Say) -> list[Drawing]:
    """All images at once, batches of 32, and these with a rate that is cut after ten epochs."""
    panels: list[Drawing] = []
    names = {"x_label": say("轮次", "epoch"), "y_label": say("损失", "loss")}
    for x, y, x_ticks, y_ticks in [
        ((0, 15), (0.3, 0.9), (0, 5, 10, 15), (0.3, 0.5, 0.7, 0.9)),
        ((7, 15), (0.31, 0.38), (7, 9, 11, 13, 15), (0.32, 0.34, 0.36, 0.38)),
    ]:
        drawing = Drawing(330, 250)
        plot = Plot(drawing, x, y, left=44, right=12, top=30, bottom=44)
        plot.axes(ticks(x_ticks), ticks(y_ticks), **names)
        plot.curve(*_digits(32, [0.05] * 15), color="blue", width=1.25)
        if not panels:
            plot.curve(*_digits(1433, [0.085] * 15), color="orange", width=2)
            plot.label(5, 0.71, "1433, 0.085", color="orange")
            plot.label(2.5, 0.42, "32, 0.05", color="blue")
        else:
            epochs, losses = _digits(32, [0.05] * 10 + [0.005] * 5)
            plot.curve(epochs[epochs > 10], losses[epochs > 10], color="green", width=2)
            plot.label(9.8, 0.314, "32, 0.005", color="green", anchor="end", above=0)
            plot.label(14.9, 0.365, "32, 0.05", color="blue", anchor="end", above=0)
        panels.append(drawing)
    return panels
