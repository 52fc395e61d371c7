import copy
import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    GPT,
    Adam,
    CrossEntropy,
    FeedForward,
    GPTConfig,
    KeyValueCache,
    LayerNorm,
    Linear,
    ReLU,
    TransformerBlock,
    causal_mask,
    check_gradients,
    cross_entropy,
    cross_entropy_gradient,
    gelu,
    relu,
    sinusoidal_positions,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)

DTYPES = [np.float32, np.float64]
ACTIVATIONS = {"gelu": gelu, "relu": relu}
SIZES = {"vocab_size": 5, "context_length": 4, "embedding_dim": 4, "num_heads": 2, "num_layers": 2}
VARIANTS = [
    {"positions": positions, "tie_weights": tied, "activation": activation}
    for positions in ("learned", "sinusoidal")
    for tied in (False, True)
    for activation in ("gelu", "relu")
]
variants = pytest.mark.parametrize(
    "variant", VARIANTS, ids=lambda v: f"{v['positions']}-{'tied' if v['tie_weights'] else 'untied'}-{v['activation']}"
)


def numbers(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng([seed, 2]).normal(size=shape).astype(dtype)


def add_noise(part, seed=0, scale=0.4):
    """Gains aren't 1 then, nor biases 0, so that a forgotten one shows."""
    rng = np.random.default_rng([seed, 3])
    for parameter in part.parameters():
        parameter.value += scale * rng.normal(size=parameter.value.shape)
    return part


def gpt(seed=0, *, noise=0.4, **changes):
    """A small GPT, float64 unless asked for another."""
    model = add_noise(GPT(GPTConfig(**SIZES | {"dtype": "float64"} | changes), rng=seed), seed, noise)
    if noise:
        model.token_embedding.weights.value *= 4  # normalizing short rows would bend the loss more than a nudge allows
    return model


def text(*shape, seed=0, vocab_size=5):
    return np.random.default_rng([seed, 4]).integers(0, vocab_size, shape)


def values_of(part):
    return {name: p.value for name, p in part.named_parameters()}


def gradients_of(part):
    return {name: p.gradient.copy() for name, p in part.named_parameters()}


def learn(model, tokens, targets, *, how="backward"):
    """One loss, and the slopes that it adds to the gradients."""
    loss = CrossEntropy()
    value = loss.forward(targets, model(tokens))
    getattr(model, how)(loss.backward())
    return value


class WatchedReLU(ReLU):
    """A ReLU that knows how near to its kink the last batch came."""

    def _forward(self, x):
        self.nearest = np.abs(x).min()
        return super()._forward(x)


def away_from_kinks(make, run):
    """What `make` makes of a seed, the first with which `run` goes nowhere near the kink of a ReLU."""
    for seed in range(100):
        part = make(seed)
        feed_forwards = (
            [block.feed_forward for block in part.blocks]
            if isinstance(part, GPT)
            else [getattr(part, "feed_forward", part)]
        )
        watched = [layer for layer in feed_forwards if type(layer.activation) is ReLU]
        for layer in watched:
            layer.activation = WatchedReLU()
        run(part)
        if all(layer.activation.nearest > 1e-3 for layer in watched):
            return part
    pytest.fail("with 100 seeds no batch was away from ReLU's kink")


@pytest.mark.parametrize("activation", ACTIVATIONS)
class TestFeedForward:
    @pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (2, 1, 3, 4)], ids=str)
    def test_it_is_two_linear_layers_with_the_activation_function_between(self, activation, shape):
        layer, x = add_noise(FeedForward(4, activation=activation, rng=0)), numbers(*shape)
        hidden = ACTIVATIONS[activation](x @ layer.up.weights.value + layer.up.bias.value)
        assert hidden.shape == (*shape[:-1], 16)
        np.testing.assert_allclose(
            layer.forward(x), hidden @ layer.down.weights.value + layer.down.bias.value, rtol=1e-12, atol=1e-14
        )

    @pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)], ids=str)
    def test_its_gradients_are_slopes(self, activation, shape):
        x, slopes = numbers(*shape), numbers(*shape, seed=1)
        layer = away_from_kinks(
            lambda seed: add_noise(FeedForward(4, activation=activation, rng=seed)), lambda layer: layer.forward(x)
        )
        layer.forward(x)
        gradients = {"x": layer.backward(slopes)} | gradients_of(layer)
        assert len(gradients) == 5
        check_gradients(lambda: float((layer.forward(x) * slopes).sum()), {"x": x} | values_of(layer), gradients)

    def test_every_token_is_by_itself(self, activation):
        layer, x = FeedForward(4, activation=activation, rng=0), numbers(3, 4)
        before = layer.forward(x)
        x[1] += 1
        np.testing.assert_array_equal((layer.forward(x) != before).any(axis=1), [False, True, False])

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_everything_has_the_dtype_of_the_layer(self, activation, dtype):
        layer = FeedForward(4, activation=activation, rng=0).to(dtype)
        arrays = [
            layer.forward(numbers(2, 4)),
            layer.backward(numbers(2, 4)),
            *values_of(layer).values(),
            *gradients_of(layer).values(),
        ]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}

    def test_signals_keep_their_size_and_the_matrices_differ(self, activation):
        layer = FeedForward(200, activation=activation, rng=0)
        assert layer.up.weights.value.std() == pytest.approx(math.sqrt(2 / 200), rel=0.02)
        assert layer.down.weights.value.std() == pytest.approx(math.sqrt(1 / 800), rel=0.02)
        assert (layer.up.weights.value.ravel() * 2 != layer.down.weights.value.ravel() * math.sqrt(8)).all()


