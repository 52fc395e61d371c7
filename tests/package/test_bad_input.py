"""What doesn't fit is refused with a ValueError that says what came, whatever it is, and nothing is harmed."""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchml
from scratchml import (
    GELU,
    GPT,
    SGD,
    BPETokenizer,
    CharTokenizer,
    CrossEntropy,
    Embedding,
    FeedForward,
    GPTConfig,
    GradientError,
    KeyValueCache,
    Layer,
    LayerNorm,
    LearnedPositions,
    Linear,
    MiniBatches,
    MultiHeadAttention,
    NeuralNetwork,
    Neuron,
    NextTokenBatches,
    Parameter,
    ReLU,
    SelfAttention,
    Sequential,
    Sigmoid,
    SinusoidalPositions,
    SquaredError,
    Tanh,
    TransformerBlock,
    attention_gradients,
    causal_mask,
    check_gradients,
    cross_entropy,
    cross_entropy_gradient,
    fit,
    generate,
    mean_loss,
    next_token_probabilities,
    next_token_windows,
    numerical_gradient,
    one_hot,
    scaled_dot_product_attention,
    sinusoidal_positions,
    softmax,
    spirals,
    squared_error,
    squared_error_gradient,
    standard_deviation,
    train_epoch,
    warmup_cosine,
)

pytestmark = pytest.mark.filterwarnings("error")
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
    st.sampled_from([bool, int, float]),
    st.integers(1, 2),
    st.integers(0, 2**16),
)
def test_a_mask_of_another_shape_or_other_numbers_or_with_a_row_that_is_all_false(shape, dtype, highest, seed):
    mask = (highest * np.random.default_rng(seed).random(shape).round()).astype(dtype)
    x, layer = np.random.default_rng(0).normal(size=(3, 4)), SelfAttention(4, rng=0)
    fits = mask.shape == (3, 3) and mask.max() == 1 and mask.any(axis=-1).all()
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
            "temperature": st.floats(max_value=0, exclude_max=True) | st.just(float("nan")) | st.just(float("inf")),
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
        logits = MODEL.forward(tokens)
        MODEL.backward(logits)
        backward = lambda: MODEL.backward(logits)  # noqa: E731
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


# Whatever is handed over as an array: refused in our own words, or taken for what it is.

X, SLOPES = np.random.default_rng(1).normal(size=(2, 3, 4))
TOKENS = np.array([1, 3, 2])
LABELS = np.array([1, 3, 0])


class Taker(NamedTuple):
    """A function of one array, with an array that is right for it."""

    call: Callable[[Any], Any]
    right: Any
    limit: bool = False  # whether an infinite number has a right result
    stores: bool = False  # whether it keeps every number as it is, NaN and infinity too


def functions() -> Iterator[tuple[str, Taker]]:
    for name in ("gelu", "identity", "relu", "sigmoid", "tanh"):
        for function in (getattr(scratchml, name), getattr(scratchml, f"{name}_derivative")):
            yield function.__name__, Taker(function, X, limit=True)
    yield "softmax", Taker(softmax, X)
    yield "squared_error, targets", Taker(lambda x: squared_error(x, SLOPES), X)
    yield "squared_error, outputs", Taker(lambda x: squared_error(SLOPES, x), X)
    yield "squared_error_gradient, targets", Taker(lambda x: squared_error_gradient(x, SLOPES), X)
    yield "squared_error_gradient, outputs", Taker(lambda x: squared_error_gradient(SLOPES, x), X)
    yield "SquaredError, targets", Taker(lambda x: SquaredError().forward(x, SLOPES), X)
    yield "SquaredError, outputs", Taker(lambda x: SquaredError().forward(SLOPES, x), X)
    yield "cross_entropy, labels", Taker(lambda x: cross_entropy(x, X), LABELS)
    yield "cross_entropy, logits", Taker(lambda x: cross_entropy(LABELS, x), X)
    yield "cross_entropy_gradient, labels", Taker(lambda x: cross_entropy_gradient(x, X), LABELS)
    yield "cross_entropy_gradient, logits", Taker(lambda x: cross_entropy_gradient(LABELS, x), X)
    yield "CrossEntropy, labels", Taker(lambda x: CrossEntropy().forward(x, X), LABELS)
    yield "CrossEntropy, logits", Taker(lambda x: CrossEntropy().forward(LABELS, x), X)
    yield "next_token_probabilities", Taker(next_token_probabilities, X[0])
    yield "one_hot", Taker(lambda x: one_hot(x, 5), TOKENS)
    yield "next_token_windows", Taker(lambda x: next_token_windows(x, 1, 2), TOKENS)
    yield "generate", Taker(lambda x: list(generate(MODEL, x, 2, rng=0)), TOKENS)
    yield "numerical_gradient", Taker(lambda x: numerical_gradient(lambda x: float((x**2).sum()), x), X)
    yield "check_gradients", Taker(lambda x: check_gradients(lambda: 0.0, {"x": X.copy()}, {"x": x}), 0 * X)


