"""Attention: every token looks at others, and adds up what it finds (chapters attention
to attention-gradients).

B batch, T time, C channels (the width of the embedding), H heads, D head width. T are
the tokens that look, S those that they look at; the same ones, save with a cache.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

import scratchml._checks as check
from scratchml._checks import Array
from scratchml._kernels import matmul, row_dot, rows, softmax_in_place
from scratchml.key_value_cache import KeyValueCache
from scratchml.module import Forwarded, Module, Parameter

Mask = ArrayLike | None
Cache = KeyValueCache | None


def scaled_dot_product_attention(
    query: ArrayLike, key: ArrayLike, value: ArrayLike, mask: Mask = None
) -> tuple[Array, Array]:
    """softmax(query keyᵀ / √D) value, and the softmax: the attention weights.

    query (…, T, D), key (…, S, D), value (…, S, E) → (…, T, E) and (…, T, S). Where
    `mask` (T, S) is False or 0, a score becomes −∞ and its weight 0. Vaswani et al.
    (2017). Raises ValueError for shapes that don't fit, NaN or infinity, and a row of
    the mask that is all False, and FloatingPointError where scores become too large.
    """
    query, key, value = check.attention(query, key, value)
    scores = query / math.sqrt(query.shape[-1]) @ key.swapaxes(-1, -2)  # (…, T, S)
    if mask is not None:
        allowed = check.mask(mask, scores.shape[-2:])
        np.copyto(scores, -np.inf, where=~allowed)
    weights = softmax_in_place(scores)
    return weights @ value, weights


def attention_gradients(
    gradient: ArrayLike,
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    weights: ArrayLike,
) -> tuple[Array, Array, Array]:
    """From ∂C/∂output (…, T, E) to ∂C/∂query, ∂C/∂key and ∂C/∂value, back through
    `scaled_dot_product_attention`, which returned these `weights`. Raises ValueError
    for shapes that don't fit.
    """
    query, key, value = check.attention(query, key, value)
    gradient, weights = check.attention_outputs(gradient, weights, query, value)
    value_gradient = weights.swapaxes(-1, -2) @ gradient  # (…, S, E)
    weights_gradient = gradient @ value.swapaxes(-1, -2)  # (…, T, S)
    # Back through softmax: what one weight of a row gains, the others lose.
    shared = row_dot(weights_gradient, weights)  # (…, T, 1)
    scores_gradient = weights * (weights_gradient - shared)
    scale = math.sqrt(query.shape[-1])
    query_gradient = scores_gradient @ key / scale  # (…, T, D)
    key_gradient = scores_gradient.swapaxes(-1, -2) @ query / scale  # (…, S, D)
    return query_gradient, key_gradient, value_gradient


def causal_mask(length: int) -> NDArray[np.bool_]:
    """Which token (row) may look at which (column): itself and those before it.

    (T, T), True on the diagonal and below. Raises ValueError unless length ≥ 1.
    """
    check.integers_from(1, length=length)
    return np.tri(length, dtype=bool)


class SelfAttention(Module):
    """One head: every token's query meets every token's key, and the weights that come
    of it say how much of each value is added up.

    `W_q`, `W_k` and `W_v` (C, C) start as normal numbers with the standard deviation
    1 / √C; `rng` is a Generator or a seed for them. The weights of the last `forward`
    stay in `last_weights`, (…, T, T).
    """

    last_weights: Array | None = None

    def __init__(
        self, embedding_dim: int, *, rng: np.random.Generator | int | None = None
    ) -> None:
        check.integers_from(1, embedding_dim=embedding_dim)
        rng = np.random.default_rng(rng)
        self.embedding_dim = embedding_dim
        self.W_q, self.W_k, self.W_v = (
            _square_matrix(embedding_dim, rng) for _ in range(3)
        )

    def _forward(self, x: Array, mask: Mask = None) -> Forwarded:
        query = matmul(x, self.W_q.value)  # (…, T, C)
        key = matmul(x, self.W_k.value)
        value = matmul(x, self.W_v.value)
        outputs, self.last_weights = scaled_dot_product_attention(
            query, key, value, mask
        )
        self.last_weights.flags.writeable = False  # backward needs them as they are
        return outputs, (x, query, key, value, self.last_weights)

    def _backward(self, gradient: Array, x: Array, *attended: Array) -> Array:
        query, key, value, weights = attended
        query_gradient, key_gradient, value_gradient = attention_gradients(
            gradient, query, key, value, weights
        )
        return (
            _matmul_backward(query_gradient, x, self.W_q)
            + _matmul_backward(key_gradient, x, self.W_k)
            + _matmul_backward(value_gradient, x, self.W_v)
        )

    def forward(self, embeddings: ArrayLike, mask: Mask = None) -> Array:
        """(T, C) → (T, C), or (B, T, C) → (B, T, C); `mask` as in
        `scaled_dot_product_attention`.
        """
        return super().forward(embeddings, mask)

    def _check(self, x: Array) -> None:
        check.embeddings(self.embedding_dim, x)


class MultiHeadAttention(Module):
    """H heads side by side, and a matrix that mixes what they found.

    Every head sees the whole embedding, and has C / H columns of `W_q`, `W_k` and `W_v`
    (C, C) to itself; `W_o` (C, C) is the output projection. All start as normal numbers
    with the standard deviation 1 / √C; `rng` is a Generator or a seed for them. The
    weights of the last `forward` stay in `last_weights`, (…, H, T, S).
    """

    last_weights: Array | None = None

    def __init__(
        self,
        embedding_dim: int,
        num_heads: int,
        *,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        check.integers_from(1, embedding_dim=embedding_dim, num_heads=num_heads)
        check.multiple(embedding_dim=embedding_dim, num_heads=num_heads)
        rng = np.random.default_rng(rng)
        self.embedding_dim, self.num_heads = embedding_dim, num_heads
        self.head_dim = embedding_dim // num_heads
        self.W_q, self.W_k, self.W_v, self.W_o = (
            _square_matrix(embedding_dim, rng) for _ in range(4)
        )

    def _forward(self, x: Array, mask: Mask = None, cache: Cache = None) -> Forwarded:
        query = self._split_heads(matmul(x, self.W_q.value))  # (…, H, T, D)
        key = self._split_heads(matmul(x, self.W_k.value))
        value = self._split_heads(matmul(x, self.W_v.value))
        if cache is not None:
            key, value = cache.extend(self, key, value)  # (…, H, S, D)
        heads, self.last_weights = scaled_dot_product_attention(query, key, value, mask)
        self.last_weights.flags.writeable = False  # backward needs them as they are
        joined = self._join_heads(heads)  # (…, T, C)
        outputs = matmul(joined, self.W_o.value)
        return outputs, (x, joined, query, key, value, self.last_weights)

    def _backward(
        self, gradient: Array, x: Array, joined: Array, *attended: Array
    ) -> Array:
        query, key, value, weights = attended
        heads_gradient = self._split_heads(_matmul_backward(gradient, joined, self.W_o))
        gradients = attention_gradients(heads_gradient, query, key, value, weights)
        query_gradient, key_gradient, value_gradient = map(self._join_heads, gradients)
        return (
            _matmul_backward(query_gradient, x, self.W_q)
            + _matmul_backward(key_gradient, x, self.W_k)
            + _matmul_backward(value_gradient, x, self.W_v)
        )

    def _split_heads(self, x: Array) -> Array:
        """(…, T, C) → (…, H, T, D): each head's columns as a matrix of its own."""
        return x.reshape(*x.shape[:-1], self.num_heads, self.head_dim).swapaxes(-2, -3)

    def _join_heads(self, x: Array) -> Array:
        """(…, H, T, D) → (…, T, C): the heads' columns side by side again."""
        x = x.swapaxes(-2, -3)
        return x.reshape(*x.shape[:-2], self.embedding_dim)

    def forward(
        self, embeddings: ArrayLike, mask: Mask = None, *, cache: Cache = None
    ) -> Array:
        """(T, C) → (T, C), or (B, T, C) → (B, T, C); `mask` as in
        `scaled_dot_product_attention`, the same for all heads.

        With a `cache`, these are the next tokens only. They also look at those before
        them, whose keys and values the cache has kept; `backward` isn't possible then.
        """
        return super().forward(embeddings, mask, cache=cache)

    def _check(self, x: Array) -> None:
        check.embeddings(self.embedding_dim, x)


def _matmul_backward(gradient: Array, x: Array, W: Parameter) -> Array:
    """Back through x @ W, (…, C) and (C, C): adds to the gradient of W, and returns
    ∂C/∂x.
    """
    W.gradient += rows(x).T @ rows(gradient)
    return matmul(gradient, W.value.T)


def _square_matrix(size: int, rng: np.random.Generator) -> Parameter:
    return Parameter(rng.standard_normal((size, size)) / math.sqrt(size))
