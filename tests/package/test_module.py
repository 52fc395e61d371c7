import collections
import contextlib
import copy
import itertools
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    GELU,
    GPT,
    SGD,
    CrossEntropy,
    Embedding,
    FeedForward,
    GPTConfig,
    LayerNorm,
    LearnedPositions,
    Linear,
    Module,
    MultiHeadAttention,
    Parameter,
    ReLU,
    SelfAttention,
    Sequential,
    Sigmoid,
    SinusoidalPositions,
    SquaredError,
    Tanh,
    TransformerBlock,
    check_gradients,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)
DTYPES = [np.float32, np.float64]
WAYS_BACK = ["backward", "backward_to_parameters"]


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, 5]).normal(size=shape)


def randomized(module, seed=0):
    """The module, all its parameters random, biases and gains too."""
    rng = np.random.default_rng(seed)
    for parameter in module.parameters():
        parameter.value = rng.normal(size=parameter.value.shape)
    return module


def small_model(activation=Tanh, *, seed=0, sizes=(3, 4, 2)):
    """Linear, activation, Linear, …, all parameters random."""
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [Linear(inputs, outputs, rng=seed), activation()]
    return randomized(Sequential(*layers[:-1]), seed)


class Tied(Sequential):
    """Two layers with the same weights."""

    def __init__(self, size=3, seed=0):
        rng = np.random.default_rng(seed)
        first, second = Linear(size, size, rng=rng), Linear(size, size, rng=rng)
        second.weights = first.weights
        super().__init__(first, Tanh(), second)


def gradients_of(model):
    return {name: p.gradient.copy() for name, p in model.named_parameters()}


def values_of(model):
    return {name: p.value for name, p in model.named_parameters()}


def assert_close(arrays, expected, factor=1):
    assert list(arrays) == list(expected)
    for name in expected:
        np.testing.assert_allclose(arrays[name], factor * expected[name], rtol=1e-12, atol=1e-12, err_msg=name)


def assert_same(arrays, expected):
    assert list(arrays) == list(expected)
    for name in expected:
        np.testing.assert_array_equal(arrays[name], expected[name], err_msg=name)


TOKENS = np.array([[1, 0, 1], [4, 2, 1]])
#: name → (how such a module is made, something that it takes)
MODULES = {
    "Linear": (lambda: Linear(3, 2, rng=0), numbers(4, 3)),
    "ReLU": (ReLU, numbers(4, 3)),
    "Sigmoid": (Sigmoid, numbers(4, 3)),
    "Tanh": (Tanh, numbers(4, 3)),
    "GELU": (GELU, numbers(4, 3)),
    "LayerNorm": (lambda: LayerNorm(3), numbers(4, 3)),
    "Embedding": (lambda: Embedding(5, 4, rng=0), TOKENS),
    "LearnedPositions": (lambda: LearnedPositions(5, 4, rng=0), numbers(2, 3, 4)),
    "SinusoidalPositions": (lambda: SinusoidalPositions(5, 4), numbers(2, 3, 4)),
    "SelfAttention": (lambda: SelfAttention(4, rng=0), numbers(2, 3, 4)),
    "MultiHeadAttention": (lambda: MultiHeadAttention(4, 2, rng=0), numbers(2, 3, 4)),
    "FeedForward": (lambda: FeedForward(4, rng=0), numbers(2, 3, 4)),
    "TransformerBlock": (lambda: TransformerBlock(4, 2, rng=0), numbers(2, 3, 4)),
    "GPT": (lambda: GPT(GPTConfig(5, 4, 4, 2, 1, dtype="float64"), rng=0), TOKENS),
    "GPT, tied": (lambda: GPT(GPTConfig(5, 4, 4, 2, 1, tie_weights=True, dtype="float64"), rng=0), TOKENS),
    "Sequential": (small_model, numbers(4, 3)),
    "Sequential, nested": (lambda: Sequential(Sequential(Linear(3, 4, rng=0), Tanh()), small_model(sizes=(4, 2))), numbers(4, 3)),
    "Sequential, activation first": (lambda: Sequential(Sequential(Sigmoid()), Linear(3, 2, rng=0)), numbers(4, 3)),
    "Sequential, of tokens": (lambda: Sequential(Embedding(5, 4, rng=0), Linear(4, 2, rng=0)), TOKENS),
    "Sequential, tied": (Tied, numbers(4, 3)),
}  # fmt: skip
LEARNING = [name for name, (make, _) in MODULES.items() if make().parameters()]
COMPOSED = [name for name in MODULES if name.startswith(("FeedForward", "TransformerBlock", "GPT", "Sequential"))]


def made(name):
    """Such a module, something that it takes, and slopes for its outputs."""
    make, x = MODULES[name]
    module = randomized(make())
    return module, x.copy(), numbers(*make().forward(x).shape, seed=1)


def modules_of(package):
    subclasses, found = [Module], set()
    while subclasses:
        cls = subclasses.pop()
        subclasses += cls.__subclasses__()
        if cls.__module__.startswith(package) and cls is not Module and not cls.__name__.startswith("_"):
            found.add(cls)
    return found


def test_every_kind_of_module_is_looked_at():
    assert {type(make()) for make, _ in MODULES.values()} - {Tied} == modules_of("scratchml")


def spoilt(x):
    """Kind of fault → x with that fault, or something else that no module takes."""
    last = x.ndim * (-1,)
    faulty = {}
    for bad in (np.nan, np.inf, -np.inf, None, "word"):
        array = x.astype(float if isinstance(bad, float) else object)
        array[last] = bad
        faulty[f"one {bad}"] = array
    return faulty | {
        "digits as text": x.astype(str),
        "complex": x + 1j,
        "dates": np.full(x.shape, np.datetime64("2020-01-01")),
        "masked": np.ma.masked_array(x, x == x[last]),
        "objects": x.astype(object),
        "rows of different lengths": [[1.0], [1.0, 2.0]],
        "none at all": x[:0],
        "None": None,
        "a word": "word",
        "a dict": {"x": x},
        "a set": {1, 2},
        "a class": Linear,
        "a Parameter": Parameter(x),
    }


@contextlib.contextmanager
def refused(what, says):
    """The block must raise ValueError in such words; if it doesn't, the test says of what."""
    try:
        with pytest.raises(ValueError, match=says):
            yield
    except BaseException as error:
        error.add_note(f"what wasn't refused: {what}")
        raise