def of_attention() -> Iterator[tuple[str, Taker]]:
    qkv = {"query": X, "key": SLOPES, "value": X + SLOPES}
    weights = scaled_dot_product_attention(**qkv)[1]
    for name, right in qkv.items():
        yield (
            f"scaled_dot_product_attention, {name}",
            Taker(lambda x, name=name: scaled_dot_product_attention(**qkv | {name: x}), right),
        )
    yield (
        "scaled_dot_product_attention, mask",
        Taker(lambda x: scaled_dot_product_attention(**qkv, mask=x), causal_mask(3).astype(int)),
    )
    for name, right in (qkv | {"weights": weights, "gradient": SLOPES}).items():
        yield (
            f"attention_gradients, {name}",
            Taker(
                lambda x, name=name: attention_gradients(**qkv | {"weights": weights, "gradient": SLOPES} | {name: x}),
                right,
            ),
        )


MODULES: dict[str, tuple[Callable[[], scratchml.Module], Any]] = {
    "Linear": (lambda: Linear(4, 2, rng=0), X),
    "LayerNorm": (lambda: LayerNorm(4), X),
    "ReLU": (ReLU, X),
    "Sigmoid": (Sigmoid, X),
    "Tanh": (Tanh, X),
    "GELU": (GELU, X),
    "Sequential": (lambda: Sequential(Linear(4, 2, rng=0), ReLU()), X),
    "SelfAttention": (lambda: SelfAttention(4, rng=0), X),
    "MultiHeadAttention": (lambda: MultiHeadAttention(4, 2, rng=0), X),
    "FeedForward": (lambda: FeedForward(4, rng=0), X),
    "TransformerBlock": (lambda: TransformerBlock(4, 2, rng=0), X),
    "LearnedPositions": (lambda: LearnedPositions(3, 4, rng=0), X),
    "SinusoidalPositions": (lambda: SinusoidalPositions(3, 4), X),
    "Embedding": (lambda: Embedding(5, 4, rng=0), TOKENS),
    "GPT": (lambda: GPT(MODEL.config, rng=0), TOKENS),
    "Sequential of tokens": (lambda: Sequential(Embedding(5, 4, rng=0), Linear(4, 2, rng=0)), TOKENS),
}


def of_modules() -> Iterator[tuple[str, Taker]]:
    def back(make, x, gradient, how):
        module = make()
        module.forward(x)
        x_gradient = getattr(module, how)(gradient)
        return x_gradient, [parameter.gradient for parameter in module.parameters()]

    for name, (make, x) in MODULES.items():
        yield name, Taker(lambda x, make=make: make().forward(x), x)
        gradient = np.random.default_rng(2).normal(size=make().forward(x).shape)
        for how in ("backward", "backward_to_parameters"):
            yield (
                f"{name}.{how}",
                Taker(lambda g, make=make, x=x, how=how: back(make, x, g, how), gradient),
            )
    yield "mean_loss, inputs", Taker(lambda x: mean_loss(Linear(4, 4, rng=0), SquaredError(), [(x, SLOPES)]), X)
    yield "mean_loss, targets", Taker(lambda x: mean_loss(Linear(4, 4, rng=0), SquaredError(), [(X, x)]), X)

    def learned(inputs, targets):
        model = Linear(4, 4, rng=0)
        train_epoch(model, SquaredError(), SGD(model.parameters(), 0.1), [(inputs, targets)])
        return model.state()

    yield "train_epoch, inputs", Taker(lambda x: learned(x, SLOPES), X)
    yield "train_epoch, targets", Taker(lambda x: learned(X, x), X)
    yield "MiniBatches, inputs", Taker(lambda x: list(MiniBatches(x, TOKENS, rng=0)), X)
    yield "MiniBatches, targets", Taker(lambda x: list(MiniBatches(TOKENS, x, rng=0)), X)
    yield (
        "NextTokenBatches",
        Taker(lambda x: list(NextTokenBatches(x, 2, 2, steps=2, rng=0)), np.array([1, 2, 3, 4])),
    )


