"""Attention: every token looks at others, and adds up what it finds (chapters 18 to
21).

B batch, T time, C channels (the width of the embedding), H heads, D head width. T are
the tokens that look, S those that they look at; the same ones, save with a cache.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from scratchml._arrays import Array, as_floats, check_floating, matrix_product
from scratchml.activations import softmax
from scratchml.key_value_cache import KeyValueCache
from scratchml.module import Module, Parameter

Mask = NDArray[np.bool_]


def scaled_dot_product_attention(
    query: ArrayLike, key: ArrayLike, value: ArrayLike, mask: ArrayLike | None = None
) -> tuple[Array, Array]:
    """softmax(query keyᵀ / √D) value, and the softmax: the attention weights.

    query (…, T, D), key (…, S, D), value (…, S, E) → (…, T, E) and (…, T, S). Where
    `mask` (T, S) is False, a score becomes −∞ and its weight 0. Vaswani et al. (2017).
    Raises ValueError for shapes that don't fit, and for a row of the mask that is all
    False.
    """
    query, key, value = as_floats(query), as_floats(key), as_floats(value)
    shapes = query.shape, key.shape, value.shape
    if not (
        min(map(len, shapes)) >= 2
        and query.shape[:-2] == key.shape[:-2] == value.shape[:-2]
        and query.shape[-1] == key.shape[-1]
        and key.shape[-2] == value.shape[-2]
        and 0 not in query.shape + value.shape
    ):
        raise ValueError(
            f"query, key and value must have the shapes (…, T, D), (…, S, D) and "
            f"(…, S, E), none of them 0, got {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
    # Dividing the queries costs less than dividing the scores, and comes to the same.
    scores = query / math.sqrt(query.shape[-1]) @ key.swapaxes(-1, -2)  # (…, T, S)
    if mask is not None:
        allowed = _checked_mask(mask, scores.shape[-2:])
        scores += np.where(allowed, 0, -np.inf).astype(scores.dtype)
    weights = softmax(scores)
    return weights @ value, weights


class SelfAttention(Module):
    """One head: every token's query meets every token's key, and the weights that come
    of it say how much of each value is added up.

    `W_q`, `W_k` and `W_v` (C, C) start as normal numbers with the standard deviation
    1 / √C; `rng` is a Generator or a seed for them. The weights of the last `forward`
    stay in `last_weights`, (…, T, T).
    """

    last_weights: Array | None = None

    def __init__(
        self,
        embedding_dim: int,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if embedding_dim < 1:
            raise ValueError(f"embedding_dim must be at least 1, got {embedding_dim}")
        rng = np.random.default_rng(rng)
        self.W_q = _square(embedding_dim, rng, dtype)
        self.W_k = _square(embedding_dim, rng, dtype)
        self.W_v = _square(embedding_dim, rng, dtype)

    def forward(self, x: ArrayLike, mask: ArrayLike | None = None) -> Array:
        """(T, C) → (T, C), or (B, T, C) → (B, T, C); `mask` as in
        `scaled_dot_product_attention`.
        """
        x = _checked_embeddings(x, self.W_q.value)
        query, key, value = (x @ W.value for W in (self.W_q, self.W_k, self.W_v))
        outputs, self.last_weights = scaled_dot_product_attention(
            query, key, value, mask
        )
        self._keep((x, query, key, value, self.last_weights), outputs)
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        (x, *kept), gradient = self._take(gradient)
        d_query, d_key, d_value = attention_gradients(gradient, *kept)
        return (
            _backward_product(x, self.W_q, d_query)
            + _backward_product(x, self.W_k, d_key)
            + _backward_product(x, self.W_v, d_value)
        )


def causal_mask(length: int) -> Mask:
    """Which token (row) may look at which (column): itself and those before it.

    (T, T), True on the diagonal and below. Raises ValueError unless length ≥ 1.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1, got {length}")
    return np.tri(length, dtype=bool)


def _checked_mask(mask: ArrayLike, shape: tuple[int, ...]) -> Mask:
    """`mask`, if it has that shape and lets every token look at something."""
    mask = np.asarray(mask)
    if mask.shape != shape or mask.dtype != bool:
        raise ValueError(
            f"mask must be an array of bool with the shape {shape}, got {mask.dtype} "
            f"with shape {mask.shape}"
        )
    if not mask.any(axis=-1).all():
        row = int(mask.any(axis=-1).argmin())
        raise ValueError(
            f"every row of mask must have a True, got none in row {row}: that token "
            f"could look at nothing"
        )
    return mask


