"""python -m benchmarks.names: part II's models one after the other, on the same names: loss, parameters, seconds of training.

Each learns from `names("train")`, however it likes, and is judged by `next_token_loss` on `names("validation")`, each name
by itself from its boundary to its end. A chapter that brings a model adds a function and a row.
"""

import json
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.alternating import machine
from scratchml import (
    GPT,
    Adam,
    CharTokenizer,
    CrossEntropy,
    Embedding,
    FeedForward,
    GPTConfig,
    LayerNorm,
    LearnedPositions,
    Linear,
    MiniBatches,
    Module,
    MultiHeadAttention,
    NextTokenBatches,
    SelfAttention,
    Sequential,
    TransformerBlock,
    causal_mask,
    cross_entropy,
    cross_entropy_gradient,
    fit,
    names,
    next_token_loss,
    next_token_windows,
    softmax,
    warmup_cosine,
)
from scratchml.datasets import Part
from scratchml.weights.train import BATCH_SIZE, NUM_HEADS, SEED, rows, trained

RESULTS = Path(__file__).with_suffix(".json")
TOKENIZER = CharTokenizer("\nabcdefghijklmnopqrstuvwxyz")
CONTEXT = 12
WIDTH = 32
#: For multi-head-attention: the same number of parameters in so many heads, each from so many seeds.
HEADS, SEEDS = (1, 2, 4, 8, 16), 4
#: For transformer-block: so many blocks on one another.
DEPTHS = (1, 2, 4, 6, 8, 10, 12)


class Trained(NamedTuple):
    model: Callable[[Any], Any]  # tokens (T,) → logits (T, V)
    parameters: int


def texts(part: Part) -> list[list[int]]:
    """The names of one part, each from its boundary to its end, as tokens."""
    return [TOKENIZER.encode(f"\n{name}\n") for name in names(part)]


@cache
def pair_counts(part: Part = "train") -> np.ndarray:
    """How often the column's character follows the row's in the names of one part: (V, V), to be read only."""
    counts = np.zeros((TOKENIZER.vocab_size, TOKENIZER.vocab_size))
    for tokens in texts(part):
        np.add.at(counts, (tokens[:-1], tokens[1:]), 1)
    counts.flags.writeable = False
    return counts


def uniform() -> Trained:
    return Trained(lambda tokens: np.zeros((len(tokens), TOKENIZER.vocab_size)), 0)


def letter_frequencies() -> Trained:
    frequencies = pair_counts().sum(axis=0)
    logits = np.log(frequencies / frequencies.sum())
    return Trained(lambda tokens: np.tile(logits, (len(tokens), 1)), logits.size)


def bigram_counts(added: float = 1) -> Trained:
    counts = pair_counts() + added
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


class Layered(Module):
    """Embedding plus position, layers that read the characters so far, LayerNorm if there is one, and a linear layer."""

    takes_tokens = True

    def __init__(self, layers: Sequence[Module], width: int, rng: np.random.Generator, *, final_norm: bool) -> None:
        self.embedding = Embedding(TOKENIZER.vocab_size, width, rng=rng)
        self.positions = LearnedPositions(CONTEXT, width, rng=rng)
        self.layers = list(layers)
        self.norm = LayerNorm(width) if final_norm else None
        self.linear = Linear(width, TOKENIZER.vocab_size, rng=rng)

    def _forward(self, tokens: Any) -> tuple[Any, tuple[()]]:
        x = self.positions(self.embedding(tokens))
        for layer in self.layers:
            x = layer(x, causal_mask(x.shape[-2]))
        return self.linear(self.norm(x) if self.norm else x), ()

    def _backward(self, gradient: Any) -> Any:
        gradient = self.linear.backward(gradient)
        if self.norm:
            gradient = self.norm.backward(gradient)
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return self.embedding.backward(self.positions.backward(gradient))


class AddedAttention(Module):
    """x + attention(x)."""

    def __init__(self, attention: SelfAttention | MultiHeadAttention) -> None:
        self.attention = attention

    def _forward(self, x: Any, mask: Any) -> tuple[Any, tuple[()]]:
        return x + self.attention(x, mask), ()

    def _backward(self, gradient: Any) -> Any:
        return gradient + self.attention.backward(gradient)


