import copy
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    GELU,
    SGD,
    CrossEntropy,
    Linear,
    Module,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    SquaredError,
    Tanh,
    check_gradients,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)
DTYPES = [np.float32, np.float64]


def small_model(activation=Tanh, *, seed=0, dtype=np.float64, sizes=(3, 4, 2)):
    """Linear, activation, Linear, …, all parameters random, biases too."""
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        layers += [Linear(inputs, outputs, rng=rng, dtype=dtype), activation()]
    model = Sequential(*layers[:-1])
    for parameter in model.parameters():
        parameter.value = rng.normal(size=parameter.value.shape)
    return model


def some_rows(rows=5, width=3, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, width))


def gradients_of(model):
    return {name: p.gradient.copy() for name, p in model.named_parameters()}


def values_of(model):
    return {name: p.value for name, p in model.named_parameters()}


def assert_same(arrays, expected):
    assert list(arrays) == list(expected)
    for name in expected:
        np.testing.assert_array_equal(arrays[name], expected[name], err_msg=name)


class Tied(Sequential):
    """Two layers with the same weights."""

    def __init__(self, size=3, seed=0):
        rng = np.random.default_rng(seed)
        first, second = Linear(size, size, rng=rng), Linear(size, size, rng=rng)
        second.weights = first.weights
        super().__init__(first, Tanh(), second)


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
            (np.array([1, 2]), np.float64),
            ([3, 4], np.float64),
        ],
    )
    def test_value_and_gradient_are_floats_and_integers_become_float64(self, numbers, dtype):
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

    def test_moving_takes_the_numbers_along_and_assigning_then_reaches_the_new_place(self):
        parameter = Parameter([1.0, 2])
        parameter.gradient = [3, 4]
        values, gradients = np.zeros(5), np.zeros(5)
        parameter.move(values[1:3], gradients[1:3])
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


class TestNamedParameters:
    def test_a_sequential_names_them_by_layer(self):
        shapes = {name: p.value.shape for name, p in small_model().named_parameters()}
        assert list(shapes.items()) == [
            ("layers.0.weights", (3, 4)),
            ("layers.0.bias", (4,)),
            ("layers.2.weights", (4, 2)),
            ("layers.2.bias", (2,)),
        ]

    def test_they_are_found_in_attributes_modules_and_lists_in_the_order_in_which_they_were_set(self):
        tree = Tree()
        expected = [
            "scale",
            "trunk.weights",
            "trunk.bias",
            "branches.0.layers.0.weights",
            "branches.0.layers.0.bias",
            "branches.1",
        ]
        assert [name for name, _ in tree.named_parameters()] == expected
        tree.trunk.forward([[1, 2]])  # what a module keeps for backward is no parameter
        assert [name for name, _ in tree.named_parameters()] == expected
        assert dict(tree.named_parameters())["trunk.bias"] is tree.trunk.bias
        assert tree.parameters() == [p for _, p in tree.named_parameters()]

    def test_a_shared_parameter_comes_once_under_its_first_name(self):
        model = Tied()
        assert [name for name, _ in model.named_parameters()] == ["layers.0.weights", "layers.0.bias", "layers.2.bias"]
        assert len(model.parameters()) == 3

    def test_equal_parameters_are_not_taken_for_the_same(self):
        model = Sequential(Linear(2, 2, rng=0), Linear(2, 2, rng=0))
        assert len(model.parameters()) == 4


