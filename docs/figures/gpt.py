"""Figures of the chapter: GPT."""

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.names import texts
from drawing import Array, Drawing, Plot, Say, number, ticks
from scratchml import GPT, Tokenizer, causal_mask, names, pretrained, softmax
from sliders import Slider, sliders
from transformer_map import STATIONS, you_are_here

LETTERS = 7  # of the names that the lens reads
NAMES = [name for name in names("validation") if len(name) == LETTERS][:15]
SIZES = [  # vocabulary, context, width, blocks, and how many C a block has besides 12 C²
    (("成语模型", "idioms model"), (2623, 5, 40, 2, 9)),
    (("人名模型", "names model"), (27, 12, 64, 3, 9)),
    (("GPT-2（最小）", "GPT-2, smallest"), (50257, 1024, 768, 12, 13)),
    (("GPT-2（最大）", "GPT-2, largest"), (50257, 1024, 1600, 48, 13)),
    (("GPT-3（最大）", "GPT-3, largest"), (50257, 2048, 12288, 96, 13)),
]


def here(say: Say) -> Drawing:
    """The map, with all that lies between the text and the next token in color."""
    return you_are_here(say, *(station for station in STATIONS if station not in ("text", "next token")))


def assembly(say: Say) -> Drawing:
    """A GPT from bottom to top, the shape at each arrow, for the names model reading four tokens."""
    drawing = Drawing(356, 596)
    way, aside, wide = 120.0, 292.0, 176.0
    tokens = drawing.box((way, 578), say("词元 \\n m i c", "tokens \\n m i c"), color="none")
    table = drawing.box((way, 518), say("嵌入 W_E", "embedding W_E"), width=wide, height=34, color="orange")
    plus = drawing.join((way, 460), color="blue")
    position = drawing.box((aside, 460), say("位置", "positions"), width=92, height=34)
    blocks = [
        drawing.box((way, y), say(f"块 {i}", f"block {i}"), width=wide, height=34, color="green")
        for i, y in [(1, 396), (2, 336), (3, 276)]
    ]
    frame = drawing.frame(blocks)
    drawing.note(frame.right, say("L 个块", "L blocks"))
    norm = drawing.box((way, 206), say("层归一化", "LayerNorm"), width=wide, height=34)
    scores = drawing.box((way, 146), say("反嵌入 W_u", "unembedding W_u"), width=wide, height=34, color="orange")
    soft = drawing.box((way, 86), "softmax", width=wide, height=34)
    end = drawing.box((way, 20), say("下一个词元的概率", "p of the next token"), color="none")
    stream = [table, plus, *blocks, norm]
    drawing.arrow(tokens.top, table.bottom)
    drawing.arrow(position.left, plus.right)
    for start, after in pairwise(stream):
        drawing.arrow(start.top, after.bottom, color="blue", width=3)
    drawing.arrow(norm.top, scores.bottom)
    drawing.arrow(scores.top, soft.bottom)
    drawing.arrow(soft.top, end.bottom)
    for y, shape in [
        (548, "(T,) = (4,)"),
        (486, "(T, C) = (4, 64)"),
        (437, "(T, C)"),
        (366, "(T, C)"),
        (306, "(T, C)"),
        (234, "(T, C) = (4, 64)"),
        (176, "(T, C)"),
        (116, "(T, V) = (4, 27)"),
        (50, say("最后一行 (V,) = (27,)", "last row (V,) = (27,)")),
    ]:
        drawing.note((way, y), shape)
    drawing.line(
        [table.right, (346, table.center[1]), (346, scores.center[1]), scores.right], color="orange", dashed=True
    )
    drawing.note((340, 300), say("同一张表", "one table"), "left", color="orange")
    return drawing


@cache
def _model() -> tuple[GPT, Tokenizer]:
    """The names model, loaded once."""
    return pretrained("names")


def _vectors(tokens: ArrayLike) -> list[Array]:
    """The residual stream of the names model after 0, 1, … blocks, (…, T, C) each."""
    model, _ = _model()
    x = model.positions(model.token_embedding(tokens))
    streams = [x]
    for block in model.blocks:
        x = block(x, causal_mask(x.shape[-2]))
        streams.append(x)
    return streams


def _scores(x: Array) -> Array:
    model, _ = _model()
    scores: Array = model.final_norm(x) @ model.unembedding.value.T
    return scores


