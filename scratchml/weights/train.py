"""Makes the models that come with the package:
`python -m scratchml.weights.train --out FOLDER`.

Each reads a list of words, one to a row, and learns to write more of them. A tenth of
the words is kept from it, for the validation loss. One takes up to three minutes; name
it to make that one only.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scratchml.batches import Batch, MiniBatches
from scratchml.checkpoint import load_checkpoint, save_checkpoint
from scratchml.datasets import idioms, names
from scratchml.generation import generate
from scratchml.losses import CrossEntropy
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
    parser.add_argument("names", nargs="*", help=", ".join(RECIPES))
    parser.add_argument("--out", type=Path, required=True, help="where to write")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - RECIPES.keys())
    if unknown:
        parser.error(f"names must be of {', '.join(RECIPES)}, got {', '.join(unknown)}")
    for chosen in arguments.names or RECIPES:
        train(chosen, arguments.out)