@pytest.mark.parametrize("name", MODULES)
class TestEveryModule:
    def test_calling_it_is_to_call_forward(self, name):
        module, x, slopes = made(name)
        outputs = module.forward(x)
        module.backward_to_parameters(slopes)
        once = gradients_of(module)
        np.testing.assert_array_equal(module(x), outputs)
        module.backward_to_parameters(slopes)
        assert_close(gradients_of(module), once, factor=2)

    @pytest.mark.parametrize("how", WAYS_BACK)
    def test_a_way_back_needs_a_forward_and_each_serves_one(self, name, how):
        module, x, slopes = made(name)
        says = rf"^{type(module).__name__}\.backward needs the numbers of a forward .*: call forward first$"
        once = {}
        for times in (1, 2):
            with pytest.raises(ValueError, match=says):
                getattr(module, how)(slopes)
            module.forward(x)
            getattr(module, how)(slopes)
            once = once or gradients_of(module)
            assert_close(gradients_of(module), once, factor=times)
        with pytest.raises(ValueError, match=says):
            getattr(module, how)(slopes)

    def test_backward_to_parameters_gives_the_same_gradients_and_returns_nothing(self, name):
        (module, x, slopes), (other, _, _) = made(name), made(name)
        module.forward(x)
        module.backward(slopes)
        other.forward(x)
        assert other.backward_to_parameters(slopes) is None
        assert_same(gradients_of(other), gradients_of(module))

    def test_gradients_of_several_backwards_add_up_until_an_optimizer_forgets_them(self, name):
        module, x, slopes = made(name)
        module.forward(x)
        module.backward(slopes)
        first = gradients_of(module)
        module.forward(x[::-1])
        module.backward(2 * slopes)
        both = gradients_of(module)
        for parameter in module.parameters():
            parameter.gradient = 0
        module.forward(x[::-1])
        module.backward(2 * slopes)
        assert_close({key: first[key] + second for key, second in gradients_of(module).items()}, both)
        if first:
            SGD(module.parameters(), 0.1).zero_gradients()
            assert all((gradient == 0).all() for gradient in gradients_of(module).values())

    def test_what_becomes_of_x_the_outputs_and_the_slopes_after_each_call_does_not_matter(self, name):
        module, x, slopes = made(name)
        expected = module.forward(x).copy()
        back = copy.deepcopy(module.backward(slopes))
        gradients = gradients_of(module)
        for parameter in module.parameters():
            parameter.gradient = 0
        outputs = module.forward(x)
        np.testing.assert_array_equal(outputs, expected)
        x[...] = 0
        outputs[...] = 99
        again = copy.deepcopy(module.backward(slopes))
        slopes[...] = 99
        if back is not None:
            np.testing.assert_array_equal(again, back)
        assert_same(gradients_of(module), gradients)

    def test_it_changes_nothing_that_it_is_given_and_its_results_stay(self, name):
        module, x, slopes = made(name)
        outputs = module.forward(x)
        back = module.backward(slopes)
        kept = outputs.copy(), copy.deepcopy(back)
        _, original_x, original_slopes = made(name)
        np.testing.assert_array_equal(x, original_x)
        np.testing.assert_array_equal(slopes, original_slopes)
        for rows in (x[::-1], x[:1]):
            second = module.forward(rows)
            assert not np.shares_memory(second, outputs)
            module.backward(3 * np.ones_like(second))
        np.testing.assert_array_equal(outputs, kept[0])
        if back is not None:
            np.testing.assert_array_equal(back, kept[1])

    def test_no_result_is_a_view_of_what_it_was_given_or_of_what_is_learned(self, name):
        module, x, slopes = made(name)
        results = [module.forward(x), *module.state().values()]
        back = module.backward(slopes)
        if back is not None and not name.endswith("Positions"):  # which hand on the very gradient that they get
            results.append(back)
        parameters = [array for p in module.parameters() for array in (p.value, p.gradient)]
        assert not any(np.shares_memory(result, array) for result in results for array in [x, slopes, *parameters])

    def test_what_it_cannot_take_is_refused_and_there_is_no_way_back_to_the_batch_before(self, name):
        module, x, slopes = made(name)
        before = module.state()
        for fault, bad in spoilt(x).items():
            expected = module.forward(x)
            with refused(fault, r"^(x|tokens) must (be|hold) .+, got .+"):
                module.forward(bad)
            for how in WAYS_BACK:
                with refused(f"{how} after {fault}", "call forward first"):
                    getattr(module, how)(slopes)
            assert_same(module.state(), before)
            assert not any(gradient.any() for gradient in gradients_of(module).values())
            np.testing.assert_array_equal(module.forward(x), expected)

    def test_a_gradient_that_is_not_made_of_numbers_is_refused_and_the_right_one_still_works(self, name):
        for fault, bad in spoilt(made(name)[2]).items():
            self.refuses(name, fault, bad, r"^gradient must .+, got .+")

    def test_a_gradient_of_another_shape_is_refused_even_where_numpy_would_stretch_it(self, name):
        slopes = made(name)[2]
        shape = slopes.shape
        for other in {shape[1:], shape[:-1], (1, *shape), (*shape, 1), (*shape[:-1], 1), shape[::-1], ()} - {shape}:
            says = f"gradient must have the shape of the outputs {shape}, got {other}"
            self.refuses(name, other, np.ones(other), f"^{re.escape(says)}$")

    def refuses(self, name, what, bad, says):
        for how in WAYS_BACK:
            (module, x, slopes), (untouched, _, _) = made(name), made(name)
            module.forward(x)
            with refused(what, says):
                getattr(module, how)(bad)
            assert not any(gradient.any() for gradient in gradients_of(module).values())
            untouched.forward(x)
            for each in (module, untouched):
                getattr(each, how)(slopes)
            assert_same(gradients_of(module), gradients_of(untouched))

    def test_a_deep_copy_is_independent_of_it(self, name):
        module, x, slopes = made(name)
        expected = module.forward(x)
        twin = copy.deepcopy(module)
        randomized(module, seed=1)
        module.forward(x[::-1])
        module.backward(slopes)
        assert not any(gradient.any() for gradient in gradients_of(twin).values())
        back = twin.backward(slopes)
        np.testing.assert_array_equal(twin.forward(x), expected)
        if back is not None:
            original, _, _ = made(name)
            original.forward(x)
            np.testing.assert_array_equal(back, original.backward(slopes))

    def test_loading_its_state_gives_another_one_the_same_outputs(self, name):
        module, x, _ = made(name)
        other = randomized(MODULES[name][0](), seed=1)
        if module.parameters():
            assert not np.array_equal(other.forward(x), module.forward(x))
        other.load_state(module.state())
        np.testing.assert_array_equal(other.forward(x), module.forward(x))