@pytest.mark.parametrize(
    "make",
    [lambda a: FeedForward(4, activation=a, rng=0), lambda a: TransformerBlock(4, 2, activation=a, rng=0)],
    ids=["FeedForward", "TransformerBlock"],
)
@pytest.mark.parametrize("activation", ["GELU", "tanh", "", None])
def test_an_activation_function_that_is_not_offered_is_refused(make, activation):
    with pytest.raises(ValueError, match=f"^activation must be one of gelu, relu, got {activation!r}$"):
        make(activation)


class TestTransformerBlock:
    @pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
    @pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)], ids=str)
    def test_it_is_what_its_docstring_says(self, shape, masked):
        block, x, mask = add_noise(TransformerBlock(4, 2, rng=0)), numbers(*shape), causal_mask(3) if masked else None
        between = x + block.attention.forward(block.attention_norm.forward(x), mask)
        np.testing.assert_array_equal(
            block.forward(x, mask), between + block.feed_forward.forward(block.feed_forward_norm.forward(between))
        )

    def test_layers_that_find_nothing_let_the_embeddings_pass_as_they_are(self):
        block, x = add_noise(TransformerBlock(4, 2, rng=0)), numbers(2, 3, 4)
        down = block.feed_forward.down
        block.attention.W_o.value = down.weights.value = down.bias.value = 0
        np.testing.assert_array_equal(block.forward(x), x)
        np.testing.assert_array_equal(block.backward(x + 1), x + 1)

    @pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)], ids=str)
    def test_its_gradients_are_slopes(self, shape, activation, masked):
        x, slopes, mask = numbers(*shape), numbers(*shape, seed=1), causal_mask(3) if masked else None
        block = away_from_kinks(
            lambda seed: add_noise(TransformerBlock(4, 2, activation=activation, rng=seed)),
            lambda block: block.forward(x, mask),
        )
        block.forward(x, mask)
        gradients = {"x": block.backward(slopes)} | gradients_of(block)
        assert len(gradients) == 1 + 2 + 4 + 2 + 4
        check_gradients(lambda: float((block.forward(x, mask) * slopes).sum()), {"x": x} | values_of(block), gradients)

    @pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, list])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_everything_has_the_dtype_of_the_block_whatever_goes_in(self, dtype, kind):
        block, x = TransformerBlock(4, 2, rng=0).to(dtype), np.ones((2, 4))
        given_ = x.tolist() if kind is list else x.astype(kind)
        arrays = [
            block.forward(given_, causal_mask(2)),
            block.backward(given_),
            *values_of(block).values(),
            *gradients_of(block).values(),
        ]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}

    def test_it_needs_a_forward_of_its_own_each_time(self):
        block = TransformerBlock(4, 2, rng=0)
        for _ in range(2):
            before = gradients_of(block)
            with pytest.raises(
                ValueError, match=r"^TransformerBlock\.backward needs the numbers of a forward.*call forward first$"
            ):
                block.backward(np.ones((3, 4)))
            assert all((gradients_of(block)[name] == before[name]).all() for name in before)
            block.forward(numbers(3, 4))
            block.backward(np.ones((3, 4)))

    def test_a_gradient_of_another_shape_is_refused_and_changes_nothing(self):
        block = TransformerBlock(4, 2, rng=0)
        block.forward(numbers(3, 4))
        with pytest.raises(ValueError, match=r"^gradient must have the shape of the outputs \(3, 4\), got \(1, 4\)$"):
            block.backward(np.ones((1, 4)))
        assert not any(gradient.any() for gradient in gradients_of(block).values())

    @pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 2, 3, 4), (0, 4), ()], ids=str)
    def test_embeddings_of_another_shape_are_refused(self, shape):
        with pytest.raises(ValueError, match=r"^x must (have the shape \(T, 4\)|hold at least one number).*, got "):
            TransformerBlock(4, 2, rng=0).forward(np.ones(shape))

    def test_a_forward_that_is_refused_for_its_mask_leaves_no_batch_to_go_back_to(self):
        block = TransformerBlock(4, 2, rng=0)
        block.forward(numbers(3, 4))
        with pytest.raises(ValueError, match="every row of mask must have a True"):
            block.forward(numbers(3, 4, seed=1), np.zeros((3, 3), bool))
        with pytest.raises(ValueError, match="call forward first"):
            block.backward(np.ones((3, 4)))
        assert not any(gradient.any() for gradient in gradients_of(block).values())

    def test_what_goes_in_stays(self):
        block, x, slopes = TransformerBlock(4, 2, rng=0), numbers(3, 4), np.ones((3, 4))
        block.forward(x), block.backward(slopes)
        np.testing.assert_array_equal(x, numbers(3, 4))
        np.testing.assert_array_equal(slopes, np.ones((3, 4)))

    def test_parameters_have_plain_names(self):
        names = [name for name, _ in TransformerBlock(4, 2, rng=0).named_parameters()]
        assert names == [
            "attention_norm.gain",
            "attention_norm.bias",
            *(f"attention.{name}" for name in ("W_q", "W_k", "W_v", "W_o")),
            "feed_forward_norm.gain",
            "feed_forward_norm.bias",
            *(f"feed_forward.{layer}.{kind}" for layer in ("up", "down") for kind in ("weights", "bias")),
        ]