def of_parameters() -> Iterator[tuple[str, Taker]]:
    def assigned(name, x):
        parameter = Parameter(SLOPES)
        setattr(parameter, name, x)
        return getattr(parameter, name)

    def loaded(name, x):
        layer = Linear(4, 4, rng=0)
        layer.load_state(layer.state() | {name: x})
        return layer.state()

    yield "Parameter", Taker(lambda x: Parameter(x).value, X, stores=True)
    yield "Parameter.value", Taker(lambda x: assigned("value", x), X, stores=True)
    yield "Parameter.gradient", Taker(lambda x: assigned("gradient", x), X, stores=True)
    yield "load_state, weights", Taker(lambda x: loaded("weights", x), np.ones((4, 4)))
    yield "load_state, bias", Taker(lambda x: loaded("bias", x), X[0])


def of_networks() -> Iterator[tuple[str, Taker]]:
    makes = {
        "Neuron": (lambda: Neuron(4, activation="tanh", rng=0), SLOPES[:, :1]),
        "Layer": (lambda: Layer(2, 4, activation="tanh", rng=0), SLOPES[:, :2]),
    }

    def back(make, gradient, how, *learning_rate):
        made = make()
        made.forward(X)
        return getattr(made, how)(gradient, *learning_rate)

    for name, (make, gradient) in makes.items():
        yield f"{name}.forward", Taker(lambda x, make=make: make().forward(x), X)
        yield f"{name}.gradients", Taker(lambda g, make=make: back(make, g, "gradients"), gradient)
        yield f"{name}.backward", Taker(lambda g, make=make: back(make, g, "backward", 0.1), gradient)

    def network():
        return NeuralNetwork([4, 3, 4], output_activation="identity", initialization="he", rng=0)

    def trained(X, y):
        made = network()
        made.train(X, y, 2, 0.1, report_every=0)
        return made.forward(SLOPES)

    yield "NeuralNetwork.forward", Taker(lambda x: network().forward(x), X)
    yield "NeuralNetwork.predict", Taker(lambda x: network().predict(x), X)
    yield "NeuralNetwork.train, X", Taker(lambda x: trained(x, SLOPES), X)
    yield "NeuralNetwork.train, y", Taker(lambda x: trained(X, x), X)
    yield "NeuralNetwork.mse_loss, y", Taker(lambda x: network().mse_loss(x, SLOPES), X)
    yield "NeuralNetwork.mse_loss, activations", Taker(lambda x: network().mse_loss(SLOPES, x), X)
    yield "NeuralNetwork.derivative_mse_loss", Taker(lambda x: network().derivative_mse_loss(x, SLOPES), X)


TAKERS = dict([*functions(), *of_attention(), *of_modules(), *of_parameters(), *of_networks()])


def with_entry(right, place, entry):
    """Nested lists, with something else in that place."""
    entries = right.astype(object).ravel()
    entries[place % right.size] = entry
    return entries.reshape(right.shape).tolist()


def an_array_with(right, place, entry):
    array = right.astype(float)
    array.flat[place % right.size] = entry
    return array


#: kind → (an array that is right, a place in it, some text) → what isn't
BAD_ARRAYS = {
    "nothing": lambda right, place, text: [
        None,
        {},
        object(),
        with_entry(right, place, None),
        np.array(with_entry(right, place, None), object),
        with_entry(right, place, 10**400),
    ],
    "words": lambda right, place, text: [
        text,
        with_entry(right, place, text),
        with_entry(right, place, "1"),
        right.astype(str),
        right.astype(bytes),
    ],
    "ragged": lambda right, place, text: [with_entry(right, place, [1.0, 2.0]), with_entry(right, place, [])],
    "complex": lambda right, place, text: [right + 0j, right + 1j, with_entry(right, place, 1j)],
    "dates": lambda right, place, text: [right.astype("datetime64[s]"), right.astype("timedelta64[s]")],
    "masked": lambda right, place, text: [
        np.ma.masked_array(right, np.arange(right.size).reshape(right.shape) == place % right.size),
        np.ma.masked_array(right),
    ],
    "NaN": lambda right, place, text: [
        an_array_with(right, place, np.nan),
        an_array_with(right, place, np.nan).astype(np.float32),
        with_entry(right, place, np.nan),
    ],
}


