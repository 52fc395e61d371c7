"""Figures of the chapter: residual connections."""

from functools import cache

import numpy as np

from drawing import Array, Drawing, Plot, Say, between, number, powers_of_ten, scientific, ticks
from scratchml import (
    Adam,
    CrossEntropy,
    Linear,
    MiniBatches,
    Module,
    Sequential,
    Tanh,
    causal_mask,
    digits,
    fit,
    names,
    pretrained,
)
from sliders import Slider, sliders
from transformer_map import you_are_here


def here(say: Say) -> Drawing:
    """The map of part II, with the two stations that have a residual connection in color."""
    return you_are_here(say, "attention", "feed-forward")


class Residual(Module):
    """x + layer(x)."""

    def __init__(self, layer: Module) -> None:
        self.layer = layer

    def _forward(self, x: Array) -> tuple[Array, tuple[()]]:
        return x + self.layer(x), ()

    def _backward(self, gradient: Array) -> Array:
        gone_through: Array = self.layer.backward(gradient)
        return gradient + gone_through


DEPTH, WIDTH = 50, 64


@cache
def _sizes(factor: float, keep: int, seed: int) -> list[float]:
    """The size of the gradient behind each layer, from the last one back to before the first."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1, WIDTH))
    layers = []
    for _ in range(DEPTH):
        linear = Linear(WIDTH, WIDTH, rng=rng, initialization=factor / np.sqrt(WIDTH))
        layers.append(Sequential(linear, Tanh()))
        x = keep * x + layers[-1](x)
    gradient = np.ones((1, WIDTH))
    sizes = [1.0]
    for layer in reversed(layers):
        gradient = keep * gradient + layer.backward(gradient)
        sizes.append(float(np.sqrt((gradient**2).mean())))
    return sizes


@sliders(factor=Slider("权重的大小", "size of the weights", np.arange(2, 21) / 10))
def left(say: Say, factor: float = 0.5) -> Drawing:
    """What is left of the gradient, layer by layer, plain and residual, for weights of several sizes."""
    drawing = Drawing(356, 300)
    plot = Plot(drawing, (0, DEPTH), (-36, 10), left=52, right=20, top=34, bottom=46)
    plot.axes(
        {0: "50", 10: "40", 20: "30", 30: "20", 40: "10", 49: "1"},
        powers_of_ten(range(-35, 10, 5)),
        x_label=say("← 往回走，到第几层", "going back: layer"),
        y_label=say("梯度剩下多少", "left of the gradient"),
    )
    for keep, color in [(0, "orange"), (1, "blue")]:
        for seed in range(5):
            sizes = _sizes(factor, keep, seed)
            plot.curve(range(DEPTH + 1), np.log10(sizes), color=color, width=1.5)
    plain, residual = _sizes(factor, 0, 0)[-1], _sizes(factor, 1, 0)[-1]
    plot.label(2, 8.2, say("残差：", "residual: ") + _short(residual), color="blue", above=0)
    plot.label(2, -34.5, say("普通：", "plain: ") + _short(plain), color="orange", above=0)
    return drawing


def _short(value: float) -> str:
    """A number such as 12 or 4 · 10⁻¹⁶."""
    if 0.01 <= value < 1000:
        return number(float(f"{value:.2g}"))
    return scientific(value)


SLOPES = (0.5, -0.2)


def _path(drawing: Drawing, x: float, title: str, through: tuple[bool, bool]) -> None:
    """Two residual layers, one above the other around `x`, with one path in color, and its slope at the end."""
    drawing.title(title, x=x)
    bottom = drawing.box((x, 262), "x", width=30, height=26, color="none", italic=True).top
    value = 1.0
    for layer, inside in enumerate(through):
        slope = SLOPES[layer]
        value *= slope if inside else 1
        middle = 205 - 92 * layer
        box = drawing.box((x, middle), f"f_{layer + 1}", width=44, height=30, color="blue" if inside else "soft")
        plus = drawing.join((x, middle - 40), color="ink")
        fork = between(bottom, box.bottom, 0.4)
        if inside:
            drawing.elbow(fork, plus.right, x=x + 40, color="soft", width=1.2)
            drawing.arrow(bottom, box.bottom, color="blue", width=2.5)
            drawing.arrow(box.top, plus.bottom, color="blue", width=2.5)
            drawing.note(box.left, number(slope), "left", color="blue", bold=True)
        else:
            drawing.arrow(fork, box.bottom, color="soft", width=1.2)
            drawing.arrow(box.top, plus.bottom, color="soft", width=1.2)
            drawing.line([bottom, fork], color="blue", width=2.5)
            drawing.elbow(fork, plus.right, x=x + 40, color="blue", width=2.5)
            drawing.note((x + 40, middle), "1", "right", color="blue", bold=True)
        bottom = plus.top
    drawing.arrow(bottom, (x, bottom[1] - 18), color="blue", width=2.5)
    drawing.note((x, bottom[1] - 18), number(value), "above", gap=4, color="blue", bold=True)


def paths(say: Say) -> list[Drawing]:
    """The four paths through two residual layers, each with its slope."""
    panels = []
    for pair in [
        [(say("都绕过去", "around both"), (False, False)), (say("只过第一层", "through the first"), (True, False))],
        [(say("只过第二层", "through the second"), (False, True)), (say("两层都过", "through both"), (True, True))],
    ]:
        drawing = Drawing(320, 280)
        for x, (title, through) in zip((80, 240), pair, strict=True):
            _path(drawing, x, title, through)
        panels.append(drawing)
    return panels


DEPTHS = [1, 5, 10, 20, 30, 50]


@cache
def _accuracies() -> dict[tuple[float, bool], list[float]]:
    """The test accuracy for each depth: the means of two seeds; by the size of the weights, and plain or residual."""
    images, labels, test_images, test_labels = digits()
    found: dict[tuple[float, bool], list[float]] = {}
    for factor, residual in [(0.5, False), (1.0, False), (0.5, True), (1.0, True)]:
        found[factor, residual] = []
        for depth in DEPTHS:
            accuracies = []
            for seed in range(2):
                rng = np.random.default_rng(seed)
                layers: list[Module] = [Linear(64, 32, rng=rng, initialization="xavier")]
                for _ in range(depth):
                    layer = Sequential(Linear(32, 32, rng=rng, initialization=factor / np.sqrt(32)), Tanh())
                    layers.append(Residual(layer) if residual else layer)
                model = Sequential(*layers, Linear(32, 10, rng=rng, initialization="xavier"))
                batches = MiniBatches(images, labels, 64, rng=rng)
                fit(model, CrossEntropy(), Adam(model.parameters(), learning_rate=0.003), batches, epochs=3)
                accuracies.append(float((model(test_images).argmax(axis=1) == test_labels).mean()))
            found[factor, residual].append(float(np.mean(accuracies)))
    return found


def depth(say: Say) -> Drawing:
    """The test accuracy on digits over the number of layers, plain and residual."""
    drawing = Drawing(356, 280)
    plot = Plot(drawing, (0, 50), (0, 1), left=50, right=20, top=30, bottom=46)
    plot.axes(
        ticks([1, 10, 20, 30, 40, 50]),
        {0: "0%", 0.25: "25%", 0.5: "50%", 0.75: "75%", 1: "100%"},
        x_label=say("层数", "layers"),
        y_label=say("测试准确率", "test accuracy"),
    )
    found = _accuracies()
    for (factor, residual), accuracies in found.items():
        color = "blue" if residual else "orange"
        plot.curve(DEPTHS, accuracies, color=color, dashed=factor == 0.5)
        for x, y in zip(DEPTHS, accuracies, strict=True):
            drawing.circle(*plot.at(x, y), 3.5, fill=color)
    plot.label(49, 0.93, say("残差", "residual"), color="blue", anchor="end", above=4)
    plot.label(31, 0.4, say("普通", "plain"), color="orange", above=0)
    return drawing


@cache
def _readings() -> tuple[list[float], list[float], list[float]]:
    """Of the names model, before the first block and after each: the length of the vectors, and the shares of letters that two
    linear layers read: one trained before the first block, and one trained here on what the blocks have added.
    """
    model, tokenizer = pretrained("names")
    rows = [tokenizer.encode("\n" + name) for name in names("train") + names("validation") if len(name) == 6]
    tokens = np.array(rows)
    letters = tokens[:, 1:]

    def train_reader(vectors: Array) -> Linear:
        reader = Linear(64, 27, rng=1, initialization=0.01)
        batches = MiniBatches(vectors[:1000].reshape(-1, 64), letters[:1000].ravel(), 256, rng=1)
        fit(reader, CrossEntropy(), Adam(reader.parameters(), learning_rate=0.1), batches, epochs=3)
        return reader

    def share_read(reader: Linear, vectors: Array) -> float:
        return float((reader(vectors[1000:]).argmax(axis=-1) == letters[1000:]).mean())

    x = model.positions(model.token_embedding(tokens))
    start = x[:, 1:]
    first_reader = train_reader(start)
    lengths, firsts, alone = [], [], []
    for block in [None, *model.blocks]:
        x = block(x, causal_mask(7)) if block else x
        now = x[:, 1:]
        lengths.append(float(np.sqrt((now**2).sum(axis=-1)).mean()))
        firsts.append(share_read(first_reader, now))
        if block:
            alone.append(share_read(train_reader(now - start), now - start))
    return lengths, firsts, alone


def stream(say: Say) -> Drawing:
    """The residual stream of the names model: three blocks read and add, and what is measured after each."""
    lengths, firsts, alone = _readings()
    drawing = Drawing(356, 350)
    x, top = 84.0, 326.0
    at = drawing.box((x - 34, top), say("嵌入", "embedding"), width=96, height=30, color="blue")
    columns = [
        (196, [f"{value:.1f}" for value in lengths]),
        (256, [f"{value:.2f}" for value in firsts]),
        (322, ["", *(f"{value:.2f}" for value in alone)]),
    ]
    heads = [
        ("", say("长度", "length")),
        (say("第一个", "first"), say("读者", "reader")),
        (say("只看", "added"), say("新增", "alone")),
    ]
    for (column, _), head in zip(columns, heads, strict=True):
        for line, text in enumerate(head):
            if text:
                drawing.text(column, 12 + 16 * line, text, size=drawing.small, color="soft")
    for level in range(4):
        y = top - 90 * level
        if level:
            block = drawing.box((128, y + 26), say(f"块 {level}", f"block {level}"), width=68, height=28)
            plus = drawing.join((50, y - 6), color="blue")
            start = (50, at.top[1])
            drawing.arrow(start, plus.bottom, color="blue", width=2.5)
            drawing.elbow((50, y + 62), block.bottom, x=block.bottom[0])
            drawing.elbow(block.top, plus.right, y=plus.right[1])
            at = plus
        for column, values in columns:
            if values[level]:
                drawing.text(column, y + 1, values[level], bold=level == 0)
    return drawing