class TestGPTConfig:
    def test_the_choices_have_defaults(self):
        config = GPTConfig(**SIZES)
        assert (config.activation, config.positions, config.tie_weights, config.dtype) == (
            "gelu",
            "learned",
            False,
            "float32",
        )

    @pytest.mark.parametrize("size", [2.0, 1.5, "4", None, True, np.True_, np.float64(4), [4]], ids=repr)
    @pytest.mark.parametrize("name", SIZES)
    def test_a_size_that_is_no_integer_is_refused(self, name, size):
        with pytest.raises(ValueError, match=f"^{re.escape(f'{name} must be an integer from 1 up, got {size!r}')}$"):
            GPTConfig(**SIZES | {name: size})

    @pytest.mark.parametrize("size", [0, -1])
    @pytest.mark.parametrize("name", SIZES)
    def test_a_size_below_1_is_refused(self, name, size):
        with pytest.raises(ValueError, match=f"^{name} must be at least 1, got {size}$"):
            GPTConfig(**SIZES | {name: size})

    @pytest.mark.parametrize(
        ("name", "choice", "offered"),
        [
            *(("activation", choice, "gelu, relu") for choice in ("GELU", "tanh", None, ["gelu"])),
            *(("positions", choice, "learned, sinusoidal") for choice in ("none", "", None, True)),
            *(("tie_weights", choice, "False, True") for choice in ("yes", None, 2, 1, [])),
            *(("dtype", choice, "float32, float64") for choice in ("float16", "int64", np.float64, None)),
        ],
        ids=repr,
    )
    def test_a_choice_that_is_not_offered_is_refused(self, name, choice, offered):
        with pytest.raises(ValueError, match=f"^{re.escape(f'{name} must be one of {offered}, got {choice!r}')}$"):
            GPTConfig(**SIZES | {name: choice})

    @pytest.mark.parametrize(("dim", "heads"), [(4, 3), (3, 4), (5, 2)])
    def test_an_embedding_that_the_heads_cannot_share_is_refused(self, dim, heads):
        with pytest.raises(ValueError, match=f"^embedding_dim must be a multiple of num_heads, got {dim} and {heads}$"):
            GPTConfig(**SIZES | {"embedding_dim": dim, "num_heads": heads})

    def test_sinusoids_need_an_even_embedding(self):
        odd = SIZES | {"embedding_dim": 3, "num_heads": 1}
        assert GPT(GPTConfig(**odd), rng=0).forward([0, 1]).shape == (2, 5)
        with pytest.raises(ValueError, match=r"^embedding_dim must be even, got 3$"):
            GPTConfig(**odd, positions="sinusoidal")

    @pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.uint16])
    @pytest.mark.parametrize("name", SIZES)
    def test_numpys_small_integers_are_refused_since_they_would_wrap_around(self, name, kind):
        with pytest.raises(ValueError, match=rf"^{name} must be an integer .*, which would wrap around: use int\(…\)$"):
            GPTConfig(**SIZES | {name: kind(4)})

    @pytest.mark.parametrize("kind", [np.int64, np.int32])
    def test_numpys_large_integers_are_as_good_as_plain_ones(self, kind):
        config = GPTConfig(**{name: kind(size) for name, size in SIZES.items()})
        assert config == GPTConfig(**SIZES) and hash(config) == hash(GPTConfig(**SIZES))
        np.testing.assert_array_equal(
            GPT(config, rng=0).forward([1, 2]), GPT(GPTConfig(**SIZES), rng=0).forward([1, 2])
        )

    @pytest.mark.parametrize("name", [*SIZES, "activation", "positions", "tie_weights", "dtype"])
    def test_it_cannot_be_changed(self, name):
        config = GPTConfig(**SIZES)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(config, name, getattr(config, name))

    def test_equal_sizes_make_equal_configs_and_replace_checks_again(self):
        config = GPTConfig(**SIZES)
        assert config == GPTConfig(**SIZES) and hash(config) == hash(GPTConfig(**SIZES))
        assert dataclasses.replace(config, num_layers=3).num_layers == 3
        with pytest.raises(ValueError, match="num_layers"):
            dataclasses.replace(config, num_layers=0)