KINDS = {"f": ["float64", "float32", "float16", "int64", "uint8", "bool", "list"], "i": ["int64", "int8", "uint8", "uint64", "list"]}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MODULES)
def test_outputs_and_gradients_have_the_dtype_of_the_parameters_whatever_comes_in(name, dtype):
    for kind in KINDS[made(name)[1].dtype.kind]:
        module, x, slopes = made(name)
        if not module.parameters():
            module = Sequential(module, LayerNorm(x.shape[-1]))
        module.to(dtype)
        x = np.round(np.abs(x)) if kind != "bool" else x > 0
        outputs = module.forward(x.astype(int).tolist() if kind == "list" else x.astype(kind))
        np.testing.assert_array_equal(outputs, module.forward(x), err_msg=kind)
        back = module.backward(slopes.tolist())
        arrays = [outputs, back, *module.state().values(), *gradients_of(module).values()]
        assert {array.dtype for array in arrays if array is not None} == {np.dtype(dtype)}, kind


LEAVING_THE_RANGE = ["Linear", "LayerNorm", "SelfAttention", "MultiHeadAttention", "FeedForward", "TransformerBlock", "GPT", "GPT, tied", "Sequential, of tokens"]  # fmt: skip


@pytest.mark.parametrize("name", LEAVING_THE_RANGE)
@pytest.mark.parametrize("dtype", DTYPES)
@np.errstate(all="ignore")
def test_numbers_beyond_the_range_of_floats_on_the_way_are_an_error_after_which_there_is_no_way_back(name, dtype):
    module, x, slopes = made(name)
    huge = np.sqrt(np.finfo(dtype).max)
    for parameter in module.to(dtype).parameters():
        parameter.value = parameter.value * 0.9 * huge
    with pytest.raises(FloatingPointError, match=r"went beyond the range of numbers, got (nan|inf|-inf)"):
        module.forward(x if x.dtype.kind == "i" else 100 * x * huge)
    with pytest.raises(ValueError, match="call forward first"):
        module.backward(slopes)


