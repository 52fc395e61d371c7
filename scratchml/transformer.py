"""The Transformer block, and a GPT made of them (chapters 22 and 23).

B batch, T time, C channels (the width of the embedding), V vocabulary.
"""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from scratchml._arrays import Array, checked_tokens, matrix_product
from scratchml.activations import GELU, ReLU
from scratchml.attention import MultiHeadAttention, causal_mask
from scratchml.embedding import Embedding
from scratchml.key_value_cache import KeyValueCache
from scratchml.linear import Linear
from scratchml.losses import CrossEntropy
from scratchml.module import Module, Parameter
from scratchml.normalization import LayerNorm
from scratchml.positional_encoding import sinusoidal_positions

#: name → the activation functions that a feed-forward layer may have.
FEED_FORWARD_ACTIVATIONS = {"gelu": GELU, "relu": ReLU}


class FeedForward(Module):
    """Each token by itself: C → 4 C → C, with an activation function in between."""

    def __init__(
        self,
        embedding_dim: int,
        *,
        activation: str = "gelu",
        rng: np.random.Generator | int,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if activation not in FEED_FORWARD_ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {', '.join(FEED_FORWARD_ACTIVATIONS)}, got "
                f"{activation!r}"
            )
        rng = np.random.default_rng(rng)
        width = 4 * embedding_dim
        self.expand = Linear(embedding_dim, width, rng=rng, dtype=dtype)
        self.activation: Module = FEED_FORWARD_ACTIVATIONS[activation]()
        self.contract = Linear(
            width, embedding_dim, rng=rng, initialization="xavier", dtype=dtype
        )

    def forward(self, x: ArrayLike) -> Array:
        """(…, C) → (…, C)."""
        return self.contract.forward(self.activation.forward(self.expand.forward(x)))

    def backward(self, gradient: ArrayLike) -> Array:
        slopes = self.activation.backward(self.contract.backward(gradient))
        return self.expand.backward(slopes)


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
        activation: str = "gelu",
        rng: np.random.Generator | int,
        dtype: DTypeLike = np.float64,
    ) -> None:
        rng = np.random.default_rng(rng)
        self.attention_norm = LayerNorm(embedding_dim, dtype=dtype)
        self.attention = MultiHeadAttention(
            embedding_dim, num_heads, rng=rng, dtype=dtype
        )
        self.feed_forward_norm = LayerNorm(embedding_dim, dtype=dtype)
        self.feed_forward = FeedForward(
            embedding_dim, activation=activation, rng=rng, dtype=dtype
        )

    def forward(
        self,
        x: ArrayLike,
        mask: ArrayLike | None = None,
        *,
        cache: KeyValueCache | None = None,
    ) -> Array:
        """(T, C) → (T, C), or (B, T, C) → (B, T, C); `mask` and `cache` as in
        `MultiHeadAttention.forward`.
        """
        x = np.asarray(x, dtype=self.attention.query.value.dtype)
        normal = self.attention_norm.forward(x)
        x = x + self.attention.forward(normal, mask, cache=cache)
        outputs = x + self.feed_forward.forward(self.feed_forward_norm.forward(x))
        self._keep((), outputs)
        if cache is not None:
            self._kept = None  # there is no going back through the cache
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        _, gradient = self._take(gradient)
        # What went around a layer, and what went through it: the slopes add up.
        slopes = self.feed_forward.backward(gradient)
        gradient = gradient + self.feed_forward_norm.backward(slopes)
        slopes = self.attention.backward(gradient)
        return gradient + self.attention_norm.backward(slopes)


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT, and its variants. Raises ValueError where they don't fit
    together.

    `activation` is "gelu" or "relu"; `positions` is "learned" or "sinusoidal"; with
    `tie_weights` the embedding is the unembedding, too; `dtype` is "float32", to train,
    or "float64", to check gradients.
    """

    vocab_size: int
    context_length: int
    embedding_dim: int
    num_heads: int
    num_layers: int
    activation: str = "gelu"
    positions: str = "learned"
    tie_weights: bool = False
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name in (
            "vocab_size",
            "context_length",
            "embedding_dim",
            "num_heads",
            "num_layers",
        ):
            size = getattr(self, name)
            if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
                raise ValueError(f"{name} must be an integer from 1 up, got {size!r}")
            object.__setattr__(self, name, int(size))  # numpy's integers wrap around
        if self.embedding_dim % self.num_heads:
            raise ValueError(
                f"embedding_dim must be a multiple of num_heads, got "
                f"{self.embedding_dim} and {self.num_heads}"
            )
        for name, choices in (
            ("activation", tuple(FEED_FORWARD_ACTIVATIONS)),
            ("positions", ("learned", "sinusoidal")),
            ("tie_weights", (False, True)),
            ("dtype", ("float32", "float64")),
        ):
            choice = getattr(self, name)
            if choice not in choices:
                raise ValueError(
                    f"{name} must be one of {', '.join(map(str, choices))}, got "
                    f"{choice!r}"
                )
            # np.dtype("float32") equals "float32"; keep the plain one.
            object.__setattr__(self, name, choices[choices.index(choice)])
        if self.positions == "sinusoidal" and self.embedding_dim % 2:
            raise ValueError(
                f"sinusoidal positions need an even embedding_dim, got "
                f"{self.embedding_dim}"
            )


class GPT(Module):
    """Tokens in; out, a score for every token that may come next, the logits.

    Radford et al. (2019). `rng` is a Generator or a seed for the first weights. What
    block i looked at last is in `blocks[i].attention.last_weights`. `pretrained` loads
    a GPT that has learned already.
    """

    def __init__(self, config: GPTConfig, *, rng: np.random.Generator | int) -> None:
        rng = np.random.default_rng(rng)
        v, t, c = config.vocab_size, config.context_length, config.embedding_dim
        self.config = config
        self.token_embedding = Embedding(v, c, rng=rng, dtype=config.dtype)
        if config.positions == "learned":
            positions = 0.02 * rng.standard_normal((t, c))
            self.positions = Parameter(positions.astype(config.dtype))
        else:
            # As small as the first embeddings, or they would drown them.
            sinusoids = 0.02 * sinusoidal_positions(t, c)
            self._sinusoids: Array = sinusoids.astype(config.dtype)
        self.blocks = [
            TransformerBlock(
                c,
                config.num_heads,
                activation=config.activation,
                rng=rng,
                dtype=config.dtype,
            )
            for _ in range(config.num_layers)
        ]
        self.final_norm = LayerNorm(c, dtype=config.dtype)
        if config.tie_weights:
            self.unembedding = self.token_embedding.weights
        else:
            unembedding = 0.02 * rng.standard_normal((v, c))
            self.unembedding = Parameter(unembedding.astype(config.dtype))
        self._loss = CrossEntropy()

    def forward(
        self, tokens: ArrayLike, *, cache: KeyValueCache | None = None
    ) -> Array:
        """The logits after each token: (T,) → (T, V), or (B, T) → (B, T, V).

        With a `cache` the tokens are those that follow the ones it has seen. Raises
        ValueError for tokens out of range, none, or more than the context holds.
        """
        tokens = checked_tokens(tokens, self.config.vocab_size)
        start = 0 if cache is None else cache.length
        if cache is not None and not cache.belongs_to(self.blocks[0].attention):
            raise ValueError(f"this cache has read {start} tokens for another model")
        end = start + tokens.shape[-1] if tokens.ndim else 0
        if tokens.ndim not in (1, 2) or end > self.config.context_length:
            raise ValueError(
                f"tokens must have the shape (T,) or (B, T) with T at most "
                f"{self.config.context_length - start}, what the context still holds, "
                f"got {tokens.shape}"
            )
        x: Array = self.token_embedding.forward(tokens)  # (…, T, C)
        x = x + self._position_table()[start:end]
        # A row for each new token, a column for each so far. The last token of all may
        # look at every column, so that by itself it needs no mask.
        mask = None if end == start + 1 else causal_mask(end)[start:]
        for block in self.blocks:
            x = block.forward(x, mask, cache=cache)
        x = self.final_norm.forward(x)  # (…, T, C)
        logits = matrix_product(x, self.unembedding.value.T)
        self._keep(x, logits)
        self._loss = CrossEntropy()  # drops what was kept for other logits
        if cache is not None:
            self._kept = None  # there is no going back through the cache
        return logits

    def loss(self, tokens: ArrayLike, targets: ArrayLike) -> float:
        """The cross-entropy of the targets, each the token that comes after, (B, T)."""
        logits = self.forward(tokens)
        return self._loss.forward(targets, logits)

    def backward(self, gradient: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Afterwards every parameter's gradient is ∂C/∂parameter, of the `loss` just
        before; or from ∂C/∂logits, if another loss was computed.
        """
        if gradient is None:
            gradient = self._loss.backward()
        self.backward_to_parameters(gradient)

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        """From ∂C/∂logits to every parameter's gradient; tokens have no slopes."""
        x, gradient = self._take(gradient)
        self.zero_gradients()
        rows = gradient.reshape(-1, gradient.shape[-1])  # (B T, V)
        self.unembedding.gradient += rows.T @ x.reshape(len(rows), -1)
        slopes = matrix_product(gradient, self.unembedding.value)  # (…, T, C)
        slopes = self.final_norm.backward(slopes)
        for block in reversed(self.blocks):
            slopes = block.backward(slopes)
        if self.config.positions == "learned":
            t, c = slopes.shape[-2:]
            self.positions.gradient[:t] += slopes.reshape(-1, t, c).sum(axis=0)
        self.token_embedding.backward_to_parameters(slopes)

    def _position_table(self) -> Array:
        if self.config.positions == "learned":
            return self.positions.value
        return self._sinusoids

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