def expected_names(variant, num_layers=2):
    block = [name for name, _ in TransformerBlock(4, 2, rng=0).named_parameters()]
    return [
        "token_embedding.weights",
        *(["positions.weights"] if variant["positions"] == "learned" else []),
        *(f"blocks.{i}.{name}" for i in range(num_layers) for name in block),
        "final_norm.gain",
        "final_norm.bias",
        *([] if variant["tie_weights"] else ["unembedding"]),
    ]


@variants
class TestEveryVariant:
    def test_every_parameters_gradient_is_its_slope(self, variant):
        tokens, targets = text(2, 3), text(2, 3, seed=1)
        model = away_from_kinks(lambda seed: gpt(seed, **variant), lambda model: model.forward(tokens))
        learn(model, tokens, targets)
        assert list(gradients_of(model)) == expected_names(variant)
        check_gradients(lambda: cross_entropy(targets, model.forward(tokens)), values_of(model), gradients_of(model))

    def test_parameters_have_plain_names_and_are_in_the_order_of_the_model(self, variant):
        model = gpt(**variant)
        assert list(model.state()) == expected_names(variant)
        assert ("positions.weights" in model.state()) == (variant["positions"] == "learned")
        assert ("unembedding" in model.state()) == (not variant["tie_weights"])
        assert {
            "blocks.0.attention.W_q",
            "blocks.1.feed_forward.down.bias",
            "final_norm.gain",
        } <= model.state().keys()

    def test_it_is_embedding_positions_blocks_normalization_and_unembedding(self, variant):
        model, tokens = gpt(**variant), text(2, 3)
        state = model.state()
        x = (
            state["token_embedding.weights"][tokens]
            + (state["positions.weights"] if "positions.weights" in state else 0.02 * sinusoidal_positions(4, 4))[:3]
        )
        for i in range(2):
            block = TransformerBlock(4, 2, activation=variant["activation"], rng=0)
            block.load_state(
                {
                    name.removeprefix(f"blocks.{i}."): array
                    for name, array in state.items()
                    if name.startswith(f"blocks.{i}.")
                }
            )
            x = block.forward(x, causal_mask(3))
        norm = LayerNorm(4)
        norm.gain.value, norm.bias.value = state["final_norm.gain"], state["final_norm.bias"]
        expected = norm.forward(x) @ state["token_embedding.weights" if variant["tie_weights"] else "unembedding"].T
        np.testing.assert_allclose(model.forward(tokens), expected, rtol=1e-12, atol=1e-13)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_everything_has_the_dtype_of_the_config(self, variant, dtype):
        model = gpt(**variant, dtype=np.dtype(dtype).name)
        for tokens in (text(3), text(2, 3)):
            arrays = [model.forward(tokens, cache=KeyValueCache()), model.forward(tokens)]
            model.backward(cross_entropy_gradient(tokens, arrays[0].astype(np.float64)))
            arrays += [block.attention.last_weights for block in model.blocks]
            assert {array.dtype for array in [*arrays, *values_of(model).values(), *gradients_of(model).values()]} == {
                np.dtype(dtype)
            }

    def test_a_new_model_knows_nothing_and_loses_about_the_logarithm_of_the_vocabulary(self, variant):
        model = GPT(
            GPTConfig(vocab_size=50, context_length=16, embedding_dim=32, num_heads=4, num_layers=2, **variant), rng=0
        )
        logits = model.forward(text(8, 16, vocab_size=50))
        assert cross_entropy(text(8, 16, seed=1, vocab_size=50), logits) == pytest.approx(math.log(50), rel=0.02)

    def test_one_text_and_a_batch_of_them_agree(self, variant):
        model, tokens = gpt(**variant), text(3, 4)
        together = model.forward(tokens)
        assert together.shape == (3, 4, 5)
        for one, expected in zip(tokens, together, strict=True):
            assert model.forward(one).shape == (4, 5)
            np.testing.assert_allclose(model.forward(one), expected, rtol=1e-11, atol=1e-13)
        losses, gradients = [], []
        for one in tokens:
            alone = gpt(**variant)
            losses.append(learn(alone, one, one[::-1]))
            gradients.append(gradients_of(alone))
        assert learn(model, tokens, tokens[:, ::-1]) == pytest.approx(np.mean(losses))
        for name, gradient in gradients_of(model).items():
            np.testing.assert_allclose(
                gradient, np.mean([one[name] for one in gradients], axis=0), rtol=1e-9, atol=1e-12, err_msg=name
            )

    def test_gradients_add_up_until_an_optimizer_forgets_them(self, variant):
        model, batches = gpt(**variant), [(text(2, 4, seed=seed), text(2, 4, seed=seed + 9)) for seed in range(3)]
        optimizer, total = Adam(model.parameters()), {}
        for forget in (False, True):
            if forget:
                optimizer.zero_gradients()
                total = {}
            for batch in batches:
                fresh = gpt(**variant)
                learn(model, *batch)
                learn(fresh, *batch)
                total = {name: gradient + total.get(name, 0) for name, gradient in gradients_of(fresh).items()}
            for name, gradient in gradients_of(model).items():
                np.testing.assert_allclose(gradient, total[name], rtol=1e-10, atol=1e-13, err_msg=name)

    def test_a_few_steps_learn_one_batch_by_heart(self, variant):
        model = GPT(
            GPTConfig(vocab_size=6, context_length=5, embedding_dim=16, num_heads=2, num_layers=2, **variant), rng=0
        )
        optimizer, tokens, targets = (
            Adam(model.parameters(), 0.01),
            text(2, 5, vocab_size=6),
            text(2, 5, seed=1, vocab_size=6),
        )
        tokens[:, 0] = 0, 1  # no two tokens have the same past, so that there is an answer for each
        losses = []
        for _ in range(100):
            optimizer.zero_gradients()
            losses.append(learn(model, tokens, targets))
            optimizer.step()
        assert losses[0] > 1.5 and losses[-1] < 0.02
        np.testing.assert_array_equal(model.forward(tokens).argmax(axis=-1), targets)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_a_model_with_the_state_of_another_gives_the_same_logits(self, variant, dtype):
        model, other, tokens = gpt(**variant, dtype=dtype), gpt(1, **variant, dtype=dtype), text(2, 4)
        assert not np.array_equal(other.forward(tokens), model.forward(tokens))
        state = model.state()
        other.load_state(state)
        np.testing.assert_array_equal(other.forward(tokens), model.forward(tokens))
        state["token_embedding.weights"][...] = 99
        np.testing.assert_array_equal(other.forward(tokens), model.forward(tokens))

    def test_a_copy_is_a_model_of_its_own(self, variant):
        model, tokens = gpt(**variant), text(2, 4)
        twin = copy.deepcopy(model)
        before = twin.forward(tokens)
        np.testing.assert_array_equal(before, model.forward(tokens))
        model.token_embedding.weights.value = 1
        np.testing.assert_array_equal(twin.forward(tokens), before)
        assert list(twin.state()) == list(model.state())

    def test_it_can_be_pictured(self, variant):
        model = gpt(**variant)
        size = sum(array.size for array in model.state().values())
        assert repr(model) == (
            f"GPT with {size:,} parameters:\n"
            "  token_embedding (5, 4)\n"
            f"  positions (4, 4), {variant['positions']}\n"
            "  blocks, 2 of\n"
            "    attention_norm\n"
            "    attention, 2 heads of 2\n"
            "    feed_forward_norm\n"
            f"    feed_forward 4 → 16 → 4, {variant['activation']}\n"
            "  final_norm\n"
            f"  unembedding {'the token embedding' if variant['tie_weights'] else '(5, 4)'}"
        )