class TestForward:
    @pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 5, 4, 2)])
    def test_a_sequential_is_its_layers_one_after_the_other(self, sizes):
        model, x = small_model(ReLU, sizes=sizes), some_rows()
        expected = x
        for i, layer in enumerate(model.layers):
            expected = np.maximum(expected, 0) if i % 2 else expected @ layer.weights.value + layer.bias.value
        np.testing.assert_allclose(model.forward(x), expected, rtol=1e-14)

    def test_a_network_worked_out_by_hand(self):
        model = Sequential(Linear(2, 2, rng=0), ReLU(), Linear(2, 1, rng=0))
        first, _, last = model.layers
        first.weights.value, first.bias.value = 1, [0, -1]
        last.weights.value = [[1], [-2]]
        np.testing.assert_array_equal(model.forward([[0, 0], [0, 1], [1, 0], [1, 1]]), [[0], [1], [1], [0]])

    @quick
    @given(seeds, st.integers(1, 6))
    def test_each_row_is_computed_by_itself(self, seed, rows):
        model, x = small_model(seed=seed), some_rows(rows, seed=seed)
        np.testing.assert_allclose(
            model.forward(x), np.vstack([model.forward(row[np.newaxis]) for row in x]), rtol=1e-12, atol=1e-12
        )

    def test_its_repr_shows_its_structure(self):
        model = Sequential(Linear(64, 32, rng=0), ReLU(), Linear(32, 10, rng=0), Sigmoid(), Tanh(), GELU())
        assert repr(model) == "Sequential(Linear(64, 32), ReLU(), Linear(32, 10), Sigmoid(), Tanh(), GELU())"

    @pytest.mark.parametrize(
        "layers", [(), (Sequential(ReLU()),), (ReLU(), Sequential(Tanh())), (Tanh(),) * 2], ids=repr
    )
    def test_no_layers_one_twice_and_a_sequential_inside_another_are_refused(self, layers):
        with pytest.raises(
            ValueError,
            match=re.escape(f"at least one layer, each of them once and none of them a Sequential, got {layers}"),
        ):
            Sequential(*layers)

    @pytest.mark.parametrize(
        ("x", "says"),
        [
            (np.ones((4, 2)), "x must have the shape (…, 3), got (4, 2)"),
            ([1, 2], "x must have the shape (…, 3), got (2,)"),
            (np.ones((3, 1)), "x must have the shape (…, 3), got (3, 1)"),
            (5, "at least one row of finite numbers, got shape ()"),
            (np.ones((0, 3)), "at least one row of finite numbers, got shape (0, 3)"),
            ([], "at least one row of finite numbers, got shape (0,)"),
        ],
        ids=lambda x: str(np.shape(x)),
    )
    def test_a_batch_that_does_not_fit_is_refused(self, x, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            small_model().forward(x)

    @quick
    @given(
        seeds, st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 4), st.integers(0, 2), st.sampled_from(DTYPES)
    )
    def test_a_batch_with_nan_or_infinity_anywhere_is_refused_and_nothing_is_lost(self, seed, bad, row, column, dtype):
        model = small_model(seed=seed, dtype=dtype)
        before, x = model.state(), some_rows(seed=seed)
        outputs = model.forward(x)
        x[row, column] = bad
        with pytest.raises(ValueError, match=r"finite numbers, got shape \(5, 3\) with NaN or infinity"):
            model.forward(x)
        assert_same(model.state(), before)
        np.testing.assert_array_equal(model.forward(some_rows(seed=seed)), outputs)


def slopes_of_a_model(make, loss, targets, rows=4, width=3):
    """A model, a batch, and the gradients of the loss; drawn until no number is near ReLU's kink, where there is no slope."""
    for seed in range(100):
        model, x = make(seed), some_rows(rows, width, seed=[seed, 1])
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
    return model, x, gradients


LOSSES = {
    "squared error": (SquaredError, some_rows(4, 2, seed=7)),
    "cross-entropy": (CrossEntropy, np.array([1, 0, 1, 1])),
}