class PostNormBlock(Module):
    """norm(x + attention(x)), and then norm(x + feed_forward(x)), as in 2017."""

    def __init__(self, width: int, num_heads: int, rng: np.random.Generator) -> None:
        self.attention, self.attention_norm = MultiHeadAttention(width, num_heads, rng=rng), LayerNorm(width)
        self.feed_forward, self.feed_forward_norm = FeedForward(width, rng=rng), LayerNorm(width)

    def _forward(self, x: Any, mask: Any) -> tuple[Any, tuple[()]]:
        x = self.attention_norm(x + self.attention(x, mask))
        return self.feed_forward_norm(x + self.feed_forward(x)), ()

    def _backward(self, gradient: Any) -> Any:
        gradient = self.feed_forward_norm.backward(gradient)
        gradient = gradient + self.feed_forward.backward(gradient)
        gradient = self.attention_norm.backward(gradient)
        return gradient + self.attention.backward(gradient)


def windows() -> tuple[Any, Any]:
    """All of the stream of training names, in pieces of CONTEXT characters: inputs and targets."""
    stream = [token for tokens in texts("train") for token in tokens[:-1]]
    ((inputs, targets),) = next_token_windows(stream, len(stream), CONTEXT)
    return inputs, targets


def with_attention(num_heads: int | None, seed: int = 0) -> Trained:
    """Attention added to the embeddings: a single head, or `num_heads` of the same total width and their output projection."""
    rng = np.random.default_rng(seed)
    attention = SelfAttention(WIDTH, rng=rng) if num_heads is None else MultiHeadAttention(WIDTH, num_heads, rng=rng)
    model = Layered([AddedAttention(attention)], WIDTH, rng, final_norm=False)
    optimizer = Adam(model.parameters(), 0.01)
    fit(model, CrossEntropy(), optimizer, MiniBatches(*windows(), 64, rng=rng), epochs=8)
    return Trained(model, optimizer.values.size)


def one_head() -> Trained:
    return with_attention(None)


def four_heads() -> Trained:
    return with_attention(4)


def trained_with_schedule(model: Layered, epochs: int, rng: np.random.Generator) -> Trained:
    """Adam, whose rate rises to 0.02 in 30 steps and falls along a cosine: the best of 0.005, 0.01 and 0.02 for both models."""
    batches = MiniBatches(*windows(), 64, rng=rng)
    steps = epochs * len(batches)
    optimizer = Adam(model.parameters(), 0.02)

    def schedule(step: int) -> float:
        return warmup_cosine(step, peak=0.02, warmup_steps=30, total_steps=steps)

    fit(model, CrossEntropy(), optimizer, batches, epochs=epochs, schedule=schedule)
    return Trained(model, optimizer.values.size)


def four_heads_for_longer() -> Trained:
    """As many seconds as `one_block`."""
    rng = np.random.default_rng(0)
    attention = MultiHeadAttention(WIDTH, 4, rng=rng)
    return trained_with_schedule(Layered([AddedAttention(attention)], WIDTH, rng, final_norm=False), 80, rng)


def one_block() -> Trained:
    rng = np.random.default_rng(0)
    return trained_with_schedule(Layered([TransformerBlock(WIDTH, 4, rng=rng)], WIDTH, rng, final_norm=True), 32, rng)


def gpt_of_two_blocks(read: str) -> Trained:
    """A GPT with 2 blocks of width 32, which reads 24 times 73 batches: of windows of the stream, or of rows of one name each."""
    rng = np.random.default_rng(0)
    model = GPT(GPTConfig(TOKENIZER.vocab_size, CONTEXT, WIDTH, NUM_HEADS, 2, tie_weights=True), rng=rng)
    batches: NextTokenBatches | MiniBatches
    if read == "windows":
        stream = [token for tokens in texts("train") for token in tokens[:-1]]
        batches = NextTokenBatches([*stream, 0], BATCH_SIZE, CONTEXT, steps=73, rng=rng)
    else:
        batches = MiniBatches(*rows(names("train"), TOKENIZER, CONTEXT), BATCH_SIZE, rng=rng)
    optimizer, steps = Adam(model.parameters(), 0.01, weight_decay=0.1), 24 * len(batches)

    def schedule(step: int) -> float:
        return warmup_cosine(step, peak=0.01, warmup_steps=50, total_steps=steps)

    fit(model, CrossEntropy(), optimizer, batches, epochs=24, schedule=schedule, max_gradient_norm=1.0)
    return Trained(model, optimizer.values.size)


