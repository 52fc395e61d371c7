"""Makes the models that come with the package:
`python -m scratchml.weights.train --out FOLDER`.

Two read a list of words each, one to a row, and learn to write more of them. A tenth of
the words is kept from each, for the validation loss. The third reads handwritten
digits. One takes up to three minutes; name it to make that one only.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scratchml._files import replaced
from scratchml.activations import ReLU
from scratchml.batches import Batch, MiniBatches
from scratchml.checkpoint import load_checkpoint, save_checkpoint
from scratchml.datasets import digits, idioms, names
from scratchml.generation import generate
from scratchml.linear import Linear
from scratchml.losses import CrossEntropy
from scratchml.module import Sequential
from scratchml.optimizers import Adam, warmup_cosine
from scratchml.tokenizers import CharTokenizer, Tokenizer
from scratchml.training import History, fit
from scratchml.transformer import GPT, GPTConfig

SEED = 0
SAMPLES = 1000
BATCH_SIZE = 64
NUM_HEADS = 4


class Recipe(NamedTuple):
    """What a model reads, how large it is, and how it is trained."""

    words: Callable[[], list[str]]
    is_valid: Callable[[str], bool]  # whether something written could be such a word
    embedding_dim: int
    num_layers: int
    peak: float  # of the learning rate
    weight_decay: float
    epochs: int


RECIPES = {
    "idioms": Recipe(
        words=idioms,
        is_valid=lambda word: len(word) == 4,
        embedding_dim=40,
        num_layers=2,
        peak=0.008,
        weight_decay=3.0,
        epochs=20,
    ),
    "names": Recipe(
        words=names,
        is_valid=str.isalpha,
        embedding_dim=64,
        num_layers=3,
        peak=0.003,
        weight_decay=1.0,
        epochs=24,
    ),
}


class Trained(NamedTuple):
    """A model, how its training went, and the words that it read and didn't read."""

    model: GPT
    tokenizer: Tokenizer
    history: History
    read: list[str]
    held_out: list[str]


def trained(name: str, rng: np.random.Generator) -> Trained:
    """The model of that name after its training, epoch by epoch on the terminal."""
    recipe = RECIPES[name]
    words = recipe.words()  # the most frequent first, so shuffle them
    words = [words[i] for i in rng.permutation(len(words))]
    held_out, read = words[: len(words) // 10], words[len(words) // 10 :]
    tokenizer = CharTokenizer("\n" + "".join(words))
    length = max(map(len, words)) + 1
    config = GPTConfig(
        tokenizer.vocab_size,
        context_length=length,
        embedding_dim=recipe.embedding_dim,
        num_heads=NUM_HEADS,
        num_layers=recipe.num_layers,
        tie_weights=True,
    )
    model = GPT(config, rng=rng)
    batches = MiniBatches(*rows(read, tokenizer, length), BATCH_SIZE, rng=rng)
    print(f"{name}: {model}")

    def progress(epochs: Iterable[int]) -> Iterator[int]:
        for epoch in epochs:
            begun = time.perf_counter()
            yield epoch  # and fit trains for one epoch
            speed = len(read) * length / (time.perf_counter() - begun)
            print(
                f"epoch {epoch + 1} of {recipe.epochs}: {speed:,.0f} tokens per second"
            )

    history = fit(
        model,
        CrossEntropy(),
        Adam(model.parameters(), weight_decay=recipe.weight_decay),
        batches,
        epochs=recipe.epochs,
        validation=[rows(held_out, tokenizer, length)],
        patience=4,
        schedule=lambda step: warmup_cosine(
            step,
            peak=recipe.peak,
            warmup_steps=50,
            total_steps=len(batches) * recipe.epochs,
            floor=recipe.peak / 20,
        ),
        max_gradient_norm=1.0,
        progress=progress,
    )
    return Trained(model, tokenizer, history, read, held_out)


def train(name: str, folder: Path) -> None:
    """Train the model of that name, save it there, and say how good it is."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    started = time.perf_counter()
    model, tokenizer, history, read, held_out = trained(name, rng)
    seconds = time.perf_counter() - started
    length = model.config.context_length
    path = folder / f"{name}.npz"
    save_checkpoint(path, model, tokenizer=tokenizer, dtype="float16")
    best = history.best_epoch
    print(
        f"trained for {seconds:.0f} s, best after {best + 1} epochs; loss of a word: "
        f"{history.training_loss[best] * length:.2f}, of one kept from it "
        f"{history.validation_loss[best] * length:.2f}; "
        f"{path.stat().st_size / 1000:.0f} KB in {path.name}"
    )

    model, _ = load_checkpoint(path)
    written = [write(model, tokenizer, rng) for _ in range(SAMPLES)]
    valid = [word for word in written if RECIPES[name].is_valid(word)]
    known, kept = set(read), set(held_out) - set(read)
    copies = sum(word in known for word in valid)
    unread = sum(word in kept for word in valid)
    print(
        f"of {SAMPLES} samples {len(valid)} are valid: {copies} copies of what it "
        f"read, {unread} that were kept from it, {len(valid) - copies - unread} in "
        f"neither list, such as {' '.join(valid[:20])}"
    )


def train_digits(folder: Path) -> None:
    """Train the network of part I (lab digits), save it, and say how good it is."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    images, labels, test_images, test_labels = digits()
    network = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng))
    order = rng.permutation(len(labels))
    held_out, read = order[: len(order) // 5], order[len(order) // 5 :]
    history = fit(
        network,
        CrossEntropy(),
        Adam(network.parameters(), 0.01),
        MiniBatches(images[read], labels[read], 32, rng=rng),
        epochs=100,
        validation=[(images[held_out], labels[held_out])],
        patience=5,
    )
    path = folder / "digits.npz"
    parameters: dict[str, Any] = network.state()
    with replaced(path) as file:
        np.savez_compressed(file, **parameters)
    right = (network(test_images).argmax(axis=1) == test_labels).mean()
    print(
        f"digits: best after {history.best_epoch + 1} epochs; {right:.1%} of the test "
        f"images are read right; {path.stat().st_size / 1000:.0f} KB in {path.name}"
    )


def rows(words: list[str], tokenizer: Tokenizer, length: int) -> Batch:
    """A row of tokens for each word, (words, length), and those that come next: a line
    end before the word, and line ends after it until the row is full.
    """
    tokens = [tokenizer.encode(f"\n{word}".ljust(length + 1, "\n")) for word in words]
    return np.array(tokens)[:, :-1], np.array(tokens)[:, 1:]


def write(model: GPT, tokenizer: Tokenizer, rng: np.random.Generator) -> str:
    """What the model writes after a line end, up to the next one."""
    length = model.config.context_length
    tokens = generate(model, tokenizer.encode("\n"), length, rng=rng)
    return tokenizer.decode(tokens).partition("\n")[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    known = ["digits", *RECIPES]
    parser.add_argument("names", nargs="*", help=", ".join(known))
    parser.add_argument("--out", type=Path, required=True, help="where to write")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(known))
    if unknown:
        parser.error(f"names must be of {', '.join(known)}, got {', '.join(unknown)}")
    for chosen in arguments.names or known:
        if chosen == "digits":
            train_digits(arguments.out)
        else:
            train(chosen, arguments.out)