class TestBackward:
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
        model, _, gradients = slopes_of_a_model(
            lambda draw: Tied(seed=[seed, draw]), SquaredError(), some_rows(4, seed=seed)
        )
        assert "layers.2.weights" not in gradients and model.layers[0].weights is model.layers[2].weights

    @pytest.mark.parametrize(
        "make",
        [
            small_model,
            Tied,
            lambda: Sequential(Linear(3, 2, rng=0)),
            lambda: Sequential(Tanh(), Linear(3, 3, rng=0), ReLU()),
        ],
    )
    def test_backward_to_parameters_gives_the_same_gradients(self, make):
        model, other = make(), make()
        slopes = np.random.default_rng(1).normal(size=model.forward(some_rows()).shape)
        model.backward(slopes)
        for _ in range(2):  # the second time it finds gradients to forget
            other.forward(some_rows())
            assert other.backward_to_parameters(slopes) is None
            assert_same(gradients_of(other), gradients_of(model))

    def test_the_root_forgets_the_gradients_of_the_step_before(self):
        model = small_model()
        model.forward(some_rows(seed=1))
        model.backward(np.ones((5, 2)))
        once = gradients_of(model)
        model.forward(some_rows(seed=2))
        model.backward(np.ones((5, 2)))
        model.forward(some_rows(seed=1))
        model.backward(np.ones((5, 2)))
        assert_same(gradients_of(model), once)

    def test_zero_gradients_forgets_them_all(self):
        model = small_model()
        model.forward(some_rows())
        model.backward(np.ones((5, 2)))
        assert all(np.abs(gradient).max() > 0 for gradient in gradients_of(model).values())
        model.zero_gradients()
        assert all((gradient == 0).all() for gradient in gradients_of(model).values())

    @pytest.mark.parametrize("how", ["backward", "backward_to_parameters"])
    def test_without_a_forward_it_is_refused(self, how):
        with pytest.raises(
            ValueError, match=r"^Linear\.backward needs the numbers of a forward.*: call forward first$"
        ):
            getattr(small_model(), how)(np.ones((5, 2)))

    @pytest.mark.parametrize("how", ["backward", "backward_to_parameters"])
    def test_a_second_one_without_a_forward_is_refused_until_the_next_forward(self, how):
        model = small_model()
        model.forward(some_rows())
        getattr(model, how)(np.ones((5, 2)))
        once = gradients_of(model)
        with pytest.raises(ValueError, match="call forward first"):
            getattr(model, how)(np.ones((5, 2)))
        model.forward(some_rows())
        getattr(model, how)(np.ones((5, 2)))
        assert_same(gradients_of(model), once)

    @pytest.mark.parametrize("how", ["backward", "backward_to_parameters"])
    @pytest.mark.parametrize("shape", [(5,), (2,), (2, 5), (5, 1), (1, 2), (5, 3), (4, 2), (1, 5, 2), ()], ids=str)
    def test_a_gradient_of_the_wrong_shape_is_refused_and_the_right_one_still_works(self, how, shape):
        model, untouched = small_model(), small_model()
        for each in (model, untouched):
            each.forward(some_rows())
        with pytest.raises(ValueError, match=re.escape(f"gradient with the shape of the outputs (5, 2), got {shape}")):
            getattr(model, how)(np.ones(shape))
        getattr(model, how)(np.ones((5, 2)))
        getattr(untouched, how)(np.ones((5, 2)))
        assert_same(gradients_of(model), gradients_of(untouched))


class TestFreshness:
    def test_a_second_forward_leaves_the_first_result_alone_whatever_the_size_of_its_batch(self):
        model = small_model()
        a = model.forward(some_rows(5))
        kept = a.copy()
        for rows in (5, 3, 1, 7):
            b = model.forward(some_rows(rows, seed=rows))
            assert not np.shares_memory(a, b)
        np.testing.assert_array_equal(a, kept)

    def test_a_backward_leaves_earlier_results_and_what_it_was_given_alone(self):
        model = small_model()
        slopes = np.ones((5, 2))
        outputs = model.forward(some_rows())
        first = model.backward(slopes)
        kept = outputs.copy(), first.copy()
        model.forward(some_rows(seed=1))
        model.backward(3 * slopes)
        np.testing.assert_array_equal(outputs, kept[0])
        np.testing.assert_array_equal(first, kept[1])
        np.testing.assert_array_equal(slopes, np.ones((5, 2)))

    @pytest.mark.parametrize("layers", [small_model().layers, [Linear(3, 2, rng=0)], [Tanh()], [ReLU()]], ids=repr)
    def test_changing_the_batch_or_the_outputs_between_forward_and_backward_changes_no_gradient(self, layers):
        model = Sequential(*layers)
        gradients = {}
        for meddle in (False, True):
            x = some_rows()
            outputs = model.forward(x)
            slopes = np.ones_like(outputs)
            if meddle:
                x[...] = -99
                outputs[...] = 99
            gradients[meddle] = {"x": model.backward(slopes)} | gradients_of(model)
        assert_same(gradients[True], gradients[False])

    def test_no_result_is_a_view_of_the_batch_or_of_what_is_learned(self):
        for model in (small_model(), Sequential(Linear(3, 2, rng=0)), Sequential(ReLU()), Tied()):
            x = some_rows()
            outputs = model.forward(x)
            slopes = np.ones_like(outputs)
            results = [outputs, model.backward(slopes), *model.state().values()]
            inner = [x, slopes, *(p.value for p in model.parameters()), *(p.gradient for p in model.parameters())]
            assert not any(np.shares_memory(result, array) for result in results for array in inner)

    def test_a_batch_is_not_modified(self):
        x = some_rows()
        model = small_model(ReLU)
        model.forward(x)
        model.backward(np.ones((5, 2)))
        np.testing.assert_array_equal(x, some_rows())


KINDS = {"float64": np.float64, "float32": np.float32, "int64": np.int64, "uint8": np.uint8, "bool": bool, "list": None}