def two_blocks_windows() -> Trained:
    return gpt_of_two_blocks("windows")


def two_blocks_rows() -> Trained:
    return gpt_of_two_blocks("rows")


def shipped_gpt() -> Trained:
    """The names model that comes with the package, trained again."""
    model = trained("names", np.random.default_rng(SEED)).model
    return Trained(model, sum(parameter.value.size for parameter in model.parameters()))


def _loss_at_depth(order: str, depth: int, rate: float, seed: int) -> float:
    """The training loss of so many narrow blocks after 200 steps of Adam at a constant rate, the mean of the last 20 batches."""
    rng = np.random.default_rng(seed)
    width = 16
    layers: list[Module] = [
        TransformerBlock(width, 4, rng=rng) if order == "pre" else PostNormBlock(width, 4, rng) for _ in range(depth)
    ]
    model = Layered(layers, width, rng, final_norm=order == "pre").to("float32")
    optimizer, (inputs, targets) = Adam(model.parameters(), rate), windows()
    losses = []
    for _ in range(200):
        chosen = rng.integers(0, len(inputs), 32)
        logits = model(inputs[chosen])
        losses.append(cross_entropy(targets[chosen].ravel(), logits.reshape(-1, TOKENIZER.vocab_size)))
        optimizer.zero_gradients()
        model.backward_to_parameters(cross_entropy_gradient(targets[chosen], logits))
        optimizer.step()
    return float(np.mean(losses[-20:]))


def loss_at_depth(order: str, depth: int) -> float:
    """The training loss of so many blocks, "pre" or "post"-norm: the mean of two seeds, at the better of two rates."""
    means = [np.mean([_loss_at_depth(order, depth, rate, seed) for seed in (0, 1)]) for rate in (0.003, 0.01)]
    return round(float(min(means)), 3)


#: The chapter that brings the model, and how it is trained.
ROWS: list[tuple[str, Callable[[], Trained]]] = [
    ("language-models", uniform),
    ("language-models", letter_frequencies),
    ("language-models", bigram_counts),
    ("embeddings", embedding_2),
    ("embeddings", embedding_8),
    ("attention", one_head),
    ("multi-head-attention", four_heads),
    ("transformer-block", four_heads_for_longer),
    ("transformer-block", one_block),
    ("training-a-gpt", two_blocks_windows),
    ("training-a-gpt", two_blocks_rows),
    ("training-a-gpt", shipped_gpt),
]


def loss_of_heads(num_heads: int, seed: int) -> float:
    return round(next_token_loss(with_attention(num_heads, seed).model, texts("validation")), 4)


def measure(train: Callable[[], Trained]) -> dict[str, Any]:
    start = time.perf_counter()
    model, parameters = train()
    seconds = time.perf_counter() - start
    loss = next_token_loss(model, texts("validation"))
    return {"model": train.__name__, "loss": round(loss, 4), "parameters": parameters, "seconds": round(seconds, 2)}


def main() -> None:
    measured = [{"chapter": chapter} | measure(train) for chapter, train in ROWS]
    results = {
        "machine": machine(),
        "rows": measured,
        "heads": {num_heads: [loss_of_heads(num_heads, seed) for seed in range(SEEDS)] for num_heads in HEADS},
        "depths": {order: [loss_at_depth(order, depth) for depth in DEPTHS] for order in ("pre", "post")},
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf8")
    for row in measured:
        print(f"{row['model']:<24}{row['loss']:>8}{row['parameters']:>8} parameters{row['seconds']:>8} s")


if __name__ == "__main__":
    main()
