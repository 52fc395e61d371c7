"""Figures of the chapter: language models."""

import math
from functools import cache
from itertools import pairwise

import numpy as np

from benchmarks.names import TOKENIZER, pair_counts
from drawing import Drawing, Plot, Say, number, ticks
from loss_on_names import losses_until
from scratchml import Adam, Parameter, softmax
from scratchml.datasets import Part
from sliders import Slider, sliders
from transformer_map import you_are_here

LETTERS = ["\\n", *TOKENIZER.vocabulary[1:]]


@cache
def _loss(k: float, part: Part) -> float:
    """The loss of the table with `k` added to each count, from the pairs of one part."""
    counts, pairs = pair_counts() + k, pair_counts(part)
    surprises = -np.log(counts / counts.sum(axis=1, keepdims=True))
    return float((pairs * surprises).sum() / pairs.sum())


def here(say: Say) -> Drawing:
    return you_are_here(say, "tokens", "probabilities", "next token")


def table(say: Say) -> Drawing:
    """Which character follows which: a row for the one before, a column for the next; cells never seen are white."""
    counts = pair_counts()
    shares = counts / counts.sum(axis=1, keepdims=True)
    shown = np.where(counts > 0, np.maximum(np.sqrt(shares), 1 / 16), 0)
    drawing = Drawing(356, 392)
    drawing.heat_map(21, 24, shown, cell=(12.3, 12.7), rows=LETTERS, columns=LETTERS, largest=1)
    drawing.text(22, 386, say("行：前一个字符", "row: the one before"), anchor="start", color="soft")
    drawing.text(352, 386, say("列：下一个字符", "column: the next"), anchor="end", color="soft")
    return drawing


def eli(say: Say) -> Drawing:
    """The name eli as four pairs: the probability of each, and its surprise below."""
    drawing = Drawing(356, 132)
    read = TOKENIZER.encode("\neli\n")
    shares = pair_counts() / pair_counts().sum(axis=1, keepdims=True)
    boxes = [
        drawing.box((26 + 76 * i, 62), LETTERS[token], width=34, height=32, color="soft" if token == 0 else "ink")
        for i, token in enumerate(read)
    ]
    total = 0.0
    for i, (before, after) in enumerate(pairwise(read)):
        p = float(shares[before, after])
        total -= math.log(p)
        drawing.arrow(boxes[i].right, boxes[i + 1].left)
        middle = (boxes[i].right[0] + boxes[i + 1].left[0]) / 2
        drawing.text(middle, 36, f"{p:.3f}", size=drawing.small, color="blue", bold=True)
        drawing.text(middle, 98, f"{-math.log(p):.2f}", size=drawing.small, color="orange", bold=True)
    drawing.text(
        12,
        16,
        say("概率，相乘：", "probabilities, multiplied: ") + f"{math.exp(-total):.6f}",
        anchor="start",
        color="blue",
    )
    drawing.text(12, 124, say("意外，相加：", "surprises, added: ") + f"{total:.2f}", anchor="start", color="orange")
    return drawing


STEPS = [digit * 10.0**power for power in range(-3, 3) for digit in (1, 2, 5)] + [1000.0]


