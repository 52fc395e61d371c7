"""Figures of the chapter: layer normalization."""

from functools import cache
from typing import Literal

import numpy as np

from drawing import Array, Drawing, Plot, Point, Say, number, powers_of_ten, ticks
from residual_connections import Residual
from scratchml import (
    SGD,
    CrossEntropy,
    LayerNorm,
    Linear,
    MiniBatches,
    Module,
    ReLU,
    Sequential,
    causal_mask,
    digits,
    fit,
    pretrained,
)
from sliders import Slider, sliders
from transformer_map import you_are_here


def here(say: Say) -> Drawing:
    """The map: a LayerNorm stands before attention and before the feed-forward layer."""
    return you_are_here(say, "attention", "feed-forward")


def whose(say: Say) -> list[Drawing]:
    """A batch of two texts, three tokens each, four numbers a token: what is averaged by LayerNorm, and by batch normalization."""
    panels = list[Drawing]()
    for title, color in [
        (say("层归一化", "layer normalization"), "blue"),
        (say("批归一化", "batch normalization"), "orange"),
    ]:
        drawing = Drawing(330, 176)
        drawing.title(title)
        for text, left in enumerate([66, 204]):
            marked = np.zeros((3, 4))
            if color == "blue":
                marked[1] = 1 - text
            else:
                marked[:, 2] = 1
            names = [say("词元 ", "token ") + str(t) for t in range(3)] if text == 0 else []
            grid = drawing.heat_map(left, 66, marked, cell=28, rows=names, color=color, largest=1.6)
            for cut in range(1, 4):
                drawing.line([grid.cell(0, cut).at(-0.02, 0), grid.cell(2, cut).at(-0.02, 1)], color="grid", width=1)
            for cut in range(1, 3):
                drawing.line([grid.cell(cut, 0).at(0, -0.02), grid.cell(cut, 3).at(1, -0.02)], color="grid", width=1)
            drawing.note(grid.top, say("文本 ", "text ") + str(text), "above", gap=9, color="ink")
            drawing.note(grid.bottom, say("C 个数", "C numbers"), "below")
        panels.append(drawing)
    return panels


# The view of space: where the three axes point in the drawing, to the right and up.
AZIMUTH, ELEVATION = np.radians(-35), np.radians(25)
RIGHT = np.array([-np.sin(AZIMUTH), np.cos(AZIMUTH), 0])
UP = np.array([-np.sin(ELEVATION) * np.cos(AZIMUTH), -np.sin(ELEVATION) * np.sin(AZIMUTH), np.cos(ELEVATION)])


def _seen(point: Array) -> Point:
    return 128 + 42 * float(point @ RIGHT), 236 - 42 * float(point @ UP)


@sliders(x3=Slider("第三个数", "the third number", np.linspace(-2, 5, 29)))
def sphere(say: Say, x3: float = 3.0) -> Drawing:
    """The point (1, 2, x₃), moved to the plane of mean 0, and from there to the circle of radius √3."""
    x = np.array([1.0, 2.0, x3])
    x_hat = LayerNorm(3)(x)
    centered = x - x.mean()
    drawing = Drawing(356, 384)
    drawing.text(0, 18, f"x = ({', '.join(number(round(v, 2)) for v in x)})", anchor="start", color="orange", bold=True)
    values = ", ".join(number(round(v + 0.0, 2) + 0.0) for v in x_hat)
    drawing.text(356, 18, f"x̂ = ({values})", anchor="end", color="blue", bold=True)
    origin = np.zeros(3)
    for axis, name in enumerate(["x₁", "x₂", "x₃"]):
        end = np.eye(3)[axis] * 2.4
        drawing.arrow(_seen(origin), _seen(end), color="soft", width=1)
        px, py = _seen(end * 1.13)
        drawing.text(px, py + 5, name, italic=True, size=drawing.small, color="soft")
    ones = np.ones(3)
    drawing.arrow(_seen(origin), _seen(2.4 * ones), color="soft", width=1.5)
    px, py = _seen(2.4 * ones)
    drawing.text(px, py - 8, "(1, 1, 1)", size=drawing.small, color="soft")
    turns = np.linspace(0, 2 * np.pi, 73)
    first, second = np.array([-1, 0, 1]) / np.sqrt(2), np.array([1, -2, 1]) / np.sqrt(6)
    circle = np.sqrt(3) * (np.outer(np.cos(turns), first) + np.outer(np.sin(turns), second))
    corners = [_seen(2.7 * (a * first + b * second)) for a, b in [(1, 1), (1, -1), (-1, -1), (-1, 1), (1, 1)]]
    drawing.line(corners, color="soft", width=1)
    drawing.line([_seen(point) for point in circle], color="blue", width=2)
    drawing.line([_seen(np.array([1.0, 2.0, v])) for v in (-2.0, 5.0)], color="grid", width=2)
    drawing.line([_seen(x), _seen(centered)], color="orange", width=2, dashed=True)
    drawing.line([_seen(centered), _seen(x_hat)], color="green", width=2.5)
    for point, color in [(x, "orange"), (centered, "green"), (x_hat, "blue")]:
        px, py = _seen(point)
        drawing.circle(px, py, 5, fill=color)
    for row, (text, color) in enumerate(
        [(say("减去平均数", "minus the mean"), "orange"), (say("除以标准差", "divided by the deviation"), "green")]
    ):
        drawing.text(356, 354 + 22 * row, text, anchor="end", color=color, size=drawing.small, bold=True)
    return drawing