def test_the_number_of_parameters_is_that_of_gpt_2():
    v, t, c, n = 50, 16, 8, 3
    model = GPT(
        GPTConfig(vocab_size=v, context_length=t, embedding_dim=c, num_heads=2, num_layers=n, tie_weights=True), rng=0
    )
    block = 4 * c * c + 8 * c * c + 5 * c + 4 * c  # attention without biases, feed-forward with, two normalizations
    assert sum(p.value.size for p in model.parameters()) == v * c + t * c + n * block + 2 * c
    assert repr(model).startswith(f"GPT with {v * c + t * c + n * block + 2 * c:,} parameters:")


class TestTiedWeights:
    def test_the_embedding_is_the_unembedding(self):
        model = gpt(tie_weights=True)
        assert model.unembedding is model.token_embedding.weights
        Adam(model.parameters())  # which moves them
        assert model.unembedding.value is model.token_embedding.weights.value

    def test_their_gradient_is_the_sum_of_both_parts(self):
        tied, untied = gpt(tie_weights=True), gpt()
        untied.load_state(tied.state() | {"unembedding": tied.token_embedding.weights.value})
        for model in (tied, untied):
            learn(model, text(2, 4), text(2, 4, seed=1))
        parts = untied.token_embedding.weights.gradient, untied.unembedding.gradient
        assert all(np.abs(part).max() > 0.01 for part in parts)
        np.testing.assert_allclose(tied.token_embedding.weights.gradient, parts[0] + parts[1], rtol=1e-10, atol=1e-14)