class MultiHeadAttention(Module):
    """H heads side by side, and a matrix that mixes what they found.

    Every head sees the whole embedding, and has C / H columns of `query`, `key` and
    `value` (C, C) to itself; `output` (C, C) is the output projection. All start as
    normal numbers with the standard deviation 1 / √C; `rng` is a Generator or a seed
    for them. The weights of the last `forward` stay in `last_weights`, (…, H, T, S).
    """

    last_weights: Array | None = None

    def __init__(
        self,
        embedding_dim: int,
        num_heads: int,
        *,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if num_heads < 1 or embedding_dim < 1 or embedding_dim % num_heads:
            raise ValueError(
                f"embedding_dim must be a multiple of num_heads, both at least 1, got "
                f"{embedding_dim} and {num_heads}"
            )
        rng = np.random.default_rng(rng)
        self.num_heads = num_heads
        self.query = _square(embedding_dim, rng, dtype)
        self.key = _square(embedding_dim, rng, dtype)
        self.value = _square(embedding_dim, rng, dtype)
        self.output = _square(embedding_dim, rng, dtype)

    def forward(
        self,
        x: ArrayLike,
        mask: ArrayLike | None = None,
        *,
        cache: KeyValueCache | None = None,
    ) -> Array:
        """(T, C) → (T, C), or (B, T, C) → (B, T, C); `mask` as in
        `scaled_dot_product_attention`, the same for all heads.

        With a `cache`, x holds the next tokens only. They also look at those before
        them, whose keys and values the cache has kept; `backward` isn't possible then.
        """
        x = _checked_embeddings(x, self.query.value)
        query, key, value = (
            self._split_heads(
                matrix_product(x, parameter.value)
            )  # (…, H, T, D), all heads in one product
            for parameter in (self.query, self.key, self.value)
        )
        if cache is not None:
            key, value = cache.join(self, key, value)
        found, self.last_weights = scaled_dot_product_attention(
            query, key, value, mask
        )  # (…, H, T, D) and (…, H, T, S)
        joined = self._join_heads(found)  # (…, T, C)
        outputs = matrix_product(joined, self.output.value)
        self._keep((x, joined, query, key, value, self.last_weights), outputs)
        if cache is not None:
            cache.keep(self, key, value)
            self._kept = None  # there is no going back through the cache
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        (x, joined, *kept), gradient = self._take(gradient)
        d_found = self._split_heads(_backward_product(joined, self.output, gradient))
        d_heads = attention_gradients(d_found, *kept)  # (…, H, T, D) each
        d_query, d_key, d_value = map(self._join_heads, d_heads)  # (…, T, C)
        slopes = _backward_product(x, self.query, d_query)
        slopes += _backward_product(x, self.key, d_key)
        slopes += _backward_product(x, self.value, d_value)
        return slopes

    def _split_heads(self, x: Array) -> Array:
        """(…, T, C) → (…, H, T, D): each head's columns as a matrix of its own."""
        *batch, t, c = x.shape
        h = self.num_heads
        return x.reshape(*batch, t, h, c // h).swapaxes(-2, -3)

    def _join_heads(self, x: Array) -> Array:
        """(…, H, T, D) → (…, T, C): the heads' columns side by side again."""
        *batch, h, t, d = x.shape
        return x.swapaxes(-2, -3).reshape(*batch, t, h * d)


def attention_gradients(
    gradient: ArrayLike,
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    weights: ArrayLike,
) -> tuple[Array, Array, Array]:
    """From ∂C/∂output (…, T, E) to ∂C/∂query, ∂C/∂key and ∂C/∂value, back through
    `scaled_dot_product_attention`, which returned these `weights` (chapter 21).
    """
    gradient, query, key, value, weights = map(
        as_floats, (gradient, query, key, value, weights)
    )
    d_value = weights.swapaxes(-1, -2) @ gradient  # (…, S, E)
    d_weights = gradient @ value.swapaxes(-1, -2)  # (…, T, S)
    # Back through softmax: what one weight of a row gains, the others lose.
    d_scores = d_weights
    d_scores -= np.vecdot(d_weights, weights)[..., None]
    d_scores *= weights
    scale = 1 / math.sqrt(query.shape[-1])
    d_query = d_scores @ key * scale  # (…, T, D)
    d_key = d_scores.swapaxes(-1, -2) @ (query * scale)  # (…, S, D)
    return d_query, d_key, d_value


def _backward_product(x: Array, parameter: Parameter, gradient: Array) -> Array:
    """Back through x @ parameter.value, (…, C) and (C, C): adds to the gradient of the
    parameter, and returns ∂C/∂x.
    """
    rows = gradient.reshape(-1, gradient.shape[-1])
    parameter.gradient += x.reshape(len(rows), -1).T @ rows
    return matrix_product(gradient, parameter.value.T)


def _checked_embeddings(x: ArrayLike, weights: Array) -> Array:
    """`x` in the dtype of the weights (C, C), if it is (T, C) or (B, T, C)."""
    x = np.asarray(x, dtype=weights.dtype)
    if x.ndim not in (2, 3) or x.shape[-1] != len(weights) or x.size == 0:
        raise ValueError(
            f"x must have the shape (T, {len(weights)}) or (B, T, {len(weights)}), "
            f"with at least one token, got {x.shape}"
        )
    return x


def _square(dim: int, rng: np.random.Generator, dtype: DTypeLike) -> Parameter:
    check_floating(dtype)
    return Parameter((rng.standard_normal((dim, dim)) / math.sqrt(dim)).astype(dtype))
