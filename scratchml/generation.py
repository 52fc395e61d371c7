"""Writing with a language model, one token after the other (chapter 25)."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from scratchml._arrays import Array, checked_tokens
from scratchml.activations import softmax
from scratchml.key_value_cache import KeyValueCache
from scratchml.transformer import GPT


def next_token_probabilities(
    logits: ArrayLike,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Array:
    """softmax(logits / temperature), (V,), with the improbable tokens taken out.

    `top_k` leaves the k most probable tokens; `top_p` the fewest that together have at
    least that probability, of what top_k left (Holtzman et al., 2020). The others get
    0, and the rest is scaled to a sum of 1. Of equal ones the first stay. Raises
    ValueError unless temperature > 0, top_k ≥ 1 and 0 < top_p ≤ 1.
    """
    _check_settings(temperature, top_k, top_p)
    logits = np.asarray(logits, dtype=np.float64)
    finite = np.isfinite(logits).all()
    if logits.ndim != 1 or not logits.size or not finite:
        raise ValueError(
            f"logits must be a row of finite numbers, at least one, got shape "
            f"{logits.shape}" + ("" if finite else " with NaN or infinity")
        )
    probabilities = softmax(logits, temperature)  # (V,)
    if top_k is None and top_p is None:
        return probabilities
    order = np.argsort(-probabilities, kind="stable")[:top_k]  # the best first
    best = probabilities[order]
    best /= best.sum()
    if top_p is not None:
        best = best[: np.searchsorted(np.cumsum(best), top_p) + 1]
        best /= best.sum()
    kept = np.zeros_like(probabilities)
    kept[order[: len(best)]] = best
    return kept


def _check_settings(temperature: float, top_k: int | None, top_p: float | None) -> None:
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, got {top_p}")


def _draw(probabilities: Array, rng: np.random.Generator) -> int:
    """A token, drawn with these probabilities: lay them end to end, and see into whose
    stretch a random number falls.
    """
    ends = np.cumsum(probabilities)
    return int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))


def generate(
    model: GPT,
    prompt: Sequence[int],
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    rng: np.random.Generator | int,
    use_cache: bool = True,
) -> Iterator[int]:
    """Yield the tokens that the model writes after the prompt, one by one.

    Each is drawn from `next_token_probabilities`; `top_k=1` always takes the most
    probable. `rng` is a Generator or a seed. A `KeyValueCache` spares the model from
    reading the text again for every token, which `use_cache=False` has it do.

    The model sees at most its context: when the text has grown longer, the last
    `context_length` tokens. From then on every token's position shifts by one at each
    step, so that nothing in the cache holds anymore, and every new token costs reading
    a whole context. Raises ValueError for an empty prompt, tokens out of range, and
    settings out of range.
    """
    tokens = checked_tokens(prompt, model.config.vocab_size)
    if tokens.ndim != 1:
        raise ValueError(f"prompt must be a row of tokens, got shape {tokens.shape}")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must be at least 0, got {max_new_tokens}")
    _check_settings(temperature, top_k, top_p)
    rng = np.random.default_rng(rng)

    # The checks above happen at the call; a function with `yield` in it would wait.
    def written() -> Iterator[int]:
        text = tokens.tolist()
        context = model.config.context_length
        cache = KeyValueCache()
        for _ in range(max_new_tokens):
            if use_cache and len(text) <= context:
                logits = model.forward(text[cache.length :], cache=cache)
            else:
                logits = model.forward(text[-context:])
            probabilities = next_token_probabilities(
                logits[-1], temperature=temperature, top_k=top_k, top_p=top_p
            )
            text.append(_draw(probabilities, rng))
            yield text[-1]

    return written()