@pytest.mark.parametrize("name", ["ReLU", "Sigmoid", "Tanh", "GELU", "Sequential, activation first"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_largest_numbers_are_nothing_special_where_the_outputs_have_a_limit(name, dtype):
    module, x, _ = made(name)
    with np.errstate(all="ignore"):
        assert np.isfinite(module.to(dtype).forward((x / 10 * np.finfo(dtype).max).astype(dtype))).all()


CHANGES = {
    "an assignment": lambda model, p: setattr(p, "value", 0.5),
    "a change in place": lambda model, p: setattr(p, "value", p.value.__iadd__(1)),
    "a step": lambda model, p: (setattr(p, "gradient", 1), SGD([p], 0.1).step()),
    "another dtype": lambda model, p: p.to("float32"),
    "a state": lambda model, p: model.load_state(model.state()),
}


@pytest.mark.parametrize("name", LEARNING)
class TestBetweenForwardAndBackward:
    @pytest.mark.parametrize("change", CHANGES)
    def test_a_parameter_that_has_changed_is_noticed_before_any_gradient_moves(self, name, change):
        for place in range(len(made(name)[0].parameters())):
            module, x, slopes = made(name)
            module.forward(x)
            CHANGES[change](module, module.parameters()[place])
            before = gradients_of(module)
            with pytest.raises(
                ValueError,
                match=rf"^the parameters of {type(module).__name__} must be those of its forward, got others .*: call forward again$",
            ):
                module.backward(slopes)
            assert_same(gradients_of(module), before)

    def test_other_models_may_change_and_an_optimizer_may_be_made(self, name):
        (module, x, slopes), (other, _, _) = made(name), made(name)
        module.forward(x)
        randomized(other, seed=1)
        SGD(module.parameters(), 0.1)
        module.backward(slopes)
        undisturbed, _, _ = made(name)
        undisturbed.forward(x)
        undisturbed.backward(slopes)
        assert_same(gradients_of(module), gradients_of(undisturbed))


@pytest.mark.parametrize("name", ["weights", "bias"])
def test_a_parameter_that_was_put_in_the_place_of_another_is_noticed(name):
    layer = Linear(3, 2, rng=0)
    layer.forward(numbers(4, 3))
    setattr(layer, name, Parameter(getattr(layer, name).value))
    with pytest.raises(ValueError, match=r"^the parameters of Linear must be those of its forward, got others"):
        layer.backward(np.ones((4, 2)))


def parts_of(module):
    for part in vars(module).values():
        for one in part if isinstance(part, list) else [part]:
            if isinstance(one, Module):
                yield one
                yield from parts_of(one)


@pytest.mark.parametrize("name", COMPOSED)
def test_a_part_that_has_gone_forward_by_itself_since_is_noticed(name):
    for place in range(len(list(parts_of(made(name)[0])))):
        module, x, slopes = made(name)
        part, inputs = list(parts_of(module))[place], []
        look, part._check = part._check, inputs.append
        module.forward(x)
        part._check = look
        part.forward(inputs[0])
        with pytest.raises(
            ValueError, match=f"got one of {type(part).__name__} by itself: call the model's forward again"
        ):
            module.backward(slopes)


def test_a_part_of_two_models_goes_back_with_the_model_that_went_forward_last():
    generator, critic = randomized(Linear(2, 3, rng=0), 1), small_model()
    both = Sequential(generator, critic)
    both.forward(numbers(5, 2))
    critic.forward(numbers(5, 3))
    with pytest.raises(ValueError, match="call the model's forward again"):
        both.backward(np.ones((5, 2)))
    both.forward(numbers(5, 2))
    expected = both.backward(np.ones((5, 2)))
    both.forward(numbers(5, 2))
    np.testing.assert_array_equal(both.backward(np.ones((5, 2))), expected)


def test_one_may_walk_back_through_the_layers_of_a_model_by_hand():
    model, other = small_model(), small_model()
    model.forward(numbers(4, 3))
    other.forward(numbers(4, 3))
    gradient = np.ones((4, 2))
    for layer in reversed(model.layers):
        gradient = layer.backward(gradient)
    np.testing.assert_array_equal(gradient, other.backward(np.ones((4, 2))))
    assert_same(gradients_of(model), gradients_of(other))


NO_NUMBERS = {
    "None": None,
    "one None": [[1.0, None], [3.0, 4.0]],
    "a word": [[1.0, "word"], [3.0, 4.0]],
    "digits as text": [["1", "2"], ["3", "4"]],
    "complex": [[1.0, 2j], [3.0, 4.0]],
    "dates": np.full((2, 2), np.datetime64("2020-01-01")),
    "masked": np.ma.masked_equal([[1.0, 2.0], [3.0, 4.0]], 4),
    "rows of different lengths": [[1.0], [3.0, 4.0]],
    "a dict": {},
    "a half": np.array([[1.0, 2.0], [3.0, None]], dtype=object),
}


class TestParameter:
    def test_it_holds_a_copy_of_the_numbers_and_a_gradient_of_0(self):
        numbers = np.array([[1.0, 2], [3, 4]])
        parameter = Parameter(numbers)
        numbers[...] = 9
        np.testing.assert_array_equal(parameter.value, [[1, 2], [3, 4]])
        np.testing.assert_array_equal(parameter.gradient, np.zeros((2, 2)))

    @pytest.mark.parametrize(
        ("numbers", "dtype"),
        [
            (np.ones(2, np.float32), np.float32),
            (np.ones(2), np.float64),
            (np.ones(2, np.float16), np.float64),
            (np.array([1, 2]), np.float64),
            (np.array([1, 2], np.uint8), np.float64),
            ([3, 4], np.float64),
            (5, np.float64),
        ],
    )
    def test_float32_stays_and_all_other_numbers_become_float64(self, numbers, dtype):
        parameter = Parameter(numbers)
        assert parameter.value.dtype == parameter.gradient.dtype == dtype
        np.testing.assert_array_equal(parameter.value, numbers)

    @pytest.mark.parametrize("what", ["value", "gradient"])
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize(
        "new",
        [np.array([[1.5, 2], [3, 4]]), np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]], 7, np.float64(0.5)],
        ids=repr,
    )
    def test_assigning_copies_the_numbers_in_and_leaves_the_array_where_it_is(self, what, dtype, new):
        parameter = Parameter(np.zeros((2, 2), dtype))
        array = getattr(parameter, what)
        setattr(parameter, what, new)
        assert getattr(parameter, what) is array and array.dtype == dtype
        expected = np.array(np.broadcast_to(new, (2, 2)))
        np.testing.assert_array_equal(array, expected)
        if isinstance(new, np.ndarray):
            new = new.copy()
            setattr(parameter, what, new)
            new[...] = 9
            np.testing.assert_array_equal(array, expected)

    @pytest.mark.parametrize("what", ["value", "gradient"])
    def test_adding_to_it_changes_it_in_place(self, what):
        parameter = Parameter(np.zeros(2))
        array = getattr(parameter, what)
        parameter.value += [1, 2]
        parameter.gradient += [1, 2]
        parameter.value -= 1
        parameter.gradient -= 1
        assert getattr(parameter, what) is array
        np.testing.assert_array_equal(array, [0, 1])

    @pytest.mark.parametrize("what", ["value", "gradient"])
    @pytest.mark.parametrize(
        "new",
        [np.ones(3), np.ones((1, 3)), np.ones((3, 2)), np.ones((2, 3, 1)), [1], []],
        ids=lambda new: str(np.shape(new)),
    )
    def test_another_shape_is_refused_and_changes_nothing_even_where_numpy_would_stretch_it(self, what, new):
        parameter = Parameter(np.zeros((2, 3)))
        with pytest.raises(
            ValueError, match=re.escape(f"this parameter's {what} must have the shape (2, 3), got {np.shape(new)}")
        ):
            setattr(parameter, what, new)
        np.testing.assert_array_equal(getattr(parameter, what), np.zeros((2, 3)))

    @pytest.mark.parametrize("what", ["value", "gradient"])
    @pytest.mark.parametrize("kind", NO_NUMBERS)
    def test_what_is_not_a_number_is_refused_and_changes_nothing(self, what, kind):
        parameter = Parameter([[1.0, 2.0], [3.0, 4.0]])
        before = getattr(parameter, what).copy()
        with pytest.raises(ValueError, match=rf"^{what} must be .+, got .+"):
            setattr(parameter, what, NO_NUMBERS[kind])
        np.testing.assert_array_equal(getattr(parameter, what), before)
        with pytest.raises(ValueError, match=r"^value must be .+, got .+"):
            Parameter(NO_NUMBERS[kind])

    @pytest.mark.parametrize("what", ["value", "gradient"])
    def test_numbers_beyond_its_dtype_are_refused_and_change_nothing(self, what):
        parameter = Parameter(np.zeros(2, np.float32))
        with pytest.raises(ValueError, match=f"^{what} has numbers that are too large for float32$"):
            setattr(parameter, what, [1.0, 1e300])
        np.testing.assert_array_equal(getattr(parameter, what), [0, 0])

    def test_moving_takes_the_numbers_along_and_assigning_then_reaches_the_new_place(self):
        parameter = Parameter([1.0, 2])
        parameter.gradient = [3, 4]
        values, gradients = np.zeros(5), np.zeros(5)
        parameter.live_in(values[1:3], gradients[1:3])
        np.testing.assert_array_equal(values, [0, 1, 2, 0, 0])
        np.testing.assert_array_equal(gradients, [0, 3, 4, 0, 0])
        parameter.value, parameter.gradient = [5, 6], 7
        parameter.value += 1
        np.testing.assert_array_equal(values, [0, 6, 7, 0, 0])
        np.testing.assert_array_equal(gradients, [0, 7, 7, 0, 0])

    def test_its_repr_shows_its_shape(self):
        assert repr(Parameter(np.ones((2, 3)))) == "Parameter(2, 3)"


class Tree(Module):
    def __init__(self):
        self.scale = Parameter([1.0])
        self.trunk = Linear(2, 2, rng=0)
        self.name = "oak"
        self.branches = [Sequential(Linear(2, 1, rng=1), ReLU()), Parameter([2.0]), 3]
        self.roots = {"left": (Parameter([3.0]), [Parameter([4.0])]), "right": None}


