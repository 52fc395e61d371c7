"""Figures of the chapter: softmax and temperature."""

from functools import cache

import numpy as np

from drawing import Array, Drawing, Plot, Say, number, ticks
from scratchml import names, pretrained, softmax
from sliders import Slider, sliders
from transformer_map import you_are_here

WORDS = ("sat", "cat", "mat")
TINTS = ("orange", "green", "purple")
COLUMNS = np.array([[0.0, 2.0, 1.0], [2.0, 0.0, 3.0]])  # W_u, (C, V)
VECTOR = np.array([2.0, 1.0])  # the last vector, (C,)
LOGITS = VECTOR @ COLUMNS  # 2, 4, 5
TEMPERATURES = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7, 10]


def here(say: Say) -> Drawing:
    """The map of part II."""
    return you_are_here(say, "scores", "probabilities", "next token")


@sliders(turn=Slider("转动 x（度）", "turn of x, in degrees", np.linspace(-60, 140, 21)))
def unembedding(say: Say, turn: float = 0) -> list[Drawing]:
    """The columns of W_u and the last vector as arrows, and what comes out for each word."""
    angle = np.radians(turn)
    x = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ VECTOR
    scores = x @ COLUMNS
    arrows = Drawing(300, 286)
    plot = Plot(arrows, (-2.6, 2.7), (-1.5, 3.5), left=10, right=10, top=8, bottom=8)
    plot.curve([-2.6, 2.7], [0, 0], color="grid", width=1)
    plot.curve([0, 0], [-1.5, 3.5], color="grid", width=1)
    for word, color, column in zip(WORDS, TINTS, COLUMNS.T, strict=True):
        arrows.arrow(plot.at(0, 0), plot.at(*column), color=color, width=2.5)
        px, py = plot.at(*column)
        arrows.note((px, py - 6), word, "left" if word == "sat" else "right", gap=7, color=color, bold=True)
    arrows.arrow(plot.at(0, 0), plot.at(*x), color="blue", width=3.5)
    px, py = plot.at(*(1.1 * x))
    arrows.text(px, py + 5, "x", color="blue", bold=True, italic=True)

    bars = Drawing(300, 190)
    bars.title(say("分数和概率", "scores and probabilities"))
    for row, (word, color, score, p) in enumerate(zip(WORDS, TINTS, scores, softmax(scores), strict=True)):
        y = 62 + 46 * row
        bars.text(8, y, word, anchor="start", color=color, bold=True)
        bars.text(92, y, number(score, ".1f"), anchor="end")
        bars.rectangle(104, y - 14, max(140 * p, 0.5), 18, fill=color)
        bars.text(110 + 140 * p, y, f"{p:.2f}", anchor="start")
    return [arrows, bars]


@sliders(T=Slider("温度 T", "temperature T", TEMPERATURES))
def temperature(say: Say, T: float = 1) -> list[Drawing]:
    """Probabilities at one temperature: of the three words, and of the 27 tokens that may follow "ma"."""
    model, tokenizer = pretrained("names")
    after = softmax(model(tokenizer.encode("\nma"))[-1], T)
    letters = {token: tokenizer.decode([token]) for token in range(1, 27)}
    letters[28] = "\\n"  # the end, token 0, stands behind the letters
    words = Drawing(190, 244)
    plot = Plot(words, (-0.6, 2.6), (0, 1), left=34, right=6, top=48)
    words.title(say("三个词", "three words"))
    plot.axes(dict(enumerate(WORDS)), ticks([0, 0.5, 1]))
    for i, (color, p) in enumerate(zip(TINTS, softmax(LOGITS, T), strict=True)):
        plot.bar(i, p, width=0.7, color=color)
        words.note(plot.at(i, p), f"{p:.2f}", "above", gap=4, color="ink")
    tokens = Drawing(356, 244)
    plot = Plot(tokens, (0.3, 28.7), (0, 1), left=34, right=4, top=48)
    plot.title(say("ma 之后的词元", "tokens after ma"))
    plot.axes(letters, ticks([0, 0.5, 1]))
    for token, p in enumerate(after):
        plot.bar(token or 28, p, width=0.7, color="blue")
    return [words, tokens]


@sliders(u=Slider("随机数 u", "random number u", [0.02, *np.linspace(0.05, 0.95, 19), 0.98]))
def strips(say: Say, u: float = 0.2) -> Drawing:
    """The probabilities end to end, at three temperatures, and which word one random number draws at each."""
    drawing = Drawing(356, 218)
    left, width = 62, 236
    for row, T in enumerate([0.5, 1, 2]):
        p = softmax(LOGITS, T)
        ends = np.cumsum(p)
        y = 42 + 52 * row
        drawing.text(left - 8, y + 22, f"T = {number(T)}", anchor="end")
        for word, color, end, share in zip(WORDS, TINTS, ends, p, strict=True):
            x = left + width * (end - share)
            drawing.rectangle(x, y, width * share, 32, fill="paper")
            drawing.rectangle(x, y, width * share, 32, fill=color)
            if share > 0.1:
                drawing.text(x + width * share / 2, y + 21, word, color="paper", bold=True)
        drawn = int(np.searchsorted(ends, u))
        drawing.text(left + width + 12, y + 21, WORDS[drawn], anchor="start", color=TINTS[drawn], bold=True)
    x = left + width * u
    drawing.line([(x, 32), (x, 186)], color="ink", width=2)
    drawing.text(x, 24, f"u = {u:.2f}")
    drawing.text(left, 206, "0", size=drawing.small, color="soft")
    drawing.text(left + width, 206, "1", size=drawing.small, color="soft")
    return drawing


def price(say: Say) -> Drawing:
    """Of 400 words written at each temperature: how many are different, how many are on the list, and different ones of these."""
    warmth = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.5, 2]
    different, real, both = zip(*map(_counted, warmth), strict=True)
    drawing = Drawing(356, 280)
    plot = Plot(drawing, (0, 2), (0, 400), left=42, right=14, top=30)
    plot.axes(
        ticks([0, 0.5, 1, 1.5, 2]),
        ticks([0, 100, 200, 300, 400]),
        x_label=say("温度 T", "temperature T"),
        y_label=say("400 个里的个数", "of 400 words"),
    )
    for counts, color in [(different, "blue"), (real, "orange"), (both, "green")]:
        plot.curve(warmth, counts, color=color)
    plot.label(1.98, 340, say("各不相同", "different"), color="blue", anchor="end", above=0)
    plot.label(0.85, 170, say("在名单上", "on the list"), color="orange", above=0)
    plot.label(0.06, 24, say("在名单上，又各不相同", "different, on the list"), color="green", above=0)
    return drawing


@cache
def _counted(T: float) -> tuple[int, int, int]:
    """Of 400 words: different ones, ones on the list, and different ones on the list."""
    known, words = set(names()), _write(400, T)
    on_list = [word for word in words if word in known]
    return len(set(words)), len(on_list), len(set(on_list))


def _write(count: int, T: float) -> list[str]:
    """`count` words that the names model writes at this temperature, all at once."""
    model, tokenizer = pretrained("names")
    rng = np.random.default_rng(0)
    tokens: Array = np.zeros((count, 1), dtype=int)  # the newline
    for _ in range(12):
        ends = np.cumsum(softmax(model(tokens)[:, -1].astype(float), T), axis=1)  # (count, V)
        passed = ends <= rng.random((count, 1)) * ends[:, -1:]
        tokens = np.column_stack([tokens, passed.sum(axis=1)])
    return [tokenizer.decode(row[1:].tolist()).split("\n")[0] for row in tokens]
