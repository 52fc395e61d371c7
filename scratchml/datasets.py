"""The data of the book's running examples; data/NOTICE.md says where they come from."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

import scratchml._checks as check
from scratchml._checks import Array

_DATA = Path(__file__).parent / "data"


Split = Literal["stratified", "writers"]
Part = Literal["all", "train", "validation"]


class Digits(NamedTuple):
    """Handwritten digits, split in two.

    An image is a row of 64 gray values from 0 (paper) to 1 (ink); `.reshape(8, 8)`
    gives it back its shape.
    """

    train_images: NDArray[np.float64]  # (1433, 64)
    train_labels: NDArray[np.int64]  # (1433,)
    test_images: NDArray[np.float64]  # (364, 64)
    test_labels: NDArray[np.int64]  # (364,)


def digits(split: Split = "stratified") -> Digits:
    """1,797 handwritten digits of 8 × 8 pixels: four fifths to learn from, one to test.

    `split="stratified"`: every fifth image of each digit is a test image, so that each
    digit has its fair share. `split="writers"`: the last fifth of the file is the test.
    The file goes from writer to writer, so these are hands that the training images
    hardly show: a harder and more honest test (chapter generalization). Both are fixed.
    Raises ValueError for another split.
    """
    check.one_of(get_args(Split), split=split)
    with np.load(_DATA / "digits.npz", allow_pickle=False) as file:
        images, labels = file["images"] / 16, file["labels"].astype(np.int64)
    if split == "stratified":
        is_test = np.zeros(len(labels), dtype=bool)
        for digit in range(10):
            is_test[np.flatnonzero(labels == digit)[::5]] = True
    else:
        is_test = np.arange(len(labels)) >= 1433
    return Digits(images[~is_test], labels[~is_test], images[is_test], labels[is_test])


def digit_from_strokes(strokes: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """A drawing as an image like those of `digits`, (64,): from 0 (paper) to 1 (ink).

    A stroke is the path of a pen from down to up, (points, 2), x to the right and y
    down, in any unit. As the authors of the data did (Alpaydin and Kaynak, 1998), the
    drawing is scaled to a sheet of 32 × 32 dots, and the black ones of each 4 × 4 are
    counted. Their ones and eights are nearly as wide as their zeros, so the width is
    brought halfway to 22 dots; the pen is as thick as makes as much ink as theirs.
    Raises ValueError for strokes of another shape, and where there are none.
    """
    paths = [check.floats(stroke, "a stroke", np.float64) for stroke in strokes]
    for path in paths:
        if path.ndim != 2 or path.shape[1] != 2 or len(path) == 0:
            raise ValueError(f"a stroke must be (points, 2), got shape {path.shape}")
        check.finite(path, "a stroke")
    if not paths:
        raise ValueError("strokes must be one stroke or more, got none")
    points = np.concatenate(paths)
    tall, wide = np.ptp(points[:, 1]), np.ptp(points[:, 0])
    pen = 0.08 * max(tall, wide / 2) or 1.0  # its radius; of a single dot, anything
    left, top = points.min(axis=0) - pen
    right, bottom = points.max(axis=0) + pen
    width = min(32, (32 * (right - left) / (bottom - top) + 22) / 2)  # in dots
    dots = np.arange(32) + 0.5
    x = (left + right) / 2 + (dots - 16) / width * (right - left)
    y = top + dots / 32 * (bottom - top)
    sheet = np.stack(np.meshgrid(x, y), axis=-1)  # (32, 32, 2), in the drawing's units
    black = np.zeros((32, 32), dtype=bool)
    for path in paths:
        for start, end in pairwise(path if len(path) > 1 else [path[0], path[0]]):
            black |= _distance(sheet, start, end) <= pen
    return black.reshape(8, 4, 8, 4).sum(axis=(1, 3)).ravel() / 16


def _distance(points: Array, start: Array, end: Array) -> Array:
    """How far each of the points (…, 2) is from the line between two others; (…)."""
    along = end - start
    length = along @ along
    share = (points - start) @ along / length if length else np.zeros(points.shape[:-1])
    nearest = start + np.clip(share, 0, 1)[..., None] * along
    return np.linalg.norm(points - nearest, axis=-1)


def xor() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The four cases of a lamp with two switches: on when one is up (chapter
    neurons-and-layers).

    Returns the switches (4, 2) and the lamp (4, 1).
    """
    switches = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return switches, np.array([[0.0], [1.0], [1.0], [0.0]])


