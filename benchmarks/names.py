"""python -m benchmarks.names: part II's models one after the other, on the same names: loss, parameters, seconds of training.

Each learns from `names("train")`, however it likes, and is judged by `next_token_loss` on `names("validation")`, each name
by itself from its boundary to its end. A chapter that brings a model adds a function and a row.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.alternating import machine
from scratchml import (
    Adam,
    CharTokenizer,
    CrossEntropy,
    Embedding,
    LearnedPositions,
    Linear,
    MiniBatches,
    Module,
    MultiHeadAttention,
    SelfAttention,
    Sequential,
    causal_mask,
    fit,
    names,
    next_token_loss,
    next_token_windows,
    softmax,
)

RESULTS = Path(__file__).with_suffix(".json")
TOKENIZER = CharTokenizer("\nabcdefghijklmnopqrstuvwxyz")


class Trained(NamedTuple):
    model: Callable[[Any], Any]  # tokens (T,) → logits (T, V)
    parameters: int


def texts(part: Any) -> list[list[int]]:
    return [TOKENIZER.encode(f"\n{name}\n") for name in names(part)]


def pair_counts() -> np.ndarray:
    """How often the column's character follows the row's in the training names: (V, V)."""
    counts = np.zeros((TOKENIZER.vocab_size, TOKENIZER.vocab_size))
    for tokens in texts("train"):
        np.add.at(counts, (tokens[:-1], tokens[1:]), 1)
    return counts


def uniform() -> Trained:
    return Trained(lambda tokens: np.zeros((len(tokens), TOKENIZER.vocab_size)), 0)


def letter_frequencies() -> Trained:
    frequencies = pair_counts().sum(axis=0)
    logits = np.log(frequencies / frequencies.sum())
    return Trained(lambda tokens: np.tile(logits, (len(tokens), 1)), logits.size)


def bigram_counts() -> Trained:
    counts = pair_counts() + 1
    logits = np.log(counts / counts.sum(axis=1, keepdims=True))
    return Trained(lambda tokens: logits[tokens], logits.size)


def factored(embedding_dim: int) -> Trained:
    """The table of bigrams as a product of two smaller ones, from the counts as they are."""
    counts = pair_counts()
    totals = counts.sum(axis=1, keepdims=True)
    rng, tokens = np.random.default_rng(0), np.arange(TOKENIZER.vocab_size)
    model = Sequential(Embedding(len(tokens), embedding_dim, rng=rng), Linear(embedding_dim, len(tokens), rng=rng))
    optimizer = Adam(model.parameters(), 0.1)
    for _ in range(500):
        p = softmax(model(tokens))
        optimizer.zero_gradients()
        model.backward_to_parameters((totals * p - counts) / counts.sum())
        optimizer.step()
    return Trained(model, optimizer.values.size)


def embedding_8() -> Trained:
    return factored(8)


def embedding_2() -> Trained:
    return factored(2)


class OneHead(Module):
    """Embedding plus position, what one head takes from the characters so far added to that, and a linear layer."""

    takes_tokens = True

    def __init__(self, vocab_size: int, context_length: int, embedding_dim: int, rng: np.random.Generator) -> None:
        self.embedding = Embedding(vocab_size, embedding_dim, rng=rng)
        self.positions = LearnedPositions(context_length, embedding_dim, rng=rng)
        self.head: SelfAttention | MultiHeadAttention = SelfAttention(embedding_dim, rng=rng)
        self.linear = Linear(embedding_dim, vocab_size, rng=rng)

    def _forward(self, tokens: Any) -> tuple[Any, tuple[()]]:
        x = self.positions(self.embedding(tokens))
        return self.linear(x + self.head(x, causal_mask(x.shape[-2]))), ()

    def _backward(self, gradient: Any) -> Any:
        gradient = self.linear.backward(gradient)
        gradient = gradient + self.head.backward(gradient)
        return self.embedding.backward(self.positions.backward(gradient))


def with_attention(num_heads: int | None = None, seed: int = 0) -> Trained:
    """`OneHead`, or in the place of its head `num_heads` of the same total width and their output projection."""
    context_length, rng = 12, np.random.default_rng(seed)
    stream = [token for tokens in texts("train") for token in tokens[:-1]]
    ((inputs, targets),) = next_token_windows(stream, len(stream), context_length)
    model = OneHead(TOKENIZER.vocab_size, context_length, 32, rng)
    if num_heads is not None:
        model.head = MultiHeadAttention(32, num_heads, rng=rng)
    optimizer = Adam(model.parameters(), 0.01)
    fit(model, CrossEntropy(), optimizer, MiniBatches(inputs, targets, 64, rng=rng), epochs=8)
    return Trained(model, optimizer.values.size)


def one_head() -> Trained:
    return with_attention()


def four_heads() -> Trained:
    return with_attention(4)


#: The chapter that brings the model, and how it is trained.
ROWS: list[tuple[str, Callable[[], Trained]]] = [
    ("language-models", uniform),
    ("language-models", letter_frequencies),
    ("language-models", bigram_counts),
    ("embeddings", embedding_2),
    ("embeddings", embedding_8),
    ("attention", one_head),
    ("multi-head-attention", four_heads),
]
#: For multi-head-attention: the same number of parameters in so many heads, each from so many seeds.
HEADS, SEEDS = (1, 2, 4, 8, 16), 4


def measure(train: Callable[[], Trained]) -> dict[str, Any]:
    start = time.perf_counter()
    model, parameters = train()
    seconds = time.perf_counter() - start
    loss = next_token_loss(model, texts("validation"))
    return {"model": train.__name__, "loss": round(loss, 4), "parameters": parameters, "seconds": round(seconds, 2)}


def losses_of_heads() -> dict[str, list[float]]:
    """The validation loss for each number of heads, from each seed."""
    validation = texts("validation")
    return {
        str(num_heads): [
            round(next_token_loss(with_attention(num_heads, seed).model, validation), 4) for seed in range(SEEDS)
        ]
        for num_heads in HEADS
    }


def main() -> None:
    rows = [{"chapter": chapter} | measure(train) for chapter, train in ROWS]
    results = {"machine": machine(), "rows": rows, "heads": losses_of_heads()}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf8")
    for row in rows:
        print(f"{row['model']:<24}{row['loss']:>8}{row['parameters']:>8} parameters{row['seconds']:>8} s")


if __name__ == "__main__":
    main()
