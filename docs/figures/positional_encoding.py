"""Figures of the chapter: positional encoding."""

import math
from functools import cache
from itertools import pairwise

import numpy as np

from benchmarks.names import texts
from drawing import Array, Drawing, Plot, Point, Say, number, powers_of_ten, ticks
from scratchml import (
    Adam,
    CrossEntropy,
    Embedding,
    LearnedPositions,
    Linear,
    MiniBatches,
    Module,
    ReLU,
    Sequential,
    SinusoidalPositions,
    cross_entropy,
    fit,
    relu,
    sinusoidal_positions,
)
from scratchml.datasets import Part
from sliders import Slider, sliders
from transformer_map import you_are_here


def here(say: Say) -> Drawing:
    """The map of part II, with the position in color."""
    return you_are_here(say, "position")


SENTENCES = {"dog bit man": [[2, -1], [0, 1], [-1, 2]], "man bit dog": [[-1, 2], [0, 1], [2, -1]]}
POSITIONS = [[0, -2], [-1, 0], [1, 1]]
COLORED = dict(zip(SENTENCES, ["blue", "orange"], strict=True))


def sums(say: Say) -> list[Drawing]:
    """The vectors of both sentences, head to tail: words + positions end at one point, with ReLU at two."""
    panels = []
    for title, through_relu in [
        (say("词加位置", "words + positions"), False),
        (say("词加位置，再过 ReLU", "words + positions, ReLU"), True),
    ]:
        drawing = Drawing(300, 300)
        plot = Plot(drawing, (-3, 4), (-3.5, 4.5), left=30, right=12, top=34, bottom=30)
        plot.title(title)
        plot.axes(ticks([-2, 0, 2, 4]), ticks([-2, 0, 2, 4]))
        ends = []
        for name, words in SENTENCES.items():
            placed = np.array(words) + POSITIONS
            steps = relu(placed) if through_relu else placed
            places = np.vstack([[0, 0], np.cumsum(steps, axis=0)])
            for start, end in pairwise(places):
                if (start != end).any():
                    drawing.arrow(plot.at(*start), plot.at(*end), color=COLORED[name], width=2)
            ends.append(places[-1])
        drawing.circle(*plot.at(0, 0), 4, fill="ink")
        for end, name in zip(ends, SENTENCES, strict=True):
            same = (ends[0] == ends[1]).all()
            drawing.circle(*plot.at(*end), 5, fill="ink" if same else COLORED[name])
        for (x, y), name in zip([(-2.8, 3.7), (-2.8, 3.0)], SENTENCES, strict=True):
            plot.label(x, y, name, color=COLORED[name], above=0)
        panels.append(drawing)
    return panels


def _hand(drawing: Drawing, center: Point, radius: float, angle: float) -> None:
    """A clock whose hand has turned clockwise by `angle` from the top."""
    x, y = center
    drawing.circle(x, y, radius, fill="paper", stroke="soft")
    for hour in range(12):
        across, up = math.sin(hour * math.pi / 6), math.cos(hour * math.pi / 6)
        ends = [(x + share * radius * across, y - share * radius * up) for share in (0.88, 1)]
        drawing.line(ends, color="soft", width=1)
    end = (x + 0.82 * radius * math.sin(angle), y - 0.82 * radius * math.cos(angle))
    drawing.arrow(center, end, color="blue", width=2.5)
    drawing.circle(x, y, 3, fill="ink")


@sliders(t=Slider("位置 t", "position t", range(41)))
def hands(say: Say, t: float = 12) -> Drawing:
    """The four hands of C = 8 at one position, and the eight numbers that they give."""
    C = 8
    row = sinusoidal_positions(41, C)[int(t)]
    drawing = Drawing(356, 200)
    for i, speed in enumerate([1, 0.1, 0.01, 0.001]):
        x = 44.5 + 89 * i
        drawing.note((x, 8), say("转速 ", "speed ") + number(speed), "below", gap=0)
        _hand(drawing, (x, 74), 38, t * speed)
    drawing.heat_map(2, 132, row, cell=(44, 22), diverging=True, largest=1)
    for column, value in enumerate(row):
        drawing.text(24 + 44 * column, 172, number(value, ".2f"), size=drawing.small)
        drawing.text(24 + 44 * column, 191, "cos" if column % 2 else "sin", size=drawing.small, color="soft")
    return drawing


@sliders(
    base=Slider("底数", "base", [10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10000, 30000, 100000])
)
def table(say: Say, base: float = 10000) -> list[Drawing]:
    """The binary numbers from 0 to 15, last digit first, and the sinusoids of 32 positions, with another base than 10,000 too."""
    digits = [[number >> place & 1 for place in range(4)] for number in range(16)]
    binary = Drawing(170, 330)
    binary.title(say("二进制", "binary"))
    labels = [str(row) if row % 5 == 0 else "" for row in range(16)]
    binary.heat_map(
        62,
        56,
        digits,
        cell=(24, 16),
        rows=labels,
        columns=["1", "2", "4", "8"],
        y_label=say("数", "number"),
    )
    length, width = 32, 32
    speeds = base ** (-np.arange(0, width, 2) / width)
    angles = np.arange(length)[:, None] * speeds
    positions = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width)
    assert base != 10000 or np.allclose(positions, sinusoidal_positions(length, width))
    sinusoids = Drawing(330, 348)
    sinusoids.title(say("正弦位置编码", "sinusoids"))
    labels = [str(row) if row % 10 == 0 else "" for row in range(length)]
    columns = [str(column) if column % 8 == 0 else "" for column in range(width)]
    sinusoids.heat_map(
        62,
        56,
        positions,
        cell=8,
        rows=labels,
        columns=columns,
        diverging=True,
        largest=1,
        y_label=say("位置", "position"),
    )
    turn = f"{2 * np.pi / speeds[-1]:,.0f}"
    sinusoids.text(
        190, 336, say(f"最慢的指针 {turn} 个位置转一圈", f"the slowest hand turns once in {turn}"), size=sinusoids.small
    )
    return [binary, sinusoids]


