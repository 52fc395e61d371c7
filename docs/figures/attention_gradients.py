"""Figures of the chapter: attention-gradients."""

import math
from functools import cache

import numpy as np

from drawing import Anchor, Array, Drawing, Plot, Say, between, number, ticks
from scratchml import (
    SGD,
    Adam,
    Optimizer,
    Parameter,
    attention_gradients,
    causal_mask,
    cross_entropy,
    scaled_dot_product_attention,
    softmax,
)
from sliders import Slider, sliders
from transformer_map import you_are_here


def here(say: Say) -> Drawing:
    """The map of part II, with attention in color."""
    return you_are_here(say, "attention")


def head(say: Say) -> list[Drawing]:
    """The calculation of a head, forward and back, with the same places in both panels."""
    places = {
        "Y": (227, 56),
        "A": (113, 128),
        "S": (113, 206),
        "Q": (55, 288),
        "K": (170, 288),
        "V": (285, 288),
        "x": (170, 370),
    }
    forward = {
        "Y": "Y\nA V",
        "A": "A\nsoftmax(S)",
        "S": "S\nQ Kᵀ / √D",
        "Q": "Q\nx W_q",
        "K": "K\nx W_k",
        "V": "V\nx W_v",
        "x": "x",
    }
    backward = {
        "Y": "dY",
        "A": "dA\ndY Vᵀ",
        "S": say("dS\n过 softmax", "dS\nby softmax"),
        "Q": "dQ\ndS K / √D",
        "K": "dK\ndSᵀ Q / √D",
        "V": "dV\nAᵀ dY",
        "x": say("dx\n三条路相加", "dx\nthree paths"),
    }
    ways = [("x", "Q"), ("x", "K"), ("x", "V"), ("Q", "S"), ("K", "S"), ("S", "A"), ("A", "Y"), ("V", "Y")]
    starts = {"Q": 0.2, "V": 0.8}  # where the ways from x leave it
    ends = {"Q": 0.25, "K": 0.75, "A": 0.25, "V": 0.75}  # where the ways from these arrive
    panels = []
    for title, labels, color in [
        (say("正向", "forward"), forward, "blue"),
        (say("反向", "backward"), backward, "orange"),
    ]:
        drawing = Drawing(340, 398)
        drawing.title(title)
        boxes = {
            name: drawing.box(places[name], label, color=color, width=106, height=46) for name, label in labels.items()
        }
        for start, end in ways:
            low = boxes[start].at(starts.get(end, 0.5), 0) if start == "x" else boxes[start].top
            high = boxes[end].at(ends.get(start, 0.5), 1)
            drawing.arrow(*((low, high) if color == "blue" else (high, low)), color=color, width=2)
        panels.append(drawing)
    return panels


@sliders(lead=Slider("第三个词的分数", "score of the third word", np.linspace(-6, 8, 29)))
def seesaw(say: Say, lead: float = 0) -> Drawing:
    """Three weights on a board that balances at the output, and the push on each score."""
    values, scores = np.array([1.0, 3.0, 6.0]), np.array([0.0, 0.0, lead])
    weights = softmax(scores)
    output = float(weights @ values)
    slopes = weights * (values - output)  # dy = 1
    drawing = Drawing(356, 326)
    left, right, board = 40, 316, 150

    def place(value: float) -> float:
        return left + (value - 1) / 5 * (right - left)

    drawing.text(4, 18, say("权重", "weights"), anchor="start", bold=True)
    drawing.line([(left - 24, board), (right + 24, board)], width=4)
    for value, weight in zip(values, weights, strict=True):
        radius = max(2.5, 34 * math.sqrt(weight))
        drawing.circle(place(value), board - 2 - radius, radius, fill="blue")
        drawing.text(place(value), board - 12 - 2 * radius, f"{100 * weight:.1f}%", size=drawing.small, color="blue")
        drawing.text(place(value), 40, f"v = {number(value)}", size=drawing.small, color="soft")
    x = place(output)
    drawing.line([(x, board + 4), (x - 11, board + 44), (x + 11, board + 44), (x, board + 4)], color="ink", width=2)
    anchor: Anchor = "end" if output > 4.4 else "start"
    drawing.text(x + (-16 if output > 4.4 else 16), board + 42, f"y = {output:.2f}", anchor=anchor, bold=True)
    drawing.text(4, 222, say("分数受的推力 −ds", "push on the score, −ds"), anchor="start", bold=True)
    middle = 272
    drawing.line([(left - 24, middle), (right + 24, middle)], color="soft", width=1)
    for value, slope in zip(values, slopes, strict=True):
        high = 34 * abs(slope) / 1.3
        up = slope < 0
        drawing.rectangle(place(value) - 13, middle - high * up, 26, high, fill="blue" if up else "orange")
        edge = middle - high - 6 if up else middle + high + 16
        drawing.text(place(value), edge, number(-slope, "+.3f"), size=drawing.small)
    return drawing