class TestFirstWeights:
    def test_blocks_and_matrices_differ_though_one_seed_was_given(self):
        matrices = {name: array for name, array in GPT(GPTConfig(**SIZES), rng=0).state().items() if array.ndim == 2}
        assert len(matrices) == 2 + 2 * 6 + 1
        first = {name: tuple((array.ravel() / array.ravel()[0])[:8].round(4)) for name, array in matrices.items()}
        assert len(set(first.values())) == len(first)

    def test_one_seed_makes_one_model_and_a_generator_goes_on(self):
        config = GPTConfig(**SIZES)
        tokens, rng = text(4), np.random.default_rng(3)
        np.testing.assert_array_equal(GPT(config, rng=3).forward(tokens), GPT(config, rng=rng).forward(tokens))
        assert not np.array_equal(GPT(config, rng=3).forward(tokens), GPT(config, rng=rng).forward(tokens))

    def test_both_dtypes_start_from_the_same_numbers(self):
        wide = GPT(GPTConfig(**SIZES, dtype="float64"), rng=0).state()
        for name, array in GPT(GPTConfig(**SIZES), rng=0).state().items():
            np.testing.assert_array_equal(array, wide[name].astype(np.float32))

    @pytest.mark.parametrize("name", ["token_embedding.weights", "positions.weights", "unembedding"])
    def test_embeddings_start_small(self, name):
        model = GPT(GPTConfig(vocab_size=200, context_length=200, embedding_dim=100, num_heads=2, num_layers=1), rng=0)
        assert model.state()[name].std() == pytest.approx(0.02, rel=0.02)


LEFT = "tokens must have the shape (T,) or (B, T) with T at most {}, what the context still holds, got "
BAD_TOKENS = {
    "above the vocabulary": ([0, 5], "tokens must be from 0 to 4, got 0 to 5"),
    "below 0": ([-1, 4], "tokens must be from 0 to 4, got -1 to 4"),
    "floats": ([0.0, 1.0], "tokens must be integers, got float64 with shape (2,)"),
    "bools": ([True, False], "tokens must be integers, got bool with shape (2,)"),
    "complex": ([1j], "tokens must be integers, got complex128 with shape (1,)"),
    "characters": (["a"], "tokens must be integers, got a str, 'a'"),
    "None": (None, "tokens must be integers, got a NoneType, None"),
    "None among them": ([1, None], "tokens must be integers, got a NoneType, None"),
    "masked": (
        np.ma.masked_equal([1, 2], 2),
        "tokens must be a plain array, got a masked one, whose mask would be lost",
    ),
    "texts of different lengths": ([[1, 2], [1]], "tokens must be integers, got rows of different lengths"),
    "none": ([], "tokens must be at least one, got shape (0,)"),
    "no texts": (np.zeros((0, 2), int), "tokens must be at least one, got shape (0, 2)"),
    "empty texts": (np.zeros((3, 0), int), "tokens must be at least one, got shape (3, 0)"),
    "a single one": (3, LEFT + "()"),
    "three axes": (np.zeros((1, 1, 1), int), LEFT + "(1, 1, 1)"),
    "too long": (np.zeros(5, int), LEFT + "(5,)"),
    "texts too long": (np.zeros((2, 5), int), LEFT + "(2, 5)"),
}


