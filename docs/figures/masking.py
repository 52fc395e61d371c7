"""Figures of the chapter: masking."""

from functools import cache

import numpy as np

from benchmarks.names import TOKENIZER, texts
from drawing import Array, Drawing, Say, number, scientific
from names_model import looked_at
from scratchml import (
    Adam,
    CrossEntropy,
    Embedding,
    LearnedPositions,
    Linear,
    MiniBatches,
    SelfAttention,
    Sequential,
    black_cat,
    causal_mask,
    cross_entropy,
    softmax,
)
from sliders import Slider, sliders
from transformer_map import you_are_here

NAME = "oliver"


def here(say: Say) -> Drawing:
    return you_are_here(say, "attention")


@cache
def cheating() -> list[tuple[Array, float, float]]:
    """The chapter's network without a mask, every ten steps: what its head looks at in NAME, and its two losses."""
    train = np.array([text for text in texts("train") if len(text) == 8])
    validation = np.array([text for text in texts("validation") if len(text) == 8])
    rng = np.random.default_rng(0)
    embedding, positions = Embedding(27, 32, rng=rng), LearnedPositions(7, 32, rng=rng)
    head, last = SelfAttention(32, rng=rng), Linear(32, 27, rng=rng)
    model = Sequential(embedding, positions, head, last)
    loss, adam = CrossEntropy(), Adam(model.parameters(), learning_rate=0.02)
    batches = MiniBatches(train[:, :-1], train[:, 1:], 64, rng=rng)
    inputs, targets = validation[:, :-1], validation[:, 1:]
    steps, reached = 0, list[tuple[Array, float, float]]()
    while True:
        for batch_inputs, batch_targets in batches:
            if steps % 10 == 0:
                alone = cross_entropy(targets[:, :1], model(inputs[:, :1]))
                whole = cross_entropy(targets, model(inputs))
                model(TOKENIZER.encode("\n" + NAME))
                assert head.last_weights is not None
                reached.append((head.last_weights.copy(), whole, alone))
            if steps == 190:
                return reached
            loss.forward(batch_targets, model(batch_inputs))
            adam.zero_gradients()
            model.backward_to_parameters(loss.backward())
            adam.step()
            steps += 1


