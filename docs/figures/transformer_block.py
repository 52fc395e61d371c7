"""Figures of the chapter: the Transformer block."""

import json
from functools import cache

import numpy as np

from benchmarks.names import DEPTHS, RESULTS, texts
from drawing import Array, Drawing, Plot, Say, between, number, ticks
from loss_on_names import losses_until
from scratchml import (
    FeedForward,
    LayerNorm,
    MultiHeadAttention,
    causal_mask,
    next_token_loss,
    pretrained,
)
from sliders import Slider, sliders
from transformer_map import you_are_here

DEEPEST = 24  # blocks at the right end of the slider


def here(say: Say) -> Drawing:
    return you_are_here(say, "attention", "feed-forward")


def losses(say: Say) -> Drawing:
    return losses_until("transformer-block", say)


def block(say: Say) -> Drawing:
    """The block from bottom to top: on the left the way, in blue, with two branches that add to it."""
    drawing = Drawing(356, 480)
    way, aside = 84.0, 238.0
    norm = say("层归一化", "LayerNorm")
    attention, feed_forward = say("多头注意力", "attention"), say("前馈层", "feed-forward") + "\nC → 4C → C"
    before = drawing.box((way, 462), "x", color="none", italic=True)
    for name, color, fork, normed_y, layer_y, plus_y in [
        (attention, "green", 432.0, 394.0, 330.0, 280.0),
        (feed_forward, "orange", 256.0, 218.0, 144.0, 82.0),
    ]:
        plus = drawing.join((way, plus_y), color="blue")
        normed = drawing.box((aside, normed_y), norm, width=132, height=34)
        layer = drawing.box((aside, layer_y), name, width=132, height=52 if "\n" in name else 34, color=color)
        drawing.elbow((way, fork), normed.bottom, x=aside)
        drawing.arrow(normed.top, layer.bottom)
        drawing.elbow(layer.top, plus.right, y=plus_y)
        drawing.arrow(before.top, plus.bottom, color="blue", width=3)
        drawing.note((way, (fork + plus_y) / 2), "(T, C)", "left")
        for point in [(aside, fork - 2), between(normed.top, layer.bottom)]:
            drawing.note(point, "(T, C)")
        drawing.note(between((aside, plus_y), (way, plus_y)), "(T, C)", "above", gap=6)
        before = plus
    end = drawing.box((way, 20), "y", color="none", italic=True)
    drawing.arrow(before.top, end.bottom, color="blue", width=3)
    drawing.note(between(before.top, end.bottom), "(T, C)", "left")
    return drawing


def orders(say: Say) -> list[Drawing]:
    """One layer in either order, and what a stack of blocks learns in 200 steps (benchmarks/names.py)."""
    sketch = Drawing(356, 292)
    norm = say("层归一化", "LayerNorm")
    way, aside = 36.0, 124.0
    sketch.text(84, 16, say("前置归一化", "pre-norm"), color="blue", bold=True)
    x = sketch.box((way, 272), "x", color="none", italic=True)
    plus = sketch.join((way, 94), color="blue")
    normed = sketch.box((aside, 200), norm, width=96, height=34)
    layer = sketch.box((aside, 142), "f", width=60, height=34, italic=True)
    sketch.elbow((way, 240), normed.bottom, x=aside)
    sketch.arrow(normed.top, layer.bottom)
    sketch.elbow(layer.top, plus.right, y=94)
    sketch.arrow(x.top, plus.bottom, color="blue", width=3)
    sketch.arrow(plus.top, (way, 30), color="blue", width=3)

    way, aside = 232.0, 318.0
    sketch.text(266, 16, say("后置归一化", "post-norm"), color="orange", bold=True)
    x = sketch.box((way, 272), "x", color="none", italic=True)
    plus = sketch.join((way, 144), color="orange")
    layer = sketch.box((aside, 194), "f", width=60, height=34, italic=True)
    normed = sketch.box((way, 84), norm, width=96, height=34, color="orange")
    sketch.elbow((way, 240), layer.bottom, x=aside)
    sketch.elbow(layer.top, plus.right, y=144)
    sketch.arrow(x.top, plus.bottom, color="orange", width=3)
    sketch.arrow(plus.top, normed.bottom, color="orange", width=3)
    sketch.arrow(normed.top, (way, 30), color="orange", width=3)

    results = json.loads(RESULTS.read_text("utf8"))
    depths = results["depths"]
    letters = next(row["loss"] for row in results["rows"] if row["model"] == "letter_frequencies")
    curves = Drawing(356, 292)
    plot = Plot(curves, (0.5, 12.5), (2.2, 2.9), left=46, top=40)
    plot.title(say("200 步以后的训练损失", "training loss after 200 steps"))
    plot.axes(ticks([1, 2, 4, 6, 8, 10, 12]), ticks([2.2, 2.4, 2.6, 2.8]), x_label=say("块数", "blocks"))
    plot.curve([0.5, 12.5], [letters, letters], color="soft", dashed=True, width=1.5)
    plot.label(0.7, letters, say("只看字母频率 ", "letter frequencies ") + f"{letters:.2f}", color="soft", above=-16)
    for order, color, name, end in [
        ("pre", "blue", say("前置归一化", "pre-norm"), 14),
        ("post", "orange", say("后置归一化", "post-norm"), 10),
    ]:
        plot.curve(DEPTHS, depths[order], color=color)
        for depth, loss in zip(DEPTHS, depths[order], strict=True):
            curves.circle(*plot.at(depth, loss), 4, fill=color)
        plot.label(12.4, depths[order][-1], f"{name} {depths[order][-1]:.2f}", color=color, anchor="end", above=end)
    return [sketch, curves]


