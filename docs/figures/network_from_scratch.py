"""Figures of the chapter: a network from scratch."""

from functools import cache
from typing import Any, Literal

import numpy as np

from drawing import Anchor, Array, Drawing, Plot, Say, powers_of_ten
from scratchml import NeuralNetwork, digits, one_hot, squared_error_gradient, xor

EPOCHS = 1200


@cache
def _lamp(seed: int, hidden: int, **options: Any) -> tuple[list[float], bool]:
    """The loss of a network for XOR every 20 epochs, and whether it puts out 0 for everything before it has learned."""
    switches, lamp = xor()
    network = NeuralNetwork([2, hidden, 1], rng=seed, **options)
    dead = not network.predict(switches).any()
    losses = [network.mse_loss(lamp, network.predict(switches))]
    for _ in range(EPOCHS // 20):
        if losses[-1] > 1e-4 and not (
            dead and options.get("output_activation") != "identity"
        ):  # the others don't move any more
            network.train(switches, lamp, 20, 0.1, report_every=0)
        losses.append(network.mse_loss(lamp, network.predict(switches)))
    return losses, dead


def twenty_runs(say: Say) -> list[Drawing]:
    """Twenty seeds of a network for XOR: as in the tutorial, with an output that can't die, and with more hidden neurons."""
    charts: list[tuple[str, str, dict[str, Any]]] = [
        (say("输出层 ReLU", "output: ReLU"), "orange", {"hidden": 4}),
        (say("输出层恒等", "output: identity"), "purple", {"hidden": 4, "output_activation": "identity"}),
        (
            say("恒等，8 个隐藏神经元", "identity, 8 hidden neurons"),
            "purple",
            {"hidden": 8, "output_activation": "identity", "initialization": "he"},
        ),
    ]
    panels = []
    for title, color, options in charts:
        drawing = Drawing(330, 250)
        plot = Plot(drawing, (0, EPOCHS), (0, 0.55), left=40, right=24, top=46, bottom=42)
        plot.axes(
            {e: f"{e:,}" for e in range(0, EPOCHS + 1, 400)},
            {0: "0", 0.25: "0.25", 0.5: "0.5"},
            x_label=say("轮次", "epoch"),
            y_label=say("损失", "loss"),
        )
        plot.title(title)
        runs = [_lamp(seed, **options) for seed in range(20)]
        epochs = np.arange(0, EPOCHS + 1, 20)
        learned = [losses for losses, _ in runs if losses[-1] < 0.01]
        stuck = [losses for losses, _ in runs if losses[-1] >= 0.01]
        for losses in learned:
            plot.curve(epochs, losses, color="blue", width=1.2)  # larger weights begin with larger losses, over the top
        for losses in stuck:
            plot.curve(epochs, losses, color=color, width=2.2, dashed=True)
        if color == "orange":
            if any(not dead for losses, dead in runs if losses[-1] >= 0.01):
                raise ValueError("a run is stuck although its output was alive: the label would be wrong")
            plot.label(
                EPOCHS,
                0.5,
                say(f"{len(stuck)} 个：输出神经元一开始就死了", f"{len(stuck)}: output dead from the start"),
                color=color,
                anchor="end",
                above=-18,
            )
        elif stuck:
            plot.label(
                EPOCHS,
                0.25,
                say(f"{len(stuck)} 个：活着的隐藏神经元太少", f"{len(stuck)}: too few living hidden neurons"),
                color=color,
                anchor="end",
            )
        where: tuple[float, Anchor] = (EPOCHS, "end") if stuck else (330, "start")  # clear of the curves
        plot.label(
            where[0], 0, say(f"{len(learned)} 个学会了", f"{len(learned)} learned"), color="blue", anchor=where[1]
        )
        panels.append(drawing)
    return panels


Scale = float | Literal["he"]
SCALES: dict[Scale, tuple[str, bool]] = {0.01: ("orange", True), "he": ("blue", False), 1.0: ("purple", True)}


def signal(say: Say) -> list[Drawing]:
    """How large the signal is after each layer, and the slopes that each layer is handed back, at three scales."""
    data = digits()
    images, targets = data.train_images[:400], one_hot(data.train_labels[:400], 10)
    forward: dict[tuple[Scale, int], list[float]] = {}
    backward: dict[tuple[Scale, int], list[float]] = {}
    for scale in SCALES:
        for seed in range(5):
            network = NeuralNetwork(
                [64, 32, 32, 32, 32, 10], output_activation="identity", initialization=scale, rng=seed
            )
            x: Array = images
            forward[scale, seed] = [_size(x)]
            for layer in network.layers:
                x = layer.forward(x)
                forward[scale, seed].append(_size(x))
            gradient = squared_error_gradient(targets, x)
            sizes = [_size(gradient)]
            for layer in reversed(network.layers[1:]):
                _, _, gradient = layer.gradients(gradient)
                sizes.append(_size(gradient))
            backward[scale, seed] = [size / sizes[0] for size in reversed(sizes)]
    panels = []
    for title, curves, first in [
        (say("往前：信号的大小", "forward: the signal"), forward, 0),
        (say("往回：斜率的大小", "backward: the slopes"), backward, 1),
    ]:
        drawing = Drawing(330, 270)
        plot = Plot(drawing, (first, 5), (-8, 4), left=46, right=58, top=30, bottom=42)
        plot.axes(
            {n: str(n) if n else say("输入", "input") for n in range(first, 6)},
            powers_of_ten(range(-8, 5, 2)),
            x_label=say("层", "layer"),
        )
        plot.title(title)
        for (scale, seed), sizes in curves.items():
            color, dashed = SCALES[scale]
            plot.curve(range(first, 6), np.log10(sizes), color=color, dashed=dashed, width=0.75 if seed else 2.5)
        for scale, (color, _) in SCALES.items():
            name = f'"{scale}"' if scale == "he" else f"{scale}"
            if curves is forward:
                plot.label(5.1, np.log10(curves[scale, 0][-1]), name, color=color, above=-5)
            else:
                plot.label(1.1, np.log10(curves[scale, 0][0]), name, color=color, above=-18 if scale == 0.01 else 8)
        panels.append(drawing)
    return panels


def _size(numbers: Array) -> float:
    return np.sqrt((numbers**2).mean())


def sorted_batches(say: Say) -> Drawing:
    """The share of each digit read correctly after each batch of an epoch, when the images are sorted by their labels."""
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
