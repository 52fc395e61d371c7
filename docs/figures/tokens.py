"""Figures of the chapter: tokens."""

from functools import cache

import numpy as np

from drawing import Drawing, Plot, Say, between, ticks
from scratchml import BPETokenizer, digits, word_vectors
from sliders import Slider, sliders
from transformer_map import you_are_here

SENTENCE = "All human beings are born free and equal in dignity and rights."
MERGES = [0, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 250, 300, 400, 500, 700, 1000, 1250, 1500]


def here(say: Say) -> Drawing:
    """Where the chapter stands on the map of part II."""
    return you_are_here(say, "tokens")


def cells(
    drawing: Drawing, x: float, y: float, pieces: list[str], colors: list[str], *, width: float, height: float = 24
) -> float:
    """Pieces of text side by side, a box for each, as wide as its characters; returns where the last one ends."""
    for piece, tint in zip(pieces, colors, strict=True):
        drawing.box((x + width * len(piece) / 2, y + height / 2), width=width * len(piece), height=height, color=tint)
        for character in piece:
            x += width
            drawing.text(x - width / 2, y + height / 2 + 5, character)
    return x


def merging(say: Say) -> Drawing:
    """The sentence of the napkin before the merges and after each of them."""
    text = "the cat sat on the mat"
    merges = BPETokenizer.train(text, 10).merges
    drawing = Drawing(356, 214)
    for k in range(len(merges) + 1):
        tokenizer = BPETokenizer(merges[:k])
        tokens = tokenizer.encode(text)
        pieces = [tokenizer.decode([token]) for token in tokens]
        new = f"“{tokenizer.decode([255 + k])}”" if k else ""
        count = say(f"{len(tokens)} 个词元", f"{len(tokens)} tokens")
        label = say(f"合并出 {new}：", f"{new} merged: ") if k else say("起初：", "at first: ")
        top = 8 + 52 * k
        drawing.text(2, top + 13, label + count, anchor="start", color="soft")
        newest = ["blue" if k and token == 255 + k else "soft" for token in tokens]
        cells(drawing, 2, top + 20, pieces, newest, width=16, height=22)
    return drawing


@cache
def learned() -> BPETokenizer:
    """Byte-pair encoding of the English words, with as many merges as the slider goes up to."""
    return BPETokenizer.train(" ".join(word_vectors().words), MERGES[-1])


@sliders(merges=Slider("合并次数", "merges", MERGES))
def sizes(say: Say, merges: float = 300) -> list[Drawing]:
    """A sentence cut into tokens after so many merges, and how many tokens it takes after each number of merges."""
    lengths = [len(BPETokenizer(learned().merges[:k]).encode(SENTENCE)) for k in MERGES]
    tokenizer = BPETokenizer(learned().merges[: int(merges)])
    tokens = tokenizer.encode(SENTENCE)
    vocabulary = f"{tokenizer.vocab_size:,}"

    text = Drawing(356, 230)
    text.title(say(f"词表 {vocabulary}，{len(tokens)} 个词元", f"vocabulary {vocabulary}, {len(tokens)} tokens"))
    # Broken before the spaces that begin a word, since a token never reaches over one.
    rows: list[list[str]] = [[]]
    for number, token in enumerate(tokens):
        start = len(tokenizer.decode(tokens[:number]))
        if SENTENCE[start] == " " and len("".join(rows[-1])) + len(SENTENCE[start + 1 :].split(" ")[0]) + 1 > 17:
            rows.append([])
        rows[-1].append(tokenizer.decode([token]))
    shade = 0
    for row, pieces in enumerate(rows):
        colors = ["blue" if (shade + i) % 2 else "orange" for i in range(len(pieces))]
        shade += len(pieces)
        cells(text, 2, 40 + 38 * row, pieces, colors, width=20, height=26)

    drawing = Drawing(356, 230)
    plot = Plot(drawing, (0, MERGES[-1]), (0, 70), left=36, right=24, top=26)
    plot.axes(ticks([0, 500, 1000, 1500]), ticks([0, 20, 40, 60]), x_label=say("合并次数", "merges"))
    plot.title(say("这句话有多少词元", "tokens in the sentence"))
    plot.curve(MERGES, lengths, color="blue")
    drawing.circle(*plot.at(merges, len(tokens)), 5, fill="blue")
    return [text, drawing]


def stream(say: Say) -> Drawing:
    """Four names in a padded table, and one after the other in a stream; "\\n" is the boundary token."""
    listed = ["james", "mary", "elizabeth", "ann"]
    longest = max(map(len, listed)) + 1
    drawing = Drawing(356, 310)
    drawing.title(say("表格：短的行要填满", "a table: short rows are filled up"))
    for row, name in enumerate(listed):
        y = 28 + 30 * row
        end = cells(drawing, 36, y, list(name), ["ink"] * len(name), width=28)
        filling = longest - len(name) - 1
        for column in range(filling + 1):
            color = "blue" if column == 0 else "none"
            if column:
                drawing.rectangle(end + 28 * column, y, 28, 24, fill="grid", stroke="soft", line_width=1)
            drawing.box((end + 28 * column + 14, y + 12), "\\n" if not column else "", width=28, height=24, color=color)
    drawing.text(178, 182, say("连成一串：不用填充", "a stream: nothing to fill"), bold=True)
    characters = "\n" + "\n".join(listed) + "\n"
    for i, character in enumerate(characters):
        x, y = 10 + 28 * (i % 12), 196 + 34 * (i // 12)
        boundary = character == "\n"
        drawing.box(
            (x + 14, y + 12),
            "\\n" if boundary else character,
            width=28,
            height=24,
            color="blue" if boundary else "ink",
        )
    return drawing


def patches(say: Say) -> list[Drawing]:
    """A digit cut into four patches, and each patch as a row of 16 numbers."""
    image = digits().train_images[0].reshape(8, 8)
    whole = Drawing(240, 230)
    whole.title(say("8 × 8 个像素", "8 × 8 pixels"))
    whole.pixels(22, 30, 190, image)
    whole.line([(117, 30), (117, 220)], color="orange", width=3)
    whole.line([(22, 125), (212, 125)], color="orange", width=3)
    rows = Drawing(356, 230)
    rows.title(say("四个词元，每个 16 个数", "four tokens of 16 numbers each"))
    for number in range(4):
        row, column = 4 * (number // 2), 4 * (number % 2)
        x, y = 22 + 95 * (number % 2), 30 + 95 * (number // 2)
        whole.circle(*between((x, y), (x + 95, y + 95), 0.5), 13, fill="paper", stroke="orange")
        whole.text(x + 47.5, y + 52.5, str(number + 1), bold=True, color="orange")
        patch = image[row : row + 4, column : column + 4].ravel()
        rows.text(14, 57 + 48 * number, str(number + 1), bold=True, color="orange")
        rows.heat_map(30, 38 + 48 * number, np.atleast_2d(patch), cell=(20, 28), largest=1)
    return [whole, rows]