@sliders(name=Slider("第几个人名", "which name", range(1, len(NAMES) + 1)))
def lens(say: Say, name: float = 5) -> Drawing:
    """What the names model would say at each letter of a name, after 0 to 3 blocks; orange frames are right."""
    text = NAMES[int(name) - 1]
    _, tokenizer = _model()
    tokens = tokenizer.encode("\n" + text)
    answers = [*text, say("完", "end")]
    drawing = Drawing(356, 292)
    left, top, wide, high = 84.0, 66.0, 33.0, 36.0
    drawing.title(text)
    best, p = list[Array](), list[Array]()
    for x in reversed(_vectors(tokens)):
        rows = softmax(_scores(x))
        best.append(rows.argmax(axis=1))
        p.append(rows.max(axis=1))
    grid = drawing.heat_map(left, top, np.array(p), cell=(wide, high), largest=1)
    for row in range(4):
        drawing.note(grid.row(row).left, say(f"{3 - row} 个块后", f"{3 - row} blocks"), "left", color="ink")
        for t in range(LETTERS + 1):
            letter = tokenizer.decode([int(best[row][t])])
            middle, y = grid.cell(row, t).center
            said = say("完", "end") if letter == "\n" else letter
            # a light ground for the letter, or it couldn't be read in either palette
            drawing.rectangle(middle - 13, y - 10, 26, 20, fill="paper")
            drawing.text(middle, y + 5, said, bold=p[row][t] > 0.6)
            if said == answers[t]:
                box = grid.cell(row, t)
                drawing.rectangle(box.x + 1, box.y + 1, box.width - 3, box.height - 3, stroke="orange", line_width=2)
    drawing.note((left, top - 14), say("接下来是", "next is"), "left", color="orange")
    drawing.note((left, top + 4 * high + 12), say("读到", "reads"), "left")
    for t, (read, answer) in enumerate(zip(["\\n", *text], answers, strict=True)):
        column = grid.column(t)
        drawing.note(column.top, answer, "above", gap=9, color="orange", bold=True)
        drawing.note(column.bottom, read, "below", gap=6, color="ink")
    drawing.heat_key(140, 264, say("概率 0", "probability 0"), "1")
    return drawing


@cache
def _batches() -> list[Array]:
    """The validation names as tables of tokens, (B, T + 1), one for each length: faster than one by one."""
    by_length = dict[int, list[list[int]]]()
    for text in texts("validation"):
        by_length.setdefault(len(text), []).append(text)
    return [np.array(table) for table in by_length.values()]


def _total(x: Array, targets: Array) -> float:
    """The loss of the streams x (B, T, C), summed over all positions."""
    p = np.take_along_axis(softmax(_scores(x)), targets[..., None], axis=-1)
    return float(-np.log(p).sum())


@cache
def _losses() -> tuple[list[float], list[float]]:
    """On the validation names: the loss after 0 to 3 blocks, and when only the first 0 to 3 blocks look back."""
    model, _ = _model()
    early, short = np.zeros(4), np.zeros(4)
    for table in _batches():
        alone = np.eye(table.shape[1] - 1, dtype=bool)
        for done, x in enumerate(_vectors(table[:, :-1])):
            early[done] += _total(x, table[:, 1:])
            for block in model.blocks[done:]:
                x = block(x, alone)
            short[done] += _total(x, table[:, 1:])
    questions = sum(table[:, 1:].size for table in _batches())
    return (early / questions).tolist(), (short / questions).tolist()


def depth(say: Say) -> list[Drawing]:
    """What three letters score after mic as the blocks go by; the loss after each block, and with fewer blocks that look back."""
    _, tokenizer = _model()
    tokens = tokenizer.encode("\nmic")
    scores = np.array([_scores(x)[-1] for x in _vectors(tokens)])
    after = say("算完几个块", "blocks done")
    first = Drawing(320, 300)
    plot = Plot(first, (-0.1, 3.95), (-2, 5.6), left=40, top=44)
    plot.title(say("mic 之后的分数", "scores after mic"))
    plot.axes(ticks(range(4)), ticks([-2, 0, 2, 4]), x_label=after)
    for letter, color in [("c", "orange"), ("k", "green"), ("h", "blue")]:
        ys = scores[:, tokenizer.encode(letter)[0]]
        plot.curve(range(4), ys, color=color)
        for x, y in enumerate(ys):
            first.circle(*plot.at(x, y), 4, fill=color)
        first.text(
            plot.at(3, 0)[0] + 12,
            plot.at(3, ys[3])[1] + 5,
            f"{letter} {number(ys[3], '.1f')}",
            anchor="start",
            color=color,
            bold=True,
        )

    early, short = _losses()
    second = Drawing(340, 300)
    plot = Plot(second, (-0.1, 3.3), (1.3, 6.6), left=40, top=44)
    plot.title(say("验证损失", "validation loss"))
    plot.axes(ticks(range(4)), ticks(range(2, 7)), x_label=say("几个块", "blocks"))
    plot.curve([-0.1, 3.3], [np.log(27)] * 2, color="soft", dashed=True, width=1.5)
    plot.label(3.3, np.log(27), say("瞎猜 3.30", "blind guess 3.30"), color="soft", anchor="end")
    for losses, color, name, height in [
        (early, "blue", say("算完这些块就回答", "answers after these blocks"), 6.0),
        (short, "orange", say("只有这些块能看前文", "only these blocks look back"), 5.2),
    ]:
        plot.curve(range(4), losses, color=color)
        for done, loss in enumerate(losses):
            second.circle(*plot.at(done, loss), 4, fill=color)
        plot.label(0.66, height, name, color=color, above=0)
    plot.label(0.08, early[0], number(early[0], ".2f"), color="blue", above=-4)
    for across, loss, color, above in [
        (1, early[1], "blue", -22),
        (1.12, short[1], "orange", 10),
        (2, early[2], "blue", -22),
        (2.06, short[2], "orange", 10),
        (3, early[3], "blue", 12),
    ]:
        plot.label(across, loss, number(loss, ".2f"), color=color, anchor="middle", above=above)
    return [first, second]