class TestNamedParameters:
    def test_a_sequential_names_them_by_layer(self):
        shapes = {name: p.value.shape for name, p in small_model().named_parameters()}
        assert list(shapes.items()) == [
            ("layers.0.weights", (3, 4)),
            ("layers.0.bias", (4,)),
            ("layers.2.weights", (4, 2)),
            ("layers.2.bias", (2,)),
        ]

    def test_they_are_found_in_modules_lists_tuples_and_dicts_in_the_order_in_which_they_were_set(self):
        tree = Tree()
        expected = [
            "scale",
            "trunk.weights",
            "trunk.bias",
            "branches.0.layers.0.weights",
            "branches.0.layers.0.bias",
            "branches.1",
            "roots.left.0",
            "roots.left.1.0",
        ]
        assert [name for name, _ in tree.named_parameters()] == expected
        tree.trunk.forward([[1, 2]])  # what a module keeps for backward is no parameter
        assert [name for name, _ in tree.named_parameters()] == expected
        assert dict(tree.named_parameters())["trunk.bias"] is tree.trunk.bias
        assert tree.parameters() == [p for _, p in tree.named_parameters()]

    @pytest.mark.parametrize(
        "hide",
        [
            lambda part: {part},
            lambda part: frozenset([part]),
            lambda part: collections.deque([3, part]),
            lambda part: {part: 1}.keys(),
            lambda part: {1: part}.values(),
            lambda part: {1: part}.items(),
            lambda part: np.array([[3, part]], dtype=object),
            lambda part: np.array(part, dtype=object),
            lambda part: collections.deque([(3, [part])]),
            lambda part: collections.deque([{1: part}]),
            lambda part: {(part, 3)},
            lambda part: collections.deque([{part}]),
        ],
        ids=[
            "set",
            "frozenset",
            "deque",
            "dict_keys",
            "dict_values",
            "dict_items",
            "ndarray",
            "one in an ndarray",
            "lists in a deque",
            "dicts in a deque",
            "tuples in a set",
            "sets in a deque",
        ],
    )
    @pytest.mark.parametrize("part", [ReLU(), Parameter([1.0])], ids=repr)
    @pytest.mark.parametrize("call", ["parameters", "state"])
    def test_a_part_where_nobody_would_find_it_is_refused(self, hide, part, call, request):
        tree = Tree()
        container = hide(part)
        tree.branches.append(container)
        with pytest.raises(
            ValueError,
            match=rf"^branches\.3 must be a list, tuple or dict.*, got a {type(container).__name__}: they would not be trained$",
        ):
            getattr(tree, call)()

    @pytest.mark.parametrize(
        "harmless",
        [{1, 2}, collections.deque([[1], {2: 3}]), {}.keys(), np.array([None, [1]], dtype=object), np.array(None), np.ones(3), "text"],
        ids=repr,
    )  # fmt: skip
    def test_containers_without_parts_are_no_concern(self, harmless):
        tree, plain = Tree(), Tree()
        tree.notes = harmless
        assert list(tree.state()) == list(plain.state())

    def test_a_shared_parameter_comes_once_under_its_first_name(self):
        model = Tied()
        assert [name for name, _ in model.named_parameters()] == ["layers.0.weights", "layers.0.bias", "layers.2.bias"]
        assert len(model.parameters()) == 3

    def test_equal_parameters_are_not_taken_for_the_same(self):
        model = Sequential(Linear(2, 2, rng=0), Linear(2, 2, rng=0))
        assert len(model.parameters()) == 4

    def test_parts_that_know_each_other_are_found_once(self):
        tree, bird = Tree(), Tree()
        tree.bird, bird.tree = bird, tree
        assert len(tree.parameters()) == 2 * len(Tree().parameters())