@cache
def _likeness() -> dict[str, list[Array]]:
    """The cosines between the vectors of eight tokens after 0 to DEEPEST blocks with their first weights, as in the chapter."""
    found = {}
    for order in ("pre", "post"):
        rng = np.random.default_rng(0)
        stream: Array = rng.normal(size=(8, 32))
        norm, streams = LayerNorm(32), [stream]
        for _ in range(DEEPEST):
            for part in (MultiHeadAttention(32, 4, rng=rng), FeedForward(32, rng=rng)):
                stream = stream + part(norm(stream)) if order == "pre" else norm(stream + part(stream))
            streams.append(stream)
        rows = [stream / np.linalg.norm(stream, axis=1, keepdims=True) for stream in streams]
        found[order] = [each @ each.T for each in rows]
    return found


@sliders(depth=Slider("块数", "blocks", range(DEEPEST + 1)))
def collapse(say: Say, depth: float = 12) -> list[Drawing]:
    """How alike the vectors of eight tokens are after so many blocks, in either order."""
    panels = []
    others = ~np.eye(8, dtype=bool)
    for order, title in [("pre", say("前置归一化", "pre-norm")), ("post", say("后置归一化", "post-norm"))]:
        cosines = _likeness()[order][int(depth)]
        drawing = Drawing(250, 288)
        drawing.title(title)
        drawing.heat_map(
            29,
            62,
            cosines,
            cell=24,
            rows=[str(t) for t in range(8)],
            columns=[str(t) for t in range(8)],
            diverging=True,
            largest=1.001,
        )
        mean = number(cosines[others].mean(), ".2f")
        drawing.note((125, 258), say("不同词元的平均余弦 ", "mean cosine of two tokens ") + mean, "below", gap=6)
        panels.append(drawing)
    return panels


@cache
def _contributions() -> tuple[float, list[tuple[float, float]]]:
    """The loss of the shipped names model; for each layer the mean length of what it adds, and the loss without it."""
    model, _ = pretrained("names")
    validation = texts("validation")
    lengths: list[list[Array]] = [[] for _ in range(2 * len(model.blocks))]
    for length in set(map(len, validation)):
        tokens = np.array([text[:-1] for text in validation if len(text) == length])  # (B, T)
        x = model.positions(model.token_embedding(tokens))
        for i, each in enumerate(model.blocks):
            added = each.attention(each.attention_norm(x), causal_mask(length - 1))
            lengths[2 * i].append(np.linalg.norm(added, axis=-1).ravel())
            x = x + added
            added = each.feed_forward(each.feed_forward_norm(x))
            lengths[2 * i + 1].append(np.linalg.norm(added, axis=-1).ravel())
            x = x + added
    found = []
    for i, each in enumerate(model.blocks):
        for j, parameters in enumerate([[each.attention.W_o], each.feed_forward.down.parameters()]):
            kept = [parameter.value.copy() for parameter in parameters]
            for parameter in parameters:
                parameter.value = np.zeros_like(parameter.value)
            size = float(np.concatenate(lengths[2 * i + j]).mean())
            found.append((size, next_token_loss(model, validation)))
            for parameter, value in zip(parameters, kept, strict=True):
                parameter.value = value
    return next_token_loss(model, validation), found


def contributions(say: Say) -> Drawing:
    """What each of the six layers of the shipped names model adds to the stream, and the loss without it."""
    whole, layers = _contributions()
    drawing = Drawing(356, 344)
    drawing.title(say("加到残差流上的向量有多长", "length of what is added to the stream"))
    plot = Plot(drawing, (0, 2.5), (6, 0), left=124, right=72, top=72, bottom=44)
    plot.axes(ticks([0, 1, 2]), {}, x_label=say("平均长度", "mean length"))
    drawing.text(348, 42, say("去掉后的损失", "loss without it"), anchor="end", size=drawing.small, color="soft")
    drawing.text(
        348, 62, say("什么也不去掉 ", "with all ") + f"{whole:.2f}", anchor="end", size=drawing.small, color="soft"
    )
    for i, (length, loss) in enumerate(layers):
        name, color = (say("注意力", "attention"), "green") if i % 2 == 0 else (say("前馈层", "feed-forward"), "orange")
        (left, y), (right, _) = plot.at(0, i + 0.5), plot.at(length, i + 0.5)
        drawing.rectangle(left, y - 11, right - left, 22, fill=color)
        drawing.text(left - 8, y + 5, name, anchor="end", size=drawing.small)
        drawing.note((right, y), f"{length:.2f}", gap=6, color="ink")
        drawing.text(348, y + 5, f"{loss:.2f}", anchor="end", bold=loss > whole + 0.5)
        if i % 2 == 0:
            _, top = plot.at(0, i)
            _, middle = plot.at(0, i + 1)
            drawing.line([(8, top), (348, top)], color="grid", width=1)
            drawing.text(10, middle + 5, str(i // 2 + 1), anchor="start", bold=True)
    return drawing