class TestRefusals:
    @pytest.mark.parametrize("bad", BAD_TOKENS)
    def test_tokens_that_do_not_fit_are_refused_and_there_is_no_going_back_to_the_batch_before(self, bad):
        tokens, says = BAD_TOKENS[bad]
        model = gpt()
        model.forward(text(3))
        with pytest.raises(ValueError, match=f"^{re.escape(says.format(4))}$"):
            model.forward(tokens)
        with pytest.raises(ValueError, match=r"^GPT\.backward needs the numbers of a forward"):
            model.backward(np.ones((3, 5)))

    @pytest.mark.parametrize("bad", BAD_TOKENS)
    def test_with_a_cache_too_and_the_cache_is_as_it_was(self, bad):
        tokens, says = BAD_TOKENS[bad]
        model, cache = gpt(), KeyValueCache()
        model.forward(text(2), cache=cache)
        with pytest.raises(ValueError, match=f"^{re.escape(says.format(2))}$"):
            model.forward(tokens, cache=cache)
        assert cache.length == 2
        expected = model.forward([*text(2), 3, 1])[2:]
        np.testing.assert_allclose(model.forward([3, 1], cache=cache), expected, rtol=1e-11, atol=1e-13)

    @pytest.mark.parametrize("how", ["backward", "backward_to_parameters"])
    def test_backward_needs_a_forward_of_its_own_each_time(self, how):
        model, slopes = gpt(), np.ones((3, 5))
        for _ in range(2):
            before = gradients_of(model)
            with pytest.raises(ValueError, match=r"^GPT\.backward needs the numbers of a forward.*call forward first$"):
                getattr(model, how)(slopes)
            assert all((gradients_of(model)[name] == before[name]).all() for name in before)
            model.forward(text(3))
            getattr(model, how)(slopes)

    @pytest.mark.parametrize("shape", [(3, 4), (2, 5), (5,), (1, 3, 5), ()], ids=str)
    def test_a_gradient_of_another_shape_is_refused_changes_nothing_and_the_right_one_still_works(self, shape):
        model = gpt()
        learn(model, text(3), text(3))
        before = gradients_of(model)
        model.forward(text(3, seed=1))
        says = f"gradient must have the shape of the outputs (3, 5), got {shape}"
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            model.backward(np.ones(shape))
        assert all((gradients_of(model)[name] == before[name]).all() for name in before)
        model.backward(np.ones((3, 5)))

    @pytest.mark.parametrize("variant", [{}, {"positions": "sinusoidal", "tie_weights": True}], ids=str)
    def test_a_parameter_that_has_changed_since_the_forward_is_refused_whichever(self, variant):
        for name in gpt(**variant).state():
            model = gpt(**variant)
            model.forward(text(4))
            parameter = dict(model.named_parameters())[name]
            parameter.value = 2 * parameter.value
            with pytest.raises(ValueError, match=r"the parameters of .* must be those of its forward"):
                model.backward(np.ones((4, 5)))
                pytest.fail(f"{name} has changed, and backward hasn't noticed")

    @pytest.mark.parametrize("config", [None, SIZES, GPTConfig, "GPT"], ids=str)
    def test_what_is_no_config_is_refused(self, config):
        with pytest.raises(ValueError, match=r"^config must be a GPTConfig, got "):
            GPT(config, rng=0)


