"""Figures of the chapter: attention."""

from functools import cache

import numpy as np

from drawing import Array, Drawing, Plot, Say, between, number, ticks
from loss_on_names import losses_until
from names_model import looked_at
from scratchml import (
    Adam,
    CrossEntropy,
    Embedding,
    LearnedPositions,
    Linear,
    SelfAttention,
    apples,
    black_cat,
    scaled_dot_product_attention,
    softmax,
)
from sliders import Slider, sliders
from transformer_map import you_are_here


def here(say: Say) -> Drawing:
    """The map of part II, with attention in color."""
    return you_are_here(say, "attention")


@sliders(size=Slider("cat 的查询的大小", "size of cat's query", np.linspace(0, 8, 17)))
def cat(say: Say, size: float = 4) -> list[Drawing]:
    """The hand-made head on the black cat: where cat moves, animal against black, and its three weights."""
    words, x, W_q, W_k, W_v = black_cat()
    outputs, weights = scaled_dot_product_attention(x @ W_q * size / 4, x @ W_k, x @ W_v)
    plane = Drawing(280, 270)
    plot = Plot(plane, (-0.2, 1.6), (-0.2, 1.25), left=40, top=34, bottom=46)
    plot.title(say("cat 的向量", "the vector of cat"))
    plot.axes(ticks([0, 1]), ticks([0, 0.5, 1]), x_label=say("动物", "animal"), y_label=say("黑", "black"))
    start, end = x[2, 2:], (x + outputs)[2, 2:]
    plane.arrow(plot.at(*start), plot.at(*end), color="blue", width=2.5)
    plane.note(plot.at(*end), f"{end[1]:.3f}", color="blue", bold=True)
    for word, (animal, black) in zip(words, x[:, 2:], strict=True):
        plane.circle(*plot.at(animal, black), 5, fill="blue" if word == "cat" else "ink")
        plane.note(plot.at(animal, black), word, color="ink", bold=word == "cat")
    bars = Drawing(240, 270)
    plot = Plot(bars, (0, 3), (0, 1), left=40, top=34, bottom=46)
    plot.title(say("cat 给出的权重", "the weights of cat"))
    plot.axes({0.5: "the", 1.5: "black", 2.5: "cat"}, ticks([0, 0.5, 1]))
    for column, weight in enumerate(weights[2]):
        plot.bar(column + 0.5, weight, width=0.56, color="blue" if column == 1 else "soft")
        bars.note(plot.at(column + 0.5, weight), f"{weight:.3f}", "above", gap=5, color="ink")
    return [plane, bars]


DIMENSIONS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]


@cache
def _weights(d: int) -> Array:
    """Six weights from large to small, the means of a thousand draws: undivided, over √d, over d, (3, 6)."""
    rng = np.random.default_rng(0)
    query, keys = rng.normal(size=(1000, 1, d)), rng.normal(size=(1000, 6, d))
    scores = (query * keys).sum(axis=2)
    return np.array([-np.sort(-softmax(scores / by)).mean(axis=0) for by in (1, np.sqrt(d), d)])


@sliders(d=Slider("d", "d", DIMENSIONS))
def sharpness(say: Say, d: float = 512) -> Drawing:
    """The weights of six keys, from large to small, with scores of the three sizes."""
    drawing = Drawing(356, 240)
    plot = Plot(drawing, (0, 21), (0, 1), left=36, right=8, top=34, bottom=40)
    drawing.text(36, 16, say("六个键的权重", "weights of six keys"), anchor="start", bold=True)
    labels = [say("分数不除", "undivided"), say("除以 √d", "over √d"), say("除以 d", "over d")]
    plot.axes(dict(zip([3.5, 10.5, 17.5], labels, strict=True)), ticks([0, 0.5, 1]))
    for group, (weights, color) in enumerate(zip(_weights(int(d)), ["orange", "blue", "soft"], strict=True)):
        for i, weight in enumerate(weights):
            plot.bar(7 * group + 1 + i, weight, width=0.8, color=color)
        drawing.note(plot.at(7 * group + 1, weights[0]), f"{weights[0]:.2f}", "above", gap=4, color="ink")
    return drawing


GLOSSES = ["he", "at", "apple", "company", "eat", "apple"]
PLACES = [22, 76, 137, 208, 274, 329]


