import math
import re
from types import GeneratorType

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scratchml import GPT, SGD, GPTConfig, KeyValueCache, Linear, generate, next_token_probabilities, softmax

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=100, deadline=None, derandomize=True)

VARIANTS = [
    {},
    {"positions": "sinusoidal"},
    {"tie_weights": True},
    {"activation": "relu", "num_layers": 1},
    {"num_heads": 1, "dtype": "float64"},
]


def gpt(seed=0, scale=20, **settings):
    """A small model whose logits differ enough to make some tokens far more probable than others."""
    model = GPT(
        GPTConfig(
            **({"vocab_size": 7, "context_length": 8, "embedding_dim": 16, "num_heads": 4, "num_layers": 2} | settings)
        ),
        rng=seed,
    )
    model.unembedding.value *= scale
    return model


def log_of(probabilities):
    return np.log(np.array(probabilities))


class Counting(GPT):
    """Writes down how many tokens it reads at a time."""

    def __init__(self, model):
        vars(self).update(vars(model))
        self.read = []

    def _forward(self, tokens, cache=None):
        self.read.append(len(tokens))
        return super()._forward(tokens, cache)


class Fixed(np.random.Generator):
    """Its random numbers are all the same."""

    def __init__(self, number):
        super().__init__(np.random.PCG64(0))
        self.number = number

    def random(self):
        return self.number


