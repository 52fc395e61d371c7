"""With a cache, a text that is read in pieces gives what the whole text gives; where that can't be, the cache says so."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    GPT,
    SGD,
    GPTConfig,
    KeyValueCache,
    Module,
    MultiHeadAttention,
    TransformerBlock,
    causal_mask,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
seeds = st.integers(0, 2**32)

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
CONTEXT, VOCABULARY, CHANNELS = 9, 7, 4


class TwoBlocks(Module):
    """A model of a reader's own."""

    def __init__(self, rng):
        self.blocks = [TransformerBlock(CHANNELS, 2, rng=rng) for _ in range(2)]

    def _forward(self, x, mask=None, cache=None):
        for block in self.blocks:
            x = block(x, mask, cache=cache)
        return x, ()


def gpt(rng, positions):
    return GPT(GPTConfig(VOCABULARY, CONTEXT, CHANNELS, 2, 2, positions=positions, dtype="float64"), rng=rng)


MODELS = {
    "MultiHeadAttention": lambda rng: MultiHeadAttention(CHANNELS, 2, rng=rng),
    "TransformerBlock": lambda rng: TransformerBlock(CHANNELS, 2, rng=rng),
    "a reader's own model": TwoBlocks,
    "GPT, learned": lambda rng: gpt(rng, "learned"),
    "GPT, sinusoidal": lambda rng: gpt(rng, "sinusoidal"),
}
models = pytest.mark.parametrize("kind", MODELS)


def made(kind, seed=0, dtype="float64"):
    """A model of that kind, all of its parameters random, so that a forgotten one shows."""
    rng = np.random.default_rng(seed)
    model = MODELS[kind](rng)
    for parameter in model.parameters():
        parameter.value += rng.normal(size=parameter.value.shape) / 2
    return model.to(dtype)


def some_text(kind, *shape, seed=0):
    """Tokens for a GPT, embeddings for the others."""
    rng = np.random.default_rng([seed, 2])
    return rng.integers(0, VOCABULARY, shape) if "GPT" in kind else rng.normal(size=(*shape, CHANNELS))


def piece_of(text, kind, piece):
    return text[..., piece] if "GPT" in kind else text[..., piece, :]


def read(model, text, cache=None):
    """The outputs for a text, or with a cache for what comes next of it."""
    if isinstance(model, GPT):
        return model(text, cache=cache)
    start = 0 if cache is None else cache.length
    return model(text, causal_mask(start + text.shape[-2])[start:], cache=cache)


def begun(kind, batch=(), length=2):
    """A model, and a cache that has read the beginning of `some_text`."""
    model, cache = made(kind), KeyValueCache()
    read(model, some_text(kind, *batch, length), cache)
    return model, cache


def assert_goes_on(model, cache, kind, batch=(), length=2):
    """The next tokens come out as they do in the whole text."""
    whole = some_text(kind, *batch, length + 2, seed=5)
    piece_of(whole, kind, slice(0, length))[...] = some_text(kind, *batch, length)
    expected = read(model, whole)[..., length:, :]
    got = read(model, piece_of(whole, kind, slice(length, None)), cache)
    assert cache.length == length + 2
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@models
@pytest.mark.parametrize("dtype", TOLERANCE)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(seeds, st.integers(1, CONTEXT), st.sampled_from([(), (1,), (3,)]))
def test_pieces_of_any_sizes_give_what_the_whole_text_gives(kind, dtype, seed, length, batch):
    model, cache, rng = made(kind, seed, dtype), KeyValueCache(), np.random.default_rng(seed)
    text, pieces = some_text(kind, *batch, length, seed=seed), []
    whole = read(model, text)
    cuts = [0, *(np.flatnonzero(rng.random(length - 1) < 0.5) + 1).tolist(), length]
    for start, end in itertools.pairwise(cuts):
        assert cache.length == start
        pieces.append(read(model, piece_of(text, kind, slice(start, end)), cache))
    assert cache.length == length
    joined = np.concatenate(pieces, axis=-2)
    assert joined.dtype == dtype
    np.testing.assert_allclose(joined, whole, rtol=0, atol=TOLERANCE[dtype] * np.abs(whole).max())


def test_the_new_tokens_weights_are_over_all_tokens():
    layer, cache = begun("MultiHeadAttention", batch=(2,), length=3)
    layer.forward(np.ones((2, 2, CHANNELS)), cache=cache)
    assert layer.last_weights.shape == (2, 2, 2, 5)


@models
def test_caches_do_not_share_what_a_model_gave_them(kind):
    model, _ = begun(kind)
    text = some_text(kind, 3, seed=1)
    np.testing.assert_allclose(read(model, text, KeyValueCache()), read(model, text), rtol=1e-12, atol=1e-14)


@models
def test_what_it_keeps_is_out_of_reach_of_what_went_in_and_came_out(kind):
    model, cache = made(kind), KeyValueCache()
    text = some_text(kind, 2)
    read(model, text, cache)[...] = 99
    text[...] = 0
    assert_goes_on(model, cache, kind)


@models
@pytest.mark.parametrize("how", ["backward", "backward_to_parameters"])
def test_there_is_no_going_back_through_it_nor_to_the_batch_before(kind, how):
    model = made(kind)
    for _ in range(2):
        shape = read(model, some_text(kind, 3)).shape
        read(model, some_text(kind, 3), KeyValueCache())
        with pytest.raises(ValueError, match=rf"^{type(model).__name__}\.backward needs the numbers of a forward"):
            getattr(model, how)(np.ones(shape))
        assert not any(p.gradient.any() for p in model.parameters())