TURNS = range(21)


@cache
def _turning() -> list[tuple[Array, Array, Array]]:
    """The query, the keys and the weights at every step; the loss wants the first word's value."""
    query = np.array([[1.4, -0.3]])
    key = np.array([[0.2, 1.6], [1.8, -0.4], [-1.6, 0.9]])
    value = np.array([[1.0], [0.0], [0.0]])
    places = []
    for _ in TURNS:
        _, weights = scaled_dot_product_attention(query, key, value)
        places.append((query.copy(), key.copy(), weights[0]))
        to_query, to_key, _ = attention_gradients([[-1.0]], query, key, value, weights)
        query, key = query - 0.4 * to_query, key - 0.4 * to_key
    return places


@sliders(step=Slider("步数", "step", TURNS))
def turning(say: Say, step: float = 10) -> Drawing:
    """One query and three keys in the plane, and their way so far."""
    places = _turning()
    query, key, weights = places[int(step)]
    drawing = Drawing(356, 270)
    plot = Plot(drawing, (-2.4, 2.9), (-1.2, 2.8), left=6, right=6, top=6, bottom=6)
    names = [say("对的词", "right"), say("错的词", "wrong"), say("另一个", "another")]
    colors = ["blue", "orange", "soft"]
    sides: list[tuple[float, float, Anchor]] = [(0, -22, "middle"), (14, 10, "start"), (-2, -22, "middle")]
    drawing.circle(*plot.at(0, 0), 3, fill="ink")
    for j, (name, color) in enumerate(zip(names, colors, strict=True)):
        trail = [plot.at(*keys[j]) for _, keys, _ in places[: int(step) + 1]]
        if len(trail) > 1:
            drawing.line(trail, color=color, width=1)
        drawing.arrow(plot.at(0, 0), plot.at(*key[j]), color=color, width=2)
        x, y = plot.at(*key[j])
        side = sides[j]
        drawing.text(x + side[0], y + side[1], name, anchor=side[2], color=color, bold=True)
        drawing.text(x + side[0], y + side[1] + 16, f"{weights[j]:.0%}", anchor=side[2], color=color)
    trail = [plot.at(*queries[0]) for queries, _, _ in places[: int(step) + 1]]
    if len(trail) > 1:
        drawing.line(trail, color="purple", width=1)
    drawing.arrow(plot.at(0, 0), plot.at(*query[0]), color="purple", width=3)
    x, y = between(plot.at(0, 0), plot.at(*query[0]), 0.55)
    length = math.hypot(*query[0])
    off = 14 if step < 7 else -22  # away from the nearer key
    across, up = -off * query[0, 1] / length, off * query[0, 0] / length
    drawing.text(x + across, y - up + 5, say("查询", "query"), anchor="middle", color="purple", bold=True)
    return drawing


LETTERS, LENGTH, WIDTH = 6, 8, 4
MASK = causal_mask(LENGTH)


def _vectors(tokens: Array) -> Array:
    """One-hot letters beside one-hot positions: (…, T) → (…, T, 14)."""
    positions = np.broadcast_to(np.eye(LENGTH), (*tokens.shape, LENGTH))
    return np.concatenate([np.eye(LETTERS)[tokens], positions], axis=-1)


# Several heads at a time, each with texts of its own: S starts, N texts of T letters.


def _look(parameters: list[Parameter], tokens: Array) -> tuple[float, Array, Array, Array, tuple[Array, ...]]:
    """The loss; the vectors x (S, N, T, 14); the weights; ∂C/∂Y for the sum of a head's losses; queries, keys and values."""
    x = _vectors(tokens)
    query, key, value = (x @ parameter.value for parameter in parameters)
    logits, weights = scaled_dot_product_attention(query, key, value, MASK)
    asked, answers = logits[..., 1:, :], tokens[..., :-1]
    to_logits = np.zeros_like(logits)
    to_logits[..., 1:, :] = softmax(asked) - np.eye(LETTERS)[answers]
    loss = cross_entropy(np.broadcast_to(answers, asked.shape[:-1]).ravel(), asked.reshape(-1, LETTERS))
    return loss, x, weights, to_logits, (query, key, value)


def _slopes(bug: str, to_output: Array, kept: tuple[Array, ...], weights: Array) -> tuple[Array, Array, Array]:
    """∂C/∂Q, ∂C/∂K and ∂C/∂V, with one of three mistakes or none."""
    query, key, value = kept
    to_query, to_key, to_value = attention_gradients(to_output, query, key, value, weights)
    root = math.sqrt(WIDTH)
    if bug == "root":
        return to_query * root, to_key * root, to_value
    without_average = weights * (to_output @ value.swapaxes(-1, -2))
    if bug == "average":
        return without_average @ key / root, without_average.swapaxes(-1, -2) @ query / root, to_value
    if bug == "key":
        to_scores = without_average - weights * without_average.sum(axis=-1, keepdims=True)
        return to_query, to_scores.swapaxes(-1, -2) @ key / root, to_value
    return to_query, to_key, to_value