@sliders(t=Slider("位置 t", "position t", range(0, 101, 5)))
def likeness(say: Say, t: float = 20) -> Drawing:
    """The dot products of one position's vector with those of all positions up to 100: C = 64."""
    positions = sinusoidal_positions(101, 64)
    drawing = Drawing(356, 250)
    plot = Plot(drawing, (0, 100), (0, 36), left=36, top=30, bottom=46)
    plot.axes(ticks([0, 20, 40, 60, 80, 100]), ticks([0, 8, 16, 24, 32]), x_label=say("另一个位置", "other position"))
    drawing.text(
        36, 16, say(f"和位置 {int(t)} 的点积", f"dot product with position {int(t)}"), anchor="start", bold=True
    )
    plot.curve([t, t], [0, 36], color="soft", dashed=True, width=1.5)
    plot.curve(range(101), positions @ positions[int(t)], color="blue")
    drawing.circle(*plot.at(t, 32), 5, fill="blue")
    return drawing


class AddUp(Module):
    """The sum over time: (B, 3, C) → (B, C)."""

    def _forward(self, x: Array) -> tuple[Array, tuple[()]]:
        return x.sum(axis=1), ()

    def _backward(self, gradient: Array) -> Array:
        return np.stack([gradient] * 3, axis=1)


def _windows(part: Part) -> tuple[Array, Array]:
    inputs, targets = [], []
    for name in texts(part):
        tokens = [0, 0, *name]
        inputs += [tokens[i - 3 : i] for i in range(3, len(tokens))]
        targets += tokens[3:]
    return np.array(inputs), np.array(targets)


FACTORS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]


@cache
def _losses() -> tuple[list[float], list[list[float]]]:
    """What the chapter's network loses on new names with sinusoids of each size, and with learned positions, and how long
    its learned positions and its embeddings are, before and after: the means of three seeds.
    """
    (inputs, targets), (new_inputs, new_targets) = _windows("train"), _windows("validation")
    means, lengths = [], []
    for factor in [*FACTORS, None]:
        losses = []
        for seed in range(3):
            rng = np.random.default_rng(seed)
            embedding, learned = Embedding(27, 16, rng=rng), LearnedPositions(3, 16, rng=rng)
            sinusoids = SinusoidalPositions(3, 16)
            sinusoids.vectors = (factor or 0) * sinusoidal_positions(3, 16)
            look = [Linear(16, 32, rng=rng), ReLU(), AddUp(), Linear(32, 27, rng=rng)]
            model = Sequential(embedding, sinusoids if factor else learned, *look)
            batches = MiniBatches(inputs, targets, 256, rng=rng)
            watched = embedding.weights if factor else learned.weights
            before = watched.value.copy()
            fit(model, CrossEntropy(), Adam(model.parameters(), learning_rate=0.02), batches, epochs=1)
            losses.append(cross_entropy(new_targets, model(new_inputs)))
            if factor in (0.02, None):
                lengths.append([np.sqrt((rows**2).sum(axis=1)).mean() for rows in (before, watched.value)])
        means.append(float(np.mean(losses)))
    return means, np.reshape(lengths, (2, 3, 2)).mean(axis=1).tolist()


def scale(say: Say) -> Drawing:
    """The losses over the size of the sinusoids, and that of learned positions as a line."""
    (*losses, learned), (embeddings, positions) = _losses()
    own = 0.02 * np.sqrt(sinusoidal_positions(1, 16)[0] @ sinusoidal_positions(1, 16)[0])
    drawing = Drawing(356, 364)
    plot = Plot(drawing, (-2, 1), (2.2, 2.75), left=46, top=38, bottom=140)
    plot.axes(
        powers_of_ten([-2, -1, 0, 1]),
        ticks([2.2, 2.3, 2.4, 2.5, 2.6, 2.7]),
        x_label=say("正弦乘的倍数", "factor of the sinusoids"),
        y_label=say("没见过的名字上的损失", "loss on names not seen before"),
    )
    plot.curve([-2, 1], [learned, learned], color="orange", dashed=True)
    plot.label(-1.95, learned, say("学出来的位置", "learned positions"), color="orange", above=-18)
    places = np.log10(FACTORS)
    plot.curve(places, losses, color="blue")
    for x, y in zip(places, losses, strict=True):
        drawing.circle(*plot.at(x, y), 4, fill="blue")
    drawing.note(plot.at(places[1], losses[1]), "0.02", "above", color="blue", bold=True)
    told = say("长度：训练前 → 训练后", "length: before → after training")
    drawing.text(340, 290, told, anchor="end", size=drawing.small, color="soft")
    for row, (name, (before, after)) in enumerate(
        [
            (say("正弦，乘 0.02", "sinusoids × 0.02"), (own, own)),
            (say("那个网络里的嵌入", "embeddings in that network"), embeddings),
            (say("学出来的位置", "learned positions"), positions),
        ],
        start=1,
    ):
        drawing.text(8, 290 + 21 * row, name, anchor="start", size=drawing.small)
        drawing.text(340, 290 + 21 * row, f"{before:.2f} → {after:.2f}", anchor="end", size=drawing.small)
    return drawing