def spirals(
    num_points: int,
    *,
    num_arms: int = 2,
    noise: float = 0.05,
    rng: np.random.Generator | int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points on arms that wind once around each other, an arm for each class.

    Returns the points (num_arms · num_points, 2), at most about 1 from the middle, and
    the number of each one's arm. `noise` is the standard deviation of each coordinate
    around the arm. Raises ValueError for settings out of range.
    """
    check.integers_from(1, num_points=num_points, num_arms=num_arms)
    check.not_negative(noise=noise)
    rng = np.random.default_rng(rng)
    arms = np.repeat(np.arange(num_arms), num_points)
    along = rng.uniform(0.1, 1, size=len(arms))
    angles = 2 * np.pi * (along + arms / num_arms)
    points = along[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    return points + rng.normal(0, abs(noise), size=points.shape), arms


def idioms() -> list[str]:
    """6,000 Chinese idioms of four characters, the most frequent first."""
    return (_DATA / "idioms.txt").read_text("utf-8").split()


def names(part: Part = "all") -> list[str]:
    """5,163 English given names, the most frequent first.

    For language models they are shuffled, always in the same way, and split: "train"
    are 4,647 of them, "validation" the other 516. Raises ValueError for another part.
    """
    check.one_of(get_args(Part), part=part)
    listed = (_DATA / "names.txt").read_text("utf-8").split()
    if part == "all":
        return listed
    shuffled = [listed[i] for i in np.random.default_rng(0).permutation(len(listed))]
    held_out = len(listed) // 10
    return shuffled[held_out:] if part == "train" else shuffled[:held_out]


class WordVectors(NamedTuple):
    """Words, and a row of 100 numbers for each."""

    words: list[str]
    vectors: NDArray[np.float64]  # (words, 100)


def word_vectors() -> WordVectors:
    """Embeddings of 3,000 frequent English words and some others, learned from six
    billion words of text: GloVe (Pennington et al., 2014; chapter embeddings).
    """
    with np.load(_DATA / "word_vectors.npz", allow_pickle=False) as file:
        vectors = file["steps"] * file["scales"][:, None].astype(np.float64)
        return WordVectors(file["words"].tolist(), vectors)


class BlackCat(NamedTuple):
    """A head that was made by hand, and the three words that it reads."""

    words: list[str]
    embeddings: NDArray[np.float64]  # (3, 4): noun, adjective, animal, black
    W_q: NDArray[np.float64]  # (4, 4), as are the others
    W_k: NDArray[np.float64]
    W_v: NDArray[np.float64]


def black_cat() -> BlackCat:
    """*the black cat*, with a head in which a noun looks for its adjective (chapter
    attention).

    A word has four numbers: is it a noun, an adjective, an animal, is it black? A
    noun's query points along "adjective", only an adjective's key does, and a value
    is black.
    """
    embeddings = np.array(
        [[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]]
    )
    W_q, W_k, W_v = np.zeros((3, 4, 4))
    W_q[0, 1] = 4  # noun → adjective wanted
    W_k[1, 1] = 1  # adjective → adjective
    W_v[3, 3] = 1  # black → black
    return BlackCat(["the", "black", "cat"], embeddings, W_q, W_k, W_v)


class Apples(NamedTuple):
    """A head that was made by hand, a sentence in which one word has two senses, and
    vectors for the places of its words.
    """

    words: list[str]
    embeddings: NDArray[np.float64]  # (6, 9): apple, company, food; the rest are 0
    positions: NDArray[np.float64]  # (6, 9): 0, 0, 0; then 1 in the place's column
    W_q: NDArray[np.float64]  # (9, 9), as are the others
    W_k: NDArray[np.float64]
    W_v: NDArray[np.float64]


def apples() -> Apples:
    """他 在 苹果 公司 吃 苹果, he eats an apple at Apple, with a head in which each
    word looks at its neighbors (chapter attention).

    A query points along the places to the left and to the right, a key along a word's
    own place, and a value says what of company and of food is in a word.
    """
    words = ["他", "在", "苹果", "公司", "吃", "苹果"]
    embeddings, positions = np.zeros((2, 6, 9))
    for column, word in enumerate(["苹果", "公司", "吃"]):
        embeddings[[place for place in range(6) if words[place] == word], column] = 1
    W_q, W_k, W_v = np.zeros((3, 9, 9))
    for place in range(6):
        positions[place, 3 + place] = 1
        for neighbor in (place - 1, place + 1):
            if 0 <= neighbor < 6:
                W_q[3 + place, 3 + neighbor] = 30  # place → neighbor wanted
        W_k[3 + place, 3 + place] = 1  # place → place
    W_v[1, 1] = W_v[2, 2] = 1  # company → company, food → food
    return Apples(words, embeddings, positions, W_q, W_k, W_v)


def one_hot(labels: ArrayLike, num_classes: int) -> NDArray[np.float64]:
    """A row for each label: 1 in the label's column, 0 elsewhere.

    (rows,) → (rows, num_classes): of four classes, label 2 becomes [0, 0, 1, 0].
    Raises ValueError unless the labels are integers from 0 to num_classes − 1.
    """
    check.integers_from(1, num_classes=num_classes)
    labels = check.indices(labels, num_classes, "labels")
    if labels.ndim != 1:
        raise ValueError(f"labels must be a row of integers, got shape {labels.shape}")
    rows = np.zeros((len(labels), num_classes))
    rows[np.arange(len(labels)), labels] = 1
    return rows