class TestSequential:
    @pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 5, 4, 2)])
    def test_it_is_its_layers_one_after_the_other(self, sizes):
        model, x = small_model(ReLU, sizes=sizes), numbers(5, 3)
        expected = x
        for i, layer in enumerate(model.layers):
            expected = np.maximum(expected, 0) if i % 2 else expected @ layer.weights.value + layer.bias.value
        np.testing.assert_allclose(model.forward(x), expected, rtol=1e-14)

    def test_one_inside_another_is_the_same_as_its_layers(self):
        flat, other = small_model(sizes=(3, 5, 4, 2)), small_model(sizes=(3, 5, 4, 2))
        nested = Sequential(Sequential(*other.layers[:2]), Sequential(Sequential(*other.layers[2:])))
        np.testing.assert_array_equal(nested.forward(numbers(5, 3)), flat.forward(numbers(5, 3)))
        np.testing.assert_array_equal(nested.backward(np.ones((5, 2))), flat.backward(np.ones((5, 2))))
        for parameter, expected in zip(nested.parameters(), flat.parameters(), strict=True):
            np.testing.assert_array_equal(parameter.gradient, expected.gradient)
        assert next(nested.named_parameters())[0] == "layers.0.layers.0.weights"

    def test_a_network_worked_out_by_hand(self):
        model = Sequential(Linear(2, 2, rng=0), ReLU(), Linear(2, 1, rng=0))
        first, _, last = model.layers
        first.weights.value, first.bias.value = 1, [0, -1]
        last.weights.value = [[1], [-2]]
        np.testing.assert_array_equal(model.forward([[0, 0], [0, 1], [1, 0], [1, 1]]), [[0], [1], [1], [0]])

    @quick
    @given(seeds, st.integers(1, 6))
    def test_each_row_is_computed_by_itself(self, seed, rows):
        model, x = small_model(seed=seed), numbers(rows, 3, seed=seed)
        np.testing.assert_allclose(
            model.forward(x), np.vstack([model.forward(row[np.newaxis]) for row in x]), rtol=1e-12, atol=1e-12
        )

    def test_its_repr_shows_its_structure(self):
        model = Sequential(Linear(64, 32, rng=0), ReLU(), Linear(32, 10, rng=0), Sigmoid(), Sequential(Tanh(), GELU()))
        assert (
            repr(model) == "Sequential(Linear(64, 32), ReLU(), Linear(32, 10), Sigmoid(), Sequential(Tanh(), GELU()))"
        )

    @pytest.mark.parametrize(
        ("layers", "says"),
        [
            ((), "Sequential must be given at least one layer, each of them once, got ()"),
            ((Tanh(),) * 2, "Sequential must be given at least one layer, each of them once, got (Tanh(), Tanh())"),
            (([Tanh(), ReLU()],), "must be given layers, got a list of them: put a star before it, Sequential(*layers)"),
            (((Tanh(),),), "put a star before it, Sequential(*layers)"),
            ((ReLU(), [Tanh()]), "layer 1 must be a Module, got a list, [Tanh()]"),
            ((None,), "layer 0 must be a Module, got a NoneType, None"),
            ((Tanh(), ReLU), "layer 1 must be a Module, got the class ReLU"),
            ((3, "a"), "layer 0 must be a Module, got an int, 3"),
            ((Parameter([1.0]),), "layer 0 must be a Module, got a Parameter, Parameter(1,)"),
        ],
        ids=lambda case: str(case)[:40],
    )  # fmt: skip
    def test_what_is_not_a_row_of_layers_is_refused(self, layers, says):
        with pytest.raises(ValueError, match=f"{re.escape(says)}$"):
            Sequential(*layers)

    @pytest.mark.parametrize(
        ("x", "says"),
        [
            (np.ones((4, 2)), "x must have the shape (…, 3), got (4, 2)"),
            ([1, 2], "x must have the shape (…, 3), got (2,)"),
            (np.ones((3, 1)), "x must have the shape (…, 3), got (3, 1)"),
            (5, "x must have the shape (…, 3), got ()"),
            (np.ones((0, 3)), "x must hold at least one number, got shape (0, 3)"),
            (np.ones((2, 0, 3)), "x must hold at least one number, got shape (2, 0, 3)"),
            ([], "x must hold at least one number, got shape (0,)"),
        ],
        ids=lambda x: str(np.shape(x)),
    )
    def test_a_batch_that_does_not_fit_is_refused(self, x, says):
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            small_model().forward(x)

    @quick
    @given(
        seeds, st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 4), st.integers(0, 2), st.sampled_from(DTYPES)
    )
    def test_nan_or_infinity_anywhere_in_a_batch_is_refused_and_its_place_named(self, seed, bad, row, column, dtype):
        model = small_model(seed=seed).to(dtype)
        x = numbers(5, 3, seed=seed)
        x[row, column] = bad
        with pytest.raises(ValueError, match=rf"numbers, got {bad} in row {row}, column {column}$"):
            model.forward(x)

    def test_numbers_too_large_for_float32_are_refused(self):
        with pytest.raises(ValueError, match=r"^x has numbers that are too large for float32$"):
            small_model().to("float32").forward([[1, 2, 1e300]])


def slopes_of_a_model(make, loss, targets, rows=4, width=3):
    """A model, and the gradients of the loss; drawn until no number is near ReLU's kink, where there is no slope."""
    for seed in range(100):
        model, x = make(seed), numbers(rows, width, seed=seed)
        kept = []
        a = x
        for layer in model.layers:
            kept += [np.abs(a).min()] if isinstance(layer, ReLU) else []
            a = layer.forward(a)
        if min(kept, default=1) > 0.01:
            break
    else:
        pytest.fail("in 100 draws a number was always near ReLU's kink")
    loss.forward(targets, model.forward(x))
    gradients = {"x": model.backward(loss.backward())} | gradients_of(model)
    check_gradients(lambda: loss.forward(targets, model.forward(x)), {"x": x} | values_of(model), gradients)
    assert max(np.abs(gradient).max() for gradient in gradients.values()) > 0.01
    return model, gradients


LOSSES = {
    "squared error": (SquaredError, numbers(4, 2, seed=7)),
    "cross-entropy": (CrossEntropy, np.array([1, 0, 1, 1])),
}


class TestGradients:
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("activation", [ReLU, Sigmoid, Tanh, GELU])
    @pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 5, 4, 2)], ids=str)
    def test_a_models_gradients_are_slopes(self, loss, activation, sizes):
        make_loss, targets = LOSSES[loss]
        slopes_of_a_model(lambda seed: small_model(activation, seed=seed, sizes=sizes), make_loss(), targets)

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("last", [ReLU, Sigmoid, Tanh, GELU])
    def test_they_are_with_an_activation_first_and_last_too(self, loss, last):
        make_loss, targets = LOSSES[loss]
        slopes_of_a_model(lambda seed: Sequential(GELU(), *small_model(seed=seed).layers, last()), make_loss(), targets)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_a_parameter_shared_by_two_layers_gets_both_parts(self, seed):
        model, gradients = slopes_of_a_model(
            lambda draw: Tied(seed=[seed, draw]), SquaredError(), numbers(4, 3, seed=seed)
        )
        assert "layers.2.weights" not in gradients and model.layers[0].weights is model.layers[2].weights

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("loss", LOSSES)
    def test_from_the_loss_to_the_inputs_all_have_one_dtype(self, dtype, loss):
        model, (make_loss, targets) = small_model().to(dtype), LOSSES[loss]
        end = make_loss()
        value = end.forward(targets, model.forward(numbers(4, 3)))
        slopes = end.backward()
        assert {slopes.dtype, model.backward(slopes).dtype} == {np.dtype(dtype)}
        assert type(value) is float


class TestTo:
    @pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32"), "float64", float])
    def test_it_changes_values_and_gradients_and_returns_the_model(self, dtype):
        model = small_model()
        model.forward(numbers(4, 3))
        model.backward(np.ones((4, 2)))
        expected = model.state(), gradients_of(model)
        assert model.to(dtype) is model
        for arrays, before in zip((model.state(), gradients_of(model)), expected, strict=True):
            assert {array.dtype for array in arrays.values()} == {np.dtype(dtype)}
            assert_same(arrays, {name: array.astype(dtype) for name, array in before.items()})

    @pytest.mark.parametrize(
        "dtype", ["float16", np.float16, "int32", int, bool, complex, None, "bogus", 3, [1], "f4,f4"]
    )
    def test_another_dtype_is_refused_and_changes_nothing(self, dtype):
        model = small_model()
        with pytest.raises(ValueError, match=re.escape(f"dtype must be float32 or float64, got {dtype!r}")):
            model.to(dtype)
        assert {array.dtype for array in model.state().values()} == {np.dtype("float64")}

    def test_it_is_refused_as_soon_as_an_optimizer_has_a_part_of_the_model_and_changes_nothing(self):
        model = small_model()
        optimizer = SGD(model.layers[2].parameters(), 0.1)
        with pytest.raises(ValueError, match="choose the dtype first, and then make the optimizer"):
            model.to("float32")
        assert {array.dtype for array in model.state().values()} == {np.dtype("float64")}
        optimizer.step()

    def test_it_is_refused_where_one_number_is_too_large_and_changes_nothing(self):
        model = small_model()
        model.layers[2].bias.value = [1.0, 1e300]
        with pytest.raises(ValueError, match="too large for float32"):
            model.to("float32")
        assert {array.dtype for array in model.state().values()} == {np.dtype("float64")}

    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model, 5))])
    def test_a_copy_of_a_model_has_no_optimizer(self, duplicate):
        model = small_model()
        SGD(model.parameters(), 0.1)
        twin = duplicate(model).to("float32")
        assert {array.dtype for array in twin.state().values()} == {np.dtype("float32")}
        assert {array.dtype for array in model.state().values()} == {np.dtype("float64")}


