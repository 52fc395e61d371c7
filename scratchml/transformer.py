"""The Transformer block, and a GPT made of them (chapters transformer-block and gpt).

B batch, T time, C channels (the width of the embedding), V vocabulary.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

import scratchml._checks as check
from scratchml._checks import Array, IntegerArray
from scratchml._kernels import matmul, rows
from scratchml.activations import GELU, ReLU
from scratchml.attention import Cache, Mask, MultiHeadAttention, causal_mask
from scratchml.embedding import Embedding
from scratchml.linear import Linear
from scratchml.module import Forwarded, Module, Parameter
from scratchml.normalization import LayerNorm
from scratchml.positional_encoding import LearnedPositions, SinusoidalPositions

FeedForwardActivation = Literal["gelu", "relu"]
Positions = Literal["learned", "sinusoidal"]
DType = Literal["float32", "float64"]


class FeedForward(Module):
    """Each token by itself: C → 4 C → C, with an activation function in between."""

    def __init__(
        self,
        embedding_dim: int,
        *,
        activation: FeedForwardActivation = "gelu",
        rng: np.random.Generator | int,
    ) -> None:
        check.integers_from(1, embedding_dim=embedding_dim)
        check.one_of(get_args(FeedForwardActivation), activation=activation)
        rng = np.random.default_rng(rng)
        width = 4 * embedding_dim
        self.up = Linear(embedding_dim, width, rng=rng)
        self.activation = GELU() if activation == "gelu" else ReLU()
        self.down = Linear(width, embedding_dim, rng=rng, initialization="xavier")

    def _forward(self, x: Array) -> Forwarded:
        return self.down(self.activation(self.up(x))), ()

    def _backward(self, gradient: Array) -> Array:
        gradient = self.activation.backward(self.down.backward(gradient))
        return self.up.backward(gradient)


class TransformerBlock(Module):
    """x + attention(norm(x)), and then x + feed_forward(norm(x)).

    The normalization comes first ("pre-norm"), so that on the way around the layers
    there is nothing but additions. Xiong et al. (2020).
    """

    def __init__(
        self,
        embedding_dim: int,
        num_heads: int,
        *,
        activation: FeedForwardActivation = "gelu",
        rng: np.random.Generator | int,
    ) -> None:
        rng = np.random.default_rng(rng)
        self.attention_norm = LayerNorm(embedding_dim)
        self.attention = MultiHeadAttention(embedding_dim, num_heads, rng=rng)
        self.feed_forward_norm = LayerNorm(embedding_dim)
        self.feed_forward = FeedForward(embedding_dim, activation=activation, rng=rng)

    def _forward(self, x: Array, mask: Mask = None, cache: Cache = None) -> Forwarded:
        x = x + self.attention(self.attention_norm(x), mask, cache=cache)
        x = x + self.feed_forward(self.feed_forward_norm(x))
        return x, ()

    def _backward(self, gradient: Array) -> Array:
        # What went around a layer, and what went through it: the gradients add up.
        through = self.feed_forward_norm.backward(self.feed_forward.backward(gradient))
        gradient = gradient + through
        through = self.attention_norm.backward(self.attention.backward(gradient))
        return gradient + through

    def forward(self, x: ArrayLike, mask: Mask = None, *, cache: Cache = None) -> Array:
        """(T, C) → (T, C), or (B, T, C) → (B, T, C); `mask` and `cache` as in
        `MultiHeadAttention.forward`.
        """
        return super().forward(x, mask, cache=cache)

    def _check(self, x: Array) -> None:
        check.embeddings(self.attention.embedding_dim, x)


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT, and its variants. Raises ValueError where they don't fit
    together.

    With `tie_weights` the embedding is the unembedding, too; float32 is for training,
    float64 to check gradients.
    """

    vocab_size: int
    context_length: int
    embedding_dim: int
    num_heads: int
    num_layers: int
    activation: FeedForwardActivation = "gelu"
    positions: Positions = "learned"
    tie_weights: bool = False
    dtype: DType = "float32"

    def __post_init__(self) -> None:
        check.integers_from(
            1,
            vocab_size=self.vocab_size,
            context_length=self.context_length,
            embedding_dim=self.embedding_dim,
            num_heads=self.num_heads,
            num_layers=self.num_layers,
        )
        check.multiple(embedding_dim=self.embedding_dim, num_heads=self.num_heads)
        check.one_of(get_args(FeedForwardActivation), activation=self.activation)
        check.one_of(get_args(Positions), positions=self.positions)
        check.one_of((False, True), tie_weights=self.tie_weights)
        check.one_of(get_args(DType), dtype=self.dtype)
        if self.positions == "sinusoidal":
            check.even(embedding_dim=self.embedding_dim)