class TestDtype:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("activation", [ReLU, Sigmoid, Tanh, GELU])
    def test_outputs_and_gradients_have_the_dtype_of_the_parameters_whatever_comes_in(
        self, dtype, kind, loss, activation
    ):
        model, make_loss, targets = small_model(activation, dtype=dtype), *LOSSES[loss]
        x = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 1]])
        x = x.tolist() if kind == "list" else x.astype(KINDS[kind])
        end = make_loss()
        outputs = model.forward(x)
        value = end.forward(targets, outputs)
        slopes = end.backward()
        back = model.backward(slopes)
        model.forward(x)
        from_another_dtype = model.backward(slopes.astype(np.float64).tolist())
        arrays = [outputs, slopes, back, from_another_dtype, *model.state().values(), *gradients_of(model).values()]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}
        assert type(value) is float
        np.testing.assert_array_equal(outputs, model.forward(np.array(x, dtype=np.float64)))

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_an_activation_first_does_not_change_that(self, dtype):
        model = Sequential(Sigmoid(), *small_model(dtype=dtype).layers)
        assert model.forward(some_rows()).dtype == model.backward(np.ones((5, 2))).dtype == dtype


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

    @pytest.mark.parametrize("make", [small_model, Tied], ids=["plain", "tied"])
    def test_loading_gives_another_model_the_same_outputs(self, make):
        model, other = make(seed=0), make(seed=1)
        other.load_state(model.state())
        np.testing.assert_array_equal(other.forward(some_rows()), model.forward(some_rows()))

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
        model = small_model(dtype=dtype)
        model.load_state(small_model(seed=1, dtype=other).state())
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
                "missing: ['layers.0.bias', 'layers.0.weights', 'layers.2.bias', 'layers.2.weights']",
            ),
            (
                lambda state: state.update({"layers.2.bias": np.ones((1, 2))}),
                "layers.2.bias has the shape (2,) in this model, got (1, 2)",
            ),
            (
                lambda state: state.update({"layers.2.bias": np.ones(())}),
                "layers.2.bias has the shape (2,) in this model, got ()",
            ),
            (
                lambda state: state.update({"layers.2.weights": np.ones((2, 4))}),
                "layers.2.weights has the shape (4, 2) in this model, got (2, 4)",
            ),
        ],
    )
    def test_a_state_that_does_not_fit_is_refused_before_anything_changes(self, change, says):
        model = small_model()
        before, state = model.state(), small_model(seed=1).state()
        change(state)
        with pytest.raises(ValueError, match=re.escape(says)):
            model.load_state(state)
        assert_same(model.state(), before)

    @pytest.mark.parametrize("in_an_optimizer", [False, True])
    def test_a_deep_copy_of_a_model_is_independent_of_it(self, in_an_optimizer):
        model = small_model()
        optimizer = SGD(model.parameters(), 0.1) if in_an_optimizer else None
        twin = copy.deepcopy(model)
        assert not any(
            np.shares_memory(p.value, q.value) or np.shares_memory(p.gradient, q.gradient)
            for p, q in zip(model.parameters(), twin.parameters(), strict=True)
        )
        before = twin.state()
        for parameter in model.parameters():
            parameter.value += 1
            parameter.gradient = 1
        if optimizer:
            optimizer.step()
        assert_same(twin.state(), before)
        after = model.state()
        twin.forward(some_rows())
        twin.backward(np.ones((5, 2)))
        SGD(twin.parameters(), 0.1).step()
        assert_same(model.state(), after)
        assert not np.array_equal(twin.layers[0].bias.value, before["layers.0.bias"])
        if optimizer:
            optimizer.step()  # the copy didn't take the parameters away

    def test_a_deep_copy_of_tied_layers_stays_tied(self):
        twin = copy.deepcopy(Tied())
        assert twin.layers[0].weights is twin.layers[2].weights and len(twin.parameters()) == 3


def test_a_module_must_be_told_how_to_go_forward_and_back():
    for call in (Module().forward, Module().backward, Module().backward_to_parameters):
        with pytest.raises(NotImplementedError):
            call([[1.0]])


def test_a_readers_own_layer_works_in_a_model():
    class Scale(Module):
        def __init__(self):
            self.factor = Parameter([1.5])

        def forward(self, x):
            x = np.asarray(x)
            outputs = x * self.factor.value
            self._keep(x, outputs)
            return outputs

        def backward(self, gradient):
            x, gradient = self._take(gradient)
            self.factor.gradient += (x * gradient).sum()
            return gradient * self.factor.value

    slopes_of_a_model(
        lambda seed: Sequential(Scale(), *small_model(seed=seed).layers, Scale()),
        SquaredError(),
        LOSSES["squared error"][1],
    )
