"""Figures of the chapter: a network from scratch."""

from functools import cache
from typing import Any

import numpy as np

from drawing import Array, Drawing, Plot, Say, number, powers_of_ten
from scratchml import NeuralNetwork, digits, one_hot, squared_error_gradient, xor
from sliders import Slider, sliders

RATE = 0.1
STARTS: dict[str, dict[str, Any]] = {
    "relu": {"initialization": 1.0},
    "identity": {"initialization": 1.0, "output_activation": "identity"},
    "wide": {"initialization": "he", "output_activation": "identity"},
}


@cache
def _losses(start: str, hidden: int, epochs: int, seed: int) -> list[float]:
    """The loss of a network for XOR every 10 epochs."""
    switches, lamp = xor()
    network = NeuralNetwork([2, hidden, 1], rng=seed, **STARTS[start])
    losses = [network.mse_loss(lamp, network.predict(switches))]
    for _ in range(epochs // 10):
        if losses[-1] > 1e-3:  # below, nothing more is seen
            network.train(switches, lamp, 10, RATE, report_every=0)
        losses.append(network.mse_loss(lamp, network.predict(switches)))
    return losses


def _chart(title: str, epochs: int, say: Say) -> Plot:
    plot = Plot(Drawing(340, 260), (0, epochs), (0, 0.78), left=44, right=24, top=46, bottom=42)
    plot.axes(
        {e: f"{e:,}" for e in range(0, epochs + 1, epochs // 3)},
        {0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75"},
        x_label=say("轮次", "epoch"),
        y_label=say("损失", "loss"),
    )
    plot.title(title)
    return plot


def twenty_runs(say: Say) -> Drawing:
    """Twenty seeds of a network for XOR with ReLU on the output, colored by the lit positions in which the output neuron is off in the end."""
    epochs = 300
    plot = _chart(say("二十个种子", "twenty seeds"), epochs, say)
    kinds = {
        0.5: ("orange", True, say("{} 个：两处该亮的都没激活", "{}: off in both lit positions")),
        0.25: ("purple", True, say("{} 个：一处该亮的没激活", "{}: off in one lit position")),
        0.0: ("blue", False, say("{} 个学会了", "{} learned")),
    }
    runs = [_losses("relu", 4, epochs, seed) for seed in range(20)]
    counted = 0
    for level, (color, dashed, label) in kinds.items():
        own = [losses for losses in runs if abs(losses[-1] - level) < 0.02]
        counted += len(own)
        for losses in own:
            plot.curve(np.arange(0, epochs + 1, 10), losses, color=color, dashed=dashed, width=1.5)
        plot.label(epochs, level, label.format(len(own)), color=color, anchor="end")
    if counted < len(runs):
        raise ValueError("a run ended at another loss: the labels would be wrong")
    return plot.drawing


def cured(say: Say) -> list[Drawing]:
    """The same twenty seeds with an output that can't die, and with eight hidden neurons."""
    epochs, panels = 1200, []
    for start, hidden, title in [
        ("identity", 4, say("恒等，4 个隐藏神经元", "identity, 4 hidden neurons")),
        ("wide", 8, say("恒等，8 个隐藏神经元", "identity, 8 hidden neurons")),
    ]:
        plot = _chart(title, epochs, say)
        runs = [_losses(start, hidden, epochs, seed) for seed in range(20)]
        stuck = [losses for losses in runs if losses[-1] > 0.02]
        for losses in runs:
            missed = losses[-1] > 0.02
            plot.curve(
                np.arange(0, epochs + 1, 10), losses, color="purple" if missed else "blue", dashed=missed, width=1.5
            )
        if stuck:
            label = say(f"{len(stuck)} 个：有用的隐藏神经元太少", f"{len(stuck)}: too few useful hidden neurons")
            plot.label(epochs, 0.25, label, color="purple", anchor="end")
        learned = len(runs) - len(stuck)
        plot.label(
            epochs, 0 if stuck else 0.3, say(f"{learned} 个学会了", f"{learned} learned"), color="blue", anchor="end"
        )
        panels.append(plot.drawing)
    return panels


@cache
def _before_and_after(seed: int) -> list[tuple[float, Array, Array]]:
    """Of one of the twenty, before and after training: the loss, for each hidden neuron the positions in which it is on, and z of
    the output neuron in each position.
    """
    switches, lamp = xor()
    network = NeuralNetwork([2, 4, 1], rng=seed, **STARTS["relu"])
    looks = []
    for epochs in (0, 300):
        if epochs:
            network.train(switches, lamp, epochs, RATE, report_every=0)
        loss = network.mse_loss(lamp, network.predict(switches))
        counts = (network.layers[0].forward(switches) > 0).sum(axis=0)
        looks.append((loss, counts, network.layers[1].neurons[0].last_pre_activation[:, 0].copy()))
    return looks


@sliders(seed=Slider("种子", "seed", range(20)))
def one_run(say: Say, seed: float = 2) -> Drawing:
    """One of the twenty, before and after training: the hidden neurons that are on somewhere, and z of the output neuron."""
    switches, lamp = xor()
    drawing = Drawing(350, 322)
    titles = [say("训练之前", "before training"), say("300 轮之后", "after 300 epochs")]
    for left, title, (loss, counts, zs) in zip([0, 180], titles, _before_and_after(int(seed)), strict=True):
        drawing.text(left + 85, 18, title, bold=True)
        layers = [["x₁", "x₂"], [str(count) for count in counts], ["z"]]
        _, hidden, _ = drawing.network(layers, left=left + 4, right=350 - left - 166, top=30, bottom=96, radius=17)
        for count, (x, y) in zip(counts, hidden, strict=True):
            color = "ink" if count else "orange"
            drawing.circle(x, y, 17, fill="paper", stroke=color, width=2)
            drawing.text(x, y + 5, str(count), color=color, bold=True)
        for i, (position, light) in enumerate(zip(switches, lamp.ravel(), strict=True)):
            x, z = left + 22 + 42 * i, zs[i]
            color = "soft" if not light else "blue" if z > 0 else "orange"
            drawing.text(x, 254, "".join(f"{switch:.0f}" for switch in position), size=drawing.small, color="soft")
            drawing.text(x, 276, number(round(float(z), 1) + 0.0), color=color, bold=bool(light))
        drawing.text(left + 85, 312, say(f"损失 {loss:.2f}", f"loss {loss:.2f}"), bold=True)
    return drawing


@cache
def _sizes(scale: float, seed: int) -> tuple[list[float], list[float]]:
    """The size of the signal from the input to the output, and of the slopes from the first layer's output to the last's."""
    data = digits()
    x: Array = data.train_images[:200]
    targets = one_hot(data.train_labels[:200], 10)
    network = NeuralNetwork([64, 32, 32, 32, 32, 10], output_activation="identity", initialization=scale, rng=seed)
    forward = [_size(x)]
    for layer in network.layers:
        x = layer.forward(x)
        forward.append(_size(x))
    gradient = squared_error_gradient(targets, x)
    backward = [_size(gradient)]
    for layer in reversed(network.layers[1:]):
        _, _, gradient = layer.gradients(gradient)
        backward.insert(0, _size(gradient))
    return forward, backward


def _size(numbers: Array) -> float:
    return float(np.abs(numbers).mean())


SCALES = [float(f"{scale:.2g}") for scale in np.geomspace(0.01, 1, 33)]


@sliders(scale=Slider("权重的尺度", "scale of the weights", SCALES))
def signal(say: Say, scale: float = 0.01) -> Drawing:
    """How large the signal is after each layer, and the slopes that each layer is handed back."""
    drawing = Drawing(340, 290)
    plot = Plot(drawing, (0, 5), (-8, 4), left=46, right=16, top=30, bottom=60)
    plot.axes(
        {n: str(n) if n else say("输入", "input") for n in range(6)},
        powers_of_ten(range(-8, 5, 2)),
        x_label=say("层", "layer"),
    )
    plot.title(say(f"尺度 {number(scale)}", f"scale {number(scale)}"))
    for seed in range(3):
        forward, backward = _sizes(scale, seed)
        plot.curve(range(6), np.log10(forward), color="blue", width=1 if seed else 2.5)
        plot.curve(range(1, 6), np.log10(backward) - np.log10(backward[-1]), color="orange", dashed=True, width=1.5)
    drawing.line([(64, 280), (88, 280)], color="blue")
    drawing.text(94, 285, say("信号，往前", "signal, forward"), anchor="start", size=drawing.small, color="blue")
    drawing.line([(200, 280), (224, 280)], color="orange", dashed=True)
    drawing.text(230, 285, say("斜率，往回", "slopes, back"), anchor="start", size=drawing.small, color="orange")
    return drawing


@cache
def _known() -> Array:
    """The share of each digit read correctly after each batch of an epoch with images sorted by their labels: (10, batches)."""
    data = digits()
    order = data.train_labels.argsort(kind="stable")
    images, labels = data.train_images[order], data.train_labels[order]
    targets = one_hot(labels, 10)
    network = NeuralNetwork([64, 32, 10], output_activation="identity", rng=0)
    network.train(images, targets, 1, 0.2, report_every=0)
    known = np.zeros((10, 45))
    for batch, start in enumerate(range(0, len(images), 32)):
        rows = slice(start, start + 32)
        network.train(images[rows], targets[rows], 1, 0.2, report_every=0)
        right = network.predict(data.test_images).argmax(axis=1) == data.test_labels
        known[:, batch] = [right[data.test_labels == digit].mean() for digit in range(10)]
    return known


def sorted_batches(say: Say) -> Drawing:
    """Which digits are read correctly after each batch of an epoch, when the images are sorted by their labels."""
    known = _known()
    if np.any((known > 0.1) & (known < 0.5)):
        raise ValueError("a cell is neither full nor empty: the caption would be wrong")
    drawing = Drawing(330, 268)
    left, top, width, height = 26, 14, 6.5, 20
    for digit in range(10):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], known[digit] > 0.5, [0]])))
        for start, end in edges.reshape(-1, 2):
            drawing.rectangle(left + start * width, top + digit * height, (end - start) * width, height, fill="blue")
        drawing.text(left - 8, top + digit * height + 15, str(digit), anchor="end", size=13, color="soft")
    drawing.rectangle(left, top, 45 * width, 10 * height, stroke="soft", line_width=1)
    for batch in (1, 15, 30, 45):
        drawing.text(left + (batch - 0.5) * width, top + 10 * height + 18, str(batch), size=13, color="soft")
    drawing.text(left + 45 * width / 2, top + 10 * height + 36, say("批", "batch"), size=13, color="soft")
    return drawing