@sliders(steps=Slider("训练的步数", "training steps", range(0, 200, 10)))
def cheat(say: Say, steps: float = 190) -> Drawing:
    """What the head without a mask looks at in NAME, and on the right what each row has to say."""
    weights, whole, alone = cheating()[int(steps) // 10]
    drawing = Drawing(356, 330)
    letters = ["\\n", *NAME]
    grid = drawing.heat_map(
        66,
        100,
        weights,
        cell=30,
        rows=letters,
        columns=letters,
        largest=1,
        x_label=say("看谁", "looked at"),
        y_label=say("谁在看", "who looks"),
    )
    drawing.note((grid.at(1, 0)[0] + 34, grid.y), say("该答", "must say"), "above", gap=7, color="orange")
    for i, answer in enumerate([*NAME, "\\n"]):
        drawing.text(grid.at(1, 0)[0] + 34, grid.row(i).center[1] + 5, answer, color="orange", bold=True)
    drawing.text(
        0,
        18,
        say("损失，交出整个名字：", "loss, whole names: ") + f"{whole:.2f}",
        anchor="start",
        color="blue",
        bold=True,
    )
    drawing.text(
        0,
        42,
        say("只给边界，问首字母：", "first letter from the boundary alone: ") + f"{alone:.2f}",
        anchor="start",
        color="orange",
        bold=True,
    )
    return drawing


def _cat() -> tuple[list[str], Array]:
    """The words of *the black cat*, and their scores, divided by the root of 4."""
    words, x, W_q, W_k, _ = black_cat()
    return words, (x @ W_q) @ (x @ W_k).T / 2


@sliders(value=Slider("写在后面的分数上的数", "written over later scores", range(4, -16, -1)))
def fill(say: Say, value: float = 0) -> list[Drawing]:
    """The black cat with `value` over the scores of later tokens, and the weights that come of it."""
    words, scores = _cat()
    allowed = causal_mask(3)
    filled = np.where(allowed, scores, value)
    weights = softmax(filled)
    panels = []
    for title, shades, written in [
        (say("分数", "scores"), np.zeros((3, 3)), [number(each) for each in filled.ravel().tolist()]),
        (
            say("softmax 之后的权重", "weights after softmax"),
            weights,
            [f"{each:.3f}" if each >= 0.001 else scientific(each) for each in weights.ravel().tolist()],
        ),
    ]:
        drawing = Drawing(300, 182)
        drawing.title(title)
        grid = drawing.heat_map(60, 52, shades, cell=(74, 40), rows=words, columns=words, largest=1)
        for (t, s), text in zip(np.ndindex(3, 3), written, strict=True):
            x, y = grid.cell(t, s).center
            drawing.rectangle(x - 28, y - 11, 56, 21, fill="paper")
            drawing.text(
                x, y + 5, text, color="ink" if allowed[t, s] else "orange", bold=not allowed[t, s], size=drawing.small
            )
        panels.append(drawing)
    return panels


def heads(say: Say) -> list[Drawing]:
    """Two heads of the small GPT's last layer, on one name: a triangle each."""
    letters, weights = looked_at("catherine")
    panels = []
    for head in (1, 3):
        drawing = Drawing(320, 322)
        drawing.title(say(f"最后一层，头 {head + 1}", f"last layer, head {head + 1}"))
        drawing.heat_map(
            56,
            66,
            weights[-1, head],
            cell=25,
            rows=letters,
            columns=letters,
            largest=1,
            x_label=say("看谁", "looked at"),
            y_label=say("谁在看", "who looks"),
        )
        panels.append(drawing)
    return panels


@sliders(T=Slider("词元个数 T", "tokens T", range(1, 17)))
def pieces(say: Say, T: float = 8) -> Drawing:
    """All pieces of a text of T tokens, from the row's to the column's; the prefixes, in the first row, are blue."""
    count = int(T)
    drawing = Drawing(340, 330)
    drawing.text(0, 18, say("前缀：", "prefixes: ") + str(count), anchor="start", color="blue", bold=True)
    drawing.text(
        336,
        18,
        say("全部片段：", "all pieces: ") + str(count * (count + 1) // 2),
        anchor="end",
        bold=True,
    )
    side, left, top = 15, 56, 66
    first, last = np.indices((16, 16))
    shades = np.where((first <= last) & (last < count), np.where(first == 0, 1, 0.3), 0)
    labels = [str(i + 1) if i in (0, 3, 7, 11, 15) else "" for i in range(16)]
    drawing.heat_map(left, top, shades, cell=side, rows=labels, columns=labels, largest=1)
    drawing.note((left + side * 8, top), say("到第几个词元", "ends at token"), "above", gap=26)
    drawing.text(14, top + side * 8, say("从第几个词元", "begins at token"), size=drawing.small, color="soft", turn=-90)
    return drawing


def masks(say: Say) -> list[Drawing]:
    """Who may look at whom: in a GPT, in an encoder, and in cross-attention."""
    panels = []
    for title, allowed, rows, columns in [
        (
            say("GPT：因果掩码", "GPT: causal mask"),
            causal_mask(6),
            say("文字", "text"),
            say("同一段文字", "the same text"),
        ),
        (
            say("编码器：没有掩码", "encoder: no mask"),
            np.ones((6, 6)),
            say("文字", "text"),
            say("同一段文字", "the same text"),
        ),
        (say("交叉注意力", "cross-attention"), np.ones((4, 6)), say("译文", "translation"), say("原文", "original")),
    ]:
        drawing = Drawing(220, 62 + 26 * len(allowed))
        drawing.title(title)
        drawing.heat_map(40, 58, np.asarray(allowed, dtype=float), cell=26, largest=1.6, x_label=columns, y_label=rows)
        panels.append(drawing)
    return panels