@cache
def _without() -> list[float]:
    """The loss of the names model whole; with a tenth of its weights 0, without feed-forward layers, with half of its weights 0, without attention."""
    model, _ = _model()
    state, found = model.state(), dict[str, list[float]]()
    questions = sum(table[:, 1:].size for table in _batches())

    def measure(name: str, changed: dict[str, Array]) -> None:
        model.load_state(state | changed)
        loss = sum(_total(_vectors(table[:, :-1])[-1], table[:, 1:]) for table in _batches())
        found.setdefault(name, []).append(loss / questions)

    measure("whole", {})
    for seed in range(3):
        for share in (0.1, 0.5):
            rng = np.random.default_rng(seed)
            measure(f"{share}", {k: v * (rng.random(v.shape) >= share) for k, v in state.items() if v.ndim == 2})
    for part in (".feed_forward.down.", ".attention.W_o"):
        measure(part, {k: np.zeros_like(v) for k, v in state.items() if part in k})
    model.load_state(state)
    order = ["whole", "0.1", ".feed_forward.down.", "0.5", ".attention.W_o"]
    return [float(np.mean(found[name])) for name in order]


def knowledge(say: Say) -> Drawing:
    """The loss of the names model when something is taken out of it."""
    drawing = Drawing(356, 252)
    drawing.title(say("验证损失", "validation loss"))
    plot = Plot(drawing, (0, 4.1), (5, 0), left=158, right=52, top=34, bottom=44)
    plot.axes(ticks(range(5)), {}, x_label=say("虚线：瞎猜，3.30", "dashed: blind guess, 3.30"))
    labels = [
        say("完整", "whole"),
        say("权重的十分之一清零", "a tenth of weights 0"),
        say("没有前馈层", "no feed-forward"),
        say("权重的一半清零", "half of weights 0"),
        say("没有注意力", "no attention"),
    ]
    for i, (label, loss) in enumerate(zip(labels, _without(), strict=True)):
        (left, y), (right, _) = plot.at(0, i + 0.5), plot.at(loss, i + 0.5)
        drawing.rectangle(left, y - 11, right - left, 22, fill="blue" if i == 0 else "orange")
        drawing.text(left - 8, y + 5, label, anchor="end", size=drawing.small)
        drawing.text(348, y + 5, number(loss, ".2f"), anchor="end")
    guess = plot.at(float(np.log(27)), 0)[0]
    drawing.line([(guess, plot.top), (guess, plot.bottom)], color="ink", width=1.5, dashed=True)
    return drawing


def shares(say: Say) -> Drawing:
    """Where the parameters are in five models: embeddings, attention, feed-forward layers."""
    drawing = Drawing(356, 300)
    colors = [
        ("orange", say("嵌入", "embeddings")),
        ("green", say("注意力", "attention")),
        ("blue", say("前馈层", "feed-forward")),
    ]
    left, width = 136.0, 204.0
    for key, (color, part_name) in zip([14, 136, 238], colors, strict=True):
        drawing.rectangle(key, 5, 12, 12, fill=color)
        drawing.text(key + 18, 16, part_name, anchor="start", size=drawing.small)
    for i, (name, (v, t, c, blocks, extra)) in enumerate(SIZES):
        y = 36.0 + 52 * i
        total = v * c + t * c + blocks * (12 * c * c + extra * c) + 2 * c
        attention = blocks * (4 * c * c + (extra - 9) * c)
        parts = [v * c, attention, total - v * c - attention]  # the few of positions and norms are with the last
        drawing.text(left - 8, y + 20, say(*name), anchor="end", size=drawing.small)
        x = left
        for (color, _), part in zip(colors, parts, strict=True):
            drawing.rectangle(x, y, width * part / total, 24, fill=color)
            x += width * part / total
        share = say("嵌入 ", "embeddings ") + f"{100 * v * c / total:.2g}%"
        drawing.note((348, y + 35), f"{total:,}  {share}", "left")
    return drawing