class TestState:
    def test_it_is_a_deep_copy_by_name(self):
        model = small_model()
        state = model.state()
        assert_same(state, values_of(model))
        for name, array in state.items():
            array[...] = 99
            assert not (values_of(model)[name] == 99).any()

    def test_a_later_change_of_the_model_does_not_reach_it(self):
        model = small_model()
        state, kept = model.state(), copy.deepcopy(model.state())
        for parameter in model.parameters():
            parameter.value += 1
        assert_same(state, kept)

    def test_loading_copies(self):
        model = small_model()
        state, arrays = small_model(seed=1).state(), values_of(model)
        model.load_state(state)
        kept = model.state()
        for array in state.values():
            array[...] = 99
        assert_same(model.state(), kept)
        assert all(array is values_of(model)[name] for name, array in arrays.items())

    @pytest.mark.parametrize(("dtype", "other"), [DTYPES, DTYPES[::-1]])
    def test_loading_keeps_the_models_dtype(self, dtype, other):
        model = small_model().to(dtype)
        model.load_state(small_model(seed=1).to(other).state())
        assert {array.dtype for array in model.state().values()} == {np.dtype(dtype)}
        np.testing.assert_allclose(
            model.layers[0].weights.value, small_model(seed=1).layers[0].weights.value, rtol=1e-6
        )

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda state: state.pop("layers.2.bias"), "missing: ['layers.2.bias'], unknown: []"),
            (lambda state: state.update({"layers.4.bias": 1}), "missing: [], unknown: ['layers.4.bias']"),
            (
                lambda state: state.update(bias=state.pop("layers.0.bias")),
                "missing: ['layers.0.bias'], unknown: ['bias']",
            ),
            (
                lambda state: state.clear(),
                "missing: ['layers.0.bias', 'layers.0.weights', 'layers.2.bias', 'layers.2.weights'], unknown: []",
            ),
            (
                lambda state: state.update({f"{letter}{i}": 1 for letter in "zya" for i in (2, 1)}),
                "missing: [], unknown: ['a1', 'a2', 'y1', 'y2', 'z1', 'z2']",
            ),
            (lambda state: state.update({3: 1, "b": 2}), "missing: [], unknown: ['3', 'b']"),
            (
                lambda state: state.update({"layers.2.bias": np.ones((1, 2))}),
                "layers.2.bias must have the shape (2,), got (1, 2)",
            ),
            (
                lambda state: state.update({"layers.2.bias": np.ones(())}),
                "layers.2.bias must have the shape (2,), got ()",
            ),
            (
                lambda state: state.update({"layers.2.weights": np.ones((2, 4))}),
                "layers.2.weights must have the shape (4, 2), got (2, 4)",
            ),
            (
                lambda state: state.update({"layers.2.bias": [1.0, np.nan]}),
                "layers.2.bias must be finite numbers, got nan at [1]",
            ),
            (
                lambda state: state.update({"layers.2.bias": [np.inf, 1.0]}),
                "layers.2.bias must be finite numbers, got inf at [0]",
            ),
            (
                lambda state: state.update({"layers.2.bias": [1.0, None]}),
                "layers.2.bias must be numbers, got a NoneType, None",
            ),
            (
                lambda state: state.update({"layers.2.bias": ["x", "y"]}),
                "layers.2.bias must be numbers, got a str, 'x'",
            ),
            (
                lambda state: state.update({"layers.2.bias": [1, 1j]}),
                "layers.2.bias must be numbers, got an array of complex128",
            ),
            (
                lambda state: state.update({"layers.2.bias": np.zeros(2, "f4,f4")}),
                "layers.2.bias must be numbers, got an array of [('f0', '<f4'), ('f1', '<f4')]",
            ),
            (
                lambda state: state.update({"layers.2.bias": np.ma.masked_equal([1.0, 2.0], 2)}),
                "layers.2.bias must be a plain array, got a masked one",
            ),
            (
                lambda state: state.update({"layers.2.weights": [[1], [1, 2]]}),
                "layers.2.weights must be an array, got rows of different lengths",
            ),
        ],
    )  # fmt: skip
    def test_a_state_that_does_not_fit_is_refused_before_anything_changes(self, change, says):
        model = small_model()
        before, state = model.state(), small_model(seed=1).state()
        change(state)
        with pytest.raises(ValueError, match=re.escape(says)):
            model.load_state(state)
        assert_same(model.state(), before)

    def test_numbers_too_large_for_the_models_dtype_are_refused_before_anything_changes(self):
        model = small_model().to("float32")
        before, state = model.state(), small_model(seed=1).state()
        state["layers.2.bias"][1] = 1e300
        with pytest.raises(ValueError, match=r"^layers\.2\.bias has numbers that are too large for float32$"):
            model.load_state(state)
        assert_same(model.state(), before)

    @pytest.mark.parametrize("state", [None, [1.0], "state", small_model()], ids=repr)
    def test_what_is_not_a_state_is_refused(self, state):
        with pytest.raises(ValueError, match=rf"^state must be a Mapping, got a {type(state).__name__}"):
            small_model().load_state(state)

    def test_a_deep_copy_of_an_optimizers_model_is_independent_of_it(self):
        model = small_model()
        optimizer = SGD(model.parameters(), 0.1)
        twin = copy.deepcopy(model)
        assert not any(
            np.shares_memory(p.value, q.value) or np.shares_memory(p.gradient, q.gradient)
            for p, q in zip(model.parameters(), twin.parameters(), strict=True)
        )
        before = twin.state()
        for parameter in model.parameters():
            parameter.gradient = 1
        optimizer.step()
        assert_same(twin.state(), before)
        after = model.state()
        twin.forward(numbers(5, 3))
        twin.backward(np.ones((5, 2)))
        SGD(twin.parameters(), 0.1).step()
        assert_same(model.state(), after)
        assert not np.array_equal(twin.layers[0].bias.value, before["layers.0.bias"])
        optimizer.step()  # the copy didn't take the parameters away

    def test_a_deep_copy_of_tied_layers_stays_tied(self):
        twin = copy.deepcopy(Tied())
        assert twin.layers[0].weights is twin.layers[2].weights and len(twin.parameters()) == 3


