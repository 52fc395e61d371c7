import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import Layer, Linear, NeuralNetwork, Neuron, standard_deviation
from scratchml.initialization import INITIALIZATIONS

quick = settings(max_examples=50, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("initialization", "num_inputs", "expected"),
    [("he", 2, 1), ("he", 8, 0.5), ("he", 50, 0.2), ("xavier", 1, 1), ("xavier", 4, 0.5), ("xavier", 100, 0.1)],
)
def test_values_worked_out_by_hand(initialization, num_inputs, expected):
    assert standard_deviation(initialization, num_inputs) == pytest.approx(expected, rel=1e-15)


@quick
@given(st.integers(1, 10**6))
def test_it_keeps_the_size_of_a_sum_of_so_many_inputs_and_he_makes_up_for_the_half_that_relu_loses(num_inputs):
    assert num_inputs * standard_deviation("xavier", num_inputs) ** 2 == pytest.approx(1)
    assert num_inputs * standard_deviation("he", num_inputs) ** 2 == pytest.approx(2)


@pytest.mark.parametrize("number", [0, 0.01, 3, np.float32(0.5), np.int64(2), np.float64(1e-3)])
def test_a_number_is_taken_as_it_is_whatever_the_number_of_inputs(number):
    for num_inputs in (1, 1000):
        value = standard_deviation(number, num_inputs)
        assert type(value) is float and value == number


@quick
@given(st.text().filter(lambda name: name not in INITIALIZATIONS))
def test_an_unknown_name_is_refused_and_the_known_ones_are_listed(name):
    with pytest.raises(ValueError, match=f"^{re.escape(f'initialization must be one of he, xavier, got {name!r}')}$"):
        standard_deviation(name, 2)


@pytest.mark.parametrize("number", [-1, -1e-9, math.nan, math.inf, -math.inf, None, True, 1j, ["he"], np.ones(2)])
def test_what_is_neither_a_name_nor_a_number_from_0_up_is_refused(number):
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'initialization must be a number from 0 up, got {number!r}')}$"
    ):
        standard_deviation(number, 2)


@pytest.mark.parametrize("num_inputs", [0, -2, 2.5, None, "3", True])
@pytest.mark.parametrize("initialization", ["he", "xavier", 0.1])
def test_a_number_of_inputs_that_is_no_count_is_refused(initialization, num_inputs):
    with pytest.raises(ValueError, match=f"^num_inputs must be .+, got {num_inputs!r}$"):
        standard_deviation(initialization, num_inputs)


@pytest.mark.parametrize("initialization", ["he", "xavier", 0.3])
def test_all_that_have_weights_mean_the_same_by_it(initialization):
    expected = standard_deviation(initialization, 400)
    for weights in (
        Linear(400, 60, rng=0, initialization=initialization).weights.value,
        np.hstack([neuron.weights for neuron in Layer(60, 400, rng=0, initialization=initialization).neurons]),
        np.hstack(
            [n.weights for n in NeuralNetwork([400, 60], rng=0, initialization=initialization).layers[0].neurons]
        ),
        np.hstack([Neuron(400, rng=seed, initialization=initialization).weights for seed in range(60)]),
    ):
        assert weights.std() == pytest.approx(expected, rel=0.02)