class TestTheGradient:
    @pytest.mark.parametrize("how", ["backward", "backward_to_parameters"])
    def test_tokens_have_none_so_both_ways_back_do_the_same(self, how):
        model, tokens, targets = gpt(), text(2, 4), text(2, 4, seed=1)
        slopes = cross_entropy_gradient(targets, model.forward(tokens))
        model.forward(tokens)
        assert getattr(model, how)(slopes) is None
        other = gpt()
        learn(other, tokens, targets)
        for name, gradient in gradients_of(other).items():
            np.testing.assert_array_equal(gradients_of(model)[name], gradient, err_msg=name)

    def test_positions_and_tokens_that_do_not_occur_have_no_slopes(self):
        model = gpt()
        learn(model, [[1, 2], [2, 4]], [[0, 0], [0, 0]])
        np.testing.assert_array_equal(model.positions.weights.gradient.any(axis=1), [True, True, False, False])
        np.testing.assert_array_equal(
            model.token_embedding.weights.gradient.any(axis=1), [False, True, True, False, True]
        )


class TestTheCallersArrays:
    @pytest.mark.parametrize("part", [FeedForward, TransformerBlock], ids=lambda part: part.__name__)
    def test_embeddings_may_change_between_forward_and_backward(self, part):
        sizes = (4,) if part is FeedForward else (4, 2)
        layer, other, x = add_noise(part(*sizes, rng=0)), add_noise(part(*sizes, rng=0)), numbers(2, 3, 4)
        layer.forward(x)[...] = 99
        x[...] = 5
        other.forward(numbers(2, 3, 4))
        np.testing.assert_array_equal(layer.backward(np.ones((2, 3, 4))), other.backward(np.ones((2, 3, 4))))
        for name, gradient in gradients_of(other).items():
            np.testing.assert_array_equal(gradients_of(layer)[name], gradient, err_msg=name)

    def test_tokens_may_change_between_forward_and_backward(self):
        model, other, tokens = gpt(), gpt(), text(2, 4)
        model.forward(tokens)
        tokens[...] = 0
        other.forward(text(2, 4))
        for each in (model, other):
            each.backward(np.ones((2, 4, 5)))
        for name, gradient in gradients_of(other).items():
            np.testing.assert_array_equal(gradients_of(model)[name], gradient, err_msg=name)

    @pytest.mark.parametrize("kind", [np.int8, np.int32, np.uint8, np.uint16, np.uint64, list])
    def test_tokens_may_be_integers_of_any_size(self, kind):
        model, other, tokens = gpt(), gpt(), text(2, 4)
        small = tokens.tolist() if kind is list else tokens.astype(kind)
        assert learn(model, small, small) == learn(other, tokens, tokens)
        for name, gradient in gradients_of(other).items():
            np.testing.assert_array_equal(gradients_of(model)[name], gradient, err_msg=name)

    def test_logits_are_fresh_and_the_gradient_handed_in_stays(self):
        model, slopes = gpt(), np.ones((3, 5))
        logits = model.forward(text(3))
        kept = logits.copy()
        model.backward(slopes)
        model.forward(text(3, seed=1))
        np.testing.assert_array_equal(logits, kept)
        np.testing.assert_array_equal(slopes, np.ones((3, 5)))

    def test_changing_the_logits_changes_no_gradient(self):
        model, other = gpt(), gpt()
        model.forward(text(3))[...] = 99
        other.forward(text(3))
        for each in (model, other):
            each.backward(np.ones((3, 5)))
        for name, gradient in gradients_of(other).items():
            np.testing.assert_array_equal(gradients_of(model)[name], gradient, err_msg=name)


@quick
@given(seeds, st.integers(1, 4), st.sampled_from(VARIANTS))
def test_a_shorter_text_has_the_logits_of_the_longer_ones_beginning(seed, length, variant):
    model, tokens = gpt(seed % 1000, **variant), text(2, 4, seed=seed)
    np.testing.assert_allclose(
        model.forward(tokens[:, :length]), model.forward(tokens)[:, :length], rtol=1e-9, atol=1e-11
    )


@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
def test_the_place_of_a_token_matters(positions):
    logits = gpt(positions=positions).forward([1, 1, 1])
    assert not np.allclose(logits[0], logits[1]) and not np.allclose(logits[1], logits[2])


def test_a_gpt_may_be_as_small_as_can_be():
    model = GPT(GPTConfig(vocab_size=1, context_length=1, embedding_dim=1, num_heads=1, num_layers=1), rng=0)
    assert learn(model, [0], [0]) == 0


def test_a_linear_layer_may_be_swapped_in_by_hand():
    """A module finds what it is made of among its attributes, whoever set them."""
    model = gpt()
    model.blocks[1].feed_forward.up = Linear(4, 16, rng=0)
    learn(model, text(3), text(3))
    assert model.blocks[1].feed_forward.up.weights.gradient.any()