@cache
def _copying(bug: str, adam: bool, starts: int, steps: int) -> tuple[list[float], list[tuple[Array, Array]]]:
    """The chapter's head that learns to put out the letter before, from several starts: its mean loss on 500 texts every
    fifth step; and the weights and the slopes of the scores, as means over these texts.
    """
    rngs = [np.random.default_rng(seed) for seed in range(starts)]
    parameters = [  # (S, 1, 14, columns)
        Parameter(0.3 * np.stack([rng.normal(size=(1, LETTERS + LENGTH, columns)) for rng in rngs]))
        for columns in (WIDTH, WIDTH, LETTERS)
    ]
    optimizer: Optimizer = Adam(parameters, 0.02) if adam else SGD(parameters, 1.0)
    test = np.random.default_rng(99).integers(0, LETTERS, size=(500, LENGTH))
    losses, tables = [], []
    for step in range(steps + 1):
        if step % 5 == 0:
            loss, _, weights, to_output, kept = _look(parameters, test)
            to_weights = to_output @ kept[2].swapaxes(-1, -2)
            to_scores = weights * (to_weights - (weights * to_weights).sum(axis=-1, keepdims=True))
            losses.append(loss)
            tables.append((weights.mean(axis=(0, 1)), to_scores.mean(axis=(0, 1))))
        tokens = np.stack([rng.integers(0, LETTERS, size=(1, LENGTH)) for rng in rngs])
        _, x, weights, to_output, kept = _look(parameters, tokens)
        slopes = _slopes(bug, to_output / (LENGTH - 1), kept, weights)
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.gradient = x.swapaxes(-1, -2) @ slope
        optimizer.step()
    return losses, tables


def bugs(say: Say) -> list[Drawing]:
    """The loss of the copying head, right and with mistakes, under plain gradient descent and under Adam."""
    names = {
        "": (say("正确", "right"), "blue"),
        "root": (say("忘了平方根", "no root"), "orange"),
        "key": (say("Q 写成 K", "K for Q"), "green"),
        "average": (say("没减平均", "no average"), "purple"),
    }
    places = {False: [(124, 0.32), (6, 0.2), (232, 0.62), (150, 1.66)], True: [(150, 1.0), (150, 0.75)]}
    panels = []
    for adam, title in [(False, say("梯度下降，学习率 1", "gradient descent, rate 1")), (True, "Adam, 0.02")]:
        drawing = Drawing(340, 270)
        plot = Plot(drawing, (0, 300), (0, 1.9), left=40, right=12, top=44, bottom=46)
        plot.title(title)
        plot.axes(
            ticks(range(0, 301, 100)),
            ticks([0, 0.5, 1, 1.5]),
            x_label=say("训练步数", "training steps"),
            y_label=say("损失，五次的平均", "loss, mean of five runs"),
        )
        shown = list(names)[:2] if adam else list(names)
        for bug, place in zip(shown, places[adam], strict=True):
            label, color = names[bug]
            mean, _ = _copying(bug, adam, starts=5, steps=300)
            together = adam and bug == "root"
            plot.curve(range(0, 301, 5), mean, color=color, dashed=together, width=4 if adam and not bug else 2.5)
            plot.label(*place, label, color=color, above=0)
        panels.append(drawing)
    return panels


@sliders(step=Slider("训练步数", "training steps", range(0, 201, 10)))
def copying(say: Say, step: float = 70) -> list[Drawing]:
    """The mean weights of the copying head after some steps, and the mean slopes of its scores."""
    losses, tables = _copying("", False, starts=1, steps=300)
    weights, slopes = tables[int(step) // 5]
    labels = [str(place) for place in range(1, LENGTH + 1)]
    panels = []
    for title, table, diverging, largest in [
        (say("注意力权重 A", "attention weights A"), weights, False, 1.0),
        (say("分数的斜率 dS", "slopes of the scores, dS"), slopes, True, 0.6),
    ]:
        drawing = Drawing(280, 318)
        drawing.title(title)
        drawing.heat_map(
            48,
            70,
            table,
            cell=27,
            rows=labels,
            columns=labels,
            diverging=diverging,
            largest=largest,
            x_label=say("看的是第几个字母", "letter looked at"),
            y_label=say("第几个字母在看", "letter that looks"),
        )
        panels.append(drawing)
    loss = losses[int(step) // 5]
    panels[0].text(156, 310, say(f"损失 {loss:.2f}", f"loss {loss:.2f}"), bold=True, color="blue")
    return panels