class Scale(Module):
    """x · factor."""

    def __init__(self):
        self.factor = Parameter([1.5])

    def _forward(self, x):
        return x * self.factor.value, (x,)

    def _backward(self, gradient, x):
        self.factor.gradient += (x * gradient).sum()
        return gradient * self.factor.value


class Polynomial(Module):
    """c₀ x + c₁ x² + …, with the coefficients in a list, and row by row."""

    row_wise = True

    def __init__(self):
        self.coefficients = [Parameter(0.5), Parameter(-2.0)]

    def _forward(self, x):
        assert x.ndim == 2
        return sum(c.value * x ** (i + 1) for i, c in enumerate(self.coefficients)), (x,)

    def _backward(self, gradient, x):
        assert gradient.ndim == 2
        for i, c in enumerate(self.coefficients):
            c.gradient += (gradient * x ** (i + 1)).sum()
        return gradient * sum(c.value * (i + 1) * x**i for i, c in enumerate(self.coefficients))


class Residual(Module):
    """x + part(x), computed once more on the way back."""

    def __init__(self, part):
        self.part = part

    def _forward(self, x):
        return x + self.part(x), (x,)

    def _backward(self, gradient, x):
        self.part(x)
        return gradient + self.part.backward(gradient)


class TestAReadersOwnLayer:
    @pytest.mark.parametrize("make", [Scale, Polynomial, lambda: Residual(Scale()), lambda: Residual(Tied())])
    def test_it_works_in_a_model(self, make):
        slopes_of_a_model(
            lambda seed: Sequential(make(), *small_model(seed=seed).layers, Scale()),
            SquaredError(),
            LOSSES["squared error"][1],
        )

    @pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 1, 3), (2, 2, 2, 3)], ids=str)
    def test_row_by_row_any_shape_comes_out_as_it_went_in(self, shape):
        layer, x = Polynomial(), numbers(*shape)
        np.testing.assert_allclose(layer.forward(x), 0.5 * x - 2 * x**2)
        np.testing.assert_allclose(layer.backward(np.ones(shape)), 0.5 - 4 * x)

    def test_a_parameter_in_a_list_that_has_changed_since_is_noticed(self):
        layer = Polynomial()
        layer.forward([[1.0]])
        layer.coefficients[1].value = 3
        with pytest.raises(ValueError, match=r"^the parameters of Polynomial must be those of its forward, got others"):
            layer.backward([[1.0]])

    def test_a_gradient_keeps_its_fractions_where_the_outputs_are_integers(self):
        class Sign(Module):
            def _forward(self, x):
                return np.sign(x).astype(int), ()

            def _backward(self, gradient):
                return gradient

        layer = Sign()
        np.testing.assert_array_equal(layer.forward([[-0.5, 2.5]]), [[-1, 1]])
        np.testing.assert_array_equal(layer.backward([[0.25, 0.75]]), [[0.25, 0.75]])

    @pytest.mark.parametrize(
        "returned",
        [lambda x: 2 * x, lambda x: (2 * x, x), lambda x: (2 * x,), lambda x: None, lambda x: [2 * x, (x,)]],
        ids=["outputs alone", "no tuple", "a tuple of one", "nothing", "a list"],
    )
    def test_the_outputs_must_come_with_a_tuple_for_the_way_back(self, returned):
        class Double(Module):
            def _forward(self, x):
                return returned(x)

        for rows in (1, 2, 3):  # of two rows Python would make two values
            with pytest.raises(
                ValueError, match=r"^Double\._forward must return a pair: the result, and a tuple .*, got a"
            ):
                Double().forward(numbers(rows, 2))

    @pytest.mark.parametrize("name", ["forward", "backward", "backward_to_parameters"])
    def test_it_is_refused_when_it_is_made_if_it_defines_what_one_calls(self, name):
        says = f"^Own must define _{name}, got {name}, which looks at what comes in and then calls it$"
        for base in (Module, Linear):
            with pytest.raises(TypeError, match=says):
                type("Own", (base,), {name: lambda self, x: x})
            type("Own", (base,), {name: lambda self, x: x, f"_{name}": lambda self, x: (x, ())})

    def test_it_must_say_how_to_go_forward_and_back(self):
        class Forth(Module):
            def _forward(self, x):
                return x, ()

        with pytest.raises(NotImplementedError, match=r"^Module must define _forward$"):
            Module().forward([[1.0]])
        layer = Forth()
        for how in WAYS_BACK:
            layer.forward([[1.0]])
            with pytest.raises(NotImplementedError, match=r"^Forth must define _backward$"):
                getattr(layer, how)([[1.0]])

    def test_where_it_comes_first_it_may_spare_itself_the_gradient_of_the_data(self):
        class First(Scale):
            def _backward(self, gradient, x):
                pytest.fail("nobody needs the gradient of the data")

            def _backward_to_parameters(self, gradient, x):
                self.factor.gradient += (x * gradient).sum()

        for model in (First(), Sequential(First(), Scale()), Sequential(Sequential(First()), Scale())):
            model.forward([[2.0]])
            model.backward_to_parameters([[1.0]])
            assert model.parameters()[0].gradient in (2, 3)

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_after_an_error_in_it_values_are_looked_at_as_before(self, error):
        class Broken(Module):
            def _forward(self, x):
                raise error

        with pytest.raises(error):
            Sequential(Scale(), Broken()).forward([[1.0]])
        with pytest.raises(ValueError, match="got nan"):
            Scale().forward([[np.nan]])
