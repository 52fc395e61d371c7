"""Figures of the chapter: generation."""

from functools import cache
from typing import Literal

import numpy as np

from drawing import Array, Drawing, Plot, Say, number, ticks
from scratchml import names, pretrained, softmax
from sliders import Slider, sliders
from transformer_map import you_are_here

LONGEST = 24  # tokens, at the right end of the slider
TOP_K = 5  # of the figure that compares it with top-p


def here(say: Say) -> Drawing:
    """The map of part II, with its last station in color."""
    return you_are_here(say, "next token")


def tree(say: Say) -> Drawing:
    """Two steps of a keyboard's guesses: the way of the greedy choice, and the most probable sentence."""
    branches = [
        (
            say("天气", "the"),
            0.6,
            [(say("很好", "news"), 0.4), (say("不错", "film"), 0.35), (say("真热", "house"), 0.25)],
        ),
        (say("晚上", "you"), 0.4, [(say("见", "soon"), 0.9), (say("吃", "there"), 0.1)]),
    ]
    drawing = Drawing(356, 252)
    root = drawing.box((34, 138), say("今天", "See"), width=56, height=32)
    for x, label in [(288, say("这步", "step")), (332, say("整句", "all"))]:
        drawing.text(x, 18, label, size=drawing.small, color="soft")
    y = 46.0
    for i, (word, share, after) in enumerate(branches):
        middle = y + 44 * (len(after) - 1) / 2
        color = ["orange", "blue"][i]
        box = drawing.box((138, middle), word, width=60, height=32, color=color)
        drawing.arrow(root.right, box.left, color=color, width=1 + 4 * share)
        drawing.note(
            (80, (middle + 138) / 2), number(share), "above" if i == 0 else "below", gap=14, color=color, bold=True
        )
        for j, (last, p) in enumerate(after):
            chosen = color if j == 0 else "ink"
            leaf = drawing.box((234, y), last, width=62, height=32, color=chosen)
            drawing.arrow(box.right, leaf.left, color=chosen if j == 0 else "soft", width=1 + 4 * p)
            drawing.note(leaf.left, number(p), "right", gap=74, color="ink")
            drawing.text(332, y + 5, number(round(share * p, 2)), color=chosen, bold=j == 0)
            y += 44
    return drawing


@cache
def _after(text: str) -> Array:
    """The scores of the names model for what follows the text."""
    model, tokenizer = pretrained("names")
    return np.asarray(model(tokenizer.encode(text))[-1], dtype=float)


@sliders(
    p=Slider("p", "p", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1]),
    T=Slider("温度", "temperature", [0.4, 0.7, 1, 1.5, 2]),
)
def cut(say: Say, p: float = 0.9, T: float = 1) -> list[Drawing]:
    """A flat and a peaked distribution of the names model, and what top-p and top-k leave of them."""
    _, tokenizer = pretrained("names")
    panels = []
    for text, title in [
        ("\n", say("名字的第一个字母", "first letter of a name")),
        ("\nchri", say("chri 之后", "after chri")),
    ]:
        probabilities = softmax(_after(text), T)
        order = np.argsort(-probabilities, kind="stable")
        reached = np.cumsum(probabilities[order])
        kept = min(int(np.searchsorted(reached, p - 1e-9)) + 1, len(order))
        drawing = Drawing(356, 236)
        plot = Plot(drawing, (-0.8, 26.8), (0, 1), left=34, right=6, top=44, bottom=30)
        plot.title(title)
        labels = {i: "\\n" if token == 0 else tokenizer.decode([token]) for i, token in enumerate(order.tolist())}
        plot.axes(labels, ticks([0, 0.5, 1]))
        for i, token in enumerate(order):
            plot.bar(i, probabilities[token], width=0.72, color="blue" if i < kept else "soft")
        x, bottom = plot.at(TOP_K - 0.5, 0)
        drawing.line([(x, plot.top - 8), (x, bottom)], color="orange", width=2)
        drawing.text(
            x + 7,
            plot.top + 6,
            f"top-k, k = {TOP_K}: {reached[TOP_K - 1]:.2f}",
            anchor="start",
            color="orange",
            bold=True,
        )
        left = say(f"top-p 留下 {kept} 个：", f"top-p keeps {kept}: ")
        drawing.text(x + 7, plot.top + 30, left + f"{reached[kept - 1]:.2f}", anchor="start", color="blue", bold=True)
        panels.append(drawing)
    return panels