def is_in_our_words(error):
    """Whether the package itself has raised it, not numpy or Python on a line of the package."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Path(last.filename).parent == Path(scratchml.__file__).parent and last.line.startswith("raise ")


def assert_refused(call, *arguments):
    shown = ", ".join(map(repr, arguments))
    try:
        result = call(*arguments)
    except (ValueError, TypeError, FloatingPointError, GradientError) as error:
        assert is_in_our_words(error), f"{shown}: {error!r}"
        assert "got" in str(error) or isinstance(error, GradientError), error
    except Exception as error:
        pytest.fail(f"{shown}: {error!r}")
    else:
        pytest.fail(f"{shown} was taken, and gave {result}")


@pytest.mark.parametrize("taker", TAKERS)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.text(min_size=1, max_size=3))
def test_what_is_no_array_of_numbers_is_refused_in_our_own_words(taker, place, text):
    call, right, *_ = TAKERS[taker]
    for kind, make in BAD_ARRAYS.items():
        for bad in make(right, place, text):
            if kind == "NaN" and TAKERS[taker].stores:
                np.testing.assert_array_equal(call(bad), bad)
            elif bad is not None or "mask" not in taker:  # None is no mask at all
                assert_refused(call, bad)


@pytest.mark.parametrize("taker", TAKERS)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from([np.inf, -np.inf]))
def test_an_infinite_number_is_refused_in_our_own_words_or_has_its_limit(taker, place, infinite):
    call, right, has_limit, stores = TAKERS[taker]
    if stores:
        bad = an_array_with(right, place, infinite)
        np.testing.assert_array_equal(call(bad), bad)
    elif has_limit:
        got = call(an_array_with(right, place, infinite))
        expected = call(
            an_array_with(right, place, np.copysign(1e4, infinite))
        )  # from where on all of them are constant
        np.testing.assert_array_equal(got, np.where(np.abs(expected) == 1e4, np.copysign(np.inf, expected), expected))
    elif infinite < 0 and ("logits" in taker or taker in ("softmax", "next_token_probabilities")):
        if "entropy" in taker.lower() and place % 4 == LABELS[place % right.size // 4]:
            place += 1  # not the label itself, for which the loss is infinite
        for got, expected in zip(
            numbers_in(call(an_array_with(right, place, -np.inf))),
            numbers_in(call(an_array_with(right, place, -1e4))),
            strict=True,
        ):
            np.testing.assert_array_equal(got, expected)
    else:
        assert_refused(call, an_array_with(right, place, infinite))


def numbers_in(result):
    """All arrays of a result, of whatever form it is."""
    if isinstance(result, dict):
        return [array for value in result.values() for array in numbers_in(value)]
    if isinstance(result, (list, tuple)):
        return [array for value in result for array in numbers_in(value)]
    return [] if result is None else [np.asarray(result)]


def layouts(right):
    """The same numbers, otherwise in memory."""
    yield np.asfortranarray(right)
    yield np.repeat(right, 2, axis=-1)[..., ::2]
    yield right[..., ::-1].copy()[..., ::-1]
    yield right.astype(right.dtype.newbyteorder())
    yield right.tolist()
    frozen = right.copy()
    frozen.flags.writeable = False
    yield frozen


@pytest.mark.parametrize("taker", TAKERS)
def test_how_the_numbers_lie_in_memory_does_not_matter(taker):
    call, right, *_ = TAKERS[taker]
    expected = numbers_in(call(right))
    for given_ in layouts(right):
        if taker == "numerical_gradient" and (not isinstance(given_, np.ndarray) or not given_.flags.writeable):
            continue  # which nudges the array itself
        if taker == "numerical_gradient" and not given_.dtype.isnative:
            continue
        for got, wanted in zip(numbers_in(call(given_)), expected, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64, np.float16, np.float32, bool])
def test_numbers_of_any_kind_are_taken_for_what_they_are_or_refused(taker, dtype):
    """As uint8, −3 would be 253."""
    call, right, *_ = TAKERS[taker]
    given_ = np.abs(np.rint(3 * right)).astype(dtype)
    if right.dtype.kind in "iu":
        given_ = right.astype(dtype)
    same = given_.astype(right.dtype)
    try:
        result = call(given_)
    except (ValueError, TypeError, FloatingPointError, GradientError) as error:
        assert is_in_our_words(error), repr(error)
        return
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    for got, wanted in zip(numbers_in(result), numbers_in(call(same)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


# Whatever is handed over as a count.


def trained_network(**settings):
    network = NeuralNetwork([4, 2], rng=0)
    network.train(X, SLOPES[:, :2], **{"epochs": 1, "learning_rate": 0.1, "report_every": 0} | settings)
    return network.forward(X)


def fitted(**settings):
    model = Linear(4, 4, rng=0)
    batches = [(X, SLOPES)]
    history = fit(model, SquaredError(), SGD(model.parameters(), 0.1), batches, validation=batches, **settings)
    return history.training_loss, model.state()


def positions(start):
    return LearnedPositions(5, 4, rng=0).forward(X, start)


TEXT = np.arange(7)
SIZES = {"vocab_size": 7, "context_length": 4, "embedding_dim": 4, "num_heads": 2, "num_layers": 1}
#: function and argument → (the function of that count, a count that is right)
COUNTS: dict[str, tuple[Callable[[Any], Any], int]] = {
    "Linear, inputs": (lambda n: Linear(n, 2, rng=0).state(), 3),
    "Linear, outputs": (lambda n: Linear(2, n, rng=0).state(), 3),
    "LayerNorm": (lambda n: LayerNorm(n).state(), 3),
    "Embedding, vocab_size": (lambda n: Embedding(n, 2, rng=0).state(), 3),
    "Embedding, embedding_dim": (lambda n: Embedding(2, n, rng=0).state(), 3),
    "SelfAttention": (lambda n: SelfAttention(n, rng=0).state(), 3),
    "MultiHeadAttention, embedding_dim": (lambda n: MultiHeadAttention(n, 1, rng=0).state(), 3),
    "MultiHeadAttention, num_heads": (lambda n: MultiHeadAttention(4, n, rng=0).forward(X), 2),
    "FeedForward": (lambda n: FeedForward(n, rng=0).state(), 3),
    "TransformerBlock, embedding_dim": (lambda n: TransformerBlock(n, 1, rng=0).state(), 3),
    "TransformerBlock, num_heads": (lambda n: TransformerBlock(4, n, rng=0).forward(X), 2),
    **{
        f"GPTConfig, {name}": (lambda n, name=name: astuple(GPTConfig(**SIZES | {name: n}))[:5], size)
        for name, size in SIZES.items()
    },
    "LearnedPositions, context_length": (lambda n: LearnedPositions(n, 2, rng=0).state(), 3),
    "LearnedPositions, embedding_dim": (lambda n: LearnedPositions(2, n, rng=0).state(), 3),
    "LearnedPositions, start": (positions, 1),
    "SinusoidalPositions, context_length": (lambda n: SinusoidalPositions(n, 2).vectors, 3),
    "SinusoidalPositions, embedding_dim": (lambda n: SinusoidalPositions(2, n).vectors, 4),
    "sinusoidal_positions, length": (lambda n: sinusoidal_positions(n, 2), 3),
    "sinusoidal_positions, embedding_dim": (lambda n: sinusoidal_positions(2, n), 4),
    "causal_mask": (causal_mask, 3),
    "one_hot": (lambda n: one_hot([0, 2], n), 3),
    "spirals, num_points": (lambda n: spirals(n, rng=0), 3),
    "spirals, num_arms": (lambda n: spirals(2, num_arms=n, rng=0), 3),
    "standard_deviation": (lambda n: standard_deviation("he", n), 3),
    "MiniBatches": (lambda n: list(MiniBatches(X, TOKENS, n, rng=0)), 2),
    "NextTokenBatches, batch_size": (lambda n: list(NextTokenBatches(TEXT, n, 2, steps=2, rng=0)), 3),
    "NextTokenBatches, context_length": (lambda n: list(NextTokenBatches(TEXT, 2, n, steps=2, rng=0)), 3),
    "NextTokenBatches, steps": (lambda n: list(NextTokenBatches(TEXT, 2, 2, steps=n, rng=0)), 3),
    "next_token_windows, batch_size": (lambda n: next_token_windows(TEXT, n, 2), 2),
    "next_token_windows, context_length": (lambda n: next_token_windows(TEXT, 2, n), 2),
    "generate, max_new_tokens": (lambda n: list(generate(MODEL, FINE, n, rng=0)), 3),
    "generate, top_k": (lambda n: list(generate(MODEL, FINE, 3, top_k=n, rng=0)), 2),
    "next_token_probabilities, top_k": (lambda n: next_token_probabilities(X[0], top_k=n), 2),
    "BPETokenizer.train": (lambda n: BPETokenizer.train("abab abab", n).merges, 2),
    "warmup_cosine, step": (lambda n: warmup_cosine(n, peak=1.0, warmup_steps=2, total_steps=9), 5),
    "warmup_cosine, warmup_steps": (lambda n: warmup_cosine(1, peak=1.0, warmup_steps=n, total_steps=9), 5),
    "warmup_cosine, total_steps": (lambda n: warmup_cosine(4, peak=1.0, warmup_steps=2, total_steps=n), 9),
    "fit, epochs": (lambda n: fitted(epochs=n), 2),
    "fit, patience": (lambda n: fitted(epochs=3, patience=n), 2),
    "Neuron": (lambda n: Neuron(n, rng=0).weights, 3),
    "Layer, neurons": (lambda n: [neuron.weights for neuron in Layer(n, 2, rng=0).neurons], 3),
    "Layer, inputs": (lambda n: [neuron.weights for neuron in Layer(2, n, rng=0).neurons], 3),
    "NeuralNetwork, inputs": (lambda n: NeuralNetwork([n, 2], rng=0).layers[0].neurons[0].weights, 3),
    "NeuralNetwork, hidden": (lambda n: NeuralNetwork([4, n, 2], rng=0).forward(X), 3),
    "NeuralNetwork, outputs": (lambda n: NeuralNetwork([4, n], rng=0).forward(X), 3),
    "NeuralNetwork.train, epochs": (lambda n: trained_network(epochs=n), 2),
    "NeuralNetwork.train, batch_size": (lambda n: trained_network(batch_size=n), 2),
    "NeuralNetwork.train, report_every": (lambda n: trained_network(report_every=n), 2),
}
MAY_BE_NONE = {"generate, top_k", "next_token_probabilities, top_k", "fit, patience"}


@pytest.mark.parametrize("counter", COUNTS)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.floats(), st.text(max_size=3), st.integers(1, 127), st.complex_numbers())
def test_what_is_no_count_is_refused_in_our_own_words(counter, number, text, small, complex_number):
    call, right = COUNTS[counter]
    of_the_right_size = [float(right), np.float64(right), np.float32(right), str(right), [right], np.array([right])]
    of_numpys_small_kinds = [kind(size) for size in (right, small) for kind in (np.uint8, np.int8, np.uint16, np.int16)]
    for bad in (number, np.nan, np.inf, 2.5, text, complex_number, *of_the_right_size, *of_numpys_small_kinds, {}):
        assert_refused(call, bad)
    for bad in (True, False, np.True_, None):
        if not (bad is None and counter in MAY_BE_NONE):
            assert_refused(call, bad)
    assert_refused(call, -1)


@pytest.mark.parametrize("counter", COUNTS)
@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint32])
def test_a_count_may_be_any_of_numpys_larger_integers(counter, kind):
    call, right = COUNTS[counter]
    for got, expected in zip(numbers_in(call(kind(right))), numbers_in(call(right)), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_the_tables_know_every_function_and_class_that_takes_an_array_or_a_count():
    named = {name.split(",")[0].split(".")[0] for name in (*TAKERS, *COUNTS)}
    without = {
        *("GradientError", "KeyValueCache", "History", "Module", "Loss", "Optimizer", "Adam", "SGD", "ProcessGroup"),
        *(
            "CharTokenizer",
            "Tokenizer",
            "Digits",
            "digits",
            "idioms",
            "names",
            "xor",
            "WordVectors",
            "word_vectors",
            "Apples",
            "apples",
            "BlackCat",
            "black_cat",
        ),
        *("digit_from_strokes",),  # its strokes: test_datasets.py
        *("next_token_loss",),  # its texts and what its model returns: test_losses.py
        *("load_checkpoint", "save_checkpoint", "resume_checkpoint", "pretrained"),
    }
    assert set(scratchml.__all__) - named == without