class TestNextTokenProbabilities:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, list])
    def test_without_limits_they_are_the_softmax(self, dtype):
        logits = np.random.default_rng(0).normal(size=30) * 3
        given = logits.tolist() if dtype is list else logits.astype(dtype)
        probabilities = next_token_probabilities(given)
        np.testing.assert_allclose(probabilities, softmax(logits), rtol=1e-6)
        assert probabilities.dtype == np.float64 and probabilities.shape == (30,)

    @pytest.mark.parametrize("temperature", [0.1, 0.7, 1, 2.5, 100])
    def test_the_temperature_divides_the_logits(self, temperature):
        logits = np.random.default_rng(0).normal(size=30)
        np.testing.assert_allclose(
            next_token_probabilities(logits, temperature=temperature), softmax(logits / temperature), rtol=1e-12
        )

    def test_a_low_temperature_leaves_the_best_and_a_high_one_makes_all_equal(self):
        logits = [1.0, 3.0, 2.0, -1.0]
        np.testing.assert_allclose(next_token_probabilities(logits, temperature=0.001), [0, 1, 0, 0], atol=1e-12)
        np.testing.assert_allclose(next_token_probabilities(logits, temperature=1e6), 1 / 4, rtol=1e-5)

    @pytest.mark.parametrize("top_k", range(1, 12))
    def test_top_k_leaves_the_k_most_probable(self, top_k):
        logits = np.random.default_rng(1).normal(size=9)
        probabilities = next_token_probabilities(logits, top_k=top_k)
        best = set(np.argsort(logits)[::-1][:top_k].tolist())
        assert set(np.flatnonzero(probabilities).tolist()) == best
        expected = softmax(logits)
        expected[[i not in best for i in range(9)]] = 0
        np.testing.assert_allclose(probabilities, expected / expected.sum(), rtol=1e-12)

    @pytest.mark.parametrize(
        ("logits", "top_k", "kept"),
        [
            ([1, 1, 1, 1], 2, [0, 1]),
            ([0, 5, 5, 5], 2, [1, 2]),
            ([5, 0, 5, 0, 0], 3, [0, 1, 2]),
            ([0, 0, 9], 2, [0, 2]),
            ([2] * 100, 57, list(range(57))),
            ([1, 2] * 100, 150, sorted([*range(100), *range(101, 200, 2)])),
        ],
    )
    def test_of_equal_ones_top_k_leaves_exactly_k_the_first(self, logits, top_k, kept):
        assert np.flatnonzero(next_token_probabilities(logits, top_k=top_k)).tolist() == kept

    @pytest.mark.parametrize(
        ("top_p", "kept"),
        [
            (1e-9, [2]),
            (0.3, [2]),
            (0.49, [2]),
            (0.51, [0, 2]),
            (0.79, [0, 2]),
            (0.81, [0, 2, 3]),
            (0.94, [0, 2, 3]),
            (0.96, [0, 1, 2, 3]),
            (1, [0, 1, 2, 3]),
        ],
    )
    def test_top_p_leaves_the_fewest_that_together_have_that_probability(self, top_p, kept):
        probabilities = np.array([0.3, 0.05, 0.5, 0.15])
        result = next_token_probabilities(log_of(probabilities), top_p=top_p)
        assert np.flatnonzero(result).tolist() == kept
        np.testing.assert_allclose(result[kept], probabilities[kept] / probabilities[kept].sum(), rtol=1e-12)

    def test_exactly_that_probability_is_enough_and_the_first_of_equal_ones_stay(self):
        assert np.flatnonzero(next_token_probabilities(np.zeros(4), top_p=0.5)).tolist() == [0, 1]
        assert np.flatnonzero(next_token_probabilities(np.zeros(4), top_p=0.25)).tolist() == [0]
        assert np.flatnonzero(next_token_probabilities(np.zeros(4), top_p=0.26)).tolist() == [0, 1]

    @pytest.mark.parametrize(
        ("top_k", "top_p", "kept"),
        [
            (2, 0.56, [0]),  # 0.4 is 57 % of the 0.7 that top_k left
            (2, 0.58, [0, 1]),
            (3, 0.58, [0, 1]),
            (4, 0.39, [0]),
            (1, 1, [0]),
            (4, 1, [0, 1, 2, 3]),
        ],
    )
    def test_together_top_p_is_of_what_top_k_left(self, top_k, top_p, kept):
        probabilities = np.array([0.4, 0.3, 0.2, 0.1])
        result = next_token_probabilities(log_of(probabilities), top_k=top_k, top_p=top_p)
        assert np.flatnonzero(result).tolist() == kept
        np.testing.assert_allclose(result[kept], probabilities[kept] / probabilities[kept].sum(), rtol=1e-12)

    def test_the_temperature_comes_before_the_limits(self):
        logits = log_of([0.6, 0.3, 0.1])
        assert np.flatnonzero(next_token_probabilities(logits, top_p=0.55)).tolist() == [0]
        assert np.flatnonzero(next_token_probabilities(logits, top_p=0.55, temperature=3)).tolist() == [0, 1]

    @quick
    @given(
        st.lists(st.floats(-30, 30), min_size=1, max_size=40),
        st.floats(0.05, 20),
        st.none() | st.integers(1, 45),
        st.none() | st.floats(0, 1, exclude_min=True),
    )
    def test_they_sum_to_1_and_what_is_left_keeps_its_ratios_and_is_the_most_probable(
        self, logits, temperature, top_k, top_p
    ):
        probabilities = next_token_probabilities(logits, temperature=temperature, top_k=top_k, top_p=top_p)
        assert probabilities.shape == (len(logits),) and (probabilities >= 0).all()
        assert probabilities.sum() == pytest.approx(1, abs=1e-12)
        full = softmax(np.array(logits), temperature)
        kept = probabilities > 0
        assert kept.any() and kept.sum() <= (top_k or len(logits))
        share = full[kept].sum()
        np.testing.assert_allclose(probabilities[kept] * share, full[kept], rtol=1e-9, atol=1e-300)
        if not kept.all():
            assert full[kept].min() >= full[~kept].max()
        if top_p is not None:
            whole = np.sort(full)[::-1][:top_k].sum()
            assert share >= (top_p - 1e-9) * whole
            assert share - full[kept].min() <= (top_p + 1e-9) * whole

    @quick
    @given(st.lists(st.floats(-5, 5), min_size=2, max_size=20), st.floats(-1e6, 1e6))
    def test_only_the_differences_between_the_logits_matter_however_large_they_are(self, logits, shift):
        logits = np.array(logits)
        assume(abs(shift) < 1e5)
        np.testing.assert_allclose(
            next_token_probabilities(logits + shift), next_token_probabilities(logits), rtol=1e-6
        )
        assert np.isfinite(next_token_probabilities(logits * 1e300, top_p=0.9)).all()

    def test_the_logits_are_not_modified(self):
        logits = np.array([1.0, 3, 2])
        next_token_probabilities(logits, temperature=0.5, top_k=2, top_p=0.5)
        np.testing.assert_array_equal(logits, [1, 3, 2])

    @pytest.mark.parametrize("settings", [{}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 1}], ids=str)
    def test_the_score_minus_infinity_has_the_probability_0(self, settings):
        probabilities = next_token_probabilities([-math.inf, 1, -math.inf, 1], **settings)
        np.testing.assert_allclose(probabilities, [0, 0.5, 0, 0.5])

    @pytest.mark.parametrize(
        ("logits", "says"),
        [
            ([], "logits must be a row of numbers, at least one, got shape (0,)"),
            (3.0, "at least one, got shape ()"),
            (np.ones((2, 3)), "at least one, got shape (2, 3)"),
            (np.ones((0, 3)), "at least one, got shape (0, 3)"),
            ([1, math.nan], "logits must be numbers, got nan at [1]"),
            ([1, None], "logits must be numbers, got a NoneType, None"),
            (["1", "2"], "logits must be numbers, got a str, '1'"),
            ([1, 2j], "logits must be numbers, got an array of complex128"),
            ([[1], [1, 2]], "logits must be an array, got rows of different lengths"),
            (np.ma.masked_equal([1.0, -999.0], -999), "logits must be a plain array, got a masked one"),
            ([1, math.inf, 2], "must be numbers or −∞, with at least one number in each row, got inf"),
            ([-math.inf, -math.inf], "must be numbers or −∞, with at least one number in each row, got -inf"),
        ],
        ids=lambda x: repr(x)[:40],
    )
    def test_logits_that_are_no_row_of_scores_are_refused(self, logits, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            next_token_probabilities(logits)


def no_numbers(but=()):
    return [value for value in (-1, math.nan, math.inf, -math.inf, True, "1", None) if value not in but]


BAD_LIMITS = [
    *[({"top_k": k}, f"top_k must be at least 1, got {k}") for k in (0, -1)],
    *[
        ({"top_k": k}, f"top_k must be an integer from 1 up, got {k!r}")
        for k in (1.5, 2.0, math.nan, True, "3", np.uint8(3))
    ],
    *[
        ({"top_p": p}, f"top_p must be above 0 and at most 1, got {p!r}")
        for p in (0, 1.0001, 90, *no_numbers(but=[None, True]), True)
    ],
]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        *BAD_LIMITS,
        *[({"temperature": t}, f"temperature must be a number above 0, got {t!r}") for t in (0, -0.0, *no_numbers())],
    ],
    ids=str,
)
def test_probabilities_with_settings_out_of_range_are_refused(bad, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        next_token_probabilities([1.0, 2.0], **bad)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        *BAD_LIMITS,
        *[({"temperature": t}, f"temperature must be a number from 0 up, got {t!r}") for t in no_numbers()],
        *[({"temperature": 0} | bad, says) for bad, says in BAD_LIMITS[:3]],
        *[({"max_new_tokens": n}, f"max_new_tokens must be at least 0, got {n}") for n in (-1, -100)],
        *[
            ({"max_new_tokens": n}, f"max_new_tokens must be an integer from 0 up, got {n!r}")
            for n in (2.5, 3.0, math.nan, True, None, "5", np.int8(3))
        ],
        *[
            ({"model": m}, f"model must be a GPT, got {came}")
            for m, came in [(None, "a NoneType"), (GPT, "the class GPT"), (Linear(2, 2, rng=0), "a Linear")]
        ],
    ],
    ids=lambda x: str(x)[:60],
)
def test_settings_out_of_range_are_refused_at_the_call_of_generate(bad, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        generate(**({"model": gpt(), "prompt": [0], "max_new_tokens": 5, "rng": 0} | bad))


class TestGenerate:
    @pytest.mark.parametrize("number", [0, 1, 5, 20])
    @pytest.mark.parametrize("use_cache", [True, False])
    def test_it_yields_so_many_tokens_ints_of_the_vocabulary(self, number, use_cache):
        tokens = list(generate(gpt(scale=1), [3, 1], number, rng=0, use_cache=use_cache))
        assert len(tokens) == number
        assert all(type(token) is int and 0 <= token < 7 for token in tokens)
        assert number < 20 or len(set(tokens)) == 7

    def test_the_same_seed_writes_the_same_text_and_another_seed_another(self):
        def text(rng):
            return list(generate(gpt(), [1], 30, rng=rng))

        assert text(3) == text(3) == text(np.random.default_rng(3)) != text(4)

    def test_a_generator_goes_on_from_where_it_is_and_a_seed_begins_anew(self):
        rng = np.random.default_rng(3)
        first, second = (list(generate(gpt(), [1], 30, rng=rng)) for _ in range(2))
        assert first != second
        expected = np.random.default_rng(3)
        expected.random(60)
        assert rng.bit_generator.state == expected.bit_generator.state  # one number for each token

    def test_numpys_global_randomness_is_neither_used_nor_changed(self):
        kept = np.random.get_state()
        try:
            texts = []
            for seed in (1, 2):
                np.random.seed(seed)
                before = str(np.random.get_state())
                texts.append(list(generate(gpt(), [1], 20, rng=0)))
                assert str(np.random.get_state()) == before
            assert texts[0] == texts[1]
        finally:
            np.random.set_state(kept)

    def test_tokens_come_one_by_one_as_they_are_asked_for(self):
        model = Counting(gpt())
        writing = generate(model, [1, 2], 5, rng=0)
        assert isinstance(writing, GeneratorType) and model.read == []
        next(writing)
        assert len(model.read) == 1
        next(writing)
        assert len(model.read) == 2
        assert len(list(writing)) == 3 and len(model.read) == 5

    @pytest.mark.parametrize("settings", VARIANTS, ids=str)
    @pytest.mark.parametrize("use_cache", [True, False])
    @pytest.mark.parametrize("prompt", [[2], [0, 6, 3], [5] * 8, list(range(7)) * 3], ids=len)
    @pytest.mark.parametrize("greedy", [{"top_k": 1}, {"temperature": 0}], ids=str)
    def test_with_top_k_1_or_temperature_0_it_takes_the_most_probable_token_every_time(
        self, settings, use_cache, prompt, greedy
    ):
        model = gpt(**settings)
        text = list(prompt)
        for _ in range(15):
            text.append(int(model.forward(text[-8:])[-1].argmax()))
        assert list(generate(model, prompt, 15, **greedy, rng=0, use_cache=use_cache)) == text[len(prompt) :]

    @pytest.mark.parametrize(
        "settings",
        [{"temperature": 1e-4}, {"top_p": 1e-6}, {"temperature": -0.0}, {"temperature": 0, "top_k": 5, "top_p": 0.9}],
        ids=str,
    )
    def test_a_low_temperature_and_a_small_top_p_write_the_same(self, settings):
        assert list(generate(gpt(), [2], 20, **settings, rng=1)) == list(generate(gpt(), [2], 20, top_k=1, rng=0))

    def test_at_temperature_0_the_first_of_equal_ones_is_taken_and_no_random_number_used(self, monkeypatch):
        rng = np.random.default_rng(0)
        before = rng.bit_generator.state
        monkeypatch.setattr(GPT, "forward", lambda self, tokens, cache=None: np.array([[0.0, 9, 1, 9, 2, 9, 0]]))
        assert list(generate(gpt(), [2], 5, temperature=0, rng=rng)) == [1] * 5
        assert rng.bit_generator.state == before

    def test_every_setting_reaches_the_probabilities(self):
        model, settings = gpt(scale=4), {"temperature": 0.7, "top_k": 5, "top_p": 0.8}
        rng, text = np.random.default_rng(7), [4]
        for _ in range(30):
            probabilities = next_token_probabilities(model.forward(text[-8:])[-1], **settings)
            text.append(int(np.searchsorted(np.cumsum(probabilities), rng.random(), side="right")))
        assert list(generate(model, [4], 30, **settings, rng=7, use_cache=False)) == text[1:]

    def test_a_step_of_the_optimizer_between_two_tokens_is_refused_where_a_cache_holds_the_text(self):
        """Its keys and values are those of the old parameters."""
        model = gpt()
        optimizer = SGD(model.parameters(), 0.1)
        cached, uncached = (generate(model, [1], 3, rng=0, use_cache=use_cache) for use_cache in (True, False))
        next(cached), next(uncached)
        optimizer.step()
        with pytest.raises(ValueError, match=r"a cache must go on with the parameters .*, got others"):
            next(cached)
        next(uncached)

    @pytest.mark.parametrize("settings", VARIANTS, ids=str)
    @pytest.mark.parametrize("length", [1, 5, 8, 9, 20])
    @pytest.mark.parametrize("seed", range(3))
    def test_the_cache_changes_no_token_within_the_context_or_beyond_it(self, settings, length, seed):
        model = gpt(seed, **settings)
        prompt = np.random.default_rng(seed).integers(0, 7, length)
        with_cache, without = (
            list(generate(model, prompt, 25, temperature=1.5, rng=seed, use_cache=cached)) for cached in (True, False)
        )
        assert with_cache == without

    @pytest.mark.parametrize("settings", VARIANTS, ids=str)
    def test_the_logits_with_a_cache_are_those_of_the_whole_text_at_every_length(self, settings):
        model = gpt(**({"context_length": 32, "dtype": "float32", "scale": 20} | settings))
        text = np.random.default_rng(0).integers(0, 7, 32)
        cache = KeyValueCache()
        for end in range(1, 33):
            logits = model.forward(text[end - 1 : end], cache=cache)
            assert logits.shape == (1, 7)
            np.testing.assert_allclose(
                logits[0],
                model.forward(text[:end])[-1],
                rtol=0,
                atol=1e-5 if model.config.dtype == "float32" else 1e-12,
            )

    def test_a_cache_spares_reading_the_text_again_until_the_context_is_full(self):
        model = Counting(gpt())
        list(generate(model, [1, 2, 3], 9, rng=0))
        assert model.read == [3, 1, 1, 1, 1, 1, 8, 8, 8]
        model.read = []
        list(generate(model, [1] * 8, 3, rng=0))
        assert model.read == [8, 8, 8]
        model.read = []
        list(generate(model, [1] * 30, 3, rng=0))
        assert model.read == [8, 8, 8]

    def test_without_a_cache_the_whole_text_is_read_for_every_token(self):
        model = Counting(gpt())
        list(generate(model, [1, 2, 3], 9, rng=0, use_cache=False))
        assert model.read == [3, 4, 5, 6, 7, 8, 8, 8, 8]

    @pytest.mark.parametrize("use_cache", [True, False])
    def test_of_a_prompt_longer_than_the_context_only_the_end_counts(self, use_cache):
        prompt = [0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1]
        long, short = (
            list(generate(gpt(), p, 20, rng=5, use_cache=use_cache)) for p in (prompt, [6] * 9 + prompt[-8:])
        )
        assert long == short

    def test_a_context_of_one_token_is_enough(self):
        model = gpt(context_length=1)
        assert list(generate(model, [2, 3], 20, rng=0)) == list(generate(model, [3], 20, rng=0, use_cache=False))

    def test_a_vocabulary_of_one_token_too(self):
        assert list(generate(gpt(vocab_size=1), [0], 3, rng=0)) == [0, 0, 0]

    def test_the_tokens_are_drawn_with_their_probabilities(self):
        model = gpt(scale=15)
        expected = next_token_probabilities(model.forward([4, 2])[-1], temperature=0.8, top_k=6)
        assert expected.max() < 0.7 and (expected == 0).sum() == 1
        rng, draws = np.random.default_rng(0), 2000
        drawn = [next(generate(model, [4, 2], 1, temperature=0.8, top_k=6, rng=rng)) for _ in range(draws)]
        frequencies = np.bincount(drawn, minlength=7) / draws
        assert (np.abs(frequencies - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / draws)).all()
        assert frequencies[expected == 0].item() == 0

    @pytest.mark.parametrize(("number", "token"), [(0.0, 1), (0.5 - 1e-9, 1), (0.5 + 1e-9, 3), (1 - 2**-53, 3)])
    def test_the_smallest_and_the_largest_random_number_never_fall_to_a_token_of_probability_0(
        self, number, token, monkeypatch
    ):
        monkeypatch.setattr(
            GPT, "forward", lambda self, tokens, cache=None: np.array([[0.0, 9.0, 1.0, 9.0, 2.0, 0.0, 0.0]])
        )
        assert next(generate(gpt(), [0], 1, top_k=2, rng=Fixed(number))) == token

    @pytest.mark.parametrize("number", [0.0, 0.3, 0.7, 1 - 2**-53])
    def test_where_rounding_leaves_a_sum_below_1_there_is_no_token_after_the_last(self, number, monkeypatch):
        """Here by far below 1, to be seen."""
        monkeypatch.setattr(
            "scratchml.generation.next_token_probabilities", lambda logits, **settings: np.array([0.3, 0.3])
        )
        assert next(generate(gpt(), [0], 1, rng=Fixed(number))) == (number >= 0.5)

    def test_two_texts_may_be_written_at_the_same_time_with_one_model(self):
        model = gpt()
        alone = [list(generate(model, [start], 12, rng=start)) for start in (1, 2)]
        together = list(zip(generate(model, [1], 12, rng=1), generate(model, [2], 12, rng=2), strict=True))
        assert [list(text) for text in zip(*together, strict=True)] == alone

    def test_neither_the_model_nor_the_prompt_is_changed(self):
        model, prompt = gpt(), [1, 2]
        before = model.state()
        writing = generate(model, prompt, 12, rng=0)
        expected = list(generate(model, prompt, 12, rng=0))
        prompt[0] = 6  # too late: the prompt was taken at the call
        assert list(writing) == expected
        assert prompt == [6, 2]
        for name, array in model.state().items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize(
        "prompt", [(3, 1), np.array([3, 1]), np.array([3, 1], np.uint8), range(3, 0, -2)], ids=repr
    )
    def test_the_prompt_may_be_any_row_of_integers(self, prompt):
        assert list(generate(gpt(), prompt, 5, rng=0)) == list(generate(gpt(), [3, 1], 5, rng=0))

    @pytest.mark.parametrize(
        ("prompt", "says"),
        [
            ([], "tokens must be at least one, got shape (0,)"),
            (np.array([], int), "tokens must be at least one, got shape (0,)"),
            ([1.0, 2.0], "tokens must be integers, got float64 with shape (2,)"),
            ([True], "tokens must be integers, got bool with shape (1,)"),
            ("hello", "tokens must be integers, got a str, 'hello'"),
            (None, "tokens must be integers, got a NoneType, None"),
            ([1, None], "tokens must be integers, got a NoneType, None"),
            ([[1], [2, 3]], "tokens must be integers, got rows of different lengths"),
            (np.ma.masked_equal([1, 2], 2), "tokens must be a plain array, got a masked one"),
            ([1, 7], "tokens must be from 0 to 6, got 1 to 7"),
            ([3, -1], "tokens must be from 0 to 6, got -1 to 3"),
            ([[1, 2], [3, 4]], "prompt must be a row of tokens, got shape (2, 2)"),
            (3, "prompt must be a row of tokens, got shape ()"),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("use_cache", [True, False])
    def test_what_is_no_row_of_tokens_is_refused_at_the_call(self, prompt, says, use_cache):
        with pytest.raises(ValueError, match=re.escape(says)):
            generate(gpt(), prompt, 5, rng=0, use_cache=use_cache)

    def test_there_is_no_text_without_an_explicit_rng(self):
        with pytest.raises(TypeError, match="rng"):
            generate(gpt(), [1], 5)

    @pytest.mark.parametrize("temperature", [0, 1])
    def test_a_model_whose_weights_are_no_longer_numbers_writes_nothing(self, temperature):
        model = gpt()
        model.unembedding.value[3] = np.nan
        with pytest.raises(FloatingPointError, match="the outputs went beyond the range of numbers, got nan"):
            next(generate(model, [1], 5, temperature=temperature, rng=0))