@sliders(length=Slider("词元数", "tokens", range(4, LONGEST + 1)))
def passes(say: Say, length: float = 12) -> Drawing:
    """A row for each step, a cell for each token that goes through the model; blue are those that a cache leaves."""
    count = int(length)
    drawing = Drawing(320, 292)
    side = min(22, 264 / count)
    for row in range(LONGEST):
        for column in range(row + 1):
            color = "none" if row >= count else "blue" if column == row else "grid"
            drawing.rectangle(2 + side * column, 24 + side * min(row, count), side - 2, side - 2, fill=color)
    drawing.note((2, 10), say("每行一步，每格一个词元", "a row a step, a cell a token"), "right", gap=0)
    without = say("没有缓存：", "no cache: ") + str(count * (count + 1) // 2)
    drawing.text(318, 40, without, anchor="end", bold=True)
    drawing.text(318, 62, say("有缓存：", "cache: ") + str(count), anchor="end", color="blue", bold=True)
    return drawing


@cache
def _listed() -> list[tuple[str, int, list[tuple[Array, Array]]]]:
    """Of each part of the list: how many names, and for each length the scores after every letter, and what came."""
    model, tokenizer = pretrained("names")
    found = []
    for part in ("train", "validation"):
        listed = names(part)
        groups = []
        for length in sorted({len(name) for name in listed}):
            tokens = np.array([tokenizer.encode(f"\n{name}\n") for name in listed if len(name) == length])
            groups.append((np.asarray(model(tokens[:, :-1]), dtype=float), tokens[:, 1:]))
        found.append((part, len(listed), groups))
    return found


def _written(groups: list[tuple[Array, Array]], T: float) -> float:
    """The probability that a word written at this temperature is one of these names."""
    total = 0.0
    for scores, targets in groups:
        p = np.take_along_axis(softmax(scores, T), targets[:, :, None], axis=2)
        total += float(p[:, :, 0].prod(axis=1).sum())
    return total


def copies(say: Say) -> Drawing:
    """How probably a written word is a name that was read, and what that would be if reading made no difference."""
    warmth = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2]
    (_, many, read), (_, few, unread) = _listed()
    copied = [_written(read, T) for T in warmth]
    chance = [_written(unread, T) * many / few for T in warmth]
    drawing = Drawing(356, 270)
    plot = Plot(drawing, (0.2, 2), (0, 0.9), left=42, right=14, top=34)
    plot.axes(
        ticks([0.5, 1, 1.5, 2]),
        ticks([0, 0.2, 0.4, 0.6, 0.8]),
        x_label=say("温度", "temperature"),
        y_label=say("一个词在读过的名单上的概率", "probability to be a name that was read"),
    )
    for values, color in [(copied, "orange"), (chance, "blue")]:
        plot.curve(warmth, values, color=color)
        for T, value in zip(warmth, values, strict=True):
            if T in (0.5, 1, 1.5):
                side: Literal["above", "below"] = "above" if color == "orange" else "below"
                drawing.circle(*plot.at(T, value), 4, fill=color)
                if color == "orange" or T < 1.5:
                    drawing.note(plot.at(T, value), f"{value:.2f}", side, gap=7, color=color, bold=True)
    plot.label(0.75, 0.72, say("读过的名字，实际", "names that were read"), color="orange", above=-4)
    plot.label(0.75, 0.62, say("要是读没读过都一样", "if reading did nothing"), color="blue", above=-4)
    return drawing