@sliders(share=Slider("加上去的有多大", "size of what is added", np.linspace(0, 1.2, 25)))
def growth(say: Say, share: float = 1.0) -> Drawing:
    """The size of the stream over fifty layers, each of which adds something `share` times as large as what it reads."""
    drawing = Drawing(356, 270)
    plot = Plot(drawing, (0, 50), (0, 10), left=44, top=66)
    plot.axes(
        ticks([0, 10, 20, 30, 40, 50]),
        powers_of_ten(range(0, 11, 2)),
        x_label=say("层", "layer"),
    )
    for row, (name, normalized, color) in enumerate(
        [
            (say("第 50 层，没有层归一化：", "layer 50, without: "), False, "orange"),
            (say("第 50 层，有层归一化：", "layer 50, with LayerNorm: "), True, "blue"),
        ]
    ):
        sizes = _sizes(share, normalized)
        plot.curve(range(51), np.log10(sizes).tolist(), color=color)
        size = f"{sizes[-1]:.1f}" if sizes[-1] < 1000 else f"{sizes[-1]:,.0f}"
        text = name + size
        drawing.text(0, 18 + 22 * row, text, anchor="start", color=color, bold=True)
    return drawing


@cache
def _sizes(share: float, normalized: bool) -> list[float]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 64))
    norm = LayerNorm(64)
    sizes = [float(x.std())]
    for _ in range(50):
        # Linear wants a size above 0; its weights are drawn all the same.
        linear = Linear(64, 64, rng=rng, initialization=max(share, 1e-9) / 8)
        x = x + linear(norm(x) if normalized else x)
        sizes.append(float(x.std()))
    return sizes


@cache
def _accuracy(depth: int, normalized: bool, rate: float, start: float | Literal["xavier"]) -> float | None:
    """After one epoch on the digits; None where the numbers overflowed."""
    images, labels, test_images, test_labels = digits()
    rng = np.random.default_rng(0)
    parts = list[Module]()
    for _ in range(depth):
        inner: list[Module] = [
            Linear(64, 32, rng=rng),
            ReLU(),
            Linear(32, 64, rng=rng, initialization=start),
        ]
        parts.append(Residual(Sequential(*([LayerNorm(64)] if normalized else []), *inner)))
    if normalized:
        parts.append(LayerNorm(64))
    model = Sequential(*parts, Linear(64, 10, rng=rng, initialization="xavier"))
    try:
        fit(model, CrossEntropy(), SGD(model.parameters(), rate), MiniBatches(images, labels, 32, rng=rng), epochs=1)
        return float((model(test_images).argmax(axis=1) == test_labels).mean())
    except FloatingPointError:
        return None


def rates(say: Say) -> list[Drawing]:
    """Accuracy after one epoch at rates from 10⁻⁶ to 1, with and without LayerNorm, in a shallow and in a deep network; in the deep one also without, but with small starting weights."""
    panels = list[Drawing]()
    for depth in [6, 24]:
        drawing = Drawing(330, 260)
        plot = Plot(drawing, (-6, 0), (0, 1), left=44, top=56)
        plot.title(say(f"{depth} 层", f"{depth} layers"))
        plot.axes(
            powers_of_ten(range(-6, 1, 2)),
            ticks([0, 0.2, 0.4, 0.6, 0.8, 1]),
            x_label=say("学习率", "learning rate"),
            y_label=say("准确率", "accuracy"),
        )
        kinds: list[tuple[bool, float | Literal["xavier"], str]] = [
            (False, "xavier", "orange"),
            (True, "xavier", "blue"),
        ]
        if depth == 24:
            kinds.insert(0, (False, 0.02, "soft"))
        for normalized, start, color in kinds:
            found = {k: _accuracy(depth, normalized, 10.0**k, start) for k in [-6, -5, -4, -3, -2, -1.5, -1, 0]}
            finite = {k: value for k, value in found.items() if value is not None}
            plot.curve(finite, finite.values(), color=color)
            for k, value in found.items():
                px, py = plot.at(k, 0.02 if value is None else value)
                if value is None:
                    for side in (-5, 5):
                        drawing.line([(px - 5, py - side), (px + 5, py + side)], color=color, width=2)
                else:
                    drawing.circle(px, py, 4, fill=color)
        drawing.text(54, 72, say("有层归一化", "with LayerNorm"), anchor="start", color="blue", bold=True)
        drawing.text(54, 92, say("没有", "without"), anchor="start", color="orange", bold=True)
        if depth == 24:
            drawing.text(54, 112, say("没有，权重小", "small weights"), anchor="start", color="soft", bold=True)
        panels.append(drawing)
    return panels


def stream(say: Say) -> Drawing:
    """The size of each token's row in the names model reading "christopher": before the blocks, after them, and normalized."""
    model, tokenizer = pretrained("names")
    tokens = np.array(tokenizer.encode("\nchristopher"))
    x = model.positions(model.token_embedding(tokens))
    sizes = [(say("进入第一块之前", "before the first block"), x.std(axis=1), "soft")]
    for block in model.blocks:
        x = block(x, causal_mask(len(tokens)))
    sizes.append((say("最后一块之后", "after the last block"), x.std(axis=1), "orange"))
    normalized = LayerNorm(x.shape[1])(x)
    sizes.append((say("最后的层归一化之后", "after the last LayerNorm"), normalized.std(axis=1), "blue"))
    drawing = Drawing(356, 270)
    plot = Plot(drawing, (-0.4, 11.4), (0, 1.7), left=40, top=76, bottom=26)
    plot.axes(dict(enumerate(["\\n", *"christopher"])), ticks([0, 0.5, 1, 1.5]))
    for row, (name, values, color) in enumerate(sizes):
        plot.curve(range(len(values)), values.tolist(), color=color, width=1.5)
        for t, value in enumerate(values):
            drawing.circle(*plot.at(t, float(value)), 4, fill=color)
        drawing.text(40, 18 + 20 * (2 - row), name, anchor="start", color=color, bold=True)
    return drawing