@pytest.fixture
def cut_off(monkeypatch):
    """cut_off(place, …) is `read` that comes to an end at the part of that number, as by Ctrl-C; False if there are fewer."""

    def reading(place, model, text, cache):
        right, numbers = Module.forward, itertools.count()

        def forward(self, *args, **more):
            if next(numbers) == place:
                raise KeyboardInterrupt
            return right(self, *args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(Module, "forward", forward)
            try:
                read(model, text, cache)
            except KeyboardInterrupt:
                return True
        return False

    return reading


@models
@pytest.mark.parametrize("length", [0, 2])
def test_a_pass_that_was_cut_off_anywhere_has_not_been(kind, length, cut_off):
    for place in itertools.count():
        model, cache = begun(kind, length=length) if length else (made(kind), KeyValueCache())
        if not cut_off(place, model, some_text(kind, 3, seed=1), cache):
            break
        assert cache.length == length, place
        assert_goes_on(model, cache, kind, length=length)
    assert place >= {"MultiHeadAttention": 1, "TransformerBlock": 8}.get(kind, 17)


@models
@pytest.mark.parametrize("begun_before", [False, True])
def test_first_passes_of_other_models_that_were_cut_off_have_not_been(kind, begun_before, cut_off):
    for place in itertools.count():
        cache, model = KeyValueCache(), made(kind)
        others = [model, made(kind, seed=1)] if begun_before else [made(kind, seed=1)]
        if not all(cut_off(place, other, some_text(kind, 5), cache) for other in others):
            break
        read(model, some_text(kind, 2), cache)
        assert cache.length == 2, place
        assert_goes_on(model, cache, kind)


@models
def test_a_mask_that_does_not_fit_is_refused_and_the_cache_is_as_it_was(kind):
    if "GPT" in kind:
        return  # which makes its own mask
    for mask in (causal_mask(2), np.full((2, 4), 0.5), np.zeros((2, 4), bool)):
        model, cache = begun(kind)
        with pytest.raises(ValueError, match="mask must"):
            model(some_text(kind, 2, seed=1), mask, cache=cache)
        assert_goes_on(model, cache, kind)


@models
@pytest.mark.parametrize(("batch", "other"), [((2,), (3,)), ((2,), ()), ((), (2,)), ((2,), (1,)), ((1,), ())], ids=str)
def test_another_batch_is_refused_and_the_cache_is_as_it_was(kind, batch, other):
    model, cache = begun(kind, batch)
    with pytest.raises(ValueError) as refused:
        read(model, some_text(kind, *other, 1), cache)
    assert str(refused.value) == f"a cache must go on with its batch, of shape {batch}, got {other}"
    assert_goes_on(model, cache, kind, batch)


@models
def test_another_model_is_refused_and_the_cache_is_as_it_was(kind):
    other = made(kind, seed=1)
    model, cache = begun(kind)
    with pytest.raises(ValueError, match=r"^a cache must go on with its model, got another: it has read 2 tokens"):
        read(other, some_text(kind, 1), cache)
    assert_goes_on(model, cache, kind)


@models
def test_parameters_that_have_changed_are_refused_whichever_and_a_new_cache_begins_with_them(kind):
    for name in made(kind).state():
        model, cache = begun(kind)
        parameter = dict(model.named_parameters())[name]
        parameter.value = 2 * parameter.value
        for _ in range(2):
            with pytest.raises(
                ValueError, match=r"^a cache must go on with the parameters that it has read 2 tokens with"
            ):
                read(model, some_text(kind, 1), cache)
                pytest.fail(f"{name} has changed, and the cache hasn't noticed")
        cache = KeyValueCache()
        read(model, some_text(kind, 2), cache)
        assert_goes_on(model, cache, kind)


@models
@pytest.mark.parametrize(
    "change", [lambda model: SGD(model.parameters(), 0.1).step(), lambda model: model.load_state(model.state())]
)
def test_a_step_and_a_loaded_state_are_changes(kind, change):
    model, cache = begun(kind)
    change(model)
    with pytest.raises(ValueError, match=r"^a cache must go on with the parameters"):
        read(model, some_text(kind, 1), cache)


@models
def test_changes_of_another_model_do_not_matter(kind):
    model, cache = begun(kind)
    SGD(made(kind, seed=1).parameters(), 0.1).step()
    assert_goes_on(model, cache, kind)


@pytest.mark.parametrize("kind", ["GPT, learned", "GPT, sinusoidal"])
@pytest.mark.parametrize(("length", "more"), [(CONTEXT - 2, 3), (CONTEXT, 1)])
def test_more_tokens_than_the_context_still_holds_are_refused(kind, length, more):
    model, cache = begun(kind, length=length)
    with pytest.raises(
        ValueError, match=rf"with T at most {CONTEXT - length}, what the context still holds, got \({more},\)$"
    ):
        read(model, some_text(kind, more), cache)
    assert cache.length == length


@models
@pytest.mark.parametrize("cache", [True, False, {}, [], "cache", KeyValueCache], ids=str)
def test_what_is_no_cache_is_refused(kind, cache):
    model = made(kind)
    with pytest.raises(ValueError, match=r"^cache must be a KeyValueCache, got "):
        model(some_text(kind, 2), cache=cache)


def test_a_new_cache_has_read_nothing():
    assert KeyValueCache().length == 0
