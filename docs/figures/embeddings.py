"""Figures of the chapter: embeddings."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.names import TOKENIZER, pair_counts
from drawing import Drawing, Plot, Say, number, ticks
from loss_on_names import losses_until
from scratchml import Adam, Embedding, Linear, Sequential, one_hot, softmax, word_vectors
from sliders import Slider, sliders
from transformer_map import you_are_here

LETTERS = ["\\n", *"abcdefghijklmnopqrstuvwxyz"]
VOWELS = "aeiouy"
STEPS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 80, 100, 150, 200]
PAIRS = {
    "language": "france french germany german italy italian japan japanese china chinese russia russian spain spanish "
    "poland polish sweden swedish turkey turkish",
    "capital": "france paris germany berlin italy rome japan tokyo china beijing russia moscow spain madrid "
    "austria vienna norway oslo portugal lisbon iran tehran iraq baghdad britain london",
    "woman": "man woman king queen prince princess uncle aunt nephew niece brother sister son daughter father mother "
    "actor actress waiter waitress boy girl husband wife grandfather grandmother",
    "several": "cat cats school schools car cars hand hands book books tree trees computer computers child children "
    "man men woman women city cities",
    "opposite": "good bad hot cold high low rich poor happy sad big small young old beautiful ugly dark light early late",
}

Array = NDArray[Any]


def here(say: Say) -> Drawing:
    return you_are_here(say, "embedding")


def losses(say: Say) -> Drawing:
    return losses_until("embeddings", say)


@cache
def _learned() -> tuple[dict[int, Array], Array]:
    """The rows of two numbers after so many steps, as the chapter trains them, and how often a vowel follows each character."""
    counts = pair_counts()
    totals = counts.sum(axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    model = Sequential(Embedding(27, 2, rng=rng), Linear(2, 27, rng=rng))
    rows = model.parameters()[0]
    optimizer = Adam(model.parameters(), 0.1)
    kept = {}
    for step in range(max(STEPS) + 1):
        if step in STEPS:
            kept[step] = rows.value.copy()
        p = softmax(model(np.arange(27)))
        optimizer.zero_gradients()
        model.backward_to_parameters((totals * p - counts) / counts.sum())
        optimizer.step()
    return kept, counts[:, TOKENIZER.encode(VOWELS)].sum(axis=1) / totals.ravel()


@sliders(step=Slider("训练步数", "training steps", STEPS))
def letters(say: Say, step: float = 100) -> Drawing:
    """The 27 characters in the plane of their two numbers, after some steps of training."""
    kept, share = _learned()
    drawing = Drawing(356, 372)
    plot = Plot(drawing, (-1.4, 0.9), (-1.0, 1.2), left=20, right=12, top=12, bottom=70)
    drawing.rectangle(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top, stroke="grid")
    placed = 0
    for letter, (x, y), vowels in sorted(
        zip(LETTERS, kept[int(step)], share, strict=True), key=lambda row: row[0] in VOWELS
    ):
        outside = x < -1.36
        px, py = plot.at(x, min(y, 1.12))
        color = "orange" if vowels < 0.35 else "blue"
        if outside:
            py = 190.0 + 22 * placed
            placed += 1
            drawing.text(plot.left + 4, py, f"← {letter}", anchor="start", color=color, bold=True)
        else:
            drawing.text(px, py + 5, letter, color=color, bold=True)
            if letter in VOWELS and step >= 15:
                drawing.note((px, py + 1), f"{vowels:.0%}", "left" if letter in "iy" else "right", gap=9)
    low, high = (
        say("后面少有元音或 y（29% 以下）", "seldom a vowel or y next (29% and less)"),
        say("后面常有（41% 以上）", "often one (41% and more)"),
    )
    for line, (text, color) in enumerate([(low, "orange"), (high, "blue")]):
        drawing.circle(28, 328 + 24 * line, 5, fill=color)
        drawing.text(42, 333 + 24 * line, text, anchor="start", size=drawing.small)
    return drawing


def gradient(say: Say) -> Drawing:
    """The slopes of six places, and how they arrive at the rows of the embedding matrix."""
    words, sentence = ["the", "cat", "sat", "on", "mat", "dog", "ran"], [0, 1, 2, 3, 0, 4]
    delta = np.array([[1, 0], [0, 1], [1, 1], [2, 0], [3, -1], [0, 2]])
    total = one_hot(sentence, 7).T @ delta
    drawing = Drawing(356, 344)
    drawing.text(8, 18, say("每个位置的 δ", "δ of each place"), anchor="start", bold=True)
    drawing.text(348, 18, say("W_E 的梯度", "gradient of W_E"), anchor="end", bold=True)

    def pair(row: Array) -> str:
        return f"({number(row[0])}, {number(row[1])})"

    for place, token in enumerate(sentence):
        y = 52 + 44 * place
        twice = token == 0
        color = "blue" if twice else "ink"
        drawing.text(8, y + 5, words[token], anchor="start", color=color, bold=twice, italic=True)
        drawing.text(52, y + 5, pair(delta[place]), anchor="start", color=color, bold=twice)
        drawing.arrow((112, y), (236, 52 + 44 * token), color="blue" if twice else "soft", width=2 if twice else 1.5)
    for token, word in enumerate(words):
        y = 52 + 44 * token
        color = "blue" if token == 0 else "soft" if token >= 5 else "ink"
        drawing.rectangle(244, y - 16, 104, 32, stroke=color)
        drawing.text(252, y + 5, word, anchor="start", color=color, bold=token == 0, italic=True)
        drawing.text(342, y + 5, pair(total[token]), anchor="end", color=color, bold=token == 0)
    return drawing


@cache
def _words() -> tuple[dict[str, int], Array, Array]:
    """The place of each word, the rows, and the rows with length 1."""
    words, vectors = word_vectors()
    places = {word: place for place, word in enumerate(words)}
    return places, vectors, vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True))


@cache
def _shares(kind: str) -> tuple[float, float]:
    """Of all analogies between two pairs: which share is right at once, and which without the three words that went in."""
    places, vectors, directions = _words()
    flat = [places[word] for word in PAIRS[kind].split()]
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    right, without, count = 0, 0, 0
    for a, b in pairs:
        for c, wanted in pairs:
            if a == c:
                continue
            scores = directions @ (vectors[b] - vectors[a] + vectors[c])
            right += int(scores.argmax() == wanted)
            scores[[a, b, c]] = -np.inf
            without += int(scores.argmax() == wanted)
            count += 1
    return right / count, without / count


def analogies(say: Say) -> list[Drawing]:
    """How many analogies come out right, by kind; and words on the direction from man to woman."""
    bars = Drawing(356, 356)
    bars.title(say("类比答对了几成", "how many analogies come out right"))
    labels = {
        "language": say("国家 → 语言：france, french", "country → language: france, french"),
        "capital": say("国家 → 首都：france, paris", "country → capital: france, paris"),
        "woman": say("男 → 女：king, queen", "man → woman: king, queen"),
        "several": say("一个 → 几个：cat, cats", "one → several: cat, cats"),
        "opposite": say("反义词：hot, cold", "opposites: hot, cold"),
    }
    for row, (kind, label) in enumerate(labels.items()):
        y = 34 + 56 * row
        right, without = _shares(kind)
        bars.text(8, y + 14, label, anchor="start")
        for share, color, down in [(right, "blue", 22), (without, "soft", 36)]:
            bars.rectangle(8, y + down, max(1.0, 290 * share), 11, fill=color)
            bars.text(14 + 290 * share, y + down + 10, f"{share:.0%}", anchor="start", size=bars.small, color=color)
    for line, (text, color) in enumerate(
        [
            (say("3,095 个词里最近的就是它", "nearest of all 3,095 words"), "blue"),
            (say("不算放进去的三个词，它最近", "nearest without the three words put in"), "soft"),
        ]
    ):
        bars.rectangle(8, 320 + 20 * line, 12, 11, fill=color)
        bars.text(28, 330 + 20 * line, text, anchor="start", size=bars.small)
    return [bars, _direction(say)]


def _direction(say: Say) -> Drawing:
    places, vectors, _ = _words()
    direction = vectors[places["woman"]] - vectors[places["man"]]
    direction = direction / np.sqrt(direction @ direction)
    along = {word: float(vectors[place] @ direction) for word, place in places.items()}
    drawing = Drawing(356, 356)
    drawing.title(say("从 man 到 woman 的方向", "the direction from man to woman"))
    plot = Plot(drawing, (-3.1, 3.1), (14, 0), left=10, right=10, top=34, bottom=26)
    x, _ = plot.at(0, 0)
    drawing.line([(x, 34), (x, 330)], color="grid", width=1)
    family = [
        ("king", "queen"),
        ("prince", "princess"),
        ("uncle", "aunt"),
        ("waiter", "waitress"),
        ("father", "mother"),
    ]
    for row, (he, she) in enumerate(family):
        (left, y), (right, _) = plot.at(along[he], row + 0.5), plot.at(along[she], row + 0.5)
        drawing.arrow((left, y), (right, y), color="blue", width=2)
        drawing.note((left, y), he, "left", gap=5, color="ink")
        drawing.note((right, y), she, gap=5, color="ink")
    jobs = ["captain", "engineer", "programmer", "lawyer", "doctor", "teacher", "librarian", "homemaker", "nurse"]
    for row, job in enumerate(jobs, 5):
        px, y = plot.at(along[job], row + 0.5)
        drawing.circle(px, y, 4, fill="orange")
        drawing.note((px, y), job, "left" if along[job] > 0.9 else "right", gap=8, color="ink")
    drawing.text(10, 350, "← man", anchor="start", size=drawing.small, color="soft")
    drawing.text(346, 350, "woman →", anchor="end", size=drawing.small, color="soft")
    return drawing


DIMENSIONS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 100, 200, 400, 768, 1600, 4096, 12288]


@cache
def _cosines(dimensions: int) -> Array:
    rng = np.random.default_rng(0)
    cosines = np.empty(1000)
    for pair in range(1000):
        a, b = rng.normal(size=(2, dimensions))
        cosines[pair] = a @ b / np.sqrt((a @ a) * (b @ b))
    return cosines


@sliders(dimensions=Slider("维数", "dimensions", DIMENSIONS))
def spread(say: Say, dimensions: float = 100) -> Drawing:
    """The cosines of a thousand pairs of random directions, as a histogram, and how far they spread."""
    cosines = _cosines(int(dimensions))
    heights, edges = np.histogram(cosines, np.linspace(-1, 1, 42))
    drawing = Drawing(356, 262)
    plot = Plot(drawing, (-1, 1), (0, 1), left=16, right=16, top=72)
    plot.axes(ticks([-1, -0.5, 0, 0.5, 1]), {}, x_label=say("随机方向之间的余弦", "cosine of two random directions"))
    for height, left, right in zip(heights, edges, edges[1:], strict=False):
        if height:
            (x, y), (end, bottom) = plot.at(left, height / heights.max()), plot.at(right, 0)
            drawing.rectangle(x + 0.5, y, end - x - 1, bottom - y, fill="blue")
    measured = np.sqrt((cosines**2).mean())
    drawing.text(
        16,
        18,
        say(f"{int(dimensions):,} 维", f"{int(dimensions):,} dimensions"),
        anchor="start",
        color="blue",
        bold=True,
    )
    drawing.text(
        16,
        40,
        say("平方的平均，开方：", "root of the mean square: ") + f"{measured:.3f}",
        anchor="start",
    )
    drawing.text(340, 40, f"1/√n = {1 / np.sqrt(dimensions):.3f}", anchor="end", color="soft")
    return drawing