class GPT(Module):
    """Tokens in; out, a score for every token that may come next, the logits.

    Radford et al. (2019). `rng` is a Generator or a seed for the first weights. What
    block i looked at last is in `blocks[i].attention.last_weights`. `pretrained` loads
    a GPT that has learned already.
    """

    takes_tokens = True

    def __init__(self, config: GPTConfig, *, rng: np.random.Generator | int) -> None:
        check.instance(GPTConfig, config=config)
        rng = np.random.default_rng(rng)
        v, t, c = config.vocab_size, config.context_length, config.embedding_dim
        self.config = config
        self.token_embedding = Embedding(v, c, rng=rng)
        self.positions = (
            LearnedPositions(t, c, rng=rng)
            if config.positions == "learned"
            else SinusoidalPositions(t, c)
        )
        self.blocks = [
            TransformerBlock(c, config.num_heads, activation=config.activation, rng=rng)
            for _ in range(config.num_layers)
        ]
        self.final_norm = LayerNorm(c)
        if config.tie_weights:
            self.unembedding = self.token_embedding.weights
        else:
            self.unembedding = Parameter(0.02 * rng.standard_normal((v, c)))
        self.to(config.dtype)

    def _forward(self, tokens: IntegerArray, cache: Cache = None) -> Forwarded:
        start = self._start(tokens, cache)  # 0, unless a cache has read tokens before
        mask = _mask_from(start, tokens.shape[-1])
        x = self.token_embedding(tokens)  # (…, T, C)
        x = self.positions(x, start)  # x + a vector for each position
        for block in self.blocks:
            x = block(x, mask, cache=cache)
        x = self.final_norm(x)
        return matmul(x, self.unembedding.value.T), (x,)  # (…, T, V)

    def _backward(self, gradient: Array, x: Array) -> None:
        self.unembedding.gradient += rows(gradient).T @ rows(x)
        gradient = self.final_norm.backward(matmul(gradient, self.unembedding.value))
        for block in reversed(self.blocks):
            gradient = block.backward(gradient)
        self.token_embedding.backward(self.positions.backward(gradient))

    def forward(self, tokens: ArrayLike, *, cache: Cache = None) -> Array:
        """The logits after each token: (T,) → (T, V), or (B, T) → (B, T, V).

        With a `cache` the tokens are those that follow the ones it has read. Raises
        ValueError for tokens out of range, none, or more than the context holds.
        """
        return super().forward(tokens, cache=cache)

    def _start(self, tokens: IntegerArray, cache: Cache) -> int:
        """Where the first of these tokens stands, if there is room for all of them."""
        start = 0 if cache is None else cache.length
        check.context(tokens, self.config.context_length - start)
        return start

    def __repr__(self) -> str:
        size = sum(p.value.size for p in self.parameters())
        config = self.config
        v, t, c = config.vocab_size, config.context_length, config.embedding_dim
        unembedding = "the token embedding" if config.tie_weights else f"({v}, {c})"
        return (
            f"GPT with {size:,} parameters:\n"
            f"  token_embedding ({v}, {c})\n"
            f"  positions ({t}, {c}), {config.positions}\n"
            f"  blocks, {config.num_layers} of\n"
            f"    attention_norm\n"
            f"    attention, {config.num_heads} heads of {c // config.num_heads}\n"
            f"    feed_forward_norm\n"
            f"    feed_forward {c} → {4 * c} → {c}, {config.activation}\n"
            f"  final_norm\n"
            f"  unembedding {unembedding}"
        )


def _mask_from(start: int, length: int) -> Mask:
    """The rows of `causal_mask` for `length` tokens, the first of which is `start`. By
    itself the last one may look at all, and needs no mask.
    """
    return causal_mask(start + length)[start:] if length > 1 else None