def senses(say: Say) -> list[Drawing]:
    """Where the two apples look, as arcs, without and with positions, and what their vectors become."""
    words, x, positions, W_q, W_k, W_v = apples()
    panels = []
    for title, inputs, remark in [
        (say("没有位置", "without positions"), x, say("每个词 1/6，自己也是", "1/6 each, themselves too")),
        (say("加上位置", "with positions"), x + positions, ""),
    ]:
        outputs, weights = scaled_dot_product_attention(inputs @ W_q, inputs @ W_k, inputs @ W_v)
        drawing = Drawing(356, 262)
        drawing.title(title)
        for place, color, height in [(2, "blue", 36), (5, "orange", 52)]:
            for other, weight in enumerate(weights[place]):
                if weight > 0.01 and other != place:
                    start, end = PLACES[place], PLACES[other]
                    along = np.linspace(0, 1, 21)
                    reach = min(height, 24 + 0.2 * abs(end - start))
                    points = [(start + (end - start) * t, 106 - 4 * reach * t * (1 - t)) for t in along.tolist()]
                    drawing.line(points, color=color, width=1 + 4 * weight)
                    if weight > 0.2:
                        drawing.note(
                            (between((start, 0), (end, 0))[0], 106 - reach),
                            number(round(weight, 2)),
                            "above",
                            gap=5,
                            color=color,
                            bold=True,
                        )
        drawing.note((178, 38), remark, "above", gap=0)
        for place, word, gloss in zip(PLACES, words, GLOSSES, strict=True):
            drawing.text(place, 124, word, bold=word == "苹果")
            drawing.text(place, 144, gloss, size=drawing.small, color="soft")
        for row, (place, color) in enumerate([(2, "blue"), (5, "orange")]):
            y = 200 + 28 * row
            first = say("第一个苹果", "first apple") if place == 2 else say("第二个苹果", "second apple")
            drawing.text(8, y, first, anchor="start", color=color, bold=True)
            for column, value in enumerate((inputs + outputs)[place, :3]):
                drawing.text(150 + 76 * column, y, f"{value:.2f}")
        for column, name in enumerate([say("苹果", "apple"), say("公司", "company"), say("食物", "food")]):
            drawing.text(150 + 76 * column, 176, name, size=drawing.small, color="soft")
        panels.append(drawing)
    return panels


STEPS, LENGTH = range(0, 201, 10), 8


@cache
def _copying() -> dict[int, tuple[float, Array]]:
    """One head learns to say the token before: the loss, and the mean weights (T, T), every ten steps."""
    rng = np.random.default_rng(0)
    embedding, positions = Embedding(8, 16, rng=rng), LearnedPositions(LENGTH, 16, rng=rng)
    for part in (embedding, positions):
        part.weights.value = rng.normal(0, 0.5, size=part.weights.value.shape)
    head, linear = SelfAttention(16, rng=rng), Linear(16, 8, rng=rng)
    layers = [embedding, positions, head, linear]
    optimizer = Adam([parameter for layer in layers for parameter in layer.parameters()], 0.003)
    loss, seen = CrossEntropy(), dict[int, tuple[float, Array]]()
    for step in range(STEPS[-1] + 1):
        tokens = rng.integers(8, size=(64, LENGTH))
        logits = linear(head(positions(embedding(tokens))))
        value = loss.forward(tokens[:, :-1], logits[:, 1:])
        if step in STEPS:
            assert head.last_weights is not None
            seen[step] = value, head.last_weights.mean(axis=0)
        gradient = np.zeros_like(logits)
        gradient[:, 1:] = loss.backward()
        optimizer.zero_gradients()
        embedding.backward_to_parameters(positions.backward(head.backward(linear.backward(gradient))))
        optimizer.step()
    return seen


@sliders(step=Slider("训练步数", "training steps", STEPS))
def learned(say: Say, step: float = 50) -> list[Drawing]:
    """The weights of the head that learns to copy, at a step of its training, and those of a real one."""
    loss, weights = _copying()[int(step)]
    copying = Drawing(300, 330)
    copying.title(say(f"第 {int(step)} 步，损失 {loss:.2f}", f"step {int(step)}, loss {loss:.2f}"))
    labels = [str(place) for place in range(LENGTH)]
    grid = copying.heat_map(
        62,
        82,
        weights,
        cell=27,
        rows=labels,
        columns=labels,
        largest=1,
        x_label=say("看向的位置", "place looked at"),
        y_label=say("正在看的位置", "place that looks"),
    )
    copying.heat_key(grid.left[0] + 62, 314, "0", "1")
    real = Drawing(300, 330)
    real.title(say("人名模型的一个头", "a head of the names model"))
    letters, heads = looked_at("elizabeth")
    real.heat_map(
        62,
        82,
        heads[2, 3],
        cell=22,
        rows=letters,
        columns=letters,
        largest=1,
        x_label=say("看向的字母", "letter looked at"),
        y_label=say("正在看的字母", "letter that looks"),
    )
    return [copying, real]


def losses(say: Say) -> Drawing:
    """The loss of all models so far."""
    return losses_until("attention", say)
