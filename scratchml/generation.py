"""Writing with a language model, one token after the other (chapters
softmax-and-temperature and generation).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import scratchml._checks as check
from scratchml._checks import Array
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
    _check_settings(top_k, top_p)
    logits = check.row(logits, "logits")
    probabilities = softmax(logits.astype(np.float64), temperature)  # (V,)
    order = np.argsort(-probabilities, kind="stable")  # the most probable first
    if top_k is not None:
        probabilities[order[top_k:]] = 0
        probabilities /= probabilities.sum()
    if top_p is not None:
        reached = np.cumsum(probabilities[order])
        probabilities[order[np.searchsorted(reached, top_p) + 1 :]] = 0
        probabilities /= probabilities.sum()
    return probabilities


def _check_settings(top_k: int | None, top_p: float | None) -> None:
    if top_k is not None:
        check.integers_from(1, top_k=top_k)
    if top_p is not None:
        check.probability(top_p=top_p)


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

    Each is drawn from `next_token_probabilities`; at temperature 0 it is the most
    probable one. `rng` is a Generator or a seed. A `KeyValueCache` spares the model
    from reading the text again for every token, which `use_cache=False` has it do.

    The model sees at most its context: when the text has grown longer, the last
    `context_length` tokens. From then on every token's position shifts by one at each
    step, so that nothing in the cache holds anymore, and every new token costs reading
    a whole context. Raises ValueError, at once, for an empty prompt, tokens out of
    range, and settings out of range.
    """
    check.instance(GPT, model=model)
    tokens = check.tokens(prompt, model.config.vocab_size)
    check.integers_from(0, max_new_tokens=max_new_tokens)
    check.not_negative(temperature=temperature)
    _check_settings(top_k, top_p)
    if tokens.ndim != 1:
        raise ValueError(f"prompt must be a row of tokens, got shape {tokens.shape}")
    rng = np.random.default_rng(rng)
    sampling = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    cache = KeyValueCache() if use_cache else None
    return _write(model, tokens.tolist(), max_new_tokens, sampling, rng, cache)


def _write(
    model: GPT,
    text: list[int],
    max_new_tokens: int,
    sampling: dict[str, Any],
    rng: np.random.Generator,
    cache: KeyValueCache | None,
) -> Iterator[int]:
    for _ in range(max_new_tokens):
        logits = _next_logits(model, text, cache)  # (V,)
        if sampling["temperature"] == 0:
            token = int(logits.argmax())
        else:
            token = _draw(next_token_probabilities(logits, **sampling), rng)
        text.append(token)
        yield token


def _next_logits(model: GPT, text: list[int], cache: KeyValueCache | None) -> Array:
    """The scores for what follows the text, of which the model sees what its context
    holds; (V,).
    """
    context_length = model.config.context_length
    if cache is not None and len(text) <= context_length:
        return model(text[cache.length :], cache=cache)[-1]
    return model(text[-context_length:])[-1]


def _draw(probabilities: Array, rng: np.random.Generator) -> int:
    """A token, drawn with these probabilities: lay them end to end, and see into whose
    stretch a random number falls.
    """
    ends = np.cumsum(probabilities)
    return int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))
