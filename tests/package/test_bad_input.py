"""What doesn't fit is refused with a ValueError that says what came, whatever it is, and nothing is harmed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    GPT,
    BPETokenizer,
    CharTokenizer,
    CrossEntropy,
    GPTConfig,
    KeyValueCache,
    MultiHeadAttention,
    SelfAttention,
    causal_mask,
    generate,
    next_token_probabilities,
    scaled_dot_product_attention,
)

tried = settings(max_examples=60, deadline=None, derandomize=True)
V, T = 7, 5
MODEL = GPT(GPTConfig(vocab_size=V, context_length=T, embedding_dim=8, num_heads=2, num_layers=1), rng=0)
FINE = [3, 1, 2]
NO_TOKENS = st.one_of(
    st.lists(st.integers(V, 10**6) | st.integers(-(10**6), -1), min_size=1, max_size=T),  # out of range
    st.lists(st.floats(), min_size=1, max_size=T),
    st.lists(st.booleans(), min_size=1, max_size=T),
    st.lists(st.integers(0, V - 1), min_size=T + 1, max_size=3 * T),  # too long
    st.just([]),
    st.integers(0, V - 1),  # no axis
)


@tried
@given(NO_TOKENS, st.booleans())
def test_tokens_that_are_none_or_too_many(tokens, with_cache):
    expected = MODEL.forward(FINE)
    cache = KeyValueCache() if with_cache else None
    with pytest.raises(ValueError, match=r"^tokens must .*, got "):
        MODEL.forward(tokens, cache=cache)
    assert cache is None or cache.length == 0
    np.testing.assert_array_equal(MODEL.forward(FINE, cache=cache), expected)


@tried
@given(st.integers(-3, 40), st.integers(-3, 12))
def test_an_embedding_dim_that_the_heads_do_not_share_evenly(embedding_dim, num_heads):
    fits = embedding_dim >= 1 and num_heads >= 1 and embedding_dim % num_heads == 0
    for make in (
        lambda: MultiHeadAttention(embedding_dim, num_heads),
        lambda: GPTConfig(V, T, embedding_dim, num_heads, 1),
    ):
        if fits:
            make()
        else:
            with pytest.raises(ValueError, match=r"(embedding_dim|num_heads) must be .*, got "):
                make()


@tried
@given(
    st.just([3, 3]) | st.lists(st.integers(0, 4), min_size=0, max_size=3),
    st.sampled_from([bool, bool, int, float]),
    st.integers(0, 2**16),
)
def test_a_mask_of_another_shape_or_kind_or_with_a_row_that_is_all_false(shape, dtype, seed):
    mask = np.random.default_rng(seed).random(shape).round().astype(dtype)
    x, layer = np.random.default_rng(0).normal(size=(3, 4)), SelfAttention(4, rng=0)
    fits = mask.shape == (3, 3) and dtype is bool and mask.any(axis=-1).all()
    for call in (lambda: layer.forward(x, mask), lambda: scaled_dot_product_attention(x, x, x, mask)):
        if fits:
            call()
        else:
            with pytest.raises(ValueError, match=r"mask must .*, got "):
                call()


@tried
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "temperature": st.floats(max_value=0) | st.just(float("nan")) | st.just(float("inf")),
            "top_k": st.integers(max_value=0),
            "top_p": st.floats(max_value=0) | st.floats(min_value=1, exclude_min=True) | st.just(float("nan")),
        },
    ).filter(bool)
)
def test_settings_of_generation_that_are_out_of_range(bad):
    for call in (lambda: generate(MODEL, FINE, 3, rng=0, **bad), lambda: next_token_probabilities([0.0, 1.0], **bad)):
        with pytest.raises(ValueError, match=r"^(temperature|top_k|top_p) must be .*, got "):
            call()


@tried
@given(NO_TOKENS.filter(lambda tokens: not isinstance(tokens, list) or len(tokens) <= T))
def test_a_prompt_that_is_empty_or_no_tokens(prompt):
    with pytest.raises(ValueError, match=r"^(tokens|prompt) must be .*, got "):
        generate(MODEL, prompt, 3, rng=0)


@tried
@given(st.text(min_size=1))
def test_characters_unknown_to_the_tokenizer(text):
    tokenizer = CharTokenizer("abc")
    if set(text) <= set("abc"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    else:
        with pytest.raises(ValueError, match="doesn't know the characters"):
            tokenizer.encode(text)


@tried
@given(
    st.lists(st.integers(-(10**9), 10**9) | st.floats(), min_size=1).filter(
        lambda tokens: any(isinstance(t, float) or not 0 <= t < 256 for t in tokens)
    )
)
def test_tokens_that_the_tokenizer_has_not(tokens):
    with pytest.raises(ValueError, match=r"^tokens must be integers from 0 to 255, got "):
        BPETokenizer().decode(tokens)


@tried
@given(st.integers(1, T), st.sampled_from(["model", "layer", "loss"]))
def test_a_second_backward_without_a_forward(length, which):
    tokens = list(range(length))
    if which == "model":
        MODEL.loss(tokens, tokens)
        MODEL.backward()
        backward = MODEL.backward
    elif which == "layer":
        layer, x = SelfAttention(4, rng=0), np.ones((length, 4))
        layer.forward(x, causal_mask(length))
        layer.backward(x)
        backward = lambda: layer.backward(x)  # noqa: E731
    else:
        loss = CrossEntropy()
        loss.forward(tokens, np.zeros((length, V)))
        loss.backward()
        backward = loss.backward
    with pytest.raises(ValueError, match="needs the numbers of a forward that came just before it: call forward first"):
        backward()
