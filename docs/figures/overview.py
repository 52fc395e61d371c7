"""Figures of the chapter: from a text to the next token."""

import math
from functools import cache

import numpy as np

from drawing import Array, Drawing, Say, number, text_width
from scratchml import pretrained, softmax, tanh
from sliders import Slider, sliders
from transformer_map import you_are_here

RHYME = """this is the house that jack built
this is the malt that lay in the house that jack built
this is the rat that ate the malt that lay in the house that jack built
this is the cat that killed the rat that ate the malt that lay in the house that jack built"""


def here(say: Say) -> Drawing:
    """The map, with the two ends in color: the chapter looks from outside."""
    return you_are_here(say, "text", "next token")


@sliders(memory=Slider("记住几个词", "words remembered", range(1, 17)))
def rhyme(say: Say, memory: int = 2) -> Drawing:
    """The rhyme, with the words in orange that don't follow from the last `memory` words alone."""
    memory = int(memory)
    words = RHYME.split()
    seen = [tuple(words[max(0, i - memory) : i]) for i in range(len(words))]
    followers: dict[tuple[str, ...], set[str]] = {}
    for before, word in zip(seen, words, strict=True):
        followers.setdefault(before, set()).add(word)
    unsure = [len(followers[before]) > 1 for before in seen]
    sure, guesses = len(words) - 1 - sum(unsure), len(words) - 1

    drawing = Drawing(356, 224)
    drawing.text(0, 18, say("有把握：", "sure: ") + f"{sure} / {guesses}", anchor="start", bold=True, color="blue")
    drawing.text(356, 18, say("拿不准：", "unsure: ") + str(sum(unsure)), anchor="end", bold=True, color="orange")
    space, y, i = 7.0, 28.0, 0
    for line in RHYME.split("\n"):
        x, y = 0.0, y + 24
        for word in line.split():
            width = text_width(word)
            if x + width > drawing.width:
                x, y = 14.0, y + 22
            if unsure[i]:
                drawing.rectangle(x - 3, y - 15, width + 6, 20, stroke="orange")
            drawing.text(x, y, word, anchor="start", color="orange" if unsure[i] else "ink")
            x += width + space
            i += 1
    return drawing


def writing(say: Say) -> Drawing:
    """The seven distributions from which the small GPT takes the letters of a name, the most probable one each time."""
    model, tokenizer = pretrained("names")
    tokens, rows, table, choices = tokenizer.encode("\n"), list[str](), list[Array](), list[int]()
    while not choices or choices[-1] != 0:
        p = softmax(model(tokens)[-1])
        rows.append(tokenizer.decode(tokens[1:]))
        table.append(p[[*range(1, 27), 0]])
        choices.append(int(p.argmax()))
        tokens.append(choices[-1])
    drawing = Drawing(356, 234)
    letters = [letter if i % 2 == 0 and letter != "y" else "" for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")]
    cell = (10.6, 20.0)
    rows[0] = say("空白", "nothing")
    grid = drawing.heat_map(62, 44, np.array(table), cell=cell, rows=rows, columns=[*letters, ""], largest=1)
    drawing.note(grid.column(26).top, say("结束", "end"), "above", gap=7, color="ink")
    for i, choice in enumerate(choices):
        box = grid.cell(i, (choice - 1) % 27)
        drawing.rectangle(box.x - 1, box.y - 1, box.width, box.height, stroke="orange", line_width=2)
    drawing.heat_key(130, 208, say("概率 0", "probability 0"), "1")
    return drawing


@cache
def _shares() -> Array:
    """What is left of the first word's trace in h after each word; the numbers of the chapter's block."""
    rng = np.random.default_rng(0)
    W, U = rng.normal(size=(16, 16)) / 4, rng.normal(size=(16, 16)) / 4
    words = rng.normal(size=(21, 16))
    other = words.copy()
    other[0] = rng.normal(size=16)
    h: Array = np.zeros(16)
    g: Array = np.zeros(16)
    distances = list[float]()
    for x, y in zip(words, other, strict=True):
        h, g = tanh(x @ W + h @ U), tanh(y @ W + g @ U)
        distances.append(float(np.sqrt((h - g) @ (h - g))))
    return np.array(distances) / distances[0]


@sliders(read=Slider("读到第几个词", "the word being read", range(1, 22)))
def waiting(say: Say, read: int = 6) -> Drawing:
    """A recurrent network at word `read` of 21, what is left of the first word, and what that word sees directly in a Transformer."""
    read, shares = int(read), _shares()
    drawing = Drawing(356, 316)
    xs = [18 + 16 * i for i in range(21)]

    drawing.text(0, 16, say("循环神经网络", "recurrent network"), anchor="start", bold=True)
    left = number(float(f"{100 * shares[read - 1]:.2g}"))
    drawing.text(356, 16, say("第一个词还剩 ", "left of word 1: ") + left + "%", anchor="end", color="blue", bold=True)
    base, y = 90, 108
    for i, x in enumerate(xs):
        done = i < read
        if i:
            drawing.line([(xs[i - 1] + 6, y), (x - 6, y)], color="ink" if done else "grid", width=1.5)
        if done and shares[i] * 60 > 0.5:
            drawing.rectangle(x - 5, base - 60 * shares[i], 10, 60 * shares[i], fill="blue")
        drawing.circle(x, y, 6, fill="blue" if done else "paper", stroke="ink" if done else "soft")
    waits = 21 - read
    drawing.note(
        (0, 134),
        say(f"算了 {read} 步，还有 {waits} 步在等", f"steps done: {read}, still waiting: {waits}"),
        gap=0,
        color="ink",
    )

    drawing.text(0, 172, "Transformer", anchor="start", bold=True)
    drawing.text(
        356,
        172,
        say(f"直接看到 {read - 1} 个词", f"sees {read - 1} words directly"),
        anchor="end",
        color="blue",
        bold=True,
    )
    y = 270
    for start in xs[: read - 1]:
        half = (xs[read - 1] - start) / 2
        angles = np.linspace(np.pi, 0, 25).tolist()
        drawing.line(
            [(start + half + half * math.cos(a), y - 6 - half / 2 * math.sin(a)) for a in angles],
            color="blue",
            width=1.2,
        )
    for i, x in enumerate(xs):
        drawing.circle(
            x, y, 6, fill="blue", stroke="orange" if i == read - 1 else "ink", width=2.5 if i == read - 1 else 1.5
        )
    drawing.note(
        (0, 298),
        say("21 个位置同时算，没有谁在等", "all 21 positions at once, none waiting"),
        gap=0,
        color="ink",
    )
    return drawing