@sliders(k=Slider("加上的数 k", "added to each count, k", STEPS))
def smoothing(say: Say, k: float = 1.0) -> list[Drawing]:
    """The losses of the table against what is added to each count; and the row of q with it."""
    curves = Drawing(340, 280)
    plot = Plot(curves, (-3, 3), (2.2, 3.3), left=40, right=20, top=60, bottom=44)
    plot.axes(
        {-3: "0.001", -2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100", 3: "1000"},
        ticks([2.4, 2.6, 2.8, 3, 3.2]),
        x_label=say("给每一格加上的 k", "k, added to each count"),
    )
    exponents = [math.log10(step) for step in STEPS]
    for row, (part, name, color) in enumerate(
        [
            ("validation", say("验证用的名字", "validation names"), "blue"),
            ("train", say("训练用的名字", "training names"), "orange"),
        ]
    ):
        plot.curve(exponents, [_loss(step, part) for step in STEPS], color=color)
        curves.circle(*plot.at(math.log10(k), _loss(k, part)), 5, fill=color)
        curves.text(
            40, 18 + 22 * row, f"{name}{say('：', ': ')}{_loss(k, part):.3f}", anchor="start", color=color, bold=True
        )
    bars = Drawing(340, 280)
    counts = pair_counts()[TOKENIZER.encode("q")[0]] + k
    shares = counts / counts.sum()
    plot = Plot(bars, (-0.5, 26.5), (0, 1), left=40, right=8, top=60, bottom=44)
    plot.axes(
        {i: LETTERS[i] for i in (0, 5, 9, 13, 17, 21, 26)},
        ticks([0, 0.25, 0.5, 0.75, 1]),
        x_label=say("q 后面的字符", "character after q"),
    )
    for i, share in enumerate(shares):
        x, top = plot.at(i, float(share))
        bars.line([(x, plot.bottom), (x, top)], color="blue", width=7)
    u = float(shares[TOKENIZER.encode("u")[0]])
    bars.text(
        40,
        18,
        say(f"k = {number(k)}，q 后面是 u：", f"k = {number(k)}, u after q: ") + f"{u:.3f}",
        anchor="start",
        bold=True,
    )
    return [curves, bars]


def losses(say: Say) -> Drawing:
    return losses_until("language-models", say)


def descent(say: Say) -> Drawing:
    """The loss of the layer while it learns, and the loss of the counted table, below which it can't come."""
    counts = pair_counts() + 1
    totals = counts.sum(axis=1, keepdims=True)
    floor = -float((counts * np.log(counts / totals)).sum() / counts.sum())
    weights = Parameter(np.zeros((27, 27)))
    optimizer = Adam([weights], 0.1)
    reached = []
    for _ in range(61):
        p = softmax(weights.value)
        reached.append(-float((counts * np.log(p)).sum() / counts.sum()))
        weights.gradient = (totals * p - counts) / counts.sum()
        optimizer.step()
    drawing = Drawing(356, 236)
    plot = Plot(drawing, (0, 60), (2.2, 3.4), left=42, right=14, top=16, bottom=44)
    plot.axes(ticks([0, 20, 40, 60]), ticks([2.4, 2.8, 3.2]), x_label=say("步数", "steps"))
    plot.curve([0, 60], [floor, floor], color="orange", dashed=True)
    plot.curve(range(61), reached, color="blue")
    plot.label(
        4,
        3.25,
        say(f"开始：ln 27 = {reached[0]:.3f}", f"at the start: ln 27 = {reached[0]:.3f}"),
        color="blue",
        above=0,
    )
    plot.label(
        59,
        floor,
        say(f"数出来的表：{floor:.3f}", f"the counted table: {floor:.3f}"),
        color="orange",
        anchor="end",
        above=-20,
    )
    return drawing


def one_row(say: Say) -> Drawing:
    """The one-hot row of q, which picks a row of W; and softmax of this row."""
    table = pair_counts() + 1
    shares = table / table.sum(axis=1, keepdims=True)
    logits = np.log(27 * shares)
    q = TOKENIZER.encode("q")[0]
    drawing = Drawing(356, 372)
    left, width, height = 66.0, 10.4, 8.0
    drawing.text(33, 16, say("独热", "one-hot"), color="soft")
    drawing.text(left + 13.5 * width, 16, "W  (27, 27)", bold=True)
    drawing.heat_map(28, 26, np.eye(27)[:, [q]], cell=(10, height), largest=1)
    drawing.text(18, 30 + (q + 0.5) * height, "q")
    drawing.heat_map(left, 26, logits, cell=(width, height), diverging=True, largest=5.2)
    drawing.rectangle(left, 26 + q * height, 27 * width, height, stroke="ink", line_width=2)
    drawing.text(left, 264, say("W 的 q 行：logits", "row q of W: logits"), anchor="start", bold=True)
    drawing.heat_map(left, 272, logits[[q]], cell=(width, 16), diverging=True, largest=5.2)
    drawing.text(left, 312, say("softmax 以后：概率", "after softmax: probabilities"), anchor="start", bold=True)
    ends = [letter if letter in ("\\n", "i", "q", "u", "z") else "" for letter in LETTERS]
    grid = drawing.heat_map(left, 320, shares[[q]], cell=(width, 16), largest=1)
    for i, letter in enumerate(ends):
        if letter:
            drawing.text(left + (i + 0.5) * width, grid.y + 34, letter, size=drawing.small)
    return drawing
